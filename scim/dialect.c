#include "scim/dialect.h"

#include <string.h>
#include <strings.h>
#include "base/value.h"
#include "scim/schema.h"

/*
 * One line a dialect. What a quirk means stands at its name in the header; which traffic proves
 * it, in docs/compatibility.md.
 */
static const struct scim_dialect dialects[] = {
	{ "standard", 0 },
	{ "entra", SCIM_OP_ANY_CASE | SCIM_TEXT_SCALARS | SCIM_PATH_KEYS | SCIM_REMOVE_BY_VALUE |
			   SCIM_BARE_COMPLEX | SCIM_EMPTY_IS_UNASSIGNED | SCIM_CREATE_ELEMENT |
			   SCIM_EMPTY_OPERATIONS | SCIM_FOREIGN_SCHEMAS | SCIM_IGNORE_READ_ONLY |
			   SCIM_LOOSE_FILTER | SCIM_REMOVE_IS_IDEMPOTENT | SCIM_NO_SCHEMAS |
			   SCIM_WRAPPED_SINGLE | SCIM_GROUP_PATCH_204 },
	{ "okta", SCIM_OP_ANY_CASE | SCIM_TEXT_SCALARS | SCIM_PATH_KEYS | SCIM_REMOVE_BY_VALUE |
			  SCIM_BARE_COMPLEX | SCIM_EMPTY_IS_UNASSIGNED | SCIM_CREATE_ELEMENT |
			  SCIM_FOREIGN_SCHEMAS | SCIM_IGNORE_READ_ONLY | SCIM_LOOSE_FILTER |
			  SCIM_REMOVE_IS_IDEMPOTENT | SCIM_NO_SCHEMAS | SCIM_WRAPPED_SINGLE },
};
#define COUNT (sizeof(dialects) / sizeof(dialects[0]))

const struct scim_dialect *scim_dialect_at(size_t index)
{
	return index < COUNT ? &dialects[index] : NULL;
}

const struct scim_dialect *scim_dialect_standard(void)
{
	return &dialects[0];
}

const struct scim_dialect *scim_dialect_find(const char *name)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (strcmp(dialects[i].name, name) == 0) {
			return &dialects[i];
		}
	}
	return NULL;
}

bool scim_dialect_is_unassigned(const struct scim_dialect *dialect, const struct value *value)
{
	return value_is(value, VALUE_NULL) ||
	       (scim_dialect_has(dialect, SCIM_EMPTY_IS_UNASSIGNED) &&
		       value_is(value, VALUE_STRING) && value_size(value) == 0);
}

/* "False", "TRUE", "0.5" */
static const struct value *scalar_of_text(
	struct arena *arena, enum scim_data_type type, const struct value *text)
{
	const struct value *number;

	switch (type) {
	case SCIM_BOOLEAN:
		if (strcasecmp(value_text(text), "true") == 0) {
			return value_of_bool(true);
		}
		return strcasecmp(value_text(text), "false") == 0 ? value_of_bool(false) : NULL;
	case SCIM_INTEGER:
	case SCIM_DECIMAL:
		return value_of_number(arena, value_text(text), value_size(text), &number) ? number
											   : NULL;
	default:
		return NULL;
	}
}

/* [x] → x, and {"value": x} → x where x is no object. */
static const struct value *unwrap(const struct scim_attribute *attribute, const struct value *value)
{
	if (value_is(value, VALUE_ARRAY)) {
		return value_count(value) == 1 ? value_at(value, 0) : NULL;
	}
	return attribute->type != SCIM_COMPLEX ? value_find_folded(value, "value") : NULL;
}

const struct value *scim_dialect_coerce(struct arena *arena, const struct scim_dialect *dialect,
	const struct scim_attribute *attribute, const struct value *value)
{
	if (value_is(value, VALUE_STRING)) {
		if (attribute->type != SCIM_COMPLEX) {
			return scim_dialect_has(dialect, SCIM_TEXT_SCALARS)
				       ? scalar_of_text(arena, attribute->type, value)
				       : NULL;
		}
		if (scim_dialect_has(dialect, SCIM_BARE_COMPLEX) &&
			scim_attribute_sub(attribute, "value", 5) != NULL) {
			return value_with(arena, NULL, "value", value);
		}
		return NULL;
	}
	return scim_dialect_has(dialect, SCIM_WRAPPED_SINGLE) ? unwrap(attribute, value) : NULL;
}
