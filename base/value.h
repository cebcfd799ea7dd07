/*
 * value: the one tree of the request path. JSON, and what Rego adds (sets, any value as a key).
 *
 * Immutable, in an arena, shared freely between values of that arena and of
 * longer-lived ones (a policy's data). Never written after it was built, so
 * that threads may read the same value without locks.
 *
 * Order is Rego's total order: null < bool < number < string < array < object < set;
 * false < true; numbers by their exact mathematical value (1 and 1.0 are equal);
 * strings by their UTF-8 bytes; arrays element by element, then length; objects
 * by their sorted keys and values, pair by pair; sets element by element.
 * The members of an object and of a set are ALWAYS kept sorted in that order,
 * so printing a value is canonical and comparing two is one walk. Larger ones
 * carry a hash index; look-up never grows with the object.
 *
 * Numbers stay exact: an integer in the range of int64 is one, however it was written
 * (1.0, 10e-1; -0 is 0); anything else keeps all its decimal digits, in a normal form
 * (1.50 is 1.5), so that equal numbers print alike. Strings are valid UTF-8 and
 * NUL-terminated; `size` counts bytes. Counts and sizes are below 2^32 (asserted).
 *
 * Deep sharing makes a value a graph: 25 small steps can build one of 2^24
 * paths. Whoever compares, sorts, copies or prints values that somebody else's program
 * has built passes a `struct value_charge`. Hashes are part of the value: asking for one
 * costs nothing. Values may be nested VALUE_DEPTH_MAX deep; the walks recurse.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/value_layout.h"

struct arena;
struct buf;
struct error;
struct value_charge; /* under "comparing" */

enum value_type {
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_NUMBER,
	VALUE_STRING,
	VALUE_ARRAY,
	VALUE_OBJECT,
	VALUE_SET,
};

/*
 * `struct value` is read with the functions below only. `struct value_member` is open:
 * { const struct value *key; const struct value *value; }. Both stand in value_layout.h.
 */

#define VALUE_DEPTH_MAX 10000

/* ---- reading: inline, a few ns each ---- */

static inline enum value_type value_type(const struct value *value)
{
	return (enum value_type)value->type;
}

/* "null", "boolean", "number", … as Rego's type_name */
const char *value_type_name(enum value_type type);

static inline bool value_is(const struct value *value, enum value_type type) /* false for NULL */
{
	return value != NULL && value->type == type;
}

static inline bool value_bool(const struct value *value) /* asserts VALUE_BOOL */
{
	assert(value->type == VALUE_BOOL);
	return value->form;
}

/* False: NULL, no number, or no integer of that range; *result is then untouched. */
static inline bool value_int(const struct value *value, int64_t *result)
{
	if (!value_is(value, VALUE_NUMBER) || value->form != VALUE_FORM_INTEGER) {
		return false;
	}
	*result = value->integer;
	return true;
}

double value_double(const struct value *value); /* asserts VALUE_NUMBER; nearest; may be infinite */
/* The number as value_print() writes it: integers and what is near them in plain digits,
 * else d.ddde±x. NUL-terminated, in arena; *size may be asked for with NULL. */
const char *value_number_text(struct arena *arena, const struct value *value, size_t *size);

static inline const char *value_text(const struct value *value) /* asserts VALUE_STRING */
{
	assert(value->type == VALUE_STRING);
	return ((const struct value_string *)value)->text;
}

static inline size_t value_size(
	const struct value *value) /* bytes of a string; asserts it is one */
{
	assert(value->type == VALUE_STRING);
	return value->count;
}

/* Of array, set, object; 0 for every other and for NULL. */
static inline size_t value_count(const struct value *value)
{
	return value != NULL && value->type >= VALUE_ARRAY ? value->count : 0;
}

/*
 * How deep containers lie within each other: 0 for a scalar, 1 for [] and {}, at most 65535.
 * For whoever builds values in a loop that others wrote, see VALUE_DEPTH_MAX.
 */
static inline size_t value_depth(const struct value *value)
{
	return value->depth;
}

/* All items of an array or set, all members of an object, in order: for loops that are hot. */
static inline const struct value *const *value_items(const struct value *value)
{
	assert(value->type == VALUE_ARRAY || value->type == VALUE_SET);
	return value->type == VALUE_ARRAY ? ((const struct value_array *)value)->items
					  : ((const struct value_set *)value)->items;
}

static inline const struct value_member *value_members(const struct value *object)
{
	assert(object->type == VALUE_OBJECT);
	return ((const struct value_object *)object)->members;
}

static inline const struct value *value_at(
	const struct value *value, size_t index) /* index < count */
{
	assert(index < value->count);
	return value_items(value)[index];
}

static inline const struct value_member *value_member_at(const struct value *object, size_t index)
{
	assert(index < object->count);
	return &value_members(object)[index];
}

/* NULL: not there, or `object` is NULL or no object. */
const struct value *value_find_n(const struct value *object, const char *name, size_t size);
/* The fastest for names that are asked for again and again: make the key once, in a long-lived
 * arena. */
const struct value *value_find_key(const struct value *object, const struct value *key);

static inline const struct value *value_find(const struct value *object, const char *name)
{
	return value_find_n(object, name, strlen(name));
}

/* The same with the name compared without ASCII case, as SCIM's names are. First match in order. */
const struct value *value_find_folded(const struct value *object, const char *name);
bool value_set_has(
	const struct value *set, const struct value *item); /* false for NULL or no set */
/* The set's own item that equals `item`; NULL: not there, NULL or no set. */
const struct value *value_set_find(const struct value *set, const struct value *item);
/* The same where a key may be a graph that somebody else's program made. NULL also when exhausted.
 */
const struct value *value_find_key_charged(
	const struct value *object, const struct value *key, struct value_charge *charge);
const struct value *value_set_find_charged(
	const struct value *set, const struct value *item, struct value_charge *charge);

/* Shorthands of the member `name`: NULL or `fallback` when absent or of another type. */
const char *value_find_text(const struct value *object, const char *name);
bool value_find_bool(const struct value *object, const char *name, bool fallback);
int64_t value_find_int(const struct value *object, const char *name, int64_t fallback);

/* ---- comparing ---- */

/* Work still allowed; a call that would need more stops early and sets `exhausted`; its result is
 * then void. */
struct value_charge {
	uint64_t left; /* in steps: one per value touched, one per 64 bytes of string */
	bool exhausted;
};

int value_compare(const struct value *a, const struct value *b); /* < 0, 0, > 0 */
bool value_equals(const struct value *a, const struct value *b);
/* Keyed per process against flooding; equal values, equal hash. O(1). Never store it or send it
 * out. */
uint64_t value_hash(const struct value *value);
/* NULL for `charge`: as without. */
int value_compare_charged(
	const struct value *a, const struct value *b, struct value_charge *charge);
bool value_equals_charged(
	const struct value *a, const struct value *b, struct value_charge *charge);

/* ---- building: results live in `arena` and share what they are given ---- */

extern const struct value value_constants[3]; /* null, false, true: use the functions */

static inline const struct value *value_null(void) /* static */
{
	return &value_constants[0];
}

static inline const struct value *value_of_bool(bool on) /* static */
{
	return &value_constants[on ? 2 : 1];
}

const struct value *value_of_int(struct arena *arena, int64_t number);
/* From decimal text as JSON writes it; exact. False for what JSON does not allow, or beyond 1e±4096
 * or 4096 digits. */
bool value_of_number(
	struct arena *arena, const char *text, size_t size, const struct value **result);
const struct value *value_of_double(
	struct arena *arena, double number); /* asserts finite; shortest text that reads back */
const struct value *value_of_text(struct arena *arena, const char *text);
const struct value *value_of_text_n(struct arena *arena, const char *text, size_t size);
const struct value *value_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The arrays passed are copied and may be reordered in the copy; a NULL value leaves the item or
 * member out. */
const struct value *value_of_array(
	struct arena *arena, const struct value *const *items, size_t count);
const struct value *value_of_set(
	struct arena *arena, const struct value *const *items, size_t count);
/* Of equal keys the last one stands. */
const struct value *value_of_object(
	struct arena *arena, const struct value_member *members, size_t count);
/* The same for values of somebody else's program: sorting compares. NULL: the charge was exhausted.
 */
const struct value *value_of_set_charged(struct arena *arena, const struct value *const *items,
	size_t count, struct value_charge *charge);
const struct value *value_of_object_charged(struct arena *arena, const struct value_member *members,
	size_t count, struct value_charge *charge);
/* Already in order and without equals (asserted in sanitizer builds): unions, slices, filters. */
const struct value *value_of_sorted_set(
	struct arena *arena, const struct value *const *items, size_t count);
const struct value *value_of_sorted_object(
	struct arena *arena, const struct value_member *members, size_t count);

/* A new object that shares the rest: member `name` set; `value` NULL removes it. `object` NULL is
 * the empty one. */
const struct value *value_with(struct arena *arena, const struct value *object, const char *name,
	const struct value *value);
/* All members of both objects; those of `over` go before those of `under`. Shares them. NULL is the
 * empty one. */
const struct value *value_overlay(
	struct arena *arena, const struct value *under, const struct value *over);
/* A new array with one item more. `array` NULL is the empty one. */
const struct value *value_append(
	struct arena *arena, const struct value *array, const struct value *item);

/* A deep copy into another arena (strings included). What was shared is copied once for each path.
 */
const struct value *value_copy(struct arena *arena, const struct value *value);
const struct value *value_copy_charged(struct arena *arena, const struct value *value,
	struct value_charge *charge); /* NULL: exhausted */

/* Collects members or items without counting them first. `{ .arena = … }` starts one; it is used up
 * by the finish. */
struct value_builder {
	struct arena *arena;
	struct value_member *members; /* of an array only .value is used */
	size_t count;
	size_t capacity;
};
void value_add(struct value_builder *builder, const char *name,
	const struct value *value); /* NULL: left out */
void value_add_key(
	struct value_builder *builder, const struct value *key, const struct value *value);
void value_add_text(
	struct value_builder *builder, const char *name, const char *text); /* NULL: left out */
void value_add_int(struct value_builder *builder, const char *name, int64_t number);
void value_add_item(struct value_builder *builder, const struct value *item);
const struct value *value_finish_object(struct value_builder *builder);
const struct value *value_finish_array(struct value_builder *builder);
const struct value *value_finish_set(struct value_builder *builder);

/* ---- parsing: strict RFC 8259 ---- */

/*
 * A string and an object are read in one go, whatever the slices are: 16 MiB of string take 8 ms,
 * 10,000 members 0.6 ms, a million 150 ms. Bodies read on a loop need the last two limits.
 */
struct value_limits {
	size_t bytes;
	size_t depth;        /* containers within each other; never more than VALUE_DEPTH_MAX */
	size_t values;       /* of any type, keys not counted */
	bool folded_keys;    /* keys of one object that differ only in ASCII case are refused:
				`Active` beside `active` is an attack */
	bool allow_nul;      /* \u0000 inside strings; refused without it */
	bool last_twin;      /* of equal keys the last one stands; refused without it */
	size_t members;      /* of one object; 0: no limit of its own */
	size_t string_bytes; /* of one string or key; 0: no limit of its own */
};

/*
 * NULL: ERROR_SYNTAX with "line 3, column 14: …", or ERROR_TOO_LARGE when a limit was passed.
 * Refused: equal keys of one object, a byte order mark, invalid UTF-8, lone surrogates, anything
 * after the value. The text may go away afterwards.
 */
const struct value *value_parse(struct arena *arena, const char *text, size_t size,
	const struct value_limits *limits, struct error *err);

/* The same in slices, for bodies of many megabytes on a loop that must not stall. */
struct value_parser;
enum value_parse_result { VALUE_PARSE_MORE, VALUE_PARSE_DONE, VALUE_PARSE_FAILED };
struct value_parser *value_parser_new(struct arena *arena, const char *text, size_t size,
	const struct value_limits *limits); /* lives in arena; text must stay until the end */
/* Reads about `bytes` more (a string and an object are finished in one go). DONE fills *result.
 * After DONE or FAILED: not again. */
enum value_parse_result value_parser_run(
	struct value_parser *parser, size_t bytes, const struct value **result, struct error *err);

/* ---- printing ---- */

/* Canonical JSON: members sorted, no white space, sets as arrays, keys that are no strings as their
 * JSON text. */
void value_print(struct buf *buf, const struct value *value);
/* False: the charge was exhausted or buf grew beyond limit_bytes; buf is then cut off somewhere. */
bool value_print_charged(struct buf *buf, const struct value *value, size_t limit_bytes,
	struct value_charge *charge);
/* Two spaces of indentation, for people. */
void value_print_pretty(struct buf *buf, const struct value *value);
/* For messages: canonical, cut with "…" after about `bytes`. In arena. */
const char *value_preview(struct arena *arena, const struct value *value, size_t bytes);
