/*
 * sprintf, as Go's package fmt prints: OPA hands it an int64, a float64, a *big.Int or a string
 * for each argument, and everything that is no number or string as the text of its term. What Go
 * says about wrong verbs and missing or superfluous arguments is part of the result.
 */
#include "policy/builtin_sprintf.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "policy/builtin_term.h"

#define SIZE_LIMIT 1000000 /* of a width or precision, as in Go */

static void put_text(struct formatter *f, const char *text)
{
	builtin_sprintf_put(f, text, strlen(text));
}

/* 2e308, as people write it, for a number that is too large for a double: it prints as its text. */
static struct span without_plus(struct policy_context *context, struct span text)
{
	char *copy = arena_text(context->arena, text.at, text.size);
	char *plus = strchr(copy, '+');

	if (plus != NULL) {
		memmove(plus, plus + 1, strlen(plus));
	}
	return (struct span){ copy, strlen(copy) };
}

static struct format_arg arg_of(struct formatter *f, const struct value *value)
{
	struct policy_context *context = f->context;
	struct format_arg arg = { .kind = ARG_TEXT };

	if (value_is(value, VALUE_STRING)) {
		arg.text = span_of(value);
		return arg;
	}
	if (!value_is(value, VALUE_NUMBER)) {
		struct buf *buf = policy_buf(context, 1);
		builtin_write_term(context, buf, value);
		policy_charge_bytes(context, buf->size);
		arg.text = (struct span){ arena_text(context->arena, buf_text(buf), buf->size),
			buf->size };
		return arg;
	}
	if (value_int(value, &arg.integer)) {
		arg.kind = ARG_INTEGER;
		return arg;
	}
	struct number number = builtin_number_of(context, value);
	arg.text = number.text;
	if (memchr(number.text.at, '.', number.text.size) == NULL &&
		memchr(number.text.at, 'e', number.text.size) == NULL &&
		memchr(number.text.at, 'E', number.text.size) == NULL) {
		arg.kind = ARG_BIG;
		arg.big = builtin_bigint_of(context, &number);
		return arg;
	}
	arg.real = value_double(value);
	arg.text = without_plus(context, number.text);
	arg.kind = isfinite(arg.real) ? ARG_FLOAT : ARG_TEXT;
	return arg;
}

/* Digits; false: there are none, or they say too much: then nothing is left of the format. */
static bool take_number(struct span *format, int *number)
{
	bool found = false;

	*number = 0;
	for (; format->size > 0 && isdigit((unsigned char)format->at[0]); found = true) {
		if (*number > SIZE_LIMIT) {
			*number = 0;
			*format = span_from(*format, format->size);
			return false;
		}
		*number = *number * 10 + (format->at[0] - '0');
		*format = span_from(*format, 1);
	}
	return found;
}

/* "[3]": which argument comes next. */
static bool take_index(struct formatter *f, struct span *format)
{
	int number;

	if (format->size == 0 || format->at[0] != '[') {
		return false;
	}
	f->reordered = true;
	const char *close = memchr(format->at, ']', format->size);
	if (format->size < 3 || close == NULL) {
		f->good_index = false;
		*format = span_from(*format, 1);
		return false;
	}
	struct span inside = { format->at + 1, (size_t)(close - format->at) - 1 };
	*format = span_from(*format, inside.size + 2);
	bool good = take_number(&inside, &number) && inside.size == 0;
	if (!good || number < 1 || (size_t)number > value_count(f->args)) {
		f->good_index = false;
		return good;
	}
	f->next = (size_t)number - 1;
	return true;
}

/* "*": the next argument is a width or precision. False: it is no integer of a good size. */
static bool take_from_arg(struct formatter *f, int *number)
{
	int64_t integer;

	*number = 0;
	if (f->next >= value_count(f->args)) {
		return false;
	}
	bool good = value_int(value_at(f->args, f->next), &integer) && integer <= SIZE_LIMIT &&
		    integer >= -SIZE_LIMIT;
	f->next++;
	*number = good ? (int)integer : 0;
	return good;
}

static void take_width(struct formatter *f, struct span *format, bool *after_index)
{
	if (format->size == 0 || format->at[0] != '*') {
		f->has_width = take_number(format, &f->width);
		f->good_index = f->good_index && !(*after_index && f->has_width);
		return;
	}
	*format = span_from(*format, 1);
	f->has_width = take_from_arg(f, &f->width);
	if (!f->has_width) {
		put_text(f, "%!(BADWIDTH)");
	}
	if (f->width < 0) {
		f->width = -f->width;
		f->minus = true;
		f->zero = false;
	}
	*after_index = false;
}

static void take_precision(struct formatter *f, struct span *format, bool *after_index)
{
	if (format->size < 2 || format->at[0] != '.') {
		return;
	}
	*format = span_from(*format, 1);
	f->good_index = f->good_index && !*after_index;
	*after_index = take_index(f, format);
	if (format->size > 0 && format->at[0] == '*') {
		*format = span_from(*format, 1);
		f->has_precision = take_from_arg(f, &f->precision) && f->precision >= 0;
		f->precision = f->has_precision ? f->precision : 0;
		if (!f->has_precision) {
			put_text(f, "%!(BADPREC)");
		}
		*after_index = false;
		return;
	}
	take_number(format, &f->precision);
	f->has_precision = true;
}

static void take_flags(struct formatter *f, struct span *format)
{
	f->minus = f->plus = f->sharp = f->space = f->zero = f->sharp_v = false;
	f->has_width = f->has_precision = false;
	f->width = f->precision = 0;
	for (; format->size > 0; *format = span_from(*format, 1)) {
		bool *flag = format->at[0] == '-'   ? &f->minus
			     : format->at[0] == '+' ? &f->plus
			     : format->at[0] == '#' ? &f->sharp
			     : format->at[0] == ' ' ? &f->space
			     : format->at[0] == '0' ? &f->zero
						    : NULL;
		if (flag == NULL) {
			return;
		}
		*flag = true;
	}
}

static void print_verb(struct formatter *f, uint32_t verb)
{
	if (verb == '%') {
		put_text(f, "%");
	} else if (!f->good_index) {
		put_text(f, "%!");
		builtin_sprintf_rune(f, verb);
		put_text(f, "(BADINDEX)");
	} else if (f->next >= value_count(f->args)) {
		put_text(f, "%!");
		builtin_sprintf_rune(f, verb);
		put_text(f, "(MISSING)");
	} else {
		if (verb == 'v' || verb == 'w') {
			f->sharp_v = f->sharp;
			f->sharp = f->plus = false;
		}
		struct format_arg arg = arg_of(f, value_at(f->args, f->next++));
		builtin_sprintf_print(f, &arg, verb);
	}
}

/* From behind a percent sign on; returns what is left of the format. */
static struct span print_one(struct formatter *f, struct span format)
{
	uint32_t verb;

	f->good_index = true;
	take_flags(f, &format);
	bool after_index = take_index(f, &format);
	take_width(f, &format, &after_index);
	take_precision(f, &format, &after_index);
	if (!after_index) {
		take_index(f, &format);
	}
	if (format.size == 0) {
		put_text(f, "%!(NOVERB)");
		return format;
	}
	size_t bytes = span_rune(format, 0, &verb);
	print_verb(f, verb);
	return span_from(format, bytes);
}

static void print_extra(struct formatter *f)
{
	struct span none = { "", 0 };

	take_flags(f, &none);
	put_text(f, "%!(EXTRA ");
	for (bool first = true; f->next < value_count(f->args); first = false) {
		struct format_arg arg = arg_of(f, value_at(f->args, f->next++));
		put_text(f, first ? "" : ", ");
		put_text(f, builtin_sprintf_type(&arg));
		put_text(f, "=");
		builtin_sprintf_print(f, &arg, 'v');
	}
	put_text(f, ")");
}

const struct value *builtin_sprintf(struct policy_context *context, const struct value *const *args)
{
	struct formatter f = { .context = context, .args = args[1] };

	if (!builtin_is(context, args, 0, VALUE_STRING) ||
		!builtin_is(context, args, 1, VALUE_ARRAY)) {
		return NULL;
	}
	struct span format = span_of(args[0]);
	f.buf = policy_buf(context, 0);
	while (format.size > 0) {
		const char *percent = memchr(format.at, '%', format.size);
		size_t before = percent != NULL ? (size_t)(percent - format.at) : format.size;
		builtin_sprintf_put(&f, format.at, before);
		format = span_from(format, before);
		if (format.size > 0) {
			format = print_one(&f, span_from(format, 1));
		}
	}
	if (!f.reordered && f.next < value_count(f.args)) {
		print_extra(&f);
	}
	return policy_text_of_buf(context, f.buf);
}
