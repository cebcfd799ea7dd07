#include "journal/compact.h"

#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "journal/entry.h"

const char *const JOURNAL_UNSTORED[] = { "externalId", "groups", "id", "members", "meta",
	"password", NULL };

/* ---- references to stored documents ---- */

static bool is_unstored(const char *name)
{
	for (size_t i = 0; JOURNAL_UNSTORED[i] != NULL; i++) {
		if (strcmp(JOURNAL_UNSTORED[i], name) == 0) {
			return true;
		}
	}
	return false;
}

/* The members that are, or are not, part of a stored document. */
static const struct value *members_of(
	struct arena *arena, const struct value *resource, bool unstored)
{
	struct value_builder builder = { .arena = arena };

	for (size_t i = 0; i < value_count(resource); i++) {
		const struct value_member *member = value_member_at(resource, i);

		if (is_unstored(value_text(member->key)) == unstored) {
			value_add_key(&builder, member->key, member->value);
		}
	}
	return value_finish_object(&builder);
}

const struct value *journal_without_unstored(struct arena *arena, const struct value *resource)
{
	return members_of(arena, resource, false);
}

static const struct value *reference(
	struct arena *arena, uint64_t entry, const struct value *resource)
{
	struct value_builder builder = { .arena = arena };

	value_add_int(&builder, "entry", (int64_t)entry);
	value_add(&builder, "with", members_of(arena, resource, true));
	return value_finish_object(&builder);
}

/* What reads the documents that references name. */
struct documents {
	struct arena *arena;
	journal_document_fn *fn;
	void *user;
};

static bool damaged(struct error *err, const char *what)
{
	return error_set(err, ERROR_IO, "its payload has a form that nobody wrote: %s", what);
}

static bool resolve(const struct documents *documents, const struct value *reference,
	const struct value **resource, struct error *err)
{
	struct value_builder builder = { .arena = documents->arena };
	const struct value *with = value_find(reference, "with");
	const struct value *parts[2] = { NULL, with };
	int64_t entry = value_find_int(reference, "entry", -1);

	if (entry < 0 || !value_is(with, VALUE_OBJECT)) {
		return damaged(err, "a reference without entry and with");
	}
	if (!documents->fn(documents->user, documents->arena, (uint64_t)entry, &parts[0], err)) {
		return error_wrap(err, "entry %lld", (long long)entry);
	}
	for (int part = 0; part < 2; part++) {
		for (size_t i = 0; i < value_count(parts[part]); i++) {
			const struct value_member *member = value_member_at(parts[part], i);

			value_add_key(&builder, member->key, member->value);
		}
	}
	*resource = value_finish_object(&builder);
	return true;
}

/* ---- changes ---- */

/*
 * "name.givenName", "urn:…:User:manager.value": the name of an extension is all before the last
 * colon, dots included. NULL: not there.
 */
static const struct value *find_path(const struct value *resource, const char *path)
{
	const struct value *at = resource;
	const char *colon = strncmp(path, "urn:", 4) == 0 ? strrchr(path, ':') : NULL;

	if (colon != NULL) {
		at = value_find_n(resource, path, (size_t)(colon - path));
		path = colon + 1;
	}
	for (;;) {
		const char *dot = strchr(path, '.');

		if (dot == NULL) {
			return value_find(at, path);
		}
		at = value_find_n(at, path, (size_t)(dot - path));
		path = dot + 1;
	}
}

static bool is_same(const struct value *a, const struct value *b)
{
	return a == b || (a != NULL && b != NULL && value_equals(a, b));
}

/* The path alone, if both sides are found there. */
static const struct value *compact_change(
	const struct value *change, const struct value *before, const struct value *after)
{
	const struct value *path = value_find(change, "path");
	const struct value *old = value_find(change, "before");
	const struct value *fresh = value_find(change, "after");
	size_t known = (size_t)1 + (old != NULL) + (fresh != NULL);

	if (!value_is(path, VALUE_STRING) || value_count(change) != known ||
		!is_same(find_path(before, value_text(path)), old) ||
		!is_same(find_path(after, value_text(path)), fresh)) {
		return change;
	}
	return path;
}

static const struct value *expand_change(struct arena *arena, const struct value *change,
	const struct value *before, const struct value *after)
{
	struct value_builder builder = { .arena = arena };

	if (!value_is(change, VALUE_STRING)) {
		return change;
	}
	value_add(&builder, "path", change);
	value_add(&builder, "before", find_path(before, value_text(change)));
	value_add(&builder, "after", find_path(after, value_text(change)));
	return value_finish_object(&builder);
}

static const struct value *compact_changes(
	struct arena *arena, const struct value *changes, const struct value *input)
{
	struct value_builder builder = { .arena = arena };
	const struct value *before = value_find(input, "before");
	const struct value *after = value_find(input, "after");

	for (size_t i = 0; i < value_count(changes); i++) {
		value_add_item(&builder, compact_change(value_at(changes, i), before, after));
	}
	return value_finish_array(&builder);
}

static const struct value *expand_changes(
	struct arena *arena, const struct value *changes, const struct value *input)
{
	struct value_builder builder = { .arena = arena };
	const struct value *before = value_find(input, "before");
	const struct value *after = value_find(input, "after");

	for (size_t i = 0; i < value_count(changes); i++) {
		value_add_item(&builder, expand_change(arena, value_at(changes, i), before, after));
	}
	return value_finish_array(&builder);
}

/* ---- members ---- */

static const struct value *compact_users(
	struct arena *arena, const struct value *list, const uint64_t *entries)
{
	struct value_builder builder = { .arena = arena };

	for (size_t i = 0; i < value_count(list); i++) {
		const struct value *item = value_at(list, i);
		const struct value *user = value_find(item, "user");

		if (entries[i] != JOURNAL_NONE && value_is(user, VALUE_OBJECT)) {
			const struct value *place = reference(arena, entries[i], user);

			item = value_with(arena, item, "user", NULL);
			item = value_with(arena, item, "user_entry", place);
		}
		value_add_item(&builder, item);
	}
	return value_finish_array(&builder);
}

static bool expand_users(const struct documents *documents, const struct value *list,
	const struct value **result, struct error *err)
{
	struct value_builder builder = { .arena = documents->arena };

	for (size_t i = 0; i < value_count(list); i++) {
		const struct value *item = value_at(list, i);
		const struct value *place = value_find(item, "user_entry");
		const struct value *user;

		if (place != NULL) {
			if (!resolve(documents, place, &user, err)) {
				return false;
			}
			item = value_with(documents->arena, item, "user_entry", NULL);
			item = value_with(documents->arena, item, "user", user);
		}
		value_add_item(&builder, item);
	}
	*result = value_finish_array(&builder);
	return true;
}

static const struct value *compact_members(
	struct arena *arena, const struct value *members, const struct journal_entry *entry)
{
	const uint64_t *const entries[] = { entry->added_entries, entry->removed_entries };
	static const char *const names[] = { "added", "removed" };
	const struct value *result = members;

	for (int i = 0; i < 2; i++) {
		const struct value *list = value_find(members, names[i]);

		if (entries[i] != NULL && value_is(list, VALUE_ARRAY)) {
			result = value_with(
				arena, result, names[i], compact_users(arena, list, entries[i]));
		}
	}
	return result;
}

static bool expand_members(const struct documents *documents, const struct value *members,
	const struct value **result, struct error *err)
{
	static const char *const names[] = { "added", "removed" };

	*result = members;
	for (int i = 0; i < 2; i++) {
		const struct value *list = value_find(members, names[i]);

		if (!value_is(list, VALUE_ARRAY)) {
			continue;
		}
		if (!expand_users(documents, list, &list, err)) {
			return false;
		}
		*result = value_with(documents->arena, *result, names[i], list);
	}
	return true;
}

/* ---- the whole ---- */

static const struct value *compact_input(
	struct arena *arena, const struct journal_entry *entry, bool is_referred)
{
	struct value_builder builder = { .arena = arena };

	for (size_t i = 0; i < value_count(entry->input); i++) {
		const struct value_member *member = value_member_at(entry->input, i);
		const char *name = value_text(member->key);
		const struct value *value = member->value;

		if (is_referred && strcmp(name, "before") == 0) {
			continue;
		}
		if (strcmp(name, "changes") == 0 && value_is(value, VALUE_ARRAY)) {
			value = compact_changes(arena, value, entry->input);
		} else if (strcmp(name, "members") == 0 && value_is(value, VALUE_OBJECT)) {
			value = compact_members(arena, value, entry);
		}
		value_add_key(&builder, member->key, value);
	}
	return value_finish_object(&builder);
}

const struct value *journal_compact(struct arena *arena, const struct journal_entry *entry)
{
	struct value_builder builder = { .arena = arena };
	const struct value *before = value_find(entry->input, "before");
	bool is_referred = entry->before_entry != JOURNAL_NONE && value_is(before, VALUE_OBJECT);

	if (is_referred) {
		value_add(&builder, "before", reference(arena, entry->before_entry, before));
	}
	value_add(&builder, "detail", entry->detail);
	if (value_is(entry->input, VALUE_OBJECT)) {
		value_add(&builder, "input", compact_input(arena, entry, is_referred));
	}
	value_add(&builder, "output", entry->output);
	value_add(&builder, "stored", entry->stored);
	value_add(&builder, "subject", entry->subject);
	return builder.count > 0 ? value_finish_object(&builder) : NULL;
}

/* The input with its changes filled in from what it has of before and after. */
static const struct value *with_changes(struct arena *arena, const struct value *input)
{
	const struct value *changes = value_find(input, "changes");

	if (!value_is(changes, VALUE_ARRAY)) {
		return input;
	}
	return value_with(arena, input, "changes", expand_changes(arena, changes, input));
}

const struct value *journal_expand_known(struct arena *arena, const struct value *payload)
{
	const struct value *input = value_find(payload, "input");

	return value_is(input, VALUE_OBJECT) ? with_changes(arena, input) : NULL;
}

bool journal_expand_input(struct arena *arena, const struct value *payload, journal_document_fn *fn,
	void *user, const struct value **result, struct error *err)
{
	const struct documents documents = { arena, fn, user };
	const struct value *input = value_find(payload, "input");
	const struct value *before = value_find(payload, "before");

	if (!value_is(input, VALUE_OBJECT)) {
		return damaged(err, "no input");
	}
	if (before != NULL) {
		if (!resolve(&documents, before, &before, err)) {
			return false;
		}
		input = value_with(arena, input, "before", before);
	}
	const struct value *members = value_find(input, "members");

	if (value_is(members, VALUE_OBJECT)) {
		if (!expand_members(&documents, members, &members, err)) {
			return false;
		}
		input = value_with(arena, input, "members", members);
	}
	*result = with_changes(arena, input);
	return true;
}
