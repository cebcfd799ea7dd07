#include "scim/literal.h"

#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/datatype.h"
#include "scim/dialect.h"
#include "scim/name.h"

static const struct value_limits text_limits = {
	.bytes = SCIM_FILTER_BYTES_MAX + 2, .depth = 1, .values = 1
};

/* userName eq anna@example.com, without quotes. NULL: no such word. */
static const struct value *bare_text(struct arena *arena, const char *text, size_t size)
{
	static const char other[] = "\"\\[]{}()<>,;";
	struct error ignored = { 0 };
	struct buf quoted = { 0 };
	const struct value *value;

	for (size_t i = 0; i < size; i++) {
		if ((unsigned char)text[i] <= ' ' || strchr(other, text[i]) != NULL) {
			return NULL;
		}
	}
	if (size == 0) {
		return NULL;
	}
	/* The parser of values knows what a valid text is. */
	buf_append_char(&quoted, '"');
	buf_append(&quoted, text, size);
	buf_append_char(&quoted, '"');
	value = value_parse(arena, quoted.data, quoted.size, &text_limits, &ignored);
	buf_fini(&quoted);
	return value;
}

const struct value *scim_literal_read(
	struct arena *arena, const char *text, size_t size, bool loose, size_t *used)
{
	const char *end = text + size;
	const char *p = text;
	struct error ignored = { 0 };
	const struct value *value;

	if (p < end && *p == '"') {
		for (p++; p < end && *p != '"'; p++) {
			p += *p == '\\' && p + 1 < end;
		}
		p += p < end;
	} else {
		while (p < end && *p != ' ' && *p != ')' && *p != ']') {
			p++;
		}
	}
	*used = (size_t)(p - text);
	value = value_parse(arena, text, *used, &text_limits, &ignored);
	if (value == NULL && loose) {
		value = bare_text(arena, text, *used);
	}
	return value_is(value, VALUE_ARRAY) || value_is(value, VALUE_OBJECT) ? NULL : value;
}

static bool is_text_type(enum scim_data_type type)
{
	return type == SCIM_STRING || type == SCIM_REFERENCE || type == SCIM_BINARY;
}

/* RFC 7644, 3.4.2.2: order means nothing for booleans and binaries; parts only for texts. */
static bool has_operator(enum scim_data_type type, enum scim_filter_op op)
{
	switch (op) {
	case SCIM_EQ:
	case SCIM_NE:
		return true;
	case SCIM_CO:
	case SCIM_SW:
	case SCIM_EW:
		return is_text_type(type);
	case SCIM_GT:
	case SCIM_GE:
	case SCIM_LT:
	case SCIM_LE:
		return type != SCIM_BOOLEAN && type != SCIM_BINARY;
	}
	return false;
}

static bool has_type(enum scim_data_type type, const struct value *value, int64_t *time_us)
{
	switch (type) {
	case SCIM_BOOLEAN:
		return value_is(value, VALUE_BOOL);
	case SCIM_DECIMAL:
	case SCIM_INTEGER:
		return value_is(value, VALUE_NUMBER);
	case SCIM_DATETIME:
		return value_is(value, VALUE_STRING) &&
		       scim_datetime_parse(value_text(value), value_size(value), false, time_us);
	case SCIM_STRING:
	case SCIM_REFERENCE:
	case SCIM_BINARY:
		return value_is(value, VALUE_STRING);
	case SCIM_COMPLEX:
		return false;
	}
	return false;
}

/* "true" for true, and 12 for "12". NULL: no meaning. */
static const struct value *converted(
	struct arena *arena, const struct scim_attribute *leaf, const struct value *value)
{
	static const struct scim_dialect texts = { "filter", SCIM_TEXT_SCALARS };
	struct buf buf = { 0 };
	const struct value *text;

	if (!is_text_type(leaf->type)) {
		return scim_dialect_coerce(arena, &texts, leaf, value);
	}
	value_print(&buf, value);
	text = value_of_text_n(arena, buf_text(&buf), buf.size);
	buf_fini(&buf);
	return text;
}

static bool wrong_literal(const struct scim_filter *it, struct error *err)
{
	static const char *const wanted[] = { "a text in double quotes", "true or false",
		"a number", "a number", "a time such as \"2026-11-24T04:00:00Z\"",
		"a text in double quotes", "a text in double quotes", "" };

	return error_set(
		err, ERROR_FILTER, "%s is compared with %s", it->path, wanted[it->leaf->type]);
}

static bool check_typed(struct arena *arena, struct scim_filter *it, bool loose, struct error *err)
{
	enum scim_data_type type = it->leaf->type;

	if (type == SCIM_COMPLEX) {
		return error_set(err, ERROR_FILTER,
			"%s has sub-attributes, name the one to compare", it->path);
	}
	if (!has_operator(type, it->op)) {
		return error_set(err, ERROR_FILTER, "the operator does not apply to a %s",
			scim_data_type_name(type));
	}
	if (value_is(it->value, VALUE_NULL)) {
		return it->op <= SCIM_NE ||
		       error_set(err, ERROR_FILTER, "null goes with eq and ne only");
	}
	if (has_type(type, it->value, &it->time_us)) {
		return true;
	}
	it->value = loose ? converted(arena, it->leaf, it->value) : NULL;
	return (it->value != NULL && has_type(type, it->value, &it->time_us)) ||
	       wrong_literal(it, err);
}

static bool check_untyped(const struct scim_filter *it, struct error *err)
{
	bool parts = it->op >= SCIM_CO && it->op <= SCIM_EW;
	bool order = it->op >= SCIM_GT;

	if (parts && !value_is(it->value, VALUE_STRING)) {
		return error_set(err, ERROR_FILTER, "co, sw and ew go with a text only");
	}
	if (order && !value_is(it->value, VALUE_STRING) && !value_is(it->value, VALUE_NUMBER)) {
		return error_set(err, ERROR_FILTER, "order means nothing for true, false and null");
	}
	return true;
}

bool scim_literal_check(
	struct arena *arena, struct scim_filter *comparison, bool loose, struct error *err)
{
	const struct scim_attribute *leaf = comparison->leaf;
	bool fine = leaf != NULL ? check_typed(arena, comparison, loose, err)
				 : check_untyped(comparison, err);

	if (fine && value_is(comparison->value, VALUE_STRING) &&
		(leaf == NULL || (is_text_type(leaf->type) && !leaf->case_exact &&
					 leaf->type != SCIM_BINARY))) {
		comparison->folded = scim_name_fold(arena, comparison->value);
	}
	return fine;
}
