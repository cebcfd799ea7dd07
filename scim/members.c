#include "scim/members.h"

#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/dialect.h"
#include "scim/edit.h"
#include "scim/filter.h"

/* ---- lists as they came ---- */

size_t scim_member_count(const struct value *list)
{
	return value_is(list, VALUE_ARRAY) ? value_count(list) : 0;
}

/* Canonical spelling first: it is a look-up by hash or two comparisons. */
static const struct value *find(const struct value *member, const char *name, size_t size)
{
	const struct value *found = value_find_n(member, name, size);

	return found != NULL ? found : value_find_folded(member, name);
}

const struct value *scim_member_id(const struct scim_dialect *dialect, const struct value *list,
	size_t index, struct error *err)
{
	const struct value *member = value_at(list, index);
	const struct value *id, *type;

	if (value_is(member, VALUE_STRING) && scim_dialect_has(dialect, SCIM_BARE_COMPLEX)) {
		return member;
	}
	id = find(member, "value", 5);
	if (!value_is(id, VALUE_STRING) || value_size(id) == 0) {
		error_set(err, ERROR_VALUE, "member %zu has no text 'value' with the id of a User",
			index + 1);
		return NULL;
	}
	type = find(member, "type", 4);
	if (value_is(type, VALUE_STRING) && strcasecmp(value_text(type), "Group") == 0) {
		error_set(err, ERROR_VALUE,
			"member %zu is a Group: groups in groups are not supported", index + 1);
		return NULL;
	}
	return id;
}

/* ---- operations on `members` → steps ---- */

static void add_step(struct scim_edit *edit, struct scim_member_step step)
{
	if (edit->step_count == edit->step_capacity) {
		size_t capacity = edit->step_capacity == 0 ? 4 : edit->step_capacity * 2;
		struct scim_member_step *steps =
			arena_alloc(edit->reader.arena, capacity * sizeof(*steps));

		if (edit->step_count > 0) {
			memcpy(steps, edit->steps, edit->step_count * sizeof(*steps));
		}
		edit->steps = steps;
		edit->step_capacity = capacity;
	}
	edit->steps[edit->step_count++] = step;
}

/* value eq "a" or value eq "b" …: the ids, as members. False: the filter says something else. */
static bool ids_of_filter(const struct scim_filter *filter, struct value_builder *members)
{
	if (filter->kind == SCIM_FILTER_OR) {
		return ids_of_filter(filter->left, members) &&
		       ids_of_filter(filter->right, members);
	}
	if (filter->kind != SCIM_FILTER_COMPARE || filter->op != SCIM_EQ ||
		strcmp(filter->path, "value") != 0 || !value_is(filter->value, VALUE_STRING)) {
		return false;
	}
	value_add_item(members, value_with(members->arena, NULL, "value", filter->value));
	return true;
}

/*
 * Some identity providers name the member that comes by a filter, add of members[value eq "id"],
 * with or without the member as the value. *list: the members. False: nothing of the kind.
 */
static bool added_by_filter(const struct scim_edit *edit, const struct scim_path *path,
	const struct value *value, const struct value **list)
{
	struct value_builder members = { .arena = edit->reader.arena };
	const struct value *id;

	if (!scim_dialect_has(edit->reader.dialect, SCIM_CREATE_ELEMENT) ||
		!ids_of_filter(path->filter, &members)) {
		return false;
	}
	*list = value_finish_array(&members);
	if (value_is(value, VALUE_ARRAY) && value_count(value) == 1) {
		value = value_at(value, 0);
	}
	id = value_find_folded(value, "value");
	return value_is(value, VALUE_OBJECT) &&
	       (id == NULL || (value_count(*list) == 1 &&
				      value_equals(id, value_find(value_at(*list, 0), "value"))));
}

static void remove_matching(struct scim_edit *edit, const struct scim_filter *filter)
{
	struct value_builder members = { .arena = edit->reader.arena };

	if (ids_of_filter(filter, &members)) {
		add_step(edit, (struct scim_member_step){ .kind = SCIM_MEMBERS_REMOVE,
				       .list = value_finish_array(&members) });
		return;
	}
	add_step(edit, (struct scim_member_step){
			       .kind = SCIM_MEMBERS_REMOVE_MATCHING, .filter = filter });
}

/* The list of an operation; one member alone is a list of one (RFC 7644, 3.5.2.1). NULL: nothing.
 */
static const struct value *list_of(struct scim_edit *edit, const struct value *value)
{
	if (value == NULL || scim_dialect_is_unassigned(edit->reader.dialect, value)) {
		return NULL;
	}
	return value_is(value, VALUE_ARRAY) ? value : value_append(edit->reader.arena, NULL, value);
}

static bool remove_members(struct scim_edit *edit, const struct scim_path *path,
	const struct value *value, struct error *err)
{
	const struct value *list = list_of(edit, value);

	if (path != NULL && path->filter != NULL) {
		remove_matching(edit, path->filter);
		return true;
	}
	if (list == NULL) {
		add_step(edit, (struct scim_member_step){ .kind = SCIM_MEMBERS_CLEAR });
		return true;
	}
	/* By the RFC this would remove all members, which nobody who sends a list can mean. */
	if (!scim_dialect_has(edit->reader.dialect, SCIM_REMOVE_BY_VALUE)) {
		return error_set(err, ERROR_VALUE,
			"remove has no value: write members[value eq \"…\"] as the path");
	}
	add_step(edit, (struct scim_member_step){ .kind = SCIM_MEMBERS_REMOVE, .list = list });
	return true;
}

bool scim_edit_members(struct scim_edit *edit, enum scim_patch_op op, const struct scim_path *path,
	const struct value *value, struct error *err)
{
	const struct value *list;
	bool replaces = op == SCIM_REPLACE &&
			!scim_dialect_has(edit->reader.dialect, SCIM_ADDITIVE_MEMBERS);

	if (path != NULL && path->ref.sub != NULL) {
		return error_set(err, ERROR_MUTABILITY,
			"a member can be added and removed, its parts do not change");
	}
	if (op == SCIM_REMOVE) {
		return remove_members(edit, path, value, err);
	}
	if (path != NULL && path->filter != NULL && added_by_filter(edit, path, value, &list)) {
		add_step(edit, (struct scim_member_step){ .kind = SCIM_MEMBERS_ADD, .list = list });
		return true;
	}
	if (path != NULL && path->filter != NULL) {
		return error_set(err, ERROR_MUTABILITY,
			"a member can be added and removed, not replaced in its place");
	}
	list = list_of(edit, value);
	if (value_count(list) > 0) {
		add_step(edit, (struct scim_member_step){
				       .kind = replaces ? SCIM_MEMBERS_REPLACE : SCIM_MEMBERS_ADD,
				       .list = list });
	} else if (replaces) {
		add_step(edit, (struct scim_member_step){ .kind = SCIM_MEMBERS_CLEAR });
	}
	return true;
}
