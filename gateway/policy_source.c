#include "gateway/policy_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/file.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/input_schema.h"
#include "io/loop.h"
#include "io/process.h"
#include "policy/bundle.h"
#include "policy/decision.h"
#include "policy/engine.h"

enum { BUNDLE_BYTES = 256 * 1024 * 1024, REVISION_HEX = 16 };

/* ---- a child process, waited for ---- */

struct child {
	struct loop *loop;
	struct arena *arena;
	enum process_outcome outcome;
	int status;
	const char *output;
	const char *errors;
	const char *message;
};

static void on_exited(void *user, const struct process_result *result)
{
	struct child *child = user;

	child->outcome = result->outcome;
	child->status = result->status;
	child->output = arena_text(child->arena, result->output, result->output_size);
	child->errors = arena_text(child->arena, result->errors, result->errors_size);
	child->message = arena_strdup(child->arena, result->message);
	loop_stop(child->loop);
}

static void run_child(struct arena *arena, const char *const *argv, const char *folder,
	int64_t timeout_ms, const bool *cancelled, struct child *child)
{
	struct process_options options = {
		.argv = argv,
		.folder = folder,
		.timeout_ms = timeout_ms,
		.cancelled = cancelled,
	};

	*child = (struct child){ .loop = loop_new(), .arena = arena };
	process_start(child->loop, &options, on_exited, child);
	loop_run(child->loop);
	loop_free(child->loop);
}

/* What opa says, without its headline and on few lines: it goes into one sentence. */
static bool opa_failed(const struct child *child, const char *what, struct error *err)
{
	const char *text = child->errors[0] != '\0' ? child->errors : child->output;

	if (child->outcome == PROCESS_NOT_FOUND) {
		return error_set(err, ERROR_CONFIG,
			"the program opa is not to be found; install it, set policy.opa to its "
			"path, or "
			"use policy.bundle, which needs none");
	}
	if (child->outcome != PROCESS_EXITED) {
		return error_set(err, ERROR_POLICY, "%s: %s", what, child->message);
	}
	return error_set(err, ERROR_POLICY, "%s:\n%s", what, text);
}

/* ---- a folder of raw Rego ---- */

/* A folder of our own for what opa reads and writes; gone with the cleanup. */
struct scratch {
	char folder[512];
	char schema[544];
	char bundle[544];
};

static void remove_scratch(struct scratch *scratch)
{
	if (scratch->folder[0] != '\0') {
		unlink(scratch->schema);
		unlink(scratch->bundle);
		rmdir(scratch->folder);
	}
}

static bool make_scratch(struct scratch *scratch, struct error *err)
{
	const char *root = getenv("TMPDIR");

	snprintf(scratch->folder, sizeof(scratch->folder), "%.400s/scimward-policy-XXXXXX",
		root != NULL && root[0] == '/' ? root : "/tmp");
	if (mkdtemp(scratch->folder) == NULL) {
		scratch->folder[0] = '\0';
		return error_set(err, ERROR_IO, "no temporary folder: %s", strerror(errno));
	}
	snprintf(scratch->schema, sizeof(scratch->schema), "%s/input.json", scratch->folder);
	snprintf(scratch->bundle, sizeof(scratch->bundle), "%s/bundle.tar.gz", scratch->folder);
	return file_replace(
		scratch->schema, input_schemas[0].bytes, input_schemas[0].size, 0600, err);
}

static bool check(const struct config_policy *config, const struct scratch *scratch,
	const bool *cancelled, struct arena *arena, struct error *err)
{
	const char *const argv[] = { config->opa, "check", "--strict", "-s", scratch->schema, ".",
		NULL };
	struct child child;

	run_child(arena, argv, config->directory, config->opa_timeout_ms, cancelled, &child);
	if (child.outcome == PROCESS_EXITED && child.status == 0) {
		return true;
	}
	return opa_failed(&child, "opa check", err);
}

/* Never -O: with data beside the policy it drops deny rules (facts: opa-ir.md, trap 18). */
static bool build(const struct config_policy *config, const struct scratch *scratch,
	const bool *cancelled, struct arena *arena, struct error *err)
{
	const char *const argv[] = { config->opa, "build", "-b", "-t", "plan", "-e",
		"scimward/decision", "--ignore", "*_test.rego", "-o", scratch->bundle, ".", NULL };
	struct child child;

	run_child(arena, argv, config->directory, config->opa_timeout_ms, cancelled, &child);
	if (child.outcome == PROCESS_EXITED && child.status == 0) {
		return true;
	}
	return opa_failed(&child, "opa build", err);
}

static bool read_directory(const struct config_policy *config, const bool *cancelled,
	struct arena *arena, struct buf *bytes, struct error *err)
{
	CLEANUP(remove_scratch) struct scratch scratch = { 0 };
	struct stat info;

	if (stat(config->directory, &info) != 0 || !S_ISDIR(info.st_mode)) {
		return error_set(
			err, ERROR_CONFIG, "policy.directory: %s is no folder", config->directory);
	}
	return make_scratch(&scratch, err) && check(config, &scratch, cancelled, arena, err) &&
	       build(config, &scratch, cancelled, arena, err) &&
	       (file_read(scratch.bundle, BUNDLE_BYTES, bytes, err) ||
		       error_wrap(err, "opa build made no bundle"));
}

/* ---- the revision ---- */

/* Of the folder's work tree; NULL when it is in none. "+" behind it: there are changes. */
static const char *git_commit(const char *folder, const bool *cancelled, struct arena *arena)
{
	const char *const head[] = { "git", "rev-parse", "--short=12", "HEAD", NULL };
	const char *const status[] = { "git", "status", "--porcelain", "--", ".", NULL };
	struct child child;
	const char *commit;

	run_child(arena, head, folder, 5000, cancelled, &child);
	if (child.outcome != PROCESS_EXITED || child.status != 0 ||
		strspn(child.output, "0123456789abcdef") < 12) {
		return NULL;
	}
	commit = arena_text(arena, child.output, strspn(child.output, "0123456789abcdef"));
	run_child(arena, status, folder, 5000, cancelled, &child);
	if (child.outcome != PROCESS_EXITED || child.status != 0 || child.output[0] != '\0') {
		return arena_printf(arena, "%s+", commit);
	}
	return commit;
}

/* Of what decides: plan and data, not of the archive around them. */
static const char *content_digest(const struct policy_files *files, struct arena *arena)
{
	uint8_t digest[DIGEST_BYTES];
	struct buf hex = { 0 };
	const char *text;

	digest_sha256_two(files->plan, files->plan_size, files->data, files->data_size, digest);
	encode_hex(&hex, digest, REVISION_HEX / 2);
	text = arena_text(arena, buf_text(&hex), hex.size);
	buf_fini(&hex);
	return text;
}

struct policy *policy_source_load(
	const struct config_policy *config, const bool *cancelled, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	CLEANUP(buf_fini) struct buf bytes = { 0 };
	struct policy_files files = { 0 };
	const char *commit = NULL;
	bool ok;

	ok = config->directory != NULL ? read_directory(config, cancelled, arena, &bytes, err)
				       : file_read(config->bundle, BUNDLE_BYTES, &bytes, err);
	if (!ok || !policy_bundle_read(arena, bytes.data, bytes.size, NULL, &files, err)) {
		return NULL;
	}
	if (config->directory != NULL) {
		commit = git_commit(config->directory, cancelled, arena);
	}
	files.revision = content_digest(&files, arena);
	if (commit != NULL) {
		files.revision = arena_printf(arena, "%s git:%s", files.revision, commit);
	}
	return policy_load(&files, NULL, err);
}

/* ---- trial ---- */

static const char trial_input[] =
	"{\"version\":1,\"mode\":\"test\",\"time\":\"2026-01-01T00:00:00.000000Z\",\"tenant\":"
	"\"default\",\"source\":{\"name\":\"trial\",\"dialect\":\"standard\",\"kind\":\"idp\"},"
	"\"actor\":{\"type\":\"source\",\"id\":\"trial\"},\"operation\":\"create\","
	"\"resource_type\":\"User\",\"id\":\"00000000-0000-7000-8000-000000000000\",\"after\":{"
	"\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"trial\","
	"\"active\":true},\"changes\":[{\"path\":\"userName\",\"after\":\"trial\"}],\"groups\":[],"
	"\"rate\":{\"deactivations\":{\"recent\":0,\"this\":0,\"population\":1,\"window_s\":3600},"
	"\"removals\":{\"recent\":0,\"this\":0,\"population\":1,\"window_s\":3600}},"
	"\"request\":{\"id\":\"trial\"}}";

bool policy_source_try(struct policy *policy, struct error *err)
{
	static const struct value_limits limits = { .bytes = 65536, .depth = 32, .values = 1000 };
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	CLEANUP(policy_worker_cleanup) struct policy_worker *worker = policy_worker_new();
	const struct policy_entrypoint *entrypoint =
		policy_find_entrypoint(policy, "scimward/decision");
	struct policy_decision decision;
	struct policy_failure failure;
	struct policy_call call = { .worker = worker, .arena = arena, .time_us = clock_now_us() };

	if (entrypoint == NULL) {
		return error_set(err, ERROR_POLICY,
			"there is no data.scimward.decision; build bundles with `opa build -t plan "
			"-e "
			"scimward/decision`");
	}
	call.input = value_parse(arena, trial_input, sizeof(trial_input) - 1, &limits, err);
	if (call.input == NULL) {
		return false;
	}
	return policy_decide(policy, entrypoint, &call, &decision, &failure) ||
	       error_set(err, ERROR_POLICY, "trial decision: %s: %s",
		       policy_failure_code(failure.kind), failure.text);
}
