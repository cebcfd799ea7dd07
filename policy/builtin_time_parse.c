/*
 * Text to instant by a layout: Go's time.Parse().
 */
#include <string.h>
#include "base/error.h"
#include "policy/builtin_time.h"

struct parse {
	struct error *err;
	struct span layout, text; /* as given */
	struct span value;        /* what is left */
	const char *range;        /* which part is out of range; NULL: none */
	int64_t year;
	int month, day, year_day; /* -1: not seen */
	int hour, minute, second;
	int32_t nanoseconds;
	bool am, pm, utc, has_offset;
	int32_t offset;
	struct span zone;
};

static bool is_digit(struct span text, size_t at)
{
	return at < text.size && text.at[at] >= '0' && text.at[at] <= '9';
}

static void skip(struct parse *p, size_t bytes)
{
	p->value = span_from(p->value, bytes);
}

/* One or two digits; `fixed`: two. */
static bool take_number(struct parse *p, bool fixed, int *number)
{
	if (!is_digit(p->value, 0) || (fixed && !is_digit(p->value, 1))) {
		return false;
	}
	size_t digits = is_digit(p->value, 1) ? 2 : 1;
	*number = 0;
	for (size_t i = 0; i < digits; i++) {
		*number = *number * 10 + (p->value.at[i] - '0');
	}
	skip(p, digits);
	return true;
}

/* The same, within limits. */
static bool take_within(
	struct parse *p, bool fixed, int least, int most, const char *what, int *number)
{
	if (!take_number(p, fixed, number)) {
		return false;
	}
	if (*number < least || *number > most) {
		p->range = what;
	}
	return true;
}

static bool take_name(
	struct parse *p, const char *const *names, int count, size_t letters, int *index)
{
	for (int i = 0; i < count; i++) {
		size_t size = letters > 0 ? letters : strlen(names[i]);
		if (p->value.size >= size && strncasecmp(p->value.at, names[i], size) == 0) {
			*index = i;
			skip(p, size);
			return true;
		}
	}
	return false;
}

/* ".123" of that many bytes, the point included; digits beyond the ninth are lost. */
static void take_fraction(struct parse *p, size_t bytes)
{
	int32_t nanoseconds = 0;

	for (size_t i = 1; i < 10; i++) {
		nanoseconds = nanoseconds * 10 + (i < bytes ? p->value.at[i] - '0' : 0);
	}
	p->nanoseconds = nanoseconds;
	skip(p, bytes);
}

static size_t digits_at(struct span text, size_t from)
{
	size_t at = from;

	while (is_digit(text, at)) {
		at++;
	}
	return at - from;
}

static bool is_point(struct span text)
{
	return text.size > 0 && (text.at[0] == '.' || text.at[0] == ',');
}

static bool parse_fraction(struct parse *p, const struct layout_chunk *chunk)
{
	size_t bytes = 1 + (size_t)chunk->digits;

	if (chunk->trims) {
		if (is_point(p->value) && is_digit(p->value, 1)) {
			take_fraction(p, 1 + digits_at(p->value, 1));
		}
		return true;
	}
	if (p->value.size < bytes || !is_point(p->value)) {
		return false;
	}
	size_t looked =
		bytes < 10 ? bytes : 10; /* Go reads no further, and accepts what stands there */
	if (digits_at((struct span){ p->value.at, looked }, 1) != looked - 1) {
		return false;
	}
	take_fraction(p, bytes);
	return true;
}

/* Seconds may have a fraction that the layout does not mention. */
static bool parse_second(struct parse *p, const struct layout_chunk *chunk)
{
	if (!take_within(p, chunk->part == LAYOUT_ZERO_SECOND, 0, 59, "second", &p->second) ||
		p->range != NULL) {
		return p->range != NULL;
	}
	if (is_point(p->value) && is_digit(p->value, 1) &&
		policy_layout_next(chunk->rest).part != LAYOUT_FRACTION) {
		take_fraction(p, 1 + digits_at(p->value, 1));
	}
	return true;
}

static bool parse_offset(struct parse *p, const struct layout_chunk *chunk)
{
	static const char *const whats[] = { "time zone offset hour", "time zone offset minute",
		"time zone offset second" };
	static const int most[] = { 24, 60, 60 };
	int parts[3] = { 0 };

	if (chunk->z && p->value.size > 0 && p->value.at[0] == 'Z') {
		skip(p, 1);
		p->utc = true;
		return true;
	}
	if (p->value.size < chunk->text.size) {
		return false;
	}
	char sign = p->value.at[0];
	skip(p, 1);
	for (int i = 0; i < chunk->fields; i++) {
		if (i > 0 && chunk->colon) {
			if (p->value.at[0] != ':') {
				return false;
			}
			skip(p, 1);
		}
		if (!take_number(p, true, &parts[i])) {
			return false;
		}
		if (parts[i] > most[i]) {
			p->range = whats[i];
		}
	}
	p->offset = (parts[0] * 60 + parts[1]) * 60 + parts[2];
	p->offset = sign == '-' ? -p->offset : p->offset;
	p->has_offset = true;
	return sign == '-' || sign == '+';
}

/* "+05" within a zone's name: its bytes; 0: it is none. */
static size_t signed_offset(struct span text)
{
	int hours = 0;
	size_t digits = text.size > 0 ? digits_at(text, 1) : 0;

	if (digits == 0 || (text.at[0] != '-' && text.at[0] != '+')) {
		return 0;
	}
	for (size_t i = 1; i <= digits && hours <= 23; i++) {
		hours = hours * 10 + (text.at[i] - '0');
	}
	return hours <= 23 ? digits + 1 : 0;
}

/* Bytes of what looks like a zone's name; 0: nothing does. */
static size_t zone_name_size(struct span text)
{
	size_t upper = 0;

	if (text.size < 3) {
		return 0;
	}
	if (text.size >= 4 &&
		(memcmp(text.at, "ChST", 4) == 0 || memcmp(text.at, "MeST", 4) == 0)) {
		return 4;
	}
	if (memcmp(text.at, "GMT", 3) == 0) {
		return 3 + signed_offset(span_from(text, 3));
	}
	if (text.at[0] == '+' || text.at[0] == '-') {
		return signed_offset(text);
	}
	while (upper < 6 && upper < text.size && text.at[upper] >= 'A' && text.at[upper] <= 'Z') {
		upper++;
	}
	bool good = upper == 3 || (upper == 5 && text.at[4] == 'T') ||
		    (upper == 4 && (text.at[3] == 'T' || memcmp(text.at, "WITA", 4) == 0));
	return good ? upper : 0;
}

static bool parse_zone_name(struct parse *p)
{
	if (p->value.size >= 3 && memcmp(p->value.at, "UTC", 3) == 0) {
		p->utc = true;
		skip(p, 3);
		return true;
	}
	p->zone = (struct span){ p->value.at, zone_name_size(p->value) };
	skip(p, p->zone.size);
	return p->zone.size > 0;
}

static bool parse_half(struct parse *p, const char *am, const char *pm)
{
	if (p->value.size < 2) {
		return false;
	}
	p->am = p->am || memcmp(p->value.at, am, 2) == 0;
	p->pm = p->pm || memcmp(p->value.at, pm, 2) == 0;
	bool good = memcmp(p->value.at, am, 2) == 0 || memcmp(p->value.at, pm, 2) == 0;
	skip(p, 2);
	return good;
}

static bool parse_year(struct parse *p, size_t digits)
{
	if (digits_at((struct span){ p->value.at, p->value.size < digits ? 0 : digits }, 0) !=
		digits) {
		return false;
	}
	p->year = 0;
	for (size_t i = 0; i < digits; i++) {
		p->year = p->year * 10 + (p->value.at[i] - '0');
	}
	if (digits == 2) {
		p->year += p->year >= 69 ? 1900 : 2000;
	}
	skip(p, digits);
	return true;
}

static bool parse_year_day(struct parse *p, bool fixed)
{
	for (int i = 0; i < 2 && !fixed && p->value.size > 0 && p->value.at[0] == ' '; i++) {
		skip(p, 1);
	}
	size_t digits = digits_at(p->value, 0);
	digits = digits > 3 ? 3 : digits;
	if (digits == 0 || (fixed && digits != 3)) {
		return false;
	}
	p->year_day = 0;
	for (size_t i = 0; i < digits; i++) {
		p->year_day = p->year_day * 10 + (p->value.at[i] - '0');
	}
	skip(p, digits);
	return true;
}

static bool parse_part(struct parse *p, const struct layout_chunk *chunk)
{
	int ignored;

	switch (chunk->part) {
	case LAYOUT_YEAR:
		return parse_year(p, 2);
	case LAYOUT_LONG_YEAR:
		return parse_year(p, 4);
	case LAYOUT_LONG_MONTH:
	case LAYOUT_MONTH: {
		bool good = take_name(
			p, policy_month_names, 12, chunk->part == LAYOUT_MONTH ? 3 : 0, &p->month);
		p->month++;
		return good;
	}
	case LAYOUT_NUM_MONTH:
	case LAYOUT_ZERO_MONTH:
		return take_within(p, chunk->part == LAYOUT_ZERO_MONTH, 1, 12, "month", &p->month);
	case LAYOUT_LONG_WEEKDAY:
	case LAYOUT_WEEKDAY:
		return take_name(p, policy_weekday_names, 7, chunk->part == LAYOUT_WEEKDAY ? 3 : 0,
			&ignored);
	case LAYOUT_UNDER_DAY:
		if (p->value.size > 0 && p->value.at[0] == ' ') {
			skip(p, 1);
		}
		return take_number(p, false, &p->day);
	case LAYOUT_DAY:
	case LAYOUT_ZERO_DAY:
		return take_number(p, chunk->part == LAYOUT_ZERO_DAY, &p->day);
	case LAYOUT_UNDER_YEAR_DAY:
	case LAYOUT_ZERO_YEAR_DAY:
		return parse_year_day(p, chunk->part == LAYOUT_ZERO_YEAR_DAY);
	case LAYOUT_HOUR:
		return take_within(p, false, 0, 23, "hour", &p->hour);
	case LAYOUT_HOUR12:
	case LAYOUT_ZERO_HOUR12:
		return take_within(p, chunk->part == LAYOUT_ZERO_HOUR12, 0, 12, "hour", &p->hour);
	case LAYOUT_MINUTE:
	case LAYOUT_ZERO_MINUTE:
		return take_within(
			p, chunk->part == LAYOUT_ZERO_MINUTE, 0, 59, "minute", &p->minute);
	case LAYOUT_SECOND:
	case LAYOUT_ZERO_SECOND:
		return parse_second(p, chunk);
	case LAYOUT_PM:
		return parse_half(p, "AM", "PM");
	case LAYOUT_LOWER_PM:
		return parse_half(p, "am", "pm");
	case LAYOUT_ZONE_NAME:
		return parse_zone_name(p);
	case LAYOUT_OFFSET:
		return parse_offset(p, chunk);
	case LAYOUT_FRACTION:
		return parse_fraction(p, chunk);
	case LAYOUT_END:
		break;
	}
	return true;
}

/* What stands between the elements; any number of blanks for one. */
static bool parse_prefix(struct parse *p, struct span prefix)
{
	while (prefix.size > 0) {
		if (prefix.at[0] == ' ') {
			if (p->value.size > 0 && p->value.at[0] != ' ') {
				return false;
			}
			while (prefix.size > 0 && prefix.at[0] == ' ') {
				prefix = span_from(prefix, 1);
			}
			while (p->value.size > 0 && p->value.at[0] == ' ') {
				skip(p, 1);
			}
			continue;
		}
		if (p->value.size == 0 || p->value.at[0] != prefix.at[0]) {
			return false;
		}
		prefix = span_from(prefix, 1);
		skip(p, 1);
	}
	return true;
}

#define SHOWN(span) (int)((span).size < 100 ? (span).size : 100), (span).at

static bool fail(struct parse *p, const char *what)
{
	return error_set(p->err, ERROR_VALUE, "parsing time \"%.*s\": %s", SHOWN(p->text), what);
}

static bool fail_at(struct parse *p, struct span rest, struct span element)
{
	return error_set(p->err, ERROR_VALUE,
		"parsing time \"%.*s\" as \"%.*s\": cannot parse \"%.*s\" as \"%.*s\"",
		SHOWN(p->text), SHOWN(p->layout), SHOWN(rest), SHOWN(element));
}

static bool parse_all(struct parse *p)
{
	struct span layout = p->layout;

	for (;;) {
		struct layout_chunk chunk = policy_layout_next(layout);
		struct span hold;
		if (!parse_prefix(p, chunk.prefix)) {
			return fail_at(p, p->value, chunk.prefix);
		}
		if (chunk.part == LAYOUT_END) {
			return p->value.size == 0 ||
			       error_set(p->err, ERROR_VALUE,
				       "parsing time \"%.*s\": extra text: \"%.*s\"",
				       SHOWN(p->text), SHOWN(p->value));
		}
		hold = p->value;
		bool good = parse_part(p, &chunk);
		if (p->range != NULL) {
			return error_set(p->err, ERROR_VALUE,
				"parsing time \"%.*s\": %s out of range", SHOWN(p->text), p->range);
		}
		if (!good) {
			return fail_at(p, hold, chunk.text);
		}
		layout = chunk.rest;
	}
}

/* The day of the year to month and day, which must agree with those that were seen. */
static bool settle_date(struct parse *p)
{
	if (p->year_day >= 0) {
		int month = 1;
		int day = p->year_day;
		bool leap = policy_days_in(p->year, 2) == 29;
		if (day < 1 || day > 365 + leap) {
			return fail(p, "day-of-year out of range");
		}
		while (day > policy_days_in(p->year, month)) {
			day -= policy_days_in(p->year, month++);
		}
		if (p->month >= 0 && p->month != month) {
			return fail(p, "day-of-year does not match month");
		}
		if (p->day >= 0 && p->day != day) {
			return fail(p, "day-of-year does not match day");
		}
		p->month = month;
		p->day = day;
	}
	p->month = p->month < 0 ? 1 : p->month;
	p->day = p->day < 0 ? 1 : p->day;
	if (p->day < 1 || p->day > policy_days_in(p->year, p->month)) {
		return fail(p, "day out of range");
	}
	return true;
}

bool policy_time_parse(
	struct span layout, struct span text, struct instant *instant, struct error *err)
{
	struct parse p = { .err = err,
		.layout = layout,
		.text = text,
		.value = text,
		.month = -1,
		.day = -1,
		.year_day = -1 };

	if (!parse_all(&p) || !settle_date(&p)) {
		return false;
	}
	if (p.pm && p.hour < 12) {
		p.hour += 12;
	} else if (!p.pm && p.am && p.hour == 12) {
		p.hour = 0;
	}
	*instant = (struct instant){ .seconds = policy_seconds_of(NULL,
					     policy_days_of(p.year, p.month, p.day),
					     p.hour * 3600 + p.minute * 60 + p.second),
		.nanoseconds = p.nanoseconds };
	if (!p.utc && p.has_offset) {
		instant->seconds -= p.offset;
	}
	return true;
}
