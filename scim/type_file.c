#include "scim/type_file.h"

#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/value.h"
#include "scim/attribute_file.h"
#include "scim/schema_file.h"

static bool is_word(const char *text, const char *more, size_t most)
{
	size_t size = strlen(text);

	if (size == 0 || size > most) {
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		char c = text[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && (i == 0 || (!(c >= '0' && c <= '9') && strchr(more, c) == NULL))) {
			return false;
		}
	}
	return true;
}

static const char *text_of(
	struct scim_file_reader *reader, const struct value *in, const char *name, const char *at)
{
	const struct value *value = value_find_folded(in, name);

	return value == NULL ? NULL
			     : scim_file_text(reader, value, scim_file_below(reader, at, name));
}

static bool read_name(struct scim_file_reader *reader, const struct value *in, const char *at,
	struct scim_file_type *type)
{
	const char *id = text_of(reader, in, "id", at);

	type->name = text_of(reader, in, "name", at);
	if (type->name == NULL || !is_word(type->name, "-_", SCIM_FILE_NAME_BYTES_MAX)) {
		return scim_problem_add(reader->problems, reader->file, at, NULL,
			"a resource type needs a name: a letter, then letters, digits, - and _, at "
			"most %d",
			SCIM_FILE_NAME_BYTES_MAX);
	}
	if (id != NULL && strcmp(id, type->name) != 0) {
		scim_problem_add(reader->problems, reader->file, scim_file_below(reader, at, "id"),
			"leave it out", "the id of a resource type is its name, here '%s'",
			type->name);
	}
	return true;
}

static bool read_endpoint(struct scim_file_reader *reader, const struct value *in, const char *at,
	struct scim_file_type *type)
{
	type->endpoint = text_of(reader, in, "endpoint", at);
	if (type->endpoint == NULL || type->endpoint[0] != '/' ||
		!is_word(type->endpoint + 1, "-_.", SCIM_FILE_ENDPOINT_BYTES_MAX)) {
		return scim_problem_add(reader->problems, reader->file, at,
			"for example \"/Devices\"",
			"a resource type needs an endpoint: a slash and one name of at most %d "
			"characters",
			SCIM_FILE_ENDPOINT_BYTES_MAX);
	}
	return true;
}

static bool read_urn(
	struct scim_file_reader *reader, const struct value *in, const char *at, const char **urn)
{
	*urn = text_of(reader, in, "schema", at);
	return (*urn != NULL && scim_file_is_urn(*urn, strlen(*urn))) ||
	       scim_problem_add(reader->problems, reader->file, at, NULL,
		       "'schema' must be the URN of a schema");
}

static void read_extension(struct scim_file_reader *reader, const struct value *in, const char *at,
	struct scim_file_type *type)
{
	const struct value *required = value_find_folded(in, "required");
	const char *urn;

	if (!read_urn(reader, in, at, &urn)) {
		return;
	}
	if (required != NULL && !value_is(required, VALUE_BOOL)) {
		scim_problem_add(reader->problems, reader->file,
			scim_file_below(reader, at, "required"), NULL,
			"this must be true or false");
		return;
	}
	for (size_t i = 0; i < type->extension_count; i++) {
		if (strcasecmp(type->extensions[i], urn) == 0) {
			scim_problem_add(reader->problems, reader->file, at, NULL,
				"the extension %s is there twice", urn);
			return;
		}
	}
	type->extensions[type->extension_count] = urn;
	type->required[type->extension_count++] = required != NULL && value_bool(required);
}

static void read_extensions(struct scim_file_reader *reader, const struct value *in, const char *at,
	struct scim_file_type *type)
{
	const struct value *list = value_find_folded(in, "schemaExtensions");

	if (list == NULL || value_is(list, VALUE_NULL)) {
		return;
	}
	at = scim_file_below(reader, at, "schemaExtensions");
	if (!value_is(list, VALUE_ARRAY) || value_count(list) > SCIM_EXTENSIONS_MAX) {
		scim_problem_add(reader->problems, reader->file, at, NULL,
			"this must be a list of at most %d extensions", SCIM_EXTENSIONS_MAX);
		return;
	}
	for (size_t i = 0; i < value_count(list); i++) {
		read_extension(reader, value_at(list, i), scim_file_item(reader, at, i), type);
	}
}

static void check_members(struct scim_file_reader *reader, const struct value *in, const char *at)
{
	static const char *const known[] = { "schemas", "id", "name", "description", "endpoint",
		"schema", "schemaExtensions", "meta", NULL };

	scim_file_members(reader, in, at, "a resource type", known,
		"it has name, endpoint, description, schema, schemaExtensions");
}

static void read_type(struct scim_file_reader *reader, const struct value *in, const char *at,
	struct scim_file_types *types)
{
	struct scim_file_type type = { .file = reader->file, .pointer = at };
	bool ok;

	if (!value_is(in, VALUE_OBJECT)) {
		scim_problem_add(
			reader->problems, reader->file, at, NULL, "a resource type is an object");
		return;
	}
	check_members(reader, in, at);
	ok = read_name(reader, in, at, &type);
	ok = read_endpoint(reader, in, at, &type) && ok;
	ok = read_urn(reader, in, at, &type.schema) && ok;
	read_extensions(reader, in, at, &type);
	type.description = text_of(reader, in, "description", at);
	if (type.description == NULL) {
		type.description = type.name;
	}
	if (!ok) {
		return;
	}
	if (types->count == SCIM_FILE_TYPES_MAX) {
		scim_problem_add(reader->problems, reader->file, at, NULL,
			"there are more than %d resource types", SCIM_FILE_TYPES_MAX);
		return;
	}
	types->items[types->count++] = type;
}

void scim_type_file_read(struct arena *arena, const struct scim_file *file,
	struct scim_file_types *types, struct scim_problems *problems)
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
		read_type(&reader, root, "", types);
		return;
	}
	for (size_t i = 0; i < value_count(root); i++) {
		read_type(&reader, value_at(root, i), scim_file_item(&reader, "", i), types);
	}
}
