/*
 * metrics_print: the layout of the counters, shared by metrics.c (counts), metrics_print.c and
 * metrics_policy.c (print), and by nobody else.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "io/http.h"

struct gateway;

enum {
	METRICS_CODES = 26, /* the last: any other */
	METRICS_EFFECTS = 4,
	METRICS_REASONS = 128, /* the last: all beyond the cap */
	METRICS_BUCKETS = 12,
	METRICS_STEPS = 32,     /* names of steps; more are not counted */
	METRICS_SHARE_MIN = 10, /* writes, before a share of failures means something */
};
enum metrics_resource { METRICS_USER, METRICS_GROUP, METRICS_OTHER, METRICS_RESOURCES };

#define METRICS_SHARE_WINDOW_US 600000000LL

extern const int metrics_codes[METRICS_CODES];
extern const char *const metrics_effects[METRICS_EFFECTS];
extern const int64_t metrics_request_bounds[METRICS_BUCKETS];
extern const int64_t metrics_decision_bounds[METRICS_BUCKETS];

struct metrics_histogram {
	uint64_t buckets[METRICS_BUCKETS + 1];
	uint64_t sum_us;
};

struct metrics_requests {
	uint64_t by[HTTP_METHOD_COUNT][METRICS_RESOURCES][METRICS_CODES];
};

struct metrics_decisions {
	uint64_t effects[METRICS_EFFECTS];
	uint64_t reasons[METRICS_EFFECTS][METRICS_REASONS];
	uint64_t observed[METRICS_REASONS];
	uint64_t overridden;
};

struct metrics_share {
	int64_t window;
	uint64_t writes;
	uint64_t failures;
};

struct metrics_step {
	const char *name; /* static; NULL: free. Written before its counters are. */
	uint64_t calls;
	uint64_t cpu_ns;
};

struct metrics_thread {
	struct metrics *metrics;
	struct metrics_step *steps;        /* METRICS_STEPS; NULL: not measured */
	struct metrics_requests *requests; /* by tenant */
	uint64_t refused[METRICS_CODES];
	struct metrics_histogram request_time;
	struct metrics_decisions *decisions; /* by source */
	struct metrics_histogram decision_time;
	uint64_t mass_change_blocked;
	struct metrics_share (*shares)[2]; /* by source */
};

struct metrics {
	const struct gateway *gateway;
	struct metrics_thread *threads;
	unsigned thread_count;
	size_t tenant_count;
	size_t source_count;
	pthread_mutex_t mutex; /* of reasons */
	char *reasons[METRICS_REASONS];
	size_t reason_count;
	int64_t policy_loaded_us;
	uint64_t policy_failures;
};

/* ---- metrics_policy.c, for metrics_print.c ---- */

struct buf;

/* The code that a counter of reasons is of. */
const char *metrics_reason_name(const struct metrics *metrics, size_t reason);
void metrics_print_levels(const struct metrics *metrics, struct buf *buf);
void metrics_print_policy(const struct metrics *metrics, struct buf *buf);
