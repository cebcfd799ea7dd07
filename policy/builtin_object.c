/*
 * object.*
 */
#include "policy/builtin_args.h"

const struct value *builtin_object_get(
	struct policy_context *context, const struct value *const *args)
{
	const struct value *found = args[0];

	if (!builtin_is(context, args, 0, VALUE_OBJECT)) {
		return NULL;
	}
	if (!value_is(args[1], VALUE_ARRAY)) {
		found = policy_lookup(context, args[0], args[1]);
		return found != NULL ? found : args[2];
	}
	for (size_t i = 0; i < value_count(args[1]) && found != NULL; i++) {
		policy_charge(context, 1);
		found = policy_lookup(context, found, value_at(args[1], i));
	}
	return found != NULL ? found : args[2];
}

const struct value *builtin_object_keys(
	struct policy_context *context, const struct value *const *args)
{
	struct builtin_list list = { 0 };

	if (!builtin_is(context, args, 0, VALUE_OBJECT)) {
		return NULL;
	}
	for (size_t i = 0; i < value_count(args[0]); i++) {
		builtin_list_add(context, &list, value_member_at(args[0], i)->key);
	}
	return builtin_list_set(context, &list);
}

/* The keys that an array, a set or an object names, as a set; NULL: reported. */
static const struct value *keys_of(struct policy_context *context, const struct value *const *args)
{
	const struct value *keys = args[1];
	struct builtin_list list = { 0 };

	if (!builtin_is_any(
		    context, args, 1, 1u << VALUE_OBJECT | 1u << VALUE_SET | 1u << VALUE_ARRAY)) {
		return NULL;
	}
	if (value_is(keys, VALUE_SET)) {
		return keys;
	}
	for (size_t i = 0; i < value_count(keys); i++) {
		builtin_list_add(context, &list,
			value_is(keys, VALUE_OBJECT) ? value_member_at(keys, i)->key
						     : value_at(keys, i));
	}
	return builtin_list_set(context, &list);
}

static const struct value *pick(
	struct policy_context *context, const struct value *const *args, bool keep)
{
	struct builtin_members members = { 0 };

	if (!builtin_is(context, args, 0, VALUE_OBJECT)) {
		return NULL;
	}
	const struct value *keys = keys_of(context, args);
	if (keys == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < value_count(args[0]); i++) {
		const struct value_member *member = value_member_at(args[0], i);
		policy_charge(context, 1);
		if ((policy_lookup(context, keys, member->key) != NULL) == keep) {
			builtin_members_add(context, &members, member->key, member->value);
		}
	}
	return builtin_members_object(context, &members);
}

const struct value *builtin_object_remove(
	struct policy_context *context, const struct value *const *args)
{
	return pick(context, args, false);
}

const struct value *builtin_object_filter(
	struct policy_context *context, const struct value *const *args)
{
	return pick(context, args, true);
}

/* ---- union ---- */

/* Members of both; where both are objects their union, else b's. Depth is that of the values. */
static const struct value *merge(
	struct policy_context *context, const struct value *a, const struct value *b)
{
	struct builtin_members members = { 0 };

	policy_charge(context, 1);
	if (!value_is(a, VALUE_OBJECT) || !value_is(b, VALUE_OBJECT)) {
		return b;
	}
	if (value_count(a) == 0 || value_count(b) == 0 || a == b) {
		return value_count(a) == 0 ? b : a;
	}
	for (size_t i = 0; i < value_count(a); i++) {
		const struct value_member *member = value_member_at(a, i);
		const struct value *other = policy_lookup(context, b, member->key);
		builtin_members_add(context, &members, member->key,
			other != NULL ? merge(context, member->value, other) : member->value);
	}
	for (size_t i = 0; i < value_count(b); i++) {
		const struct value_member *member = value_member_at(b, i);
		if (policy_lookup(context, a, member->key) == NULL) {
			builtin_members_add(context, &members, member->key, member->value);
		}
	}
	return builtin_members_object(context, &members);
}

const struct value *builtin_object_union(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_is(context, args, 0, VALUE_OBJECT) ||
		!builtin_is(context, args, 1, VALUE_OBJECT)) {
		return NULL;
	}
	return merge(context, args[0], args[1]);
}

const struct value *builtin_object_union_n(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_is(context, args, 0, VALUE_ARRAY)) {
		return NULL;
	}
	for (size_t i = 0; i < value_count(args[0]); i++) {
		if (!value_is(value_at(args[0], i), VALUE_OBJECT)) {
			return builtin_item_error(context, args, 0, value_at(args[0], i), "object");
		}
	}
	if (value_count(args[0]) == 0) {
		return policy_object(context, NULL, 0);
	}
	const struct value *result = value_at(args[0], 0);
	for (size_t i = 1; i < value_count(args[0]); i++) {
		result = merge(context, result, value_at(args[0], i));
	}
	return result;
}

/* ---- subset ---- */

static bool set_holds(
	struct policy_context *context, const struct value *super, const struct value *sub)
{
	for (size_t i = 0; i < value_count(sub); i++) {
		policy_charge(context, 1);
		if (policy_lookup(context, super, value_at(sub, i)) == NULL) {
			return false;
		}
	}
	return true;
}

/* The whole of sub stands in a row within super. */
static bool array_holds(
	struct policy_context *context, const struct value *super, const struct value *sub)
{
	size_t size = value_count(sub);

	for (size_t i = 0; i + size <= value_count(super); i++) {
		size_t k = 0;
		policy_charge(context, 1);
		while (k < size &&
			policy_equals(context, value_at(super, i + k), value_at(sub, k))) {
			k++;
		}
		if (k == size) {
			return true;
		}
	}
	return false;
}

/* Every item of the set stands somewhere in the array; OPA says no for an empty array. */
static bool array_holds_set(
	struct policy_context *context, const struct value *super, const struct value *sub)
{
	struct builtin_list list = { 0 };

	for (size_t i = 0; i < value_count(super); i++) {
		builtin_list_add(context, &list, value_at(super, i));
	}
	return value_count(super) > 0 && set_holds(context, builtin_list_set(context, &list), sub);
}

static bool object_holds(
	struct policy_context *context, const struct value *super, const struct value *sub)
{
	for (size_t i = 0; i < value_count(sub); i++) {
		const struct value_member *member = value_member_at(sub, i);
		policy_charge(context, 1);
		const struct value *there = policy_lookup(context, super, member->key);
		if (there == NULL) {
			return false;
		}
		if (policy_equals(context, there, member->value)) {
			continue;
		}
		enum value_type type = value_type(there);
		if (type != value_type(member->value)) {
			return false;
		}
		bool holds = type == VALUE_OBJECT  ? object_holds(context, there, member->value)
			     : type == VALUE_SET   ? set_holds(context, there, member->value)
			     : type == VALUE_ARRAY ? array_holds(context, there, member->value)
						   : false;
		if (!holds) {
			return false;
		}
	}
	return true;
}

const struct value *builtin_object_subset(
	struct policy_context *context, const struct value *const *args)
{
	enum value_type super = value_type(args[0]);
	enum value_type sub = value_type(args[1]);

	if (super == VALUE_OBJECT && sub == VALUE_OBJECT) {
		return value_of_bool(object_holds(context, args[0], args[1]));
	}
	if (super == VALUE_SET && sub == VALUE_SET) {
		return value_of_bool(set_holds(context, args[0], args[1]));
	}
	if (super == VALUE_ARRAY && sub == VALUE_ARRAY) {
		return value_of_bool(array_holds(context, args[0], args[1]));
	}
	if (super == VALUE_ARRAY && sub == VALUE_SET) {
		return value_of_bool(array_holds_set(context, args[0], args[1]));
	}
	return builtin_error(
		context, "both arguments object.subset must be of the same type or array and set");
}
