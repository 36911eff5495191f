/* net/tls.c - see tls.h. */
#include "net/tls.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/nid.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { OUT_MAX = 64 << 20 }; /* bytes waiting to be sent; writers are paced far below it */

struct gw_tls_ctx {
	SSL_CTX *ssl;       /* owned */
	BIO_METHOD *method; /* owned */
	size_t refs;        /* its maker's, and one for each connection */
};

struct gw_tls {
	struct gw_tls_ctx *ctx; /* referenced */
	SSL *ssl;               /* owned */
	struct gw_slice in;     /* borrowed from the stream's read buffer */
	struct gw_buf out;      /* owned */
	char host[256];
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

/* Is dir a folder of certificates under their hash names, in which one is looked up by name? */
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

enum gw_code gw_tls_ctx_new(const char *ca_file, struct gw_tls_ctx **out, struct gw_error *err)
{
	struct gw_tls_ctx *ctx = calloc(1, sizeof *ctx);
	enum gw_code code = GW_OK;

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
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
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

static void explain_certificate(const struct gw_tls *tls, long why, struct gw_error *err)
{
	const char *text = X509_verify_cert_error_string(why);

	switch (why) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		gw_fail(err, GW_ERR_TLS,
			"the server's certificate is not for %s; check `host`, or somebody is in "
			"between",
			tls->host);
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		gw_fail(err, GW_ERR_TLS,
			"the certificate of %s has expired; check this machine's clock, then tell "
			"the "
			"server's operator",
			tls->host);
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		gw_fail(err, GW_ERR_TLS,
			"the certificate of %s is not valid yet; check this machine's clock",
			tls->host);
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		gw_fail(err, GW_ERR_TLS,
			"the certificate of %s comes from an authority that is not trusted here "
			"(%s); if "
			"the server has its own, point `tls-ca-file` at it",
			tls->host, text);
		break;
	default:
		gw_fail(err, GW_ERR_TLS, "the certificate of %s was refused: %s", tls->host, text);
	}
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
