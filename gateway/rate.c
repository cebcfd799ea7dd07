#include "gateway/rate.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/memory.h"
#include "store/read.h"

#define MINUTE_US 60000000LL
enum { BUCKETS = RATE_WINDOW_S / 60 };

struct rate_row {
	int tenant;
	int source;
	int64_t minute;                             /* of the newest bucket */
	int64_t buckets[STORE_RATE_KINDS][BUCKETS]; /* at minute % BUCKETS */
	int64_t sums[STORE_RATE_KINDS];
	int64_t reserved[STORE_RATE_KINDS];
};

struct rate {
	pthread_mutex_t mutex;
	struct rate_row *rows; /* one per source that wrote: few */
	size_t count;
};

struct rate *rate_new(void)
{
	struct rate *rate = must_calloc(1, sizeof(*rate));

	pthread_mutex_init(&rate->mutex, NULL);
	return rate;
}

void rate_free(struct rate *rate)
{
	if (rate == NULL) {
		return;
	}
	pthread_mutex_destroy(&rate->mutex);
	memory_free(rate->rows);
	memory_free(rate);
}

static struct rate_row *row_of(struct rate *rate, int tenant, int source, int64_t minute)
{
	struct rate_row *row;

	for (size_t i = 0; i < rate->count; i++) {
		if (rate->rows[i].tenant == tenant && rate->rows[i].source == source) {
			return &rate->rows[i];
		}
	}
	rate->rows = must_realloc(rate->rows, (rate->count + 1) * sizeof(*rate->rows));
	row = &rate->rows[rate->count++];
	memset(row, 0, sizeof(*row));
	row->tenant = tenant;
	row->source = source;
	row->minute = minute;
	return row;
}

/* Empties the buckets between the newest one and `minute`. A clock that went back changes nothing.
 */
static void advance(struct rate_row *row, int64_t minute)
{
	int64_t steps = minute - row->minute;

	if (steps <= 0) {
		return;
	}
	for (int64_t i = 1; i <= (steps < BUCKETS ? steps : BUCKETS); i++) {
		size_t at = (size_t)((row->minute + i) % BUCKETS);

		for (size_t kind = 0; kind < STORE_RATE_KINDS; kind++) {
			row->sums[kind] -= row->buckets[kind][at];
			row->buckets[kind][at] = 0;
		}
	}
	row->minute = minute;
}

static void add(struct rate_row *row, size_t kind, int64_t minute, int64_t count)
{
	row->buckets[kind][(size_t)(minute % BUCKETS)] += count;
	row->sums[kind] += count;
}

bool rate_load(struct rate *rate, struct store_reader *reader, int64_t now_us, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const struct store_rate *rows;
	size_t count;
	int64_t minute = now_us / MINUTE_US;

	if (!store_rates(reader, arena, minute - BUCKETS + 1, &rows, &count, err)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		struct rate_row *row = row_of(rate, rows[i].tenant, rows[i].source, minute);

		/* A clock that went back since then: what was removed counts as of now. */
		add(row, (size_t)rows[i].kind - 1,
			rows[i].minute > minute ? minute : rows[i].minute, rows[i].count);
	}
	return true;
}

void rate_reserve(struct rate *rate, struct rate_claim *claim, int64_t now_us)
{
	int64_t minute = now_us / MINUTE_US;

	pthread_mutex_lock(&rate->mutex);
	struct rate_row *row = row_of(rate, claim->tenant, claim->source, minute);
	advance(row, minute);
	for (size_t kind = 0; kind < STORE_RATE_KINDS; kind++) {
		claim->recent[kind] = row->sums[kind] + row->reserved[kind];
		row->reserved[kind] += claim->counts[kind];
	}
	pthread_mutex_unlock(&rate->mutex);
	claim->held = true;
}

void rate_settle(struct rate *rate, struct rate_claim *claim, bool happened, int64_t now_us)
{
	int64_t minute = now_us / MINUTE_US;

	if (!claim->held) {
		return;
	}
	claim->held = false;
	pthread_mutex_lock(&rate->mutex);
	struct rate_row *row = row_of(rate, claim->tenant, claim->source, minute);
	advance(row, minute);
	for (size_t kind = 0; kind < STORE_RATE_KINDS; kind++) {
		row->reserved[kind] -= claim->counts[kind];
		if (happened && claim->counts[kind] > 0) {
			add(row, kind, row->minute, claim->counts[kind]);
		}
	}
	pthread_mutex_unlock(&rate->mutex);
}
