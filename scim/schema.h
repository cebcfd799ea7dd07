/*
 * Schemas and resource types as data (RFC 7643, sections 2, 6 and 7).
 *
 * A model is all that one process serves: schemas, extensions, resource types.
 * It is built once, never written afterwards, and read by all threads without
 * locks. The core model comes from the tables of scim/schema_core.c; every other
 * module asks the model and knows no attribute by name, but for the few whose
 * values live outside the document (see enum scim_place).
 *
 * Names of attributes and schema URIs are compared without ASCII case
 * (RFC 7643, 2.1 and RFC 8141, 3.1).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct value;
struct scim_schema;

enum scim_data_type {
	SCIM_STRING,
	SCIM_BOOLEAN,
	SCIM_DECIMAL,
	SCIM_INTEGER,
	SCIM_DATETIME,
	SCIM_BINARY,
	SCIM_REFERENCE,
	SCIM_COMPLEX,
};
enum scim_mutability { SCIM_READ_WRITE, SCIM_READ_ONLY, SCIM_IMMUTABLE, SCIM_WRITE_ONLY };
enum scim_returned { SCIM_DEFAULT, SCIM_ALWAYS, SCIM_NEVER, SCIM_REQUEST };
enum scim_uniqueness { SCIM_NONE, SCIM_SERVER, SCIM_GLOBAL };

/* Where the value of an attribute lives. Everything but SCIM_IN_DOC is kept beside the document. */
enum scim_place {
	SCIM_IN_DOC,
	SCIM_IS_SCHEMAS, /* in the document, but always computed from what is in it */
	SCIM_IS_ID,
	SCIM_IS_EXTERNAL_ID, /* belongs to a source */
	SCIM_IS_META,
	SCIM_IS_GROUPS,   /* of a User: derived from memberships */
	SCIM_IS_MEMBERS,  /* of a Group: rows */
	SCIM_IS_PASSWORD, /* validated, never kept */
	SCIM_IS_SECRET,   /* writeOnly, of a configured schema: likewise */
};

struct scim_attribute {
	const char *name;
	const char *description;
	enum scim_data_type type;
	bool multi;
	bool required;
	bool case_exact;
	enum scim_mutability mutability;
	enum scim_returned returned;
	enum scim_uniqueness uniqueness;
	const char *const *canonical; /* ends with NULL; NULL: none */
	/* Only canonical values are accepted. RFC 7643, 7 leaves that to us; most lists are hints.
	 */
	bool closed;
	const char *const *references;     /* referenceTypes, ends with NULL; NULL: none */
	const struct scim_attribute *subs; /* of a SCIM_COMPLEX */
	size_t sub_count;
	enum scim_place place;
	/* Compared by scim/name.h and held to its rules: userName, displayName of a Group. */
	bool is_name;
	/* Findable through an index of the store, see scim/key.h: enum scim_key_kind; 0: it is not.
	 * Where it is 0 in a template, `uniqueness` makes a kind of its own for it. */
	int key_kind;

	/* Filled when the model is built. */
	size_t name_size;
	const struct value *key;  /* the name as a value, for building objects without a copy */
	const struct value *path; /* "name.givenName", "urn:…:User:department", as in changes */
	const struct scim_schema *schema;    /* NULL: a common attribute (id, meta, …) */
	const struct scim_attribute *parent; /* of a sub-attribute */
	struct scim_names *names;            /* index of subs */
	bool subs_plain;                     /* no sub-attribute has `returned` never or request */
	bool requires_sub;                   /* a sub-attribute is required */
	bool has_key;                        /* it or a sub-attribute has a key_kind */
};

struct scim_schema {
	const char *id; /* URN */
	const char *name;
	const char *description;
	const struct scim_attribute *attributes;
	size_t count;

	size_t id_size;
	const struct value *key; /* the URN as a value */
	struct scim_names *names;
};

#define SCIM_EXTENSIONS_MAX 16
#define SCIM_UNIQUES_MAX 512 /* attributes of all types with a key kind of their own */

struct scim_key_place;

struct scim_resource_type {
	const char *name;     /* "User" */
	const char *endpoint; /* "/Users" */
	const char *description;
	const struct scim_schema *schema;
	const struct scim_schema *extensions[SCIM_EXTENSIONS_MAX];
	bool extension_required[SCIM_EXTENSIONS_MAX];
	size_t extension_count;

	const struct scim_model *model;
	size_t index;       /* in model->types */
	bool is_person;     /* has an attribute of SCIM_IS_GROUPS: a User */
	bool has_members;   /* has an attribute of SCIM_IS_MEMBERS: a Group */
	bool has_immutable; /* an attribute in the document is immutable */
	bool has_kept;      /* … or read-only: a PUT that does not name it leaves it as it is */
	bool is_plain; /* every attribute of the document is returned by default: its text can be
			  sent as it is */
	const char *label; /* the attribute that names a resource for people; NULL: none does */
	const struct scim_key_place *keys; /* what its documents are found by, see scim/key.h */
	size_t key_count;
};

struct scim_model {
	const struct scim_schema *const *schemas;
	size_t schema_count;
	const struct scim_resource_type *types;
	size_t type_count;
	/* The attributes whose key_kind is SCIM_KEY_CUSTOM + place in this list. */
	const struct scim_attribute *const *unique;
	size_t unique_count;
	const struct scim_attribute *common; /* schemas, id, externalId, meta */
	size_t common_count;
	struct scim_names *common_names;
};

/* User, Group, Enterprise and our person extension. Built at the first call, thread-safe, lives for
 * ever. */
const struct scim_model *scim_model_core(void);
/* The same without our person extension: what RFC 7643 defines and nothing else. */
const struct scim_model *scim_model_rfc(void);

/* NULL: there is none. `name` as "User"; `endpoint` as "Users" or "/Users", exact (paths have
 * case). */
const struct scim_resource_type *scim_model_type(const struct scim_model *model, const char *name);
const struct scim_resource_type *scim_model_endpoint(
	const struct scim_model *model, const char *endpoint);
const struct scim_schema *scim_model_schema(
	const struct scim_model *model, const char *urn, size_t size);

/* NULL: not there. Without ASCII case. */
const struct scim_attribute *scim_schema_find(
	const struct scim_schema *schema, const char *name, size_t size);
const struct scim_attribute *scim_attribute_sub(
	const struct scim_attribute *attribute, const char *name, size_t size);
/* Core or common attribute of a type (not of its extensions). */
const struct scim_attribute *scim_type_find(
	const struct scim_resource_type *type, const char *name, size_t size);
/* The extension that the key names, when the type has it. */
const struct scim_schema *scim_type_extension(
	const struct scim_resource_type *type, const char *urn, size_t size);

/* What an attribute path means: `[urn:]attribute[.sub]` (RFC 7644, 3.10). */
struct scim_ref {
	const struct scim_schema *extension; /* NULL: core or common */
	const struct scim_attribute
		*attribute; /* NULL: the whole extension (or, beside it NULL, the whole resource) */
	const struct scim_attribute *sub; /* NULL: none named */
};

/* False: no such attribute in this type. Never allocates. */
bool scim_type_resolve(
	const struct scim_resource_type *type, const char *text, size_t size, struct scim_ref *ref);

/* The attribute a comparison means: the sub, or `value` of a complex one that has it, or the
 * attribute. */
const struct scim_attribute *scim_ref_leaf(const struct scim_ref *ref);

struct buf;
/* Canonical: "name.givenName", "urn:…:User:department". */
void scim_ref_print(struct buf *buf, const struct scim_ref *ref);

/* For messages: the known name nearest to a wrong one, or NULL. */
const char *scim_type_suggest(const struct scim_resource_type *type, const char *name, size_t size);

/* Words as in /Schemas: "string", "readWrite", … */
const char *scim_data_type_name(enum scim_data_type type);
const char *scim_mutability_name(enum scim_mutability mutability);
const char *scim_returned_name(enum scim_returned returned);
const char *scim_uniqueness_name(enum scim_uniqueness uniqueness);
