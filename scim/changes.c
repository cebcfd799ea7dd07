#include "scim/changes.h"

#include <stdbool.h>
#include <string.h>
#include "base/arena.h"
#include "base/value.h"
#include "scim/schema.h"

struct state {
	struct arena *arena;
	const struct scim_resource_type *type;
	struct value_builder changes;
};

static bool same(const struct value *a, const struct value *b)
{
	return a == b || (a != NULL && b != NULL && value_equals(a, b));
}

static void add(struct state *state, const struct value *path, const struct value *before,
	const struct value *after)
{
	struct value_builder change = { .arena = state->arena };

	value_add(&change, "path", path);
	value_add(&change, "before", before);
	value_add(&change, "after", after);
	value_add_item(&state->changes, value_finish_object(&change));
}

typedef void pair_fn(struct state *state, const void *context, const struct value *key,
	const struct value *before, const struct value *after);

/* Walks the members of two objects side by side and calls fn for those that differ. */
static void walk(struct state *state, const void *context, const struct value *before,
	const struct value *after, pair_fn *fn)
{
	size_t i = 0, k = 0;
	size_t before_count = value_count(before), after_count = value_count(after);

	while (i < before_count || k < after_count) {
		const struct value_member *a = i < before_count ? value_member_at(before, i) : NULL;
		const struct value_member *b = k < after_count ? value_member_at(after, k) : NULL;
		int order = a == NULL ? 1 : b == NULL ? -1 : value_compare(a->key, b->key);
		const struct value *was = order <= 0 ? a->value : NULL;
		const struct value *is = order >= 0 ? b->value : NULL;

		i += order <= 0;
		k += order >= 0;
		if (!same(was, is)) {
			fn(state, context, was != NULL ? a->key : b->key, was, is);
		}
	}
}

/* ---- sub-attributes, attributes, extensions ---- */

static void on_sub(struct state *state, const void *context, const struct value *key,
	const struct value *before, const struct value *after)
{
	const struct scim_attribute *attribute = context;
	const struct scim_attribute *sub =
		scim_attribute_sub(attribute, value_text(key), value_size(key));

	add(state, sub != NULL ? sub->path : attribute->path, before, after);
}

static void on_attribute(struct state *state, const struct scim_attribute *attribute,
	const struct value *before, const struct value *after)
{
	if (attribute->type == SCIM_COMPLEX && !attribute->multi) {
		walk(state, attribute, before, after, on_sub);
	} else {
		add(state, attribute->path, before, after);
	}
}

static void on_extension_member(struct state *state, const void *context, const struct value *key,
	const struct value *before, const struct value *after)
{
	const struct scim_schema *extension = context;
	const struct scim_attribute *attribute =
		scim_schema_find(extension, value_text(key), value_size(key));

	if (attribute != NULL) {
		on_attribute(state, attribute, before, after);
	} else { /* of a schema that was configured once and is not any more */
		add(state, value_printf(state->arena, "%s:%s", extension->id, value_text(key)),
			before, after);
	}
}

static void on_member(struct state *state, const void *context, const struct value *key,
	const struct value *before, const struct value *after)
{
	const char *name = value_text(key);
	const struct scim_attribute *attribute = scim_type_find(state->type, name, value_size(key));
	const struct scim_schema *extension;

	(void)context;
	if (attribute != NULL) {
		if (attribute->place != SCIM_IS_SCHEMAS) {
			on_attribute(state, attribute, before, after);
		}
		return;
	}
	extension = scim_type_extension(state->type, name, value_size(key));
	if (extension != NULL) {
		walk(state, extension, before, after, on_extension_member);
	} else {
		add(state, key, before, after);
	}
}

const struct value *scim_changes(struct arena *arena, const struct scim_resource_type *type,
	const struct value *before, const struct value *after)
{
	struct state state = { .arena = arena, .type = type, .changes = { .arena = arena } };

	if (before != after) {
		walk(&state, NULL, before, after, on_member);
	}
	return value_finish_array(&state.changes);
}
