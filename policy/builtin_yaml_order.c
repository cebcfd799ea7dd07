#include "policy/builtin_yaml.h"

#include <string.h>
#include "policy/builtin_unicode.h"
#include "policy/context.h"

static bool is_letter(uint32_t rune)
{
	return (policy_rune_category_bit(rune) & (1u << RUNE_LU | 1u << RUNE_LL | 1u << RUNE_LT |
							 1u << RUNE_LM | 1u << RUNE_LO)) != 0;
}

static bool is_digit(uint32_t rune)
{
	return (policy_rune_category_bit(rune) & 1u << RUNE_ND) != 0;
}

/* The number that stands at `at`, as go-yaml adds it up; *at: behind it. */
static int64_t number_at(struct span text, size_t *at, int64_t number)
{
	uint32_t rune;

	while (*at < text.size) {
		size_t size = span_rune(text, *at, &rune);
		if (!is_digit(rune)) {
			break;
		}
		number = (int64_t)((uint64_t)number * 10 + rune - '0');
		*at += size;
	}
	return number;
}

/* Whether digits that are not all zeros stand before. */
static bool follows_number(struct span text, size_t at)
{
	while (at > 0) {
		uint32_t rune;
		size_t before = at - 1;
		while (before > 0 && (text.at[before] & 0xc0) == 0x80) {
			before--;
		}
		span_rune(text, before, &rune);
		if (!is_digit(rune)) {
			return false;
		}
		if (rune != '0') {
			return true;
		}
		at = before;
	}
	return false;
}

/* The first characters that differ, at `at` of both. */
static bool differs_less(struct span a, struct span b, size_t at, bool after_digit)
{
	uint32_t x, y;
	size_t a_end = at, b_end = at;

	span_rune(a, at, &x);
	span_rune(b, at, &y);
	bool x_letter = is_letter(x), y_letter = is_letter(y);
	if (x_letter && y_letter) {
		return x < y;
	}
	if (x_letter || y_letter) {
		return after_digit ? x_letter : y_letter;
	}
	int64_t start = (x == '0' || y == '0') && follows_number(a, at);
	int64_t an = number_at(a, &a_end, start);
	int64_t bn = number_at(b, &b_end, start);
	if (an != bn) {
		return an < bn;
	}
	size_t a_runes = span_runes((struct span){ a.at + at, a_end - at });
	size_t b_runes = span_runes((struct span){ b.at + at, b_end - at });
	return a_runes != b_runes ? a_runes < b_runes : x < y;
}

/* "a2" before "a10". */
static bool is_less(struct policy_context *context, struct span a, struct span b)
{
	bool after_digit = false;
	uint32_t x, y;

	policy_charge_text(context, a.size < b.size ? a.size * 4 : b.size * 4);
	for (size_t i = 0; i < a.size && i < b.size;) {
		size_t size = span_rune(a, i, &x);
		span_rune(b, i, &y);
		if (x != y) {
			return differs_less(a, b, i, after_digit);
		}
		after_digit = is_digit(x);
		i += size;
	}
	return span_runes(a) < span_runes(b);
}

/* Go sorts up to 12 by insertion; longer lists in ways that agree where the order is one. */
void yaml_sort_keys(struct policy_context *context, const struct value_member **list, size_t count)
{
	const struct value_member **more =
		policy_alloc_array(context, count + 1, sizeof(const struct value_member *));

	for (size_t width = 1; width < count; width *= 2) {
		for (size_t begin = 0; begin < count; begin += 2 * width) {
			size_t middle = begin + width < count ? begin + width : count;
			size_t end = middle + width < count ? middle + width : count;
			size_t a = begin, b = middle;
			for (size_t i = begin; i < end; i++) {
				bool takes_b = a == middle ||
					       (b < end && is_less(context, span_of(list[b]->key),
								   span_of(list[a]->key)));
				more[i] = takes_b ? list[b++] : list[a++];
			}
		}
		memcpy(list, more, count * sizeof(const struct value_member *));
	}
}
