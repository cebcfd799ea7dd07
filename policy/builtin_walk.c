/*
 * walk, graph.reachable, graph.reachable_paths.
 */
#include "policy/builtin_args.h"

#define POLICY_PATH_LIMIT 1000 /* nodes of one path: each is a call within a call */

/* ---- walk ---- */

struct step {
	const struct step *before;
	const struct value *key;
	size_t depth;
};

/* The keys from the root to here. */
static const struct value *path_of(struct policy_context *context, const struct step *step)
{
	size_t depth = step != NULL ? step->depth : 0;
	const struct value **keys = policy_alloc_array(context, depth, sizeof(*keys));

	for (size_t i = depth; i > 0; i--, step = step->before) {
		keys[i - 1] = step->key;
	}
	return policy_array(context, keys, depth);
}

/* Every part of a value, with its path: quadratic in the depth, so paid as it is made. */
static void walk(struct policy_context *context, const struct value *value, const struct step *step,
	struct builtin_list *list)
{
	const struct value *pair[2] = { path_of(context, step), value };
	enum value_type type = value_type(value);

	builtin_list_add(context, list, policy_array(context, pair, 2));
	for (size_t i = 0; i < value_count(value); i++) {
		bool object = type == VALUE_OBJECT;
		struct step next = { .before = step, .depth = step != NULL ? step->depth + 1 : 1 };
		next.key = object              ? value_member_at(value, i)->key
			   : type == VALUE_SET ? value_at(value, i)
					       : value_of_int(context->arena, (int64_t)i);
		walk(context, object ? value_member_at(value, i)->value : value_at(value, i), &next,
			list);
	}
}

/* An array: the planner goes through what the relation gives by itself. */
const struct value *builtin_walk(struct policy_context *context, const struct value *const *args)
{
	struct builtin_list list = { 0 };

	walk(context, args[0], NULL, &list);
	return builtin_list_array(context, &list);
}

/* ---- graphs: an object from each node to those that it leads to ---- */

static bool is_list(const struct value *value)
{
	return value_is(value, VALUE_ARRAY) || value_is(value, VALUE_SET);
}

/* False: reported. */
static bool graph_args(struct policy_context *context, const struct value *const *args)
{
	return builtin_is(context, args, 0, VALUE_OBJECT) &&
	       builtin_is_any(context, args, 1, 1u << VALUE_ARRAY | 1u << VALUE_SET);
}

const struct value *builtin_graph_reachable(
	struct policy_context *context, const struct value *const *args)
{
	struct builtin_list reached = { 0 };
	struct builtin_list todo = { 0 };

	if (!graph_args(context, args)) {
		return NULL;
	}
	/* Which members of the graph were seen: a node is known by where its edges are. */
	size_t nodes = value_count(args[0]);
	bool *seen = policy_alloc_array(context, nodes + 1, sizeof(*seen));
	for (size_t i = 0; i < nodes; i++) {
		seen[i] = false;
	}
	for (size_t i = 0; i < value_count(args[1]); i++) {
		builtin_list_add(context, &todo, value_at(args[1], i));
	}
	while (todo.count > 0) {
		const struct value *node = todo.items[--todo.count];
		size_t at = builtin_member_index(context, args[0], node);
		if (at == SIZE_MAX || seen[at]) {
			continue;
		}
		seen[at] = true;
		builtin_list_add(context, &reached, node);
		const struct value *edges = value_member_at(args[0], at)->value;
		for (size_t i = 0; is_list(edges) && i < value_count(edges); i++) {
			builtin_list_add(context, &todo, value_at(edges, i));
		}
	}
	return builtin_list_set(context, &reached);
}

struct paths {
	struct policy_context *context;
	const struct value *graph;
	struct builtin_list found;
	bool *on_path; /* by member of the graph */
};

static void add_path(struct paths *paths, const struct step *step)
{
	builtin_list_add(paths->context, &paths->found, path_of(paths->context, step));
}

/* All ways on from a node; there may be exponentially many, and each is paid. */
static void follow(struct paths *paths, const struct value *node, const struct step *before)
{
	size_t at = builtin_member_index(paths->context, paths->graph, node);

	if (at == SIZE_MAX) {
		add_path(paths, before);
		return;
	}
	const struct value *edges = value_member_at(paths->graph, at)->value;
	struct step here = { .before = before, .key = node, .depth = before->depth + 1 };
	if (!is_list(edges) || value_count(edges) == 0) {
		add_path(paths, &here);
		return;
	}
	if (here.depth > POLICY_PATH_LIMIT) {
		builtin_error(paths->context, "a path of more than %d nodes", POLICY_PATH_LIMIT);
		return;
	}
	paths->on_path[at] = true;
	for (size_t i = 0; i < value_count(edges) && !paths->context->failed; i++) {
		size_t next =
			builtin_member_index(paths->context, paths->graph, value_at(edges, i));
		if (next != SIZE_MAX && paths->on_path[next]) {
			add_path(paths, &here);
		} else {
			follow(paths, value_at(edges, i), &here);
		}
	}
	paths->on_path[at] = false;
}

static void follow_from(struct paths *paths, const struct value *node)
{
	size_t at = builtin_member_index(paths->context, paths->graph, node);

	if (at == SIZE_MAX) {
		return;
	}
	const struct value *edges = value_member_at(paths->graph, at)->value;
	struct step start = { .key = node, .depth = 1 };
	if (!is_list(edges) || value_count(edges) == 0) {
		add_path(paths, &start);
		return;
	}
	paths->on_path[at] = true;
	for (size_t i = 0; i < value_count(edges) && !paths->context->failed; i++) {
		/* OPA does not look here whether the neighbour is the start itself. */
		bool self = builtin_member_index(
				    paths->context, paths->graph, value_at(edges, i)) == at;
		paths->on_path[at] = !self;
		follow(paths, value_at(edges, i), &start);
		paths->on_path[at] = true;
	}
	paths->on_path[at] = false;
}

const struct value *builtin_graph_reachable_paths(
	struct policy_context *context, const struct value *const *args)
{
	struct paths paths = { .context = context, .graph = args[0] };

	if (!graph_args(context, args)) {
		return NULL;
	}
	size_t nodes = value_count(args[0]);
	paths.on_path = policy_alloc_array(context, nodes + 1, sizeof(*paths.on_path));
	for (size_t i = 0; i < nodes; i++) {
		paths.on_path[i] = false;
	}
	for (size_t i = 0; i < value_count(args[1]) && !context->failed; i++) {
		follow_from(&paths, value_at(args[1], i));
	}
	return context->failed ? NULL : builtin_list_set(context, &paths.found);
}
