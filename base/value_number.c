/*
 * Exact decimal numbers.
 *
 * What is an integer of int64's range becomes one, whatever its spelling. The rest is kept as
 * ±0.DIGITS × 10^exponent with no zero at either end. So two numbers are equal exactly if they
 * have the same form and the same bytes.
 */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/value_parts.h"

#define DIGITS_MAX 4096
#define EXPONENT_MAX 4096
/* The largest zeros that the text of an integer is filled up with; beyond it has an exponent. */
#define FILL_MAX 21
/* The most zeros between the point and the first digit. */
#define LEAD_MAX 5

const struct value *value_of_int(struct arena *arena, int64_t number)
{
	struct value *value = arena_alloc(arena, sizeof(*value));

	*value = (struct value){ .type = VALUE_NUMBER, .form = VALUE_FORM_INTEGER };
	value->integer = number;
	return value;
}

/* ---- reading ---- */

/* A number as it stands in the text. */
struct spelling {
	const char *integer; /* digits before the point */
	size_t integer_size;
	const char *fraction;
	size_t fraction_size;
	int64_t exponent; /* stops at ± 10^9 */
	bool negative;
};

static size_t digits_at(const char *text, size_t size)
{
	size_t count = 0;

	while (count < size && text[count] >= '0' && text[count] <= '9') {
		count++;
	}
	return count;
}

/* The exponent behind `e`; false: no digit there. *at is moved on. */
static bool read_exponent(const char *text, size_t size, size_t *at, int64_t *exponent)
{
	bool negative = *at < size && text[*at] == '-';

	if (*at < size && (text[*at] == '-' || text[*at] == '+')) {
		++*at;
	}
	size_t count = digits_at(text + *at, size - *at);

	*exponent = 0;
	for (size_t i = 0; i < count; i++) {
		if (*exponent < 100000000) {
			*exponent = *exponent * 10 + (text[*at + i] - '0');
		}
	}
	if (negative) {
		*exponent = -*exponent;
	}
	*at += count;
	return count > 0;
}

/* RFC 8259, section 6. False: malformed, at *at. */
static bool read_spelling(const char *text, size_t size, size_t *at, struct spelling *spelling)
{
	*spelling = (struct spelling){ .negative = size > 0 && text[0] == '-' };
	*at = spelling->negative;
	spelling->integer = text + *at;
	spelling->integer_size = digits_at(text + *at, size - *at);
	if (spelling->integer_size == 0) {
		return false;
	}
	if (spelling->integer_size > 1 && *spelling->integer == '0') {
		*at += 1;
		return false; /* 01 */
	}
	*at += spelling->integer_size;
	if (*at < size && text[*at] == '.') {
		++*at;
		spelling->fraction = text + *at;
		spelling->fraction_size = digits_at(text + *at, size - *at);
		*at += spelling->fraction_size;
		if (spelling->fraction_size == 0) {
			return false;
		}
	}
	if (*at < size && (text[*at] == 'e' || text[*at] == 'E')) {
		++*at;
		return read_exponent(text, size, at, &spelling->exponent);
	}
	return true;
}

static char digit_at(const struct spelling *spelling, size_t index)
{
	return index < spelling->integer_size ? spelling->integer[index]
					      : spelling->fraction[index - spelling->integer_size];
}

/* ±0.DIGITS × 10^exponent as an integer, if it is one of int64's range. */
static bool to_integer(
	const char *digits, size_t count, int64_t exponent, bool negative, int64_t *result)
{
	int64_t number = 0; /* negative while it grows: INT64_MIN has no positive twin */

	if (exponent < (int64_t)count || exponent > 19) {
		return false;
	}
	for (int64_t i = 0; i < exponent; i++) {
		int digit = i < (int64_t)count ? digits[i] - '0' : 0;

		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_sub_overflow(number, digit, &number)) {
			return false;
		}
	}
	if (!negative && number == INT64_MIN) {
		return false;
	}
	*result = negative ? number : -number;
	return true;
}

static const struct value *decimal_of(
	struct arena *arena, const char *digits, size_t count, int64_t exponent, bool negative)
{
	int64_t integer;

	if (to_integer(digits, count, exponent, negative, &integer)) {
		return value_of_int(arena, integer);
	}
	struct value_decimal *decimal = arena_alloc(arena, sizeof(*decimal) + count + 1);

	decimal->head = (struct value){
		.type = VALUE_NUMBER, .form = VALUE_FORM_DECIMAL, .count = (uint32_t)count
	};
	decimal->exponent = (int32_t)exponent;
	decimal->is_negative = negative;
	memcpy(decimal->digits, digits, count);
	decimal->digits[count] = '\0';
	decimal->head.hash = hash_mix(
		hash_text(digits, count) ^ (uint64_t)exponent << 1 ^ negative, value_hash_keys[3]);
	return &decimal->head;
}

static enum number_result normalize(
	struct arena *arena, const struct spelling *spelling, const struct value **result)
{
	size_t first = 0;
	size_t end = spelling->integer_size + spelling->fraction_size;
	char digits[DIGITS_MAX];

	while (first < end && digit_at(spelling, first) == '0') {
		first++;
	}
	while (end > first && digit_at(spelling, end - 1) == '0') {
		end--;
	}
	if (first == end) {
		*result = value_of_int(arena, 0);
		return NUMBER_OK;
	}
	int64_t exponent = (int64_t)spelling->integer_size - (int64_t)first + spelling->exponent;

	if (end - first > DIGITS_MAX || exponent > EXPONENT_MAX + 1 ||
		exponent < -EXPONENT_MAX + 1) {
		return NUMBER_OUT_OF_RANGE;
	}
	for (size_t i = first; i < end; i++) {
		digits[i - first] = digit_at(spelling, i);
	}
	*result = decimal_of(arena, digits, end - first, exponent, spelling->negative);
	return NUMBER_OK;
}

/*
 * Plain integers of up to 18 digits, which is nearly all there are. Returns the
 * bytes read, 0 when it is another kind of number.
 */
static size_t read_short_integer(const char *text, size_t size, int64_t *number)
{
	size_t sign = size > 0 && text[0] == '-';
	size_t end = size < sign + 19 ? size : sign + 19;
	uint64_t magnitude = 0; /* one digit more than counts is read: 19 do fit */
	size_t at = sign;

	while (at < end && text[at] >= '0' && text[at] <= '9') {
		magnitude = magnitude * 10 + (uint64_t)(text[at++] - '0');
	}
	bool is_other = at == sign || at - sign > 18 || (text[sign] == '0' && at - sign > 1) ||
			(at < size && (text[at] == '.' || (text[at] | 0x20) == 'e'));

	if (is_other) {
		return 0;
	}
	*number = sign != 0 ? -(int64_t)magnitude : (int64_t)magnitude;
	return at;
}

enum number_result number_read(struct arena *arena, const char *text, size_t size, size_t *used,
	const struct value **result)
{
	struct spelling spelling;
	int64_t number;

	*used = read_short_integer(text, size, &number);
	if (*used != 0) {
		*result = value_of_int(arena, number);
		return NUMBER_OK;
	}
	if (!read_spelling(text, size, used, &spelling)) {
		return NUMBER_MALFORMED;
	}
	return normalize(arena, &spelling, result);
}

bool value_of_number(
	struct arena *arena, const char *text, size_t size, const struct value **result)
{
	const struct value *number;
	size_t used;

	if (number_read(arena, text, size, &used, &number) != NUMBER_OK || used != size) {
		return false;
	}
	*result = number;
	return true;
}

const struct value *value_of_double(struct arena *arena, double number)
{
	const struct value *value = NULL;
	char text[64];

	assert(isfinite(number));
	/* Up to 15 digits come back for sure, but for the tiny ones that have fewer. */
	int precision = fabs(number) < DBL_MIN ? 0 : DBL_DIG - 1;

	for (; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, number);
		if (strtod(text, NULL) == number) {
			break;
		}
	}
	char *point = text + (text[0] == '-') + 1;

	if (*point != 'e') {
		*point = '.'; /* whatever the locale says */
	}
	bool ok = value_of_number(arena, text, strlen(text), &value);

	assert(ok);
	return value;
}

/* ---- comparing ---- */

/* Any number as ±0.DIGITS × 10^exponent; zero has no digits. */
struct decimal {
	const char *digits;
	size_t count;
	int64_t exponent;
	int sign; /* -1, 0, 1 */
	char scratch[24];
};

static void decimal_of_integer(int64_t integer, struct decimal *result)
{
	uint64_t magnitude = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
	char *end = result->scratch + sizeof(result->scratch);
	char *at = end;

	for (; magnitude != 0; magnitude /= 10) {
		*--at = (char)('0' + magnitude % 10);
	}
	result->exponent = end - at;
	while (end > at && end[-1] == '0') {
		end--;
	}
	result->digits = at;
	result->count = (size_t)(end - at);
	result->sign = (integer > 0) - (integer < 0);
}

static void decimal_of_value(const struct value *number, struct decimal *result)
{
	if (number->form == VALUE_FORM_INTEGER) {
		decimal_of_integer(number->integer, result);
		return;
	}
	const struct value_decimal *it = (const struct value_decimal *)number;

	result->digits = it->digits;
	result->count = number->count;
	result->exponent = it->exponent;
	result->sign = it->is_negative ? -1 : 1;
}

/* Both of the same sign, not zero; their magnitudes. */
static int compare_magnitudes(const struct decimal *a, const struct decimal *b)
{
	if (a->exponent != b->exponent) {
		return a->exponent < b->exponent ? -1 : 1;
	}
	int order = memcmp(a->digits, b->digits, a->count < b->count ? a->count : b->count);

	return order != 0 ? order : (a->count > b->count) - (a->count < b->count);
}

int number_compare(const struct value *a, const struct value *b)
{
	struct decimal left;
	struct decimal right;

	if (a->form == VALUE_FORM_INTEGER && b->form == VALUE_FORM_INTEGER) {
		return (a->integer > b->integer) - (a->integer < b->integer);
	}
	decimal_of_value(a, &left);
	decimal_of_value(b, &right);
	if (left.sign != right.sign) {
		return left.sign < right.sign ? -1 : 1;
	}
	return left.sign * compare_magnitudes(&left, &right);
}

/* ---- writing ---- */

static size_t write_integer(int64_t integer, char *text)
{
	static const char pairs[] = "0001020304050607080910111213141516171819"
				    "2021222324252627282930313233343536373839"
				    "4041424344454647484950515253545556575859"
				    "6061626364656667686970717273747576777879"
				    "8081828384858687888990919293949596979899";
	uint64_t magnitude = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
	char scratch[24];
	char *end = scratch + sizeof(scratch);
	char *at = end;

	for (; magnitude >= 100; magnitude /= 100) {
		at -= 2;
		memcpy(at, pairs + 2 * (magnitude % 100), 2);
	}
	if (magnitude >= 10) {
		at -= 2;
		memcpy(at, pairs + 2 * magnitude, 2);
	} else {
		*--at = (char)('0' + magnitude);
	}
	if (integer < 0) {
		*--at = '-';
	}
	memcpy(text, at, (size_t)(end - at));
	return (size_t)(end - at);
}

static char *put(char *at, const char *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

static char *put_zeros(char *at, int64_t count)
{
	memset(at, '0', (size_t)count);
	return at + count;
}

static size_t write_decimal(const struct value_decimal *number, char *text)
{
	int64_t count = number->head.count;
	int64_t point = number->exponent; /* stands behind so many digits */
	const char *digits = number->digits;
	char *at = text;

	if (number->is_negative) {
		*at++ = '-';
	}
	if (point >= count && point - count <= FILL_MAX) { /* 12300 */
		at = put_zeros(put(at, digits, (size_t)count), point - count);
	} else if (point > 0 && point < count) { /* 12.3 */
		at = put(at, digits, (size_t)point);
		*at++ = '.';
		at = put(at, digits + point, (size_t)(count - point));
	} else if (point <= 0 && point >= -LEAD_MAX) { /* 0.00123 */
		at = put_zeros(put(at, "0.", 2), -point);
		at = put(at, digits, (size_t)count);
	} else { /* 1.23e+45 */
		*at++ = digits[0];
		if (count > 1) {
			*at++ = '.';
			at = put(at, digits + 1, (size_t)count - 1);
		}
		*at++ = 'e';
		*at++ = point - 1 < 0 ? '-' : '+';
		at += write_integer(point - 1 < 0 ? 1 - point : point - 1, at);
	}
	return (size_t)(at - text);
}

size_t number_text_room(const struct value *number)
{
	return number->count + NUMBER_TEXT_EXTRA; /* count is 0 for integers */
}

size_t number_write(const struct value *number, char *text)
{
	if (number->form == VALUE_FORM_INTEGER) {
		return write_integer(number->integer, text);
	}
	return write_decimal((const struct value_decimal *)number, text);
}

const char *value_number_text(struct arena *arena, const struct value *value, size_t *size)
{
	assert(value->type == VALUE_NUMBER);
	char *text = arena_alloc(arena, number_text_room(value) + 1);
	size_t written = number_write(value, text);

	text[written] = '\0';
	if (size != NULL) {
		*size = written;
	}
	return text;
}

double value_double(const struct value *value)
{
	CLEANUP(buf_fini) struct buf text = { 0 };

	assert(value->type == VALUE_NUMBER);
	if (value->form == VALUE_FORM_INTEGER) {
		return (double)value->integer;
	}
	/* Without a point, which another locale might not take for one. */
	const struct value_decimal *it = (const struct value_decimal *)value;

	buf_printf(&text, "%s%se%ld", it->is_negative ? "-" : "", it->digits,
		(long)it->exponent - (long)value->count);
	return strtod(text.data, NULL);
}
