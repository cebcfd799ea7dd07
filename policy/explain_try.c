#include "policy/explain_inside.h"

#include <string.h>
#include "base/arena.h"
#include "base/value.h"
#include "policy/decision.h"

#define DEPTH_MOST 64

/* ---- making a change ---- */

/* The member's new value; NULL with *ok: it goes. */
static const struct value *change_here(
	struct arena *arena, const struct explain_change *change, const struct value *old, bool *ok)
{
	struct value_builder items = { .arena = arena };
	bool is_list = value_is(old, VALUE_ARRAY) || value_is(old, VALUE_SET);

	if (change->op == CHANGE_SET) {
		return change->value;
	}
	if (change->op == CHANGE_REMOVE && change->value == NULL) {
		return NULL;
	}
	if (old != NULL && !is_list) {
		*ok = false;
		return NULL;
	}
	for (size_t i = 0; i < value_count(old); i++) {
		if (change->op == CHANGE_ADD || !value_equals(value_at(old, i), change->value)) {
			value_add_item(&items, value_at(old, i));
		}
	}
	if (change->op == CHANGE_ADD) {
		value_add_item(&items, change->value);
	}
	return value_is(old, VALUE_SET) ? value_finish_set(&items) : value_finish_array(&items);
}

static const struct value *change_at(struct arena *arena, const struct explain_change *change,
	const struct value *document, size_t depth, bool *ok);

static const struct value *change_list(struct arena *arena, const struct explain_change *change,
	const struct value *list, size_t depth, bool *ok)
{
	const struct value *key = value_at(change->path, depth);
	struct value_builder items = { .arena = arena };
	int64_t index = -1;

	if (value_is(list, VALUE_ARRAY) &&
		(!value_int(key, &index) || index < 0 || (uint64_t)index >= value_count(list))) {
		*ok = false;
		return NULL;
	}
	for (size_t i = 0; i < value_count(list); i++) {
		const struct value *item = value_at(list, i);
		bool is_it =
			value_is(list, VALUE_ARRAY) ? (int64_t)i == index : value_equals(item, key);

		value_add_item(
			&items, is_it ? change_at(arena, change, item, depth + 1, ok) : item);
	}
	return value_is(list, VALUE_SET) ? value_finish_set(&items) : value_finish_array(&items);
}

/* A new document that shares the rest. */
static const struct value *change_at(struct arena *arena, const struct explain_change *change,
	const struct value *document, size_t depth, bool *ok)
{
	if (depth == value_count(change->path)) {
		return change_here(arena, change, document, ok);
	}
	if (value_is(document, VALUE_ARRAY) || value_is(document, VALUE_SET)) {
		return change_list(arena, change, document, depth, ok);
	}
	const struct value *key = value_at(change->path, depth);
	if ((document != NULL && !value_is(document, VALUE_OBJECT)) ||
		!value_is(key, VALUE_STRING) || depth > DEPTH_MOST) {
		*ok = false;
		return NULL;
	}
	return value_with(arena, document, value_text(key),
		change_at(arena, change, value_find_key(document, key), depth + 1, ok));
}

/* ---- trying ---- */

bool explain_try(struct explain *it, const struct explain_change *const *changes, size_t count,
	struct policy_decision *decision)
{
	const struct policy_question *question = it->question;
	struct policy_call call = *question->call;
	struct policy_budget budget = call.budget != NULL ? *call.budget : policy_budget_default;
	struct policy_failure failure;
	bool ok = true;

	if (it->tries_left == 0 || it->steps_left == 0) {
		return false;
	}
	it->tries_left--;
	budget.steps = budget.steps < it->steps_left ? budget.steps : it->steps_left;
	call.budget = &budget;
	call.data = call.data != NULL ? call.data : policy_data(question->policy);
	for (size_t i = 0; i < count; i++) {
		const struct value **document = changes[i]->of_data ? &call.data : &call.input;

		*document = change_at(it->arena, changes[i], *document, 0, &ok);
	}
	if (!ok || call.input == NULL || call.data == NULL) {
		return false;
	}
	ok = policy_decide(question->policy,
		policy_find_entrypoint(question->policy, question->entrypoint), &call, decision,
		&failure);
	it->steps_left -= policy_worker_steps(call.worker);
	return ok;
}

/* ---- telling ---- */

static bool has_code(const struct policy_decision *decision, const char *code)
{
	for (size_t i = 0; i < decision->reason_count; i++) {
		if (strcmp(decision->reasons[i].code, code) == 0) {
			return true;
		}
	}
	return false;
}

static void tell_answer(
	struct arena *arena, const struct policy_decision *decision, struct value_builder *told)
{
	struct value_builder codes = { .arena = arena };

	for (size_t i = 0; i < decision->reason_count; i++) {
		value_add_item(&codes, value_of_text(arena, decision->reasons[i].code));
	}
	value_add_text(told, "effect", policy_effect_name(decision->effect));
	value_add(told, "reasons", value_finish_array(&codes));
}

static void tell_change(
	struct arena *arena, const struct explain_change *change, struct value_builder *told)
{
	static const char *const ops[] = {
		[CHANGE_SET] = "set",
		[CHANGE_ADD] = "add",
		[CHANGE_REMOVE] = "remove",
	};
	const char *document = change->of_data ? "data" : "input";

	value_add_text(told, "in", document);
	value_add_text(told, "ref", trace_path_name(arena, document, change->path));
	value_add(told, "path", change->path);
	value_add_text(told, "op", ops[change->op]);
	value_add(told, "value", change->value);
	value_add(told, "before", change->before);
}

static bool is_same(const struct explain_change *a, const struct explain_change *b)
{
	return a->of_data == b->of_data && a->op == b->op && value_equals(a->path, b->path) &&
	       ((a->value == NULL) == (b->value == NULL)) &&
	       (a->value == NULL || value_equals(a->value, b->value));
}

static bool was_tried(const struct explain_changes *changes, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (is_same(&changes->list[i], &changes->list[index])) {
			return true;
		}
	}
	return false;
}

/* Nothing is said that was not said before. */
static bool says_nothing_new(const struct explain *it, const struct policy_decision *decision)
{
	const struct value *before = value_find(it->decision, "reasons");
	size_t known = 0;

	for (size_t i = 0; i < decision->reason_count; i++) {
		for (size_t j = 0; j < value_count(before); j++) {
			const char *code = value_find_text(value_at(before, j), "code");

			if (code != NULL && strcmp(code, decision->reasons[i].code) == 0) {
				known++;
				break;
			}
		}
	}
	return known == decision->reason_count;
}

/* How much a change does, the best last. */
enum { HELPS_NOTHING, HELPS_FOR_OTHERS, HELPS, ALLOWS, WORTHS };

static int worth(const struct explain *it, const struct policy_decision *decision, const char *code)
{
	if (decision->effect == POLICY_ALLOW) {
		return ALLOWS;
	}
	if (code == NULL || has_code(decision, code)) {
		return HELPS_NOTHING;
	}
	return says_nothing_new(it, decision) ? HELPS : HELPS_FOR_OTHERS;
}

/* Tries one and puts it to those of its worth. */
static int try_one(struct explain *it, const struct explain_change *change, const char *code,
	struct value_builder *told)
{
	struct value_builder one = { .arena = it->arena };
	struct policy_decision decision;

	if (!explain_try(it, &change, 1, &decision)) {
		return HELPS_NOTHING;
	}
	int is_worth = worth(it, &decision, code);
	if (is_worth != HELPS_NOTHING) {
		tell_change(it->arena, change, &one);
		tell_answer(it->arena, &decision, &one);
		value_add_item(&told[is_worth], value_finish_object(&one));
	}
	return is_worth;
}

const struct value *explain_tried(struct explain *it, const struct explain_changes *changes,
	const char *code, const struct explain_change **best)
{
	struct value_builder told[WORTHS];
	struct value_builder all = { .arena = it->arena };
	int best_worth = HELPS_NOTHING;

	*best = NULL;
	for (int i = 0; i < WORTHS; i++) {
		told[i] = (struct value_builder){ .arena = it->arena };
	}
	for (size_t i = 0; i < changes->count && told[ALLOWS].count < EXPLAIN_CHANGES; i++) {
		int is_worth = was_tried(changes, i) ? HELPS_NOTHING
						     : try_one(it, &changes->list[i], code, told);

		if (is_worth > best_worth) {
			best_worth = is_worth;
			*best = &changes->list[i];
		}
	}
	for (int i = WORTHS - 1; i > HELPS_NOTHING; i--) {
		for (size_t j = 0; j < told[i].count && all.count < EXPLAIN_CHANGES; j++) {
			value_add_item(&all, told[i].members[j].value);
		}
	}
	return all.count > 0 ? value_finish_array(&all) : NULL;
}

const struct value *explain_together(
	struct explain *it, const struct explain_change *const *changes, size_t count)
{
	struct value_builder told = { .arena = it->arena };
	struct value_builder list = { .arena = it->arena };
	struct policy_decision decision;

	if (count < 2 || !explain_try(it, changes, count, &decision)) {
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		struct value_builder one = { .arena = it->arena };

		tell_change(it->arena, changes[i], &one);
		value_add_item(&list, value_finish_object(&one));
	}
	value_add(&told, "changes", value_finish_array(&list));
	tell_answer(it->arena, &decision, &told);
	return value_finish_object(&told);
}
