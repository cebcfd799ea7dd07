/*
 * units.parse and units.parse_bytes: "10Ki", "1.5gb".
 */
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "policy/builtin_number.h"

#define EXPONENT_DIGITS 6   /* as in OPA */
#define EXPONENT_LIMIT 4000 /* what a number may have here */

struct amount {
	struct span number, unit;
	bool too_large; /* its exponent */
};

static bool is_digit(struct span text, size_t at)
{
	return at < text.size && text.at[at] >= '0' && text.at[at] <= '9';
}

/* Where the number ends and the unit begins, as OPA finds it: "1e3" is a number, "1e" one exabyte.
 */
static struct amount split_amount(struct span text)
{
	struct amount amount = { .number = text, .unit = { "", 0 } };

	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];
		bool exponent = c == 'e' || c == 'E';
		bool sign_next =
			i + 1 < text.size && (text.at[i + 1] == '+' || text.at[i + 1] == '-');
		if ((!exponent && !is_digit(text, i) && c != '.' && c != '+' && c != '-') ||
			(exponent && !sign_next && !is_digit(text, i + 1))) {
			amount.number.size = i;
			amount.unit = span_from(text, i);
			break;
		}
		if (exponent) {
			size_t digits = 0;
			i += sign_next;
			while (is_digit(text, i + 1 + digits)) {
				digits++;
			}
			amount.too_large = digits > EXPONENT_DIGITS;
			if (amount.too_large) {
				break;
			}
		}
	}
	return amount;
}

/* "12.5e3" to JSON's form; false: it is no number. Go takes a sign, ".5" and "5." as well. */
static bool number_form(struct buf *buf, struct span text)
{
	size_t at = text.size > 0 && (text.at[0] == '+' || text.at[0] == '-') ? 1 : 0;
	size_t digits = 0;
	bool nonzero = false;

	if (at > 0 && text.at[0] == '-') {
		buf_append_char(buf, '-');
	}
	for (; is_digit(text, at); at++, digits++) {
		nonzero = nonzero || text.at[at] != '0';
		if (nonzero) {
			buf_append_char(buf, text.at[at]);
		}
	}
	if (!nonzero) {
		buf_append_char(buf, '0');
	}
	if (at < text.size && text.at[at] == '.') {
		buf_append_char(buf, '.');
		size_t begin = ++at;
		for (; is_digit(text, at); at++, digits++) {
			buf_append_char(buf, text.at[at]);
		}
		if (at == begin) {
			buf_append_char(buf, '0');
		}
	}
	if (digits == 0) {
		return false;
	}
	if (at < text.size && (text.at[at] == 'e' || text.at[at] == 'E')) {
		buf_append_char(buf, 'e');
		at++;
		if (at < text.size && (text.at[at] == '+' || text.at[at] == '-')) {
			buf_append_char(buf, text.at[at++]);
		}
		for (digits = 0; is_digit(text, at); at++, digits++) {
			buf_append_char(buf, text.at[at]);
		}
	}
	return at == text.size && digits > 0;
}

/* Takes quotes away and says what is wrong with the rest; false: reported. */
static bool amount_of(struct policy_context *context, struct span text, const char *name,
	const char *what, struct amount *amount)
{
	char *copy = policy_alloc(context, text.size + 1);
	size_t size = 0;

	policy_charge(context, text.size);
	for (size_t i = 0; i < text.size; i++) {
		copy[size] = text.at[i];
		size += text.at[i] != '"';
	}
	*amount = split_amount((struct span){ copy, size });
	const char *problem = memchr(copy, ' ', size) != NULL
				      ? "spaces not allowed in resource strings"
			      : amount->too_large        ? "exponent too large"
			      : amount->number.size == 0 ? what
							 : NULL;
	if (problem != NULL) {
		builtin_error(context, "%s: %s", name, problem);
	}
	return problem == NULL;
}

/* The number as digits * 10^exponent; false: reported. */
static bool decimal_of(struct policy_context *context, const struct amount *amount,
	const char *problem, struct decimal *decimal)
{
	struct buf *buf = policy_buf(context, 0);

	policy_charge_bytes(context, amount->number.size * 4 + 64);
	if (!number_form(buf, amount->number)) {
		builtin_error(context, "%s", problem);
		return false;
	}
	*decimal = policy_decimal_parse(context->arena, buf_text(buf), buf->size);
	if (decimal->exponent > EXPONENT_LIMIT || decimal->exponent < -EXPONENT_LIMIT ||
		decimal->count > EXPONENT_LIMIT) {
		builtin_error(context, "the number is too large");
		return false;
	}
	policy_charge(context, 50 + decimal->count * decimal->count / 64 +
				       (size_t)(decimal->exponent * decimal->exponent / 64));
	policy_charge_bytes(context, (decimal->count + EXPONENT_LIMIT) * 16);
	return true;
}

/* ---- units.parse ---- */

/* 1000^power or 1024^power; -1000: a thousandth, as the nearest double. */
struct unit {
	const char *name;
	int base, power;
};

static const struct unit *find_unit(const struct unit *units, size_t count, struct span name)
{
	for (size_t i = 0; i < count; i++) {
		if (span_is(name, units[i].name)) {
			return &units[i];
		}
	}
	return NULL;
}

/* "KI" and "kI" are "Ki" and "ki": only the first letter keeps its case. */
static struct span lower_tail(struct policy_context *context, struct span unit, size_t from)
{
	char *copy = arena_text(context->arena, unit.at, unit.size);

	for (size_t i = from; i < unit.size; i++) {
		copy[i] = (char)(copy[i] >= 'A' && copy[i] <= 'Z' ? copy[i] + 32 : copy[i]);
	}
	return (struct span){ copy, unit.size };
}

/* numerator / denominator with ten digits behind the point, half away from zero. */
static const struct value *ten_digits(
	struct policy_context *context, struct bigint numerator, struct bigint denominator)
{
	struct arena *arena = context->arena;
	struct bigint quotient, rest;
	size_t size;

	policy_bigint_divide(arena, numerator, denominator, &quotient, &rest);
	if (policy_bigint_sign(rest) == 0) {
		return builtin_from_bigint(context, quotient);
	}
	bool negative = numerator.negative;
	numerator.negative = false;
	struct bigint scaled =
		policy_bigint_multiply(arena, numerator, policy_bigint_power(arena, 10, 10));
	policy_bigint_divide(arena, scaled, denominator, &quotient, &rest);
	struct bigint twice = policy_bigint_shift_left(arena, rest, 1);
	if (policy_bigint_compare(twice, denominator) >= 0) {
		quotient = policy_bigint_add(arena, quotient, policy_bigint_of(arena, 1));
	}
	const char *text = policy_bigint_text(arena, quotient, 10, &size);
	const char *zeros = &"00000000000"[size < 11 ? size : 11];
	char *digits = arena_printf(arena, "%s%s", zeros, text);
	size = strlen(digits);
	const char *number = arena_printf(arena, "%s%.*s.%s", negative ? "-" : "", (int)(size - 10),
		digits, digits + size - 10);
	return builtin_number_text(context, number, strlen(number));
}

static const struct value *scaled(
	struct policy_context *context, const struct decimal *decimal, const struct unit *unit)
{
	struct arena *arena = context->arena;
	int64_t exponent = decimal->exponent;
	struct bigint up = policy_bigint_parse(arena, decimal->digits, decimal->count);
	struct bigint down = policy_bigint_of(arena, 1);

	up.negative = decimal->negative && up.count > 0;
	if (unit->base ==
		-1000) { /* OPA multiplies with the double 0.001, which is 2^-60 times this */
		struct bigint mantissa = policy_bigint_of(arena, INT64_C(1152921504606847));
		up = policy_bigint_multiply(arena, up, mantissa);
		down = policy_bigint_shift_left(arena, down, 60);
	} else if (unit->power > 0) {
		up = policy_bigint_multiply(arena, up,
			policy_bigint_power(arena, (uint32_t)unit->base, (unsigned)unit->power));
	}
	struct bigint ten =
		policy_bigint_power(arena, 10, (unsigned)(exponent < 0 ? -exponent : exponent));
	builtin_charge_bigints(context, up, ten);
	if (exponent < 0) {
		down = policy_bigint_multiply(arena, down, ten);
	} else {
		up = policy_bigint_multiply(arena, up, ten);
	}
	builtin_charge_bigints(context, up, down);
	return ten_digits(context, up, down);
}

const struct value *builtin_units_parse(
	struct policy_context *context, const struct value *const *args)
{
	static const struct unit units[] = {
		{ "", 1, 0 },
		{ "k", 1000, 1 },
		{ "K", 1000, 1 },
		{ "ki", 1024, 1 },
		{ "Ki", 1024, 1 },
		{ "M", 1000, 2 },
		{ "mi", 1024, 2 },
		{ "Mi", 1024, 2 },
		{ "g", 1000, 3 },
		{ "G", 1000, 3 },
		{ "gi", 1024, 3 },
		{ "Gi", 1024, 3 },
		{ "t", 1000, 4 },
		{ "T", 1000, 4 },
		{ "ti", 1024, 4 },
		{ "Ti", 1024, 4 },
		{ "p", 1000, 5 },
		{ "P", 1000, 5 },
		{ "pi", 1024, 5 },
		{ "Pi", 1024, 5 },
		{ "e", 1000, 6 },
		{ "E", 1000, 6 },
		{ "ei", 1024, 6 },
		{ "Ei", 1024, 6 },
		{ "m", -1000, 0 },
	};
	struct amount amount;
	struct decimal decimal;

	if (!builtin_is(context, args, 0, VALUE_STRING) ||
		!amount_of(
			context, span_of(args[0]), "units.parse", "no amount provided", &amount)) {
		return NULL;
	}
	struct span name = lower_tail(context, amount.unit, 1);
	const struct unit *unit = find_unit(units, sizeof(units) / sizeof(units[0]), name);
	if (unit == NULL) {
		return builtin_error(context, "units.parse: unit %.*s not recognized",
			(int)(name.size < 50 ? name.size : 50), name.at);
	}
	if (!decimal_of(context, &amount, "units.parse: could not parse amount to a number",
		    &decimal)) {
		return NULL;
	}
	return scaled(context, &decimal, unit);
}

/* ---- units.parse_bytes ---- */

const struct value *builtin_units_parse_bytes(
	struct policy_context *context, const struct value *const *args)
{
	static const struct unit units[] = {
		{ "", 1, 0 },
		{ "kb", 1000, 1 },
		{ "k", 1000, 1 },
		{ "kib", 1024, 1 },
		{ "ki", 1024, 1 },
		{ "mb", 1000, 2 },
		{ "m", 1000, 2 },
		{ "mib", 1024, 2 },
		{ "mi", 1024, 2 },
		{ "gb", 1000, 3 },
		{ "g", 1000, 3 },
		{ "gib", 1024, 3 },
		{ "gi", 1024, 3 },
		{ "tb", 1000, 4 },
		{ "t", 1000, 4 },
		{ "tib", 1024, 4 },
		{ "ti", 1024, 4 },
		{ "pb", 1000, 5 },
		{ "p", 1000, 5 },
		{ "pib", 1024, 5 },
		{ "pi", 1024, 5 },
		{ "eb", 1000, 6 },
		{ "e", 1000, 6 },
		{ "eib", 1024, 6 },
		{ "ei", 1024, 6 },
	};
	struct amount amount;
	struct decimal decimal;

	if (!builtin_is(context, args, 0, VALUE_STRING) ||
		!amount_of(context, span_of(args[0]), "units.parse_bytes",
			"no byte amount provided", &amount)) {
		return NULL;
	}
	struct span name = lower_tail(context, amount.unit, 0);
	const struct unit *unit = find_unit(units, sizeof(units) / sizeof(units[0]), name);
	if (unit == NULL) {
		return builtin_error(context, "units.parse_bytes: byte unit %.*s not recognized",
			(int)(name.size < 50 ? name.size : 50), name.at);
	}
	if (!decimal_of(context, &amount,
		    "units.parse_bytes: could not parse byte amount to a number", &decimal)) {
		return NULL;
	}
	struct arena *arena = context->arena;
	const char *text = arena_printf(arena, "%s%se%lld", decimal.negative ? "-" : "",
		decimal.count > 0 ? decimal.digits : "0", (long long)decimal.exponent);
	struct bigfloat number = policy_float_parse(arena, text, strlen(text));
	struct bigfloat factor = policy_float_of_bigint(
		arena, policy_bigint_power(arena, (uint32_t)unit->base, (unsigned)unit->power));
	number = policy_float_multiply(arena, number, factor, FLOAT_BITS);
	return builtin_from_bigint(context, policy_float_truncate(arena, number));
}
