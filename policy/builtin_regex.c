/*
 * regex.* and glob.*: the builtins around the engine of builtin_regex.h.
 */
#include "policy/builtin_regex.h"

#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "policy/builtin_args.h"
#include "policy/builtin_unicode.h"

/* What is larger is compiled anew each time: the cache may not hold much memory. */
#define CACHED_BYTES (64 * 1024)

static const char kind_regex[] = "regex";
static const char kind_glob[] = "glob";

/* A tree takes some hundred bytes of arena for each character of the pattern, at worst. */
static void charge_compile(struct policy_context *context, size_t size)
{
	policy_charge(context, 50 + size * 8);
	policy_charge_bytes(context, 4096 + size * 384);
}

/* Keeps what was compiled: in the cache, or until the arena ends. Nothing may leave before. */
static const struct policy_regex *keep(struct policy_context *context, const char *kind,
	struct span key, struct policy_regex *regex)
{
	if (policy_regex_bytes(regex) <= CACHED_BYTES) {
		policy_cache_add(context, kind, key.at, key.size, regex, policy_regex_free);
	} else {
		arena_defer(context->arena, policy_regex_free, regex);
	}
	policy_charge(context, policy_regex_bytes(regex) / 16);
	policy_charge_bytes(context, policy_regex_bytes(regex));
	return regex;
}

const struct policy_regex *builtin_regex_of(struct policy_context *context, struct span pattern)
{
	struct error err = { 0 };

	policy_charge_text(context, pattern.size);
	struct policy_regex *regex =
		policy_cache_find(context, kind_regex, pattern.at, pattern.size);
	if (regex != NULL) {
		return regex;
	}
	charge_compile(context, pattern.size);
	regex = policy_regex_compile(context->arena, pattern.at, pattern.size, &err);
	if (regex == NULL) {
		builtin_error(context, "%s", err.text);
		return NULL;
	}
	return keep(context, kind_regex, pattern, regex);
}

static bool matches(
	struct policy_context *context, const struct policy_regex *regex, struct span text)
{
	struct policy_regex_scan scan;

	policy_regex_scan_init(context, &scan, regex, text.at, text.size);
	return policy_regex_scan_next(&scan, 0, NULL, 0);
}

const struct value *builtin_regex_match(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_are_texts(context, args, 2)) {
		return NULL;
	}
	const struct policy_regex *regex = builtin_regex_of(context, span_of(args[0]));
	return regex != NULL ? value_of_bool(matches(context, regex, span_of(args[1]))) : NULL;
}

const struct value *builtin_regex_is_valid(
	struct policy_context *context, const struct value *const *args)
{
	struct error err = { 0 };

	if (!value_is(args[0], VALUE_STRING)) {
		return value_of_bool(false);
	}
	struct span pattern = span_of(args[0]);
	charge_compile(context, pattern.size);
	struct policy_regex *regex =
		policy_regex_compile(context->arena, pattern.at, pattern.size, &err);
	policy_regex_free(regex);
	if (regex == NULL && err.code != ERROR_SYNTAX) {
		return builtin_error(context, "%s", err.text); /* valid, but not for us */
	}
	return value_of_bool(regex != NULL);
}

/* ---- all matches ---- */

/* Walks the matches of a text as Go's FindAll does: no empty one right behind another. */
struct walk {
	struct policy_regex_scan scan;
	uint32_t at;
	uint32_t previous_end;
	uint32_t *places;
	size_t slots;
};

static void walk_init(struct policy_context *context, struct walk *walk,
	const struct policy_regex *regex, struct span text, size_t slots)
{
	policy_regex_scan_init(context, &walk->scan, regex, text.at, text.size);
	walk->at = 0;
	walk->previous_end = POLICY_REGEX_NONE;
	walk->slots = slots;
	walk->places = policy_alloc_array(context, slots * 2, sizeof(*walk->places));
}

static bool walk_next(struct walk *walk)
{
	const struct policy_regex_scan *scan = &walk->scan;

	while (walk->at <= scan->size &&
		policy_regex_scan_next(&walk->scan, walk->at, walk->places, walk->slots)) {
		uint32_t begin = walk->places[0];
		uint32_t end = walk->places[1];
		bool accept = true;
		if (end == walk->at) {
			uint32_t rune;
			size_t bytes = utf8_read(scan->text + end, scan->size - end, &rune);
			accept = begin != walk->previous_end;
			walk->at += bytes > 0 ? (uint32_t)bytes : 1;
		} else {
			walk->at = end;
		}
		walk->previous_end = end;
		if (accept) {
			return true;
		}
	}
	return false;
}

static struct span part(struct span text, uint32_t begin, uint32_t end)
{
	return (struct span){ text.at + begin, end - begin };
}

/* Arguments (pattern, text, number) of both functions that find. */
static const struct policy_regex *find_args(
	struct policy_context *context, const struct value *const *args, int64_t *limit)
{
	if (!builtin_are_texts(context, args, 2) || !builtin_int(context, args, 2, limit)) {
		return NULL;
	}
	*limit = *limit < 0 ? INT64_MAX : *limit;
	return builtin_regex_of(context, span_of(args[0]));
}

const struct value *builtin_regex_find_n(
	struct policy_context *context, const struct value *const *args)
{
	int64_t limit;
	const struct policy_regex *regex = find_args(context, args, &limit);
	struct builtin_list list = { 0 };
	struct walk walk;

	if (regex == NULL) {
		return NULL;
	}
	struct span text = span_of(args[1]);
	walk_init(context, &walk, regex, text, 1);
	while (limit-- > 0 && walk_next(&walk)) {
		builtin_list_add(context, &list,
			builtin_span(context, part(text, walk.places[0], walk.places[1])));
	}
	return builtin_list_array(context, &list);
}

const struct value *builtin_regex_find_all_string_submatch_n(
	struct policy_context *context, const struct value *const *args)
{
	int64_t limit;
	const struct policy_regex *regex = find_args(context, args, &limit);
	struct builtin_list list = { 0 };
	struct walk walk;

	if (regex == NULL) {
		return NULL;
	}
	struct span text = span_of(args[1]);
	walk_init(context, &walk, regex, text, policy_regex_groups(regex));
	while (limit-- > 0 && walk_next(&walk)) {
		struct builtin_list groups = { 0 };
		for (size_t i = 0; i < walk.slots; i++) {
			bool none = walk.places[2 * i] == POLICY_REGEX_NONE;
			struct span group =
				none ? (struct span){ "", 0 }
				     : part(text, walk.places[2 * i], walk.places[2 * i + 1]);
			builtin_list_add(context, &groups, builtin_span(context, group));
		}
		builtin_list_add(context, &list, builtin_list_array(context, &groups));
	}
	return builtin_list_array(context, &list);
}

const struct value *builtin_regex_split(
	struct policy_context *context, const struct value *const *args)
{
	struct builtin_list list = { 0 };
	struct walk walk;
	uint32_t begin = 0;
	uint32_t end = 0;

	if (!builtin_are_texts(context, args, 2)) {
		return NULL;
	}
	const struct policy_regex *regex = builtin_regex_of(context, span_of(args[0]));
	struct span text = span_of(args[1]);
	if (regex == NULL) {
		return NULL;
	}
	if (text.size == 0) {
		return policy_array(context, value_size(args[0]) > 0 ? &args[1] : NULL,
			value_size(args[0]) > 0 ? 1 : 0);
	}
	walk_init(context, &walk, regex, text, 1);
	while (walk_next(&walk)) {
		end = walk.places[0];
		if (walk.places[1] != 0) {
			builtin_list_add(
				context, &list, builtin_span(context, part(text, begin, end)));
		}
		begin = walk.places[1];
	}
	if (end != text.size) {
		struct span rest = part(text, begin, (uint32_t)text.size);
		builtin_list_add(context, &list, builtin_span(context, rest));
	}
	return builtin_list_array(context, &list);
}

/* ---- replace ---- */

/* "${name}" or "$1" behind the dollar sign: its name; *rest: where the template goes on. */
static bool take_reference(struct span template, struct span *name, size_t *rest)
{
	size_t begin = template.size > 0 && template.at[0] == '{' ? 1 : 0;
	size_t at = begin;
	const uint32_t wanted = policy_category_named("L", 1) | policy_category_named("Nd", 2);

	while (at < template.size) {
		uint32_t rune;
		size_t bytes = utf8_read(template.at + at, template.size - at, &rune);
		if (bytes == 0 || (rune != '_' && (policy_rune_category_bit(rune) & wanted) == 0)) {
			break;
		}
		at += bytes;
	}
	*name = (struct span){ template.at + begin, at - begin };
	if (at == begin || (begin > 0 && (at == template.size || template.at[at] != '}'))) {
		return false;
	}
	*rest = at + begin;
	return true;
}

/* The group that a name or number stands for; SIZE_MAX: none that took part. */
static size_t group_of(const struct walk *walk, struct span name)
{
	size_t number = 0;
	bool is_number = name.size == 1 || name.at[0] != '0';

	for (size_t i = 0; i < name.size && is_number; i++) {
		is_number = name.at[i] >= '0' && name.at[i] <= '9' && number < 100000000;
		number = is_number ? number * 10 + (size_t)(name.at[i] - '0') : 0;
	}
	if (!is_number) {
		number = policy_regex_group_named(
			walk->scan.regex, name.at, name.size, walk->places);
		return number > 0 ? number : SIZE_MAX;
	}
	return number < walk->slots && walk->places[2 * number] != POLICY_REGEX_NONE ? number
										     : SIZE_MAX;
}

static void expand(struct policy_context *context, struct buf *buf, const struct walk *walk,
	struct span text, struct span template)
{
	while (template.size > 0) {
		const char *dollar = memchr(template.at, '$', template.size);
		size_t before = dollar != NULL ? (size_t)(dollar - template.at) : template.size;
		struct span name;
		size_t rest = 0;
		builtin_append(context, buf, template.at, before);
		if (dollar == NULL) {
			return;
		}
		template = (struct span){ dollar + 1, template.size - before - 1 };
		if (template.size > 0 && template.at[0] == '$') {
			builtin_append(context, buf, "$", 1);
			rest = 1;
		} else if (!take_reference(template, &name, &rest)) {
			builtin_append(context, buf, "$", 1);
		} else {
			size_t group = group_of(walk, name);
			if (group != SIZE_MAX) {
				struct span found = part(
					text, walk->places[2 * group], walk->places[2 * group + 1]);
				builtin_append(context, buf, found.at, found.size);
			}
		}
		template = (struct span){ template.at + rest, template.size - rest };
	}
}

const struct value *builtin_regex_replace(
	struct policy_context *context, const struct value *const *args)
{
	struct walk walk;
	uint32_t done = 0;

	if (!builtin_are_texts(context, args, 3)) {
		return NULL;
	}
	const struct policy_regex *regex = builtin_regex_of(context, span_of(args[1]));
	struct span text = span_of(args[0]);
	if (regex == NULL) {
		return NULL;
	}
	struct buf *buf = policy_buf(context, 0);
	walk_init(context, &walk, regex, text, policy_regex_groups(regex));
	while (walk_next(&walk)) {
		builtin_append(context, buf, text.at + done, walk.places[0] - done);
		expand(context, buf, &walk, text, span_of(args[2]));
		done = walk.places[1];
	}
	builtin_append(context, buf, text.at + done, text.size - done);
	return policy_text_of_buf(context, buf);
}

/* ---- glob ---- */

/* The separators of glob.match: none for null, "." for []. False: reported. */
static bool separators_of(struct policy_context *context, const struct value *const *args,
	uint32_t **separators, size_t *count)
{
	*count = value_count(args[1]);
	*separators = policy_alloc_array(context, *count + 1, sizeof(**separators));
	if (value_is(args[1], VALUE_NULL)) {
		return true;
	}
	if (!builtin_is_any(context, args, 1, 1u << VALUE_ARRAY | 1u << VALUE_NULL)) {
		return false;
	}
	for (size_t i = 0; i < *count; i++) {
		const struct value *item = value_at(args[1], i);
		if (!value_is(item, VALUE_STRING) ||
			utf8_read(value_text(item), value_size(item), &(*separators)[i]) !=
				value_size(item) ||
			value_size(item) == 0) {
			builtin_item_error(context, args, 1, item,
				value_is(item, VALUE_STRING) ? "rune" : "string");
			return false;
		}
	}
	if (*count == 0) {
		(*separators)[(*count)++] = '.';
	}
	return true;
}

const struct value *builtin_glob_match(
	struct policy_context *context, const struct value *const *args)
{
	struct error err = { 0 };
	uint32_t *separators;
	size_t separator_count;

	if (!builtin_is(context, args, 0, VALUE_STRING) ||
		!separators_of(context, args, &separators, &separator_count) ||
		!builtin_is(context, args, 2, VALUE_STRING)) {
		return NULL;
	}
	struct span pattern = span_of(args[0]);
	struct buf *key = policy_buf(context, 0);
	builtin_append(
		context, key, (const char *)separators, separator_count * sizeof(*separators));
	builtin_append(context, key, "", 1);
	builtin_append(context, key, pattern.at, pattern.size);
	const struct policy_regex *glob =
		policy_cache_find(context, kind_glob, buf_text(key), key->size);
	if (glob == NULL) {
		charge_compile(context, pattern.size);
		struct policy_regex *made = policy_glob_compile(context->arena, pattern.at,
			pattern.size, separators, separator_count, &err);
		if (made == NULL) {
			return builtin_error(context, "%s", err.text);
		}
		glob = keep(context, kind_glob, (struct span){ buf_text(key), key->size }, made);
	}
	return value_of_bool(matches(context, glob, span_of(args[2])));
}

const struct value *builtin_glob_quote_meta(
	struct policy_context *context, const struct value *const *args)
{
	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	struct span text = span_of(args[0]);
	struct buf *buf = policy_buf(context, 0);
	policy_charge_text(context, text.size * 16);
	policy_charge_bytes(context, text.size * 2);
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] != '\0' && strchr("*?\\[]{}", text.at[i]) != NULL) {
			buf_append_char(buf, '\\');
		}
		buf_append_char(buf, text.at[i]);
	}
	return policy_text_of_buf(context, buf);
}
