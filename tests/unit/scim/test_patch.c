#include "scim/patch.h"

#include "tests/support/scim.h"

static enum error_code parse(struct arena *arena, const struct scim_resource_type *type,
	const char *dialect, const char *body, struct scim_patch *patch)
{
	struct error err = { 0 };

	return scim_patch_parse(
		       arena, type, scim_dialect_find(dialect), json(arena, body), patch, &err)
		       ? ERROR_NONE
		       : err.code;
}

/* ---- messages (RFC 7644, 3.5.2) ---- */

static void test_a_message_is_held_to_its_structure(void **state)
{
	static const struct {
		const char *dialect;
		const char *body;
		enum error_code code;
	} cases[] = {
		{ "standard", "{'schemas':['" PATCH_URN "'],'Operations':[]}", ERROR_SYNTAX },
		{ "okta", "{'schemas':['" PATCH_URN "'],'Operations':[]}", ERROR_SYNTAX },
		{ "entra", "{'schemas':['" PATCH_URN "'],'Operations':[]}", ERROR_NONE },
		{ "standard", "{'schemas':['" PATCH_URN "']}", ERROR_SYNTAX },
		{ "standard", "{'Operations':[{'op':'remove','path':'title'}]}", ERROR_SYNTAX },
		{ "okta", "{'Operations':[{'op':'remove','path':'title'}]}", ERROR_NONE },
		{ "standard",
			"{'schemas':['" USER_URN
			"'],'Operations':[{'op':'remove','path':'title'}]}",
			ERROR_SYNTAX },
		{ "standard",
			"{'schemas':['" PATCH_URN
			"'],'operations':[{'OP':'remove','Path':'title'}]}",
			ERROR_NONE },
		{ "standard", "{'schemas':['" PATCH_URN "'],'Operations':{}}", ERROR_SYNTAX },
		{ "standard", "{'schemas':['" PATCH_URN "'],'Operations':[1]}", ERROR_SYNTAX },
		{ "standard", "{'schemas':['" PATCH_URN "'],'Operations':[{'op':'move'}]}",
			ERROR_SYNTAX },
		{ "standard", "{'schemas':['" PATCH_URN "'],'Operations':[{'path':'title'}]}",
			ERROR_SYNTAX },
		{ "standard",
			"{'schemas':['" PATCH_URN "'],'Operations':[{'op':'remove','path':7}]}",
			ERROR_PATH },
		{ "entra", "{'schemas':['" PATCH_URN "'],'Operations':[{'op':'Remove'}]}",
			ERROR_NO_TARGET },
		{ "entra", "{'schemas':['" PATCH_URN "'],'Operations':[{'op':'Remove','path':''}]}",
			ERROR_NO_TARGET },
		{ "standard", "[]", ERROR_SYNTAX },
	};
	struct scim_patch patch;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum error_code code =
			parse(*state, user_type(), cases[i].dialect, cases[i].body, &patch);

		if (code != cases[i].code) {
			fail_msg("%s: %s", cases[i].body, error_name(code));
		}
	}
}

static const char *many(struct arena *arena, size_t count)
{
	struct buf buf = { 0 };
	const char *text;

	buf_append_text(&buf, "{'schemas':['" PATCH_URN "'],'Operations':[");
	for (size_t i = 0; i < count; i++) {
		buf_printf(&buf, "%s{'op':'remove','path':'title'}", i > 0 ? "," : "");
	}
	buf_append_text(&buf, "]}");
	text = arena_strdup(arena, buf.data);
	buf_fini(&buf);
	return text;
}

static void test_a_hundred_operations_and_no_more(void **state)
{
	struct scim_patch patch;

	assert_int_equal(
		parse(*state, user_type(), "standard", many(*state, 100), &patch), ERROR_NONE);
	assert_int_equal(patch.count, 100);
	assert_int_equal(
		parse(*state, user_type(), "standard", many(*state, 101), &patch), ERROR_TOO_MANY);
}

/* ---- obligations ---- */

static enum error_code parse_obligations(
	struct arena *arena, const struct value *operations, struct scim_patch *patch)
{
	struct error err = { 0 };

	return scim_patch_parse_obligations(arena, user_type(), operations, patch, &err)
		       ? ERROR_NONE
		       : err.code;
}

static void test_obligations_may_not_touch_identity(void **state)
{
	static const struct {
		const char *operations;
		enum error_code code;
	} cases[] = {
		{ "[{'op':'replace','path':'userType','value':'x'}]", ERROR_NONE },
		{ "[{'op':'add','value':{'userType':'x'}}]", ERROR_NONE },
		{ "[{'op':'replace','path':'id','value':'x'}]", ERROR_MUTABILITY },
		{ "[{'op':'replace','path':'USERNAME','value':'x'}]", ERROR_MUTABILITY },
		{ "[{'op':'replace','path':'" USER_URN ":userName','value':'x'}]",
			ERROR_MUTABILITY },
		{ "[{'op':'add','value':{'title':'t','username':'x'}}]", ERROR_MUTABILITY },
		{ "[{'op':'add','value':{'externalId':'x'}}]", ERROR_MUTABILITY },
		{ "[{'op':'add','path':'externalId','value':'x'}]", ERROR_MUTABILITY },
		{ "[{'op':'add','path':'schemas','value':[]}]", ERROR_MUTABILITY },
		{ "[{'op':'add','path':'meta.version','value':'x'}]", ERROR_MUTABILITY },
		{ "[{'op':'add','path':'groups','value':[]}]", ERROR_MUTABILITY },
		{ "[{'op':'add','path':'password','value':'x'}]", ERROR_MUTABILITY },
		{ "[{'op':'Replace','path':'userType','value':'x'}]", ERROR_SYNTAX },
		{ "{'op':'replace'}", ERROR_SYNTAX },
	};
	struct scim_patch patch;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum error_code code =
			parse_obligations(*state, json(*state, cases[i].operations), &patch);

		if (code != cases[i].code) {
			fail_msg("%s: %s", cases[i].operations, error_name(code));
		}
	}
}

static void test_group_members_are_no_obligation(void **state)
{
	struct scim_patch patch;
	struct error err = { 0 };

	assert_false(scim_patch_parse_obligations(*state, group_type(),
		json(*state, "[{'op':'add','path':'members','value':[{'value':'x'}]}]"), &patch,
		&err));

	assert_int_equal(err.code, ERROR_MUTABILITY);
}

/* {7: "x"} is Rego's, not JSON's. */
static void test_obligations_that_are_no_json_are_refused(void **state)
{
	struct arena *arena = *state;
	const struct value *seven = value_of_int(arena, 7);
	struct value_member member = { seven, value_of_text(arena, "x") };
	const struct value *odd = value_of_object(arena, &member, 1);
	const struct value *operation = json(arena, "{'op':'add'}");
	struct scim_patch patch;

	const struct value *with_key =
		value_append(arena, NULL, value_with(arena, operation, "value", odd));

	assert_int_equal(parse_obligations(arena, with_key, &patch), ERROR_VALUE);
}

/* "Sets are accepted where arrays stand": the operations, and lists within their values. */
static void test_obligations_of_sets_are_arrays(void **state)
{
	struct arena *arena = *state;
	const struct value *mail = json(arena, "{'value':'a@example.com'}");
	const struct value *operation =
		value_with(arena, json(arena, "{'op':'add','path':'emails'}"), "value",
			value_of_set(arena, &mail, 1));
	const struct value *operations = value_of_set(arena, &operation, 1);
	struct scim_patch patch;

	assert_int_equal(parse_obligations(arena, operations, &patch), ERROR_NONE);

	assert_int_equal(patch.count, 1);
	assert_true(value_equals(
		patch.operations[0].value, json(arena, "[{'value':'a@example.com'}]")));
}

static void test_obligations_without_end_are_refused(void **state)
{
	struct arena *arena = *state;
	const struct value *value = value_of_text(arena, "x");
	struct scim_patch patch;

	for (int i = 0; i < 24; i++) { /* 2^24 paths in 24 arrays */
		const struct value *pair[] = { value, value };

		value = value_of_array(arena, pair, 2);
	}
	const struct value *operations = value_append(
		arena, NULL, value_with(arena, json(arena, "{'op':'add'}"), "value", value));

	assert_int_equal(parse_obligations(arena, operations, &patch), ERROR_VALUE);
}

static void test_deep_obligations_are_refused(void **state)
{
	struct arena *arena = *state;
	const struct value *value = value_of_text(arena, "x");
	struct scim_patch patch;

	for (int i = 0; i < 10000; i++) {
		value = value_append(arena, NULL, value);
	}
	const struct value *operations = value_append(
		arena, NULL, value_with(arena, json(arena, "{'op':'add'}"), "value", value));

	assert_int_equal(parse_obligations(arena, operations, &patch), ERROR_VALUE);
}

/* ---- printing ---- */

static void test_a_message_of_a_dialect_prints_as_standard_scim(void **state)
{
	struct scim_patch patch;
	const struct value *message;

	assert_int_equal(
		parse(*state, user_type(), "entra",
			"{'schemas':['" PATCH_URN "'],'Operations':["
			"{'op':'Replace','path':'EMAILS[Type Eq `work`].Value','value':'a@x'},"
			"{'op':'Add','value':{'title':'T'}},{'op':'Remove','path':'" ENTERPRISE_URN
			":manager'}]}",
			&patch),
		ERROR_NONE);

	message = scim_patch_print(*state, &patch);
	assert_json(*state, message,
		"{'schemas':['" PATCH_URN "'],'Operations':["
		"{'op':'replace','path':'emails[type eq `work`].value','value':'a@x'},"
		"{'op':'add','value':{'title':'T'}},{'op':'remove','path':'" ENTERPRISE_URN
		":manager'}]}");
	assert_true(scim_patch_parse(
		*state, user_type(), scim_dialect_standard(), message, &patch, NULL));
	assert_true(value_equals(scim_patch_print(*state, &patch), message));
}

static void test_what_is_not_meant_for_the_resource_is_not_printed(void **state)
{
	struct scim_patch patch;

	assert_int_equal(parse(*state, user_type(), "entra",
				 "{'schemas':['" PATCH_URN "'],'Operations':["
				 "{'op':'add','path':'urn:foreign:schema:1.0:thing','value':'x'},"
				 "{'op':'add','path':'title','value':'T'}]}",
				 &patch),
		ERROR_NONE);

	assert_json(*state, scim_patch_print(*state, &patch),
		"{'schemas':['" PATCH_URN
		"'],'Operations':[{'op':'add','path':'title','value':'T'}]}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_a_message_is_held_to_its_structure),
		ARENA_TEST(test_a_hundred_operations_and_no_more),
		ARENA_TEST(test_obligations_may_not_touch_identity),
		ARENA_TEST(test_group_members_are_no_obligation),
		ARENA_TEST(test_obligations_that_are_no_json_are_refused),
		ARENA_TEST(test_obligations_of_sets_are_arrays),
		ARENA_TEST(test_obligations_without_end_are_refused),
		ARENA_TEST(test_deep_obligations_are_refused),
		ARENA_TEST(test_a_message_of_a_dialect_prints_as_standard_scim),
		ARENA_TEST(test_what_is_not_meant_for_the_resource_is_not_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
