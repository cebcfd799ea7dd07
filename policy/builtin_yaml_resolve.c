#include "policy/builtin_yaml.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "policy/builtin_format_float.h"
#include "policy/builtin_time.h"
#include "policy/context.h"

const char *yaml_type_tag(enum yaml_type type)
{
	static const char *const tags[] = {
		[YAML_NULL] = "!!null",
		[YAML_BOOL] = "!!bool",
		[YAML_INT] = "!!int",
		[YAML_FLOAT] = "!!float",
		[YAML_STR] = "!!str",
		[YAML_MERGE] = "!!merge",
		[YAML_TIME] = "!!timestamp",
	};

	return tags[type];
}

static bool find_word(struct span text, struct yaml_scalar *scalar)
{
	static const struct {
		const char *words[4];
		struct yaml_scalar scalar;
	} table[] = {
		{ { "true", "True", "TRUE" }, { .type = YAML_BOOL, .is_true = true } },
		{ { "false", "False", "FALSE" }, { .type = YAML_BOOL } },
		{ { "~", "null", "Null", "NULL" }, { .type = YAML_NULL } },
		{ { "", "" }, { .type = YAML_NULL } },
		{ { ".nan", ".NaN", ".NAN" }, { .type = YAML_FLOAT, .number = NAN } },
		{ { ".inf", ".Inf", ".INF" }, { .type = YAML_FLOAT, .number = INFINITY } },
		{ { "+.inf", "+.Inf", "+.INF" }, { .type = YAML_FLOAT, .number = INFINITY } },
		{ { "-.inf", "-.Inf", "-.INF" }, { .type = YAML_FLOAT, .number = -INFINITY } },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		for (size_t k = 0; k < 4 && table[i].words[k] != NULL; k++) {
			if (span_is(text, table[i].words[k])) {
				*scalar = table[i].scalar;
				return true;
			}
		}
	}
	return false;
}

/* ---- numbers ---- */

/* Digits of a base up to the end. False: others, none, or beyond 64 bits. */
static bool read_digits(const char *text, unsigned base, uint64_t *number)
{
	*number = 0;
	for (const char *at = text; *at != '\0'; at++) {
		int c = *at | 0x20;
		unsigned digit = *at >= '0' && *at <= '9' ? (unsigned)(*at - '0')
				 : c >= 'a' && c <= 'z'   ? (unsigned)(c - 'a' + 10)
							  : base;
		if (digit >= base || __builtin_mul_overflow(*number, base, number) ||
			__builtin_add_overflow(*number, digit, number)) {
			return false;
		}
	}
	return *text != '\0';
}

/* As Go's ParseInt and ParseUint with base 0, and go-yaml's own bases behind. */
static bool read_int(const char *text, struct yaml_scalar *scalar)
{
	const char *at = text;
	bool is_signed = *at == '+' || *at == '-';
	bool negative = *at == '-';
	unsigned base = 10;

	at += is_signed;
	if (*at == '0' && at[1] != '\0') {
		int letter = at[1] | 0x20;
		base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 8;
		at += base == 8 && letter != 'o' ? 1 : 2;
	}
	bool is_odd = !is_signed && base != 10 && (text[1] == 'b' || text[1] == 'o') &&
		      (*at == '+' || *at == '-');
	if (is_odd) { /* 0b-1 */
		negative = *at == '-';
		is_signed = true;
		at++;
	}
	uint64_t most = is_signed ? (uint64_t)INT64_MAX + negative : UINT64_MAX;
	scalar->is_negative = negative;
	return read_digits(at, base, &scalar->magnitude) && scalar->magnitude <= most;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool is_float(const char *text)
{
	size_t whole, part = 0;

	text += *text == '+' || *text == '-';
	whole = strspn(text, "0123456789");
	text += whole;
	if (*text == '.') {
		part = strspn(text + 1, "0123456789");
		text += 1 + part;
	}
	if (whole + part == 0) {
		return false;
	}
	if (*text == 'e' || *text == 'E') {
		text++;
		text += *text == '+' || *text == '-';
		size_t digits = strspn(text, "0123456789");
		if (digits == 0) {
			return false;
		}
		text += digits;
	}
	return *text == '\0';
}

static bool is_time(struct span text)
{
	static const char *const layouts[] = { "2006-1-2T15:4:5.999999999Z07:00",
		"2006-1-2t15:4:5.999999999Z07:00", "2006-1-2 15:4:5.999999999", "2006-1-2" };
	struct error err = { 0 };
	struct instant instant;

	if (text.size < 5 || strspn(text.at, "0123456789") != 4 || text.at[4] != '-') {
		return false;
	}
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		struct span layout = { layouts[i], strlen(layouts[i]) };
		if (policy_time_parse(layout, text, &instant, &err)) {
			return true;
		}
		err = (struct error){ 0 };
	}
	return false;
}

/* Without its underscores. */
static const char *plain_digits(struct yaml *yaml, struct span text)
{
	char *plain = policy_alloc(yaml->context, text.size + 1);
	size_t size = 0;

	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] != '_') {
			plain[size++] = text.at[i];
		}
	}
	plain[size] = '\0';
	return plain;
}

static void resolve_number(struct yaml *yaml, struct span text, struct yaml_scalar *scalar)
{
	const char *plain = *text.at == '.' ? text.at : plain_digits(yaml, text);

	if (*text.at != '.' && read_int(plain, scalar)) {
		scalar->type = YAML_INT;
	} else if (is_float(plain)) {
		policy_charge(yaml->context, 100 + text.size);
		scalar->number = strtod(plain, NULL);
		scalar->type = isinf(scalar->number) ? YAML_STR : YAML_FLOAT;
	}
}

bool yaml_resolve(struct yaml *yaml, struct span text, struct yaml_scalar *scalar)
{
	policy_charge(yaml->context, 4);
	if (find_word(text, scalar)) {
		return true;
	}
	*scalar = (struct yaml_scalar){ .type = YAML_STR };
	if (strchr("+-.0123456789", *text.at) == NULL || strlen(text.at) != text.size) {
		return true;
	}
	policy_charge_text(yaml->context, text.size * 8);
	if (*text.at == '.') {
		/* ParseFloat takes underscores between digits. */
		if (memchr(text.at, '_', text.size) != NULL && text.at[1] >= '0' &&
			text.at[1] <= '9' && strspn(text.at, "0123456789_.eE+-") == text.size) {
			return yaml_unsure(yaml, "a number with underscores behind the point");
		}
	} else if (is_time(text)) {
		scalar->type = YAML_TIME;
		return true;
	}
	resolve_number(yaml, text, scalar);
	return true;
}

struct span yaml_int_text(struct yaml *yaml, const struct yaml_scalar *scalar)
{
	const char *sign = scalar->is_negative && scalar->magnitude > 0 ? "-" : "";
	const char *text = arena_printf(
		yaml->context->arena, "%s%llu", sign, (unsigned long long)scalar->magnitude);

	return (struct span){ text, strlen(text) };
}

/* The shortest "d.ddde+XX" that reads back as the same float32. */
static char *short_exponent_text(struct arena *arena, float number)
{
	char *text = NULL;

	for (int digits = 0; digits < 9; digits++) {
		text = policy_format_double(arena, (double)number, 'e', digits);
		if (strtof(text, NULL) == number) {
			break;
		}
	}
	return text;
}

char *yaml_float_text(struct policy_context *context, double number, bool is_short)
{
	struct arena *arena = context->arena;

	policy_charge(context, is_short ? 500 : 100);
	policy_charge_bytes(context, is_short ? 1024 : 256);
	number = is_short ? (double)(float)number : number;
	if (isnan(number)) {
		return arena_strdup(arena, ".nan");
	}
	if (isinf(number)) {
		return arena_strdup(arena, number > 0 ? ".inf" : "-.inf");
	}
	if (!is_short) {
		return policy_format_double(arena, number, 'g', POLICY_SHORTEST);
	}
	char *text = short_exponent_text(arena, (float)number);
	long exponent = strtol(strchr(text, 'e') + 1, NULL, 10);
	if (exponent < -4 || exponent >= 6) {
		return text;
	}
	long digits = (long)(strchr(text, 'e') - text) - (number < 0);
	digits -= digits > 1; /* the point */
	long behind = digits - 1 - exponent;
	return policy_format_double(arena, number, 'f', behind > 0 ? (int)behind : 0);
}
