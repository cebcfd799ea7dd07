/*
 * RFC 7643, 5 to 7; RFC 7644, 4.
 */
#include "scim/discovery.h"

#include "tests/support/scim.h"

#define BASE "https://h/scim/v2"

static const struct value *parsed(struct arena *arena, struct buf *buf)
{
	static const struct value_limits limits = {
		.bytes = 1 << 20, .depth = 32, .values = 20000
	};
	struct error err = { 0 };
	const struct value *value = value_parse(arena, buf->data, buf->size, &limits, &err);

	if (value == NULL) {
		fail_msg("%s: %s", err.text, buf->data);
	}
	buf_fini(buf);
	return value;
}

static void test_only_what_is_there_is_advertised(void **state)
{
	struct buf buf = { 0 };
	const struct value *config;

	scim_discovery_provider(&buf,
		&(struct scim_provider){
			.bulk_operations = 7, .bulk_bytes = 1048576, .cursor_timeout_s = 3600 },
		BASE);
	config = parsed(*state, &buf);

	assert_json(*state, value_find(config, "patch"), "{'supported':true}");
	assert_json(*state, value_find(config, "bulk"),
		"{'supported':true,'maxOperations':7,'maxPayloadSize':1048576}");
	assert_json(*state, value_find(config, "filter"), "{'supported':true,'maxResults':1000}");
	assert_json(*state, value_find(config, "sort"), "{'supported':true}");
	assert_json(*state, value_find(config, "etag"), "{'supported':true}");
	assert_json(*state, value_find(config, "pagination"),
		"{'cursor':true,'index':true,'defaultPaginationMethod':'index',"
		"'defaultPageSize':100,'maxPageSize':1000,'cursorTimeout':3600}");
	assert_json(*state, value_find(config, "changePassword"), "{'supported':false}");
	assert_json(*state, value_find(config, "meta"),
		"{'resourceType':'ServiceProviderConfig',"
		"'location':'" BASE "/ServiceProviderConfig'}");
	assert_null(value_find(config, "documentationUri")); /* nor an empty one */
}

static void test_types_name_their_schemas(void **state)
{
	struct buf buf = { 0 };
	const struct value *list, *user;

	assert_true(scim_discovery_types(&buf, scim_model_core(), BASE, NULL));
	list = parsed(*state, &buf);
	assert_int_equal(value_find_int(list, "totalResults", 0), 2);
	assert_null(value_find(list, "meta"));

	assert_true(scim_discovery_types(&buf, scim_model_core(), BASE, "User"));
	user = parsed(*state, &buf);
	assert_true(value_equals(user, value_at(value_find(list, "Resources"), 0)));
	assert_json(*state, value_find(user, "schemaExtensions"),
		"[{'schema':'" ENTERPRISE_URN "','required':false},"
		"{'schema':'" PERSON_URN "','required':false}]");
	assert_string_equal(value_find_text(user, "endpoint"), "/Users");
	assert_false(scim_discovery_types(&buf, scim_model_core(), BASE, "Foo"));
	assert_int_equal(buf.size, 0);
}

static const struct value *attribute(const struct value *list, const char *name)
{
	for (size_t i = 0; i < value_count(list); i++) {
		if (strcmp(value_find_text(value_at(list, i), "name"), name) == 0) {
			return value_at(list, i);
		}
	}
	return NULL;
}

static void test_schemas_tell_all_characteristics(void **state)
{
	struct buf buf = { 0 };
	const struct value *user, *emails;

	assert_true(scim_discovery_schemas(&buf, scim_model_core(), BASE, USER_URN));
	user = parsed(*state, &buf);

	assert_json(*state, attribute(value_find(user, "attributes"), "userName"),
		"{'name':'userName','type':'string','multiValued':false,"
		"'description':'The name with which the person signs in','required':true,"
		"'caseExact':false,'mutability':'readWrite','returned':'default',"
		"'uniqueness':'server'}");
	emails = attribute(value_find(user, "attributes"), "emails");
	assert_json(*state, attribute(value_find(emails, "subAttributes"), "type"),
		"{'name':'type','type':'string','multiValued':false,"
		"'description':'What it is for','required':false,"
		"'canonicalValues':['work','home','other'],'caseExact':false,"
		"'mutability':'readWrite','returned':'default','uniqueness':'none'}");
}

static void test_every_schema_is_listed_and_found(void **state)
{
	static const char *const urns[] = { USER_URN, ENTERPRISE_URN, PERSON_URN, GROUP_URN,
		"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig",
		"urn:ietf:params:scim:schemas:core:2.0:ResourceType",
		"urn:ietf:params:scim:schemas:core:2.0:Schema" };
	struct buf buf = { 0 };
	const struct value *list;

	assert_true(scim_discovery_schemas(&buf, scim_model_core(), BASE, NULL));
	list = parsed(*state, &buf);
	assert_int_equal(value_find_int(list, "totalResults", 0), 7);

	for (size_t i = 0; i < 7; i++) {
		const struct value *one;

		assert_true(scim_discovery_schemas(&buf, scim_model_core(), BASE, urns[i]));
		one = parsed(*state, &buf);
		assert_string_equal(value_find_text(one, "id"), urns[i]);
		assert_true(value_equals(one, value_at(value_find(list, "Resources"), i)));
	}
	assert_false(scim_discovery_schemas(&buf, scim_model_core(), BASE, "urn:x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_only_what_is_there_is_advertised),
		ARENA_TEST(test_types_name_their_schemas),
		ARENA_TEST(test_schemas_tell_all_characteristics),
		ARENA_TEST(test_every_schema_is_listed_and_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
