/* The gateway as a whole: status, backup. */
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/memory.h"
#include "config/config.h"
#include "connectors/courier.h"
#include "gateway/admin_call.h"
#include "gateway/capture.h"
#include "gateway/gateway.h"
#include "gateway/metrics.h"
#include "gateway/policy_live.h"
#include "gateway/snapshot.h"
#include "io/tls.h"
#include "io/worker.h"
#include "journal/publisher.h"
#include "store/backup.h"
#include "store/delivery.h"
#include "store/read.h"
#include "store/store.h"

/* An IdP that sees more failures than this puts the whole job into quarantine sooner or later. */
#define SHARE_ALARM 0.3

static json_t *sources_json(struct admin *admin)
{
	struct gateway *gateway = admin->gateway;
	json_t *list = json_array();

	for (size_t i = 0; i < gateway->source_count; i++) {
		const struct gateway_source *source = &gateway->sources[i];
		double share = metrics_error_share(gateway->metrics, (unsigned)i);
		json_t *it = json_object();

		json_object_set_new(it, "name", json_string(source->config->name));
		json_object_set_new(it, "dialect", json_string(source->config->dialect));
		json_object_set_new(it, "kind", json_string(source->config->kind));
		json_object_set_new(it, "tenant", json_string(source->config->tenant));
		json_object_set_new(it, "paused", json_boolean(gateway->snapshot->paused[i]));
		if (captures_of(gateway->captures, source) != NULL) {
			json_object_set_new(it, "capture",
				admin_capture_json(captures_of(gateway->captures, source)));
		}
		if (share >= 0) {
			json_object_set_new(it, "errorShare", json_real(share));
			json_object_set_new(it, "alarm", json_boolean(share > SHARE_ALARM));
		}
		json_array_append_new(list, it);
	}
	return list;
}

static json_t *app_json(
	struct admin *admin, const struct gateway_app *app, const struct courier_app_status *status)
{
	struct store_backlog backlog = { 0 };
	json_t *it = json_object();

	store_backlog(admin->reader, app->id, &backlog, NULL);
	json_object_set_new(it, "name", json_string(app->config->name));
	json_object_set_new(it, "waiting", json_integer(backlog.open));
	json_object_set_new(it, "parked", json_integer(backlog.parked));
	if (backlog.oldest_us > 0) {
		json_object_set_new(it, "oldestSeconds",
			json_integer((clock_now_us() - backlog.oldest_us) / 1000000));
	}
	if (status == NULL) {
		return it;
	}
	json_object_set_new(it, "delivered", json_integer((json_int_t)status->delivered));
	json_object_set_new(it, "breaker", json_string(status->breaker_open ? "open" : "closed"));
	if (status->breaker_open) {
		json_object_set_new(it, "reason", json_string(status->breaker_reason));
		admin_add_time(it, "since", status->breaker_since_us);
	}
	if (status->revoke_us_last >= 0) {
		json_object_set_new(
			it, "timeToRevokeMs", json_integer(status->revoke_us_last / 1000));
	}
	return it;
}

static json_t *apps_json(struct admin *admin)
{
	struct gateway *gateway = admin->gateway;
	struct courier_app_status *rows = must_calloc(gateway->app_count + 1, sizeof(*rows));
	size_t count = courier_status(gateway->courier, rows, gateway->app_count);
	json_t *list = json_array();

	for (size_t i = 0; i < gateway->app_count; i++) {
		const struct courier_app_status *status = NULL;

		for (size_t j = 0; j < count; j++) {
			if (rows[j].id == gateway->apps[i].id) {
				status = &rows[j];
			}
		}
		json_array_append_new(list, app_json(admin, &gateway->apps[i], status));
	}
	memory_free(rows);
	return list;
}

static json_t *journal_json(const struct gateway *gateway)
{
	struct journal_publisher_status status;
	json_t *it = json_object();

	journal_publisher_status(gateway->publisher, &status);
	json_object_set_new(it, "entries", json_integer((json_int_t)status.seen));
	json_object_set_new(it, "published", json_integer((json_int_t)status.published));
	json_object_set_new(it, "failing", json_boolean(status.failing));
	json_object_set_new(it, "origin", json_string(gateway->config->journal.origin));
	return it;
}

static bool is_first_of_tenant(const struct gateway *gateway, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (gateway->sources[i].tenant == gateway->sources[index].tenant) {
			return false;
		}
	}
	return true;
}

static json_t *store_json(struct admin *admin)
{
	struct store_population population = { 0 };
	struct store_stats stats;
	json_t *it = json_object();
	int64_t users = 0;
	int64_t active = 0;
	int64_t groups = 0;

	for (size_t i = 0; i < admin->gateway->source_count; i++) {
		if (is_first_of_tenant(admin->gateway, i) &&
			store_population(admin->reader, admin->gateway->sources[i].tenant,
				&population, NULL)) {
			users += population.users;
			active += population.active_users;
			groups += population.groups;
		}
	}
	store_stats(admin->gateway->store, &stats);
	json_object_set_new(it, "users", json_integer(users));
	json_object_set_new(it, "activeUsers", json_integer(active));
	json_object_set_new(it, "groups", json_integer(groups));
	json_object_set_new(it, "bytes", json_integer(stats.bytes));
	json_object_set_new(it, "healthy", json_boolean(stats.healthy));
	return it;
}

void admin_status(struct admin_call *call)
{
	struct gateway *gateway = call->admin->gateway;
	json_t *document = json_object();

	json_object_set_new(document, "schemaVersion", json_integer(1));
	json_object_set_new(document, "version", json_string(SCIMWARD_VERSION));
	admin_add_time(document, "startedAt", gateway->started_us);
	json_object_set_new(document, "policyRevision", json_string(policy_live_revision(gateway)));
	json_object_set_new(document, "policy", admin_policy_json(gateway->policy));
	if (gateway->shadow != NULL) {
		json_object_set_new(document, "shadow", admin_shadow_json(gateway));
	}
	json_object_set_new(document, "store", store_json(call->admin));
	json_object_set_new(document, "journal", journal_json(gateway));
	json_object_set_new(document, "sources", sources_json(call->admin));
	json_object_set_new(document, "apps", apps_json(call->admin));
	if (gateway->tls != NULL) {
		admin_add_time(document, "certificateExpires", tls_expires_us(gateway->tls));
	}
	admin_reply(call, 200, document);
}

/* ---- backup: minutes for a large store, so in the background thread ---- */

struct backup {
	struct admin_call *call;
	char *from;
	char *to;
	struct store_copy_info info;
	struct error err;
};

static void run_backup(void *job)
{
	struct backup *backup = job;

	if (store_backup(backup->from, backup->to, &backup->err)) {
		store_backup_check(backup->to, &backup->info, &backup->err);
	}
}

static void on_backup(void *job)
{
	struct backup *backup = job;
	json_t *document;

	if (backup->err.code != ERROR_NONE) {
		admin_reply_error(backup->call, &backup->err);
	} else {
		document = json_object();
		json_object_set_new(document, "schemaVersion", json_integer(1));
		json_object_set_new(document, "file", json_string(backup->to));
		json_object_set_new(document, "entries", json_integer(backup->info.entries));
		json_object_set_new(document, "users", json_integer(backup->info.users));
		json_object_set_new(document, "groups", json_integer(backup->info.groups));
		json_object_set_new(document, "bytes", json_integer(backup->info.bytes));
		admin_reply(backup->call, 200, document);
	}
	memory_free(backup->from);
	memory_free(backup->to);
	memory_free(backup);
}

void admin_backup(struct admin_call *call)
{
	struct gateway *gateway = call->admin->gateway;
	const char *to;
	struct backup *backup;
	struct error err = { 0 };

	if (!admin_text(call, "to", &to, &err) || to == NULL || to[0] != '/') {
		error_set(&err, ERROR_REQUEST, "\"to\" must be the absolute path of a new file");
		admin_reply_error(call, &err);
		return;
	}
	backup = must_calloc(1, sizeof(*backup));
	backup->call = call;
	backup->from = must_strdup(gateway->config->store.path);
	backup->to = must_strdup(to);
	if (!worker_submit(gateway->background, gateway->loop, run_backup, on_backup, backup)) {
		error_set(&backup->err, ERROR_STORE, "another large task is under way; try again");
		on_backup(backup);
	}
}
