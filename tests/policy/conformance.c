/*
 * Runs OPA's own conformance cases (planned by tests/policy/gen) against our evaluator.
 *
 *     conformance CASES.jsonl KNOWN.txt [-v]
 *
 * A case passes when it gives what OPA wants: the same set of bindings, or an error of the wanted
 * kind. A case whose plan needs a builtin that we do not have must be refused when it loads, by
 * the builtin's name; it counts as skipped. Every other case must pass, but for those that
 * known.txt names one by one; one of those that passes is a failure too, so that the list stays
 * true. Ends with a line "N passed, N failed, N skipped"; exit 1 when one failed.
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
#include "base/memory.h"
#include "base/value.h"
#include "policy/builtin.h"
#include "policy/engine.h"

#define FILE_LIMIT (256u * 1024 * 1024)
#define CATEGORIES 256
#define REFUSALS 32
#define DEADLINE_S 300
#define TIME_US 1795000000000000 /* any time will do: the cases only compare it with itself */

enum outcome { PASS, WRONG, FAILED, MISSING, OUTCOMES };

struct category {
	char name[64];
	unsigned counts[OUTCOMES];
};

struct refusal {
	const char *name;
	unsigned cases;
};

struct run {
	struct arena *arena;               /* of one case */
	struct refusal refusals[REFUSALS]; /* by the first builtin that a case lacks */
	struct policy_worker *worker;
	struct category categories[CATEGORIES];
	size_t category_count;
	const struct value *known; /* key → reason */
	unsigned passed, failed, skipped, excused;
	bool verbose;
	char what[1024]; /* what the case gave instead */
};

static const struct value_limits limits = {
	.bytes = FILE_LIMIT, .depth = 512, .values = 4000000, .allow_nul = true
};

/* ---- values ---- */

/* {"set": […]}, {"array": […]}, {"object": [[key, value], …]}, {"scalar": …} of the generator. */
static const struct value *untag(struct arena *arena, const struct value *tagged)
{
	const struct value_member *tag = value_member_at(tagged, 0);
	const char *kind = value_text(tag->key);
	struct value_builder builder = { .arena = arena };

	if (strcmp(kind, "scalar") == 0) {
		return tag->value;
	}
	for (size_t i = 0; i < value_count(tag->value); i++) {
		const struct value *item = value_at(tag->value, i);
		if (strcmp(kind, "object") == 0) {
			value_add_key(&builder, untag(arena, value_at(item, 0)),
				untag(arena, value_at(item, 1)));
		} else {
			value_add_item(&builder, untag(arena, item));
		}
	}
	return strcmp(kind, "object") == 0 ? value_finish_object(&builder)
	       : strcmp(kind, "set") == 0  ? value_finish_set(&builder)
					   : value_finish_array(&builder);
}

/* As JSON shows it: sets become arrays, keys text. */
static const struct value *as_json(struct arena *arena, const struct value *value)
{
	struct buf buf = { 0 };
	struct error err = { 0 };

	value_print(&buf, value);
	const struct value *json = value_parse(arena, buf_text(&buf), buf.size, &limits, &err);
	if (json == NULL) {
		fprintf(stderr, "we printed what is no JSON (%s): %.200s\n", err.text,
			buf_text(&buf));
		exit(1);
	}
	buf_fini(&buf);
	return json;
}

static const struct value *sorted(struct arena *arena, const struct value *array)
{
	struct value_builder builder = { .arena = arena };

	if (!value_is(array, VALUE_ARRAY)) {
		return array;
	}
	/* As a set of [item, position], so that equal items stay. */
	for (size_t i = 0; i < value_count(array); i++) {
		const struct value *pair[2] = { value_at(array, i),
			value_of_int(arena, (int64_t)i) };
		value_add_item(&builder, value_of_array(arena, pair, 2));
	}
	const struct value *pairs = value_finish_set(&builder);
	builder = (struct value_builder){ .arena = arena };
	for (size_t i = 0; i < value_count(pairs); i++) {
		value_add_item(&builder, value_at(value_at(pairs, i), 0));
	}
	return value_finish_array(&builder);
}

/* The bindings of one result, as OPA's own test compares them. */
static const struct value *binding(
	struct arena *arena, const struct value *testcase, const struct value *result)
{
	bool sort = value_find_bool(testcase, "sort_bindings", false);
	bool skip = value_find_bool(testcase, "ignore_generated_vars", false);
	struct value_builder builder = { .arena = arena };

	for (size_t i = 0; i < value_count(result); i++) {
		const struct value_member *member = value_member_at(result, i);
		if (skip && strncmp(value_text(member->key), "__localq", 8) == 0) {
			continue;
		}
		const struct value *json = as_json(arena, member->value);
		value_add_key(&builder, member->key, sort ? sorted(arena, json) : json);
	}
	return value_finish_object(&builder);
}

static const struct value *as_set(struct arena *arena, const struct value *items)
{
	struct value_builder builder = { .arena = arena };

	for (size_t i = 0; i < value_count(items); i++) {
		value_add_item(&builder, value_at(items, i));
	}
	return value_finish_set(&builder);
}

/* ---- one case ---- */

static enum outcome compare(
	struct run *run, const struct value *testcase, const struct value *results)
{
	const struct value *want = value_find(testcase, "want_result");
	struct value_builder builder = { .arena = run->arena };

	if (want == NULL) {
		snprintf(run->what, sizeof(run->what), "an answer where an error is wanted: %s",
			value_preview(run->arena, results, 300));
		return WRONG;
	}
	for (size_t i = 0; i < value_count(results); i++) {
		value_add_item(&builder, binding(run->arena, testcase, value_at(results, i)));
	}
	const struct value *got = value_finish_set(&builder);
	want = as_set(run->arena, want);
	if (value_equals(want, got)) {
		return PASS;
	}
	snprintf(run->what, sizeof(run->what), "wanted %s, got %s",
		value_preview(run->arena, want, 400), value_preview(run->arena, got, 400));
	return WRONG;
}

/* Kinds are compared, and not the words of the message. */
static enum outcome compare_failure(
	struct run *run, const struct value *testcase, const struct policy_failure *failure)
{
	const char *code = value_find_text(testcase, "want_error_code");
	bool wanted = code != NULL || value_find_text(testcase, "want_error") != NULL;
	enum policy_failure_kind kind = code != NULL && strcmp(code, "eval_conflict_error") == 0
						? POLICY_FAILURE_CONFLICT
						: POLICY_FAILURE_BUILTIN;

	if (wanted && (code == NULL || failure->kind == kind)) {
		return PASS;
	}
	snprintf(run->what, sizeof(run->what), "%s: %s", policy_failure_code(failure->kind),
		failure->text);
	return FAILED;
}

static void count_refusal(struct run *run, const char *name)
{
	size_t i = 0;

	while (i < REFUSALS - 1 && run->refusals[i].name != NULL &&
		strcmp(run->refusals[i].name, name) != 0) {
		i++;
	}
	if (run->refusals[i].name == NULL) {
		run->refusals[i].name = must_strdup(name);
	}
	run->refusals[i].cases++;
}

/* The builtin that the plan needs and we do not have; NULL: none. With a text: one that it names.
 */
static const char *needs_missing(const struct value *plan, const char *text)
{
	const struct value *names = value_find(value_find(plan, "static"), "builtin_funcs");

	for (size_t i = 0; i < value_count(names); i++) {
		const char *name = value_find_text(value_at(names, i), "name");
		if (policy_builtin_find(name) == NULL &&
			(text == NULL || strstr(text, name) != NULL)) {
			return name;
		}
	}
	return NULL;
}

/* NULL: refused, and *outcome says what that means. */
static struct policy *load(struct run *run, const struct value *testcase, struct buf *plan,
	struct buf *data, enum outcome *outcome)
{
	const struct value *json = value_find(testcase, "plan");
	struct error err = { 0 };

	value_print(plan, json);
	if (value_find(testcase, "data") != NULL) {
		value_print(data, value_find(testcase, "data"));
	}
	struct policy_files files = { .plan = buf_text(plan),
		.plan_size = plan->size,
		.data = data->size > 0 ? buf_text(data) : NULL,
		.data_size = data->size };
	struct policy_limits limits_of_plan = policy_limits_default;
	limits_of_plan.rules_may_hide_data = true; /* some cases do */
	limits_of_plan.patterns_may_be_wrong = true;
	struct policy *policy = policy_load(&files, &limits_of_plan, &err);
	if (policy == NULL) {
		const char *missing = needs_missing(json, err.text);
		*outcome = missing != NULL ? MISSING : FAILED;
		if (missing != NULL) {
			count_refusal(run, missing);
		}
		snprintf(run->what, sizeof(run->what), "%s", err.text);
	} else if (needs_missing(json, NULL) != NULL) {
		*outcome = WRONG;
		snprintf(run->what, sizeof(run->what), "loaded without a builtin that it needs");
		policy_unref(policy);
		policy = NULL;
	}
	return policy;
}

static enum outcome evaluate(
	struct run *run, const struct value *testcase, const struct policy *policy)
{
	const struct value *tagged = value_find(testcase, "input_tagged");
	const struct value *results;
	struct policy_failure failure = { 0 };
	struct policy_call call = {
		.worker = run->worker,
		.arena = run->arena,
		.input = tagged != NULL ? untag(run->arena, tagged) : value_find(testcase, "input"),
		.time_us = TIME_US,
		.lenient = !value_find_bool(testcase, "strict_error", false),
	};
	struct policy_budget budget = policy_budget_default;

	budget.time_us =
		10 * 1000 * 1000; /* the steps are the limit; a slow machine is no failure */
	call.budget = &budget;
	if (!policy_query(
		    policy, policy_find_entrypoint(policy, "eval"), &call, &results, &failure)) {
		return compare_failure(run, testcase, &failure);
	}
	return compare(run, testcase, results);
}

static enum outcome run_case(struct run *run, const struct value *testcase)
{
	struct buf plan = { 0 };
	struct buf data = { 0 };
	enum outcome outcome = FAILED;

	run->what[0] = '\0';
	struct policy *policy = load(run, testcase, &plan, &data, &outcome);
	if (policy != NULL) {
		outcome = evaluate(run, testcase, policy);
		policy_unref(policy);
	}
	buf_fini(&plan);
	buf_fini(&data);
	return outcome;
}

/* ---- all of them ---- */

static struct category *category_of(struct run *run, const char *name)
{
	struct category *last = &run->categories[run->category_count];

	if (run->category_count > 0 && strcmp(last[-1].name, name) == 0) {
		return &last[-1]; /* the cases come folder by folder */
	}
	if (run->category_count == CATEGORIES) {
		fprintf(stderr, "more than %d categories\n", CATEGORIES);
		exit(1);
	}
	run->category_count++;
	snprintf(last->name, sizeof(last->name), "%s", name);
	return last;
}

static void count_case(struct run *run, const struct value *testcase, enum outcome outcome)
{
	static const char *const names[OUTCOMES] = { "pass", "WRONG", "ERROR", "missing" };
	char key[256];

	snprintf(key, sizeof(key), "%s/%s#%lld", value_find_text(testcase, "category"),
		value_find_text(testcase, "file"),
		(long long)value_find_int(testcase, "ordinal", -1));
	category_of(run, value_find_text(testcase, "category"))->counts[outcome]++;
	bool known = value_find(run->known, key) != NULL;
	bool bad = outcome == WRONG || outcome == FAILED;
	run->passed += outcome == PASS && !known;
	run->skipped += outcome == MISSING;
	run->excused += bad && known;
	if (bad != known && outcome != MISSING) {
		run->failed++;
		printf("%s %s (%s): %s\n",
			bad ? names[outcome] : "PASSES, though known.txt names it", key,
			value_find_text(testcase, "note"), run->what);
	} else if (run->verbose && outcome != PASS) {
		printf("%s %s (%s): %s\n", names[outcome], key, value_find_text(testcase, "note"),
			run->what);
	}
}

static void run_line(struct run *run, const char *line, size_t size)
{
	struct error err = { 0 };

	arena_reset(run->arena);
	const struct value *testcase = value_parse(run->arena, line, size, &limits, &err);
	if (testcase == NULL) {
		fprintf(stderr, "a line of the cases is no JSON: %s: %.200s\n", err.text, line);
		exit(1);
	}
	count_case(run, testcase, run_case(run, testcase));
}

/* "category/file#ordinal  reason" on each line; blank lines and those of "#" are for people. */
static const struct value *read_known(struct arena *arena, const char *path)
{
	struct buf buf = { 0 };
	struct error err = { 0 };
	struct value_builder builder = { .arena = arena };

	if (!file_read(path, FILE_LIMIT, &buf, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	for (char *line = buf.data; line != NULL && *line != '\0';) {
		size_t size = strcspn(line, "\n");
		size_t key = strcspn(line, " \t\n");
		size_t gap = strspn(line + key, " \t");
		if (size > 0 && line[0] != '#') {
			if (key + gap >= size) {
				fprintf(stderr, "%s: no reason: %.*s\n", path, (int)size, line);
				exit(1);
			}
			value_add_key(&builder, value_of_text_n(arena, line, key),
				value_of_text_n(arena, line + key + gap, size - key - gap));
		}
		line += line[size] == '\n' ? size + 1 : size;
	}
	buf_fini(&buf);
	return value_finish_object(&builder);
}

/* What is refused when a policy loads, and why. A builtin that nobody gave a reason is a gap. */
static void print_refusals(struct run *run)
{
	printf("\n%-40s %6s  %s\n", "refused builtin", "cases", "reason");
	for (size_t i = 0; i < REFUSALS && run->refusals[i].name != NULL; i++) {
		const char *reason = policy_builtin_refusal(run->refusals[i].name);
		printf("%-40s %6u  %s\n", run->refusals[i].name, run->refusals[i].cases,
			reason != NULL ? reason : "NO REASON");
		run->failed += reason == NULL;
		memory_free((char *)(uintptr_t)run->refusals[i].name);
	}
}

static void print_table(const struct run *run)
{
	unsigned totals[OUTCOMES] = { 0 };

	printf("%-40s %6s %6s %6s %8s\n", "category", "pass", "wrong", "error", "missing");
	for (size_t i = 0; i < run->category_count; i++) {
		const unsigned *counts = run->categories[i].counts;
		printf("%-40s %6u %6u %6u %8u\n", run->categories[i].name, counts[PASS],
			counts[WRONG], counts[FAILED], counts[MISSING]);
		for (int k = 0; k < OUTCOMES; k++) {
			totals[k] += counts[k];
		}
	}
	unsigned supported = totals[PASS] + totals[WRONG] + totals[FAILED];
	printf("%-40s %6u %6u %6u %8u\n", "all", totals[PASS], totals[WRONG], totals[FAILED],
		totals[MISSING]);
	printf("of the cases whose builtins are there %.1f %%, of all %.1f %%, excused %u\n",
		100.0 * totals[PASS] / supported,
		100.0 * totals[PASS] / (supported + totals[MISSING]), run->excused);
}

int main(int argc, char **argv)
{
	static struct run run;
	struct buf cases = { 0 };
	struct error err = { 0 };
	struct arena *kept = arena_new();

	if (argc < 3 || !file_read(argv[1], FILE_LIMIT, &cases, &err)) {
		fprintf(stderr, "%s\n", argc < 3 ? "conformance CASES KNOWN [-v]" : err.text);
		return 1;
	}
	alarm(DEADLINE_S);
	run.arena = arena_new();
	run.worker = policy_worker_new();
	run.known = read_known(kept, argv[2]);
	run.verbose = argc > 3 && strcmp(argv[3], "-v") == 0;
	for (char *line = cases.data; line != NULL && *line != '\0';) {
		size_t size = strcspn(line, "\n");
		run_line(&run, line, size);
		line += line[size] == '\n' ? size + 1 : size;
	}
	print_table(&run);
	print_refusals(&run);
	printf("%u passed, %u failed, %u skipped\n", run.passed, run.failed,
		run.skipped + run.excused);
	policy_worker_free(run.worker);
	arena_free(run.arena);
	arena_free(kept);
	buf_fini(&cases);
	return run.failed > 0 ? 1 : 0;
}
