#include "policy/builtin_float.h"

#include <assert.h>
#include <math.h>
#include <string.h>
#include "base/arena.h"

/* m * 2^exponent, rounded to nearest even; `rest` tells that a little more belongs to it. */
static struct bigfloat round_nearest(
	struct arena *arena, struct bigint m, int64_t exponent, bool rest, unsigned precision)
{
	size_t bits = policy_bigint_bits(m);
	struct bigfloat result = { .negative = m.negative };

	if (bits <= precision) {
		if (bits > 0) {
			result.mantissa = policy_bigint_low(m) << (FLOAT_BITS - bits);
			result.exponent = exponent - (int64_t)(FLOAT_BITS - bits);
		}
		return result;
	}
	size_t cut = bits - precision;
	uint64_t top = policy_bigint_low(policy_bigint_shift_right(arena, m, cut));
	bool half = policy_bigint_bit(m, cut - 1);
	rest = rest || policy_bigint_low_bits_set(m, cut - 1);
	result.exponent = exponent + (int64_t)cut - (FLOAT_BITS - precision);
	if (half && (rest || (top & 1) != 0)) {
		top++;
	}
	if (top == 0 || (precision < FLOAT_BITS && top >> precision != 0)) { /* all ones before */
		top = UINT64_C(1) << (precision - 1);
		result.exponent++;
	}
	result.mantissa = top << (FLOAT_BITS - precision);
	return result;
}

static struct bigint signed_mantissa(struct arena *arena, struct bigfloat a)
{
	struct bigint m = policy_bigint_of_u64(arena, a.mantissa);

	m.negative = a.negative && m.count > 0;
	return m;
}

/* a / b with enough bits for the rounding. */
static struct bigfloat divide_rounded(
	struct arena *arena, struct bigint a, struct bigint b, int64_t exponent)
{
	size_t need = policy_bigint_bits(b) + FLOAT_BITS + 2;
	size_t have = policy_bigint_bits(a);
	size_t shift = have < need ? need - have : 0;
	struct bigint quotient, remainder;

	policy_bigint_divide(
		arena, policy_bigint_shift_left(arena, a, shift), b, &quotient, &remainder);
	return round_nearest(arena, quotient, exponent - (int64_t)shift,
		policy_bigint_sign(remainder) != 0, FLOAT_BITS);
}

struct decimal policy_decimal_parse(struct arena *arena, const char *text, size_t size)
{
	char *digits = arena_alloc(arena, size + 1);
	struct decimal result = { .digits = digits };
	bool fraction = false;
	size_t at = 0;

	if (at < size && text[at] == '-') {
		result.negative = true;
		at++;
	}
	for (; at < size && text[at] != 'e' && text[at] != 'E'; at++) {
		if (text[at] == '.') {
			fraction = true;
			continue;
		}
		assert(text[at] >= '0' && text[at] <= '9'); /* the text of a number value */
		if (result.count > 0 || text[at] != '0') {
			digits[result.count++] = text[at];
		}
		result.exponent -= fraction;
	}
	if (at < size) {
		int64_t exponent = 0;
		bool down = text[++at] == '-';
		for (at += text[at] == '-' || text[at] == '+'; at < size; at++) {
			exponent = exponent < 1000000 ? exponent * 10 + (text[at] - '0') : exponent;
		}
		result.exponent += down ? -exponent : exponent;
	}
	digits[result.count] = '\0';
	return result;
}

struct bigfloat policy_float_parse(struct arena *arena, const char *text, size_t size)
{
	struct decimal decimal = policy_decimal_parse(arena, text, size);
	struct bigint m = policy_bigint_parse(arena, decimal.digits, decimal.count);
	struct bigfloat result;

	if (decimal.count == 0) {
		return (struct bigfloat){ .negative = decimal.negative };
	}
	if (decimal.exponent >= 0) {
		struct bigint power = policy_bigint_power(arena, 10, (unsigned)decimal.exponent);
		result = round_nearest(
			arena, policy_bigint_multiply(arena, m, power), 0, false, FLOAT_BITS);
	} else {
		struct bigint power = policy_bigint_power(arena, 10, (unsigned)-decimal.exponent);
		result = divide_rounded(arena, m, power, 0);
	}
	result.negative = decimal.negative;
	return result;
}

struct bigfloat policy_float_of_bigint(struct arena *arena, struct bigint a)
{
	return round_nearest(arena, a, 0, false, FLOAT_BITS);
}

struct bigfloat policy_float_of_double(double number)
{
	struct bigfloat result = { .negative = signbit(number) != 0 };
	int exponent = 0;
	double fraction = frexp(fabs(number), &exponent); /* in [0.5, 1) */

	assert(isfinite(number));
	if (fraction > 0) {
		result.mantissa = (uint64_t)ldexp(fraction, FLOAT_BITS);
		result.exponent = exponent - FLOAT_BITS;
	}
	return result;
}

struct bigfloat policy_float_negate(struct bigfloat a)
{
	a.negative = !a.negative;
	return a;
}

struct bigfloat policy_float_add(struct arena *arena, struct bigfloat a, struct bigfloat b)
{
	if (a.mantissa == 0 || b.mantissa == 0) {
		return a.mantissa == 0 ? b : a;
	}
	if (a.exponent < b.exponent) {
		struct bigfloat swap = a;
		a = b;
		b = swap;
	}
	if (a.exponent - b.exponent > 2 * FLOAT_BITS + 2) {
		/* b is far below the last bit of a: a bit of its sign beneath is enough. */
		b.exponent = a.exponent - 2 * FLOAT_BITS - 2;
	}
	struct bigint x = policy_bigint_shift_left(
		arena, signed_mantissa(arena, a), (size_t)(a.exponent - b.exponent));
	struct bigint y = signed_mantissa(arena, b);

	return round_nearest(arena, policy_bigint_add(arena, x, y), b.exponent, false, FLOAT_BITS);
}

struct bigfloat policy_float_multiply(
	struct arena *arena, struct bigfloat a, struct bigfloat b, unsigned precision)
{
	struct bigint m =
		policy_bigint_multiply(arena, signed_mantissa(arena, a), signed_mantissa(arena, b));
	struct bigfloat result = round_nearest(arena, m, a.exponent + b.exponent, false, precision);

	result.negative = a.negative != b.negative;
	return result;
}

struct bigfloat policy_float_divide(struct arena *arena, struct bigfloat a, struct bigfloat b)
{
	struct bigfloat result = { 0 };

	assert(b.mantissa != 0);
	if (a.mantissa != 0) {
		result = divide_rounded(arena, signed_mantissa(arena, a), signed_mantissa(arena, b),
			a.exponent - b.exponent);
	}
	result.negative = a.negative != b.negative;
	return result;
}

bool policy_float_is_integer(struct bigfloat a)
{
	if (a.mantissa == 0 || a.exponent >= 0) {
		return true;
	}
	return a.exponent > -FLOAT_BITS && (a.mantissa & ((UINT64_C(1) << -a.exponent) - 1)) == 0;
}

struct bigint policy_float_truncate(struct arena *arena, struct bigfloat a)
{
	struct bigint m = signed_mantissa(arena, a);

	return a.exponent >= 0 ? policy_bigint_shift_left(arena, m, (size_t)a.exponent)
			       : policy_bigint_shift_right(arena, m, (size_t)-a.exponent);
}

/* ---- text ---- */

/* m * 2^exponent exactly. */
static struct digits digits_of(struct arena *arena, struct bigint m, int64_t exponent)
{
	int64_t shift = 0;

	if (exponent >= 0) {
		m = policy_bigint_shift_left(arena, m, (size_t)exponent);
	} else { /* m / 2^n = m * 5^n / 10^n */
		m = policy_bigint_multiply(
			arena, m, policy_bigint_power(arena, 5, (unsigned)-exponent));
		shift = exponent;
	}
	struct digits result;
	result.text = policy_bigint_text(arena, m, 10, &result.count);
	result.point = (int64_t)result.count + shift;
	while (result.count > 0 && result.text[result.count - 1] == '0') {
		result.count--;
	}
	return result;
}

static char digit_at(const struct digits *d, int64_t i)
{
	return i >= 0 && (size_t)i < d->count ? d->text[i] : '0';
}

static void cut_down(struct digits *d, size_t count)
{
	d->count = count;
	while (d->count > 0 && d->text[d->count - 1] == '0') {
		d->count--;
	}
}

static void cut_up(struct digits *d, size_t count)
{
	while (count > 0 && d->text[count - 1] == '9') {
		count--;
	}
	if (count == 0) {
		d->text[0] = '1';
		d->count = 1;
		d->point++;
		return;
	}
	d->text[count - 1]++;
	d->count = count;
}

static bool is_nearer_up(const struct digits *d, size_t count)
{
	if (d->text[count] == '5' && count + 1 == d->count) {
		return count > 0 && (d->text[count - 1] - '0') % 2 != 0;
	}
	return d->text[count] >= '5';
}

/*
 * Cuts d after as few digits as still lie between the middles to both neighbours: the way of
 * Go's roundShortest, so that ties and ends of the interval fall as they do there.
 */
static void shorten(struct arena *arena, struct digits *d, struct bigfloat a, unsigned precision)
{
	unsigned unused = FLOAT_BITS - precision;
	uint64_t mantissa = a.mantissa >> unused;
	int64_t exponent = a.exponent + unused - 1;
	struct bigint twice =
		policy_bigint_shift_left(arena, policy_bigint_of_u64(arena, mantissa), 1);
	struct bigint one = policy_bigint_of(arena, 1);
	struct digits lower = digits_of(arena, policy_bigint_subtract(arena, twice, one), exponent);
	struct digits upper = digits_of(arena, policy_bigint_add(arena, twice, one), exponent);
	bool inclusive = (mantissa & 1) == 0;

	for (size_t i = 0; i < d->count; i++) {
		char m = d->text[i];
		char l = digit_at(&lower, (int64_t)i);
		char u = digit_at(&upper, (int64_t)i);
		bool down = l != m || (inclusive && i + 1 == lower.count);
		bool up = m != u && (inclusive || m + 1 < u || i + 1 < upper.count);

		if (down && up && i + 1 < d->count) {
			is_nearer_up(d, i + 1) ? cut_up(d, i + 1) : cut_down(d, i + 1);
			return;
		}
		if (down || up) {
			if (i + 1 < d->count) {
				down ? cut_down(d, i + 1) : cut_up(d, i + 1);
			}
			return;
		}
	}
}

struct digits policy_float_digits(struct arena *arena, struct bigfloat a, unsigned precision)
{
	if (a.mantissa == 0) {
		return (struct digits){ .text = arena_strdup(arena, ""), .point = 1 };
	}
	struct digits d = digits_of(arena, policy_bigint_of_u64(arena, a.mantissa), a.exponent);
	shorten(arena, &d, a, precision);
	return d;
}

static char *plain_text(struct arena *arena, const struct digits *d, bool negative, size_t *size)
{
	size_t whole = d->point > 0 ? (size_t)d->point : 1;
	size_t fraction = (int64_t)d->count > d->point ? (size_t)((int64_t)d->count - d->point) : 0;
	char *text = arena_alloc(arena, whole + fraction + 3);
	char *at = text;

	if (negative) {
		*at++ = '-';
	}
	if (d->point <= 0) {
		*at++ = '0';
	}
	for (int64_t i = 0; i < d->point; i++) {
		*at++ = digit_at(d, i);
	}
	if (fraction > 0) {
		*at++ = '.';
		for (size_t i = 0; i < fraction; i++) {
			*at++ = digit_at(d, d->point + (int64_t)i);
		}
	}
	*at = '\0';
	*size = (size_t)(at - text);
	return text;
}

static char *exponent_text(struct arena *arena, const struct digits *d, bool negative, size_t *size)
{
	int64_t exponent = d->point - 1;
	char *text = arena_printf(arena, "%s%c%s%.*se%c%02lld", negative ? "-" : "", d->text[0],
		d->count > 1 ? "." : "", (int)d->count - 1, d->text + 1, exponent < 0 ? '-' : '+',
		(long long)(exponent < 0 ? -exponent : exponent));

	*size = strlen(text);
	return text;
}

char *policy_float_text(struct arena *arena, struct bigfloat a, unsigned precision, size_t *size)
{
	size_t ignored;
	size_t *length = size != NULL ? size : &ignored;

	if (a.mantissa == 0) {
		*length = 1;
		return arena_strdup(arena, "0"); /* the sign of a zero means nothing in Rego */
	}
	struct digits d = policy_float_digits(arena, a, precision);
	if (!policy_float_is_integer(a) && (d.point - 1 < -4 || d.point - 1 >= 6)) {
		return exponent_text(arena, &d, a.negative, length);
	}
	return plain_text(arena, &d, a.negative, length);
}
