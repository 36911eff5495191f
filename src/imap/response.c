/* SPDX-License-Identifier: ISC */
/* imap/response.c - see response.h. */
#include "imap/response.h"

#include "base/num.h"
#include "base/text.h"
#include "imap/date.h"

#include <ctype.h>

/* True if one of the items that we ask for begins here. */
static bool at_asked_item(const struct gw_cursor *c)
{
	static const char *const asked[] = { "UID ", "FLAGS ", "RFC822.SIZE ", "INTERNALDATE ",
		"MODSEQ ", "X-GM-LABELS ", "X-GM-MSGID ", "EMAILID ", "BODY[" };
	struct gw_slice rest = { c->p, (size_t)(c->end - c->p) };

	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
		if (gw_slice_case_starts(rest, asked[i]))
			return true;
	}
	return false;
}

/* A list in it, or the next item, means that nobody knows where it ends. */
static bool parse_flags(struct gw_cursor *c, struct gw_flag_list *out)
{
	if (!gw_cursor_eat(c, '('))
		return false;
	gw_cursor_spaces(c);
	while (c->p < c->end && !gw_cursor_at(c, ')')) {
		struct gw_slice flag;

		if (gw_cursor_at(c, '(') || at_asked_item(c))
			return false;
		flag = gw_cursor_atom(c);
		gw_flag_list_add(out, flag);
		gw_cursor_spaces(c);
	}
	return gw_cursor_eat(c, ')');
}

/* Gmail's are not always grammatical: a bad one costs itself. */
static bool parse_labels(struct gw_cursor *c, struct gw_fetch *f)
{
	struct gw_slice label;

	if (!gw_cursor_eat(c, '('))
		return false;
	gw_cursor_spaces(c);
	while (c->p < c->end && !gw_cursor_at(c, ')')) {
		const char *before = c->p;

		if (gw_cursor_string(c, &label) == GW_VALUE_STRING &&
			f->label_count < GW_FLAG_LIST_MAX)
			f->labels[f->label_count++] = label;
		if (c->p == before && !gw_cursor_skip(c))
			return false;
		gw_cursor_spaces(c);
	}
	return gw_cursor_eat(c, ')');
}

static const struct {
	const char *name;
	enum gw_resp_code code;
	bool number;
} codes[] = {
	{ "ALERT", GW_CODE_ALERT, false },
	{ "CAPABILITY", GW_CODE_CAPABILITY, false },
	{ "UIDVALIDITY", GW_CODE_UIDVALIDITY, true },
	{ "UIDNEXT", GW_CODE_UIDNEXT, true },
	{ "HIGHESTMODSEQ", GW_CODE_HIGHESTMODSEQ, true },
	{ "NOMODSEQ", GW_CODE_NOMODSEQ, false },
	{ "READ-ONLY", GW_CODE_READ_ONLY, false },
	{ "PERMANENTFLAGS", GW_CODE_PERMANENTFLAGS, false },
	{ "APPENDUID", GW_CODE_APPENDUID, false },
	{ "COPYUID", GW_CODE_COPYUID, false },
	{ "MESSAGELIMIT", GW_CODE_MESSAGELIMIT, false },
	{ "MODIFIED", GW_CODE_MODIFIED, false },
	{ "TRYCREATE", GW_CODE_TRYCREATE, false },
	{ "ALREADYEXISTS", GW_CODE_ALREADYEXISTS, false },
	{ "NONEXISTENT", GW_CODE_NONEXISTENT, false },
	{ "UNAVAILABLE", GW_CODE_UNAVAILABLE, false },
	{ "AUTHENTICATIONFAILED", GW_CODE_AUTHENTICATIONFAILED, false },
	{ "AUTHORIZATIONFAILED", GW_CODE_AUTHORIZATIONFAILED, false },
	{ "EXPIRED", GW_CODE_EXPIRED, false },
	{ "SERVERBUG", GW_CODE_SERVERBUG, false },
	{ "INUSE", GW_CODE_INUSE, false },
	{ "LIMIT", GW_CODE_LIMIT, false },
	{ "NOPERM", GW_CODE_NOPERM, false },
	{ "OVERQUOTA", GW_CODE_OVERQUOTA, false },
	{ "THROTTLED", GW_CODE_THROTTLED, false },
};

/* "uidvalidity uid"; a set of UIDs (MULTIAPPEND) is not asked for. */
static bool parse_append_uid(struct gw_slice text, struct gw_response *out)
{
	const char *space = memchr(text.p, ' ', text.n);
	size_t n = space == NULL ? 0 : (size_t)(space - text.p);

	return space != NULL && gw_read_u32((struct gw_slice){ text.p, n }, &out->uidvalidity) &&
	       gw_read_u64(
		       (struct gw_slice){ space + 1, text.n - n - 1 }, UINT32_MAX, &out->number);
}

/* "limit uid"; the UID is not there when nothing is left. */
static bool parse_message_limit(struct gw_slice text, struct gw_response *out)
{
	const char *space = memchr(text.p, ' ', text.n);
	size_t n = space == NULL ? 0 : (size_t)(space - text.p);

	return space != NULL && gw_read_u64((struct gw_slice){ space + 1, text.n - n - 1 },
					UINT32_MAX, &out->number);
}

/* "uidvalidity from-set to-set" */
static bool parse_copy_uid(struct gw_slice text, struct gw_response *out)
{
	const char *first = memchr(text.p, ' ', text.n), *end = text.p + text.n;
	const char *second =
		first == NULL ? NULL : memchr(first + 1, ' ', (size_t)(end - first - 1));

	if (second == NULL)
		return false;
	out->copied_from = (struct gw_slice){ first + 1, (size_t)(second - first - 1) };
	out->copied_to = (struct gw_slice){ second + 1, (size_t)(end - second - 1) };
	return gw_read_u32(
		       (struct gw_slice){ text.p, (size_t)(first - text.p) }, &out->uidvalidity) &&
	       out->copied_from.n > 0 && out->copied_to.n > 0;
}

static bool parse_permanent(struct gw_slice text, struct gw_response *out)
{
	struct gw_cursor list = { .p = (char *)(uintptr_t)text.p,
		.end = (char *)(uintptr_t)text.p + text.n,
		.start = text.p };

	return parse_flags(&list, &out->fetch.flags);
}

static void parse_code(struct gw_slice inside, struct gw_response *out)
{
	const char *space = memchr(inside.p, ' ', inside.n);
	struct gw_slice name = inside, rest = { inside.p + inside.n, 0 };

	if (space != NULL) {
		name.n = (size_t)(space - inside.p);
		rest = (struct gw_slice){ space + 1, inside.n - name.n - 1 };
	}
	out->code = GW_CODE_OTHER;
	out->code_text = rest;
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		if (!gw_slice_case_eq(name, codes[i].name))
			continue;
		if (!codes[i].number || gw_read_u64(rest, INT64_MAX, &out->number))
			out->code = codes[i].code;
	}
	if ((out->code == GW_CODE_APPENDUID && !parse_append_uid(rest, out)) ||
		(out->code == GW_CODE_MESSAGELIMIT && !parse_message_limit(rest, out)) ||
		(out->code == GW_CODE_COPYUID && !parse_copy_uid(rest, out)) ||
		(out->code == GW_CODE_PERMANENTFLAGS && !parse_permanent(rest, out)))
		out->code = GW_CODE_OTHER;
}

/* resp-text: an optional [CODE ...] and text for people.  A code may hold "]" inside quotes or a
 * flag; the first "]" that is followed by a space or the end closes it. */
static void parse_text(struct gw_cursor *c, struct gw_response *out)
{
	struct gw_slice text;

	gw_cursor_spaces(c);
	text = gw_cursor_rest(c);
	out->text = text;
	if (text.n == 0 || text.p[0] != '[')
		return;
	for (size_t i = 1; i < text.n; i++) {
		if (text.p[i] != ']' || (i + 1 < text.n && text.p[i + 1] != ' '))
			continue;
		parse_code((struct gw_slice){ text.p + 1, i - 1 }, out);
		i += i + 1 < text.n ? 2 : 1;
		out->text = (struct gw_slice){ text.p + i, text.n - i };
		return;
	}
}

static bool parse_status_word(struct gw_slice word, enum gw_status *out)
{
	static const char *const words[] = { "OK", "NO", "BAD", "PREAUTH" };

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
		if (gw_slice_case_eq(word, words[i])) {
			*out = (enum gw_status)i;
			return true;
		}
	}
	return false;
}

static const struct {
	const char *name;
	unsigned attr;
} list_attrs[] = {
	{ "\\Noselect", GW_LIST_NOSELECT },
	{ "\\NonExistent", GW_LIST_NOSELECT },
	{ "\\Subscribed", GW_LIST_SUBSCRIBED },
	{ "\\All", GW_LIST_ALL },
	{ "\\Archive", GW_LIST_ARCHIVE },
	{ "\\Drafts", GW_LIST_DRAFTS },
	{ "\\Flagged", GW_LIST_FLAGGED },
	{ "\\Junk", GW_LIST_JUNK },
	{ "\\Sent", GW_LIST_SENT },
	{ "\\Trash", GW_LIST_TRASH },
	{ "\\Important", GW_LIST_IMPORTANT },
};

static void parse_list_attrs(struct gw_cursor *c, struct gw_response *out)
{
	if (!gw_cursor_eat(c, '(')) {
		if (!gw_cursor_at(c, '"')) /* otherwise there are none */
			gw_cursor_skip(c); /* NIL */
		return;
	}
	gw_cursor_spaces(c);
	while (c->p < c->end && !gw_cursor_at(c, ')')) {
		struct gw_slice word = gw_cursor_atom(c);

		for (size_t i = 0; i < sizeof list_attrs / sizeof *list_attrs; i++) {
			if (gw_slice_case_eq(word, list_attrs[i].name))
				out->attrs |= list_attrs[i].attr;
		}
		if (word.n == 0 && !gw_cursor_skip(c))
			break;
		gw_cursor_spaces(c);
	}
	gw_cursor_eat(c, ')');
}

/* A name without quotes goes on to the end, blanks included, but for RFC 5258's "(...)". */
static struct gw_slice bare_name(struct gw_cursor *c)
{
	struct gw_slice name = gw_cursor_rest(c);
	const char *more = memmem(name.p, name.n, " (\"", 3);

	if (more != NULL && name.p[name.n - 1] == ')')
		name.n = (size_t)(more - name.p);
	while (name.n > 0 && name.p[name.n - 1] == ' ')
		name.n--;
	return name;
}

/* Always true: a line that cannot be read gets an empty name, and is reported. */
static bool parse_list(struct gw_cursor *c, struct gw_response *out)
{
	struct gw_slice delimiter = { "", 0 }, name = { "", 0 };

	parse_list_attrs(c, out);
	gw_cursor_spaces(c);
	if (gw_cursor_string(c, &delimiter) == GW_VALUE_STRING && delimiter.n == 1)
		out->delimiter = delimiter.p[0];
	gw_cursor_spaces(c);
	if (!gw_cursor_at(c, '"') && !gw_cursor_at(c, '{'))
		name = bare_name(c);
	else if (gw_cursor_string(c, &name) != GW_VALUE_STRING ||
		 !(c->p == c->end || gw_cursor_at(c, ' ')))
		name.n = 0;
	out->mailbox = name;
	return true;
}

/* "(M123)" (RFC 8474): letters, digits, "_" and "-" */
static bool parse_object_id(struct gw_cursor *c, struct gw_slice *out)
{
	if (!gw_cursor_eat(c, '('))
		return false;
	*out = gw_cursor_atom(c);
	for (size_t i = 0; i < out->n; i++) {
		unsigned char each = (unsigned char)out->p[i];

		if (each >= 0x80 || (!isalnum(each) && each != '_' && each != '-'))
			return false;
	}
	return out->n > 0 && gw_cursor_eat(c, ')');
}

/* Reads a MAILBOXID; a malformed one counts as none; false: its end is unknown. */
static bool take_object_id(struct gw_cursor *c, struct gw_response *out)
{
	char *before = c->p;

	if (parse_object_id(c, &out->object_id))
		return true;
	out->object_id = (struct gw_slice){ "", 0 };
	out->unsound_id = true;
	c->p = before;
	return gw_cursor_skip(c);
}

static void take_count(struct gw_slice name, uint64_t value, struct gw_response *out)
{
	static const struct {
		const char *name;
		enum gw_status_item item;
		size_t at; /* of a uint32_t */
	} counts[] = {
		{ "MESSAGES", GW_ITEM_MESSAGES, offsetof(struct gw_response, messages) },
		{ "UIDNEXT", GW_ITEM_UIDNEXT, offsetof(struct gw_response, uidnext) },
		{ "UIDVALIDITY", GW_ITEM_UIDVALIDITY, offsetof(struct gw_response, uidvalidity) },
	};

	if (gw_slice_case_eq(name, "HIGHESTMODSEQ")) {
		out->items |= GW_ITEM_HIGHESTMODSEQ;
		out->highestmodseq = value;
	}
	if (gw_slice_case_eq(name, "SIZE")) {
		out->items |= GW_ITEM_SIZE;
		out->total_size = value;
	}
	for (size_t i = 0; i < sizeof counts / sizeof *counts && value <= UINT32_MAX; i++) {
		if (!gw_slice_case_eq(name, counts[i].name))
			continue;
		out->items |= counts[i].item;
		*(uint32_t *)(void *)((char *)out + counts[i].at) = (uint32_t)value;
	}
}

/* A count that cannot be read is not told; the others are. */
static bool parse_status(struct gw_cursor *c, struct gw_response *out)
{
	enum gw_value kind = gw_cursor_string(c, &out->mailbox);

	if (kind != GW_VALUE_STRING && kind != GW_VALUE_NIL)
		return false;
	gw_cursor_spaces(c);
	if (!gw_cursor_eat(c, '('))
		return false;
	gw_cursor_spaces(c);
	while (c->p < c->end && !gw_cursor_at(c, ')')) {
		struct gw_slice name = gw_cursor_atom(c);
		uint64_t value;

		gw_cursor_spaces(c);
		if (gw_slice_case_eq(name, "MAILBOXID")) {
			if (!take_object_id(c, out))
				return false;
		} else if (gw_cursor_u64(c, &value)) {
			take_count(name, value, out);
		} else if (name.n == 0 && !gw_cursor_skip(c)) {
			return false;
		}
		gw_cursor_spaces(c);
	}
	return true;
}

/* "((prefix delimiter extensions...)...)" or NIL (RFC 2342). */
static bool parse_spaces(struct gw_cursor *c, bool foreign, struct gw_response *out)
{
	gw_cursor_spaces(c);
	if (!gw_cursor_eat(c, '('))
		return gw_cursor_skip(c); /* NIL */
	while (gw_cursor_eat(c, '(')) {
		struct gw_slice prefix;

		if (gw_cursor_string(c, &prefix) != GW_VALUE_STRING)
			return false;
		if (out->space_count < GW_NAMESPACES) {
			out->space_foreign[out->space_count] = foreign;
			out->spaces[out->space_count++] = prefix;
		}
		for (gw_cursor_spaces(c); c->p < c->end && !gw_cursor_at(c, ')');
			gw_cursor_spaces(c)) {
			if (!gw_cursor_skip(c))
				return false;
		}
		gw_cursor_eat(c, ')');
		gw_cursor_spaces(c);
	}
	return gw_cursor_eat(c, ')');
}

/* Personal ones, other users', shared ones. */
static bool parse_namespace(struct gw_cursor *c, struct gw_response *out)
{
	bool ok = parse_spaces(c, false, out);

	if (out->space_count > 0)
		out->mailbox = out->spaces[0];
	return ok && parse_spaces(c, true, out) && parse_spaces(c, true, out);
}

/* RFC 4731: (TAG "x") UID ALL 1:3,5 COUNT 4 ... */
static bool parse_esearch(struct gw_cursor *c, struct gw_response *out)
{
	if (gw_cursor_at(c, '(') && !gw_cursor_skip(c))
		return false;
	gw_cursor_spaces(c);
	while (c->p < c->end) {
		struct gw_slice name = gw_cursor_atom(c);

		gw_cursor_spaces(c);
		if (gw_slice_case_eq(name, "UID"))
			continue;
		if (gw_slice_case_eq(name, "ALL")) {
			out->list = gw_cursor_atom(c);
			out->has_set = true;
		} else if (!gw_cursor_skip(c)) {
			return false;
		}
		gw_cursor_spaces(c);
	}
	return true;
}

static bool parse_vanished(struct gw_cursor *c, struct gw_response *out)
{
	if (gw_cursor_at(c, '(')) {
		out->earlier = true;
		if (!gw_cursor_skip(c))
			return false;
		gw_cursor_spaces(c);
	}
	out->list = gw_cursor_atom(c);
	return out->list.n > 0;
}

static bool parse_body_item(struct gw_cursor *c, struct gw_slice section, struct gw_fetch *f,
	gw_inline_body *body, void *ctx)
{
	struct gw_slice value = { "", 0 };

	switch (gw_cursor_string(c, &value)) {
	case GW_VALUE_STREAMED:
		break;
	case GW_VALUE_STRING:
		body(ctx, section, value);
		break;
	case GW_VALUE_NIL:
		return true;
	case GW_VALUE_BAD:
		return false;
	}
	f->bodies++;
	return true;
}

/* The name of a fetch item: "BODY[HEADER.FIELDS (X Y)]<0>" holds spaces and parentheses. */
static struct gw_slice item_name(struct gw_cursor *c)
{
	char *start = c->p;
	bool section = false;

	while (c->p < c->end && (section || (*c->p != ' ' && *c->p != '(' && *c->p != ')'))) {
		if (*c->p == '[')
			section = true;
		else if (*c->p == ']')
			section = false;
		c->p++;
	}
	return (struct gw_slice){ start, (size_t)(c->p - start) };
}

static struct gw_slice section_of(struct gw_slice name)
{
	const char *open = memchr(name.p, '[', name.n);
	const char *close =
		open == NULL ? NULL : memchr(open, ']', name.n - (size_t)(open - name.p));

	if (close == NULL)
		return (struct gw_slice){ "", 0 };
	return (struct gw_slice){ open + 1, (size_t)(close - open - 1) };
}

/* Reads the UID; a line with two different ones has none. */
static bool parse_uid(struct gw_cursor *c, struct gw_fetch *f)
{
	uint64_t value;

	if (!gw_cursor_u64(c, &value) || value == 0 || value > UINT32_MAX)
		return false;
	f->uid_twice |= f->uid != 0 && f->uid != value;
	f->uid = (uint32_t)value;
	return true;
}

/* "FLAGS (\Seen a)b)" is a list of nobody knows what. */
static bool ends_here(const struct gw_cursor *c)
{
	return c->p == c->end || *c->p == ' ' || *c->p == ')';
}

static bool parse_fetch_item(
	struct gw_cursor *c, struct gw_fetch *f, gw_inline_body *body, void *ctx)
{
	struct gw_slice name = item_name(c), text;

	if (name.n == 0)
		return false;
	gw_cursor_spaces(c);
	if (gw_slice_case_eq(name, "UID"))
		return parse_uid(c, f);
	if (gw_slice_case_eq(name, "FLAGS"))
		return f->has_flags = parse_flags(c, &f->flags) && ends_here(c);
	if (gw_slice_case_eq(name, "X-GM-LABELS"))
		return f->has_labels = parse_labels(c, f) && ends_here(c);
	if (gw_slice_case_eq(name, "RFC822.SIZE"))
		return f->has_size = gw_cursor_u64(c, &f->size);
	if (gw_slice_case_eq(name, "INTERNALDATE"))
		return f->has_date = gw_cursor_string(c, &text) == GW_VALUE_STRING &&
				     gw_date_parse(text, &f->date);
	if (gw_slice_case_eq(name, "X-GM-MSGID"))
		return gw_read_u64(gw_cursor_atom(c), UINT64_MAX, &f->global_id);
	if (gw_slice_case_eq(name, "EMAILID")) {
		if (!parse_object_id(c, &text))
			return false;
		f->global_id = gw_hash_bytes(text);
		return true;
	}
	if (gw_slice_case_eq(name, "MODSEQ"))
		return gw_cursor_eat(c, '(') && gw_cursor_u64(c, &f->modseq) &&
		       gw_cursor_eat(c, ')');
	if (gw_slice_case_starts(name, "BODY[") || gw_slice_case_starts(name, "BINARY[") ||
		gw_slice_case_eq(name, "RFC822") || gw_slice_case_eq(name, "RFC822.HEADER"))
		return parse_body_item(c, section_of(name), f, body, ctx);
	return gw_cursor_skip(c);
}

/* Skips what cannot be read, up to the next item that we know. */
static void seek_item(struct gw_cursor *c)
{
	while (c->p < c->end) {
		bool begins = c->p == c->start || c->p[-1] == ' ' || c->p[-1] == ')';

		if (begins && at_asked_item(c))
			return;
		c->p++;
	}
}

/* A body is followed by the end of the list or by another item.  Anything else may be a part of it:
 * then the announced size was wrong. */
static bool body_is_followed(struct gw_cursor *c)
{
	struct gw_cursor next = *c;

	if (gw_cursor_at(&next, ')') && next.p + 1 == next.end)
		return true;
	return gw_cursor_eat(&next, ' ') && at_asked_item(&next);
}

/* Each item is parsed for itself.  Whatever else is odd, a line whose UID can be read says that the
 * message is there; only what holds a body must be right from there on. */
static bool parse_fetch(struct gw_cursor *c, struct gw_fetch *f, gw_inline_body *body, void *ctx)
{
	bool loose = false; /* behind a body that nothing proves to have ended */

	if (!gw_cursor_eat(c, '('))
		return false;
	for (;;) {
		unsigned bodies = f->bodies;
		char *before;
		bool ok;

		gw_cursor_spaces(c);
		if (c->p == c->end)
			return !loose;
		if (gw_cursor_at(c, ')') && c->p + 1 == c->end)
			return true;
		before = c->p;
		ok = parse_fetch_item(c, f, body, ctx);
		if (f->bodies > bodies)
			loose = !body_is_followed(c);
		if (ok)
			continue;
		if (loose)
			return false;
		c->p += c->p == before;
		seek_item(c);
	}
}

static bool parse_numbered(struct gw_cursor *c, uint32_t number, struct gw_response *out,
	gw_inline_body *body, void *ctx)
{
	struct gw_slice word;

	gw_cursor_spaces(c);
	word = gw_cursor_atom(c);
	gw_cursor_spaces(c);
	out->number = number;
	if (gw_slice_case_eq(word, "EXISTS"))
		out->type = GW_RESP_EXISTS;
	else if (gw_slice_case_eq(word, "EXPUNGE"))
		out->type = GW_RESP_EXPUNGE;
	else if (gw_slice_case_eq(word, "FETCH")) {
		out->type = GW_RESP_FETCH;
		out->fetch.seq = number;
		if (!parse_fetch(c, &out->fetch, body, ctx))
			return false;
		if (out->fetch.uid_twice)
			out->fetch.uid = 0;
	}
	return true;
}

static bool parse_untagged(
	struct gw_cursor *c, struct gw_response *out, gw_inline_body *body, void *ctx)
{
	struct gw_slice word = gw_cursor_atom(c);
	uint32_t number;

	if (gw_read_u32(word, &number))
		return parse_numbered(c, number, out, body, ctx);
	gw_cursor_spaces(c);
	if (parse_status_word(word, &out->status)) {
		out->type = GW_RESP_STATUS_TEXT;
		parse_text(c, out);
		return true;
	}
	if (gw_slice_case_eq(word, "BYE")) {
		out->type = GW_RESP_BYE;
		parse_text(c, out);
		return true;
	}
	if (gw_slice_case_eq(word, "CAPABILITY") || gw_slice_case_eq(word, "ENABLED") ||
		gw_slice_case_eq(word, "SEARCH")) {
		out->type = gw_slice_case_eq(word, "SEARCH")    ? GW_RESP_SEARCH
			    : gw_slice_case_eq(word, "ENABLED") ? GW_RESP_ENABLED
								: GW_RESP_CAPABILITY;
		out->list = gw_cursor_rest(c);
		return true;
	}
	if (gw_slice_case_eq(word, "LIST") || gw_slice_case_eq(word, "LSUB")) {
		out->type = gw_slice_case_eq(word, "LIST") ? GW_RESP_LIST : GW_RESP_LSUB;
		return parse_list(c, out);
	}
	if (gw_slice_case_eq(word, "STATUS")) {
		out->type = GW_RESP_STATUS;
		return parse_status(c, out);
	}
	if (gw_slice_case_eq(word, "NAMESPACE")) {
		out->type = GW_RESP_NAMESPACE;
		return parse_namespace(c, out);
	}
	if (gw_slice_case_eq(word, "ESEARCH")) {
		out->type = GW_RESP_ESEARCH;
		return parse_esearch(c, out);
	}
	if (gw_slice_case_eq(word, "VANISHED")) {
		out->type = GW_RESP_VANISHED;
		return parse_vanished(c, out);
	}
	return true;
}

bool gw_response_parse(
	struct gw_cursor *c, struct gw_response *out, gw_inline_body *body, void *ctx)
{
	struct gw_slice word;
	bool ok;

	/* Not the whole struct: the array of keywords is large and counted. */
	memset(out, 0, offsetof(struct gw_response, fetch));
	out->fetch.uid = out->fetch.seq = 0;
	out->fetch.has_flags = out->fetch.has_size = out->fetch.has_date = false;
	out->fetch.has_labels = out->fetch.uid_twice = false;
	out->fetch.label_count = 0;
	out->fetch.bodies = 0;
	out->fetch.modseq = out->fetch.global_id = 0;
	out->fetch.flags.system = 0;
	out->fetch.flags.any = false;
	out->fetch.flags.keyword_count = 0;
	out->type = GW_RESP_OTHER;
	out->line = (struct gw_slice){ c->p, (size_t)(c->end - c->p) };

	if (gw_cursor_eat(c, '+')) {
		out->type = GW_RESP_CONTINUE;
		gw_cursor_spaces(c);
		out->text = gw_cursor_rest(c);
		return true;
	}
	word = gw_cursor_atom(c);
	gw_cursor_spaces(c);
	if (gw_slice_eq(word, "*")) {
		ok = parse_untagged(c, out, body, ctx);
		if (!ok)
			out->type = GW_RESP_OTHER;
		return ok;
	}
	out->tag = word;
	if (!parse_status_word(gw_cursor_atom(c), &out->status) ||
		out->status == GW_STATUS_PREAUTH || word.n == 0)
		return false;
	out->type = GW_RESP_TAGGED;
	parse_text(c, out);
	return true;
}
