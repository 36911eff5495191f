/* SPDX-License-Identifier: ISC */
/* tests/smtp/wire.h - the one connection of a process: lines in and out, at a pace, cut where DIR/cut wants it. */
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

enum { LINE = 65536 };

struct wire_pace {
	long rate;  /* bytes read a second; 0: all */
	long lag;   /* ms before each batch of answers */
	bool terse; /* answers have no text */
};

void wire_use(int fd, const struct wire_pace *pace); /* reads DIR/cut */
void start_tls(SSL_CTX *ctx);
bool is_tls(void);

/* An answer's line.  It goes out when something is read, or when it is flushed. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say_bytes(const char *p, size_t n);
void flush_out(void);

/* The byte that completes the count is still acted upon, unless nothing more may follow it.  -1: over. */
int get_byte(void);
bool get_line(char *line, size_t size); /* without its end; false: over */
void drop_input(void);                  /* what came and was not read */

/* "rst", "fin", or "silence": open, and nothing more is said. */
void end_by(const char *way) __attribute__((noreturn));
