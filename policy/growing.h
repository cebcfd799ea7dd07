/*
 * growing: arrays, sets and objects while statements fill them.
 *
 * Values are immutable; the IR makes an empty container and adds to it. So a local may hold a
 * growing container instead of a value, marked by the lowest bit of the pointer. Reading the
 * local finishes it: the value is made once and kept until the container changes again.
 *
 * Sets and arrays only collect; duplicates of a set go when it is finished. Objects must find
 * keys (conflicts, objects within objects of partial rules), so larger ones have an index.
 * A member of an object may itself be growing; it is finished with its owner.
 *
 * All in the arena, all charged. Functions that fail leave the evaluation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/value.h"

struct policy_worker;

struct growing {
	enum value_type type;
	uint32_t count;
	uint32_t capacity;
	bool finishing; /* to notice a container that holds itself */
	union {
		const struct value **items;
		struct value_member *members;
	};
	uint32_t *slots; /* of an object with many members: position + 1, 0 is free */
	size_t mask;
	const struct value *finished; /* what it is now; NULL: changed since */
};

static inline bool is_growing(const struct value *value)
{
	return ((uintptr_t)value & 1) != 0;
}

static inline struct growing *growing_of(const struct value *value)
{
	return (struct growing *)((uintptr_t)value - 1);
}

/* How a local holds it. */
static inline const struct value *growing_as_value(const struct growing *growing)
{
	return (const struct value *)((uintptr_t)growing + 1);
}

/* type: array, set or object. capacity: a guess; 0: it may well stay empty, as most sets of a rule
 * do, and then costs no more than this. */
struct growing *growing_new(struct policy_worker *worker, enum value_type type, size_t capacity);
/* One that starts with the content of a value of that type. */
struct growing *growing_from(struct policy_worker *worker, const struct value *value);

/* Array or set. The item is a finished value. */
void growing_add(struct policy_worker *worker, struct growing *growing, const struct value *item);
/* Object. The value may be growing. An equal key: its value is replaced. */
void growing_insert(struct policy_worker *worker, struct growing *growing, const struct value *key,
	const struct value *value);
/* Object. NULL: not there. The result may be growing, and may then be changed by the caller. */
const struct value *growing_find(
	struct policy_worker *worker, struct growing *growing, const struct value *key);

const struct value *growing_finish(struct policy_worker *worker, struct growing *growing);
