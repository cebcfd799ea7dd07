/*
 * Text: case, search, parts. Positions count characters, as OPA's do.
 */
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "policy/builtin_args.h"
#include "policy/builtin_unicode.h"

/* ---- case ---- */

typedef uint32_t map_fn(uint32_t rune);

static const struct value *map_text(
	struct policy_context *context, const struct value *const *args, map_fn *map)
{
	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	struct span text = span_of(args[0]);
	/* A character may need one byte more in the other case. */
	char *mapped = policy_alloc(context, text.size * 2 + 4);
	size_t size = 0;
	policy_charge_text(context, text.size * 4);
	for (size_t i = 0; i < text.size;) {
		uint32_t rune;
		i += span_rune(text, i, &rune);
		size += utf8_write(map(rune), mapped + size);
	}
	if (size == text.size && memcmp(mapped, text.at, size) == 0) {
		return args[0];
	}
	return builtin_text(context, mapped, size);
}

const struct value *builtin_lower(struct policy_context *context, const struct value *const *args)
{
	return map_text(context, args, policy_rune_lower);
}

const struct value *builtin_upper(struct policy_context *context, const struct value *const *args)
{
	return map_text(context, args, policy_rune_upper);
}

/* ---- search ---- */

const struct value *builtin_contains(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_two_texts(context, args)) {
		return NULL;
	}
	return value_of_bool(span_find(span_of(args[0]), 0, span_of(args[1])) != SIZE_MAX);
}

const struct value *builtin_startswith(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_are_texts(context, args, 2)) {
		return NULL;
	}
	policy_charge_text(context, value_size(args[1]));
	return value_of_bool(span_starts(span_of(args[0]), span_of(args[1])));
}

const struct value *builtin_endswith(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_are_texts(context, args, 2)) {
		return NULL;
	}
	policy_charge_text(context, value_size(args[1]));
	return value_of_bool(span_ends(span_of(args[0]), span_of(args[1])));
}

const struct value *builtin_indexof(struct policy_context *context, const struct value *const *args)
{
	if (!builtin_two_texts(context, args)) {
		return NULL;
	}
	struct span text = span_of(args[0]);
	if (value_size(args[1]) == 0) {
		return builtin_error(context, "empty search character");
	}
	size_t at = span_find(text, 0, span_of(args[1]));
	return value_of_int(context->arena,
		at == SIZE_MAX ? -1 : (int64_t)span_runes((struct span){ text.at, at }));
}

const struct value *builtin_indexof_n(
	struct policy_context *context, const struct value *const *args)
{
	struct builtin_list list = { 0 };
	int64_t runes = 0;
	size_t counted = 0;

	if (!builtin_two_texts(context, args)) {
		return NULL;
	}
	struct span text = span_of(args[0]);
	struct span needle = span_of(args[1]);
	if (needle.size == 0) {
		return builtin_error(context, "empty search character");
	}
	for (size_t at = span_find(text, 0, needle); at != SIZE_MAX;
		at = span_find(text, at + 1, needle)) {
		runes += (int64_t)span_runes((struct span){ text.at + counted, at - counted });
		counted = at;
		policy_charge_text(context, needle.size); /* what memmem() prepares each time */
		builtin_list_add(context, &list, value_of_int(context->arena, runes));
	}
	return builtin_list_array(context, &list);
}

const struct value *builtin_strings_count(
	struct policy_context *context, const struct value *const *args)
{
	int64_t found = 0;

	if (!builtin_two_texts(context, args)) {
		return NULL;
	}
	struct span text = span_of(args[0]);
	struct span needle = span_of(args[1]);
	if (needle.size == 0) {
		return value_of_int(context->arena, (int64_t)span_runes(text) + 1);
	}
	for (size_t at = span_find(text, 0, needle); at != SIZE_MAX;
		at = span_find(text, at + needle.size, needle)) {
		policy_charge_text(context, needle.size);
		found++;
	}
	return value_of_int(context->arena, found);
}

/* Every argument as texts: a string, or the strings of an array or a set. */
static bool texts_of(struct policy_context *context, const struct value *const *args, size_t index,
	struct builtin_list *list)
{
	const struct value *value = args[index];

	if (!builtin_is_any(context, args, index,
		    1u << VALUE_STRING | 1u << VALUE_SET | 1u << VALUE_ARRAY)) {
		return false;
	}
	if (value_is(value, VALUE_STRING)) {
		builtin_list_add(context, list, value);
		return true;
	}
	for (size_t i = 0; i < value_count(value); i++) {
		if (!value_is(value_at(value, i), VALUE_STRING)) {
			builtin_item_error(context, args, index, value_at(value, i), "string");
			return false;
		}
		builtin_list_add(context, list, value_at(value, i));
	}
	return true;
}

typedef bool affix_fn(struct span text, struct span affix);

static const struct value *any_affix(
	struct policy_context *context, const struct value *const *args, affix_fn *has)
{
	struct builtin_list texts = { 0 };
	struct builtin_list affixes = { 0 };

	if (!texts_of(context, args, 0, &texts) || !texts_of(context, args, 1, &affixes)) {
		return NULL;
	}
	for (size_t i = 0; i < texts.count; i++) {
		for (size_t k = 0; k < affixes.count; k++) {
			policy_charge_text(context, value_size(affixes.items[k]));
			if (has(span_of(texts.items[i]), span_of(affixes.items[k]))) {
				return value_of_bool(true);
			}
		}
	}
	return value_of_bool(false);
}

const struct value *builtin_strings_any_prefix_match(
	struct policy_context *context, const struct value *const *args)
{
	return any_affix(context, args, span_starts);
}

const struct value *builtin_strings_any_suffix_match(
	struct policy_context *context, const struct value *const *args)
{
	return any_affix(context, args, span_ends);
}

/* ---- parts ---- */

/* The byte where character number `runes` begins; the size behind the end. */
static size_t byte_of_rune(struct span text, uint64_t runes)
{
	size_t at = 0;

	while (at < text.size && runes-- > 0) {
		do {
			at++;
		} while (at < text.size && (text.at[at] & 0xc0) == 0x80);
	}
	return at;
}

const struct value *builtin_substring(
	struct policy_context *context, const struct value *const *args)
{
	int64_t offset, length;

	if (!builtin_is(context, args, 0, VALUE_STRING) ||
		!builtin_int(context, args, 1, &offset) ||
		!builtin_int(context, args, 2, &length)) {
		return NULL;
	}
	if (offset < 0) {
		return builtin_error(context, "negative offset");
	}
	struct span text = span_of(args[0]);
	policy_charge_text(context, text.size);
	size_t begin = byte_of_rune(text, (uint64_t)offset);
	text = span_from(text, begin);
	if (length >= 0) {
		text.size = byte_of_rune(text, (uint64_t)length);
	}
	return text.size == value_size(args[0]) ? args[0] : builtin_span(context, text);
}

/* The parts between separators; an empty one parts the characters. */
static void split(struct policy_context *context, struct span text, struct span separator,
	struct builtin_list *list)
{
	size_t begin = 0;

	policy_charge_text(context, text.size);
	while (separator.size == 0 && begin < text.size) {
		uint32_t rune;
		size_t bytes = span_rune(text, begin, &rune);
		builtin_list_add(context, list, builtin_text(context, text.at + begin, bytes));
		begin += bytes;
	}
	if (separator.size == 0) {
		return;
	}
	for (size_t at = span_find(text, 0, separator); at != SIZE_MAX;
		at = span_find(text, begin, separator)) {
		policy_charge_text(context, separator.size);
		builtin_list_add(context, list, builtin_text(context, text.at + begin, at - begin));
		begin = at + separator.size;
	}
	builtin_list_add(context, list, builtin_text(context, text.at + begin, text.size - begin));
}

const struct value *builtin_split(struct policy_context *context, const struct value *const *args)
{
	struct builtin_list list = { 0 };

	if (!builtin_are_texts(context, args, 2)) {
		return NULL;
	}
	split(context, span_of(args[0]), span_of(args[1]), &list);
	return builtin_list_array(context, &list);
}

/* The first n parts; of a negative number the last ones. */
const struct value *builtin_strings_split_n(
	struct policy_context *context, const struct value *const *args)
{
	struct builtin_list list = { 0 };
	int64_t wanted;

	if (!builtin_are_texts(context, args, 2) || !builtin_int(context, args, 2, &wanted)) {
		return NULL;
	}
	split(context, span_of(args[0]), span_of(args[1]), &list);
	int64_t parts = (int64_t)list.count;
	if (wanted >= 0) {
		return policy_array(context, list.items, (size_t)(wanted < parts ? wanted : parts));
	}
	int64_t taken = wanted < -parts ? parts : -wanted;
	return policy_array(context, list.items + (parts - taken), (size_t)taken);
}

const struct value *builtin_concat(struct policy_context *context, const struct value *const *args)
{
	const struct value *parts = args[1];

	if (!builtin_is(context, args, 0, VALUE_STRING) ||
		!builtin_is_any(context, args, 1, 1u << VALUE_SET | 1u << VALUE_ARRAY)) {
		return NULL;
	}
	struct buf *buf = policy_buf(context, 0);
	for (size_t i = 0; i < value_count(parts); i++) {
		const struct value *part = value_at(parts, i);
		if (!value_is(part, VALUE_STRING)) {
			return builtin_item_error(context, args, 1, part, "string");
		}
		if (i > 0) {
			builtin_append(context, buf, value_text(args[0]), value_size(args[0]));
		}
		builtin_append(context, buf, value_text(part), value_size(part));
	}
	return policy_text_of_buf(context, buf);
}

const struct value *builtin_strings_reverse(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	struct span text = span_of(args[0]);
	char *reversed = policy_alloc(context, text.size + 1);
	policy_charge_text(context, text.size * 4);
	for (size_t i = 0; i < text.size;) {
		uint32_t rune;
		size_t bytes = span_rune(text, i, &rune);
		memcpy(reversed + text.size - i - bytes, text.at + i, bytes);
		i += bytes;
	}
	return builtin_text(context, reversed, text.size);
}
