/*
 * Texts and numbers against a JSON Schema.
 */
#include <stdio.h>
#include <stdlib.h>
#include "base/buf.h"
#include "policy/builtin_regex.h"
#include "policy/builtin_schema_match.h"

bool match_pattern(struct match *match, const struct value *pattern, struct span text)
{
	const struct policy_regex *regex = builtin_regex_of(match->context, span_of(pattern));
	struct policy_regex_scan scan;

	policy_regex_scan_init(match->context, &scan, regex, text.at, text.size);
	return policy_regex_scan_next(&scan, 0, NULL, 0);
}

void match_text(struct match *match, const struct value *node, const struct value *value,
	const struct place *place, struct result *result)
{
	const struct value *pattern = value_find(node, "pattern");
	int64_t limit;

	policy_charge_text(match->context, value_size(value));
	int64_t runes = (int64_t)span_runes(span_of(value));
	if (value_int(value_find(node, "minLength"), &limit) && runes < limit) {
		match_add_count(match, result, place, "string_gte",
			"String length must be greater than or equal to ", limit, "");
	}
	if (value_int(value_find(node, "maxLength"), &limit) && runes > limit) {
		match_add_count(match, result, place, "string_lte",
			"String length must be less than or equal to ", limit, "");
	}
	if (pattern != NULL && !match_pattern(match, pattern, span_of(value))) {
		match_add_error(match, result, place, "pattern", "Does not match pattern '",
			span_of(pattern), "'");
	}
	result->score++;
}

/* number = digits * 10^exponent, as an integer of the larger scale: digits with zeros behind. */
static const struct value *scaled(
	struct policy_context *context, const struct value *number, int64_t scale)
{
	struct buf *buf = policy_buf(context, 1);
	size_t size;
	const char *text = value_number_text(context->arena, number, &size);
	const char *e = memchr(text, 'e', size);
	int64_t exponent = e != NULL ? strtoll(e + 1, NULL, 10) : 0;
	bool fraction = false;

	policy_charge_text(context, size * 8);
	for (size_t i = 0; i < size && text[i] != 'e'; i++) {
		if (text[i] == '.') {
			fraction = true;
			continue;
		}
		exponent -= fraction;
		buf_append_char(buf, text[i]);
	}
	for (int64_t i = exponent; i < scale; i++) {
		/* what is left below scale is none of ours: see is_multiple() */
		return NULL;
	}
	for (int64_t i = scale; i < exponent && i < scale + 8192; i++) {
		buf_append_char(buf, '0');
	}
	policy_charge_text(context, buf->size * 8);
	const char *digits = buf_text(buf);
	size_t left = buf->size;
	size_t skip = digits[0] == '-';
	while (left > skip + 1 && digits[skip] == '0') {
		skip++;
	}
	return builtin_number_text(context, digits + skip, left - skip);
}

/* The power of ten of a number's last digit. */
int64_t match_scale(struct policy_context *context, const struct value *number)
{
	size_t size;
	const char *text = value_number_text(context->arena, number, &size);
	const char *e = memchr(text, 'e', size);
	const char *dot = memchr(text, '.', size);
	const char *end = e != NULL ? e : text + size;

	return (e != NULL ? strtoll(e + 1, NULL, 10) : 0) - (dot != NULL ? end - dot - 1 : 0);
}

static bool is_multiple(
	struct policy_context *context, const struct value *number, const struct value *of)
{
	int64_t one = match_scale(context, number);
	int64_t other = match_scale(context, of);
	int64_t scale = one < other ? one : other;
	const struct value *args[2] = { scaled(context, number, scale),
		scaled(context, of, scale) };

	if (args[0] == NULL || args[1] == NULL) {
		return false;
	}
	const struct value *rest = builtin_rem(context, args);
	int64_t zero = 1;
	return rest != NULL && value_int(rest, &zero) && zero == 0;
}

struct limit {
	const char *plain, *exclusive;
	int sign; /* of the difference that is wrong */
	const char *type, *words, *exclusive_type, *exclusive_words;
};

static const struct limit limits[] = {
	{ "maximum", "exclusiveMaximum", 1, "number_lte", "Must be less than or equal to ",
		"number_lt", "Must be less than " },
	{ "minimum", "exclusiveMinimum", -1, "number_gte", "Must be greater than or equal to ",
		"number_gt", "Must be greater than " },
};

static void fail_number(struct match *match, struct result *result, const struct place *place,
	const char *type, const char *before, const struct value *number)
{
	char text[40];
	int size = snprintf(text, sizeof(text), "%.10g", value_double(number));

	match_add_error(
		match, result, place, type, before, (struct span){ text, (size_t)size }, "");
}

void match_number(struct match *match, const struct value *node, const struct value *value,
	const struct place *place, struct result *result)
{
	const struct value *multiple = value_find(node, "multipleOf");

	if (multiple != NULL && !is_multiple(match->context, value, multiple)) {
		fail_number(
			match, result, place, "multiple_of", "Must be a multiple of ", multiple);
	}
	for (size_t i = 0; i < 2; i++) {
		const struct value *plain = value_find(node, limits[i].plain);
		const struct value *exclusive = value_find(node, limits[i].exclusive);
		if (value_is(exclusive, VALUE_BOOL)) {
			exclusive = value_bool(exclusive) ? plain : NULL;
			plain = exclusive != NULL ? NULL : plain;
		}
		if (plain != NULL &&
			policy_compare(match->context, value, plain) * limits[i].sign > 0) {
			fail_number(match, result, place, limits[i].type, limits[i].words, plain);
		}
		if (exclusive != NULL &&
			policy_compare(match->context, value, exclusive) * limits[i].sign >= 0) {
			fail_number(match, result, place, limits[i].exclusive_type,
				limits[i].exclusive_words, exclusive);
		}
	}
	result->score++;
}
