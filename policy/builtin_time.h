/*
 * Instants, calendar and zones as Go's package time has them. Pure but for zones by name, which
 * are read from the system's time zone files (see policy_zone_load()).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/builtin_span.h"

struct error;
struct buf;

#define NS_PER_SECOND INT64_C(1000000000)

/* The offset from UTC that holds from `begin` until before `end` (seconds since 1970). */
struct zone_period {
	int64_t begin, end; /* INT64_MIN, INT64_MAX: without end */
	int32_t offset;     /* seconds east of UTC */
	const char *name;   /* "CET"; "" when nobody named it */
};

struct policy_zone; /* immutable; NULL is UTC */

/*
 * "Europe/Berlin" from /usr/share/zoneinfo. NULL: ERROR_VALUE, there is none of that name. One
 * heap block. Which rules a zone has is the system's business: an upgrade of tzdata may change
 * what a policy sees for instants whose rules changed.
 */
struct policy_zone *policy_zone_load(const char *name, size_t size, struct error *err);
/* From the bytes of a TZif file (RFC 8536). NULL: they are none. */
struct policy_zone *policy_zone_parse(const void *bytes, size_t size);
void policy_zone_free(void *zone);
struct zone_period policy_zone_at(const struct policy_zone *zone, int64_t seconds);

/* A wall clock. */
struct civil {
	int64_t year;
	int month, day; /* from 1 */
	int hour, minute, second;
	int weekday;  /* 0: Sunday */
	int year_day; /* from 1 */
};

/* Of local seconds (UTC seconds + offset). */
struct civil policy_civil_of(int64_t local_seconds);
/* Any day and month number: the 0th is the last of the month before, as Go counts. */
int64_t policy_days_of(int64_t year, int64_t month, int64_t day);
int policy_days_in(int64_t year, int month);

struct instant {
	int64_t seconds; /* since 1970, UTC */
	int32_t nanoseconds;
	const struct policy_zone *zone;
};
/* Local fields to an instant of the zone, as Go's time.Date(): gaps and overlaps included. */
int64_t policy_seconds_of(const struct policy_zone *zone, int64_t days, int64_t second_of_day);
/* False: outside what 64 bits of nanoseconds hold. */
bool policy_instant_ns(struct instant instant, int64_t *ns);

/*
 * Go's layouts: "2006-01-02T15:04:05Z07:00". Parsing knows no local zone: a zone by its letters
 * has the offset 0, as in Go where the machine's zone is UTC. False: ERROR_VALUE in Go's words.
 */
bool policy_time_parse(
	struct span layout, struct span text, struct instant *instant, struct error *err);
void policy_time_format(struct buf *buf, struct instant instant, struct span layout);
/* "RFC1123" and the like; else the layout itself. */
struct span policy_layout_named(struct span layout);

/* One element of a layout. */
enum layout_part {
	LAYOUT_END,
	LAYOUT_LONG_MONTH,
	LAYOUT_MONTH,
	LAYOUT_NUM_MONTH,
	LAYOUT_ZERO_MONTH,
	LAYOUT_LONG_WEEKDAY,
	LAYOUT_WEEKDAY,
	LAYOUT_DAY,
	LAYOUT_UNDER_DAY,
	LAYOUT_ZERO_DAY,
	LAYOUT_UNDER_YEAR_DAY,
	LAYOUT_ZERO_YEAR_DAY,
	LAYOUT_HOUR,
	LAYOUT_HOUR12,
	LAYOUT_ZERO_HOUR12,
	LAYOUT_MINUTE,
	LAYOUT_ZERO_MINUTE,
	LAYOUT_SECOND,
	LAYOUT_ZERO_SECOND,
	LAYOUT_LONG_YEAR,
	LAYOUT_YEAR,
	LAYOUT_PM,
	LAYOUT_LOWER_PM,
	LAYOUT_ZONE_NAME,
	LAYOUT_OFFSET,   /* see below */
	LAYOUT_FRACTION, /* .000 or .999 */
};

struct layout_chunk {
	struct span prefix; /* stands before it as it is */
	enum layout_part part;
	struct span text; /* the element itself */
	struct span rest;
	bool z, colon; /* of an offset: Z for UTC; hours and minutes apart */
	int fields;    /* of an offset: 1 hours, 2 minutes too, 3 seconds too */
	int digits;    /* of a fraction */
	bool trims;    /* of a fraction: .999 */
};
struct layout_chunk policy_layout_next(struct span layout);

extern const char *const policy_month_names[12];
extern const char *const policy_weekday_names[7];
