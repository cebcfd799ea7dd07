#include "scim/read.h"

#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/value.h"
#include "scim/datatype.h"
#include "scim/dialect.h"
#include "scim/key.h"
#include "scim/name.h"
#include "scim/reference.h"

#define PASSWORD_BYTES_MAX 1024
#define EXTERNAL_ID_BYTES_MAX 1024
#define COERCIONS_MAX 3 /* [{"value": "False"}] → {…} → "False" → false */

const char *scim_attribute_label(struct arena *arena, const struct scim_attribute *attribute)
{
	return attribute->parent == NULL
		       ? attribute->name
		       : arena_printf(arena, "%s.%s", attribute->parent->name, attribute->name);
}

/* ---- simple values ---- */

/* A secret is not shown even when it is wrong. */
static const char *preview(const struct scim_reader *reader, const struct scim_attribute *attribute,
	const struct value *in)
{
	return attribute->place == SCIM_IS_SECRET ? "what was sent"
						  : value_preview(reader->arena, in, 40);
}

static bool wrong_type(struct scim_reader *reader, const struct scim_attribute *attribute,
	const struct value *in, struct error *err)
{
	static const char *const wanted[] = { "a text", "true or false", "a number", "an integer",
		"a date and time such as \"2026-11-24T04:00:00Z\", with a time zone", "base64",
		"a URI as text", "an object" };

	return error_set(err, ERROR_VALUE, "%s must be %s, not %s",
		scim_attribute_label(reader->arena, attribute), wanted[attribute->type],
		preview(reader, attribute, in));
}

/* The canonical spelling of a closed list. NULL: not in it. */
static const struct value *canonical_value(
	struct arena *arena, const struct scim_attribute *attribute, const struct value *in)
{
	for (const char *const *it = attribute->canonical; *it != NULL; it++) {
		if (strcmp(*it, value_text(in)) == 0) {
			return in;
		}
		if (!attribute->case_exact && strcasecmp(*it, value_text(in)) == 0) {
			return value_of_text(arena, *it);
		}
	}
	return NULL;
}

static bool not_in_list(struct scim_reader *reader, const struct scim_attribute *attribute,
	const struct value *in, struct error *err)
{
	char list[160] = "";
	size_t used = 0;

	for (const char *const *it = attribute->canonical; *it != NULL; it++) {
		int more = snprintf(
			list + used, sizeof(list) - used, "%s%s", used == 0 ? "" : ", ", *it);

		if (more < 0 || (size_t)more >= sizeof(list) - used) {
			break;
		}
		used += (size_t)more;
	}
	return error_set(err, ERROR_VALUE, "%s is one of %s, not %s",
		scim_attribute_label(reader->arena, attribute), list,
		preview(reader, attribute, in));
}

static bool check_text(struct scim_reader *reader, const struct scim_attribute *attribute,
	const struct value **value, struct error *err)
{
	const struct value *in = *value;

	if ((attribute->type == SCIM_STRING || attribute->key_kind != 0) &&
		value_size(in) >
			(attribute->key_kind != 0 ? SCIM_NAME_BYTES_MAX : SCIM_TEXT_BYTES_MAX)) {
		return error_set(err, ERROR_VALUE, "%s is too long with %zu bytes",
			scim_attribute_label(reader->arena, attribute), value_size(in));
	}
	if (attribute->type == SCIM_REFERENCE &&
		!scim_reference_check(reader->arena, reader->type->model, attribute, in, err)) {
		return false;
	}
	if (attribute->closed) {
		*value = canonical_value(reader->arena, attribute, in);
		if (*value == NULL) {
			return not_in_list(reader, attribute, in, err);
		}
	}
	if (attribute->is_name &&
		!scim_name_check(reader->arena, value_text(in), value_size(in), err)) {
		return error_wrap(err, "%s", scim_attribute_label(reader->arena, attribute));
	}
	return true;
}

static bool is_of_type(enum scim_data_type type, const struct value *value)
{
	int64_t number;

	switch (type) {
	case SCIM_BOOLEAN:
		return value_is(value, VALUE_BOOL);
	case SCIM_DECIMAL:
		return value_is(value, VALUE_NUMBER);
	case SCIM_INTEGER:
		return value_is(value, VALUE_NUMBER) && value_int(value, &number);
	case SCIM_DATETIME:
		return value_is(value, VALUE_STRING) &&
		       scim_datetime_parse(value_text(value), value_size(value), true, &number);
	case SCIM_BINARY:
		return value_is(value, VALUE_STRING) &&
		       scim_binary_check(value_text(value), value_size(value));
	case SCIM_COMPLEX:
		return value_is(value, VALUE_OBJECT);
	case SCIM_STRING:
	case SCIM_REFERENCE:
		return value_is(value, VALUE_STRING);
	}
	return false;
}

/* ---- complex values ---- */

static bool unknown_sub(struct scim_reader *reader, const struct scim_attribute *attribute,
	const char *name, struct error *err)
{
	return scim_read_unknown(
		reader, arena_printf(reader->arena, "%s.%s", attribute->name, name), err);
}

/* The sub-attributes of `in`, put into `out`. *changed: out is not the same as in. */
static bool read_subs(struct scim_reader *reader, const struct scim_attribute *attribute,
	const struct value *in, struct value_builder *out, bool *changed, struct error *err)
{
	for (size_t i = 0; i < value_count(in); i++) {
		const struct value_member *member = value_member_at(in, i);
		const char *name = value_text(member->key);
		const struct scim_attribute *sub =
			scim_attribute_sub(attribute, name, value_size(member->key));
		const struct value *value = NULL;

		if (sub == NULL) {
			sub = scim_dialect_old_sub(reader->dialect, attribute, name);
			*changed = true;
		}
		if (sub == NULL) {
			if (!unknown_sub(reader, attribute, name, err)) {
				return false;
			}
			continue;
		}
		if (sub->mutability != SCIM_READ_ONLY &&
			!scim_read(reader, sub, member->value, &value, err)) {
			return false;
		}
		if (value != NULL) {
			value_add_key(out, sub->key, value);
		}
		*changed = *changed || value != member->value || strcmp(sub->name, name) != 0;
	}
	return true;
}

static bool is_given(const struct scim_reader *reader, const struct scim_attribute *attribute,
	const struct value *in)
{
	const struct value *value = value_find_folded(in, attribute->name);

	return value != NULL && !scim_dialect_is_unassigned(reader->dialect, value);
}

bool scim_check_secrets(struct scim_reader *reader, const struct scim_attribute *attributes,
	size_t count, const struct value *in, struct error *err)
{
	bool has_secret = false;

	for (size_t i = 0; i < count; i++) {
		has_secret = has_secret || (attributes[i].place == SCIM_IS_SECRET &&
						   is_given(reader, &attributes[i], in));
	}
	for (size_t i = 0; i < count; i++) {
		const struct scim_attribute *it = &attributes[i];
		bool asked =
			it->place == SCIM_IS_SECRET || (it->place == SCIM_IN_DOC && has_secret);

		if (it->required && asked && !is_given(reader, it, in)) {
			return error_set(err, ERROR_VALUE, "%s is required",
				scim_attribute_label(reader->arena, it));
		}
	}
	return true;
}

static bool read_complex(struct scim_reader *reader, const struct scim_attribute *attribute,
	const struct value *in, const struct value **out, struct error *err)
{
	struct value_builder builder = { .arena = reader->arena };
	bool changed = false;

	if (!read_subs(reader, attribute, in, &builder, &changed, err) ||
		!scim_check_secrets(reader, attribute->subs, attribute->sub_count, in, err)) {
		return false;
	}
	if (builder.count == 0) {
		*out = NULL;
		return true;
	}
	*out = changed ? value_finish_object(&builder) : in;
	return true;
}

bool scim_read_one(struct scim_reader *reader, const struct scim_attribute *attribute,
	const struct value *in, const struct value **out, struct error *err)
{
	const struct value *value = in;

	for (int i = 0; !is_of_type(attribute->type, value); i++) {
		if (scim_dialect_is_unassigned(reader->dialect, value)) {
			*out = NULL;
			return true;
		}
		value = scim_dialect_coerce(reader->arena, reader->dialect, attribute, value);
		if (value == NULL || i == COERCIONS_MAX) {
			return wrong_type(reader, attribute, in, err);
		}
	}
	if (attribute->type == SCIM_COMPLEX) {
		return read_complex(reader, attribute, value, out, err);
	}
	*out = scim_dialect_is_unassigned(reader->dialect, value) ? NULL : value;
	if (*out == NULL || !value_is(value, VALUE_STRING)) {
		return true;
	}
	return check_text(reader, attribute, out, err);
}

/* ---- multi-valued attributes ---- */

bool scim_check_list(
	const struct scim_attribute *attribute, const struct value *list, struct error *err)
{
	size_t limit = attribute->has_key ? SCIM_KEY_VALUES_MAX : SCIM_LIST_VALUES_MAX;
	size_t primaries = 0;

	if (value_count(list) > limit) {
		return error_set(err, ERROR_VALUE, "%s has %zu values, at most %zu are kept",
			attribute->name, value_count(list), limit);
	}
	for (size_t i = 0; i < value_count(list); i++) {
		primaries += value_find_bool(value_at(list, i), "primary", false);
	}
	if (primaries > 1) {
		return error_set(err, ERROR_VALUE,
			"%s has %zu primary values, only one can be (RFC 7643, 2.4)",
			attribute->name, primaries);
	}
	return true;
}

bool scim_says_nothing(const struct value *item)
{
	static const char *const names[] = { "type", "primary", "display" };
	size_t left = value_count(item);

	for (size_t i = 0; i < 3; i++) {
		left -= value_find(item, names[i]) != NULL;
	}
	return value_is(item, VALUE_OBJECT) && left == 0;
}

/* {"type": "work", "value": ""}, as templates write it for who has none: the "" went, and with it
 * the value. */
static bool is_emptied(
	const struct scim_reader *reader, const struct value *in, const struct value *out)
{
	return out != in && scim_dialect_has(reader->dialect, SCIM_EMPTY_IS_UNASSIGNED) &&
	       value_count(out) < value_count(in) && scim_says_nothing(out);
}

static bool read_list(struct scim_reader *reader, const struct scim_attribute *attribute,
	const struct value *in, const struct value **out, struct error *err)
{
	struct value_builder builder = { .arena = reader->arena };
	bool changed = false;

	for (size_t i = 0; i < value_count(in); i++) {
		const struct value *item = value_at(in, i);
		const struct value *value;

		if (!scim_read_one(reader, attribute, item, &value, err)) {
			return error_wrap(err, "value %zu", i + 1);
		}
		if (value != NULL && is_emptied(reader, item, value)) {
			value = NULL;
		}
		if (value != NULL) {
			value_add_item(&builder, value);
		}
		changed = changed || value != item;
	}
	if (builder.count == 0) {
		*out = NULL;
		return true;
	}
	*out = changed ? value_finish_array(&builder) : in;
	return scim_check_list(attribute, *out, err);
}

static bool read_whole(struct scim_reader *reader, const struct scim_attribute *attribute,
	const struct value *in, const struct value **out, struct error *err)
{
	if (!attribute->multi) {
		return scim_read_one(reader, attribute, in, out, err);
	}
	if (scim_dialect_is_unassigned(reader->dialect, in)) {
		*out = NULL;
		return true;
	}
	if (!value_is(in, VALUE_ARRAY)) {
		if (!scim_dialect_has(reader->dialect, SCIM_WRAPPED_SINGLE)) {
			return error_set(err, ERROR_VALUE, "%s must be a list, not %s",
				attribute->name, value_preview(reader->arena, in, 40));
		}
		in = value_append(reader->arena, NULL, in);
	}
	return read_list(reader, attribute, in, out, err);
}

bool scim_read(struct scim_reader *reader, const struct scim_attribute *attribute,
	const struct value *in, const struct value **out, struct error *err)
{
	if (!read_whole(reader, attribute, in, out, err)) {
		return false;
	}
	if (attribute->place == SCIM_IS_SECRET) {
		*out = NULL; /* it was good, and is forgotten */
	}
	return true;
}

/* ---- over what is there ---- */

static bool set_sub(struct scim_reader *reader, const struct scim_attribute *attribute,
	const struct value_member *member, const struct value **object, struct error *err)
{
	const char *name = value_text(member->key);
	const struct scim_attribute *sub =
		scim_attribute_sub(attribute, name, value_size(member->key));
	const struct value *now;

	if (sub == NULL) {
		sub = scim_dialect_old_sub(reader->dialect, attribute, name);
	}
	if (sub == NULL) {
		return unknown_sub(reader, attribute, name, err);
	}
	if (sub->mutability == SCIM_READ_ONLY) {
		return true;
	}
	if (!scim_read(reader, sub, member->value, &now, err)) {
		return false;
	}
	if (now != value_find_n(*object, sub->name, sub->name_size)) {
		*object = value_with(reader->arena, *object, sub->name, now);
	}
	return true;
}

const struct value *scim_read_without_stale_ref(
	struct scim_reader *reader, const struct value *before, const struct value *after)
{
	const struct value *ref = value_find(before, "$ref");
	const struct value *was = value_find(before, "value");
	const struct value *is = value_find(after, "value");
	bool moved = was != is && (was == NULL || is == NULL || !value_equals(was, is));

	if (ref == NULL || !moved || value_find(after, "$ref") != ref) {
		return after;
	}
	return value_with(reader->arena, after, "$ref", NULL);
}

bool scim_read_over(struct scim_reader *reader, const struct scim_attribute *attribute,
	const struct value *before, const struct value *in, const struct value **out,
	struct error *err)
{
	const struct value *value = in;

	for (int i = 0; !value_is(value, VALUE_OBJECT); i++) {
		value = scim_dialect_coerce(reader->arena, reader->dialect, attribute, value);
		if (value == NULL || i == COERCIONS_MAX) {
			return wrong_type(reader, attribute, in, err);
		}
	}
	*out = before;
	for (size_t i = 0; i < value_count(value); i++) {
		if (!set_sub(reader, attribute, value_member_at(value, i), out, err)) {
			return false;
		}
	}
	*out = scim_read_without_stale_ref(reader, before, *out);
	if (value_count(*out) == 0) {
		*out = NULL;
	}
	return true;
}

/* ---- what is not in the document ---- */

bool scim_read_external_id(struct scim_reader *reader, const struct value *in,
	const struct value **out, struct error *err)
{
	*out = NULL;
	if (value_is(in, VALUE_NULL)) {
		return true;
	}
	/* A number would be an id of ours to somebody some day (Grafana's CVE-2025-41115). */
	if (!value_is(in, VALUE_STRING)) {
		return error_set(err, ERROR_VALUE, "externalId must be a text, not %s",
			value_preview(reader->arena, in, 40));
	}
	if (value_size(in) > EXTERNAL_ID_BYTES_MAX) {
		return error_set(err, ERROR_VALUE, "externalId is longer than %d bytes",
			EXTERNAL_ID_BYTES_MAX);
	}
	*out = value_size(in) > 0 ? in : NULL;
	return true;
}

bool scim_read_password(
	struct scim_reader *reader, const struct value *in, bool *given, struct error *err)
{
	if (scim_dialect_is_unassigned(reader->dialect, in)) {
		return true;
	}
	if (!value_is(in, VALUE_STRING) || value_size(in) == 0 ||
		value_size(in) > PASSWORD_BYTES_MAX) {
		return error_set(err, ERROR_VALUE, "password must be a text of 1 to %d bytes",
			PASSWORD_BYTES_MAX); /* and never shown */
	}
	*given = true;
	return true;
}

bool scim_read_unknown(struct scim_reader *reader, const char *name, struct error *err)
{
	const char *near;

	if (scim_dialect_has(reader->dialect, SCIM_FOREIGN_SCHEMAS)) {
		value_add_item(reader->dropped, value_of_text(reader->arena, name));
		return true;
	}
	near = scim_type_suggest(reader->type, name, strlen(name));
	if (near != NULL) {
		return error_set(err, ERROR_SYNTAX,
			"a %s has no attribute '%s', did you mean '%s'?", reader->type->name, name,
			near);
	}
	return error_set(err, ERROR_SYNTAX, "a %s has no attribute '%s'", reader->type->name, name);
}
