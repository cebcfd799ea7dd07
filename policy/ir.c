#include "policy/ir.h"

#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "policy/builtin.h"
#include "policy/builtin_regex.h"
#include "policy/engine.h"
#include "policy/program.h"

/* Each block of a plan lies four JSON containers within the one around it. */
#define JSON_DEPTH (IR_NESTING * 4 + 32)

/* ---- constant arguments ---- */

/*
 * A regular expression that is written in the policy and is none can only fail: better now than
 * when a decision gets there. regex.is_valid may be asked about anything.
 */
bool ir_check_pattern(struct ir_reader *reader, const struct ir_statement *statement)
{
	static const struct {
		const char *builtin;
		size_t arg;
	} patterns[] = { { "re_match", 0 }, { "regex.match", 0 }, { "regex.split", 0 },
		{ "regex.find_n", 0 }, { "regex.find_all_string_submatch_n", 0 },
		{ "regex.replace", 1 } };
	const char *name = statement->builtin->name;

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (strcmp(name, patterns[i].builtin) != 0 ||
			statement->args[patterns[i].arg].type != IR_STRING) {
			continue;
		}
		uint32_t string = statement->args[patterns[i].arg].index;
		const struct value *pattern = reader->plan->strings[string];
		struct error wrong = { 0 };
		if (!policy_regex_check(value_text(pattern), value_size(pattern), &wrong)) {
			return error_set(reader->err, ERROR_POLICY, "%s: %s", name, wrong.text);
		}
	}
	return true;
}

/* ---- the document ---- */

/* The array `name` of the object `name` of `json`, as in {"plans": {"plans": […]}}; NULL: none. */
static const struct value *find_list(const struct value *json, const char *outer, const char *inner)
{
	const struct value *list = value_find(value_find(json, outer), inner);

	return value_is(list, VALUE_ARRAY) ? list : NULL;
}

/* [{"value": text}, …] */
static bool read_texts(struct ir_reader *reader, const struct value *list,
	const struct value ***texts, size_t *count)
{
	*count = value_count(list);
	*texts = arena_calloc(reader->arena, *count, sizeof(**texts));
	for (size_t i = 0; i < *count; i++) {
		(*texts)[i] = value_find(value_at(list, i), "value");
		if (!value_is((*texts)[i], VALUE_STRING)) {
			return error_set(reader->err, ERROR_POLICY,
				"entry %zu of the static table is no string", i);
		}
	}
	return true;
}

static bool read_static(struct ir_reader *reader, const struct value *json)
{
	struct ir_plan *plan = reader->plan;
	const struct value **files = NULL;

	if (!read_texts(reader, find_list(json, "static", "strings"), &plan->strings,
		    &plan->string_count) ||
		!read_texts(
			reader, find_list(json, "static", "files"), &files, &plan->file_count)) {
		return false;
	}
	plan->files = arena_calloc(reader->arena, plan->file_count, sizeof(*plan->files));
	for (size_t i = 0; i < plan->file_count; i++) {
		plan->files[i] = value_text(files[i]);
	}
	return true;
}

static bool read_params(
	struct ir_reader *reader, const struct value *json, struct ir_function *function)
{
	const struct value *list = value_find(json, "params");

	function->param_count = value_count(list);
	if (!value_is(list, VALUE_ARRAY) || function->param_count < 2 ||
		function->param_count > PROGRAM_ARGS_MAX) {
		return error_set(reader->err, ERROR_POLICY,
			"function %s does not take input, data and at most %d more", function->name,
			PROGRAM_ARGS_MAX - 2);
	}
	uint32_t *params = arena_calloc(reader->arena, function->param_count, sizeof(*params));
	reader->function = function;
	for (size_t i = 0; i < function->param_count; i++) {
		int64_t number = -1;
		if (!value_int(value_at(list, i), &number) ||
			!ir_use_local(reader, number, &params[i])) {
			return error_set(reader->err, ERROR_POLICY,
				"function %s has a parameter that is no local", function->name);
		}
	}
	function->params = params;
	return true;
}

static bool read_path(
	struct ir_reader *reader, const struct value *json, struct ir_function *function)
{
	const struct value *path = value_find(json, "path");

	if (path == NULL || value_is(path, VALUE_NULL)) {
		return true;
	}
	bool is_list = value_is(path, VALUE_ARRAY) && value_count(path) <= IR_PATH;
	for (size_t i = 0; is_list && i < value_count(path); i++) {
		is_list = value_is(value_at(path, i), VALUE_STRING);
	}
	if (!is_list) {
		return error_set(reader->err, ERROR_POLICY,
			"the path of function %s is no list of at most %d names", function->name,
			IR_PATH);
	}
	function->path = value_count(path) > 0 ? path : NULL;
	return true;
}

/* Heads first: a call may name a function that stands behind it. */
static bool read_function_heads(struct ir_reader *reader, const struct value *list)
{
	struct ir_plan *plan = reader->plan;
	struct value_builder names = { .arena = reader->arena };

	plan->function_count = value_count(list);
	plan->functions =
		arena_calloc(reader->arena, plan->function_count, sizeof(*plan->functions));
	for (size_t i = 0; i < plan->function_count; i++) {
		const struct value *json = value_at(list, i);
		struct ir_function *function = &plan->functions[i];
		function->name = value_find_text(json, "name");
		if (function->name == NULL) {
			return error_set(reader->err, ERROR_POLICY, "function %zu has no name", i);
		}
		if (!read_params(reader, json, function) || !read_path(reader, json, function)) {
			return false;
		}
		value_add_key(
			&names, value_find(json, "name"), value_of_int(reader->arena, (int64_t)i));
	}
	reader->names = value_finish_object(&names);
	if (value_count(reader->names) != plan->function_count) {
		return error_set(reader->err, ERROR_POLICY, "two functions have one name");
	}
	return true;
}

static bool read_body(
	struct ir_reader *reader, const struct value *json, struct ir_function *function)
{
	reader->function = function;
	reader->depth = 0;
	return ir_read_blocks(reader, value_find(json, "blocks"), false, &function->blocks,
		&function->block_count);
}

static bool read_functions(struct ir_reader *reader, const struct value *list)
{
	if (!read_function_heads(reader, list)) {
		return false;
	}
	for (size_t i = 0; i < value_count(list); i++) {
		if (!read_body(reader, value_at(list, i), &reader->plan->functions[i])) {
			return false;
		}
	}
	return true;
}

static bool read_plans(struct ir_reader *reader, const struct value *list)
{
	static const uint32_t input_and_data[] = { 0, 1 };
	struct ir_plan *plan = reader->plan;

	plan->plan_count = value_count(list);
	if (plan->plan_count == 0) {
		return error_set(reader->err, ERROR_POLICY,
			"the plan has no entry point; build it with `opa build -t plan -e …`");
	}
	plan->plans = arena_calloc(reader->arena, plan->plan_count, sizeof(*plan->plans));
	for (size_t i = 0; i < plan->plan_count; i++) {
		struct ir_function *it = &plan->plans[i];
		it->name = value_find_text(value_at(list, i), "name");
		it->params = input_and_data;
		it->param_count = 2;
		it->locals = 2;
		if (it->name == NULL) {
			return error_set(
				reader->err, ERROR_POLICY, "entry point %zu has no name", i);
		}
		if (!read_body(reader, value_at(list, i), it)) {
			return false;
		}
	}
	return true;
}

struct ir_plan *ir_read(struct arena *arena, const char *text, size_t size,
	const struct policy_limits *limits, struct error *err)
{
	const struct value_limits json_limits = { .bytes = limits->plan_bytes,
		.depth = JSON_DEPTH,
		.values = limits->values,
		.allow_nul = true };
	const struct value *json = value_parse(arena, text, size, &json_limits, err);

	if (json == NULL) {
		error_wrap(err, "plan.json");
		return NULL;
	}
	struct ir_reader *reader = arena_calloc(arena, 1, sizeof(*reader));
	reader->arena = arena;
	reader->limits = limits;
	reader->err = err;
	reader->plan = arena_calloc(arena, 1, sizeof(*reader->plan));
	if (!read_static(reader, json) ||
		!read_functions(reader, find_list(json, "funcs", "funcs")) ||
		!read_plans(reader, find_list(json, "plans", "plans"))) {
		return NULL;
	}
	return reader->plan;
}
