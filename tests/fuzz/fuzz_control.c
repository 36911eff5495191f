/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_control.c - a client's bytes into the watcher's control socket: it is answered in lines of
 * JSON, or asks for a sync that ends, and is let go; the next client is served as the first.
 */
#include "watch/control.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
	uv_loop_t loop;
	struct gw_account account;
	char dir[64], path[108];
	struct gw_control *control;
	struct gw_report report;
	struct gw_folders folders;
	uv_pipe_t client;
	uv_connect_t connect;
	uv_write_t write;
	uv_shutdown_t shutdown;
	uv_buf_t asked;
	struct gw_buf told;
	char chunk[4096];
	bool begun, asks, over;
} world;

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* A sync that ends at once. */
static void on_asked(void *ctx)
{
	struct gw_sync_options options;
	struct gw_sync_counts counts = { 0 };

	(void)ctx;
	while (gw_control_next(world.control, &options)) {
		for (size_t i = 0; i < options.folder_count; i++)
			require(options.folders[i] != NULL);
		gw_control_sync_event(world.control,
			&(struct gw_sync_event){ .type = GW_SYNC_DONE, .counts = &counts });
	}
}

static void on_pause(void *ctx, bool paused)
{
	(void)ctx;
	gw_report_stands(&world.report, paused ? GW_STANDING_PAUSED : GW_STANDING_IN_STEP);
}

static void on_forsaken(void *ctx)
{
	(void)ctx;
}

static void remove_dir(void)
{
	unlink(world.path);
	rmdir(world.dir);
}

static void begin(void)
{
	const struct gw_control_host host = { .asked = on_asked,
		.pause = on_pause,
		.forsaken = on_forsaken,
		.report = &world.report,
		.folders = &world.folders };
	struct gw_error err = { 0 };

	snprintf(world.dir, sizeof world.dir, "/tmp/godwit-fuzz.XXXXXX");
	require(mkdtemp(world.dir) != NULL);
	setenv("XDG_RUNTIME_DIR", "", 1); /* then the socket is in the state's directory */
	world.account.name = (char *)"fuzz";
	world.account.state_dir = world.dir;
	uv_loop_init(&world.loop);
	require(gw_control_path(&world.account, world.path, sizeof world.path));
	require(gw_control_start(&world.loop, &world.account, &host, &world.control, &err) ==
		GW_OK);
	gw_buf_init(&world.told, 1 << 20);
	atexit(remove_dir);
	world.begun = true;
}

static void on_closed(uv_handle_t *handle)
{
	(void)handle;
	world.over = true;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	(void)handle;
	(void)suggested;
	*buf = uv_buf_init(world.chunk, sizeof world.chunk);
}

static void on_told(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	if (n > 0)
		require(gw_buf_append(&world.told, buf->base, (size_t)n) == GW_OK);
	else if (n < 0)
		uv_close((uv_handle_t *)stream, on_closed);
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
	(void)request;
	(void)status;
}

static void on_connected(uv_connect_t *request, int status)
{
	require(status == 0);
	uv_read_start(request->handle, on_alloc, on_told);
	if (world.asked.len > 0)
		uv_write(&world.write, request->handle, &world.asked, 1, NULL);
	uv_shutdown(&world.shutdown, request->handle, on_shutdown);
}

static void check_lines(void)
{
	char *line = world.told.n == 0 ? NULL : (char *)gw_buf_cstr(&world.told), *end;

	for (; line != NULL && *line != '\0'; line = end + 1) {
		json_error_t why;
		json_t *o;

		end = strchr(line, '\n');
		require(end != NULL);
		o = json_loadb(line, (size_t)(end - line), 0, &why);
		require(json_is_object(o));
		json_decref(o);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!world.begun)
		begin();
	world.asked = uv_buf_init((char *)data, (unsigned)size);
	world.over = false;
	gw_buf_reset(&world.told);
	uv_pipe_init(&world.loop, &world.client, 0);
	uv_pipe_connect(&world.connect, &world.client, world.path, on_connected);
	while (!world.over) /* the watcher's socket stays */
		uv_run(&world.loop, UV_RUN_ONCE);
	check_lines();
	return 0;
}
