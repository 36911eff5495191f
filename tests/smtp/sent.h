/* SPDX-License-Identifier: ISC */
/* tests/smtp/sent.h - a provider that files what it is given: the message also goes to a mailbox of
 * tests/gmail/gmaild, which has it by its Message-ID once.
 */
#pragma once

#include <stddef.h>

/* settings: the path of a file "PORT MAILBOX"; none: nothing is filed. */
void sent_file(const char *settings, const char *text, size_t n);
