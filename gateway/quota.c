#include "gateway/quota.h"

#define SECOND_US 1000000LL

bool quota_take(struct quota *quota, int64_t per_s, int64_t now_us)
{
	int64_t next_us = __atomic_load_n(&quota->next_us, __ATOMIC_RELAXED);
	int64_t wanted_us;

	if (per_s <= 0) {
		return true;
	}
	do {
		int64_t from_us = next_us > now_us ? next_us : now_us;

		if (from_us - now_us > SECOND_US) {
			return false;
		}
		wanted_us = from_us + SECOND_US / per_s;
	} while (!__atomic_compare_exchange_n(
		&quota->next_us, &next_us, wanted_us, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return true;
}
