/* SPDX-License-Identifier: ISC */
/* godwit/log.h - diagnostics, passed down explicitly; there is no global logger.
 *
 * Secrets never reach the log: the layers that handle them do not log the bytes.
 */
#pragma once

enum gw_log_level {
	GW_LOG_ERROR,
	GW_LOG_WARN,
	GW_LOG_INFO,  /* -v: what is being done */
	GW_LOG_DEBUG, /* -vv: state changes */
	GW_LOG_WIRE,  /* -vvv: protocol lines, bodies and credentials left out */
};

typedef void gw_log_sink(void *ctx, enum gw_log_level level, const char *text);

/* Storage of the caller; outlives everything that was given a pointer to it. */
struct gw_log {
	enum gw_log_level level; /* higher levels are dropped before formatting */
	gw_log_sink *sink;       /* gets one line without newline; NULL = nothing is logged */
	void *ctx;
};

void gw_log(const struct gw_log *log, enum gw_log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
