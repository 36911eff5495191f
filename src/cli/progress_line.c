/* SPDX-License-Identifier: ISC */
/* cli/progress_line.c - see progress_line.h. */
#include "cli/progress_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BAR_WIDTH = 24, PARTS_MAX = 10, GAP = 2, LONG_S = 100 * 86400 };

/* In the order in which they give way. */
enum rank { BAR, RATE, BYTES, WORDS, NAME, LEFT, PERCENT, COUNT };

struct parts {
	struct part {
		char text[70];
		enum rank rank;
		bool joined; /* belongs to the one before it: one blank between them */
	} list[PARTS_MAX];
	size_t count;
};

static void add(struct parts *p, enum rank rank, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void add(struct parts *p, enum rank rank, const char *fmt, ...)
{
	struct part *part = &p->list[p->count++];
	va_list args;

	*part = (struct part){ .rank = rank };
	va_start(args, fmt);
	vsnprintf(part->text, sizeof part->text, fmt, args);
	va_end(args);
}

static size_t width(const struct parts *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++)
		n += strlen(p->list[i].text) + (i == 0 ? 0 : p->list[i].joined ? 1 : GAP);
	return n;
}

static void drop_least(struct parts *p)
{
	size_t least = 0;

	for (size_t i = 1; i < p->count; i++) {
		if (p->list[i].rank < p->list[least].rank)
			least = i;
	}
	p->count--;
	memmove(&p->list[least], &p->list[least + 1], (p->count - least) * sizeof *p->list);
}

static void join(struct parts *p, size_t columns, char *out, size_t size)
{
	size_t n = 0;

	while (p->count > 1 && width(p) > columns)
		drop_least(p);
	*out = '\0';
	for (size_t i = 0; i < p->count && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s",
			i == 0              ? ""
			: p->list[i].joined ? " "
					    : "  ",
			p->list[i].text);
	if (columns < size)
		out[columns] = '\0';
}

void progress_bytes(double n, char *out, size_t size)
{
	static const char *const units[] = { "B", "KB", "MB", "GB", "TB" };
	unsigned unit = 0;

	while (n >= 1000 && unit < 4) {
		n /= 1000;
		unit++;
	}
	snprintf(out, size, unit == 0 || n >= 100 ? "%.0f %s" : "%.1f %s", n, units[unit]);
}

static void add_rate(struct parts *p, double rate)
{
	char text[24];

	if (rate < 1)
		return;
	progress_bytes(rate, text, sizeof text);
	add(p, RATE, "%s/s", text);
}

static void add_left(struct parts *p, double bytes, double rate)
{
	unsigned long seconds;

	if (rate < 1 || bytes < 1 || bytes / rate > LONG_S)
		return;
	seconds = (unsigned long)(bytes / rate) + 1;
	if (seconds >= 3600)
		add(p, LEFT, "%lu:%02lu:%02lu left", seconds / 3600, seconds / 60 % 60,
			seconds % 60);
	else
		add(p, LEFT, "%lu:%02lu left", seconds / 60, seconds % 60);
}

static void add_count(struct parts *p, uint64_t done, uint64_t all, const char *about)
{
	add(p, COUNT, "%llu/%s%llu", (unsigned long long)done, about, (unsigned long long)all);
	add(p, WORDS, "messages");
	p->list[p->count - 1].joined = true;
}

/* 0 to 1; never 1 before all is done. */
static double share_of(uint64_t done, uint64_t all)
{
	if (all == 0 || done >= all)
		return all == 0 ? 0 : 1;
	return (double)done / (double)all;
}

/* What all messages take if they are as large as the known ones; the server's numbers may be nonsense. */
static uint64_t as_large_as(uint64_t bytes, uint64_t known, uint64_t all)
{
	double sum = known == 0 ? 0 : (double)bytes * (double)all / (double)known;

	return sum < 0x1p64 ? (uint64_t)sum : UINT64_MAX;
}

/* Mailboxes that were not looked at yet count as the server counts them; where it does not tell their size, their
 * messages are as large as those that are known. */
static void add_downloads(struct parts *p, const struct gw_sync_counts *c, double rate)
{
	uint64_t all = c->to_download + c->expected;
	uint64_t bytes = c->bytes_expected > 0
				 ? c->bytes_to_download + c->bytes_expected
				 : as_large_as(c->bytes_to_download, c->to_download, all);
	double share = share_of(c->bytes_downloaded, bytes);
	const char *about = c->expected > 0 ? "~" : "";
	char bar[BAR_WIDTH + 1], done[24], total[24];

	if (c->bytes_to_download == 0)
		share = share_of(c->downloaded, all);
	if (c->downloaded < all && share > 0.99)
		share = 0.99;
	memset(bar, '-', BAR_WIDTH);
	memset(bar, '#', (size_t)(share * BAR_WIDTH));
	bar[BAR_WIDTH] = '\0';
	progress_bytes((double)c->bytes_downloaded, done, sizeof done);
	progress_bytes((double)bytes, total, sizeof total);
	add(p, BAR, "[%s]", bar);
	add(p, PERCENT, "%u %%", (unsigned)(share * 100));
	add_count(p, c->downloaded, all, about);
	add(p, BYTES, "%s of %s%s", done, about, total);
	add_rate(p, rate);
	if (bytes > c->bytes_downloaded)
		add_left(p, (double)(bytes - c->bytes_downloaded), rate);
}

/* How large those are that are still to go is not known: as large as those before them. */
static void add_uploads(struct parts *p, const struct gw_sync_counts *c, double rate)
{
	char done[24];

	progress_bytes((double)c->bytes_uploaded, done, sizeof done);
	add(p, WORDS, "uploading");
	add(p, PERCENT, "%u %%", (unsigned)(share_of(c->uploaded, c->to_upload) * 100));
	add_count(p, c->uploaded, c->to_upload, "");
	add(p, BYTES, "%s", done);
	add_rate(p, rate);
	if (c->uploaded > 0)
		add_left(p,
			(double)(c->to_upload - c->uploaded) * (double)c->bytes_uploaded /
				(double)c->uploaded,
			rate);
}

void progress_line(const struct progress_facts *f, size_t columns, char *out, size_t size)
{
	const struct gw_sync_counts *c = f->counts;
	struct parts p = { .count = 0 };

	add(&p, NAME, "%s", f->name);
	if (c->uploaded < c->to_upload && c->downloaded >= c->to_download) {
		add_uploads(&p, c, f->rate);
	} else if (c->to_download > 0) {
		add_downloads(&p, c, f->rate);
	} else {
		add(&p, COUNT, "%s", f->stage);
		if (c->mailboxes_changed > 0)
			add(&p, BYTES, "%llu of %llu %s", (unsigned long long)c->mailboxes_done,
				(unsigned long long)c->mailboxes_changed,
				c->mailboxes_changed == 1 ? "mailbox" : "mailboxes");
		if (c->expected > 0)
			add(&p, WORDS, "~%llu messages to fetch", (unsigned long long)c->expected);
	}
	join(&p, columns, out, size);
}
