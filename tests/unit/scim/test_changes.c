#include "scim/changes.h"

#include "tests/support/scim.h"

static void test_changes_are_told_attribute_by_attribute(void **state)
{
	static const struct {
		const char *before;
		const char *after;
		const char *changes;
	} cases[] = {
		{ "{'active':true}", "{'active':false}",
			"[{'path':'active','before':true,'after':false}]" },
		{ "{'title':'t'}", "{}", "[{'path':'title','before':'t'}]" },
		{ "{}", "{'title':'t'}", "[{'path':'title','after':'t'}]" },
		{ "{'active':true}", "{'active':true}", "[]" },
		{ "{'name':{'familyName':'L','givenName':'A'}}",
			"{'name':{'familyName':'L','givenName':'B','middleName':'M'}}",
			"[{'path':'name.givenName','before':'A','after':'B'},"
			"{'path':'name.middleName','after':'M'}]" },
		{ "{'name':{'givenName':'A'}}", "{}", "[{'path':'name.givenName','before':'A'}]" },
		{ "{'emails':[{'value':'a'}]}", "{'emails':[{'value':'b'}]}",
			"[{'path':'emails','before':[{'value':'a'}],'after':[{'value':'b'}]}]" },
		{ "{'" ENTERPRISE_URN "':{'department':'R','manager':{'value':'m'}}}",
			"{'" ENTERPRISE_URN "':{'department':'S','manager':{'value':'n'}}}",
			"[{'path':'" ENTERPRISE_URN ":department','before':'R','after':'S'},"
			"{'path':'" ENTERPRISE_URN ":manager.value','before':'m','after':'n'}]" },
		{ "{}", "{'" PERSON_URN "':{'kind':'employee'}}",
			"[{'path':'" PERSON_URN ":kind','after':'employee'}]" },
		{ "{'schemas':['" USER_URN "']}", "{'schemas':['" USER_URN "','x']}", "[]" },
		{ "{'urn:gone:1.0':{'a':1},'odd':1}", "{}",
			"[{'path':'odd','before':1},{'path':'urn:gone:1.0','before':{'a':1}}]" },
		{ "{'" ENTERPRISE_URN "':{'odd':1}}", "{}",
			"[{'path':'" ENTERPRISE_URN ":odd','before':1}]" },
		{ "{'a':1,'title':'x','userName':'u'}", "{'active':true,'userName':'v'}",
			"[{'path':'a','before':1},{'path':'active','after':true},"
			"{'path':'title','before':'x'},"
			"{'path':'userName','before':'u','after':'v'}]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_json(*state,
			scim_changes(*state, user_type(), json(*state, cases[i].before),
				json(*state, cases[i].after)),
			cases[i].changes);
	}
}

static void test_a_create_and_a_delete_are_changes_of_everything(void **state)
{
	const struct value *doc = json(*state, "{'active':true,'name':{'givenName':'A'}}");

	assert_json(*state, scim_changes(*state, user_type(), NULL, doc),
		"[{'path':'active','after':true},{'path':'name.givenName','after':'A'}]");
	assert_json(*state, scim_changes(*state, user_type(), doc, NULL),
		"[{'path':'active','before':true},{'path':'name.givenName','before':'A'}]");
	assert_json(*state, scim_changes(*state, user_type(), doc, doc), "[]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_changes_are_told_attribute_by_attribute),
		ARENA_TEST(test_a_create_and_a_delete_are_changes_of_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
