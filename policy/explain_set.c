#include <string.h>
#include "base/arena.h"
#include "base/value.h"
#include "policy/explain_inside.h"

#define LEAVES_MOST 16
#define LEAF_EVENTS 400 /* looked at */
#define LEAF_DEPTH 4

/* ---- proposing ---- */

void explain_propose_at(struct explain_flip *flip, bool of_data, const struct value *path, int op,
	const struct value *value, const struct value *before)
{
	struct explain_changes *changes = flip->changes;

	if (changes->count == changes->most || value_count(path) == 0 ||
		(op != CHANGE_REMOVE && value == NULL)) {
		return;
	}
	changes->list[changes->count++] = (struct explain_change){
		.of_data = of_data, .path = path, .op = op, .value = value, .before = before
	};
}

void explain_propose(
	struct explain_flip *flip, const struct trace_node *node, int op, const struct value *value)
{
	const struct trace_node *root;
	const struct value *path =
		node != NULL ? trace_node_path(flip->it->arena, node, &root) : NULL;

	if (path != NULL) {
		explain_propose_at(flip, root->kind == TRACE_DATA, path, op, value, node->value);
	}
}

bool explain_is_of_data(const struct explain_flip *flip, const struct trace_node *node)
{
	const struct trace_node *root = NULL;

	return node != NULL && trace_node_path(flip->it->arena, node, &root) != NULL &&
	       root->kind == TRACE_DATA;
}

/* ---- what a value was made of ---- */

struct leaves {
	const struct trace_node **list;
	size_t most;
	size_t count;
	size_t events_left;
};

static void find_leaves(const struct explain *it, const struct trace_node *node,
	struct leaves *leaves, unsigned depth);

static void leaves_of_call(
	const struct explain *it, uint32_t evaluation, struct leaves *leaves, unsigned depth)
{
	uint32_t at =
		evaluation != TRACE_NONE ? it->trace->evaluations[evaluation].first : TRACE_NONE;

	for (; at != TRACE_NONE && leaves->events_left > 0; at = explain_event(it, at)->next) {
		leaves->events_left--;
		find_leaves(it, explain_event(it, at)->target, leaves, depth + 1);
	}
}

static void find_leaves(const struct explain *it, const struct trace_node *node,
	struct leaves *leaves, unsigned depth)
{
	if (node == NULL || node->value == NULL || depth > LEAF_DEPTH) {
		return;
	}
	if (trace_node_is_place(node)) {
		if (leaves->count < leaves->most && value_type(node->value) < VALUE_ARRAY) {
			leaves->list[leaves->count++] = node;
		}
		return;
	}
	if (node->kind == TRACE_BUILTIN) {
		for (uint32_t i = 0; i < node->arg_count; i++) {
			find_leaves(it, node->args[i], leaves, depth + 1);
		}
	} else if (node->kind == TRACE_CALL) {
		leaves_of_call(it, node->evaluation, leaves, depth);
	} else if (node->kind == TRACE_MEMBER) {
		find_leaves(it, node->of, leaves, depth + 1);
	}
}

static size_t leaves_of(const struct explain *it, const struct trace_node *node,
	const struct trace_node **list, size_t most)
{
	struct leaves leaves = { .list = list, .most = most, .events_left = LEAF_EVENTS };

	find_leaves(it, node, &leaves, 0);
	return leaves.count;
}

/* "kind:idp" is "kind:" and the leaf "idp"; to be "kind:admin", the leaf would be "admin". */
static const struct value *part_of(struct arena *arena, const struct value *leaf,
	const struct value *whole, const struct value *wanted)
{
	if (!value_is(leaf, VALUE_STRING) || !value_is(whole, VALUE_STRING) ||
		!value_is(wanted, VALUE_STRING) || value_size(leaf) == 0) {
		return NULL;
	}
	const char *found = strcasestr(value_text(whole), value_text(leaf));
	if (found == NULL) {
		return NULL;
	}
	size_t before = (size_t)(found - value_text(whole));
	size_t behind = value_size(whole) - before - value_size(leaf);
	if (value_size(wanted) <= before + behind ||
		memcmp(value_text(wanted), value_text(whole), before) != 0 ||
		memcmp(value_text(wanted) + value_size(wanted) - behind, found + value_size(leaf),
			behind) != 0) {
		return NULL;
	}
	return value_of_text_n(
		arena, value_text(wanted) + before, value_size(wanted) - before - behind);
}

/* a + b or a - b would have to be `wanted`: one of the two is that much more or less. */
static bool set_terms(
	struct explain_flip *flip, const struct trace_node *node, const struct value *wanted)
{
	bool is_minus = node->kind == TRACE_BUILTIN && strcmp(node->name, "minus") == 0;
	int64_t is = 0;
	int64_t want = 0;
	int64_t term = 0;

	if (node->kind != TRACE_BUILTIN || (!is_minus && strcmp(node->name, "plus") != 0) ||
		!value_int(node->value, &is) || !value_int(wanted, &want)) {
		return false;
	}
	for (uint32_t i = 0; i < node->arg_count; i++) {
		int64_t more;

		if (node->args[i] != NULL && value_int(node->args[i]->value, &term) &&
			!__builtin_sub_overflow(want, is, &more) &&
			!(is_minus && i == 1 ? __builtin_sub_overflow(term, more, &term)
					     : __builtin_add_overflow(term, more, &term))) {
			explain_set(flip, node->args[i], value_of_int(flip->it->arena, term));
		}
	}
	return true;
}

/* The node would have to be `wanted`: it is a place, or was made of some. */
void explain_set(
	struct explain_flip *flip, const struct trace_node *node, const struct value *wanted)
{
	const struct trace_node *leaves[LEAVES_MOST];

	if (node == NULL || wanted == NULL) {
		return;
	}
	if (trace_node_is_place(node)) {
		explain_propose(flip, node, CHANGE_SET, wanted);
		return;
	}
	if (set_terms(flip, node, wanted)) {
		return;
	}
	size_t count = leaves_of(flip->it, node, leaves, LEAVES_MOST);
	for (size_t i = 0; i < count && node->value != NULL; i++) {
		const struct value *value = leaves[i]->value;

		if (value_is(value, VALUE_NUMBER) && value_equals(value, node->value)) {
			explain_propose(flip, leaves[i], CHANGE_SET, wanted);
		}
		explain_propose(flip, leaves[i], CHANGE_SET,
			part_of(flip->it->arena, value, node->value, wanted));
	}
}
