/* godwit/account.h - what the engine has to know of an account.  It reads no configuration file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gw_tls_mode {
	GW_TLS_IMPLICIT, /* TLS from the first byte (port 993) */
	GW_TLS_STARTTLS, /* upgraded before anything secret is said (RFC 9051 6.2.1) */
	GW_TLS_NONE,     /* in clear; the caller allows it on loopback and through a tunnel only */
};

enum gw_layout {
	GW_LAYOUT_FS,        /* Archive/2024 */
	GW_LAYOUT_MAILDIRPP, /* .Archive.2024 */
};

/* What becomes of a message on the server that was deleted here. */
enum gw_deletes {
	GW_DELETE_TRASH,   /* it goes to the trash; in the trash, for good */
	GW_DELETE_EXPUNGE, /* it goes for good */
	GW_DELETE_NEVER,   /* it is left standing, and not fetched again */
};

enum gw_auth {
	GW_AUTH_PASSWORD,
	GW_AUTH_OAUTH2,      /* a token (RFC 6749, RFC 6750) */
	GW_AUTH_CERTIFICATE, /* that of TLS alone (EXTERNAL, RFC 4422 appendix A) */
};

/* Where tokens come from (RFC 6749); what a provider has none of is NULL. */
struct gw_oauth_provider {
	char *client_id, *client_secret;
	char *auth_url;     /* the authorization endpoint */
	char *token_url;    /* the token endpoint */
	char *device_url;   /* the device authorization endpoint (RFC 8628) */
	char *userinfo_url; /* who signed in (OpenID Connect Core 5.3) */
	char *scope;
};

/* What X-GM-LABELS are kept in step with: keywords of the files, or notmuch's tags. */
enum gw_label_mode { GW_LABELS_NONE, GW_LABELS_KEYWORDS, GW_LABELS_NOTMUCH };

/* Which way changes go. */
enum gw_direction {
	GW_DIRECTION_BOTH,
	GW_DIRECTION_PULL, /* nothing is changed on the server; what is changed here waits */
};

/* What of some mailboxes is kept here.  0: no limit. */
struct gw_window {
	char *pattern;    /* over names as shown here; of those that match the last one counts */
	unsigned max_age; /* days */
	int64_t since;    /* seconds since the epoch: what is older is outside */
	unsigned max_messages;       /* the newest */
	unsigned long long max_size; /* bytes */
	unsigned labels;             /* as the account's */
	char *local; /* the directory, relative to the root; NULL: by the mailbox's name */
};

/* When mail that is submitted leaves. */
enum gw_send_mode {
	GW_SEND_AT_ONCE, /* as soon as there is a line */
	GW_SEND_SYNC,    /* with `sync` and `watch` */
	GW_SEND_MANUAL,  /* when asked */
};

enum gw_sent_mode { GW_SENT_AUTO, GW_SENT_YES, GW_SENT_NO }; /* is a copy put into Sent? */

/* Public keys of a server, "sha256/..."; one of them has to be the one that it shows. */
struct gw_pins {
	char **list;
	size_t count; /* 0: any key, if an authority vouches for it */
};

/* Is text "sha256/" and the base64 of a digest? */
bool gw_is_pin(const char *text);

/* Is it a SASL mechanism that takes a password, and that we know? */
bool gw_is_mechanism(const char *name);

/* How an account sends (RFC 6409).  host NULL: it does not. */
struct gw_smtp_account {
	char *host;
	unsigned port;
	enum gw_tls_mode tls;
	struct gw_pins pins;
	char *user;             /* NULL: without signing in */
	char *password_command; /* NULL: as for IMAP */
	char *tunnel_command;
	char *ehlo_name; /* NULL: the domain of the sender's address */
	char **from;     /* patterns over addresses that are this account's */
	size_t from_count;
	enum gw_send_mode send;
	unsigned delay_s; /* between submitting and sending */
	enum gw_sent_mode sent;
	bool bounce;     /* a refused mail also gives a notice in INBOX */
	bool resend;     /* one in doubt is sent once more; else held */
	bool long_lines; /* lines over 998 octets may go */
};

/* What may stand before the "2," in names of files (maildir(5)). */
#define GW_INFO_SEPARATORS ":;!"

/* What every connection of an account goes through (SOCKS5, RFC 1928). */
struct gw_proxy {
	char *host; /* NULL: none */
	unsigned port;
	char *user, *password; /* user NULL: it wants none */
};

/* What all connections of an account share; each process has its own (net/bandwidth.h). */
struct gw_bandwidth;
/* bytes a second, both ways together, more than 0; NULL: out of memory */
struct gw_bandwidth *gw_bandwidth_new(unsigned long long per_second);
void gw_bandwidth_free(struct gw_bandwidth *b);

/* How mail is fetched. */
enum gw_protocol {
	GW_PROTOCOL_IMAP, /* both sides are kept the same */
	GW_PROTOCOL_POP3, /* from a maildrop into one folder */
};

/* What becomes of a message in the maildrop once it is here. */
enum gw_keep {
	GW_KEEP_FOREVER,
	GW_KEEP_NO,   /* it is deleted there */
	GW_KEEP_DAYS, /* likewise, so long after it was delivered */
};

struct gw_pop3_account {
	enum gw_keep keep;
	unsigned keep_days;
	unsigned long long max_size; /* bytes; larger ones are left there; 0: no limit */
	char *folder;                /* where mail is put; NULL: INBOX */
	bool recent; /* Gmail: what every client is shown again and again; nothing is deleted */
};

/* All strings are owned by whoever made the struct and outlive the sync. */
struct gw_account {
	char *name;      /* [A-Za-z0-9_.@+-]+, also the name of the state file */
	char *state_dir; /* holds NAME.db, NAME.lock, NAME.attic */
	enum gw_protocol protocol;
	struct gw_pop3_account pop3; /* GW_PROTOCOL_POP3 */
	char *host;
	unsigned port;
	enum gw_tls_mode tls;
	char *tls_ca_file;     /* NULL: the system's authorities */
	char *tls_client_cert; /* PEM, shown to a mail server that asks who we are; NULL: nothing is */
	char *tls_client_key; /* PEM; NULL: it is in tls_client_cert */
	struct gw_pins pins;
	char *tunnel_command; /* NULL: TCP */
	struct gw_proxy proxy;
	struct gw_bandwidth *bandwidth; /* NULL: no limit */
	char *user;
	enum gw_auth auth;
	char *password_command; /* its first line of output is the password */
	char *password; /* known already, so the command is not run; NULL: it is.  Wiped by its owner */
	/* PASSWORD: SASL mechanisms that may be used, the preferred one first; count 0: any.  "PLAIN" stands
	 * for the LOGIN command, too. */
	char **mechanisms;
	size_t mechanism_count;
	char *token_command; /* OAUTH2: likewise the access token; NULL: from oauth2 */
	struct gw_oauth_provider oauth2;
	struct gw_smtp_account smtp;
	char *maildir; /* absolute path of the root; NULL: no IMAP, it only sends */
	enum gw_layout layout;
	char info_separator; /* of GW_INFO_SEPARATORS, for new names; '\0': ":" */
	char **folders;      /* patterns over names as shown here; the last that matches wins */
	size_t folder_count; /* 0: all, less \All, \Flagged and \Important */
	struct gw_window *windows;
	size_t window_count;
	bool subscribed;        /* only subscribed mailboxes */
	bool mirror_deleted;    /* \Deleted is written as T */
	bool guard;             /* hold deletions back that look like an accident */
	unsigned guard_percent; /* of a mailbox, within ten minutes; half of it of the account */
	enum gw_direction direction;
	enum gw_deletes deletes;
	enum gw_label_mode labels; /* Gmail's labels are keywords here, or tags, and the reverse */
	bool archive; /* all mail is shown as Archive, with what no other mailbox has (Gmail) */
	bool delete_folders; /* carry deleted mailboxes over, either way */
	unsigned attic_days; /* how long deleted mail rests in the attic; 0: not kept */
	unsigned long long max_message_size; /* bytes that any message may have; 0: no limit */
	unsigned long long min_free_space; /* bytes that stay free where the maildir is; 0: none */
	unsigned connections;              /* at most */
	bool compress; /* connections that fetch much, where the server offers it */
	unsigned daily_download_mb, daily_upload_mb; /* what may cross the wire in a day (UTC),
						      * 10^6 bytes; 0: no limit */
	unsigned timeout_s;                          /* without a byte */
	unsigned poll_s; /* watching: between syncs that nothing calls for */
	char **watch;    /* watching: patterns over names as shown here; the mailboxes to wait
			  * for with IDLE, first ones first, where the server has no NOTIFY */
	size_t watch_count;
};
