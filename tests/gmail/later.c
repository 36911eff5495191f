/* SPDX-License-Identifier: ISC */
/* tests/gmail/later.c - what a person does at Gmail's page while a client is at work: changes that
 * wait for so many commands; see gmaild.c.
 */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct change {
	struct change *next;
	long left;  /* commands before it */
	char *text; /* owned; as for WEB */
};

static struct change *changes;

void later_add(long commands, const char *text, size_t n)
{
	struct change *c = calloc(1, sizeof *c), **at = &changes;

	c->left = commands;
	c->text = malloc(n + 1);
	memcpy(c->text, text, n);
	c->text[n] = '\0';
	while (*at != NULL)
		at = &(*at)->next;
	*at = c;
}

void later_drop(void)
{
	while (changes != NULL) {
		struct change *c = changes;

		changes = c->next;
		free(c->text);
		free(c);
	}
}

/* A command of a client is about to be carried out. */
void later_command(struct session *s)
{
	for (struct change **at = &changes; *at != NULL;) {
		struct change *c = *at;
		struct text kept = s->out;

		if (c->left-- > 0) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		s->out = (struct text){ 0 }; /* nobody hears the answer */
		do_web(s, c->text);
		free(s->out.p);
		s->out = kept;
		free(c->text);
		free(c);
	}
}

void later_now(struct session *s)
{
	for (struct change *c = changes; c != NULL; c = c->next)
		c->left = 0;
	later_command(s);
}
