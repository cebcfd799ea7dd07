/* A recorded decision against another answer: what is another, and what is not. */
#include "gateway/replay_compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/value.h"
#include "gateway/verdict.h"
#include "journal/entry.h"
#include "policy/decision.h"

static const struct value *parse(struct arena *arena, const char *text)
{
	static const struct value_limits limits = { .bytes = 65536, .depth = 32, .values = 1000 };
	struct error err = { 0 };
	const struct value *value = value_parse(arena, text, strlen(text), &limits, &err);

	if (value == NULL) {
		fail_msg("%s: %s", text, err.text);
	}
	return value;
}

static struct journal_record record(struct arena *arena, const char *leaf, const char *output)
{
	struct journal_record it = { .kind = JOURNAL_DECISION, .leaf = parse(arena, leaf) };
	struct value_builder payload = { .arena = arena };

	value_add(&payload, "output", output != NULL ? parse(arena, output) : NULL);
	it.payload = value_finish_object(&payload);
	return it;
}

/* As the policy gave it: reasons are those of the answer. */
static struct verdict verdict(struct arena *arena, const char *effect, const char *output)
{
	struct verdict it = { .effect = effect,
		.output = output != NULL ? parse(arena, output) : NULL };
	const struct value *reasons = value_find(it.output, "reasons");
	struct policy_reason *list = arena_calloc(arena, value_count(reasons) + 1, sizeof(*list));

	for (size_t i = 0; i < value_count(reasons); i++) {
		list[i] = (struct policy_reason){ value_find_text(value_at(reasons, i), "code"),
			value_find_text(value_at(reasons, i), "message") };
	}
	it.reasons = list;
	it.reason_count = value_count(reasons);
	return it;
}

#define R(code) "{\"code\":\"" code "\",\"message\":\"m " code "\"}"

static void test_each_difference_is_of_its_kind(void **state)
{
	static const struct {
		const char *leaf;
		const char *old;
		const char *effect;
		const char *fresh;
		enum replay_change change;
	} cases[] = {
		{ "{\"effect\":\"allow\",\"reasons\":[\"a\"]}",
			"{\"effect\":\"allow\",\"reasons\":[" R("a") "]}", "allow",
			"{\"effect\":\"allow\",\"reasons\":[" R("a") "]}", REPLAY_SAME },
		/* the order of reasons and apps means nothing */
		{ "{\"effect\":\"allow\",\"reasons\":[\"a\",\"b\"]}",
			"{\"apps\":[\"x\",\"y\"],\"effect\":\"allow\",\"reasons\":[" R("a") "," R(
				"b") "]}",
			"allow",
			"{\"apps\":[\"y\",\"x\"],\"effect\":\"allow\",\"reasons\":[" R("b") "," R(
				"a") "]}",
			REPLAY_SAME },
		{ "{\"effect\":\"allow\"}", "{\"effect\":\"allow\"}", "deny",
			"{\"effect\":\"deny\"}", REPLAY_OTHER_EFFECT },
		{ "{\"effect\":\"allow\"}", "{\"effect\":\"allow\"}", "error", NULL,
			REPLAY_OTHER_EFFECT },
		{ "{\"effect\":\"deny\",\"reasons\":[\"a\"]}",
			"{\"effect\":\"deny\",\"reasons\":[" R("a") "]}", "deny",
			"{\"effect\":\"deny\",\"reasons\":[" R("b") "]}", REPLAY_OTHER_REASONS },
		{ "{\"effect\":\"deny\",\"reasons\":[\"a\"]}",
			"{\"effect\":\"deny\",\"reasons\":[{\"code\":\"a\",\"message\":\"old\"}]}",
			"deny",
			"{\"effect\":\"deny\",\"reasons\":[{\"code\":\"a\",\"message\":\"new\"}]}",
			REPLAY_OTHER_REASONS },
		{ "{\"effect\":\"allow\"}", "{\"effect\":\"allow\"}", "allow",
			"{\"effect\":\"allow\",\"apps\":[]}", REPLAY_OTHER_APPS },
		/* of obligations the order does mean something */
		{ "{\"effect\":\"allow\"}",
			"{\"effect\":\"allow\",\"obligations\":[{\"op\":\"add\"},{\"op\":"
			"\"remove\"}]}",
			"allow",
			"{\"effect\":\"allow\",\"obligations\":[{\"op\":\"remove\"},{\"op\":"
			"\"add\"}]}",
			REPLAY_OTHER_OBLIGATIONS },
		{ "{\"effect\":\"hold\"}", "{\"effect\":\"hold\",\"approval\":{\"min\":1}}", "hold",
			"{\"effect\":\"hold\",\"approval\":{\"min\":2}}", REPLAY_OTHER_APPROVAL },
		{ "{\"effect\":\"allow\"}", "{\"effect\":\"allow\"}", "allow",
			"{\"effect\":\"allow\",\"observed\":[" R("o") "]}", REPLAY_OTHER_ANSWER },
		{ "{\"effect\":\"allow\"}", "{\"effect\":\"allow\",\"observed\":[" R("o") "]}",
			"allow", "{\"effect\":\"allow\"}", REPLAY_OTHER_ANSWER },
		/* codes of the leaf that somebody changed */
		{ "{\"effect\":\"deny\",\"reasons\":[\"b\"]}",
			"{\"effect\":\"deny\",\"reasons\":[" R("a") "]}", "deny",
			"{\"effect\":\"deny\",\"reasons\":[" R("a") "]}", REPLAY_OTHER_REASONS },
		/* a leaf has not room for all */
		{ "{\"effect\":\"deny\",\"reasons\":[\"a\"],\"reasons_cut\":1}",
			"{\"effect\":\"deny\",\"reasons\":[" R("a") "," R("b") "]}", "deny",
			"{\"effect\":\"deny\",\"reasons\":[" R("a") "," R("b") "]}", REPLAY_SAME },
		{ "{\"effect\":\"deny\",\"reasons\":[\"c\"],\"reasons_cut\":1}",
			"{\"effect\":\"deny\",\"reasons\":[" R("a") "," R("b") "]}", "deny",
			"{\"effect\":\"deny\",\"reasons\":[" R("a") "," R("b") "]}",
			REPLAY_OTHER_REASONS },
		{ "{\"effect\":\"deny\",\"reasons\":[\"aaaa…\"]}",
			"{\"effect\":\"deny\",\"reasons\":[" R("aaaabbbb") "]}", "deny",
			"{\"effect\":\"deny\",\"reasons\":[" R("aaaabbbb") "]}", REPLAY_SAME },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(arena_cleanup) struct arena *arena = arena_new();
		struct journal_record entry = record(arena, cases[i].leaf, cases[i].old);
		struct verdict now = verdict(arena, cases[i].effect, cases[i].fresh);
		struct replay_recorded recorded;
		const char *why;

		assert_true(replay_recorded_of(arena, &entry, &recorded, &why));
		if (replay_compare(arena, &recorded, &now) != cases[i].change) {
			fail_msg("case %zu: %s", i,
				replay_change_name(replay_compare(arena, &recorded, &now)));
		}
	}
}

/* What policies give as a set was written as a list. */
static void test_a_set_equals_the_list_that_was_written_of_it(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const struct value *list = parse(arena, "[\"b\",\"a\"]");
	struct journal_record entry = record(arena, "{\"effect\":\"allow\"}",
		"{\"effect\":\"allow\",\"other\":[\"a\",\"b\"],\"obligations\":[{\"value\":[\"a\","
		"\"b\"]}]}");
	struct value_builder set = { .arena = arena };
	struct verdict now =
		verdict(arena, "allow", "{\"effect\":\"allow\",\"obligations\":[{\"value\":[]}]}");
	struct replay_recorded recorded;
	const struct value *obligation;
	const char *why;

	(void)state;
	for (size_t i = 0; i < value_count(list); i++) {
		value_add_item(&set, value_at(list, i));
	}
	list = value_finish_set(&set);
	obligation = value_with(arena, parse(arena, "{}"), "value", list);
	now.output = value_with(arena, now.output, "other", list);
	now.output =
		value_with(arena, now.output, "obligations", value_of_array(arena, &obligation, 1));

	assert_true(replay_recorded_of(arena, &entry, &recorded, &why));
	assert_int_equal(replay_compare(arena, &recorded, &now), REPLAY_SAME);
}

static void test_what_cannot_be_compared_says_why(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct journal_record none = record(arena, "{}", NULL);
	struct journal_record failed =
		record(arena, "{\"effect\":\"error\",\"reasons\":[\"policy.budget\"]}", NULL);
	struct journal_record silent = record(arena, "{\"effect\":\"allow\"}", NULL);
	struct journal_record erased = silent;
	struct replay_recorded recorded;
	const char *why;

	(void)state;
	erased.payload = NULL;
	erased.erased = true;
	assert_false(replay_recorded_of(arena, &none, &recorded, &why));
	assert_string_equal(why, "it has no effect");
	assert_false(replay_recorded_of(arena, &failed, &recorded, &why));
	assert_string_equal(why, "the policy gave no answer (policy.budget)");
	assert_false(replay_recorded_of(arena, &silent, &recorded, &why));
	assert_string_equal(why, "it has no answer of a policy");
	assert_false(replay_recorded_of(arena, &erased, &recorded, &why));
	assert_string_equal(why, "its payload was erased");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_difference_is_of_its_kind),
		cmocka_unit_test(test_a_set_equals_the_list_that_was_written_of_it),
		cmocka_unit_test(test_what_cannot_be_compared_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
