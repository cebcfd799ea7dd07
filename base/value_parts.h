/*
 * What the files of base/value share and nobody else sees: hashing, sorting, sealing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/value.h"

struct arena;

/* ---- hashing (value_hash.c) ---- */

/*
 * Four random words, drawn before main(). Folded multiplication (wyhash, foldhash): 2 ns for a
 * name, where SipHash-1-3 needs 12. Without the words nobody can compute collisions; they and the
 * hashes never leave the process, and what a collision can do is bounded anyway: look-ups fall
 * back to bisection (see value_layout.h), sorting does not hash.
 */
extern uint64_t value_hash_keys[4];

static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_load_64(const char *text)
{
	uint64_t word;

	memcpy(&word, text, sizeof(word));
	return word;
}

static inline uint64_t hash_load_32(const char *text)
{
	uint32_t word;

	memcpy(&word, text, sizeof(word));
	return word;
}

uint64_t hash_long_text(const char *text, size_t size); /* size > 16 */

static inline uint64_t hash_text(const char *text, size_t size)
{
	const uint64_t *keys = value_hash_keys;
	uint64_t a;
	uint64_t b;

	if (size > 16) {
		return hash_long_text(text, size);
	}
	if (size >= 8) {
		a = hash_load_64(text);
		b = hash_load_64(text + size - 8);
	} else if (size >= 4) {
		a = hash_load_32(text);
		b = hash_load_32(text + size - 4);
	} else if (size > 0) {
		a = (uint64_t)(unsigned char)text[0] << 16 |
		    (uint64_t)(unsigned char)text[size / 2] << 8 | (unsigned char)text[size - 1];
		b = 0;
	} else {
		a = b = 0;
	}
	return hash_mix(keys[0] ^ size, hash_mix(a ^ keys[1], b ^ keys[2]));
}

static inline uint64_t hash_integer(int64_t integer)
{
	return hash_mix((uint64_t)integer ^ value_hash_keys[1], value_hash_keys[3]);
}

uint64_t hash_constant(const struct value *value); /* of null, false, true */

static inline uint64_t hash_of(const struct value *value)
{
	if (value->type >= VALUE_STRING) {
		return value->hash;
	}
	if (value->type == VALUE_NUMBER) {
		return value->form == VALUE_FORM_INTEGER ? hash_integer(value->integer)
							 : value->hash;
	}
	return hash_constant(value);
}

static inline uint64_t hash_array_start(void)
{
	return value_hash_keys[0];
}

static inline uint64_t hash_array_add(uint64_t state, const struct value *item)
{
	return hash_mix(state ^ hash_of(item), value_hash_keys[1]);
}

static inline uint64_t hash_array_end(uint64_t state, size_t count)
{
	return hash_mix(state ^ value_hash_keys[2], (value_hash_keys[3] ^ VALUE_ARRAY) + count);
}

uint64_t hash_array(const struct value *const *items, size_t count);
uint64_t hash_set(const struct value *const *items, size_t count);
uint64_t hash_object(const struct value_member *members, size_t count);

/* ---- comparing (value_compare.c) ---- */

/* Both strings. */
static inline bool text_equals(const struct value *a, const struct value *b)
{
	return a == b || (a->hash == b->hash && a->count == b->count &&
				 memcmp(value_text(a), value_text(b), a->count) == 0);
}

static inline bool key_equals(const struct value *a, const struct value *b)
{
	if (a->type == VALUE_STRING && b->type == VALUE_STRING) {
		return text_equals(a, b);
	}
	return value_equals(a, b);
}

static inline bool charge_pay(struct value_charge *charge, uint64_t steps)
{
	if (charge->left < steps) {
		charge->left = 0;
		charge->exhausted = true;
		return false;
	}
	charge->left -= steps;
	return true;
}

/* Both numbers. */
int number_compare(const struct value *a, const struct value *b);

/* ---- sorting (value_sort.c) ---- */

struct value_entry {
	uint64_t rank; /* type and first bytes: decides most comparisons without looking further */
	struct value_member member; /* of a set only .key is used */
};

static inline uint64_t entry_rank(const struct value *key)
{
	uint64_t rank = (uint64_t)key->type << 56;

	if (key->type == VALUE_STRING) {
		/* The bytes behind the end are zero. */
		rank |= __builtin_bswap64(hash_load_64(value_text(key))) >> 8;
	}
	return rank;
}

/*
 * Sorts by key and drops equal ones: all but the last of them. Returns how many are left;
 * *dropped (may be NULL) is a key that was there twice, or untouched.
 */
size_t entries_sort(struct value_entry *entries, size_t count, const struct value **dropped,
	struct value_charge *charge);

/* Two keys that differ in ASCII case only; false: there are none. All keys are strings
 * (value_fold.c). */
bool entries_have_folded_twins(const struct value_entry *entries, size_t count,
	const struct value **one, const struct value **other);

/* ---- sealing (value_seal.c): hash, tags or index; after it nothing is written ---- */

struct value_object *object_alloc(struct arena *arena, size_t count); /* members to be filled */
const struct value *object_seal(struct arena *arena, struct value_object *object);
struct value_set *set_alloc(struct arena *arena, size_t count);
const struct value *set_seal(struct arena *arena, struct value_set *set);
struct value_array *array_alloc(struct arena *arena, size_t count);
const struct value *array_seal(struct value_array *array);

/* The depth of a container that was `depth` deep and gets one part more. */
static inline uint16_t depth_around(uint16_t depth, const struct value *part)
{
	if (part->depth < depth) {
		return depth;
	}
	return part->depth == UINT16_MAX ? UINT16_MAX : (uint16_t)(part->depth + 1);
}

/* A string with `size` bytes still to be filled, then sealed. */
struct value_string *string_alloc(struct arena *arena, size_t size);
static inline const struct value *string_seal(struct value_string *string)
{
	string->head.hash = hash_text(string->text, string->head.count);
	return &string->head;
}

/* ---- numbers (value_number.c) ---- */

enum number_result { NUMBER_OK, NUMBER_MALFORMED, NUMBER_OUT_OF_RANGE };
/* Reads the number at the start of text; *used: its bytes (up to the flaw when malformed). */
enum number_result number_read(struct arena *arena, const char *text, size_t size, size_t *used,
	const struct value **result);

#define NUMBER_TEXT_EXTRA 40 /* bytes that a number's text may have above its digits */
/* Writes the canonical text, without NUL; room for count + NUMBER_TEXT_EXTRA bytes. Returns its
 * size. */
size_t number_write(const struct value *number, char *text);
size_t number_text_room(const struct value *number);
