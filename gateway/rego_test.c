#include "gateway/rego_test.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/child.h"
#include "gateway/policy_opa.h"
#include "policy/coverage.h"

enum { OUTPUT_BYTES = 64 * 1024 * 1024, ARGUMENTS_MAX = 16 };

static const struct value_limits output_limits = {
	.bytes = OUTPUT_BYTES, .depth = 64, .values = 5000000
};

/* `opa test` of the directory, as a bundle: YAML files are data only when they are called so. */
static bool run_opa(const struct config_policy *config, const char *const *more,
	const bool *cancelled, struct arena *arena, struct child *child, struct error *err)
{
	const char *argv[ARGUMENTS_MAX] = { config->opa, "test", "-b", "--format", "json" };
	size_t count = 5;
	struct process_options options = {
		.argv = argv,
		.folder = config->directory,
		.timeout_ms = config->opa_timeout_ms,
		.output_bytes = OUTPUT_BYTES,
		.cancelled = cancelled,
	};

	while (*more != NULL) {
		argv[count++] = *more++;
	}
	argv[count++] = ".";
	argv[count] = NULL;
	child_run(arena, &options, child);
	return policy_opa_ended(child, "opa test", err);
}

/* Exit code 2: a test failed; the output is as good as that of 0. */
static const struct value *read_output(
	struct arena *arena, const struct child *child, enum value_type type, struct error *err)
{
	const struct value *output = child->status == 0 || child->status == 2
					     ? value_parse(arena, child->output, child->output_size,
						       &output_limits, NULL)
					     : NULL;

	if (!value_is(output, type)) {
		policy_opa_failed(child, "opa test", err);
		return NULL;
	}
	return output;
}

/* ---- tests ---- */

struct collecting {
	struct arena *arena;
	struct rego_test *tests;
	struct rego_report *report;
};

static void count_outcome(struct rego_report *report, enum rego_outcome outcome)
{
	report->passed += outcome == REGO_PASSED;
	report->failed += outcome == REGO_FAILED;
	report->skipped += outcome == REGO_SKIPPED;
}

static void add_test(struct collecting *it, const struct value *test)
{
	const struct value *location = value_find(test, "location");
	const struct value *error = value_find(test, "error");
	const char *package = value_find_text(test, "package");
	const char *name = value_find_text(test, "name");
	struct rego_test *row = &it->tests[it->report->count++];
	bool failed = value_find_bool(test, "fail", false) || error != NULL;

	if (package != NULL && strncmp(package, "data.", 5) == 0) {
		package += 5;
	}
	*row = (struct rego_test){
		.name = arena_printf(it->arena, "%s.%s", package != NULL ? package : "",
			name != NULL ? name : ""),
		.file = value_find_text(location, "file"),
		.line = (size_t)value_find_int(location, "row", 0),
		.outcome = value_find_bool(test, "skip", false) ? REGO_SKIPPED
			   : failed                             ? REGO_FAILED
								: REGO_PASSED,
		.trouble = error != NULL ? value_preview(it->arena, error, 1000) : NULL,
		.took_us = value_find_int(test, "duration", 0) / 1000,
	};
	row->file = row->file != NULL ? row->file : "";
	count_outcome(it->report, row->outcome);
}

static int by_place(const void *a, const void *b)
{
	const struct rego_test *left = a;
	const struct rego_test *right = b;
	int order = strcmp(left->file, right->file);

	return order != 0 ? order : (left->line > right->line) - (left->line < right->line);
}

bool rego_test_run(const struct config_policy *config, const char *run, const bool *cancelled,
	struct arena *arena, struct rego_report *report, struct error *err)
{
	const char *const more[] = { run != NULL ? "--run" : NULL, run, NULL };
	struct child child;
	const struct value *output;

	*report = (struct rego_report){ 0 };
	if (!run_opa(config, more, cancelled, arena, &child, err)) {
		return false;
	}
	output = read_output(arena, &child, VALUE_ARRAY, err);
	if (output == NULL) {
		return false;
	}
	size_t count = value_count(output);
	struct collecting it = { arena, arena_calloc(arena, count + 1, sizeof(*it.tests)), report };
	for (size_t i = 0; i < count; i++) {
		add_test(&it, value_at(output, i));
	}
	qsort(it.tests, count, sizeof(*it.tests), by_place);
	report->tests = it.tests;
	return true;
}

/* ---- lines ---- */

static bool ends_with(const char *name, const char *ending)
{
	size_t size = strlen(name);
	size_t tail = strlen(ending);

	return size >= tail && strcmp(name + size - tail, ending) == 0;
}

static bool take_range(const struct value *range, size_t *row, size_t *column)
{
	const struct value *start = value_find(range, "start");
	int64_t at = value_find_int(start, "row", 0);

	*row = (size_t)at;
	*column = (size_t)value_find_int(start, "col", 0);
	return at > 0 && at <= REGO_LINES_MAX;
}

static size_t last_row(const struct value *ranges)
{
	size_t last = 0;
	size_t row;
	size_t column;

	for (size_t i = 0; i < value_count(ranges); i++) {
		if (take_range(value_at(ranges, i), &row, &column) && row > last) {
			last = row;
		}
	}
	return last;
}

/* opa fmt sets heads at the left margin, and nothing else that can run. */
static void take_heads(struct rego_file *file, const struct value *ranges, bool ran)
{
	size_t row;
	size_t column;

	for (size_t i = 0; i < value_count(ranges); i++) {
		if (take_range(value_at(ranges, i), &row, &column) && column == 1) {
			file->rules[file->rule_count++] = (struct rego_rule){ row, ran };
			file->lines[row] = ran ? REGO_LINE_RAN : REGO_LINE_MISSED;
		}
	}
}

static bool is_head(const struct rego_file *file, size_t line)
{
	for (size_t i = 0; i < file->rule_count; i++) {
		if (file->rules[i].line == line) {
			return true;
		}
	}
	return false;
}

/* A rule that was looked at and never true did not run, though its condition stands beside it. */
static void take_others(struct rego_file *file, const struct value *ranges, bool ran)
{
	size_t row;
	size_t column;

	for (size_t i = 0; i < value_count(ranges); i++) {
		if (!take_range(value_at(ranges, i), &row, &column) || is_head(file, row)) {
			continue;
		}
		if (ran || file->lines[row] == REGO_LINE_EMPTY) {
			file->lines[row] = ran ? REGO_LINE_RAN : REGO_LINE_MISSED;
		}
	}
}

static void take_file(
	struct arena *arena, struct rego_file *file, const char *name, const struct value *it)
{
	const struct value *covered = value_find(it, "covered");
	const struct value *missed = value_find(it, "not_covered");
	size_t rows = last_row(covered) > last_row(missed) ? last_row(covered) : last_row(missed);

	file->name = name;
	file->line_count = rows;
	file->lines = arena_calloc(arena, rows + 1, 1);
	file->rules = arena_calloc(
		arena, value_count(covered) + value_count(missed) + 1, sizeof(*file->rules));
	take_heads(file, covered, true);
	take_heads(file, missed, false);
	take_others(file, covered, true);
	take_others(file, missed, false);
}

bool rego_lines_read(const struct config_policy *config, const bool *cancelled, struct arena *arena,
	struct rego_lines *lines, struct error *err)
{
	static const char *const more[] = { "--coverage", "--coverage-runs", "", NULL };
	struct child child;

	*lines = (struct rego_lines){ 0 };
	if (!run_opa(config, more, cancelled, arena, &child, err)) {
		return false;
	}
	const struct value *output = read_output(arena, &child, VALUE_OBJECT, err);
	if (output == NULL) {
		return false;
	}
	const struct value *files = value_find(output, "files");
	lines->files = arena_calloc(arena, value_count(files) + 1, sizeof(*lines->files));
	for (size_t i = 0; i < value_count(files); i++) {
		const struct value_member *member = value_member_at(files, i);
		const char *name = value_text(member->key);

		if (!ends_with(name, "_test.rego")) {
			take_file(arena, &lines->files[lines->count++], name, member->value);
		}
	}
	return true;
}

/* Plans name files with a slash in front. */
static struct rego_file *find_file(struct rego_lines *lines, const char *name)
{
	name += name[0] == '/';
	for (size_t i = 0; i < lines->count; i++) {
		if (strcmp(lines->files[i].name, name) == 0) {
			return &lines->files[i];
		}
	}
	return NULL;
}

/* False: no rule begins there. */
static bool mark_rule(struct rego_file *file, const struct policy_point *point)
{
	bool found = false;

	for (size_t i = 0; i < file->rule_count; i++) {
		struct rego_rule *rule = &file->rules[i];

		if (rule->line == point->row) {
			rule->ran = rule->ran || point->is_head;
			file->lines[rule->line] = rule->ran ? REGO_LINE_RAN : REGO_LINE_MISSED;
			found = true;
		}
	}
	return found;
}

void rego_lines_add(struct rego_lines *lines, const struct policy_coverage *coverage)
{
	for (size_t i = 0; i < policy_coverage_count(coverage); i++) {
		struct policy_point point = policy_coverage_at(coverage, i);
		struct rego_file *file = point.hits > 0 ? find_file(lines, point.file) : NULL;

		if (file == NULL || point.row > file->line_count || mark_rule(file, &point)) {
			continue;
		}
		if (file->lines[point.row] != REGO_LINE_EMPTY) {
			file->lines[point.row] = REGO_LINE_RAN;
		}
	}
}

void rego_lines_count(struct rego_lines *lines)
{
	lines->ran = 0;
	lines->missed = 0;
	for (size_t i = 0; i < lines->count; i++) {
		struct rego_file *file = &lines->files[i];

		file->ran = 0;
		file->missed = 0;
		for (size_t line = 1; line <= file->line_count; line++) {
			file->ran += file->lines[line] == REGO_LINE_RAN;
			file->missed += file->lines[line] == REGO_LINE_MISSED;
		}
		lines->ran += file->ran;
		lines->missed += file->missed;
	}
}

double rego_lines_percent(size_t ran, size_t missed)
{
	return ran + missed == 0 ? 100.0 : 100.0 * (double)ran / (double)(ran + missed);
}

const char *rego_lines_missed(struct arena *arena, const struct rego_file *file)
{
	struct buf text = { 0 };
	const char *result;

	for (size_t line = 1; line <= file->line_count; line++) {
		size_t last = line;

		if (file->lines[line] != REGO_LINE_MISSED) {
			continue;
		}
		while (last < file->line_count && file->lines[last + 1] == REGO_LINE_MISSED) {
			last++;
		}
		buf_printf(&text, "%s%zu", text.size > 0 ? ", " : "", line);
		if (last > line) {
			buf_printf(&text, "-%zu", last);
		}
		line = last;
	}
	result = arena_text(arena, buf_text(&text), text.size);
	buf_fini(&text);
	return result;
}
