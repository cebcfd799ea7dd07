#include "connectors/retry.h"

#include "config/config.h"

enum { HISTORY = 20 };
#define PROBE_MAX_MS (5 * 60 * 1000)

int64_t retry_delay_ms(const struct config_app *config, int64_t attempts, uint64_t dice)
{
	int64_t limit = config->retry.base_ms;

	for (int64_t i = 1; i < attempts && limit < config->retry.cap_ms; i++) {
		limit *= 2;
	}
	if (limit > config->retry.cap_ms) {
		limit = config->retry.cap_ms;
	}
	return limit <= 1 ? 1 : 1 + (int64_t)(dice % (uint64_t)limit);
}

static void remember(struct breaker *breaker, bool failed)
{
	breaker->history = (breaker->history << 1 | (failed ? 1U : 0U)) & ((1U << HISTORY) - 1);
	if (breaker->seen < HISTORY) {
		breaker->seen++;
	}
	breaker->in_a_row = failed ? breaker->in_a_row + 1 : 0;
}

void breaker_success(struct breaker *breaker)
{
	remember(breaker, false);
	if (breaker->open) {
		*breaker = (struct breaker){ 0 };
	}
}

bool breaker_trip(struct breaker *breaker, const struct config_app *config, const char *reason,
	int64_t now_us)
{
	if (breaker->open) {
		breaker->reason = reason;
		return false;
	}
	breaker->open = true;
	breaker->reason = reason;
	breaker->since_us = now_us;
	breaker->wait_ms = config->breaker.probe_ms;
	breaker->probe_us = now_us + breaker->wait_ms * 1000;
	return true;
}

bool breaker_failure(struct breaker *breaker, const struct config_app *config, const char *reason,
	int64_t now_us)
{
	remember(breaker, true);
	if ((int64_t)breaker->in_a_row < config->breaker.failures &&
		(breaker->seen < HISTORY || __builtin_popcount(breaker->history) < HISTORY / 2)) {
		return false;
	}
	return breaker_trip(breaker, config, reason, now_us);
}

void breaker_probe_failed(struct breaker *breaker, const char *reason, int64_t now_us)
{
	breaker->reason = reason;
	breaker->wait_ms *= 2;
	if (breaker->wait_ms > PROBE_MAX_MS) {
		breaker->wait_ms = PROBE_MAX_MS;
	}
	breaker->probe_us = now_us + breaker->wait_ms * 1000;
}
