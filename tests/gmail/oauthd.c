/* SPDX-License-Identifier: ISC */
/* tests/gmail/oauthd.c - an OAuth 2.0 server that behaves, or not.
 *
 * Usage: oauthd SETTINGS
 *
 * Listens on a free port of 127.0.0.1 and prints it.  SETTINGS is read on every request; its lines:
 *   deny         the person declines            expires=N   access tokens last N seconds (3600)
 *   wrong-state  an answer with a wrong state goes to the browser first
 *   rotate       each refresh token works once  revoked     no refresh token works any more
 *   down         every answer is a 503          no-refresh  none is given
 *   pending=N    the device flow is pending N times
 *   email=A      an id token says that A signed in        scope=S     what was allowed
 *   userinfo=A   GET /userinfo says so
 * The client is "client" with the secret "s3cret"; the user is the login_hint, or "me".
 *
 *   GET  /auth     sends the browser back to redirect_uri, as if a person had clicked
 *   POST /token    authorization_code (with PKCE), refresh_token, device_code
 *   POST /device   RFC 8628
 *   GET  /userinfo with "Bearer T": 200 and {"email":...} while T is good
 *   GET  /info/T   200 and {"user":...} while the access token T is good
 * Each request is written to stdout, without what is secret.
 */
#include "serve.h"

#include <http_parser.h>
#include <jansson.h>
#include <openssl/base64.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <uv.h>

enum { GRANTS = 4096 };

struct grant {
	char kind; /* c: code, r: refresh token, a: access token, d: device code */
	char text[40], user[100], challenge[64], redirect[200];
	time_t until;
	int uses;
};

struct visit {
	uv_tcp_t tcp;
	uv_write_t write;
	http_parser parser;
	char url[8192], body[8192], chunk[4096], token[100];
	size_t url_n, body_n;
	int in_authorization;
	char *answer;
};

static struct grant grants[GRANTS];
static size_t grant_count;

static struct grant *add_grant(char kind, const char *user, int lasts)
{
	struct grant *g = &grants[grant_count % GRANTS];

	grant_count++;
	*g = (struct grant){ .kind = kind, .until = time(NULL) + lasts };
	snprintf(g->text, sizeof g->text, "%c%zu-%08lx%08lx", kind, grant_count, (long)random(),
		(long)random());
	snprintf(g->user, sizeof g->user, "%s", user);
	return g;
}

static struct grant *find_grant(char kind, const char *text)
{
	for (size_t i = 0; i < GRANTS; i++) {
		if (grants[i].kind == kind && strcmp(grants[i].text, text) == 0 &&
			grants[i].until > time(NULL))
			return &grants[i];
	}
	return NULL;
}

/* The field of a form or query, decoded, in out. */
static const char *field(const char *form, const char *key, char *out, size_t size)
{
	size_t n = strlen(key), at = 0;

	out[0] = '\0';
	for (const char *p = form; p != NULL; p = strchr(p, '&'), p = p == NULL ? NULL : p + 1) {
		if (strncmp(p, key, n) != 0 || p[n] != '=')
			continue;
		for (p += n + 1; *p != '\0' && *p != '&' && at + 1 < size; p++) {
			char hex[3] = { p[0] == '%' ? p[1] : '0', p[0] == '%' ? p[2] : '0', '\0' };

			out[at++] = *p == '%' ? (char)strtol(hex, NULL, 16) : *p == '+' ? ' ' : *p;
			p += *p == '%' ? 2 : 0;
		}
		out[at] = '\0';
		return out;
	}
	return NULL;
}

static void on_closed(uv_handle_t *handle)
{
	struct visit *v = (struct visit *)handle;

	free(v->answer);
	free(v);
}

static void on_written(uv_write_t *write, int status)
{
	(void)status;
	uv_close((uv_handle_t *)write->data, on_closed);
}

static void reply(struct visit *v, const char *status, const char *headers, const char *body)
{
	uv_buf_t buf;

	time_t now = time(NULL) + number("skew", 0);
	char date[40];

	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
	if (asprintf(&v->answer,
		    "HTTP/1.1 %s\r\nDate: %s\r\nConnection: close\r\nContent-Length: "
		    "%zu\r\n%s\r\n%s",
		    status, date, strlen(body), headers, body) < 0)
		exit(1);
	buf = uv_buf_init(v->answer, (unsigned)strlen(v->answer));
	v->write.data = v;
	uv_write(&v->write, (uv_stream_t *)&v->tcp, &buf, 1, on_written);
}

static void reply_json(struct visit *v, const char *status, json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT);

	reply(v, status, "Content-Type: application/json\r\n", text);
	free(text);
	json_decref(o);
}

static void refuse(struct visit *v, const char *error)
{
	printf("refused: %s\n", error);
	reply_json(v, "400 Bad Request",
		json_pack("{s:s, s:s}", "error", error, "error_description", "as it was set"));
}

static void do_auth(struct visit *v, const char *query)
{
	char redirect[200], state[100], user[100], challenge[100], method[20], location[1200];
	struct grant *g;

	if (field(query, "redirect_uri", redirect, sizeof redirect) == NULL ||
		field(query, "state", state, sizeof state) == NULL ||
		field(query, "code_challenge", challenge, sizeof challenge) == NULL ||
		field(query, "code_challenge_method", method, sizeof method) == NULL ||
		strcmp(method, "S256") != 0) {
		refuse(v, "invalid_request");
		return;
	}
	if (field(query, "login_hint", user, sizeof user) == NULL)
		strcpy(user, "me");
	if ((int)number("deny", 0)) {
		snprintf(location, sizeof location, "Location: %s?error=access_denied&state=%s\r\n",
			redirect, state);
	} else {
		g = add_grant('c', user, 600);
		snprintf(g->challenge, sizeof g->challenge, "%.63s", challenge);
		snprintf(g->redirect, sizeof g->redirect, "%s", redirect);
		snprintf(location, sizeof location, "Location: %s?code=%s&state=%s\r\n", redirect,
			g->text, (int)number("wrong-state", 0) ? "none-of-yours" : state);
	}
	reply(v, "302 Found", location, "");
}

/* OpenID Connect Core 2, less its signature; base64url, which has no padding. */
static json_t *id_token(const char *email)
{
	char payload[300], body[420], text[600];
	size_t n;

	n = (size_t)snprintf(payload, sizeof payload,
		"{\"iss\":\"https://accounts.google.com\",\"email\":\"%s\",\"email_verified\":true}",
		email);
	EVP_EncodeBlock(
		(uint8_t *)body, (uint8_t *)payload, n < sizeof payload ? n : sizeof payload - 1);
	for (char *p = body; *p != '\0'; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p == '=' ? '\0' : *p;
	snprintf(text, sizeof text, "eyJhbGciOiJSUzI1NiJ9.%s.c2ln", body);
	return json_string(text);
}

static void give_tokens(struct visit *v, const char *user, int with_refresh)
{
	int lasts = (int)number("expires", 3600);
	struct grant *access = add_grant('a', user, lasts), *refresh = NULL;
	json_t *o = json_pack("{s:s, s:s, s:i}", "access_token", access->text, "token_type",
		"Bearer", "expires_in", lasts);
	char email[200], scope[200];

	if (setting("email", email, sizeof email))
		json_object_set_new(o, "id_token", id_token(email));
	if (setting("scope", scope, sizeof scope))
		json_object_set_new(o, "scope", json_string(scope));

	if (with_refresh && !(int)number("no-refresh", 0)) {
		refresh = add_grant('r', user, 1 << 30);
		json_object_set_new(o, "refresh_token", json_string(refresh->text));
	}
	printf("granted for %s\n", user);
	reply_json(v, "200 OK", o);
}

static int verifier_fits(const char *verifier, const char *challenge)
{
	uint8_t digest[SHA256_DIGEST_LENGTH], text[64];

	SHA256((const uint8_t *)verifier, strlen(verifier), digest);
	EVP_EncodeBlock(text, digest, sizeof digest);
	for (uint8_t *p = text; *p != '\0'; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p == '=' ? '\0' : *p;
	return strcmp((char *)text, challenge) == 0;
}

static void do_token(struct visit *v)
{
	char type[100], text[100], other[300], id[100], secret[100];
	struct grant *g;

	if (field(v->body, "client_id", id, sizeof id) == NULL || strcmp(id, "client") != 0 ||
		field(v->body, "client_secret", secret, sizeof secret) == NULL ||
		strcmp(secret, "s3cret") != 0) {
		refuse(v, "invalid_client");
		return;
	}
	field(v->body, "grant_type", type, sizeof type);
	if (strcmp(type, "authorization_code") == 0) {
		field(v->body, "code", text, sizeof text);
		g = find_grant('c', text);
		if (g == NULL || g->uses++ > 0 ||
			field(v->body, "redirect_uri", other, sizeof other) == NULL ||
			strcmp(other, g->redirect) != 0 ||
			field(v->body, "code_verifier", other, sizeof other) == NULL ||
			!verifier_fits(other, g->challenge))
			refuse(v, "invalid_grant");
		else
			give_tokens(v, g->user, 1);
	} else if (strcmp(type, "refresh_token") == 0) {
		field(v->body, "refresh_token", text, sizeof text);
		g = find_grant('r', text);
		if (g == NULL || (int)number("revoked", 0)) {
			refuse(v, "invalid_grant");
			return;
		}
		if ((int)number("rotate", 0))
			g->kind = '-';
		give_tokens(v, g->user, (int)number("rotate", 0));
	} else {
		field(v->body, "device_code", text, sizeof text);
		g = find_grant('d', text);
		if (g == NULL)
			refuse(v, "expired_token");
		else if ((int)number("deny", 0))
			refuse(v, "access_denied");
		else if (g->uses++ < (int)number("pending", 0))
			refuse(v, "authorization_pending");
		else
			give_tokens(v, g->user, 1);
	}
}

static void do_device(struct visit *v)
{
	struct grant *g = add_grant('d', "me", (int)number("device-lasts", 600));

	reply_json(v, "200 OK",
		json_pack("{s:s, s:s, s:s, s:i, s:i}", "device_code", g->text, "user_code",
			"WDJB-MJHT", "verification_uri", "http://127.0.0.1/device", "interval", 1,
			"expires_in", (int)number("device-lasts", 600)));
}

static void do_userinfo(struct visit *v)
{
	char email[200];

	if (find_grant('a', v->token) == NULL || !setting("userinfo", email, sizeof email))
		reply_json(v, "403 Forbidden", json_pack("{s:s}", "error", "insufficient_scope"));
	else
		reply_json(v, "200 OK", json_pack("{s:s, s:s}", "sub", "1", "email", email));
}

static int on_complete(http_parser *parser)
{
	struct visit *v = parser->data;
	char path[100];
	struct grant *g;

	snprintf(path, sizeof path, "%.*s", (int)strcspn(v->url, "?"), v->url);
	printf("%s %.*s\n", http_method_str((enum http_method)parser->method),
		strncmp(path, "/info/", 6) == 0 ? 6 : 9, path);
	fflush(stdout);
	if ((int)number("down", 0)) {
		reply(v, "503 Service Unavailable", "", "later");
	} else if (strcmp(path, "/auth") == 0) {
		do_auth(v, strchr(v->url, '?') + 1);
	} else if (strcmp(path, "/token") == 0) {
		do_token(v);
	} else if (strcmp(path, "/device") == 0) {
		do_device(v);
	} else if (strcmp(path, "/userinfo") == 0) {
		do_userinfo(v);
	} else if (strncmp(path, "/info/", 6) == 0 && (g = find_grant('a', path + 6)) != NULL) {
		reply_json(v, "200 OK", json_pack("{s:s}", "user", g->user));
	} else {
		reply_json(v, "401 Unauthorized", json_pack("{s:s}", "error", "invalid_token"));
	}
	fflush(stdout);
	return 0;
}

static int on_url(http_parser *parser, const char *p, size_t n)
{
	struct visit *v = parser->data;

	if (v->url_n + n >= sizeof v->url)
		return -1;
	memcpy(v->url + v->url_n, p, n);
	v->url_n += n;
	return 0;
}

static int on_field(http_parser *parser, const char *p, size_t n)
{
	struct visit *v = parser->data;

	v->in_authorization = n == 13 && strncasecmp(p, "Authorization", n) == 0;
	return 0;
}

static int on_value(http_parser *parser, const char *p, size_t n)
{
	struct visit *v = parser->data;

	if (v->in_authorization && n > 7 && strncmp(p, "Bearer ", 7) == 0)
		snprintf(v->token, sizeof v->token, "%.*s", (int)n - 7, p + 7);
	return 0;
}

static int on_body(http_parser *parser, const char *p, size_t n)
{
	struct visit *v = parser->data;

	if (v->body_n + n >= sizeof v->body)
		return -1;
	memcpy(v->body + v->body_n, p, n);
	v->body_n += n;
	return 0;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct visit *v = (struct visit *)handle;

	(void)suggested;
	*buf = uv_buf_init(v->chunk, sizeof v->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	static const http_parser_settings callbacks = { .on_url = on_url,
		.on_header_field = on_field,
		.on_header_value = on_value,
		.on_body = on_body,
		.on_message_complete = on_complete };
	struct visit *v = (struct visit *)stream;

	if (v->answer == NULL && (n < 0 || http_parser_execute(&v->parser, &callbacks, buf->base,
						   (size_t)n) != (size_t)n))
		uv_close((uv_handle_t *)stream, on_closed);
	else if (n < 0)
		uv_read_stop(stream);
}

static void on_connection(uv_stream_t *server, int status)
{
	struct visit *v = calloc(1, sizeof *v);

	(void)status;
	uv_tcp_init(server->loop, &v->tcp);
	http_parser_init(&v->parser, HTTP_REQUEST);
	v->parser.data = v;
	uv_accept(server, (uv_stream_t *)&v->tcp);
	uv_read_start((uv_stream_t *)&v->tcp, on_alloc, on_read);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	srandom((unsigned)time(NULL) ^ (unsigned)uv_os_getpid());
	settings_from(argv[1]);
	return serve(on_connection);
}
