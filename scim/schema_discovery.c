/*
 * Schemas of the discovery documents (RFC 7643, 5, 6, 7 and 8.7.2). They appear in /Schemas and
 * are read-only; nothing is ever validated against them.
 */
#include "scim/schema_core.h"

#include "scim/urn.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define SUBS(table) .type = SCIM_COMPLEX, .subs = (table), .sub_count = COUNT(table)
#define READ_ONLY .mutability = SCIM_READ_ONLY

static const char *const uri[] = { "uri", NULL };
static const char *const external[] = { "external", NULL };

/* ---- ServiceProviderConfig ---- */

static const struct scim_attribute supported_subs[] = {
	{ .name = "supported",
		.description = "Whether it is there",
		.type = SCIM_BOOLEAN,
		.required = true,
		READ_ONLY },
};
static const struct scim_attribute bulk_subs[] = {
	{ .name = "supported",
		.description = "Whether it is there",
		.type = SCIM_BOOLEAN,
		.required = true,
		READ_ONLY },
	{ .name = "maxOperations",
		.description = "Operations in one request",
		.type = SCIM_INTEGER,
		.required = true,
		READ_ONLY },
	{ .name = "maxPayloadSize",
		.description = "Bytes of one request",
		.type = SCIM_INTEGER,
		.required = true,
		READ_ONLY },
};
static const struct scim_attribute filter_subs[] = {
	{ .name = "supported",
		.description = "Whether it is there",
		.type = SCIM_BOOLEAN,
		.required = true,
		READ_ONLY },
	{ .name = "maxResults",
		.description = "Resources in one response",
		.type = SCIM_INTEGER,
		.required = true,
		READ_ONLY },
};
static const char *const scheme_types[] = { "oauth", "oauth2", "oauthbearertoken", "httpbasic",
	"httpdigest", NULL };
static const struct scim_attribute scheme_subs[] = {
	{ .name = "type",
		.description = "Kind of authentication",
		.required = true,
		.canonical = scheme_types,
		READ_ONLY },
	{ .name = "name", .description = "Its common name", .required = true, READ_ONLY },
	{ .name = "description", .description = "What it is", .required = true, READ_ONLY },
	{ .name = "specUri",
		.description = "Where it is specified",
		.type = SCIM_REFERENCE,
		.references = external,
		READ_ONLY },
	{ .name = "documentationUri",
		.description = "Where it is explained",
		.type = SCIM_REFERENCE,
		.references = external,
		READ_ONLY },
	{ .name = "primary",
		.description = "Whether it is the preferred one",
		.type = SCIM_BOOLEAN,
		READ_ONLY },
};
static const char *const paging_methods[] = { "cursor", "index", NULL };
static const struct scim_attribute pagination_subs[] = {
	{ .name = "cursor",
		.description = "Whether pages by cursor are there",
		.type = SCIM_BOOLEAN,
		.required = true,
		READ_ONLY },
	{ .name = "index",
		.description = "Whether pages by startIndex are there",
		.type = SCIM_BOOLEAN,
		.required = true,
		READ_ONLY },
	{ .name = "defaultPaginationMethod",
		.description = "What a query gets that names neither",
		.canonical = paging_methods,
		READ_ONLY },
	{ .name = "defaultPageSize",
		.description = "Resources of a page when there is no count",
		.type = SCIM_INTEGER,
		READ_ONLY },
	{ .name = "maxPageSize",
		.description = "The most resources of a page",
		.type = SCIM_INTEGER,
		READ_ONLY },
	{ .name = "cursorTimeout",
		.description = "Seconds between two pages after which a cursor may have expired",
		.type = SCIM_INTEGER,
		READ_ONLY },
};
static const char *const async_words[] = { "none", "long", "request", NULL };
static const struct scim_attribute event_subs[] = {
	{ .name = "asyncRequest",
		.description = "When a request is answered before it is complete",
		.canonical = async_words,
		READ_ONLY },
	{ .name = "eventUris",
		.description = "Events that can be delivered in a stream",
		.multi = true,
		READ_ONLY },
};
static const struct scim_attribute provider_attributes[] = {
	{ .name = "documentationUri",
		.description = "Where the service is explained",
		.type = SCIM_REFERENCE,
		.references = external,
		READ_ONLY },
	{ .name = "patch",
		.description = "PATCH",
		.required = true,
		SUBS(supported_subs),
		READ_ONLY },
	{ .name = "bulk",
		.description = "Bulk operations",
		.required = true,
		SUBS(bulk_subs),
		READ_ONLY },
	{ .name = "filter",
		.description = "Filters",
		.required = true,
		SUBS(filter_subs),
		READ_ONLY },
	{ .name = "changePassword",
		.description = "Changes of passwords",
		.required = true,
		SUBS(supported_subs),
		READ_ONLY },
	{ .name = "sort",
		.description = "Sorting",
		.required = true,
		SUBS(supported_subs),
		READ_ONLY },
	{ .name = "etag",
		.description = "Versions of resources",
		.required = true,
		SUBS(supported_subs),
		READ_ONLY },
	{ .name = "pagination",
		.description = "How lists are paged (RFC 9865)",
		SUBS(pagination_subs),
		READ_ONLY },
	{ .name = "securityEvents",
		.description = "Asynchronous requests and events (RFC 9967)",
		SUBS(event_subs),
		READ_ONLY },
	{ .name = "authenticationSchemes",
		.description = "How clients prove who they are",
		.multi = true,
		.required = true,
		SUBS(scheme_subs),
		READ_ONLY },
};

const struct scim_schema scim_schema_provider = {
	.id = SCIM_URN_PROVIDER,
	.name = "ServiceProviderConfig",
	.description = "What the service can do",
	.attributes = provider_attributes,
	.count = COUNT(provider_attributes),
};

/* ---- ResourceType ---- */

static const struct scim_attribute extension_subs[] = {
	{ .name = "schema",
		.description = "URI of the extension",
		.type = SCIM_REFERENCE,
		.references = uri,
		.required = true,
		.case_exact = true,
		READ_ONLY },
	{ .name = "required",
		.description = "Whether every resource has it",
		.type = SCIM_BOOLEAN,
		.required = true,
		READ_ONLY },
};
static const struct scim_attribute resource_type_attributes[] = {
	{ .name = "id", .description = "Identifier", READ_ONLY },
	{ .name = "name", .description = "Name", .required = true, READ_ONLY },
	{ .name = "description", .description = "What it is", READ_ONLY },
	{ .name = "endpoint",
		.description = "Where its resources are, below the base",
		.type = SCIM_REFERENCE,
		.references = uri,
		.required = true,
		READ_ONLY },
	{ .name = "schema",
		.description = "URI of its schema",
		.type = SCIM_REFERENCE,
		.references = uri,
		.required = true,
		.case_exact = true,
		READ_ONLY },
	{ .name = "schemaExtensions",
		.description = "Extensions of its schema",
		.multi = true,
		SUBS(extension_subs),
		READ_ONLY },
};

const struct scim_schema scim_schema_resource_type = {
	.id = SCIM_URN_RESOURCE_TYPE,
	.name = "ResourceType",
	.description = "A kind of resource and where it is found",
	.attributes = resource_type_attributes,
	.count = COUNT(resource_type_attributes),
};

/* ---- Schema ---- */

static const char *const types[] = { "string", "boolean", "decimal", "integer", "dateTime",
	"reference", "complex", "binary", NULL };
static const char *const mutabilities[] = { "readOnly", "readWrite", "immutable", "writeOnly",
	NULL };
static const char *const returneds[] = { "always", "never", "default", "request", NULL };
static const char *const uniquenesses[] = { "none", "server", "global", NULL };

#define ATTRIBUTE_SUBS                                                                             \
	{ .name = "name",                                                                          \
		.description = "Name of the attribute",                                            \
		.required = true,                                                                  \
		.case_exact = true,                                                                \
		READ_ONLY },                                                                       \
		{ .name = "type",                                                                  \
			.description = "Type of its values",                                       \
			.required = true,                                                          \
			.canonical = types,                                                        \
			READ_ONLY },                                                               \
		{ .name = "multiValued",                                                           \
			.description = "Whether it has more than one value",                       \
			.type = SCIM_BOOLEAN,                                                      \
			.required = true,                                                          \
			READ_ONLY },                                                               \
		{ .name = "description",                                                           \
			.description = "What it is",                                               \
			.case_exact = true,                                                        \
			READ_ONLY },                                                               \
		{ .name = "required",                                                              \
			.description = "Whether a resource must have it",                          \
			.type = SCIM_BOOLEAN,                                                      \
			READ_ONLY },                                                               \
		{ .name = "canonicalValues",                                                       \
			.description = "Values that everybody knows",                              \
			.multi = true,                                                             \
			.case_exact = true,                                                        \
			READ_ONLY },                                                               \
		{ .name = "caseExact",                                                             \
			.description = "Whether upper and lower case differ",                      \
			.type = SCIM_BOOLEAN,                                                      \
			READ_ONLY },                                                               \
		{ .name = "mutability",                                                            \
			.description = "Who may change it",                                        \
			.case_exact = true,                                                        \
			.canonical = mutabilities,                                                 \
			READ_ONLY },                                                               \
		{ .name = "returned",                                                              \
			.description = "When it is returned",                                      \
			.case_exact = true,                                                        \
			.canonical = returneds,                                                    \
			READ_ONLY },                                                               \
		{ .name = "uniqueness",                                                            \
			.description = "Among what it is unique",                                  \
			.case_exact = true,                                                        \
			.canonical = uniquenesses,                                                 \
			READ_ONLY },                                                               \
	{                                                                                          \
		.name = "referenceTypes", .description = "To what it may point", .multi = true,    \
		.case_exact = true, READ_ONLY                                                      \
	}

static const struct scim_attribute sub_attribute_subs[] = { ATTRIBUTE_SUBS };
static const struct scim_attribute attribute_subs[] = {
	ATTRIBUTE_SUBS,
	{ .name = "subAttributes",
		.description = "Attributes of a complex one",
		.multi = true,
		SUBS(sub_attribute_subs),
		READ_ONLY },
};
static const struct scim_attribute schema_attributes[] = {
	{ .name = "id", .description = "URI of the schema", .required = true, READ_ONLY },
	{ .name = "name", .description = "Name", .required = true, READ_ONLY },
	{ .name = "description", .description = "What it is", READ_ONLY },
	{ .name = "attributes",
		.description = "Its attributes",
		.multi = true,
		.required = true,
		SUBS(attribute_subs),
		READ_ONLY },
};

const struct scim_schema scim_schema_schema = {
	.id = SCIM_URN_SCHEMA,
	.name = "Schema",
	.description = "Attributes and their characteristics",
	.attributes = schema_attributes,
	.count = COUNT(schema_attributes),
};
