#include "scim/schema_core.h"

#include "scim/key.h"
#include "scim/urn.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define SUBS(table) .type = SCIM_COMPLEX, .subs = (table), .sub_count = COUNT(table)

/*
 * Descriptions are shown in /Schemas; they are our words.
 * Not given: type string, single, not required, caseExact false, readWrite, default, none.
 */

/* ---- attributes of every resource (RFC 7643, 3.1) ---- */

static const struct scim_attribute meta_subs[] = {
	{ .name = "resourceType",
		.description = "Name of the resource type",
		.case_exact = true,
		.mutability = SCIM_READ_ONLY },
	{ .name = "created",
		.description = "When the resource was made",
		.type = SCIM_DATETIME,
		.mutability = SCIM_READ_ONLY },
	{ .name = "lastModified",
		.description = "When the resource was changed last",
		.type = SCIM_DATETIME,
		.mutability = SCIM_READ_ONLY },
	{ .name = "location",
		.description = "URI of the resource",
		.type = SCIM_REFERENCE,
		.case_exact = true,
		.mutability = SCIM_READ_ONLY },
	{ .name = "version",
		.description = "Entity tag of the resource",
		.case_exact = true,
		.mutability = SCIM_READ_ONLY },
};

const struct scim_attribute scim_common_attributes[] = {
	{ .name = "schemas",
		.description = "URIs of the schemas that the resource follows",
		.type = SCIM_REFERENCE,
		.multi = true,
		.required = true,
		.returned = SCIM_ALWAYS,
		.place = SCIM_IS_SCHEMAS },
	{ .name = "id",
		.description = "Identifier, given by the service",
		.case_exact = true,
		.mutability = SCIM_READ_ONLY,
		.returned = SCIM_ALWAYS,
		.uniqueness = SCIM_SERVER,
		.key_kind = SCIM_KEY_ID,
		.place = SCIM_IS_ID },
	{ .name = "externalId",
		.description = "Identifier of the resource at the source that asks",
		.case_exact = true,
		.key_kind = SCIM_KEY_EXTERNAL_ID,
		.place = SCIM_IS_EXTERNAL_ID },
	{ .name = "meta",
		.description = "What the service knows about the resource",
		SUBS(meta_subs),
		.mutability = SCIM_READ_ONLY,
		.place = SCIM_IS_META },
};
const size_t scim_common_attribute_count = COUNT(scim_common_attributes);

/* ---- User (RFC 7643, 4.1) ---- */

static const struct scim_attribute name_subs[] = {
	{ .name = "formatted", .description = "The whole name, as it is to be displayed" },
	{ .name = "familyName", .description = "Family name" },
	{ .name = "givenName", .description = "Given name" },
	{ .name = "middleName", .description = "Middle name or names" },
	{ .name = "honorificPrefix", .description = "Title before the name" },
	{ .name = "honorificSuffix", .description = "Title behind the name" },
};

/* The sub-attributes that RFC 7643, 2.4 gives to multi-valued attributes. */
#define DISPLAY_SUB                                                                                \
	{                                                                                          \
		.name = "display", .description = "The value, for people"                          \
	}
#define PRIMARY_SUB                                                                                \
	{                                                                                          \
		.name = "primary",                                                                 \
		.description = "Whether this is the preferred value; true at most once",           \
		.type = SCIM_BOOLEAN                                                               \
	}
#define TYPE_SUB(list)                                                                             \
	{                                                                                          \
		.name = "type", .description = "What it is for", .canonical = (list)               \
	}

static const char *const email_types[] = { "work", "home", "other", NULL };
static const struct scim_attribute email_subs[] = {
	{ .name = "value", .description = "Address", .key_kind = SCIM_KEY_EMAIL },
	DISPLAY_SUB,
	TYPE_SUB(email_types),
	PRIMARY_SUB,
};

static const char *const phone_types[] = { "work", "home", "mobile", "fax", "pager", "other",
	NULL };
static const struct scim_attribute phone_subs[] = {
	{ .name = "value", .description = "Number" },
	DISPLAY_SUB,
	TYPE_SUB(phone_types),
	PRIMARY_SUB,
};

static const char *const im_types[] = { "aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq",
	"yahoo", NULL };
static const struct scim_attribute im_subs[] = {
	{ .name = "value", .description = "Address" },
	DISPLAY_SUB,
	TYPE_SUB(im_types),
	PRIMARY_SUB,
};

static const char *const external[] = { "external", NULL };
static const char *const photo_types[] = { "photo", "thumbnail", NULL };
static const struct scim_attribute photo_subs[] = {
	{ .name = "value",
		.description = "URI of the picture",
		.type = SCIM_REFERENCE,
		.references = external },
	DISPLAY_SUB,
	TYPE_SUB(photo_types),
	PRIMARY_SUB,
};

static const char *const address_types[] = { "work", "home", "other", NULL };
static const struct scim_attribute address_subs[] = {
	{ .name = "formatted", .description = "The whole address, as it is to be displayed" },
	{ .name = "streetAddress", .description = "Street and house, more than one line" },
	{ .name = "locality", .description = "City" },
	{ .name = "region", .description = "State or region" },
	{ .name = "postalCode", .description = "Postal code" },
	{ .name = "country", .description = "Country, two letters of ISO 3166-1" },
	TYPE_SUB(address_types),
	PRIMARY_SUB,
};

static const char *const group_types[] = { "direct", "indirect", NULL };
static const char *const group_references[] = { "Group", NULL };
static const struct scim_attribute group_subs[] = {
	{ .name = "value",
		.description = "Identifier of the Group",
		.case_exact = true,
		.mutability = SCIM_READ_ONLY },
	{ .name = "$ref",
		.description = "URI of the Group",
		.type = SCIM_REFERENCE,
		.references = group_references,
		.mutability = SCIM_READ_ONLY },
	{ .name = "display", .description = "Name of the Group", .mutability = SCIM_READ_ONLY },
	{ .name = "type",
		.description = "How the person belongs to it",
		.canonical = group_types,
		.mutability = SCIM_READ_ONLY },
};

static const struct scim_attribute plain_subs[] = {
	{ .name = "value", .description = "The value" },
	DISPLAY_SUB,
	{ .name = "type", .description = "What it is for" },
	PRIMARY_SUB,
};

static const struct scim_attribute certificate_subs[] = {
	{ .name = "value",
		.description = "The certificate, DER in base64",
		.type = SCIM_BINARY,
		.case_exact = true },
	DISPLAY_SUB,
	{ .name = "type", .description = "What it is for" },
	PRIMARY_SUB,
};

static const struct scim_attribute user_attributes[] = {
	{ .name = "userName",
		.description = "The name with which the person signs in",
		.required = true,
		.uniqueness = SCIM_SERVER,
		.is_name = true,
		.key_kind = SCIM_KEY_USER_NAME },
	{ .name = "name", .description = "Parts of the person's name", SUBS(name_subs) },
	{ .name = "displayName", .description = "The name shown to others" },
	{ .name = "nickName", .description = "The casual name" },
	{ .name = "profileUrl",
		.description = "URI of a page about the person",
		.type = SCIM_REFERENCE,
		.references = external },
	{ .name = "title", .description = "Title of the job" },
	{ .name = "userType", .description = "Relation to the organisation" },
	{ .name = "preferredLanguage", .description = "Languages as in Accept-Language" },
	{ .name = "locale", .description = "Locale for dates, numbers and the like" },
	{ .name = "timezone", .description = "Time zone, as in the IANA data base" },
	{ .name = "active", .description = "Whether the person may sign in", .type = SCIM_BOOLEAN },
	{ .name = "password",
		.description = "Accepted and not kept",
		.case_exact = true,
		.mutability = SCIM_WRITE_ONLY,
		.returned = SCIM_NEVER,
		.place = SCIM_IS_PASSWORD },
	{ .name = "emails", .description = "E-mail addresses", .multi = true, SUBS(email_subs) },
	{ .name = "phoneNumbers",
		.description = "Telephone numbers",
		.multi = true,
		SUBS(phone_subs) },
	{ .name = "ims", .description = "Instant messaging", .multi = true, SUBS(im_subs) },
	{ .name = "photos", .description = "Pictures", .multi = true, SUBS(photo_subs) },
	{ .name = "addresses",
		.description = "Postal addresses",
		.multi = true,
		SUBS(address_subs) },
	{ .name = "groups",
		.description = "Groups to which the person belongs; changed at the Group",
		.multi = true,
		SUBS(group_subs),
		.mutability = SCIM_READ_ONLY,
		.place = SCIM_IS_GROUPS },
	{ .name = "entitlements",
		.description = "What the person has",
		.multi = true,
		SUBS(plain_subs) },
	{ .name = "roles", .description = "What the person is", .multi = true, SUBS(plain_subs) },
	{ .name = "x509Certificates",
		.description = "Certificates of the person",
		.multi = true,
		SUBS(certificate_subs) },
};

const struct scim_schema scim_schema_user = {
	.id = SCIM_URN_USER,
	.name = "User",
	.description = "A person",
	.attributes = user_attributes,
	.count = COUNT(user_attributes),
};

/* ---- Group (RFC 7643, 4.2) ---- */

static const char *const member_types[] = { "User", NULL };
static const char *const user_references[] = { "User", NULL };
static const struct scim_attribute member_subs[] = {
	{ .name = "value",
		.description = "Identifier of the member",
		.case_exact = true,
		.mutability = SCIM_IMMUTABLE,
		.key_kind = SCIM_KEY_MEMBER },
	{ .name = "$ref",
		.description = "URI of the member",
		.type = SCIM_REFERENCE,
		.references = user_references,
		.mutability = SCIM_IMMUTABLE },
	{ .name = "type",
		.description = "Resource type of the member",
		.canonical = member_types,
		.mutability = SCIM_IMMUTABLE },
	/* On request only: what a client gets back for a member is what it has put in. */
	{ .name = "display",
		.description = "Name of the member",
		.mutability = SCIM_READ_ONLY,
		.returned = SCIM_REQUEST },
};

static const struct scim_attribute group_attributes[] = {
	{ .name = "displayName",
		.description = "Name of the group; no two of a tenant have the same",
		.required = true,
		.uniqueness = SCIM_SERVER,
		.is_name = true,
		.key_kind = SCIM_KEY_DISPLAY_NAME },
	{ .name = "members",
		.description = "People in the group",
		.multi = true,
		SUBS(member_subs),
		.place = SCIM_IS_MEMBERS },
};

const struct scim_schema scim_schema_group = {
	.id = SCIM_URN_GROUP,
	.name = "Group",
	.description = "A group of people",
	.attributes = group_attributes,
	.count = COUNT(group_attributes),
};

/* ---- Enterprise (RFC 7643, 4.3) ---- */

static const struct scim_attribute manager_subs[] = {
	{ .name = "value", .description = "Identifier of the manager", .case_exact = true },
	{ .name = "$ref",
		.description = "URI of the manager",
		.type = SCIM_REFERENCE,
		.references = user_references },
	{ .name = "displayName",
		.description = "Name of the manager",
		.mutability = SCIM_READ_ONLY },
};

static const struct scim_attribute enterprise_attributes[] = {
	{ .name = "employeeNumber", .description = "Number in the organisation" },
	{ .name = "costCenter", .description = "Cost centre" },
	{ .name = "organization", .description = "Organisation" },
	{ .name = "division", .description = "Division" },
	{ .name = "department", .description = "Department" },
	{ .name = "manager", .description = "The person's manager", SUBS(manager_subs) },
};

const struct scim_schema scim_schema_enterprise = {
	.id = SCIM_URN_ENTERPRISE,
	.name = "EnterpriseUser",
	.description = "What organisations know about their people",
	.attributes = enterprise_attributes,
	.count = COUNT(enterprise_attributes),
};

/* ---- Person: what the starter policy's rules need ---- */

/* Also the value that generic test tools send for a dateTime: they take the hints of the schema. */
static const char *const no_end[] = { "9999-12-31T23:59:59Z", NULL };
static const char *const kinds[] = { "employee", "contractor", "service", NULL };
static const struct scim_attribute person_attributes[] = {
	{ .name = "endDate",
		.description = "When the person leaves, with a time zone",
		.type = SCIM_DATETIME,
		.canonical = no_end },
	{ .name = "kind",
		.description = "employee, contractor or service",
		.canonical = kinds,
		.closed = true },
	{ .name = "sponsor",
		.description = "Identifier or userName of the person who answers for this one" },
};

const struct scim_schema scim_schema_person = {
	.id = SCIM_URN_PERSON,
	.name = "Person",
	.description = "How long a person stays, as what, and who answers for them",
	.attributes = person_attributes,
	.count = COUNT(person_attributes),
};
