/* SPDX-License-Identifier: ISC */
/* cli/answers.c - see answers.h. */
#include "cli/answers.h"

#include "cli/server_name.h"
#include "cli/terminal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static struct answer *find(const struct answers *a, const char *key)
{
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->list[i].key, key) == 0)
			return (struct answer *)(uintptr_t)&a->list[i];
	}
	return NULL;
}

const char *answer_of(const struct answers *a, const char *key)
{
	const struct answer *found = find(a, key);

	return found == NULL ? NULL : found->value;
}

enum gw_code answer_set(struct answers *a, const char *key, const char *value, struct gw_error *err)
{
	struct answer *slot = find(a, key);

	if (strlen(key) >= sizeof slot->key || strlen(value) >= sizeof slot->value ||
		strpbrk(value, "\n\r") != NULL || (slot == NULL && a->count == ANSWERS))
		return gw_fail(err, GW_ERR_CONFIG, "%s: that is too long, or too much", key);
	if (slot == NULL)
		slot = &a->list[a->count++];
	snprintf(slot->key, sizeof slot->key, "%s", key);
	explicit_bzero(slot->value, sizeof slot->value);
	snprintf(slot->value, sizeof slot->value, "%s", value);
	return GW_OK;
}

void answer_drop(struct answers *a, const char *key)
{
	struct answer *slot = find(a, key);

	if (slot == NULL || slot->given)
		return;
	a->count--;
	memmove(slot, slot + 1, (size_t)(&a->list[a->count] - slot) * sizeof *slot);
}

/* --- what may be answered -------------------------------------------------------------------- */

static bool one_of(const char *value, const char *const *words)
{
	while (*words != NULL && strcasecmp(value, *words) != 0)
		words++;
	return *words != NULL;
}

static void become(char value[static ANSWER_SIZE], const char *word)
{
	snprintf(value, ANSWER_SIZE, "%s", word);
}

const char *answer_yes_no(const void *ctx, char value[static ANSWER_SIZE])
{
	static const char *const yes[] = { "yes", "y", "true", "on", NULL };
	static const char *const no[] = { "no", "n", "false", "off", NULL };

	(void)ctx;
	if (!one_of(value, yes) && !one_of(value, no))
		return "please answer with yes or no";
	become(value, one_of(value, yes) ? "yes" : "no");
	return NULL;
}

const char *answer_auth(const void *ctx, char value[static ANSWER_SIZE])
{
	static const char *const token[] = { "oauth2", "oauth", "oauth 2", "oauth2.0", "oauth 2.0",
		"o", "token", "browser", NULL };
	static const char *const password[] = { "password", "app password", "app-password",
		"apppassword", "p", "pass", NULL };

	(void)ctx;
	if (!one_of(value, token) && !one_of(value, password))
		return "please answer with password or oauth2";
	become(value, one_of(value, token) ? "oauth2" : "password");
	return NULL;
}

/* An address as it is copied from elsewhere: "Me <me@example.org>", "mailto:me@example.org?subject=x". */
static void unwrap_address(char value[static ANSWER_SIZE])
{
	char *open = strchr(value, '<'), *close = strrchr(value, '>'), *from = value;
	size_t n;

	if (open != NULL && close != NULL && close > open &&
		close[1 + strspn(close + 1, " \t")] == '\0') {
		*close = '\0';
		from = open + 1;
	}
	from += strspn(from, " \t");
	if (strncasecmp(from, "mailto:", 7) == 0) {
		from += 7;
		from[strcspn(from, "?")] = '\0';
	}
	n = strlen(from);
	while (n > 0 && strchr(" \t.", from[n - 1]) != NULL)
		n--;
	memmove(value, from, n);
	value[n] = '\0';
}

static bool is_domain(const char *text)
{
	if (*text == '[') /* an address of the network */
		return true;
	for (const char *label = text;; label++) {
		size_t n = strcspn(label, ".");

		if (n == 0 || n > 63 || *label == '-')
			return false;
		label += n;
		if (*label == '\0')
			return true;
	}
}

const char *answer_address(const void *ctx, char value[static ANSWER_SIZE])
{
	const char *at;

	(void)ctx;
	unwrap_address(value);
	at = strchr(value, '@');
	if (at == NULL || at == value || strpbrk(value, " \t\"<>\\,;/") != NULL ||
		strpbrk(at + 1, "@:") != NULL || !is_domain(at + 1))
		return "that is no address; one looks like me@example.org";
	return NULL;
}

const char *answer_host(const void *ctx, char value[static ANSWER_SIZE])
{
	struct server_name server;

	(void)ctx;
	return server_name_parse(value, &server);
}

const char *answer_patterns(const void *ctx, char value[static ANSWER_SIZE])
{
	(void)ctx;
	if (strpbrk(value, "\"{}\\") != NULL || strspn(value, " ,") == strlen(value))
		return "patterns are names with * and !, and commas between them";
	return NULL;
}

enum gw_code answer_pattern_list(const char *line, struct gw_buf *out)
{
	enum gw_code code = gw_buf_puts(out, "{");
	const char *between = "";

	for (const char *p = line; code == GW_OK && *p != '\0';) {
		size_t n = strcspn(p, ","), lead = strspn(p, " "), end = n;

		while (end > lead && p[end - 1] == ' ')
			end--;
		if (end > lead) {
			code = gw_buf_printf(
				out, "%s\"%.*s\"", between, (int)(end - lead), p + lead);
			between = ", ";
		}
		p += n + (p[n] == ',');
	}
	return code == GW_OK ? gw_buf_puts(out, "}") : code;
}

/* --- asking ---------------------------------------------------------------------------------- */

static bool has_control(const char *line)
{
	for (const char *p = line; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return true;
	}
	return false;
}

/* Returns what is wrong with the answer; NULL: nothing.  An empty line means the usual answer. */
static const char *judge(const struct question *q, char line[static ANSWER_SIZE])
{
	if (line[0] == '\0' && q->usual == NULL)
		return "this needs an answer; Ctrl-C ends without writing anything";
	if (line[0] == '\0') {
		become(line, q->usual);
		return NULL;
	}
	if (has_control(line))
		return "there is a control character in it, as of an arrow key; please type it "
		       "anew";
	return q->check == NULL ? NULL : q->check(q->ctx, line);
}

enum gw_code answer_ask(
	const struct question *q, char out[static ANSWER_SIZE], struct gw_error *err)
{
	char prompt[2 * ANSWER_SIZE];
	const char *wrong;

	snprintf(prompt, sizeof prompt, "%s%s%s%s: ", q->text, q->usual == NULL ? "" : " [",
		q->usual == NULL ? "" : q->usual, q->usual == NULL ? "" : "]");
	do {
		struct gw_error local = { 0 };
		enum gw_code code = terminal_ask(prompt, out, ANSWER_SIZE, &local);

		if (code != GW_OK && code != GW_ERR_LIMIT) {
			*err = local;
			return code;
		}
		wrong = code == GW_ERR_LIMIT ? "that is too long" : judge(q, out);
		if (wrong != NULL)
			printf("  %s\n", wrong);
	} while (wrong != NULL);
	return GW_OK;
}

enum gw_code answer_need(struct answers *a, const struct question *q, struct gw_error *err)
{
	char line[ANSWER_SIZE];
	enum gw_code code;

	if (answer_of(a, q->key) != NULL)
		return GW_OK;
	if (!a->asks && q->usual != NULL)
		return answer_set(a, q->key, q->usual, err);
	if (!a->asks)
		return gw_fail(err, GW_ERR_CONFIG, "%s is missing: give it with --set %s=...",
			q->key, q->key);
	code = answer_ask(q, line, err);
	if (code == GW_OK)
		code = answer_set(a, q->key, line, err);
	explicit_bzero(line, sizeof line); /* it may be a password */
	return code;
}

enum gw_code answer_again(
	struct answers *a, const struct question *q, bool *same, struct gw_error *err)
{
	const struct answer *present = find(a, q->key);
	struct question again = *q;
	char line[ANSWER_SIZE];
	enum gw_code code;

	*same = true;
	if (present == NULL || present->given)
		return GW_OK;
	again.usual = present->value;
	code = answer_ask(&again, line, err);
	if (code != GW_OK || strcmp(line, present->value) == 0)
		return code;
	*same = false;
	return answer_set(a, q->key, line, err);
}

/* --- the section ----------------------------------------------------------------------------- */

/* "${X}" would be X of the environment. */
static enum gw_code put_quoted(struct gw_buf *out, const char *value)
{
	enum gw_code code = gw_buf_puts(out, "\"");

	for (const char *p = value; *p != '\0' && code == GW_OK; p++) {
		if (*p == '"' || *p == '\\' || *p == '$')
			code = gw_buf_puts(out, "\\");
		if (code == GW_OK)
			code = gw_buf_append(out, p, 1);
	}
	return code == GW_OK ? gw_buf_puts(out, "\"") : code;
}

/* Keys whose values are lists, which are given as they are to stand there. */
static bool takes_list(const char *key)
{
	static const char *const lists[] = { "folders", "watch", "also-check", "from", NULL };

	return one_of(key, lists);
}

enum gw_code answers_put(const struct answers *a, struct gw_buf *out)
{
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < a->count && code == GW_OK; i++) {
		const struct answer *x = &a->list[i];
		bool list = x->value[0] == '{' && takes_list(x->key);

		code = gw_buf_printf(out, "  %s = ", x->key);
		if (code == GW_OK)
			code = list ? gw_buf_puts(out, x->value) : put_quoted(out, x->value);
		if (code == GW_OK)
			code = gw_buf_puts(out, "\n");
	}
	return code;
}
