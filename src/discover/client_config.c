/* SPDX-License-Identifier: ISC */
/* discover/client_config.c - see client_config.h.
 *
 *   <clientConfig> <emailProvider>
 *     <incomingServer type="imap"> <hostname/> <port/> <socketType/> <username/>
 *     <outgoingServer type="smtp"> likewise
 *
 * A document type declaration ends it: entities are for attacks here.
 */
#include "discover/client_config.h"

#include "base/num.h"

#include <expat.h>
#include <limits.h>

/* A place in the tree, by its depth. */
enum { DOCUMENT, ROOT, PROVIDER, SERVER, FIELD };
enum field { NONE, HOSTNAME, PORT, SOCKET_TYPE, USERNAME, FIELDS };
enum { TEXT_MAX = 255 };

struct reader {
	XML_Parser parser;
	struct gw_advice *out;
	struct gw_slice local, domain, address;
	unsigned depth;
	bool awaited; /* the provider that counts is yet to come */
	bool inside;  /* it is being read */
	struct gw_advised_server
		*target; /* of the server that is being read; NULL: of no interest */
	char fields[FIELDS][TEXT_MAX + 1];
	size_t lengths[FIELDS]; /* more than TEXT_MAX: too long to be anything */
	enum field field;
};

static const char *attribute(const XML_Char **list, const char *name)
{
	for (; *list != NULL; list += 2) {
		if (strcmp(list[0], name) == 0)
			return list[1];
	}
	return "";
}

static struct gw_advised_server *target_of(
	struct reader *r, const XML_Char *name, const XML_Char **attributes)
{
	const char *type = attribute(attributes, "type");
	struct gw_advised_server *s = NULL;

	if (strcmp(name, "incomingServer") == 0 && strcmp(type, "imap") == 0)
		s = &r->out->imap;
	else if (strcmp(name, "outgoingServer") == 0 && strcmp(type, "smtp") == 0)
		s = &r->out->smtp;
	return s != NULL && s->host[0] == '\0' ? s : NULL;
}

static enum field field_of(const XML_Char *name)
{
	static const char *const names[FIELDS] = { [HOSTNAME] = "hostname",
		[PORT] = "port",
		[SOCKET_TYPE] = "socketType",
		[USERNAME] = "username" };

	for (size_t i = NONE + 1; i < FIELDS; i++) {
		if (strcmp(names[i], name) == 0)
			return (enum field)i;
	}
	return NONE;
}

static void on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *r = ctx;

	switch (r->depth++) {
	case DOCUMENT:
		r->awaited = strcmp(name, "clientConfig") == 0;
		break;
	case ROOT:
		r->inside = r->awaited && strcmp(name, "emailProvider") == 0;
		r->awaited &= !r->inside;
		break;
	case PROVIDER:
		r->target = r->inside ? target_of(r, name, attributes) : NULL;
		memset(r->lengths, 0, sizeof r->lengths);
		break;
	case SERVER:
		r->field = r->target != NULL ? field_of(name) : NONE;
		if (r->lengths[r->field] > 0) /* said twice: the first holds */
			r->field = NONE;
		break;
	default:
		r->field = NONE;
	}
}

static void on_text(void *ctx, const XML_Char *text, int n)
{
	struct reader *r = ctx;
	size_t *length = &r->lengths[r->field];

	for (int i = 0; i < n && r->field != NONE; i++) {
		if (*length < TEXT_MAX)
			r->fields[r->field][*length] = text[i];
		if (*length <= TEXT_MAX)
			++*length;
	}
}

/* Without the blanks around it; .n 0: nothing, or nothing that could be true. */
static struct gw_slice text_of(const struct reader *r, enum field field)
{
	static const char blanks[] = " \t\r\n";
	struct gw_slice s = { r->fields[field], r->lengths[field] };

	if (s.n > TEXT_MAX)
		return (struct gw_slice){ "", 0 };
	while (s.n > 0 && memchr(blanks, s.p[s.n - 1], sizeof blanks - 1) != NULL)
		s.n--;
	while (s.n > 0 && memchr(blanks, *s.p, sizeof blanks - 1) != NULL) {
		s.p++;
		s.n--;
	}
	return s;
}

static bool is_printable(char c)
{
	return c > ' ' && c < 0x7f;
}

/* Fills in the placeholders.  false: too long, or not possible in a name. */
static bool fill_in(const struct reader *r, struct gw_slice from, char *out, size_t size)
{
	const struct {
		const char *name;
		struct gw_slice value;
	} places[] = { { "%EMAILADDRESS%", r->address }, { "%EMAILLOCALPART%", r->local },
		{ "%EMAILDOMAIN%", r->domain } };
	size_t n = 0;

	for (size_t at = 0; at < from.n;) {
		struct gw_slice piece = { from.p + at, 1 };
		size_t step = 1;

		for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
			size_t length = strlen(places[i].name);

			if (from.n - at >= length &&
				memcmp(from.p + at, places[i].name, length) == 0) {
				piece = places[i].value;
				step = length;
			}
		}
		if (n + piece.n >= size || (step == 1 && !is_printable(*piece.p)))
			return false;
		memcpy(out + n, piece.p, piece.n);
		n += piece.n;
		at += step;
	}
	out[n] = '\0';
	return n > 0;
}

/* Letters, digits and hyphens between dots (RFC 1123 2.1), and a letter at the end: no address. */
static bool is_dns_name(const char *host)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
	const char *top = strrchr(host, '.');
	size_t n;

	if (strlen(host) > 253 || top == NULL || strspn(top + 1, "0123456789") != 0)
		return false;
	do {
		n = strspn(host, allowed);
		if (n == 0 || n > 63 || host[0] == '-' || host[n - 1] == '-' ||
			(host[n] != '.' && host[n] != '\0'))
			return false;
		host += n + 1;
	} while (host[-1] != '\0');
	return true;
}

/* Takes a server, unless it is in clear. */
static void take_server(const struct reader *r, struct gw_advised_server *out)
{
	struct gw_advised_server s = { .port = 0 };
	struct gw_slice type = text_of(r, SOCKET_TYPE);
	uint64_t port;

	if (gw_slice_case_eq(type, "SSL"))
		s.tls = GW_TLS_IMPLICIT;
	else if (gw_slice_case_eq(type, "STARTTLS"))
		s.tls = GW_TLS_STARTTLS;
	else
		return;
	if (!fill_in(r, text_of(r, HOSTNAME), s.host, sizeof s.host) || !is_dns_name(s.host) ||
		!gw_read_u64(text_of(r, PORT), 65535, &port) || port == 0)
		return;
	s.port = (unsigned)port;
	if (!fill_in(r, text_of(r, USERNAME), s.user, sizeof s.user))
		s.user[0] = '\0';
	*out = s;
}

static void on_end(void *ctx, const XML_Char *name)
{
	struct reader *r = ctx;

	(void)name;
	r->depth--;
	r->field = NONE;
	if (r->depth == PROVIDER && r->target != NULL) {
		take_server(r, r->target);
		r->target = NULL;
	}
}

static void on_doctype(void *ctx, const XML_Char *name, const XML_Char *system_id,
	const XML_Char *public_id, int internal)
{
	struct reader *r = ctx;

	(void)name;
	(void)system_id;
	(void)public_id;
	(void)internal;
	XML_StopParser(r->parser, XML_FALSE);
}

bool gw_client_config_read(struct gw_slice xml, const char *address, struct gw_advice *out)
{
	const char *at = strrchr(address, '@');
	struct reader r = { .out = out, .address = gw_slice_str(address), .field = NONE };
	bool ok;

	*out = (struct gw_advice){ .source = NULL };
	if (at == NULL || xml.n > INT_MAX)
		return false;
	r.local = (struct gw_slice){ address, (size_t)(at - address) };
	r.domain = gw_slice_str(at + 1);
	r.parser = XML_ParserCreate(NULL);
	if (r.parser == NULL)
		return false;
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, on_start, on_end);
	XML_SetCharacterDataHandler(r.parser, on_text);
	XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
	ok = XML_Parse(r.parser, xml.p, (int)xml.n, XML_TRUE) == XML_STATUS_OK;
	XML_ParserFree(r.parser);
	return ok && out->imap.host[0] != '\0';
}
