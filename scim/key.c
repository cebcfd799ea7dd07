#include "scim/key.h"

#include <assert.h>
#include <string.h>
#include "base/arena.h"
#include "base/value.h"
#include "scim/filter.h"
#include "scim/list.h"
#include "scim/name.h"
#include "scim/schema.h"

/* Of the kinds below SCIM_KEY_CUSTOM. A filter is answered by the key with the lowest rank. */
static const struct row {
	int rank;
	bool unique;
	bool in_doc;
} rows[] = {
	[SCIM_KEY_ID] = { 1, true, false },
	[SCIM_KEY_USER_NAME] = { 2, true, true },
	[SCIM_KEY_EXTERNAL_ID] = { 3, true, false },
	[SCIM_KEY_DISPLAY_NAME] = { 4, true, true },
	[SCIM_KEY_EMAIL] = { 6, false, true },
	[SCIM_KEY_MEMBER] = { 7, false, false },
};

static const struct row custom = { 5, true, true };

static const struct row *row_of(int kind)
{
	return kind >= SCIM_KEY_CUSTOM ? &custom : &rows[kind];
}

/* ---- of a type ---- */

static void add_place(struct scim_resource_type *type, struct scim_key_place *places,
	const struct scim_schema *extension, const struct scim_attribute *attribute,
	const struct scim_attribute *sub)
{
	int kind = sub != NULL ? sub->key_kind : attribute->key_kind;

	if (kind != SCIM_KEY_NONE && row_of(kind)->in_doc) {
		places[type->key_count++] = (struct scim_key_place){ .extension = extension,
			.attribute = attribute,
			.sub = sub,
			.kind = kind,
			.unique = row_of(kind)->unique };
	}
}

static size_t count_keys(const struct scim_schema *schema)
{
	size_t count = 0;

	for (size_t i = 0; i < schema->count; i++) {
		count += schema->attributes[i].has_key ? 1 + schema->attributes[i].sub_count : 0;
	}
	return count;
}

static void add_places(struct scim_resource_type *type, struct scim_key_place *places,
	const struct scim_schema *schema, bool is_extension)
{
	const struct scim_schema *extension = is_extension ? schema : NULL;

	for (size_t i = 0; i < schema->count; i++) {
		const struct scim_attribute *it = &schema->attributes[i];

		if (!it->has_key) {
			continue;
		}
		add_place(type, places, extension, it, NULL);
		for (size_t k = 0; k < it->sub_count; k++) {
			add_place(type, places, extension, it, &it->subs[k]);
		}
	}
}

void scim_key_places(struct arena *arena, struct scim_resource_type *type)
{
	size_t room = count_keys(type->schema);
	struct scim_key_place *places;

	for (size_t i = 0; i < type->extension_count; i++) {
		room += count_keys(type->extensions[i]);
	}
	places = arena_calloc(arena, room + 1, sizeof(*places));
	type->keys = places;
	type->key_count = 0;
	add_places(type, places, type->schema, false);
	for (size_t i = 0; i < type->extension_count; i++) {
		add_places(type, places, type->extensions[i], true);
	}
}

const char *scim_key_name(struct arena *arena, const struct scim_attribute *attribute)
{
	const struct scim_schema *schema = attribute->schema;
	const char *path = value_text(attribute->path);

	assert(schema != NULL); /* a common attribute has no kind of its own */
	if (strncmp(path, schema->id, schema->id_size) == 0) {
		return path; /* of an extension: the URN is in it */
	}
	return arena_printf(arena, "%s:%s", schema->id, path);
}

/* ---- normal form ---- */

/* NULL: such a value has no key (it equals none). */
static const struct value *normal(
	struct arena *arena, const struct scim_attribute *attribute, const struct value *value)
{
	int64_t number;

	if (attribute->type == SCIM_INTEGER) {
		return value_is(value, VALUE_NUMBER) && value_int(value, &number)
			       ? value_printf(arena, "%lld", (long long)number)
			       : NULL;
	}
	if (!value_is(value, VALUE_STRING)) {
		return NULL;
	}
	return attribute->case_exact ? value : scim_name_fold(arena, value);
}

/* ---- of a document ---- */

static int order(const struct scim_key *a, const struct scim_key *b)
{
	int bytes;

	if (a->kind != b->kind) {
		return a->kind - b->kind;
	}
	bytes = memcmp(a->text, b->text, a->size < b->size ? a->size : b->size);
	return bytes != 0 ? bytes : (a->size > b->size) - (a->size < b->size);
}

/* Sorted by insertion, none twice: there are few. */
static void add_key(struct scim_key *keys, size_t *count, struct scim_key key)
{
	size_t at = *count;

	for (size_t i = 0; i < *count; i++) {
		if (order(&keys[i], &key) == 0) {
			return;
		}
	}
	if (*count == SCIM_KEYS_MAX) {
		return;
	}
	for (; at > 0 && order(&keys[at - 1], &key) > 0; at--) {
		keys[at] = keys[at - 1];
	}
	keys[at] = key;
	++*count;
}

/* Of a value, or of each of a list. */
static void add_values(struct arena *arena, const struct scim_key_place *place,
	const struct value *value, struct scim_key *keys, size_t *count)
{
	const struct value *text;

	if (value_is(value, VALUE_ARRAY)) {
		for (size_t i = 0; i < value_count(value); i++) {
			add_values(arena, place, value_at(value, i), keys, count);
		}
		return;
	}
	if (place->sub != NULL && value_is(value, VALUE_OBJECT)) {
		value = value_find_n(value, place->sub->name, place->sub->name_size);
	}
	text = value == NULL
		       ? NULL
		       : normal(arena, place->sub != NULL ? place->sub : place->attribute, value);
	if (text != NULL) {
		add_key(keys, count,
			(struct scim_key){ .kind = place->kind,
				.unique = place->unique,
				.text = value_text(text),
				.size = value_size(text) });
	}
}

/* Both are folded alike, and the address of a person mostly is the userName. Without order it would
 * be one of the two or three rows of a person that cost a page of their own: see scim/key.h. */
static size_t drop_address_that_is_the_name(struct scim_key *keys, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		bool is_name = keys[i].kind == SCIM_KEY_EMAIL &&
			       keys[0].kind == SCIM_KEY_USER_NAME &&
			       strcmp(keys[i].text, keys[0].text) == 0;
		if (!is_name) {
			keys[kept++] = keys[i];
		}
	}
	return kept;
}

size_t scim_keys_of_doc(struct arena *arena, const struct scim_resource_type *type,
	const struct value *doc, struct scim_key keys[SCIM_KEYS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < type->key_count; i++) {
		const struct scim_key_place *place = &type->keys[i];
		const struct value *object = doc;

		if (place->extension != NULL) {
			object = value_find_n(doc, place->extension->id, place->extension->id_size);
		}
		if (object != NULL) {
			add_values(arena, place,
				value_find_n(object, place->attribute->name,
					place->attribute->name_size),
				keys, &count);
		}
	}
	return drop_address_that_is_the_name(keys, count);
}

/* ---- of a filter ---- */

/* The best comparison among those that must all be true. */
static void look(const struct scim_filter *it, const struct scim_filter **best)
{
	if (it->kind == SCIM_FILTER_AND) {
		look(it->left, best);
		look(it->right, best);
		return;
	}
	if (it->kind == SCIM_FILTER_ANY) {
		look(it->left, best);
		return;
	}
	if (it->kind != SCIM_FILTER_COMPARE || it->op != SCIM_EQ || it->leaf == NULL ||
		it->leaf->key_kind == SCIM_KEY_NONE || value_is(it->value, VALUE_NULL)) {
		return;
	}
	if (*best == NULL ||
		row_of(it->leaf->key_kind)->rank < row_of((*best)->leaf->key_kind)->rank) {
		*best = it;
	}
}

bool scim_key_of_filter(struct arena *arena, const struct scim_filter *filter, struct scim_key *key)
{
	const struct scim_filter *best = NULL;
	const struct value *text;

	look(filter, &best);
	text = best == NULL           ? NULL
	       : best->folded != NULL ? best->folded
				      : normal(arena, best->leaf, best->value);
	if (text == NULL) {
		return false;
	}
	*key = (struct scim_key){ .kind = best->leaf->key_kind,
		.unique = row_of(best->leaf->key_kind)->unique,
		.text = value_text(text),
		.size = value_size(text) };
	return true;
}

/* ---- in order ---- */

/* Names and externalIds are of one type and tenant, and lie in the store in the order of their
 * bytes.
 */
static bool is_ordered(const struct scim_attribute *leaf)
{
	return leaf != NULL &&
	       (leaf->key_kind == SCIM_KEY_USER_NAME || leaf->key_kind == SCIM_KEY_DISPLAY_NAME ||
		       leaf->key_kind == SCIM_KEY_EXTERNAL_ID);
}

static const struct scim_filter *prefix_in(const struct scim_filter *it)
{
	const struct scim_filter *found;

	if (it->kind == SCIM_FILTER_AND) {
		found = prefix_in(it->left);
		return found != NULL ? found : prefix_in(it->right);
	}
	return it->kind == SCIM_FILTER_COMPARE && it->op == SCIM_SW &&
			       value_is(it->value, VALUE_STRING) && is_ordered(it->leaf)
		       ? it
		       : NULL;
}

bool scim_key_of_prefix(const struct scim_filter *filter, struct scim_key *key, bool *exact)
{
	const struct scim_filter *found = prefix_in(filter);
	const struct value *text;

	if (found == NULL) {
		return false;
	}
	text = found->folded != NULL ? found->folded : found->value;
	*key = (struct scim_key){ .kind = found->leaf->key_kind,
		.unique = true,
		.text = value_text(text),
		.size = value_size(text) };
	*exact = found == filter;
	return true;
}

bool scim_key_of_sort(const struct scim_sort *sort, struct scim_key *key)
{
	const struct scim_attribute *leaf = scim_ref_leaf(&sort->ref);

	if (!is_ordered(leaf)) {
		return false;
	}
	*key = (struct scim_key){ .kind = leaf->key_kind, .unique = true, .text = "" };
	return true;
}
