/* SPDX-License-Identifier: ISC */
/* godwit/account.h - what the engine needs to know about an account.  Reads no configuration
 * file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gw_tls_mode {
	GW_TLS_IMPLICIT, /* TLS from the first byte (port 993) */
	GW_TLS_STARTTLS, /* upgraded before anything secret is sent (RFC 9051 6.2.1) */
	GW_TLS_NONE,     /* in clear; the caller allows it only on loopback and through a tunnel */
};

enum gw_layout {
	GW_LAYOUT_FS,        /* Archive/2024 */
	GW_LAYOUT_MAILDIRPP, /* .Archive.2024 */
};

/* What happens on the server to a message that was deleted here. */
enum gw_deletes {
	GW_DELETE_TRASH,   /* move it to the trash; once there, delete it for good */
	GW_DELETE_EXPUNGE, /* delete it for good */
	GW_DELETE_NEVER,   /* leave it there, and do not fetch it again */
};

enum gw_auth {
	GW_AUTH_PASSWORD,
	GW_AUTH_OAUTH2,      /* a token (RFC 6749, RFC 6750) */
	GW_AUTH_CERTIFICATE, /* the TLS client certificate alone (EXTERNAL, RFC 4422 appendix A) */
};

/* Where tokens come from (RFC 6749).  NULL: the provider has no such thing. */
struct gw_oauth_provider {
	char *client_id, *client_secret;
	char *auth_url;     /* the authorization endpoint */
	char *token_url;    /* the token endpoint */
	char *device_url;   /* the device authorization endpoint (RFC 8628) */
	char *userinfo_url; /* tells who signed in (OpenID Connect Core 5.3) */
	char *scope;
};

/* What X-GM-LABELS are synchronized with: keywords of the files, or notmuch's tags. */
enum gw_label_mode { GW_LABELS_NONE, GW_LABELS_KEYWORDS, GW_LABELS_NOTMUCH };

/* The direction in which changes travel. */
enum gw_direction {
	GW_DIRECTION_BOTH,
	GW_DIRECTION_PULL, /* changes nothing on the server; local changes wait */
	GW_DIRECTION_PUSH, /* changes nothing here; changes on the server wait */
};

/* Which messages of some mailboxes are kept here.  0: no limit. */
struct gw_window {
	char *pattern;               /* over names as shown here; the last one that matches wins */
	unsigned max_age;            /* days */
	int64_t since;               /* seconds since the epoch; older messages are outside */
	unsigned max_messages;       /* keep the newest */
	unsigned long long max_size; /* bytes */
	unsigned labels;             /* as struct gw_account's */
	char *local; /* directory relative to the root; NULL: derived from the mailbox's name */
};

/* When submitted mail leaves. */
enum gw_send_mode {
	GW_SEND_AT_ONCE, /* as soon as there is a connection */
	GW_SEND_SYNC,    /* with `sync` and `watch` */
	GW_SEND_MANUAL,  /* when the user asks */
};

enum gw_sent_mode { GW_SENT_AUTO, GW_SENT_YES, GW_SENT_NO }; /* whether a copy is put into Sent */

/* Public keys of a server, "sha256/..."; the server must show one of them. */
struct gw_pins {
	char **list;
	size_t count; /* 0: any key that an authority vouches for */
};

/* True if text is "sha256/" and the base64 of a digest. */
bool gw_is_pin(const char *text);

/* True if name is a SASL mechanism that takes a password and that we implement. */
bool gw_is_mechanism(const char *name);

/* How an account sends (RFC 6409).  host NULL: it sends nothing. */
struct gw_smtp_account {
	char *host;
	unsigned port;
	enum gw_tls_mode tls;
	struct gw_pins pins;
	char *user;             /* NULL: no sign-in */
	char *password_command; /* NULL: as for IMAP */
	char *tunnel_command;
	char *ehlo_name; /* NULL: the domain of the sender's address */
	char **from;     /* patterns over the addresses that belong to this account */
	size_t from_count;
	enum gw_send_mode send;
	unsigned delay_s; /* between submitting and sending */
	enum gw_sent_mode sent;
	bool bounce;     /* a refused mail also puts a notice into INBOX */
	bool resend;     /* send a mail in doubt once more; otherwise hold it */
	bool long_lines; /* allow lines over 998 octets */
};

/* Characters that may precede the "2," in file names (maildir(5)). */
#define GW_INFO_SEPARATORS ":;!"

/* The proxy that every connection of an account goes through (SOCKS5, RFC 1928). */
struct gw_proxy {
	char *host; /* NULL: none */
	unsigned port;
	char *user, *password; /* user NULL: no authentication */
};

/* Bandwidth shared by all connections of an account; each process has its own (net/bandwidth.h). */
struct gw_bandwidth;
/* per_second: bytes, both directions together, above 0.  NULL: out of memory. */
struct gw_bandwidth *gw_bandwidth_new(unsigned long long per_second);
void gw_bandwidth_free(struct gw_bandwidth *b);

struct gw_runner;

/* How mail is fetched. */
enum gw_protocol {
	GW_PROTOCOL_IMAP, /* keeps both sides the same */
	GW_PROTOCOL_POP3, /* fetches from a maildrop into one folder */
};

/* What happens to a message in the maildrop once it is here. */
enum gw_keep {
	GW_KEEP_FOREVER,
	GW_KEEP_NO,   /* delete it there */
	GW_KEEP_DAYS, /* delete it there, keep_days after it was delivered */
};

struct gw_pop3_account {
	enum gw_keep keep;
	unsigned keep_days;
	unsigned long long max_size; /* bytes; larger messages stay there; 0: no limit */
	char *folder;                /* receives the mail; NULL: INBOX */
	bool recent; /* Gmail's "recent:" mode shows every client the same mail again; delete
		      * nothing */
};

/* All strings belong to the creator of the struct and outlive the sync. */
struct gw_account {
	char *name;      /* [A-Za-z0-9_.@+-]+, also the name of the state file */
	char *state_dir; /* holds NAME.db, NAME.lock, NAME.attic */
	enum gw_protocol protocol;
	struct gw_pop3_account pop3; /* GW_PROTOCOL_POP3 */
	char *host;
	unsigned port;
	enum gw_tls_mode tls;
	char *tls_ca_file;     /* NULL: the system's authorities */
	char *tls_client_cert; /* PEM, shown to a mail server that asks for one; NULL: none */
	char *tls_client_key;  /* PEM; NULL: it is in tls_client_cert */
	struct gw_pins pins;
	char *tunnel_command; /* NULL: TCP */
	struct gw_proxy proxy;
	struct gw_bandwidth *bandwidth; /* NULL: no limit */
	const struct gw_runner
		*runner; /* runs the commands (godwit/runner.h); NULL: this process does */
	char *user;
	enum gw_auth auth;
	char *password_command; /* its first line of output is the password */
	char *password; /* already known, so the command is not run; NULL: run it.  Wiped by its
			 * owner */
	/* PASSWORD: SASL mechanisms allowed, the preferred one first; count 0: any.  "PLAIN" covers
	 * the LOGIN command, too. */
	char **mechanisms;
	size_t mechanism_count;
	char *token_command; /* OAUTH2: its first line of output is the access token; NULL: from
			      * oauth2 */
	struct gw_oauth_provider oauth2;
	struct gw_smtp_account smtp;
	char *maildir; /* absolute path of the root; NULL: no IMAP, the account only sends */
	enum gw_layout layout;
	char info_separator; /* of GW_INFO_SEPARATORS, for new names; '\0': ":" */
	char **folders;      /* patterns over names as shown here; the last one that matches wins */
	size_t folder_count; /* 0: all except \All, \Flagged and \Important */
	struct gw_window *windows;
	size_t window_count;
	bool subscribed;        /* only subscribed mailboxes */
	bool mirror_deleted;    /* write \Deleted as T */
	bool guard;             /* hold back deletions that look like an accident */
	unsigned guard_percent; /* of a mailbox, within ten minutes; half of that for the account */
	enum gw_direction direction;
	enum gw_deletes deletes;
	enum gw_label_mode labels; /* Gmail's labels become keywords or tags here, and the
				    * reverse */
	bool archive; /* show All Mail as Archive, holding what no other mailbox has (Gmail) */
	bool delete_folders; /* carry deletions of mailboxes over, in either direction */
	unsigned attic_days; /* how long deleted mail stays in the attic; 0: not at all */
	unsigned long long max_message_size; /* the largest message, in bytes; 0: no limit */
	unsigned long long min_free_space;   /* bytes to leave free on the Maildir's file system; 0:
					    * none */
	unsigned connections;                /* the most to open at once */
	bool compress; /* on connections that fetch much, where the server offers it */
	unsigned daily_download_mb, daily_upload_mb; /* traffic allowed in a day (UTC), 10^6 bytes;
						      * 0: no limit */
	unsigned timeout_s;                          /* longest silence on a connection */
	unsigned poll_s; /* watching: time between syncs that nothing triggers */
	char **watch;    /* watching: patterns over names as shown here; the mailboxes to IDLE on,
			  * most important first, where the server has no NOTIFY */
	size_t watch_count;
};
