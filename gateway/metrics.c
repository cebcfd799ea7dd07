#include "gateway/metrics.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/memory.h"
#include "config/config.h"
#include "gateway/flows.h"
#include "gateway/gateway.h"
#include "gateway/metrics_print.h"
#include "gateway/request.h"
#include "io/loop.h"
#include "policy/decision.h"
#include "scim/schema.h"

/* ---- what is counted: see metrics_print.h ---- */

const int metrics_codes[METRICS_CODES] = { 200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 406,
	408, 409, 412, 413, 414, 415, 417, 429, 431, 500, 501, 502, 503, 505, 0 };
const char *const metrics_effects[METRICS_EFFECTS] = { "allow", "deny", "hold", "error" };
/* µs: 1 ms … 10 s for requests, 2 µs … 50 ms for decisions. */
const int64_t metrics_request_bounds[METRICS_BUCKETS] = { 1000, 2500, 5000, 10000, 25000, 50000,
	100000, 250000, 500000, 1000000, 2500000, 10000000 };
const int64_t metrics_decision_bounds[METRICS_BUCKETS] = { 2, 5, 10, 15, 25, 50, 100, 250, 1000,
	5000, 20000, 50000 };

/* Written by one thread, read by another: relaxed atomics tear nothing and cost nothing. */
static void count(uint64_t *counter, uint64_t by)
{
	__atomic_store_n(counter, *counter + by, __ATOMIC_RELAXED);
}

static void observe(struct metrics_histogram *histogram, const int64_t *bounds, int64_t us)
{
	size_t i = 0;

	while (i < METRICS_BUCKETS && us > bounds[i]) {
		i++;
	}
	count(&histogram->buckets[i], 1);
	count(&histogram->sum_us, us > 0 ? (uint64_t)us : 0);
}

static bool measures_steps(void)
{
	const char *text = getenv("SCIMWARD_STEP_TIMES");

	return text != NULL && strcmp(text, "1") == 0;
}

struct metrics *metrics_new(const struct gateway *gateway, unsigned threads)
{
	struct metrics *metrics = must_calloc(1, sizeof(*metrics));

	metrics->gateway = gateway;
	metrics->threads = must_calloc(threads, sizeof(*metrics->threads));
	metrics->thread_count = threads;
	metrics->tenant_count = gateway->config->tenant_count + 1; /* the last: nobody's */
	metrics->source_count = gateway->source_count;
	pthread_mutex_init(&metrics->mutex, NULL);
	for (unsigned i = 0; i < threads; i++) {
		struct metrics_thread *thread = &metrics->threads[i];

		thread->metrics = metrics;
		thread->requests = must_calloc(metrics->tenant_count, sizeof(*thread->requests));
		thread->decisions =
			must_calloc(metrics->source_count + 1, sizeof(*thread->decisions));
		thread->shares = must_calloc(metrics->source_count + 1, sizeof(*thread->shares));
		if (measures_steps()) {
			thread->steps = must_calloc(METRICS_STEPS, sizeof(*thread->steps));
		}
	}
	return metrics;
}

void metrics_free(struct metrics *metrics)
{
	if (metrics == NULL) {
		return;
	}
	for (unsigned i = 0; i < metrics->thread_count; i++) {
		memory_free(metrics->threads[i].requests);
		memory_free(metrics->threads[i].steps);
		memory_free(metrics->threads[i].decisions);
		memory_free(metrics->threads[i].shares);
	}
	for (size_t i = 0; i < metrics->reason_count; i++) {
		memory_free(metrics->reasons[i]);
	}
	pthread_mutex_destroy(&metrics->mutex);
	memory_free(metrics->threads);
	memory_free(metrics);
}

struct metrics_thread *metrics_of(struct metrics *metrics, unsigned index)
{
	return &metrics->threads[index];
}

/* ---- requests ---- */

static size_t code_index(int status)
{
	size_t i = 0;

	while (i < METRICS_CODES - 1 && metrics_codes[i] != status) {
		i++;
	}
	return i;
}

static size_t resource_index(const struct request *request)
{
	if (request->type == NULL) {
		return METRICS_OTHER;
	}
	if (request->type->is_person) {
		return METRICS_USER;
	}
	return request->type->has_members ? METRICS_GROUP : METRICS_OTHER;
}

/* A search is a POST as well; of a bulk request its operations count. */
static bool is_write(const struct request *request)
{
	enum http_method method = request->http_method;

	return request->flow != flow_search && request->flow != flow_bulk && method != HTTP_GET &&
	       method != HTTP_HEAD && method != HTTP_OPTIONS;
}

/* Two windows of ten minutes, the one under way and the one before. */
static struct metrics_share *share_of(struct metrics_thread *thread, size_t source, int64_t now_us)
{
	int64_t window = now_us / METRICS_SHARE_WINDOW_US;
	struct metrics_share *share = &thread->shares[source][window % 2];

	if (__atomic_load_n(&share->window, __ATOMIC_RELAXED) != window) {
		__atomic_store_n(&share->window, window, __ATOMIC_RELAXED);
		__atomic_store_n(&share->writes, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&share->failures, 0, __ATOMIC_RELAXED);
	}
	return share;
}

void metrics_request(struct metrics_thread *thread, const struct request *request)
{
	const struct gateway_source *source = request->source;
	size_t tenant =
		source != NULL ? source->config->tenant_index : thread->metrics->tenant_count - 1;
	enum http_method method = request->http_method;

	if (request->parent == NULL) { /* operations of a bulk request are not sent one by one */
		count(&thread->requests[tenant]
				.by[method][resource_index(request)][code_index(request->status)],
			1);
		observe(&thread->request_time, metrics_request_bounds,
			loop_now_us() - request->started_us);
	}
	if (source != NULL && is_write(request)) {
		struct metrics_share *share = share_of(thread, source->index, request->time_us);

		count(&share->writes, 1);
		count(&share->failures, request->status >= 400 ? 1 : 0);
	}
}

void metrics_refused(struct metrics_thread *thread, int status)
{
	count(&thread->refused[code_index(status)], 1);
}

double metrics_error_share(const struct metrics *metrics, unsigned source)
{
	int64_t window = clock_now_us() / METRICS_SHARE_WINDOW_US;
	uint64_t writes = 0;
	uint64_t failures = 0;

	for (unsigned i = 0; i < metrics->thread_count; i++) {
		for (size_t j = 0; j < 2; j++) {
			const struct metrics_share *share = &metrics->threads[i].shares[source][j];

			if (__atomic_load_n(&share->window, __ATOMIC_RELAXED) >= window - 1) {
				writes += __atomic_load_n(&share->writes, __ATOMIC_RELAXED);
				failures += __atomic_load_n(&share->failures, __ATOMIC_RELAXED);
			}
		}
	}
	return writes >= METRICS_SHARE_MIN ? (double)failures / (double)writes : -1;
}

/* ---- decisions ---- */

/* A code's number; codes beyond the cap are one. The policy makes them, so they are few and stay.
 */
static size_t reason_index(struct metrics *metrics, const char *code)
{
	size_t i = 0;

	pthread_mutex_lock(&metrics->mutex);
	while (i < metrics->reason_count && strcmp(metrics->reasons[i], code) != 0) {
		i++;
	}
	if (i == metrics->reason_count && i < METRICS_REASONS - 1) {
		metrics->reasons[metrics->reason_count++] = must_strdup(code);
	}
	pthread_mutex_unlock(&metrics->mutex);
	return i < METRICS_REASONS - 1 ? i : METRICS_REASONS - 1;
}

void metrics_decision(struct metrics_thread *thread, unsigned source, const char *effect,
	const char *const *reasons, size_t reason_count, int64_t decide_us)
{
	struct metrics_decisions *row = &thread->decisions[source];
	size_t at = 0;

	while (at < METRICS_EFFECTS - 1 && strcmp(metrics_effects[at], effect) != 0) {
		at++;
	}
	count(&row->effects[at], 1);
	observe(&thread->decision_time, metrics_decision_bounds, decide_us);
	for (size_t i = 0; i < reason_count; i++) {
		count(&row->reasons[at][reason_index(thread->metrics, reasons[i])], 1);
		if (strncmp(reasons[i], "rail.", 5) == 0) {
			count(&thread->mass_change_blocked, 1);
		}
	}
}

void metrics_levels(struct metrics_thread *thread, unsigned source,
	const struct policy_reason *observed, size_t observed_count, bool overridden)
{
	struct metrics_decisions *row = &thread->decisions[source];

	for (size_t i = 0; i < observed_count; i++) {
		count(&row->observed[reason_index(thread->metrics, observed[i].code)], 1);
	}
	count(&row->overridden, overridden ? 1 : 0);
}

bool metrics_has_steps(const struct metrics_thread *thread)
{
	return thread->steps != NULL;
}

void metrics_step(struct metrics_thread *thread, const char *name, int64_t cpu_ns)
{
	for (size_t i = 0; i < METRICS_STEPS; i++) {
		struct metrics_step *step = &thread->steps[i];

		if (step->name == NULL) {
			__atomic_store_n(&step->name, name, __ATOMIC_RELEASE);
		}
		if (strcmp(step->name, name) == 0) {
			count(&step->calls, 1);
			count(&step->cpu_ns, cpu_ns > 0 ? (uint64_t)cpu_ns : 0);
			return;
		}
	}
}

void metrics_policy_load(struct metrics *metrics, bool ok, int64_t now_us)
{
	if (ok) {
		__atomic_store_n(&metrics->policy_loaded_us, now_us, __ATOMIC_RELAXED);
	} else {
		__atomic_add_fetch(&metrics->policy_failures, 1, __ATOMIC_RELAXED);
	}
}
