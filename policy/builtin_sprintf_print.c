#include "policy/builtin_sprintf.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "policy/builtin_format_float.h"
#include "policy/builtin_term.h"
#include "policy/builtin_unicode.h"

void builtin_sprintf_put(struct formatter *f, const char *text, size_t size)
{
	builtin_append(f->context, f->buf, text, size);
}

static void put_text(struct formatter *f, const char *text)
{
	builtin_sprintf_put(f, text, strlen(text));
}

static void put_many(struct formatter *f, char c, int count)
{
	char chunk[256];

	memset(chunk, c, sizeof(chunk));
	for (int left = count; left > 0; left -= (int)sizeof(chunk)) {
		builtin_sprintf_put(
			f, chunk, left < (int)sizeof(chunk) ? (size_t)left : sizeof(chunk));
	}
}

/* With blanks (or zeros, to the left only) up to the width. */
static void put_padded(struct formatter *f, struct span text)
{
	int pad = f->has_width ? f->width - (int)span_runes(text) : 0;

	if (f->minus) {
		builtin_sprintf_put(f, text.at, text.size);
		put_many(f, ' ', pad);
	} else {
		put_many(f, f->zero ? '0' : ' ', pad);
		builtin_sprintf_put(f, text.at, text.size);
	}
}

/* ---- wrong verbs ---- */

const char *builtin_sprintf_type(const struct format_arg *arg)
{
	switch (arg->kind) {
	case ARG_INTEGER:
		return "int64";
	case ARG_BIG:
		return "*big.Int";
	case ARG_FLOAT:
		return "float64";
	case ARG_TEXT:
		return "string";
	}
	return "";
}

void builtin_sprintf_rune(struct formatter *f, uint32_t rune)
{
	char bytes[4];

	builtin_sprintf_put(f, bytes, utf8_write(rune, bytes));
}

/* %!d(string=text) */
static void bad_verb(struct formatter *f, const struct format_arg *arg, uint32_t verb)
{
	put_text(f, "%!");
	builtin_sprintf_rune(f, verb);
	put_text(f, "(");
	put_text(f, builtin_sprintf_type(arg));
	put_text(f, "=");
	builtin_sprintf_print(f, arg, 'v');
	put_text(f, ")");
}

/* ---- integers ---- */

static unsigned radix_of(uint32_t verb)
{
	switch (verb) {
	case 'd':
	case 'v':
	case 's':
		return 10;
	case 'b':
		return 2;
	case 'o':
	case 'O':
		return 8;
	case 'x':
	case 'X':
		return 16;
	default:
		return 0;
	}
}

static const char *prefix_of(const struct formatter *f, uint32_t verb, const char *digits)
{
	if (verb == 'O') {
		return "0o";
	}
	if (!f->sharp) {
		return "";
	}
	switch (verb) {
	case 'b':
		return "0b";
	case 'o':
		return digits[0] != '0' ? "0" : "";
	case 'x':
		return "0x";
	case 'X':
		return "0X";
	default:
		return "";
	}
}

static char *digits_of(struct formatter *f, struct bigint integer, uint32_t verb, size_t *size)
{
	builtin_charge_bigints(f->context, integer, integer);
	policy_charge_bytes(f->context, integer.count * 64);
	integer.negative = false;
	char *digits = policy_bigint_text(f->context->arena, integer, radix_of(verb), size);
	for (char *at = digits; verb == 'X' && *at != '\0'; at++) {
		*at = (char)toupper((unsigned char)*at);
	}
	return digits;
}

/* big: Go's *big.Int counts the prefix when it fills with zeros, its integers do not. */
static void print_integer(struct formatter *f, struct bigint integer, uint32_t verb, bool big)
{
	size_t size;
	const char *digits = digits_of(f, integer, verb, &size);
	const char *prefix = prefix_of(f, verb, digits);
	const char *sign = integer.negative ? "-" : f->plus ? "+" : f->space ? " " : "";
	int length = (int)(size + strlen(sign));
	int zeros = f->has_precision ? f->precision - (int)size : 0;

	if (f->has_precision && f->precision == 0 && integer.count == 0) {
		put_many(f, ' ', f->has_width ? f->width : 0);
		return;
	}
	if (!f->has_precision && f->zero && !f->minus && f->has_width) {
		zeros = f->width - length - (big ? (int)strlen(prefix) : 0);
	}
	zeros = zeros > 0 ? zeros : 0;
	int pad = f->has_width ? f->width - length - zeros - (int)strlen(prefix) : 0;
	put_many(f, ' ', f->minus ? 0 : pad);
	put_text(f, sign);
	put_text(f, prefix);
	put_many(f, '0', zeros);
	builtin_sprintf_put(f, digits, size);
	put_many(f, ' ', f->minus ? pad : 0);
}

/* %c, %q, %U: an integer as a character. */
static void print_rune(struct formatter *f, const struct format_arg *arg, uint32_t verb)
{
	bool valid = arg->integer >= 0 && arg->integer <= 0x10ffff &&
		     !(arg->integer >= 0xd800 && arg->integer <= 0xdfff);
	uint32_t rune = valid ? (uint32_t)arg->integer : 0xfffd;
	struct buf *buf = policy_buf(f->context, 1);
	char bytes[4];

	if (verb == 'c') {
		buf_append(buf, bytes, utf8_write(rune, bytes));
	} else if (verb == 'q') {
		builtin_write_quoted_rune(f->context, buf, rune, f->plus);
	} else {
		int digits = f->has_precision && f->precision > 4 ? f->precision : 4;
		policy_charge_bytes(f->context, (size_t)digits);
		buf_printf(buf, "U+%0*llX", digits, (unsigned long long)arg->integer);
		if (f->sharp && valid && policy_rune_is_print(rune)) {
			buf_append_text(buf, " '");
			buf_append(buf, bytes, utf8_write(rune, bytes));
			buf_append_char(buf, '\'');
		}
		f->zero = false;
	}
	put_padded(f, (struct span){ buf_text(buf), buf->size });
}

/* ---- floats ---- */

/* "#": a decimal point, and for %g the zeros that it would drop. */
static char *with_point(struct arena *arena, const char *text, uint32_t verb, int precision)
{
	bool general = verb == 'v' || verb == 'g' || verb == 'G' || verb == 'x';
	int digits = !general ? 0 : precision == POLICY_SHORTEST ? 6 : precision;
	size_t end = strcspn(text, verb == 'x' || verb == 'X' ? "pP" : "eE");
	bool point = memchr(text, '.', end) != NULL;
	bool seen = false;

	for (size_t i = 0; i < end; i++) {
		seen = seen || (text[i] >= '1' && text[i] <= '9') ||
		       isalpha((unsigned char)text[i]);
		digits -= seen && text[i] != '.';
	}
	if (!point && strcmp(text, "0") == 0) {
		digits--;
	}
	char *result = arena_printf(arena, "%.*s%s%*s%s", (int)end, text, point ? "" : ".",
		digits > 0 ? digits : 0, "", text + end);
	for (char *at = result; *at != '\0'; at++) {
		*at = *at == ' ' ? '0' : *at;
	}
	return result;
}

static void print_float(struct formatter *f, const struct format_arg *arg, uint32_t verb)
{
	struct arena *arena = f->context->arena;
	bool fixed = verb == 'e' || verb == 'E' || verb == 'f' || verb == 'F';
	char form = verb == 'v' ? 'g' : verb == 'F' ? 'f' : (char)verb;
	int precision = f->has_precision ? f->precision : fixed ? 6 : POLICY_SHORTEST;
	bool negative = signbit(arg->real) != 0;

	policy_charge(f->context, 200);
	policy_charge_bytes(f->context, 2048 + 2 * (size_t)(precision > 0 ? precision : 0));
	char *text = policy_format_double(arena, fabs(arg->real), form, precision);
	if (f->sharp && verb != 'b') {
		text = with_point(arena, text, verb, precision);
	}
	const char *sign = negative ? "-" : f->plus ? "+" : f->space ? " " : "";
	int pad = f->has_width ? f->width - (int)(strlen(text) + strlen(sign)) : 0;
	bool zeros = f->zero && !f->minus;
	put_many(f, ' ', f->minus || zeros ? 0 : pad);
	put_text(f, sign);
	put_many(f, '0', zeros ? pad : 0);
	put_text(f, text);
	put_many(f, ' ', f->minus ? pad : 0);
}

/* ---- text ---- */

static struct span truncated(const struct formatter *f, struct span text)
{
	size_t at = 0;

	for (int i = 0; f->has_precision && at < text.size; i++) {
		uint32_t rune;
		if (i == f->precision) {
			return (struct span){ text.at, at };
		}
		at += span_rune(text, at, &rune);
	}
	return text;
}

static bool can_backquote(struct span text)
{
	for (size_t i = 0; i < text.size;) {
		uint32_t rune;
		i += span_rune(text, i, &rune);
		if (rune == '`' || rune == 0x7f || rune == 0xfeff || (rune < ' ' && rune != '\t')) {
			return false;
		}
	}
	return true;
}

static void print_quoted(struct formatter *f, struct span text)
{
	struct buf *buf = policy_buf(f->context, 1);

	text = truncated(f, text);
	if (f->sharp && can_backquote(text)) {
		builtin_append(f->context, buf, "`", 1);
		builtin_append(f->context, buf, text.at, text.size);
		builtin_append(f->context, buf, "`", 1);
	} else {
		builtin_write_quoted(f->context, buf, text, f->plus);
	}
	put_padded(f, (struct span){ buf_text(buf), buf->size });
}

static void print_hex(struct formatter *f, struct span text, uint32_t verb)
{
	const char *digits = verb == 'x' ? "0123456789abcdef" : "0123456789ABCDEF";
	struct buf *buf = policy_buf(f->context, 1);
	size_t size = f->has_precision && (size_t)f->precision < text.size ? (size_t)f->precision
									   : text.size;

	policy_charge_text(f->context, size * 8);
	policy_charge_bytes(f->context, buf->size + size * 5);
	for (size_t i = 0; i < size; i++) {
		if (f->space && i > 0) {
			buf_append_char(buf, ' ');
		}
		if (f->sharp && (f->space || i == 0)) {
			buf_append_char(buf, '0');
			buf_append_char(buf, (char)verb);
		}
		buf_append_char(buf, digits[(unsigned char)text.at[i] >> 4]);
		buf_append_char(buf, digits[text.at[i] & 15]);
	}
	put_padded(f, (struct span){ buf_text(buf), buf->size });
}

/* ---- verbs ---- */

static void print_big(struct formatter *f, const struct format_arg *arg, uint32_t verb)
{
	if (radix_of(verb) != 0) {
		print_integer(f, arg->big, verb, true);
		return;
	}
	put_text(f, "%!"); /* *big.Int prints itself, without its star */
	builtin_sprintf_rune(f, verb);
	put_text(f, "(big.Int=");
	builtin_sprintf_put(f, arg->text.at, arg->text.size);
	put_text(f, ")");
}

static void print_text(struct formatter *f, const struct format_arg *arg, uint32_t verb)
{
	if (verb == 's' || (verb == 'v' && !f->sharp_v)) {
		put_padded(f, truncated(f, arg->text));
	} else if (verb == 'q' || verb == 'v') {
		print_quoted(f, arg->text);
	} else if (verb == 'x' || verb == 'X') {
		print_hex(f, arg->text, verb);
	} else {
		bad_verb(f, arg, verb);
	}
}

void builtin_sprintf_print(struct formatter *f, const struct format_arg *arg, uint32_t verb)
{
	if (verb == 'T') {
		const char *type = builtin_sprintf_type(arg);
		put_padded(f, truncated(f, (struct span){ type, strlen(type) }));
		return;
	}
	switch (arg->kind) {
	case ARG_INTEGER:
		if (verb == 'c' || verb == 'q' || verb == 'U') {
			print_rune(f, arg, verb);
		} else if (radix_of(verb) != 0 && verb != 's') {
			print_integer(
				f, policy_bigint_of(f->context->arena, arg->integer), verb, false);
		} else {
			bad_verb(f, arg, verb);
		}
		break;
	case ARG_BIG:
		print_big(f, arg, verb);
		break;
	case ARG_FLOAT:
		if (verb < 0x80 && strchr("vbgGxXfFeE", (int)verb) != NULL && verb != 0) {
			print_float(f, arg, verb);
		} else {
			bad_verb(f, arg, verb);
		}
		break;
	case ARG_TEXT:
		print_text(f, arg, verb);
		break;
	}
}
