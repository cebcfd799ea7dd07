#include "scim/schema.h"

#include <assert.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "base/value.h"
#include "scim/names.h"
#include "scim/urn.h"

static bool same(const char *a, size_t a_size, const char *b, size_t b_size)
{
	return a_size == b_size && strncasecmp(a, b, a_size) == 0;
}

/* ---- look-up ---- */

const struct scim_attribute *scim_schema_find(
	const struct scim_schema *schema, const char *name, size_t size)
{
	return scim_names_find(schema->names, name, size);
}

const struct scim_attribute *scim_attribute_sub(
	const struct scim_attribute *attribute, const char *name, size_t size)
{
	return scim_names_find(attribute->names, name, size);
}

const struct scim_attribute *scim_type_find(
	const struct scim_resource_type *type, const char *name, size_t size)
{
	const struct scim_attribute *found = scim_names_find(type->schema->names, name, size);

	return found != NULL ? found : scim_names_find(type->model->common_names, name, size);
}

static bool is_schema(const struct scim_schema *schema, const char *urn, size_t size)
{
	return same(schema->id, schema->id_size, urn, size);
}

const struct scim_schema *scim_type_extension(
	const struct scim_resource_type *type, const char *urn, size_t size)
{
	for (size_t i = 0; i < type->extension_count; i++) {
		if (is_schema(type->extensions[i], urn, size)) {
			return type->extensions[i];
		}
	}
	return NULL;
}

const struct scim_schema *scim_model_schema(
	const struct scim_model *model, const char *urn, size_t size)
{
	for (size_t i = 0; i < model->schema_count; i++) {
		if (is_schema(model->schemas[i], urn, size)) {
			return model->schemas[i];
		}
	}
	return NULL;
}

const struct scim_resource_type *scim_model_type(const struct scim_model *model, const char *name)
{
	for (size_t i = 0; i < model->type_count; i++) {
		if (strcmp(model->types[i].name, name) == 0) {
			return &model->types[i];
		}
	}
	return NULL;
}

const struct scim_resource_type *scim_model_endpoint(
	const struct scim_model *model, const char *endpoint)
{
	if (endpoint[0] == '/') {
		endpoint++;
	}
	for (size_t i = 0; i < model->type_count; i++) {
		if (strcmp(model->types[i].endpoint + 1, endpoint) == 0) {
			return &model->types[i];
		}
	}
	return NULL;
}

/* ---- attribute paths (RFC 7644, 3.10) ---- */

/* `attribute` or `attribute.sub`, by the names of one schema (and the common ones, for the core).
 */
static bool resolve_names(
	const struct scim_resource_type *type, const char *text, size_t size, struct scim_ref *ref)
{
	const char *dot = memchr(text, '.', size);
	size_t first = dot != NULL ? (size_t)(dot - text) : size;

	ref->attribute = ref->extension != NULL ? scim_schema_find(ref->extension, text, first)
						: scim_type_find(type, text, first);
	if (ref->attribute == NULL || dot == NULL) {
		return ref->attribute != NULL;
	}
	ref->sub = scim_attribute_sub(ref->attribute, dot + 1, size - first - 1);
	return ref->sub != NULL;
}

/* Whether text is the URN alone, or the URN, a colon and more. */
static bool starts_with_urn(const struct scim_schema *schema, const char *text, size_t size)
{
	return size >= schema->id_size && strncasecmp(text, schema->id, schema->id_size) == 0 &&
	       (size == schema->id_size || text[schema->id_size] == ':');
}

bool scim_type_resolve(
	const struct scim_resource_type *type, const char *text, size_t size, struct scim_ref *ref)
{
	const struct scim_schema *schema = NULL;

	*ref = (struct scim_ref){ 0 };
	if (size < 4 || strncasecmp(text, "urn:", 4) != 0) {
		return resolve_names(type, text, size, ref);
	}
	if (starts_with_urn(type->schema, text, size)) {
		schema = type->schema;
	}
	for (size_t i = 0; i < type->extension_count; i++) {
		const struct scim_schema *it = type->extensions[i];

		if (starts_with_urn(it, text, size) &&
			(schema == NULL || it->id_size > schema->id_size)) {
			ref->extension = it;
			schema = it;
		}
	}
	if (schema == NULL) {
		return false;
	}
	if (size == schema->id_size) {
		return ref->extension != NULL; /* the core URN alone names nothing */
	}
	return resolve_names(type, text + schema->id_size + 1, size - schema->id_size - 1, ref);
}

const struct scim_attribute *scim_ref_leaf(const struct scim_ref *ref)
{
	if (ref->sub != NULL) {
		return ref->sub;
	}
	if (ref->attribute != NULL && ref->attribute->type == SCIM_COMPLEX) {
		const struct scim_attribute *value = scim_attribute_sub(ref->attribute, "value", 5);

		return value != NULL ? value : ref->attribute;
	}
	return ref->attribute;
}

void scim_ref_print(struct buf *buf, const struct scim_ref *ref)
{
	const struct scim_attribute *last = ref->sub != NULL ? ref->sub : ref->attribute;

	if (last == NULL) {
		buf_append(buf, ref->extension->id, ref->extension->id_size);
		return;
	}
	buf_append(buf, value_text(last->path), value_size(last->path));
}

/* ---- suggestions ---- */

#define SUGGEST_BYTES 40

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static size_t least(size_t a, size_t b, size_t c)
{
	size_t two = a < b ? a : b;

	return two < c ? two : c;
}

/* Edits that make b of a, without ASCII case; two letters that changed places are one edit. */
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
	size_t rows[3][SUGGEST_BYTES + 1]; /* this one, the one above, the one above that */

	for (size_t j = 0; j <= b_size; j++) {
		rows[0][j] = j;
	}
	for (size_t i = 1; i <= a_size; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			unsigned char x = lower(a[i - 1]), y = lower(b[j - 1]);

			row[j] = least(row[j - 1] + 1, above[j] + 1, above[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]) &&
				rows[(i + 1) % 3][j - 2] + 1 < row[j]) {
				row[j] = rows[(i + 1) % 3][j - 2] + 1;
			}
		}
	}
	return rows[a_size % 3][b_size];
}

const char *scim_type_suggest(const struct scim_resource_type *type, const char *name, size_t size)
{
	const struct scim_schema *schema = type->schema;
	const char *best = NULL;
	size_t best_distance = 3;

	if (size < 3 || size > SUGGEST_BYTES) {
		return NULL;
	}
	for (size_t i = 0; i < schema->count; i++) {
		const struct scim_attribute *it = &schema->attributes[i];
		size_t d = distance(name, size, it->name, it->name_size);

		if (d < best_distance) {
			best = it->name;
			best_distance = d;
		}
	}
	return best;
}

/* ---- words ---- */

const char *scim_data_type_name(enum scim_data_type type)
{
	static const char *const names[] = { "string", "boolean", "decimal", "integer", "dateTime",
		"binary", "reference", "complex" };

	return names[type];
}

const char *scim_mutability_name(enum scim_mutability mutability)
{
	static const char *const names[] = { "readWrite", "readOnly", "immutable", "writeOnly" };

	return names[mutability];
}

const char *scim_returned_name(enum scim_returned returned)
{
	static const char *const names[] = { "default", "always", "never", "request" };

	return names[returned];
}

const char *scim_uniqueness_name(enum scim_uniqueness uniqueness)
{
	static const char *const names[] = { "none", "server", "global" };

	return names[uniqueness];
}
