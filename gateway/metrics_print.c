/*
 * The exposition: names and units of facts/operations.md, section 4. A row here needs its counter
 * in metrics_print.h.
 */
#include "gateway/metrics_print.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/memory.h"
#include "config/config.h"
#include "connectors/courier.h"
#include "gateway/gateway.h"
#include "gateway/metrics.h"
#include "gateway/metrics_text.h"
#include "io/server.h"
#include "io/tls.h"
#include "journal/publisher.h"
#include "store/delivery.h"
#include "store/read.h"
#include "store/store.h"

static uint64_t load(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* ---- requests ---- */

static const char *const resources[METRICS_RESOURCES] = { "User", "Group", "other" };

static void print_request(struct buf *buf, const char *tenant, const char *method, size_t resource,
	int code, uint64_t n)
{
	if (n == 0) {
		return;
	}
	buf_append_text(buf, "scimward_http_requests_total{");
	metrics_label(buf, "tenant", tenant);
	buf_printf(buf, ",method=\"%s\",resource=\"%s\",code=\"%d\"} %llu\n", method,
		resources[resource], code, (unsigned long long)n);
}

static void print_requests(const struct metrics *metrics, struct buf *buf)
{
	const struct config *config = metrics->gateway->config;

	metrics_head(
		buf, "scimward_http_requests_total", "counter", "Requests by tenant and answer.");
	for (size_t tenant = 0; tenant < metrics->tenant_count; tenant++) {
		const char *name = tenant < config->tenant_count ? config->tenants[tenant] : "";

		for (size_t at = 0;
			at < (size_t)HTTP_METHOD_COUNT * METRICS_RESOURCES * METRICS_CODES; at++) {
			size_t method = at / (METRICS_RESOURCES * METRICS_CODES);
			size_t resource = at / METRICS_CODES % METRICS_RESOURCES;
			size_t code = at % METRICS_CODES;
			uint64_t sum = 0;

			for (unsigned i = 0; i < metrics->thread_count; i++) {
				sum += load(&metrics->threads[i]
						     .requests[tenant]
						     .by[method][resource][code]);
			}
			print_request(buf, name, http_method_name((enum http_method)method),
				resource, metrics_codes[code], sum);
		}
	}
	metrics_head(buf, "scimward_http_refused_total", "counter",
		"Requests that were refused before they were one.");
	for (size_t code = 0; code < METRICS_CODES; code++) {
		uint64_t sum = 0;

		for (unsigned i = 0; i < metrics->thread_count; i++) {
			sum += load(&metrics->threads[i].refused[code]);
		}
		if (sum > 0) {
			buf_printf(buf, "scimward_http_refused_total{code=\"%d\"} %llu\n",
				metrics_codes[code], (unsigned long long)sum);
		}
	}
}

static void print_histogram(const struct metrics *metrics, struct buf *buf, const char *name,
	const char *help, size_t offset, const int64_t *bounds)
{
	uint64_t total = 0;
	uint64_t sum_us = 0;

	metrics_head(buf, name, "histogram", help);
	for (size_t bucket = 0; bucket <= METRICS_BUCKETS; bucket++) {
		for (unsigned i = 0; i < metrics->thread_count; i++) {
			const struct metrics_histogram *one =
				(const void *)((const char *)&metrics->threads[i] + offset);

			total += load(&one->buckets[bucket]);
			sum_us += bucket == 0 ? load(&one->sum_us) : 0;
		}
		if (bucket < METRICS_BUCKETS) {
			buf_printf(buf, "%s_bucket{le=\"%g\"} %llu\n", name,
				(double)bounds[bucket] / 1e6, (unsigned long long)total);
		}
	}
	buf_printf(buf, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.6f\n%s_count %llu\n", name,
		(unsigned long long)total, name, (double)sum_us / 1e6, name,
		(unsigned long long)total);
}

/* ---- decisions ---- */

static uint64_t sum_decisions(
	const struct metrics *metrics, size_t source, size_t effect, size_t reason, bool reasons)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < metrics->thread_count; i++) {
		const struct metrics_decisions *row = &metrics->threads[i].decisions[source];

		sum += load(reasons ? &row->reasons[effect][reason] : &row->effects[effect]);
	}
	return sum;
}

static void print_decision(struct buf *buf, const char *name, const struct gateway_source *source,
	const char *effect, const char *reason, uint64_t n)
{
	if (n == 0) {
		return;
	}
	buf_printf(buf, "%s{", name);
	metrics_label(buf, "tenant", source->config->tenant);
	buf_append_char(buf, ',');
	metrics_label(buf, "source", source->config->name);
	buf_printf(buf, ",effect=\"%s\"", effect);
	if (reason != NULL) {
		buf_append_char(buf, ',');
		metrics_label(buf, "reason", reason);
	}
	buf_printf(buf, "} %llu\n", (unsigned long long)n);
}

static void print_decisions(const struct metrics *metrics, struct buf *buf)
{
	const struct gateway_source *sources = metrics->gateway->sources;

	metrics_head(buf, "scimward_decisions_total", "counter", "Decisions by effect.");
	for (size_t source = 0; source < metrics->source_count; source++) {
		for (size_t effect = 0; effect < METRICS_EFFECTS; effect++) {
			print_decision(buf, "scimward_decisions_total", &sources[source],
				metrics_effects[effect], NULL,
				sum_decisions(metrics, source, effect, 0, false));
		}
	}
	metrics_head(buf, "scimward_decision_reasons_total", "counter",
		"Reasons that decisions gave; one decision may give several.");
	for (size_t source = 0; source < metrics->source_count; source++) {
		for (size_t at = 0; at < (size_t)METRICS_EFFECTS * METRICS_REASONS; at++) {
			size_t reason = at % METRICS_REASONS;

			print_decision(buf, "scimward_decision_reasons_total", &sources[source],
				metrics_effects[at / METRICS_REASONS],
				metrics_reason_name(metrics, reason),
				sum_decisions(metrics, source, at / METRICS_REASONS, reason, true));
		}
	}
	metrics_print_levels(metrics, buf);
	metrics_head(buf, "scimward_source_error_ratio", "gauge",
		"Share of a source's writes of the last 10 to 20 minutes that failed; IdPs give up "
		"when it stays high.");
	for (size_t source = 0; source < metrics->source_count; source++) {
		double share = metrics_error_share(metrics, (unsigned)source);

		if (share >= 0) {
			buf_append_text(buf, "scimward_source_error_ratio{");
			metrics_label(buf, "source", sources[source].config->name);
			buf_printf(buf, "} %.4f\n", share);
		}
	}
}

/* ---- journal, store, policy, process ---- */

static void print_journal(const struct gateway *gateway, struct buf *buf)
{
	struct journal_publisher_status status;
	struct store_stats stats;

	journal_publisher_status(gateway->publisher, &status);
	store_stats(gateway->store, &stats);
	metrics_single(buf, "scimward_journal_index", "gauge", "Entries that are durable.",
		(double)status.seen);
	metrics_single(buf, "scimward_journal_published_index", "gauge",
		"Entries that the signed checkpoint covers.", (double)status.published);
	metrics_single(buf, "scimward_journal_publish_failures_total", "counter",
		"Attempts to publish that failed.", (double)status.failures);
	metrics_head(buf, "scimward_journal_fsync_seconds", "summary",
		"Time of commits, fsync included.");
	buf_printf(buf,
		"scimward_journal_fsync_seconds_sum %.6f\nscimward_journal_fsync_seconds_count "
		"%llu\n",
		(double)stats.commit_us / 1e6, (unsigned long long)stats.commits);
	metrics_single(buf, "scimward_store_bytes", "gauge", "Database and WAL on disk.",
		(double)stats.bytes);
	metrics_single(buf, "scimward_store_operations_total", "counter",
		"Operations made durable.", (double)stats.operations);
	metrics_single(buf, "scimward_store_conflicts_total", "counter",
		"Operations that had to load again.", (double)stats.conflicts);
	metrics_single(buf, "scimward_store_failures_total", "counter",
		"Transactions that the disk refused.", (double)stats.failures);
}

static void print_process(const struct gateway *gateway, struct buf *buf)
{
	struct server_stats stats;
	struct rusage usage;
	long pages = 0;
	long ignored;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file != NULL) {
		if (fscanf(file, "%ld %ld", &ignored, &pages) != 2) {
			pages = 0;
		}
		fclose(file);
	}
	getrusage(RUSAGE_SELF, &usage);
	metrics_head(buf, "scimward_build_info", "gauge", "The program.");
	buf_printf(buf, "scimward_build_info{version=\"%s\",policy_engine=\"ir\"} 1\n",
		SCIMWARD_VERSION);
	metrics_single(buf, "process_resident_memory_bytes", "gauge", "Resident memory.",
		(double)pages * (double)sysconf(_SC_PAGESIZE));
	metrics_single(buf, "process_cpu_seconds_total", "counter", "CPU time.",
		(double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
			(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
	metrics_single(buf, "process_start_time_seconds", "gauge", "When it started.",
		(double)gateway->started_us / 1e6);
	server_stats(gateway->server, &stats);
	metrics_single(
		buf, "scimward_connections", "gauge", "Open connections.", (double)stats.open);
	metrics_single(buf, "scimward_connections_refused_total", "counter",
		"Connections beyond a limit.",
		(double)(stats.refused_total + stats.refused_address));
	if (gateway->tls != NULL) {
		metrics_single(buf, "scimward_tls_certificate_expiry_timestamp_seconds", "gauge",
			"When the certificate ends.", (double)tls_expires_us(gateway->tls) / 1e6);
	}
}

/* ---- apps ---- */

static void app_line(
	struct buf *buf, const char *metric, const char *app, const char *more, double value)
{
	buf_printf(buf, "%s{", metric);
	metrics_label(buf, "app", app);
	buf_printf(buf, "%s} %.17g\n", more, value);
}

static void print_backlogs(
	const struct gateway *gateway, struct buf *buf, struct store_reader *reader)
{
	struct store_backlog *backlogs = must_calloc(gateway->app_count + 1, sizeof(*backlogs));
	int64_t now_us = clock_now_us();

	for (size_t i = 0; i < gateway->app_count; i++) {
		store_backlog(reader, gateway->apps[i].id, &backlogs[i], NULL);
	}
	metrics_head(
		buf, "scimward_outbox_depth", "gauge", "Deliveries that wait or are in flight.");
	for (size_t i = 0; i < gateway->app_count; i++) {
		app_line(buf, "scimward_outbox_depth", gateway->apps[i].config->name, "",
			(double)backlogs[i].open);
	}
	metrics_head(buf, "scimward_outbox_oldest_seconds", "gauge", "Age of the oldest of them.");
	for (size_t i = 0; i < gateway->app_count; i++) {
		int64_t since = backlogs[i].oldest_us;

		app_line(buf, "scimward_outbox_oldest_seconds", gateway->apps[i].config->name, "",
			since > 0 ? (double)(now_us - since) / 1e6 : 0);
	}
	metrics_head(buf, "scimward_dead_letters", "gauge", "Deliveries that are parked.");
	for (size_t i = 0; i < gateway->app_count; i++) {
		app_line(buf, "scimward_dead_letters", gateway->apps[i].config->name, "",
			(double)backlogs[i].parked);
	}
	memory_free(backlogs);
}

static void print_courier(const struct gateway *gateway, struct buf *buf)
{
	struct courier_app_status *apps = must_calloc(gateway->app_count + 1, sizeof(*apps));
	size_t count = courier_status(gateway->courier, apps, gateway->app_count);

	metrics_head(buf, "scimward_deliveries_total", "counter", "Outcomes of deliveries.");
	for (size_t i = 0; i < count; i++) {
		app_line(buf, "scimward_deliveries_total", apps[i].name, ",outcome=\"delivered\"",
			(double)apps[i].delivered);
		app_line(buf, "scimward_deliveries_total", apps[i].name, ",outcome=\"retried\"",
			(double)apps[i].retried);
		app_line(buf, "scimward_deliveries_total", apps[i].name, ",outcome=\"parked\"",
			(double)apps[i].parked);
	}
	metrics_head(buf, "scimward_unknown_outcomes_total", "counter",
		"Lost replies that were resolved by reading.");
	for (size_t i = 0; i < count; i++) {
		app_line(buf, "scimward_unknown_outcomes_total", apps[i].name, "",
			(double)apps[i].unknown);
	}
	metrics_head(buf, "scimward_duplicates_avoided_total", "counter",
		"Accounts that were found and adopted instead of made again.");
	for (size_t i = 0; i < count; i++) {
		app_line(buf, "scimward_duplicates_avoided_total", apps[i].name, "",
			(double)apps[i].adopted);
	}
	metrics_head(buf, "scimward_time_to_revoke_seconds", "gauge",
		"From the last leaver's decision to the app's answer.");
	for (size_t i = 0; i < count; i++) {
		if (apps[i].revoke_us_last >= 0) {
			app_line(buf, "scimward_time_to_revoke_seconds", apps[i].name, "",
				(double)apps[i].revoke_us_last / 1e6);
		}
	}
	metrics_head(
		buf, "scimward_breaker_open", "gauge", "1: the app is left alone for a while.");
	for (size_t i = 0; i < count; i++) {
		app_line(buf, "scimward_breaker_open", apps[i].name, "",
			apps[i].breaker_open ? 1 : 0);
	}
	memory_free(apps);
}

static const struct metrics_step *find_step(const struct metrics_thread *thread, const char *name)
{
	for (size_t i = 0; i < METRICS_STEPS; i++) {
		const struct metrics_step *step = &thread->steps[i];
		const char *its = __atomic_load_n(&step->name, __ATOMIC_ACQUIRE);

		if (its != NULL && strcmp(its, name) == 0) {
			return step;
		}
	}
	return NULL;
}

/* The sum of worker `first` and those behind it; nothing when one before it has met the step. */
static void print_step(
	const struct metrics *metrics, struct buf *buf, unsigned first, const char *name)
{
	uint64_t calls = 0;
	uint64_t cpu_ns = 0;

	for (unsigned i = 0; i < metrics->thread_count; i++) {
		const struct metrics_step *step = find_step(&metrics->threads[i], name);

		if (step != NULL && i < first) {
			return;
		}
		if (step != NULL) {
			calls += __atomic_load_n(&step->calls, __ATOMIC_RELAXED);
			cpu_ns += __atomic_load_n(&step->cpu_ns, __ATOMIC_RELAXED);
		}
	}
	buf_printf(buf,
		"scimward_step_cpu_seconds_sum{step=\"%s\"} %.9f\n"
		"scimward_step_cpu_seconds_count{step=\"%s\"} %llu\n",
		name, (double)cpu_ns / 1e9, name, (unsigned long long)calls);
}

/* With SCIMWARD_STEP_TIMES=1 only. */
static void print_steps(const struct metrics *metrics, struct buf *buf)
{
	if (!metrics_has_steps(&metrics->threads[0])) {
		return;
	}
	metrics_head(buf, "scimward_step_cpu_seconds", "summary", "CPU of the steps of a request.");
	for (unsigned i = 0; i < metrics->thread_count; i++) {
		for (size_t j = 0; j < METRICS_STEPS; j++) {
			const char *name = __atomic_load_n(
				&metrics->threads[i].steps[j].name, __ATOMIC_ACQUIRE);

			if (name != NULL) {
				print_step(metrics, buf, i, name);
			}
		}
	}
}

void metrics_print(struct metrics *metrics, struct store_reader *reader, struct buf *buf)
{
	const struct gateway *gateway = metrics->gateway;

	print_requests(metrics, buf);
	print_histogram(metrics, buf, "scimward_http_request_duration_seconds",
		"From a whole request to its reply.", offsetof(struct metrics_thread, request_time),
		metrics_request_bounds);
	print_decisions(metrics, buf);
	print_histogram(metrics, buf, "scimward_decision_duration_seconds",
		"Building the input and asking the policy.",
		offsetof(struct metrics_thread, decision_time), metrics_decision_bounds);
	print_steps(metrics, buf);
	print_journal(gateway, buf);
	metrics_print_policy(metrics, buf);
	if (gateway->app_count > 0) {
		print_backlogs(gateway, buf, reader);
		print_courier(gateway, buf);
	}
	print_process(gateway, buf);
}
