/* SPDX-License-Identifier: ISC */
/* cli/python.c - see python.h. */
#include "cli/python.h"

#include "import/command.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static const char script[] =
	"import json, os, re, sys\n"
	"d = json.load(sys.stdin)\n"
	"g = {'re': re, 'os': os}\n"
	"if d['pythonfile']:\n"
	"    exec(compile(open(d['pythonfile']).read(), d['pythonfile'], 'exec'), g)\n"
	"def made(name, usual):\n"
	"    return eval(d[name].strip(), g) if d[name] else usual\n"
	"trans = made('nametrans', lambda name: name)\n"
	"wanted = made('folderfilter', lambda name: True)\n"
	"also = made('folderincludes', [])\n"
	"out = [trans(n).replace(d['there'], d['here']) if n in also or wanted(n) else None\n"
	"       for n in d['names']]\n"
	"print('\\n\\x01' + json.dumps(out))\n";

static json_t *text_or_null(const char *text)
{
	return text == NULL ? json_null() : json_string(text);
}

/* Composes the script's input; NULL: out of memory, or a name that is not UTF-8. */
static char *question(const struct gw_other *o, const struct gw_settle_box *boxes, size_t count)
{
	json_t *names = json_array();
	char there[2] = "/", *text = NULL;
	bool ok = names != NULL;
	json_t *root;

	for (size_t i = 0; i < count && ok; i++) {
		ok = json_array_append_new(names, json_string(boxes[i].wire)) == 0;
		if (boxes[i].delimiter != '\0')
			there[0] = boxes[i].delimiter;
	}
	root = json_pack("{s:o,s:o,s:o,s:o,s:s,s:s,s:o}", "pythonfile", text_or_null(o->pythonfile),
		"nametrans", text_or_null(o->nametrans), "folderfilter",
		text_or_null(o->folderfilter), "folderincludes", text_or_null(o->folderincludes),
		"there", there, "here", o->sep, "names", names);
	if (ok && root != NULL)
		text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return text;
}

/* Runs it; the last line of its output, behind the mark; heap. */
static char *run(const char *input)
{
	FILE *in = tmpfile(), *out;
	struct gw_buf command;
	char *line = NULL, *answer = NULL;
	size_t size = 0;

	if (in == NULL)
		return NULL;
	gw_buf_init(&command, 65536);
	if (fputs(input, in) < 0 || fflush(in) != 0 || fseek(in, 0, SEEK_SET) != 0 ||
		gw_buf_puts(&command, "python3 -c ") != GW_OK ||
		gw_import_quote(script, &command) != GW_OK ||
		gw_buf_printf(&command, " <&%d", fileno(in)) != GW_OK) {
		gw_buf_deinit(&command);
		fclose(in);
		return NULL;
	}
	/* NOLINTNEXTLINE(bugprone-command-processor,cert-env33-c): the user's own Python is meant */
	out = popen(gw_buf_cstr(&command), "re");
	while (out != NULL && getline(&line, &size, out) >= 0) {
		if (line[0] != '\x01')
			continue;
		free(answer);
		answer = strdup(line + 1);
	}
	if (out == NULL || pclose(out) != 0) {
		free(answer);
		answer = NULL;
	}
	free(line);
	gw_buf_deinit(&command);
	fclose(in);
	return answer;
}

static bool take(
	const struct gw_other *o, const json_t *list, struct gw_settle_box *boxes, size_t count)
{
	if (!json_is_array(list) || json_array_size(list) != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		const char *dir = json_string_value(json_array_get(list, i));
		size_t n;

		boxes[i].in = dir != NULL;
		if (dir == NULL)
			continue;
		if (asprintf(&boxes[i].place, "%s/%s", o->path, dir) < 0) {
			boxes[i].place = NULL;
			return false;
		}
		n = strlen(boxes[i].place);
		while (n > 1 && boxes[i].place[n - 1] == '/')
			boxes[i].place[--n] = '\0';
	}
	return true;
}

enum gw_code python_places(
	const struct gw_other *o, struct gw_settle_box *boxes, size_t count, struct gw_error *err)
{
	char *input = question(o, boxes, count), *answer = input == NULL ? NULL : run(input);
	json_t *list = answer == NULL ? NULL : json_loads(answer, 0, NULL);
	bool ok = list != NULL && take(o, list, boxes, count);

	json_decref(list);
	free(answer);
	free(input);
	return ok ? GW_OK
		  : gw_fail(err, GW_ERR_CONFIG,
			    "nametrans, folderfilter and folderincludes cannot be tried on the server's "
			    "names (is there a python3, with what your pythonfile needs?); without them "
			    "nobody knows which directory is which mailbox");
}
