#include "scim/print.h"

#include "scim/project.h"
#include "tests/support/scim.h"

#define DOC                                                                                        \
	"{'active':true,'emails':[{'type':'work','value':'a@x'}],'name':{'familyName':'Lee',"      \
	"'givenName':'Ann'},'schemas':['" USER_URN "','" ENTERPRISE_URN "'],'userName':'anna{',"   \
	"'" ENTERPRISE_URN "':{'department':'R','manager':{'value':'m'}}}"
#define META                                                                                       \
	"'meta':{'resourceType':'User','created':'2026-11-24T04:00:00.000000Z',"                   \
	"'lastModified':'2026-11-24T04:00:01.500000Z','location':'https://h/scim/v2/Users/u1',"    \
	"'version':'W/`7`'}"
#define SCHEMAS "'schemas':['" USER_URN "','" ENTERPRISE_URN "']"

static struct scim_outward outward(
	struct arena *arena, const char *attributes, const char *excluded)
{
	struct scim_outward it = {
		.type = user_type(),
		.base = "https://h/scim/v2",
		.id = "u1",
		.external_id = "e\"1",
		.version = 7,
		.created_us = 1795492800000000,
		.modified_us = 1795492801500000,
		.doc = json(arena, DOC),
		.arena = arena,
	};

	assert_true(
		scim_projection_parse(arena, it.type, attributes, excluded, &it.projection, NULL));
	return it;
}

/* Printed, and parsed again: it must be JSON. */
static const char *print(struct arena *arena, struct scim_outward *it,
	const struct scim_reference *references, size_t count)
{
	struct buf buf = { 0 };
	const char *text;

	scim_print_open(&buf, it);
	for (size_t i = 0; i < count; i++) {
		scim_print_reference(&buf, it, &references[i]);
	}
	scim_print_close(&buf, it);
	text = printed(arena, json(arena, buf.data));
	buf_fini(&buf);
	return text;
}

static void test_a_resource_is_document_and_what_lives_beside_it(void **state)
{
	struct scim_outward it = outward(*state, NULL, NULL);

	assert_string_equal(print(*state, &it, NULL, 0),
		printed(*state,
			json(*state, "{'id':'u1','externalId':'e`1'," META ",'active':true,"
				     "'emails':[{'type':'work','value':'a@x'}],"
				     "'name':{'familyName':'Lee','givenName':'Ann'}," SCHEMAS
				     ",'userName':'anna{','" ENTERPRISE_URN
				     "':{'department':'R','manager':{'value':'m'}}}")));
}

static void test_what_no_schema_describes_is_left_out_where_it_can_be(void **state)
{
	struct scim_outward it = outward(*state, NULL, NULL);

	it.doc = json(*state,
		"{'gone':'x','name':{'givenName':'Ann','gone':'x'},'schemas':['" USER_URN
		"','urn:gone'],'urn:gone':{'x':'y'},'userName':'anna','" ENTERPRISE_URN
		"':{'department':'R','gone':'x'}}");
	it.leftovers = true;

	assert_string_equal(print(*state, &it, NULL, 0),
		printed(*state,
			json(*state,
				"{'id':'u1','externalId':'e`1'," META ",'name':{'givenName':'Ann'},"
				"'schemas':['" USER_URN "'],'userName':'anna','" ENTERPRISE_URN
				"':{'department':'R'}}")));
}

static void test_the_text_of_a_document_prints_as_its_value(void **state)
{
	struct scim_outward value = outward(*state, NULL, NULL);
	struct scim_outward text = value;

	text.doc = NULL;
	text.doc_text = printed(*state, value.doc);
	text.doc_size = strlen(text.doc_text);

	assert_string_equal(print(*state, &text, NULL, 0), print(*state, &value, NULL, 0));

	struct scim_outward less = outward(*state, "name.givenName", NULL);

	less.doc = NULL;
	less.doc_text = text.doc_text;
	less.doc_size = text.doc_size;
	assert_string_equal(print(*state, &less, NULL, 0),
		printed(*state,
			json(*state, "{'id':'u1'," SCHEMAS ",'name':{'givenName':'Ann'}}")));
}

static void test_a_projection_leaves_out_the_rest(void **state)
{
	static const struct {
		const char *attributes;
		const char *excluded;
		const char *wanted;
	} cases[] = {
		{ "userName", NULL, "{'id':'u1'," SCHEMAS ",'userName':'anna{'}" },
		{ "emails.type,externalId", NULL,
			"{'id':'u1','externalId':'e`1'," SCHEMAS ",'emails':[{'type':'work'}]}" },
		{ "emails.display", NULL, "{'id':'u1'," SCHEMAS "}" },
		{ "name.middleName", NULL, "{'id':'u1'," SCHEMAS "}" },
		{ "meta.version", NULL, "{'id':'u1'," SCHEMAS ",'meta':{'version':'W/`7`'}}" },
		{ ENTERPRISE_URN ":manager", NULL,
			"{'id':'u1'," SCHEMAS ",'" ENTERPRISE_URN "':{'manager':{'value':'m'}}}" },
		{ ENTERPRISE_URN ":division", NULL, "{'id':'u1'," SCHEMAS "}" },
		{ NULL, "meta,externalId,emails,name,active," ENTERPRISE_URN,
			"{'id':'u1'," SCHEMAS ",'userName':'anna{'}" },
		{ NULL,
			"meta,externalId,emails.type,name.givenName,active,id,schemas,"
			"" ENTERPRISE_URN ":manager",
			"{'id':'u1'," SCHEMAS ",'userName':'anna{','emails':[{'value':'a@x'}],"
			"'name':{'familyName':'Lee'},'" ENTERPRISE_URN "':{'department':'R'}}" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scim_outward it = outward(*state, cases[i].attributes, cases[i].excluded);

		assert_string_equal(print(*state, &it, NULL, 0),
			printed(*state, json(*state, cases[i].wanted)));
	}
}

static void test_groups_of_a_user(void **state)
{
	static const struct scim_reference groups[] = { { "g1", "A \"team\"", 8 },
		{ "g2", NULL, 0 } };
	struct scim_outward it = outward(*state, "groups", NULL);

	assert_string_equal(print(*state, &it, groups, 2),
		printed(*state,
			json(*state,
				"{'id':'u1'," SCHEMAS
				",'groups':[{'value':'g1','$ref':'https://h/scim/v2/Groups/g1',"
				"'display':'A `team`','type':'direct'},{'value':'g2',"
				"'$ref':'https://h/scim/v2/Groups/g2','type':'direct'}]}")));
}

static void test_members_of_a_group(void **state)
{
	static const struct scim_reference members[] = { { "u1", "Anna", 4 }, { "u2", "B", 1 } };
	static const struct {
		const char *attributes;
		const char *members;
	} cases[] = {
		{ "members", "[{'value':'u1','$ref':'https://h/Users/u1','type':'User'},"
			     "{'value':'u2','$ref':'https://h/Users/u2','type':'User'}]" },
		{ "members.value", "[{'value':'u1'},{'value':'u2'}]" },
		{ "members.value,members.display",
			"[{'value':'u1','display':'Anna'},{'value':'u2','display':'B'}]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scim_outward it = {
			.type = group_type(),
			.base = "https://h",
			.id = "g1",
			.doc = json(*state, "{'displayName':'T','schemas':['" GROUP_URN "']}"),
		};

		assert_true(scim_projection_parse(
			*state, it.type, cases[i].attributes, NULL, &it.projection, NULL));
		assert_string_equal(print(*state, &it, members, 2),
			printed(*state, json(*state, arena_printf(*state,
							     "{'id':'g1','schemas':['" GROUP_URN
							     "'],'members':%s}",
							     cases[i].members))));
	}
}

static void test_a_location_is_base_type_and_id(void **state)
{
	struct buf buf = { 0 };

	(void)state;
	scim_print_location(&buf, "https://h/scim/v2", group_type(), "g1");

	assert_string_equal(buf.data, "https://h/scim/v2/Groups/g1");
	buf_fini(&buf);
}

static void test_a_base_cannot_break_out_of_its_text(void **state)
{
	struct scim_outward it = outward(*state, "meta.location", NULL);

	it.base = "https://h\"\n";
	assert_non_null(strstr(print(*state, &it, NULL, 0), "https://h\\\"\\n/Users/u1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_a_resource_is_document_and_what_lives_beside_it),
		ARENA_TEST(test_the_text_of_a_document_prints_as_its_value),
		ARENA_TEST(test_a_projection_leaves_out_the_rest),
		ARENA_TEST(test_groups_of_a_user),
		ARENA_TEST(test_what_no_schema_describes_is_left_out_where_it_can_be),
		ARENA_TEST(test_members_of_a_group),
		ARENA_TEST(test_a_location_is_base_type_and_id),
		ARENA_TEST(test_a_base_cannot_break_out_of_its_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
