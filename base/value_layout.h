/*
 * How a value lies in memory. Only base/value*.c and the inline readers of value.h look here.
 *
 * Every value starts with the same 16 bytes:
 *
 *     0 type   1 form   2 depth   4 count (u32)   8 hash (u64), or the number itself
 *
 *     null, bool      static; form: false or true
 *     integer         form INTEGER, the number in place of the hash
 *     other number    form DECIMAL: ±0.DIGITS × 10^exponent, no zero at either end, so that
 *                     equal numbers have equal bytes; count digits, NUL
 *     string          count bytes, NUL. At least 8 bytes follow the head and those behind the
 *                     end are zero: the first 8 can be read at once for sorting
 *     array           count pointers
 *     set             the same, sorted
 *     object          count pairs of pointers, sorted by key
 *
 * Looking up in objects and sets, by size:
 *
 *     ≤ 8    `tags` holds one byte of each key's hash; all are compared with one
 *            multiplication (SWAR), then the few that match are looked at
 *     ≤ 16   the same; the tags of the others lie behind the last member
 *     more   `index`: open addressing, linear probing, at most half full. A slot is the
 *            high half of the hash and the position + 1. After VALUE_PROBES slots the search
 *            goes on by bisection in the sorted members, so that no choice of keys makes a
 *            look-up slower than O(log n)
 *
 * The hash is computed when a value is built, from the hashes of its parts; for objects
 * and sets it does not depend on the order.
 */
#pragma once

#include <stdint.h>

enum value_form { VALUE_FORM_INTEGER, VALUE_FORM_DECIMAL };

struct value {
	uint8_t type; /* enum value_type */
	uint8_t form;
	uint16_t depth; /* of containers: 1 + that of the deepest within, at most 65535; else 0 */
	uint32_t count;
	union {
		uint64_t hash;
		int64_t integer;
	};
};

struct value_decimal {
	struct value head;
	int32_t exponent;
	uint32_t is_negative;
	char digits[];
};

struct value_string {
	struct value head;
	char text[];
};

struct value_array {
	struct value head;
	const struct value *items[];
};

#define VALUE_TAGS_IN_WORD 8
#define VALUE_TAGS_MAX 16
#define VALUE_PROBES 32

struct value_index {
	uint64_t mask; /* slots - 1 */
	uint64_t slots[];
};

union value_finder {
	uint64_t tags;
	const struct value_index *index;
};

struct value_set {
	struct value head;
	union value_finder finder;
	const struct value *items[];
};

struct value_member {
	const struct value *key;
	const struct value *value;
};

struct value_object {
	struct value head;
	union value_finder finder;
	struct value_member members[];
};
