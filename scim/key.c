#include "scim/key.h"

#include <string.h>
#include "base/value.h"
#include "scim/filter.h"
#include "scim/name.h"
#include "scim/schema.h"

/* Best first: a filter is answered by the first key it offers. */
static const struct row {
	const char *path;
	enum scim_key_kind kind;
	bool unique;
	bool in_doc;
} rows[] = {
	{ "id", SCIM_KEY_ID, true, false },
	{ "userName", SCIM_KEY_USER_NAME, true, true },
	{ "externalId", SCIM_KEY_EXTERNAL_ID, true, false },
	{ "displayName", SCIM_KEY_DISPLAY_NAME, true, true },
	{ "emails.value", SCIM_KEY_EMAIL, false, true },
	{ "members.value", SCIM_KEY_MEMBER, false, false },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* ---- of a document ---- */

static int order(const struct scim_key *a, const struct scim_key *b)
{
	return a->kind != b->kind ? (int)a->kind - (int)b->kind : strcmp(a->text, b->text);
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

static void add_text(struct arena *arena, const struct row *row, const struct value *text,
	struct scim_key *keys, size_t *count)
{
	if (!value_is(text, VALUE_STRING)) {
		return;
	}
	text = scim_name_fold(arena, text);
	add_key(keys, count,
		(struct scim_key){ .kind = row->kind,
			.unique = row->unique,
			.text = value_text(text),
			.size = value_size(text) });
}

size_t scim_keys_of_doc(struct arena *arena, const struct scim_resource_type *type,
	const struct value *doc, struct scim_key keys[SCIM_KEYS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < ROWS; i++) {
		struct scim_ref ref;
		const struct value *value;

		if (!rows[i].in_doc ||
			!scim_type_resolve(type, rows[i].path, strlen(rows[i].path), &ref) ||
			!scim_ref_leaf(&ref)->is_key) {
			continue;
		}
		value = value_find_n(doc, ref.attribute->name, ref.attribute->name_size);
		if (ref.sub == NULL) {
			add_text(arena, &rows[i], value, keys, &count);
		}
		for (size_t k = 0; ref.sub != NULL && k < value_count(value); k++) {
			add_text(arena, &rows[i],
				value_find_n(value_at(value, k), ref.sub->name, ref.sub->name_size),
				keys, &count);
		}
	}
	return count;
}

/* ---- of a filter ---- */

static const struct row *row_of(const struct scim_attribute *leaf)
{
	for (size_t i = 0; leaf != NULL && leaf->is_key && i < ROWS; i++) {
		if (strcmp(rows[i].path, value_text(leaf->path)) == 0) {
			return &rows[i];
		}
	}
	return NULL;
}

/* The best comparison among those that must all be true. */
static void look(const struct scim_filter *it, const struct row **best, const struct value **text)
{
	const struct row *row;

	if (it->kind == SCIM_FILTER_AND) {
		look(it->left, best, text);
		look(it->right, best, text);
		return;
	}
	if (it->kind == SCIM_FILTER_ANY) {
		look(it->left, best, text);
		return;
	}
	if (it->kind != SCIM_FILTER_COMPARE || it->op != SCIM_EQ ||
		!value_is(it->value, VALUE_STRING)) {
		return;
	}
	row = row_of(it->leaf);
	if (row != NULL && (*best == NULL || row < *best)) {
		*best = row;
		*text = it->folded != NULL ? it->folded : it->value;
	}
}

bool scim_key_of_filter(const struct scim_filter *filter, struct scim_key *key)
{
	const struct row *best = NULL;
	const struct value *text = NULL;

	look(filter, &best, &text);
	if (best == NULL) {
		return false;
	}
	*key = (struct scim_key){ .kind = best->kind,
		.unique = best->unique,
		.text = value_text(text),
		.size = value_size(text) };
	return true;
}
