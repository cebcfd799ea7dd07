#include "policy/builtin_time.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "policy/builtin_number.h"

static const char kind_zone[] = "zone";

const struct value *builtin_time_now_ns(
	struct policy_context *context, const struct value *const *args)
{
	int64_t ns;

	(void)args;
	if (__builtin_mul_overflow(context->time_us, 1000, &ns)) {
		return builtin_error(context, "time outside of valid range");
	}
	return value_of_int(context->arena, ns);
}

static const struct value *ns_of(struct policy_context *context, struct instant instant)
{
	int64_t ns;

	if (!policy_instant_ns(instant, &ns)) {
		return builtin_error(context, "time outside of valid range");
	}
	return value_of_int(context->arena, ns);
}

/* ---- parsing ---- */

static const struct value *parse(
	struct policy_context *context, struct span layout, struct span text)
{
	struct error err = { 0 };
	struct instant instant;

	policy_charge(context, 100 + layout.size + text.size);
	if (!policy_time_parse(layout, text, &instant, &err)) {
		return builtin_error(context, "%s", err.text);
	}
	return ns_of(context, instant);
}

const struct value *builtin_time_parse_ns(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_are_texts(context, args, 2)) {
		return NULL;
	}
	return parse(context, policy_layout_named(span_of(args[0])), span_of(args[1]));
}

const struct value *builtin_time_parse_rfc3339_ns(
	struct policy_context *context, const struct value *const *args)
{
	static const char layout[] = "2006-01-02T15:04:05Z07:00";

	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	return parse(context, (struct span){ layout, sizeof(layout) - 1 }, span_of(args[0]));
}

/* ---- arguments: ns, or [ns, zone, layout] ---- */

static const struct policy_zone *zone_of(
	struct policy_context *context, struct span name, bool *good)
{
	struct error err = { 0 };

	*good = true;
	if (name.size == 0 || span_is(name, "UTC")) {
		return NULL;
	}
	if (span_is(name, "Local")) { /* whose? a decision must not depend on the machine */
		builtin_error(context, "the time zone Local is not available here");
		*good = false;
		return NULL;
	}
	struct policy_zone *zone = policy_cache_find(context, kind_zone, name.at, name.size);
	if (zone == NULL) {
		policy_charge(context, 2000);
		zone = policy_zone_load(name.at, name.size, &err);
		if (zone == NULL) {
			builtin_error(context, "%s", err.text);
			*good = false;
			return NULL;
		}
		policy_cache_add(context, kind_zone, name.at, name.size, zone, policy_zone_free);
	}
	return zone;
}

static bool ns_to_instant(
	struct policy_context *context, const struct value *value, struct instant *instant)
{
	int64_t ns;

	if (!value_is(value, VALUE_NUMBER)) {
		builtin_error(context, "operand 1 must be number but got %s",
			value_type_name(value_type(value)));
		return false;
	}
	if (!value_int(value, &ns)) {
		struct number number = builtin_number_of(context, value);
		struct bigfloat real = builtin_float_of(context, &number);
		if (!policy_float_is_integer(real) || real.exponent > 0 ||
			!policy_bigint_to_int(policy_float_truncate(context->arena, real), &ns)) {
			builtin_error(context, "timestamp too big");
			return false;
		}
	}
	int64_t rest = ns % NS_PER_SECOND;
	instant->seconds = ns / NS_PER_SECOND - (rest < 0);
	instant->nanoseconds = (int32_t)(rest < 0 ? rest + NS_PER_SECOND : rest);
	return true;
}

/* False: reported. layout may be NULL. */
static bool instant_of(struct policy_context *context, const struct value *value,
	struct instant *instant, struct span *layout)
{
	bool good = true;

	*instant = (struct instant){ 0 };
	if (value_is(value, VALUE_NUMBER)) {
		return ns_to_instant(context, value, instant);
	}
	if (!value_is(value, VALUE_ARRAY) || value_count(value) == 0) {
		builtin_error(context,
			"operand 1 must be either number (ns) or [number (ns), string (tz)] but "
			"got %s",
			value_type_name(value_type(value)));
		return false;
	}
	if (!ns_to_instant(context, value_at(value, 0), instant)) {
		return false;
	}
	for (size_t i = 1; i < value_count(value) && i < 3; i++) {
		const struct value *item = value_at(value, i);
		if (!builtin_is(context, &item, 0, VALUE_STRING)) {
			return false;
		}
		if (i == 1) {
			instant->zone = zone_of(context, span_of(item), &good);
		} else if (layout != NULL) {
			*layout = span_of(item);
		}
		if (!good) {
			return false;
		}
	}
	return true;
}

static struct civil civil_of(struct instant instant)
{
	return policy_civil_of(
		instant.seconds + policy_zone_at(instant.zone, instant.seconds).offset);
}

static const struct value *three(
	struct policy_context *context, int64_t first, int64_t second, int64_t third)
{
	const struct value *items[3] = { value_of_int(context->arena, first),
		value_of_int(context->arena, second), value_of_int(context->arena, third) };

	return policy_array(context, items, 3);
}

const struct value *builtin_time_date(
	struct policy_context *context, const struct value *const *args)
{
	struct instant instant;

	if (!instant_of(context, args[0], &instant, NULL)) {
		return NULL;
	}
	struct civil civil = civil_of(instant);
	return three(context, civil.year, civil.month, civil.day);
}

const struct value *builtin_time_clock(
	struct policy_context *context, const struct value *const *args)
{
	struct instant instant;

	if (!instant_of(context, args[0], &instant, NULL)) {
		return NULL;
	}
	struct civil civil = civil_of(instant);
	return three(context, civil.hour, civil.minute, civil.second);
}

const struct value *builtin_time_weekday(
	struct policy_context *context, const struct value *const *args)
{
	struct instant instant;

	if (!instant_of(context, args[0], &instant, NULL)) {
		return NULL;
	}
	return value_of_text(context->arena, policy_weekday_names[civil_of(instant).weekday]);
}

const struct value *builtin_time_format(
	struct policy_context *context, const struct value *const *args)
{
	static const char layout_default[] = "2006-01-02T15:04:05.999999999Z07:00";
	struct span layout = { "", 0 };
	struct instant instant;

	if (!instant_of(context, args[0], &instant, &layout)) {
		return NULL;
	}
	if (layout.size == 0) {
		layout = (struct span){ layout_default, sizeof(layout_default) - 1 };
	}
	layout = policy_layout_named(layout);
	struct buf *buf = policy_buf(context, 0);
	policy_charge(context, 100 + layout.size);
	policy_charge_bytes(context, 64 + layout.size * 10);
	policy_time_format(buf, instant, layout);
	return policy_text_of_buf(context, buf);
}

/* ---- calculating ---- */

#define YEARS_LIMIT 100000 /* far outside of what nanoseconds can say, and far from overflows */

const struct value *builtin_time_add_date(
	struct policy_context *context, const struct value *const *args)
{
	struct instant instant;
	int64_t years, months, days;

	if (!instant_of(context, args[0], &instant, NULL) ||
		!builtin_int(context, args, 1, &years) || !builtin_int(context, args, 2, &months) ||
		!builtin_int(context, args, 3, &days)) {
		return NULL;
	}
	if (years > YEARS_LIMIT || years < -YEARS_LIMIT || months > YEARS_LIMIT * 12 ||
		months < -YEARS_LIMIT * 12 || days > YEARS_LIMIT * 366 ||
		days < -YEARS_LIMIT * 366) {
		return builtin_error(context, "time outside of valid range");
	}
	struct civil civil = civil_of(instant);
	instant.seconds = policy_seconds_of(instant.zone,
		policy_days_of(civil.year + years, civil.month + months, civil.day + days),
		civil.hour * 3600 + civil.minute * 60 + civil.second);
	return ns_of(context, instant);
}

/* From a to b in calendar units: years, months, days, hours, minutes, seconds. */
static void difference(const struct civil *a, const struct civil *b, int64_t parts[6])
{
	static const int wraps[6] = { 0, 12, 0, 24, 60, 60 };

	parts[0] = b->year - a->year;
	parts[1] = b->month - a->month;
	parts[2] = b->day - a->day;
	parts[3] = b->hour - a->hour;
	parts[4] = b->minute - a->minute;
	parts[5] = b->second - a->second;
	for (int i = 5; i > 0; i--) {
		if (parts[i] < 0) {
			parts[i] += i == 2 ? policy_days_in(a->year, a->month) : wraps[i];
			parts[i - 1]--;
		}
	}
}

const struct value *builtin_time_diff(
	struct policy_context *context, const struct value *const *args)
{
	struct instant a, b;
	int64_t parts[6];
	const struct value *items[6];

	if (!instant_of(context, args[0], &a, NULL) || !instant_of(context, args[1], &b, NULL)) {
		return NULL;
	}
	b.zone = a.zone;
	bool later =
		a.seconds > b.seconds || (a.seconds == b.seconds && a.nanoseconds > b.nanoseconds);
	struct civil from = civil_of(later ? b : a);
	struct civil to = civil_of(later ? a : b);
	difference(&from, &to, parts);
	for (int i = 0; i < 6; i++) {
		items[i] = value_of_int(context->arena, parts[i]);
	}
	return policy_array(context, items, 6);
}

/* ---- durations: "1h30m", and OPA's "1d", "2w", "1y" ---- */

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\xc2\xb5s", 1000 }, /* micro sign */
	{ "\xce\xbcs", 1000 }, /* Greek mu */
	{ "ms", 1000000 },
	{ "s", UINT64_C(1000000000) },
	{ "m", UINT64_C(60000000000) },
	{ "h", UINT64_C(3600000000000) },
	{ "d", UINT64_C(86400000000000) },
	{ "w", UINT64_C(604800000000000) },
	{ "y", UINT64_C(31536000000000000) },
};

static bool is_number_byte(char c)
{
	return c == '.' || (c >= '0' && c <= '9');
}

/* "12.5h" at the beginning of text, in nanoseconds. False: none, or too large. */
static bool take_segment(struct span *text, uint64_t *ns)
{
	size_t at = 0;
	uint64_t whole = 0;
	uint64_t fraction = 0;
	double scale = 1;
	bool digits = false;

	for (; at < text->size && text->at[at] >= '0' && text->at[at] <= '9'; at++, digits = true) {
		if (__builtin_mul_overflow(whole, 10, &whole) ||
			__builtin_add_overflow(whole, (uint64_t)(text->at[at] - '0'), &whole)) {
			return false;
		}
	}
	if (at < text->size && text->at[at] == '.') {
		for (at++; at < text->size && text->at[at] >= '0' && text->at[at] <= '9';
			at++, digits = true) {
			if (fraction < UINT64_MAX / 100) {
				fraction = fraction * 10 + (uint64_t)(text->at[at] - '0');
				scale *= 10;
			}
		}
	}
	size_t begin = at;
	while (at < text->size && !is_number_byte(text->at[at])) {
		at++;
	}
	struct span name = { text->at + begin, at - begin };
	*text = span_from(*text, at);
	for (size_t i = 0; digits && i < sizeof(units) / sizeof(units[0]); i++) {
		if (span_is(name, units[i].name)) {
			uint64_t part =
				(uint64_t)((double)fraction * ((double)units[i].ns / scale));
			return !__builtin_mul_overflow(whole, units[i].ns, ns) &&
			       !__builtin_add_overflow(*ns, part, ns);
		}
	}
	return false;
}

static bool parse_duration(struct span text, int64_t *result)
{
	bool negative = text.size > 0 && text.at[0] == '-';
	uint64_t total = 0;

	if (text.size > 0 && (text.at[0] == '-' || text.at[0] == '+')) {
		text = span_from(text, 1);
	}
	if (span_is(text, "0")) {
		*result = 0;
		return true;
	}
	if (text.size == 0) {
		return false;
	}
	while (text.size > 0) {
		uint64_t ns;
		if (!take_segment(&text, &ns) || __builtin_add_overflow(total, ns, &total) ||
			total > (uint64_t)INT64_MAX + negative) {
			return false;
		}
	}
	*result = negative ? (int64_t)(~total + 1) : (int64_t)total;
	return true;
}

const struct value *builtin_time_parse_duration_ns(
	struct policy_context *context, const struct value *const *args)
{
	int64_t ns;

	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	struct span text = span_of(args[0]);
	policy_charge_text(context, text.size * 8);
	if (!parse_duration(text, &ns)) {
		return builtin_error(context, "time: invalid duration \"%.*s\"",
			(int)(text.size < 100 ? text.size : 100), text.at);
	}
	return value_of_int(context->arena, ns);
}
