/*
 * metrics: counters per thread, added up when somebody asks (Prometheus text exposition 0.0.4).
 *
 * Labels come from bounded sets: methods, resource types, statuses, effects, names of the
 * configuration, and reason codes up to a cap. Never from a request.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct gateway;
struct metrics;
struct metrics_thread;
struct policy_reason;
struct request;
struct value;

struct metrics *metrics_new(const struct gateway *gateway, unsigned threads);
void metrics_free(struct metrics *metrics);
/* Of one worker; written by its thread only, read by others with relaxed atomics. */
struct metrics_thread *metrics_of(struct metrics *metrics, unsigned index);

/* At the end of a request. */
void metrics_request(struct metrics_thread *thread, const struct request *request);
/* The server refused by itself before there was a request. */
void metrics_refused(struct metrics_thread *thread, int status);
/* A decision: effect "allow", "deny", "hold", "error"; reasons: array of codes or NULL. */
void metrics_decision(struct metrics_thread *thread, unsigned source, const char *effect,
	const char *const *reasons, size_t reason_count, int64_t decide_us);
/* Of the same decision: reasons that do not act, and whether an admin's override made it pass. */
void metrics_levels(struct metrics_thread *thread, unsigned source,
	const struct policy_reason *observed, size_t observed_count, bool overridden);
/*
 * CPU of one step, by its name. Only when the environment has SCIMWARD_STEP_TIMES=1 (it costs about
 * half a microsecond a step): metrics_has_steps() says so. For `./run bench`.
 */
bool metrics_has_steps(const struct metrics_thread *thread);
void metrics_step(struct metrics_thread *thread, const char *name, int64_t cpu_ns);
/* Any thread. */
void metrics_policy_load(struct metrics *metrics, bool ok, int64_t now_us);

/*
 * Share of a source's last requests that failed (4xx and 5xx of writes), 0 to 1; < 0: too few to
 * say. An IdP that sees too many failures gives the whole job up (facts: scim.md, 2).
 */
double metrics_error_share(const struct metrics *metrics, unsigned source);

/* The whole exposition, the store's and the courier's own counters included. In the reader's
 * thread. */
struct store_reader;
void metrics_print(struct metrics *metrics, struct store_reader *reader, struct buf *buf);
