/*
 * Time zone files that nobody wrote. What is read as one must answer for any instant, and its
 * periods must hold the instant that was asked for.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "policy/builtin_time.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const int64_t instants[] = { INT64_MIN / 1000000000, -2208988800, -1, 0, 1,
		951782400, 1774746000, 4102444800, INT64_MAX / 1000000000 };
	struct policy_zone *zone = policy_zone_parse(bytes, size);

	for (size_t i = 0; zone != NULL && i < sizeof(instants) / sizeof(instants[0]); i++) {
		struct zone_period period = policy_zone_at(zone, instants[i]);
		if (period.begin > instants[i] || period.end <= instants[i] ||
			period.name == NULL) {
			abort();
		}
		policy_seconds_of(zone, instants[i] / 86400, instants[i] % 86400);
	}
	policy_zone_free(zone);
	return 0;
}
