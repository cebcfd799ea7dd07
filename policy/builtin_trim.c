/*
 * trim and its kin.
 */
#include <string.h>
#include "policy/builtin_args.h"
#include "policy/builtin_unicode.h"

#define CUTSET_LIMIT                                                                               \
	256 /* characters that trim() may have to compare with each one of the text                \
	     */

enum { TRIM_LEFT = 1, TRIM_RIGHT = 2 };

/* Bytes of the character that ends the text. */
static size_t last_rune(struct span text, uint32_t *rune)
{
	size_t begin = text.size - 1;

	while (begin > 0 && (text.at[begin] & 0xc0) == 0x80) {
		begin--;
	}
	span_rune(text, begin, rune);
	return text.size - begin;
}

typedef bool trims_fn(const void *set, uint32_t rune);

static struct span trimmed(struct span text, unsigned sides, trims_fn *trims, const void *set)
{
	uint32_t rune;

	while ((sides & TRIM_LEFT) != 0 && text.size > 0) {
		size_t bytes = span_rune(text, 0, &rune);
		if (!trims(set, rune)) {
			break;
		}
		text = span_from(text, bytes);
	}
	while ((sides & TRIM_RIGHT) != 0 && text.size > 0) {
		size_t bytes = last_rune(text, &rune);
		if (!trims(set, rune)) {
			break;
		}
		text.size -= bytes;
	}
	return text;
}

static bool in_cutset(const void *set, uint32_t rune)
{
	const struct span *cutset = set;
	char bytes[4];
	size_t size = utf8_write(rune, bytes);

	return memmem(cutset->at, cutset->size, bytes, size) != NULL;
}

static bool is_space(const void *set, uint32_t rune)
{
	(void)set;
	return policy_rune_is_space(rune);
}

static const struct value *span_or_same(
	struct policy_context *context, const struct value *text, struct span span)
{
	return span.size == value_size(text) ? text : builtin_span(context, span);
}

static const struct value *trim(
	struct policy_context *context, const struct value *const *args, unsigned sides)
{
	if (!builtin_two_texts(context, args)) {
		return NULL;
	}
	struct span cutset = span_of(args[1]);
	if (cutset.size > CUTSET_LIMIT * 4) {
		return builtin_error(
			context, "the set of characters has more than %d", CUTSET_LIMIT);
	}
	policy_charge(context, value_size(args[0]) * (1 + cutset.size / 64));
	return span_or_same(context, args[0], trimmed(span_of(args[0]), sides, in_cutset, &cutset));
}

const struct value *builtin_trim(struct policy_context *context, const struct value *const *args)
{
	return trim(context, args, TRIM_LEFT | TRIM_RIGHT);
}

const struct value *builtin_trim_left(
	struct policy_context *context, const struct value *const *args)
{
	return trim(context, args, TRIM_LEFT);
}

const struct value *builtin_trim_right(
	struct policy_context *context, const struct value *const *args)
{
	return trim(context, args, TRIM_RIGHT);
}

const struct value *builtin_trim_space(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	policy_charge_text(context, value_size(args[0]) * 8);
	return span_or_same(context, args[0],
		trimmed(span_of(args[0]), TRIM_LEFT | TRIM_RIGHT, is_space, NULL));
}

const struct value *builtin_trim_prefix(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_two_texts(context, args)) {
		return NULL;
	}
	struct span text = span_of(args[0]);
	struct span prefix = span_of(args[1]);
	if (span_starts(text, prefix)) {
		text = span_from(text, prefix.size);
	}
	return span_or_same(context, args[0], text);
}

const struct value *builtin_trim_suffix(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_two_texts(context, args)) {
		return NULL;
	}
	struct span text = span_of(args[0]);
	if (span_ends(text, span_of(args[1]))) {
		text.size -= value_size(args[1]);
	}
	return span_or_same(context, args[0], text);
}
