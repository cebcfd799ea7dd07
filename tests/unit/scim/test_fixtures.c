/*
 * What identity providers were seen to send (../shared/fixtures/idp), through parse and apply.
 */
#include "scim/patch.h"

#include "base/file.h"
#include "scim/filter.h"
#include "scim/members.h"
#include "scim/resource.h"
#include "tests/support/scim.h"

#define FOLDER "../shared/fixtures/idp/"
#define CORE "'schemas':['" USER_URN "']"
#define BOTH "'schemas':['" USER_URN "','" ENTERPRISE_URN "']"
#define TEAM "{'schemas':['" GROUP_URN "'],'displayName':'Team'}"

struct fixture_case {
	const char *file;
	const char *before;  /* PATCH: the document */
	const char *after;   /* document, or "!" and the name of an error */
	const char *members; /* "add a b", of a Group */
	const char *external_id;
};

static const struct fixture_case cases[] = {
	{ "01-entra-op-capitalised-bool-string", "{" CORE ",'userName':'u','active':true}",
		"{" CORE ",'userName':'u','active':false}", "", NULL },
	{ "03-entra-flag-pathless-dotted-urn-keys",
		"{" CORE ",'userName':'u','emails':[{'type':'work','value':'o'}]}",
		"{" BOTH ",'userName':'u','displayName':'Bj','emails':[{'type':'work','value':"
		"'new@contoso.example'}],'name':{'givenName':'Kk','familyName':'Un'},"
		"'" ENTERPRISE_URN "':{'employeeNumber':'701984'}}",
		"", NULL },
	{ "04-entra-noflag-multi-replace", "{" CORE ",'userName':'u'}",
		"{" BOTH ",'userName':'u','displayName':'Pv','emails':[{'type':'work','value':"
		"'t@contoso.example'}],'name':{'givenName':'G'},'" ENTERPRISE_URN
		"':{'employeeNumber':'E1'}}",
		"", "E1" },
	{ "05-entra-remove-member-value-array", TEAM, TEAM, "remove f648f8d5", NULL },
	{ "07-entra-add-member-ref-null", TEAM, TEAM, "add f648f8d5", NULL },
	{ "08-entra-multi-member-add", TEAM, TEAM, "add u1 u2 u3", NULL },
	{ "09-entra-manager-bare-string", "{" CORE ",'userName':'u'}",
		"{" BOTH ",'userName':'u','" ENTERPRISE_URN
		"':{'manager':{'value':'2c2f6fb8-254f-492e-b7fe-c09c5a61c8a2'}}}",
		"", NULL },
	{ "11-entra-null-update-empty-strings",
		"{" BOTH ",'userName':'u','title':'t','" ENTERPRISE_URN "':{'department':'R'}}",
		"{" CORE ",'userName':'u'}", "", NULL },
	{ "13-entra-valuepath-creates-element", "{" CORE ",'userName':'u'}",
		"{" CORE ",'userName':'u','emails':[{'type':'work','value':'w@contoso.example'}]}",
		"", NULL },
	{ "15-entra-valuepath-primary-true-string", "{" CORE ",'userName':'u'}", "!value", "",
		NULL },
	{ "17-entra-empty-operations", "{" CORE ",'userName':'u'}", "{" CORE ",'userName':'u'}", "",
		NULL },
	{ "18-entra-create-user", NULL,
		"{" CORE ",'userName':'t1@contoso.example','active':true,'emails':[{'primary':"
		"true,'type':'work','value':'t1@contoso.example'}],'name':{'formatted':'G F',"
		"'familyName':'F','givenName':'G'}}",
		"", "0a21f0f2" },
	{ "19-entra-create-group-foreign-schema", NULL,
		"{'schemas':['" GROUP_URN "'],'displayName':'Team A'}", "", "8aa1a0c0" },
	{ "30-okta-create-user-password-groups", NULL,
		"{" CORE ",'userName':'test.user@okta.local','name':{'givenName':'Test',"
		"'familyName':'User'},'emails':[{'primary':true,'value':'test.user@okta.local',"
		"'type':'work'}],'displayName':'Test User','locale':'en-US','active':true}",
		"", "00ujl29u0le5T6Aj10h7" },
	{ "31-okta-duplicate-409", NULL,
		"{" CORE ",'userName':'test.user@okta.local','name':{'givenName':'Test',"
		"'familyName':'User'},'active':true}",
		"", NULL },
	{ "32-okta-aiw-put-user", NULL,
		"{" CORE ",'userName':'test.user@okta.local','name':{'givenName':'Another',"
		"'middleName':'Excited','familyName':'User'},'emails':[{'primary':true,'value':"
		"'test.user@okta.local','type':'work','display':'test.user@okta.local'}],"
		"'active':true}",
		"", NULL },
	{ "33-okta-deactivate-pathless", "{" CORE ",'userName':'u','active':true}",
		"{" CORE ",'userName':'u','active':false}", "", NULL },
	{ "34-okta-group-rename-id-in-value", TEAM,
		"{'schemas':['" GROUP_URN "'],'displayName':'Test SCIMv2'}", "", NULL },
	{ "36-okta-pushnow-empty-members", TEAM, TEAM, "clear", NULL },
	{ "38-okta-aiw-group-put", NULL,
		"{'schemas':['" GROUP_URN "'],'displayName':'Test SCIMv2'}", "list 23a35c27",
		NULL },
	{ "44-noop-patch", "{" CORE ",'userName':'u','displayName':'same'}",
		"{" CORE ",'userName':'u','displayName':'same'}", "", NULL },
	{ "46-replace-partial-members", TEAM, TEAM, "replace 673", NULL },
};

struct outcome {
	const struct value *doc;
	const struct value *external_id;
	const char *members;
};

static const struct value *load(struct arena *arena, const char *file)
{
	static const struct value_limits limits = {
		.bytes = 1 << 20, .depth = 32, .values = 20000
	};
	const char *path = arena_printf(arena, FOLDER "%s.json", file);
	struct buf buf = { 0 };
	struct error err = { 0 };
	const struct value *value = NULL;

	if (file_read(path, 1 << 20, &buf, &err)) {
		value = value_parse(arena, buf.data, buf.size, &limits, &err);
	}
	buf_fini(&buf);
	return value;
}

static const char *ids(struct arena *arena, const struct scim_dialect *dialect, const char *verb,
	const struct value *list)
{
	struct error err = { 0 };

	for (size_t i = 0; i < scim_member_count(list); i++) {
		const struct value *id = scim_member_id(dialect, list, i, &err);

		verb = arena_printf(arena, "%s %s", verb, id != NULL ? value_text(id) : "?");
	}
	return verb;
}

static bool patch(struct arena *arena, const struct scim_resource_type *type,
	const struct scim_dialect *dialect, const struct value *body, const struct value *before,
	struct outcome *outcome, struct error *err)
{
	static const char *const verbs[] = { "add", "remove", "replace", "clear", "matching" };
	struct scim_patch_result result;
	struct scim_patch it;

	if (!scim_patch_parse(arena, type, dialect, body, &it, err) ||
		!scim_patch_apply(arena, &it, "{id}", before, &result, err)) {
		return false;
	}
	*outcome = (struct outcome){ result.doc, result.external_id, "" };
	for (size_t i = 0; i < result.step_count; i++) {
		outcome->members =
			ids(arena, dialect, verbs[result.steps[i].kind], result.steps[i].list);
	}
	return true;
}

static bool read(struct arena *arena, const struct scim_resource_type *type,
	const struct scim_dialect *dialect, const struct value *body, struct outcome *outcome,
	struct error *err)
{
	struct scim_body result;

	if (!scim_resource_read(arena, type, dialect, body, &result, err)) {
		return false;
	}
	*outcome = (struct outcome){ result.doc, result.external_id,
		result.members != NULL ? ids(arena, dialect, "list", result.members) : "" };
	return true;
}

static void check(struct arena *arena, const struct fixture_case *it, const struct value *fixture)
{
	const char *path = value_find_text(fixture, "path");
	const struct scim_resource_type *type =
		strncmp(path, "/Users", 6) == 0 ? user_type() : group_type();
	const struct scim_dialect *dialect = scim_dialect_find(value_find_text(fixture, "dialect"));
	const struct value *body = value_find(fixture, "body");
	struct outcome outcome = { NULL, NULL, "" };
	struct error err = { 0 };
	bool good = it->before != NULL ? patch(arena, type, dialect, body, json(arena, it->before),
						 &outcome, &err)
				       : read(arena, type, dialect, body, &outcome, &err);

	if (it->after[0] == '!') {
		assert_false(good);
		assert_string_equal(error_name(err.code), it->after + 1);
		return;
	}
	if (!good) {
		fail_msg("%s: %s", it->file, err.text);
	}
	assert_json(arena, outcome.doc, it->after);
	assert_string_equal(outcome.members, it->members);
	assert_string_equal(outcome.external_id != NULL ? value_text(outcome.external_id) : "-",
		it->external_id != NULL ? it->external_id : "-");
}

static void test_bodies_of_identity_providers_become_standard_scim(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct value *fixture = load(*state, cases[i].file);

		if (fixture == NULL) {
			print_message("# not in this checkout: %s%s\n", FOLDER, cases[i].file);
			return; /* skip() of cmocka 1.1.5 is a failure for meson */
		}
		check(*state, &cases[i], fixture);
	}
}

/* Strictly, what is not SCIM is refused. */
static void test_the_standard_dialect_takes_none_of_it(void **state)
{
	static const char *const files[] = { "01-entra-op-capitalised-bool-string",
		"03-entra-flag-pathless-dotted-urn-keys", "17-entra-empty-operations",
		"05-entra-remove-member-value-array", "09-entra-manager-bare-string" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const struct value *fixture = load(*state, files[i]);
		struct outcome outcome;
		struct error err = { 0 };
		const char *path;

		if (fixture == NULL) {
			return;
		}
		path = value_find_text(fixture, "path");
		assert_false(
			patch(*state, strncmp(path, "/Users", 6) == 0 ? user_type() : group_type(),
				scim_dialect_standard(), value_find(fixture, "body"),
				json(*state, TEAM), &outcome, &err));
	}
}

static void test_filters_of_identity_providers_are_understood(void **state)
{
	static const struct {
		bool is_user;
		const char *filter;
		const char *meaning;
	} filters[] = {
		{ false, "id eq '{gid}' and members eq '{uid}'",
			"id eq '{gid}' and members eq '{uid}'" },
		{ true, "externalId eq '2a69c9a6-1708-45b7-acbe-a7b4c8fb102a'",
			"externalId eq '2a69c9a6-1708-45b7-acbe-a7b4c8fb102a'" },
		{ true, "userName eq 'T1@CONTOSO.EXAMPLE'", "userName eq 'T1@CONTOSO.EXAMPLE'" },
		{ true, "emails[type eq 'work'].value eq 'a@x'",
			"emails[type eq 'work' and value eq 'a@x']" },
	};

	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		const char *text = quoted(*state, filters[i].filter);
		const struct scim_filter *filter =
			scim_filter_parse(*state, filters[i].is_user ? user_type() : group_type(),
				text, strlen(text), true, NULL);
		struct buf buf = { 0 };

		assert_non_null(filter);
		scim_filter_print(&buf, filter);
		assert_string_equal(buf.data, quoted(*state, filters[i].meaning));
		buf_fini(&buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_bodies_of_identity_providers_become_standard_scim),
		ARENA_TEST(test_the_standard_dialect_takes_none_of_it),
		ARENA_TEST(test_filters_of_identity_providers_are_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
