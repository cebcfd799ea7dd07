#include "scim/document.h"

#include "scim/model_load.h"
#include "tests/support/scim.h"

static void test_schemas_follow_from_what_is_there(void **state)
{
	assert_json(*state,
		scim_doc_with_schemas(
			*state, user_type(), json(*state, "{'userName':'a','schemas':['old']}")),
		"{'userName':'a','schemas':['" USER_URN "']}");
	assert_json(*state,
		value_find(scim_doc_with_schemas(*state, user_type(),
				   json(*state, "{'" PERSON_URN "':{'kind':'employee'},"
						"'" ENTERPRISE_URN "':{'department':'R'}}")),
			"schemas"),
		"['" USER_URN "','" ENTERPRISE_URN "','" PERSON_URN "']");
}

static void test_what_is_required_is_missed(void **state)
{
	struct error err = { 0 };

	assert_true(scim_check_required(
		user_type(), json(*state, "{'userName':'a'}"), ERROR_VALUE, &err));
	assert_false(scim_check_required(user_type(), json(*state, "{}"), ERROR_VALUE, &err));
	assert_int_equal(err.code, ERROR_VALUE);
	assert_string_equal(err.text, "userName is required");
	assert_false(scim_check_required(group_type(), json(*state, "{}"), ERROR_MUTABILITY, &err));
	assert_int_equal(err.code, ERROR_MUTABILITY);
}

static void test_a_required_extension_is_missed(void **state)
{
	struct scim_resource_type type = *user_type();
	struct error err = { 0 };

	type.extension_required[0] = true;
	assert_false(
		scim_check_required(&type, json(*state, "{'userName':'a'}"), ERROR_VALUE, &err));
	assert_non_null(strstr(err.text, ENTERPRISE_URN));
}

static void test_without_immutable_attributes_all_may_change(void **state)
{
	struct error err = { 0 };

	assert_true(scim_check_immutable(user_type(), json(*state, "{'userName':'a'}"),
		json(*state, "{'userName':'b'}"), &err));
}

/* ---- types of the configuration ---- */

#define THING "urn:example:schemas:core:2.0:Thing"

static const struct scim_resource_type *thing(struct arena *arena, const char *attributes)
{
	struct scim_file files[2] = { { .name = "schema.json" }, { .name = "type.json" } };
	struct scim_model_files all = {
		.schemas = &files[0], .schema_count = 1, .types = &files[1], .type_count = 1
	};
	struct scim_problems problems = { .arena = arena };
	const struct scim_model *model;

	files[0].text = quoted(
		arena, arena_printf(arena, "{'id':'" THING "','name':'Thing','attributes':[%s]}",
			       attributes));
	files[1].text = quoted(arena,
		"{'schemas':['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],'id':'Thing',"
		"'name':'Thing','endpoint':'/Things','description':'d','schema':'" THING "'}");
	files[0].size = strlen(files[0].text);
	files[1].size = strlen(files[1].text);
	model = scim_model_load(arena, &all, &problems);
	assert_non_null(model);
	return scim_model_type(model, "Thing");
}

static void test_a_required_sub_attribute_is_missed_where_its_value_is(void **state)
{
	static const struct {
		const char *doc;
		const char *missing; /* NULL: nothing */
	} cases[] = {
		{ "{}", NULL },
		{ "{'owner':{'id':'1'}}", NULL },
		{ "{'owner':{'note':'x'}}", "owner.id is required" },
		{ "{'parts':[{'id':'1'},{'id':'2','note':'x'}]}", NULL },
		{ "{'parts':[{'id':'1'},{'note':'x'}]}", "parts.id is required" },
	};
	const struct scim_resource_type *type = thing(*state,
		"{'name':'owner','type':'complex','subAttributes':[{'name':'id','required':true},"
		"{'name':'note'}]},{'name':'parts','type':'complex','multiValued':true,"
		"'subAttributes':[{'name':'id','required':true},{'name':'note'}]}");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error err = { 0 };
		bool fine =
			scim_check_required(type, json(*state, cases[i].doc), ERROR_VALUE, &err);

		assert_int_equal(fine, cases[i].missing == NULL);
		assert_string_equal(err.text, fine ? "" : cases[i].missing);
	}
}

static void test_a_put_keeps_what_it_may_not_change(void **state)
{
	const struct scim_resource_type *type =
		thing(*state, "{'name':'serial','mutability':'immutable'},{'name':'note'},"
			      "{'name':'seen','mutability':'readOnly'}");
	const struct value *before =
		json(*state, "{'schemas':['" THING "'],'serial':'1','note':'a','seen':'b'}");
	struct error err = { 0 };

	assert_json(*state,
		scim_doc_kept(
			*state, type, before, json(*state, "{'schemas':['" THING "'],'note':'c'}")),
		"{'schemas':['" THING "'],'serial':'1','note':'c','seen':'b'}");
	assert_true(scim_check_immutable(type, before, before, &err));
	assert_false(scim_check_immutable(
		type, before, json(*state, "{'serial':'2','note':'a'}"), &err));
	assert_int_equal(err.code, ERROR_MUTABILITY);
}

static void test_types_without_such_attributes_keep_nothing(void **state)
{
	const struct value *after = json(*state, "{'userName':'b'}");

	assert_ptr_equal(
		scim_doc_kept(*state, user_type(), json(*state, "{'title':'a'}"), after), after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_schemas_follow_from_what_is_there),
		ARENA_TEST(test_what_is_required_is_missed),
		ARENA_TEST(test_a_required_extension_is_missed),
		ARENA_TEST(test_without_immutable_attributes_all_may_change),
		ARENA_TEST(test_a_required_sub_attribute_is_missed_where_its_value_is),
		ARENA_TEST(test_a_put_keeps_what_it_may_not_change),
		ARENA_TEST(test_types_without_such_attributes_keep_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
