/*
 * Small lists inside a column: the keys that a resource holds, the apps where it may exist, rids of
 * a scope change. Internal to store/. Pure.
 *
 * keys: per key  varint(kind · 2 + unique) varint(scope) varint(size) bytes
 * apps: varint per id, ascending
 * rids: 8 bytes each, big-endian
 *
 * varint: 7 bits per byte, low ones first, the top bit says that more follow.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "store/record.h"

struct arena;
struct buf;

void pack_keys(struct buf *buf, const struct store_key *keys, size_t count);
void pack_apps(struct buf *buf, const struct store_apps *apps);
void pack_rid(struct buf *buf, int64_t rid);

/* Values get a NUL behind them. False: the bytes are not of that form (a damaged row). */
bool unpack_keys(struct arena *arena, const void *bytes, size_t size, const struct store_key **keys,
	size_t *count);
bool unpack_apps(struct arena *arena, const void *bytes, size_t size, struct store_apps *apps);
int64_t unpack_rid(const uint8_t *bytes);
