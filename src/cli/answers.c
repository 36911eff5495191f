/* cli/answers.c - see answers.h. */
#include "cli/answers.h"

#include <stdio.h>
#include <string.h>

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

bool answer_is_given(const struct answers *a, const char *key)
{
	const struct answer *found = find(a, key);

	return found != NULL && found->given;
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
	snprintf(slot->value, sizeof slot->value, "%s", value);
	return GW_OK;
}

/* *line is empty if nothing was typed. */
static enum gw_code ask(const char *question, const char *usual, char line[static ANSWER_SIZE],
	struct gw_error *err)
{
	printf("%s%s%s%s: ", question, usual == NULL ? "" : " [", usual == NULL ? "" : usual,
		usual == NULL ? "" : "]");
	fflush(stdout);
	if (fgets(line, ANSWER_SIZE, stdin) == NULL)
		return gw_fail(err, GW_ERR_CANCELLED, "stopped; nothing was written");
	line[strcspn(line, "\r\n")] = '\0';
	return GW_OK;
}

enum gw_code answer_need(struct answers *a, const char *key, const char *question,
	const char *usual, struct gw_error *err)
{
	char line[ANSWER_SIZE] = "";
	enum gw_code code = GW_OK;

	if (answer_of(a, key) != NULL)
		return GW_OK;
	if (a->asks)
		code = ask(question, usual, line, err);
	if (code != GW_OK)
		return code;
	if (line[0] != '\0' || usual != NULL)
		return answer_set(a, key, line[0] != '\0' ? line : usual, err);
	return gw_fail(err, GW_ERR_CONFIG, "%s is missing: give it with --set %s=...", key, key);
}

enum gw_code answer_again(
	struct answers *a, const char *key, const char *question, bool *same, struct gw_error *err)
{
	char line[ANSWER_SIZE];
	enum gw_code code;

	*same = true;
	if (answer_of(a, key) == NULL || answer_is_given(a, key))
		return GW_OK;
	code = ask(question, answer_of(a, key), line, err);
	if (code != GW_OK || line[0] == '\0' || strcmp(line, answer_of(a, key)) == 0)
		return code;
	*same = false;
	return answer_set(a, key, line, err);
}

static enum gw_code put_quoted(struct gw_buf *out, const char *value)
{
	enum gw_code code = gw_buf_puts(out, "\"");

	for (const char *p = value; *p != '\0' && code == GW_OK; p++) {
		if (*p == '"' || *p == '\\')
			code = gw_buf_puts(out, "\\");
		if (code == GW_OK)
			code = gw_buf_append(out, p, 1);
	}
	return code == GW_OK ? gw_buf_puts(out, "\"") : code;
}

enum gw_code answers_put(const struct answers *a, struct gw_buf *out)
{
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < a->count && code == GW_OK; i++) {
		const struct answer *x = &a->list[i];

		code = gw_buf_printf(out, "  %s = ", x->key);
		if (code == GW_OK)
			code = x->value[0] == '{' ? gw_buf_puts(out, x->value)
						  : put_quoted(out, x->value);
		if (code == GW_OK)
			code = gw_buf_puts(out, "\n");
	}
	return code;
}
