/* SPDX-License-Identifier: ISC */
/* tests/support/selfsigned.c - see selfsigned.h. */
#include "selfsigned.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>

static EVP_PKEY *new_key(void)
{
	EVP_PKEY *key = EVP_PKEY_new();
	EC_KEY *ec = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);

	if (!EC_KEY_generate_key(ec) || !EVP_PKEY_assign_EC_KEY(key, ec))
		abort();
	return key;
}

static void extend(X509 *cert, int nid, const char *value)
{
	X509V3_CTX v3;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&v3, cert, cert, NULL, NULL, 0);
	extension = X509V3_EXT_nconf_nid(NULL, &v3, nid, value);
	if (extension == NULL || !X509_add_ext(cert, extension, -1))
		abort();
	X509_EXTENSION_free(extension);
}

static X509 *new_certificate(EVP_PKEY *key, const char *common_name, const char *alt_names)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), (long)time(NULL));
	X509_gmtime_adj(X509_getm_notBefore(cert), -86400);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400 * 30L);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0);
	X509_set_issuer_name(cert, name);
	if (alt_names != NULL)
		extend(cert, NID_subject_alt_name, alt_names);
	extend(cert, NID_basic_constraints, "critical,CA:TRUE");
	if (X509_sign(cert, key, EVP_sha256()) == 0)
		abort();
	return cert;
}

SSL_CTX *selfsigned(const char *cert_path)
{
	return selfsigned_as(cert_path, "a test", "IP:127.0.0.1,DNS:localhost");
}

SSL_CTX *selfsigned_as(const char *cert_path, const char *common_name, const char *alt_names)
{
	EVP_PKEY *key = new_key();
	X509 *cert = new_certificate(key, common_name, alt_names);
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	FILE *f = fopen(cert_path, "w");

	if (!SSL_CTX_use_certificate(ctx, cert) || !SSL_CTX_use_PrivateKey(ctx, key) || f == NULL ||
		!PEM_write_X509(f, cert) || fclose(f) != 0)
		abort();
	X509_free(cert);
	EVP_PKEY_free(key);
	return ctx;
}
