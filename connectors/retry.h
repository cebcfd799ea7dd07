/*
 * retry: when to try again, and the breaker of an app. Pure: time is handed in.
 *
 * Full jitter: a random part of min(cap, base · 2^attempts), so that those who failed together do
 * not come back together.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct config_app;

/* Milliseconds until attempt number `attempts` + 1; `dice` is random. */
int64_t retry_delay_ms(const struct config_app *config, int64_t attempts, uint64_t dice);

/*
 * The breaker: after `breaker.failures` in a row, or half of the last 20, the app is left alone but
 * for one probe now and then; the first that succeeds closes it. It never gives up and drops
 * nothing.
 *
 *     closed ──failures──▶ open ──probe due──▶ half open ──probe ok──▶ closed
 *                           ▲                     └──probe failed──┘ (longer until the next)
 */
struct breaker {
	uint32_t history; /* newest in bit 0; 1: failed */
	unsigned seen;    /* of the last 20 */
	unsigned in_a_row;
	bool open;
	int64_t since_us;
	int64_t probe_us;   /* next probe */
	int64_t wait_ms;    /* until the one after that */
	const char *reason; /* static word */
};

void breaker_success(struct breaker *breaker);
/* True: this failure opened it. reason: "unreachable", "credentials", "errors". */
bool breaker_failure(struct breaker *breaker, const struct config_app *config, const char *reason,
	int64_t now_us);
/* Credentials concern the app, not the delivery: opens at once. True: it was closed. */
bool breaker_trip(struct breaker *breaker, const struct config_app *config, const char *reason,
	int64_t now_us);
/* The probe failed. */
void breaker_probe_failed(struct breaker *breaker, const char *reason, int64_t now_us);
