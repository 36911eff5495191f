/* SPDX-License-Identifier: ISC */
/* tests/support/selfsigned.h - TLS for a server of the tests. */
#pragma once

#include <openssl/ssl.h>

/* A server's side of TLS with a new key and a certificate for 127.0.0.1 and localhost that signs
 * itself.  The certificate is written to cert_path: what a client is to trust.  Ends the program
 * when any of it fails.  The caller frees the result. */
SSL_CTX *selfsigned(const char *cert_path);
/* The same with other names; alt_names NULL: none. */
SSL_CTX *selfsigned_as(const char *cert_path, const char *common_name, const char *alt_names);
