/* net/proc.c - see proc.h.
 *
 *   RUNNING --exit, output ended--> done
 *   RUNNING --exit, but somebody holds its output--> LINGERING --a moment later--> done, as it is
 *   RUNNING --out of time, cancelled, too much output--> ENDING (SIGTERM) --> SIGKILL --> done
 *
 * Done when its handles are closed: the process (it exited), its pipes (end of output, input
 * written) and the deadline, which is the last.  Where no terminal has to be shared it has a process
 * group of its own, so that what it started ends with it.
 */
#include "net/proc.h"

#include <openssl/mem.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { OUTPUT_MAX = 65536, MOMENT_MS = 1000 };

struct gw_proc {
	uv_process_t process;
	uv_pipe_t pipe, feed; /* its stdout, and its stdin if we write that */
	uv_write_t write;
	char *input; /* owned; wiped */
	uv_timer_t deadline;
	unsigned open; /* handles not closed yet */
	bool exited, ending, own_group;
	struct gw_buf output;
	char chunk[4096];
	gw_proc_cb *cb;
	void *ctx;
	struct gw_error err;
};

static void on_closed(uv_handle_t *handle)
{
	struct gw_proc *p = handle->data;

	if (--p->open > 0)
		return;
	p->cb(p->ctx, (struct gw_slice){ gw_buf_cstr(&p->output), p->output.n },
		p->err.code == GW_OK ? NULL : &p->err);
	if (p->output.p != NULL)
		OPENSSL_cleanse(p->output.p, p->output.cap);
	OPENSSL_cleanse(p->chunk, sizeof p->chunk);
	gw_buf_deinit(&p->output);
	if (p->input != NULL)
		OPENSSL_cleanse(p->input, strlen(p->input));
	free(p->input);
	free(p);
}

static void close_handle(void *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_closed);
}

static void end_all(struct gw_proc *p, int signal)
{
	if (p->own_group)
		kill(-p->process.pid, signal);
	else if (!p->exited)
		uv_process_kill(&p->process, signal);
}

/* Closes the pipe: its output has ended, or is no longer needed. */
static void close_pipe(struct gw_proc *p)
{
	close_handle(&p->pipe);
	if (p->exited)
		close_handle(&p->deadline);
}

static void on_moment(uv_timer_t *timer);

static void on_program_exit(uv_process_t *process, int64_t status, int signal)
{
	struct gw_proc *p = process->data;

	if (signal != 0)
		gw_fail(&p->err, GW_ERR_AUTH, "it was ended by signal %d", signal);
	else if (status != 0)
		gw_fail(&p->err, GW_ERR_AUTH, "it exited with status %d", (int)status);
	p->exited = true;
	close_handle(process);
	if (p->input != NULL)
		close_handle(&p->feed);
	if (p->ending) /* what it started may not have heard */
		end_all(p, SIGKILL);
	if (p->err.code != GW_OK || uv_is_closing((uv_handle_t *)&p->pipe))
		close_pipe(p);
	else /* the output may still be on its way */
		uv_timer_start(&p->deadline, on_moment, MOMENT_MS, 0);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct gw_proc *p = handle->data;

	(void)suggested;
	*buf = uv_buf_init(p->chunk, sizeof p->chunk);
}

static void stop(struct gw_proc *p, enum gw_code code, const char *why)
{
	gw_fail(&p->err, code, "%s", why);
	if (p->ending)
		return;
	p->ending = true;
	end_all(p, SIGTERM);
	if (!uv_is_closing((uv_handle_t *)&p->deadline))
		uv_timer_start(&p->deadline, on_moment, MOMENT_MS, 0);
	close_pipe(p);
}

/* Kills the program after its grace period; or it has ended, and something else holds its
 * output. */
static void on_moment(uv_timer_t *timer)
{
	struct gw_proc *p = timer->data;

	end_all(p, p->exited ? SIGTERM : SIGKILL);
	if (p->exited)
		close_pipe(p);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct gw_proc *p = stream->data;

	if (n > 0 && gw_buf_append(&p->output, buf->base, (size_t)n) != GW_OK)
		stop(p, GW_ERR_LIMIT, "it wrote more than 64 KiB");
	else if (n < 0)
		close_pipe(p);
}

static void on_deadline(uv_timer_t *timer)
{
	stop(timer->data, GW_ERR_TIMEOUT, "it did not finish in time");
}

static void on_fed(uv_write_t *write, int status)
{
	struct gw_proc *p = write->data;

	(void)status; /* a program that does not read it says so by its exit status */
	close_handle(&p->feed);
}

static void feed(struct gw_proc *p)
{
	uv_buf_t buf = uv_buf_init(p->input, (unsigned)strlen(p->input));

	p->write.data = p;
	if (uv_write(&p->write, (uv_stream_t *)&p->feed, &buf, 1, on_fed) != 0)
		close_handle(&p->feed);
}

void gw_proc_cancel(struct gw_proc *p)
{
	stop(p, GW_ERR_CANCELLED, "cancelled");
}

enum gw_code gw_proc_start(uv_loop_t *loop, const char *command, const char *input,
	unsigned timeout_ms, gw_proc_cb *cb, void *ctx, struct gw_proc **out, struct gw_error *err)
{
	struct gw_proc *p = calloc(1, sizeof *p);
	char shell[] = "/bin/sh", dash_c[] = "-c";
	uv_stdio_container_t stdio[3] = { { .flags = UV_INHERIT_FD, .data.fd = 0 },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE },
		{ .flags = UV_INHERIT_FD, .data.fd = 2 } };
	char *copy = strdup(command);
	char *args[] = { shell, dash_c, copy, NULL };
	uv_process_options_t options = { .file = shell,
		.args = args,
		.exit_cb = on_program_exit,
		.stdio_count = 3,
		.stdio = stdio };
	int rc;

	*out = NULL;
	if (p != NULL && input != NULL)
		p->input = strdup(input);
	if (p == NULL || copy == NULL || (input != NULL && p->input == NULL)) {
		free(p);
		free(copy);
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	p->own_group = input != NULL || !isatty(STDIN_FILENO);
	options.flags = p->own_group ? UV_PROCESS_DETACHED : 0;
	p->cb = cb;
	p->ctx = ctx;
	p->open = input == NULL ? 3 : 4;
	gw_buf_init(&p->output, OUTPUT_MAX);
	uv_pipe_init(loop, &p->pipe, 0);
	uv_timer_init(loop, &p->deadline);
	p->process.data = p->pipe.data = p->deadline.data = p->feed.data = p;
	if (input != NULL) {
		uv_pipe_init(loop, &p->feed, 0);
		stdio[0].flags = UV_CREATE_PIPE | UV_READABLE_PIPE;
		stdio[0].data.stream = (uv_stream_t *)&p->feed;
	}
	stdio[1].data.stream = (uv_stream_t *)&p->pipe;
	rc = uv_spawn(loop, &p->process, &options);
	free(copy);
	if (rc != 0) { /* reported from the loop like every other failure */
		gw_fail(&p->err, GW_ERR_AUTH, "it cannot be started: %s", uv_strerror(rc));
		p->exited = true;
		p->own_group = false;
		close_handle(&p->process);
		close_handle(&p->pipe);
		close_handle(&p->deadline);
		if (input != NULL)
			close_handle(&p->feed);
	} else {
		if (input != NULL)
			feed(p);
		uv_read_start((uv_stream_t *)&p->pipe, on_alloc, on_read);
		uv_timer_start(&p->deadline, on_deadline, timeout_ms, 0);
	}
	*out = p;
	return GW_OK;
}
