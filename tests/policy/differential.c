/*
 * Evaluates what tests/policy/gen asked OPA, and compares the answers byte for byte.
 *
 *     differential ANSWERS.jsonl
 *     differential --builtins         names those that we have, for gen
 *
 * Each line is a policy (plan and data) and what OPA answered to several inputs: a value, nothing
 * (undefined), or a failure of a kind. Both sides' values are printed canonically. For a policy of
 * many rules (`lenient`) the members of the two objects are compared one by one, so that a message
 * names the rule. Ends with a line "N passed, N failed, N skipped"; exit 1 when one failed. Skipped
 * are those of random policies (`stricter`) where an error ends our decision and OPA does not get
 * to it, or comes upon another one first: each is printed, and more than one in 200 is a failure.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/value.h"
#include "policy/builtin.h"
#include "policy/engine.h"

#define FILE_LIMIT (512u * 1024 * 1024)
#define DEADLINE_S 300
#define TIME_US 1795000000000000 /* what gen hands to OPA */
#define SHOWN 40                 /* differences printed one by one */
#define STRICTER_SHARE 200       /* one in so many may be stricter */

struct run {
	struct arena *kept;  /* of a line */
	struct arena *arena; /* of a case */
	struct policy_worker *worker;
	struct policy *policy;
	const struct value *line;
	unsigned passed, failed, stricter;
};

static const struct value_limits limits = { .bytes = FILE_LIMIT,
	.depth = 512,
	.values = 100000000,
	.allow_nul = true,
	/* Keys that are no text become one, and may be those of others then. */
	.last_twin = true };

static const struct value *parse(struct arena *arena, const char *text, size_t size)
{
	struct error err = { 0 };
	const struct value *value = value_parse(arena, text, size, &limits, &err);

	if (value == NULL) {
		fprintf(stderr, "no JSON: %s: %.200s\n", err.text, text);
		exit(1);
	}
	return value;
}

static void print_difference(struct run *run, const struct value *testcase, const char *where,
	const char *want, const char *got)
{
	if (run->failed++ < SHOWN) {
		const struct value *input = value_find(testcase, "input");
		printf("DIFFERENT %s %s\n\tinput %s\n\tOPA   %s\n\tours  %s\n",
			value_find_text(testcase, "entrypoint"), where,
			input != NULL ? value_preview(run->arena, input, 1500) : "-", want, got);
	}
}

static const char *shown(struct run *run, const struct value *value)
{
	return value != NULL ? value_preview(run->arena, value, 1500) : "undefined";
}

static bool same_text(const struct value *a, const struct value *b)
{
	struct buf texts[2] = { 0 };

	if (a == NULL || b == NULL) {
		return a == b;
	}
	value_print(&texts[0], a);
	value_print(&texts[1], b);
	bool same = texts[0].size == texts[1].size &&
		    memcmp(buf_text(&texts[0]), buf_text(&texts[1]), texts[0].size) == 0;
	buf_fini(&texts[0]);
	buf_fini(&texts[1]);
	return same;
}

/* As JSON shows it: sets become arrays, keys text. */
static const struct value *as_json(struct run *run, const struct value *value)
{
	struct buf buf = { 0 };

	value_print(&buf, value);
	const struct value *json = parse(run->arena, buf_text(&buf), buf.size);
	buf_fini(&buf);
	return json;
}

/* Member by member of both. */
static void compare_rules(struct run *run, const struct value *testcase, const struct value *want,
	const struct value *got)
{
	unsigned before = run->failed;

	for (size_t i = 0; i < value_count(want) + value_count(got); i++) {
		bool ours = i >= value_count(want);
		const char *name =
			value_text(ours ? value_member_at(got, i - value_count(want))->key
					: value_member_at(want, i)->key);
		const struct value *a = value_find(want, name);
		const struct value *b = value_find(got, name);
		if (!same_text(a, b) && !(ours && a != NULL)) {
			print_difference(run, testcase, name, shown(run, a), shown(run, b));
		}
	}
	run->passed += run->failed == before;
}

static void compare(struct run *run, const struct value *testcase, const struct value *got)
{
	const struct value *want = value_find(testcase, "want");
	const char *failure = value_find_text(testcase, "failure");
	bool rules = value_find_bool(run->line, "lenient", false);

	got = got != NULL ? as_json(run, got) : NULL;
	if (failure != NULL) {
		print_difference(run, testcase, "", failure, shown(run, got));
	} else if (rules && want != NULL && got != NULL) {
		compare_rules(run, testcase, want, got);
	} else if (same_text(want, got)) {
		run->passed++;
	} else {
		print_difference(run, testcase, "", shown(run, want), shown(run, got));
	}
}

static void compare_failure(
	struct run *run, const struct value *testcase, const struct policy_failure *failure)
{
	const char *want = value_find_text(testcase, "failure");

	if (want != NULL && strcmp(want, policy_failure_code(failure->kind)) == 0) {
		run->passed++;
	} else if ((failure->kind == POLICY_FAILURE_BUILTIN || want != NULL) &&
		   value_find_bool(run->line, "stricter", false)) {
		/* See policy/reach.h: where it is not certain that OPA does not get there. */
		run->stricter++;
		printf("STRICTER OPA %s, ours %s\n",
			want != NULL ? want : shown(run, value_find(testcase, "want")),
			failure->text);
	} else {
		print_difference(run, testcase, policy_failure_code(failure->kind),
			want != NULL ? want : shown(run, value_find(testcase, "want")),
			failure->text);
	}
}

static void run_case(struct run *run, const struct value *testcase)
{
	const struct value *result = NULL;
	struct policy_failure failure = { 0 };
	struct policy_budget budget = policy_budget_default;
	struct policy_call call = {
		.worker = run->worker,
		.arena = run->arena,
		.input = value_find(testcase, "input"),
		.time_us = TIME_US,
		.budget = &budget,
		.lenient = value_find_bool(run->line, "lenient", false),
	};
	const char *name = value_find_text(testcase, "entrypoint");
	const struct policy_entrypoint *entrypoint = policy_find_entrypoint(run->policy, name);

	budget.time_us = 10 * 1000 * 1000; /* a slow machine is no failure */
	budget.steps *= 4;                 /* tokens: 15 verifications of one, with several keys */
	arena_reset(run->arena);
	if (entrypoint == NULL) {
		print_difference(run, testcase, "", "an entry point", "none");
	} else if (policy_evaluate(run->policy, entrypoint, &call, &result, &failure)) {
		compare(run, testcase, result);
	} else {
		compare_failure(run, testcase, &failure);
	}
}

static void run_line(struct run *run, const char *text, size_t size)
{
	struct buf plan = { 0 };
	struct buf data = { 0 };
	struct error err = { 0 };
	unsigned passed = run->passed;
	unsigned failed = run->failed;

	arena_reset(run->kept);
	run->line = parse(run->kept, text, size);
	value_print(&plan, value_find(run->line, "plan"));
	value_print(&data, value_find(run->line, "data"));
	struct policy_files files = { .plan = buf_text(&plan),
		.plan_size = plan.size,
		.data = buf_text(&data),
		.data_size = data.size };
	run->policy = policy_load(&files, NULL, &err);
	if (run->policy == NULL) {
		fprintf(stderr, "%s: %s\n", value_find_text(run->line, "name"), err.text);
		exit(1);
	}
	const struct value *cases = value_find(run->line, "cases");
	for (size_t i = 0; i < value_count(cases); i++) {
		run_case(run, value_at(cases, i));
	}
	printf("%s: %u the same as OPA, %u different\n", value_find_text(run->line, "name"),
		run->passed - passed, run->failed - failed);
	policy_unref(run->policy);
	buf_fini(&plan);
	buf_fini(&data);
}

int main(int argc, char **argv)
{
	struct buf answers = { 0 };
	struct error err = { 0 };
	struct run run = { 0 };

	if (argc == 2 && strcmp(argv[1], "--builtins") == 0) {
		for (size_t i = 0; policy_builtin_at(i) != NULL; i++) {
			puts(policy_builtin_at(i)->name);
		}
		return 0;
	}
	if (argc < 2 || !file_read(argv[1], FILE_LIMIT, &answers, &err)) {
		fprintf(stderr, "%s\n", argc < 2 ? "differential ANSWERS" : err.text);
		return 1;
	}
	alarm(DEADLINE_S);
	run.kept = arena_new();
	run.arena = arena_new();
	run.worker = policy_worker_new();
	for (char *line = answers.data; line != NULL && *line != '\0';) {
		size_t size = strcspn(line, "\n");
		run_line(&run, line, size);
		line += line[size] == '\n' ? size + 1 : size;
	}
	if (run.stricter > 0) {
		printf("%u are errors that OPA does not get to, or not first\n", run.stricter);
	}
	printf("%u passed, %u failed, %u skipped\n", run.passed, run.failed, run.stricter);
	policy_worker_free(run.worker);
	arena_free(run.arena);
	arena_free(run.kept);
	buf_fini(&answers);
	bool too_strict = run.stricter > run.passed / STRICTER_SHARE;
	return run.failed > 0 || run.passed == 0 || too_strict ? 1 : 0;
}
