#include "tests/unit/policy/call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "policy/builtin.h"
#include "policy/worker.h"

#define TIME_US 1795000000000000 /* 2026-11-18T11:06:40Z */

static struct policy_worker *worker;
static struct arena *kept; /* arguments and answer */

static void end(void)
{
	policy_worker_free(worker);
	arena_free(kept);
}

static void begin(void)
{
	if (worker == NULL) {
		worker = policy_worker_new();
		kept = arena_new();
		atexit(end);
	}
}

/* {"$set": […]} to a set, all the way down. */
static const struct value *with_sets(const struct value *value)
{
	struct value_builder builder = { .arena = kept };
	const struct value *items = value_find(value, "$set");

	if (value_is(value, VALUE_OBJECT) && items == NULL) {
		for (size_t i = 0; i < value_count(value); i++) {
			const struct value_member *member = value_member_at(value, i);
			value_add_key(&builder, member->key, with_sets(member->value));
		}
		return value_finish_object(&builder);
	}
	if (items == NULL && !value_is(value, VALUE_ARRAY)) {
		return value;
	}
	const struct value *list = items != NULL ? items : value;
	for (size_t i = 0; i < value_count(list); i++) {
		value_add_item(&builder, with_sets(value_at(list, i)));
	}
	return items != NULL ? value_finish_set(&builder) : value_finish_array(&builder);
}

static const struct value *without_sets(struct arena *arena, const struct value *value)
{
	struct value_builder builder = { .arena = arena };

	if (value_is(value, VALUE_OBJECT)) {
		for (size_t i = 0; i < value_count(value); i++) {
			const struct value_member *member = value_member_at(value, i);
			value_add_key(&builder, member->key, without_sets(arena, member->value));
		}
		return value_finish_object(&builder);
	}
	if (!value_is(value, VALUE_SET) && !value_is(value, VALUE_ARRAY)) {
		return value;
	}
	for (size_t i = 0; i < value_count(value); i++) {
		value_add_item(&builder, without_sets(arena, value_at(value, i)));
	}
	const struct value *array = value_finish_array(&builder);
	if (value_is(value, VALUE_ARRAY)) {
		return array;
	}
	builder = (struct value_builder){ .arena = arena };
	value_add(&builder, "$set", array);
	return value_finish_object(&builder);
}

static const struct value *parse(const char *args)
{
	static const struct value_limits limits = {
		.bytes = 1u << 26, .depth = 512, .values = 1u << 24, .allow_nul = true
	};
	struct error err = { 0 };
	const struct value *value = value_parse(kept, args, strlen(args), &limits, &err);

	if (value == NULL) {
		fprintf(stderr, "%s: %s\n", args, err.text);
		exit(1);
	}
	return with_sets(value);
}

static void prepare(const struct policy_budget *budget, struct policy_failure *failure)
{
	struct arena *arena = arena_new();

	*failure = (struct policy_failure){ 0 };
	worker->context = (struct policy_context){ .arena = arena,
		.charge.left = budget->steps,
		.bytes_end = budget->bytes,
		.time_us = TIME_US };
	worker->budget = budget;
	worker->deadline_us = INT64_MAX;
	worker->failure = failure;
}

const char *call_builtin_values(
	const char *name, const struct value *const *args, const struct policy_budget *budget)
{
	const struct policy_builtin *builtin = policy_builtin_find(name);
	struct policy_failure failure;
	const char *answer;

	begin();
	if (builtin == NULL) {
		return "no such builtin";
	}
	prepare(budget, &failure);
	if (setjmp(worker->exit) != 0) {
		answer = arena_printf(kept, "budget: %s", failure.text);
	} else {
		const struct value *result = builtin->fn(&worker->context, args);
		if (result != NULL && worker->context.failed) {
			answer = "a value and an error at once";
		} else if (result != NULL) {
			struct buf text = { 0 };
			value_print(&text, without_sets(kept, result));
			answer = arena_text(kept, buf_text(&text), text.size);
			buf_fini(&text);
		} else {
			answer = worker->context.failed
					 ? arena_printf(kept, "error: %s", worker->builtin_error)
					 : "undefined";
		}
	}
	arena_free(worker->context.arena);
	return answer;
}

const char *call_builtin_within(
	const char *name, const char *args, const struct policy_budget *budget)
{
	const struct policy_builtin *builtin = policy_builtin_find(name);
	const struct value *list[8] = { NULL };

	begin();
	arena_reset(kept);
	const struct value *values = parse(args);
	if (builtin != NULL && builtin->args != value_count(values)) {
		return "another number of arguments";
	}
	for (size_t i = 0; i < value_count(values) && i < 8; i++) {
		list[i] = value_at(values, i);
	}
	return call_builtin_values(name, list, budget);
}

const char *call_builtin(const char *name, const char *args)
{
	return call_builtin_within(name, args, &policy_budget_default);
}

void call_check(const struct call_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *got = call_builtin(cases[i].name, cases[i].args);
		if (strcmp(got, cases[i].want) != 0) {
			fail_msg("%s(%s): wanted %s, got %s", cases[i].name, cases[i].args,
				cases[i].want, got);
		}
	}
}
