/* SPDX-License-Identifier: ISC */
/* tests/tools/jsonschema.c SCHEMA - does each line of standard input hold to it?
 *
 * Knows of JSON Schema what ours says: $ref into $defs, type, enum, const, properties, required,
 * additionalProperties, items, oneOf.  What it does not know it refuses, or a schema would hold nothing.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *root;
static char why[500];

static bool holds(json_t *schema, json_t *value, const char *where);

static bool wrong(const char *where, const char *what)
{
	snprintf(why, sizeof why, "%s: %s", where, what);
	return false;
}

static bool is_type(const char *type, json_t *v)
{
	return (strcmp(type, "object") == 0 && json_is_object(v)) ||
	       (strcmp(type, "array") == 0 && json_is_array(v)) ||
	       (strcmp(type, "string") == 0 && json_is_string(v)) ||
	       (strcmp(type, "integer") == 0 && json_is_integer(v)) ||
	       (strcmp(type, "boolean") == 0 && json_is_boolean(v)) ||
	       (strcmp(type, "null") == 0 && json_is_null(v));
}

static bool of_type(json_t *type, json_t *v, const char *where)
{
	bool ok = json_is_string(type) && is_type(json_string_value(type), v);

	for (size_t i = 0; i < json_array_size(type); i++)
		ok |= is_type(json_string_value(json_array_get(type, i)), v);
	return ok || wrong(where, "is of another type");
}

static bool among(json_t *list, json_t *v, const char *where)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (json_equal(json_array_get(list, i), v))
			return true;
	}
	return wrong(where, "is none of the values");
}

static bool has_all(json_t *list, json_t *v, const char *where)
{
	for (size_t i = 0; json_is_object(v) && i < json_array_size(list); i++) {
		const char *key = json_string_value(json_array_get(list, i));

		if (json_object_get(v, key) == NULL) {
			snprintf(why, sizeof why, "%s: has no \"%s\"", where, key);
			return false;
		}
	}
	return true;
}

static bool properties_hold(json_t *schema, json_t *v, const char *where)
{
	json_t *known = json_object_get(schema, "properties");
	bool more = !json_is_false(json_object_get(schema, "additionalProperties"));
	const char *key;
	json_t *member;

	json_object_foreach(v, key, member)
	{
		json_t *sub = json_object_get(known, key);
		char below[300];

		snprintf(below, sizeof below, "%s.%s", where, key);
		if (sub == NULL && !more)
			return wrong(below, "is not in the schema");
		if (sub != NULL && !holds(sub, member, below))
			return false;
	}
	return true;
}

static bool one_holds(json_t *list, json_t *v, const char *where)
{
	size_t n = 0;
	char all[500] = "";

	for (size_t i = 0; i < json_array_size(list); i++) {
		if (holds(json_array_get(list, i), v, where))
			n++;
		else
			snprintf(all + strlen(all), sizeof all - strlen(all), "[%.100s] ", why);
	}
	return n == 1 || wrong(where, n == 0 ? all : "is several things at once");
}

static bool holds(json_t *schema, json_t *v, const char *where)
{
	static const char *const silent[] = { "$schema", "$id", "$defs", "title", "description",
		"required", "additionalProperties", "properties", NULL };
	bool ok = true;
	const char *key;
	json_t *rule;

	json_object_foreach(schema, key, rule)
	{
		const char *const *s = silent;

		while (*s != NULL && strcmp(*s, key) != 0)
			s++;
		if (*s != NULL)
			continue;
		if (strcmp(key, "$ref") == 0 &&
			strncmp(json_string_value(rule), "#/$defs/", 8) == 0)
			ok = holds(json_object_get(json_object_get(root, "$defs"),
					   json_string_value(rule) + 8),
				v, where);
		else if (strcmp(key, "type") == 0)
			ok = of_type(rule, v, where);
		else if (strcmp(key, "enum") == 0)
			ok = among(rule, v, where);
		else if (strcmp(key, "const") == 0)
			ok = json_equal(rule, v) || wrong(where, "is another value");
		else if (strcmp(key, "oneOf") == 0)
			ok = one_holds(rule, v, where);
		else if (strcmp(key, "items") == 0)
			for (size_t i = 0; i < json_array_size(v) && ok; i++)
				ok = holds(rule, json_array_get(v, i), where);
		else {
			fprintf(stderr, "the schema says \"%s\", which is not known here\n", key);
			exit(2);
		}
		if (!ok)
			return false;
	}
	return json_is_object(schema) ? has_all(json_object_get(schema, "required"), v, where) &&
						properties_hold(schema, v, where)
				      : wrong(where, "has no schema");
}

int main(int argc, char **argv)
{
	size_t size = 0, lines = 0;
	char *line = NULL;

	root = argc == 2 ? json_load_file(argv[1], 0, NULL) : NULL;
	if (root == NULL) {
		fprintf(stderr, "usage: jsonschema SCHEMA < LINES\n");
		return 2;
	}
	while (getline(&line, &size, stdin) > 0) {
		json_t *value = json_loads(line, JSON_DECODE_ANY, NULL);

		lines++;
		if (value == NULL || !holds(root, value, "it")) {
			printf("line %zu: %s: %s", lines, value == NULL ? "no JSON" : why, line);
			return 1;
		}
		json_decref(value);
	}
	free(line);
	json_decref(root);
	printf("%zu\n", lines);
	return lines == 0;
}
