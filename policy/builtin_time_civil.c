#include "policy/builtin_time.h"

/* Days since 1970-01-01 of the first of March 0000, where leap days fall at the end of years. */
#define MARCH_0 719468

int policy_days_in(int64_t year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month == 2 && leap ? 29 : days[month - 1];
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t policy_days_of(int64_t year, int64_t month, int64_t day)
{
	year += floor_div(month - 1, 12);
	month = month - 1 - floor_div(month - 1, 12) * 12 + 1;
	year -= month <= 2;
	int64_t era = floor_div(year, 400);
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - MARCH_0;
}

struct civil policy_civil_of(int64_t local_seconds)
{
	int64_t days = floor_div(local_seconds, 86400);
	int second = (int)(local_seconds - days * 86400);
	int64_t era = floor_div(days + MARCH_0, 146097);
	int64_t day_of_era = days + MARCH_0 - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153; /* from March */
	struct civil civil = {
		.day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
		.month = (int)(month < 10 ? month + 3 : month - 9),
		.hour = second / 3600,
		.minute = second / 60 % 60,
		.second = second % 60,
		.weekday = (int)((days % 7 + 11) % 7), /* 1970-01-01 was a Thursday */
	};

	civil.year = year_of_era + era * 400 + (civil.month <= 2);
	civil.year_day = (int)(days - policy_days_of(civil.year, 1, 1)) + 1;
	return civil;
}

int64_t policy_seconds_of(const struct policy_zone *zone, int64_t days, int64_t second_of_day)
{
	int64_t local = days * 86400 + second_of_day;
	struct zone_period period = policy_zone_at(zone, local); /* nearly right */
	int64_t seconds = local - period.offset;

	if (period.offset != 0 && (seconds < period.begin || seconds >= period.end)) {
		seconds = local - policy_zone_at(zone, seconds).offset;
	}
	return seconds;
}

bool policy_instant_ns(struct instant instant, int64_t *ns)
{
	int64_t seconds = instant.seconds;
	int64_t rest = instant.nanoseconds;

	if (seconds < 0 && rest > 0) { /* so that the product does not overflow at the low end */
		seconds++;
		rest -= NS_PER_SECOND;
	}
	return !__builtin_mul_overflow(seconds, NS_PER_SECOND, ns) &&
	       !__builtin_add_overflow(*ns, rest, ns);
}
