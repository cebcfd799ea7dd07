/*
 * base/value against jansson: 100,000 documents, the same answer and the same content, but for
 * the differences listed in `known`, which are wanted. Each document is read in slices as well.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/value.h"
#include "tests/differential/json_documents.h"

enum known {
	BOTH_READ,
	BOTH_REFUSE,
	WIDE_INTEGER, /* we keep integers beyond int64, jansson refuses them */
	WIDE_REAL,    /* we keep numbers beyond double, jansson refuses them */
	TINY_REAL,    /* we refuse numbers below 1e-4096, jansson reads 0 */
	NUL_IN_KEY,   /* jansson has no key with U+0000 */
	NUL_BEHIND,   /* jansson takes a zero byte behind the value for the end of the text */
	KINDS,
};
static const char *const kind_names[] = { "read by both, same content", "refused by both",
	"only we: integer beyond int64", "only we: number beyond double",
	"only jansson: number below 1e-4096", "only we: U+0000 in a key",
	"only jansson: a zero byte behind the value" };

static const struct value_limits limits = { 1 << 20, 1000, 100000, .allow_nul = true };

static bool same_number(const struct value *ours, const json_t *theirs)
{
	int64_t number;

	if (json_is_integer(theirs)) {
		return value_int(ours, &number) && number == json_integer_value(theirs);
	}
	/* 1.0 is an integer for us and a real for jansson */
	return json_is_real(theirs) && value_double(ours) == json_real_value(theirs);
}

static bool same(const struct value *ours, const json_t *theirs);

static bool same_members(const struct value *ours, const json_t *theirs)
{
	for (size_t i = 0; i < value_count(ours); i++) {
		const struct value_member *member = value_member_at(ours, i);

		if (!same(member->value, json_object_getn(theirs, value_text(member->key),
						 value_size(member->key)))) {
			return false;
		}
	}
	return true;
}

static bool same_items(const struct value *ours, const json_t *theirs)
{
	for (size_t i = 0; i < value_count(ours); i++) {
		if (!same(value_at(ours, i), json_array_get(theirs, i))) {
			return false;
		}
	}
	return true;
}

static bool same(const struct value *ours, const json_t *theirs)
{
	switch (value_type(ours)) {
	case VALUE_NULL:
		return json_is_null(theirs);
	case VALUE_BOOL:
		return json_is_boolean(theirs) && json_is_true(theirs) == value_bool(ours);
	case VALUE_NUMBER:
		return same_number(ours, theirs);
	case VALUE_STRING:
		return json_is_string(theirs) && json_string_length(theirs) == value_size(ours) &&
		       memcmp(json_string_value(theirs), value_text(ours), value_size(ours)) == 0;
	case VALUE_ARRAY:
		return json_is_array(theirs) && json_array_size(theirs) == value_count(ours) &&
		       same_items(ours, theirs);
	case VALUE_OBJECT:
		return json_is_object(theirs) && json_object_size(theirs) == value_count(ours) &&
		       same_members(ours, theirs);
	case VALUE_SET:
		break;
	}
	return false;
}

static enum known classify(const struct value *ours, const struct error *err, const json_t *theirs,
	const json_error_t *their_err)
{
	if (ours != NULL && theirs != NULL) {
		return same(ours, theirs) ? BOTH_READ : KINDS;
	}
	if (ours == NULL && theirs == NULL) {
		return BOTH_REFUSE;
	}
	if (theirs != NULL) {
		return strstr(err->text, "out of range") != NULL ? TINY_REAL
		       : strstr(err->text, "nothing more after the value, found U+0000") != NULL
			       ? NUL_BEHIND
			       : KINDS;
	}
	switch (json_error_code(their_err)) {
	case json_error_numeric_overflow:
		return strstr(their_err->text, "integer") != NULL ? WIDE_INTEGER : WIDE_REAL;
	case json_error_null_byte_in_key:
		return NUL_IN_KEY;
	default:
		return KINDS;
	}
}

/* The whole and the slices must agree. */
static bool same_in_slices(struct arena *arena, const struct buf *text, size_t slice,
	const struct value *whole, const struct error *whole_err)
{
	struct value_parser *parser = value_parser_new(arena, text->data, text->size, &limits);
	const struct value *result = NULL;
	struct error err = { 0 };

	while (value_parser_run(parser, slice, &result, &err) == VALUE_PARSE_MORE) {
	}
	if (whole == NULL) {
		return result == NULL && strcmp(err.text, whole_err->text) == 0;
	}
	return result != NULL && value_equals(result, whole);
}

static enum known compare(struct arena *arena, const struct buf *text, size_t slice)
{
	json_error_t their_err = { 0 };
	struct error err = { 0 };
	const struct value *ours = value_parse(arena, text->data, text->size, &limits, &err);
	json_auto_t *theirs = json_loadb(text->data, text->size,
		JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &their_err);
	enum known kind = classify(ours, &err, theirs, &their_err);

	if (!same_in_slices(arena, text, slice, ours, &err)) {
		printf("slices of %zu differ from the whole\n", slice);
		kind = KINDS;
	}
	if (kind == KINDS) {
		printf("document: %s\nours: %s\njansson: %s\n", text->data,
			ours != NULL ? "read" : err.text, theirs != NULL ? "read" : their_err.text);
	}
	return kind;
}

int main(int argc, char **argv)
{
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
	uint64_t seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	CLEANUP(buf_fini) struct buf text = { 0 };
	size_t counts[KINDS + 1] = { 0 };

	for (size_t i = 0; i < count; i++) {
		json_document(seed, i, &text);
		arena_reset(arena);
		counts[compare(arena, &text, i % 50)]++;
	}
	printf("%zu documents of seed %lu\n", count, (unsigned long)seed);
	for (int kind = 0; kind < KINDS; kind++) {
		printf("%8zu %s\n", counts[kind], kind_names[kind]);
	}
	printf("%8zu DIFFERENT\n", counts[KINDS]);
	/* A series that is nearly all right or nearly all wrong tests little. */
	bool balanced = counts[BOTH_READ] > count / 5 && counts[BOTH_REFUSE] > count / 5;
	return counts[KINDS] == 0 && balanced ? 0 : 1;
}
