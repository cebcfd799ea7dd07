#include "gateway/scenario_text.h"

#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/value.h"

/* `text` starts with "${". Returns what follows its "}", or NULL. */
static const char *replace_one(struct arena *arena, const char *text, scenario_find_fn *find,
	void *user, struct buf *result, const char **unknown)
{
	const char *end = strchr(text, '}');
	const char *name = end != NULL ? arena_text(arena, text + 2, (size_t)(end - text - 2))
				       : arena_strdup(arena, text + 2);
	const char *found = end != NULL ? find(user, name) : NULL;

	if (found == NULL) {
		*unknown = name;
		return NULL;
	}
	buf_append_text(result, found);
	return end + 1;
}

const char *scenario_replace(struct arena *arena, const char *text, scenario_find_fn *find,
	void *user, const char **unknown)
{
	CLEANUP(buf_fini) struct buf result = { 0 };

	if (strstr(text, "${") == NULL) {
		return text;
	}
	while (*text != '\0') {
		if (strncmp(text, "$${", 3) == 0) {
			buf_append_text(&result, "${");
			text += 3;
		} else if (strncmp(text, "${", 2) == 0) {
			text = replace_one(arena, text, find, user, &result, unknown);
			if (text == NULL) {
				return NULL;
			}
		} else {
			buf_append_char(&result, *text++);
		}
	}
	return arena_text(arena, buf_text(&result), result.size);
}

const struct value *scenario_replace_in(struct arena *arena, const struct value *value,
	scenario_find_fn *find, void *user, const char **unknown)
{
	struct value_builder it = { .arena = arena };

	if (value_is(value, VALUE_STRING)) {
		const char *text = scenario_replace(arena, value_text(value), find, user, unknown);

		return text == NULL                ? NULL
		       : text == value_text(value) ? value
						   : value_of_text(arena, text);
	}
	if (!value_is(value, VALUE_ARRAY) && !value_is(value, VALUE_OBJECT)) {
		return value;
	}
	for (size_t i = 0; i < value_count(value); i++) {
		bool is_array = value_is(value, VALUE_ARRAY);
		const struct value *old =
			is_array ? value_at(value, i) : value_member_at(value, i)->value;
		const struct value *item = scenario_replace_in(arena, old, find, user, unknown);

		if (item == NULL) {
			return NULL;
		}
		if (is_array) {
			value_add_item(&it, item);
			continue;
		}
		const struct value *key = scenario_replace_in(
			arena, value_member_at(value, i)->key, find, user, unknown);
		if (key == NULL) {
			return NULL;
		}
		value_add_key(&it, key, item);
	}
	return value_is(value, VALUE_ARRAY) ? value_finish_array(&it) : value_finish_object(&it);
}
