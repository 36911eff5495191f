/* SPDX-License-Identifier: ISC */
/* tests/pop3/pop3d.c - a POP3 server for tests, which fails where it is told to.
 *
 *   pop3d DIR
 *
 * DIR/port      its port on loopback, written when it listens
 * DIR/rules     read for every connection, one rule a line:
 *   pipelining | nocapa | notop | nouidl | noend    what it lacks; noend: RETR does not end
 *   expire0            says EXPIRE 0, and keeps Gmail's promise: what was fetched is not shown any
 *                      more once QUIT was said
 *   expire0lie         says EXPIRE 0 only
 *   window N           shows the N oldest only
 *   login-delay N      says LOGIN-DELAY N
 *   uidl PREFIX        before every UIDL; "same": all are alike
 *   size N             is added to every size in LIST (may be negative)
 *   empty | reverse    the listing
 *   auth MECHANISM TOKEN  offers that, and takes this token; a command over 255 octets ends the
 *                      connection, as at Exchange Online
 *   refuse VERB TEXT   answers "-ERR TEXT"
 *   badmail NAME       refuses RETR of this message; "silent NAME": begins, and says no more; "silenthead
 *                      NAME": likewise at TOP;
 *                      "short NAME": ends it after its header; "nothing NAME": at once;
 *                      "nodots": no line is stuffed
 *   undead             says +OK to DELE and QUIT, and deletes nothing
 *   vanish NAME        goes when the first message was fetched, and the others are numbered anew
 *   cut N HOW          after N bytes sent; cutread N HOW: after N bytes read; HOW: fin, rst, silence
 *   hang VERB HOW      does what it is told, and then HOW instead of an answer
 * DIR/mail/NAME a message, line ends LF; they are listed in the order of their names, which are
 *               their UIDLs
 * DIR/gone/NAME where a message goes that was deleted and QUIT was said
 * DIR/popped/NAME  fetched, and QUIT was said
 * DIR/log       one line for what was done: "CAPA", "LOGIN", "RETR NAME", "TOP NAME", "DELE NAME", "QUIT"
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_RULES = 64, OUT = 65536 };

struct message {
	char *name;
	bool deleted, fetched;
};

static struct {
	char *rules[MAX_RULES];
	size_t rule_count;
	struct message *list;
	size_t count;
	int fd;
	char out[OUT];
	size_t out_n;
	long long cut, cut_read; /* bytes left; negative: none */
	const char *cut_how, *read_how;
} c;

/* --- rules ----------------------------------------------------------------------------------- */

/* What follows the words of a rule that begins so; NULL: there is none. */
static const char *rule(const char *words)
{
	size_t n = strlen(words);

	for (size_t i = 0; i < c.rule_count; i++) {
		if (strncmp(c.rules[i], words, n) == 0 &&
			(c.rules[i][n] == '\0' || c.rules[i][n] == ' '))
			return c.rules[i] + n + (c.rules[i][n] == ' ');
	}
	return NULL;
}

static bool named(const char *what, const char *name)
{
	char words[600];

	snprintf(words, sizeof words, "%s %s", what, name);
	return rule(words) != NULL;
}

static const char *cut_rule(const char *word, long long *left)
{
	const char *r = rule(word);
	char *end;

	*left = -1;
	if (r == NULL)
		return "";
	*left = strtoll(r, &end, 10);
	return end + (*end == ' ');
}

static void read_rules(void)
{
	FILE *f = fopen("rules", "r");
	char line[9000];

	while (f != NULL && c.rule_count < MAX_RULES && fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (*line != '\0')
			c.rules[c.rule_count++] = strdup(line);
	}
	if (f != NULL)
		fclose(f);
	c.cut_how = cut_rule("cut", &c.cut);
	c.read_how = cut_rule("cutread", &c.cut_read);
}

/* --- the wire -------------------------------------------------------------------------------- */

static void flush_out(void)
{
	for (size_t at = 0; at < c.out_n;) {
		ssize_t n = write(c.fd, c.out + at, c.out_n - at);

		if (n <= 0)
			_exit(0);
		at += (size_t)n;
	}
	c.out_n = 0;
}

static void end_how(const char *how)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	flush_out();
	if (strncmp(how, "silence", 7) == 0) {
		char drop[4096];

		while (read(c.fd, drop, sizeof drop) > 0)
			;
	} else if (strncmp(how, "rst", 3) == 0) {
		setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	}
	close(c.fd);
	_exit(0);
}

static void put(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (c.cut == 0)
			end_how(c.cut_how);
		if (c.cut > 0)
			c.cut--;
		if (c.out_n == OUT)
			flush_out();
		c.out[c.out_n++] = p[i];
	}
}

__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...)
{
	char text[4096];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	put(text, (size_t)n);
}

static bool get_line(char *line, size_t max)
{
	static char in[65536];
	static size_t have, at;
	size_t n = 0;

	for (;;) {
		if (at == have) {
			ssize_t got;

			flush_out();
			got = read(c.fd, in, sizeof in);
			if (got <= 0)
				return false;
			have = (size_t)got;
			at = 0;
		}
		if (c.cut_read == 0)
			end_how(c.read_how);
		if (c.cut_read > 0)
			c.cut_read--;
		if (in[at] == '\n') {
			at++;
			line[n > 0 && line[n - 1] == '\r' ? n - 1 : n] = '\0';
			return true;
		}
		if (n + 1 < max)
			line[n++] = in[at];
		at++;
	}
}

/* --- the maildrop ---------------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static void note(const char *fmt, ...)
{
	char text[1200];
	va_list args;
	int fd = open("log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof text - 1, fmt, args);
	va_end(args);
	text[n++] = '\n';
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		exit(1);
	close(fd);
}

static int by_name(const void *a, const void *b)
{
	int order = strcmp(((const struct message *)a)->name, ((const struct message *)b)->name);

	return rule("reverse") != NULL ? -order : order;
}

static bool is_popped(const char *name)
{
	char path[1200];

	snprintf(path, sizeof path, "popped/%s", name);
	return access(path, F_OK) == 0;
}

static void load(void)
{
	DIR *d = opendir("mail");
	size_t window = rule("window") != NULL ? strtoul(rule("window"), NULL, 10) : SIZE_MAX;

	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.' || rule("empty") != NULL ||
			(rule("expire0") != NULL && is_popped(e->d_name)))
			continue;
		c.list = realloc(c.list, (c.count + 1) * sizeof *c.list);
		c.list[c.count++] = (struct message){ .name = strdup(e->d_name) };
	}
	if (d != NULL)
		closedir(d);
	if (c.count > 0)
		qsort(c.list, c.count, sizeof *c.list, by_name);
	if (c.count > window)
		c.count = window;
}

static char *content(const char *name, size_t *n)
{
	char path[1200], *text;
	struct stat st;
	FILE *f;

	snprintf(path, sizeof path, "mail/%s", name);
	f = fopen(path, "r");
	if (f == NULL || fstat(fileno(f), &st) != 0)
		exit(1);
	text = malloc((size_t)st.st_size + 1);
	*n = fread(text, 1, (size_t)st.st_size, f);
	fclose(f);
	return text;
}

static size_t octets(const char *name)
{
	size_t n, sum;
	char *text = content(name, &n);

	sum = n;
	for (size_t i = 0; i < n; i++)
		sum += text[i] == '\n' && (i == 0 || text[i - 1] != '\r');
	free(text);
	return sum;
}

static void put_text(const char *p, size_t n, bool stuff)
{
	bool start = true;

	for (size_t i = 0; i < n; i++) {
		if (start && p[i] == '.' && stuff)
			put(".", 1);
		if (p[i] == '\n' && (i == 0 || p[i - 1] != '\r'))
			put("\r", 1);
		put(p + i, 1);
		start = p[i] == '\n';
	}
	if (!start)
		put("\r\n", 2);
}

static size_t header_size(const char *text, size_t n)
{
	const char *end = memmem(text, n, "\n\n", 2);

	return end == NULL ? n : (size_t)(end - text) + 2;
}

static void send_message(struct message *m, bool head)
{
	size_t n;
	char *text = content(m->name, &n);

	say("+OK message follows\r\n");
	if (head || named("short", m->name))
		n = header_size(text, n);
	if (!head && named("nothing", m->name))
		n = 0;
	if (named(head ? "silenthead" : "silent", m->name)) {
		put_text(text, n / 2, true);
		end_how("silence");
	}
	put_text(text, n, rule("nodots") == NULL);
	free(text);
	if (!head && rule("noend") != NULL)
		end_how("silence");
	say(".\r\n");
	m->fetched |= !head;
}

static void commit(void)
{
	char from[1200], to[1200];

	for (size_t i = 0; i < c.count; i++) {
		snprintf(from, sizeof from, "mail/%s", c.list[i].name);
		snprintf(to, sizeof to, "%s/%s", c.list[i].deleted ? "gone" : "popped",
			c.list[i].name);
		if (c.list[i].deleted && rule("undead") != NULL)
			continue;
		if (c.list[i].deleted)
			rename(from, to);
		else if (c.list[i].fetched)
			close(open(to, O_CREAT | O_WRONLY, 0600));
	}
}

/* --- signing in with a token ----------------------------------------------------------------- */

static int base64_value(char ch)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = ch == '\0' ? NULL : strchr(digits, ch);

	return at == NULL ? -1 : (int)(at - digits);
}

static size_t decode(const char *text, char *out)
{
	unsigned bits = 0, have = 0;
	size_t n = 0;

	for (; base64_value(*text) >= 0; text++) {
		bits = bits << 6 | (unsigned)base64_value(*text);
		have += 6;
		if (have >= 8)
			out[n++] = (char)(bits >> (have -= 8));
	}
	return n;
}

static void on_auth(const char *argument)
{
	char line[16384] = "", plain[16384] = "", mechanism[64], token[8192];
	const char *initial = strchr(argument, ' ');
	size_t n;

	if (rule("auth") == NULL || sscanf(rule("auth"), "%63s %8191s", mechanism, token) != 2 ||
		strncmp(argument, mechanism, strlen(mechanism)) != 0) {
		say("-ERR unknown mechanism\r\n");
		return;
	}
	note("AUTH %s %s", mechanism, initial != NULL ? "at once" : "in two steps");
	if (strlen("AUTH \r\n") + strlen(argument) > 255) {
		say("-ERR Protocol error\r\n");
		end_how("fin");
	}
	if (initial == NULL)
		say("+ \r\n");
	if (initial == NULL && !get_line(line, sizeof line))
		return;
	n = decode(initial != NULL ? initial + 1 : line, plain);
	if (memmem(plain, n, token, strlen(token)) != NULL) {
		note("LOGIN");
		say("+OK welcome\r\n");
		return;
	}
	say("+ eyJzdGF0dXMiOiI0MDEifQ==\r\n");
	if (get_line(line, sizeof line))
		say("-ERR [AUTH] wrong token\r\n");
}

/* --- commands -------------------------------------------------------------------------------- */

static void capa(void)
{
	note("CAPA");
	if (rule("nocapa") != NULL) {
		say("-ERR unknown command\r\n");
		return;
	}
	say("+OK\r\nUSER\r\nRESP-CODES\r\n");
	if (rule("auth") != NULL)
		say("SASL %.*s\r\n", (int)strcspn(rule("auth"), " "), rule("auth"));
	if (rule("notop") == NULL)
		say("TOP\r\n");
	if (rule("nouidl") == NULL)
		say("UIDL\r\n");
	if (rule("pipelining") != NULL)
		say("PIPELINING\r\n");
	if (rule("expire0") != NULL || rule("expire0lie") != NULL)
		say("EXPIRE 0\r\n");
	if (rule("login-delay") != NULL)
		say("LOGIN-DELAY %s\r\n", rule("login-delay"));
	say(".\r\n");
}

static void put_uidl(size_t i)
{
	const char *prefix = rule("uidl");

	if (prefix != NULL && strcmp(prefix, "same") == 0)
		say("%zu same\r\n", i + 1);
	else
		say("%zu %s%s\r\n", i + 1, prefix != NULL ? prefix : "", c.list[i].name);
}

static void listing(bool uidl)
{
	long long more = rule("size") != NULL ? atoll(rule("size")) : 0;

	say("+OK\r\n");
	for (size_t i = 0; i < c.count; i++) {
		if (c.list[i].deleted)
			continue;
		if (uidl)
			put_uidl(i);
		else
			say("%zu %lld\r\n", i + 1, (long long)octets(c.list[i].name) + more);
	}
	say(".\r\n");
}

/* Of one message. */
static void list_one(size_t i, bool uidl)
{
	if (i == 0 || i > c.count || c.list[i - 1].deleted) {
		say("-ERR no such message\r\n");
		return;
	}
	say("+OK ");
	if (uidl)
		put_uidl(i - 1);
	else
		say("%zu %zu\r\n", i, octets(c.list[i - 1].name));
}

/* As by another client, of a maildrop that is not locked. */
static void vanish(const char *name)
{
	char path[1200];
	size_t n = 0;

	snprintf(path, sizeof path, "mail/%s", name);
	unlink(path);
	for (size_t i = 0; i < c.count; i++) {
		if (strcmp(c.list[i].name, name) != 0)
			c.list[n++] = c.list[i];
	}
	c.count = n;
}

static void on_message(const char *verb, const char *argument)
{
	size_t i = strtoul(argument, NULL, 10);
	struct message *m = i > 0 && i <= c.count ? &c.list[i - 1] : NULL;

	if (m == NULL || m->deleted ||
		(named("badmail", m->name) && strcasecmp(verb, "DELE") != 0)) {
		say("-ERR no such message\r\n");
		return;
	}
	note("%s %s", verb, m->name);
	if (strcasecmp(verb, "DELE") == 0) {
		m->deleted = true;
		say("+OK marked\r\n");
	} else {
		send_message(m, strcasecmp(verb, "TOP") == 0);
		if (rule("vanish") != NULL)
			vanish(rule("vanish"));
	}
}

static void do_it(const char *verb, const char *argument)
{
	if (strcmp(verb, "CAPA") == 0) {
		capa();
	} else if (strcmp(verb, "AUTH") == 0) {
		on_auth(argument);
	} else if (strcmp(verb, "USER") == 0 || strcmp(verb, "NOOP") == 0) {
		say("+OK\r\n");
	} else if (strcmp(verb, "PASS") == 0) {
		note("LOGIN");
		if (strcmp(argument, "secret") == 0)
			say("+OK welcome\r\n");
		else
			say("-ERR [AUTH] wrong\r\n");
	} else if (strcmp(verb, "STAT") == 0) {
		say("+OK %zu 0\r\n", c.count);
	} else if (*argument != '\0' &&
		   (strcmp(verb, "LIST") == 0 ||
			   (strcmp(verb, "UIDL") == 0 && rule("nouidl") == NULL))) {
		list_one(strtoul(argument, NULL, 10), strcmp(verb, "UIDL") == 0);
	} else if (strcmp(verb, "LIST") == 0) {
		listing(false);
	} else if (strcmp(verb, "UIDL") == 0 && rule("nouidl") == NULL) {
		listing(true);
	} else if (strcmp(verb, "RETR") == 0 || strcmp(verb, "DELE") == 0 ||
		   (strcmp(verb, "TOP") == 0 && rule("notop") == NULL)) {
		on_message(verb, argument);
	} else if (strcmp(verb, "QUIT") == 0) {
		note("QUIT");
		commit();
		say("+OK bye\r\n");
		end_how("fin");
	} else {
		say("-ERR unknown command\r\n");
	}
}

static void serve(void)
{
	char line[8192], words[64];

	read_rules();
	load();
	say("+OK ready\r\n");
	while (get_line(line, sizeof line)) {
		char *argument = line + strcspn(line, " ");
		const char *how;

		if (*argument != '\0')
			*argument++ = '\0';
		snprintf(words, sizeof words, "hang %.20s", line);
		how = rule(words);
		if (how != NULL) {
			c.cut = 0;
			c.cut_how = how;
		}
		snprintf(words, sizeof words, "refuse %.20s", line);
		if (rule(words) != NULL)
			say("-ERR %s\r\n", rule(words));
		else
			do_it(line, argument);
	}
	flush_out();
}

int main(int argc, char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FILE *f;

	if (argc != 2 || chdir(argv[1]) != 0 || fd < 0 ||
		bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 64) != 0 ||
		getsockname(fd, (struct sockaddr *)&a, &n) != 0) {
		fprintf(stderr, "usage: pop3d DIR\n");
		return 1;
	}
	mkdir("mail", 0700);
	mkdir("gone", 0700);
	mkdir("popped", 0700);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	f = fopen("port.new", "w");
	if (f == NULL || fprintf(f, "%u\n", ntohs(a.sin_port)) < 0 || fclose(f) != 0 ||
		rename("port.new", "port") != 0)
		return 1;
	for (;;) {
		c.fd = accept(fd, NULL, NULL);
		if (c.fd >= 0 && fork() == 0) {
			close(fd);
			serve();
			_exit(0);
		}
		if (c.fd >= 0)
			close(c.fd);
	}
}
