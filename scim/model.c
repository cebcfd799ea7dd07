#include "scim/model.h"

#include <pthread.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/value.h"
#include "scim/key.h"
#include "scim/names.h"
#include "scim/schema_core.h"

/* ---- templates → attributes with keys and indexes ---- */

static const struct value *path_of(
	struct arena *arena, const char *prefix, const char *separator, const char *name)
{
	return prefix[0] == '\0' ? value_of_text(arena, name)
				 : value_printf(arena, "%s%s%s", prefix, separator, name);
}

static bool is_plain(const struct scim_attribute *attribute)
{
	return attribute->returned == SCIM_DEFAULT || attribute->returned == SCIM_ALWAYS;
}

/* Attributes that are to get a key kind of their own, as they are met. */
struct uniques {
	const struct scim_attribute *items[SCIM_UNIQUES_MAX];
	size_t count;
};

static int kind_of(struct uniques *uniques, const struct scim_attribute *attribute)
{
	bool wants = attribute->uniqueness != SCIM_NONE && attribute->place == SCIM_IN_DOC &&
		     attribute->schema != NULL;

	if (attribute->key_kind != SCIM_KEY_NONE || !wants || uniques->count == SCIM_UNIQUES_MAX) {
		return attribute->key_kind; /* whoever loads schemas refuses more */
	}
	uniques->items[uniques->count] = attribute;
	return SCIM_KEY_CUSTOM + (int)uniques->count++;
}

static const struct scim_attribute *build_attributes(struct arena *arena,
	const struct scim_attribute *templates, size_t count, const char *prefix,
	const struct scim_attribute *parent, const struct scim_schema *schema,
	struct uniques *uniques)
{
	struct scim_attribute *built = arena_copy(arena, templates, count * sizeof(*templates));

	for (size_t i = 0; i < count; i++) {
		struct scim_attribute *it = &built[i];

		it->name_size = strlen(it->name);
		it->key = value_of_text(arena, it->name);
		it->path = path_of(arena, prefix, parent != NULL ? "." : ":", it->name);
		it->schema = schema;
		it->parent = parent;
		it->subs_plain = true;
		it->key_kind = kind_of(uniques, it);
		it->has_key = it->key_kind != SCIM_KEY_NONE;
		if (it->sub_count == 0) {
			continue;
		}
		it->subs = build_attributes(
			arena, it->subs, it->sub_count, value_text(it->path), it, schema, uniques);
		it->names = scim_names_new(arena, it->subs, it->sub_count);
		for (size_t k = 0; k < it->sub_count; k++) {
			it->subs_plain = it->subs_plain && is_plain(&it->subs[k]);
			it->has_key = it->has_key || it->subs[k].has_key;
			it->requires_sub = it->requires_sub || it->subs[k].required;
		}
	}
	return built;
}

static const struct scim_schema *build_schema(struct arena *arena,
	const struct scim_schema *template, bool is_extension, struct uniques *uniques)
{
	struct scim_schema *schema = arena_copy(arena, template, sizeof(*template));

	schema->id_size = strlen(schema->id);
	schema->key = value_of_text(arena, schema->id);
	schema->attributes = build_attributes(arena, template->attributes, template->count,
		is_extension ? schema->id : "", NULL, schema, uniques);
	schema->names = scim_names_new(arena, schema->attributes, schema->count);
	return schema;
}

/* ---- resource types ---- */

static bool has_immutable(const struct scim_attribute *attributes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct scim_attribute *it = &attributes[i];

		if (it->place == SCIM_IN_DOC && (it->mutability == SCIM_IMMUTABLE ||
							has_immutable(it->subs, it->sub_count))) {
			return true;
		}
	}
	return false;
}

static bool has_kept(const struct scim_schema *schema)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct scim_attribute *it = &schema->attributes[i];

		if (it->place == SCIM_IN_DOC &&
			(it->mutability == SCIM_IMMUTABLE || it->mutability == SCIM_READ_ONLY)) {
			return true;
		}
	}
	return false;
}

static bool has_place(const struct scim_schema *schema, enum scim_place place)
{
	for (size_t i = 0; i < schema->count; i++) {
		if (schema->attributes[i].place == place) {
			return true;
		}
	}
	return false;
}

static bool all_plain(const struct scim_schema *schema)
{
	for (size_t i = 0; i < schema->count; i++) {
		const struct scim_attribute *it = &schema->attributes[i];

		/* SCIM_IS_SECRET: what was kept before it became one. */
		if ((it->place == SCIM_IN_DOC || it->place == SCIM_IS_SECRET) &&
			!(is_plain(it) && it->subs_plain)) {
			return false;
		}
	}
	return true;
}

/* What people call a resource by: of a User its userName, of others their displayName or the like.
 */
static const char *label_of(const struct scim_resource_type *type)
{
	static const char *const names[] = { "userName", "displayName", "name", "display" };

	for (size_t i = type->has_members ? 1 : 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct scim_attribute *it =
			scim_schema_find(type->schema, names[i], strlen(names[i]));

		if (it != NULL && it->type == SCIM_STRING && !it->multi &&
			it->place == SCIM_IN_DOC && it->returned == SCIM_DEFAULT) {
			return it->name;
		}
	}
	return NULL;
}

static void finish_type(struct arena *arena, struct scim_resource_type *type)
{
	const struct scim_schema *schema = type->schema;

	type->is_person = has_place(schema, SCIM_IS_GROUPS);
	type->has_members = has_place(schema, SCIM_IS_MEMBERS);
	type->has_immutable = has_immutable(schema->attributes, schema->count);
	type->has_kept = has_kept(schema);
	type->is_plain = all_plain(schema);
	for (size_t i = 0; i < type->extension_count; i++) {
		schema = type->extensions[i];
		type->has_immutable =
			type->has_immutable || has_immutable(schema->attributes, schema->count);
		type->has_kept = type->has_kept || has_kept(schema);
		type->is_plain = type->is_plain && all_plain(schema);
	}
	type->label = label_of(type);
	scim_key_places(arena, type);
}

/* ---- models ---- */

const struct scim_model *scim_model_build(struct arena *arena,
	const struct scim_type_template *templates, size_t count,
	const struct scim_schema *const *others, size_t other_count)
{
	struct scim_model *model = arena_calloc(arena, 1, sizeof(*model));
	struct scim_resource_type *types = arena_calloc(arena, count, sizeof(*types));
	const struct scim_schema **schemas = arena_calloc(
		arena, count * (1 + SCIM_EXTENSIONS_MAX) + other_count, sizeof(*schemas));
	struct uniques uniques = { .count = 0 };

	for (size_t i = 0; i < count; i++) {
		struct scim_resource_type *it = &types[i];

		it->name = templates[i].name;
		it->endpoint = templates[i].endpoint;
		it->description = templates[i].description;
		it->model = model;
		it->index = i;
		it->schema = build_schema(arena, templates[i].schema, false, &uniques);
		schemas[model->schema_count++] = it->schema;
		while (it->extension_count < SCIM_EXTENSIONS_MAX &&
			templates[i].extensions[it->extension_count] != NULL) {
			const struct scim_schema *extension = build_schema(arena,
				templates[i].extensions[it->extension_count], true, &uniques);
			it->extension_required[it->extension_count] =
				templates[i].required[it->extension_count];

			it->extensions[it->extension_count++] = extension;
			schemas[model->schema_count++] = extension;
		}
		finish_type(arena, it);
	}
	for (size_t i = 0; i < other_count; i++) {
		schemas[model->schema_count++] = build_schema(arena, others[i], false, &uniques);
	}
	model->common = build_attributes(arena, scim_common_attributes, scim_common_attribute_count,
		"", NULL, NULL, &uniques);
	model->common_count = scim_common_attribute_count;
	model->common_names = scim_names_new(arena, model->common, model->common_count);
	model->unique = arena_copy(arena, uniques.items, uniques.count * sizeof(uniques.items[0]));
	model->unique_count = uniques.count;
	model->schemas = schemas;
	model->types = types;
	model->type_count = count;
	return model;
}

const struct scim_type_template scim_core_types[SCIM_CORE_TYPES] = {
	{ .name = "User",
		.endpoint = "/Users",
		.description = "A person",
		.schema = &scim_schema_user,
		.extensions = { &scim_schema_enterprise, &scim_schema_person } },
	{ .name = "Group",
		.endpoint = "/Groups",
		.description = "A group of people",
		.schema = &scim_schema_group },
};

static struct arena *core_arena; /* of both models; it lives for ever */
static const struct scim_model *core_model;
static const struct scim_model *rfc_model;

static void build_core(void)
{
	const struct scim_schema *const discovery[] = { &scim_schema_provider,
		&scim_schema_resource_type, &scim_schema_schema };
	struct scim_type_template types[SCIM_CORE_TYPES];

	memcpy(types, scim_core_types, sizeof(types));
	core_arena = arena_new();
	core_model = scim_model_build(core_arena, types, SCIM_CORE_TYPES, discovery, 3);
	types[0].extensions[1] = NULL;
	rfc_model = scim_model_build(core_arena, types, SCIM_CORE_TYPES, discovery, 3);
}

static pthread_once_t core_once = PTHREAD_ONCE_INIT;

const struct scim_model *scim_model_core(void)
{
	pthread_once(&core_once, build_core);
	return core_model;
}

const struct scim_model *scim_model_rfc(void)
{
	pthread_once(&core_once, build_core);
	return rfc_model;
}
