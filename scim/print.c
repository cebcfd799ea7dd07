#include "scim/print.h"

#include <string.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/value.h"
#include "scim/etag.h"
#include "scim/project.h"
#include "scim/schema.h"

/* ---- parts ---- */

static void append(struct buf *buf, const char *text)
{
	buf_append(buf, text, strlen(text));
}

/* A JSON string of three parts; only the base can hold what needs escapes. */
static void print_uri(struct buf *buf, const char *base, const char *endpoint, const char *id)
{
	buf_append_json_text(buf, base, strlen(base));
	buf->size--; /* the quote */
	append(buf, endpoint);
	buf_append_char(buf, '/');
	append(buf, id);
	buf_append_char(buf, '"');
}

void scim_print_location(
	struct buf *buf, const char *base, const struct scim_resource_type *type, const char *id)
{
	append(buf, base);
	append(buf, type->endpoint);
	buf_append_char(buf, '/');
	append(buf, id);
}

static void print_time(struct buf *buf, int64_t us)
{
	char text[CLOCK_TEXT_BYTES];

	clock_format(us, text);
	buf_append_char(buf, '"');
	append(buf, text);
	buf_append_char(buf, '"');
}

/* `,"name":` or, at the start of an object, without the comma. */
static void print_name(struct buf *buf, const char *name)
{
	if (buf->data[buf->size - 1] != '{') {
		buf_append_char(buf, ',');
	}
	buf_append_char(buf, '"');
	append(buf, name);
	buf_append(buf, "\":", 2);
}

/* Whether what was printed last is {} or []: a document has no such, so nothing of it was wanted.
 */
static bool ends_empty(const struct buf *buf)
{
	const char *end = buf->data + buf->size;

	return (end[-2] == '{' && end[-1] == '}') || (end[-2] == '[' && end[-1] == ']');
}

static bool wants_sub(const struct scim_outward *outward, const struct scim_attribute *attribute,
	const char *name)
{
	if (outward->projection == NULL && attribute->subs_plain) {
		return true;
	}
	return scim_projection_wants_sub(
		outward->projection, scim_attribute_sub(attribute, name, strlen(name)));
}

static void print_meta(struct buf *buf, const struct scim_outward *it)
{
	const struct scim_attribute *meta = scim_type_find(it->type, "meta", 4);
	char etag[SCIM_ETAG_BYTES];

	buf_append_char(buf, '{');
	if (wants_sub(it, meta, "resourceType")) {
		print_name(buf, "resourceType");
		buf_append_json_text(buf, it->type->name, strlen(it->type->name));
	}
	if (wants_sub(it, meta, "created")) {
		print_name(buf, "created");
		print_time(buf, it->created_us);
	}
	if (wants_sub(it, meta, "lastModified")) {
		print_name(buf, "lastModified");
		print_time(buf, it->modified_us);
	}
	if (wants_sub(it, meta, "location")) {
		print_name(buf, "location");
		print_uri(buf, it->base, it->type->endpoint, it->id);
	}
	if (wants_sub(it, meta, "version")) {
		print_name(buf, "version");
		scim_etag_format(it->version, etag);
		buf_append_json_text(buf, etag, strlen(etag));
	}
	buf_append_char(buf, '}');
}

static bool wants(const struct scim_outward *outward, const char *name)
{
	const struct scim_attribute *attribute = scim_type_find(outward->type, name, strlen(name));

	return scim_projection_wants(outward->projection, attribute);
}

/* ---- the document, attribute by attribute ---- */

static void print_object(struct buf *buf, const struct scim_projection *projection,
	const struct scim_attribute *attribute, const struct value *object)
{
	buf_append_char(buf, '{');
	for (size_t i = 0; i < value_count(object); i++) {
		const struct value_member *member = value_member_at(object, i);
		const struct scim_attribute *sub = scim_attribute_sub(
			attribute, value_text(member->key), value_size(member->key));

		if (sub != NULL && scim_projection_wants_sub(projection, sub)) {
			print_name(buf, value_text(member->key));
			value_print(buf, member->value);
		}
	}
	buf_append_char(buf, '}');
}

static void print_value(struct buf *buf, const struct scim_projection *projection,
	const struct scim_attribute *attribute, const struct value *value)
{
	if (attribute == NULL || attribute->type != SCIM_COMPLEX) {
		value_print(buf, value);
		return;
	}
	if (!value_is(value, VALUE_ARRAY)) {
		print_object(buf, projection, attribute, value);
		return;
	}
	buf_append_char(buf, '[');
	for (size_t i = 0; i < value_count(value); i++) {
		size_t start = buf->size;

		if (buf->data[start - 1] != '[') {
			buf_append_char(buf, ',');
		}
		print_object(buf, projection, attribute, value_at(value, i));
		if (ends_empty(buf)) {
			buf->size = start;
		}
	}
	buf_append_char(buf, ']');
}

/* A member with its name, or nothing when its value comes out empty. */
static void print_member(struct buf *buf, const struct scim_projection *projection,
	const struct scim_attribute *attribute, const struct value_member *member)
{
	size_t start = buf->size;

	print_name(buf, value_text(member->key));
	print_value(buf, projection, attribute, member->value);
	if (ends_empty(buf)) {
		buf->size = start;
	}
}

static void print_extension(struct buf *buf, const struct scim_projection *projection,
	const struct scim_schema *extension, const struct value *object)
{
	size_t start = buf->size;

	print_name(buf, extension->id);
	buf_append_char(buf, '{');
	for (size_t i = 0; i < value_count(object); i++) {
		const struct value_member *member = value_member_at(object, i);
		const struct scim_attribute *attribute = scim_schema_find(
			extension, value_text(member->key), value_size(member->key));

		if (attribute != NULL && scim_projection_wants(projection, attribute)) {
			print_member(buf, projection, attribute, member);
		}
	}
	buf_append_char(buf, '}');
	if (ends_empty(buf)) {
		buf->size = start;
	}
}

/* Those of the type alone: an extension that is not configured any more is none. */
static void print_schemas(
	struct buf *buf, const struct scim_resource_type *type, const struct value *urns)
{
	print_name(buf, "schemas");
	buf_append_char(buf, '[');
	for (size_t i = 0; i < value_count(urns); i++) {
		const struct value *urn = value_at(urns, i);

		if (value_equals(urn, type->schema->key) ||
			scim_type_extension(type, value_text(urn), value_size(urn)) != NULL) {
			if (buf->data[buf->size - 1] != '[') {
				buf_append_char(buf, ',');
			}
			value_print(buf, urn);
		}
	}
	buf_append_char(buf, ']');
}

static void print_projected(
	struct buf *buf, const struct scim_outward *outward, const struct value *doc)
{
	for (size_t i = 0; i < value_count(doc); i++) {
		const struct value_member *member = value_member_at(doc, i);
		const char *name = value_text(member->key);
		size_t size = value_size(member->key);
		const struct scim_attribute *attribute = scim_type_find(outward->type, name, size);
		const struct scim_schema *extension =
			attribute == NULL ? scim_type_extension(outward->type, name, size) : NULL;

		if (attribute != NULL && attribute->place == SCIM_IS_SCHEMAS) {
			print_schemas(buf, outward->type, member->value);
		} else if (extension != NULL) {
			print_extension(buf, outward->projection, extension, member->value);
		} else if (attribute != NULL &&
			   scim_projection_wants(outward->projection, attribute)) {
			print_member(buf, outward->projection, attribute, member);
		}
	}
}

/* ---- the document ---- */

/* All of it: its text joins in where its own brace opens. */
static void print_whole(struct buf *buf, const struct scim_outward *outward)
{
	size_t start = buf->size;

	if (outward->doc_text != NULL) {
		buf_append(buf, outward->doc_text, outward->doc_size);
	} else {
		value_print(buf, outward->doc);
	}
	if (buf->size - start < 4) { /* {}: not of ours, a document has schemas */
		buf->size = start;
		return;
	}
	buf->data[start] = ',';
	buf->size--;
}

static const struct value *parsed(const struct scim_outward *outward)
{
	static const struct value_limits limits = {
		.bytes = 64 * 1024 * 1024, .depth = 32, .values = 10 * 1000 * 1000
	};

	return outward->doc != NULL ? outward->doc
				    : value_parse(outward->arena, outward->doc_text,
					      outward->doc_size, &limits, NULL);
}

/* ---- groups and members ---- */

enum { PART_VALUE = 1, PART_REF = 2, PART_DISPLAY = 4, PART_TYPE = 8 };

static unsigned wanted_parts(const struct scim_outward *outward)
{
	static const struct {
		const char *name;
		unsigned part;
	} parts[] = { { "value", PART_VALUE }, { "$ref", PART_REF }, { "display", PART_DISPLAY },
		{ "type", PART_TYPE } };
	const struct scim_resource_type *type = outward->type;
	const struct scim_attribute *list = type->has_members ? scim_type_find(type, "members", 7)
							      : scim_type_find(type, "groups", 6);
	unsigned wanted = 0;

	if (list == NULL ||
		list->place == SCIM_IN_DOC) { /* of a type that has its own of that name */
		return 0;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		wanted |= wants_sub(outward, list, parts[i].name) ? parts[i].part : 0;
	}
	return wanted;
}

void scim_print_reference(
	struct buf *buf, struct scim_outward *outward, const struct scim_reference *reference)
{
	bool has_members = outward->type->has_members;

	if (outward->references++ == 0) {
		append(buf, has_members ? ",\"members\":[" : ",\"groups\":[");
	} else {
		buf_append_char(buf, ',');
	}
	buf_append_char(buf, '{');
	if ((outward->parts & PART_VALUE) != 0) {
		append(buf, "\"value\":");
		buf_append_json_text(buf, reference->id, strlen(reference->id));
	}
	if ((outward->parts & PART_REF) != 0) {
		print_name(buf, "$ref");
		print_uri(buf, outward->base, has_members ? "/Users" : "/Groups", reference->id);
	}
	if ((outward->parts & PART_DISPLAY) != 0 && reference->display != NULL) {
		print_name(buf, "display");
		buf_append_json_text(buf, reference->display, reference->display_size);
	}
	if ((outward->parts & PART_TYPE) != 0) {
		print_name(buf, "type");
		append(buf, has_members ? "\"User\"" : "\"direct\"");
	}
	buf_append_char(buf, '}');
}

/* ---- the whole ---- */

void scim_print_open(struct buf *buf, struct scim_outward *outward)
{
	outward->references = 0;
	outward->parts = wanted_parts(outward);
	buf_append_text(buf, "{\"id\":");
	buf_append_json_text(buf, outward->id, strlen(outward->id));
	if (outward->external_id != NULL && wants(outward, "externalId")) {
		print_name(buf, "externalId");
		buf_append_json_text(buf, outward->external_id, strlen(outward->external_id));
	}
	if (wants(outward, "meta")) {
		print_name(buf, "meta");
		print_meta(buf, outward);
	}
	if (outward->projection == NULL && outward->type->is_plain && !outward->leftovers) {
		print_whole(buf, outward);
	} else {
		print_projected(buf, outward, parsed(outward));
	}
}

void scim_print_close(struct buf *buf, struct scim_outward *outward)
{
	if (outward->references > 0) {
		buf_append_char(buf, ']');
	}
	buf_append_char(buf, '}');
}
