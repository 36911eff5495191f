/* SPDX-License-Identifier: ISC */
/* cli/links.h - where symbolic links in a Maildir lead: mailboxes may be kept somewhere else. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>

/* A directory that a link leads to. */
struct link_target {
	char *path; /* owned; the link */
	dev_t device;
	ino_t inode;
};

/* A directory in which links may stand. */
struct link_place {
	char *path; /* owned */
	struct timespec changed;
};

struct links {
	struct link_target *targets; /* owned */
	size_t target_count, target_cap;
	struct link_place *places; /* owned */
	size_t place_count, place_cap;
	const char **roots; /* owned; each borrowed */
	size_t root_count, root_cap;
	bool failed; /* no memory */
};

/* Adds the links in the tree of a Maildir, at any depth, and in what they lead to; not those inside of cur, new and
 * tmp, nor what leads to a directory in which the Maildir itself is.  A tree that is too large or deep is left half
 * looked at. */
void links_find(struct links *l, const char *root);

/* Is any directory in which links may stand another one now? */
bool links_may_differ(const struct links *l);

bool links_know(const struct links *l, const struct link_target *target);

void links_free(struct links *l);
