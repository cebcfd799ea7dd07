/*
 * Which ops a plan becomes. What a local is in one body says nothing of the next body, where the
 * planner uses its number again; but what one block writes and another one reads stays as it is.
 * Each plan is run as well, with and without that step, and must answer the same.
 */
#include "policy/compile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/value.h"
#include "policy/engine.h"
#include "policy/eval.h"
#include "tests/unit/policy/probes.h"

/* Single quotes stand for double ones. */
#define S(type, body) "{'type':'" type "Stmt','stmt':{" body "}}"
#define LOCAL(n) "{'type':'local','value':" n "}"
#define STRING(n) "{'type':'string_index','value':" n "}"
#define TRUE "{'type':'bool','value':true}"
#define FALSE "{'type':'bool','value':false}"
#define BLOCK(statements) "{'stmts':[" statements "]}"
#define BLOCKS(blocks) S("Block", "'blocks':[" blocks "]")

/* Strings 1 to 4. */
#define A STRING("1")
#define B STRING("2")

#define CALL(builtin, a, b, to) S("Call", "'func':'" builtin "','args':[" a "," b "],'result':" to)
#define HOLDS(local) S("NotEqual", "'a':" LOCAL(local) ",'b':" FALSE)
#define ASSIGN(a, to) S("AssignVar", "'source':" a ",'target':" to)
#define ONCE(a, to) S("AssignVarOnce", "'source':" a ",'target':" to)
#define EQUAL(a, b) S("Equal", "'a':" a ",'b':" b)
#define DOT(a, key, to) S("Dot", "'source':" a ",'key':" key ",'target':" to)
#define DEFINED(local) S("IsDefined", "'source':" local)
#define SCAN(a, key, value, block)                                                                 \
	S("Scan", "'source':" a ",'key':" key ",'value':" value ",'block':" block)
#define NOT(block) S("Not", "'block':" block)
#define WITH(local, value, block)                                                                  \
	S("With", "'local':" local ",'path':[],'value':" value ",'block':" block)
#define RETURN BLOCK(S("ReturnLocal", "'source':2"))

#define HEAD                                                                                       \
	"{'static':{'strings':[{'value':'result'},{'value':'a'},{'value':'b'},{'value':'list'},"   \
	"{'value':'x'}],'files':[{'value':'p.rego'}]},'plans':{'plans':[{'name':'t/p','blocks':["  \
	"{'stmts':[{'type':'CallStmt','stmt':{'func':'f','args':[" LOCAL("0") "," LOCAL(           \
		"1") "],'result':2}},{'type':'MakeObjectStmt','stmt':{'target':3}},"               \
		     "{'type':'ObjectInsertStmt','stmt':{'key':" STRING("0") ",'value':" LOCAL(    \
			     "2") ",'object':3}},{'type':'ResultSetAddStmt','stmt':{'value':3}}]}" \
				  "]}]},"                                                          \
				  "'funcs':{'funcs':[{'name':'f','params':[0,1],'return':2,'path'" \
				  ":['g0','t','f'],'blocks':["
#define TAIL "]}]}}"

static const char INPUT[] = "{\"a\": 1, \"b\": 2, \"list\": [\"a\", \"b\"]}";

struct count {
	policy_op_fn *run;
	size_t of; /* the ops of f, when lives are looked at */
	size_t without;
};

struct plan {
	const char *what;
	const char *blocks; /* of f */
	const char *answer; /* of f, or a failure's code */
	struct count counts[4];
};

static struct policy *load(struct arena *arena, const char *blocks, unsigned without)
{
	struct error err = { 0 };
	char *text = arena_printf(arena, "%s%s%s", HEAD, blocks, TAIL);

	for (char *at = text; *at != '\0'; at++) {
		*at = *at == '\'' ? '"' : *at;
	}
	const struct policy_files files = { .plan = text, .plan_size = strlen(text) };
	struct policy_limits limits = policy_limits_default;
	limits.without = without;
	struct policy *policy = policy_load(&files, &limits, &err);
	if (policy == NULL) {
		print_error("%s\n", err.text);
	}
	assert_non_null(policy);
	return policy;
}

static size_t count_ops(const struct policy *policy, policy_op_fn *run)
{
	const struct function *function = &policy_program(policy)->functions[0];
	size_t count = 0;

	for (size_t i = 0; i < function->op_count; i++) {
		count += function->ops[i].run == run;
	}
	return count;
}

static void assert_answer(struct policy *policy, const char *wanted)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	CLEANUP(policy_worker_cleanup) struct policy_worker *worker = policy_worker_new();
	CLEANUP(buf_fini) struct buf text = { 0 };
	struct policy_call call = {
		.worker = worker, .arena = arena, .input = probes_value(arena, INPUT)
	};
	struct policy_failure failure;
	const struct value *value = NULL;

	if (!policy_evaluate(
		    policy, policy_find_entrypoint(policy, "t/p"), &call, &value, &failure)) {
		assert_string_equal(policy_failure_code(failure.kind), wanted);
		return;
	}
	if (value != NULL) {
		value_print(&text, value);
	}
	assert_string_equal(value != NULL ? buf_text(&text) : "undefined", wanted);
}

static void assert_plan(const struct plan *plan)
{
	for (int i = 0; i < 2; i++) {
		CLEANUP(arena_cleanup) struct arena *arena = arena_new();
		struct policy *policy = load(arena, plan->blocks, i == 0 ? 0 : POLICY_STEP_LIVES);

		print_message("# %s%s\n", plan->what, i == 0 ? "" : ", without lives");
		for (const struct count *it = plan->counts; it->run != NULL; it++) {
			assert_int_equal(count_ops(policy, it->run), i == 0 ? it->of : it->without);
		}
		assert_answer(policy, plan->answer);
		policy_unref(policy);
	}
}

/* input.a < input.b, its result in local 6 */
#define LESS(statements)                                                                           \
	DOT(LOCAL("0"), A, "4")                                                                    \
	"," DOT(LOCAL("0"), B, "5") "," CALL("lt", LOCAL("4"), LOCAL("5"), "6") "," statements

static const struct plan melting[] = {
	{ "two bodies compare into the same local",
		BLOCK(LESS(HOLDS("6") "," ONCE(TRUE, "2"))) "," BLOCK(
			LESS(HOLDS("6") "," ONCE(TRUE, "2"))) "," RETURN,
		"true", { { op_order, 2, 0 }, { op_builtin, 0, 2 } } },
	{ "definitions of an else chain do",
		BLOCK(BLOCKS(BLOCK(LESS(HOLDS("6") "," ONCE(TRUE, "2") "," S(
			"Break", "'index':1"))) "," BLOCK(LESS(HOLDS("6") "," ONCE(FALSE,
			"2"))))) "," RETURN,
		"true", { { op_order, 2, 0 }, { op_builtin, 0, 2 } } },
	{ "a body does, and a not in another one",
		BLOCK(NOT(BLOCK(LESS(HOLDS("6")))) "," ONCE(FALSE, "2")) "," BLOCK(
			LESS(HOLDS("6") "," ONCE(TRUE, "2"))) "," RETURN,
		"true", { { op_order, 2, 0 }, { op_builtin, 0, 2 } } },
	{ "a block within a body comes before the body's own",
		BLOCK(BLOCKS(BLOCK(LESS(HOLDS("6")))) "," LESS(
			HOLDS("6") "," ONCE(TRUE, "2"))) "," RETURN,
		"true", { { op_order, 2, 0 }, { op_builtin, 0, 2 } } },
	{ "each body copies into the same local",
		BLOCK(DOT(LOCAL("0"), A, "4") "," ASSIGN(LOCAL("4"), "5") "," EQUAL(
			LOCAL("5"), B)) "," BLOCK(DOT(LOCAL("0"), A, "4") "," ASSIGN(LOCAL("4"),
			"5") "," ONCE(LOCAL("5"), "2")) "," RETURN,
		"1", { { op_assign, 0, 2 } } },
	{ "one loop reads the key, another one with the same local does not",
		BLOCK(DOT(LOCAL("0"), STRING("3"), "4") "," SCAN(
			"4", "5", "6", BLOCK(EQUAL(LOCAL("5"), A)))) "," BLOCK(DOT(LOCAL("0"),
			STRING("3"), "4") "," SCAN("4", "5", "6",
			BLOCK(EQUAL(LOCAL("6"), B) "," ONCE(LOCAL("6"), "2")))) "," RETURN,
		"\"b\"", { { op_next, 1, 2 }, { op_next_value, 1, 0 } } },
};

static void test_what_a_body_does_to_a_local_is_nothing_to_the_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(melting) / sizeof(melting[0]); i++) {
		assert_plan(&melting[i]);
	}
}

/* With what would be wrong in the answer if the write went. */
static const struct plan staying[] = {
	{ "the next block asks whether the comparison was made",
		BLOCK(LESS(HOLDS("6"))) "," BLOCK(DEFINED("6") "," ONCE(TRUE, "2")) "," RETURN,
		"true", { { op_order, 0, 0 }, { op_builtin, 1, 1 } } },
	{ "what is behind a block asks it",
		BLOCK(BLOCKS(BLOCK(LESS(HOLDS("6")))) "," DEFINED("6") "," ONCE(
			TRUE, "2")) "," RETURN,
		"true", { { op_order, 0, 0 }, { op_builtin, 1, 1 } } },
	{ "the next turn of the loop asks it",
		BLOCK(DOT(LOCAL("0"), STRING("3"), "7") "," SCAN("7", "8", "9",
			BLOCK(BLOCKS(BLOCK(DEFINED("6") "," ONCE(LOCAL("9"), "2"))) "," LESS(
				HOLDS("6"))))) "," RETURN,
		"\"b\"", { { op_order, 0, 0 }, { op_builtin, 1, 1 } } },
	{ "what is behind the loop asks for the last item",
		BLOCK(DOT(LOCAL("0"), STRING("3"), "7") "," SCAN("7", "8", "9",
			BLOCK(EQUAL(LOCAL("9"), B))) "," ONCE(LOCAL("8"), "2")) "," RETURN,
		"1", { { op_next, 1, 1 }, { op_next_value, 0, 0 } } },
	{ "a result that is read besides its test",
		BLOCK(LESS(HOLDS("6") "," ONCE(LOCAL("6"), "2"))) "," BLOCK(
			LESS(HOLDS("6"))) "," RETURN,
		"true", { { op_order, 1, 0 }, { op_builtin, 1, 2 } } },
	{ "a definition conflicts with what another body copied",
		BLOCK(ASSIGN(A, "7") "," EQUAL(LOCAL("7"), A)) "," BLOCK(
			ONCE(B, "7") "," ONCE(LOCAL("7"), "2")) "," RETURN,
		"policy.conflict", { { op_assign, 1, 1 } } },
	{ "the input that a copy kept, while another one is there",
		BLOCK(ASSIGN(LOCAL("0"), "4") "," WITH("0", A,
			BLOCK(DOT(LOCAL("4"), B, "5") "," ONCE(
				LOCAL("5"), "2")))) "," BLOCK(ASSIGN(TRUE,
			"4") "," EQUAL(LOCAL("4"), FALSE)) "," RETURN,
		"2", { { op_assign, 1, 2 } } },
	{ "a local that is written a second time within a block",
		BLOCK(DOT(LOCAL("0"), A, "4") "," ASSIGN(LOCAL("4"), "5") "," BLOCKS(BLOCK(DOT(
			LOCAL("0"), B, "4"))) "," ONCE(LOCAL("5"), "2")) "," BLOCK(DOT(LOCAL("0"),
			A, "4") "," EQUAL(LOCAL("4"), A)) "," RETURN,
		"1", { { op_assign, 1, 1 } } },
};

static void test_what_is_read_elsewhere_is_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(staying) / sizeof(staying[0]); i++) {
		assert_plan(&staying[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_body_does_to_a_local_is_nothing_to_the_others),
		cmocka_unit_test(test_what_is_read_elsewhere_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
