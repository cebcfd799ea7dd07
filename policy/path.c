/*
 * path: a path of data → its value, rules and base documents together.
 *
 * The plan knows its functions by path (program->paths); a path that ends at one is a rule, one
 * that ends before is a package: an object of what its rules give, over the base document that
 * stands at the same place. Only what the path asks for is evaluated.
 */
#include <stdlib.h>
#include <string.h>
#include "base/value.h"
#include "policy/eval.h"

static const struct value *step(const struct value *value, const char *name)
{
	if (value_is(value, VALUE_OBJECT)) {
		return value_find(value, name);
	}
	if (value_is(value, VALUE_ARRAY)) {
		char *end;
		unsigned long at = strtoul(name, &end, 10);
		bool is_index = *name >= '0' && *name <= '9' && *end == '\0';

		return is_index && at < value_count(value) ? value_at(value, at) : NULL;
	}
	for (size_t i = 0; value_is(value, VALUE_SET) && i < value_count(value); i++) {
		const struct value *item = value_at(value, i);

		if (value_is(item, VALUE_STRING) && strcmp(value_text(item), name) == 0) {
			return item;
		}
	}
	return NULL;
}

/* NULL: no rule, but a function with arguments; or undefined. */
static const struct value *rule_at(struct policy_worker *worker, const struct value *number)
{
	int64_t at = 0;

	value_int(number, &at);
	const struct function *function = &worker->program->functions[at];
	return function->memo ? policy_run_rule(worker, function) : NULL;
}

/* paths: the functions below this place; base: the base document there, or NULL. */
static const struct value *package_at(
	struct policy_worker *worker, const struct value *paths, const struct value *base)
{
	struct value_builder it = { .arena = worker->context.arena };

	for (size_t i = 0; value_is(base, VALUE_OBJECT) && i < value_count(base); i++) {
		const struct value_member *member = value_member_at(base, i);

		if (value_find_key(paths, member->key) == NULL) {
			value_add_key(&it, member->key, member->value);
		}
	}
	for (size_t i = 0; i < value_count(paths); i++) {
		const struct value_member *member = value_member_at(paths, i);
		const struct value *value = value_is(member->value, VALUE_OBJECT)
						    ? package_at(worker, member->value,
							      value_find_key(base, member->key))
						    : rule_at(worker, member->value);

		policy_charge(&worker->context, 1);
		value_add_key(&it, member->key, value);
	}
	return value_finish_object(&it);
}

const struct value *policy_run_path(
	struct policy_worker *worker, const char *const *path, size_t count)
{
	const struct value *paths = worker->program->paths != NULL
					    ? value_find(worker->program->paths, PROGRAM_ROOT)
					    : NULL;
	const struct value *base = worker->data;
	size_t i = 0;

	for (; i < count && value_is(paths, VALUE_OBJECT); i++) {
		paths = value_find(paths, path[i]);
		base = step(base, path[i]);
	}
	const struct value *value = base;
	if (value_is(paths, VALUE_OBJECT)) {
		return package_at(worker, paths, base);
	}
	if (paths != NULL) {
		value = rule_at(worker, paths);
	}
	for (; i < count; i++) {
		value = step(value, path[i]);
	}
	return value;
}
