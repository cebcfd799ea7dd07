#include "base/value.h"
#include "policy/explain_inside.h"

#define LEAF_EVENTS 400 /* looked at */
#define LEAF_DEPTH 4

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

size_t explain_leaves(const struct explain *it, const struct trace_node *node,
	const struct trace_node **list, size_t most)
{
	struct leaves leaves = { .list = list, .most = most, .events_left = LEAF_EVENTS };

	find_leaves(it, node, &leaves, 0);
	return leaves.count;
}
