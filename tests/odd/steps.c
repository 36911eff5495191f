/* SPDX-License-Identifier: ISC */
/* tests/odd/steps.c - carries out the lines of a case; README.md has the language. */
#include "change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- expectations ---------------------------------------------------------------------------- */

static bool compare(unsigned n, const char *how, const char *to)
{
	unsigned long m = strtoul(to, NULL, 10);

	return strcmp(how, "<=") == 0 ? n <= m : strcmp(how, ">=") == 0 ? n >= m : n == m;
}

/* N or <= N: what is counted, and what it should be. */
static void expect_count(struct run *r, const char *what, unsigned n, struct words words)
{
	const char *how = words.n > 1 ? words.w[0] : "=";

	if (words.n == 0 || !is_number(words.w[words.n - 1]))
		unclear(r, "expect %s how many?", what);
	else if (!compare(n, how, words.w[words.n - 1]))
		wrong(r, "%s: %u, not %s %s", what, n, how, words.w[words.n - 1]);
}

struct expected_flags {
	const char *side, *in, *flags;
	struct tree *tree;
};

static void expect_flags(struct run *r, struct letter *l, void *ctx)
{
	const struct expected_flags *c = ctx;
	const char *in = c->in == NULL ? l->home : c->in;
	struct text t = { 0 };

	put(&t, "%s", "");
	if (strcmp(c->side, "there") == 0) {
		const struct message *m = find_there(mail_box(&r->server.mail, in), l);

		if (m != NULL)
			mail_put_flags(&t, &r->server.mail, m->flags);
	} else {
		const struct file *f = find_here(r, c->tree, l, in);

		if (f != NULL)
			put(&t, "%s", file_flags(f));
	}
	if (!matches(c->flags, t.p))
		wrong(r, "%s has the flags \"%s\" %s, not \"%s\"", l->name, t.p, c->side, c->flags);
	text_free(&t);
}

static unsigned count_in(struct run *r, const char *side, const char *box)
{
	const struct mailbox *b = mail_box(&r->server.mail, box);
	struct tree t;
	unsigned n = 0;

	if (strcmp(side, "there") == 0)
		return b == NULL ? 0 : (unsigned)b->count;
	tree_read(&t, r->root, &r->server.mail);
	for (size_t i = 0; i < t.count; i++)
		n += strcmp(t.files[i].dir, dir_of(r, box)) == 0;
	tree_free(&t);
	return n;
}

static void expect_file(struct run *r, const char *path, bool should)
{
	char *whole = printed("%s/%s", r->root, path);
	struct stat st;

	if ((lstat(whole, &st) == 0) != should)
		wrong(r, "%s is %s", path, should ? "not there" : "there");
	free(whole);
}

static void step_expect(struct run *r, struct words words)
{
	const char *what = words.n > 0 ? words.w[0] : "";
	struct words rest = { words.w + 1, words.n - 1 };
	char *attic;

	if (words.n < 2) {
		unclear(r, "expect what?");
	} else if (strcmp(what, "attic") == 0) {
		attic = printed("%s/state/odd.attic", r->dir);
		expect_count(r, "in the attic", count_mail(attic), rest);
		free(attic);
	} else if (strcmp(what, "commands") == 0) {
		expect_count(r, words.w[1], server_count(&r->server, words.w[1]),
			(struct words){ words.w + 2, words.n - 2 });
	} else if (strcmp(what, "flags") == 0 && words.n > 3) {
		struct tree tree;
		struct expected_flags c = {
			.side = words.w[1], .in = option(&words, "in"), .tree = &tree
		};

		c.flags = words.w[3];
		tree_read(&tree, r->root, &r->server.mail);
		each_letter(r, words.w[2], expect_flags, &c);
		tree_free(&tree);
	} else if ((strcmp(what, "here") == 0 || strcmp(what, "there") == 0) && words.n > 2) {
		char *name = printed("%s in %s", what, words.w[1]);

		expect_count(r, name, count_in(r, what, words.w[1]),
			(struct words){ words.w + 2, words.n - 2 });
		free(name);
	} else if (strcmp(what, "file") == 0 || strcmp(what, "no-file") == 0) {
		expect_file(r, words.w[1], *what == 'f');
	} else if (strcmp(what, "mailbox") == 0 || strcmp(what, "no-mailbox") == 0) {
		if ((mail_box(&r->server.mail, words.w[1]) != NULL) != (*what == 'm'))
			wrong(r, "%s %s", what, words.w[1]);
	} else {
		unclear(r, "expect what? %s", what);
	}
}

static void step_says(struct run *r, const char *text, bool should)
{
	char *pattern = printed("*%s*", text);

	if (matches(pattern, r->output.p) != should)
		wrong(r, "it %s \"%s\"", should ? "does not say" : "says", text);
	free(pattern);
}

/* --- running the program --------------------------------------------------------------------- */

static void step_sync(struct run *r, struct words words)
{
	bool quiet = flag_word(&words, "quiet"), any = flag_word(&words, "any");
	int expected = any ? -1 : 0;
	char *args[WORDS_MAX] = { (char[]){ "sync" } };
	size_t n = 1;

	for (size_t i = 0; i < words.n; i++) {
		if (is_number(words.w[i]))
			expected = (int)strtol(words.w[i], NULL, 10);
		else if (n + 1 < WORDS_MAX)
			args[n++] = words.w[i];
	}
	run_program(r, args, n, expected, 0);
	if (quiet)
		judge_quiet(r);
}

static void step_watch(struct run *r, struct words words)
{
	char *args[] = { (char[]){ "watch" } };

	if (words.n != 1 || !is_number(words.w[0]))
		unclear(r, "watch MS");
	else
		run_program(r, args, 1, 0, (unsigned)strtoul(words.w[0], NULL, 10));
}

static void step_godwit(struct run *r, struct words words)
{
	bool any = words.n > 0 && strcmp(words.w[0], "any") == 0;

	if (words.n < 2 || (!any && !is_number(words.w[0])))
		unclear(r, "godwit STATUS COMMAND ...");
	else
		run_program(r, words.w + 1, words.n - 1,
			any ? -1 : (int)strtol(words.w[0], NULL, 10), 0);
}

static void step_shell(struct run *r, struct words words)
{
	char *line;
	int status;

	setenv("MAIL", r->root, 1);
	setenv("STATE", "state", 1);
	line = printed("cd '%s' && { %s\n}", r->dir, words.n > 0 ? words.w[0] : "false");
	status = system(line);
	if (status != 0)
		unclear(r, "the shell says %d", status);
	free(line);
}

/* --- settings -------------------------------------------------------------------------------- */

static const struct {
	const char *name, *caps;
} dresses[] = { { "bare", " IMAP4rev1 " },
	{ "plain", " IMAP4rev1 SASL-IR LITERAL+ IDLE ID NAMESPACE UNSELECT CHILDREN UIDPLUS " },
	{ "condstore", " IMAP4rev1 SASL-IR LITERAL+ IDLE ID NAMESPACE UNSELECT CHILDREN UIDPLUS "
		       "ENABLE CONDSTORE"
		       " MOVE ESEARCH LIST-EXTENDED LIST-STATUS SPECIAL-USE MULTIAPPEND " },
	{ "qresync", " IMAP4rev1 SASL-IR LITERAL+ IDLE ID NAMESPACE UNSELECT CHILDREN UIDPLUS "
		     "ENABLE CONDSTORE"
		     " MOVE ESEARCH LIST-EXTENDED LIST-STATUS SPECIAL-USE MULTIAPPEND QRESYNC " } };

static void set_caps(struct run *r, const char *caps)
{
	free(r->server.caps);
	r->server.caps = copy_of(caps);
}

static void step_caps(struct run *r, struct words words)
{
	for (size_t i = 0; i < words.n; i++) {
		const char *word = words.w[i], *found;
		char *padded = printed(" %s ", word + 1), *caps = NULL;
		bool known = *word == '+' || *word == '-';

		for (size_t k = 0; k < sizeof dresses / sizeof *dresses; k++) {
			if (strcmp(dresses[k].name, word) == 0) {
				set_caps(r, dresses[k].caps);
				known = true;
			}
		}
		found = strstr(r->server.caps, padded);
		if (*word == '+' && found == NULL)
			caps = printed("%s%s ", r->server.caps, word + 1);
		else if (*word == '-' && found != NULL)
			caps = printed("%.*s%s", (int)(found - r->server.caps), r->server.caps,
				found + strlen(padded) - 1);
		if (caps != NULL)
			set_caps(r, caps);
		if (!known)
			unclear(r, "no such capabilities: %s", word);
		free(caps);
		free(padded);
	}
}

/* Oddness of the server itself, not of an answer. */
static void step_quirk(struct run *r, struct words words)
{
	for (size_t i = 0; i < words.n; i++) {
		bool on = words.w[i][0] != '-';
		const char *word = words.w[i] + !on;

		if (strcmp(word, "uidnext-follows") == 0)
			r->server.mail.uidnext_follows = on;
		else if (strcmp(word, "whole-pieces") == 0)
			r->server.whole_pieces = on;
		else if (strcmp(word, "wants-id") == 0)
			r->server.wants_id = on;
		else if (strcmp(word, "no-appenduid") == 0)
			r->server.no_appenduid = on;
		else
			unclear(r, "no such quirk: %s", word);
	}
}

static void step_odd(struct run *r, struct words words, bool optional)
{
	char *why;
	struct rule *rule = rule_parse(words.w, words.n, optional, &why);

	if (rule == NULL)
		unclear(r, "%s", why);
	else
		rule_append(&r->server.rules, rule);
	free(why);
}

static void step_sound(struct run *r)
{
	const char *which;

	if (!rule_fired(r->server.rules, &which))
		unclear(r, "this never came to pass: odd %s", which);
	rule_free_all(r->server.rules);
	r->server.rules = NULL;
}

/* end [odd] [STATUS] | end none */
static void step_end(struct run *r, struct words words)
{
	r->no_end = flag_word(&words, "none");
	r->odd_in_the_end = flag_word(&words, "odd");
	if (words.n > 0 && is_number(words.w[0]))
		r->end_status = (int)strtol(words.w[0], NULL, 10);
}

static void step_config(struct run *r, struct words words)
{
	for (size_t i = 0; i < words.n; i++)
		put(&r->config, "%s ", words.w[i]);
	put(&r->config, "\n");
}

/* disk CALL PATTERN ERRNO | disk sound */
static void step_disk(struct run *r, struct words words)
{
	static const struct {
		const char *name;
		int number;
	} errors[] = { { "EPERM", EPERM }, { "EACCES", EACCES }, { "EBUSY", EBUSY },
		{ "EINVAL", EINVAL }, { "ENAMETOOLONG", ENAMETOOLONG }, { "EXDEV", EXDEV },
		{ "ENOSPC", ENOSPC }, { "EROFS", EROFS }, { "EIO", EIO }, { "EDQUOT", EDQUOT },
		{ "EMLINK", EMLINK }, { "ENOTSUP", ENOTSUP }, { "EILSEQ", EILSEQ },
		{ "ESTALE", ESTALE }, { "EOVERFLOW", EOVERFLOW }, { "ELOOP", ELOOP } };

	if (words.n == 1 && strcmp(words.w[0], "sound") == 0) {
		text_free(&r->disk);
		return;
	}
	for (size_t i = 0; words.n == 3 && i < sizeof errors / sizeof *errors; i++) {
		if (strcmp(errors[i].name, words.w[2]) != 0)
			continue;
		put(&r->disk, "%s %s %d\n", words.w[0], words.w[1], errors[i].number);
		return;
	}
	unclear(r, "disk CALL PATTERN ERRNO, or disk sound");
}

static void step_dir(struct run *r, struct words words)
{
	struct alias *a = need(calloc(1, sizeof *a));

	if (words.n != 2) {
		unclear(r, "dir MAILBOX DIRECTORY");
		free(a);
		return;
	}
	*a = (struct alias){ copy_of(words.w[0]), copy_of(words.w[1]), r->aliases };
	r->aliases = a;
}

static void step_limits(struct run *r, const char *word, struct words words)
{
	unsigned n = words.n > 0 ? (unsigned)strtoul(words.w[0], NULL, 10) : 0;

	if (strcmp(word, "max-commands") == 0)
		r->max_commands = n;
	else if (strcmp(word, "max-logins") == 0)
		r->max_logins = n;
	else if (strcmp(word, "max-memory") == 0)
		r->max_memory = n;
	else if (strcmp(word, "max-disk") == 0)
		r->max_disk = n;
	else
		unclear(r, "no such limit: %s", word);
}

/* --- a whole case ---------------------------------------------------------------------------- */

static void carry_out(struct run *r, const char *verb, struct words words, struct words all)
{
	if (strcmp(verb, "caps") == 0)
		step_caps(r, words);
	else if (strcmp(verb, "quirk") == 0)
		step_quirk(r, words);
	else if (strcmp(verb, "config") == 0)
		step_config(r, words);
	else if (strcmp(verb, "dir") == 0)
		step_dir(r, words);
	else if (strcmp(verb, "disk") == 0)
		step_disk(r, words);
	else if (strcmp(verb, "account") == 0)
		step_account(r, words);
	else if (strcmp(verb, "namespace") == 0 && words.n == 1)
		r->server.namespaces = copy_of(words.w[0]);
	else if (strcmp(verb, "delimiter") == 0 && words.n == 1)
		r->server.mail.delimiter = words.w[0][0];
	else if (strcmp(verb, "box") == 0)
		step_box(r, words);
	else if (strcmp(verb, "boxes") == 0)
		step_boxes(r, words);
	else if (strcmp(verb, "deliver") == 0)
		step_deliver(r, words);
	else if (strcmp(verb, "there") == 0)
		step_there(r, words);
	else if (strcmp(verb, "here") == 0)
		step_here(r, words);
	else if (strcmp(verb, "only") == 0)
		step_want(r, words);
	else if (strcmp(verb, "both") == 0 || strcmp(verb, "want") == 0 ||
		 strcmp(verb, "unwant") == 0)
		step_want(r, all);
	else if (strcmp(verb, "odd") == 0 || strcmp(verb, "odd?") == 0)
		step_odd(r, words, verb[3] == '?');
	else if (strcmp(verb, "sound") == 0)
		step_sound(r);
	else if (strcmp(verb, "sync") == 0)
		step_sync(r, words);
	else if (strcmp(verb, "watch") == 0)
		step_watch(r, words);
	else if (strcmp(verb, "godwit") == 0)
		step_godwit(r, words);
	else if (strcmp(verb, "shell") == 0)
		step_shell(r, words);
	else if (strcmp(verb, "says") == 0 || strcmp(verb, "silent") == 0)
		step_says(r, words.n > 0 ? words.w[0] : "", strcmp(verb, "says") == 0);
	else if (strcmp(verb, "expect") == 0)
		step_expect(r, words);
	else if (strcmp(verb, "end") == 0)
		step_end(r, words);
	else if (strncmp(verb, "max-", 4) == 0)
		step_limits(r, verb, words);
	else if (strcmp(verb, "may") == 0 && words.n == 1 && strcmp(words.w[0], "differ") == 0)
		r->may_differ = true;
	else if (strcmp(verb, "may") == 0)
		r->may_double = true;
	else
		unclear(r, "no such step: %s", verb);
}

static void judge_sees(struct run *r)
{
	char *pattern;

	if (r->script->sees == NULL)
		return;
	pattern = printed("*%s*", r->script->sees);
	if (!matches(pattern, r->odd_output.p == NULL ? "" : r->odd_output.p))
		wrong(r, "while it was odd nobody was told \"%s\"", r->script->sees);
	free(pattern);
}

/* Two runs may settle what is left; a third changes nothing. */
static void settle(struct run *r)
{
	char *args[] = { (char[]){ "sync" } };
	size_t before;

	r->line = 0;
	if (r->no_end)
		return;
	if (!r->odd_in_the_end) {
		step_sound(r);
		text_free(&r->disk);
	}
	run_program(r, args, 1, -1, 0);
	before = r->wrong.n;
	run_program(r, args, 1, r->end_status, 0);
	if (!was_quiet(r) && r->wrong.n == before) {
		run_program(r, args, 1, r->end_status, 0);
		judge_quiet(r);
	}
	judge_end(r);
}

void run_case(struct run *r)
{
	r->server.mail.uidvalidity = 1600000000;
	r->server.mail.delimiter = '/';
	r->user = copy_of("me");
	r->max_commands = 200;
	r->max_logins = 6;
	r->max_memory = 64;
	set_caps(r, dresses[2].caps);
	put(&r->output, "%s", "");
	r->root = printed("%s/mail", r->dir);
	if (!server_start(&r->server))
		wrong(r, "no socket");
	for (size_t i = 0; i < r->script->count && r->wrong.n == 0; i++) {
		char *words[WORDS_MAX], *line = copy_of(r->script->lines[i].text);
		size_t n;

		r->line = r->script->lines[i].number;
		n = split_words(line, words);
		if (n > 0)
			carry_out(r, words[0], (struct words){ words + 1, n - 1 },
				(struct words){ words, n });
		if (n > 0 && (strcmp(words[0], "sync") == 0 || strcmp(words[0], "watch") == 0) &&
			(r->server.rules != NULL || r->disk.n > 0))
			put(&r->odd_output, "%s", r->output.p);
		free(line);
	}
	if (r->wrong.n == 0)
		settle(r);
	if (r->wrong.n == 0 && r->odd_in_the_end)
		put(&r->odd_output, "%s", r->output.p);
	if (r->wrong.n == 0)
		judge_sees(r);
}
