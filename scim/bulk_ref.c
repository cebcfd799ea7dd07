#include "scim/bulk_ref.h"

#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/value.h"
#include "scim/bulk.h"

enum { PREFIX = sizeof(SCIM_BULK_PREFIX) - 1 };

/* text[from, to) is the mention, name its end. */
struct mention {
	size_t from;
	size_t to;
	size_t next; /* where to look for another: behind its closing quote */
	const char *name;
	size_t name_size;
};

static bool starts(const char *text, size_t size)
{
	return size > PREFIX && memcmp(text, SCIM_BULK_PREFIX, PREFIX) == 0;
}

static struct mention mention_of(const char *text, size_t from, size_t to)
{
	return (struct mention){ from, to, to + 1, text + from + PREFIX, to - from - PREFIX };
}

/* The next `"bulkId:…"` behind `at` in a PATCH path. */
static bool next_quoted(const char *text, size_t size, size_t at, struct mention *mention)
{
	while (at < size) {
		const char *open = memchr(text + at, '"', size - at);
		const char *close;
		size_t from;

		if (open == NULL) {
			return false;
		}
		from = (size_t)(open - text) + 1;
		close = memchr(text + from, '"', size - from);
		if (close == NULL) {
			return false;
		}
		if (starts(text + from, (size_t)(close - text) - from)) {
			*mention = mention_of(text, from, (size_t)(close - text));
			return true;
		}
		at = (size_t)(close - text) + 1;
	}
	return false;
}

/* The next mention behind `at` in the text of member `key`. */
static bool next_mention(
	const char *key, const struct value *value, size_t at, struct mention *mention)
{
	const char *text = value_text(value);
	size_t size = value_size(value);
	const char *slash;

	if (starts(text, size)) {
		*mention = mention_of(text, 0, size);
		return at == 0;
	}
	if (strcasecmp(key, "path") == 0) {
		return next_quoted(text, size, at, mention);
	}
	slash = strcasecmp(key, "$ref") == 0 && at == 0 ? strrchr(text, '/') : NULL;
	if (slash == NULL || !starts(slash + 1, size - (size_t)(slash + 1 - text))) {
		return false;
	}
	*mention = mention_of(text, (size_t)(slash + 1 - text), size);
	return true;
}

/* ---- walk ---- */

static bool walk(const char *key, const struct value *value, scim_bulk_mention_fn *fn, void *user)
{
	struct mention mention;
	size_t at = 0;

	switch (value_type(value)) {
	case VALUE_STRING:
		while (next_mention(key, value, at, &mention)) {
			if (!fn(user, mention.name, mention.name_size)) {
				return false;
			}
			at = mention.next;
		}
		return true;
	case VALUE_ARRAY:
		for (size_t i = 0; i < value_count(value); i++) {
			if (!walk(key, value_at(value, i), fn, user)) {
				return false;
			}
		}
		return true;
	case VALUE_OBJECT:
		for (size_t i = 0; i < value_count(value); i++) {
			const struct value_member *it = value_member_at(value, i);

			if (!walk(value_text(it->key), it->value, fn, user)) {
				return false;
			}
		}
		return true;
	default:
		return true;
	}
}

bool scim_bulk_mentions(const struct value *data, scim_bulk_mention_fn *fn, void *user)
{
	return walk("", data, fn, user);
}

/* ---- replace ---- */

struct replacement {
	struct arena *arena;
	scim_bulk_name_fn *id_of;
	void *user;
};

static const struct value *replace_text(
	const struct replacement *it, const char *key, const struct value *value)
{
	const char *text = value_text(value);
	struct mention mention;
	struct buf buf = { 0 };
	size_t copied = 0;
	size_t at = 0;

	while (next_mention(key, value, at, &mention)) {
		const char *endpoint;
		const char *id = it->id_of(it->user, mention.name, mention.name_size, &endpoint);

		buf_append(&buf, text + copied, mention.from - copied);
		if (mention.from == 0 && strcasecmp(key, "$ref") == 0) {
			buf_append_text(&buf, endpoint);
			buf_append_char(&buf, '/');
		}
		buf_append_text(&buf, id);
		copied = mention.to;
		at = mention.next;
	}
	if (copied > 0) {
		buf_append(&buf, text + copied, value_size(value) - copied);
		value = value_of_text_n(it->arena, buf.data, buf.size);
	}
	buf_fini(&buf);
	return value;
}

static const struct value *replace(
	const struct replacement *it, const char *key, const struct value *value);

static const struct value *replace_items(
	const struct replacement *it, const char *key, const struct value *list)
{
	struct value_builder result = { .arena = it->arena };
	bool changed = false;

	for (size_t i = 0; i < value_count(list); i++) {
		const struct value *item = replace(it, key, value_at(list, i));

		changed = changed || item != value_at(list, i);
		value_add_item(&result, item);
	}
	return changed ? value_finish_array(&result) : list;
}

static const struct value *replace_members(const struct replacement *it, const struct value *object)
{
	struct value_builder result = { .arena = it->arena };
	bool changed = false;

	for (size_t i = 0; i < value_count(object); i++) {
		const struct value_member *member = value_member_at(object, i);
		const struct value *value = replace(it, value_text(member->key), member->value);

		changed = changed || value != member->value;
		value_add_key(&result, member->key, value);
	}
	return changed ? value_finish_object(&result) : object;
}

static const struct value *replace(
	const struct replacement *it, const char *key, const struct value *value)
{
	switch (value_type(value)) {
	case VALUE_STRING:
		return replace_text(it, key, value);
	case VALUE_ARRAY:
		return replace_items(it, key, value);
	case VALUE_OBJECT:
		return replace_members(it, value);
	default:
		return value;
	}
}

const struct value *scim_bulk_replace(
	struct arena *arena, const struct value *data, scim_bulk_name_fn *id_of, void *user)
{
	struct replacement it = { arena, id_of, user };

	return replace(&it, "", data);
}

/* ---- cut in two ---- */

static bool is_extension(const struct value_member *member)
{
	return value_is(member->value, VALUE_OBJECT) &&
	       strncasecmp(value_text(member->key), "urn:", 4) == 0;
}

/* NULL: nothing of it belongs to this part. */
static const struct value *part_of(struct arena *arena, const struct value_member *member,
	bool wanted, scim_bulk_mention_fn *fn, void *user)
{
	const char *key = value_text(member->key);
	struct value_builder kept = { .arena = arena };

	if (walk(key, member->value, fn, user)) {
		return wanted ? NULL : member->value;
	}
	if (is_extension(member)) {
		return scim_bulk_part(arena, member->value, wanted, fn, user);
	}
	if (!value_is(member->value, VALUE_ARRAY)) {
		return wanted ? member->value : NULL;
	}
	for (size_t i = 0; i < value_count(member->value); i++) {
		const struct value *item = value_at(member->value, i);

		if (walk(key, item, fn, user) != wanted) {
			value_add_item(&kept, item);
		}
	}
	return value_finish_array(&kept);
}

const struct value *scim_bulk_part(struct arena *arena, const struct value *resource, bool wanted,
	scim_bulk_mention_fn *fn, void *user)
{
	struct value_builder result = { .arena = arena };

	for (size_t i = 0; i < value_count(resource); i++) {
		const struct value_member *member = value_member_at(resource, i);

		value_add_key(&result, member->key, part_of(arena, member, wanted, fn, user));
	}
	return value_finish_object(&result);
}
