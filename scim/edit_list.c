#include "scim/edit_list.h"

#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/dialect.h"
#include "scim/match.h"
#include "scim/name.h"

/* ---- a list under work ---- */

struct list {
	struct arena *arena;
	const struct value **items;
	bool *touched; /* written by this operation */
	size_t count;
};

static struct list list_of(struct arena *arena, const struct value *before, size_t more)
{
	size_t capacity = value_count(before) + more;

	return (struct list){
		.arena = arena,
		.items = arena_alloc(arena, (capacity + 1) * sizeof(const struct value *)),
		.touched = arena_alloc(arena, (capacity + 1) * sizeof(bool)),
	};
}

static void add(struct list *list, const struct value *item, bool touched)
{
	if (item != NULL) {
		list->touched[list->count] = touched;
		list->items[list->count++] = item;
	}
}

static bool is_primary(const struct value *item)
{
	return value_find_bool(item, "primary", false);
}

/*
 * RFC 7644, 3.5.2: a value that becomes primary takes it from the others. Two that become so in
 * one operation are a mistake, found by scim_check_list().
 */
static void pass_on_primary(struct list *list)
{
	bool taken = false;

	for (size_t i = 0; i < list->count; i++) {
		taken = taken || (list->touched[i] && is_primary(list->items[i]));
	}
	for (size_t i = 0; taken && i < list->count; i++) {
		if (!list->touched[i] && is_primary(list->items[i])) {
			list->items[i] = value_with(
				list->arena, list->items[i], "primary", value_of_bool(false));
		}
	}
}

static bool finish(struct list *list, const struct scim_attribute *attribute,
	const struct value **after, struct error *err)
{
	*after = NULL;
	if (list->count == 0) {
		return true;
	}
	pass_on_primary(list);
	*after = value_of_array(list->arena, list->items, list->count);
	return scim_check_list(attribute, *after, err);
}

/* Counts values that are looked at. False: it becomes too many. */
static bool charge(struct scim_reader *reader, size_t values, struct error *err)
{
	reader->work += values;
	return reader->work <= SCIM_EDIT_WORK_MAX ||
	       error_set(err, ERROR_TOO_MANY,
		       "the operations look at more than %d values of lists, send fewer at once",
		       SCIM_EDIT_WORK_MAX);
}

/* ---- the whole list ---- */

#define LINEAR_MAX 8 /* up to here a walk is quicker than a set */

/* Whether the list holds the item; `set` has its values when it is longer than LINEAR_MAX. */
static bool has_item(const struct value *list, const struct value *set, const struct value *item)
{
	if (set != NULL) {
		return value_set_has(set, item);
	}
	for (size_t i = 0; i < value_count(list); i++) {
		if (value_equals(value_at(list, i), item)) {
			return true;
		}
	}
	return false;
}

/* RFC 7644, 3.5.2.1: values that are there already change nothing. */
static bool unite(struct scim_reader *reader, const struct scim_attribute *attribute,
	const struct value *value, const struct value *before, const struct value **after,
	struct error *err)
{
	const struct value *more;
	const struct value *set = NULL;
	struct list list;

	if (!value_is(value, VALUE_ARRAY) && !scim_dialect_is_unassigned(reader->dialect, value)) {
		value = value_append(reader->arena, NULL, value); /* one value, not a list of one */
	}
	if (!scim_read(reader, attribute, value, &more, err) ||
		!charge(reader, value_count(before) + value_count(more), err)) {
		return false;
	}
	list = list_of(reader->arena, before, value_count(more));
	for (size_t i = 0; i < value_count(before); i++) {
		add(&list, value_at(before, i), false);
	}
	if (list.count > LINEAR_MAX) {
		set = value_of_set(reader->arena, list.items, list.count);
	}
	for (size_t i = 0; i < value_count(more); i++) {
		if (!has_item(before, set, value_at(more, i))) {
			add(&list, value_at(more, i), true);
		}
	}
	return finish(&list, attribute, after, err);
}

static bool same_part(struct arena *arena, const struct scim_attribute *attribute,
	const struct value_member *wanted, const struct value *item)
{
	const struct value *have = value_find_key(item, wanted->key);
	const struct scim_attribute *sub =
		scim_attribute_sub(attribute, value_text(wanted->key), value_size(wanted->key));

	if (have == NULL || !value_is(have, VALUE_STRING) ||
		!value_is(wanted->value, VALUE_STRING) || sub == NULL || sub->case_exact) {
		return have != NULL && value_equals(have, wanted->value);
	}
	return value_equals(scim_name_fold(arena, have), scim_name_fold(arena, wanted->value));
}

/* Whether `wanted`, as some identity providers name what goes, means the item. */
static bool is_meant(struct arena *arena, const struct scim_attribute *attribute,
	const struct value *wanted, const struct value *item)
{
	bool has_value = value_find(wanted, "value") != NULL;

	if (!value_is(wanted, VALUE_OBJECT)) {
		return value_equals(wanted, item);
	}
	for (size_t i = 0; i < value_count(wanted); i++) {
		const struct value_member *part = value_member_at(wanted, i);
		const char *name = value_text(part->key);
		bool tells = !has_value || strcmp(name, "value") == 0 || strcmp(name, "type") == 0;

		if (tells && !same_part(arena, attribute, part, item)) {
			return false;
		}
	}
	return true;
}

static bool remove_values(struct scim_reader *reader, const struct scim_attribute *attribute,
	const struct value *value, const struct value *before, const struct value **after,
	struct error *err)
{
	const struct value *wanted;
	struct list list = list_of(reader->arena, before, 0);

	if (!scim_read(reader, attribute, value, &wanted, err) ||
		!charge(reader, value_count(before) * value_count(wanted), err)) {
		return false;
	}
	for (size_t i = 0; i < value_count(before); i++) {
		const struct value *item = value_at(before, i);
		bool goes = false;

		for (size_t k = 0; k < value_count(wanted) && !goes; k++) {
			goes = is_meant(reader->arena, attribute, value_at(wanted, k), item);
		}
		add(&list, goes ? NULL : item, false);
	}
	return finish(&list, attribute, after, err);
}

/* ---- elements ---- */

/* type eq "work" and primary eq true → {"type": "work", "primary": true}. False: no such filter. */
static bool parts_of_filter(const struct scim_filter *filter, struct value_builder *parts)
{
	if (filter->kind == SCIM_FILTER_AND) {
		return parts_of_filter(filter->left, parts) &&
		       parts_of_filter(filter->right, parts);
	}
	if (filter->kind != SCIM_FILTER_COMPARE || filter->op != SCIM_EQ ||
		value_is(filter->value, VALUE_NULL)) {
		return false;
	}
	value_add(parts, filter->path, filter->value);
	return true;
}

/*
 * RFC 7644, 3.5.2.3: a value that a filter has found is replaced as a whole. Dialects that make
 * elements by their value path mean "the work address" by it: what the filter says stays true.
 */
static bool edit_whole(struct scim_reader *reader, enum scim_patch_op op,
	const struct scim_path *path, const struct value *value, const struct value *before,
	const struct value **after, struct error *err)
{
	const struct scim_attribute *attribute = path->ref.attribute;
	struct value_builder parts = { .arena = reader->arena };

	*after = NULL;
	if (op == SCIM_REMOVE || scim_dialect_is_unassigned(reader->dialect, value)) {
		return true;
	}
	if (attribute->type != SCIM_COMPLEX) {
		return scim_read_one(reader, attribute, value, after, err);
	}
	if (op == SCIM_ADD) {
		return scim_read_over(reader, attribute, before, value, after, err);
	}
	if (!scim_dialect_has(reader->dialect, SCIM_CREATE_ELEMENT) ||
		!parts_of_filter(path->filter, &parts)) {
		return scim_read_one(reader, attribute, value, after, err);
	}
	return scim_read_over(reader, attribute, value_finish_object(&parts), value, after, err);
}

/*
 * One element after the operation; *after NULL: it goes. Dialects that make elements by their value
 * path also end them so: an e-mail without its address is none.
 */
static bool edit_element(struct scim_reader *reader, enum scim_patch_op op,
	const struct scim_path *path, const struct value *value, const struct value *before,
	const struct value **after, struct error *err)
{
	const struct scim_attribute *sub = path->ref.sub;
	const struct value *was, *now = NULL;

	if (sub == NULL) {
		return edit_whole(reader, op, path, value, before, after, err);
	}
	if (op != SCIM_REMOVE && !scim_read(reader, sub, value, &now, err)) {
		return false;
	}
	was = value_find_n(before, sub->name, sub->name_size);
	if (now == was || (now != NULL && was != NULL && value_equals(now, was))) {
		*after = before;
		return true;
	}
	if (was != NULL && sub->mutability == SCIM_IMMUTABLE) {
		return error_set(err, ERROR_MUTABILITY,
			"%s is immutable: it has a value, which stays", value_text(sub->path));
	}
	*after = value_with(reader->arena, before, sub->name, now);
	if (value_count(*after) == 0 ||
		(now == NULL && scim_dialect_has(reader->dialect, SCIM_CREATE_ELEMENT) &&
			scim_says_nothing(*after))) {
		*after = NULL;
	}
	return true;
}

static bool no_target(const struct scim_path *path, struct error *err)
{
	struct buf buf = { 0 };

	scim_path_print(&buf, path);
	error_set(err, ERROR_NO_TARGET, "no value is at '%s'", buf_text(&buf));
	buf_fini(&buf);
	return false;
}

/* The element that a value path describes and that is not there yet. */
static bool create_element(struct scim_reader *reader, const struct scim_path *path,
	const struct value *value, const struct value **element, struct error *err)
{
	struct value_builder parts = { .arena = reader->arena };
	const struct value *start = NULL;

	if (!scim_dialect_has(reader->dialect, SCIM_CREATE_ELEMENT) ||
		path->ref.attribute->type != SCIM_COMPLEX) {
		return no_target(path, err);
	}
	if (path->filter != NULL) {
		if (!parts_of_filter(path->filter, &parts)) {
			return no_target(path, err);
		}
		if (!scim_read_one(reader, path->ref.attribute, value_finish_object(&parts), &start,
			    err)) {
			return false;
		}
	}
	return edit_element(reader, SCIM_ADD, path, value, start, element, err);
}

static size_t terms_of(const struct scim_filter *filter)
{
	return filter == NULL ? 1 : 1 + terms_of(filter->left) + terms_of(filter->right);
}

/* Clearing what is not there is no wish for an element. */
static bool makes_nothing(const struct scim_reader *reader, const struct value *value)
{
	return scim_dialect_has(reader->dialect, SCIM_CREATE_ELEMENT) &&
	       scim_dialect_is_unassigned(reader->dialect, value);
}

/* An add of emails[type eq "work"] without any value makes no e-mail; one that names a value does.
 */
static bool says_more(const struct value *value, const struct value *element)
{
	return !value_is(value, VALUE_OBJECT) || value_count(value) > 0 ||
	       !scim_says_nothing(element);
}

/* With a filter, or a sub-attribute of all elements. */
static bool edit_elements(struct scim_reader *reader, enum scim_patch_op op,
	const struct scim_path *path, const struct value *value, const struct value *before,
	const struct value **after, struct error *err)
{
	struct list list = list_of(reader->arena, before, 1);
	bool found = false;

	if (!charge(reader, value_count(before) * terms_of(path->filter), err)) {
		return false;
	}
	for (size_t i = 0; i < value_count(before); i++) {
		const struct value *item = value_at(before, i);
		bool meant = path->filter == NULL ||
			     scim_filter_matches_value(reader->arena, path->filter, item);

		if (meant && !edit_element(reader, op, path, value, item, &item, err)) {
			return false;
		}
		found = found || meant;
		add(&list, item, meant);
	}
	if (!found && op == SCIM_REMOVE && path->filter != NULL &&
		!scim_dialect_has(reader->dialect, SCIM_REMOVE_IS_IDEMPOTENT)) {
		return no_target(path, err);
	}
	if (!found && op != SCIM_REMOVE && !makes_nothing(reader, value)) {
		const struct value *item;

		if (!create_element(reader, path, value, &item, err)) {
			return false;
		}
		add(&list, says_more(value, item) ? item : NULL, true);
	}
	return finish(&list, path->ref.attribute, after, err);
}

bool scim_edit_list(struct scim_reader *reader, enum scim_patch_op op, const struct scim_path *path,
	const struct value *value, const struct value *before, const struct value **after,
	struct error *err)
{
	const struct scim_attribute *attribute = path->ref.attribute;

	if (path->filter != NULL || path->ref.sub != NULL) {
		return edit_elements(reader, op, path, value, before, after, err);
	}
	switch (op) {
	case SCIM_ADD:
		return unite(reader, attribute, value, before, after, err);
	case SCIM_REPLACE:
		return scim_read(reader, attribute, value, after, err);
	case SCIM_REMOVE:
		break;
	}
	*after = NULL;
	if (value != NULL && !scim_dialect_is_unassigned(reader->dialect, value)) {
		return remove_values(reader, attribute, value, before, after, err);
	}
	return true;
}
