/* SPDX-License-Identifier: ISC */
/* tests/odd/tree.h - the Maildir tree of a case. */
#pragma once

#include "mail.h"

struct file {
	char *path;              /* below the root */
	char *dir;               /* of the mailbox, below the root */
	struct version *version; /* NULL: no letter has that content */
	size_t size;
};

struct tree {
	struct file *files;
	size_t count;
	struct text
		stamps; /* names, inodes, sizes and times, to see whether anything was touched */
};

/* Reads the files of all cur/ and new/ below root. */
void tree_read(struct tree *t, const char *root, struct mail *m);
void tree_free(struct tree *t);
const char *file_flags(const struct file *f);
/* Where ":2,FS" begins in a path (or ";2,", "!2,"); NULL: it has none. */
const char *info_of(const char *path); /* behind ":2,"; "" if there are none */

bool tree_make(const char *root, const char *dir); /* cur, new, tmp */
bool tree_write(const char *path, const char *p, size_t n, bool crlf);
unsigned count_mail(const char *dir); /* files in all cur/ and new/ below it */
void remove_all(const char *path);
uint64_t size_below(const char *path); /* bytes of all files, as they are allocated */
