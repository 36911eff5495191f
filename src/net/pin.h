/* SPDX-License-Identifier: ISC */
/* net/pin.h - a server's public key in text form: "sha256/" and the base64 of the digest of the key
 * (SubjectPublicKeyInfo, as in RFC 7469 2.4).  It survives a renewed certificate for the same
 * key. */
#pragma once

#include <openssl/x509.h>
#include <stdbool.h>

enum { GW_PIN_BYTES = 32, GW_PIN_TEXT = 52 }; /* "sha256/", 44 characters, NUL */

/* Returns false if text is no pin. */
bool gw_pin_read(const char *text, unsigned char pin[GW_PIN_BYTES]);
void gw_pin_write(const unsigned char pin[GW_PIN_BYTES], char text[GW_PIN_TEXT]);
/* Returns false if out of memory. */
bool gw_pin_of(X509 *cert, unsigned char pin[GW_PIN_BYTES]);
