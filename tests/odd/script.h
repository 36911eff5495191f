/* SPDX-License-Identifier: ISC */
/* tests/odd/script.h - the case files. */
#pragma once

#include "text.h"

enum { LABELS_MAX = 4 };

/* One case, or one variant of it: its values are in its lines already. */
struct script {
	char *name; /* "no-line@bare" */
	char *base; /* "no-line" */
	char *title;
	char *does, *sees, *who; /* for the table; NULL: not said */
	bool known_red;
	struct line {
		unsigned number;
		char *text;
	} * lines;
	size_t count;
	struct script *next;
};

/* NULL: it cannot be read; a message went to stderr. */
struct script *script_read(const char *path);
void script_free(struct script *s);
