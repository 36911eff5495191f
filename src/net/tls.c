/* SPDX-License-Identifier: ISC */
/* net/tls.c - see tls.h. */
#include "net/tls.h"

#include "net/pin.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <openssl/bio.h>
#include <openssl/digest.h>
#include <openssl/err.h>
#include <openssl/nid.h>
#include <openssl/obj.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { OUT_MAX = 64 << 20 }; /* bytes waiting to be sent; writers are paced far below it */

struct gw_tls_ctx {
	SSL_CTX *ssl;                        /* owned */
	BIO_METHOD *method;                  /* owned */
	const char *setting;                 /* static; or NULL */
	unsigned char (*pins)[GW_PIN_BYTES]; /* owned */
	size_t pin_count;
	bool authorities; /* they count, too, where keys are pinned */
	size_t refs;      /* its maker's, and one for each connection */
};

struct gw_tls {
	struct gw_tls_ctx *ctx; /* referenced */
	SSL *ssl;               /* owned */
	struct gw_slice in;     /* borrowed from the stream's read buffer */
	struct gw_buf out;      /* owned */
	char host[256];
	char pin[GW_PIN_TEXT]; /* of the key that the peer showed; "": none yet */
};

static int bio_read(BIO *bio, char *p, int n)
{
	struct gw_tls *tls = BIO_get_data(bio);
	size_t take = (size_t)n < tls->in.n ? (size_t)n : tls->in.n;

	BIO_clear_retry_flags(bio);
	if (take == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(p, tls->in.p, take);
	tls->in.p += take;
	tls->in.n -= take;
	return (int)take;
}

static int bio_write(BIO *bio, const char *p, int n)
{
	struct gw_tls *tls = BIO_get_data(bio);

	return gw_buf_append(&tls->out, p, (size_t)n) == GW_OK ? n : -1;
}

static long bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	(void)bio, (void)num, (void)ptr;
	return cmd == BIO_CTRL_FLUSH;
}

/* True if dir is a folder of certificates under their hash names, in which one is looked up by
 * name. */
static bool is_hash_dir(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool found = false;

	if (d == NULL)
		return false;
	while (!found && (e = readdir(d)) != NULL)
		found = strspn(e->d_name, "0123456789abcdef") == 8 && e->d_name[8] == '.';
	closedir(d);
	return found;
}

/* A hashed directory is preferred: one certificate is read instead of the whole bundle. */
static bool load_system_authorities(SSL_CTX *ssl)
{
	static const char *const dirs[] = { "/etc/ssl/certs", "/etc/pki/tls/certs",
		"/system/etc/security/cacerts" };
	static const char *const files[] = { "/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem",
		"/etc/ssl/cert.pem", "/usr/local/share/certs/ca-root-nss.crt" };
	const char *env_file = getenv("SSL_CERT_FILE"), *env_dir = getenv("SSL_CERT_DIR");

	if (env_file != NULL || env_dir != NULL)
		return SSL_CTX_load_verify_locations(ssl, env_file, env_dir) == 1;
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		if (is_hash_dir(dirs[i]))
			return SSL_CTX_load_verify_locations(ssl, NULL, dirs[i]) == 1;
	}
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		if (access(files[i], R_OK) == 0)
			return SSL_CTX_load_verify_locations(ssl, files[i], NULL) == 1;
	}
	return false;
}

/* Called by the handshake, before anything of ours is sent that the peer could use. */
static int judge_peer(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct gw_tls *tls = SSL_get_app_data(ssl);
	const struct gw_tls_ctx *ctx = tls->ctx;
	unsigned char pin[GW_PIN_BYTES];
	bool known = false;

	(void)arg;
	if (!gw_pin_of(X509_STORE_CTX_get0_cert(store), pin)) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_OUT_OF_MEM);
		return 0;
	}
	gw_pin_write(pin, tls->pin);
	for (size_t i = 0; i < ctx->pin_count; i++)
		known = known || memcmp(ctx->pins[i], pin, sizeof pin) == 0;
	if (ctx->pin_count > 0 && !known) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
		return 0;
	}
	if (known && !ctx->authorities)
		return 1;
	return X509_verify_cert(store);
}

static enum gw_code take_pins(
	struct gw_tls_ctx *ctx, const struct gw_tls_trust *trust, struct gw_error *err)
{
	ctx->setting = trust->setting;
	ctx->authorities = trust->pin_count == 0 || trust->ca_file != NULL;
	if (trust->pin_count == 0)
		return GW_OK;
	ctx->pins = calloc(trust->pin_count, sizeof *ctx->pins);
	if (ctx->pins == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	for (; ctx->pin_count < trust->pin_count; ctx->pin_count++) {
		if (!gw_pin_read(trust->pins[ctx->pin_count], ctx->pins[ctx->pin_count]))
			return gw_fail(err, GW_ERR_CONFIG,
				"\"%s\" is no pin of a key, which is \"sha256/\" and 44 characters",
				trust->pins[ctx->pin_count]);
	}
	return GW_OK;
}

static enum gw_code load_authorities(
	struct gw_tls_ctx *ctx, const char *ca_file, struct gw_error *err)
{
	enum gw_code code = GW_OK;

	/* A server's own certificate in the file is trusted as it is, whoever signed it. */
	if (ca_file != NULL)
		X509_VERIFY_PARAM_set_flags(
			SSL_CTX_get0_param(ctx->ssl), X509_V_FLAG_PARTIAL_CHAIN);
	if (ca_file != NULL && SSL_CTX_load_verify_locations(ctx->ssl, ca_file, NULL) != 1)
		code = gw_fail(err, GW_ERR_CONFIG,
			"tls-ca-file %s cannot be used: it must be a readable file of PEM "
			"certificates",
			ca_file);
	else if (ca_file == NULL && !load_system_authorities(ctx->ssl))
		code = gw_fail(err, GW_ERR_TLS,
			"this system has no certificate authorities in the usual places; install "
			"ca-certificates or set tls-ca-file");
	ERR_clear_error();
	return code;
}

/* Refuses an encrypted key: nobody is there to ask. */
static int no_passphrase(char *out, int size, int writes, void *ctx)
{
	(void)out, (void)size, (void)writes, (void)ctx;
	return 0;
}

static enum gw_code load_client(
	SSL_CTX *ssl, const struct gw_tls_trust *trust, struct gw_error *err)
{
	enum gw_code code = GW_OK;

	if (trust->client_cert == NULL)
		return GW_OK;
	SSL_CTX_set_default_passwd_cb(ssl, no_passphrase);
	if (SSL_CTX_use_certificate_chain_file(ssl, trust->client_cert) != 1)
		code = gw_fail(err, GW_ERR_CONFIG, "cannot read certificates (PEM) from %s",
			trust->client_cert);
	else if (SSL_CTX_use_PrivateKey_file(ssl, trust->client_key, SSL_FILETYPE_PEM) != 1)
		code = gw_fail(err, GW_ERR_CONFIG,
			"cannot read the private key of %s from %s: it has to be PEM, without a "
			"passphrase, and the key of that certificate",
			trust->client_cert, trust->client_key);
	ERR_clear_error();
	return code;
}

enum gw_code gw_tls_ctx_new(
	const struct gw_tls_trust *trust, struct gw_tls_ctx **out, struct gw_error *err)
{
	struct gw_tls_ctx *ctx = calloc(1, sizeof *ctx);
	enum gw_code code;

	*out = NULL;
	if (ctx != NULL)
		ctx->refs = 1;
	if (ctx == NULL || (ctx->ssl = SSL_CTX_new(TLS_method())) == NULL ||
		(ctx->method = BIO_meth_new(0, "godwit")) == NULL) {
		gw_tls_ctx_free(ctx);
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	BIO_meth_set_read(ctx->method, bio_read);
	BIO_meth_set_write(ctx->method, bio_write);
	BIO_meth_set_ctrl(ctx->method, bio_ctrl);
	SSL_CTX_set_min_proto_version(ctx->ssl, TLS1_2_VERSION);
	SSL_CTX_set_verify(ctx->ssl, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx->ssl, judge_peer, NULL);
	code = take_pins(ctx, trust, err);
	if (code == GW_OK && ctx->authorities)
		code = load_authorities(ctx, trust->ca_file, err);
	if (code == GW_OK)
		code = load_client(ctx->ssl, trust, err);
	if (code != GW_OK) {
		gw_tls_ctx_free(ctx);
		return code;
	}
	*out = ctx;
	return GW_OK;
}

/* Connections under it are freed later than they are closed, and need its method until then. */
static void unref(struct gw_tls_ctx *ctx)
{
	if (ctx == NULL || --ctx->refs > 0)
		return;
	SSL_CTX_free(ctx->ssl);
	BIO_meth_free(ctx->method);
	free(ctx->pins);
	free(ctx);
}

void gw_tls_ctx_free(struct gw_tls_ctx *ctx)
{
	unref(ctx);
}

static bool is_address(const char *host)
{
	struct in6_addr addr;

	return inet_pton(AF_INET, host, &addr) == 1 || inet_pton(AF_INET6, host, &addr) == 1;
}

static bool expect_host(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	if (is_address(host))
		return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
	/* The subject's common name is no host name (RFC 6125, RFC 9525): only subjectAltName counts. */
	X509_VERIFY_PARAM_set_hostflags(
		param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	return X509_VERIFY_PARAM_set1_host(param, host, strlen(host)) == 1 &&
	       SSL_set_tlsext_host_name(ssl, host) == 1;
}

enum gw_code gw_tls_new(
	struct gw_tls_ctx *ctx, const char *host, struct gw_tls **out, struct gw_error *err)
{
	struct gw_tls *tls = calloc(1, sizeof *tls);
	BIO *bio = NULL;

	*out = NULL;
	if (tls == NULL || (tls->ssl = SSL_new(ctx->ssl)) == NULL ||
		(bio = BIO_new(ctx->method)) == NULL) {
		gw_tls_free(tls);
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	tls->ctx = ctx;
	ctx->refs++;
	gw_buf_init(&tls->out, OUT_MAX);
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio);
	SSL_set_connect_state(tls->ssl);
	SSL_set_app_data(tls->ssl, tls);
	strncpy(tls->host, host, sizeof tls->host - 1);
	if (!expect_host(tls->ssl, host)) {
		gw_tls_free(tls);
		return gw_fail(
			err, GW_ERR_CONFIG, "%s is not a host name that TLS can check", host);
	}
	*out = tls;
	return GW_OK;
}

void gw_tls_free(struct gw_tls *tls)
{
	if (tls == NULL)
		return;
	SSL_free(tls->ssl);
	unref(tls->ctx);
	gw_buf_deinit(&tls->out);
	free(tls);
}

void gw_tls_feed(struct gw_tls *tls, struct gw_slice ciphertext)
{
	tls->in = ciphertext;
}

size_t gw_tls_unread(const struct gw_tls *tls)
{
	return tls->in.n;
}

struct gw_buf *gw_tls_out(struct gw_tls *tls)
{
	return &tls->out;
}

/* A certificate that is not in order may be the right one all the same; who says so, and how. */
static void add_pin_advice(const struct gw_tls *tls, struct gw_error *err)
{
	size_t n = strlen(err->text);

	if (tls->ctx->setting != NULL && tls->pin[0] != '\0')
		snprintf(err->text + n, sizeof err->text - n,
			"; if it is the right server all the same, which its operator can tell by "
			"its key, %s, write %s = \"%s\"",
			tls->pin, tls->ctx->setting, tls->pin);
}

static void explain_pin(const struct gw_tls *tls, struct gw_error *err)
{
	gw_fail(err, GW_ERR_TLS,
		"%s has another key than `%s` says: its operator changed it, or somebody is in "
		"between; "
		"ask the operator whether the new one is %s before you add that to `%s`",
		tls->host, tls->ctx->setting, tls->pin, tls->ctx->setting);
}

static void explain_certificate(const struct gw_tls *tls, long why, struct gw_error *err)
{
	const char *text = X509_verify_cert_error_string(why);

	switch (why) {
	case X509_V_ERR_APPLICATION_VERIFICATION:
		explain_pin(tls, err);
		return;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		gw_fail(err, GW_ERR_TLS,
			"the server's certificate is not for %s (only its subjectAltName counts); "
			"check `host`, or somebody is in between",
			tls->host);
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		gw_fail(err, GW_ERR_TLS,
			"the certificate of %s has expired; check this machine's clock, then tell "
			"the server's operator",
			tls->host);
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		gw_fail(err, GW_ERR_TLS,
			"the certificate of %s is not valid yet; check this machine's clock",
			tls->host);
		return;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		gw_fail(err, GW_ERR_TLS,
			"the certificate of %s comes from an authority that is not trusted here "
			"(%s); if you have the authority's certificate, or the server's own, point "
			"`tls-ca-file` at it",
			tls->host, text);
		break;
	default:
		gw_fail(err, GW_ERR_TLS, "the certificate of %s was refused: %s", tls->host, text);
	}
	add_pin_advice(tls, err);
}

static enum gw_tls_result failed(const struct gw_tls *tls, struct gw_error *err)
{
	uint32_t e = ERR_peek_error();
	long why = SSL_get_verify_result(tls->ssl);
	char reason[160];

	ERR_error_string_n(e, reason, sizeof reason);
	if (ERR_GET_LIB(e) == ERR_LIB_SSL && ERR_GET_REASON(e) == SSL_R_CERTIFICATE_VERIFY_FAILED)
		explain_certificate(tls, why, err);
	else if (ERR_GET_LIB(e) == ERR_LIB_SSL &&
		 (ERR_GET_REASON(e) == SSL_R_WRONG_VERSION_NUMBER ||
			 ERR_GET_REASON(e) == SSL_R_HTTP_REQUEST))
		gw_fail(err, GW_ERR_TLS,
			"%s did not answer in TLS; if this port speaks plain IMAP first, set tls = "
			"\"starttls\"",
			tls->host);
	else
		gw_fail(err, GW_ERR_TLS, "TLS with %s failed: %s", tls->host, reason);
	ERR_clear_error();
	return GW_TLS_ERROR;
}

static enum gw_tls_result result_of(struct gw_tls *tls, int ret, struct gw_error *err)
{
	if (ret > 0)
		return GW_TLS_DONE;
	switch (SSL_get_error(tls->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return GW_TLS_WANT;
	case SSL_ERROR_ZERO_RETURN:
		return GW_TLS_EOF;
	default:
		return failed(tls, err);
	}
}

enum gw_tls_result gw_tls_handshake(struct gw_tls *tls, struct gw_error *err)
{
	ERR_clear_error();
	return result_of(tls, SSL_do_handshake(tls->ssl), err);
}

enum gw_tls_result gw_tls_read(
	struct gw_tls *tls, char *p, size_t n, size_t *got, struct gw_error *err)
{
	int ret;

	ERR_clear_error();
	ret = SSL_read(tls->ssl, p, n > 1 << 20 ? 1 << 20 : (int)n);
	*got = ret > 0 ? (size_t)ret : 0;
	return result_of(tls, ret, err);
}

enum gw_code gw_tls_write(struct gw_tls *tls, const char *p, size_t n, struct gw_error *err)
{
	while (n > 0) {
		int chunk = n > 16384 ? 16384 : (int)n;

		ERR_clear_error();
		if (SSL_write(tls->ssl, p, chunk) != chunk) {
			failed(tls, err);
			return GW_ERR_TLS;
		}
		p += chunk;
		n -= (size_t)chunk;
	}
	return GW_OK;
}

void gw_tls_describe(const struct gw_tls *tls, struct gw_tls_facts *out)
{
	X509 *cert = SSL_get_peer_certificate(tls->ssl);
	X509_NAME *name;
	int days, seconds;

	*out = (struct gw_tls_facts){ .version = SSL_get_version(tls->ssl) };
	memcpy(out->pin, tls->pin, sizeof tls->pin);
	if (cert == NULL)
		return;
	name = X509_get_issuer_name(cert);
	if (X509_NAME_get_text_by_NID(name, NID_organizationName, out->issuer, sizeof out->issuer) <
		0)
		X509_NAME_get_text_by_NID(name, NID_commonName, out->issuer, sizeof out->issuer);
	if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)) == 1)
		out->expires_at = (int64_t)time(NULL) + (int64_t)days * 86400 + seconds;
	X509_free(cert);
}

static bool export_material(const struct gw_tls *tls, struct gw_sasl_binding *out)
{
	static const char label[] = "EXPORTER-Channel-Binding";

	out->type = "tls-exporter";
	out->n = 32;
	return SSL_export_keying_material(
		       tls->ssl, out->data, out->n, label, sizeof label - 1, NULL, 0, 0) == 1;
}

/* RFC 5929 4.1: by the digest of its signature; one that is too weak counts as SHA-256. */
static bool digest_certificate(const struct gw_tls *tls, struct gw_sasl_binding *out)
{
	X509 *cert = SSL_get_peer_certificate(tls->ssl);
	const EVP_MD *md = NULL;
	unsigned n = 0;
	int digest = NID_undef;
	bool done = false;

	if (cert != NULL && OBJ_find_sigid_algs(X509_get_signature_nid(cert), &digest, NULL) == 1)
		md = digest == NID_md5 || digest == NID_sha1 ? EVP_sha256()
							     : EVP_get_digestbynid(digest);
	if (md != NULL && EVP_MD_size(md) <= sizeof out->data)
		done = X509_digest(cert, md, out->data, &n) == 1;
	X509_free(cert);
	out->type = "tls-server-end-point";
	out->n = n;
	return done;
}

bool gw_tls_binding(const struct gw_tls *tls, struct gw_sasl_binding *out)
{
	return SSL_version(tls->ssl) == TLS1_3_VERSION ? export_material(tls, out)
						       : digest_certificate(tls, out);
}
