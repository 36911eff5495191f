/* SPDX-License-Identifier: ISC */
/* imap/response.h - a server's responses, typed (RFC 9051 section 7 and extensions).
 *
 * Every slice points into the parser's memory and is valid until the callback returns.
 */
#pragma once

#include "imap/cursor.h"
#include "imap/flags.h"

#include <time.h>

enum gw_response_type {
	GW_RESP_CONTINUE, /* "+" */
	GW_RESP_TAGGED,
	GW_RESP_STATUS_TEXT, /* untagged OK, NO, BAD, PREAUTH */
	GW_RESP_BYE,
	GW_RESP_CAPABILITY,
	GW_RESP_ENABLED,
	GW_RESP_LIST,
	GW_RESP_LSUB,
	GW_RESP_STATUS,
	GW_RESP_NAMESPACE,
	GW_RESP_SEARCH,
	GW_RESP_ESEARCH,
	GW_RESP_VANISHED,
	GW_RESP_EXISTS,
	GW_RESP_EXPUNGE,
	GW_RESP_FETCH,
	GW_RESP_OTHER, /* unknown or not understood: ignored */
};

enum gw_status { GW_STATUS_OK, GW_STATUS_NO, GW_STATUS_BAD, GW_STATUS_PREAUTH };

enum gw_resp_code {
	GW_CODE_NONE,
	GW_CODE_ALERT,
	GW_CODE_CAPABILITY,  /* text holds the list */
	GW_CODE_UIDVALIDITY, /* number */
	GW_CODE_UIDNEXT,
	GW_CODE_HIGHESTMODSEQ,
	GW_CODE_NOMODSEQ,
	GW_CODE_READ_ONLY,
	GW_CODE_PERMANENTFLAGS, /* fetch.flags holds the list */
	GW_CODE_APPENDUID,      /* uidvalidity and number, the UID (RFC 4315) */
	GW_CODE_COPYUID,        /* uidvalidity, copied_from and copied_to (RFC 4315) */
	GW_CODE_MESSAGELIMIT,   /* number: the lowest UID that was processed (RFC 9738) */
	GW_CODE_MODIFIED,       /* code_text is the set that was not stored (RFC 7162) */
	GW_CODE_TRYCREATE,
	GW_CODE_ALREADYEXISTS,
	GW_CODE_NONEXISTENT,
	GW_CODE_UNAVAILABLE,
	GW_CODE_AUTHENTICATIONFAILED,
	GW_CODE_AUTHORIZATIONFAILED, /* and the next: RFC 5530 */
	GW_CODE_EXPIRED,
	GW_CODE_SERVERBUG,
	GW_CODE_INUSE,
	GW_CODE_LIMIT,
	GW_CODE_NOPERM,
	GW_CODE_OVERQUOTA, /* RFC 9208 */
	GW_CODE_THROTTLED, /* Gmail only */
	GW_CODE_OTHER,
};

enum gw_list_attr {
	GW_LIST_NOSELECT = 1 << 0, /* \NoSelect or \NonExistent */
	GW_LIST_SUBSCRIBED = 1 << 1,
	GW_LIST_ALL = 1 << 2,
	GW_LIST_ARCHIVE = 1 << 3,
	GW_LIST_DRAFTS = 1 << 4,
	GW_LIST_FLAGGED = 1 << 5,
	GW_LIST_JUNK = 1 << 6,
	GW_LIST_SENT = 1 << 7,
	GW_LIST_TRASH = 1 << 8,
	GW_LIST_IMPORTANT = 1 << 9,
};

enum gw_status_item {
	GW_ITEM_MESSAGES = 1 << 0,
	GW_ITEM_UIDNEXT = 1 << 1,
	GW_ITEM_UIDVALIDITY = 1 << 2,
	GW_ITEM_HIGHESTMODSEQ = 1 << 3,
	GW_ITEM_SIZE = 1 << 4, /* RFC 8438 */
};

enum { GW_NAMESPACES = 16 };

struct gw_fetch {
	uint32_t seq;
	uint32_t uid; /* 0: not given, or given twice with different values */
	bool uid_twice;
	/* false: not given, or unreadable */
	bool has_flags, has_size, has_date;
	bool has_labels;
	unsigned bodies; /* BODY[...] items that went to the body sink */
	struct gw_flag_list flags;
	size_t label_count;
	struct gw_slice labels[GW_FLAG_LIST_MAX]; /* X-GM-LABELS, as on the wire; others dropped */
	uint64_t size;
	time_t date;
	uint64_t modseq; /* 0: not given */
	/* Identifies the message in all its mailboxes: X-GM-MSGID, or the hash of its EMAILID (RFC
	 * 8474); 0: not given. */
	uint64_t global_id;
};

struct gw_response {
	enum gw_response_type type;
	struct gw_slice line; /* the whole response, for logs */

	/* TAGGED, STATUS_TEXT, BYE, CONTINUE */
	struct gw_slice tag, text;
	enum gw_status status;
	enum gw_resp_code code;
	struct gw_slice code_text;
	uint64_t number;                        /* of the code; of EXISTS and EXPUNGE */
	struct gw_slice copied_from, copied_to; /* sets whose members correspond in order */

	struct gw_slice
		list; /* CAPABILITY, ENABLED: words; SEARCH: numbers; (E)SEARCH, VANISHED: set */
	bool earlier; /* VANISHED (EARLIER) */
	bool has_set; /* ESEARCH carried ALL */

	/* LIST, LSUB, STATUS: the name as on the wire; empty: an unreadable LIST.  NAMESPACE: the
	 * first personal prefix. */
	struct gw_slice mailbox;
	struct gw_slice spaces[GW_NAMESPACES]; /* NAMESPACE: all prefixes */
	bool space_foreign[GW_NAMESPACES];     /* other users' or shared */
	size_t space_count;
	char delimiter;            /* '\0': none */
	unsigned attrs;            /* enum gw_list_attr */
	unsigned items;            /* enum gw_status_item: which of the following are known */
	struct gw_slice object_id; /* MAILBOXID (RFC 8474); empty: not given */
	bool unsound_id;           /* it is none that RFC 8474 allows */
	uint32_t messages, uidnext, uidvalidity;
	uint64_t highestmodseq;
	uint64_t total_size; /* of all messages */

	struct gw_fetch fetch;
};

/* Receives BODY[] values that came as a quoted string or NIL; literals were streamed earlier. */
typedef void gw_inline_body(void *ctx, struct gw_slice section, struct gw_slice value);

/* Parses one complete response; true if understood.  Otherwise out->type is GW_RESP_OTHER, and the
 * text is to be logged and ignored. */
bool gw_response_parse(
	struct gw_cursor *c, struct gw_response *out, gw_inline_body *body, void *ctx);
