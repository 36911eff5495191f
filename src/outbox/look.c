/* SPDX-License-Identifier: ISC */
/* outbox/look.c - the outbox for people: lists, the log, changes that a user asks for.  See
 * godwit/outbox.h. */
#include "godwit/outbox.h"
#include "outbox/load.h"
#include "outbox/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH = 4096 };

const char *gw_mail_state_name(enum gw_mail_state state)
{
	static const char *const names[] = { "queued", "waiting", "sending", "in-doubt", "held",
		"refused", "sent", "broken" };

	return names[state];
}

static enum gw_code read_all(const struct gw_account *account, struct gw_queue **queue,
	struct gw_loaded *out, struct gw_error *err)
{
	struct gw_store *store = NULL;
	char path[PATH];
	enum gw_code code;

	*out = (struct gw_loaded){ 0 };
	gw_memory_path(account, ".outbox", path, sizeof path);
	code = gw_queue_open_existing(path, queue, err);
	if (code != GW_OK || *queue == NULL)
		return code;
	gw_memory_path(account, ".outbox.db", path, sizeof path);
	code = gw_outbox_db_open(path, GW_STORE_READ, &store, err);
	if (code == GW_OK)
		code = gw_outbox_load(*queue, store, (int64_t)time(NULL), out, err);
	gw_store_close(store);
	return code;
}

static const char *place_name(enum gw_queue_place place)
{
	return place == GW_QUEUE_NEW ? "new" : place == GW_QUEUE_SENT ? "sent" : "cur";
}

static enum gw_code tell_mail(const struct gw_account *account, const struct gw_queued *q,
	enum gw_mail_state state, void (*mail)(void *ctx, const struct gw_mail *m), void *ctx)
{
	struct gw_mail_recipient *to = calloc(q->item.to_count + 1, sizeof *to);
	char path[2 * PATH];

	if (to == NULL)
		return GW_ERR_NOMEM;
	for (size_t i = 0; i < q->item.to_count; i++)
		to[i] = (struct gw_mail_recipient){ q->item.to[i].address, q->item.to[i].fate,
			q->item.to[i].answer != NULL ? q->item.to[i].answer : "" };
	snprintf(path, sizeof path, "%s/%s.outbox/%s/%s", account->state_dir, account->name,
		place_name(q->file.place), q->file.name);
	mail(ctx, &(struct gw_mail){ .id = q->item.id,
			  .state = state,
			  .sender = q->sender != NULL ? q->sender : "",
			  .subject = q->subject != NULL ? q->subject : "",
			  .file = path,
			  .reason = q->reason != NULL ? q->reason : "",
			  .queued_at = q->item.queued_at,
			  .next_at = state == GW_MAIL_WAITING ? q->item.next_at : 0,
			  .size = (uint64_t)q->file.size,
			  .tries = q->item.tries,
			  .recipients = to,
			  .recipient_count = q->item.to_count });
	free(to);
	return GW_OK;
}

enum gw_code gw_outbox_list(const struct gw_account *account,
	void (*mail)(void *ctx, const struct gw_mail *m),
	void (*summary)(void *ctx, const struct gw_outbox_summary *s), void *ctx,
	struct gw_error *err)
{
	struct gw_outbox_summary s = { .pause_reason = "", .sign_in = "" };
	struct gw_queue *queue = NULL;
	struct gw_loaded box;
	int64_t now = (int64_t)time(NULL);
	enum gw_code code = read_all(account, &queue, &box, err);

	for (size_t i = 0; i < box.count && code == GW_OK; i++) {
		const struct gw_queued *q = box.list[i];
		enum gw_mail_state state = gw_item_state(&q->item);

		s.by_state[state]++;
		s.count += state != GW_MAIL_SENT;
		s.unfiled += q->item.left_tries > 0;
		if (state == GW_MAIL_WAITING && (s.next_at == 0 || q->item.next_at < s.next_at))
			s.next_at = q->item.next_at;
		if (mail != NULL && state != GW_MAIL_SENT)
			code = tell_mail(account, q, state, mail, ctx);
	}
	if (code == GW_OK && summary != NULL) {
		s.pause_until = box.pause_until > now ? box.pause_until : 0;
		s.pause_reason =
			s.pause_until > 0 && box.pause_reason != NULL ? box.pause_reason : "";
		s.sign_in = box.sign_in != NULL ? box.sign_in : "";
		summary(ctx, &s);
	}
	gw_loaded_deinit(&box);
	gw_queue_close(queue);
	return code;
}

bool gw_outbox_exists(const struct gw_account *account)
{
	char path[PATH];

	gw_memory_path(account, ".outbox", path, sizeof path);
	return access(path, F_OK) == 0;
}

int64_t gw_outbox_stamp(const struct gw_account *account)
{
	static const char *const files[] = { ".outbox/cur", ".outbox/new", ".outbox.db",
		".outbox.db-wal" };
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char path[PATH];
		struct stat st;

		gw_memory_path(account, files[i], path, sizeof path);
		sum *= 1000003;
		if (stat(path, &st) == 0)
			sum += (uint64_t)st.st_mtim.tv_sec * 1000000000 +
			       (uint64_t)st.st_mtim.tv_nsec + (uint64_t)st.st_size;
	}
	return sum == 0 ? 0 : (int64_t)(sum >> 2) + 1;
}

struct log_reader {
	void (*line)(void *ctx, const struct gw_outbox_log_line *l);
	void *ctx;
};

static enum gw_code on_row(void *ctx, const struct gw_log_row *row)
{
	struct log_reader *r = ctx;

	r->line(r->ctx, &(struct gw_outbox_log_line){ .at = row->at,
				.id = row->id,
				.address = row->address,
				.what = row->what,
				.answer = row->answer,
				.subject = row->subject });
	return GW_OK;
}

enum gw_code gw_outbox_log(const struct gw_account *account,
	void (*line)(void *ctx, const struct gw_outbox_log_line *l), void *ctx,
	struct gw_error *err)
{
	struct log_reader r = { line, ctx };
	struct gw_store *store;
	char path[PATH];
	enum gw_code code;

	gw_memory_path(account, ".outbox.db", path, sizeof path);
	code = gw_outbox_db_open(path, GW_STORE_READ, &store, err);
	if (code == GW_OK && store != NULL)
		code = gw_outbox_db_log(store, on_row, &r, err);
	gw_store_close(store);
	return code;
}

static enum gw_code change_file(struct gw_queue *queue, const struct gw_queued *q,
	enum gw_outbox_change change, struct gw_error *err)
{
	if (change != GW_OUTBOX_DROP)
		return gw_queue_move(queue, &q->file, GW_QUEUE_CUR, change == GW_OUTBOX_HOLD, err);
	if (q->item.left & GW_LEFT_COPY)
		return gw_queue_move(queue, &q->file, GW_QUEUE_SENT, false, err); /* to be filed */
	return gw_queue_remove(queue, &q->file, err);
}

enum gw_code gw_outbox_change(const struct gw_account *account, const char *id,
	enum gw_outbox_change change, struct gw_error *err)
{
	struct gw_queue *queue = NULL;
	struct gw_loaded box;
	const struct gw_queued *q = NULL;
	enum gw_code code = read_all(account, &queue, &box, err);

	for (size_t i = 0; i < box.count && code == GW_OK; i++) {
		const struct gw_queued *m = box.list[i];

		if ((strcmp(m->item.id, id) == 0 && !(m->item.broken && q != NULL)) ||
			(m->item.broken && strcmp(m->file.name, id) == 0))
			q = m;
	}
	if (code == GW_OK && (q == NULL || q->item.sent_at != 0))
		code = gw_fail(err, GW_ERR_CONFIG,
			q == NULL ? "there is no mail \"%s\" in the outbox"
				  : "the mail \"%s\" has been sent",
			id);
	else if (code == GW_OK)
		code = change_file(queue, q, change, err);
	if (code == GW_OK)
		code = gw_queue_flush(queue, err);
	gw_loaded_deinit(&box);
	gw_queue_close(queue);
	return code;
}
