#include "scim/model_load.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "scim/model.h"
#include "scim/schema_core.h"
#include "scim/schema_file.h"
#include "scim/type_file.h"

#define TYPES_MAX (SCIM_FILE_TYPES_MAX + SCIM_CORE_TYPES)
static_assert(TYPES_MAX * SCIM_TYPE_UNIQUES_MAX <= SCIM_UNIQUES_MAX, "each gets its kind");

struct loader {
	struct arena *arena;
	struct scim_problems *problems;
	struct scim_file_schemas schemas;
	struct scim_file_types types;
	struct scim_type_template templates[TYPES_MAX];
	const struct scim_file_type *origins[TYPES_MAX]; /* of each template; NULL: core */
	size_t count;
};

__attribute__((format(printf, 5, 6))) static void complain(struct loader *loader,
	const struct scim_file_type *type, const char *member, const char *hint, const char *format,
	...)
{
	char message[400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	scim_problem_add(loader->problems, type->file,
		arena_printf(loader->arena, "%s/%s", type->pointer, member), hint, "%s", message);
}

/* ---- schemas ---- */

static const struct scim_schema *find_core(const char *urn)
{
	static const struct scim_schema *const core[] = { &scim_schema_user, &scim_schema_group,
		&scim_schema_enterprise, &scim_schema_person, &scim_schema_provider,
		&scim_schema_resource_type, &scim_schema_schema };

	for (size_t i = 0; i < sizeof(core) / sizeof(core[0]); i++) {
		if (strcasecmp(core[i]->id, urn) == 0) {
			return core[i];
		}
	}
	return NULL;
}

static struct scim_file_schema *find_schema(struct loader *loader, const char *urn)
{
	for (size_t i = 0; i < loader->schemas.count; i++) {
		if (strcasecmp(loader->schemas.items[i].schema.id, urn) == 0) {
			return &loader->schemas.items[i];
		}
	}
	return NULL;
}

static bool has_attribute(const struct scim_schema *schema, const char *name)
{
	for (size_t i = 0; i < schema->count; i++) {
		if (strcasecmp(schema->attributes[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

/* "urn:a" with attribute b and a schema "urn:a:b": a path could mean either. */
static const char *meant_twice(struct loader *loader, const struct scim_schema *schema)
{
	const char *last = strrchr(schema->id, ':');
	size_t size = (size_t)(last - schema->id);

	for (size_t i = 0; i < loader->schemas.count; i++) {
		const struct scim_schema *other = &loader->schemas.items[i].schema;

		if (strlen(other->id) == size && strncasecmp(other->id, schema->id, size) == 0 &&
			has_attribute(other, last + 1)) {
			return other->id;
		}
	}
	return NULL;
}

static void check_schemas(struct loader *loader)
{
	for (size_t i = 0; i < loader->schemas.count; i++) {
		const struct scim_file_schema *it = &loader->schemas.items[i];
		const char *at = arena_printf(loader->arena, "%s/id", it->pointer);
		const char *twice = meant_twice(loader, &it->schema);
		const struct scim_file_schema *first = find_schema(loader, it->schema.id);

		if (find_core(it->schema.id) != NULL) {
			scim_problem_add(loader->problems, it->file, at,
				"add attributes to User and Group with an extension of another id",
				"the schema %s is built in", it->schema.id);
		} else if (first != it) {
			scim_problem_add(loader->problems, it->file, at, "give it an id of its own",
				"the schema %s stands in %s already", it->schema.id, first->file);
		}
		if (twice != NULL) {
			scim_problem_add(loader->problems, it->file, at, "give it another id",
				"%s is also the path of an attribute of %s", it->schema.id, twice);
		}
	}
}

/* NULL: a problem was added. */
static const struct scim_schema *resolve(struct loader *loader, const struct scim_file_type *type,
	const char *member, const char *urn)
{
	struct scim_file_schema *found = find_schema(loader, urn);

	if (found == NULL) {
		complain(loader, type, member, "put it into a file in schemas/",
			"there is no schema %s", urn);
		return NULL;
	}
	found->is_used = true;
	return &found->schema;
}

static void check_all_used(struct loader *loader)
{
	for (size_t i = 0; i < loader->schemas.count; i++) {
		const struct scim_file_schema *it = &loader->schemas.items[i];

		if (!it->is_used && find_core(it->schema.id) == NULL) {
			scim_problem_add(loader->problems, it->file, it->pointer,
				"name it as 'schema' or in 'schemaExtensions' of a file in "
				"resource_types/",
				"no resource type uses the schema %s", it->schema.id);
		}
	}
}

/* ---- resource types ---- */

static void start_with_core(struct loader *loader)
{
	memcpy(loader->templates, scim_core_types, sizeof(scim_core_types[0]) * SCIM_CORE_TYPES);
	loader->count = SCIM_CORE_TYPES;
}

static size_t extension_count(const struct scim_type_template *template)
{
	size_t count = 0;

	while (count < SCIM_EXTENSIONS_MAX && template->extensions[count] != NULL) {
		count++;
	}
	return count;
}

/* An extension that is there already may become required, nothing else. */
static bool is_there(struct scim_type_template *template, const char *urn, bool required)
{
	for (size_t i = 0; i < extension_count(template); i++) {
		if (strcasecmp(template->extensions[i]->id, urn) == 0) {
			template->required[i] = template->required[i] || required;
			return true;
		}
	}
	return false;
}

static void add_extensions(struct loader *loader, const struct scim_file_type *type,
	struct scim_type_template *template)
{
	for (size_t i = 0; i < type->extension_count; i++) {
		const char *urn = type->extensions[i];
		const char *member = arena_printf(loader->arena, "schemaExtensions/%zu/schema", i);
		size_t count = extension_count(template);
		const struct scim_schema *schema;

		if (is_there(template, urn, type->required[i])) {
			continue;
		}
		if (find_core(urn) != NULL) {
			complain(loader, type, member, "make a schema of its own",
				"%s is built in and belongs to User", urn);
			continue;
		}
		schema = resolve(loader, type, member, urn);
		if (schema == NULL) {
			continue;
		}
		if (count == SCIM_EXTENSIONS_MAX) {
			complain(loader, type, member, NULL,
				"%s has more extensions than there may be", type->name);
			return;
		}
		template->extensions[count] = schema;
		template->required[count] = type->required[i];
	}
}

/* A file about User or Group: it may only add extensions. */
static void extend_core(struct loader *loader, const struct scim_file_type *type,
	struct scim_type_template *template)
{
	if (strcmp(type->name, template->name) != 0) {
		complain(loader, type, "name", NULL, "the built-in type is written %s",
			template->name);
	}
	if (strcmp(type->endpoint, template->endpoint) != 0) {
		complain(loader, type, "endpoint", NULL, "the endpoint of this built-in type is %s",
			template->endpoint);
	}
	if (strcasecmp(type->schema, template->schema->id) != 0) {
		complain(loader, type, "schema", NULL, "the schema of this built-in type is %s",
			template->schema->id);
	}
	add_extensions(loader, type, template);
}

static bool is_reserved(const char *endpoint)
{
	static const char *const reserved[] = { "/ServiceProviderConfig", "/ResourceTypes",
		"/Schemas", "/Me", "/Bulk", "/.search" };

	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		if (strcasecmp(reserved[i], endpoint) == 0) {
			return true;
		}
	}
	return false;
}

static void check_clashes(struct loader *loader, const struct scim_file_type *type)
{
	if (is_reserved(type->endpoint)) {
		complain(loader, type, "endpoint", "choose another",
			"the endpoint %s has a meaning of its own (RFC 7644, 3.2)", type->endpoint);
	}
	for (size_t i = 0; i < loader->count; i++) {
		const struct scim_type_template *other = &loader->templates[i];

		if (strcasecmp(other->name, type->name) == 0) {
			complain(loader, type, "name", "choose another",
				"there is a resource type %s already", other->name);
		}
		if (strcasecmp(other->endpoint, type->endpoint) == 0) {
			complain(loader, type, "endpoint", "choose another",
				"another resource type has the endpoint %s", other->endpoint);
		}
	}
}

static size_t count_uniques(const struct scim_attribute *attributes, size_t count)
{
	size_t uniques = 0;

	for (size_t i = 0; i < count; i++) {
		uniques += attributes[i].uniqueness != SCIM_NONE;
		uniques += count_uniques(attributes[i].subs, attributes[i].sub_count);
	}
	return uniques;
}

static void add_type(struct loader *loader, const struct scim_file_type *type)
{
	struct scim_type_template *template = &loader->templates[loader->count];
	const struct scim_schema *schema;

	check_clashes(loader, type);
	if (find_core(type->schema) != NULL) {
		complain(loader, type, "schema", "make a schema of its own",
			"%s is built in and belongs to another resource type", type->schema);
		return;
	}
	schema = resolve(loader, type, "schema", type->schema);
	if (schema == NULL) {
		return;
	}
	*template = (struct scim_type_template){ .name = type->name,
		.endpoint = type->endpoint,
		.description = type->description,
		.schema = schema };
	loader->origins[loader->count++] = type;
	add_extensions(loader, type, template);
}

static void read_types(struct loader *loader)
{
	for (size_t i = 0; i < loader->types.count; i++) {
		const struct scim_file_type *it = &loader->types.items[i];
		size_t core = 0;

		while (core < SCIM_CORE_TYPES &&
			strcasecmp(scim_core_types[core].name, it->name) != 0) {
			core++;
		}
		if (core == SCIM_CORE_TYPES) {
			add_type(loader, it);
		} else if (loader->origins[core] != NULL) {
			complain(loader, it, "name", "list all extensions in one file",
				"another file is about %s already", it->name);
		} else {
			loader->origins[core] = it;
			extend_core(loader, it, &loader->templates[core]);
		}
	}
}

/* ---- what concerns all of them ---- */

static bool is_type(const struct loader *loader, const char *name)
{
	for (size_t i = 0; i < loader->count; i++) {
		if (strcmp(loader->templates[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

static void check_references(struct loader *loader, const struct scim_file_schema *file,
	const struct scim_attribute *attributes, size_t count, const char *at)
{
	for (size_t i = 0; i < count; i++) {
		const struct scim_attribute *it = &attributes[i];
		const char *here = arena_printf(loader->arena, "%s/%s", at, it->name);

		for (size_t k = 0; it->references != NULL && it->references[k] != NULL; k++) {
			const char *name = it->references[k];

			if (strcmp(name, "external") != 0 && strcmp(name, "uri") != 0 &&
				!is_type(loader, name)) {
				scim_problem_add(loader->problems, file->file, file->pointer,
					"use external, uri, or the name of a resource type",
					"referenceTypes of %s: there is no resource type %s",
					here + 1, name);
			}
		}
		check_references(loader, file, it->subs, it->sub_count, here);
	}
}

static void check_uniques(struct loader *loader)
{
	for (size_t i = 0; i < loader->count; i++) {
		const struct scim_type_template *it = &loader->templates[i];
		const struct scim_file_type *origin = loader->origins[i];
		size_t count = 0;

		if (origin == NULL) {
			continue;
		}
		if (i >= SCIM_CORE_TYPES) {
			count = count_uniques(it->schema->attributes, it->schema->count);
		}
		for (size_t k = 0; k < extension_count(it); k++) {
			count += count_uniques(
				it->extensions[k]->attributes, it->extensions[k]->count);
		}
		if (count > SCIM_TYPE_UNIQUES_MAX) {
			scim_problem_add(loader->problems, origin->file, origin->pointer,
				"each costs every write; use none where it is not needed",
				"%s has %zu unique attributes, at most %d can be", it->name, count,
				SCIM_TYPE_UNIQUES_MAX);
		}
	}
}

/* A schema describes resources or extends them: its attributes have one path. */
static void check_roles(struct loader *loader)
{
	for (size_t i = 0; i < loader->count; i++) {
		for (size_t k = 0; k < loader->count; k++) {
			const struct scim_type_template *it = &loader->templates[k];

			for (size_t e = 0; e < extension_count(it); e++) {
				if (it->extensions[e] == loader->templates[i].schema &&
					loader->origins[k] != NULL) {
					complain(loader, loader->origins[k], "schemaExtensions",
						"make two schemas of it",
						"%s is the schema of a resource type, so it is no "
						"extension",
						it->extensions[e]->id);
				}
			}
		}
	}
}

static const struct scim_model *build(struct loader *loader)
{
	static const struct scim_schema *const discovery[] = { &scim_schema_provider,
		&scim_schema_resource_type, &scim_schema_schema };

	return scim_model_build(loader->arena, loader->templates, loader->count, discovery, 3);
}

const struct scim_model *scim_model_load(
	struct arena *arena, const struct scim_model_files *files, struct scim_problems *problems)
{
	struct loader *loader = arena_calloc(arena, 1, sizeof(*loader));

	loader->arena = arena;
	loader->problems = problems;
	start_with_core(loader);
	for (size_t i = 0; i < files->schema_count; i++) {
		scim_schema_file_read(arena, &files->schemas[i], &loader->schemas, problems);
	}
	for (size_t i = 0; i < files->type_count; i++) {
		scim_type_file_read(arena, &files->types[i], &loader->types, problems);
	}
	check_schemas(loader);
	read_types(loader);
	check_all_used(loader);
	check_uniques(loader);
	check_roles(loader);
	for (size_t i = 0; i < loader->schemas.count; i++) {
		const struct scim_file_schema *it = &loader->schemas.items[i];

		check_references(loader, it, it->schema.attributes, it->schema.count, "");
	}
	return problems->count == 0 ? build(loader) : NULL;
}
