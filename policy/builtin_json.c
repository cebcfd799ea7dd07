/*
 * json.marshal, unmarshal, is_valid, marshal_with_options; json.filter and json.remove.
 */
#include "policy/builtin_json.h"

#include <string.h>
#include "base/buf.h"
#include "base/error.h"

#define DEPTH_LIMIT 256 /* of a text that is read; a value may be some deeper */

/* ---- printing ---- */

const struct value *builtin_json_marshal(
	struct policy_context *context, const struct value *const *args)
{
	struct buf *buf = policy_buf(context, 0);

	builtin_json_write(context, buf, args[0], NULL);
	return policy_text_of_buf(context, buf);
}

/* False: reported. */
static bool read_option(struct policy_context *context, const struct value_member *member,
	struct json_style *style, bool *pretty, bool *asked)
{
	const char *name = value_is(member->key, VALUE_STRING) ? value_text(member->key) : "";
	bool is_pretty = strcmp(name, "pretty") == 0;
	bool is_prefix = strcmp(name, "prefix") == 0;

	if (!is_pretty && !is_prefix && strcmp(name, "indent") != 0) {
		builtin_error(context, "operand 2 object contained unknown key %s", name);
		return false;
	}
	if (is_pretty) {
		if (!value_is(member->value, VALUE_BOOL)) {
			builtin_error(context, "operand 2 key pretty failed cast to bool");
			return false;
		}
		*pretty = value_bool(member->value);
		*asked = true;
		return true;
	}
	if (!value_is(member->value, VALUE_STRING)) {
		builtin_error(context, "operand 2 key %s failed cast to string", name);
		return false;
	}
	*(is_prefix ? &style->prefix : &style->indent) = span_of(member->value);
	*pretty = *pretty || !*asked;
	return true;
}

const struct value *builtin_json_marshal_with_options(
	struct policy_context *context, const struct value *const *args)
{
	struct json_style style = { .prefix = { "", 0 }, .indent = { "\t", 1 } };
	bool pretty = false;
	bool asked = false;

	if (!builtin_is(context, args, 1, VALUE_OBJECT)) {
		return NULL;
	}
	for (size_t i = 0; i < value_count(args[1]); i++) {
		if (!read_option(context, value_member_at(args[1], i), &style, &pretty, &asked)) {
			return NULL;
		}
	}
	const struct value *asked_for = value_find(args[1], "pretty");
	pretty = asked_for != NULL ? value_bool(asked_for) : pretty;
	struct buf *buf = policy_buf(context, 0);
	if (pretty) {
		builtin_append(context, buf, style.prefix.at, style.prefix.size);
	}
	builtin_json_write(context, buf, args[0], pretty ? &style : NULL);
	return policy_text_of_buf(context, buf);
}

/* ---- reading ---- */

/* NULL: it is no JSON, or too deep; *err says which. */
static const struct value *parse(
	struct policy_context *context, struct span text, struct error *err)
{
	struct value_limits limits = { .bytes = SIZE_MAX,
		.depth = DEPTH_LIMIT,
		.values = SIZE_MAX,
		.allow_nul = true,
		.last_twin = true };

	/* "[0,0,0]": a value for two bytes, of some 24 bytes and more for its place. */
	policy_charge(context, 10 + text.size);
	policy_charge_bytes(context, 256 + text.size * 40);
	return value_parse(context->arena, text.at, text.size, &limits, err);
}

const struct value *builtin_json_read(struct policy_context *context, struct span text)
{
	struct error err = { 0 };
	const struct value *value = parse(context, text, &err);

	return value != NULL ? value : builtin_error(context, "%s", err.text);
}

const struct value *builtin_json_unmarshal(
	struct policy_context *context, const struct value *const *args)
{
	return builtin_is(context, args, 0, VALUE_STRING)
		       ? builtin_json_read(context, span_of(args[0]))
		       : NULL;
}

const struct value *builtin_json_is_valid(
	struct policy_context *context, const struct value *const *args)
{
	struct error err = { 0 };

	if (!value_is(args[0], VALUE_STRING)) {
		return value_of_bool(false);
	}
	bool valid = parse(context, span_of(args[0]), &err) != NULL;
	if (!valid && err.code == ERROR_TOO_LARGE) {
		return builtin_error(context, "%s", err.text); /* it may be valid */
	}
	return value_of_bool(valid);
}

/* ---- filter and remove: a list of paths as a tree whose leaves are null ---- */

/*
 * Adds one path to the tree: a leaf takes all that is below it. An empty path says nothing.
 * Paths have few parts, so a tree is made anew along each.
 */
static const struct value *tree_with(struct policy_context *context, const struct value *tree,
	const struct json_path *path, size_t at)
{
	if (at == path->count || value_is(tree, VALUE_NULL)) {
		return value_null();
	}
	struct builtin_members members = { 0 };
	const struct value *child = NULL;
	for (size_t i = 0; i < value_count(tree); i++) {
		const struct value_member *member = value_member_at(tree, i);
		builtin_members_add(context, &members, member->key, member->value);
	}
	if (tree != NULL) {
		child = policy_lookup(context, tree, path->parts[at]);
	}
	builtin_members_add(
		context, &members, path->parts[at], tree_with(context, child, path, at + 1));
	return builtin_members_object(context, &members);
}

/* NULL: reported. */
static const struct value *tree_of(struct policy_context *context, const struct value *const *args)
{
	const struct value *tree = policy_object(context, NULL, 0);

	if (!builtin_is_any(context, args, 1, 1u << VALUE_SET | 1u << VALUE_ARRAY)) {
		return NULL;
	}
	for (size_t i = 0; i < value_count(args[1]); i++) {
		struct json_path path;
		if (!builtin_json_path(context, value_at(args[1], i), &path)) {
			return NULL;
		}
		if (path.count > 0) {
			tree = tree_with(context, tree, &path, 0);
		}
	}
	return tree;
}

/* Index i as the text by which paths name it. */
static const struct value *index_text(struct policy_context *context, size_t index)
{
	policy_charge(context, 2);
	return value_printf(context->arena, "%zu", index);
}

/* What tree names of value (keep), or all but that; NULL: nothing is left. */
static const struct value *prune(struct policy_context *context, const struct value *value,
	const struct value *tree, bool keep)
{
	struct builtin_members members = { 0 };
	struct builtin_list list = { 0 };
	enum value_type type = value_type(value);

	if (tree == NULL) {
		return keep ? NULL : value;
	}
	if (value_is(tree, VALUE_NULL)) {
		return keep ? value : NULL;
	}
	policy_charge(context, 1 + value_count(value));
	for (size_t i = 0; i < value_count(value); i++) {
		const struct value_member *member =
			type == VALUE_OBJECT ? value_member_at(value, i) : NULL;
		const struct value *item = member != NULL ? member->value : value_at(value, i);
		const struct value *name = member != NULL      ? member->key
					   : type == VALUE_SET ? item
							       : index_text(context, i);
		const struct value *left =
			prune(context, item, policy_lookup(context, tree, name), keep);
		if (left != NULL && member != NULL) {
			builtin_members_add(context, &members, member->key, left);
		} else if (left != NULL) {
			builtin_list_add(context, &list, left);
		}
	}
	return type == VALUE_OBJECT  ? builtin_members_object(context, &members)
	       : type == VALUE_SET   ? builtin_list_set(context, &list)
	       : type == VALUE_ARRAY ? builtin_list_array(context, &list)
				     : value;
}

static const struct value *prune_object(
	struct policy_context *context, const struct value *const *args, bool keep)
{
	if (!builtin_is(context, args, 0, VALUE_OBJECT)) {
		return NULL;
	}
	const struct value *tree = tree_of(context, args);
	return tree != NULL ? prune(context, args[0], tree, keep) : NULL;
}

const struct value *builtin_json_filter(
	struct policy_context *context, const struct value *const *args)
{
	return prune_object(context, args, true);
}

const struct value *builtin_json_remove(
	struct policy_context *context, const struct value *const *args)
{
	return prune_object(context, args, false);
}
