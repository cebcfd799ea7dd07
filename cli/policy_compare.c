#include "cli/policy_compare.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/value.h"
#include "cli/unified.h"
#include "gateway/policy_kept.h"
#include "policy/tar.h"

enum { VALUE_SHOWN = 200, DEPTH_MAX = 64 };

static const struct value_limits limits = {
	.bytes = (size_t)512 << 20, .depth = 1000, .values = 32000000
};

/* ---- rules ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "g0.data.scimward.rules.deny" → "data.scimward.rules.deny", of each function of the plan. */
static bool read_rules(struct arena *arena, const struct policy_kept *kept, const char ***names,
	size_t *count, struct error *err)
{
	const struct value *plan = value_parse(arena, kept->plan, kept->plan_size, &limits, err);
	const struct value *functions = value_find(value_find(plan, "funcs"), "funcs");

	if (plan == NULL) {
		return error_wrap(err, "the plan of %s", kept->revision);
	}
	*names = arena_calloc(arena, value_count(functions) + 1, sizeof(**names));
	*count = 0;
	for (size_t i = 0; i < value_count(functions); i++) {
		const char *name = value_find_text(value_at(functions, i), "name");
		const char *dot = name != NULL ? strchr(name, '.') : NULL;

		if (dot != NULL) {
			(*names)[(*count)++] = dot + 1;
		}
	}
	if (*count > 1) {
		qsort(*names, *count, sizeof(**names), by_name);
	}
	return true;
}

static bool compare_rules(struct arena *arena, const struct policy_kept *before,
	const struct policy_kept *after, struct policy_compare *found, struct error *err)
{
	const char **old;
	const char **fresh;
	size_t old_count;
	size_t fresh_count;
	struct policy_compare_rule *rules;
	size_t i = 0;
	size_t j = 0;

	if (!read_rules(arena, before, &old, &old_count, err) ||
		!read_rules(arena, after, &fresh, &fresh_count, err)) {
		return false;
	}
	rules = arena_calloc(arena, old_count + fresh_count + 1, sizeof(*rules));
	while (i < old_count || j < fresh_count) {
		int order = i == old_count ? 1 : j == fresh_count ? -1 : strcmp(old[i], fresh[j]);

		if (order != 0) {
			rules[found->rule_count++] =
				(struct policy_compare_rule){ order < 0 ? old[i] : fresh[j],
					order > 0 };
		}
		i += order <= 0;
		j += order >= 0;
	}
	found->rules = rules;
	return true;
}

/* ---- data ---- */

struct data {
	struct arena *arena;
	struct policy_compare *found;
	struct policy_compare_datum *list;
	struct buf pointer; /* where the walk is */
};

static const char *text_of(struct arena *arena, const struct value *value)
{
	return value != NULL ? value_preview(arena, value, VALUE_SHOWN) : NULL;
}

static void add_datum(struct data *it, const struct value *before, const struct value *after)
{
	if (it->found->data_count == POLICY_COMPARE_DATA) {
		it->found->data_more++;
		return;
	}
	it->list[it->found->data_count++] = (struct policy_compare_datum){
		arena_text(it->arena, it->pointer.data != NULL ? it->pointer.data : "",
			it->pointer.size),
		text_of(it->arena, before), text_of(it->arena, after)
	};
}

/* RFC 6901: "~" and "/" of a name are written as ~0 and ~1. */
static size_t enter(struct data *it, const char *name)
{
	size_t before = it->pointer.size;

	buf_append_char(&it->pointer, '/');
	for (; *name != '\0'; name++) {
		if (*name == '~' || *name == '/') {
			buf_append_text(&it->pointer, *name == '~' ? "~0" : "~1");
		} else {
			buf_append_char(&it->pointer, *name);
		}
	}
	return before;
}

static size_t enter_item(struct data *it, size_t index)
{
	size_t before = it->pointer.size;

	buf_printf(&it->pointer, "/%zu", index);
	return before;
}

static bool has_item(const struct value *set, const struct value *item)
{
	return value_set_find(set, item) != NULL;
}

static const struct value *as_set(struct arena *arena, const struct value *array)
{
	struct value_builder it = { .arena = arena };

	for (size_t i = 0; i < value_count(array); i++) {
		value_add_item(&it, value_at(array, i));
	}
	return value_finish_set(&it);
}

/* Lists of data are mostly sets: what came and what went says more than what moved. */
static void compare_arrays(struct data *it, const struct value *before, const struct value *after)
{
	const struct value *old = as_set(it->arena, before);
	const struct value *fresh = as_set(it->arena, after);
	size_t told = it->found->data_count + it->found->data_more;

	for (size_t i = 0; i < value_count(before); i++) {
		if (!has_item(fresh, value_at(before, i))) {
			size_t size = enter_item(it, i);

			add_datum(it, value_at(before, i), NULL);
			it->pointer.size = size;
		}
	}
	for (size_t i = 0; i < value_count(after); i++) {
		if (!has_item(old, value_at(after, i))) {
			size_t size = enter_item(it, i);

			add_datum(it, NULL, value_at(after, i));
			it->pointer.size = size;
		}
	}
	if (told == it->found->data_count + it->found->data_more) { /* another order, or twice */
		add_datum(it, before, after);
	}
}

static void compare_values(
	struct data *it, const struct value *before, const struct value *after, int depth);

static void compare_objects(
	struct data *it, const struct value *before, const struct value *after, int depth)
{
	size_t i = 0;
	size_t j = 0;

	while (i < value_count(before) || j < value_count(after)) {
		const struct value_member *old =
			i < value_count(before) ? value_member_at(before, i) : NULL;
		const struct value_member *fresh =
			j < value_count(after) ? value_member_at(after, j) : NULL;
		int order = old == NULL     ? 1
			    : fresh == NULL ? -1
					    : value_compare(old->key, fresh->key);
		size_t size = enter(it, value_text(order <= 0 ? old->key : fresh->key));

		compare_values(it, order <= 0 ? old->value : NULL, order >= 0 ? fresh->value : NULL,
			depth + 1);
		it->pointer.size = size;
		i += order <= 0;
		j += order >= 0;
	}
}

static void compare_values(
	struct data *it, const struct value *before, const struct value *after, int depth)
{
	if (before != NULL && after != NULL && value_equals(before, after)) {
		return;
	}
	if (value_is(before, VALUE_OBJECT) && value_is(after, VALUE_OBJECT) && depth < DEPTH_MAX) {
		compare_objects(it, before, after, depth);
	} else if (value_is(before, VALUE_ARRAY) && value_is(after, VALUE_ARRAY)) {
		compare_arrays(it, before, after);
	} else {
		add_datum(it, before, after);
	}
}

/* ---- levels: data.access.levels ---- */

static const char *level_of(const struct value *levels, const struct value *package)
{
	const struct value *level = value_find_key(levels, package);

	return value_is(level, VALUE_STRING) ? value_text(level) : "hard";
}

static void compare_levels(struct arena *arena, const struct value *before,
	const struct value *after, struct policy_compare *found)
{
	const struct value *sides[2] = { value_find(value_find(before, "access"), "levels"),
		value_find(value_find(after, "access"), "levels") };
	struct policy_compare_level *list = arena_calloc(
		arena, value_count(sides[0]) + value_count(sides[1]) + 1, sizeof(*list));

	for (int side = 0; side < 2; side++) {
		for (size_t i = 0;
			value_is(sides[side], VALUE_OBJECT) && i < value_count(sides[side]); i++) {
			const struct value *package = value_member_at(sides[side], i)->key;
			const char *old = level_of(sides[0], package);
			const char *fresh = level_of(sides[1], package);
			bool is_told = side == 1 && value_find_key(sides[0], package) != NULL;

			if (!is_told && strcmp(old, fresh) != 0) {
				list[found->level_count++] =
					(struct policy_compare_level){ value_text(package), old,
						fresh };
			}
		}
	}
	found->levels = list;
}

static bool compare_data(struct arena *arena, const struct policy_kept *before,
	const struct policy_kept *after, struct policy_compare *found, struct error *err)
{
	const struct policy_kept *sides[2] = { before, after };
	const struct value *values[2];
	struct data it = { .arena = arena, .found = found };

	for (int i = 0; i < 2; i++) {
		bool has_data = sides[i]->data != NULL;

		values[i] = value_parse(arena, has_data ? sides[i]->data : "{}",
			has_data ? sides[i]->data_size : 2, &limits, err);
		if (values[i] == NULL) {
			return error_wrap(err, "the data of %s", sides[i]->revision);
		}
	}
	it.list = arena_calloc(arena, POLICY_COMPARE_DATA + 1, sizeof(*it.list));
	compare_values(&it, values[0], values[1], 0);
	found->data = it.list;
	compare_levels(arena, values[0], values[1], found);
	buf_fini(&it.pointer);
	return true;
}

/* ---- modules ---- */

static const struct tar_file *find_file(const struct policy_kept *kept, const char *name)
{
	for (size_t i = 0; i < kept->file_count; i++) {
		if (strcmp(kept->files[i].name, name) == 0) {
			return &kept->files[i];
		}
	}
	return NULL;
}

/* One of both may be NULL. */
static void add_module(struct arena *arena, const char *name, const struct tar_file *old,
	const struct tar_file *fresh, struct policy_compare_module *list, size_t *count)
{
	CLEANUP(buf_fini) struct buf diff = { 0 };
	const struct unified texts = { .old_name = name,
		.new_name = name,
		.old_text = old != NULL ? old->bytes : NULL,
		.old_size = old != NULL ? old->size : 0,
		.new_text = fresh != NULL ? fresh->bytes : NULL,
		.new_size = fresh != NULL ? fresh->size : 0 };

	unified_print(&texts, &diff);
	if (diff.size > 0 || old == NULL || fresh == NULL) {
		list[(*count)++] = (struct policy_compare_module){ name,
			arena_text(arena, buf_text(&diff), diff.size),
			old == NULL     ? "added"
			: fresh == NULL ? "removed"
					: "changed" };
	}
}

static int by_file(const void *a, const void *b)
{
	return strcmp(((const struct policy_compare_module *)a)->file,
		((const struct policy_compare_module *)b)->file);
}

static void compare_modules(struct arena *arena, const struct policy_kept *before,
	const struct policy_kept *after, struct policy_compare *found)
{
	struct policy_compare_module *list =
		arena_calloc(arena, before->file_count + after->file_count + 1, sizeof(*list));

	found->modules = list;
	found->lacks_rego = before->file_count == 0 || after->file_count == 0;
	if (found->lacks_rego) {
		return;
	}
	for (size_t i = 0; i < before->file_count; i++) {
		const struct tar_file *old = &before->files[i];

		add_module(arena, old->name, old, find_file(after, old->name), list,
			&found->module_count);
	}
	for (size_t i = 0; i < after->file_count; i++) {
		const struct tar_file *fresh = &after->files[i];

		if (find_file(before, fresh->name) == NULL) {
			add_module(arena, fresh->name, NULL, fresh, list, &found->module_count);
		}
	}
	if (found->module_count > 1) {
		qsort(list, found->module_count, sizeof(*list), by_file);
	}
}

bool policies_compare(struct arena *arena, const struct policy_kept *before,
	const struct policy_kept *after, struct policy_compare *found, struct error *err)
{
	*found = (struct policy_compare){ 0 };
	if (!compare_rules(arena, before, after, found, err) ||
		!compare_data(arena, before, after, found, err)) {
		return false;
	}
	compare_modules(arena, before, after, found);
	found->is_same = strcmp(before->digest, after->digest) == 0 && found->module_count == 0;
	return true;
}
