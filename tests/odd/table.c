/* SPDX-License-Identifier: ISC */
/* tests/odd/table.c - what the cases say, as a table in Markdown. */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The status of the last sync while something is odd, as the case demands it; -1: it leaves that open. */
static int status_of(const struct script *s)
{
	bool odd = false, asked = false;
	int status = -1;

	for (size_t i = 0; i < s->count; i++) {
		char *words[WORDS_MAX], *line = copy_of(s->lines[i].text);
		size_t n = split_words(line, words);

		if (n > 0 && strncmp(words[0], "odd", 3) == 0) {
			status = odd ? status : -1;
			odd = asked = true;
		} else if (n > 0 && strcmp(words[0], "sound") == 0) {
			odd = false;
		} else if (n > 0 && strcmp(words[0], "sync") == 0 && (odd || !asked)) {
			status = 0;
			for (size_t k = 1; k < n; k++) {
				if (strcmp(words[k], "any") == 0)
					status = -1;
				else if (words[k][0] >= '0' && words[k][0] <= '9')
					status = (int)strtol(words[k], NULL, 10);
			}
		}
		free(line);
	}
	return status;
}

/* A cell: "|" would end it. */
static void put_cell(const char *text)
{
	printf(" ");
	for (; text != NULL && *text != '\0'; text++)
		printf(*text == '|' ? "\\%c" : "%c", *text);
	printf(" |");
}

void table_print(const char *path, const struct script *first)
{
	const char *base = "";
	struct text comment = file_text(path);

	if (comment.p[0] == '#')
		printf("\n## %.*s\n\n", (int)strcspn(comment.p + 2, ".\n"), comment.p + 2);
	printf("| what is odd | what godwit does | what is seen | status | seen with |\n");
	printf("|---|---|---|---|---|\n");
	for (const struct script *s = first; s != NULL; s = s->next) {
		int status = status_of(s);

		if (strcmp(s->base, base) == 0 || s->does == NULL)
			continue;
		base = s->base;
		printf("|");
		put_cell(s->title);
		put_cell(s->does);
		put_cell(s->sees);
		printf(status < 0 ? " |" : " %d |", status);
		put_cell(s->who);
		printf("\n");
	}
	text_free(&comment);
}
