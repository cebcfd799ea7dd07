#include "gateway/trial.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"
#include "config/config.h"
#include "config/load.h"
#include "config/report.h"
#include "gateway/gateway.h"
#include "gateway/metrics.h"
#include "gateway/names.h"
#include "gateway/rate.h"
#include "gateway/snapshot.h"
#include "gateway/trial_inside.h"
#include "io/loop.h"
#include "io/worker.h"
#include "journal/entry.h"
#include "policy/coverage.h"
#include "policy/engine.h"
#include "scim/dialect.h"
#include "scim/schema.h"
#include "store/claim.h"
#include "store/read.h"
#include "store/store.h"

/* ---- the store's folder ---- */

static void remove_folder(struct trial *trial)
{
	DIR *folder = trial->folder[0] != '\0' ? opendir(trial->folder) : NULL;
	const struct dirent *entry;

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] != '.') {
			unlinkat(dirfd(folder), entry->d_name, 0);
		}
	}
	if (folder != NULL) {
		closedir(folder);
		rmdir(trial->folder);
	}
}

static bool open_store(struct trial *trial, struct error *err)
{
	const char *root = getenv("TMPDIR");

	snprintf(trial->folder, sizeof(trial->folder), "%.400s/scimward-trial-XXXXXX",
		root != NULL && root[0] == '/' ? root : "/tmp");
	if (mkdtemp(trial->folder) == NULL) {
		trial->folder[0] = '\0';
		return error_set(err, ERROR_IO, "no temporary folder: %s", strerror(errno));
	}
	snprintf(trial->path, sizeof(trial->path), "%s/store", trial->folder);
	trial->gateway->store = store_open(
		&(struct store_options){ .path = trial->path, .unsafe_no_sync = true }, err);
	return trial->gateway->store != NULL;
}

/* ---- policies ---- */

/* `decision := {"effect": "allow"}`, as a plan. */
static const char allow_plan[] =
	"{\"static\":{\"strings\":[{\"value\":\"result\"},{\"value\":\"effect\"},{\"value\":"
	"\"allow\"}],\"files\":[{\"value\":\"given.rego\"}]},\"plans\":{\"plans\":[{\"name\":"
	"\"scimward/decision\",\"blocks\":[{\"stmts\":["
	"{\"type\":\"MakeObjectStmt\",\"stmt\":{\"target\":2,\"file\":0,\"row\":1,\"col\":1}},"
	"{\"type\":\"ObjectInsertStmt\",\"stmt\":{\"key\":{\"type\":\"string_index\",\"value\":1},"
	"\"value\":{\"type\":\"string_index\",\"value\":2},\"object\":2,\"file\":0,\"row\":1,"
	"\"col\":1}},"
	"{\"type\":\"MakeObjectStmt\",\"stmt\":{\"target\":3,\"file\":0,\"row\":1,\"col\":1}},"
	"{\"type\":\"ObjectInsertStmt\",\"stmt\":{\"key\":{\"type\":\"string_index\",\"value\":0},"
	"\"value\":{\"type\":\"local\",\"value\":2},\"object\":3,\"file\":0,\"row\":1,\"col\":1}},"
	"{\"type\":\"ResultSetAddStmt\",\"stmt\":{\"value\":3,\"file\":0,\"row\":1,\"col\":1}}"
	"]}]}]},\"funcs\":{\"funcs\":[]}}";

void trial_token(size_t index, char token[TRIAL_TOKEN_BYTES])
{
	snprintf(token, TRIAL_TOKEN_BYTES, "a-source-of-this-trial-%zu", index);
}

static struct snapshot *make_snapshot(
	struct trial *trial, struct policy *policy, size_t first, struct error *err)
{
	struct snapshot *snapshot = snapshot_new(TRIAL_ALL_SOURCES);

	if (!snapshot_set_policy(snapshot, policy)) {
		snapshot_unref(snapshot);
		error_set(err, ERROR_POLICY, "the policy has no data.scimward.decision");
		return NULL;
	}
	for (size_t i = first; i < first + TRIAL_SOURCES; i++) {
		char token[TRIAL_TOKEN_BYTES];
		struct snapshot_token row = { .source = &trial->gateway->sources[i] };

		trial_token(i, token);
		digest_sha256(token, strlen(token), row.sha256);
		snapshot_add_token(snapshot, &row);
	}
	snapshot_sort_tokens(snapshot);
	return snapshot;
}

static bool make_snapshots(
	struct trial *trial, const struct trial_options *options, struct error *err)
{
	struct policy *allow = policy_load(
		&(struct policy_files){ .plan = allow_plan, .plan_size = sizeof(allow_plan) - 1 },
		NULL, err);

	if (allow == NULL) {
		return error_wrap(err, "the policy of what is given");
	}
	trial->giving = make_snapshot(trial, allow, TRIAL_SOURCES, err);
	trial->judging = make_snapshot(trial, policy_ref(options->policy), 0, err);
	return trial->giving != NULL && trial->judging != NULL;
}

/* ---- open and close ---- */

/* What a file that says nothing of it would mean. */
static const char default_text[] = "journal: {origin: trial}\npolicy: {bundle: /trial}\n"
				   "sources: [{name: trial}]\n";

static bool make_config(struct trial *trial, const struct trial_options *options, struct error *err)
{
	struct config_report report = { 0 };

	if (options->config != NULL) {
		trial->config = *options->config;
	} else {
		trial->defaults = config_parse(
			"trial", NULL, default_text, sizeof(default_text) - 1, &report);
		if (trial->defaults == NULL) {
			config_report_error(&report, err);
			config_report_fini(&report);
			return false;
		}
		config_report_fini(&report);
		trial->config = *trial->defaults;
	}
	trial->config.sources = trial->sources;
	trial->config.source_count = TRIAL_ALL_SOURCES;
	for (size_t i = 0; i < TRIAL_ALL_SOURCES; i++) { /* until there is a world */
		snprintf(trial->labels[i], sizeof(trial->labels[i]), "trial-%zu", i);
		trial->sources[i] = (struct config_source){ .name = trial->labels[i],
			.dialect = "standard",
			.kind = "idp",
			.tenant = "trial" };
	}
	trial->config.tenants = trial->names;
	trial->config.tenant_count = 1;
	return true;
}

static bool make_gateway(
	struct trial *trial, const struct trial_options *options, struct error *err)
{
	struct gateway *gateway = trial->gateway;
	struct gateway_worker *worker = must_calloc(1, sizeof(*worker));

	gateway->config = &trial->config;
	gateway->is_trial = true;
	gateway->workers = worker;
	gateway->worker_count = 1;
	gateway->claims = store_claims_new();
	worker->gateway = gateway;
	worker->loop = trial->loop;
	worker->policy = policy_worker_new();
	worker->packer = journal_packer_new();
	policy_worker_watch(worker->policy, options->coverage);
	gateway->helper = worker_new("helper", 64, err);
	if (gateway->helper == NULL || !gateway_load_model(gateway, err) ||
		!open_store(trial, err) || !names_resolve(gateway, err)) {
		return false;
	}
	gateway->metrics = metrics_new(gateway, 1);
	worker->metrics = metrics_of(gateway->metrics, 0);
	worker->reader = store_reader_open(gateway->store, err);
	return worker->reader != NULL;
}

static void on_nothing(void *user)
{
	(void)user;
}

struct trial *trial_open(const struct trial_options *options, struct error *err)
{
	struct trial *trial = must_calloc(1, sizeof(*trial));

	trial->loop = loop_new();
	trial->gateway = must_calloc(1, sizeof(*trial->gateway));
	loop_timer_init(&trial->gateway->token_timer, trial->loop, on_nothing, NULL);
	if (!make_config(trial, options, err) || !make_gateway(trial, options, err) ||
		!make_snapshots(trial, options, err)) {
		trial_close(trial);
		return NULL;
	}
	return trial;
}

bool trial_set_policy(struct trial *trial, struct policy *policy, struct error *err)
{
	struct snapshot *snapshot = make_snapshot(trial, policy_ref(policy), 0, err);

	if (snapshot == NULL) {
		return false;
	}
	snapshot_unref(trial->judging);
	trial->judging = snapshot;
	return true;
}

void trial_close(struct trial *trial)
{
	if (trial == NULL) {
		return;
	}
	if (trial->gateway->config == NULL) {
		trial->gateway->config = &trial->config;
	}
	gateway_free(trial->gateway);
	snapshot_unref(trial->judging);
	snapshot_unref(trial->giving);
	loop_free(trial->loop);
	config_free(trial->defaults);
	remove_folder(trial);
	memory_free(trial);
}

/* ---- worlds ---- */

/* As it sends, and as it puts in place what is given. */
static bool add_source(struct trial *trial, size_t index, const struct trial_source *source,
	const struct trial_world *world, struct error *err)
{
	for (size_t i = index; i < TRIAL_ALL_SOURCES; i += TRIAL_SOURCES) {
		struct gateway_source *it = &trial->gateway->sources[i];
		bool is_given = i >= TRIAL_SOURCES;
		const struct scim_dialect *dialect =
			is_given ? scim_dialect_standard() : scim_dialect_find(source->dialect);

		trial->sources[i] = (struct config_source){
			.name = source->name,
			.dialect = source->dialect,
			.quirks = source->quirks,
			.kind = source->kind,
			.tenant = world->tenant,
		};
		it->id = trial->sources_used + (int)index + 1;
		it->tenant = trial_tenant(trial);
		if (dialect == NULL) {
			return error_set(err, ERROR_CONFIG, "source %s: there is no dialect '%s'",
				source->name, source->dialect);
		}
		if (!scim_dialect_changed(
			    dialect, is_given ? NULL : source->quirks, &it->own_dialect, err)) {
			return error_wrap(err, "source %s", source->name);
		}
		it->dialect = &it->own_dialect;
	}
	return true;
}

bool trial_begin(struct trial *trial, const struct trial_world *world, struct error *err)
{
	struct gateway *gateway = trial->gateway;

	if (trial->worlds == TRIAL_WORLDS) {
		return error_set(err, ERROR_STORE, "more worlds than %d", TRIAL_WORLDS);
	}
	trial->worlds++;
	trial->names[0] = world->tenant;
	for (size_t i = 0; i < world->source_count; i++) {
		if (!add_source(trial, i, &world->sources[i], world, err)) {
			return false;
		}
	}
	trial->sources_used += (int)world->source_count;
	gateway->source_count = world->source_count;
	rate_free(gateway->rate);
	gateway->rate = rate_new();
	trial->ids = 0;
	return true;
}

void trial_add_recent(struct trial *trial, size_t source, int64_t deactivations, int64_t removals,
	int64_t time_us)
{
	const struct gateway_source *it = &trial->gateway->sources[source];
	struct rate_claim claim = { .tenant = it->tenant, .source = it->id };

	claim.counts[STORE_RATE_DEACTIVATIONS - 1] = deactivations;
	claim.counts[STORE_RATE_REMOVALS - 1] = removals;
	rate_reserve(trial->gateway->rate, &claim, time_us);
	rate_settle(trial->gateway->rate, &claim, true, time_us);
}
