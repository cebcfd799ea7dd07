/*
 * PATCH on documents: RFC 7644, 3.5.2, rule by rule.
 */
#include "scim/edit.h"

#include "scim/patch.h"
#include "tests/support/scim.h"

#define CORE "'schemas':['" USER_URN "']"
#define BOTH "'schemas':['" USER_URN "','" ENTERPRISE_URN "']"

struct edit_case {
	const char *rule;
	const char *dialect;
	const char *before; /* without schemas and userName */
	const char *operations;
	const char *after; /* the same; or "!" and the name of an error */
};

static const struct value *doc_of(struct arena *arena, const char *members)
{
	const char *urns = strstr(members, ENTERPRISE_URN) != NULL ? BOTH : CORE;

	return json(arena, arena_printf(arena, "{%s,'userName':'anna'%s%s}", urns,
				   members[0] != '\0' ? "," : "", members));
}

static bool apply(struct arena *arena, const struct edit_case *it, const struct value *before,
	struct scim_patch_result *result, struct error *err)
{
	const struct scim_dialect *dialect = scim_dialect_find(it->dialect);
	struct scim_patch patch;
	const struct value *body =
		json(arena, arena_printf(arena, "{'schemas':['" PATCH_URN "'],'Operations':[%s]}",
				    it->operations));

	return scim_patch_parse(arena, user_type(), dialect, body, &patch, err) &&
	       scim_patch_apply(arena, &patch, "id-1", before, result, err);
}

static void check(struct arena *arena, const struct edit_case *it)
{
	const struct value *before = doc_of(arena, it->before);
	const char *before_text = printed(arena, before);
	struct scim_patch_result result;
	struct error err = { 0 };
	bool good = apply(arena, it, before, &result, &err);

	assert_string_equal(printed(arena, before), before_text); /* never touched */
	if (it->after[0] == '!') {
		if (good || strcmp(error_name(err.code), it->after + 1) != 0) {
			fail_msg("%s: %s, %s", it->rule, good ? "no error" : error_name(err.code),
				err.text);
		}
		return;
	}
	if (!good) {
		fail_msg("%s: %s", it->rule, err.text);
	}
	if (strcmp(printed(arena, result.doc), printed(arena, doc_of(arena, it->after))) != 0) {
		fail_msg("%s:\n%s\nnot\n%s", it->rule, printed(arena, result.doc),
			printed(arena, doc_of(arena, it->after)));
	}
}

static void check_all(struct arena *arena, const struct edit_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		check(arena, &cases[i]);
	}
}

#define CHECK_ALL(state, cases) check_all(*(state), cases, sizeof(cases) / sizeof((cases)[0]))

static void test_add_follows_the_rfc(void **state)
{
	static const struct edit_case cases[] = {
		{ "3.5.2.1 a new single value", "standard", "",
			"{'op':'add','path':'title','value':'Boss'}", "'title':'Boss'" },
		{ "3.5.2.1 a single value that is there is replaced", "standard", "'title':'a'",
			"{'op':'add','path':'title','value':'b'}", "'title':'b'" },
		{ "3.5.2.1 names of attributes have no case", "standard", "",
			"{'op':'add','path':'TITLE','value':'Boss'}", "'title':'Boss'" },
		{ "3.5.2.1 a complex value is merged", "standard",
			"'name':{'familyName':'Lee','givenName':'Ann'}",
			"{'op':'add','path':'name','value':{'givenName':'Anna'}}",
			"'name':{'familyName':'Lee','givenName':'Anna'}" },
		{ "3.5.2.1 a sub-attribute", "standard", "",
			"{'op':'add','path':'name.familyName','value':'Lee'}",
			"'name':{'familyName':'Lee'}" },
		{ "3.5.2.1 without a path", "standard", "'title':'a'",
			"{'op':'add','value':{'title':'b','nickName':'n','name':{'givenName':'A'}}"
			"}",
			"'name':{'givenName':'A'},'nickName':'n','title':'b'" },
		{ "3.5.2.1 an extension without a path", "standard", "",
			"{'op':'add','value':{'" ENTERPRISE_URN "':{'department':'R'}}}",
			"'" ENTERPRISE_URN "':{'department':'R'}" },
		{ "3.10 a path with a URN", "standard", "",
			"{'op':'add','path':'" ENTERPRISE_URN ":department','value':'R'}",
			"'" ENTERPRISE_URN "':{'department':'R'}" },
		{ "3.10 URNs have no case", "standard", "",
			"{'op':'add','path':'URN:ietf:params:scim:schemas:extension:enterprise:"
			"2.0:user:Department','value':'R'}",
			"'" ENTERPRISE_URN "':{'department':'R'}" },
		{ "3.10 the core URN", "standard", "",
			"{'op':'add','path':'" USER_URN ":title','value':'T'}", "'title':'T'" },
		{ "a path that is an extension merges into it", "standard",
			"'" ENTERPRISE_URN "':{'department':'R','division':'D'}",
			"{'op':'add','path':'" ENTERPRISE_URN "','value':{'department':'S'}}",
			"'" ENTERPRISE_URN "':{'department':'S','division':'D'}" },
		{ "an extension may name itself", "standard", "",
			"{'op':'add','path':'" ENTERPRISE_URN
			"','value':{'schemas':['" ENTERPRISE_URN "'],'department':'S'}}",
			"'" ENTERPRISE_URN "':{'department':'S'}" },
		{ "a sub-attribute of an extension", "standard", "",
			"{'op':'add','path':'" ENTERPRISE_URN ":manager.value','value':'m'}",
			"'" ENTERPRISE_URN "':{'manager':{'value':'m'}}" },
		{ "a wrong type", "standard", "", "{'op':'add','path':'title','value':7}",
			"!value" },
		{ "an unknown attribute", "standard", "", "{'op':'add','path':'titel','value':'x'}",
			"!path" },
		{ "3.12 an unknown attribute in a value does not fit the schema", "standard", "",
			"{'op':'add','value':{'titel':'x'}}", "!value" },
		{ "no value", "standard", "", "{'op':'add','path':'title'}", "!value" },
		{ "without a path the value is an object", "standard", "",
			"{'op':'add','value':'x'}", "!value" },
		{ "names are held to their rules", "standard", "",
			"{'op':'add','path':'userName','value':'anna\\u200b'}", "!value" },
	};

	CHECK_ALL(state, cases);
}

static void test_replace_follows_the_rfc(void **state)
{
	static const struct edit_case cases[] = {
		{ "3.5.2.3 a single value", "standard", "'title':'a'",
			"{'op':'replace','path':'title','value':'b'}", "'title':'b'" },
		{ "3.5.2.3 what is not there is added", "standard", "",
			"{'op':'replace','path':'title','value':'b'}", "'title':'b'" },
		{ "3.5.2.3 sub-attributes not named stay", "standard",
			"'name':{'familyName':'Lee','givenName':'Ann'}",
			"{'op':'replace','path':'name','value':{'givenName':'Anna'}}",
			"'name':{'familyName':'Lee','givenName':'Anna'}" },
		{ "7643 2.5 null unassigns", "standard", "'title':'a'",
			"{'op':'replace','path':'title','value':null}", "" },
		{ "null unassigns a sub-attribute", "standard",
			"'name':{'familyName':'Lee','givenName':'Ann'}",
			"{'op':'replace','path':'name','value':{'givenName':null}}",
			"'name':{'familyName':'Lee'}" },
		{ "null unassigns without a path", "standard", "'active':true,'title':'a'",
			"{'op':'replace','value':{'title':null}}", "'active':true" },
		{ "an extension that becomes empty goes, its URN too", "standard",
			"'" ENTERPRISE_URN "':{'department':'R'}",
			"{'op':'replace','path':'" ENTERPRISE_URN ":department','value':null}",
			"" },
		{ "operations apply in order", "standard", "",
			"{'op':'add','path':'title','value':'a'},"
			"{'op':'replace','path':'title','value':'b'}",
			"'title':'b'" },
		{ "3.5.2 one fails, all fail", "standard", "",
			"{'op':'add','path':'title','value':'a'},"
			"{'op':'add','path':'active','value':'x'}",
			"!value" },
		{ "a closed list takes its canonical spelling", "standard", "",
			"{'op':'add','path':'" PERSON_URN ":kind','value':'boss'}", "!value" },
		{ "a dateTime needs a zone", "standard", "",
			"{'op':'add','path':'" PERSON_URN
			":endDate','value':'2027-01-01T00:00:00'}",
			"!value" },
	};

	CHECK_ALL(state, cases);
}

static void test_remove_follows_the_rfc(void **state)
{
	static const struct edit_case cases[] = {
		{ "3.5.2.2 a required attribute may not go for a moment either", "standard", "",
			"{'op':'remove','path':'userName'},"
			"{'op':'add','path':'userName','value':'anna'}",
			"!mutability" },
		{ "3.5.2.2 but dialects may change it in two steps", "entra", "",
			"{'op':'remove','path':'userName'},"
			"{'op':'add','path':'userName','value':'anna'}",
			"" },
		{ "3.5.2.2 a single value", "standard", "'title':'a'",
			"{'op':'remove','path':'title'}", "" },
		{ "3.5.2.2 what is not there", "standard", "", "{'op':'remove','path':'title'}",
			"" },
		{ "a sub-attribute, and the empty rest", "standard", "'name':{'givenName':'A'}",
			"{'op':'remove','path':'name.givenName'}", "" },
		{ "a complex value", "standard", "'name':{'givenName':'A'}",
			"{'op':'remove','path':'name'}", "" },
		{ "a whole extension", "standard", "'" ENTERPRISE_URN "':{'department':'R'}",
			"{'op':'remove','path':'" ENTERPRISE_URN "'}", "" },
		{ "3.5.2.2 without a path", "standard", "", "{'op':'remove'}", "!no_target" },
		{ "3.5.2.2 a required attribute", "standard", "",
			"{'op':'remove','path':'userName'}", "!mutability" },
		{ "required, by null", "standard", "",
			"{'op':'replace','path':'userName','value':null}", "!mutability" },
		{ "a value is not for remove", "standard", "'title':'a'",
			"{'op':'remove','path':'title','value':'a'}", "!value" },
		{ "Entra sends one", "entra", "'title':'a'",
			"{'op':'Remove','path':'title','value':'a'}", "" },
	};

	CHECK_ALL(state, cases);
}

static void test_read_only_attributes_are_refused(void **state)
{
	static const struct edit_case cases[] = {
		{ "meta", "standard", "", "{'op':'replace','path':'meta','value':{}}",
			"!mutability" },
		{ "a part of meta", "entra", "",
			"{'op':'replace','path':'meta.version','value':'x'}", "!mutability" },
		{ "groups", "standard", "", "{'op':'add','path':'groups','value':[]}",
			"!mutability" },
		{ "another id", "standard", "", "{'op':'replace','path':'id','value':'x'}",
			"!mutability" },
		{ "another id without a path", "okta", "",
			"{'op':'replace','value':{'id':'x','title':'t'}}", "!mutability" },
		{ "the same id is no change", "standard", "",
			"{'op':'replace','value':{'id':'id-1','title':'t'}}", "'title':'t'" },
		{ "no id", "standard", "", "{'op':'remove','path':'id'}", "!mutability" },
		{ "a read-only sub-attribute", "standard", "",
			"{'op':'add','path':'" ENTERPRISE_URN ":manager.displayName','value':'M'}",
			"!mutability" },
		{ "without a path, strictly", "standard", "",
			"{'op':'replace','value':{'groups':[],'title':'t'}}", "!mutability" },
		{ "without a path, as some send it", "okta", "",
			"{'op':'replace','value':{'groups':[],'meta':{},'title':'t'}}",
			"'title':'t'" },
		{ "schemas follows by itself", "standard", "",
			"{'op':'add','path':'schemas','value':['" ENTERPRISE_URN "']}", "" },
		{ "schemas cannot go", "standard", "", "{'op':'remove','path':'schemas'}",
			"!mutability" },
	};

	CHECK_ALL(state, cases);
}

static void test_dialects_become_standard_scim(void **state)
{
	static const struct edit_case cases[] = {
		{ "1 op has no case", "entra", "", "{'op':'Add','path':'title','value':'x'}",
			"'title':'x'" },
		{ "1 but strictly it has", "standard", "",
			"{'op':'Add','path':'title','value':'x'}", "!syntax" },
		{ "2 False", "entra", "'active':true",
			"{'op':'Replace','path':'active','value':'False'}", "'active':false" },
		{ "2 true", "okta", "", "{'op':'replace','path':'active','value':'true'}",
			"'active':true" },
		{ "2 no boolean", "entra", "", "{'op':'Replace','path':'active','value':'maybe'}",
			"!value" },
		{ "2 strictly", "standard", "", "{'op':'replace','path':'active','value':'False'}",
			"!value" },
		{ "3 dotted keys", "entra", "",
			"{'op':'replace','value':{'name.givenName':'K','name.familyName':'U'}}",
			"'name':{'familyName':'U','givenName':'K'}" },
		{ "3 strictly", "standard", "", "{'op':'replace','value':{'name.givenName':'K'}}",
			"!value" },
		{ "4 keys with URNs", "entra", "",
			"{'op':'replace','value':{'" ENTERPRISE_URN
			":employeeNumber':'7','" USER_URN ":title':'t'}}",
			"'title':'t','" ENTERPRISE_URN "':{'employeeNumber':'7'}" },
		{ "4 a dotted key inside an extension", "entra", "",
			"{'op':'replace','value':{'" ENTERPRISE_URN "':{'manager.value':'m'}}}",
			"'" ENTERPRISE_URN "':{'manager':{'value':'m'}}" },
		{ "a value path as a key", "entra", "",
			"{'op':'add','value':{'emails[type eq `work`].value':'a@x'}}",
			"'emails':[{'type':'work','value':'a@x'}]" },
	};

	CHECK_ALL(state, cases);
}

static void test_wrapped_bare_and_empty_values_become_standard_scim(void **state)
{
	static const struct edit_case cases[] = {
		{ "9 a bare manager", "entra", "",
			"{'op':'Add','path':'" ENTERPRISE_URN ":manager','value':'m'}",
			"'" ENTERPRISE_URN "':{'manager':{'value':'m'}}" },
		{ "9 strictly", "standard", "",
			"{'op':'add','path':'" ENTERPRISE_URN ":manager','value':'m'}", "!value" },
		{ "9 a manager in a list", "entra", "",
			"{'op':'Add','path':'" ENTERPRISE_URN
			":manager','value':[{'$ref':null,'value':'m'}]}",
			"'" ENTERPRISE_URN "':{'manager':{'value':'m'}}" },
		{ "the old $ref of a new manager goes", "standard",
			"'" ENTERPRISE_URN "':{'manager':{'value':'m','$ref':'/m'}}",
			"{'op':'replace','path':'" ENTERPRISE_URN
			":manager','value':{'value':'n'}}",
			"'" ENTERPRISE_URN "':{'manager':{'value':'n'}}" },
		{ "by its part", "standard",
			"'" ENTERPRISE_URN "':{'manager':{'value':'m','$ref':'/m'}}",
			"{'op':'replace','path':'" ENTERPRISE_URN ":manager.value','value':'n'}",
			"'" ENTERPRISE_URN "':{'manager':{'value':'n'}}" },
		{ "a new $ref stays", "standard",
			"'" ENTERPRISE_URN "':{'manager':{'value':'m','$ref':'/m'}}",
			"{'op':'replace','path':'" ENTERPRISE_URN
			":manager','value':{'value':'n','$ref':'/n'}}",
			"'" ENTERPRISE_URN "':{'manager':{'value':'n','$ref':'/n'}}" },
		{ "10 a manager that goes", "entra",
			"'" ENTERPRISE_URN "':{'manager':{'value':'m'}}",
			"{'op':'Replace','path':'" ENTERPRISE_URN ":manager','value':''}", "" },
		{ "11 an empty text clears", "entra", "'title':'t'",
			"{'op':'Replace','path':'title','value':''}", "" },
		{ "11 strictly it is a text", "standard", "'title':'t'",
			"{'op':'replace','path':'title','value':''}", "'title':''" },
		{ "11 userName cannot be cleared", "entra", "",
			"{'op':'Replace','path':'userName','value':''}", "!mutability" },
		{ "a wrapped single value", "entra", "",
			"{'op':'Replace','path':'displayName','value':[{'$ref':null,'value':'A'}]}",
			"'displayName':'A'" },
		{ "unknown attributes of a value are dropped", "okta", "",
			"{'op':'replace','value':{'title':'t','urn:x:y':{'a':1}}}", "'title':'t'" },
		{ "but a path that is wrong is told", "entra", "",
			"{'op':'Replace','path':'titel','value':'x'}", "!path" },
		{ "an empty path is none", "entra", "",
			"{'op':'Replace','path':'','value':{'title':'x'}}", "'title':'x'" },
		{ "an empty path, strictly", "standard", "",
			"{'op':'replace','path':'','value':{'title':'x'}}", "!path" },
	};

	CHECK_ALL(state, cases);
}

static void test_what_was_dropped_is_told(void **state)
{
	struct edit_case it = { "", "entra", "",
		"{'op':'replace','value':{'title':'t','foo':1,'emails':[{'value':'a','bar':2}]}}",
		"" };
	struct scim_patch_result result;
	struct error err = { 0 };

	assert_true(apply(*state, &it, doc_of(*state, ""), &result, &err));

	assert_json(*state, result.dropped, "['emails.bar','foo']");
}

static void test_external_id_is_handed_out_beside_the_document(void **state)
{
	struct edit_case it = { "", "entra", "",
		"{'op':'Replace','path':'externalId','value':'e1'},"
		"{'op':'Add','path':'externalId','value':'e2'}",
		"" };
	const struct value *before = doc_of(*state, "");
	struct scim_patch_result result;
	struct error err = { 0 };

	assert_true(apply(*state, &it, before, &result, &err));
	assert_ptr_equal(result.doc, before);
	assert_true(result.sets_external_id);
	assert_string_equal(value_text(result.external_id), "e2");

	it.operations = "{'op':'Remove','path':'externalId'}";
	assert_true(apply(*state, &it, before, &result, &err));
	assert_true(result.sets_external_id);
	assert_null(result.external_id);

	it.operations = "{'op':'Replace','path':'externalId','value':1}";
	assert_false(apply(*state, &it, before, &result, &err));
	assert_int_equal(err.code, ERROR_VALUE);
}

static void test_a_password_is_seen_and_not_kept(void **state)
{
	struct edit_case it = { "", "standard", "",
		"{'op':'replace','path':'password','value':'secret'}", "" };
	const struct value *before = doc_of(*state, "");
	struct scim_patch_result result;
	struct error err = { 0 };

	assert_true(apply(*state, &it, before, &result, &err));
	assert_true(result.has_password);
	assert_ptr_equal(result.doc, before);

	it.operations = "{'op':'replace','path':'password','value':17}";
	assert_false(apply(*state, &it, before, &result, &err));
	assert_int_equal(err.code, ERROR_VALUE);
	assert_null(strstr(err.text, "17")); /* not even in a message */
}

static void test_a_no_op_gives_the_same_document(void **state)
{
	struct edit_case it = { "", "standard", "",
		"{'op':'replace','path':'title','value':'t'},"
		"{'op':'add','path':'name','value':{'givenName':'A'}},"
		"{'op':'add','path':'emails','value':[{'value':'a@x'}]}",
		"" };
	const struct value *before =
		doc_of(*state, "'emails':[{'value':'a@x'}],'name':{'givenName':'A'},'title':'t'");
	struct scim_patch_result result;
	struct error err = { 0 };

	assert_true(apply(*state, &it, before, &result, &err));

	assert_ptr_equal(result.doc, before);
}

static void test_the_message_names_the_operation(void **state)
{
	struct edit_case it = { "", "standard", "",
		"{'op':'add','path':'title','value':'t'},{'op':'add','path':'emial','value':'x'}",
		"" };
	struct scim_patch_result result;
	struct error err = { 0 };

	assert_false(apply(*state, &it, doc_of(*state, ""), &result, &err));

	assert_string_equal(
		err.text, "operation 2: a User has no attribute 'emial', did you mean 'emails'?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_add_follows_the_rfc),
		ARENA_TEST(test_replace_follows_the_rfc),
		ARENA_TEST(test_remove_follows_the_rfc),
		ARENA_TEST(test_read_only_attributes_are_refused),
		ARENA_TEST(test_dialects_become_standard_scim),
		ARENA_TEST(test_wrapped_bare_and_empty_values_become_standard_scim),
		ARENA_TEST(test_what_was_dropped_is_told),
		ARENA_TEST(test_external_id_is_handed_out_beside_the_document),
		ARENA_TEST(test_a_password_is_seen_and_not_kept),
		ARENA_TEST(test_a_no_op_gives_the_same_document),
		ARENA_TEST(test_the_message_names_the_operation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
