/*
 * DER (X.690): tag, length, contents, read from the front of a span. Nothing is copied or kept.
 *
 * Strict, as Go's cryptobyte is: tags of one byte, lengths in their shortest form. Every function
 * returns false when the front is not what was asked for, and moves *in only when it is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "policy/builtin_args.h"

enum {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BITS = 0x03,
	DER_OCTETS = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_UTF8 = 0x0c,
	DER_NUMERIC = 0x12,
	DER_PRINTABLE = 0x13,
	DER_T61 = 0x14,
	DER_IA5 = 0x16,
	DER_UTC_TIME = 0x17,
	DER_TIME = 0x18,
	DER_BMP = 0x1e,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT = 0x80,           /* | number */
	DER_CONTEXT_CONTAINER = 0xa0, /* | number */
};

/* The next element of any tag. whole (may be NULL): with its head. body may be in itself: what is
 * behind the element is then gone. */
bool der_any(struct span *in, unsigned *tag, struct span *body, struct span *whole);
bool der_read(struct span *in, unsigned tag, struct span *body);
bool der_read_whole(struct span *in, unsigned tag, struct span *body, struct span *whole);
/* An element that may be missing: body is then empty. False: it is there and malformed. */
bool der_optional(struct span *in, unsigned tag, struct span *body);
/* The tag at the front; 0: nothing is left. */
static inline unsigned der_peek(struct span in)
{
	return in.size > 0 ? (unsigned char)in.at[0] : 0;
}
bool der_bool(struct span *in, bool *value);
/* The bytes of an integer, big-endian, in the shortest form. */
bool der_integer(struct span *in, struct span *bytes);
bool der_int(struct span *in, int64_t *value);
/* A bit string: its bytes and how many bits of the last one are no part of it (they are zero). */
bool der_bits(struct span *in, struct span *bytes, unsigned *unused);
/* A time as seconds since 1970, of both forms, in UTC. */
bool der_time(struct span *in, int64_t *seconds);

/* Are these the contents of an object identifier with that dotted text? */
bool der_is_oid(struct span oid, const char *dotted);
/* Well formed, and no number in it is above 2^31 - 1? */
bool der_oid_is_valid(struct span oid);
/* [2, 5, 29, 17] and "2.5.29.17". NULL: it is none, or a number is too large. */
const struct value *der_oid_array(struct policy_context *context, struct span oid);
const struct value *der_oid_text(struct policy_context *context, struct span oid);
/* An integer that is not negative, from its bytes. NULL: too large for a number. */
const struct value *der_number(struct policy_context *context, struct span bytes);
/* Is it one of the types of strings that names have? */
bool der_is_text(unsigned tag);
/* A string of any of the types that names have, as UTF-8. NULL: it is none. */
const struct value *der_text(struct policy_context *context, unsigned tag, struct span body);
