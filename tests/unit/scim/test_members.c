#include "scim/members.h"

#include "scim/filter.h"
#include "scim/patch.h"
#include "tests/support/scim.h"

#define GROUP "{'displayName':'Team','schemas':['" GROUP_URN "']}"

/* "add a b; remove c; clear; matching type eq \"User\"" or "!error" */
static const char *delta(struct arena *arena, const char *dialect, const char *operations)
{
	const struct scim_dialect *it = scim_dialect_find(dialect);
	static const char *const names[] = { "add", "remove", "replace", "clear", "matching" };
	struct scim_patch_result result = { 0 };
	struct scim_patch patch;
	struct error err = { 0 };
	struct buf buf = { 0 };
	const struct value *before = json(arena, GROUP);
	const char *text =
		arena_printf(arena, "{'schemas':['" PATCH_URN "'],'Operations':[%s]}", operations);

	if (!scim_patch_parse(arena, group_type(), it, json(arena, text), &patch, &err) ||
		!scim_patch_apply(arena, &patch, "id", before, &result, &err)) {
		return arena_printf(arena, "!%s", error_name(err.code));
	}
	for (size_t i = 0; i < result.step_count; i++) {
		const struct scim_member_step *step = &result.steps[i];

		buf_printf(&buf, "%s%s", i > 0 ? "; " : "", names[step->kind]);
		for (size_t k = 0; k < scim_member_count(step->list); k++) {
			const struct value *id = scim_member_id(it, step->list, k, &err);

			buf_printf(&buf, " %s", id != NULL ? value_text(id) : err.text);
		}
		if (step->filter != NULL) {
			buf_append_char(&buf, ' ');
			scim_filter_print(&buf, step->filter);
		}
	}
	text = arena_strdup(arena, buf_text(&buf));
	buf_fini(&buf);
	return text;
}

static const struct {
	const char *rule;
	const char *dialect;
	const char *operations;
	const char *steps;
} deltas[] = {
	{ "8 several at once", "entra",
		"{'op':'Add','path':'members','value':[{'value':'a'},{'value':'b'}]}", "add a b" },
	{ "7 $ref null", "entra",
		"{'op':'Add','path':'members','value':[{'$ref':null,'value':'a'}]}", "add a" },
	{ "one alone", "standard", "{'op':'add','path':'members','value':{'value':'a'}}", "add a" },
	{ "without a path", "okta", "{'op':'add','value':{'members':[{'value':'a'}]}}", "add a" },
	{ "5 remove by value", "entra",
		"{'op':'Remove','path':'members','value':[{'$ref':null,'value':'a'}]}",
		"remove a" },
	{ "5 strictly", "standard", "{'op':'remove','path':'members','value':[{'value':'a'}]}",
		"!value" },
	{ "an empty list removes nobody", "entra", "{'op':'Remove','path':'members','value':[]}",
		"remove" },
	{ "6 remove by filter", "okta", "{'op':'remove','path':'members[value eq `a`]'}",
		"remove a" },
	{ "two by filter", "standard",
		"{'op':'remove','path':'members[value eq `a` or value eq `b`]'}", "remove a b" },
	{ "another filter", "standard", "{'op':'remove','path':'members[type eq `User`]'}",
		"matching type eq \"User\"" },
	{ "3.5.2.2 all", "standard", "{'op':'remove','path':'members'}", "clear" },
	{ "25 replace by nobody", "okta", "{'op':'replace','path':'members','value':[]}", "clear" },
	{ "25 without a path", "okta", "{'op':'replace','value':{'members':[]}}", "clear" },
	{ "28 replace", "standard", "{'op':'replace','path':'members','value':[{'value':'a'}]}",
		"replace a" },
	{ "add nobody", "standard", "{'op':'add','path':'members','value':[]}", "" },
	{ "steps keep their order", "standard",
		"{'op':'remove','path':'members'},"
		"{'op':'add','path':'members','value':[{'value':'a'}]},"
		"{'op':'remove','path':'members[value eq `b`]'},"
		"{'op':'add','path':'members','value':[{'value':'c'}]},"
		"{'op':'add','path':'members','value':[{'value':'d'}]}",
		"clear; add a; remove b; add c; add d" },
	{ "7643 7 parts are immutable", "standard",
		"{'op':'replace','path':'members[value eq `a`].display','value':'x'}",
		"!mutability" },
	{ "and so is a member in its place", "standard",
		"{'op':'replace','path':'members[value eq `a`]','value':{'value':'b'}}",
		"!mutability" },
};

static void test_operations_become_steps(void **state)
{
	for (size_t i = 0; i < sizeof(deltas) / sizeof(deltas[0]); i++) {
		const char *found = delta(*state, deltas[i].dialect, deltas[i].operations);

		if (strcmp(found, deltas[i].steps) != 0) {
			fail_msg("%s: '%s', not '%s'", deltas[i].rule, found, deltas[i].steps);
		}
	}
}

static void test_additive_replace_is_an_option(void **state)
{
	struct scim_dialect own = *scim_dialect_find("entra");
	const struct value *body = json(*state,
		"{'Operations':[{'op':'Replace','path':'members','value':[{'value':'a'}]}]}");
	struct scim_patch_result result;
	struct scim_patch patch;
	struct error err = { 0 };

	own.quirks |= SCIM_ADDITIVE_MEMBERS;
	assert_true(scim_patch_parse(*state, group_type(), &own, body, &patch, &err));
	assert_true(scim_patch_apply(*state, &patch, "id", json(*state, GROUP), &result, &err));

	assert_int_equal(result.step_count, 1);
	assert_int_equal(result.steps[0].kind, SCIM_MEMBERS_ADD);
}

static void test_what_is_no_list_has_no_members(void **state)
{
	assert_int_equal(scim_member_count(NULL), 0);
	assert_int_equal(scim_member_count(json(*state, "{'value':'a','display':'b'}")), 0);
	assert_int_equal(scim_member_count(value_of_text(*state, "a")), 0);
	assert_int_equal(scim_member_count(json(*state, "[{'value':'a'},{'value':'b'}]")), 2);
}

static void test_a_member_is_an_id_of_a_user(void **state)
{
	static const struct {
		const char *dialect;
		const char *member;
		const char *id; /* NULL: refused */
	} cases[] = {
		{ "standard", "{'value':'a'}", "a" },
		{ "standard", "{'VALUE':'a','Type':'User','$ref':'x','display':'D'}", "a" },
		{ "standard", "{'value':'a','type':'Group'}", NULL },
		{ "standard", "{'value':'a','TYPE':'group'}", NULL },
		{ "standard", "{'value':7}", NULL },
		{ "standard", "{'value':''}", NULL },
		{ "standard", "{'display':'a'}", NULL },
		{ "standard", "'a'", NULL },
		{ "entra", "'a'", "a" },
		{ "entra", "null", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct value *list =
			json(*state, arena_printf(*state, "[%s]", cases[i].member));
		struct error err = { 0 };
		const struct value *id =
			scim_member_id(scim_dialect_find(cases[i].dialect), list, 0, &err);

		if (cases[i].id == NULL) {
			assert_null(id);
			assert_int_equal(err.code, ERROR_VALUE);
		} else {
			assert_string_equal(value_text(id), cases[i].id);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_operations_become_steps),
		ARENA_TEST(test_additive_replace_is_an_option),
		ARENA_TEST(test_what_is_no_list_has_no_members),
		ARENA_TEST(test_a_member_is_an_id_of_a_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
