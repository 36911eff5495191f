/* SPDX-License-Identifier: ISC */
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

#include "base/locked.h"
#include "godwit/child.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { OUTPUT_MAX = 65536, PIECE = 2048, MOMENT_MS = 1000 };

struct gw_proc {
	struct gw_child *child; /* owned; NULL: it was not started */
	uv_pipe_t pipe, feed;   /* its stdout, and its stdin if we write that */
	uv_write_t write;
	char *input; /* owned; locked */
	uv_timer_t deadline;
	unsigned open; /* handles not closed yet, the child among them */
	bool exited, ending;
	struct gw_buf output; /* locked */
	gw_proc_cb *cb;
	void *ctx;
	struct gw_error err;
};

static void on_part_closed(void *ctx)
{
	struct gw_proc *p = ctx;

	if (--p->open > 0)
		return;
	p->cb(p->ctx, (struct gw_slice){ gw_buf_cstr(&p->output), p->output.n },
		p->err.code == GW_OK ? NULL : &p->err);
	gw_buf_deinit(&p->output);
	gw_locked_free(p->input);
	free(p);
}

static void on_closed(uv_handle_t *handle)
{
	on_part_closed(handle->data);
}

static void close_handle(void *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, on_closed);
}

static void end_all(struct gw_proc *p, int signal)
{
	if (p->child != NULL)
		gw_child_signal(p->child, signal);
}

/* Its output is over, or of no more use.  Until then what it started may have to be ended. */
static void close_pipe(struct gw_proc *p)
{
	close_handle(&p->pipe);
	if (!p->exited)
		return;
	close_handle(&p->deadline);
	if (p->child != NULL)
		gw_child_close(p->child, on_part_closed, p);
	p->child = NULL;
}

static void on_moment(uv_timer_t *timer);

static void on_program_exit(void *ctx, int status, int signal)
{
	struct gw_proc *p = ctx;

	if (signal != 0)
		gw_fail(&p->err, GW_ERR_AUTH, "it was ended by signal %d", signal);
	else if (status != 0)
		gw_fail(&p->err, GW_ERR_AUTH, "it exited with status %d", status);
	p->exited = true;
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
	*buf = gw_buf_reserve(&p->output, PIECE) == GW_OK
		       ? uv_buf_init(p->output.p + p->output.n, PIECE)
		       : uv_buf_init(NULL, 0); /* on_read() is told UV_ENOBUFS */
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

	(void)buf;
	if (n > 0)
		p->output.n += (size_t)n;
	else if (n == UV_ENOBUFS)
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

/* A pipe whose end *ours is read or written by the loop, and *its by the program. */
static int make_pipe(uv_loop_t *loop, uv_pipe_t *handle, bool it_reads, int *its)
{
	int ends[2];
	int rc = uv_pipe(ends, it_reads ? 0 : UV_NONBLOCK_PIPE, it_reads ? UV_NONBLOCK_PIPE : 0);

	uv_pipe_init(loop, handle, 0);
	if (rc != 0)
		return rc;
	*its = ends[it_reads ? 0 : 1];
	return uv_pipe_open(handle, ends[it_reads ? 1 : 0]);
}

static void start(
	struct gw_proc *p, uv_loop_t *loop, const struct gw_runner *runner, const char *command)
{
	struct gw_child_options o = { .runner = runner,
		.command = command,
		.in = STDIN_FILENO,
		.out = -1,
		.own_session = p->input != NULL || !isatty(STDIN_FILENO) };
	struct gw_error why = { 0 };
	int rc = make_pipe(loop, &p->pipe, false, &o.out);

	if (p->input != NULL) {
		o.in = -1;
		rc = make_pipe(loop, &p->feed, true, &o.in);
	}
	if (o.in < 0 || o.out < 0)
		gw_fail_sys(&p->err, GW_ERR_AUTH, -rc, "it cannot be started");
	else if (gw_child_start(loop, &o, on_program_exit, p, &p->child, &why) != GW_OK)
		gw_fail(&p->err, GW_ERR_AUTH, "%s", why.text);
	if (o.out >= 0)
		close(o.out);
	if (p->input != NULL && o.in >= 0)
		close(o.in);
}

enum gw_code gw_proc_start(uv_loop_t *loop, const struct gw_runner *runner, const char *command,
	const char *input, unsigned timeout_ms, gw_proc_cb *cb, void *ctx, struct gw_proc **out,
	struct gw_error *err)
{
	struct gw_proc *p = calloc(1, sizeof *p);

	*out = NULL;
	if (p != NULL && input != NULL)
		p->input = gw_locked_str(input);
	if (p == NULL || (input != NULL && p->input == NULL)) {
		free(p);
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	p->cb = cb;
	p->ctx = ctx;
	gw_buf_init_locked(&p->output, OUTPUT_MAX + PIECE);
	uv_timer_init(loop, &p->deadline);
	p->pipe.data = p->deadline.data = p->feed.data = p;
	start(p, loop, runner, command);
	p->open = 2U + (input != NULL ? 1U : 0) + (p->child != NULL ? 1U : 0);
	if (p->child == NULL) { /* reported from the loop like every other failure */
		p->exited = true;
		close_pipe(p);
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
