/* What a plan can lie about is refused when it loads, with a sentence that says where. */
#include "policy/ir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "policy/engine.h"

/* A statement, and the parts of it. Single quotes stand for double ones. */
#define S(type, body) "{'type':'" type "','stmt':{" body ",'file':0,'row':7,'col':1}}"
#define LOCAL(n) "{'type':'local','value':" n "}"
#define STRING(n) "{'type':'string_index','value':" n "}"
#define BOOL(b) "{'type':'bool','value':" b "}"

#define HEAD                                                                                       \
	"{'static':{'strings':[{'value':'result'},{'value':'12'},{'value':'a\\u0000b'},{'value':'" \
	"a('}],"                                                                                   \
	"'files':[{'value':'p.rego'}]},'plans':{'plans':[{'name':'t/p','blocks':[{'stmts':["
#define MIDDLE "]}]}]},'funcs':{'funcs':["
#define FUNCTION(name, path)                                                                       \
	"{'name':'" name "','params':[0,1],'return':2,'blocks':[],'path':[" path "]}"
#define TAIL "]}}"

static struct policy *load(struct arena *arena, const char *plan, struct error *err)
{
	char *text = arena_strdup(arena, plan);

	for (char *at = text; *at != '\0'; at++) {
		*at = *at == '\'' ? '"' : *at;
	}
	const struct policy_files files = { .plan = text, .plan_size = strlen(text) };
	return policy_load(&files, NULL, err);
}

static struct policy *load_statements(
	struct arena *arena, const char *statements, struct error *err)
{
	const char *plan = arena_printf(
		arena, "%s%s%s%s%s", HEAD, statements, MIDDLE, FUNCTION("f", "'g0','t','f'"), TAIL);

	return load(arena, plan, err);
}

struct refusal {
	const char *statements;
	const char *says;
};

static const struct refusal refusals[] = {
	{ S("JumpStmt", "'target':2"), "p.rego:7: statement type 'JumpStmt' is not known" },
	{ "{'stmt':{}}", "statement type '' is not known" },
	{ "7", "statement type '' is not known" },
	/* operands */
	{ S("ResetLocalStmt", "'target':-1"), "local -1 is out of range" },
	{ S("ResetLocalStmt", "'target':65536"), "local 65536 is out of range" },
	{ S("ResetLocalStmt", "'target':4294967298"), "local 4294967298 is out of range" },
	{ S("ResetLocalStmt", "'target':1.5"), "a number is missing" },
	{ S("ResetLocalStmt", "'other':1"), "a number is missing" },
	{ S("EqualStmt", "'a':" LOCAL("0") ",'b':" STRING("4")), "string 4 is not in the static" },
	{ S("EqualStmt", "'a':" LOCAL("0") ",'b':" STRING("-1")), "string -1 is not in the" },
	{ S("EqualStmt", "'a':" LOCAL("99999") ",'b':" STRING("0")), "local 99999 is out of" },
	{ S("EqualStmt", "'a':" LOCAL("0")), "an operand is no local, string or boolean" },
	{ S("EqualStmt", "'a':" LOCAL("0") ",'b':{'type':'bool','value':0}"), "an operand is no" },
	{ S("EqualStmt", "'a':" LOCAL("0") ",'b':{'type':'global','value':0}"), "operand is no" },
	/* numbers */
	{ S("MakeNumberRefStmt", "'Index':0,'target':2"), "'result' is no number" },
	{ S("MakeNumberRefStmt", "'Index':4,'target':2"), "number 4 is not in the static table" },
	{ S("MakeNumberRefStmt", "'Index':-1,'target':2"), "number -1 is not in the static" },
	/* calls */
	{ S("CallStmt", "'func':'http.send','args':[],'result':2"),
		"p.rego:7: the builtin http.send is not available here: a decision asks nobody" },
	{ S("CallStmt", "'func':'regex.match','args':[" STRING("3") "," LOCAL("0") "],'result':2"),
		"p.rego:7: regex.match: error parsing regexp: missing closing ): `a(`" },
	{ S("CallStmt", "'func':'f','args':[" LOCAL("0") "],'result':2"),
		"f takes 2 arguments, but gets 1" },
	{ S("CallStmt", "'func':'count','args':[],'result':2"),
		"the builtin count takes 1 arguments, but gets 0" },
	{ S("CallStmt", "'args':[],'result':2"), "the builtin  is not available here" },
	{ S("CallStmt", "'func':'f','args':{},'result':2"), "a list of operands is no array" },
	{ S("CallDynamicStmt", "'args':[0,1],'result':2,'path':[" STRING("0") "]"),
		"a break leaves more blocks than there are" },
	{ S("CallDynamicStmt", "'args':[0],'result':2,'path':[" STRING("0") "]"),
		"a dynamic call lacks its path or takes more" },
	{ S("CallDynamicStmt", "'args':[0,1],'result':2,'path':[]"), "a dynamic call lacks" },
	/* blocks */
	{ S("BreakStmt", "'index':1"), "a break leaves more blocks than there are" },
	{ S("BreakStmt", "'index':-1"), "a break leaves more blocks than there are" },
	{ S("ScanStmt", "'source':0,'key':2,'value':3,'block':{'stmts':[" S(
				"BreakStmt", "'index':1") "]}"),
		"a break leaves a loop" },
	{ S("BlockStmt", "'blocks':[{'stmts':7}]"), "a block lacks its statements" },
	{ S("BlockStmt", "'blocks':[7]"), "a block lacks its statements" },
	{ S("BlockStmt", "'blocks':{}"), "blocks are no array" },
	{ S("WithStmt", "'local':0,'path':[2],'value':" BOOL("true") ",'block':{'stmts':[]}"),
		"a path has a NUL in it" },
	{ S("WithStmt", "'local':0,'path':[9],'value':" BOOL("true") ",'block':{'stmts':[]}"),
		"string 9 is not in the static table" },
};

static void test_a_statement_that_lies_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct arena *arena = arena_new();
		struct error err = { 0 };

		struct policy *policy = load_statements(arena, refusals[i].statements, &err);

		print_message("# %s\n#  → %s\n", refusals[i].statements, err.text);
		assert_null(policy);
		assert_int_equal(err.code, ERROR_POLICY);
		assert_non_null(strstr(err.text, refusals[i].says));
		arena_free(arena);
	}
}

static const char *const accepted[] = {
	S("NopStmt", "'x':1"),
	S("BlockStmt", "'blocks':null"),
	S("BlockStmt", "'blocks':[{'stmts':null}]"),
	S("BlockStmt", "'blocks':[{'stmts':[" S("BreakStmt", "'index':1") "]}]"),
	S("ScanStmt",
		"'source':0,'key':2,'value':3,'block':{'stmts':[" S("BreakStmt", "'index':0") "]}"),
	S("NotStmt", "'block':{'stmts':[" S("BreakStmt", "'index':1") "]}"),
	S("WithStmt", "'local':0,'path':null,'value':" LOCAL("4") ",'block':{'stmts':[" S(
			      "BreakStmt", "'index':1") "]}"),
	S("CallStmt", "'func':'f','args':[" LOCAL("0") "," LOCAL("1") "],'result':2"),
	S("MakeNumberRefStmt", "'Index':1,'target':2"),
};

static void test_a_sound_statement_is_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		struct arena *arena = arena_new();
		struct error err = { 0 };

		struct policy *policy = load_statements(arena, accepted[i], &err);

		print_message("# %s %s\n", accepted[i], err.text);
		assert_non_null(policy);
		policy_unref(policy);
		arena_free(arena);
	}
}

static const struct refusal plans[] = {
	{ "", "line 1" },
	{ "{", "line 1" },
	{ "[]", "the plan has no entry point" },
	{ "{'plans':{'plans':[]}}", "the plan has no entry point" },
	{ "{'plans':{'plans':[{'blocks':[]}]}}", "entry point 0 has no name" },
	{ "{'static':{'strings':[{'value':1}]}}", "entry 0 of the static table is no string" },
	{ "{'funcs':{'funcs':[{'params':[0,1]}]}}", "function 0 has no name" },
	{ "{'funcs':{'funcs':[{'name':'f','params':[0]}]}}", "f does not take input, data" },
	{ "{'funcs':{'funcs':[{'name':'f','params':[0,-1]}]}}", "a parameter that is no local" },
	{ "{'funcs':{'funcs':[{'name':'f','params':[0,1],'path':[1]}]}}",
		"the path of function f" },
	{ "{'funcs':{'funcs':[" FUNCTION("f", "") "," FUNCTION("f", "") "]}}",
		"two functions have one name" },
	{ HEAD MIDDLE FUNCTION("f", "'g0','a'") "," FUNCTION("g", "'g0','a','b'") TAIL,
		"the path of a function is part of another's" },
	{ HEAD MIDDLE FUNCTION("f", "'g0','a'") "," FUNCTION("g", "'g0','a'") TAIL,
		"the path of a function is part of another's" },
};

static void test_a_plan_that_lies_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		struct arena *arena = arena_new();
		struct error err = { 0 };

		struct policy *policy = load(arena, plans[i].statements, &err);

		print_message("# %.60s → %s\n", plans[i].statements, err.text);
		assert_null(policy);
		assert_non_null(strstr(err.text, plans[i].says));
		arena_free(arena);
	}
}

/* Blocks within blocks, `depth` of them. */
static const char *nested(struct arena *arena, size_t depth)
{
	const char *statements = "";

	for (size_t i = 0; i < depth; i++) {
		statements = arena_printf(
			arena, "{'type':'NotStmt','stmt':{'block':{'stmts':[%s]}}}", statements);
	}
	return statements;
}

static void test_nesting_is_limited(void **state)
{
	struct arena *arena = arena_new();
	struct error err = { 0 };

	(void)state;
	struct policy *fine = load_statements(arena, nested(arena, IR_NESTING - 1), &err);
	struct policy *deep = load_statements(arena, nested(arena, IR_NESTING), &err);

	assert_non_null(fine);
	assert_null(deep);
	assert_int_equal(err.code, ERROR_TOO_LARGE);
	policy_unref(fine);
	arena_free(arena);
}

static void test_statements_are_limited(void **state)
{
	struct policy_limits limits = policy_limits_default;
	const char plan[] = "{\"plans\":{\"plans\":[{\"name\":\"p\",\"blocks\":[{\"stmts\":["
			    "{\"type\":\"NopStmt\"},{\"type\":\"NopStmt\"}]}]}]}}";
	const struct policy_files files = { .plan = plan, .plan_size = sizeof(plan) - 1 };
	struct error err = { 0 };

	(void)state;
	limits.statements = 1;
	assert_null(policy_load(&files, &limits, &err));
	assert_int_equal(err.code, ERROR_TOO_LARGE);

	limits.statements = 2;
	struct policy *policy = policy_load(&files, &limits, &err);
	assert_non_null(policy);
	policy_unref(policy);
}

static void test_numbers_are_read_as_rego_writes_them(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	const struct value *half = ir_number(arena, value_of_text(arena, ".5"));
	const struct value *large = ir_number(arena, value_of_text(arena, "1e9999"));

	assert_non_null(half);
	assert_true(value_double(half) == 0.5);
	assert_null(large);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_statement_that_lies_is_refused),
		cmocka_unit_test(test_a_sound_statement_is_accepted),
		cmocka_unit_test(test_a_plan_that_lies_is_refused),
		cmocka_unit_test(test_nesting_is_limited),
		cmocka_unit_test(test_statements_are_limited),
		cmocka_unit_test(test_numbers_are_read_as_rego_writes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
