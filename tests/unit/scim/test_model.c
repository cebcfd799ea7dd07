/*
 * The model takes any schemas: what configuration will bring is tried here with tables of our own.
 */
#include "scim/model.h"

#include "scim/key.h"
#include "scim/patch.h"
#include "scim/print.h"
#include "scim/resource.h"
#include "tests/support/scim.h"

#define DEVICE_URN "urn:example:Device"
#define LOCK_URN "urn:example:Device:Lock"

static const struct scim_attribute device_attributes[] = {
	{ .name = "serial", .required = true, .case_exact = true, .mutability = SCIM_IMMUTABLE },
	{ .name = "tags", .multi = true },
	{ .name = "secret", .returned = SCIM_REQUEST },
	{ .name = "weight", .type = SCIM_DECIMAL },
	{ .name = "ports", .type = SCIM_INTEGER },
};
static const struct scim_schema device_schema = { .id = DEVICE_URN,
	.name = "Device",
	.description = "A thing",
	.attributes = device_attributes,
	.count = 5 };

static const struct scim_attribute lock_subs[] = {
	{ .name = "code", .mutability = SCIM_IMMUTABLE },
	{ .name = "note" },
};
static const struct scim_attribute lock_attributes[] = {
	{ .name = "lock", .type = SCIM_COMPLEX, .subs = lock_subs, .sub_count = 2 },
	{ .name = "since", .required = true },
};
/* Its URN begins with the other's: the longer one must win. */
static const struct scim_schema lock_schema = { .id = LOCK_URN,
	.name = "Lock",
	.description = "Its lock",
	.attributes = lock_attributes,
	.count = 2 };

static const struct scim_resource_type *device_type(struct arena *arena)
{
	static const struct scim_type_template types[] = {
		{ .name = "Device",
			.endpoint = "/Devices",
			.description = "A thing",
			.schema = &device_schema,
			.extensions = { &lock_schema } },
	};

	return scim_model_type(scim_model_build(arena, types, 1, NULL, 0), "Device");
}

static bool patch(struct arena *arena, const char *before, const char *operations,
	struct scim_patch_result *result, struct error *err)
{
	struct scim_patch it;
	const char *text =
		arena_printf(arena, "{'schemas':['" PATCH_URN "'],'Operations':[%s]}", operations);

	return scim_patch_parse(arena, device_type(arena), scim_dialect_standard(),
		       json(arena, text), &it, err) &&
	       scim_patch_apply(arena, &it, "d", json(arena, before), result, err);
}

static void test_bodies_follow_any_schema(void **state)
{
	static const struct {
		const char *members;
		const char *doc; /* or "!" and an error */
	} cases[] = {
		{ "'serial':'S','tags':['a',null,'b'],'weight':1.5,'ports':2",
			"{'schemas':['" DEVICE_URN
			"'],'serial':'S','tags':['a','b'],'weight':1.5,'ports':2}" },
		{ "'serial':'S','" LOCK_URN "':{'since':'x','lock':{'code':'c'}}",
			"{'schemas':['" DEVICE_URN "','" LOCK_URN "'],'serial':'S','" LOCK_URN
			"':{'since':'x','lock':{'code':'c'}}}" },
		{ "'serial':'S','" LOCK_URN "':{'lock':{'code':'c'}}", "!value" },
		{ "'serial':'S','ports':2.5", "!value" },
		{ "'serial':'S','ports':'2'", "!value" },
		{ "'serial':'S','tags':'a'", "!value" },
		{ "'serial':'S','tags':[{}]", "!value" },
		{ "'tags':['a']", "!value" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scim_body body;
		struct error err = { 0 };
		const char *text =
			arena_printf(*state, "{'schemas':['" DEVICE_URN "'],%s}", cases[i].members);
		bool good = scim_resource_read(*state, device_type(*state), scim_dialect_standard(),
			json(*state, text), &body, &err);

		if (cases[i].doc[0] == '!') {
			assert_false(good);
			assert_string_equal(error_name(err.code), cases[i].doc + 1);
		} else {
			assert_true(good);
			assert_json(*state, body.doc, cases[i].doc);
		}
	}
}

static void test_immutable_attributes_stay(void **state)
{
	static const char before[] =
		"{'schemas':['" DEVICE_URN "','" LOCK_URN "'],'serial':'S','" LOCK_URN
		"':{'since':'x','lock':{'code':'c'}}}";
	static const struct {
		const char *operation;
		enum error_code code;
	} cases[] = {
		{ "{'op':'replace','path':'serial','value':'T'}", ERROR_MUTABILITY },
		{ "{'op':'replace','path':'serial','value':'S'}", ERROR_NONE },
		{ "{'op':'remove','path':'" LOCK_URN ":lock.code'}", ERROR_MUTABILITY },
		{ "{'op':'remove','path':'" LOCK_URN ":lock'}", ERROR_MUTABILITY },
		{ "{'op':'remove','path':'" LOCK_URN "'}", ERROR_MUTABILITY },
		{ "{'op':'add','path':'" LOCK_URN ":lock.note','value':'n'}", ERROR_NONE },
		{ "{'op':'remove','path':'" LOCK_URN ":since'}", ERROR_MUTABILITY },
		{ "{'op':'add','path':'tags','value':['a','a']}", ERROR_NONE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scim_patch_result result;
		struct error err = { 0 };

		patch(*state, before, cases[i].operation, &result, &err);
		if (err.code != cases[i].code) {
			fail_msg("%s: %s", cases[i].operation, err.text);
		}
	}
}

static void test_immutable_attributes_can_be_set_once(void **state)
{
	struct scim_patch_result result;
	struct error err = { 0 };

	assert_true(patch(*state,
		"{'schemas':['" DEVICE_URN "'],'serial':'S','" LOCK_URN "':{'since':'x'}}",
		"{'op':'add','path':'" LOCK_URN ":lock.code','value':'c'}", &result, &err));

	const struct value *after;

	assert_false(scim_resource_replaced(*state, device_type(*state), result.doc,
		json(*state, "{'serial':'S'}"), &after, &err));
	assert_int_equal(err.code, ERROR_MUTABILITY);
}

static void test_lists_of_simple_values_have_value_paths(void **state)
{
	static const char before[] =
		"{'schemas':['" DEVICE_URN "'],'serial':'S','tags':['a','b','c']}";
	static const char *const cases[][2] = {
		{ "{'op':'remove','path':'tags[value eq `B`]'}", "['a','c']" },
		{ "{'op':'replace','path':'tags[value eq `a`]','value':'x'}", "['x','b','c']" },
		{ "{'op':'add','path':'tags','value':['c','d']}", "['a','b','c','d']" },
		{ "{'op':'add','path':'tags','value':'d'}", "['a','b','c','d']" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scim_patch_result result;
		struct error err = { 0 };

		if (!patch(*state, before, cases[i][0], &result, &err)) {
			fail_msg("%s: %s", cases[i][0], err.text);
		}
		assert_json(*state, value_find(result.doc, "tags"), cases[i][1]);
	}
}

/* `returned` request: the text of the document cannot be sent as it is. */
static void test_what_has_to_be_requested_is_not_spliced(void **state)
{
	static const char doc[] = "{\"schemas\":[\"" DEVICE_URN "\"],\"secret\":\"x\"}";
	struct scim_outward outward = { .type = device_type(*state),
		.base = "b",
		.id = "d",
		.doc_text = doc,
		.doc_size = strlen(doc),
		.arena = *state };
	struct buf buf = { 0 };

	assert_false(outward.type->is_plain);
	assert_true(user_type()->is_plain);
	scim_print_open(&buf, &outward);
	scim_print_close(&buf, &outward);

	assert_null(strstr(buf.data, "secret"));
	buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_bodies_follow_any_schema),
		ARENA_TEST(test_immutable_attributes_stay),
		ARENA_TEST(test_immutable_attributes_can_be_set_once),
		ARENA_TEST(test_lists_of_simple_values_have_value_paths),
		ARENA_TEST(test_what_has_to_be_requested_is_not_spliced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
