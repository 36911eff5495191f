/* SPDX-License-Identifier: ISC */
/* maildir/outgoing.c - see outgoing.h. */
#include "maildir/outgoing.h"

#include "base/fs.h"
#include "maildir/crlf.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int gw_outgoing_open(struct gw_outgoing *o, int dirfd, const char *name)
{
	o->after_cr = false;
	o->at = o->n = 0;
	o->fd = gw_open_regular(dirfd, name);
	return o->fd < 0 ? errno : 0;
}

size_t gw_outgoing_read(struct gw_outgoing *o, char *out, size_t n)
{
	size_t done = 0;

	while (done < n) {
		size_t take = o->n - o->at < n - done ? o->n - o->at : n - done;

		if (take == 0) {
			char in[GW_OUTGOING_CHUNK];
			ssize_t got = o->fd < 0 ? 0 : read(o->fd, in, sizeof in);

			if (got <= 0)
				break;
			o->at = 0;
			o->n = gw_crlf_restore(
				&o->after_cr, (struct gw_slice){ in, (size_t)got }, o->out);
			continue;
		}
		memcpy(out + done, o->out + o->at, take);
		o->at += take;
		done += take;
	}
	return done;
}

void gw_outgoing_close(struct gw_outgoing *o)
{
	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
}
