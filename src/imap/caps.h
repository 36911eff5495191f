/* SPDX-License-Identifier: ISC */
/* imap/caps.h - capabilities (RFC 9051 7.2.2) as bits. */
#pragma once

#include "base/buf.h"

/* One list yields the enumerators and the table of names. */
#define GW_CAPS(X)                                    \
	X(IMAP4REV1, "IMAP4rev1")                     \
	X(STARTTLS, "STARTTLS")                       \
	X(LOGINDISABLED, "LOGINDISABLED")             \
	X(SASL_IR, "SASL-IR")                         \
	X(AUTH_PLAIN, "AUTH=PLAIN")                   \
	X(AUTH_SCRAM, "AUTH=SCRAM-SHA-256")           \
	X(AUTH_SCRAM_PLUS, "AUTH=SCRAM-SHA-256-PLUS") \
	X(AUTH_XOAUTH2, "AUTH=XOAUTH2")               \
	X(AUTH_BEARER, "AUTH=OAUTHBEARER")            \
	X(AUTH_EXTERNAL, "AUTH=EXTERNAL")             \
	X(LITERAL_PLUS, "LITERAL+")                   \
	X(LITERAL_MINUS, "LITERAL-")                  \
	X(ENABLE, "ENABLE")                           \
	X(ID, "ID")                                   \
	X(NAMESPACE, "NAMESPACE")                     \
	X(CONDSTORE, "CONDSTORE")                     \
	X(QRESYNC, "QRESYNC")                         \
	X(ESEARCH, "ESEARCH")                         \
	X(LIST_EXTENDED, "LIST-EXTENDED")             \
	X(LIST_STATUS, "LIST-STATUS")                 \
	X(STATUS_SIZE, "STATUS=SIZE")                 \
	X(SPECIAL_USE, "SPECIAL-USE")                 \
	X(UIDPLUS, "UIDPLUS")                         \
	X(MOVE, "MOVE")                               \
	X(UNSELECT, "UNSELECT")                       \
	X(COMPRESS_DEFLATE, "COMPRESS=DEFLATE")       \
	X(IDLE, "IDLE")                               \
	X(NOTIFY, "NOTIFY")                           \
	X(OBJECTID, "OBJECTID")                       \
	X(GMAIL, "X-GM-EXT-1")

enum gw_cap_bit {
#define GW_CAP_BIT(id, name) GW_CAP_BIT_##id,
	GW_CAPS(GW_CAP_BIT)
#undef GW_CAP_BIT
};

enum gw_cap {
#define GW_CAP_VALUE(id, name) GW_CAP_##id = 1 << GW_CAP_BIT_##id,
	GW_CAPS(GW_CAP_VALUE)
#undef GW_CAP_VALUE
};

/* Parses a space-separated list into bits; ignores unknown names. */
uint32_t gw_caps_parse(struct gw_slice list);
