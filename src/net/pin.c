/* SPDX-License-Identifier: ISC */
/* net/pin.c - see pin.h. */
#include "net/pin.h"

#include <openssl/base64.h>
#include <openssl/mem.h>
#include <openssl/sha.h>
#include <string.h>

static const char prefix[] = "sha256/";

bool gw_pin_read(const char *text, unsigned char pin[GW_PIN_BYTES])
{
	size_t n = strlen(prefix), got;
	uint8_t digest[GW_PIN_BYTES + 4];

	if (strncmp(text, prefix, n) != 0 || strlen(text) != GW_PIN_TEXT - 1 ||
		EVP_DecodeBase64(digest, &got, sizeof digest, (const uint8_t *)text + n,
			strlen(text) - n) != 1 ||
		got != GW_PIN_BYTES)
		return false;
	memcpy(pin, digest, GW_PIN_BYTES);
	return true;
}

void gw_pin_write(const unsigned char pin[GW_PIN_BYTES], char text[GW_PIN_TEXT])
{
	memcpy(text, prefix, sizeof prefix); /* its NUL is written over */
	EVP_EncodeBlock((uint8_t *)text + strlen(prefix), pin, GW_PIN_BYTES);
}

bool gw_pin_of(X509 *cert, unsigned char pin[GW_PIN_BYTES])
{
	unsigned char *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

	if (n <= 0)
		return false;
	SHA256(der, (size_t)n, pin);
	OPENSSL_free(der);
	return true;
}
