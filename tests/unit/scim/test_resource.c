/*
 * Bodies of POST and PUT: RFC 7644, 3.3 and 3.5.1; RFC 7643, 2 and 3.
 */
#include "scim/resource.h"

#include "tests/support/scim.h"

#define CORE "'schemas':['" USER_URN "']"
#define BOTH "'schemas':['" USER_URN "','" ENTERPRISE_URN "']"

struct body_case {
	const char *rule;
	const char *dialect;
	const char *body; /* a User */
	const char *doc;  /* or "!" and the name of an error */
};

static const char *read(struct arena *arena, const struct body_case *it, struct scim_body *result,
	struct error *err)
{
	if (!scim_resource_read(arena, user_type(), scim_dialect_find(it->dialect),
		    json(arena, it->body), result, err)) {
		return arena_printf(arena, "!%s", error_name(err->code));
	}
	return printed(arena, result->doc);
}

static void check_all(struct arena *arena, const struct body_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct body_case *it = &cases[i];
		struct scim_body result;
		struct error err = { 0 };
		const char *found = read(arena, it, &result, &err);
		const char *wanted =
			it->doc[0] == '!' ? it->doc : printed(arena, json(arena, it->doc));

		if (strcmp(found, wanted) != 0) {
			fail_msg("%s: %s\n%s\nnot\n%s", it->rule, err.text, found, wanted);
		}
	}
}

#define CHECK_ALL(state, cases) check_all(*(state), cases, sizeof(cases) / sizeof((cases)[0]))

static void test_a_body_becomes_a_document(void **state)
{
	static const struct body_case cases[] = {
		{ "the least", "standard", "{" CORE ",'userName':'anna'}",
			"{" CORE ",'userName':'anna'}" },
		{ "2.1 names have no case", "standard",
			"{'SCHEMAS':['" USER_URN
			"'],'USERNAME':'Anna','name':{'GIVENNAME':'A'},'Emails':[{'VALUE':'a@x'}]}",
			"{" CORE
			",'userName':'Anna','name':{'givenName':'A'},'emails':[{'value':'a@x'}]}" },
		{ "2.5 null, [] and {} are unassigned", "standard",
			"{" CORE ",'userName':'a','title':null,'roles':[],'name':{},'emails':[{'"
			"value':null}]}",
			"{" CORE ",'userName':'a'}" },
		{ "3.3 read-only attributes are ignored", "standard",
			"{" CORE
			",'userName':'a','id':'x','meta':{'version':'1'},'groups':[{'value':'g'}]}",
			"{" CORE ",'userName':'a'}" },
		{ "read-only sub-attributes too", "standard",
			"{" BOTH ",'userName':'a','" ENTERPRISE_URN
			"':{'manager':{'value':'m','displayName':'M'}}}",
			"{" BOTH ",'userName':'a','" ENTERPRISE_URN
			"':{'manager':{'value':'m'}}}" },
		{ "URNs of extensions have no case", "standard",
			"{" CORE ",'userName':'a','URN:IETF:params:scim:schemas:extension:"
			"enterprise:2.0:user':{'Department':'R'}}",
			"{" BOTH ",'userName':'a','" ENTERPRISE_URN "':{'department':'R'}}" },
		{ "schemas are those that are used", "standard",
			"{" BOTH ",'userName':'a','" ENTERPRISE_URN "':{'department':null}}",
			"{" CORE ",'userName':'a'}" },
		{ "an extension may name itself", "standard",
			"{" BOTH ",'userName':'a','" ENTERPRISE_URN "':{'schemas':['" ENTERPRISE_URN
			"'],'department':'R'}}",
			"{" BOTH ",'userName':'a','" ENTERPRISE_URN "':{'department':'R'}}" },
		{ "values keep their case", "standard", "{" CORE ",'userName':'AnNa@X'}",
			"{" CORE ",'userName':'AnNa@X'}" },
		{ "canonical values are hints", "standard",
			"{" CORE ",'userName':'a','emails':[{'value':'v','type':'Weekend'}]}",
			"{" CORE ",'userName':'a','emails':[{'value':'v','type':'Weekend'}]}" },
		{ "a closed list is not, and has its spelling", "standard",
			"{" CORE ",'userName':'a','" PERSON_URN "':{'kind':'Contractor'}}",
			"{'schemas':['" USER_URN "','" PERSON_URN "'],'userName':'a','" PERSON_URN
			"':{'kind':'contractor'}}" },
	};

	CHECK_ALL(state, cases);
}

static void test_a_wrong_body_is_refused(void **state)
{
	static const struct body_case cases[] = {
		{ "no object", "entra", "[]", "!syntax" },
		{ "no schemas", "standard", "{'userName':'a'}", "!syntax" },
		{ "schemas without the core", "standard",
			"{'schemas':['" ENTERPRISE_URN "'],'userName':'a'}", "!syntax" },
		{ "schemas is no list", "standard", "{'schemas':'x','userName':'a'}", "!syntax" },
		{ "schemas is a number", "entra", "{'schemas':1,'userName':'a'}", "!syntax" },
		{ "schemas of numbers", "entra", "{'schemas':[1],'userName':'a'}", "!syntax" },
		{ "a foreign schema", "standard",
			"{'schemas':['" USER_URN "','urn:x'],'userName':'a'}", "!syntax" },
		{ "userName is required", "standard", "{" CORE "}", "!value" },
		{ "userName is empty", "standard", "{" CORE ",'userName':''}", "!value" },
		{ "userName is a number", "entra", "{" CORE ",'userName':7}", "!value" },
		{ "userName ends in a dot", "standard", "{" CORE ",'userName':'a.'}", "!value" },
		{ "an unknown attribute", "standard", "{" CORE ",'userName':'a','foo':1}",
			"!syntax" },
		{ "an unknown sub-attribute", "standard",
			"{" CORE ",'userName':'a','name':{'foo':'x'}}", "!syntax" },
		{ "an unknown attribute of an extension", "standard",
			"{" CORE ",'userName':'a','" ENTERPRISE_URN "':{'foo':'x'}}", "!syntax" },
		{ "a list that is none", "standard",
			"{" CORE ",'userName':'a','emails':{'value':'x'}}", "!value" },
		{ "a complex value that is none", "standard",
			"{" CORE ",'userName':'a','name':'Anna'}", "!value" },
		{ "a reference to a group cannot be made of a number", "entra",
			"{" CORE ",'userName':'a','roles':[7]}", "!value" },
		{ "an extension that is no object", "standard",
			"{" CORE ",'userName':'a','" ENTERPRISE_URN "':'x'}", "!value" },
		{ "a boolean that is none", "standard", "{" CORE ",'userName':'a','active':'true'}",
			"!value" },
		{ "2.4 two primaries", "standard",
			"{" CORE ",'userName':'a','emails':[{'value':'a','primary':true},"
			"{'value':'b','primary':true}]}",
			"!value" },
		{ "a kind that is none", "standard",
			"{" CORE ",'userName':'a','" PERSON_URN "':{'kind':'boss'}}", "!value" },
		{ "a time that is none", "entra",
			"{" CORE ",'userName':'a','" PERSON_URN "':{'endDate':'tomorrow'}}",
			"!value" },
		{ "a certificate that is no base64", "standard",
			"{" CORE ",'userName':'a','x509Certificates':[{'value':'*'}]}", "!value" },
		{ "a numeric externalId (CVE-2025-41115)", "entra",
			"{" CORE ",'userName':'a','externalId':1}", "!value" },
		{ "a password that is no text", "okta", "{" CORE ",'userName':'a','password':1}",
			"!value" },
		{ "a path as a key, strictly", "standard",
			"{" CORE ",'userName':'a','name.givenName':'A'}", "!syntax" },
	};

	CHECK_ALL(state, cases);
}

static void test_dialects_become_standard_scim(void **state)
{
	static const struct body_case cases[] = {
		{ "booleans as text", "entra",
			"{" CORE ",'userName':'a','active':'True','emails':[{'value':'v','primary':"
			"'false'}]}",
			"{" CORE
			",'userName':'a','active':true,'emails':[{'value':'v','primary':false}]}" },
		{ "14 foreign schemas", "entra",
			"{'schemas':['" USER_URN
			"','http://schemas.microsoft.com/x'],'userName':'a'}",
			"{" CORE ",'userName':'a'}" },
		{ "foreign attributes", "okta",
			"{" CORE ",'userName':'a','foo':1,'urn:foo:1.0:User':{'x':1}}",
			"{" CORE ",'userName':'a'}" },
		{ "keys that are paths", "entra",
			"{" CORE ",'userName':'a','name.givenName':'A','" ENTERPRISE_URN
			":department':'R','emails[type eq `work`].value':'w'}",
			"{" BOTH
			",'userName':'a','name':{'givenName':'A'},'emails':[{'type':'work',"
			"'value':'w'}],'" ENTERPRISE_URN "':{'department':'R'}}" },
		{ "keys that are paths, inside an extension", "entra",
			"{" CORE ",'userName':'a','" ENTERPRISE_URN "':{'manager.value':'m'}}",
			"{" BOTH ",'userName':'a','" ENTERPRISE_URN
			"':{'manager':{'value':'m'}}}" },
		{ "9 a bare manager", "entra",
			"{" CORE ",'userName':'a','" ENTERPRISE_URN "':{'manager':'m'}}",
			"{" BOTH ",'userName':'a','" ENTERPRISE_URN
			"':{'manager':{'value':'m'}}}" },
		{ "11 empty texts", "entra",
			"{" CORE
			",'userName':'a','title':'','emails':[{'value':''}],'" ENTERPRISE_URN
			"':''}",
			"{" CORE ",'userName':'a'}" },
		{ "no schemas", "okta", "{'userName':'a'}", "{" CORE ",'userName':'a'}" },
		{ "one object for a list", "okta",
			"{" CORE ",'userName':'a','emails':{'value':'x'}}",
			"{" CORE ",'userName':'a','emails':[{'value':'x'}]}" },
	};

	CHECK_ALL(state, cases);
}

static void test_what_lives_beside_the_document_is_handed_out(void **state)
{
	struct body_case it = { "", "okta",
		"{" CORE ",'userName':'a','externalId':'e','password':'secret','foo':1}", "" };
	struct scim_body body;
	struct error err = { 0 };

	read(*state, &it, &body, &err);

	assert_string_equal(value_text(body.external_id), "e");
	assert_true(body.has_password);
	assert_false(body.has_members);
	assert_json(*state, body.dropped, "['foo']");
	assert_null(strstr(printed(*state, body.doc), "secret"));
}

static void test_members_are_handed_out_as_they_came(void **state)
{
	static const struct {
		const char *members;
		bool has_members;
		const char *list;
	} cases[] = {
		{ "", false, NULL },
		{ ",'members':[]", true, NULL },
		{ ",'members':null", true, NULL },
		{ ",'members':[{'value':'u','display':'U'}]", true,
			"[{'value':'u','display':'U'}]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = arena_printf(*state,
			"{'schemas':['" GROUP_URN "'],'displayName':'T'%s}", cases[i].members);
		struct scim_body body;
		struct error err = { 0 };

		assert_true(scim_resource_read(*state, group_type(), scim_dialect_standard(),
			json(*state, text), &body, &err));
		assert_json(*state, body.doc, "{'schemas':['" GROUP_URN "'],'displayName':'T'}");
		assert_int_equal(body.has_members, cases[i].has_members);
		assert_json(*state, body.members, cases[i].list);
	}
}

static void test_members_may_be_named_by_a_path(void **state)
{
	const struct scim_dialect *entra = scim_dialect_find("entra");
	struct scim_body body;
	struct error err = { 0 };

	assert_true(scim_resource_read(*state, group_type(), entra,
		json(*state, "{'displayName':'T','" GROUP_URN ":members':[{'value':'u'}]}"), &body,
		&err));
	assert_true(body.has_members);
	assert_json(*state, body.members, "[{'value':'u'}]");

	assert_false(scim_resource_read(*state, group_type(), entra,
		json(*state,
			"{'displayName':'T','members':[],'" GROUP_URN ":members':[{'value':'u'}]}"),
		&body, &err));
	assert_int_equal(err.code, ERROR_SYNTAX);
}

static void test_texts_are_bounded(void **state)
{
	static const struct {
		const char *attribute;
		int size;
		bool fits;
	} cases[] = {
		{ "'userName':'%s'", 1024, true },
		{ "'userName':'%s'", 1025, false },
		{ "'userName':'u','emails':[{'value':'%s'}]", 1024, true },
		{ "'userName':'u','emails':[{'value':'%s'}]", 1025, false },
		{ "'userName':'u','title':'%s'", 65536, true },
		{ "'userName':'u','title':'%s'", 65537, false },
		{ "'userName':'u','photos':[{'value':'%s'}]", 100000, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = arena_alloc(*state, (size_t)cases[i].size + 1);
		const char *at = strstr(cases[i].attribute, "%s");
		struct scim_body body;
		struct error err = { 0 };

		memset(text, 'x', (size_t)cases[i].size);
		text[cases[i].size] = '\0';
		text = arena_printf(*state, "{" CORE ",%.*s%s%s}", (int)(at - cases[i].attribute),
			cases[i].attribute, text, at + 2);
		assert_int_equal(scim_resource_read(*state, user_type(), scim_dialect_standard(),
					 json(*state, text), &body, &err),
			cases[i].fits);
	}
}

static void test_only_an_explicit_act_changes_active(void **state)
{
	const struct value *silent = json(*state, "{'userName':'a'}");
	const struct value *off = json(*state, "{'userName':'a','active':false}");
	const struct value *after;
	struct error err = { 0 };

	assert_json(*state, scim_resource_created(*state, user_type(), silent),
		"{'userName':'a','active':true}");
	assert_ptr_equal(scim_resource_created(*state, user_type(), off), off);
	assert_ptr_equal(scim_resource_created(*state, group_type(), silent), silent);

	assert_true(scim_resource_replaced(*state, user_type(), off, silent, &after, &err));
	assert_false(scim_resource_is_active(after));

	assert_true(scim_resource_replaced(*state, user_type(), silent, silent, &after, &err));
	assert_false(scim_resource_is_active(after));
	assert_ptr_equal(after, silent);
}

static void test_what_is_canonical_already_is_not_copied(void **state)
{
	const struct value *body = json(*state,
		"{" CORE ",'userName':'a','name':{'givenName':'A'},'emails':[{'value':'v'}]}");
	struct scim_body result;
	struct error err = { 0 };

	assert_true(scim_resource_read(
		*state, user_type(), scim_dialect_standard(), body, &result, &err));

	assert_ptr_equal(value_find(result.doc, "name"), value_find(body, "name"));
	assert_ptr_equal(value_find(result.doc, "emails"), value_find(body, "emails"));
}

static void test_messages_say_what_to_do(void **state)
{
	static const struct {
		const char *members;
		const char *message;
	} cases[] = {
		{ "'userNam':'a'", "a User has no attribute 'userNam', did you mean 'userName'?" },
		{ "'userName':'a','active':'yes'", "active must be true or false, not \"yes\"" },
		{ "'userName':'a','emails':[{'value':'v'},{'value':7}]",
			"value 2: emails.value must be a text, not 7" },
		{ "'userName':'a\\u202eb'",
			"userName: it contains an invisible formatting character, U+202E" },
		{ "'userName':'a','" PERSON_URN "':{'kind':'x'}",
			"Person: kind is one of employee, contractor, service, not \"x\"" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = arena_printf(*state, "{" CORE ",%s}", cases[i].members);
		struct body_case it = { "", "standard", text, "" };
		struct scim_body body;
		struct error err = { 0 };

		read(*state, &it, &body, &err);
		assert_string_equal(err.text, cases[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_a_body_becomes_a_document),
		ARENA_TEST(test_a_wrong_body_is_refused),
		ARENA_TEST(test_dialects_become_standard_scim),
		ARENA_TEST(test_what_lives_beside_the_document_is_handed_out),
		ARENA_TEST(test_members_are_handed_out_as_they_came),
		ARENA_TEST(test_members_may_be_named_by_a_path),
		ARENA_TEST(test_texts_are_bounded),
		ARENA_TEST(test_only_an_explicit_act_changes_active),
		ARENA_TEST(test_what_is_canonical_already_is_not_copied),
		ARENA_TEST(test_messages_say_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
