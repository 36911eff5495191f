/* SPDX-License-Identifier: ISC */
/* store/db.c - opening, schema, migrations, transactions, facts.  See store.h. */
#include "store/store_p.h"

#include "base/fs.h"
#include "base/num.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Each step takes the schema from its index to the next version.  Steps are never edited once
 * released; a change is a new step. */
static const char *const migrations[] = {
	/* Every UID that the server showed and has not withdrawn has a row in message; flags are
	 * the bits of base/flagset.h, keyword gives the mailbox's keywords their bits. */
	"CREATE TABLE fact(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE mailbox(id INTEGER PRIMARY KEY, remote_name BLOB NOT NULL UNIQUE,"
	" delimiter INTEGER NOT NULL, local_dir TEXT NOT NULL UNIQUE, special_use INTEGER NOT NULL,"
	" uidvalidity INTEGER NOT NULL, uidnext INTEGER NOT NULL, highestmodseq INTEGER NOT NULL,"
	" messages INTEGER NOT NULL, inode INTEGER NOT NULL, full_at INTEGER NOT NULL) STRICT;"
	"CREATE TABLE message(mailbox_id INTEGER NOT NULL REFERENCES mailbox(id),"
	" uid INTEGER NOT NULL, state INTEGER NOT NULL, base_name BLOB, flags INTEGER NOT NULL,"
	" size INTEGER NOT NULL, internal_date INTEGER NOT NULL, header_hash BLOB, body_hash BLOB,"
	" msgid_hash BLOB, global_id INTEGER, PRIMARY KEY(mailbox_id, uid)) STRICT, WITHOUT ROWID;"
	"CREATE UNIQUE INDEX message_name ON message(mailbox_id, base_name)"
	" WHERE base_name IS NOT NULL;"
	"CREATE TABLE keyword(mailbox_id INTEGER NOT NULL REFERENCES mailbox(id),"
	" idx INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY(mailbox_id, idx))"
	" STRICT, WITHOUT ROWID;"
	"CREATE TABLE held(mailbox_id INTEGER NOT NULL REFERENCES mailbox(id),"
	" uid INTEGER NOT NULL, base_name BLOB, reason TEXT NOT NULL,"
	" PRIMARY KEY(mailbox_id, uid)) STRICT, WITHOUT ROWID;",
	/* Stamps of the last trusted look: a Maildir that still has them need not be read. */
	"ALTER TABLE mailbox ADD COLUMN cur_inode INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE mailbox ADD COLUMN cur_mtime INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE mailbox ADD COLUMN cur_ctime INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE mailbox ADD COLUMN new_inode INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE mailbox ADD COLUMN new_mtime INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE mailbox ADD COLUMN new_ctime INTEGER NOT NULL DEFAULT 0;",
	/* Uploads: what is about to be sent (empty between clean runs), and what was refused. */
	"CREATE TABLE pending(mailbox_id INTEGER NOT NULL REFERENCES mailbox(id),"
	" base_name BLOB NOT NULL, uidvalidity INTEGER NOT NULL, uidnext INTEGER NOT NULL,"
	" flags INTEGER NOT NULL, size INTEGER NOT NULL, internal_date INTEGER NOT NULL,"
	" header_hash BLOB, body_hash BLOB, msgid_hash BLOB,"
	" PRIMARY KEY(mailbox_id, base_name)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE refused(mailbox_id INTEGER NOT NULL REFERENCES mailbox(id),"
	" base_name BLOB NOT NULL, at INTEGER NOT NULL, reason TEXT NOT NULL,"
	" PRIMARY KEY(mailbox_id, base_name)) STRICT, WITHOUT ROWID;",
	/* Deletions that look like an accident: what was deleted lately, and what is held back. */
	"CREATE TABLE deleted(mailbox_id INTEGER NOT NULL REFERENCES mailbox(id),"
	" at INTEGER NOT NULL) STRICT;"
	"CREATE TABLE held_deletion(mailbox_id INTEGER NOT NULL REFERENCES mailbox(id),"
	" uid INTEGER NOT NULL, PRIMARY KEY(mailbox_id, uid)) STRICT, WITHOUT ROWID;",
	/* Deletions go both ways; copies that we made on the server are known as such. */
	"ALTER TABLE held_deletion ADD COLUMN side INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE message ADD COLUMN copied INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX message_copied ON message(header_hash) WHERE copied = 1;",
	/* Mailboxes that are missing on one side; the window that one was last brought in line
	   with. */
	("ALTER TABLE mailbox ADD COLUMN missing_at INTEGER NOT NULL DEFAULT 0;"
	 "ALTER TABLE mailbox ADD COLUMN window INTEGER NOT NULL DEFAULT 0;"),
	/* A file that was moved here still has the keyword letters of its old mailbox. */
	("ALTER TABLE pending ADD COLUMN letters INTEGER NOT NULL DEFAULT 0;"
	 "ALTER TABLE pending ADD COLUMN meant INTEGER NOT NULL DEFAULT 0;"),
	/* Gmail: finds one message in many mailboxes by its X-GM-MSGID.  uid: of the message that a
	 * refused file was merged with. */
	("CREATE INDEX message_global ON message(global_id) WHERE global_id IS NOT NULL;"
	 "ALTER TABLE refused ADD COLUMN uid INTEGER NOT NULL DEFAULT 0;"
	 "CREATE TABLE budget(day INTEGER PRIMARY KEY, bytes_down INTEGER NOT NULL,"
	 " bytes_up INTEGER NOT NULL) STRICT;"
	 "ALTER TABLE mailbox ADD COLUMN object_id INTEGER NOT NULL DEFAULT 0;"),
	/* Labels that are to become notmuch's tags, when it knows the message. */
	("CREATE TABLE retag(mailbox_id INTEGER NOT NULL REFERENCES mailbox(id),"
	 " uid INTEGER NOT NULL, gains INTEGER NOT NULL, loses INTEGER NOT NULL,"
	 " own INTEGER NOT NULL, PRIMARY KEY(mailbox_id, uid)) STRICT, WITHOUT ROWID;"),
	/* What was being asked for when a connection broke (plan/isolate.h), before it is asked
	 * again; seen: hash of what the server said of the mailbox. */
	("CREATE TABLE suspect(mailbox_id INTEGER NOT NULL REFERENCES mailbox(id),"
	 " what INTEGER NOT NULL, lo INTEGER NOT NULL, hi INTEGER NOT NULL, name BLOB NOT NULL,"
	 " times INTEGER NOT NULL, at INTEGER NOT NULL, seen INTEGER NOT NULL,"
	 " reason TEXT NOT NULL, PRIMARY KEY(mailbox_id, what, lo, hi, name))"
	 " STRICT, WITHOUT ROWID;"),
	/* Uploads that were answered OK: how often one that the server does not show was sent, and
	   those under the UID that it told which nothing has confirmed. */
	("ALTER TABLE pending ADD COLUMN answered INTEGER NOT NULL DEFAULT 0;"
	 "CREATE TABLE sent(mailbox_id INTEGER NOT NULL REFERENCES mailbox(id),"
	 " uid INTEGER NOT NULL, times INTEGER NOT NULL, PRIMARY KEY(mailbox_id, uid))"
	 " STRICT, WITHOUT ROWID;"),
	/* How often nothing else had gone through on the connection; and it was judged, and is set
	   aside. */
	("ALTER TABLE suspect ADD COLUMN alone INTEGER NOT NULL DEFAULT 0;"
	 "ALTER TABLE suspect ADD COLUMN aside INTEGER NOT NULL DEFAULT 0;"),
	/* Mailboxes and directories that are out of step as a whole; what the server did not make. */
	("CREATE TABLE held_mailbox(name TEXT PRIMARY KEY, at INTEGER NOT NULL,"
	 " listed INTEGER NOT NULL, reason TEXT NOT NULL) STRICT, WITHOUT ROWID;"),
	/* Keywords that the server does not store in a mailbox. */
	("CREATE TABLE refused_keyword(mailbox_id INTEGER NOT NULL REFERENCES mailbox(id),"
	 " name TEXT NOT NULL, at INTEGER NOT NULL, reason TEXT NOT NULL,"
	 " PRIMARY KEY(mailbox_id, name)) STRICT, WITHOUT ROWID;"),
	/* Apparent limit on the messages that a mailbox shows (plan/sight.h). */
	("ALTER TABLE mailbox ADD COLUMN shows INTEGER NOT NULL DEFAULT 0;"),
	/* Labels that messages lost with a mailbox that they left: tags that may have to go. */
	("CREATE TABLE untag(global_id INTEGER NOT NULL, name TEXT NOT NULL,"
	 " PRIMARY KEY(global_id, name)) STRICT, WITHOUT ROWID;"),
	/* POP3: messages of the maildrop (plan/pull.h); names and identities are bytes. */
	("CREATE TABLE pulled(id INTEGER PRIMARY KEY, uidl BLOB NOT NULL, size INTEGER NOT NULL,"
	 " state INTEGER NOT NULL, header_hash BLOB, body_hash BLOB, base_name BLOB,"
	 " first_seen INTEGER NOT NULL, delivered_at INTEGER NOT NULL,"
	 " delivered_age INTEGER NOT NULL, deleted_at INTEGER NOT NULL,"
	 " listed_at INTEGER NOT NULL, sealed INTEGER NOT NULL, short INTEGER NOT NULL,"
	 " tries INTEGER NOT NULL, tried_at INTEGER NOT NULL, reason TEXT NOT NULL) STRICT;"),
	/* What identifies a file that an edit rewrote, and the directory where it was seen. */
	("ALTER TABLE pulled ADD COLUMN msgid_hash BLOB;"
	 "ALTER TABLE pulled ADD COLUMN dir_inode INTEGER NOT NULL DEFAULT 0;"),
	/* Flags that were changed here and that the server does not have: their bits; tries 0: it was not
	   asked, since it says that it does not take them. */
	("CREATE TABLE unstored(mailbox_id INTEGER NOT NULL REFERENCES mailbox(id),"
	 " uid INTEGER NOT NULL, waits INTEGER NOT NULL, flags INTEGER NOT NULL,"
	 " tries INTEGER NOT NULL, reason TEXT NOT NULL,"
	 " PRIMARY KEY(mailbox_id, uid, waits)) STRICT, WITHOUT ROWID;"),
	/* True if the announced message is copied on the server from another, which is to go
	 * then. */
	("ALTER TABLE pending ADD COLUMN copied INTEGER NOT NULL DEFAULT 0;"),
	/* Messages about to go to the server's trash, and the trash's cursors before that. */
	("CREATE TABLE trashing(mailbox_id INTEGER NOT NULL REFERENCES mailbox(id),"
	 " uid INTEGER NOT NULL, uidvalidity INTEGER NOT NULL, uidnext INTEGER NOT NULL,"
	 " PRIMARY KEY(mailbox_id, uid)) STRICT, WITHOUT ROWID;"),
};
static const struct store_schema mailbox_schema = { migrations,
	sizeof migrations / sizeof *migrations };

enum { FACT_NUMBER_MAX = 64 };

static const char *const sql[STATEMENTS] = {
	/* store/pull.c */
	[ST_PULLED] = "SELECT id, uidl, size, state, header_hash, body_hash, base_name, first_seen,"
		      " delivered_at, delivered_age, deleted_at, listed_at, sealed, short, tries,"
		      " tried_at, reason, msgid_hash, dir_inode FROM pulled ORDER BY id",
	[ST_PULLED_PUT] = "INSERT OR REPLACE INTO pulled"
			  " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[ST_PULLED_DROP] = "DELETE FROM pulled WHERE id = ?",
	[ST_PULLED_COUNT] = "SELECT count(*) FROM pulled WHERE base_name IS NOT NULL",
	/* store/outbox.c */
	[ST_MAILS] =
		"SELECT id, tries, doubts, next_at, later_at, aged_s, leaving, doubt_at, looks,"
		" sent_at, size, mtime, reason, left, left_tries, left_at, decided_at FROM mail",
	[ST_MAILS_DUE] = "UPDATE mail SET next_at = ?1 WHERE next_at > ?1",
	[ST_MAIL_PUT] = "INSERT OR REPLACE INTO mail VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
			" ?, ?, ?, ?)",
	[ST_MAIL_DROP] = "DELETE FROM mail WHERE id = ?",
	[ST_FATES] = "SELECT id, address, fate, answer FROM fate ORDER BY id",
	[ST_FATE_PUT] = "INSERT OR REPLACE INTO fate VALUES(?, ?, ?, ?)",
	[ST_FATES_DROP] = "DELETE FROM fate WHERE id = ?",
	[ST_LOG_PUT] = "INSERT INTO log VALUES(?, ?, ?, ?, ?, ?)",
	[ST_LOG_PURGE] = "DELETE FROM log WHERE at < ?",
	[ST_LOG] = "SELECT at, id, address, what, answer, subject FROM log ORDER BY rowid",
	[ST_LOG_COUNT] = "SELECT count(*) FROM log WHERE what = 'accepted' AND at > ?",
	/* the others */
	[ST_BEGIN] = "BEGIN IMMEDIATE",
	[ST_COMMIT] = "COMMIT",
	[ST_FACT] = "SELECT value FROM fact WHERE name = ?",
	[ST_SET_FACT] = "INSERT INTO fact VALUES(?, ?)"
			" ON CONFLICT(name) DO UPDATE SET value = excluded.value",
	[ST_MAILBOXES] =
		"SELECT id, remote_name, delimiter, local_dir, special_use, uidvalidity,"
		" uidnext, highestmodseq, messages, inode, full_at, cur_inode,"
		" cur_mtime, cur_ctime, new_inode, new_mtime, new_ctime,"
		" (SELECT count(*) FROM pending WHERE mailbox_id = id)"
		" + (SELECT count(*) FROM sent WHERE mailbox_id = id),"
		" (SELECT count(*) FROM held_deletion WHERE mailbox_id = id AND side = 0),"
		" (SELECT count(*) FROM held_deletion WHERE mailbox_id = id AND side = 1),"
		" (SELECT count(*) FROM deleted WHERE mailbox_id = id AND at > ?),"
		" missing_at, window, object_id,"
		" (SELECT count(*) FROM suspect WHERE mailbox_id = id),"
		" (SELECT count(*) FROM held JOIN message USING (mailbox_id, uid)"
		" WHERE held.mailbox_id = mailbox.id AND state = 1),"
		" (SELECT count(*) FROM refused WHERE mailbox_id = id AND uid = 0"
		" AND at < 4611686018427387903),"
		" (SELECT count(*) FROM refused WHERE mailbox_id = id AND at = ?),"
		" (SELECT count(*) FROM deleted WHERE mailbox_id = id AND at > ?),"
		" (SELECT min(at) FROM refused WHERE mailbox_id = id AND uid = 0),"
		" (SELECT count(*) FROM refused_keyword WHERE mailbox_id = id),"
		" (SELECT min(at) FROM refused_keyword WHERE mailbox_id = id), shows,"
		" CASE WHEN shows > 0 THEN (SELECT count(*) FROM message WHERE mailbox_id = id"
		" AND state = 4) ELSE 0 END,"
		" (SELECT count(DISTINCT uid) FROM unstored JOIN message USING (mailbox_id, uid)"
		" WHERE unstored.mailbox_id = mailbox.id AND base_name IS NOT NULL),"
		" (SELECT count(*) FROM unstored WHERE mailbox_id = id AND tries < ?),"
		" (SELECT count(*) FROM held WHERE mailbox_id = id AND uid = 0)"
		" FROM mailbox"
		" ORDER BY remote_name",
	[ST_MAILBOX_ADD] = "INSERT INTO mailbox(remote_name, delimiter, local_dir, special_use,"
			   " uidvalidity, uidnext, highestmodseq, messages, inode, full_at,"
			   " cur_inode, cur_mtime, cur_ctime, new_inode, new_mtime, new_ctime,"
			   " window, object_id, shows)"
			   " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[ST_MAILBOX_UPDATE] =
		"UPDATE mailbox SET delimiter = ?, special_use = ?, uidvalidity = ?,"
		" uidnext = ?, highestmodseq = ?, messages = ?, inode = ?, full_at = ?,"
		" cur_inode = ?, cur_mtime = ?, cur_ctime = ?, new_inode = ?, new_mtime = ?,"
		" new_ctime = ?, window = ?, object_id = ?, shows = ? WHERE id = ?",
	[ST_MAILBOX_GIVE_WAY] = "UPDATE mailbox SET remote_name = CAST(char(1) || id AS BLOB),"
				" local_dir = char(1) || id"
				" WHERE (remote_name = ?1 OR local_dir = ?2) AND id <> ?3",
	[ST_MAILBOX_RENAME] = "UPDATE mailbox SET remote_name = ?, local_dir = ? WHERE id = ?",
	[ST_MAILBOX_MISSING] = "UPDATE mailbox SET missing_at = ? WHERE id = ?",
	[ST_MAILBOX_DOUBT] = "UPDATE mailbox SET window = 0 WHERE id = ?",
	[ST_KEYWORDS] = "SELECT idx, name FROM keyword WHERE mailbox_id = ?",
	[ST_KEYWORDS_FROM] = "SELECT mailbox_id, remote_name, idx, name FROM keyword"
			     " JOIN mailbox ON mailbox.id = mailbox_id WHERE idx >= ?"
			     " ORDER BY mailbox_id, idx",
	[ST_COUNT_FLAGGED] = "SELECT count(*) FROM message WHERE mailbox_id = ? AND flags & ?"
			     " AND base_name IS NOT NULL",
	[ST_KEYWORD_PUT] = "INSERT OR REPLACE INTO keyword VALUES(?, ?, ?)",
	[ST_MESSAGES_BY_UID] = "SELECT uid, state, base_name, flags, size, internal_date,"
			       " header_hash, body_hash, msgid_hash, copied, global_id FROM message"
			       " WHERE mailbox_id = ? ORDER BY uid",
	[ST_MESSAGES_BY_NAME] =
		"SELECT uid, state, base_name, flags, size, internal_date,"
		" header_hash, body_hash, msgid_hash, copied, global_id FROM message"
		" WHERE mailbox_id = ? AND base_name IS NOT NULL ORDER BY base_name",
	[ST_MESSAGE_ADD] =
		"INSERT OR REPLACE INTO message(mailbox_id, uid, state, base_name, flags,"
		" size, internal_date, header_hash, body_hash, msgid_hash, copied, global_id)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, coalesce(?12,"
		" (SELECT global_id FROM message WHERE mailbox_id = ?1 AND uid = ?2)))",
	[ST_MESSAGE_FLAGS] = "UPDATE message SET flags = ? WHERE mailbox_id = ? AND uid = ?",
	[ST_MESSAGE_FLAG_BITS] = "UPDATE message SET flags = (flags & ~?1) | (?2 & ?1)"
				 " WHERE mailbox_id = ?3 AND uid = ?4",
	[ST_MESSAGE_DROP] = "DELETE FROM message WHERE mailbox_id = ? AND uid = ?",
	[ST_MESSAGE_LEAVE] = "UPDATE message SET state = ?, base_name = NULL"
			     " WHERE mailbox_id = ? AND uid = ?",
	[ST_MESSAGE_STATE] = "UPDATE message SET state = ? WHERE mailbox_id = ? AND uid = ?",
	[ST_MESSAGE_ONE] = "SELECT uid, state, base_name, flags, size, internal_date,"
			   " header_hash, body_hash, msgid_hash, copied, global_id FROM message"
			   " WHERE mailbox_id = ? AND uid = ?",
	[ST_HAS_COPY] = "SELECT 1 FROM message WHERE copied = 1 AND header_hash = ?"
			" AND body_hash = ? AND mailbox_id <> ? AND base_name IS NOT NULL",
	[ST_ALL_MESSAGES] = "SELECT uid, state, base_name, flags, size, internal_date,"
			    " header_hash, body_hash, msgid_hash, copied, global_id, mailbox_id"
			    " FROM message WHERE base_name IS NOT NULL",
	[ST_SIBLINGS] = "SELECT uid, state, base_name, flags, size, internal_date,"
			" header_hash, body_hash, msgid_hash, copied, global_id, mailbox_id"
			" FROM message WHERE global_id = ?",
	[ST_MESSAGE_GLOBAL] = "UPDATE message SET global_id = ? WHERE mailbox_id = ? AND uid = ?",
	[ST_MAILBOX_DIR] = "SELECT local_dir FROM mailbox WHERE id = ?",
	[ST_REKEY_ADD] = "INSERT INTO temp.rekey VALUES(?, ?)",
	[ST_HOLD] = "INSERT OR REPLACE INTO held VALUES(?, ?, ?, ?)",
	[ST_UNHOLD] = "DELETE FROM held WHERE mailbox_id = ? AND uid = ?",
	[ST_UNHOLD_PASSING] =
		"DELETE FROM held WHERE mailbox_id = ? AND uid = ? AND base_name IS NULL",
	[ST_HELD] =
		"SELECT remote_name, uid, base_name, reason FROM held"
		" JOIN mailbox ON mailbox.id = mailbox_id UNION ALL"
		" SELECT remote_name, 0, base_name, reason FROM refused"
		" JOIN mailbox ON mailbox.id = mailbox_id UNION ALL"
		" SELECT remote_name, 0, x'', count(*) || CASE side"
		" WHEN 0 THEN ' messages are gone on the server and kept here: `sync"
		" --accept-deletions` deletes them here too, `sync --restore-deletions` uploads"
		" them again' ELSE ' messages are gone here and kept on the server: `sync"
		" --accept-deletions` deletes them there too, `sync --restore-deletions` fetches"
		" them again' END FROM held_deletion JOIN mailbox ON mailbox.id = mailbox_id"
		" GROUP BY mailbox_id, side UNION ALL"
		" SELECT name, 0, x'', reason FROM held_mailbox UNION ALL"
		" SELECT remote_name, 0, x'', count(*) || ' messages here are not shown on the"
		" server, which shows the newest ' || shows || ' messages only, as it seems; if"
		" they were deleted there: `sync --accept-deletions ACCOUNT:' || remote_name ||"
		" '`' FROM mailbox JOIN message ON mailbox.id = mailbox_id"
		" WHERE shows > 0 AND message.state = 4 GROUP BY mailbox_id UNION ALL"
		" SELECT remote_name, 0, x'', 'the server does not store the keyword ' || name ||"
		" ': ' || reason FROM refused_keyword"
		" JOIN mailbox ON mailbox.id = mailbox_id UNION ALL"
		" SELECT remote_name, uid, x'', 'its flags were changed here: ' || reason"
		" FROM unstored JOIN message USING (mailbox_id, uid)"
		" JOIN mailbox ON mailbox.id = mailbox_id WHERE base_name IS NOT NULL UNION ALL"
		" SELECT remote_name, 0, x'', reason FROM suspect"
		" JOIN mailbox ON mailbox.id = mailbox_id WHERE aside = 1 UNION ALL"
		" SELECT (SELECT remote_name FROM mailbox LIMIT 1), 0, x'', reason FROM pulled"
		" WHERE reason <> ''"
		" ORDER BY 1, 2, 3",
	[ST_HELD_MAILBOXES] = "SELECT name, at, listed, reason FROM held_mailbox ORDER BY name",
	[ST_HELD_MAILBOX_PUT] = "INSERT OR REPLACE INTO held_mailbox VALUES(?, ?, ?, ?)",
	[ST_KEYWORD_REFUSE] = "INSERT OR REPLACE INTO refused_keyword VALUES(?, ?, ?, ?)",
	[ST_KEYWORD_TAKEN] = "DELETE FROM refused_keyword WHERE mailbox_id = ? AND name = ?",
	[ST_KEYWORDS_REFUSED] = "SELECT name, at FROM refused_keyword WHERE mailbox_id = ?",
	[ST_UNSTORED_PUT] = "INSERT OR REPLACE INTO unstored VALUES(?, ?, ?, ?, ?, ?)",
	[ST_UNSTORED_DROP] =
		"DELETE FROM unstored WHERE mailbox_id = ?1 AND uid = ?2 AND (waits = ?3 OR ?3 > 1)",
	[ST_UNSTORED] = "SELECT uid, waits, flags, tries FROM unstored WHERE mailbox_id = ?"
			" ORDER BY uid, waits",
	[ST_TRASHING_PUT] = "INSERT OR REPLACE INTO trashing VALUES(?, ?, ?, ?)",
	[ST_TRASHING_DROP] = "DELETE FROM trashing WHERE mailbox_id = ? AND uid = ?",
	[ST_TRASHING] = "SELECT uid, uidvalidity, uidnext FROM trashing WHERE mailbox_id = ?"
			" ORDER BY uid",
	[ST_HOLD_DELETION] = "INSERT OR REPLACE INTO held_deletion VALUES(?, ?, ?)",
	[ST_UNHOLD_DELETION] = "DELETE FROM held_deletion WHERE mailbox_id = ? AND uid = ?",
	[ST_HELD_DELETIONS] =
		"SELECT uid, side FROM held_deletion WHERE mailbox_id = ? ORDER BY uid",
	[ST_DAY] = "SELECT bytes_down, bytes_up FROM budget WHERE day = ?",
	[ST_DAY_ADD] = "INSERT INTO budget VALUES(?1, ?2, ?3) ON CONFLICT(day) DO UPDATE SET"
		       " bytes_down = bytes_down + ?2, bytes_up = bytes_up + ?3",
	[ST_RETAG] = "INSERT INTO retag VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET"
		     " gains = (gains | ?3) & ~?4, loses = (loses | ?4) & ~?3, own = own | ?5",
	[ST_RETAGGED] = "DELETE FROM retag WHERE mailbox_id = ? AND uid = ?",
	[ST_RETAGS] = "SELECT mailbox_id, uid, gains, loses, own FROM retag"
		      " ORDER BY mailbox_id, uid",
	[ST_UNTAG] = "INSERT OR IGNORE INTO untag VALUES(?, ?)",
	[ST_UNTAGGED] = "DELETE FROM untag WHERE global_id = ? AND name = ?",
	[ST_UNTAGS] = "SELECT global_id, name FROM untag",
	[ST_DAY_PURGE] = "DELETE FROM budget WHERE day < ? - 7",
	[ST_DELETED_ADD] = "INSERT INTO deleted VALUES(?, ?)",
	[ST_DELETED_PURGE] = "DELETE FROM deleted WHERE at <= ?",
	[ST_SUSPECT] = "INSERT INTO suspect VALUES(?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8, ?9, 0)"
		       " ON CONFLICT DO UPDATE SET at = ?6, reason = ?8, seen = ?7,"
		       " times = CASE WHEN seen = ?7 THEN times + ?9 ELSE 1 END,"
		       " alone = CASE WHEN seen = ?7 THEN alone + ?9 ELSE ?9 END,"
		       " aside = CASE WHEN seen = ?7 THEN aside ELSE 0 END",
	[ST_CONVICT] = "UPDATE suspect SET aside = 1, at = ?3 WHERE mailbox_id = ?1 AND what = ?2",
	[ST_ACQUIT] = "DELETE FROM suspect WHERE mailbox_id = ? AND what = ?",
	[ST_SUSPECTS] =
		"SELECT what, lo, hi, name, times, at, seen, reason, alone, aside FROM suspect"
		" WHERE mailbox_id = ? ORDER BY what, lo, hi",
	[ST_PENDING_PUT] = "INSERT OR REPLACE INTO pending"
			   " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[ST_PENDING_ANSWERED] = "UPDATE pending SET answered = answered + 1"
				" WHERE mailbox_id = ? AND base_name = ?",
	[ST_SENT_PUT] = "INSERT OR REPLACE INTO sent VALUES(?, ?, ?)",
	[ST_SENT_DROP] = "DELETE FROM sent WHERE mailbox_id = ? AND uid = ?",
	[ST_SENT] = "SELECT uid FROM sent WHERE mailbox_id = ? ORDER BY uid",
	[ST_SENT_BACK] = "INSERT OR REPLACE INTO pending SELECT m.mailbox_id, base_name, ?3, ?4,"
			 " flags, size, internal_date, header_hash, body_hash, msgid_hash, 0, 0,"
			 " times, m.copied FROM message AS m JOIN sent USING (mailbox_id, uid)"
			 " WHERE mailbox_id = ?1 AND uid = ?2 AND base_name IS NOT NULL",
	[ST_PENDING_DROP] = "DELETE FROM pending WHERE mailbox_id = ? AND base_name = ?",
	[ST_PENDING] = "SELECT base_name, uidvalidity, uidnext, flags, size, internal_date,"
		       " header_hash, body_hash, msgid_hash, letters, meant, answered, copied"
		       " FROM pending WHERE mailbox_id = ?"
		       " ORDER BY base_name",
	[ST_REFUSE] = "INSERT OR REPLACE INTO refused VALUES(?, ?, ?, ?, ?)",
	[ST_REFUSE_ALL] = "INSERT OR REPLACE INTO refused SELECT mailbox_id, base_name, ?2, ?3, 0"
			  " FROM message WHERE mailbox_id = ?1 AND base_name IS NOT NULL",
	[ST_UNREFUSE] = "DELETE FROM refused WHERE mailbox_id = ? AND base_name = ?",
	[ST_REFUSED] = "SELECT base_name, at, uid FROM refused WHERE mailbox_id = ?",
	[ST_COUNT_OUTSIDE] = "SELECT count(*) FROM message WHERE mailbox_id = ? AND state = 3",
	[ST_COUNT] = "SELECT count(*) FROM message WHERE mailbox_id = ? AND base_name IS NOT NULL",
};

enum gw_code store_failed(struct gw_store *store, int rc, struct gw_error *err)
{
	int primary = rc & 0xff;
	enum gw_code code = primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB ? GW_ERR_CORRUPT
			    : primary == SQLITE_FULL || primary == SQLITE_IOERR ||
					    primary == SQLITE_CANTOPEN || primary == SQLITE_READONLY
				    ? GW_ERR_DISK
			    : primary == SQLITE_NOMEM ? GW_ERR_NOMEM
						      : GW_ERR_STATE;

	if (code == GW_ERR_DISK && store->db != NULL && sqlite3_system_errno(store->db) != 0)
		return gw_fail_sys(err, code, sqlite3_system_errno(store->db), "state %s: %s",
			store->path, sqlite3_errmsg(store->db));
	return gw_fail(err, code, "state %s: %s", store->path,
		store->db == NULL ? sqlite3_errstr(rc) : sqlite3_errmsg(store->db));
}

enum gw_code store_damaged(struct gw_store *store, const char *table, struct gw_error *err)
{
	return gw_fail(err, GW_ERR_CORRUPT, "state %s: a row of the table %s is damaged",
		store->path, table);
}

const char *store_column_text(sqlite3_stmt *st, int column)
{
	const unsigned char *text = sqlite3_column_text(st, column);

	return text != NULL ? (const char *)text : "";
}

bool store_column_uid(sqlite3_stmt *st, int column, uint32_t *out)
{
	sqlite3_int64 n = sqlite3_column_int64(st, column);

	*out = (uint32_t)n;
	return n > 0 && n <= UINT32_MAX;
}

sqlite3_stmt *store_statement(struct gw_store *store, enum statement which, struct gw_error *err)
{
	sqlite3_stmt **st = &store->prepared[which];
	int rc;

	if (*st == NULL) {
		rc = sqlite3_prepare_v3(
			store->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
		if (rc != SQLITE_OK) {
			store_failed(store, rc, err);
			return NULL;
		}
	}
	sqlite3_reset(*st);
	sqlite3_clear_bindings(*st);
	return *st;
}

enum gw_code store_run(struct gw_store *store, sqlite3_stmt *st, struct gw_error *err)
{
	int rc = sqlite3_step(st);

	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		store_failed(store, rc, err);
	sqlite3_reset(st);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? GW_OK
	       : err != NULL                         ? err->code
						     : GW_ERR_STATE;
}

enum gw_code store_run_for(struct gw_store *store, enum statement which, int64_t mailbox,
	int64_t number, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, which, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_int64(st, 1, mailbox);
	sqlite3_bind_int64(st, 2, number);
	return store_run(store, st, err);
}

enum gw_code store_end_rows(
	struct gw_store *store, sqlite3_stmt *st, int rc, enum gw_code code, struct gw_error *err)
{
	if (code == GW_OK && rc != SQLITE_DONE)
		code = store_failed(store, rc, err);
	sqlite3_reset(st);
	return code;
}

enum gw_code store_exec(struct gw_store *store, const char *text, struct gw_error *err)
{
	int rc = sqlite3_exec(store->db, text, NULL, NULL, NULL);

	return rc == SQLITE_OK ? GW_OK : store_failed(store, rc, err);
}

static enum gw_code read_version(struct gw_store *store, int *version, struct gw_error *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(store->db, "PRAGMA user_version", -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*version = sqlite3_column_int(st, 0);
	else
		store_failed(store, rc, err);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? GW_OK : err->code;
}

enum schema { SCHEMA_PRESENT, SCHEMA_NONE, SCHEMA_OLD };

/* Migrates the file.  Reading: accepts it as it is.  Writing: brings it to the current version. */
static enum gw_code migrate(struct gw_store *store, const struct store_schema *schema,
	enum gw_store_mode mode, enum schema *found, struct gw_error *err)
{
	int version = 0;
	enum gw_code code = read_version(store, &version, err);
	char text[48];

	if (code != GW_OK)
		return code;
	if (version > schema->count)
		return gw_fail(err, GW_ERR_STATE,
			"state %s was written by a newer godwit (version %d, this one knows %d); "
			"use that one",
			store->path, version, schema->count);
	if (mode == GW_STORE_READ) {
		*found = version == 0               ? SCHEMA_NONE
			 : version == schema->count ? SCHEMA_PRESENT
						    : SCHEMA_OLD;
		return GW_OK;
	}
	if (version == schema->count)
		return GW_OK;
	code = gw_store_begin(store, err);
	if (code == GW_OK) /* another process may have been faster */
		code = read_version(store, &version, err);
	for (int i = version; i < schema->count && code == GW_OK; i++)
		code = store_exec(store, schema->steps[i], err);
	snprintf(text, sizeof text, "PRAGMA user_version = %d", schema->count);
	if (code == GW_OK)
		code = store_exec(store, text, err);
	if (code == GW_OK)
		code = gw_store_commit(store, err);
	else
		gw_store_rollback(store);
	return code;
}

/* "file:PATH?..." with what means something in a URI escaped. */
static char *make_uri(const char *path, const char *query)
{
	struct gw_buf uri;
	enum gw_code code;

	gw_buf_init(&uri, 65536);
	code = gw_buf_puts(&uri, "file:");
	for (const char *p = path; *p != '\0' && code == GW_OK; p++)
		code = *p == '%' || *p == '?' || *p == '#'
			       ? gw_buf_printf(&uri, "%%%02x", (unsigned char)*p)
			       : gw_buf_append(&uri, p, 1);
	if (code == GW_OK)
		code = gw_buf_puts(&uri, query);
	if (code != GW_OK)
		gw_buf_deinit(&uri);
	return uri.p;
}

/* True if a write-ahead log with content lies beside the file: a run is under way or was killed. */
static bool has_log(const char *path)
{
	struct stat st;
	char *log = NULL;
	bool found = asprintf(&log, "%s-wal", path) >= 0 && stat(log, &st) == 0 && st.st_size > 0;

	free(log);
	return found;
}

static enum gw_code open_db(struct gw_store *store, enum gw_store_mode mode, struct gw_error *err)
{
	const char *query = "";
	int flags = SQLITE_OPEN_URI | SQLITE_OPEN_READWRITE, fd, rc;
	char *uri;

	if (mode == GW_STORE_READ && !has_log(store->path)) {
		flags = SQLITE_OPEN_URI | SQLITE_OPEN_READONLY;
		query = "?immutable=1"; /* leaves no side files */
	} else if (mode == GW_STORE_READ) {
		; /* a log has to be taken up first, and that writes */
	} else {
		fd = open(store->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return gw_fail_sys(
				err, GW_ERR_DISK, errno, "cannot open state %s", store->path);
		close(fd);
	}
	uri = make_uri(store->path, query);
	if (uri == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	rc = sqlite3_open_v2(uri, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
	free(uri);
	if (rc != SQLITE_OK)
		return store_failed(store, rc, err);
	sqlite3_busy_timeout(store->db, 5000);
	sqlite3_extended_result_codes(store->db, 1);
	if (mode == GW_STORE_WRITE)
		return store_exec(store,
			"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
			"PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY;"
			"PRAGMA journal_size_limit = 4194304; PRAGMA cache_size = -4096",
			err);
	return GW_OK;
}

enum gw_code store_open(const struct store_schema *schema, const char *path,
	enum gw_store_mode mode, struct gw_store **out, struct gw_error *err)
{
	struct gw_store *store;
	enum schema found = SCHEMA_PRESENT;
	enum gw_code code;

	*out = NULL;
	if (mode == GW_STORE_READ && access(path, F_OK) != 0 && errno == ENOENT)
		return GW_OK;
	store = calloc(1, sizeof *store);
	if (store == NULL || (store->path = strdup(path)) == NULL) {
		free(store);
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	code = open_db(store, mode, err);
	if (code == GW_OK)
		code = migrate(store, schema, mode, &found, err);
	if (code != GW_OK || found != SCHEMA_PRESENT) { /* NONE: killed while it was being made */
		gw_store_close(store);
		return code == GW_OK && found == SCHEMA_OLD
			       ? store_open(schema, path, GW_STORE_WRITE, out, err)
			       : code;
	}
	*out = store;
	return GW_OK;
}

enum gw_code gw_store_open(
	const char *path, enum gw_store_mode mode, struct gw_store **out, struct gw_error *err)
{
	return store_open(&mailbox_schema, path, mode, out, err);
}

void gw_store_close(struct gw_store *store)
{
	if (store == NULL)
		return;
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(store->prepared[i]);
	sqlite3_close(store->db);
	free(store->path);
	free(store);
}

enum gw_code gw_store_set_aside(
	const char *path, char *aside, size_t aside_size, struct gw_error *err)
{
	static const char *const suffixes[] = { "-wal", "-shm" };
	char *from = NULL, *to = NULL;

	snprintf(aside, aside_size, "%s.corrupt-%lld", path, (long long)time(NULL));
	if (rename(path, aside) != 0)
		return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot set %s aside", path);
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		if (asprintf(&from, "%s%s", path, suffixes[i]) >= 0 &&
			asprintf(&to, "%s%s", aside, suffixes[i]) >= 0)
			rename(from, to); /* often missing */
		free(from);
		free(to);
		from = to = NULL;
	}
	return GW_OK;
}

enum gw_code gw_store_begin(struct gw_store *store, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_BEGIN, err);

	return st == NULL ? err->code : store_run(store, st, err);
}

enum gw_code gw_store_commit(struct gw_store *store, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_COMMIT, err);

	return st == NULL ? err->code : store_run(store, st, err);
}

void gw_store_rollback(struct gw_store *store)
{
	sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

enum gw_code gw_store_fact(
	struct gw_store *store, const char *name, struct gw_buf *out, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_FACT, err);
	enum gw_code code = GW_OK;
	int rc;

	if (st == NULL)
		return err->code;
	sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		code = gw_buf_append(
			out, sqlite3_column_text(st, 0), (size_t)sqlite3_column_bytes(st, 0));
	else if (rc != SQLITE_DONE)
		code = store_failed(store, rc, err);
	sqlite3_reset(st);
	return code;
}

enum gw_code gw_store_fact_number(
	struct gw_store *store, const char *name, int64_t *out, struct gw_error *err)
{
	struct gw_buf text;
	uint64_t n = 0;
	enum gw_code code;

	gw_buf_init(&text, FACT_NUMBER_MAX);
	code = gw_store_fact(store, name, &text, err);
	if (code == GW_OK && text.n > 0)
		gw_read_u64(gw_slice_str(gw_buf_cstr(&text)), INT64_MAX, &n);
	gw_buf_deinit(&text);
	*out = (int64_t)n;
	return code;
}

enum gw_code gw_store_set_fact(
	struct gw_store *store, const char *name, const char *value, struct gw_error *err)
{
	sqlite3_stmt *st = store_statement(store, ST_SET_FACT, err);

	if (st == NULL)
		return err->code;
	sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, value, -1, SQLITE_STATIC);
	return store_run(store, st, err);
}
