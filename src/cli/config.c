/* SPDX-License-Identifier: ISC */
/* cli/config.c - see config.h; keys are documented in godwit(5). */
#include "cli/config.h"

#include "base/fs.h"
#include "cli/config_account.h"
#include "cli/config_keys.h"
#include "cli/config_paths.h"
#include "cli/config_smtp.h"
#include "cli/config_text.h"

#include "godwit/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX = 1 << 20 };

/* libconfuse hands its errors to a function without context: the text goes through here. */
struct trap {
	const char *name; /* of what is read */
	char text[512];
};

static _Thread_local struct trap *trap; /* set during cfg_parse() only */

__attribute__((format(printf, 2, 0))) static void on_confuse_error(
	cfg_t *cfg, const char *fmt, va_list args)
{
	char text[300], said[300], word[64];
	const char *open, *hint = NULL, *words = NULL;
	size_t n = 0;

	vsnprintf(text, sizeof text, fmt, args);
	memcpy(said, text, sizeof said);
	config_text_in_words(said, text, sizeof text);
	open = strstr(text, "no such option '");
	if (open != NULL) {
		open += strlen("no such option '");
		n = strcspn(open, "'");
		snprintf(word, sizeof word, "%.*s", (int)n, open);
		snprintf(text, sizeof text, "there is no key \"%s\"", word);
		words = config_meant_key(word);
		hint = words == NULL ? config_nearest_key(cfg, word) : NULL;
	}
	if (trap->text[0] == '\0')
		snprintf(trap->text, sizeof trap->text, "%s line %d: %s%s%s%s", trap->name,
			cfg->line, text, hint != NULL ? "; did you mean \"" : "",
			hint != NULL ? hint : "",
			hint != NULL ? "\"?"
				     : (words != NULL  ? words
					       : n > 0 ? "; godwit(5) lists them"
						       : ""));
}

char *config_default_path(void)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char *path = NULL;

	if ((xdg == NULL || *xdg != '/') && home == NULL)
		return NULL;
	if (asprintf(&path, "%s%s/godwit/config", xdg != NULL && *xdg == '/' ? xdg : home,
		    xdg != NULL && *xdg == '/' ? "" : "/.config") < 0)
		return NULL;
	return path;
}

static void read_hooks(cfg_t *sec, struct hook_commands *h)
{
	h->on_new_mail = gw_copy_str(cfg_getstr(sec, "on-new-mail"));
	h->on_sync = gw_copy_str(cfg_getstr(sec, "on-sync"));
	h->on_error = gw_copy_str(cfg_getstr(sec, "on-error"));
	h->on_sent = gw_copy_str(cfg_getstr(sec, "on-sent"));
}

enum gw_code config_check_file(const char *path, struct gw_error *err)
{
	struct stat st;

	if (stat(path, &st) != 0 && errno == ENOENT)
		return gw_fail(err, GW_ERR_CONFIG,
			"there is no configuration %s; `godwit init you@example.org` makes one, "
			"`godwit import` takes mbsync's or offlineimap's over",
			path);
	if (stat(path, &st) != 0)
		return gw_fail_sys(err, GW_ERR_CONFIG, errno, "cannot read %s", path);
	if (!S_ISREG(st.st_mode))
		return gw_fail(err, GW_ERR_CONFIG,
			"%s is %s, and no file with a configuration in it", path,
			S_ISDIR(st.st_mode) ? "a directory" : "a device or a pipe");
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return gw_fail(err, GW_ERR_CONFIG,
			"%s can be written by others, and it names commands to run; chmod go-w it",
			path);
	return GW_OK;
}

static enum gw_code parse(struct config_reader *r, const char *given, struct config *out)
{
	const char *xdg = getenv("XDG_STATE_HOME");
	char default_state[PATH_MAX];
	struct trap local = { .name = r->path };
	cfg_t *cfg = cfg_init(config_keys(), CFGF_NONE);
	/* Some editors put a mark in front (U+FEFF). */
	const char *text = strncmp(given, "\xef\xbb\xbf", 3) == 0 ? given + 3 : given;
	enum gw_code code = config_text_variables(text, r->path, r->err);
	int rc;

	trap = &local;
	cfg_set_error_function(cfg, on_confuse_error);
	rc = code == GW_OK ? cfg_parse_buf(cfg, text) : CFG_PARSE_ERROR;
	trap = NULL;
	if (code == GW_OK) /* the parser tells where it gave up, which is not where it went wrong */
		code = config_text_blame(text, r->path, rc == CFG_SUCCESS, r->err);
	if (code != GW_OK)
		goto out;
	if (rc != CFG_SUCCESS) {
		code = gw_fail(r->err, GW_ERR_CONFIG, "%s",
			local.text[0] != '\0' ? local.text : "the configuration cannot be read");
		goto out;
	}
	snprintf(default_state, sizeof default_state, "%s/godwit",
		xdg != NULL && *xdg == '/' ? xdg : "~/.local/state");
	out->sandbox = cfg_getbool(cfg, "sandbox") == cfg_true;
	r->state_dir = cfg_getstr(cfg, "state-dir");
	if (r->state_dir == NULL)
		r->state_dir = default_state;
	out->accounts = calloc(cfg_size(cfg, "account") + 1, sizeof *out->accounts);
	out->hooks = calloc(cfg_size(cfg, "account") + 1, sizeof *out->hooks);
	out->also_check = calloc(cfg_size(cfg, "account") + 1, sizeof *out->also_check);
	if (out->accounts == NULL || out->hooks == NULL || out->also_check == NULL) {
		code = gw_fail(r->err, GW_ERR_NOMEM, "out of memory");
		goto out;
	}
	for (unsigned i = 0; i < cfg_size(cfg, "account") && code == GW_OK; i++) {
		cfg_t *sec = cfg_getnsec(cfg, "account", i);
		struct end_points *e = &out->also_check[i];

		read_hooks(sec, &out->hooks[i]);
		code = config_read_account(r, sec, &out->accounts[out->count++]);
		if (code == GW_OK)
			code = config_read_list(r, sec, "also-check", &e->list, &e->count);
	}
	if (code == GW_OK)
		code = config_check_roots(out, r->path, r->err);
out:
	r->state_dir = NULL; /* it lives in cfg, or here */
	cfg_free(cfg);
	return code;
}

/* Behind a NUL nothing would be read. */
static enum gw_code check_encoding(
	const char *path, const struct gw_buf *text, struct gw_error *err)
{
	if (text->n == 0 || memchr(text->p, '\0', text->n) == NULL)
		return GW_OK;
	return gw_fail(err, GW_ERR_CONFIG,
		"%s has NUL bytes in it: as a text it is in UTF-16, and has to be saved in UTF-8",
		path);
}

enum gw_code config_read(const char *path, struct config *out, struct gw_error *err)
{
	char *own = path == NULL ? config_default_path() : realpath(path, NULL);
	struct config_reader r = { .path = own != NULL ? own : path, .err = err };
	char *dir = NULL, *slash;
	struct gw_buf text;
	bool found = false;
	enum gw_code code;

	*out = (struct config){ 0 };
	gw_buf_init(&text, FILE_MAX);
	if (r.path == NULL)
		return gw_fail(err, GW_ERR_CONFIG,
			"HOME is not set, so there is no usual place for the configuration; name "
			"it with -c FILE");
	code = config_check_file(r.path, err);
	if (code == GW_OK) {
		r.dir = dir = strdup(r.path);
		slash = dir == NULL ? NULL : strrchr(dir, '/');
		if (slash != NULL)
			*slash = '\0';
		code = gw_read_file(AT_FDCWD, r.path, FILE_MAX, &text, &found, err);
	}
	if (code == GW_OK)
		code = check_encoding(r.path, &text, err);
	if (code == GW_OK)
		code = parse(&r, gw_buf_cstr(&text), out);
	if (code == GW_OK && out->count == 0)
		code = gw_fail(err, GW_ERR_CONFIG,
			"%s names no account; `godwit init you@example.org` adds one", r.path);
	gw_buf_deinit(&text);
	free(dir);
	free(own);
	if (code != GW_OK)
		config_free(out);
	return code;
}

enum gw_code config_parse(const char *text, const char *dir, const char *name, struct config *out,
	struct gw_error *err)
{
	struct config_reader r = { .path = name, .text = text, .dir = dir, .err = err };
	enum gw_code code;

	*out = (struct config){ 0 };
	code = parse(&r, text, out);
	if (code != GW_OK)
		config_free(out);
	return code;
}

static void free_list(char **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i]);
	free(list);
}

void config_free(struct config *c)
{
	for (size_t i = 0; i < c->count; i++) {
		struct gw_account *a = &c->accounts[i];
		char *const strings[] = { a->name, a->state_dir, a->host, a->tls_ca_file,
			a->tls_client_cert, a->tls_client_key, a->tunnel_command, a->user,
			a->password_command, a->maildir, a->token_command, a->oauth2.client_id,
			a->oauth2.client_secret, a->oauth2.auth_url, a->oauth2.token_url,
			a->oauth2.device_url, a->oauth2.userinfo_url, a->oauth2.scope,
			a->pop3.folder };

		config_free_smtp(&a->smtp);
		gw_auth_wipe(a->password);
		gw_auth_wipe(a->proxy.password);
		free(a->proxy.host);
		free(a->proxy.user);
		gw_bandwidth_free(a->bandwidth);
		for (size_t j = 0; j < sizeof strings / sizeof *strings; j++)
			free(strings[j]);
		free_list(a->folders, a->folder_count);
		free_list(a->watch, a->watch_count);
		free_list(a->pins.list, a->pins.count);
		free_list(a->mechanisms, a->mechanism_count);
		for (size_t j = 0; j < a->window_count; j++) {
			free(a->windows[j].pattern);
			free(a->windows[j].local);
		}
		free(a->windows);
		free(c->hooks[i].on_new_mail);
		free(c->hooks[i].on_sync);
		free(c->hooks[i].on_error);
		free(c->hooks[i].on_sent);
		free_list(c->also_check[i].list, c->also_check[i].count);
	}
	free(c->also_check);
	free(c->hooks);
	free(c->accounts);
	*c = (struct config){ 0 };
}
