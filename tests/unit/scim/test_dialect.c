/*
 * What identity providers send, quirk by quirk: what each becomes in the dialects that have it, and
 * that it is this quirk that does it.
 */
#include "scim/dialect.h"

#include "scim/filter.h"
#include "scim/members.h"
#include "scim/patch.h"
#include "scim/resource.h"
#include "tests/support/scim.h"

static const struct scim_attribute *attribute(const char *path)
{
	struct scim_ref ref;

	assert_true(scim_type_resolve(user_type(), path, strlen(path), &ref));
	return ref.sub != NULL ? ref.sub : ref.attribute;
}

static void test_values_are_what_the_dialect_means(void **state)
{
	static const struct {
		const char *dialect;
		const char *path;
		const char *value;
		const char *meaning; /* NULL: none */
	} cases[] = {
		{ "entra", "active", "'True'", "true" },
		{ "entra", "active", "'FALSE'", "false" },
		{ "entra", "active", "'yes'", NULL },
		{ "entra", "active", "1", NULL },
		{ "okta", "emails.primary", "'true'", "true" },
		{ "standard", "active", "'true'", NULL },
		{ "entra", "roles", "'admin'", "{'value':'admin'}" },
		{ "standard", "roles", "'admin'", NULL },
		{ "entra", "name", "'Anna'", "{'formatted':'Anna'}" },
		{ "standard", "name", "'Anna'", NULL },
		{ "workday", "active", "1", "true" },
		{ "workday", "active", "'0'", "false" },
		{ "workday", "active", "2", NULL },
		{ "workday", "userName", "7", NULL },
		{ "workday", "emails.value", "7", NULL },
		{ "workday", "externalId", "7", NULL },
		{ "workday", "title", "701984", "'701984'" },
		{ "entra", "title", "7", NULL },
		{ "workday", PERSON_URN ":endDate", "'2026-11-24'", "'2026-11-24T00:00:00Z'" },
		{ "workday", PERSON_URN ":endDate", "'2026-11-24-08:00'",
			"'2026-11-24T00:00:00-08:00'" },
		{ "workday", PERSON_URN ":endDate", "'2026-11-24T10:00:00'",
			"'2026-11-24T10:00:00Z'" },
		{ "workday", PERSON_URN ":endDate", "'2026-13-24'", NULL },
		{ "workday", PERSON_URN ":endDate", "'tomorrow'", NULL },
		{ "entra", PERSON_URN ":endDate", "'2026-11-24'", NULL },
		{ "entra", "userName", "7", NULL },
		{ "entra", "userName", "[{'value':'x'}]", "{'value':'x'}" },
		{ "entra", "userName", "{'value':'x'}", "'x'" },
		{ "entra", "userName", "['x','y']", NULL },
		{ "standard", "userName", "['x']", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = arena_printf(*state, "[%s]", cases[i].value);
		const struct value *value = value_at(json(*state, text), 0);
		const struct value *meaning = scim_dialect_coerce(*state,
			scim_dialect_find(cases[i].dialect), attribute(cases[i].path), value);

		assert_int_equal(meaning != NULL, cases[i].meaning != NULL);
		if (meaning != NULL) {
			text = arena_printf(*state, "[%s]", cases[i].meaning);
			assert_true(value_equals(meaning, value_at(json(*state, text), 0)));
		}
	}
}

static void test_unassigned_is_null_and_for_some_the_empty_text(void **state)
{
	const struct value *empty = value_of_text(*state, "");

	assert_true(scim_dialect_is_unassigned(scim_dialect_standard(), value_null()));
	assert_false(scim_dialect_is_unassigned(scim_dialect_standard(), empty));
	assert_true(scim_dialect_is_unassigned(scim_dialect_find("entra"), empty));
	assert_false(
		scim_dialect_is_unassigned(scim_dialect_find("entra"), value_of_text(*state, " ")));
}

static void test_dialects_are_known_by_name(void **state)
{
	(void)state;
	assert_string_equal(scim_dialect_at(0)->name, "standard");
	assert_int_equal(scim_dialect_standard()->quirks, 0);
	assert_null(scim_dialect_find("Entra"));
	for (size_t i = 0; scim_dialect_at(i) != NULL; i++) {
		assert_ptr_equal(scim_dialect_find(scim_dialect_at(i)->name), scim_dialect_at(i));
	}
}

static void test_a_source_may_change_its_dialect(void **state)
{
	struct scim_dialect result;
	struct error err = { 0 };

	(void)state;
	assert_true(scim_dialect_changed(
		scim_dialect_find("entra"), " additive-members  -group-patch-204 ", &result, &err));
	assert_true(scim_dialect_has(&result, SCIM_ADDITIVE_MEMBERS));
	assert_false(scim_dialect_has(&result, SCIM_GROUP_PATCH_204));
	assert_true(scim_dialect_has(&result, SCIM_OP_ANY_CASE));
	assert_string_equal(result.name, "entra");

	assert_true(scim_dialect_changed(scim_dialect_find("okta"), NULL, &result, &err));
	assert_int_equal(result.quirks, scim_dialect_find("okta")->quirks);

	assert_false(scim_dialect_changed(scim_dialect_find("okta"), "op-any", &result, &err));
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_non_null(strstr(err.text, "'op-any'"));
}

/* ---- quirk by quirk ---- */

#define CORE "'schemas':['" USER_URN "']"
#define BOTH "'schemas':['" USER_URN "','" ENTERPRISE_URN "']"

enum kind { PATCH, BODY, GROUP_PATCH, FILTER };

struct quirk_case {
	enum scim_quirk quirk;
	enum kind kind;
	const char *before;   /* PATCH: members of the document beside schemas and userName */
	const char *sent;     /* PATCH: operations, or a whole message in {} */
	const char *meaning;  /* the document's members; of a Group the member steps; the filter */
	const char *strictly; /* the same without the quirk, or "!" and the name of an error */
};

static const char *document(struct arena *arena, const char *members)
{
	const char *urns = strstr(members, ENTERPRISE_URN) != NULL ? BOTH : CORE;

	if (strstr(members, PERSON_URN) != NULL) {
		urns = "'schemas':['" USER_URN "','" PERSON_URN "']";
	}
	return printed(arena, json(arena, arena_printf(arena, "{%s,'userName':'anna'%s%s}", urns,
						  members[0] != '\0' ? "," : "", members)));
}

static const char *failed(struct arena *arena, const struct error *err)
{
	return arena_printf(arena, "!%s", error_name(err->code));
}

static const char *steps_of(
	struct arena *arena, const struct scim_dialect *dialect, const struct scim_patch_result *it)
{
	static const char *const names[] = { "add", "remove", "replace", "clear", "matching" };
	const char *text = "";
	struct error err = { 0 };

	for (size_t i = 0; i < it->step_count; i++) {
		text = arena_printf(
			arena, "%s%s%s", text, i > 0 ? "; " : "", names[it->steps[i].kind]);
		for (size_t k = 0; k < scim_member_count(it->steps[i].list); k++) {
			const struct value *id =
				scim_member_id(dialect, it->steps[i].list, k, &err);

			if (id == NULL) {
				return failed(arena, &err);
			}
			text = arena_printf(arena, "%s %s", text, value_text(id));
		}
	}
	return text;
}

static const char *patched(struct arena *arena, const struct scim_dialect *dialect,
	const struct quirk_case *it, const struct scim_resource_type *type, const char *before)
{
	struct scim_patch_result result;
	struct scim_patch patch;
	struct error err = { 0 };
	const char *message = it->sent;

	if (strncmp(message, "{'op'", 5) == 0) {
		message = arena_printf(
			arena, "{'schemas':['" PATCH_URN "'],'Operations':[%s]}", message);
	}
	if (!scim_patch_parse(arena, type, dialect, json(arena, message), &patch, &err) ||
		!scim_patch_apply(arena, &patch, "id-1", json(arena, before), &result, &err)) {
		return failed(arena, &err);
	}
	return it->kind == GROUP_PATCH ? steps_of(arena, dialect, &result)
				       : printed(arena, result.doc);
}

static const char *body_read(
	struct arena *arena, const struct scim_dialect *dialect, const struct quirk_case *it)
{
	struct scim_body result;
	struct error err = { 0 };

	if (!scim_resource_read(
		    arena, user_type(), dialect, json(arena, it->sent), &result, &err)) {
		return failed(arena, &err);
	}
	return printed(arena, result.doc);
}

static const char *filter_read(
	struct arena *arena, const struct scim_dialect *dialect, const struct quirk_case *it)
{
	const char *text = quoted(arena, it->sent);
	struct error err = { 0 };
	struct buf buf = { 0 };
	const struct scim_filter *filter = scim_filter_parse(arena, user_type(), text, strlen(text),
		scim_dialect_has(dialect, SCIM_LOOSE_FILTER), &err);

	if (filter == NULL) {
		return failed(arena, &err);
	}
	scim_filter_print(&buf, filter);
	text = arena_text(arena, buf.data, buf.size);
	buf_fini(&buf);
	return text;
}

static const char *run(
	struct arena *arena, const struct scim_dialect *dialect, const struct quirk_case *it)
{
	switch (it->kind) {
	case PATCH:
		return patched(arena, dialect, it, user_type(), document(arena, it->before));
	case GROUP_PATCH:
		return patched(arena, dialect, it, group_type(),
			"{'schemas':['" GROUP_URN "'],'displayName':'Team'}");
	case BODY:
		return body_read(arena, dialect, it);
	case FILTER:
		return filter_read(arena, dialect, it);
	}
	return NULL;
}

static const char *wanted(struct arena *arena, const struct quirk_case *it, const char *text)
{
	if (text[0] == '!' || it->kind == GROUP_PATCH) {
		return text;
	}
	return it->kind == FILTER ? quoted(arena, text) : document(arena, text);
}

static const struct quirk_case cases[] = {
	{ SCIM_OP_ANY_CASE, PATCH, "", "{'op':'REPLACE','path':'title','value':'x'}", "'title':'x'",
		"!syntax" },
	{ SCIM_TEXT_SCALARS, PATCH, "'active':true",
		"{'op':'replace','path':'active','value':'FALSE'}", "'active':false", "!value" },
	{ SCIM_TEXT_SCALARS, PATCH, "",
		"{'op':'add','path':'emails','value':[{'value':'a@x','primary':'True'}]}",
		"'emails':[{'primary':true,'value':'a@x'}]", "!value" },
	{ SCIM_TEXT_SCALARS, PATCH, "",
		"{'op':'add','value':{'emails':[{'value':'a@x','primary':'true'}]}}",
		"'emails':[{'primary':true,'value':'a@x'}]", "!value" },
	{ SCIM_PATH_KEYS, PATCH, "",
		"{'op':'replace','value':{'name.givenName':'K','emails[type eq "
		"`work`].value':'w@x'}}",
		"'emails':[{'type':'work','value':'w@x'}],'name':{'givenName':'K'}", "!value" },
	{ SCIM_PATH_KEYS, PATCH, "",
		"{'op':'replace','value':{'" ENTERPRISE_URN ":department':'R'}}",
		"'" ENTERPRISE_URN "':{'department':'R'}", "!value" },
	{ SCIM_PATH_KEYS, PATCH, "",
		"{'op':'replace','value':{'" ENTERPRISE_URN "':{'manager.value':'m'}}}",
		"'" ENTERPRISE_URN "':{'manager':{'value':'m'}}", "!value" },
	{ SCIM_PATH_KEYS, PATCH, "",
		"{'op':'replace','value':{'" USER_URN "':{'title':'t','name.givenName':'K'}}}",
		"'name':{'givenName':'K'},'title':'t'", "!value" },
	{ SCIM_PATH_KEYS, PATCH, "", "{'op':'replace','path':'" USER_URN "','value':{'title':'t'}}",
		"'title':'t'", "!path" },
	{ SCIM_PATH_KEYS, BODY, "",
		"{" CORE ",'userName':'anna','" USER_URN "':{'title':'t'},'name.familyName':'U'}",
		"'name':{'familyName':'U'},'title':'t'", "!syntax" },
	{ SCIM_REMOVE_BY_VALUE, GROUP_PATCH, "",
		"{'op':'remove','path':'members','value':[{'value':'a'},{'value':'b'}]}",
		"remove a b", "!value" },
	{ SCIM_REMOVE_BY_VALUE, GROUP_PATCH, "",
		"{'op':'remove','value':{'members':[{'value':'a'}]}}", "remove a", "!no_target" },
	{ SCIM_REMOVE_BY_VALUE, PATCH, "'emails':[{'value':'a@x'},{'value':'b@x'}]",
		"{'op':'remove','path':'emails','value':[{'value':'a@x'}]}",
		"'emails':[{'value':'b@x'}]", "!value" },
	{ SCIM_REMOVE_BY_VALUE, PATCH,
		"'name':{'familyName':'U','givenName':'K'},'" ENTERPRISE_URN
		"':{'department':'R','division':'D'}",
		"{'op':'remove','value':{'name':{'givenName':'K'},'" ENTERPRISE_URN
		"':{'department':'R'}}}",
		"'name':{'familyName':'U'},'" ENTERPRISE_URN "':{'division':'D'}", "!no_target" },
	{ SCIM_BARE_COMPLEX, PATCH, "",
		"{'op':'add','path':'" ENTERPRISE_URN ":manager','value':'m'}",
		"'" ENTERPRISE_URN "':{'manager':{'value':'m'}}", "!value" },
	{ SCIM_BARE_COMPLEX, PATCH, "'name':{'givenName':'K'}",
		"{'op':'replace','path':'name','value':'K U'}",
		"'name':{'formatted':'K U','givenName':'K'}", "!value" },
	{ SCIM_BARE_COMPLEX, BODY, "",
		"{" CORE
		",'userName':'anna','emails':['a@x',{'value':'b@x'}],'addresses':['Street 1']}",
		"'addresses':[{'formatted':'Street 1'}],'emails':[{'value':'a@x'},{'value':'b@x'}]",
		"!value" },
	{ SCIM_BARE_COMPLEX, GROUP_PATCH, "", "{'op':'add','path':'members','value':['a','b']}",
		"add a b", "!value" },
	{ SCIM_EMPTY_IS_UNASSIGNED, PATCH, "'title':'t'",
		"{'op':'replace','path':'title','value':''}", "", "'title':''" },
	{ SCIM_EMPTY_IS_UNASSIGNED, BODY, "",
		"{" CORE ",'userName':'anna','title':'','emails':[{'type':'work','value':''},{'"
		"value':'b@x'}]}",
		"'emails':[{'value':'b@x'}]",
		"'emails':[{'type':'work','value':''},{'value':'b@x'}],'title':''" },
	{ SCIM_CREATE_ELEMENT, PATCH, "",
		"{'op':'add','path':'emails[type eq `work`].value','value':'w@x'}",
		"'emails':[{'type':'work','value':'w@x'}]", "!no_target" },
	{ SCIM_CREATE_ELEMENT, PATCH, "",
		"{'op':'replace','path':'emails[type eq `work` and primary eq "
		"true].value','value':'w@x'}",
		"'emails':[{'primary':true,'type':'work','value':'w@x'}]", "!no_target" },
	{ SCIM_CREATE_ELEMENT, PATCH, "", "{'op':'add','path':'roles[value eq `admin`]'}",
		"'roles':[{'value':'admin'}]", "!value" },
	{ SCIM_CREATE_ELEMENT, GROUP_PATCH, "", "{'op':'add','path':'members[value eq `a`]'}",
		"add a", "!value" },
	{ SCIM_CREATE_ELEMENT, GROUP_PATCH, "",
		"{'op':'add','path':'members[value eq `a`]','value':{'value':'a','display':'A'}}",
		"add a", "!mutability" },
	{ SCIM_EMPTY_OPERATIONS, PATCH, "'title':'t'",
		"{'schemas':['" PATCH_URN "'],'Operations':[]}", "'title':'t'", "!syntax" },
	{ SCIM_FOREIGN_SCHEMAS, BODY, "",
		"{'schemas':['" USER_URN
		"','http://x.example/Group'],'userName':'anna','urn:x:y':{'a':1},'shoe':7}",
		"", "!syntax" },
	{ SCIM_FOREIGN_SCHEMAS, PATCH, "",
		"{'op':'replace','path':'urn:x:2.0:User:shoe','value':'7'},{'op':'replace','path':'"
		"title','value':'t'}",
		"'title':'t'", "!path" },
	{ SCIM_IGNORE_READ_ONLY, PATCH, "",
		"{'op':'replace','value':{'title':'t','groups':[{'value':'g'}],'meta':{'version':'"
		"1'}}}",
		"'title':'t'", "!mutability" },
	{ SCIM_LOOSE_FILTER, FILTER, "", "active eq 'True'", "active eq true", "!filter" },
	{ SCIM_LOOSE_FILTER, FILTER, "", "userName eq anna@example.com and active eq true",
		"userName eq 'anna@example.com' and active eq true", "!filter" },
	{ SCIM_LOOSE_FILTER, FILTER, "", "title eq 7", "title eq '7'", "!filter" },
	{ SCIM_LOOSE_FILTER, FILTER, "", "emails[type eq 'work'].value eq 'a@x'",
		"emails[type eq 'work' and value eq 'a@x']", "!filter" },
	{ SCIM_LOOSE_FILTER, GROUP_PATCH, "", "{'op':'remove','path':'members[value eq a1-b2]'}",
		"remove a1-b2", "!filter" },
	{ SCIM_REMOVE_IS_IDEMPOTENT, PATCH, "", "{'op':'remove','path':'emails[type eq `work`]'}",
		"", "!no_target" },
	{ SCIM_NO_SCHEMAS, PATCH, "", "{'Operations':[{'op':'add','path':'title','value':'t'}]}",
		"'title':'t'", "!syntax" },
	{ SCIM_NO_SCHEMAS, BODY, "", "{'userName':'anna','title':'t'}", "'title':'t'", "!syntax" },
	{ SCIM_WRAPPED_SINGLE, PATCH, "",
		"{'op':'replace','path':'displayName','value':[{'$ref':null,'value':'A'}]}",
		"'displayName':'A'", "!value" },
	{ SCIM_WRAPPED_SINGLE, PATCH, "",
		"{'schemas':'" PATCH_URN
		"','Operations':{'op':'replace','path':'emails','value':{'value':'a@x'}}}",
		"'emails':[{'value':'a@x'}]", "!syntax" },
	{ SCIM_WRAPPED_SINGLE, BODY, "",
		"{'schemas':['" USER_URN
		"'],'userName':'anna','emails':{'value':'a@x'},'active':[true]}",
		"'active':true,'emails':[{'value':'a@x'}]", "!value" },
	{ SCIM_ADDITIVE_MEMBERS, GROUP_PATCH, "",
		"{'op':'replace','path':'members','value':[{'value':'a'}]}", "add a", "replace a" },
	{ SCIM_OLD_NAMES, BODY, "",
		"{'schemas':['urn:scim:schemas:core:1.0','" USER_URN
		"','urn:scim:schemas:extension:enterprise:1.0'],'userName':'anna','urn:scim:"
		"schemas:extension:enterprise:1.0':{'department':'R','manager':{'managerId':'m'}}}",
		"'" ENTERPRISE_URN "':{'department':'R','manager':{'value':'m'}}", "!syntax" },
	{ SCIM_OLD_NAMES, PATCH, "",
		"{'op':'replace','path':'urn:scim:schemas:extension:enterprise:1.0:department','"
		"value':'R'}",
		"'" ENTERPRISE_URN "':{'department':'R'}", "!path" },
	{ SCIM_OLD_NAMES, PATCH, "",
		"{'op':'replace','path':'" ENTERPRISE_URN ":manager','value':{'managerId':'m'}}",
		"'" ENTERPRISE_URN "':{'manager':{'value':'m'}}", "!value" },
	{ SCIM_NUMBER_TEXT, PATCH, "",
		"{'op':'replace','value':{'" ENTERPRISE_URN "':{'employeeNumber':701984}}}",
		"'" ENTERPRISE_URN "':{'employeeNumber':'701984'}", "!value" },
	{ SCIM_NUMBER_BOOLEAN, PATCH, "'active':true", "{'op':'replace','path':'active','value':0}",
		"'active':false", "!value" },
	{ SCIM_DATE_ONLY, PATCH, "",
		"{'op':'replace','path':'" PERSON_URN ":endDate','value':'2026-11-24-08:00'}",
		"'" PERSON_URN "':{'endDate':'2026-11-24T00:00:00-08:00'}", "!value" },
};
#define CASE_COUNT (sizeof(cases) / sizeof(cases[0]))

static void expect(struct arena *arena, const struct scim_dialect *dialect,
	const struct quirk_case *it, const char *meaning)
{
	const char *found = run(arena, dialect, it);

	if (strcmp(found, wanted(arena, it, meaning)) != 0) {
		fail_msg("%s, quirks %x: %s\n%s\nnot\n%s", dialect->name, dialect->quirks, it->sent,
			found, wanted(arena, it, meaning));
	}
}

static void test_each_quirk_has_its_meaning_in_each_dialect_that_has_it(void **state)
{
	for (size_t i = 0; i < CASE_COUNT; i++) {
		for (size_t d = 0; scim_dialect_at(d) != NULL; d++) {
			struct scim_dialect dialect = *scim_dialect_at(d);

			if (scim_dialect_has(&dialect, cases[i].quirk)) {
				expect(*state, &dialect, &cases[i], cases[i].meaning);
			}
		}
	}
}

static void test_without_the_quirk_it_means_what_the_rfc_says(void **state)
{
	for (size_t i = 0; i < CASE_COUNT; i++) {
		expect(*state, scim_dialect_standard(), &cases[i], cases[i].strictly);
		for (size_t d = 1; scim_dialect_at(d) != NULL; d++) {
			struct scim_dialect dialect = *scim_dialect_at(d);

			dialect.quirks &= ~(unsigned)cases[i].quirk;
			assert_string_not_equal(run(*state, &dialect, &cases[i]),
				wanted(*state, &cases[i], cases[i].meaning));
		}
	}
}

static void test_each_quirk_has_a_case(void **state)
{
	/* These two are answers and headers: tests/conformance/test_dialects.py. */
	unsigned seen = SCIM_GROUP_PATCH_204 | SCIM_ANY_MEDIA_TYPE;
	unsigned all = 0;

	(void)state;
	for (size_t i = 0; i < CASE_COUNT; i++) {
		seen |= (unsigned)cases[i].quirk;
	}
	for (size_t i = 0; scim_quirk_at(i) != NULL; i++) {
		all |= (unsigned)scim_quirk_at(i)->quirk;
		assert_true(scim_quirk_at(i)->sent[0] != '\0');
	}
	assert_int_equal(seen, all);
}

static void test_numbers_as_texts_are_numbers_where_the_dialect_says_so(void **state)
{
	static const struct {
		enum scim_data_type type;
		const char *text;
		const char *meaning; /* NULL: none */
	} numbers[] = {
		{ SCIM_INTEGER, "'12'", "12" },
		{ SCIM_INTEGER, "'-3'", "-3" },
		{ SCIM_DECIMAL, "'1.5'", "1.5" },
		{ SCIM_INTEGER, "'twelve'", NULL },
		{ SCIM_INTEGER, "''", NULL },
		{ SCIM_DECIMAL, "'0x10'", NULL },
		{ SCIM_BINARY, "'12'", NULL },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const struct scim_attribute it = { .name = "number", .type = numbers[i].type };
		const struct value *text = json(*state, numbers[i].text);

		assert_json(*state,
			scim_dialect_coerce(*state, scim_dialect_find("entra"), &it, text),
			numbers[i].meaning);
		assert_null(scim_dialect_coerce(*state, scim_dialect_standard(), &it, text));
	}
}

static void test_all_dialects_are_named(void **state)
{
	const char *names = scim_dialect_names(*state);

	assert_int_equal(strncmp(names, "standard, ", 10), 0);
	for (size_t i = 0; scim_dialect_at(i) != NULL; i++) {
		assert_non_null(strstr(names, scim_dialect_at(i)->name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_values_are_what_the_dialect_means),
		ARENA_TEST(test_unassigned_is_null_and_for_some_the_empty_text),
		cmocka_unit_test(test_dialects_are_known_by_name),
		cmocka_unit_test(test_a_source_may_change_its_dialect),
		ARENA_TEST(test_each_quirk_has_its_meaning_in_each_dialect_that_has_it),
		ARENA_TEST(test_without_the_quirk_it_means_what_the_rfc_says),
		cmocka_unit_test(test_each_quirk_has_a_case),
		ARENA_TEST(test_numbers_as_texts_are_numbers_where_the_dialect_says_so),
		ARENA_TEST(test_all_dialects_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
