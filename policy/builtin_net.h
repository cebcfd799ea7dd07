/*
 * Addresses and networks as Go's package net has them, where an IPv4-mapped IPv6 address is an
 * IPv4 address.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "policy/builtin_args.h"

struct buf;

struct address {
	unsigned size; /* 4 or 16 */
	uint8_t bytes[16];
};

struct network {
	struct address address; /* the bits behind `ones` are zero */
	unsigned ones;
};

extern const uint8_t policy_address_mapped[12]; /* ::ffff: */

/* Of 16 bytes: the four of an IPv4 address if they are mapped. */
struct address policy_address_of(const uint8_t bytes[16]);
void policy_address_mask(struct address *address, unsigned ones);
/* False: none. *bits: of the family as it is written. */
bool policy_address_parse(struct span text, struct address *address, unsigned *bits);
void policy_address_write(struct buf *buf, const struct address *address);
/* False: reported. */
bool builtin_network(
	struct policy_context *context, const struct value *value, struct network *network);
