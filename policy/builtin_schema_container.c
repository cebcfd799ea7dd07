/*
 * Arrays and objects against a JSON Schema.
 */
#include <stdio.h>
#include "policy/builtin_schema_match.h"

/* ---- arrays ---- */

static void match_item(struct match *match, const struct value *node, const struct value *array,
	size_t index, const struct place *place, struct result *result)
{
	char text[24];
	int size = snprintf(text, sizeof(text), "%zu", index);
	const struct place at = { { text, (size_t)size }, place };
	struct result one = match_apart(match, node, value_at(array, index), &at);

	match_merge(match, result, &one);
}

static void match_items(struct match *match, const struct value *node, const struct value *array,
	const struct place *place, struct result *result)
{
	const struct value *items = value_find(node, "items");
	const struct value *more = value_find(node, "additionalItems");
	size_t count = value_count(array);

	if (items != NULL && !value_is(items, VALUE_ARRAY)) {
		for (size_t i = 0; i < count; i++) {
			match_item(match, items, array, i, place, result);
		}
		return;
	}
	size_t known = value_count(items);
	for (size_t i = 0; i < known && i < count; i++) {
		match_item(match, value_at(items, i), array, i, place, result);
	}
	if (known == 0 || known >= count || more == NULL) {
		return;
	}
	if (value_is(more, VALUE_BOOL)) {
		if (!value_bool(more)) {
			match_add_plain(match, result, place, "array_no_additional_items",
				"No additional items allowed on array");
		}
		return;
	}
	for (size_t i = known; i < count; i++) {
		match_item(match, more, array, i, place, result);
	}
}

static void match_unique(struct match *match, const struct value *array, const struct place *place,
	struct result *result)
{
	struct policy_context *context = match->context;
	struct builtin_members last = { 0 };
	char text[80];

	/* Each item by its value; of equal ones the last index stands. */
	const struct value *seen = policy_object(context, NULL, 0);
	const struct value *set = policy_set(context, value_items(array), value_count(array));
	if (value_count(set) == value_count(array)) {
		return;
	}
	for (size_t i = 0; i < value_count(array); i++) {
		const struct value *item = value_at(array, i);
		const struct value *before = policy_lookup(context, seen, item);
		int64_t index;
		policy_charge(context, 4 + value_count(seen));
		if (before != NULL && value_int(before, &index)) {
			int size = snprintf(text, sizeof(text),
				"array items[%lld,%zu] must be unique", (long long)index, i);
			match_add_error(match, result, place, "unique", "",
				(struct span){ text, (size_t)size }, "");
		}
		policy_charge_bytes(context, 32);
		builtin_members_add(context, &last, item, value_of_int(context->arena, (int64_t)i));
		seen = builtin_members_object(context, &last);
	}
}

static void match_contains(struct match *match, const struct value *node, const struct value *array,
	const struct place *place, struct result *result)
{
	struct result best = { .score = 0 };
	bool has = false;
	char text[24];

	for (size_t i = 0; i < value_count(array); i++) {
		int size = snprintf(text, sizeof(text), "%zu", i);
		const struct place at = { { text, (size_t)size }, place };
		struct result one = match_apart(match, node, value_at(array, i), &at);
		if (one.errors.count == 0) {
			return;
		}
		match_keep_best(&best, &has, &one);
	}
	match_add_plain(match, result, place, "contains", "At least one of the items must match");
	if (has) {
		match_merge(match, result, &best);
	}
}

void match_array(struct match *match, const struct value *node, const struct value *array,
	const struct place *place, struct result *result)
{
	int64_t count = (int64_t)value_count(array);
	const struct value *contains = schema_member(match->schema, node, "contains", 6);
	int64_t limit;

	match_items(match, node, array, place, result);
	if (value_int(value_find(node, "minItems"), &limit) && count < limit) {
		match_add_count(match, result, place, "array_min_items",
			"Array must have at least ", limit, " items");
	}
	if (value_int(value_find(node, "maxItems"), &limit) && count > limit) {
		match_add_count(match, result, place, "array_max_items", "Array must have at most ",
			limit, " items");
	}
	if (value_find_bool(node, "uniqueItems", false)) {
		match_unique(match, array, place, result);
	}
	if (contains != NULL) {
		match_contains(match, contains, array, place, result);
	}
	result->score++;
}

/* ---- objects ---- */

/* A member that "properties" does not name. */
static void match_other(struct match *match, const struct value *node,
	const struct value_member *member, bool known, const struct place *place,
	struct result *result)
{
	const struct value *patterns = value_find(node, "patternProperties");
	const struct value *more = value_find(node, "additionalProperties");
	const struct place at = { span_of(member->key), place };
	bool fits = false;

	for (size_t i = 0; i < value_count(patterns); i++) {
		const struct value_member *pattern = value_member_at(patterns, i);
		if (match_pattern(match, pattern->key, span_of(member->key))) {
			struct result one = match_apart(match, pattern->value, member->value, &at);
			match_merge(match, result, &one);
			fits = true;
		}
	}
	result->score += fits;
	if (known || fits || more == NULL) {
		return;
	}
	if (!value_is(more, VALUE_BOOL)) {
		struct result one = match_apart(match, more, member->value, &at);
		match_merge(match, result, &one);
	} else if (!value_bool(more)) {
		match_add_error(match, result, place, "additional_property_not_allowed",
			"Additional property ", span_of(member->key), " is not allowed");
	}
}

static void match_names(struct match *match, const struct value *names, const struct value *object,
	const struct place *place, struct result *result)
{
	for (size_t i = 0; i < value_count(object); i++) {
		const struct value *name = value_member_at(object, i)->key;
		struct result one = match_apart(match, names, name, place);
		if (one.errors.count > 0) {
			match_add_error(match, result, place, "invalid_property_name",
				"Property name of \"", span_of(name), "\" does not match");
			match_merge(match, result, &one);
		}
	}
}

void match_object(struct match *match, const struct value *node, const struct value *object,
	const struct place *place, struct result *result)
{
	int64_t count = (int64_t)value_count(object);
	const struct value *required = value_find(node, "required");
	const struct value *names = schema_member(match->schema, node, "propertyNames", 6);
	int64_t limit;

	if (value_int(value_find(node, "minProperties"), &limit) && count < limit) {
		match_add_count(match, result, place, "array_min_properties", "Must have at least ",
			limit, " properties");
	}
	if (value_int(value_find(node, "maxProperties"), &limit) && count > limit) {
		match_add_count(match, result, place, "array_max_properties", "Must have at most ",
			limit, " properties");
	}
	for (size_t i = 0; i < value_count(required); i++) {
		policy_charge(match->context, 1);
		if (value_find_key(object, value_at(required, i)) != NULL) {
			result->score++;
		} else {
			match_add_error(match, result, place, "required", "",
				span_of(value_at(required, i)), " is required");
		}
	}
	for (size_t i = 0; i < value_count(object); i++) {
		const struct value_member *member = value_member_at(object, i);
		bool known = value_find_key(value_find(node, "properties"), member->key) != NULL;
		policy_charge(match->context, 2);
		match_other(match, node, member, known, place, result);
	}
	if (names != NULL) {
		match_names(match, names, object, place, result);
	}
	result->score++;
}

void match_properties(struct match *match, const struct value *node, const struct value *object,
	const struct place *place, struct result *result)
{
	const struct value *properties = value_find(node, "properties");

	for (size_t i = 0; i < value_count(properties); i++) {
		const struct value_member *property = value_member_at(properties, i);
		const struct value *value = value_find_key(object, property->key);
		const struct place at = { span_of(property->key), place };
		policy_charge(match->context, 1);
		if (value != NULL) {
			match_node(match, property->value, value, &at, result);
		}
	}
}
