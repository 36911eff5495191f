/* SPDX-License-Identifier: ISC */
/* tests/smtp/rules.c - see rules.h. */
#include "rules.h"

#include "folder.h"
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { RULES = 64 };

struct rule {
	char where[16], word[200], answer[4000];
	int id; /* its line: counts are kept in DIR/used.ID */
	long count;
};

static struct rule rules[RULES];
static int rule_count;

void read_rules(void)
{
	char path[4096], line[5000];
	FILE *f;
	int id = 0;

	folder_path("rules", path, sizeof path);
	rule_count = 0;
	f = fopen(path, "r");
	if (f == NULL)
		return;
	while (fgets(line, sizeof line, f) != NULL && rule_count < RULES) {
		struct rule *r = &rules[rule_count];
		char count[20];
		int at = 0;

		id++;
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%15s %199s %19s %n", r->where, r->word, count, &at) < 3 ||
			at == 0)
			continue;
		r->count = count[0] == '*' ? -1 : atol(count);
		r->id = id;
		snprintf(r->answer, sizeof r->answer, "%s", line + at);
		rule_count++;
	}
	fclose(f);
}

static bool holds(const struct rule *r, const char *where, const char *line)
{
	char used[32];

	if (strcasecmp(r->where, where) != 0 ||
		(strcmp(r->word, "*") != 0 && strcasestr(line, r->word) == NULL))
		return false;
	snprintf(used, sizeof used, "used.%d", r->id);
	return r->count < 0 || count_up(used) < r->count;
}

static void say_endless(void)
{
	for (;;) {
		say("250-and so on");
		flush_out();
	}
}

/* An answer of so many lines, each of so many zeros. */
static void say_lines(int count, int zeros, bool ends)
{
	for (int k = 0; k < count; k++)
		say("250-X%d %0*d", k, zeros, 0);
	if (ends)
		say("250 end");
}

/* As it stands, "\\n" between lines. */
static void say_answer(const char *p)
{
	while (*p != '\0') {
		const char *end = strstr(p, "\\n");
		size_t n = end == NULL ? strlen(p) : (size_t)(end - p);

		say("%.*s", (int)n, p);
		p += n + (end == NULL ? 0 : 2);
	}
}

static bool end_as_told(const char *answer, void (*take)(void))
{
	if (strcmp(answer, "accept-close") == 0) {
		take();
		end_by("rst");
	}
	if (strcmp(answer, "silence") != 0 && strcmp(answer, "rst") != 0 &&
		strcmp(answer, "close") != 0)
		return false;
	flush_out();
	end_by(strcmp(answer, "close") == 0 ? "fin" : answer);
}

/* true: that was all. */
static bool act(const char *answer, void (*take)(void))
{
	static const char nul[] = { '5', '5', '0', ' ', 'a', '\0', 'b', '\r', '\n' };

	end_as_told(answer, take);
	if (strcmp(answer, "endless") == 0) {
		say_endless();
	} else if (strcmp(answer, "huge") == 0) {
		say_lines(10000, 900, true);
	} else if (strcmp(answer, "many") == 0) {
		say_lines(10000, 1, false);
		return false;
	} else if (strcmp(answer, "deaf") == 0) {
		drop_input();
		return false;
	} else if (strncmp(answer, "wait ", 5) == 0) {
		flush_out();
		sleep((unsigned)atoi(answer + 5));
		return false;
	} else if (strncmp(answer, "wait-for ", 9) == 0) {
		flush_out();
		while (access(answer + 9, F_OK) != 0)
			usleep(10000);
		return false;
	} else if (strncmp(answer, "hangup-when ", 12) == 0) {
		flush_out();
		while (access(answer + 12, F_OK) != 0)
			usleep(10000);
		end_by("fin");
	} else if (strcmp(answer, "nul") == 0) {
		say_bytes(nul, sizeof nul);
	} else if (strcmp(answer, "none") != 0) {
		say_answer(answer);
	}
	if (strncmp(answer, "421", 3) == 0) {
		flush_out();
		end_by("fin");
	}
	return true;
}

bool obey(const char *where, const char *line, void (*take)(void))
{
	for (int i = 0; i < rule_count; i++) {
		if (!holds(&rules[i], where, line))
			continue;
		note("rule %s %s", where, rules[i].answer);
		return act(rules[i].answer, take);
	}
	return false;
}
