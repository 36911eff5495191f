/* SPDX-License-Identifier: ISC */
/* tests/odd/rule.c - what is odd about an answer. */
#include "rule.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum verb {
	DROP,       /* LINES */
	ALTER,      /* LINES REGEX BY */
	REPEAT,     /* LINES */
	PUT_BEFORE, /* LINES TEXT */
	PUT_AFTER,  /* LINES TEXT */
	KEEP_BYTES, /* LINES N: a literal of so many bytes, announced as such */
	BODY,       /* LINES TEXT: the literal is this */
	ADD,        /* TEXT: a line before the end of the answer */
	ADD_FIRST,  /* TEXT: a line before all others */
	REVERSE,    /* the untagged lines come in the reverse order */
	TAGGED,     /* TEXT: behind the tag */
	DELAY,      /* MS */
	FLOOD,      /* N TEXT [HEAD [TAIL]]: comes first; N 0: without end */
	DRIP,       /* MS TEXT: comes first, without end, a byte each MS */
	CUT,        /* N: after so many bytes of the answer the connection closes */
	CLOSE,      /* [LINES]: before these; without, before it is carried out */
	BYE,        /* [LINES] TEXT */
	HANG,       /* [LINES] */
	LATE_CLOSE, /* carried out, and closed without an answer */
	REFUSE,     /* TEXT: as soon as the command is known */
	DENY,       /* TEXT: when its literals have come */
	STORES,     /* nothing | keep N | add FIELD | alter REGEX BY */
	SKIPS,      /* FLAG | uid=N | copy | remove: that is not done of it */
	AS          /* NAME | nothing: a mailbox is made under that name */
};

static const struct {
	const char *word;
	enum verb verb;
	bool lines;         /* takes LINES first */
	size_t least, most; /* further arguments */
} verbs[] = { { "drop", DROP, true, 0, 0 }, { "alter", ALTER, true, 2, 2 },
	{ "repeat", REPEAT, true, 0, 0 }, { "before", PUT_BEFORE, true, 1, 1 },
	{ "after", PUT_AFTER, true, 1, 1 }, { "keep", KEEP_BYTES, true, 1, 1 },
	{ "body", BODY, true, 1, 1 }, { "add", ADD, false, 1, 1 },
	{ "add-first", ADD_FIRST, false, 1, 1 }, { "reverse", REVERSE, false, 0, 0 },
	{ "tagged", TAGGED, false, 1, 1 }, { "delay", DELAY, false, 1, 1 },
	{ "flood", FLOOD, false, 2, 4 }, { "drip", DRIP, false, 2, 2 }, { "cut", CUT, false, 1, 1 },
	{ "close", CLOSE, true, 0, 0 }, { "bye", BYE, true, 1, 1 }, { "hang", HANG, true, 0, 0 },
	{ "late-close", LATE_CLOSE, false, 0, 0 }, { "refuse", REFUSE, false, 1, 1 },
	{ "deny", DENY, false, 1, 1 }, { "stores", STORES, false, 1, 3 },
	{ "skips", SKIPS, false, 1, 1 }, { "as", AS, false, 1, 1 } };

struct rule {
	char *told;    /* as the case says it */
	char *command; /* a kind, or a pattern if it has a blank or a star */
	char *in, *asks, *holds, *more, *longer, *of;
	char *times; /* ranges; NULL: always */
	enum verb verb;
	char *lines; /* NULL: none were named */
	char *args[4];
	regex_t regex;
	bool has_regex;
	unsigned long seen; /* commands that it is about */
	bool due;           /* for the one being answered */
	bool fired;
	struct rule *next;
};

/* --- parsing --------------------------------------------------------------------------------- */

static bool is_lines(const char *word)
{
	return strncmp(word, "uid=", 4) == 0 || strcmp(word, "all") == 0 ||
	       strcmp(word, "last") == 0 || strcmp(word, "first") == 0 ||
	       strncmp(word, "* ", 2) == 0 || strncmp(word, "*", 1) == 0;
}

static char *parse_verb(struct rule *r, char **words, size_t count)
{
	size_t v = 0, n = sizeof verbs / sizeof *verbs;

	while (v < n && strcmp(verbs[v].word, words[0]) != 0)
		v++;
	if (v == n)
		return printed("no such oddness: %s", words[0]);
	r->verb = verbs[v].verb;
	words++, count--;
	if (verbs[v].lines && count > 0 && is_lines(words[0])) {
		r->lines = copy_of(words[0]);
		words++, count--;
	}
	if (verbs[v].lines && r->lines == NULL && r->verb != CLOSE && r->verb != BYE &&
		r->verb != HANG)
		return printed("%s which lines?", verbs[v].word);
	if (count < verbs[v].least || count > verbs[v].most)
		return printed(
			"%s takes %zu to %zu words", verbs[v].word, verbs[v].least, verbs[v].most);
	for (size_t i = 0; i < count; i++)
		r->args[i] = copy_of(words[i]);
	if ((r->verb == FLOOD || r->verb == DRIP) && *r->args[1] == '\0')
		return printed("%s of what?", verbs[v].word);
	return NULL;
}

static char *compile(struct rule *r)
{
	const char *regex = r->verb == ALTER                                        ? r->args[0]
			    : r->verb == STORES && strcmp(r->args[0], "alter") == 0 ? r->args[1]
										    : NULL;

	if (regex == NULL)
		return NULL;
	if ((r->verb == STORES && r->args[2] == NULL) ||
		regcomp(&r->regex, regex, REG_EXTENDED | REG_ICASE) != 0)
		return printed("%s is no regular expression", regex);
	r->has_regex = true;
	return NULL;
}

static bool read_condition(struct rule *r, const char *word)
{
	const struct {
		const char *name;
		char **to;
	} all[] = { { "in=", &r->in }, { "asks=", &r->asks }, { "times=", &r->times },
		{ "holds=", &r->holds }, { "more=", &r->more }, { "longer=", &r->longer },
		{ "of=", &r->of } };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		size_t n = strlen(all[i].name);

		if (strncmp(word, all[i].name, n) == 0 && *all[i].to == NULL) {
			*all[i].to = copy_of(word + n);
			return true;
		}
	}
	return false;
}

struct rule *rule_parse(char **words, size_t count, bool optional, char **why)
{
	struct rule *r = need(calloc(1, sizeof *r));
	struct text told = { 0 };
	size_t at = 1;

	for (size_t i = 0; i < count; i++)
		put(&told, "%s%s", i == 0 ? "" : " ", words[i]);
	r->told = need(told.p);
	r->fired = optional;
	*why = NULL;
	if (count < 2) {
		*why = printed("odd COMMAND [CONDITION] ... WHAT ...");
	} else {
		r->command = copy_of(words[0]);
		while (at + 1 < count && read_condition(r, words[at]))
			at++;
		*why = parse_verb(r, words + at, count - at);
		if (*why == NULL)
			*why = compile(r);
	}
	if (*why == NULL)
		return r;
	rule_free_all(r);
	return NULL;
}

void rule_free_all(struct rule *rules)
{
	while (rules != NULL) {
		struct rule *r = rules;

		rules = r->next;
		if (r->has_regex)
			regfree(&r->regex);
		for (size_t i = 0; i < sizeof r->args / sizeof *r->args; i++)
			free(r->args[i]);
		free(r->told);
		free(r->command);
		free(r->in);
		free(r->asks);
		free(r->holds);
		free(r->more);
		free(r->of);
		free(r->longer);
		free(r->times);
		free(r->lines);
		free(r);
	}
}

void rule_append(struct rule **rules, struct rule *rule)
{
	while (*rules != NULL)
		rules = &(*rules)->next;
	*rules = rule;
}

bool rule_fired(const struct rule *rules, const char **which)
{
	for (; rules != NULL; rules = rules->next) {
		*which = rules->told;
		if (!rules->fired)
			return false;
	}
	return true;
}

/* --- which command --------------------------------------------------------------------------- */

static bool kind_fits(const char *wanted, const struct command *c)
{
	if (strpbrk(wanted, " *") != NULL)
		return matches(wanted, c->line);
	if (strcmp(wanted, "any") == 0)
		return strcmp(c->kind, "greeting") != 0;
	if (strcmp(wanted, "fetch") == 0)
		return strcmp(c->kind, "listing") == 0 || strcmp(c->kind, "bodies") == 0 ||
		       strcmp(c->kind, "pieces") == 0 || strcmp(c->kind, "headers") == 0;
	return strcmp(wanted, c->kind) == 0;
}

static bool conditions_fit(const struct rule *r, const struct command *c)
{
	if (r->in != NULL && strcasecmp(r->in, c->mailbox) != 0)
		return false;
	if (r->asks != NULL && !in_set(c->set, (uint32_t)strtoul(r->asks, NULL, 10), UINT32_MAX))
		return false;
	if (r->of != NULL && c->exists != strtoul(r->of, NULL, 10))
		return false;
	if (r->more != NULL && c->asked <= strtoul(r->more, NULL, 10))
		return false;
	if (r->longer != NULL && strlen(c->line) <= strtoul(r->longer, NULL, 10))
		return false;
	return r->holds == NULL || (c->whole != NULL && memmem(c->whole, c->whole_length, r->holds,
								strlen(r->holds)) != NULL);
}

void rules_begin(struct rule *rules, const struct command *c, bool again)
{
	for (struct rule *r = rules; r != NULL; r = r->next) {
		if (again && r->holds == NULL)
			continue;
		r->due = kind_fits(r->command, c) && conditions_fit(r, c);
		if (r->due)
			r->due = r->times == NULL || in_ranges(r->times, ++r->seen);
	}
}

/* --- instead of carrying it out --------------------------------------------------------------- */

bool rules_refuse(struct rule *rules, enum stage stage, const char *tag, struct text *out,
	enum and_then *then)
{
	*then = THEN_GO_ON;
	for (struct rule *r = rules; r != NULL; r = r->next) {
		if (!r->due || r->lines != NULL)
			continue;
		switch (r->verb) {
		case DENY:
			if (stage == BEFORE_LITERAL)
				continue;
			/* fall through */
		case REFUSE:
			put(out, "%s %s\r\n", tag, r->args[0]);
			break;
		case BYE:
			put(out, "* BYE %s\r\n", r->args[0]);
			*then = THEN_CLOSE;
			break;
		case CLOSE:
			*then = THEN_CLOSE;
			break;
		case HANG:
			*then = THEN_HANG;
			break;
		default:
			continue;
		}
		r->fired = true;
		return true;
	}
	return false;
}

/* --- replacing by a regular expression -------------------------------------------------------- */

static void put_replacement(struct text *out, const char *by, const char *p, const regmatch_t *m)
{
	for (; *by != '\0'; by++) {
		if (by[0] == '$' && by[1] >= '0' && by[1] <= '9') {
			const regmatch_t *g = &m[by[1] - '0'];

			if (g->rm_so >= 0)
				put_bytes(out, p + g->rm_so, (size_t)(g->rm_eo - g->rm_so));
			by++;
		} else {
			put_bytes(out, by, 1);
		}
	}
}

/* The first place that fits; $1 in by is what the first brackets held. */
static bool replace(const regex_t *regex, const char *by, struct text *t)
{
	regmatch_t m[10] = { { .rm_so = 0, .rm_eo = (regoff_t)t->n } };
	struct text out = { 0 };

	if (regexec(regex, t->p, 10, m, REG_STARTEND) != 0)
		return false;
	put_bytes(&out, t->p, (size_t)m[0].rm_so);
	put_replacement(&out, by, t->p, m);
	put_bytes(&out, t->p + m[0].rm_eo, t->n - (size_t)m[0].rm_eo);
	text_free(t);
	*t = out;
	return true;
}

/* --- what is stored --------------------------------------------------------------------------- */

bool rules_skip(struct rule *rules, const char *what)
{
	bool skips = false;

	for (struct rule *r = rules; r != NULL; r = r->next) {
		if (!r->due || r->verb != SKIPS || strcasecmp(r->args[0], what) != 0)
			continue;
		r->fired = skips = true;
	}
	return skips;
}

bool rules_skip_uid(struct rule *rules, uint32_t uid)
{
	char *what = printed("uid=%u", uid);
	bool skips = rules_skip(rules, what);

	free(what);
	return skips;
}

bool rules_store(struct rule *rules, struct text *p)
{
	for (struct rule *r = rules; r != NULL; r = r->next) {
		if (!r->due || r->verb != STORES)
			continue;
		r->fired = true;
		if (strcmp(r->args[0], "nothing") == 0)
			return false;
		if (strcmp(r->args[0], "keep") == 0 && r->args[1] != NULL) {
			size_t n = strtoul(r->args[1], NULL, 10);

			p->n = n < p->n ? n : p->n;
			p->p[p->n] = '\0';
		} else if (strcmp(r->args[0], "add") == 0 && r->args[1] != NULL) {
			struct text t = { 0 };

			put(&t, "%s\r\n", r->args[1]);
			put_bytes(&t, p->p, p->n);
			text_free(p);
			*p = t;
		} else if (r->has_regex) {
			replace(&r->regex, r->args[2], p);
		}
	}
	return true;
}

const char *rules_created_as(struct rule *rules, const char *name)
{
	for (struct rule *r = rules; r != NULL; r = r->next) {
		if (!r->due || r->verb != AS)
			continue;
		r->fired = true;
		return strcmp(r->args[0], "nothing") == 0 ? NULL : r->args[0];
	}
	return name;
}

/* --- the answer ------------------------------------------------------------------------------- */

struct unit *answer_add(struct answer *a, size_t at)
{
	a->units = need(realloc(a->units, (a->count + 1) * sizeof *a->units));
	memmove(a->units + at + 1, a->units + at, (a->count - at) * sizeof *a->units);
	a->count++;
	a->units[at] = (struct unit){ 0 };
	return &a->units[at];
}

static void take_out(struct answer *a, size_t at)
{
	text_free(&a->units[at].text);
	a->count--;
	memmove(a->units + at, a->units + at + 1, (a->count - at) * sizeof *a->units);
}

void answer_free(struct answer *a)
{
	for (size_t i = 0; i < a->count; i++)
		text_free(&a->units[i].text);
	free(a->units);
	stream_free(a->stream);
	*a = (struct answer){ 0 };
}

/* The line without what follows its first CR. */
static bool head_matches(const char *pattern, const struct unit *u)
{
	const char *end = memchr(u->text.p, '\r', u->text.n);
	struct text head = { 0 };
	bool fits;

	put_bytes(&head, u->text.p, end == NULL ? u->text.n : (size_t)(end - u->text.p));
	fits = matches(pattern, head.p);
	text_free(&head);
	return fits;
}

static bool line_fits(const struct rule *r, const struct answer *a, size_t at)
{
	const struct unit *u = &a->units[at];

	if (u->tagged)
		return false;
	if (strncmp(r->lines, "uid=", 4) == 0)
		return u->uid != 0 && in_ranges(r->lines + 4, u->uid);
	if (strcmp(r->lines, "all") == 0)
		return true;
	if (strcmp(r->lines, "first") == 0)
		return at == 0;
	if (strcmp(r->lines, "last") == 0)
		return at + 1 == a->count || a->units[at + 1].tagged;
	return head_matches(r->lines, u);
}

/* Gives the first literal of the line other bytes; p NULL: its own first n. */
static bool set_literal(struct text *t, const char *p, size_t n)
{
	char *open = memchr(t->p, '{', t->n), *from;
	struct text out = { 0 };
	size_t had;

	if (open == NULL || (from = strchr(open, '\n')) == NULL)
		return false;
	had = strtoul(open + 1, NULL, 10);
	from++;
	if (p == NULL) {
		p = from;
		n = n < had ? n : had;
	}
	put_bytes(&out, t->p, (size_t)(open - t->p));
	put(&out, "{%zu}\r\n", n);
	put_bytes(&out, p, n);
	put_bytes(&out, from + had, t->n - (size_t)(from + had - t->p));
	text_free(t);
	*t = out;
	return true;
}

static void change_line(struct rule *r, struct answer *a, size_t *at)
{
	struct unit *u = &a->units[*at], *fresh;

	switch (r->verb) {
	case DROP:
		take_out(a, (*at)--);
		break;
	case ALTER:
		if (!replace(&r->regex, r->args[1], &u->text))
			return;
		break;
	case REPEAT:
		fresh = answer_add(a, *at + 1);
		u = &a->units[*at];
		fresh->uid = u->uid;
		put_bytes(&fresh->text, u->text.p, u->text.n);
		(*at)++;
		break;
	case PUT_BEFORE:
	case PUT_AFTER:
		put(&answer_add(a, *at + (r->verb == PUT_AFTER))->text, "%s\r\n", r->args[0]);
		(*at)++;
		break;
	case KEEP_BYTES:
		if (!set_literal(&u->text, NULL, strtoul(r->args[0], NULL, 10)))
			return;
		break;
	case BODY:
		if (!set_literal(&u->text, r->args[0], strlen(r->args[0])))
			return;
		break;
	default:
		return;
	}
	r->fired = true;
}

static void reverse(struct answer *a)
{
	size_t n = a->count;

	while (n > 0 && a->units[n - 1].tagged)
		n--;
	for (size_t i = 0; i < n / 2; i++) {
		struct unit u = a->units[i];

		a->units[i] = a->units[n - 1 - i];
		a->units[n - 1 - i] = u;
	}
}

static void set_tagged(struct answer *a, const char *text)
{
	for (size_t i = 0; i < a->count; i++) {
		struct text t = { 0 };
		const char *blank = strchr(a->units[i].text.p, ' ');

		if (!a->units[i].tagged || blank == NULL)
			continue;
		put(&t, "%.*s %s\r\n", (int)(blank - a->units[i].text.p), a->units[i].text.p, text);
		text_free(&a->units[i].text);
		a->units[i].text = t;
	}
}

static void change_whole(struct rule *r, struct answer *a, unsigned *delay_ms)
{
	switch (r->verb) {
	case ADD:
		put(&answer_add(a, a->count > 0 ? a->count - 1 : 0)->text, "%s\r\n", r->args[0]);
		break;
	case ADD_FIRST:
		put(&answer_add(a, 0)->text, "%s\r\n", r->args[0]);
		break;
	case REVERSE:
		reverse(a);
		break;
	case TAGGED:
		set_tagged(a, r->args[0]);
		break;
	case DELAY:
		*delay_ms += (unsigned)strtoul(r->args[0], NULL, 10);
		break;
	case FLOOD:
		stream_free(a->stream);
		a->stream = stream_new(
			r->args[2], strtoull(r->args[0], NULL, 10), r->args[1], r->args[3]);
		break;
	case DRIP:
		stream_free(a->stream);
		a->stream = stream_drip((unsigned)strtoul(r->args[0], NULL, 10), r->args[1]);
		break;
	default:
		return;
	}
	r->fired = true;
}

/* Up to the first line that the rule names. */
static bool ends_here(
	struct rule *r, const struct answer *a, size_t at, struct text *out, enum and_then *then)
{
	if (!r->due || r->lines == NULL || !line_fits(r, a, at))
		return false;
	if (r->verb != CLOSE && r->verb != BYE && r->verb != HANG)
		return false;
	if (r->verb == BYE)
		put(out, "* BYE %s\r\n", r->args[0]);
	*then = r->verb == HANG ? THEN_HANG : THEN_CLOSE;
	r->fired = true;
	return true;
}

static enum and_then write_out(struct rule *rules, const struct answer *a, struct text *out)
{
	enum and_then then = THEN_GO_ON;
	size_t began = out->n;

	for (size_t i = 0; i < a->count; i++) {
		for (struct rule *r = rules; r != NULL; r = r->next) {
			if (ends_here(r, a, i, out, &then))
				return then;
		}
		put_bytes(out, a->units[i].text.p, a->units[i].text.n);
	}
	for (struct rule *r = rules; r != NULL; r = r->next) {
		size_t n = r->due && r->verb == CUT ? strtoul(r->args[0], NULL, 10) : SIZE_MAX;

		if (n >= out->n - began)
			continue;
		out->n = began + n;
		r->fired = true;
		then = THEN_CLOSE;
	}
	return then;
}

enum and_then rules_apply(
	struct rule *rules, struct answer *a, struct text *out, unsigned *delay_ms)
{
	for (struct rule *r = rules; r != NULL; r = r->next) {
		if (!r->due)
			continue;
		if (r->verb == LATE_CLOSE) {
			r->fired = true;
			return THEN_CLOSE;
		}
		change_whole(r, a, delay_ms);
		for (size_t i = 0; r->lines != NULL && i < a->count; i++) {
			if (line_fits(r, a, i))
				change_line(r, a, &i);
		}
	}
	return write_out(rules, a, out);
}
