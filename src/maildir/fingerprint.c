/* SPDX-License-Identifier: ISC */
/* maildir/fingerprint.c - see fingerprint.h.
 *
 *   NAME --colon or enough bytes--> KEEP | SKIP | MSGID --LF--> NAME
 *   NAME --LF at once (empty line)--> BODY
 *   A line that begins with a blank continues the field before it.
 *   CRs before an LF are left out: the file of another program may have them, the wire always has.
 */
#include "maildir/fingerprint.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const skipped[] = { "Status", "X-Status", "Content-Length", "Lines", "X-TUID",
	"X-OfflineIMAP", "X-Keywords" };

static const char *const described[] = { "Date", "From", "Subject" };

/* FNV-1a (64 bits): no secret hangs on it. */
#define FNV_BASIS UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

void gw_printer_init(struct gw_printer *p)
{
	p->state = p->field = GW_PRINT_NAME;
	p->about = p->about_of = 0;
	p->name_n = p->msgid_n = 0;
	p->left_out = p->crs = 0;
	p->has_received = false;
	SHA256_Init(&p->header);
	SHA256_Init(&p->body);
}

static bool name_is(const struct gw_printer *p, const char *field)
{
	size_t n = strlen(field);

	return p->name_n > n && p->name[n] == ':' && strncasecmp(p->name, field, n) == 0;
}

/* Sums, so that their order does not matter. */
static void end_described(struct gw_printer *p)
{
	p->about += p->about_of;
	p->about_of = 0;
}

static void begin_described(struct gw_printer *p)
{
	end_described(p);
	for (size_t i = 0; i < sizeof described / sizeof *described; i++) {
		if (name_is(p, described[i]))
			p->about_of = (FNV_BASIS ^ (i + 1)) * FNV_PRIME;
	}
}

static void describe(struct gw_printer *p, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n && p->about_of != 0; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c > ' ' && c != '"')
			p->about_of =
				(p->about_of ^ (c >= 'A' && c <= 'Z' ? c + 32u : c)) * FNV_PRIME;
	}
}

/* The beginning of the line is in name: decide what the line is and account for those bytes. */
static void classify(struct gw_printer *p)
{
	if (p->name[0] != ' ' && p->name[0] != '\t') {
		p->has_received |= name_is(p, "Received");
		begin_described(p);
		p->field = name_is(p, "Message-ID") ? GW_PRINT_MSGID : GW_PRINT_KEEP;
		for (size_t i = 0; i < sizeof skipped / sizeof *skipped; i++) {
			if (name_is(p, skipped[i]))
				p->field = GW_PRINT_SKIP;
		}
	} else if (p->field == GW_PRINT_NAME) {
		p->field = GW_PRINT_KEEP; /* a continuation of nothing */
	}
	p->state = p->field;
	if (p->state != GW_PRINT_SKIP)
		SHA256_Update(&p->header, p->name, p->name_n);
	else
		p->left_out += p->name_n;
	p->name_n = 0;
}

static size_t take_name(struct gw_printer *p, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = bytes[i];

		if (c == '\n' && p->name_n == 0) {
			p->state = GW_PRINT_BODY;
			return i + 1;
		}
		if (c == '\n') { /* a line without a colon */
			classify(p);
			return i; /* its LF is taken in the new state */
		}
		p->name[p->name_n++] = c;
		if (c == ':' || p->name_n == sizeof p->name ||
			(p->name_n == 1 && (c == ' ' || c == '\t'))) {
			classify(p);
			return i + 1;
		}
	}
	return n;
}

static size_t take_rest_of_line(struct gw_printer *p, const char *bytes, size_t n)
{
	const char *lf = memchr(bytes, '\n', n);
	size_t take = lf == NULL ? n : (size_t)(lf - bytes) + 1;

	if (p->state != GW_PRINT_SKIP)
		SHA256_Update(&p->header, bytes, take);
	else
		p->left_out += take + (lf != NULL);
	describe(p, bytes, take);
	for (size_t i = 0; p->state == GW_PRINT_MSGID && i < take; i++) {
		if ((unsigned char)bytes[i] > ' ' && p->msgid_n < sizeof p->msgid)
			p->msgid[p->msgid_n++] = bytes[i];
	}
	if (lf != NULL)
		p->state = GW_PRINT_NAME;
	return take;
}

static void take(struct gw_printer *p, const char *bytes, size_t n)
{
	while (n > 0 && p->state != GW_PRINT_BODY) {
		size_t took = p->state == GW_PRINT_NAME ? take_name(p, bytes, n)
							: take_rest_of_line(p, bytes, n);

		bytes += took;
		n -= took;
	}
	if (n > 0)
		SHA256_Update(&p->body, bytes, n);
}

/* CRs that no LF follows are text. */
static void take_crs(struct gw_printer *p)
{
	static const char crs[] = "\r\r\r\r\r\r\r\r";

	while (p->crs > 0) {
		size_t n = p->crs < sizeof crs - 1 ? (size_t)p->crs : sizeof crs - 1;

		take(p, crs, n);
		p->crs -= n;
	}
}

void gw_printer_update(struct gw_printer *p, const char *bytes, size_t n)
{
	while (n > 0) {
		const char *cr = memchr(bytes, '\r', n);
		size_t text = cr == NULL ? n : (size_t)(cr - bytes);

		if (text > 0 && *bytes == '\n')
			p->crs = 0;
		else if (text > 0)
			take_crs(p);
		take(p, bytes, text);
		p->crs += cr != NULL;
		bytes += text + (cr != NULL);
		n -= text + (cr != NULL);
	}
}

void gw_printer_final(struct gw_printer *p, struct gw_fingerprint *out)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	take_crs(p);
	if (p->state == GW_PRINT_NAME && p->name_n > 0)
		classify(p);
	end_described(p);
	out->about = p->about;
	out->left_out = p->left_out;
	out->has_received = p->has_received;
	SHA256_Final(digest, &p->header);
	memcpy(out->header, digest, GW_HASH_BYTES);
	SHA256_Final(digest, &p->body);
	memcpy(out->body, digest, GW_HASH_BYTES);
	memset(out->msgid, 0, GW_HASH_BYTES);
	if (p->msgid_n > 0) {
		SHA256((const uint8_t *)p->msgid, p->msgid_n, digest);
		memcpy(out->msgid, digest, GW_HASH_BYTES);
	}
}

enum gw_code gw_fingerprint_file(int dirfd, const char *name, struct gw_fingerprint *out,
	struct gw_file_facts *facts, struct gw_error *err)
{
	int fd = gw_open_regular(dirfd, name);
	struct gw_printer printer;
	char chunk[65536], last = '\0';
	struct stat st;
	ssize_t n = 0;

	if (fd < 0)
		return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot read %s", name);
	gw_printer_init(&printer);
	*facts = (struct gw_file_facts){ .mtime = fstat(fd, &st) == 0 ? st.st_mtime : 0 };
	while ((n = read(fd, chunk, sizeof chunk)) > 0) {
		for (ssize_t i = 0; i < n; last = chunk[i++])
			facts->crlf_size += chunk[i] == '\n' && last != '\r';
		facts->crlf_size += (uint64_t)n;
		facts->has_nul |= memchr(chunk, '\0', (size_t)n) != NULL;
		gw_printer_update(&printer, chunk, (size_t)n);
	}
	if (n < 0)
		gw_fail_sys(err, GW_ERR_DISK, errno, "cannot read %s", name);
	close(fd);
	gw_printer_final(&printer, out);
	return n < 0 ? GW_ERR_DISK : GW_OK;
}

/* false: it cannot be read. */
static bool read_header(int dirfd, const char *name, struct gw_printer *p)
{
	int fd = gw_open_regular(dirfd, name);
	char chunk[8192];
	ssize_t n = 0;

	if (fd < 0)
		return false;
	gw_printer_init(p);
	while (p->state != GW_PRINT_BODY && (n = read(fd, chunk, sizeof chunk)) > 0)
		gw_printer_update(p, chunk, (size_t)n);
	close(fd);
	return n >= 0;
}

bool gw_fingerprint_head(int dirfd, const char *name, struct gw_fingerprint *out)
{
	struct gw_printer p;

	if (!read_header(dirfd, name, &p))
		return false;
	gw_printer_final(&p, out);
	return true;
}

char *gw_message_id(int dirfd, const char *name)
{
	struct gw_printer p;

	if (!read_header(dirfd, name, &p))
		return NULL;
	for (size_t i = 0; i < p.msgid_n; i++) {
		if ((unsigned char)p.msgid[i] > '~')
			return NULL;
	}
	return p.msgid_n == 0 || p.msgid_n == sizeof p.msgid ? NULL : strndup(p.msgid, p.msgid_n);
}

bool gw_fingerprint_same(const struct gw_fingerprint *a, const struct gw_fingerprint *b)
{
	return memcmp(a->header, b->header, GW_HASH_BYTES) == 0 &&
	       memcmp(a->body, b->body, GW_HASH_BYTES) == 0;
}
