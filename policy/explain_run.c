#include "policy/explain_inside.h"

#include "base/arena.h"
#include "base/value.h"
#include "policy/ir.h"

/* A loop whose body is the rest of the rule goes round: what comes is about another item. */
static bool goes_round(const struct explain *it, uint32_t event)
{
	return explain_event(it, event)->shape == TRACE_NEXT && explain_point(it, event)->leads;
}

static bool begins_run(const struct explain *it, uint32_t event, uint32_t before)
{
	uint32_t number = it->outer[explain_event(it, event)->point];

	if (before == TRACE_NONE || it->outer[explain_event(it, before)->point] != number) {
		return true;
	}
	return goes_round(it, event) && explain_event(it, before)->shape != TRACE_SCANS;
}

struct explain_run *explain_runs_before(const struct explain *it, uint32_t body, uint32_t event)
{
	const struct explain_body *rule = &it->bodies[body];
	const struct trace_evaluation *evaluation =
		&it->trace->evaluations[explain_event(it, event)->evaluation];
	struct explain_run *runs =
		arena_alloc(it->arena, (rule->condition_count + 1) * sizeof(*runs));
	uint32_t before = TRACE_NONE;

	for (uint32_t i = 0; i < rule->condition_count; i++) {
		runs[i] = (struct explain_run){ TRACE_NONE, TRACE_NONE };
	}
	for (uint32_t at = evaluation->first; at != TRACE_NONE && at <= event;
		at = explain_event(it, at)->next) {
		uint32_t point = explain_event(it, at)->point;

		if (it->body_of[point] != body) {
			before = TRACE_NONE;
			continue;
		}
		if (it->outer[point] != EXPLAIN_HEAD) {
			struct explain_run *run = &runs[it->outer[point]];

			run->first = begins_run(it, at, before) ? at : run->first;
			run->last = at;
		}
		before = at;
	}
	return runs;
}

uint32_t explain_fired(const struct explain *it, uint32_t evaluation, uint32_t body, uint32_t after)
{
	uint32_t at = after == TRACE_NONE ? it->trace->evaluations[evaluation].first
					  : explain_event(it, after)->next;

	for (; at != TRACE_NONE; at = explain_event(it, at)->next) {
		if (it->body_of[explain_event(it, at)->point] == body &&
			explain_point(it, at)->is_head &&
			explain_event(it, at)->outcome == TRACE_PASSED) {
			return at;
		}
	}
	return TRACE_NONE;
}

/* Nothing of this body comes behind it, but for the next item. */
static bool ends_there(const struct explain *it, uint32_t event, uint32_t body)
{
	uint32_t behind = explain_event(it, event)->next;

	if (behind == TRACE_NONE || it->body_of[explain_event(it, behind)->point] != body) {
		return true;
	}
	return goes_round(it, behind) && explain_event(it, event)->shape != TRACE_SCANS;
}

static bool is_stop(const struct explain *it, uint32_t event, uint32_t body)
{
	const struct trace_event *at = explain_event(it, event);
	bool was_true = explain_point(it, event)->is_head && at->outcome == TRACE_PASSED;
	bool was_last_item = goes_round(it, event) && at->outcome == TRACE_LEFT;

	return ends_there(it, event, body) && !was_true && !was_last_item &&
	       at->outcome != TRACE_RUNNING;
}

/* Of many, those that came furthest are told. */
static void keep(
	struct explain_stop *stops, size_t *kept, size_t most, const struct explain_stop *stop)
{
	size_t at = *kept;

	while (at > 0 && stop->condition > stops[at - 1].condition) {
		at--;
	}
	if (at >= most) {
		return;
	}
	if (*kept < most) {
		++*kept;
	}
	for (size_t i = *kept - 1; i > at; i--) {
		stops[i] = stops[i - 1];
	}
	stops[at] = *stop;
}

size_t explain_stops(const struct explain *it, uint32_t evaluation, uint32_t body,
	struct explain_stop *stops, size_t most)
{
	uint32_t before = TRACE_NONE;
	uint32_t start = TRACE_NONE;
	size_t count = 0;
	size_t kept = 0;

	for (uint32_t at = it->trace->evaluations[evaluation].first; at != TRACE_NONE;
		at = explain_event(it, at)->next) {
		uint32_t point = explain_event(it, at)->point;

		if (it->body_of[point] != body) {
			continue;
		}
		start = begins_run(it, at, before) ? at : start;
		if (is_stop(it, at, body)) {
			struct explain_stop stop = { it->outer[point], { start, at } };

			keep(stops, &kept, most, &stop);
			count++;
		}
		before = at;
	}
	return count;
}

bool explain_is_true(const struct value *value)
{
	if (value == NULL || value == value_of_bool(false)) {
		return false;
	}
	if (value_is(value, VALUE_BOOL)) {
		return value_bool(value);
	}
	return value_type(value) < VALUE_ARRAY || value_count(value) > 0;
}

uint32_t explain_head_of(const struct explain *it, uint32_t body, uint32_t event)
{
	uint32_t at = it->trace->evaluations[explain_event(it, event)->evaluation].first;

	while (at < event && it->body_of[explain_event(it, at)->point] != body) {
		at = explain_event(it, at)->next;
	}
	return at;
}

const struct trace_node *explain_maker(const struct explain *it, uint32_t event)
{
	const struct trace_event *at = explain_event(it, event);
	const struct trace_point *point = explain_point(it, event);

	if (!point->is_head || at->outcome != TRACE_PASSED ||
		!it->bodies[it->body_of[at->point]].is_rule) {
		return NULL;
	}
	return point->kind == IR_OBJECT_INSERT_ONCE ? at->b : at->a;
}

const struct value *explain_made(const struct explain *it, uint32_t event)
{
	const struct trace_node *node = explain_maker(it, event);

	return node != NULL ? node->value : NULL;
}

uint32_t explain_source(const struct explain *it, const struct trace_node *node)
{
	if (node == NULL || node->kind != TRACE_MEMBER || node->value == NULL ||
		value_type(node->value) < VALUE_ARRAY || trace_node_is_place(node)) {
		return TRACE_NONE;
	}
	size_t low = 0;
	size_t high = it->result_count;
	while (low < high) { /* the first of that address */
		size_t middle = low + (high - low) / 2;

		if ((uintptr_t)it->results[middle].value < (uintptr_t)node->value) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < it->result_count && it->results[low].value == node->value
		       ? it->results[low].evaluation
		       : TRACE_NONE;
}

/* Of a builtin's arguments as well: count(reasons). */
static void add_source(const struct explain *it, const struct trace_node *node, uint32_t *list,
	size_t most, size_t *count)
{
	uint32_t source = explain_source(it, node);

	if (source != TRACE_NONE && *count < most) {
		list[(*count)++] = source;
	}
	for (uint32_t i = 0; node != NULL && node->kind == TRACE_BUILTIN && i < node->arg_count;
		i++) {
		if (node->args[i] != NULL && node->args[i]->kind == TRACE_MEMBER) {
			add_source(it, node->args[i], list, most, count);
		}
	}
}

size_t explain_rules_of(const struct explain *it, uint32_t event, uint32_t *list, size_t most)
{
	const struct trace_event *at = explain_event(it, event);
	size_t count = 0;

	if (at->child != TRACE_NONE && most > 0) {
		list[count++] = at->child;
	}
	add_source(it, at->a, list, most, &count);
	add_source(it, at->b, list, most, &count);
	add_source(it, at->target, list, most, &count);
	return count;
}

size_t explain_handed_on(
	const struct explain *it, uint32_t evaluation, uint32_t body, uint32_t *list, size_t most)
{
	size_t count = 0;

	for (uint32_t at = it->trace->evaluations[evaluation].first;
		at != TRACE_NONE && count < most; at = explain_event(it, at)->next) {
		const struct trace_event *event = explain_event(it, at);

		if (it->body_of[event->point] == body && it->outer[event->point] == EXPLAIN_HEAD &&
			event->child != TRACE_NONE) {
			list[count++] = event->child;
		}
	}
	return count;
}

bool explain_was_not_needed(const struct explain *it, uint32_t evaluation, uint32_t body)
{
	struct explain_stop stop;

	return it->program->traced[it->bodies[body].first].kind == IR_IS_UNDEFINED &&
	       explain_stops(it, evaluation, body, &stop, 1) > 0 &&
	       stop.condition == EXPLAIN_HEAD &&
	       explain_event(it, stop.run.last)->point == it->bodies[body].first;
}
