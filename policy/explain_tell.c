#include "policy/explain_inside.h"

#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/value.h"
#include "policy/ir.h"

#define PREVIEW_BYTES 240
#define NODES_MOST 64
#define RULES_OF_SET 5 /* of one set or object that were true */

/* ---- values ---- */

/* What a run touched, without what only led there (input.after on the way to its member). */
struct nodes {
	const struct trace_node *list[NODES_MOST];
	size_t count;
	const struct trace_node *ways[NODES_MOST];
	size_t way_count;
};

static void add_way(struct nodes *nodes, const struct trace_node *node)
{
	if (node != NULL && nodes->way_count < NODES_MOST) {
		nodes->ways[nodes->way_count++] = node;
	}
}

static void add_node(struct nodes *nodes, const struct trace_node *node)
{
	if (node == NULL) {
		return;
	}
	if (node->kind == TRACE_BUILTIN) {
		for (uint32_t i = 0; i < node->arg_count; i++) {
			if (node->args[i] != NULL && node->args[i]->kind != TRACE_BUILTIN) {
				add_node(nodes, node->args[i]);
			}
		}
		return;
	}
	if ((node->kind == TRACE_MEMBER || node->kind == TRACE_CALL) && nodes->count < NODES_MOST) {
		nodes->list[nodes->count++] = node;
	}
}

static void gather(const struct explain *it, struct explain_run run, struct nodes *nodes)
{
	*nodes = (struct nodes){ .count = 0 };
	for (uint32_t at = run.first; at != TRACE_NONE; at = explain_event(it, at)->next) {
		const struct trace_event *event = explain_event(it, at);

		if (event->shape == TRACE_NEXT && event->target != NULL) {
			add_way(nodes, event->target->of); /* the item says more than the list */
		}
		if (event->shape == TRACE_TAKES_MEMBER) {
			add_way(nodes, event->a);
			add_node(nodes, event->b);
		} else {
			add_node(nodes, event->a);
			add_node(nodes, event->b);
		}
		add_node(nodes, event->target);
		if (at == run.last) {
			break;
		}
	}
}

static bool is_way(const struct nodes *nodes, const struct trace_node *node)
{
	for (size_t i = 0; i < nodes->way_count; i++) {
		if (nodes->ways[i] == node) {
			return true;
		}
	}
	return false;
}

static bool is_told(const struct value_builder *values, const char *name)
{
	for (size_t i = 0; i < values->count; i++) {
		const char *other = value_find_text(values->members[i].value, "ref");

		if (other != NULL && strcmp(other, name) == 0) {
			return true;
		}
	}
	return false;
}

static const struct value *tell_value(
	const struct explain *it, const char *name, const struct value *value)
{
	CLEANUP(buf_fini) struct buf text = { 0 };
	struct value_charge charge = { .left = 100000 };
	struct value_builder told = { .arena = it->arena };

	value_add_text(&told, "ref", name);
	if (value == NULL) {
		value_add(&told, "undefined", value_of_bool(true));
	} else if (value_print_charged(&text, value, EXPLAIN_VALUE_BYTES, &charge)) {
		value_add(&told, "value", value);
	} else {
		value_add_text(&told, "preview", value_preview(it->arena, value, PREVIEW_BYTES));
		value_add_int(&told, "items", (int64_t)value_count(value));
	}
	return value_finish_object(&told);
}

static const struct value *tell_values(struct explain *it, struct explain_run run)
{
	struct value_builder values = { .arena = it->arena };
	struct nodes nodes;

	gather(it, run, &nodes);
	for (size_t i = 0; i < nodes.count && values.count < EXPLAIN_VALUES; i++) {
		const char *name = is_way(&nodes, nodes.list[i])
					   ? NULL
					   : trace_node_name(it->arena, nodes.list[i]);

		if (name != NULL && !is_told(&values, name)) {
			value_add_item(&values, tell_value(it, name, nodes.list[i]->value));
		}
	}
	return value_finish_array(&values);
}

/* ---- rules that a condition asked ---- */

static bool is_true(const struct explain *it, uint32_t evaluation)
{
	return explain_is_true(it->trace->evaluations[evaluation].result);
}

static void tell_rule(
	struct explain *it, uint32_t evaluation, unsigned depth, struct value_builder *clauses);

/* A rule without a condition hands on what others say: those that say the same are told. */
static void tell_handed_on(struct explain *it, uint32_t evaluation, uint32_t body, unsigned depth,
	struct value_builder *clauses)
{
	uint32_t list[EXPLAIN_RULES];
	size_t count = explain_handed_on(it, evaluation, body, list, EXPLAIN_RULES);

	for (size_t i = 0; i < count && depth < EXPLAIN_DEPTH; i++) {
		if (is_true(it, list[i]) == is_true(it, evaluation)) {
			tell_rule(it, list[i], depth + 1, clauses);
		}
	}
}

static void tell_fired(struct explain *it, uint32_t evaluation, uint32_t body, unsigned depth,
	struct value_builder *clauses)
{
	uint32_t event = explain_fired(it, evaluation, body, TRACE_NONE);

	if (it->bodies[body].condition_count == 0) {
		tell_handed_on(it, evaluation, body, depth, clauses);
		return;
	}
	for (int i = 0; i < RULES_OF_SET && event != TRACE_NONE; i++) {
		value_add_item(clauses, explain_clause(it, body, event, depth));
		event = explain_fired(it, evaluation, body, event);
	}
}

/* Why the rule was, or was not. Once: what was told stands above. */
static void tell_rule(
	struct explain *it, uint32_t evaluation, unsigned depth, struct value_builder *clauses)
{
	uint32_t count;
	uint32_t first = explain_bodies_of(it, it->trace->evaluations[evaluation].function, &count);

	if (it->shown[evaluation]) {
		return;
	}
	it->shown[evaluation] = true;
	for (uint32_t i = first; i < first + count; i++) {
		bool fired = explain_fired(it, evaluation, i, TRACE_NONE) != TRACE_NONE;

		if (it->bodies[i].is_rule && fired) {
			tell_fired(it, evaluation, i, depth, clauses);
		} else if (it->bodies[i].is_rule && !is_true(it, evaluation)) {
			value_add_item(clauses, explain_stopped(it, evaluation, i, depth));
		}
	}
}

static const struct value *because(
	struct explain *it, struct explain_run run, bool holds, bool is_negated, unsigned depth)
{
	struct value_builder clauses = { .arena = it->arena };

	for (uint32_t at = run.first; at != TRACE_NONE && depth < EXPLAIN_DEPTH;
		at = explain_event(it, at)->next) {
		uint32_t list[EXPLAIN_RULES];
		size_t count = explain_rules_of(it, at, list, EXPLAIN_RULES);

		for (size_t i = 0; i < count; i++) {
			/* `count(deny) == 0` holds because nothing is there: nothing explains it.
			 */
			bool is_wanted = is_negated || !holds;

			if (is_true(it, list[i]) || (is_wanted && !it->only_true)) {
				tell_rule(it, list[i], depth + 1, &clauses);
			}
		}
		if (at == run.last) {
			break;
		}
	}
	return clauses.count > 0 ? value_finish_array(&clauses) : NULL;
}

/* ---- conditions and clauses ---- */

const struct value *explain_condition(struct explain *it, uint32_t body, uint32_t condition,
	struct explain_run run, bool holds, unsigned depth)
{
	const struct explain_body *rule = &it->bodies[body];
	uint32_t at = condition == EXPLAIN_HEAD ? rule->first : rule->conditions[condition];
	const struct trace_point *point = &it->program->traced[at];
	bool is_negated = condition != EXPLAIN_HEAD && explain_is_not(it, body, condition);
	struct value_builder told = { .arena = it->arena };

	value_add_int(&told, "line", point->place.row);
	value_add_int(&told, "column", point->place.col);
	value_add_text(&told, "text",
		condition == EXPLAIN_HEAD ? explain_text(it, point)
					  : explain_condition_text(it, body, condition));
	value_add(&told, "holds", value_of_bool(holds));
	if (run.first != TRACE_NONE) {
		value_add(&told, "values", tell_values(it, run));
		value_add(&told, "because", because(it, run, holds, is_negated, depth));
	}
	return value_finish_object(&told);
}

static void tell_head(struct explain *it, uint32_t body, bool holds, struct value_builder *told)
{
	const struct explain_body *rule = &it->bodies[body];
	const struct trace_point *head = &it->program->traced[rule->first];

	value_add_text(
		told, "rule", trace_function_name(trace_function(it->program, rule->function)));
	value_add_text(told, "file", explain_file(it, head));
	value_add_int(told, "line", head->place.row);
	value_add_text(told, "text", explain_text(it, head));
	value_add(told, "holds", value_of_bool(holds));
}

/* NULL: the head needs nothing of input and data. */
static const struct value *tell_needs(
	struct explain *it, uint32_t body, uint32_t event, unsigned depth)
{
	struct explain_run run = { explain_head_of(it, body, event), event };
	const struct value *told = explain_condition(it, body, EXPLAIN_HEAD, run, true, depth);

	return value_count(value_find(told, "values")) > 0 ? told : NULL;
}

/* A default, or an `else`: the rules before it which were not true. */
static const struct value *instead_of(
	struct explain *it, uint32_t body, uint32_t event, unsigned depth)
{
	uint32_t evaluation = explain_event(it, event)->evaluation;
	struct value_builder others = { .arena = it->arena };
	uint32_t count;
	uint32_t first = explain_bodies_of(it, it->bodies[body].function, &count);

	if (it->program->traced[it->bodies[body].first].kind != IR_IS_UNDEFINED ||
		depth >= EXPLAIN_DEPTH) {
		return NULL;
	}
	for (uint32_t i = first; i < body; i++) {
		if (it->bodies[i].is_rule) {
			value_add_item(&others, explain_stopped(it, evaluation, i, depth + 1));
		}
	}
	return others.count > 0 ? value_finish_array(&others) : NULL;
}

const struct value *explain_clause(
	struct explain *it, uint32_t body, uint32_t event, unsigned depth)
{
	const struct explain_body *rule = &it->bodies[body];
	struct explain_run *runs = explain_runs_before(it, body, event);
	struct value_builder told = { .arena = it->arena };
	struct value_builder conditions = { .arena = it->arena };

	if (it->clauses_left == 0) {
		return NULL;
	}
	it->clauses_left--;
	tell_head(it, body, true, &told);
	for (uint32_t i = 0; i < rule->condition_count; i++) {
		value_add_item(&conditions, explain_condition(it, body, i, runs[i], true, depth));
	}
	if (rule->condition_count == 0) { /* what the head needs has to be there */
		value_add_item(&conditions, tell_needs(it, body, event, depth));
	}
	value_add(&told, "conditions", value_finish_array(&conditions));
	value_add(&told, "instead_of", instead_of(it, body, event, depth));
	return value_finish_object(&told);
}

const struct value *explain_stopped(
	struct explain *it, uint32_t evaluation, uint32_t body, unsigned depth)
{
	struct explain_stop stops[EXPLAIN_STOPS];
	size_t times = explain_stops(it, evaluation, body, stops, EXPLAIN_STOPS);
	struct value_builder told = { .arena = it->arena };
	struct value_builder where = { .arena = it->arena };

	if (times == 0 || it->clauses_left == 0 || explain_was_not_needed(it, evaluation, body)) {
		return NULL;
	}
	it->clauses_left--;
	tell_head(it, body, false, &told);
	for (size_t i = 0; i < times && i < EXPLAIN_STOPS; i++) {
		const struct value *stop =
			explain_condition(it, body, stops[i].condition, stops[i].run, false, depth);
		bool is_new = where.count == 0 ||
			      !value_equals(where.members[where.count - 1].value, stop);

		value_add_item(&where, is_new ? stop : NULL);
	}
	value_add(&told, "stopped", value_finish_array(&where));
	value_add_int(&told, "times", (int64_t)times);
	return value_finish_object(&told);
}
