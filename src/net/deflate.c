/* SPDX-License-Identifier: ISC */
/* net/deflate.c - see deflate.h. */
#include "net/deflate.h"

#include <stdlib.h>
#include <zlib.h>

enum { WINDOW_BITS = -15 /* raw */, MEMORY_LEVEL = 8, IN_MAX = 256 * 1024, STEP = 4096 };

struct gw_deflate {
	z_stream out, in;
	bool has_out, has_in;
	struct gw_buf waiting; /* compressed, and not read yet */
};

void gw_deflate_free(struct gw_deflate *d)
{
	if (d == NULL)
		return;
	if (d->has_out)
		deflateEnd(&d->out);
	if (d->has_in)
		inflateEnd(&d->in);
	gw_buf_deinit(&d->waiting);
	free(d);
}

struct gw_deflate *gw_deflate_new(void)
{
	struct gw_deflate *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	gw_buf_init(&d->waiting, IN_MAX);
	d->has_out = deflateInit2(&d->out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS,
			     MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK;
	d->has_in = inflateInit2(&d->in, WINDOW_BITS) == Z_OK;
	if (d->has_out && d->has_in)
		return d;
	gw_deflate_free(d);
	return NULL;
}

enum gw_code gw_deflate_write(struct gw_deflate *d, const char *p, size_t n, struct gw_buf *out)
{
	d->out.next_in = (Bytef *)(uintptr_t)p;
	d->out.avail_in = (uInt)n;
	do { /* until a flush leaves room: then it was whole */
		enum gw_code code = gw_buf_reserve(out, STEP);

		if (code != GW_OK)
			return code;
		d->out.next_out = (Bytef *)out->p + out->n;
		d->out.avail_out = STEP;
		deflate(&d->out, Z_SYNC_FLUSH);
		out->n += STEP - d->out.avail_out;
	} while (d->out.avail_out == 0);
	return GW_OK;
}

enum gw_code gw_deflate_feed(struct gw_deflate *d, struct gw_slice bytes)
{
	return gw_buf_append(&d->waiting, bytes.p, bytes.n);
}

enum gw_code gw_deflate_read(struct gw_deflate *d, char *p, size_t n, size_t *got)
{
	int rc;

	*got = 0;
	d->in.next_in = (Bytef *)d->waiting.p;
	d->in.avail_in = (uInt)d->waiting.n;
	d->in.next_out = (Bytef *)p;
	d->in.avail_out = (uInt)n;
	rc = inflate(&d->in, Z_SYNC_FLUSH);
	*got = n - d->in.avail_out;
	gw_buf_consume(&d->waiting, d->waiting.n - d->in.avail_in);
	/* Z_BUF_ERROR: nothing more can be done now.  The peer must not end the stream. */
	return rc == Z_OK || rc == Z_BUF_ERROR ? GW_OK : GW_ERR_PROTOCOL;
}
