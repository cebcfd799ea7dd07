#include "scim/schema_file.h"

#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/attribute_file.h"

/* ---- what a file holds ---- */

const struct value *scim_file_items(struct arena *arena, const struct scim_file *file,
	bool *is_list, struct scim_problems *problems)
{
	static const struct value_limits limits = { .bytes = SCIM_FILE_BYTES_MAX,
		.depth = 16,
		.values = 100000,
		.string_bytes = 64 * 1024,
		.folded_keys = true };
	struct error err = { 0 };
	const struct value *root = value_parse(arena, file->text, file->size, &limits, &err);
	const struct value *resources;

	*is_list = false;
	if (root == NULL) {
		scim_problem_add(problems, file->name, "", NULL, "%s", err.text);
		return NULL;
	}
	resources = value_find_folded(root, "Resources");
	root = value_is(resources, VALUE_ARRAY) ? resources : root;
	*is_list = value_is(root, VALUE_ARRAY);
	if (!*is_list && !value_is(root, VALUE_OBJECT)) {
		scim_problem_add(problems, file->name, "", NULL,
			"a file holds a JSON object, or a list of them");
		return NULL;
	}
	return root;
}

bool scim_file_is_urn(const char *text, size_t size)
{
	if (size < 7 || size > SCIM_FILE_URN_BYTES_MAX || strncasecmp(text, "urn:", 4) != 0 ||
		text[size - 1] == ':') {
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		char c = text[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
			(c == '\0' || strchr(":-._~+", c) == NULL)) {
			return false;
		}
	}
	return true;
}

/* ---- schemas ---- */

static void check_members(struct scim_file_reader *reader, const struct value *in, const char *at)
{
	static const char *const known[] = { "schemas", "id", "name", "description", "attributes",
		"meta", NULL };

	scim_file_members(reader, in, at, "a schema", known,
		"a schema has id, name, description, attributes");
}

static void read_schema(struct scim_file_reader *reader, const struct value *in, const char *at,
	struct scim_file_schemas *schemas)
{
	const struct value *id = value_find_folded(in, "id");
	const struct value *name = value_find_folded(in, "name");
	const struct value *text = value_find_folded(in, "description");
	struct scim_file_schema *it;

	if (!value_is(id, VALUE_STRING) || !scim_file_is_urn(value_text(id), value_size(id))) {
		scim_problem_add(reader->problems, reader->file, at,
			"for example urn:example:params:scim:schemas:core:2.0:Device",
			"a schema needs an id that is a URN of at most %d characters",
			SCIM_FILE_URN_BYTES_MAX);
		return;
	}
	if (schemas->count == SCIM_FILE_SCHEMAS_MAX) {
		scim_problem_add(reader->problems, reader->file, at, NULL,
			"there are more than %d schemas", SCIM_FILE_SCHEMAS_MAX);
		return;
	}
	check_members(reader, in, at);
	it = &schemas->items[schemas->count++];
	*it = (struct scim_file_schema){ .file = reader->file, .pointer = at };
	it->schema.id = arena_strdup(reader->arena, value_text(id));
	it->schema.name =
		name != NULL ? scim_file_text(reader, name, scim_file_below(reader, at, "name"))
			     : NULL;
	it->schema.description = text != NULL ? scim_file_text(reader, text,
							scim_file_below(reader, at, "description"))
					      : NULL;
	if (it->schema.name == NULL) {
		const char *last = strrchr(it->schema.id, ':');

		it->schema.name = last + 1;
	}
	if (it->schema.description == NULL) {
		it->schema.description = it->schema.name;
	}
	scim_file_attributes(reader, value_find_folded(in, "attributes"),
		scim_file_below(reader, at, "attributes"), false, &it->schema.attributes,
		&it->schema.count);
}

void scim_schema_file_read(struct arena *arena, const struct scim_file *file,
	struct scim_file_schemas *schemas, struct scim_problems *problems)
{
	struct scim_file_reader reader = {
		.arena = arena, .problems = problems, .file = arena_strdup(arena, file->name)
	};
	bool is_list;
	const struct value *root = scim_file_items(arena, file, &is_list, problems);

	if (root == NULL) {
		return;
	}
	if (!is_list) {
		read_schema(&reader, root, "", schemas);
		return;
	}
	for (size_t i = 0; i < value_count(root); i++) {
		read_schema(&reader, value_at(root, i), scim_file_item(&reader, "", i), schemas);
	}
}
