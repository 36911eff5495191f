/* SPDX-License-Identifier: ISC */
/* watch/posts.c - see posts.h.
 *
 *   VACANT --gw_posts_arrange()--> CONNECTING --signed in--> WAITING
 *   CONNECTING, WAITING --lost--> VACANT (for a while, longer each time)
 *
 * I1  a post is freed outside of its session's callbacks: in arrange(), drop() and free().
 */
#include "watch/posts.h"

#include "net/delay.h"
#include "watch/listen.h"

#include <stdlib.h>

enum { STOOD_MS = 60 * 1000 };
enum { RENEW_MS = 9 * 60 * 1000, AGAIN_MS = 60 * 1000, AGAIN_MAX_MS = 3600 * 1000 };

enum state { VACANT, CONNECTING, WAITING };

struct post {
	struct gw_posts *posts;
	enum state state;
	struct gw_session *session; /* owned */
	struct gw_listen listen;    /* its mailbox is the post's */
	struct gw_delay *renew;     /* owned */
	uint64_t not_before;        /* uv_now() */
	unsigned failures;
	uint64_t stands_ms; /* uv_now(): since then; 0: it does not */
	bool wanted;
};

struct gw_posts {
	uv_loop_t *loop;
	const struct gw_account *account;
	const struct gw_log *log;
	struct gw_warm *warm;
	void (*changed)(void *ctx);
	void *ctx;
	struct post **list; /* owned, as each of them */
	size_t count, cap;
	size_t all; /* mailboxes of `watch` beside the main one */
};

struct gw_posts *gw_posts_new(uv_loop_t *loop, const struct gw_account *account,
	const struct gw_log *log, struct gw_warm *warm, void (*changed)(void *ctx), void *ctx)
{
	struct gw_posts *p = calloc(1, sizeof *p);

	if (p != NULL)
		*p = (struct gw_posts){ .loop = loop,
			.account = account,
			.log = log,
			.warm = warm,
			.changed = changed,
			.ctx = ctx };
	return p;
}

static void vacate(struct post *post)
{
	gw_delay_cancel(&post->renew);
	gw_listen_stop(&post->listen);
	gw_session_close(&post->session);
	post->state = VACANT;
}

static void free_post(struct post *post)
{
	vacate(post);
	free(post->listen.mailbox);
	free(post);
}

void gw_posts_free(struct gw_posts *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->count; i++)
		free_post(p->list[i]);
	free(p->list);
	free(p);
}

/* --- one post -------------------------------------------------------------------------------- */

static void on_renew(void *ctx)
{
	struct post *post = ctx;

	post->renew = NULL;
	gw_listen_renew(&post->listen);
	gw_delay_start(post->posts->loop, RENEW_MS, on_renew, post, &post->renew);
}

static void on_stands(void *ctx)
{
	struct post *post = ctx;

	post->stands_ms = uv_now(post->posts->loop);
}

static void on_changed(void *ctx, bool list)
{
	struct post *post = ctx;

	(void)list;
	if (post->stands_ms == 0)
		post->stands_ms = uv_now(post->posts->loop);
	post->posts->changed(post->posts->ctx);
}

static void on_lost(struct post *post, const struct gw_error *err)
{
	struct gw_posts *p = post->posts;
	uint64_t ms = AGAIN_MS;
	bool stood = post->stands_ms != 0 && uv_now(p->loop) - post->stands_ms >= STOOD_MS;

	gw_log(p->log, GW_LOG_INFO, "%s: waiting for %s: %s", p->account->name,
		post->listen.mailbox, err->text);
	if (stood)
		post->failures = 0;
	post->stands_ms = 0;
	for (unsigned i = 0; i < post->failures && ms < AGAIN_MAX_MS; i++)
		ms *= 2;
	/* The main connection will tell; a token may only be over, and that one gets another. */
	if ((err->code == GW_ERR_AUTH && p->account->auth != GW_AUTH_OAUTH2) ||
		err->code == GW_ERR_SECURITY)
		ms = AGAIN_MAX_MS;
	if (ms < (uint64_t)err->wait_s * 1000)
		ms = (uint64_t)err->wait_s * 1000;
	post->failures++;
	post->not_before = uv_now(p->loop) + ms;
	post->listen.session = NULL;
	vacate(post);
}

static void on_session(void *ctx, enum gw_session_event event, const struct gw_error *err)
{
	struct post *post = ctx;

	if (event == GW_SESSION_LOST) {
		on_lost(post, err);
		return;
	}
	post->state = WAITING;
	if (gw_listen_start_idle(&post->listen, post->session) == GW_LISTEN_NOT)
		vacate(post); /* it had IDLE on the other connection */
	else
		gw_delay_start(post->posts->loop, RENEW_MS, on_renew, post, &post->renew);
}

static void connect_post(struct post *post)
{
	struct gw_posts *p = post->posts;
	const struct gw_session_options options =
		gw_session_options_of(p->account, p->warm->tls, p->warm->sasl, NULL);
	struct gw_error err = { 0 };

	if (gw_session_open(p->loop, p->log, &options, on_session, post, &post->session, &err) ==
		GW_OK)
		post->state = CONNECTING;
	else
		on_lost(post, &err);
}

/* --- which mailboxes ------------------------------------------------------------------------- */

static bool named_before(const struct gw_posts *p, const struct gw_folder *f, size_t pattern)
{
	for (size_t i = 0; i < pattern; i++) {
		if (gw_folder_is_among(f, &p->account->watch[i], 1))
			return true;
	}
	return false;
}

/* The mailboxes of `watch` in the order of its patterns: the n-th, or NULL. */
static const struct gw_folder *nth(const struct gw_posts *p, size_t n)
{
	const struct gw_account *a = p->account;
	const struct gw_folders *f = &p->warm->folders;

	for (size_t i = 0; i < a->watch_count; i++) {
		for (size_t k = 0; k < f->count; k++) {
			const struct gw_folder *folder = &f->list[k];

			if (!folder->wanted ||
				!gw_folder_is_among(folder, &a->watch[i], 1) /* "!..." never is */
				|| named_before(p, folder, i) ||
				!gw_folder_is_among(folder, a->watch, a->watch_count))
				continue;
			if (n-- == 0)
				return folder;
		}
	}
	return NULL;
}

const char *gw_posts_main(const struct gw_posts *p)
{
	const struct gw_folder *first = nth(p, 0);

	return first == NULL ? NULL : first->wire;
}

static struct post *post_for(struct gw_posts *p, const char *wire)
{
	struct post **slot, *post;

	for (size_t i = 0; i < p->count; i++) {
		if (strcmp(p->list[i]->listen.mailbox, wire) == 0)
			return p->list[i];
	}
	post = calloc(1, sizeof *post);
	slot = post == NULL ? NULL
			    : gw_array_push((void **)&p->list, &p->count, &p->cap, sizeof(void *));
	if (slot == NULL) {
		free(post);
		return NULL;
	}
	*slot = post;
	post->posts = p;
	post->listen = (struct gw_listen){ .folders = &p->warm->folders,
		.mailbox = strdup(wire),
		.stands = on_stands,
		.changed = on_changed,
		.ctx = post };
	if (post->listen.mailbox == NULL) {
		p->count--;
		free(post);
		return NULL;
	}
	return post;
}

void gw_posts_arrange(struct gw_posts *p)
{
	size_t room = p->account->connections - 1, kept = 0;
	const struct gw_folder *f;

	for (size_t i = 0; i < p->count; i++)
		p->list[i]->wanted = false;
	for (p->all = 0; (f = nth(p, p->all + 1)) != NULL; p->all++) {
		struct post *post = p->all < room ? post_for(p, f->wire) : NULL;

		if (post != NULL)
			post->wanted = true;
	}
	for (size_t i = 0; i < p->count; i++) {
		if (p->list[i]->wanted)
			p->list[kept++] = p->list[i];
		else
			free_post(p->list[i]);
	}
	p->count = kept;
	for (size_t i = 0; i < p->count; i++) {
		struct post *post = p->list[i];

		if (post->state == VACANT && uv_now(p->loop) >= post->not_before)
			connect_post(post);
	}
}

unsigned gw_posts_count(const struct gw_posts *p)
{
	unsigned n = 0;

	for (size_t i = 0; i < p->count; i++)
		n += p->list[i]->state != VACANT;
	return n;
}

void gw_posts_tell(const struct gw_posts *p, size_t *waited, size_t *all)
{
	*all = p->all;
	*waited = 0;
	for (size_t i = 0; i < p->count; i++)
		*waited += p->list[i]->state == WAITING;
}

void gw_posts_settle(struct gw_posts *p)
{
	for (size_t i = 0; i < p->count; i++)
		gw_listen_settle(&p->list[i]->listen);
}

void gw_posts_drop(struct gw_posts *p)
{
	for (size_t i = 0; i < p->count; i++) {
		struct post *post = p->list[i];

		if (post->state == VACANT)
			continue;
		vacate(post);
		post->failures = 0;
	}
}
