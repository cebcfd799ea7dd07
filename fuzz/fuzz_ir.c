/*
 * Plans that nobody made: whatever comes must be refused or evaluated within its budget, never
 * crash. The first byte says how the rest is read: as the text of a plan, or as a recipe for one
 * that is mostly well-formed, with statements, operands and blocks as the bytes say. The recipe
 * gets past the verifier and shakes the evaluator.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "policy/builtin.h"
#include "policy/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { LOCALS = 12, STRINGS = 6, FUNCTIONS = 4, NESTING = 6 };

struct recipe {
	const uint8_t *bytes;
	size_t size;
	size_t at;
	struct buf plan;
	unsigned nesting;
	unsigned blocks; /* that a break may leave: up to the body of the loop around */
	unsigned statements;
};

static unsigned next(struct recipe *recipe, unsigned below)
{
	return recipe->at < recipe->size ? recipe->bytes[recipe->at++] % below : 0;
}

/* ---- statements: each a row of members, a letter for each ---- */

struct kind {
	const char *name;
	const char *members; /* pairs: name, then a letter for what it is */
};

static const struct kind kinds[] = {
	{ "ArrayAppendStmt", "value:o array:l" },
	{ "AssignIntStmt", "value:n target:l" },
	{ "AssignVarOnceStmt", "source:o target:l" },
	{ "AssignVarStmt", "source:o target:l" },
	{ "BlockStmt", "blocks:B" },
	{ "BreakStmt", "index:i" },
	{ "CallDynamicStmt", "args:2 path:p result:l" },
	{ "CallStmt", "func:f result:l" },
	{ "DotStmt", "source:o key:o target:l" },
	{ "EqualStmt", "a:o b:o" },
	{ "IsArrayStmt", "source:o" },
	{ "IsDefinedStmt", "source:l" },
	{ "IsObjectStmt", "source:o" },
	{ "IsSetStmt", "source:o" },
	{ "IsUndefinedStmt", "source:l" },
	{ "LenStmt", "source:o target:l" },
	{ "MakeArrayStmt", "capacity:n target:l" },
	{ "MakeNullStmt", "target:l" },
	{ "MakeNumberIntStmt", "value:n target:l" },
	{ "MakeNumberRefStmt", "Index:1 target:l" },
	{ "MakeObjectStmt", "target:l" },
	{ "MakeSetStmt", "target:l" },
	{ "NopStmt", "" },
	{ "NotEqualStmt", "a:o b:o" },
	{ "NotStmt", "block:b" },
	{ "ObjectInsertOnceStmt", "key:o value:o object:l" },
	{ "ObjectInsertStmt", "key:o value:o object:l" },
	{ "ObjectMergeStmt", "a:l b:l target:l" },
	{ "ResetLocalStmt", "target:l" },
	{ "ResultSetAddStmt", "value:l" },
	{ "ReturnLocalStmt", "source:l" },
	{ "ScanStmt", "source:l key:l value:l block:b" },
	{ "SetAddStmt", "value:o set:l" },
	{ "WithStmt", "local:l path:w value:o block:b" },
};

static void add_block(struct recipe *recipe);

static void add_operand(struct recipe *recipe)
{
	unsigned choice = next(recipe, 16);

	if (choice < 11) {
		buf_printf(
			&recipe->plan, "{\"type\":\"local\",\"value\":%u}", next(recipe, LOCALS));
	} else if (choice < 14) {
		buf_printf(&recipe->plan, "{\"type\":\"string_index\",\"value\":%u}",
			next(recipe, STRINGS));
	} else {
		buf_printf(&recipe->plan, "{\"type\":\"bool\",\"value\":%s}",
			choice == 14 ? "true" : "false");
	}
}

static void add_operands(struct recipe *recipe, unsigned count)
{
	buf_append_char(&recipe->plan, '[');
	for (unsigned i = 0; i < count; i++) {
		buf_append_text(&recipe->plan, i > 0 ? "," : "");
		add_operand(recipe);
	}
	buf_append_char(&recipe->plan, ']');
}

/* A function of the plan, or any builtin, with the arguments it wants. */
static void add_callee(struct recipe *recipe)
{
	unsigned function = next(recipe, 2 * FUNCTIONS);
	const struct policy_builtin *builtin = policy_builtin_at(next(recipe, 256));

	if (function < FUNCTIONS || builtin == NULL) {
		function %= FUNCTIONS;
		buf_printf(&recipe->plan, "\"f%u\",\"args\":", function);
		add_operands(recipe, 2 + function % 2);
		return;
	}
	buf_printf(&recipe->plan, "\"%s\",\"args\":", builtin->name);
	add_operands(recipe, builtin->args);
}

static void add_blocks(struct recipe *recipe)
{
	unsigned count = 1 + next(recipe, 3);

	buf_append_char(&recipe->plan, '[');
	for (unsigned i = 0; i < count; i++) {
		buf_append_text(&recipe->plan, i > 0 ? "," : "");
		add_block(recipe);
	}
	buf_append_char(&recipe->plan, ']');
}

static void add_member(struct recipe *recipe, char what)
{
	static const int64_t numbers[] = { 0, 1, 2, 7, -1, INT64_MAX, INT64_MIN };

	switch (what) {
	case 'o':
		add_operand(recipe);
		break;
	case 'l':
		buf_printf(&recipe->plan, "%u", next(recipe, LOCALS));
		break;
	case 'n':
		buf_printf(&recipe->plan, "%lld", (long long)numbers[next(recipe, 7)]);
		break;
	case 'i':
		buf_printf(&recipe->plan, "%u", next(recipe, recipe->blocks));
		break;
	case '1':
		buf_append_text(&recipe->plan, "1");
		break;
	case '2':
		buf_append_text(&recipe->plan, "[0,1]");
		break;
	case 'p':
		add_operands(recipe, 3);
		break;
	case 'w':
		buf_append_text(&recipe->plan, next(recipe, 2) == 0 ? "null" : "[0,2]");
		break;
	case 'f':
		add_callee(recipe);
		break;
	case 'B':
		add_blocks(recipe);
		break;
	default:
		add_block(recipe);
		break;
	}
}

static void add_statement(struct recipe *recipe)
{
	const struct kind *kind = &kinds[next(recipe, sizeof(kinds) / sizeof(kinds[0]))];
	const char *separator = "";
	unsigned blocks = recipe->blocks;

	if (strcmp(kind->name, "ScanStmt") == 0) {
		recipe->blocks = 0;
	} else if (strcmp(kind->name, "CallDynamicStmt") == 0 && blocks < 4) {
		kind = &kinds[0];
	}

	buf_printf(&recipe->plan, "{\"type\":\"%s\",\"stmt\":{", kind->name);
	for (const char *at = kind->members; *at != '\0';) {
		size_t name = strcspn(at, ":");
		buf_printf(&recipe->plan, "%s\"%.*s\":", separator, (int)name, at);
		add_member(recipe, at[name + 1]);
		separator = ",";
		at += name + 2 + (at[name + 2] == ' ');
	}
	buf_append_text(&recipe->plan, "}}");
	recipe->blocks = blocks;
}

static void add_block(struct recipe *recipe)
{
	unsigned count = recipe->nesting < NESTING ? next(recipe, 8) : 0;

	recipe->nesting++;
	recipe->blocks++;
	buf_append_text(&recipe->plan, "{\"stmts\":[");
	for (unsigned i = 0; i < count && recipe->statements < 300; i++) {
		buf_append_text(&recipe->plan, i > 0 ? "," : "");
		recipe->statements++;
		add_statement(recipe);
	}
	buf_append_text(&recipe->plan, "]}");
	recipe->nesting--;
	recipe->blocks--;
}

static void add_functions(struct recipe *recipe)
{
	for (unsigned i = 0; i < FUNCTIONS; i++) {
		buf_printf(&recipe->plan,
			"%s{\"name\":\"f%u\",\"params\":[0,1%s],\"return\":2,\"path\":[\"a\",\"b\","
			"\"f%u\"],\"blocks\":",
			i > 0 ? "," : "", i, i % 2 != 0 ? ",3" : "", i);
		add_blocks(recipe);
		buf_append_char(&recipe->plan, '}');
	}
}

static void add_plan(struct recipe *recipe)
{
	buf_append_text(&recipe->plan, "{\"static\":{\"strings\":[{\"value\":\"a\"},{\"value\":"
				       "\"12.5\"},{\"value\":\"b\"},"
				       "{\"value\":\"f1\"},{\"value\":\"\"},{\"value\":\"^(a+)+$\"}"
				       "]},\"plans\":{\"plans\":"
				       "[{\"name\":\"p\",\"blocks\":");
	add_blocks(recipe);
	buf_append_text(&recipe->plan, "}]},\"funcs\":{\"funcs\":[");
	add_functions(recipe);
	buf_append_text(&recipe->plan, "]}}");
}

/* ---- running ---- */

static struct policy_worker
	*worker; /* one for all inputs: what one leaves must not harm the next */

static void evaluate(struct policy *policy)
{
	static const char text[] = "{\"a\":[1,2,{\"b\":[\"x\",null]}],\"b\":{\"b\":{\"a\":1.5}}}";
	static const struct value_limits limits = { .bytes = 1000, .depth = 10, .values = 100 };
	static const struct policy_budget budget = {
		.steps = 50000, .bytes = 1u << 20, .time_us = 2000000, .depth = 64
	};
	struct arena *arena = arena_new();
	struct policy_call call = { .worker = worker,
		.arena = arena,
		.budget = &budget,
		.input = value_parse(arena, text, sizeof(text) - 1, &limits, NULL) };
	struct policy_failure failure;
	const struct value *results = NULL;
	struct buf printed = { 0 };
	struct value_charge charge = { .left = 100000 };

	for (size_t i = 0; policy_entrypoint_name(policy, i) != NULL; i++) {
		const struct policy_entrypoint *entrypoint =
			policy_find_entrypoint(policy, policy_entrypoint_name(policy, i));
		call.lenient = i % 2 == 0;
		if (policy_query(policy, entrypoint, &call, &results, &failure)) {
			value_print_charged(&printed, results, 1u << 20, &charge);
		}
	}
	buf_fini(&printed);
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct recipe recipe = { .bytes = bytes, .size = size, .at = 1 };
	struct policy_files files = { .data = "{\"a\":{\"b\":{\"x\":[1]}}}", .data_size = 21 };

	if (worker == NULL) {
		worker = policy_worker_new();
	}
	if (size == 0) {
		return 0;
	}
	if (bytes[0] % 4 == 0) {
		files.plan = (const char *)bytes + 1;
		files.plan_size = size - 1;
	} else {
		add_plan(&recipe);
		files.plan = recipe.plan.data;
		files.plan_size = recipe.plan.size;
	}
	struct error err;
	struct policy *policy = policy_load(&files, NULL, &err);
	if (policy != NULL) {
		evaluate(policy);
	}
	policy_unref(policy);
	buf_fini(&recipe.plan);
	return 0;
}
