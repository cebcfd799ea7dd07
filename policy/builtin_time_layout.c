/*
 * Layouts: how Go describes the form of a time, by the way it would write one certain instant.
 */
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "policy/builtin_time.h"

const char *const policy_month_names[12] = { "January", "February", "March", "April", "May", "June",
	"July", "August", "September", "October", "November", "December" };
const char *const policy_weekday_names[7] = { "Sunday", "Monday", "Tuesday", "Wednesday",
	"Thursday", "Friday", "Saturday" };

struct element {
	const char *text;
	enum layout_part part;
	bool word; /* no lower-case letter may follow: "January" is no "Jan" */
	bool z, colon;
	int fields;
};

/* In the order in which they are tried at each place: longer ones before their beginnings. */
static const struct element elements[] = {
	{ "January", LAYOUT_LONG_MONTH, false, false, false, 0 },
	{ "Jan", LAYOUT_MONTH, true, false, false, 0 },
	{ "Monday", LAYOUT_LONG_WEEKDAY, false, false, false, 0 },
	{ "Mon", LAYOUT_WEEKDAY, true, false, false, 0 },
	{ "MST", LAYOUT_ZONE_NAME, false, false, false, 0 },
	{ "01", LAYOUT_ZERO_MONTH, false, false, false, 0 },
	{ "02", LAYOUT_ZERO_DAY, false, false, false, 0 },
	{ "03", LAYOUT_ZERO_HOUR12, false, false, false, 0 },
	{ "04", LAYOUT_ZERO_MINUTE, false, false, false, 0 },
	{ "05", LAYOUT_ZERO_SECOND, false, false, false, 0 },
	{ "06", LAYOUT_YEAR, false, false, false, 0 },
	{ "002", LAYOUT_ZERO_YEAR_DAY, false, false, false, 0 },
	{ "15", LAYOUT_HOUR, false, false, false, 0 },
	{ "1", LAYOUT_NUM_MONTH, false, false, false, 0 },
	{ "2006", LAYOUT_LONG_YEAR, false, false, false, 0 },
	{ "2", LAYOUT_DAY, false, false, false, 0 },
	{ "__2", LAYOUT_UNDER_YEAR_DAY, false, false, false, 0 },
	{ "_2", LAYOUT_UNDER_DAY, false, false, false, 0 },
	{ "3", LAYOUT_HOUR12, false, false, false, 0 },
	{ "4", LAYOUT_MINUTE, false, false, false, 0 },
	{ "5", LAYOUT_SECOND, false, false, false, 0 },
	{ "PM", LAYOUT_PM, false, false, false, 0 },
	{ "pm", LAYOUT_LOWER_PM, false, false, false, 0 },
	{ "-070000", LAYOUT_OFFSET, false, false, false, 3 },
	{ "-07:00:00", LAYOUT_OFFSET, false, false, true, 3 },
	{ "-0700", LAYOUT_OFFSET, false, false, false, 2 },
	{ "-07:00", LAYOUT_OFFSET, false, false, true, 2 },
	{ "-07", LAYOUT_OFFSET, false, false, false, 1 },
	{ "Z070000", LAYOUT_OFFSET, false, true, false, 3 },
	{ "Z07:00:00", LAYOUT_OFFSET, false, true, true, 3 },
	{ "Z0700", LAYOUT_OFFSET, false, true, false, 2 },
	{ "Z07:00", LAYOUT_OFFSET, false, true, true, 2 },
	{ "Z07", LAYOUT_OFFSET, false, true, false, 1 },
};

static bool is_digit(struct span text, size_t at)
{
	return at < text.size && text.at[at] >= '0' && text.at[at] <= '9';
}

static const struct element *element_at(struct span here)
{
	if (here.size >= 5 && memcmp(here.at, "_2006", 5) == 0) {
		return NULL; /* an underscore, then the year */
	}
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
		const struct element *it = &elements[i];
		size_t size = strlen(it->text);
		bool lower = it->word && here.size > size && here.at[size] >= 'a' &&
			     here.at[size] <= 'z';
		if (here.size >= size && memcmp(here.at, it->text, size) == 0 && !lower) {
			return it;
		}
	}
	return NULL;
}

/* ".000", ",999": digits of a fraction; 0: it is none. */
static size_t fraction_at(struct span here)
{
	size_t end = 1;

	if (here.size < 2 || (here.at[0] != '.' && here.at[0] != ',') ||
		(here.at[1] != '0' && here.at[1] != '9')) {
		return 0;
	}
	while (end < here.size && here.at[end] == here.at[1]) {
		end++;
	}
	return is_digit(here, end) ? 0 : end - 1;
}

struct layout_chunk policy_layout_next(struct span layout)
{
	struct layout_chunk chunk = { .prefix = layout, .rest = span_from(layout, layout.size) };

	for (size_t i = 0; i < layout.size; i++) {
		struct span here = span_from(layout, i);
		const struct element *element = element_at(here);
		size_t digits = element == NULL ? fraction_at(here) : 0;
		if (element == NULL && digits == 0) {
			continue;
		}
		size_t size = element != NULL ? strlen(element->text) : digits + 1;
		chunk.prefix.size = i;
		chunk.text = (struct span){ here.at, size };
		chunk.rest = span_from(here, size);
		if (element != NULL) {
			chunk.part = element->part;
			chunk.z = element->z;
			chunk.colon = element->colon;
			chunk.fields = element->fields;
		} else {
			chunk.part = LAYOUT_FRACTION;
			chunk.digits = (int)digits;
			chunk.trims = here.at[1] == '9';
		}
		break;
	}
	return chunk;
}

struct span policy_layout_named(struct span layout)
{
	static const struct {
		const char *name, *layout;
	} named[] = {
		{ "ANSIC", "Mon Jan _2 15:04:05 2006" },
		{ "RFC1123", "Mon, 02 Jan 2006 15:04:05 MST" },
		{ "RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700" },
		{ "RFC3339", "2006-01-02T15:04:05Z07:00" },
		{ "RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00" },
		{ "RFC822", "02 Jan 06 15:04 MST" },
		{ "RFC822Z", "02 Jan 06 15:04 -0700" },
		{ "RFC850", "Monday, 02-Jan-06 15:04:05 MST" },
		{ "RubyDate", "Mon Jan 02 15:04:05 -0700 2006" },
		{ "UnixDate", "Mon Jan _2 15:04:05 MST 2006" },
	};

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (span_is(layout, named[i].name)) {
			return (struct span){ named[i].layout, strlen(named[i].layout) };
		}
	}
	return layout;
}

/* ---- formatting ---- */

static void put_offset(struct buf *buf, const struct layout_chunk *chunk, int32_t offset)
{
	int32_t size = offset < 0 ? -offset : offset;

	if (chunk->z && offset == 0) {
		buf_append_char(buf, 'Z');
		return;
	}
	/* Go looks at the sign of whole minutes. */
	buf_printf(buf, "%c%02d", offset / 60 < 0 ? '-' : '+', size / 3600);
	if (chunk->fields > 1) {
		buf_printf(buf, "%s%02d", chunk->colon ? ":" : "", size / 60 % 60);
	}
	if (chunk->fields > 2) {
		buf_printf(buf, "%s%02d", chunk->colon ? ":" : "", size % 60);
	}
}

static void put_fraction(struct buf *buf, const struct layout_chunk *chunk, int32_t nanoseconds)
{
	char digits[16];
	int count = chunk->digits < 9 ? chunk->digits : 9;

	snprintf(digits, sizeof(digits), "%09d", nanoseconds);
	while (chunk->trims && count > 0 && digits[count - 1] == '0') {
		count--;
	}
	if (chunk->trims && count == 0) {
		return;
	}
	buf_append_char(buf, chunk->text.at[0]);
	buf_append(buf, digits, (size_t)count);
	for (int i = 9; !chunk->trims && i < chunk->digits; i++) {
		buf_append_char(buf, '0');
	}
}

static void put_zone_name(struct buf *buf, const struct zone_period *zone)
{
	int32_t minutes = zone->offset / 60;

	if (zone->name[0] != '\0') {
		buf_append_text(buf, zone->name);
		return;
	}
	buf_printf(
		buf, "%c%02d%02d", minutes < 0 ? '-' : '+', abs(minutes) / 60, abs(minutes) % 60);
}

static void put_date(struct buf *buf, enum layout_part part, const struct civil *civil)
{
	long long year = civil->year;

	switch (part) {
	case LAYOUT_LONG_YEAR:
		buf_printf(buf, year < 0 ? "-%04lld" : "%04lld", llabs(year));
		break;
	case LAYOUT_YEAR:
		buf_printf(buf, "%02lld", llabs(year) % 100);
		break;
	case LAYOUT_LONG_MONTH:
		buf_append_text(buf, policy_month_names[civil->month - 1]);
		break;
	case LAYOUT_MONTH:
		buf_append(buf, policy_month_names[civil->month - 1], 3);
		break;
	case LAYOUT_NUM_MONTH:
	case LAYOUT_ZERO_MONTH:
		buf_printf(buf, part == LAYOUT_NUM_MONTH ? "%d" : "%02d", civil->month);
		break;
	case LAYOUT_LONG_WEEKDAY:
		buf_append_text(buf, policy_weekday_names[civil->weekday]);
		break;
	case LAYOUT_WEEKDAY:
		buf_append(buf, policy_weekday_names[civil->weekday], 3);
		break;
	case LAYOUT_DAY:
		buf_printf(buf, "%d", civil->day);
		break;
	case LAYOUT_UNDER_DAY:
		buf_printf(buf, "%2d", civil->day);
		break;
	case LAYOUT_ZERO_DAY:
		buf_printf(buf, "%02d", civil->day);
		break;
	case LAYOUT_UNDER_YEAR_DAY:
		buf_printf(buf, "%3d", civil->year_day);
		break;
	case LAYOUT_ZERO_YEAR_DAY:
		buf_printf(buf, "%03d", civil->year_day);
		break;
	default:
		break;
	}
}

static void put_clock(struct buf *buf, enum layout_part part, const struct civil *civil)
{
	int hour12 = civil->hour % 12 == 0 ? 12 : civil->hour % 12;

	switch (part) {
	case LAYOUT_HOUR:
		buf_printf(buf, "%02d", civil->hour);
		break;
	case LAYOUT_HOUR12:
		buf_printf(buf, "%d", hour12);
		break;
	case LAYOUT_ZERO_HOUR12:
		buf_printf(buf, "%02d", hour12);
		break;
	case LAYOUT_MINUTE:
		buf_printf(buf, "%d", civil->minute);
		break;
	case LAYOUT_ZERO_MINUTE:
		buf_printf(buf, "%02d", civil->minute);
		break;
	case LAYOUT_SECOND:
		buf_printf(buf, "%d", civil->second);
		break;
	case LAYOUT_ZERO_SECOND:
		buf_printf(buf, "%02d", civil->second);
		break;
	case LAYOUT_PM:
		buf_append_text(buf, civil->hour >= 12 ? "PM" : "AM");
		break;
	case LAYOUT_LOWER_PM:
		buf_append_text(buf, civil->hour >= 12 ? "pm" : "am");
		break;
	default:
		break;
	}
}

void policy_time_format(struct buf *buf, struct instant instant, struct span layout)
{
	struct zone_period zone = policy_zone_at(instant.zone, instant.seconds);
	struct civil civil = policy_civil_of(instant.seconds + zone.offset);

	while (layout.size > 0) {
		struct layout_chunk chunk = policy_layout_next(layout);
		buf_append(buf, chunk.prefix.at, chunk.prefix.size);
		if (chunk.part == LAYOUT_OFFSET) {
			put_offset(buf, &chunk, zone.offset);
		} else if (chunk.part == LAYOUT_FRACTION) {
			put_fraction(buf, &chunk, instant.nanoseconds);
		} else if (chunk.part == LAYOUT_ZONE_NAME) {
			put_zone_name(buf, &zone);
		} else {
			put_date(buf, chunk.part, &civil);
			put_clock(buf, chunk.part, &civil);
		}
		layout = chunk.rest;
	}
}
