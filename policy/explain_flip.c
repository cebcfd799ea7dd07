/*
 * Which single values decide a condition, and what they would have to be. Proposals only: each is
 * tried before anybody hears of it (explain_try.c), so a guess that is wrong costs some
 * microseconds.
 */
#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/value.h"
#include "policy/builtin.h"
#include "policy/eval.h"
#include "policy/explain_inside.h"
#include "policy/ir.h"

#define ITEMS_MOST 3 /* of a list that something could be in */

/* ---- kinds of tests ---- */

static void flip_bool(struct explain_flip *flip, const struct trace_node *node)
{
	if (node != NULL && value_is(node->value, VALUE_BOOL)) {
		explain_set(flip, node, value_of_bool(!value_bool(node->value)));
	}
}

static void flip_equal(struct explain_flip *flip, const struct trace_node *a,
	const struct trace_node *b, bool want)
{
	if (a == NULL || b == NULL) {
		return;
	}
	if (want) {
		explain_set(flip, a, b->value);
		explain_set(flip, b, a->value);
	} else {
		flip_bool(flip, a);
		flip_bool(flip, b);
	}
}

/* a < b and its kin, as a set of ORDER_…: what of a whole number would do. */
static void flip_order(struct explain_flip *flip, unsigned allowed, const struct trace_node *a,
	const struct trace_node *b)
{
	struct arena *arena = flip->it->arena;
	int64_t x = 0;
	int64_t y = 0;

	if (a == NULL || b == NULL || !value_int(a->value, &x) || !value_int(b->value, &y)) {
		return;
	}
	int64_t step = (allowed & ORDER_EQUAL) != 0 ? 0 : (allowed & ORDER_LESS) != 0 ? -1 : 1;
	if (x > INT64_MIN && x < INT64_MAX && y > INT64_MIN && y < INT64_MAX) {
		explain_set(flip, b, value_of_int(arena, x - step));
		explain_set(flip, a, value_of_int(arena, y + step));
	}
}

static void flip_member(struct explain_flip *flip, const struct trace_node *item,
	const struct trace_node *list, bool want)
{
	if (item == NULL || list == NULL || item->value == NULL) {
		return;
	}
	if (explain_is_of_data(flip, list)) {
		explain_propose(flip, list, want ? CHANGE_ADD : CHANGE_REMOVE, item->value);
	}
	for (size_t i = 0; want && i < value_count(list->value) && i < ITEMS_MOST; i++) {
		explain_set(flip, item,
			value_is(list->value, VALUE_OBJECT) ? value_member_at(list->value, i)->value
							    : value_at(list->value, i));
	}
}

/* Comparisons are builtins where their result is kept. */
static void flip_builtin(struct explain_flip *flip, const struct trace_node *node, bool want)
{
	static const struct {
		const char *name;
		unsigned allowed;
	} orders[] = {
		{ "lt", ORDER_LESS },
		{ "lte", ORDER_LESS | ORDER_EQUAL },
		{ "gt", ORDER_GREATER },
		{ "gte", ORDER_GREATER | ORDER_EQUAL },
	};
	const struct trace_node *const *args = node->args;

	if (strcmp(node->name, "internal.member_2") == 0) {
		flip_member(flip, args[0], args[1], want);
	} else if (strcmp(node->name, "equal") == 0) {
		flip_equal(flip, args[0], args[1], want);
	} else if (strcmp(node->name, "neq") == 0) {
		flip_equal(flip, args[0], args[1], !want);
	}
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (strcmp(node->name, orders[i].name) == 0) {
			flip_order(flip, want ? orders[i].allowed : 7 & ~orders[i].allowed, args[0],
				args[1]);
		}
	}
}

static const struct value *sample_of(
	const struct explain_flip *flip, bool of_data, const struct value *path)
{
	const struct policy_question *question = flip->it->question;
	const struct value *name = value_count(path) == 1 ? value_at(path, 0) : NULL;

	for (size_t i = 0; !of_data && i < question->sample_count; i++) {
		if (value_is(name, VALUE_STRING) &&
			strcmp(value_text(name), question->samples[i].member) == 0) {
			return question->samples[i].value;
		}
	}
	return value_of_bool(true);
}

static void flip_truth(struct explain_flip *flip, const struct trace_node *node, bool want)
{
	const struct trace_node *root;

	if (node == NULL) {
		return;
	}
	if (node->kind == TRACE_BUILTIN) {
		flip_builtin(flip, node, want);
		return;
	}
	const struct value *path = trace_node_path(flip->it->arena, node, &root);
	if (path == NULL) {
		return;
	}
	if (!want) {
		explain_propose(flip, node, CHANGE_REMOVE, NULL);
	}
	bool of_data = root->kind == TRACE_DATA;
	bool is_flag = value_is(node->value, VALUE_BOOL);
	explain_propose(flip, node, CHANGE_SET,
		want      ? sample_of(flip, of_data, path)
		: is_flag ? value_of_bool(false)
			  : NULL);
}

/* ---- what was not there ---- */

/* The value that an operand of the run had. */
static const struct value *operand_value(const struct explain_flip *flip, int32_t operand)
{
	const struct explain *it = flip->it;
	const struct value *value = operand < 0 ? it->program->constants[operand] : NULL;

	for (uint32_t at = flip->run.first; operand >= 0 && at != TRACE_NONE;
		at = explain_event(it, at)->next) {
		const struct trace_event *event = explain_event(it, at);

		if (event->target != NULL && event->outcome == TRACE_PASSED &&
			explain_point(it, at)->op->target == (uint32_t)operand) {
			value = event->target->value;
		}
		if (at == flip->run.last) {
			break;
		}
	}
	return value;
}

/*
 * A member was not there. What the rest of the expression would have done with it tells what it
 * would have to be: the way on (`.groups`), then `x in it`, `it == x`, or just being there.
 */
static void flip_missing(struct explain_flip *flip, const struct trace_event *event)
{
	const struct explain *it = flip->it;
	const struct explain_body *body = &it->bodies[flip->body];
	const struct trace_node *root;
	const struct value *path =
		event->target != NULL ? trace_node_path(it->arena, event->target, &root) : NULL;
	uint32_t local = it->program->traced[event->point].op->target;

	if (path == NULL) {
		return;
	}
	bool of_data = root->kind == TRACE_DATA;
	for (uint32_t i = event->point + 1; i < body->first + body->count; i++) {
		const struct op *op = it->program->traced[i].op;
		bool reads = op->a == (int32_t)local;

		if (it->outer[i] != flip->condition) {
			break;
		}
		if (reads && op->run == op_assign) {
			local = op->target;
		} else if (reads && op->run == op_dot_name) {
			path = value_append(it->arena, path, it->program->constants[op->b]);
			local = op->target;
		} else if (op->run == op_equal && (reads || op->b == (int32_t)local)) {
			explain_propose_at(flip, of_data, path, CHANGE_SET,
				operand_value(flip, reads ? op->b : op->a), NULL);
			return;
		} else if (op->run == op_builtin &&
			   strcmp(op->builtin->name, "internal.member_2") == 0 &&
			   op->args[1] == (int32_t)local) {
			const struct value *item = operand_value(flip, op->args[0]);

			explain_propose_at(flip, of_data, path, CHANGE_SET,
				item != NULL ? value_of_array(it->arena, &item, 1) : NULL, NULL);
			return;
		}
	}
	explain_propose_at(flip, of_data, path, CHANGE_SET, sample_of(flip, of_data, path), NULL);
}

/* ---- conditions ---- */

static void flip_rule(struct explain_flip *flip, uint32_t evaluation, unsigned depth);

/* What the rule hands on, as far as it says the same. */
static void flip_handed_on(
	struct explain_flip *flip, uint32_t evaluation, uint32_t body, bool was, unsigned depth)
{
	const struct explain *it = flip->it;
	uint32_t list[EXPLAIN_RULES];
	size_t count = explain_handed_on(it, evaluation, body, list, EXPLAIN_RULES);

	for (size_t i = 0; i < count; i++) {
		if (explain_is_true(it->trace->evaluations[list[i]].result) == was) {
			flip_rule(flip, list[i], depth + 1);
		}
	}
}

static void flip_rule(struct explain_flip *flip, uint32_t evaluation, unsigned depth)
{
	struct explain *it = flip->it;
	const struct trace_evaluation *rule = &it->trace->evaluations[evaluation];
	bool was = explain_is_true(rule->result);
	bool is_list = rule->result != NULL && value_type(rule->result) >= VALUE_ARRAY;
	uint32_t count;
	uint32_t first = explain_bodies_of(it, rule->function, &count);

	if (depth >= EXPLAIN_DEPTH || (!is_list && was == flip->want) || it->flips_left == 0) {
		return;
	}
	it->flips_left--;
	for (uint32_t i = first; i < first + count; i++) {
		uint32_t event = explain_fired(it, evaluation, i, TRACE_NONE);

		if (!it->bodies[i].is_rule) {
			continue;
		}
		if (event != TRACE_NONE && it->bodies[i].condition_count == 0) {
			flip_handed_on(flip, evaluation, i, was, depth);
		} else if (event != TRACE_NONE && was) {
			explain_unmake(it, i, event, flip->changes, depth + 1);
		} else if (event == TRACE_NONE && !was) {
			explain_make(it, evaluation, i, flip->changes, depth + 1);
		}
	}
}

static void flip_look(struct explain_flip *flip, const struct trace_event *event)
{
	const struct op *op = flip->it->program->traced[event->point].op;

	if (op->run == op_equal) {
		flip_equal(flip, event->a, event->b, flip->want);
	} else if (op->run == op_order) {
		flip_order(flip, flip->want ? op->count : 7 & ~op->count, event->a, event->b);
	} else if (op->run == op_not_equal) {
		if (event->b != NULL && event->b->value == value_of_bool(false)) {
			flip_truth(flip, event->a, flip->want);
		} else if (!flip->want) {
			flip_equal(flip, event->a, event->b, true);
		}
	}
}

static void flip_event(struct explain_flip *flip, uint32_t at, bool holds)
{
	const struct trace_event *event = explain_event(flip->it, at);
	uint32_t list[EXPLAIN_RULES];
	size_t count = explain_rules_of(flip->it, at, list, EXPLAIN_RULES);

	for (size_t i = 0; i < count; i++) {
		flip_rule(flip, list[i], flip->depth);
	}
	switch ((enum trace_shape)event->shape) {
	case TRACE_LOOKS:
		flip_look(flip, event);
		break;
	case TRACE_TAKES_MEMBER:
		if (event->outcome == TRACE_LEFT && flip->want) {
			flip_missing(flip, event);
		}
		break;
	case TRACE_NEXT: /* without this item the loop would not get to it */
		if (holds && explain_is_of_data(flip, event->target)) {
			explain_propose(flip, event->target, CHANGE_REMOVE, NULL);
		}
		break;
	default:
		break;
	}
}

/* From its end: what decided it comes first. */
static void flip_run(struct explain_flip *flip, bool holds)
{
	const struct explain *it = flip->it;
	uint32_t list[64];
	size_t count = 0;

	flip->want = holds == explain_is_not(it, flip->body, flip->condition);
	for (uint32_t at = flip->run.first; at != TRACE_NONE; at = explain_event(it, at)->next) {
		list[count++ % 64] = at;
		if (at == flip->run.last) {
			break;
		}
	}
	for (size_t i = 0; i < count && i < 64; i++) {
		flip_event(flip, list[(count - 1 - i) % 64], holds);
	}
}

void explain_propose_samples(struct explain *it, struct explain_changes *changes)
{
	const struct policy_question *question = it->question;

	for (size_t i = 0; i < question->sample_count && changes->count < changes->most; i++) {
		const char *member = question->samples[i].member;
		const struct value *name = value_of_text(it->arena, member);

		if (value_find(question->call->input, member) == NULL) {
			changes->list[changes->count++] = (struct explain_change){
				.path = value_of_array(it->arena, &name, 1),
				.op = CHANGE_SET,
				.value = question->samples[i].value,
			};
		}
	}
}

/* What the head of a body without conditions took out of the data: without it, there is nothing. */
static void unmake_head(struct explain_flip *flip, uint32_t event)
{
	const struct explain *it = flip->it;

	for (uint32_t at = explain_head_of(it, flip->body, event); at != TRACE_NONE && at < event;
		at = explain_event(it, at)->next) {
		const struct trace_event *taken = explain_event(it, at);

		if (taken->shape == TRACE_TAKES_MEMBER && explain_is_of_data(flip, taken->target)) {
			explain_propose(flip, taken->target, CHANGE_REMOVE, NULL);
		}
	}
}

void explain_unmake(struct explain *it, uint32_t body, uint32_t event,
	struct explain_changes *changes, unsigned depth)
{
	struct explain_run *runs = explain_runs_before(it, body, event);

	if (it->bodies[body].condition_count == 0) {
		struct explain_flip flip = {
			.it = it, .changes = changes, .body = body, .depth = depth
		};

		unmake_head(&flip, event);
	}

	for (uint32_t i = it->bodies[body].condition_count; i-- > 0;) {
		struct explain_flip flip = { it, changes, body, i, runs[i], false, depth };

		if (runs[i].first != TRACE_NONE) {
			flip_run(&flip, true);
		}
	}
}

void explain_make(struct explain *it, uint32_t evaluation, uint32_t body,
	struct explain_changes *changes, unsigned depth)
{
	struct explain_stop stops[EXPLAIN_STOPS];
	size_t times = explain_stops(it, evaluation, body, stops, EXPLAIN_STOPS);

	for (size_t i = 0; i < times && i < EXPLAIN_STOPS; i++) {
		struct explain_flip flip = { it, changes, body, stops[i].condition, stops[i].run,
			false, depth };

		if (stops[i].condition != EXPLAIN_HEAD) {
			flip_run(&flip, false);
		}
	}
}
