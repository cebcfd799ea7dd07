#include "scim/discovery.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "scim/list.h"
#include "scim/schema.h"
#include "scim/urn.h"

/* ---- pieces of JSON ---- */

static void text(struct buf *buf, const char *name, const char *value)
{
	buf_printf(buf, "\"%s\":", name);
	buf_append_json_text(buf, value, strlen(value));
	buf_append_char(buf, ',');
}

static void flag(struct buf *buf, const char *name, bool value)
{
	buf_printf(buf, "\"%s\":%s,", name, value ? "true" : "false");
}

static void texts(struct buf *buf, const char *name, const char *const *values)
{
	if (values == NULL) {
		return;
	}
	buf_printf(buf, "\"%s\":[", name);
	for (; *values != NULL; values++) {
		buf_append_json_text(buf, *values, strlen(*values));
		buf_append_text(buf, values[1] != NULL ? "," : "");
	}
	buf_append_text(buf, "],");
}

/* The last member, and the end of the object. `path` is the part of the location behind base. */
static void meta(
	struct buf *buf, const char *type, const char *base, const char *path, const char *id)
{
	buf_printf(buf, "\"meta\":{\"resourceType\":\"%s\",\"location\":", type);
	buf_append_json_text(buf, base, strlen(base));
	buf->size--; /* the quote */
	buf_printf(buf, "%s%s\"}}", path, id);
}

static void open_list(struct buf *buf, size_t count)
{
	scim_list_open(buf, &(struct scim_list){
				    .total = (int64_t)count, .start = 1, .items = (int64_t)count });
}

/* ---- ServiceProviderConfig (RFC 7643, 5) ---- */

void scim_discovery_provider(
	struct buf *buf, const struct scim_provider *provider, const char *base)
{
	buf_append_text(buf, "{\"schemas\":[\"" SCIM_URN_PROVIDER "\"],"
			     "\"patch\":{\"supported\":true},");
	buf_printf(buf,
		"\"bulk\":{\"supported\":true,\"maxOperations\":%lld,"
		"\"maxPayloadSize\":%lld},",
		(long long)provider->bulk_operations, (long long)provider->bulk_bytes);
	buf_printf(buf, "\"filter\":{\"supported\":true,\"maxResults\":%d},", SCIM_PAGE_MAX);
	buf_append_text(buf, "\"changePassword\":{\"supported\":false},"
			     "\"sort\":{\"supported\":true},"
			     "\"etag\":{\"supported\":true},");
	/* RFC 9865, 4: who asks for no cursor gets pages by index, as ever. */
	buf_printf(buf,
		"\"pagination\":{\"cursor\":true,\"index\":true,"
		"\"defaultPaginationMethod\":\"index\",\"defaultPageSize\":%d,"
		"\"maxPageSize\":%d,\"cursorTimeout\":%" PRId64 "},",
		SCIM_PAGE_DEFAULT, SCIM_PAGE_MAX, provider->cursor_timeout_s);
	/* RFC 9967, 4: who asks is answered 202; events are fetched, there is no stream of them. */
	if (provider->security_events) {
		buf_append_text(buf, "\"securityEvents\":{\"asyncRequest\":\"request\","
				     "\"eventUris\":[]},");
	}
	buf_append_text(buf,
		"\"authenticationSchemes\":[{\"type\":\"oauthbearertoken\","
		"\"name\":\"Bearer token\","
		"\"description\":\"The token of a source, in the header Authorization\","
		"\"specUri\":\"https://www.rfc-editor.org/rfc/rfc6750\",\"primary\":true}],");
	meta(buf, "ServiceProviderConfig", base, "/ServiceProviderConfig", "");
}

/* ---- ResourceTypes (RFC 7643, 6) ---- */

static void print_type(struct buf *buf, const char *base, const struct scim_resource_type *type)
{
	buf_append_text(buf, "{\"schemas\":[\"" SCIM_URN_RESOURCE_TYPE "\"],");
	text(buf, "id", type->name);
	text(buf, "name", type->name);
	text(buf, "endpoint", type->endpoint);
	text(buf, "description", type->description);
	text(buf, "schema", type->schema->id);
	if (type->extension_count > 0) {
		buf_append_text(buf, "\"schemaExtensions\":[");
		for (size_t i = 0; i < type->extension_count; i++) {
			buf_append_text(buf, i > 0 ? ",{" : "{");
			text(buf, "schema", type->extensions[i]->id);
			flag(buf, "required", type->extension_required[i]);
			buf->data[buf->size - 1] = '}';
		}
		buf_append_text(buf, "],");
	}
	meta(buf, "ResourceType", base, "/ResourceTypes/", type->name);
}

bool scim_discovery_types(
	struct buf *buf, const struct scim_model *model, const char *base, const char *id)
{
	if (id != NULL) {
		const struct scim_resource_type *type = scim_model_type(model, id);

		if (type != NULL) {
			print_type(buf, base, type);
		}
		return type != NULL;
	}
	open_list(buf, model->type_count);
	for (size_t i = 0; i < model->type_count; i++) {
		scim_list_next(buf, i);
		print_type(buf, base, &model->types[i]);
	}
	scim_list_close(buf);
	return true;
}

/* ---- Schemas (RFC 7643, 7) ---- */

static void print_attributes(
	struct buf *buf, const char *name, const struct scim_attribute *attributes, size_t count)
{
	buf_printf(buf, "\"%s\":[", name);
	for (size_t i = 0; i < count; i++) {
		const struct scim_attribute *it = &attributes[i];

		buf_append_text(buf, i > 0 ? ",{" : "{");
		text(buf, "name", it->name);
		text(buf, "type", scim_data_type_name(it->type));
		flag(buf, "multiValued", it->multi);
		text(buf, "description", it->description != NULL ? it->description : it->name);
		flag(buf, "required", it->required);
		texts(buf, "canonicalValues", it->canonical);
		flag(buf, "caseExact", it->case_exact);
		text(buf, "mutability", scim_mutability_name(it->mutability));
		text(buf, "returned", scim_returned_name(it->returned));
		text(buf, "uniqueness", scim_uniqueness_name(it->uniqueness));
		texts(buf, "referenceTypes", it->references);
		if (it->sub_count > 0) {
			print_attributes(buf, "subAttributes", it->subs, it->sub_count);
		}
		buf->data[buf->size - 1] = '}'; /* over the comma */
	}
	buf_append_text(buf, "],");
}

static void print_schema(struct buf *buf, const char *base, const struct scim_schema *schema)
{
	buf_append_text(buf, "{\"schemas\":[\"" SCIM_URN_SCHEMA "\"],");
	text(buf, "id", schema->id);
	text(buf, "name", schema->name);
	text(buf, "description", schema->description);
	print_attributes(buf, "attributes", schema->attributes, schema->count);
	meta(buf, "Schema", base, "/Schemas/", schema->id);
}

bool scim_discovery_schemas(
	struct buf *buf, const struct scim_model *model, const char *base, const char *id)
{
	if (id != NULL) {
		const struct scim_schema *schema = scim_model_schema(model, id, strlen(id));

		if (schema != NULL) {
			print_schema(buf, base, schema);
		}
		return schema != NULL;
	}
	open_list(buf, model->schema_count);
	for (size_t i = 0; i < model->schema_count; i++) {
		scim_list_next(buf, i);
		print_schema(buf, base, model->schemas[i]);
	}
	scim_list_close(buf);
	return true;
}
