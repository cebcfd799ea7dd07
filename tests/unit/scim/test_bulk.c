/* Bulk messages: what is taken, in which order it runs, what stands for a bulkId. */
#include "scim/bulk.h"

#include "scim/urn.h"
#include "tests/support/scim.h"

#define HEAD "{'schemas':['" SCIM_URN_BULK_REQUEST "'],"
#define POST(id, data) "{'method':'POST','path':'/Users','bulkId':'" id "','data':" data "}"
#define MANAGER(id) "{'" ENTERPRISE_URN "':{'manager':{'value':'bulkId:" id "'}}}"

static bool parse(struct arena *arena, const char *text, struct scim_bulk *bulk, struct error *err)
{
	if (!scim_bulk_parse(arena, scim_model_core(), scim_dialect_standard(), json(arena, text),
		    5, bulk, err)) {
		return false;
	}
	while (!scim_bulk_plan(arena, bulk)) {
	}
	return true;
}

static struct scim_bulk parsed(struct arena *arena, const char *text)
{
	struct scim_bulk bulk;
	struct error err = { 0 };

	if (!parse(arena, text, &bulk, &err)) {
		fail_msg("%s: %s", text, err.text);
	}
	return bulk;
}

/* "2 0 0+ 1": steps in order, "+" completes. */
static const char *plan(struct arena *arena, const struct scim_bulk *bulk)
{
	struct buf buf = { 0 };
	const char *text;

	for (size_t i = 0; i < bulk->step_count; i++) {
		buf_printf(&buf, "%s%u%s", i > 0 ? " " : "", bulk->steps[i].operation,
			bulk->steps[i].completes ? "+" : "");
	}
	text = arena_strdup(arena, buf_text(&buf));
	buf_fini(&buf);
	return text;
}

static const struct {
	const char *what;
	const char *operations;
	const char *steps;
} plans[] = {
	{ "as they stand", POST("a", "{}") "," POST("b", "{}"), "0 1" },
	{ "backwards", POST("a", "{}") "," POST("b", MANAGER("a")), "0 1" },
	{ "forwards", POST("a", MANAGER("b")) "," POST("b", "{}"), "1 0" },
	{ "a chain forwards",
		POST("a", MANAGER("b")) "," POST("b", MANAGER("c")) "," POST("c", "{}"), "2 1 0" },
	{ "only what is needed comes first",
		POST("a", "{}") "," POST("b", MANAGER("d")) "," POST("c", "{}") "," POST("d", "{}"),
		"0 3 1 2" },
	{ "itself", POST("a", MANAGER("a")), "0 0+" },
	{ "a circle of two", POST("a", MANAGER("b")) "," POST("b", MANAGER("a")), "1 0 1+" },
	{ "a circle of three",
		POST("a", MANAGER("b")) "," POST("b", MANAGER("c")) "," POST("c", MANAGER("a")),
		"2 1 0 2+" },
	{ "two circles through one",
		POST("a", "{'x':['bulkId:b','bulkId:c']}") "," POST("b", MANAGER("a")) "," POST(
			"c", MANAGER("a")),
		"1 2 0 2+ 1+" },
	{ "a path forwards", "{'method':'DELETE','path':'/Users/bulkId:a'}," POST("a", "{}"),
		"1 0" },
	{ "a path and data",
		"{'method':'PATCH','path':'/Users/bulkId:b','data':{'value':'bulkId:a'}}," POST(
			"a", "{}") "," POST("b", "{}"),
		"1 2 0" },
};

static void test_what_is_named_is_created_first(void **state)
{
	struct arena *arena = *state;

	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		struct scim_bulk bulk = parsed(
			arena, arena_printf(arena, HEAD "'Operations':[%s]}", plans[i].operations));

		if (strcmp(plan(arena, &bulk), plans[i].steps) != 0) {
			fail_msg("%s: %s", plans[i].what, plan(arena, &bulk));
		}
	}
}

static const struct {
	const char *what;
	const char *text;
	enum error_code code;
} bad[] = {
	{ "no schemas", "{'Operations':[" POST("a", "{}") "]}", ERROR_SYNTAX },
	{ "a list", "[]", ERROR_SYNTAX },
	{ "no operations", HEAD "'Operations':[]}", ERROR_SYNTAX },
	{ "operations as an object", HEAD "'Operations':{}}", ERROR_SYNTAX },
	{ "an operation as a text", HEAD "'Operations':['x']}", ERROR_SYNTAX },
	{ "GET", HEAD "'Operations':[{'method':'GET','path':'/Users'}]}", ERROR_SYNTAX },
	{ "a method in small letters", HEAD "'Operations':[{'method':'delete','path':'/Users/1'}]}",
		ERROR_SYNTAX },
	{ "no method", HEAD "'Operations':[{'path':'/Users'}]}", ERROR_SYNTAX },
	{ "a number as bulkId", HEAD "'Operations':[{'method':'DELETE','bulkId':1}]}",
		ERROR_SYNTAX },
	{ "an empty bulkId", HEAD "'Operations':[" POST("", "{}") "]}", ERROR_VALUE },
	{ "a bulkId twice", HEAD "'Operations':[" POST("a", "{}") "," POST("a", "{}") "]}",
		ERROR_VALUE },
	{ "a bulkId twice, of one that is no POST",
		HEAD "'Operations':[" POST("a", "{}") ",{'method':'DELETE','path':'/Users/1',"
						      "'bulkId':'a'}]}",
		ERROR_VALUE },
	{ "failOnErrors 0", HEAD "'failOnErrors':0,'Operations':[" POST("a", "{}") "]}",
		ERROR_VALUE },
	{ "failOnErrors as a text", HEAD "'failOnErrors':'1','Operations':[" POST("a", "{}") "]}",
		ERROR_VALUE },
	{ "half an error", HEAD "'failOnErrors':1.5,'Operations':[" POST("a", "{}") "]}",
		ERROR_VALUE },
	{ "six of five", HEAD "'Operations':[{},{},{},{},{},{}]}", ERROR_TOO_LARGE },
};

static void test_what_cannot_be_understood_is_refused_as_a_whole(void **state)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct scim_bulk bulk;
		struct error err = { 0 };

		if (parse(*state, bad[i].text, &bulk, &err) || err.code != bad[i].code) {
			fail_msg("%s: %s", bad[i].what, err.text);
		}
	}
}

static void test_the_limit_is_named(void **state)
{
	struct scim_bulk bulk;
	struct error err = { 0 };

	parsed(*state, HEAD "'Operations':[" POST("a", "{}") "," POST("b", "{}") "," POST(
			       "c", "{}") "," POST("d", "{}") "," POST("e", "{}") "]}");
	assert_false(parse(*state, HEAD "'Operations':[{},{},{},{},{},{}]}", &bulk, &err));
	assert_non_null(strstr(err.text, "maxOperations is 5"));
}

static const struct {
	const char *operation;
	enum error_code code;
} wrong[] = {
	{ "{'method':'POST','path':'/Users','data':{}}", ERROR_SYNTAX },
	{ "{'method':'POST','bulkId':'a','data':{}}", ERROR_SYNTAX },
	{ "{'method':'POST','bulkId':'a','path':'/Users'}", ERROR_SYNTAX },
	{ "{'method':'PUT','path':'/Users/1','data':[]}", ERROR_SYNTAX },
	{ "{'method':'POST','bulkId':'a','path':'/Robots','data':{}}", ERROR_NOT_FOUND },
	{ "{'method':'POST','bulkId':'a','path':'','data':{}}", ERROR_NOT_FOUND },
	{ "{'method':'POST','bulkId':'a','path':'//Users','data':{}}", ERROR_NOT_FOUND },
	{ "{'method':'DELETE','path':'/Users/1/2'}", ERROR_NOT_FOUND },
	{ "{'method':'DELETE','path':'/Users/'}", ERROR_NOT_FOUND },
	{ "{'method':'DELETE','path':'https://x/scim/v2/Users/1'}", ERROR_NOT_FOUND },
	{ "{'method':'DELETE','path':'/Users?x=1'}", ERROR_NOT_FOUND },
	{ "{'method':'POST','bulkId':'a','path':'/Users/1','data':{}}", ERROR_METHOD },
	{ "{'method':'DELETE','path':'/Users'}", ERROR_METHOD },
	{ "{'method':'DELETE','path':'/Users/bulkId:x'}", ERROR_VALUE },
	{ "{'method':'DELETE','path':'/Groups/bulkId:other'}", ERROR_NOT_FOUND },
	{ "{'method':'PUT','path':'/Users/1','data':{'x':[{'y':'bulkId:x'}]}}", ERROR_VALUE },
	{ "{'method':'PUT','bulkId':'p','path':'/Users/1','data':{'x':'bulkId:p'}}", ERROR_VALUE },
};

static void test_what_one_gets_wrong_is_its_own(void **state)
{
	struct arena *arena = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct scim_bulk bulk = parsed(arena,
			arena_printf(arena, HEAD "'Operations':[%s," POST("other", "{}") "]}",
				wrong[i].operation));

		if (bulk.operations[0].err.code != wrong[i].code) {
			fail_msg("%s: %s", wrong[i].operation, bulk.operations[0].err.text);
		}
		assert_int_equal(bulk.operations[1].err.code, ERROR_NONE);
		assert_int_equal(bulk.step_count, 2);
	}
}

/* ids "id-0", "id-1", … */
static const char *id_of(const void *user, size_t operation)
{
	static const char *const ids[] = { "id-0", "id-1", "id-2", "id-3", "id-4" };

	(void)user;
	return ids[operation];
}

static void test_ids_stand_for_names(void **state)
{
	struct arena *arena = *state;
	struct scim_bulk bulk = parsed(arena,
		HEAD "'Operations':[" POST("a", "{}") "," POST("b",
			"{}") ","
			      "{'method':'PATCH','path':'/Groups/1','data':{'Operations':["
			      "{'op':'add','path':'members','value':[{'value':'bulkId:a','$ref':'"
			      "bulkId:b'},"
			      "{'value':'x','$ref':'https://h/Users/bulkId:b'}]},"
			      "{'op':'remove','path':'members[value eq `bulkId:a` or value eq "
			      "`bulkId:b`]'},"
			      "{'op':'add','path':'displayName','value':'see `bulkId:a`'}]}}]}");

	assert_int_equal(bulk.operations[2].references.count, 2);
	assert_json(arena, scim_bulk_resolve(arena, &bulk, 2, id_of, NULL),
		"{'Operations':["
		"{'op':'add','path':'members','value':[{'value':'id-0','$ref':'/Users/id-1'},"
		"{'value':'x','$ref':'https://h/Users/id-1'}]},"
		"{'op':'remove','path':'members[value eq `id-0` or value eq `id-1`]'},"
		"{'op':'add','path':'displayName','value':'see `bulkId:a`'}]}");
}

static void test_what_closes_a_circle_is_added_afterwards(void **state)
{
	struct arena *arena = *state;
	struct scim_bulk bulk = parsed(arena,
		HEAD "'Operations':[" POST("a", MANAGER("b")) "," POST("b",
			"{'userName':'b','list':[{'value':'bulkId:a'},{'value':'x'}],"
			"'" ENTERPRISE_URN "':{'department':'D','manager':{'value':'bulkId:a',"
			"'displayName':'A'}}}") "]}");

	assert_string_equal(plan(arena, &bulk), "1 0 1+");
	assert_json(arena, scim_bulk_resolve(arena, &bulk, 1, id_of, NULL),
		"{'userName':'b','list':[{'value':'x'}],'" ENTERPRISE_URN "':{'department':'D'}}");
	assert_json(arena, scim_bulk_completion(arena, &bulk, 1, id_of, NULL),
		"{'schemas':['" SCIM_URN_PATCH "'],'Operations':[{'op':'add','value':{"
		"'list':[{'value':'id-0'}],"
		"'" ENTERPRISE_URN "':{'manager':{'value':'id-0','displayName':'A'}}}}]}");
	assert_json(arena, scim_bulk_resolve(arena, &bulk, 0, id_of, NULL),
		"{'" ENTERPRISE_URN "':{'manager':{'value':'id-1'}}}");
}

static void test_names_have_case_and_dialects_say_less(void **state)
{
	struct arena *arena = *state;
	struct scim_bulk bulk;
	struct error err = { 0 };

	bulk = parsed(
		arena, HEAD "'Operations':[" POST("a", MANAGER("A")) "," POST("A", "{}") "]}");
	assert_string_equal(plan(arena, &bulk), "1 0");
	assert_true(scim_bulk_parse(arena, scim_model_core(), scim_dialect_find("entra"),
		json(arena, "{'operations':[{'Method':'delete','Path':'Users/1'}]}"), 5, &bulk,
		&err));
	assert_true(scim_bulk_plan(arena, &bulk));
	assert_string_equal(bulk.operations[0].id, "1");
	assert_string_equal(bulk.operations[0].path, "/Users/1");
}

/* A loop must not stand while many names are looked up. */
static void test_many_mentions_are_planned_in_slices(void **state)
{
	struct arena *arena = *state;
	struct scim_bulk bulk;
	struct error err = { 0 };
	struct buf text = { 0 };
	const char *filler;

	for (size_t i = 0; i <= SCIM_BULK_SLICE; i++) {
		buf_append_text(&text, i > 0 ? ",'bulkId:b'" : "'bulkId:b'");
	}
	filler = arena_strdup(arena, buf_text(&text));
	buf_fini(&text);
	assert_true(scim_bulk_parse(arena, scim_model_core(), scim_dialect_standard(),
		json(arena, arena_printf(arena,
				    HEAD "'Operations':[" POST("a", "{'x':[%s]}") "," POST(
					    "b", "{}") "]}",
				    filler)),
		5, &bulk, &err));

	assert_false(scim_bulk_plan(arena, &bulk));
	assert_true(scim_bulk_plan(arena, &bulk));
	assert_string_equal(plan(arena, &bulk), "1 0");
	assert_int_equal(bulk.operations[0].references.count, 1);
}

static void test_a_result_is_printed_as_the_rfc_shows_it(void **state)
{
	struct arena *arena = *state;
	struct scim_bulk bulk = parsed(arena, HEAD "'Operations':[" POST("a", "{}") "]}");
	struct error err = { 0 };
	struct buf buf = { 0 };

	scim_bulk_print(&buf, &bulk.operations[0],
		&(struct scim_bulk_result){ .location = "l", .version = "W/\"1\"", .status = 201 });
	assert_string_equal(buf_text(&buf),
		quoted(arena, "{'method':'POST','status':'201','bulkId':'a','location':'l',"
			      "'version':'W/`1`'}"));
	buf_clear(&buf);
	error_set(&err, ERROR_DENIED, "no");
	scim_bulk_print(&buf, &bulk.operations[0],
		&(struct scim_bulk_result){ .status = 403, .err = &err });
	assert_string_equal(buf_text(&buf),
		quoted(arena, "{'method':'POST','status':'403','bulkId':'a','response':{"
			      "'schemas':['" SCIM_URN_ERROR "'],'status':'403','detail':'no'}}"));
	buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_what_is_named_is_created_first),
		ARENA_TEST(test_what_cannot_be_understood_is_refused_as_a_whole),
		ARENA_TEST(test_the_limit_is_named),
		ARENA_TEST(test_what_one_gets_wrong_is_its_own),
		ARENA_TEST(test_ids_stand_for_names),
		ARENA_TEST(test_what_closes_a_circle_is_added_afterwards),
		ARENA_TEST(test_names_have_case_and_dialects_say_less),
		ARENA_TEST(test_many_mentions_are_planned_in_slices),
		ARENA_TEST(test_a_result_is_printed_as_the_rfc_shows_it),
	};
	return cmocka_run_group_tests_name("bulk", tests, NULL, NULL);
}
