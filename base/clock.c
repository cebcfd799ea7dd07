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

	assert(failed == 0); /* these clocks exist on every Linux */
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

int64_t clock_thread_us(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void clock_fake(int64_t us)
{
	atomic_store_explicit(&fake_us, us < 0 ? -1 : us, memory_order_relaxed);
}

static char *put_digits(char *at, unsigned number, int digits)
{
	for (int i = digits - 1; i >= 0; i--) {
		at[i] = (char)('0' + number % 10);
		number /= 10;
	}
	return at + digits;
}

/* Days since 1970-01-01 as year, month and day; years start in March, so that February ends them.
 */
static char *put_date(char *at, int64_t days)
{
	days += 719468; /* since 0000-03-01 */
	unsigned era = (unsigned)(days / 146097);
	unsigned of_era = (unsigned)(days % 146097);
	unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned month = (5 * of_year + 2) / 153; /* from March */
	unsigned day = of_year - (153 * month + 2) / 5 + 1;
	unsigned year = 400 * era + year_of_era + (month >= 10);

	at = put_digits(at, year, 4);
	*at++ = '-';
	at = put_digits(at, month < 10 ? month + 3 : month - 9, 2);
	*at++ = '-';
	return put_digits(at, day, 2);
}

/* Written by hand: gmtime_r() and snprintf() take 400 ns, and every write has several times. */
void clock_format(int64_t us, char text[CLOCK_TEXT_BYTES])
{
	const int64_t day_us = INT64_C(86400000000);
	int64_t of_day = (us % day_us + day_us) % day_us;
	unsigned second = (unsigned)(of_day / 1000000);

	if (us < INT64_C(-62135596800000000) || us > INT64_C(253402300799999999)) {
		snprintf(text, CLOCK_TEXT_BYTES, "out of range"); /* years 1 to 9999 fit */
		return;
	}
	char *at = put_date(text, (us - of_day) / day_us);

	*at++ = 'T';
	at = put_digits(at, second / 3600, 2);
	*at++ = ':';
	at = put_digits(at, second / 60 % 60, 2);
	*at++ = ':';
	at = put_digits(at, second % 60, 2);
	*at++ = '.';
	at = put_digits(at, (unsigned)(of_day % 1000000), 6);
	*at++ = 'Z';
	*at = '\0';
}
