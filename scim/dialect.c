#include "scim/dialect.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/datatype.h"
#include "scim/schema.h"
#include "scim/urn.h"

/* ---- the table: quirk × dialect ---- */

enum {
	ENTRA = 1 << 0,
	OKTA = 1 << 1,
	GOOGLE = 1 << 2,
	PING = 1 << 3,
	ONELOGIN = 1 << 4,
	JUMPCLOUD = 1 << 5,
	KEYCLOAK = 1 << 6,
	SAILPOINT = 1 << 7,
	WORKDAY = 1 << 8,
	STANDARD = 0,
	LENIENT = (1 << 9) - 1, /* all but `standard` */
};

/*
 * One row a quirk: what is sent, and by whom it is understood. LENIENT: it means one thing only, so
 * every dialect has it. Who was seen to send it, and where that is written, stands in
 * docs/compatibility.md, which a test holds against this table.
 */
#define QUIRKS(ROW, dialect)                                                                       \
	ROW(dialect, SCIM_OP_ANY_CASE, "op-any-case", LENIENT, "\"op\": \"Replace\"")              \
	ROW(dialect, SCIM_TEXT_SCALARS, "text-scalars", LENIENT,                                   \
		"booleans and numbers as strings: \"False\", \"12\"")                              \
	ROW(dialect, SCIM_PATH_KEYS, "path-keys", LENIENT,                                         \
		"paths as keys: \"name.givenName\", \"urn:…:employeeNumber\"")                     \
	ROW(dialect, SCIM_REMOVE_BY_VALUE, "remove-by-value", LENIENT,                             \
		"remove with the values that go")                                                  \
	ROW(dialect, SCIM_BARE_COMPLEX, "bare-complex", LENIENT,                                   \
		"a string for a complex value: \"manager\": \"id\"")                               \
	ROW(dialect, SCIM_EMPTY_IS_UNASSIGNED, "empty-is-unassigned", LENIENT,                     \
		"\"\" for an attribute that has no value")                                         \
	ROW(dialect, SCIM_CREATE_ELEMENT, "create-element", LENIENT,                               \
		"emails[type eq \"work\"].value where there is no such element")                   \
	ROW(dialect, SCIM_EMPTY_OPERATIONS, "empty-operations", ENTRA, "\"Operations\": []")       \
	ROW(dialect, SCIM_FOREIGN_SCHEMAS, "foreign-schemas", LENIENT,                             \
		"URIs of unknown schemas, unknown attributes in bodies")                           \
	ROW(dialect, SCIM_IGNORE_READ_ONLY, "ignore-read-only", LENIENT,                           \
		"read-only attributes in a PATCH without a path")                                  \
	ROW(dialect, SCIM_LOOSE_FILTER, "loose-filter", LENIENT,                                   \
		"literals of the wrong type or unquoted; emails[…].value eq \"…\"")                \
	ROW(dialect, SCIM_REMOVE_IS_IDEMPOTENT, "remove-is-idempotent", LENIENT,                   \
		"remove of what is not there")                                                     \
	ROW(dialect, SCIM_NO_SCHEMAS, "no-schemas", LENIENT, "bodies without \"schemas\"")         \
	ROW(dialect, SCIM_WRAPPED_SINGLE, "wrapped-single", LENIENT,                               \
		"a list for one value, one object for a list")                                     \
	ROW(dialect, SCIM_GROUP_PATCH_204, "group-patch-204", ENTRA,                               \
		"expects 204 for the PATCH of a group")                                            \
	ROW(dialect, SCIM_ADDITIVE_MEMBERS, "additive-members", STANDARD,                          \
		"replace of members with those that are new")                                      \
	ROW(dialect, SCIM_OLD_NAMES, "old-names", LENIENT, "URNs and names of SCIM 1.1")           \
	ROW(dialect, SCIM_NUMBER_TEXT, "number-text", SAILPOINT | WORKDAY,                         \
		"numbers for strings: \"employeeNumber\": 7")                                      \
	ROW(dialect, SCIM_NUMBER_BOOLEAN, "number-boolean", WORKDAY, "1 and 0 for true and false") \
	ROW(dialect, SCIM_DATE_ONLY, "date-only", SAILPOINT | WORKDAY,                             \
		"a date, or a time without a zone, for a dateTime")                                \
	ROW(dialect, SCIM_ANY_MEDIA_TYPE, "any-media-type", OKTA | WORKDAY,                        \
		"JSON under another Content-Type")

#define AS_INFO(ignored, quirk, name, by, sent) { quirk, name, sent },
#define AS_BIT(dialect, quirk, name, by, sent) | (((by) & (dialect)) != 0 ? (unsigned)(quirk) : 0)
#define QUIRKS_OF(dialect) (0U QUIRKS(AS_BIT, dialect))

static const struct scim_quirk_info infos[] = { QUIRKS(AS_INFO, ) };
#define INFO_COUNT (sizeof(infos) / sizeof(infos[0]))

static const struct scim_dialect dialects[] = {
	{ "standard", 0 },
	{ "entra", QUIRKS_OF(ENTRA) },
	{ "okta", QUIRKS_OF(OKTA) },
	{ "google", QUIRKS_OF(GOOGLE) },
	{ "ping", QUIRKS_OF(PING) },
	{ "onelogin", QUIRKS_OF(ONELOGIN) },
	{ "jumpcloud", QUIRKS_OF(JUMPCLOUD) },
	{ "keycloak", QUIRKS_OF(KEYCLOAK) },
	{ "sailpoint", QUIRKS_OF(SAILPOINT) },
	{ "workday", QUIRKS_OF(WORKDAY) },
};
#define COUNT (sizeof(dialects) / sizeof(dialects[0]))

const struct scim_dialect *scim_dialect_at(size_t index)
{
	return index < COUNT ? &dialects[index] : NULL;
}

const struct scim_quirk_info *scim_quirk_at(size_t index)
{
	return index < INFO_COUNT ? &infos[index] : NULL;
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

const char *scim_dialect_names(struct arena *arena)
{
	const char *names = dialects[0].name;

	for (size_t i = 1; i < COUNT; i++) {
		names = arena_printf(arena, "%s, %s", names, dialects[i].name);
	}
	return names;
}

static const struct scim_quirk_info *find_quirk(const char *name, size_t size)
{
	for (size_t i = 0; i < INFO_COUNT; i++) {
		if (strlen(infos[i].name) == size && memcmp(infos[i].name, name, size) == 0) {
			return &infos[i];
		}
	}
	return NULL;
}

bool scim_dialect_changed(const struct scim_dialect *dialect, const char *changes,
	struct scim_dialect *result, struct error *err)
{
	const char *p = changes != NULL ? changes : "";

	*result = *dialect;
	for (p += strspn(p, " "); *p != '\0'; p += strspn(p, " ")) {
		bool off = *p == '-';
		size_t size = strcspn(p, " ");
		const struct scim_quirk_info *info = find_quirk(p + off, size - off);

		if (info == NULL) {
			return error_set(err, ERROR_CONFIG,
				"there is no quirk '%.*s'; `scimward source dialects` lists them",
				(int)(size - off < 60 ? size - off : 60), p + off);
		}
		if (off) {
			result->quirks &= ~(unsigned)info->quirk;
		} else {
			result->quirks |= (unsigned)info->quirk;
		}
		p += size;
	}
	return true;
}

/* ---- values ---- */

bool scim_dialect_is_unassigned(const struct scim_dialect *dialect, const struct value *value)
{
	return value_is(value, VALUE_NULL) ||
	       (scim_dialect_has(dialect, SCIM_EMPTY_IS_UNASSIGNED) &&
		       value_is(value, VALUE_STRING) && value_size(value) == 0);
}

static const struct value *boolean_of_digit(const char *text)
{
	if (strcmp(text, "0") == 0 || strcmp(text, "1") == 0) {
		return value_of_bool(text[0] == '1');
	}
	return NULL;
}

static const struct value *boolean_of_text(
	const struct scim_dialect *dialect, const struct value *text)
{
	if (strcasecmp(value_text(text), "true") == 0) {
		return value_of_bool(true);
	}
	if (strcasecmp(value_text(text), "false") == 0) {
		return value_of_bool(false);
	}
	return scim_dialect_has(dialect, SCIM_NUMBER_BOOLEAN) ? boolean_of_digit(value_text(text))
							      : NULL;
}

static bool is_time(const char *text, bool needs_zone)
{
	int64_t ignored;

	return scim_datetime_parse(text, strlen(text), needs_zone, &ignored);
}

/*
 * "2026-11-24", "2026-11-24-08:00" (xsd:date, as Workday writes dates) and "2026-11-24T10:00:00" →
 * with the time, and Z where no zone is said.
 */
static const struct value *time_of_date(struct arena *arena, const struct value *text)
{
	const char *day = value_text(text);
	const char *candidate;

	if (value_size(text) < 10 || value_size(text) > 40) {
		return NULL;
	}
	if (is_time(day, false)) {
		return value_of_text(arena, arena_printf(arena, "%sZ", day));
	}
	candidate = arena_printf(arena, "%.10sT00:00:00%s", day, day[10] != '\0' ? day + 10 : "Z");
	return is_time(candidate, true) ? value_of_text(arena, candidate) : NULL;
}

/* "False", "TRUE", "0.5", "2026-11-24" */
static const struct value *scalar_of_text(struct arena *arena, const struct scim_dialect *dialect,
	enum scim_data_type type, const struct value *text)
{
	const struct value *number;

	if (type == SCIM_DATETIME) {
		return scim_dialect_has(dialect, SCIM_DATE_ONLY) ? time_of_date(arena, text) : NULL;
	}
	if (!scim_dialect_has(dialect, SCIM_TEXT_SCALARS)) {
		return NULL;
	}
	switch (type) {
	case SCIM_BOOLEAN:
		return boolean_of_text(dialect, text);
	case SCIM_INTEGER:
	case SCIM_DECIMAL:
		return value_of_number(arena, value_text(text), value_size(text), &number) ? number
											   : NULL;
	default:
		return NULL;
	}
}

/* "id" → {"value": "id"}; where there is no such part, "A B" → {"formatted": "A B"}. */
static const struct value *complex_of_text(
	struct arena *arena, const struct scim_attribute *attribute, const struct value *text)
{
	static const char *const names[] = { "value", "formatted" };

	for (size_t i = 0; i < 2; i++) {
		const struct scim_attribute *sub =
			scim_attribute_sub(attribute, names[i], strlen(names[i]));

		if (sub != NULL && sub->mutability != SCIM_READ_ONLY) {
			return value_with(arena, NULL, sub->name, text);
		}
	}
	return NULL;
}

/* A number would be somebody else's name or id some day (Grafana's CVE-2025-41115). */
static bool may_be_number(const struct scim_attribute *attribute)
{
	return attribute->type == SCIM_STRING && attribute->place == SCIM_IN_DOC &&
	       !attribute->is_name && !attribute->has_key && attribute->uniqueness == SCIM_NONE;
}

static const struct value *of_number(struct arena *arena, const struct scim_dialect *dialect,
	const struct scim_attribute *attribute, const struct value *number)
{
	size_t size;
	const char *text = value_number_text(arena, number, &size);

	if (attribute->type == SCIM_BOOLEAN) {
		return scim_dialect_has(dialect, SCIM_NUMBER_BOOLEAN) ? boolean_of_digit(text)
								      : NULL;
	}
	if (!scim_dialect_has(dialect, SCIM_NUMBER_TEXT) || !may_be_number(attribute)) {
		return NULL;
	}
	return value_of_text_n(arena, text, size);
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
	switch (value_type(value)) {
	case VALUE_STRING:
		if (attribute->type != SCIM_COMPLEX) {
			return scalar_of_text(arena, dialect, attribute->type, value);
		}
		return scim_dialect_has(dialect, SCIM_BARE_COMPLEX)
			       ? complex_of_text(arena, attribute, value)
			       : NULL;
	case VALUE_NUMBER:
		return of_number(arena, dialect, attribute, value);
	case VALUE_ARRAY:
	case VALUE_OBJECT:
		return scim_dialect_has(dialect, SCIM_WRAPPED_SINGLE) ? unwrap(attribute, value)
								      : NULL;
	default:
		return NULL;
	}
}

/* ---- names ---- */

/* RFC 7643 renamed what SCIM 1.1 had (1.1, 11.1 and 11.3). NULL: the core schema of the type. */
static const struct {
	const char *old;
	const char *now;
} urns[] = {
	{ "urn:scim:schemas:core:1.0", NULL },
	{ "urn:scim:schemas:extension:enterprise:1.0", SCIM_URN_ENTERPRISE },
};

static const struct {
	const char *attribute;
	const char *old;
	const char *now;
} subs[] = {
	{ "manager", "managerId", "value" },
};

const char *scim_dialect_name(struct arena *arena, const struct scim_dialect *dialect,
	const struct scim_resource_type *type, const char *name, size_t *size)
{
	if (!scim_dialect_has(dialect, SCIM_OLD_NAMES) || *size < 9 ||
		strncasecmp(name, "urn:scim:", 9) != 0) {
		return name;
	}
	for (size_t i = 0; i < sizeof(urns) / sizeof(urns[0]); i++) {
		size_t old = strlen(urns[i].old);
		const char *now = urns[i].now != NULL ? urns[i].now : type->schema->id;

		if (*size >= old && strncasecmp(name, urns[i].old, old) == 0 &&
			(*size == old || name[old] == ':')) {
			name = arena_printf(arena, "%s%.*s", now, (int)(*size - old), name + old);
			*size = strlen(name);
			return name;
		}
	}
	return name;
}

const struct scim_attribute *scim_dialect_old_sub(const struct scim_dialect *dialect,
	const struct scim_attribute *attribute, const char *name)
{
	if (!scim_dialect_has(dialect, SCIM_OLD_NAMES)) {
		return NULL;
	}
	for (size_t i = 0; i < sizeof(subs) / sizeof(subs[0]); i++) {
		if (strcmp(subs[i].attribute, attribute->name) == 0 &&
			strcasecmp(subs[i].old, name) == 0) {
			return scim_attribute_sub(attribute, subs[i].now, strlen(subs[i].now));
		}
	}
	return NULL;
}

static bool begins_with(const char *text, size_t size, const char *prefix)
{
	size_t length = strlen(prefix);

	return size >= length && strncasecmp(text, prefix, length) == 0;
}

bool scim_dialect_is_foreign(const struct scim_dialect *dialect,
	const struct scim_resource_type *type, const char *path, size_t size)
{
	if (!scim_dialect_has(dialect, SCIM_FOREIGN_SCHEMAS) ||
		(!begins_with(path, size, "urn:") && !begins_with(path, size, "http:") &&
			!begins_with(path, size, "https:"))) {
		return false;
	}
	for (size_t i = 0; i < type->extension_count; i++) {
		if (begins_with(path, size, type->extensions[i]->id)) {
			return false;
		}
	}
	return !begins_with(path, size, type->schema->id);
}
