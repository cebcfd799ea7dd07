#include "policy/builtin_format_float.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "policy/builtin_float.h"

/* Bits of mantissa that the double has: fewer below 2^-1022. */
static unsigned precision_of(double number)
{
	int exponent;

	frexp(number, &exponent); /* number = 0.1… * 2^exponent */
	return exponent > -1021 ? 53 : (unsigned)(exponent + 1074);
}

static char *exponent_form(struct arena *arena, const struct digits *d, const char *sign, char verb)
{
	int exponent = d->count > 0 ? (int)d->point - 1 : 0;

	return arena_printf(arena, "%s%c%s%s%c%c%02d", sign, d->count > 0 ? d->text[0] : '0',
		d->count > 1 ? "." : "", d->count > 1 ? d->text + 1 : "", verb,
		exponent < 0 ? '-' : '+', exponent < 0 ? -exponent : exponent);
}

static char *zeros_for_spaces(char *text)
{
	for (char *at = text; *at != '\0'; at++) {
		*at = *at == ' ' ? '0' : *at;
	}
	return text;
}

static char *plain_form(struct arena *arena, const struct digits *d, const char *sign)
{
	int count = (int)d->count;
	int point = (int)d->point;

	if (count == 0) {
		return arena_printf(arena, "%s0", sign);
	}
	if (point <= 0) {
		char *text = arena_printf(arena, "%s0.%*s%s", sign, -point, "", d->text);
		return zeros_for_spaces(text);
	}
	if (point >= count) {
		char *text = arena_printf(arena, "%s%s%*s", sign, d->text, point - count, "");
		return zeros_for_spaces(text);
	}
	return arena_printf(arena, "%s%.*s.%s", sign, point, d->text, d->text + point);
}

static char *shortest(struct arena *arena, double number, char verb)
{
	const char *sign = signbit(number) != 0 ? "-" : "";
	struct digits d = policy_float_digits(
		arena, policy_float_of_double(fabs(number)), precision_of(fabs(number)));

	d.text[d.count] = '\0'; /* zeros at the end were cut off: there is room */
	if (verb == 'e' || verb == 'E') {
		return exponent_form(arena, &d, sign, verb);
	}
	if (verb != 'f' && d.count > 0 && (d.point - 1 < -4 || d.point - 1 >= 6)) {
		return exponent_form(arena, &d, sign, verb == 'G' ? 'E' : 'e');
	}
	return plain_form(arena, &d, sign);
}

/* C's exponents have two digits at least, as Go's; %g is the same but for what "#" keeps. */
static char *with_digits(struct arena *arena, double number, char verb, int digits)
{
	switch (verb) {
	case 'e':
		return arena_printf(arena, "%.*e", digits, number);
	case 'E':
		return arena_printf(arena, "%.*E", digits, number);
	case 'g':
		return arena_printf(arena, "%.*g", digits, number);
	case 'G':
		return arena_printf(arena, "%.*G", digits, number);
	default:
		return arena_printf(arena, "%.*f", digits, number);
	}
}

/* -ddd…p±dd: the mantissa as an integer. */
static char *binary_form(struct arena *arena, double number)
{
	int exponent;
	double fraction = frexp(fabs(number), &exponent);
	int bits = exponent > -1021 ? 53 : 53 - (-1021 - exponent);

	if (fraction == 0) {
		return arena_printf(arena, "%s0p-1074", signbit(number) != 0 ? "-" : "");
	}
	return arena_printf(arena, "%s%.0fp%+d", signbit(number) != 0 ? "-" : "",
		ldexp(fraction, bits), exponent - bits);
}

/* Go pads the exponent of hexadecimal forms to two digits. */
static char *hexadecimal_form(struct arena *arena, double number, char verb, int digits)
{
	char *text = digits < 0 ? arena_printf(arena, "%a", number)
				: arena_printf(arena, "%.*a", digits, number);
	char *p = strchr(text, 'p');

	if (p != NULL && strlen(p) == 3) {
		text = arena_printf(arena, "%.*s0%c", (int)(p + 2 - text), text, p[2]);
	}
	for (char *at = text; verb == 'X' && *at != '\0'; at++) {
		*at = (char)toupper((unsigned char)*at);
	}
	return text;
}

char *policy_format_double(struct arena *arena, double number, char verb, int digits)
{
	switch (verb) {
	case 'b':
		return binary_form(arena, number);
	case 'x':
	case 'X':
		return hexadecimal_form(arena, number, verb, digits);
	default:
		return digits < 0 ? shortest(arena, number, verb)
				  : with_digits(arena, number, verb, digits);
	}
}
