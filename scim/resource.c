#include "scim/resource.h"

#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/dialect.h"
#include "scim/document.h"
#include "scim/edit.h"
#include "scim/read.h"

/* What a body becomes while it is read. */
struct state {
	struct scim_reader reader;
	struct value_builder doc;
	struct value_builder paths; /* keys that are paths, with their values */
	struct scim_body *result;
};

/* ---- schemas (RFC 7643, 3) ---- */

static bool read_schema(
	struct state *state, const struct value *urn, bool *has_core, struct error *err)
{
	const struct scim_resource_type *type = state->reader.type;
	const char *name;
	size_t size;

	if (!value_is(urn, VALUE_STRING)) {
		return error_set(err, ERROR_SYNTAX, "schemas must be a list of URIs");
	}
	size = value_size(urn);
	name = scim_dialect_name(
		state->reader.arena, state->reader.dialect, type, value_text(urn), &size);
	if (strcasecmp(name, type->schema->id) == 0) {
		*has_core = true;
		return true;
	}
	if (scim_type_extension(type, name, size) != NULL) {
		return true;
	}
	if (scim_dialect_has(state->reader.dialect, SCIM_FOREIGN_SCHEMAS)) {
		value_add_item(state->reader.dropped, urn);
		return true;
	}
	return error_set(err, ERROR_SYNTAX, "a %s has no schema '%s', see /ResourceTypes",
		type->name, value_text(urn));
}

static bool no_core(const struct state *state, struct error *err)
{
	return error_set(
		err, ERROR_SYNTAX, "schemas must name '%s'", state->reader.type->schema->id);
}

static bool read_schemas(struct state *state, const struct value *schemas, struct error *err)
{
	bool has_core = scim_dialect_has(state->reader.dialect, SCIM_NO_SCHEMAS);

	if (value_is(schemas, VALUE_STRING) &&
		scim_dialect_has(state->reader.dialect, SCIM_WRAPPED_SINGLE)) {
		return read_schema(state, schemas, &has_core, err) &&
		       (has_core || no_core(state, err));
	}
	if (schemas != NULL && !value_is(schemas, VALUE_ARRAY)) {
		return error_set(err, ERROR_SYNTAX, "schemas must be a list of URIs");
	}
	for (size_t i = 0; i < value_count(schemas); i++) {
		if (!read_schema(state, value_at(schemas, i), &has_core, err)) {
			return false;
		}
	}
	return has_core || no_core(state, err);
}

/* ---- attributes ---- */

static bool read_members(struct state *state, const struct value *value, struct error *err)
{
	state->result->has_members = true;
	if (scim_dialect_is_unassigned(state->reader.dialect, value)) {
		return true;
	}
	if (value_is(value, VALUE_OBJECT) &&
		scim_dialect_has(state->reader.dialect, SCIM_WRAPPED_SINGLE)) {
		value = value_append(state->reader.arena, NULL, value);
	}
	if (!value_is(value, VALUE_ARRAY)) {
		return error_set(err, ERROR_VALUE, "members must be a list");
	}
	state->result->members = value_count(value) > 0 ? value : NULL;
	return true;
}

static bool read_attribute(struct state *state, const struct scim_attribute *attribute,
	const struct value *in, struct error *err)
{
	const struct value *value;

	switch (attribute->place) {
	case SCIM_IN_DOC:
	case SCIM_IS_SECRET:
		if (attribute->mutability == SCIM_READ_ONLY) {
			return true;
		}
		if (!scim_read(&state->reader, attribute, in, &value, err)) {
			return false;
		}
		if (value != NULL) {
			value_add_key(&state->doc, attribute->key, value);
		}
		return true;
	case SCIM_IS_EXTERNAL_ID:
		return scim_read_external_id(&state->reader, in, &state->result->external_id, err);
	case SCIM_IS_MEMBERS:
		return read_members(state, in, err);
	case SCIM_IS_PASSWORD:
		return scim_read_password(&state->reader, in, &state->result->has_password, err);
	case SCIM_IS_SCHEMAS: /* see read_schemas() */
	case SCIM_IS_ID:      /* read-only: ignored (RFC 7644, 3.3 and 3.5.1) */
	case SCIM_IS_META:
	case SCIM_IS_GROUPS:
		return true;
	}
	return true;
}

/* ---- extensions (RFC 7643, 3.3) ---- */

static bool is_path_key(const struct state *state, const char *key)
{
	return scim_dialect_has(state->reader.dialect, SCIM_PATH_KEYS) &&
	       strpbrk(key, ".:[") != NULL;
}

/* A key that is no attribute of the extension. */
static bool read_odd_key(struct state *state, const struct scim_schema *extension,
	const struct value_member *member, struct error *err)
{
	const char *key = value_text(member->key);
	const struct scim_attribute *common =
		scim_type_find(state->reader.type, key, value_size(member->key));

	if (common != NULL && common->place == SCIM_IS_SCHEMAS) {
		return true; /* some clients name the extension's own URN inside of it */
	}
	key = arena_printf(state->reader.arena, "%s:%s", extension->id, key);
	if (!is_path_key(state, value_text(member->key))) {
		return scim_read_unknown(&state->reader, key, err);
	}
	value_add(&state->paths, key, member->value);
	return true;
}

static bool read_extension(struct state *state, const struct scim_schema *extension,
	const struct value *in, struct error *err)
{
	struct value_builder object = { .arena = state->reader.arena };

	if (scim_dialect_is_unassigned(state->reader.dialect, in)) {
		return true;
	}
	if (!value_is(in, VALUE_OBJECT)) {
		return error_set(err, ERROR_VALUE, "%s must be an object", extension->id);
	}
	for (size_t i = 0; i < value_count(in); i++) {
		const struct value_member *member = value_member_at(in, i);
		const struct scim_attribute *attribute = scim_schema_find(
			extension, value_text(member->key), value_size(member->key));
		const struct value *value = NULL;

		if (attribute == NULL) {
			if (!read_odd_key(state, extension, member, err)) {
				return false;
			}
		} else if (attribute->mutability != SCIM_READ_ONLY &&
			   !scim_read(&state->reader, attribute, member->value, &value, err)) {
			return error_wrap(err, "%s", extension->name);
		}
		if (value != NULL) {
			value_add_key(&object, attribute->key, value);
		}
	}
	if (!scim_check_secrets(&state->reader, extension->attributes, extension->count, in, err)) {
		return false;
	}
	if (object.count > 0) {
		value_add_key(&state->doc, extension->key, value_finish_object(&object));
	}
	return true;
}

static bool read_member(struct state *state, const struct value_member *member, struct error *err)
{
	const char *key = value_text(member->key);
	size_t size = value_size(member->key);
	const struct scim_attribute *attribute = scim_type_find(state->reader.type, key, size);
	const struct scim_schema *extension;

	if (attribute != NULL) {
		return read_attribute(state, attribute, member->value, err);
	}
	extension = scim_type_extension(state->reader.type, key, size);
	if (extension != NULL) {
		return read_extension(state, extension, member->value, err);
	}
	if (is_path_key(state, key)) {
		value_add(&state->paths, key, member->value);
		return true;
	}
	return scim_read_unknown(&state->reader, key, err);
}

/* ---- keys that are paths ---- */

/* Works as a path-less PATCH would: each key is an operation of its own. */
static bool read_paths(struct state *state, const struct value **doc, struct error *err)
{
	struct scim_edit edit = {
		.reader = state->reader,
		.doc = *doc,
		.external_id = state->result->external_id,
	};

	if (state->paths.count == 0) {
		return true;
	}
	if (!scim_edit_apply(&edit, SCIM_ADD, NULL, value_finish_object(&state->paths), err)) {
		return false;
	}
	if (edit.step_count + state->result->has_members > 1) {
		return error_set(err, ERROR_SYNTAX, "members is named twice");
	}
	if (edit.step_count > 0) {
		state->result->has_members = true;
		state->result->members = edit.steps[0].list;
	}
	*doc = edit.doc;
	state->result->external_id = edit.external_id;
	state->result->has_password = state->result->has_password || edit.has_password;
	return true;
}

bool scim_resource_read(struct arena *arena, const struct scim_resource_type *type,
	const struct scim_dialect *dialect, const struct value *body, struct scim_body *result,
	struct error *err)
{
	struct value_builder dropped = { .arena = arena };
	struct state state = {
		.reader = { .arena = arena, .type = type, .dialect = dialect, .dropped = &dropped },
		.doc = { .arena = arena },
		.paths = { .arena = arena },
		.result = result,
	};

	*result = (struct scim_body){ 0 };
	if (!value_is(body, VALUE_OBJECT)) {
		return error_set(err, ERROR_SYNTAX, "the body must be a JSON object");
	}
	if (!read_schemas(&state, value_find_folded(body, "schemas"), err)) {
		return false;
	}
	for (size_t i = 0; i < value_count(body); i++) {
		if (!read_member(&state, value_member_at(body, i), err)) {
			return false;
		}
	}
	result->doc = value_finish_object(&state.doc);
	if (!scim_check_secrets(
		    &state.reader, type->schema->attributes, type->schema->count, body, err) ||
		!read_paths(&state, &result->doc, err) ||
		!scim_check_required(type, result->doc, ERROR_VALUE, err)) {
		return false;
	}
	result->doc = scim_doc_with_schemas(arena, type, result->doc);
	result->dropped = dropped.count > 0 ? value_finish_array(&dropped) : NULL;
	return true;
}

/* ---- create and replace ---- */

const struct value *scim_resource_created(
	struct arena *arena, const struct scim_resource_type *type, const struct value *doc)
{
	if (!type->is_person || value_find(doc, "active") != NULL) {
		return doc;
	}
	return value_with(arena, doc, "active", value_of_bool(true));
}

bool scim_resource_replaced(struct arena *arena, const struct scim_resource_type *type,
	const struct value *before, const struct value *doc, const struct value **after,
	struct error *err)
{
	const struct value *was = value_find(before, "active");

	*after = doc;
	if (type->is_person && was != NULL && value_find(doc, "active") == NULL) {
		*after = value_with(arena, doc, "active", was);
	}
	*after = scim_doc_kept(arena, type, before, *after);
	return scim_check_immutable(type, before, *after, err);
}

bool scim_resource_is_active(const struct value *doc)
{
	return value_find_bool(doc, "active", false);
}
