/* SPDX-License-Identifier: ISC */
/* local/notmuch.c - see notmuch.h. */
#include "local/notmuch.h"

#include "base/buf.h"
#include "maildir/name.h"

#include "godwit/sync.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void gw_notmuch_list_deinit(struct gw_notmuch_list *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->list[i].dir);
		free(t->list[i].base);
		free(t->list[i].tags);
	}
	free(t->list);
	*t = (struct gw_notmuch_list){ 0 };
}

static int by_place(const void *a, const void *b)
{
	const struct gw_tagged *x = a, *y = b;
	int order = strcmp(x->dir, y->dir);

	return order != 0 ? order : strcmp(x->base, y->base);
}

bool gw_notmuch_list_has_dir(const struct gw_notmuch_list *t, const char *dir)
{
	for (size_t i = 0; i < t->count; i++) {
		if (strcmp(t->list[i].dir, dir) == 0)
			return true;
	}
	return false;
}

const char *gw_notmuch_list_find(const struct gw_notmuch_list *t, const char *dir, const char *base)
{
	const struct gw_tagged key = { .dir = (char *)(uintptr_t)dir,
		.base = (char *)(uintptr_t)base };
	const struct gw_tagged *found =
		t->count == 0 ? NULL : bsearch(&key, t->list, t->count, sizeof *t->list, by_place);

	return found == NULL ? NULL : found->tags;
}

#ifdef GW_HAVE_NOTMUCH
#include <dlfcn.h>
#include <notmuch.h>

enum { TAGS_MAX = 1 << 16 };

/* The library is loaded when it is wanted, and stays: with what it needs itself it would cost every
 * run that does not want it more than a sync that finds nothing to do. */
#define LIBRARY "libnotmuch.so.5"

struct api {
	__typeof__(notmuch_database_destroy) *database_destroy;
	__typeof__(notmuch_database_find_message) *database_find_message;
	__typeof__(notmuch_database_get_revision) *database_get_revision;
	__typeof__(notmuch_database_get_path) *database_get_path;
	__typeof__(notmuch_database_open_with_config) *database_open_with_config;
	__typeof__(notmuch_filenames_destroy) *filenames_destroy;
	__typeof__(notmuch_filenames_get) *filenames_get;
	__typeof__(notmuch_filenames_move_to_next) *filenames_move_to_next;
	__typeof__(notmuch_filenames_valid) *filenames_valid;
	__typeof__(notmuch_message_add_tag) *message_add_tag;
	__typeof__(notmuch_message_destroy) *message_destroy;
	__typeof__(notmuch_message_get_filenames) *message_get_filenames;
	__typeof__(notmuch_message_get_tags) *message_get_tags;
	__typeof__(notmuch_message_remove_tag) *message_remove_tag;
	__typeof__(notmuch_messages_get) *messages_get;
	__typeof__(notmuch_messages_move_to_next) *messages_move_to_next;
	__typeof__(notmuch_messages_valid) *messages_valid;
	__typeof__(notmuch_query_create) *query_create;
	__typeof__(notmuch_query_destroy) *query_destroy;
	__typeof__(notmuch_query_search_messages) *query_search_messages;
	__typeof__(notmuch_query_set_sort) *query_set_sort;
	__typeof__(notmuch_status_to_string) *status_to_string;
	__typeof__(notmuch_tags_destroy) *tags_destroy;
	__typeof__(notmuch_tags_get) *tags_get;
	__typeof__(notmuch_tags_move_to_next) *tags_move_to_next;
	__typeof__(notmuch_tags_valid) *tags_valid;
};

#define AT(name)                                             \
	{                                                    \
		"notmuch_" #name, offsetof(struct api, name) \
	}
static const struct {
	const char *name;
	size_t at;
} functions[] = { AT(database_destroy), AT(database_find_message), AT(database_get_path),
	AT(database_get_revision), AT(database_open_with_config), AT(filenames_destroy),
	AT(filenames_get), AT(filenames_move_to_next), AT(filenames_valid), AT(message_add_tag),
	AT(message_destroy), AT(message_get_filenames), AT(message_get_tags),
	AT(message_remove_tag), AT(messages_get), AT(messages_move_to_next), AT(messages_valid),
	AT(query_create), AT(query_destroy), AT(query_search_messages), AT(query_set_sort),
	AT(status_to_string), AT(tags_destroy), AT(tags_get), AT(tags_move_to_next),
	AT(tags_valid) };
#undef AT

struct gw_notmuch_db {
	struct api api;
	notmuch_database_t *db;
};

static bool load(struct api *api)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE), *function = NULL;

	for (size_t i = 0; i < sizeof functions / sizeof *functions && library != NULL; i++) {
		function = dlsym(library, functions[i].name);
		if (function == NULL)
			break;
		memcpy((char *)api + functions[i].at, &function, sizeof function);
	}
	if (library != NULL)
		dlclose(library);
	return function != NULL;
}

bool gw_notmuch_supported(void)
{
	struct api api = { 0 };

	return load(&api);
}

static enum gw_code open_db(struct api *api, notmuch_database_mode_t mode, notmuch_database_t **db,
	struct gw_error *err)
{
	char *why = NULL;
	notmuch_status_t status;

	if (!load(api))
		return gw_fail(err, GW_ERR_CONFIG,
			LIBRARY " cannot be loaded, so notmuch's tags are left as they are");
	status = api->database_open_with_config(NULL, mode, NULL, NULL, db, &why);
	if (status == NOTMUCH_STATUS_SUCCESS)
		return GW_OK;
	gw_fail(err, status == NOTMUCH_STATUS_XAPIAN_EXCEPTION ? GW_ERR_BUSY : GW_ERR_DISK,
		"notmuch's database cannot be opened, so its tags are left as they are: %s; does "
		"`notmuch count` work?",
		why != NULL ? why : api->status_to_string(status));
	free(why);
	return err->code;
}

/* --- reading --------------------------------------------------------------------------------- */

/* "ROOT/dir/cur/base:2,S" */
static enum gw_code add_file(
	struct gw_notmuch_list *t, const char *path, size_t root_n, const char *tags)
{
	const char *file = strrchr(path, '/'), *sub = file;
	struct gw_tagged *slot;
	struct gw_slice base;

	while (sub > path && sub[-1] != '/')
		sub--;
	if (file == NULL || sub <= path + root_n + 1 ||
		(strncmp(sub, "cur/", 4) != 0 && strncmp(sub, "new/", 4) != 0))
		return GW_OK;
	slot = gw_array_push((void **)&t->list, &t->count, &t->cap, sizeof *t->list);
	if (slot == NULL)
		return GW_ERR_NOMEM;
	base = gw_name_split(file + 1).base;
	*slot = (struct gw_tagged){ .dir = strndup(path + root_n + 1,
					    (size_t)(sub - 1 - (path + root_n + 1))),
		.base = strndup(base.p, base.n),
		.tags = strdup(tags) };
	if (slot->dir != NULL && slot->base != NULL && slot->tags != NULL)
		return GW_OK;
	free(slot->dir);
	free(slot->base);
	free(slot->tags);
	t->count--;
	return GW_ERR_NOMEM;
}

static enum gw_code tags_of(const struct api *api, notmuch_message_t *m, struct gw_buf *out)
{
	notmuch_tags_t *tags = api->message_get_tags(m);
	enum gw_code code = GW_OK;

	gw_buf_reset(out);
	for (; api->tags_valid(tags) && code == GW_OK; api->tags_move_to_next(tags))
		code = gw_buf_printf(out, "%s\n", api->tags_get(tags));
	api->tags_destroy(tags);
	return code;
}

static enum gw_code add_message(const struct api *api, struct gw_notmuch_list *t,
	notmuch_message_t *m, const char *root, struct gw_buf *tags)
{
	notmuch_filenames_t *files = api->message_get_filenames(m);
	size_t n = strlen(root);
	enum gw_code code = tags_of(api, m, tags);

	for (; api->filenames_valid(files) && code == GW_OK; api->filenames_move_to_next(files)) {
		const char *path = api->filenames_get(files);

		if (strncmp(path, root, n) == 0 && path[n] == '/')
			code = add_file(t, path, n, gw_buf_cstr(tags));
	}
	api->filenames_destroy(files);
	return code;
}

static enum gw_code search(const struct api *api, struct gw_notmuch_list *t, notmuch_database_t *db,
	const char *root, unsigned long since, struct gw_error *err)
{
	notmuch_messages_t *messages = NULL;
	notmuch_query_t *query;
	enum gw_code code = GW_OK;
	struct gw_buf tags;
	char text[64];

	snprintf(text, sizeof text, "lastmod:%lu..", since + 1);
	query = api->query_create(db, text);
	if (query == NULL || api->query_search_messages(query, &messages) != 0) {
		if (query != NULL)
			api->query_destroy(query);
		return gw_fail(err, GW_ERR_DISK, "notmuch cannot search for changed tags");
	}
	api->query_set_sort(query, NOTMUCH_SORT_UNSORTED);
	gw_buf_init(&tags, TAGS_MAX);
	for (; api->messages_valid(messages) && code == GW_OK;
		api->messages_move_to_next(messages)) {
		notmuch_message_t *m = api->messages_get(messages);

		code = add_message(api, t, m, root, &tags);
		api->message_destroy(m);
	}
	gw_buf_deinit(&tags);
	api->query_destroy(query);
	return code == GW_OK ? GW_OK : gw_fail(err, code, "notmuch's tags take too much memory");
}

enum gw_code gw_notmuch_read(
	const char *root, const char *since, struct gw_notmuch_list *out, struct gw_error *err)
{
	const char *colon = strrchr(since, ':'), *uuid = NULL;
	char *real = realpath(root, NULL);
	notmuch_database_t *db = NULL;
	struct api api = { 0 };
	unsigned long revision;
	enum gw_code code;

	if (real == NULL) { /* nothing was fetched yet */
		out->anew = true;
		return GW_OK;
	}
	code = open_db(&api, NOTMUCH_DATABASE_MODE_READ_ONLY, &db, err);
	if (code == GW_OK) {
		revision = api.database_get_revision(db, &uuid);
		snprintf(out->revision, sizeof out->revision, "%s:%lu", uuid, revision);
		out->anew = colon == NULL || strncmp(since, uuid, strlen(uuid)) != 0;
		if (!out->anew && strtoul(colon + 1, NULL, 10) < revision)
			code = search(&api, out, db, real, strtoul(colon + 1, NULL, 10), err);
		api.database_destroy(db);
	}
	if (out->count > 0)
		qsort(out->list, out->count, sizeof *out->list, by_place);
	free(real);
	return code;
}

/* --- writing --------------------------------------------------------------------------------- */

/* True if another program writes below this directory: Xapian keeps its lock in the file
 * flintlock. */
static bool is_locked(const char *dir, const char *below)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[4096];
	bool locked;
	int fd;

	snprintf(path, sizeof path, "%s/%s/flintlock", dir, below);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	locked = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	close(fd);
	return locked;
}

/* libnotmuch would wait for its end, and nothing could stop us meanwhile. */
static enum gw_code check_lock(struct gw_error *err)
{
	notmuch_database_t *db = NULL;
	struct api api = { 0 };
	enum gw_code code = open_db(&api, NOTMUCH_DATABASE_MODE_READ_ONLY, &db, err);
	const char *dir;

	if (code != GW_OK)
		return code;
	/* load() has filled it in. NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
	dir = api.database_get_path(db);
	if (is_locked(dir, ".notmuch/xapian") || is_locked(dir, "xapian"))
		code = gw_fail(err, GW_ERR_BUSY, "another program writes to notmuch's database");
	api.database_destroy(db);
	return code;
}

bool gw_notmuch_place(char *out, size_t size)
{
	notmuch_database_t *db = NULL;
	struct api api = { 0 };
	struct gw_error ignored = { 0 };
	const char *dir;
	int n;

	if (open_db(&api, NOTMUCH_DATABASE_MODE_READ_ONLY, &db, &ignored) != GW_OK)
		return false;
	/* load() has filled it in. NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
	dir = api.database_get_path(db);
	n = snprintf(out, size, "%s/.notmuch", dir);
	if (n > 0 && (size_t)n < size && access(out, F_OK) != 0)
		n = snprintf(out, size, "%s", dir);
	api.database_destroy(db);
	return n > 0 && (size_t)n < size;
}

enum gw_code gw_notmuch_db_open(struct gw_notmuch_db **out, struct gw_error *err)
{
	struct gw_notmuch_db *db = calloc(1, sizeof *db);
	enum gw_code code = GW_ERR_NOMEM;

	*out = NULL;
	if (db == NULL)
		return gw_fail(err, code, "out of memory");
	code = check_lock(err);
	if (code == GW_OK)
		code = open_db(&db->api, NOTMUCH_DATABASE_MODE_READ_WRITE, &db->db, err);
	if (code != GW_OK)
		free(db);
	else
		*out = db;
	return code;
}

void gw_notmuch_db_close(struct gw_notmuch_db *db)
{
	if (db != NULL)
		db->api.database_destroy(db->db);
	free(db);
}

/* Changes a tag; one that is set already is no change, so that notmuch's revision stays. */
static notmuch_status_t change(notmuch_message_t *m, const char *list,
	notmuch_status_t (*one)(notmuch_message_t *, const char *))
{
	notmuch_status_t status = NOTMUCH_STATUS_SUCCESS;
	char tag[NOTMUCH_TAG_MAX + 1];

	while (*list != '\0' && status == NOTMUCH_STATUS_SUCCESS) {
		size_t n = strcspn(list, "\n");

		snprintf(tag, sizeof tag, "%.*s", (int)n, list);
		if (n < sizeof tag)
			status = one(m, tag);
		list += n + (list[n] == '\n');
	}
	return status;
}

enum gw_code gw_notmuch_db_change(struct gw_notmuch_db *db, const char *msgid, const char *gains,
	const char *loses, bool *known, struct gw_error *err)
{
	size_t n = strlen(msgid);
	char *id = n > 2 && *msgid == '<' ? strndup(msgid + 1, n - 2) : strdup(msgid);
	notmuch_message_t *m = NULL;
	notmuch_status_t status = NOTMUCH_STATUS_OUT_OF_MEMORY;

	if (id != NULL)
		status = db->api.database_find_message(db->db, id, &m);
	free(id);
	*known = m != NULL;
	if (status == NOTMUCH_STATUS_SUCCESS && m != NULL)
		status = change(m, gains, db->api.message_add_tag);
	if (status == NOTMUCH_STATUS_SUCCESS && m != NULL)
		status = change(m, loses, db->api.message_remove_tag);
	if (m != NULL)
		db->api.message_destroy(m);
	return status == NOTMUCH_STATUS_SUCCESS
		       ? GW_OK
		       : gw_fail(err, GW_ERR_DISK, "notmuch cannot change the tags of %s: %s",
				 msgid, db->api.status_to_string(status));
}

#else
bool gw_notmuch_place(char *out, size_t size)
{
	(void)out, (void)size;
	return false;
}

bool gw_notmuch_supported(void)
{
	return false;
}

enum gw_code gw_notmuch_read(
	const char *root, const char *since, struct gw_notmuch_list *out, struct gw_error *err)
{
	(void)root;
	(void)since;
	out->anew = true;
	return gw_fail(err, GW_ERR_CONFIG, "godwit was built without libnotmuch");
}

enum gw_code gw_notmuch_db_open(struct gw_notmuch_db **out, struct gw_error *err)
{
	*out = NULL;
	return gw_fail(err, GW_ERR_CONFIG, "godwit was built without libnotmuch");
}

void gw_notmuch_db_close(struct gw_notmuch_db *db)
{
	(void)db;
}

enum gw_code gw_notmuch_db_change(struct gw_notmuch_db *db, const char *msgid, const char *gains,
	const char *loses, bool *known, struct gw_error *err)
{
	(void)db;
	(void)msgid;
	(void)gains;
	(void)loses;
	*known = false;
	return gw_fail(err, GW_ERR_CONFIG, "godwit was built without libnotmuch");
}
#endif
