#include "gateway/policy_gate.h"

#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/file.h"
#include "config/config.h"
#include "gateway/child.h"
#include "gateway/policy_data.h"
#include "gateway/policy_gate_inside.h"
#include "gateway/policy_opa.h"
#include "gateway/policy_source.h"
#include "gateway/scenario.h"
#include "policy/tar.h"

enum { REVISION_HEX = 16, COMMIT_SHOWN = 12 };

/* ---- the folder that opa works in: <scratch>/policy ---- */

static const char *policy_folder(const struct policy_gate *gate)
{
	return arena_printf(gate->arena, "%s/policy", gate->scratch);
}

/* Writes the files, once. */
static bool need_folder(struct policy_gate *gate, struct error *err)
{
	const char *folder;

	if (gate->is_written) {
		return true;
	}
	if (!policy_gate_need_scratch(gate, err)) {
		return false;
	}
	gate->is_written = true;
	folder = policy_folder(gate);
	return file_make_folders(folder, 0700, err) && policy_tree_write(&gate->tree, folder, err);
}

static struct policy_opa opa_of(const struct policy_gate *gate)
{
	return (struct policy_opa){
		.program = gate->config->opa,
		.timeout_ms = gate->config->opa_timeout_ms,
		.folder = policy_folder(gate),
		.scratch = gate->scratch,
		.cancelled = gate->cancelled,
	};
}

/* It has a plan that can run as it is. */
static bool is_compiled(const struct policy_gate *gate)
{
	return gate->config->bundle != NULL && gate->bundle.has_plan && !gate->bundle.has_yaml;
}

/* ---- check, compile, load ---- */

static bool check(struct policy_gate *gate, struct error *err)
{
	struct policy_opa opa;

	if (is_compiled(gate)) { /* whoever compiled it had it checked */
		return true;
	}
	if (!need_folder(gate, err)) {
		return false;
	}
	opa = opa_of(gate);
	return policy_opa_check(&opa, gate->arena, err);
}

static bool compile(struct policy_gate *gate, struct error *err)
{
	CLEANUP(buf_fini) struct buf bytes = { 0 };
	struct policy_opa opa;

	if (is_compiled(gate)) {
		return policy_bundle_files(gate->arena, &gate->bundle, &gate->files, err);
	}
	opa = opa_of(gate);
	return policy_opa_build(&opa, gate->arena, &bytes, err) &&
	       policy_bundle_read(gate->arena, bytes.data, bytes.size, NULL, &gate->files, err);
}

/* Of the folder's work tree; NULL when it is in none. "+" behind it: there are changes. */
static const char *commit_of_folder(const struct policy_gate *gate, const char *folder)
{
	const char *const head[] = { "git", "rev-parse", "--short=12", "HEAD", NULL };
	const char *const status[] = { "git", "status", "--porcelain", "--", ".", NULL };
	struct process_options options = {
		.argv = head, .folder = folder, .timeout_ms = 5000, .cancelled = gate->cancelled
	};
	struct child child;
	const char *commit;

	child_run(gate->arena, &options, &child);
	if (!child_is_fine(&child) || strspn(child.output, "0123456789abcdef") < COMMIT_SHOWN) {
		return NULL;
	}
	commit = arena_text(gate->arena, child.output, strspn(child.output, "0123456789abcdef"));
	options.argv = status;
	child_run(gate->arena, &options, &child);
	return !child_is_fine(&child) || child.output[0] != '\0'
		       ? arena_printf(gate->arena, "%s+", commit)
		       : commit;
}

/* Of what decides: plan and data, not of the archive around them. */
static void name_content(struct policy_gate *gate)
{
	CLEANUP(buf_fini) struct buf hex = { 0 };
	uint8_t digest[DIGEST_BYTES];
	const char *commit;

	digest_sha256_two(gate->files.plan, gate->files.plan_size, gate->files.data,
		gate->files.data_size, digest);
	encode_hex(&hex, digest, sizeof(digest));
	gate->found.digest = arena_text(gate->arena, hex.data, hex.size);
	if (gate->config->directory != NULL) {
		commit = commit_of_folder(gate, gate->config->directory);
		gate->label = commit != NULL ? arena_printf(gate->arena, "git:%s", commit) : NULL;
	}
	gate->found.revision =
		arena_printf(gate->arena, "%.*s%s%s", REVISION_HEX, gate->found.digest,
			gate->label != NULL ? " " : "", gate->label != NULL ? gate->label : "");
}

/* For people who ask later what this revision said. */
static void take_rego(struct policy_gate *gate)
{
	struct tar_file *files = arena_calloc(gate->arena, gate->tree.count + 1, sizeof(*files));
	size_t count = 0;

	for (size_t i = 0; i < gate->tree.count; i++) {
		const struct tar_file *file = &gate->tree.files[i];
		size_t size = strlen(file->name);

		if (size > 5 && strcmp(file->name + size - 5, ".rego") == 0) {
			files[count++] = *file;
		}
	}
	gate->found.files = files;
	gate->found.file_count = count;
}

static bool load(struct policy_gate *gate, struct error *err)
{
	struct policy_limits limits = policy_limits_default;

	name_content(gate);
	gate->files.revision = gate->found.revision;
	limits.coverage = gate->covers;
	gate->policy = policy_load(&gate->files, &limits, err);
	gate->found.plan = gate->files.plan;
	gate->found.plan_size = gate->files.plan_size;
	gate->found.data = gate->files.data;
	gate->found.data_size = gate->files.data_size;
	take_rego(gate);
	return gate->policy != NULL;
}

/* Whoever compiled a bundle has no heads of rules any more. */
static bool check_data(struct policy_gate *gate, struct error *err)
{
	const struct value *annotations = NULL;
	struct policy_opa opa;

	if (is_compiled(gate) || !policy_data_has_schemas(&gate->tree)) {
		return true;
	}
	opa = opa_of(gate);
	return policy_opa_annotations(&opa, gate->arena, &annotations, err) &&
	       policy_data_check(
		       gate->arena, annotations, policy_data(gate->policy), &gate->tree, err);
}

/* ---- test, scenarios, trial ---- */

static bool run_tests(struct policy_gate *gate, struct error *err)
{
	struct policy_opa opa;

	if (!policy_tree_has_tests(&gate->tree)) {
		return true;
	}
	if (!need_folder(gate, err)) {
		return false;
	}
	opa = opa_of(gate);
	return policy_opa_test(&opa, gate->arena, err);
}

/* A file that says what is none is a fault of the policy, like one that comes out otherwise. */
static bool run_scenarios(struct policy_gate *gate, struct error *err)
{
	struct scenario_report report = { 0 };
	struct scenario_options options = { .policy = gate->policy,
		.folder = gate->config->scenarios,
		.config = gate->whole,
		.cancelled = gate->cancelled };
	bool ok;

	if (options.folder == NULL) {
		if (!policy_tree_has_scenarios(&gate->tree)) {
			return true;
		}
		if (!need_folder(gate, err)) {
			return false;
		}
		options.folder =
			arena_printf(gate->arena, "%s/%s", policy_folder(gate), SCENARIO_FOLDER);
		options.shown = SCENARIO_FOLDER;
	}
	ok = scenario_run_all(&options, &report, NULL, err) &&
	     (report.failed == 0 || scenario_report_error(&report, err));
	scenario_report_fini(&report);
	if (err->code == ERROR_CONFIG) {
		err->code = ERROR_POLICY;
	}
	return ok;
}

static bool trial(struct policy_gate *gate, struct error *err)
{
	return policy_source_try(gate->policy, err);
}

/* ---- the table ---- */

static const struct step {
	const char *name; /* appears in status, log, metrics and the journal */
	bool (*run)(struct policy_gate *gate, struct error *err);
	bool loads; /* also for tools that only want the policy */
} steps[] = {
	{ "fetch", policy_gate_fetch, true },
	{ "open", policy_gate_open, true },
	{ "signature", policy_gate_signature, true },
	{ "unpack", policy_gate_unpack, true },
	{ "check", check, true },
	{ "compile", compile, true },
	{ "load", load, true },
	{ "data", check_data, true },
	{ "order", policy_gate_order, false },
	{ "test", run_tests, false },
	{ "scenarios", run_scenarios, false },
	{ "trial", trial, false },
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

const char *policy_gate_step(size_t index)
{
	return index < STEPS ? steps[index].name : NULL;
}

static bool is_cancelled(const struct policy_gate *gate)
{
	return gate->cancelled != NULL && __atomic_load_n(gate->cancelled, __ATOMIC_RELAXED);
}

static bool run_steps(struct policy_gate *gate, bool all, struct error *err)
{
	for (size_t i = 0; i < STEPS && !gate->unchanged; i++) {
		if (!all && !steps[i].loads) {
			continue;
		}
		gate->step = steps[i].name;
		if (is_cancelled(gate)) {
			return error_set(err, ERROR_TIMEOUT, "loading was no longer wanted");
		}
		if (!steps[i].run(gate, err)) {
			policy_unref(gate->policy);
			gate->policy = NULL;
			return false;
		}
	}
	return true;
}

bool policy_gate_run(struct policy_gate *gate, struct error *err)
{
	gate->found.time_us = clock_now_us();
	return run_steps(gate, true, err);
}

bool policy_gate_load(struct policy_gate *gate, struct error *err)
{
	return run_steps(gate, false, err);
}

void policy_gate_init(struct policy_gate *gate, const struct config_policy *config)
{
	*gate = (struct policy_gate){
		.config = config,
		.arena = arena_new(),
		.bundle.manifest = manifest_default,
		.retry_after_s = -1,
		.step = steps[0].name,
	};
	gate->found.serial = -1;
	gate->found.source = policy_gate_source(gate->arena, config);
}

void policy_gate_fini(struct policy_gate *gate)
{
	policy_scratch_remove(gate->scratch);
	arena_free(gate->arena);
	gate->arena = NULL;
}

const char *policy_gate_source(struct arena *arena, const struct config_policy *config)
{
	const struct config_policy_git *git = &config->git;

	if (config->directory != NULL) {
		return arena_printf(arena, "directory:%s", config->directory);
	}
	if (config->bundle != NULL) {
		return arena_printf(arena, "bundle:%s", config->bundle);
	}
	return arena_printf(arena, "git:%s#%s%s%s", git->url, git->ref,
		git->folder != NULL ? ":" : "", git->folder != NULL ? git->folder : "");
}
