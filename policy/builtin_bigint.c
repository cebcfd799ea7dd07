/*
 * Schoolbook arithmetic on 32-bit limbs: operands have at most some thousand
 * digits, and a limb of half a machine word keeps every step in plain C.
 */
#include "policy/builtin_bigint.h"

#include <assert.h>
#include <string.h>
#include "base/arena.h"

/* The largest power of ten in a limb, for decimal text. */
#define CHUNK 1000000000U
#define CHUNK_DIGITS 9

static uint32_t *limbs_new(struct arena *arena, size_t count)
{
	return arena_calloc(arena, count + 1, sizeof(uint32_t));
}

/* Drops leading zero limbs: the form every function returns. */
static struct bigint normal(const uint32_t *limbs, size_t count, bool negative)
{
	while (count > 0 && limbs[count - 1] == 0) {
		count--;
	}
	return (struct bigint){ .negative = negative && count > 0, .count = count, .limbs = limbs };
}

struct bigint policy_bigint_of_u64(struct arena *arena, uint64_t number)
{
	uint32_t *limbs = limbs_new(arena, 2);

	limbs[0] = (uint32_t)number;
	limbs[1] = (uint32_t)(number >> 32);
	return normal(limbs, 2, false);
}

struct bigint policy_bigint_of(struct arena *arena, int64_t number)
{
	uint64_t magnitude = number < 0 ? ~(uint64_t)number + 1 : (uint64_t)number;
	struct bigint result = policy_bigint_of_u64(arena, magnitude);

	result.negative = number < 0;
	return result;
}

/* limbs = limbs * factor + add, in place; returns the new count (room for one more is there). */
static size_t multiply_add(uint32_t *limbs, size_t count, uint32_t factor, uint32_t add)
{
	uint64_t carry = add;

	for (size_t i = 0; i < count; i++) {
		carry += (uint64_t)limbs[i] * factor;
		limbs[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry != 0) {
		limbs[count++] = (uint32_t)carry;
	}
	return count;
}

struct bigint policy_bigint_parse(struct arena *arena, const char *digits, size_t size)
{
	bool negative = size > 0 && digits[0] == '-';
	size_t at = size > 0 && (digits[0] == '-' || digits[0] == '+') ? 1 : 0;
	uint32_t *limbs = limbs_new(arena, size / CHUNK_DIGITS + 1);
	size_t count = 0;

	while (at < size) {
		uint32_t factor = 1;
		uint32_t part = 0;

		for (; at < size && factor < CHUNK; at++, factor *= 10) {
			assert(digits[at] >= '0' &&
				digits[at] <= '9'); /* the caller's number is one */
			part = part * 10 + (uint32_t)(digits[at] - '0');
		}
		count = multiply_add(limbs, count, factor, part);
	}
	return normal(limbs, count, negative);
}

/* limbs = limbs / divisor, in place; returns the remainder. */
static uint32_t divide_small(uint32_t *limbs, size_t count, uint32_t divisor)
{
	uint64_t rest = 0;

	for (size_t i = count; i-- > 0;) {
		rest = rest << 32 | limbs[i];
		limbs[i] = (uint32_t)(rest / divisor);
		rest %= divisor;
	}
	return (uint32_t)rest;
}

/* Writes digits backwards before `end`; returns where they begin. */
static char *decimal_digits(struct arena *arena, struct bigint a, char *end)
{
	uint32_t *rest = limbs_new(arena, a.count);
	size_t count = a.count;
	char *at = end;

	memcpy(rest, a.limbs, a.count * sizeof(*rest));
	while (count > 0) {
		uint32_t part = divide_small(rest, count, CHUNK);
		while (count > 0 && rest[count - 1] == 0) {
			count--;
		}
		for (int i = 0; i < CHUNK_DIGITS && (part > 0 || count > 0); i++, part /= 10) {
			*--at = (char)('0' + part % 10);
		}
	}
	return at;
}

static char *binary_digits(struct bigint a, unsigned shift, char *end)
{
	static const char alphabet[] = "0123456789abcdef";
	size_t bits = policy_bigint_bits(a);
	char *at = end;

	for (size_t i = 0; i < bits; i += shift) {
		unsigned digit = 0;
		for (unsigned b = 0; b < shift && i + b < bits; b++) {
			digit |= (unsigned)policy_bigint_bit(a, i + b) << b;
		}
		*--at = alphabet[digit];
	}
	return at;
}

char *policy_bigint_text(struct arena *arena, struct bigint a, unsigned radix, size_t *size)
{
	size_t room = radix == 2 ? a.count * 32 : a.count * 11;
	char *text = arena_alloc(arena, room + 3);
	char *end = text + room + 2;
	char *at = end;

	assert(radix == 2 || radix == 8 || radix == 10 || radix == 16);
	*end = '\0';
	if (a.count == 0) {
		*--at = '0';
	} else if (radix == 10) {
		at = decimal_digits(arena, a, end);
	} else {
		at = binary_digits(a, radix == 2 ? 1 : radix == 8 ? 3 : 4, end);
	}
	if (a.negative) {
		*--at = '-';
	}
	if (size != NULL) {
		*size = (size_t)(end - at);
	}
	return at;
}

int policy_bigint_sign(struct bigint a)
{
	return a.count == 0 ? 0 : a.negative ? -1 : 1;
}

static int compare_magnitude(struct bigint a, struct bigint b)
{
	if (a.count != b.count) {
		return a.count < b.count ? -1 : 1;
	}
	for (size_t i = a.count; i-- > 0;) {
		if (a.limbs[i] != b.limbs[i]) {
			return a.limbs[i] < b.limbs[i] ? -1 : 1;
		}
	}
	return 0;
}

int policy_bigint_compare(struct bigint a, struct bigint b)
{
	if (a.negative != b.negative) {
		return a.negative ? -1 : 1;
	}
	return a.negative ? compare_magnitude(b, a) : compare_magnitude(a, b);
}

size_t policy_bigint_bits(struct bigint a)
{
	if (a.count == 0) {
		return 0;
	}
	return a.count * 32 - (size_t)__builtin_clz(a.limbs[a.count - 1]);
}

bool policy_bigint_bit(struct bigint a, size_t index)
{
	return index / 32 < a.count && (a.limbs[index / 32] >> index % 32 & 1) != 0;
}

bool policy_bigint_low_bits_set(struct bigint a, size_t n)
{
	for (size_t i = 0; i < a.count && i * 32 < n; i++) {
		uint32_t mask = n - i * 32 >= 32 ? UINT32_MAX : (UINT32_C(1) << (n - i * 32)) - 1;
		if ((a.limbs[i] & mask) != 0) {
			return true;
		}
	}
	return false;
}

uint64_t policy_bigint_low(struct bigint a)
{
	uint64_t low = a.count > 0 ? a.limbs[0] : 0;

	return a.count > 1 ? low | (uint64_t)a.limbs[1] << 32 : low;
}

bool policy_bigint_to_int(struct bigint a, int64_t *result)
{
	uint64_t low = policy_bigint_low(a);

	if (a.count > 2 || low > (uint64_t)INT64_MAX + a.negative) {
		return false;
	}
	*result = a.negative ? (int64_t)(~low + 1) : (int64_t)low;
	return true;
}

struct bigint policy_bigint_negate(struct bigint a)
{
	a.negative = !a.negative && a.count > 0;
	return a;
}

static struct bigint add_magnitudes(
	struct arena *arena, struct bigint a, struct bigint b, bool negative)
{
	size_t count = (a.count > b.count ? a.count : b.count) + 1;
	uint32_t *limbs = limbs_new(arena, count);
	uint64_t carry = 0;

	for (size_t i = 0; i < count; i++) {
		carry += i < a.count ? a.limbs[i] : 0;
		carry += i < b.count ? b.limbs[i] : 0;
		limbs[i] = (uint32_t)carry;
		carry >>= 32;
	}
	return normal(limbs, count, negative);
}

/* |a| >= |b|. */
static struct bigint subtract_magnitudes(
	struct arena *arena, struct bigint a, struct bigint b, bool negative)
{
	uint32_t *limbs = limbs_new(arena, a.count);
	int64_t borrow = 0;

	for (size_t i = 0; i < a.count; i++) {
		int64_t digit = (int64_t)a.limbs[i] - (i < b.count ? b.limbs[i] : 0) + borrow;
		limbs[i] = (uint32_t)digit;
		borrow = digit < 0 ? -1 : 0;
	}
	return normal(limbs, a.count, negative);
}

struct bigint policy_bigint_add(struct arena *arena, struct bigint a, struct bigint b)
{
	if (a.negative == b.negative) {
		return add_magnitudes(arena, a, b, a.negative);
	}
	if (compare_magnitude(a, b) >= 0) {
		return subtract_magnitudes(arena, a, b, a.negative);
	}
	return subtract_magnitudes(arena, b, a, b.negative);
}

struct bigint policy_bigint_subtract(struct arena *arena, struct bigint a, struct bigint b)
{
	return policy_bigint_add(arena, a, policy_bigint_negate(b));
}

struct bigint policy_bigint_multiply(struct arena *arena, struct bigint a, struct bigint b)
{
	uint32_t *limbs = limbs_new(arena, a.count + b.count);

	for (size_t i = 0; i < a.count; i++) {
		uint64_t carry = 0;
		for (size_t j = 0; j < b.count; j++) {
			carry += (uint64_t)a.limbs[i] * b.limbs[j] + limbs[i + j];
			limbs[i + j] = (uint32_t)carry;
			carry >>= 32;
		}
		limbs[i + b.count] = (uint32_t)carry;
	}
	return normal(limbs, a.count + b.count, a.negative != b.negative);
}

struct bigint policy_bigint_power(struct arena *arena, uint32_t base, unsigned exponent)
{
	struct bigint result = policy_bigint_of(arena, 1);
	struct bigint square = policy_bigint_of(arena, base);

	for (; exponent > 0; exponent >>= 1) {
		if ((exponent & 1) != 0) {
			result = policy_bigint_multiply(arena, result, square);
		}
		if (exponent > 1) {
			square = policy_bigint_multiply(arena, square, square);
		}
	}
	return result;
}

struct bigint policy_bigint_shift_left(struct arena *arena, struct bigint a, size_t bits)
{
	size_t whole = bits / 32;
	unsigned part = bits % 32;
	uint32_t *limbs = limbs_new(arena, a.count + whole + 1);

	for (size_t i = 0; i < a.count; i++) {
		uint64_t wide = (uint64_t)a.limbs[i] << part;
		limbs[i + whole] |= (uint32_t)wide;
		limbs[i + whole + 1] = (uint32_t)(wide >> 32);
	}
	return normal(limbs, a.count + whole + 1, a.negative);
}

struct bigint policy_bigint_shift_right(struct arena *arena, struct bigint a, size_t bits)
{
	size_t whole = bits / 32;
	unsigned part = bits % 32;

	if (whole >= a.count) {
		return policy_bigint_of_u64(arena, 0);
	}
	size_t count = a.count - whole;
	uint32_t *limbs = limbs_new(arena, count);
	for (size_t i = 0; i < count; i++) {
		uint64_t wide = a.limbs[i + whole];
		if (i + 1 < count) {
			wide |= (uint64_t)a.limbs[i + whole + 1] << 32;
		}
		limbs[i] = (uint32_t)(wide >> part);
	}
	return normal(limbs, count, a.negative);
}

/* One digit of the quotient: too large by at most 2 before the correction (Knuth, 4.3.1, D3). */
static uint64_t guess_digit(const uint32_t *rest, const uint32_t *divisor, size_t n)
{
	uint64_t top = (uint64_t)rest[n] << 32 | rest[n - 1];
	uint64_t digit = top / divisor[n - 1];
	uint64_t left = top % divisor[n - 1];

	while (digit > UINT32_MAX || digit * divisor[n - 2] > (left << 32 | rest[n - 2])) {
		digit--;
		left += divisor[n - 1];
		if (left > UINT32_MAX) {
			break;
		}
	}
	return digit;
}

/* rest -= digit * divisor; true: it went below zero. */
static bool subtract_product(uint32_t *rest, const uint32_t *divisor, size_t n, uint64_t digit)
{
	uint64_t carry = 0;
	int64_t borrow = 0;

	for (size_t i = 0; i < n; i++) {
		carry += digit * divisor[i];
		int64_t limb = (int64_t)rest[i] - (int64_t)(uint32_t)carry + borrow;
		rest[i] = (uint32_t)limb;
		borrow = limb < 0 ? -1 : 0;
		carry >>= 32;
	}
	int64_t last = (int64_t)rest[n] - (int64_t)carry + borrow;
	rest[n] = (uint32_t)last;
	return last < 0;
}

static void add_back(uint32_t *rest, const uint32_t *divisor, size_t n)
{
	uint64_t carry = 0;

	for (size_t i = 0; i < n; i++) {
		carry += (uint64_t)rest[i] + divisor[i];
		rest[i] = (uint32_t)carry;
		carry >>= 32;
	}
	rest[n] += (uint32_t)carry;
}

/* Knuth's algorithm D for |a| >= |b| and a divisor of two limbs or more. */
static void divide_long(struct arena *arena, struct bigint a, struct bigint b, uint32_t *digits,
	struct bigint *remainder)
{
	unsigned shift = (unsigned)__builtin_clz(b.limbs[b.count - 1]);
	struct bigint divisor = policy_bigint_shift_left(arena, b, shift);
	struct bigint scaled = policy_bigint_shift_left(arena, a, shift);
	uint32_t *rest = limbs_new(arena, a.count + 1);
	size_t n = b.count;

	memcpy(rest, scaled.limbs, scaled.count * sizeof(*rest));
	for (size_t j = a.count - n + 1; j-- > 0;) {
		uint64_t digit = guess_digit(rest + j, divisor.limbs, n);
		if (subtract_product(rest + j, divisor.limbs, n, digit)) {
			add_back(rest + j, divisor.limbs, n);
			digit--;
		}
		digits[j] = (uint32_t)digit;
	}
	*remainder = policy_bigint_shift_right(arena, normal(rest, n, a.negative), shift);
}

void policy_bigint_divide(struct arena *arena, struct bigint a, struct bigint b,
	struct bigint *quotient, struct bigint *remainder)
{
	struct bigint rest = a;
	uint32_t *digits = limbs_new(arena, a.count);
	size_t count = 0;

	assert(b.count > 0);
	if (compare_magnitude(a, b) >= 0) {
		if (b.count == 1) {
			memcpy(digits, a.limbs, a.count * sizeof(*digits));
			uint32_t left = divide_small(digits, a.count, b.limbs[0]);
			rest = policy_bigint_of_u64(arena, left);
			rest.negative = a.negative && rest.count > 0;
		} else {
			divide_long(arena, a, b, digits, &rest);
		}
		count = a.count;
	}
	if (quotient != NULL) {
		*quotient = normal(digits, count, a.negative != b.negative);
	}
	if (remainder != NULL) {
		*remainder = rest;
	}
}

/* Two's complement of a negative number, in place: the operation is its own inverse. */
static void complement(uint32_t *limbs, size_t count)
{
	uint64_t carry = 1;

	for (size_t i = 0; i < count; i++) {
		carry += (uint32_t)~limbs[i];
		limbs[i] = (uint32_t)carry;
		carry >>= 32;
	}
}

static uint32_t *to_complement(struct arena *arena, struct bigint a, size_t count)
{
	uint32_t *limbs = limbs_new(arena, count);

	memcpy(limbs, a.limbs, a.count * sizeof(*limbs));
	if (a.negative) {
		complement(limbs, count);
	}
	return limbs;
}

struct bigint policy_bigint_bitwise(
	struct arena *arena, enum bigint_bitwise operation, struct bigint a, struct bigint b)
{
	size_t count = (a.count > b.count ? a.count : b.count) + 1; /* one limb holds the sign */
	uint32_t *x = to_complement(arena, a, count);
	const uint32_t *y = to_complement(arena, b, count);

	for (size_t i = 0; i < count; i++) {
		x[i] = operation == BIGINT_AND  ? x[i] & y[i]
		       : operation == BIGINT_OR ? x[i] | y[i]
						: x[i] ^ y[i];
	}
	bool negative = x[count - 1] >> 31 != 0;
	if (negative) {
		complement(x, count);
	}
	return normal(x, count, negative);
}
