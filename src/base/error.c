/* SPDX-License-Identifier: ISC */
/* base/error.c - see godwit/error.h. */
#include "godwit/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Server text may hold control characters; a message is one line that cannot drive a terminal. */
static void make_printable(char *text)
{
	for (char *p = text; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	}
}

__attribute__((format(printf, 3, 0))) static void fill(
	struct gw_error *err, enum gw_code code, const char *fmt, va_list args)
{
	err->code = code;
	vsnprintf(err->text, sizeof err->text, fmt, args);
	make_printable(err->text);
}

enum gw_code gw_fail(struct gw_error *err, enum gw_code code, const char *fmt, ...)
{
	va_list args;

	if (err == NULL || err->code != GW_OK)
		return code;
	va_start(args, fmt);
	fill(err, code, fmt, args);
	va_end(args);
	return code;
}

enum gw_code gw_fail_sys(
	struct gw_error *err, enum gw_code code, int errno_value, const char *fmt, ...)
{
	va_list args;
	size_t used;

	if (err == NULL || err->code != GW_OK)
		return code;
	va_start(args, fmt);
	fill(err, code, fmt, args);
	va_end(args);
	err->sys = errno_value;
	used = strlen(err->text);
	snprintf(err->text + used, sizeof err->text - used, ": %s", strerror(errno_value));
	return code;
}

void gw_error_context(struct gw_error *err, const char *fmt, ...)
{
	char old[sizeof err->text];
	va_list args;
	size_t used;

	if (err == NULL || err->code == GW_OK)
		return;
	memcpy(old, err->text, sizeof old);
	va_start(args, fmt);
	vsnprintf(err->text, sizeof err->text, fmt, args);
	va_end(args);
	make_printable(err->text);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof err->text - used, ": %s", old);
}

void gw_error_clear(struct gw_error *err)
{
	*err = (struct gw_error){ 0 };
}

const char *gw_code_name(enum gw_code code)
{
	switch (code) {
	case GW_OK:
		return "ok";
	case GW_ERR_NOMEM:
		return "memory";
	case GW_ERR_DISK:
		return "disk";
	case GW_ERR_NET:
		return "network";
	case GW_ERR_TIMEOUT:
		return "timeout";
	case GW_ERR_TLS:
		return "tls";
	case GW_ERR_SECURITY:
		return "security";
	case GW_ERR_PROTOCOL:
		return "protocol";
	case GW_ERR_LIMIT:
		return "limit";
	case GW_ERR_AUTH:
		return "login";
	case GW_ERR_SECRET:
		return "password";
	case GW_ERR_REFUSED:
		return "refused";
	case GW_ERR_BYE:
		return "bye";
	case GW_ERR_BUSY:
		return "busy";
	case GW_ERR_CONFIG:
		return "configuration";
	case GW_ERR_STATE:
		return "state";
	case GW_ERR_CORRUPT:
		return "corrupt";
	case GW_ERR_LOCKED:
		return "locked";
	case GW_ERR_HELD:
		return "held";
	case GW_ERR_CANCELLED:
		return "cancelled";
	case GW_ERR_BUG:
		return "bug";
	}
	return "unknown";
}

enum gw_code gw_code_named(const char *name)
{
	for (int code = GW_OK; code < GW_ERR_BUG; code++) {
		if (strcmp(gw_code_name((enum gw_code)code), name) == 0)
			return (enum gw_code)code;
	}
	return GW_ERR_BUG;
}
