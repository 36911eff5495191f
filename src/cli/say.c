/* SPDX-License-Identifier: ISC */
/* cli/say.c - see say.h. */
#include "cli/say.h"

#include "base/show.h"

#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* An escape takes up to ten bytes for one. */
enum { LINE_MAX = 8192, SHOWN_MAX = 10 * LINE_MAX };

static void show(struct gw_buf *shown, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

static void show(struct gw_buf *shown, const char *fmt, va_list args)
{
	char line[LINE_MAX];
	size_t n;

	vsnprintf(line, sizeof line, fmt, args);
	n = strlen(line);
	if (n > 0 && line[n - 1] == '\n')
		n--;
	gw_buf_init(shown, SHOWN_MAX);
	(void)gw_show((struct gw_slice){ line, n }, shown); /* out of memory: what there is */
}

void say(FILE *to, const char *fmt, ...)
{
	struct gw_buf shown;
	va_list args;

	va_start(args, fmt);
	show(&shown, fmt, args);
	va_end(args);
	fprintf(to, "%s\n", gw_buf_cstr(&shown));
	gw_buf_deinit(&shown);
}

size_t say_columns(FILE *to)
{
	struct winsize size;

	return ioctl(fileno(to), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* Characters of UTF-8; wide ones count as one. */
static size_t width_of(const char *word, size_t n)
{
	size_t width = 0;

	for (size_t i = 0; i < n; i++)
		width += ((unsigned char)word[i] & 0xC0) != 0x80;
	return width;
}

void say_folded(FILE *to, size_t columns, size_t indent, const char *fmt, ...)
{
	struct gw_buf shown;
	const char *p;
	size_t column = 0, lead;
	va_list args;

	va_start(args, fmt);
	show(&shown, fmt, args);
	va_end(args);
	p = gw_buf_cstr(&shown);
	while (*p != '\0') {
		size_t n;

		lead = strspn(p, " ");
		n = strcspn(p + lead, " ");
		if (column > indent && columns > indent &&
			column + lead + width_of(p + lead, n) > columns) {
			fprintf(to, "\n%*s", (int)indent, "");
			column = indent;
			p += lead;
			lead = 0;
		}
		fprintf(to, "%.*s", (int)(lead + n), p);
		column += lead + width_of(p + lead, n);
		p += lead + n;
	}
	fputc('\n', to);
	gw_buf_deinit(&shown);
}
