/*
 * PATCH on multi-valued attributes: RFC 7644, 3.5.2, and what identity providers make of it.
 */
#include "scim/edit_list.h"

#include "scim/patch.h"
#include "tests/support/scim.h"

#define WORK "{'type':'work','value':'w@x'}"
#define HOME "{'type':'home','value':'h@x'}"
#define WORK_PRIMARY "{'primary':true,'type':'work','value':'w@x'}"
#define WORK_SECOND "{'primary':false,'type':'work','value':'w@x'}"

struct list_case {
	const char *rule;
	const char *dialect;
	const char *before; /* emails; "-": none */
	const char *operation;
	const char *after; /* emails, "-", or "!" and the name of an error */
};

static const struct value *doc_of(struct arena *arena, const char *emails)
{
	const struct value *doc = json(arena, "{'schemas':['" USER_URN "'],'userName':'anna'}");

	return value_with(arena, doc, "emails", emails[0] == '-' ? NULL : json(arena, emails));
}

static void check(struct arena *arena, const struct list_case *it)
{
	const char *text = arena_printf(
		arena, "{'schemas':['" PATCH_URN "'],'Operations':[%s]}", it->operation);
	struct scim_patch_result result = { 0 };
	struct scim_patch patch;
	struct error err = { 0 };
	bool good = scim_patch_parse(arena, user_type(), scim_dialect_find(it->dialect),
			    json(arena, text), &patch, &err) &&
		    scim_patch_apply(arena, &patch, "id", doc_of(arena, it->before), &result, &err);
	const char *found = good ? printed(arena, value_find(result.doc, "emails"))
				 : arena_printf(arena, "!%s", error_name(err.code));
	const char *wanted =
		it->after[0] == '[' ? printed(arena, json(arena, it->after)) : it->after;

	if (strcmp(found, wanted) != 0) {
		fail_msg("%s: %s\n%s\nnot\n%s", it->rule, err.text, found, wanted);
	}
}

static void check_all(struct arena *arena, const struct list_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		check(arena, &cases[i]);
	}
}

#define CHECK_ALL(state, cases) check_all(*(state), cases, sizeof(cases) / sizeof((cases)[0]))

static void test_add_unites(void **state)
{
	static const struct list_case cases[] = {
		{ "3.5.2.1 new values", "standard", "[" WORK "]",
			"{'op':'add','path':'emails','value':[" HOME "]}", "[" WORK "," HOME "]" },
		{ "one value alone", "standard", "-",
			"{'op':'add','path':'emails','value':" HOME "}", "[" HOME "]" },
		{ "3.5.2.1 what is there is not added again", "standard", "[" WORK "]",
			"{'op':'add','path':'emails','value':[" WORK "," HOME "]}",
			"[" WORK "," HOME "]" },
		{ "nothing", "standard", "[" WORK "]", "{'op':'add','path':'emails','value':[]}",
			"[" WORK "]" },
		{ "without a path", "standard", "[" WORK "]",
			"{'op':'add','value':{'emails':[" HOME "]}}", "[" WORK "," HOME "]" },
		{ "3.5.2 primary passes on", "standard", "[" WORK_PRIMARY "]",
			"{'op':'add','path':'emails','value':[{'primary':true,'value':'n@x'}]}",
			"[" WORK_SECOND ",{'primary':true,'value':'n@x'}]" },
		{ "7643 2.4 two primaries at once", "standard", "-",
			"{'op':'add','path':'emails','value':[{'primary':true,'value':'n@x'},"
			"{'primary':true,'value':'m@x'}]}",
			"!value" },
		{ "a bare text, strictly", "standard", "-",
			"{'op':'add','path':'emails','value':['a@x']}", "!value" },
		{ "a bare text", "entra", "-", "{'op':'Add','path':'emails','value':['a@x']}",
			"[{'value':'a@x'}]" },
	};

	CHECK_ALL(state, cases);
}

static void test_replace_sets_the_whole_list(void **state)
{
	static const struct list_case cases[] = {
		{ "3.5.2.3", "standard", "[" WORK "]",
			"{'op':'replace','path':'emails','value':[" HOME "]}", "[" HOME "]" },
		{ "an empty list", "standard", "[" WORK "]",
			"{'op':'replace','path':'emails','value':[]}", "-" },
		{ "null", "standard", "[" WORK "]", "{'op':'replace','path':'emails','value':null}",
			"-" },
		{ "no list, strictly", "standard", "[" WORK "]",
			"{'op':'replace','path':'emails','value':" HOME "}", "!value" },
		{ "no list", "okta", "[" WORK "]",
			"{'op':'replace','path':'emails','value':" HOME "}", "[" HOME "]" },
		{ "two primaries", "standard", "-",
			"{'op':'replace','path':'emails','value':[{'primary':true,'value':'n@x'},"
			"{'primary':true,'value':'m@x'}]}",
			"!value" },
		{ "an unknown sub-attribute", "standard", "-",
			"{'op':'replace','path':'emails','value':[{'valeu':'n@x'}]}", "!value" },
	};

	CHECK_ALL(state, cases);
}

static void test_value_paths_follow_the_rfc(void **state)
{
	static const struct list_case cases[] = {
		{ "3.5.2.3 the matching values are replaced", "standard", "[" WORK "," HOME "]",
			"{'op':'replace','path':'emails[type eq `work`]','value':{'value':'n@x'}}",
			"[{'value':'n@x'}," HOME "]" },
		{ "3.5.2.3 a sub-attribute of the matching", "standard", "[" WORK "," HOME "]",
			"{'op':'replace','path':'emails[type eq `work`].value','value':'n@x'}",
			"[{'type':'work','value':'n@x'}," HOME "]" },
		{ "all matching", "standard", "[" WORK "," HOME "]",
			"{'op':'replace','path':'emails[value ew `@x`].type','value':'other'}",
			"[{'type':'other','value':'w@x'},{'type':'other','value':'h@x'}]" },
		{ "3.5.2.3 none matches", "standard", "[" HOME "]",
			"{'op':'replace','path':'emails[type eq `work`].value','value':'n@x'}",
			"!no_target" },
		{ "no list at all", "standard", "-",
			"{'op':'replace','path':'emails[type eq `work`]','value':{'value':'n'}}",
			"!no_target" },
		{ "add merges into the matching", "standard", "[" WORK "]",
			"{'op':'add','path':'emails[type eq `work`]','value':{'display':'W'}}",
			"[{'display':'W','type':'work','value':'w@x'}]" },
		{ "3.5.2.2 the matching go", "standard", "[" WORK "," HOME "]",
			"{'op':'remove','path':'emails[type eq `work`]'}", "[" HOME "]" },
		{ "the last one goes", "standard", "[" WORK "]",
			"{'op':'remove','path':'emails[type eq `work`]'}", "-" },
		{ "a sub-attribute goes", "standard", "[" WORK "]",
			"{'op':'remove','path':'emails[type eq `work`].type'}",
			"[{'value':'w@x'}]" },
		{ "what goes is not there", "standard", "[" HOME "]",
			"{'op':'remove','path':'emails[type eq `work`]'}", "!no_target" },
		{ "and or not", "standard", "[" WORK "," HOME "]",
			"{'op':'remove','path':'emails[not (type eq `work`) or value co `zzz`]'}",
			"[" WORK "]" },
		{ "a sub-attribute of all", "standard", "[" WORK "," HOME "]",
			"{'op':'remove','path':'emails.type'}",
			"[{'value':'w@x'},{'value':'h@x'}]" },
		{ "a sub-attribute of none", "standard", "-",
			"{'op':'add','path':'emails.value','value':'a@x'}", "!no_target" },
		{ "primary passes on", "standard", "[" WORK_PRIMARY "," HOME "]",
			"{'op':'replace','path':'emails[type eq `home`].primary','value':true}",
			"[" WORK_SECOND ",{'primary':true,'type':'home','value':'h@x'}]" },
		{ "primary of two", "standard", "[" WORK "," HOME "]",
			"{'op':'replace','path':'emails[value pr].primary','value':true}",
			"!value" },
		{ "3.10 a bad filter", "standard", "[" WORK "]",
			"{'op':'remove','path':'emails[typ eq `work`]'}", "!filter" },
		{ "a filter on a single value", "standard", "[" WORK "]",
			"{'op':'remove','path':'name[givenName eq `x`]'}", "!path" },
	};

	CHECK_ALL(state, cases);
}

static void test_dialects_make_and_end_elements(void **state)
{
	static const struct list_case cases[] = {
		{ "12 an element is made", "entra", "[" HOME "]",
			"{'op':'Add','path':'emails[type eq `work`].value','value':'w@x'}",
			"[" HOME "," WORK "]" },
		{ "12 replace as well", "okta", "-",
			"{'op':'replace','path':'emails[type eq `work`].value','value':'w@x'}",
			"[" WORK "]" },
		{ "of two comparisons", "entra", "-",
			"{'op':'Add','path':'emails[type eq `work` and primary eq `True`].value',"
			"'value':'w@x'}",
			"[" WORK_PRIMARY "]" },
		{ "a filter that describes none", "entra", "-",
			"{'op':'Add','path':'emails[type ne `work`].value','value':'w@x'}",
			"!no_target" },
		{ "15 primary of a new one", "entra", "-",
			"{'op':'replace','path':'emails[type eq `untyped`].primary','value':true}",
			"[{'primary':true,'type':'untyped'}]" },
		{ "15 primary is no telephone", "entra", "-",
			"{'op':'replace','path':'emails[type eq `u`].primary','value':'1-648'}",
			"!value" },
		{ "an element without its value ends", "entra", "[" WORK "," HOME "]",
			"{'op':'Replace','path':'emails[type eq `work`].value','value':''}",
			"[" HOME "]" },
		{ "by remove", "okta", "[" WORK "]",
			"{'op':'remove','path':'emails[type eq `work`].value'}", "-" },
		{ "strictly it does not", "standard", "[" WORK "]",
			"{'op':'remove','path':'emails[type eq `work`].value'}",
			"[{'type':'work'}]" },
		{ "what is not there is not made by clearing it", "entra", "[" HOME "]",
			"{'op':'Replace','path':'emails[type eq `work`].value','value':''}",
			"[" HOME "]" },
		{ "null neither", "okta", "-",
			"{'op':'replace','path':'emails[type eq `work`].value','value':null}",
			"-" },
		{ "a whole value keeps what its filter says", "entra", "[" WORK "]",
			"{'op':'Replace','path':'emails[type eq `work`]','value':{'value':'n@x'}}",
			"[{'type':'work','value':'n@x'}]" },
		{ "a bare one as well", "okta", "[" WORK "," HOME "]",
			"{'op':'replace','path':'emails[type eq `work`]','value':'n@x'}",
			"[{'type':'work','value':'n@x'}," HOME "]" },
		{ "a whole value goes by null", "entra", "[" WORK "," HOME "]",
			"{'op':'Replace','path':'emails[type eq `work`]','value':null}",
			"[" HOME "]" },
		{ "a whole value is made", "entra", "-",
			"{'op':'Replace','path':'emails[type eq `work`]','value':{'value':'w@x'}}",
			"[" WORK "]" },
		{ "a filter that describes none replaces as the RFC says", "entra", "[" WORK "]",
			"{'op':'Replace','path':'emails[value pr]','value':{'value':'n@x'}}",
			"[{'value':'n@x'}]" },
		{ "nothing to remove", "entra", "[" HOME "]",
			"{'op':'Remove','path':'emails[type eq `work`]'}", "[" HOME "]" },
		{ "5 remove by value", "entra", "[" WORK "," HOME "]",
			"{'op':'Remove','path':'emails','value':[{'$ref':null,'value':'W@X'}]}",
			"[" HOME "]" },
		{ "by type alone", "entra", "[" WORK "," HOME "]",
			"{'op':'Remove','path':'emails','value':[{'type':'home'}]}", "[" WORK "]" },
		{ "an empty list removes nothing", "entra", "[" WORK "]",
			"{'op':'Remove','path':'emails','value':[]}", "[" WORK "]" },
		{ "remove by value, strictly", "standard", "[" WORK "]",
			"{'op':'remove','path':'emails','value':[" WORK "]}", "!value" },
	};

	CHECK_ALL(state, cases);
}

static void test_a_list_with_keys_is_bounded(void **state)
{
	struct buf buf = { 0 };

	buf_append_text(&buf, "{'op':'add','path':'emails','value':[");
	for (int i = 0; i < 61; i++) {
		buf_printf(&buf, "%s{'value':'a%d@x'}", i > 0 ? "," : "", i);
	}
	buf_append_text(&buf, "]}");

	check(*state, &(struct list_case){ "61 addresses", "standard", "-", buf.data, "!value" });
	buf_fini(&buf);
}

/* ---- bounds ---- */

static const char *roles(struct arena *arena, int from, int to)
{
	struct buf buf = { 0 };
	const char *text;

	for (int i = from; i < to; i++) {
		buf_printf(&buf, "%s{'value':'r%d'}", i > from ? "," : "", i);
	}
	text = arena_printf(arena, "[%s]", buf_text(&buf));
	buf_fini(&buf);
	return text;
}

static bool patch_roles(struct arena *arena, const struct value *before, const char *operations,
	struct scim_patch_result *result, struct error *err)
{
	const char *text =
		arena_printf(arena, "{'schemas':['" PATCH_URN "'],'Operations':[%s]}", operations);
	struct scim_patch patch;

	return scim_patch_parse(arena, user_type(), scim_dialect_standard(), json(arena, text),
		       &patch, err) &&
	       scim_patch_apply(arena, &patch, "id", before, result, err);
}

static const struct value *with_roles(struct arena *arena, int count)
{
	return value_with(arena, doc_of(arena, "-"), "roles", json(arena, roles(arena, 0, count)));
}

static void test_long_lists_are_united(void **state)
{
	struct scim_patch_result result;
	struct error err = { 0 };

	assert_true(patch_roles(*state, with_roles(*state, 600),
		arena_printf(
			*state, "{'op':'add','path':'roles','value':%s}", roles(*state, 400, 1000)),
		&result, &err));
	assert_json(*state, value_find(result.doc, "roles"), roles(*state, 0, 1000));

	assert_false(patch_roles(*state, result.doc,
		"{'op':'add','path':'roles','value':[{'value':'one more'}]}", &result, &err));
	assert_int_equal(err.code, ERROR_VALUE);
}

/* 100 operations over 1,000 values: each is fine, all together are an attack. */
static void test_the_work_of_one_patch_is_bounded(void **state)
{
	struct scim_patch_result result;
	struct error err = { 0 };
	const char *text = "";

	for (int i = 0; i < 100; i++) {
		text = arena_printf(*state, "%s%s{'op':'remove','path':'roles[value eq `r%d`]'}",
			text, i > 0 ? "," : "", i);
	}

	assert_true(patch_roles(*state, with_roles(*state, 100), text, &result, &err));
	assert_false(patch_roles(*state, with_roles(*state, 1000), text, &result, &err));
	assert_int_equal(err.code, ERROR_TOO_MANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_add_unites),
		ARENA_TEST(test_replace_sets_the_whole_list),
		ARENA_TEST(test_value_paths_follow_the_rfc),
		ARENA_TEST(test_dialects_make_and_end_elements),
		ARENA_TEST(test_a_list_with_keys_is_bounded),
		ARENA_TEST(test_long_lists_are_united),
		ARENA_TEST(test_the_work_of_one_patch_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
