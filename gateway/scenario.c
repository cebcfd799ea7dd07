#include "gateway/scenario.h"

#include <dirent.h>
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "config/config.h"
#include "config/report.h"
#include "config/yaml.h"
#include "gateway/scenario_read.h"
#include "gateway/scenario_run.h"
#include "gateway/trial.h"
#include "policy/engine.h"

enum { FOLDER_DEPTH = 8 };

const char *scenario_folder(struct arena *arena, const struct config_policy *policy)
{
	if (policy->scenarios != NULL) {
		return policy->scenarios;
	}
	if (policy->directory == NULL) {
		return NULL;
	}
	return strcmp(policy->directory, ".") == 0
		       ? SCENARIO_FOLDER
		       : arena_printf(arena, "%s/%s", policy->directory, SCENARIO_FOLDER);
}

struct runner {
	const struct scenario_options *options;
	struct scenario_report *report;
	struct config_report *problems; /* of the file that is being read */
	struct arena *arena;            /* of files; goes away with the run */
	const char **names;             /* of the files, sorted */
	size_t name_count;
	const struct scenario_file **files;
	struct trial *trial;      /* opened for the first scenario */
	const struct value *data; /* of the policy that the trial tries; NULL: its own */
	regex_t regex;
	bool has_regex;
	struct scenario_result *results;
};

static bool is_cancelled(const struct runner *runner, struct error *err)
{
	const bool *cancelled = runner->options->cancelled;

	return cancelled != NULL && __atomic_load_n(cancelled, __ATOMIC_RELAXED) &&
	       !error_set(err, ERROR_TIMEOUT, "the scenarios were broken off");
}

/* ---- which files ---- */

static bool ends_with(const char *name, const char *ending)
{
	size_t size = strlen(name);
	size_t tail = strlen(ending);

	return size > tail && strcmp(name + size - tail, ending) == 0;
}

static bool find_files(
	struct runner *runner, const char *folder, unsigned depth, struct error *err);

static bool take_entry(struct runner *runner, const char *folder, const char *name, unsigned depth,
	struct error *err)
{
	const char *path = arena_printf(runner->arena, "%s/%s", folder, name);
	struct stat info;

	if (name[0] == '.' || stat(path, &info) != 0) {
		return true;
	}
	if (S_ISDIR(info.st_mode)) {
		return depth == FOLDER_DEPTH || find_files(runner, path, depth + 1, err);
	}
	if (!S_ISREG(info.st_mode) || (!ends_with(name, ".yaml") && !ends_with(name, ".yml"))) {
		return true;
	}
	if (runner->name_count == SCENARIO_FILES_MAX) {
		return error_set(err, ERROR_CONFIG, "%s has more than %d files of scenarios",
			runner->options->folder, SCENARIO_FILES_MAX);
	}
	runner->names[runner->name_count++] = path;
	return true;
}

static bool find_files(struct runner *runner, const char *folder, unsigned depth, struct error *err)
{
	DIR *it = opendir(folder);
	const struct dirent *entry;
	bool ok = true;

	if (it == NULL) {
		return (depth == 0 && errno == ENOENT) ||
		       error_set(err, ERROR_CONFIG, "%s: %s", folder, strerror(errno));
	}
	while (ok && (entry = readdir(it)) != NULL) {
		ok = take_entry(runner, folder, entry->d_name, depth, err);
	}
	closedir(it);
	return ok;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What people call the file. */
static const char *shown(const struct runner *runner, const char *path)
{
	const struct scenario_options *options = runner->options;

	return options->shown == NULL ? path
				      : arena_printf(runner->arena, "%s%s", options->shown,
						path + strlen(options->folder));
}

/* ---- reading ---- */

static bool read_file(struct runner *runner, size_t index, size_t *scenarios, struct error *err)
{
	CLEANUP(buf_fini) struct buf text = { 0 };
	const char *name = runner->names[index];

	if (!file_read(name, YAML_BYTES_MAX + 1, &text, err)) {
		err->code = ERROR_CONFIG;
		return false;
	}
	runner->problems->file = shown(runner, name);
	runner->files[index] = scenario_read(runner->arena, runner->options->config,
		buf_text(&text), text.size, runner->problems);
	if (runner->files[index] == NULL) {
		config_report_sort(runner->problems);
		return config_report_error(runner->problems, err);
	}
	*scenarios += runner->files[index]->count;
	return *scenarios <= SCENARIOS_MAX ||
	       error_set(err, ERROR_CONFIG, "more than %d scenarios", SCENARIOS_MAX);
}

static bool read_all(struct runner *runner, struct error *err)
{
	size_t scenarios = 0;

	runner->names = arena_alloc(runner->arena, SCENARIO_FILES_MAX * sizeof(*runner->names));
	if (!find_files(runner, runner->options->folder, 0, err)) {
		return false;
	}
	qsort(runner->names, runner->name_count, sizeof(*runner->names), by_name);
	runner->files = arena_calloc(runner->arena, runner->name_count + 1, sizeof(*runner->files));
	for (size_t i = 0; i < runner->name_count; i++) {
		if (is_cancelled(runner, err) || !read_file(runner, i, &scenarios, err)) {
			return false;
		}
	}
	runner->results =
		arena_calloc(runner->report->arena, scenarios + 1, sizeof(*runner->results));
	runner->report->results = runner->results;
	runner->report->file_count = runner->name_count;
	return true;
}

/* ---- telling ---- */

static bool is_wanted(const struct runner *runner, const struct scenario *scenario)
{
	return !runner->has_regex || regexec(&runner->regex, scenario->name, 0, NULL, 0) == 0;
}

/* Scenarios of a file mostly share their data, so one policy does for them. */
static bool give_data(struct runner *runner, const struct value *data, struct error *err)
{
	CLEANUP(policy_cleanup) struct policy *other = NULL;

	if (data == runner->data) {
		return true;
	}
	other = data != NULL ? policy_with_data(runner->options->policy, data, err)
			     : policy_ref(runner->options->policy);
	if (other == NULL || !trial_set_policy(runner->trial, other, err)) {
		err->code = ERROR_CONFIG;
		return false;
	}
	runner->data = data;
	return true;
}

static bool tell_one(struct runner *runner, const char *name, const struct scenario_file *file,
	const struct scenario *scenario, struct error *err)
{
	struct scenario_report *report = runner->report;
	struct scenario_result *result = &runner->results[report->count];
	const struct scenario_options *options = runner->options;

	result->name = arena_strdup(report->arena, scenario->name);
	result->file = arena_strdup(report->arena, name);
	result->line = scenario->line;
	if (runner->trial == NULL) {
		runner->trial = trial_open(&(struct trial_options){ .policy = options->policy,
						   .config = options->config,
						   .coverage = options->coverage },
			err);
		if (runner->trial == NULL) {
			return false;
		}
	}
	if (!give_data(runner, scenario->given.data, err) ||
		!scenario_tell(runner->trial, file, scenario, options->coverage, report->arena,
			result, err)) {
		return error_wrap(err, "%s:%zu: %s", name, scenario->line, scenario->name);
	}
	report->count++;
	report->passed += result->passed;
	report->failed += !result->passed;
	return true;
}

static bool tell_all(struct runner *runner, struct error *err)
{
	for (size_t i = 0; i < runner->name_count; i++) {
		const struct scenario_file *file = runner->files[i];

		for (size_t j = 0; j < file->count; j++) {
			if (!is_wanted(runner, &file->scenarios[j])) {
				runner->report->left_out++;
				continue;
			}
			if (is_cancelled(runner, err) ||
				!tell_one(runner, shown(runner, runner->names[i]), file,
					&file->scenarios[j], err)) {
				return false;
			}
		}
	}
	return true;
}

static bool compile_regex(struct runner *runner, struct error *err)
{
	char message[200];
	int code;

	if (runner->options->run == NULL) {
		return true;
	}
	code = regcomp(&runner->regex, runner->options->run, REG_EXTENDED | REG_NOSUB);
	if (code != 0) {
		regerror(code, &runner->regex, message, sizeof(message));
		return error_set(err, ERROR_CONFIG, "%.100s: %s", runner->options->run, message);
	}
	runner->has_regex = true;
	return true;
}

bool scenario_run_all(const struct scenario_options *options, struct scenario_report *report,
	struct config_report *problems, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct config_report own = { 0 };
	struct runner runner = { .options = options,
		.report = report,
		.arena = arena,
		.problems = problems != NULL ? problems : &own };
	int64_t start_us = clock_monotonic_us();
	bool ok;

	*report = (struct scenario_report){ .arena = arena_new() };
	ok = compile_regex(&runner, err) && read_all(&runner, err) && tell_all(&runner, err);
	trial_close(runner.trial);
	if (runner.has_regex) {
		regfree(&runner.regex);
	}
	if (runner.problems->file != NULL) { /* its arena ends here */
		runner.problems->file =
			arena_strdup(config_report_arena(runner.problems), runner.problems->file);
	}
	config_report_fini(&own);
	report->took_us = clock_monotonic_us() - start_us;
	return ok;
}

void scenario_report_fini(struct scenario_report *report)
{
	arena_free(report->arena);
	*report = (struct scenario_report){ 0 };
}

bool scenario_report_error(const struct scenario_report *report, struct error *err)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct scenario_result *it = &report->results[i];
		const struct scenario_difference *first = it->differences;

		if (it->passed) {
			continue;
		}
		if (it->difference_count == 0) {
			error_set(err, ERROR_POLICY, "%s",
				it->trouble != NULL ? it->trouble : "failed");
		} else {
			error_set(err, ERROR_POLICY, "%s: expected %s, got %s", first->what,
				first->expected, first->got);
		}
		error_wrap(err, "%s:%zu: %s", it->file, it->line, it->name);
		break;
	}
	return report->failed > 1
		       ? error_wrap(err, "%zu scenarios fail, the first is", report->failed)
		       : false;
}
