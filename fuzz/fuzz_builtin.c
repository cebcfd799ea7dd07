/*
 * Any builtin with any arguments: the first line names it, the rest is a JSON array of what it
 * gets, where {"$set": […]} is a set; what is no JSON is text. Whatever comes of it must be a
 * value, nothing, an error or the end of the budget, and a value must print as JSON.
 */
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "base/value.h"
#include "policy/builtin.h"
#include "policy/worker.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define ARGS 8

static struct policy_worker *worker;
static struct policy_failure failure;

static const struct value *with_sets(struct arena *arena, const struct value *value)
{
	struct value_builder builder = { .arena = arena };
	const struct value *items = value_find(value, "$set");
	const struct value *list = value_is(items, VALUE_ARRAY) ? items : value;

	if (value_is(list, VALUE_OBJECT)) {
		for (size_t i = 0; i < value_count(value); i++) {
			const struct value_member *member = value_member_at(value, i);
			value_add_key(&builder, member->key, with_sets(arena, member->value));
		}
		return value_finish_object(&builder);
	}
	if (!value_is(list, VALUE_ARRAY)) {
		return value;
	}
	for (size_t i = 0; i < value_count(list); i++) {
		value_add_item(&builder, with_sets(arena, value_at(list, i)));
	}
	return list == items ? value_finish_set(&builder) : value_finish_array(&builder);
}

/* The first line's; one of no name is drawn by its first byte. NULL: there is no line. */
static const struct policy_builtin *builtin_of(const char *text, size_t *line)
{
	char name[64] = "";
	size_t count = 0;

	*line = strcspn(text, "\n");
	if (text[*line] == '\0' || *line == 0 || *line >= sizeof(name)) {
		return NULL;
	}
	memcpy(name, text, *line);
	const struct policy_builtin *builtin = policy_builtin_find(name);
	while (builtin == NULL && policy_builtin_at(count) != NULL) {
		count++;
	}
	return builtin != NULL ? builtin : policy_builtin_at((unsigned char)name[0] % count);
}

static void fill(struct arena *arena, const char *text, size_t size, const struct value *args[ARGS])
{
	static const struct value_limits limits = {
		.bytes = 1u << 16, .depth = 64, .values = 10000, .allow_nul = true
	};
	struct error err = { 0 };
	const struct value *array = value_parse(arena, text, size, &limits, &err);
	const struct value *last = value_of_text_n(arena, text, size);

	for (size_t i = 0; i < ARGS; i++) {
		if (value_is(array, VALUE_ARRAY) && i < value_count(array)) {
			last = with_sets(arena, value_at(array, i));
		}
		args[i] = last;
	}
}

static void print(const struct value *value)
{
	struct value_charge charge = { .left = 1000000 };
	struct buf buf = { 0 };
	struct error err = { 0 };
	static const struct value_limits limits = {
		.bytes = SIZE_MAX, .depth = 512, .values = SIZE_MAX, .allow_nul = true
	};

	if (value_print_charged(&buf, value, 1u << 22, &charge)) {
		struct arena *arena = arena_new();
		if (value_parse(arena, buf_text(&buf), buf.size, &limits, &err) == NULL) {
			abort();
		}
		arena_free(arena);
	}
	buf_fini(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct policy_budget budget = {
		.steps = 200000, .bytes = 8u << 20, .time_us = 1000000, .depth = 64
	};
	const struct value *args[ARGS];
	char text[5001];
	size_t line;

	if (size > 5000 || !utf8_is_valid((const char *)bytes, size)) {
		return 0;
	}
	memcpy(text, bytes, size);
	text[size] = '\0';
	const struct policy_builtin *builtin = builtin_of(text, &line);
	if (builtin == NULL) {
		return 0;
	}
	if (worker == NULL) {
		worker = policy_worker_new();
	}
	struct arena *arena = arena_new();
	worker->context = (struct policy_context){ .arena = arena,
		.charge.left = budget.steps,
		.bytes_end = budget.bytes,
		.time_us = 1795000000000000 };
	worker->budget = &budget;
	worker->deadline_us = INT64_MAX;
	worker->failure = &failure;
	fill(arena, text + line + 1, size - line - 1, args);
	if (setjmp(worker->exit) == 0) {
		const struct value *result = builtin->fn(&worker->context, args);
		if (result != NULL) {
			print(result);
		}
	}
	arena_free(arena);
	return 0;
}
