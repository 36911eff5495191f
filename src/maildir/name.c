/* SPDX-License-Identifier: ISC */
/* maildir/name.c - see name.h. */
#include "maildir/name.h"

#include "base/num.h"
#include "base/text.h"
#include "godwit/account.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define SUFFIX ".godwit"

static const struct {
	char letter;
	uint64_t flag;
} letters[] = {
	{ 'D', GW_FLAG_DRAFT },
	{ 'F', GW_FLAG_FLAGGED },
	{ 'P', GW_FLAG_FORWARDED },
	{ 'R', GW_FLAG_ANSWERED },
	{ 'S', GW_FLAG_SEEN },
	{ 'T', GW_FLAG_DELETED },
};

struct gw_name gw_name_split(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = n; i-- > 0;) {
		if (name[i] == '2' && i > 0 && name[i + 1] == ',' &&
			strchr(GW_INFO_SEPARATORS, name[i - 1]) != NULL)
			return (struct gw_name){ { name, i - 1 }, { name + i + 2, n - i - 2 },
				name[i - 1] };
	}
	return (struct gw_name){ { name, n }, { NULL, 0 }, '\0' };
}

/* Returns the flag of a keyword's letter.  Dovecot lists $Forwarded as a keyword; Maildir's flag P
 * means the same. */
static uint64_t keyword_of(unsigned index, const struct gw_keywords *k)
{
	if (k->names[index] == NULL)
		return 0;
	return strcasecmp(k->names[index], "$Forwarded") == 0 ? GW_FLAG_FORWARDED
							      : GW_FLAG_KEYWORD(index);
}

static uint64_t flag_of(char letter, const struct gw_keywords *k)
{
	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
		if (letters[i].letter == letter)
			return letters[i].flag;
	}
	return letter >= 'a' && letter <= 'z' ? keyword_of((unsigned)(letter - 'a'), k) : 0;
}

bool gw_name_is_editors(const char *name)
{
	size_t n = strlen(name);

	return n > 1 && (name[n - 1] == '~' || (name[0] == '#' && name[n - 1] == '#'));
}

uint64_t gw_name_flags(struct gw_slice info, const struct gw_keywords *k)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < info.n; i++)
		flags |= flag_of(info.p[i], k);
	return flags;
}

uint32_t gw_name_letters(struct gw_slice info)
{
	uint32_t set = 0;

	for (size_t i = 0; i < info.n; i++) {
		if (info.p[i] >= 'a' && info.p[i] <= 'z')
			set |= 1u << (info.p[i] - 'a');
	}
	return set;
}

struct gw_slice gw_name_without(struct gw_slice info, uint32_t unwanted, char out[GW_NAME_MAX + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < info.n && n < GW_NAME_MAX; i++) {
		if (!(gw_name_letters((struct gw_slice){ info.p + i, 1 }) & unwanted))
			out[n++] = info.p[i];
	}
	return (struct gw_slice){ info.p == NULL ? NULL : out, n };
}

static int compare_chars(const void *a, const void *b)
{
	return *(const unsigned char *)a - *(const unsigned char *)b;
}

/* A letter goes in once, while there is room. */
static size_t put_letter(char *set, size_t n, size_t room, char letter)
{
	if (n < room && memchr(set, letter, n) == NULL)
		set[n++] = letter;
	return n;
}

/* The letters of the new info: first those of the old one that stay, so that a name without room for
 * all does not change what it has. */
static size_t choose_letters(const struct gw_name *old, uint64_t flags, uint64_t changes,
	const struct gw_keywords *k, char *set, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < old->info.n && n < room; i++) { /* what is not ours to change */
		if (!(flag_of(old->info.p[i], k) & changes))
			set[n++] = old->info.p[i];
	}
	for (size_t i = 0; i < old->info.n; i++) {
		uint64_t flag = flag_of(old->info.p[i], k);
		bool is_keyword = old->info.p[i] >= 'a';

		if ((flag & flags & changes) && !(is_keyword && flag == GW_FLAG_FORWARDED))
			n = put_letter(set, n, room, old->info.p[i]);
	}
	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
		if (letters[i].flag & flags & changes)
			n = put_letter(set, n, room, letters[i].letter);
	}
	for (unsigned i = 0; i < GW_KEYWORD_LETTERS; i++) {
		if ((GW_FLAG_KEYWORD(i) & flags & changes) && k->names[i] != NULL)
			n = put_letter(set, n, room, (char)('a' + i));
	}
	return n;
}

char gw_name_separator(char chosen)
{
	return chosen != '\0' ? chosen : ':';
}

bool gw_name_format(const struct gw_name *old, uint64_t flags, uint64_t changes,
	const struct gw_keywords *k, char separator, char out[GW_NAME_MAX + 1])
{
	char set[GW_NAME_MAX];
	uint64_t wanted = flags & changes & gw_keywords_lettered(k);
	size_t n = old->base.n, room, count;

	out[0] = '\0';
	if (n > GW_NAME_MAX)
		return false;
	memcpy(out, old->base.p, n);
	out[n] = '\0';
	if (n + 3 > GW_NAME_MAX)
		return wanted == 0;
	room = GW_NAME_MAX - n - 3;
	count = choose_letters(old, flags, changes, k, set, room);
	qsort(set, count, 1, compare_chars);
	out[n] = old->separator != '\0' ? old->separator : gw_name_separator(separator);
	memcpy(out + n + 1, "2,", 2);
	memcpy(out + n + 3, set, count);
	out[n + 3 + count] = '\0';
	return (wanted & ~gw_name_flags((struct gw_slice){ set, count }, k)) == 0;
}

bool gw_name_has_room(const char *name, uint64_t flags)
{
	size_t info = gw_name_split(name).info.p == NULL ? 3 : 0;

	return strlen(name) + info + (size_t)__builtin_popcountll(flags) <= GW_NAME_MAX;
}

void gw_name_of_uid(const char *key, uint32_t uid, char out[64])
{
	snprintf(out, 64, "%s.%u" SUFFIX, key, uid);
}

bool gw_name_numbered(const char *file, unsigned k, char out[GW_NAME_MAX + 1])
{
	struct gw_slice base = gw_name_split(file).base;
	int n = snprintf(out, GW_NAME_MAX + 1, "%.*s-%u%s", (int)base.n, base.p, k, file + base.n);

	return n >= 0 && n <= GW_NAME_MAX;
}

uint32_t gw_name_uid(struct gw_slice base, const char *key)
{
	size_t head = strlen(key) + 1, tail = strlen(SUFFIX);
	uint32_t uid;

	if (base.n <= head + tail || strncmp(base.p, key, head - 1) != 0 ||
		base.p[head - 1] != '.' || memcmp(base.p + base.n - tail, SUFFIX, tail) != 0)
		return 0;
	return gw_read_u32((struct gw_slice){ base.p + head, base.n - head - tail }, &uid) ? uid
											   : 0;
}

void gw_name_key(const char *account_id, const char *mailbox, uint32_t uidvalidity, char out[17])
{
	struct gw_buf text;

	gw_buf_init(&text, 1 << 20);
	if (gw_buf_printf(&text, "%s%c%s%c%u", account_id, 0, mailbox, 0, uidvalidity) == GW_OK)
		gw_sha256_hex((struct gw_slice){ text.p, text.n }, 8, out);
	else
		memcpy(out, "0000000000000000", 17);
	gw_buf_deinit(&text);
}
