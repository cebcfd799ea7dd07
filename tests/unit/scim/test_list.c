#include "scim/list.h"

#include <stdlib.h>
#include "scim/dialect.h"
#include "tests/support/scim.h"

/* ---- pages (RFC 7644, 3.4.2.4) ---- */

static void test_pages_are_bounded(void **state)
{
	static const struct {
		const char *start;
		const char *count;
		int64_t start_is;
		int64_t count_is; /* -1: refused */
	} cases[] = {
		{ NULL, NULL, 1, 100 },
		{ "6", "5", 6, 5 },
		{ "0", "0", 1, 0 },
		{ "-3", "-1", 1, 0 },
		{ "1", "100000", 1, SCIM_PAGE_MAX },
		{ "", NULL, 0, -1 },
		{ "x", NULL, 0, -1 },
		{ "1.5", NULL, 0, -1 },
		{ " 1", NULL, 0, -1 },
		{ "+1", NULL, 0, -1 },
		{ NULL, "99999999999999999999", 0, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scim_page page;
		struct error err = { 0 };
		bool good = scim_page_parse(cases[i].start, cases[i].count, NULL, &page, &err);

		assert_int_equal(good, cases[i].count_is >= 0);
		if (good) {
			assert_int_equal(page.start, cases[i].start_is);
			assert_int_equal(page.count, cases[i].count_is);
		} else {
			assert_int_equal(err.code, ERROR_VALUE);
		}
	}
}

static void test_pages_by_cursor_have_one_resource_or_more(void **state)
{
	static const struct {
		const char *start;
		const char *count;
		enum error_code code;
		int64_t count_is;
	} cases[] = {
		{ NULL, NULL, ERROR_NONE, SCIM_PAGE_DEFAULT },
		{ NULL, "1", ERROR_NONE, 1 },
		{ "1", "7", ERROR_NONE, 7 },
		{ NULL, "1000000", ERROR_NONE, SCIM_PAGE_MAX },
		{ NULL, "0", ERROR_PAGE_SIZE, 0 },
		{ NULL, "-1", ERROR_PAGE_SIZE, 0 },
		{ NULL, "x", ERROR_PAGE_SIZE, 0 },
		{ "2", NULL, ERROR_CURSOR, 0 },
		{ "x", NULL, ERROR_VALUE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scim_page page;
		struct error err = { 0 };

		scim_page_parse(cases[i].start, cases[i].count, "", &page, &err);

		assert_int_equal(err.code, cases[i].code);
		if (err.code == ERROR_NONE) {
			assert_int_equal(page.count, cases[i].count_is);
			assert_string_equal(page.cursor, "");
		}
	}
}

/* ---- .search (RFC 7644, 3.4.3) ---- */

static void test_a_search_body_is_a_query(void **state)
{
	struct scim_search search;
	struct error err = { 0 };

	assert_true(scim_search_parse(*state, scim_dialect_standard(),
		json(*state, "{'schemas':['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],"
			     "'attributes':['userName','name.givenName'],'FILTER':'title pr',"
			     "'sortBy':'userName','sortOrder':'descending','startIndex':0,"
			     "'count':10}"),
		&search, &err));

	assert_string_equal(search.attributes, "userName,name.givenName");
	assert_null(search.excluded);
	assert_string_equal(search.filter, "title pr");
	assert_string_equal(search.sort_by, "userName");
	assert_string_equal(search.sort_order, "descending");
	assert_int_equal(search.page.start, 1);
	assert_int_equal(search.page.count, 10);
	assert_null(search.page.cursor);
}

static void test_a_search_body_may_hold_a_cursor(void **state)
{
	struct scim_search search;
	struct error err = { 0 };

	assert_true(scim_search_parse(*state, scim_dialect_standard(),
		json(*state, "{'schemas':['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],"
			     "'cursor':'abc','count':5}"),
		&search, &err));

	assert_string_equal(search.page.cursor, "abc");
	assert_int_equal(search.page.count, 5);
}

#define SEARCH "'schemas':['urn:ietf:params:scim:api:messages:2.0:SearchRequest']"

static void test_a_wrong_search_body_is_refused(void **state)
{
	static const struct {
		const char *body;
		enum error_code code;
	} cases[] = {
		{ "[]", ERROR_SYNTAX },
		{ "{'filter':'title pr'}", ERROR_SYNTAX },
		{ "{'schemas':['urn:ietf:params:scim:api:messages:2.0:PatchOp']}", ERROR_SYNTAX },
		{ "{" SEARCH ",'filter':7}", ERROR_VALUE },
		{ "{" SEARCH ",'count':'x'}", ERROR_VALUE },
		{ "{" SEARCH ",'startIndex':1.5}", ERROR_VALUE },
		{ "{" SEARCH ",'attributes':[7]}", ERROR_VALUE },
		{ "{" SEARCH ",'cursor':7}", ERROR_VALUE },
		{ "{" SEARCH ",'cursor':'','count':0}", ERROR_PAGE_SIZE },
		{ "{" SEARCH ",'cursor':'','count':'x'}", ERROR_PAGE_SIZE },
		{ "{" SEARCH ",'cursor':'','startIndex':2}", ERROR_CURSOR },
		{ "{" SEARCH ",'excludedAttributes':{}}", ERROR_VALUE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scim_search search;
		struct error err = { 0 };

		assert_false(scim_search_parse(*state, scim_dialect_standard(),
			json(*state, cases[i].body), &search, &err));
		assert_int_equal(err.code, cases[i].code);
	}
}

/* ---- sorting (RFC 7644, 3.4.2.3) ---- */

static const char *const docs[] = {
	"{'userName':'b','title':'x','emails':[{'value':'z'},{'value':'A','primary':true}]}",
	"{'userName':'C','emails':[{'value':'y'},{'value':'a'}]}",
	"{'userName':'a','title':'X','name':{'familyName':'Lee'}}",
	"{'userName':'d','title':'W'}",
};

struct item {
	const struct value *key;
	size_t index;
};

static const struct scim_sort *wanted;

static int by_sort(const void *a, const void *b)
{
	const struct item *left = a, *right = b;
	int order = scim_sort_compare(wanted, left->key, right->key);

	return order != 0 ? order : (int)left->index - (int)right->index;
}

static const char *sorted(struct arena *arena, const char *by, const char *order)
{
	struct scim_sort sort;
	struct item items[4];
	struct error err = { 0 };

	if (!scim_sort_parse(user_type(), by, order, &sort, &err)) {
		return arena_printf(arena, "!%s", error_name(err.code));
	}
	for (size_t i = 0; i < 4; i++) {
		const struct value *top =
			value_find(json(arena, docs[i]), sort.ref.attribute->name);

		items[i] = (struct item){ scim_sort_key(arena, &sort, top), i };
	}
	wanted = &sort;
	qsort(items, 4, sizeof(items[0]), by_sort);
	return arena_printf(arena, "%zu%zu%zu%zu", items[0].index, items[1].index, items[2].index,
		items[3].index);
}

static void test_resources_are_sorted(void **state)
{
	static const char *const cases[][3] = {
		{ "userName", NULL, "2013" },
		{ "userName", "ascending", "2013" },
		{ "USERNAME", "Descending", "3102" },
		{ "title", NULL, "3021" },
		{ "title", "descending", "1023" },
		{ "emails", NULL, "0123" },
		{ "emails.value", "descending", "2310" },
		{ "name.familyName", NULL, "2013" },
		{ "name.familyName", "descending", "0132" },
		{ "name", NULL, "!path" },
		{ "foo", NULL, "!path" },
		{ "password", NULL, "!path" },
		{ ENTERPRISE_URN, NULL, "!path" },
		{ "title", "up", "!value" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *found = sorted(*state, cases[i][0], cases[i][1]);

		if (strcmp(found, cases[i][2]) != 0) {
			fail_msg("%s %s: %s", cases[i][0], cases[i][1], found);
		}
	}
}

static void test_times_are_sorted_as_times(void **state)
{
	struct scim_sort sort;
	const char *by = PERSON_URN ":endDate";

	assert_true(scim_sort_parse(user_type(), by, NULL, &sort, NULL));

	assert_true(value_compare(scim_sort_key(*state, &sort,
					  value_of_text(*state, "2027-01-01T00:00:00+02:00")),
			    scim_sort_key(*state, &sort,
				    value_of_text(*state, "2026-12-31T23:00:00Z"))) < 0);
}

static void test_id_and_creation_are_one_order(void **state)
{
	static const struct {
		const char *by;
		bool is;
	} cases[] = { { "id", true }, { "meta.created", true }, { "meta.lastModified", false },
		{ "userName", false }, { "externalId", false } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scim_sort sort;

		assert_true(scim_sort_parse(user_type(), cases[i].by, NULL, &sort, NULL));
		assert_int_equal(scim_sort_is_by_id(&sort), cases[i].is);
	}
}

static void test_a_list_response_is_json(void **state)
{
	struct buf buf = { 0 };

	scim_list_open(&buf, &(struct scim_list){ .total = 12, .start = 3, .items = 2 });
	scim_list_next(&buf, 0);
	buf_append_text(&buf, "{}");
	scim_list_next(&buf, 1);
	buf_append_text(&buf, "{}");
	scim_list_close(&buf);

	assert_json(*state, json(*state, buf.data),
		"{'schemas':['urn:ietf:params:scim:api:messages:2.0:ListResponse'],"
		"'totalResults':12,'startIndex':3,'itemsPerPage':2,'Resources':[{},{}]}");
	buf_fini(&buf);
}

static void test_a_page_by_cursor_names_its_neighbours(void **state)
{
	struct buf buf = { 0 };

	scim_list_open(
		&buf, &(struct scim_list){ .total = -1, .items = 0, .previous = "a", .next = "b" });
	scim_list_close(&buf);

	assert_json(*state, json(*state, buf.data),
		"{'schemas':['urn:ietf:params:scim:api:messages:2.0:ListResponse'],"
		"'itemsPerPage':0,'previousCursor':'a','nextCursor':'b','Resources':[]}");
	buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(test_pages_are_bounded),
		ARENA_TEST(test_pages_by_cursor_have_one_resource_or_more),
		ARENA_TEST(test_a_search_body_may_hold_a_cursor),
		ARENA_TEST(test_a_search_body_is_a_query),
		ARENA_TEST(test_a_wrong_search_body_is_refused),
		ARENA_TEST(test_resources_are_sorted),
		ARENA_TEST(test_times_are_sorted_as_times),
		ARENA_TEST(test_id_and_creation_are_one_order),
		ARENA_TEST(test_a_list_response_is_json),
		ARENA_TEST(test_a_page_by_cursor_names_its_neighbours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
