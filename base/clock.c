#include "base/clock.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

static _Atomic int64_t fake_us = -1;

static int64_t read_clock(clockid_t clock)
{
	int64_t fake = atomic_load_explicit(&fake_us, memory_order_relaxed);
	struct timespec now;

	if (fake >= 0) {
		return fake;
	}
	int failed = clock_gettime(clock, &now);

	assert(failed == 0); /* both clocks exist on every Linux */
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_now_us(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic_us(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void clock_fake(int64_t us)
{
	atomic_store_explicit(&fake_us, us < 0 ? -1 : us, memory_order_relaxed);
}

void clock_format(int64_t us, char text[CLOCK_TEXT_BYTES])
{
	int64_t part = us % 1000000;
	struct tm parts;

	if (part < 0) {
		part += 1000000;
	}
	time_t seconds = (time_t)((us - part) / 1000000);

	if (gmtime_r(&seconds, &parts) == NULL || parts.tm_year < -1900 || parts.tm_year > 8099) {
		snprintf(text, CLOCK_TEXT_BYTES, "out of range");
		return;
	}
	snprintf(text, CLOCK_TEXT_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ",
		(unsigned)(parts.tm_year + 1900) % 10000, (unsigned)(parts.tm_mon + 1) % 100,
		(unsigned)parts.tm_mday % 100, (unsigned)parts.tm_hour % 100,
		(unsigned)parts.tm_min % 100, (unsigned)parts.tm_sec % 100, (unsigned)part);
}
