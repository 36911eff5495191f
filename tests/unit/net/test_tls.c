/* SPDX-License-Identifier: ISC */
/* tests/unit/net/test_tls.c - who is believed to be the server: authorities, names, pinned keys. */
#include "net/pin.h"
#include "net/tls.h"
#include "selfsigned.h"
#include "test.h"

#include <openssl/pem.h>
#include <unistd.h>

/* A server of one certificate, and the file that it lies in. */
struct server {
	SSL_CTX *tls;
	char dir[30], cert[60], pin[GW_PIN_TEXT];
};

static struct server server_named(const char *common_name, const char *alt_names)
{
	struct server s = { .dir = "/tmp/test_tls.XXXXXX" };
	unsigned char pin[GW_PIN_BYTES];

	assert_non_null(mkdtemp(s.dir));
	snprintf(s.cert, sizeof s.cert, "%s/cert.pem", s.dir);
	s.tls = selfsigned_as(s.cert, common_name, alt_names);
	assert_true(gw_pin_of(SSL_CTX_get0_certificate(s.tls), pin));
	gw_pin_write(pin, s.pin);
	return s;
}

static void end(struct server *s)
{
	SSL_CTX_free(s->tls);
	unlink(s->cert);
	rmdir(s->dir);
}

/* Hands what the client wrote to the server, and the reverse. */
static void carry(struct gw_tls *client, SSL *server, struct gw_buf *to_client)
{
	struct gw_buf *out = gw_tls_out(client);
	char chunk[4096];
	int n;

	BIO_write(SSL_get_rbio(server), gw_buf_cstr(out), (int)out->n);
	gw_buf_reset(out);
	SSL_do_handshake(server);
	gw_buf_reset(to_client);
	while ((n = BIO_read(SSL_get_wbio(server), chunk, sizeof chunk)) > 0)
		assert_int_equal(gw_buf_append(to_client, chunk, (size_t)n), GW_OK);
	gw_tls_feed(client, (struct gw_slice){ gw_buf_cstr(to_client), to_client->n });
}

/* What comes of shaking hands with the server under a name: GW_OK, or why not. */
static struct gw_error meet(
	const struct server *s, const char *host, const struct gw_tls_trust *trust)
{
	SSL *server = SSL_new(s->tls);
	struct gw_error err = { 0 };
	struct gw_tls_ctx *ctx;
	struct gw_tls *client;
	struct gw_tls_facts facts;
	struct gw_buf to_client;
	enum gw_tls_result result = GW_TLS_WANT;

	gw_buf_init(&to_client, 1 << 20);
	SSL_set_bio(server, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_accept_state(server);
	if (gw_tls_ctx_new(trust, &ctx, &err) == GW_OK) {
		assert_int_equal(gw_tls_new(ctx, host, &client, &err), GW_OK);
		for (unsigned i = 0; result == GW_TLS_WANT && i < 10; i++) {
			result = gw_tls_handshake(client, &err);
			if (result == GW_TLS_WANT)
				carry(client, server, &to_client);
		}
		assert_int_equal(result == GW_TLS_DONE, err.code == GW_OK);
		gw_tls_describe(client, &facts);
		assert_true(result != GW_TLS_DONE || strcmp(facts.pin, s->pin) == 0);
		gw_tls_free(client);
		gw_tls_ctx_free(ctx);
	}
	gw_buf_deinit(&to_client);
	SSL_free(server);
	return err;
}

/* The digest of what a client shows that asks to be known; all zero: it shows nothing. */
static void shown_to(SSL_CTX *asks, const struct gw_tls_trust *trust, unsigned char out[32])
{
	SSL *server = SSL_new(asks);
	struct gw_error err = { 0 };
	struct gw_tls_ctx *ctx;
	struct gw_tls *client;
	struct gw_buf to_client;
	X509 *cert;
	unsigned n;

	memset(out, 0, 32);
	gw_buf_init(&to_client, 1 << 20);
	SSL_set_bio(server, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_accept_state(server);
	assert_int_equal(gw_tls_ctx_new(trust, &ctx, &err), GW_OK);
	assert_int_equal(gw_tls_new(ctx, "mail.example", &client, &err), GW_OK);
	for (unsigned i = 0; i < 10; i++) {
		gw_tls_handshake(client, &err);
		carry(client, server, &to_client);
	}
	cert = SSL_get_peer_certificate(server);
	if (cert != NULL)
		assert_int_equal(X509_digest(cert, EVP_sha256(), out, &n), 1);
	X509_free(cert);
	gw_tls_free(client);
	gw_tls_ctx_free(ctx);
	gw_buf_deinit(&to_client);
	SSL_free(server);
}

static enum ssl_verify_result_t take_any(SSL *ssl, uint8_t *alert)
{
	(void)ssl, (void)alert;
	return ssl_verify_ok;
}

static void write_key(SSL_CTX *of, const char *path)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(
		PEM_write_PrivateKey(f, SSL_CTX_get0_privatekey(of), NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
}

/* Who we are is shown to a server that asks, and to no other; a key that is another's is told. */
static void test_client(void **state)
{
	struct server s = server_named("a test", "DNS:mail.example"), me = server_named("me", NULL);
	char key[60], other[60];
	struct gw_tls_trust trust = { .ca_file = s.cert };
	struct gw_tls_ctx *ctx;
	struct gw_error err = { 0 };
	unsigned char digest[32], mine[32], nothing[32] = { 0 };
	unsigned n;

	(void)state;
	snprintf(key, sizeof key, "%s/key.pem", me.dir);
	snprintf(other, sizeof other, "%s/other.pem", me.dir);
	write_key(me.tls, key);
	write_key(s.tls, other);
	assert_int_equal(X509_digest(SSL_CTX_get0_certificate(me.tls), EVP_sha256(), mine, &n), 1);
	SSL_CTX_set_custom_verify(s.tls, SSL_VERIFY_PEER, take_any);
	shown_to(s.tls, &trust, digest);
	assert_memory_equal(digest, nothing, 32);
	trust.client_cert = me.cert;
	trust.client_key = key;
	shown_to(s.tls, &trust, digest);
	assert_memory_equal(digest, mine, 32);
	SSL_CTX_set_custom_verify(s.tls, SSL_VERIFY_NONE, take_any);
	shown_to(s.tls, &trust, digest);
	assert_memory_equal(digest, nothing, 32);
	trust.client_key = other;
	assert_int_equal(gw_tls_ctx_new(&trust, &ctx, &err), GW_ERR_CONFIG);
	assert_non_null(strstr(err.text, "private key"));
	trust.client_key = "/nonexistent";
	assert_int_equal(gw_tls_ctx_new(&trust, &ctx, &err), GW_ERR_CONFIG);
	trust.client_cert = "/nonexistent";
	assert_int_equal(gw_tls_ctx_new(&trust, &ctx, &err), GW_ERR_CONFIG);
	unlink(key);
	unlink(other);
	end(&s);
	end(&me);
}

static void expect(struct gw_error err, enum gw_code code, const char *words)
{
	if (err.code != code || strstr(err.text, words) == NULL)
		fail_msg("code %d: %s", err.code, err.text);
}

static void test_authorities(void **state)
{
	struct server s = server_named("a test", "DNS:mail.example"),
		      other = server_named("a test", "DNS:mail.example");
	const struct gw_tls_trust own = { .ca_file = s.cert },
				  another = { .ca_file = other.cert, .setting = "tls-pin" };
	char line[100];

	(void)state;
	snprintf(line, sizeof line, "tls-pin = \"%s\"", s.pin);
	expect(meet(&s, "mail.example", &own), GW_OK, "");
	expect(meet(&s, "mail.example", &another), GW_ERR_TLS, line);
	expect(meet(&s, "other.example", &own), GW_ERR_TLS, "is not for other.example");
	end(&s);
	end(&other);
}

/* Browsers gave the common name up in 2017. */
static void test_common_name_is_no_host(void **state)
{
	struct server bare = server_named("mail.example", NULL),
		      mixed = server_named("mail.example", "DNS:other.example"),
		      address = server_named("127.0.0.1", NULL),
		      part = server_named("a test", "DNS:m*l.example"),
		      star = server_named("a test", "DNS:*.example.org");
	struct gw_tls_trust trust = { .ca_file = bare.cert };

	(void)state;
	expect(meet(&bare, "mail.example", &trust), GW_ERR_TLS, "subjectAltName");
	trust.ca_file = mixed.cert;
	expect(meet(&mixed, "mail.example", &trust), GW_ERR_TLS, "subjectAltName");
	expect(meet(&mixed, "other.example", &trust), GW_OK, "");
	trust.ca_file = address.cert;
	expect(meet(&address, "127.0.0.1", &trust), GW_ERR_TLS, "subjectAltName");
	trust.ca_file = part.cert;
	expect(meet(&part, "mail.example", &trust), GW_ERR_TLS, "subjectAltName");
	trust.ca_file = star.cert;
	expect(meet(&star, "mail.example.org", &trust), GW_OK, "");
	expect(meet(&star, "a.mail.example.org", &trust), GW_ERR_TLS, "subjectAltName");
	end(&bare);
	end(&mixed);
	end(&address);
	end(&part);
	end(&star);
}

static void test_pins(void **state)
{
	struct server s = server_named("old", NULL), other = server_named("a", "DNS:mail.example");
	char *const ours[] = { s.pin }, *const theirs[] = { other.pin },
		    *const both[] = { other.pin, s.pin };
	struct gw_tls_trust trust = { .setting = "tls-pin", .pins = ours, .pin_count = 1 };

	(void)state;
	expect(meet(&s, "mail.example", &trust), GW_OK, "");
	expect(meet(&other, "mail.example", &trust), GW_ERR_TLS, other.pin);
	trust.pins = both;
	trust.pin_count = 2;
	expect(meet(&s, "mail.example", &trust), GW_OK, "");
	expect(meet(&other, "mail.example", &trust), GW_OK, "");
	trust.ca_file = other.cert; /* from here on authority and name have to be right, too */
	expect(meet(&other, "mail.example", &trust), GW_OK, "");
	expect(meet(&s, "mail.example", &trust), GW_ERR_TLS, "not");
	trust.pins = ours;
	trust.pin_count = 1;
	expect(meet(&other, "mail.example", &trust), GW_ERR_TLS, "another key");
	trust.pins = theirs;
	expect(meet(&other, "other.example", &trust), GW_ERR_TLS, "is not for other.example");
	end(&s);
	end(&other);
}

static void test_text_of_a_pin(void **state)
{
	static const char *const none[] = { "", "sha256/", "sha256/AAAA",
		"sha1/n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=",
		"SHA256/n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=",
		"sha256/n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg",
		"sha256/n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg==",
		"sha256/n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCg==",
		"sha256/n4bQgYhMfWWaL_qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=",
		"sha256/n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg= " };
	unsigned char pin[GW_PIN_BYTES];
	char text[GW_PIN_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		if (gw_pin_read(none[i], pin))
			fail_msg("%s is taken for a pin", none[i]);
	}
	assert_true(gw_pin_read("sha256/n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=", pin));
	gw_pin_write(pin, text);
	assert_string_equal(text, "sha256/n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authorities),
		cmocka_unit_test(test_common_name_is_no_host),
		cmocka_unit_test(test_pins),
		cmocka_unit_test(test_text_of_a_pin),
		cmocka_unit_test(test_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
