/* SPDX-License-Identifier: ISC */
/* watch/control.c - see control.h.
 *
 * A client:  READING --"sync"--> QUEUED --its turn--> SYNCING --done--> LEAVING
 *            READING --"follow"--> FOLLOWING
 *            READING --anything else--> LEAVING (once what was written has gone out)
 *            any --it closes, or does not read what it is sent--> LEAVING
 *
 * I1  a client is freed from the close callback of its pipe, and is on the list until then.
 * I2  at most one client is SYNCING.
 */
#include "watch/control.h"

#include "base/buf.h"
#include "base/fs.h"
#include "base/text.h"
#include "godwit/json.h"
#include "net/socket.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	REQUEST_MAX = 64 * 1024,
	BEHIND_MAX = 4 * 1024 * 1024, /* who is so far behind does not read */
	BEHIND_SOME = 256 * 1024,     /* then what is only of interest now is left out */
	PROGRESS_MS = 100,
	CLIENTS_MAX = 64,
};

enum client_state { READING, QUEUED, SYNCING, FOLLOWING, LEAVING };

struct client {
	uv_pipe_t pipe; /* first */
	struct client *next;
	struct gw_control *control; /* NULL: the control is gone */
	enum client_state state;
	struct gw_buf request;
	char chunk[4096];
	json_t *asked;        /* owned; SYNCING: names in folders are its */
	const char **folders; /* owned */
	struct gw_sync_options options;
};

struct gw_control {
	uv_pipe_t pipe; /* first; freed when it is closed */
	const struct gw_account *account;
	struct gw_control_host host;
	char path[sizeof((struct sockaddr_un *)NULL)->sun_path];
	struct client *clients; /* in the order in which they came */
	size_t count;
	uint64_t progress_ms;
};

/* --- the place ------------------------------------------------------------------------------- */

/* A cron job has no such variable, but the directory is there while its user is logged in. */
static const char *runtime_dir(char usual[40])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	struct stat st;

	if (runtime != NULL)
		return *runtime == '/' ? runtime : NULL;
	snprintf(usual, 40, "/run/user/%u", (unsigned)geteuid());
	return lstat(usual, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() ? usual
										       : NULL;
}

bool gw_control_path(const struct gw_account *account, char *out, size_t size)
{
	char usual[40];
	const char *runtime = runtime_dir(usual);
	unsigned long long hash = gw_hash_bytes(gw_slice_str(account->state_dir));
	int n;

	if (size > sizeof((struct sockaddr_un *)NULL)->sun_path)
		size = sizeof((struct sockaddr_un *)NULL)->sun_path;
	if (runtime != NULL) /* accounts of two configurations may share a name */
		n = snprintf(out, size, "%s/godwit/%s-%08llx", runtime, account->name,
			hash & 0xffffffff);
	else
		n = snprintf(out, size, "%s/%s.socket", account->state_dir, account->name);
	return n > 0 && (size_t)n < size;
}

/* --- clients --------------------------------------------------------------------------------- */

static void on_client_closed(uv_handle_t *handle)
{
	struct client *cl = (struct client *)handle;

	gw_buf_deinit(&cl->request);
	json_decref(cl->asked);
	free(cl->folders);
	free(cl);
}

static void leave(struct client *cl)
{
	struct gw_control *c = cl->control;
	bool forsaken = cl->state == SYNCING && c != NULL;
	struct client **at;

	if (uv_is_closing((uv_handle_t *)&cl->pipe))
		return;
	cl->state = LEAVING;
	for (at = c == NULL ? NULL : &c->clients; at != NULL && *at != NULL; at = &(*at)->next) {
		if (*at != cl)
			continue;
		*at = cl->next;
		c->count--;
		break;
	}
	uv_close((uv_handle_t *)&cl->pipe, on_client_closed);
	if (forsaken)
		c->host.forsaken(c->host.ctx);
}

struct writing {
	uv_write_t req; /* first */
	bool last;
	char line[];
};

static void on_written(uv_write_t *req, int status)
{
	struct writing *w = (struct writing *)req;
	struct client *cl = (struct client *)req->handle;

	if ((status != 0 || w->last) && status != UV_ECANCELED)
		leave(cl);
	free(w);
}

static void send_line(struct client *cl, const char *line, bool last)
{
	size_t n = line == NULL ? 0 : strlen(line);
	struct writing *w = line == NULL ? NULL : malloc(sizeof *w + n + 1);
	uv_buf_t buf;

	if (w == NULL || uv_stream_get_write_queue_size((uv_stream_t *)&cl->pipe) > BEHIND_MAX) {
		free(w);
		leave(cl);
		return;
	}
	w->last = last;
	memcpy(w->line, line, n);
	w->line[n] = '\n';
	buf = uv_buf_init(w->line, (unsigned)n + 1);
	if (uv_write(&w->req, (uv_stream_t *)&cl->pipe, &buf, 1, on_written) != 0) {
		free(w);
		leave(cl);
	}
}

static void send_report(struct client *cl, bool mailboxes, bool last)
{
	struct gw_control *c = cl->control;
	char *line =
		gw_report_to_json(c->host.report, c->account, mailboxes ? c->host.folders : NULL);

	send_line(cl, line, last);
	free(line);
}

static void refuse(struct client *cl, const char *text)
{
	char line[300];

	snprintf(line, sizeof line, "{\"event\":\"error\",\"text\":\"%s\"}", text);
	cl->state = LEAVING;
	send_line(cl, line, true);
}

static bool flag(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

static bool take_options(struct client *cl)
{
	const json_t *folders = json_object_get(cl->asked, "folders");
	size_t n = json_array_size(folders);

	cl->options = (struct gw_sync_options){ .dry_run = flag(cl->asked, "dry_run"),
		.full = flag(cl->asked, "full"),
		.accept_deletions = flag(cl->asked, "accept_deletions"),
		.now = flag(cl->asked, "now"),
		.restore_deletions = flag(cl->asked, "restore_deletions"),
		.accept_uploads = flag(cl->asked, "accept_uploads"),
		.same_account = flag(cl->asked, "same_account"),
		.verify = flag(cl->asked, "verify"),
		.verify_bodies = flag(cl->asked, "bodies"),
		.repair = flag(cl->asked, "repair") };
	cl->folders = calloc(n + 1, sizeof *cl->folders);
	if (cl->folders == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *name = json_string_value(json_array_get(folders, i));

		if (name != NULL)
			cl->folders[cl->options.folder_count++] = name;
	}
	cl->options.folders = cl->folders;
	return true;
}

static void take_request(struct client *cl, const char *line, size_t n)
{
	struct gw_control *c = cl->control;
	json_error_t why;
	const char *what;

	cl->asked = json_loadb(line, n, 0, &why);
	what = json_string_value(json_object_get(cl->asked, "do"));
	if (what == NULL) {
		refuse(cl, "a request is a line of JSON with \\\"do\\\"");
	} else if (strcmp(what, "sync") == 0) {
		if (!take_options(cl)) {
			leave(cl);
			return;
		}
		cl->state = QUEUED;
		c->host.asked(c->host.ctx);
	} else if (strcmp(what, "follow") == 0) {
		cl->state = FOLLOWING;
		send_report(cl, true, false);
	} else if (strcmp(what, "status") == 0) {
		cl->state = LEAVING;
		send_report(cl, true, true);
	} else if (strcmp(what, "pause") == 0 || strcmp(what, "resume") == 0) {
		cl->state = LEAVING;
		c->host.pause(c->host.ctx, *what == 'p');
		send_report(cl, false, true);
	} else {
		refuse(cl, "it can do sync, status, follow, pause and resume");
	}
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct client *cl = (struct client *)handle;

	(void)suggested;
	*buf = uv_buf_init(cl->chunk, sizeof cl->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct client *cl = (struct client *)stream;
	const char *end;

	if (n < 0) {
		leave(cl);
		return;
	}
	if (cl->state != READING || n == 0)
		return; /* one request a connection */
	if (gw_buf_append(&cl->request, buf->base, (size_t)n) != GW_OK) {
		refuse(cl, "the request is too long");
		return;
	}
	end = memchr(gw_buf_cstr(&cl->request), '\n', cl->request.n);
	if (end != NULL)
		take_request(cl, cl->request.p, (size_t)(end - cl->request.p));
}

static void on_connection(uv_stream_t *server, int status)
{
	struct gw_control *c = (struct gw_control *)server;
	struct client *cl = status != 0 ? NULL : calloc(1, sizeof *cl), **at = &c->clients;
	uv_os_fd_t fd;

	if (cl == NULL)
		return;
	gw_buf_init(&cl->request, REQUEST_MAX);
	uv_pipe_init(server->loop, &cl->pipe, 0);
	if (uv_accept(server, (uv_stream_t *)&cl->pipe) != 0 || c->count >= CLIENTS_MAX ||
		uv_fileno((uv_handle_t *)&cl->pipe, &fd) != 0 || !gw_socket_peer_is_us(fd)) {
		leave(cl);
		return;
	}
	cl->control = c;
	while (*at != NULL)
		at = &(*at)->next;
	*at = cl;
	c->count++;
	uv_read_start((uv_stream_t *)&cl->pipe, on_alloc, on_read);
}

/* --- what the watcher does ------------------------------------------------------------------- */

static struct client *first_in(const struct gw_control *c, enum client_state state)
{
	struct client *cl = c->clients;

	while (cl != NULL && cl->state != state)
		cl = cl->next;
	return cl;
}

bool gw_control_has_next(const struct gw_control *c)
{
	return first_in(c, QUEUED) != NULL;
}

bool gw_control_next(struct gw_control *c, struct gw_sync_options *options)
{
	struct client *cl = first_in(c, QUEUED);

	if (cl == NULL)
		return false;
	cl->state = SYNCING; /* I2: a sync ends before the next is taken */
	*options = cl->options;
	return true;
}

static bool is_for(const struct client *cl, const struct gw_sync_event *ev, bool progress_due)
{
	bool behind = uv_stream_get_write_queue_size((const uv_stream_t *)&cl->pipe) > BEHIND_SOME;

	if (ev->type == GW_SYNC_PROGRESS)
		return progress_due && !behind && (cl->state == SYNCING || cl->state == QUEUED);
	if (ev->type == GW_SYNC_NEW && behind)
		return false;
	if (cl->state == QUEUED) /* of the sync before its own */
		return ev->type == GW_SYNC_STAGE;
	return cl->state == SYNCING || cl->state == FOLLOWING;
}

void gw_control_sync_event(struct gw_control *c, const struct gw_sync_event *ev)
{
	uint64_t now = uv_now(c->pipe.loop);
	bool due = now - c->progress_ms >= PROGRESS_MS;
	struct client *next;
	char *line = NULL;

	if (ev->type == GW_SYNC_PROGRESS && due)
		c->progress_ms = now;
	for (struct client *cl = c->clients; cl != NULL; cl = next) {
		bool last = cl->state == SYNCING && ev->type == GW_SYNC_DONE;

		next = cl->next;
		if (!is_for(cl, ev, due))
			continue;
		if (line == NULL)
			line = gw_event_to_json(c->account->name, ev, true);
		if (last)
			cl->state = LEAVING;
		send_line(cl, line, last);
	}
	free(line);
}

void gw_control_report(struct gw_control *c)
{
	struct client *next;

	for (struct client *cl = c->clients; cl != NULL; cl = next) {
		next = cl->next;
		if (cl->state == FOLLOWING)
			send_report(cl, false, false);
	}
}

/* --------------------------------------------------------------------------------------------- */

static void on_control_closed(uv_handle_t *handle)
{
	free(handle);
}

static enum gw_code listen_at(struct gw_control *c, struct gw_error *err)
{
	char dir[sizeof c->path];
	mode_t mask;
	char *slash;
	int rc;

	if (!gw_control_path(c->account, c->path, sizeof c->path)) {
		c->path[0] = '\0';
		return gw_fail(err, GW_ERR_LIMIT,
			"the path of its control socket would be too long (set XDG_RUNTIME_DIR)");
	}
	snprintf(dir, sizeof dir, "%s", c->path);
	slash = strrchr(dir, '/');
	*slash = '\0';
	if (gw_mkdirs(dir, err) != GW_OK)
		return err->code;
	if (unlink(c->path) != 0 && errno != ENOENT)
		return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot take away %s", c->path);
	mask = umask(
		0177); /* for us alone from the beginning; no mode of a file is changed where we are confined */
	rc = uv_pipe_bind(&c->pipe, c->path);
	umask(mask);
	if (rc == 0)
		rc = uv_listen((uv_stream_t *)&c->pipe, 16, on_connection);
	return rc == 0 ? GW_OK : gw_fail_sys(err, GW_ERR_DISK, -rc, "cannot listen on %s", c->path);
}

enum gw_code gw_control_start(uv_loop_t *loop, const struct gw_account *account,
	const struct gw_control_host *host, struct gw_control **out, struct gw_error *err)
{
	struct gw_control *c = calloc(1, sizeof *c);

	*out = NULL;
	if (c == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	c->account = account;
	c->host = *host;
	uv_pipe_init(loop, &c->pipe, 0);
	if (listen_at(c, err) != GW_OK) {
		uv_close((uv_handle_t *)&c->pipe, on_control_closed);
		return err->code;
	}
	*out = c;
	return GW_OK;
}

void gw_control_stop(struct gw_control *c)
{
	struct client *next;

	if (c == NULL)
		return;
	for (struct client *cl = c->clients; cl != NULL; cl = next) {
		next = cl->next;
		cl->control = NULL;
		leave(cl);
	}
	unlink(c->path);
	uv_close((uv_handle_t *)&c->pipe, on_control_closed);
}
