/*
 * rate: how many people and memberships a source has removed within the window, for the rails.
 *
 * One-minute buckets in memory per (tenant, source), rebuilt from the store at start. A removal is
 * reserved before its decision and counts from then on, so that parallel requests cannot slip past
 * a rail together; it is given back when it was not allowed or not committed.
 *
 * Shared by all workers: one mutex, held for the sum over the buckets.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "store/record.h"

struct error;
struct rate;
struct store_reader;

#define RATE_WINDOW_S 3600

/* counts and recent: [kind - 1] of enum store_rate_kind. */
struct rate_claim {
	int tenant;
	int source;
	int64_t counts[STORE_RATE_KINDS];
	int64_t recent[STORE_RATE_KINDS]; /* filled by rate_reserve(): without this claim's own */
	bool held;
};

struct rate *rate_new(void);
void rate_free(struct rate *rate);

/* Fills the buckets from the store; at start. ERROR_STORE. */
bool rate_load(struct rate *rate, struct store_reader *reader, int64_t now_us, struct error *err);

/* Tells what is recent and adds claim->counts to what is reserved. */
void rate_reserve(struct rate *rate, struct rate_claim *claim, int64_t now_us);

/* Ends a reservation: it happened (then it counts for the minute of now_us) or it did not. Nothing
 * for one that is not held. */
void rate_settle(struct rate *rate, struct rate_claim *claim, bool happened, int64_t now_us);
