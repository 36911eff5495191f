/* cli/say.c - see say.h. */
#include "cli/say.h"

#include "base/show.h"

#include <stdarg.h>

/* An escape takes up to ten bytes for one. */
enum { LINE_MAX = 8192, SHOWN_MAX = 10 * LINE_MAX };

void say(FILE *to, const char *fmt, ...)
{
	char line[LINE_MAX];
	struct gw_buf shown;
	va_list args;
	size_t n;

	va_start(args, fmt);
	vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	n = strlen(line);
	if (n > 0 && line[n - 1] == '\n')
		n--;
	gw_buf_init(&shown, SHOWN_MAX);
	(void)gw_show((struct gw_slice){ line, n }, &shown); /* out of memory: what there is */
	fprintf(to, "%s\n", gw_buf_cstr(&shown));
	gw_buf_deinit(&shown);
}
