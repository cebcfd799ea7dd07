/*
 * What may be written down of a request. Texts of JSON are written with ' for " (and ` for \").
 */
#include "gateway/redact.h"

#include "tests/support/scim.h"

static const struct redact closed = { .pseudonym = { "a key that is the same every day" } };
static const struct redact open_ = { .pseudonym = { "a key that is the same every day" },
	.with_values = true };

static const char *taken(struct arena *arena, struct buf *out)
{
	const char *text = arena_text(arena, buf_text(out), out->size);

	buf_fini(out);
	return text;
}

static const char *body(
	struct arena *arena, const struct redact *redact, const char *text, bool is_json)
{
	const char *sent = quoted(arena, text);
	struct buf out = { 0 };

	redact_body(redact, sent, strlen(sent), is_json, false, &out);
	return taken(arena, &out);
}

static const char *pseudonym(struct arena *arena, const char *text)
{
	struct buf out = { 0 };

	pseudonym_append(&closed.pseudonym, text, strlen(text), &out);
	return taken(arena, &out);
}

static const char *secrets[] = { "geheim", "s3cr3t", "hunter2" };

static void holds_no_secret(const char *text)
{
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		if (strstr(text, secrets[i]) != NULL) {
			fail_msg("%s: %s", secrets[i], text);
		}
	}
}

static void test_secrets_are_never_told(void **state)
{
	static const char *const bodies[] = {
		"{'userName':'anna','password':'geheim'}",
		"{'PassWord' : 'geheim'}",
		"{'Operations':[{'op':'replace','path':'password','value':'geheim'}]}",
		"{'Operations':[{'value':{'a':['geheim']},'op':'replace','path':'password'}]}",
		"{'Operations':[{'op':'replace','value':{'password':'geheim'}}]}",
		"{'urn:x:User:apiToken':['geheim',{'a':'s3cr3t'}]}",
		"{'clientSecret':{'x':{'y':'geheim'}},'b':'c'}",
		"{'filter':'password eq `geheim`'}",
		"{'password':'gehe`im hunter2'}",
	};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		holds_no_secret(body(*state, &closed, bodies[i], true));
		if (strstr(bodies[i], "filter") == NULL) {
			holds_no_secret(body(*state, &open_, bodies[i], true));
		}
	}
	assert_string_equal(
		body(*state, &open_, "{'password':'geheim','pinToken':12,'a':'b'}", true),
		quoted(*state, "{'password':'[redacted]','pinToken':0,'a':'b'}"));
}

static void test_a_body_that_is_none_tells_no_secret(void **state)
{
	static const char *const bodies[] = {
		"userName=anna&password=geheim",
		"{'password':'geheim",
		"{'password:'geheim','a':1}",
		"{'password' 'geheim'}",
		"password: geheim",
		"]]]}}{'password':['geheim'",
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[{'password':'geheim'}",
	};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		holds_no_secret(body(*state, &closed, bodies[i], false));
		holds_no_secret(body(*state, &open_, bodies[i], false));
	}
}

static void test_structure_stays_and_values_go(void **state)
{
	const char *text =
		"{'schemas':['" PATCH_URN "'],'Operations':[{'op':'Replace','path':"
		"'emails[type eq `work`].value','value':'anna@contoso.example'},"
		"{'op':'add','value':{'active':'False','title':'','nick':null,'n':17}}]}";
	const char *found = body(*state, &closed, text, true);
	const char *wanted = arena_printf(*state,
		"{'schemas':['" PATCH_URN "'],'Operations':[{'op':'Replace','path':"
		"'emails[type eq `work`].value','value':'%s'},"
		"{'op':'add','value':{'active':'False','title':'','nick':null,'n':",
		pseudonym(*state, "anna@contoso.example"));

	wanted = quoted(*state, wanted);
	assert_int_equal(strncmp(found, wanted, strlen(wanted)), 0);
	assert_null(strstr(found, "anna"));
	assert_null(strstr(found, "17"));
	assert_string_equal(body(*state, &open_, text, true), quoted(*state, text));
}

static void test_ids_of_ours_stay_and_ids_of_others_go(void **state)
{
	const char *ours = "0192f0c1-7a62-7e6a-ae21-ed9a05430fd1";
	const char *theirs = "2c2f6fb8-254f-492e-b7fe-c09c5a61c8a2";
	const char *found = body(*state, &closed,
		arena_printf(*state,
			"{'members':[{'value':'%s','$ref':'https://x.example/scim/v2/Users/%s'},"
			"{'value':'%s'}],'externalId':'%s'}",
			ours, ours, theirs, ours),
		true);

	assert_non_null(strstr(found, ours));
	assert_null(strstr(found, theirs));
	assert_non_null(strstr(found, "https://"));
	assert_non_null(strstr(found, "/scim/v2/Users/"));
	assert_null(strstr(found, "x.example"));
	assert_null(strstr(strstr(found, "externalId"), ours));
}

static void test_json_stays_json_on_one_line(void **state)
{
	static const char *const bodies[] = {
		"{\n\t'a' : [ 1, -2.5e3, 0, 0.25, true, 'x\\u00fcy`z' ],\r\n 'b':{}}",
		"['\\\\', '\\n\\u0041', '日本', {'k':{'k':{'k':[[['v']]]}}}]",
		"{'name.familyName':'Öl','emails[type eq `work`].value':'a@b','a b@c':'x'}",
		"12345",
		"'text'",
	};
	static const struct value_limits limits = { .bytes = 10000, .depth = 32, .values = 1000 };

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		const char *found = body(*state, &closed, bodies[i], true);

		assert_null(strchr(found, '\n'));
		if (value_parse(*state, found, strlen(found), &limits, NULL) == NULL) {
			fail_msg("%s", found);
		}
	}
	assert_null(strstr(body(*state, &closed, bodies[2], true), "a b@c"));
}

static void test_dates_keep_their_form(void **state)
{
	assert_string_equal(
		body(*state, &closed, "['1984-05-06','1984-05-06-08:00','1984-05-06T07:08:09.5Z']",
			true),
		quoted(*state, "['2000-01-01','2000-01-01-08:00','2000-01-01T00:00:00.0Z']"));
}

static void test_headers_of_no_concern_stay(void **state)
{
	static const char *const cases[][3] = {
		{ "Content-Type", "text/json", "text/json" },
		{ "USER-AGENT", "Okta SCIM Client 1.0.0", "Okta SCIM Client 1.0.0" },
		{ "Authorization", "Bearer geheim-geheim", "Bearer [13 bytes]" },
		{ "authorization", "geheim-geheim", "[13 bytes]" },
		{ "Authorization", "geheim geheim geheim", "geheim [13 bytes]" },
		{ "Cookie", "a=geheim", "[8 bytes]" },
		{ "X-Forwarded-For", "192.0.2.7", "[9 bytes]" },
		{ "X-Api-Key", "geheim", "[6 bytes]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = { 0 };

		redact_header(&open_, cases[i][0], strlen(cases[i][0]), cases[i][1],
			strlen(cases[i][1]), &out);
		assert_string_equal(taken(*state, &out), cases[i][2]);
	}
}

static const char *target(
	struct arena *arena, const struct redact *redact, const char *path, const char *query)
{
	struct buf out = { 0 };

	redact_target(redact, arena, path, strlen(path), query, strlen(query), &out);
	return taken(arena, &out);
}

static void test_targets_lose_names_and_keep_their_form(void **state)
{
	const char *found = target(*state, &closed, "/scim/v2/Users",
		"filter=userName%20eq%20%22anna%40x.example%22%20and%20active%20eq%20%22True%22"
		"&startIndex=1&access_token=geheim&x=anna");

	assert_null(strstr(found, "anna"));
	holds_no_secret(found);
	assert_int_equal(strncmp(found, "/scim/v2/Users?filter=userName%20eq%20%22", 41), 0);
	assert_non_null(strstr(found, "%20and%20active%20eq%20%22True%22&startIndex=1&"));
	assert_string_not_equal(
		target(*state, &closed, "/scim/v2/Users/anna", ""), "/scim/v2/Users/anna");
	assert_string_equal(
		target(*state, &open_, "/scim/v2/Users/anna", ""), "/scim/v2/Users/anna");
	assert_null(strstr(target(*state, &closed, "/scim/v2/Users", "filter=anna%zz"), "anna"));
}

static const char *expression(struct arena *arena, const char *text)
{
	struct buf out = { 0 };

	redact_expression(&closed, text, strlen(text), false, &out);
	return taken(arena, &out);
}

static void test_literals_of_filters_go(void **state)
{
	static const char *const kept[] = { "active eq true", "emails[type eq \"work\"].value",
		"not (title pr) or active eq false",
		"members[value eq \"0192f0c1-7a62-7e6a-ae21-ed9a05430fd1\"]" };
	static const char *const gone[] = { "userName eq \"anna\"", "userName eq anna",
		"emails[value sw \"anna\" and type eq \"work\"]", "userName eq \\\"anna\\\"",
		"anna", "anna berg", "x[anna berg]", "title eq \"x\" anna", "emails[anna",
		"userName eq \"anna", "userName eq 'anna'", "\"anna\"", "(a eq (\"anna\"))",
		"x eq [anna]" };

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		assert_string_equal(expression(*state, kept[i]), kept[i]);
	}
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		if (strstr(expression(*state, gone[i]), "anna") != NULL) {
			fail_msg("%s: %s", gone[i], expression(*state, gone[i]));
		}
	}
}

static void test_a_path_of_patch_stays_and_another_goes(void **state)
{
	static const char *const kept[] = { "name.givenName", "emial", "urn:x:2.0:User:shoe.size",
		"emails[type eq `work`].value" };
	static const char *const gone[] = { "/sales/anna", "anna berg", "anna@x.example" };

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		const char *text = arena_printf(*state, "{'op':'add','path':'%s'}", kept[i]);

		assert_string_equal(body(*state, &closed, text, true), quoted(*state, text));
	}
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		const char *text = arena_printf(*state, "{'path':'%s'}", gone[i]);

		assert_null(strstr(body(*state, &closed, text, true), "anna"));
	}
}

static void test_our_errors_lose_what_they_quote(void **state)
{
	static const struct {
		const char *text;
		const char *gone;
		const char *kept;
	} cases[] = {
		{ "emails.primary must be true or false, not `1-648-081`", "648",
			"emails.primary must be true or false, not `" },
		{ "a User has no attribute 'anna', did you mean 'emails'?", "anna",
			"did you mean 'emails'?" },
		{ "anna@x.example is taken", "anna", " is taken" },
		{ "title must be a text, not {`value`:`anna`}", "anna",
			"title must be a text, not {" },
		{ "title must be a text, not 4711", "4711", "title must be a text, not " },
		{ "the policy's rule and anna@x", "anna", "the policy's rule and " },
		{ "operation 2: no value is at 'emails'", "#",
			"operation 2: no value is at 'emails'" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = { 0 };
		const char *text = cases[i].text;
		char sent[200] = "";
		const char *found;

		for (size_t k = 0, n = 0; text[k] != '\0'; k++) { /* ` → \" as in JSON */
			if (text[k] == '`') {
				sent[n++] = '\\';
			}
			sent[n++] = text[k] == '`' ? '"' : text[k];
		}
		redact_sentence(&closed, sent, strlen(sent), &out);
		found = taken(*state, &out);
		assert_null(strstr(found, cases[i].gone));
		assert_non_null(strstr(
			found, strchr(cases[i].kept, '`') != NULL ? "not \\\"" : cases[i].kept));
	}
}

static void test_a_denial_keeps_code_and_index(void **state)
{
	const char *sent = quoted(*state, "{'status':'403','detail':'Anna (of sales) may not pay "
					  "(sod.payments, journal index 7)'}");
	struct buf out = { 0 };
	const char *found;

	redact_body(&closed, sent, strlen(sent), true, true, &out);
	found = taken(*state, &out);

	assert_null(strstr(found, "Anna"));
	assert_null(strstr(found, "sales"));
	assert_non_null(strstr(found, "] (sod.payments, journal index 7)\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_secrets_are_never_told),
		ARENA_TEST(test_a_body_that_is_none_tells_no_secret),
		ARENA_TEST(test_structure_stays_and_values_go),
		ARENA_TEST(test_ids_of_ours_stay_and_ids_of_others_go),
		ARENA_TEST(test_json_stays_json_on_one_line),
		ARENA_TEST(test_dates_keep_their_form),
		ARENA_TEST(test_headers_of_no_concern_stay),
		ARENA_TEST(test_targets_lose_names_and_keep_their_form),
		ARENA_TEST(test_literals_of_filters_go),
		ARENA_TEST(test_a_path_of_patch_stays_and_another_goes),
		ARENA_TEST(test_our_errors_lose_what_they_quote),
		ARENA_TEST(test_a_denial_keeps_code_and_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
