/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_session.c - an IMAP server's answers, from its greeting to what the planner is given: a session signs
 * in, and a mailbox is looked at.  Nothing crashes or hangs, each callback comes once, and what the view says is in
 * order; nothing goes here that an answer named.
 *
 * The first bytes say what base knows and how it is asked; the rest is a script of lines.  One that begins with "%"
 * answers the oldest command that was not answered yet, and waits for one; others go out as they are.  At the end, or
 * when nothing more can happen, the connection breaks.
 */
#include "auth/sasl.h"
#include "remote/observe.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 7, QUIET = 4, STUCK = 100000, TAGS = 64, TAG_SIZE = 12 };
#define LETTERED (GW_FLAG_KEYWORD(1) - 1)

static struct {
	uv_loop_t loop;
	uv_tcp_t listener, peer; /* the server's */
	unsigned port;
	bool begun;
	/* Of one run. */
	bool accepted, closed;
	const char *script, *end;
	char line[1 << 16]; /* of the client, as far as it came */
	size_t line_n;
	char tags[TAGS][TAG_SIZE];
	size_t tag_first, tag_count;
	struct gw_session *session;
	struct gw_base_msg base[ROWS];
	struct gw_local_msg local[ROWS];
	struct gw_observe_options options;
	bool ready, looking, over;
	uint64_t steps; /* of either side */
	char chunk[65536];
} world;

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* --- the server ------------------------------------------------------------------------------ */

static void on_closed(uv_handle_t *handle)
{
	(void)handle;
	world.closed = true;
}

static void close_peer(void)
{
	if (world.accepted && !uv_is_closing((uv_handle_t *)&world.peer))
		uv_tcp_close_reset(&world.peer, on_closed); /* no port is left waiting */
}

static void say(const char *p, size_t n)
{
	uv_buf_t buf = uv_buf_init((char *)(uintptr_t)p, (unsigned)n);

	uv_try_write((uv_stream_t *)&world.peer, &buf, 1); /* what does not fit is cut off */
	world.steps++;
}

/* Says what can be said by now. */
static void go_on(void)
{
	while (world.script < world.end) {
		const char *line = world.script;
		const char *nl = memchr(line, '\n', (size_t)(world.end - line));
		size_t n = (size_t)((nl == NULL ? world.end : nl) - line);

		if (n > 0 && *line == '%') {
			const char *tag = world.tags[world.tag_first % TAGS];

			if (world.tag_count == 0)
				return;
			say(tag, strlen(tag));
			world.tag_first++;
			world.tag_count--;
			line++;
			n--;
		}
		say(line, n);
		say("\r\n", 2);
		world.script = nl == NULL ? world.end : nl + 1;
	}
}

static void take_line(const char *line)
{
	size_t n = strcspn(line, " ");

	if (line[0] != 'g' || strspn(line + 1, "0123456789") + 1 != n || n >= TAG_SIZE ||
		world.tag_count == TAGS)
		return;
	snprintf(world.tags[(world.tag_first + world.tag_count++) % TAGS], TAG_SIZE, "%.*s", (int)n,
		line);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	(void)handle;
	(void)suggested;
	*buf = uv_buf_init(world.chunk, sizeof world.chunk);
}

static void on_heard(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	(void)stream;
	world.steps++;
	if (n < 0) {
		close_peer();
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (world.line_n + 1 < sizeof world.line)
			world.line[world.line_n++] = buf->base[i];
		if (buf->base[i] != '\n')
			continue;
		world.line[world.line_n] = '\0';
		take_line(world.line);
		world.line_n = 0;
	}
	go_on();
}

static void on_connection(uv_stream_t *listener, int status)
{
	require(status == 0);
	uv_tcp_init(&world.loop, &world.peer);
	require(uv_accept(listener, (uv_stream_t *)&world.peer) == 0);
	world.accepted = true;
	uv_tcp_nodelay(&world.peer, 1);
	uv_read_start((uv_stream_t *)&world.peer, on_alloc, on_heard);
	go_on();
}

static void begin(void)
{
	struct sockaddr_in address;
	int length = sizeof address;

	uv_loop_init(&world.loop);
	uv_tcp_init(&world.loop, &world.listener);
	uv_ip4_addr("127.0.0.1", 0, &address);
	require(uv_tcp_bind(&world.listener, (const struct sockaddr *)&address, 0) == 0);
	require(uv_listen((uv_stream_t *)&world.listener, 8, on_connection) == 0);
	uv_tcp_getsockname(&world.listener, (struct sockaddr *)&address, &length);
	world.port = ntohs(address.sin_port);
	uv_unref((uv_handle_t *)&world.listener);
	world.begun = true;
}

/* --- what comes of it ------------------------------------------------------------------------ */

static void check_set(const struct gw_seqset *set)
{
	for (size_t i = 0; i < set->count; i++) {
		require(set->ranges[i].first > 0 && set->ranges[i].first <= set->ranges[i].last);
		require(i == 0 || set->ranges[i - 1].last < set->ranges[i].first);
	}
}

static bool is_told(const struct gw_remote_view *v, uint32_t uid)
{
	for (size_t i = 0; i < v->count; i++) {
		if (v->messages[i].uid == uid)
			return true;
	}
	return v->has_listing && gw_seqset_has(&v->listing, uid);
}

static void check_plan(const struct gw_remote_view *v)
{
	const struct gw_plan_input in = { .base = world.base,
		.base_count = world.options.base_count,
		.remote = v->messages,
		.remote_count = v->count,
		.local = world.local,
		.local_count = world.options.base_count,
		.unproved = v->unproved,
		.remote_full = v->full,
		.vanished = &v->vanished,
		.listing = v->has_listing ? &v->listing : NULL,
		.local_trusted = true,
		.lettered = LETTERED,
		.storable = v->storable,
		.read_only = v->read_only };
	struct gw_plan plan;

	require(gw_plan_mailbox(&in, &plan) == GW_OK);
	for (size_t i = 0; i < plan.count; i++) {
		const struct gw_action *a = &plan.actions[i];

		if (a->kind == GW_DO_DELETE_LOCAL || a->kind == GW_DO_FORGET)
			require(!v->unproved && !is_told(v, a->uid));
		if (a->kind == GW_DO_DOWNLOAD)
			require(is_told(v, a->uid));
	}
	gw_plan_deinit(&plan);
}

static void check_view(const struct gw_remote_view *v)
{
	for (size_t i = 0; i < v->count; i++) {
		require(v->messages[i].uid > 0);
		require(i == 0 || v->messages[i - 1].uid < v->messages[i].uid);
		require(!gw_seqset_has(&v->vanished, v->messages[i].uid));
		require(!v->has_listing || gw_seqset_has(&v->listing, v->messages[i].uid));
	}
	for (size_t i = 1; i < v->id_count; i++)
		require(v->ids[i - 1].uid < v->ids[i].uid);
	check_set(&v->vanished);
	check_set(&v->listing);
	require(v->uidvalidity != 0);
	require(!v->restarted || !v->unproved);
	require((v->storable & ~GW_FLAGS_ALL) == 0);
	if (!v->restarted && v->uidvalidity == world.options.uidvalidity)
		check_plan(v);
}

static uint64_t on_flags(void *ctx, const struct gw_fetch *fetch)
{
	(void)ctx;
	(void)fetch;
	return GW_FLAG_SEEN;
}

static uint64_t on_storable(void *ctx, const struct gw_flag_list *list)
{
	(void)ctx;
	(void)list;
	return GW_FLAGS_ALL;
}

static void on_looked(
	void *ctx, struct gw_remote_view *view, bool plain, const struct gw_error *err)
{
	(void)ctx;
	(void)plain;
	require(world.looking && !world.over && (view == NULL) == (err != NULL));
	world.over = true;
	if (err != NULL)
		require(err->code != GW_OK && err->text[0] != '\0' && err->code != GW_ERR_BUG);
	if (view != NULL) {
		check_view(view);
		gw_remote_view_deinit(view);
	}
}

static void on_session(void *ctx, enum gw_session_event event, const struct gw_error *err)
{
	(void)ctx;
	world.steps++;
	if (event == GW_SESSION_LOST) {
		require(err->code != GW_OK && err->text[0] != '\0' && err->code != GW_ERR_BUG);
		require(!world.looking || world.over); /* every command was answered before */
		world.over = true;
		return;
	}
	require(!world.ready);
	world.ready = true;
	world.options.session = world.session;
	world.looking = gw_observe_remote(&world.options) == GW_OK;
	world.over |= !world.looking;
}

/* --- one run --------------------------------------------------------------------------------- */

/* What base knows, and how it is asked. */
static void set_up(const uint8_t *data)
{
	size_t count = data[0] & 7;
	uint32_t uid = 0;

	world.options = (struct gw_observe_options){ .mailbox = "INBOX",
		.full = data[0] & 8,
		.list = data[0] & 16,
		.plain_select = data[0] & 32,
		.few = data[0] & 64 ? 2 : 0,
		.oldest = data[0] & 128 ? 1000000000 : 0,
		.uidvalidity = data[1] & 1 ? 7 : 0,
		.highestmodseq = data[1] & 2 ? 9 : 0,
		.base = world.base,
		.base_count = data[1] & 1 ? count : 0,
		.flags = on_flags,
		.storable = on_storable,
		.done = on_looked };
	for (size_t i = 0; i < count; i++) {
		uid += 1 + (data[2] >> i & 1);
		world.base[i] = (struct gw_base_msg){ .uid = uid,
			.flags = data[3] >> i & 1 ? GW_FLAG_SEEN : 0,
			.kind = data[1] & 4 && i == 1 ? GW_BASE_HIDDEN : GW_BASE_FILE,
			.local = (uint32_t)i,
			.size = 10 };
		world.local[i] = (struct gw_local_msg){ .uid = uid, .flags = world.base[i].flags };
	}
	if (world.options.uidvalidity != 0)
		world.options.uidnext = uid + 1;
}

static void open_session(const uint8_t *data, struct gw_sasl *sasl)
{
	static const struct gw_log log = { 0 };
	const struct gw_session_options options = {
		.stream = { .host = "127.0.0.1", .port = world.port, .timeout_ms = 60000 },
		.tls = GW_TLS_NONE,
		.sasl = sasl,
		.remembered_caps =
			data[1] & 8 ? "IMAP4rev1 SASL-IR AUTH=PLAIN CONDSTORE ENABLE" : NULL,
		.remembered_before = data[1] & 16 ? "IMAP4rev1 SASL-IR AUTH=PLAIN" : NULL,
		.labels = data[1] & 32,
		.compress = data[1] & 64
	};
	struct gw_error err = { 0 };

	require(gw_session_open(&world.loop, &log, &options, on_session, NULL, &world.session,
			&err) == GW_OK);
	for (int i = 0; !world.accepted; i++) {
		require(i < STUCK && !world.over);
		uv_run(&world.loop, UV_RUN_ONCE);
	}
}

/* What was sent to a socket of this machine can be read at once: with nothing done in a few rounds, nothing will
 * be, but for timers. */
static void run(void)
{
	unsigned quiet = 0, rounds = 0;

	while (!world.over) {
		uint64_t before = world.steps, received, sent;

		gw_session_traffic(world.session, &received, &sent);
		before += received + sent;
		uv_run(&world.loop, UV_RUN_NOWAIT);
		gw_session_traffic(world.session, &received, &sent);
		quiet = world.steps + received + sent == before ? quiet + 1 : 0;
		if (quiet == QUIET)
			close_peer();
		require(++rounds < STUCK);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_sasl *sasl;

	if (size < 4)
		return 0;
	if (!world.begun)
		begin();
	world.accepted = world.closed = world.ready = world.looking = world.over = false;
	world.line_n = world.tag_first = world.tag_count = 0;
	world.script = (const char *)data + 4;
	world.end = (const char *)data + size;
	set_up(data);
	sasl = gw_sasl_password_new("me", "secret");
	open_session(data, sasl);
	run();
	gw_session_close(&world.session);
	gw_sasl_unref(&sasl);
	close_peer();
	uv_run(&world.loop, UV_RUN_DEFAULT);
	require(world.closed);
	return 0;
}
