/*
 * quota: how many requests a source may send, as a generic cell rate (ITU-T I.371): a burst of one
 * second at the rate, then evenly. One atomic per source, shared by all workers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct quota {
	int64_t next_us; /* atomic: when the next request would be exactly on time */
};

/* True: it may pass, and is counted. per_s 0: everything passes. now_us is monotonic. */
bool quota_take(struct quota *quota, int64_t per_s, int64_t now_us);
