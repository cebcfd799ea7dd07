/* A file of scenarios → structs, and what is told when it says something that is none. */
#include "gateway/scenario_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/value.h"
#include "config/report.h"

struct fixture {
	struct arena *arena;
	struct config_report report;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){ .arena = arena_new(), .report.file = "x.yaml" };
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	config_report_fini(&fixture->report);
	arena_free(fixture->arena);
	return 0;
}

static const struct scenario_file *read_text(struct fixture *fixture, const char *text)
{
	return scenario_read(fixture->arena, NULL, text, strlen(text), &fixture->report);
}

/* The one scenario of a file that must be right. */
static const struct scenario *read_one(struct fixture *fixture, const char *text)
{
	const struct scenario_file *file = read_text(fixture, text);

	if (file == NULL) {
		fail_msg("%s (line %zu)", fixture->report.problems[0].message,
			fixture->report.problems[0].line);
	}
	assert_int_equal(file->count, 1);
	return &file->scenarios[0];
}

static void assert_refused(struct fixture *fixture, const char *text, const char *message)
{
	struct buf said = { 0 };

	assert_null(read_text(fixture, text));
	config_report_print(&fixture->report, &said, false);
	if (strstr(buf_text(&said), message) == NULL) {
		fail_msg("'%s' is not in: %s", message, buf_text(&said));
	}
	buf_fini(&said);
}

static void test_a_request_is_a_method_and_a_path_of_scim(void **state)
{
	const struct scenario *it = read_one(*state,
		"scenarios: [{name: a, when: {request: GET /Users?count=1}, then: {status: 200}}]");

	assert_string_equal(it->steps[0].method, "GET");
	assert_string_equal(it->steps[0].target, "/scim/v2/Users?count=1");
	assert_null(it->steps[0].body);
	assert_null(it->steps[0].body_text);
}

static void test_a_path_that_is_whole_stays_as_it_is(void **state)
{
	const struct scenario *it = read_one(*state,
		"scenarios: [{name: a, when: {request: GET /t/acme/scim/v2/Users}, then: {status: "
		"200}}]");

	assert_string_equal(it->steps[0].target, "/t/acme/scim/v2/Users");
}

static void test_scalars_become_the_json_that_they_look_like(void **state)
{
	const struct scenario *it = read_one(*state,
		"scenarios: [{name: a, then: {status: 200}, when: {request: POST /Users, body:\n"
		" {a: true, b: 12, c: 1.50, d: null, e: text, f: \"true\", g: [no, 0x10], h: "
		"{}}}}]\n");
	struct buf text = { 0 };

	value_print(&text, it->steps[0].body);

	assert_string_equal(buf_text(&text),
		"{\"a\":true,\"b\":12,\"c\":1.5,\"d\":null,\"e\":\"text\",\"f\":\"true\",\"g\":"
		"[\"no\",\"0x10\"],\"h\":{}}");
	buf_fini(&text);
}

static void test_a_text_is_a_body_as_it_is(void **state)
{
	const struct scenario *it = read_one(*state,
		"scenarios: [{name: a, when: {request: POST /Users, body: '{\"a\": '}, then: "
		"{status: 400}}]");

	assert_string_equal(it->steps[0].body_text, "{\"a\": ");
}

static void test_without_sources_an_identity_provider_sends(void **state)
{
	const struct scenario_file *file = read_text(
		*state, "scenarios: [{name: a, when: {request: GET /Users}, then: {status: 200}}]");

	assert_non_null(file);
	assert_int_equal(file->source_count, 1);
	assert_string_equal(file->sources[0].name, "idp");
	assert_string_equal(file->sources[0].dialect, "standard");
	assert_string_equal(file->sources[0].kind, "idp");
}

static void test_a_source_called_like_a_dialect_speaks_it(void **state)
{
	const struct scenario_file *file =
		read_text(*state, "sources: {entra: {}, okta: {dialect: standard}}\nscenarios: []");

	assert_non_null(file);
	assert_string_equal(file->sources[0].dialect, "entra");
	assert_string_equal(file->sources[1].dialect, "standard");
}

static void test_what_a_scenario_gives_stands_over_what_the_file_gives(void **state)
{
	const struct scenario *it = read_one(*state,
		"given: {time: 2026-11-24T04:00:00Z, crowd: 3, users: {anna: {title: a}, ben: "
		"{}}}\n"
		"scenarios: [{name: a, given: {crowd: 4, users: {anna: {title: b}, carl: {}}},\n"
		"  when: {request: GET /Users}, then: {status: 200}}]");

	assert_int_equal(it->given.time_us, INT64_C(1795492800000000));
	assert_int_equal(it->given.crowd, 4);
	assert_int_equal(it->given.user_count, 3);
	assert_string_equal(value_find_text(it->given.users[0].doc, "title"), "b");
	assert_string_equal(it->given.users[2].name, "carl");
	assert_string_equal(
		value_find_text(it->given.users[2].doc, "userName"), "carl@example.com");
}

static void test_each_request_may_expect_and_then_belongs_to_the_last(void **state)
{
	const struct scenario *it = read_one(*state,
		"scenarios:\n- name: a\n  when:\n  - {request: GET /Users, then: {status: 200}}\n"
		"  - {request: GET /Users, after: 90s}\n  - {request: GET /Groups}\n"
		"  then: {status: 404, unchanged: true}\n");

	assert_int_equal(it->step_count, 3);
	assert_non_null(it->steps[0].then);
	assert_null(it->steps[1].then);
	assert_int_equal(it->steps[1].after_us, 90 * 1000000);
	assert_int_equal(it->steps[2].then->status.line, 7);
	assert_true(value_bool(it->steps[2].then->unchanged.value));
}

static void test_a_name_may_come_from_a_request_before(void **state)
{
	read_one(*state,
		"scenarios: [{name: a, when: [{request: POST /Users, as: eve}, {request: 'GET "
		"/Users/${eve}'}], then: {status: 200}}]");
}

static void test_null_for_a_resource_means_that_there_is_none(void **state)
{
	const struct scenario *it = read_one(*state,
		"scenarios: [{name: a, when: {request: GET /Users}, then: {resource: null}}]");

	assert_true(value_is(it->steps[0].then->resource.value, VALUE_NULL));
}

#define ONE(when, then) "scenarios: [{name: a, when: " when ", then: " then "}]"
#define GET "{request: GET /Users}"

static const struct {
	const char *text;
	const char *message;
} refused[] = {
	{ "", "there are no scenarios in it" },
	{ "- a\n", "a mapping of keys belongs here" },
	{ "scenario: []\n", "did you mean 'scenarios'?" },
	{ "scenarios: {}\n", "a list of scenarios belongs here" },
	{ "scenarios: [1]\n", "a mapping of keys belongs here" },
	{ "scenarios: [{}]\n", "a scenario has a `name`" },
	{ "scenarios: [{name: a}]\n", "a scenario has a `when`" },
	{ ONE("[]", "{status: 200}"), "1 to 100 requests belong here" },
	{ ONE("{request: GET}", "{status: 200}"), "a method and a path belong here" },
	{ ONE("{request: 'GET /Users?filter=a b'}", "{status: 200}"), "written as %20" },
	{ ONE("{request: \"GET /Users\\r\\nHost: x\"}", "{status: 200}"), "belong here" },
	{ ONE(GET, "{}"), "what expects nothing cannot fail" },
	{ ONE(GET, "{status: many}"), "a status, such as 201, belongs here" },
	{ ONE(GET, "{effect: maybe}"), "'maybe' is no effect" },
	{ ONE(GET, "{reasons: a}"), "a list belongs here" },
	{ ONE(GET, "{reasons: [1]}"), "a text belongs here" },
	{ ONE(GET, "{unchanged: 'yes'}"), "true or false belongs here" },
	{ ONE(GET, "{members: [anna]}"), "nobody is called 'anna'" },
	{ ONE("{request: 'GET /Users/${anna'}", "{status: 200}"), "nobody is called 'anna'" },
	{ ONE("{request: GET /Users, after: soon}", "{status: 200}"), "a time span belongs here" },
	{ ONE("{request: GET /Users, as: '${x}'}", "{status: 200}"), "cannot be a name" },
	{ ONE("{request: GET /Users, headers: {Content-Length: '1'}}", "{status: 200}"),
		"is set by itself" },
	{ ONE("{request: GET /Users, source: [a]}", "{status: 200}"), "a text belongs here" },
	{ "sources: {a: {}, b: {}}\n" ONE(GET, "{status: 200}"), "which of the sources" },
	{ "sources: {a: {dialect: entr}}\nscenarios: []", "did you mean 'entra'?" },
	{ "sources: {a: {kind: human}}\nscenarios: []", "'human' is no kind of source" },
	{ "sources: {a: {quirks: nonsense}}\nscenarios: []", "nonsense" },
	{ "given: {time: today}\nscenarios: []", "a time with its zone belongs here" },
	{ "given: {time: 2026-11-24T04:00:00}\nscenarios: []", "a time with its zone" },
	{ "given: {crowd: 5001}\nscenarios: []", "from 0 to 5000" },
	{ "given: {crowd: -1}\nscenarios: []", "from 0 to 5000" },
	{ "given: {users: {crowd: {}}}\nscenarios: []", "'crowd' cannot be a name" },
	{ "given: {users: {a: {id: 7}}}\nscenarios: []", "an id is a UUID" },
	{ "given: {users: {a: {source: b}}}\nscenarios: []", "there is no source 'b'" },
	{ "given: {users: {a: {}}, groups: {a: {}}}\n" ONE(GET, "{status: 200}"),
		"'a' is a person and a group" },
	{ "given: {groups: {g: {members: [x]}}}\n" ONE(GET, "{status: 200}"), "who is not given" },
	{ "given: {users: {a: {title: '${b}'}}}\n" ONE(GET, "{status: 200}"),
		"nobody is called 'b'" },
	{ "scenarios: &a []", "anchors are not supported" },
	{ "scenarios: [[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]", "more than 16 levels" },
};

static void test_what_is_none_is_refused_with_a_sentence(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_refused(fixture, refused[i].text, refused[i].message);
		assert_true(fixture->report.problems[0].line > 0);
		config_report_fini(&fixture->report);
		fixture->report.file = "x.yaml";
	}
}

static void test_everything_that_is_wrong_is_told_at_once(void **state)
{
	struct fixture *fixture = *state;

	assert_null(read_text(fixture,
		"scenarios:\n- {name: a, when: {request: GET /Users}, then: {statsu: 1, efect: "
		"deny}}\n"
		"- {name: b, wen: {}}\n"));

	assert_int_equal(fixture->report.count, 3);
}

static void test_a_scenario_is_named_once(void **state)
{
	assert_refused(*state,
		"scenarios:\n- {name: a, when: {request: GET /Users}, then: {status: 200}}\n"
		"- {name: a, when: {request: GET /Users}, then: {status: 200}}\n",
		"x.yaml:3:3: error: a scenario of this name stands in the file already");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_a_request_is_a_method_and_a_path_of_scim),
		TEST(test_a_path_that_is_whole_stays_as_it_is),
		TEST(test_scalars_become_the_json_that_they_look_like),
		TEST(test_a_text_is_a_body_as_it_is),
		TEST(test_without_sources_an_identity_provider_sends),
		TEST(test_a_source_called_like_a_dialect_speaks_it),
		TEST(test_what_a_scenario_gives_stands_over_what_the_file_gives),
		TEST(test_each_request_may_expect_and_then_belongs_to_the_last),
		TEST(test_a_name_may_come_from_a_request_before),
		TEST(test_null_for_a_resource_means_that_there_is_none),
		TEST(test_what_is_none_is_refused_with_a_sentence),
		TEST(test_everything_that_is_wrong_is_told_at_once),
		TEST(test_a_scenario_is_named_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
