#include "store/pack.h"

#include "base/arena.h"
#include "base/buf.h"

static void put(struct buf *buf, uint64_t number)
{
	while (number >= 0x80) {
		buf_append_char(buf, (char)(number | 0x80));
		number >>= 7;
	}
	buf_append_char(buf, (char)number);
}

struct cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

static uint64_t get(struct cursor *cursor)
{
	uint64_t number = 0;

	for (int shift = 0; shift < 63; shift += 7) {
		if (cursor->at == cursor->end) {
			break;
		}
		uint8_t byte = *cursor->at++;
		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			return number;
		}
	}
	cursor->bad = true;
	cursor->at = cursor->end;
	return 0;
}

void pack_keys(struct buf *buf, const struct store_key *keys, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		put(buf, (uint64_t)keys[i].kind << 1 | keys[i].unique);
		put(buf, (uint64_t)keys[i].scope);
		put(buf, keys[i].size);
		buf_append(buf, keys[i].value, keys[i].size);
	}
}

static bool unpack_key(struct arena *arena, struct cursor *cursor, struct store_key *key)
{
	uint64_t kind = get(cursor);

	key->kind = (int)(kind >> 1);
	key->unique = kind & 1;
	key->scope = (int64_t)get(cursor);
	key->size = get(cursor);
	if (cursor->bad || key->size > (size_t)(cursor->end - cursor->at)) {
		return false;
	}
	key->value = arena_text(arena, (const char *)cursor->at, key->size);
	cursor->at += key->size;
	return true;
}

bool unpack_keys(struct arena *arena, const void *bytes, size_t size, const struct store_key **keys,
	size_t *count)
{
	struct cursor cursor = { bytes, (const uint8_t *)bytes + size, false };
	struct store_key found[STORE_KEYS];
	size_t n = 0;

	while (cursor.at < cursor.end) {
		if (n == STORE_KEYS || !unpack_key(arena, &cursor, &found[n])) {
			return false;
		}
		n++;
	}
	*keys = arena_copy(arena, found, n * sizeof(*found));
	*count = n;
	return true;
}

void pack_apps(struct buf *buf, const struct store_apps *apps)
{
	for (size_t i = 0; i < apps->count; i++) {
		put(buf, (uint64_t)apps->ids[i]);
	}
}

bool unpack_apps(struct arena *arena, const void *bytes, size_t size, struct store_apps *apps)
{
	struct cursor cursor = { bytes, (const uint8_t *)bytes + size, false };
	int *ids = arena_alloc(arena, (size + 1) * sizeof(int)); /* a byte at least for each */

	*apps = (struct store_apps){ .ids = ids };
	while (cursor.at < cursor.end) {
		ids[apps->count++] = (int)get(&cursor);
	}
	return !cursor.bad;
}

void pack_rid(struct buf *buf, int64_t rid)
{
	for (int shift = 56; shift >= 0; shift -= 8) {
		buf_append_char(buf, (char)((uint64_t)rid >> shift));
	}
}

int64_t unpack_rid(const uint8_t *bytes)
{
	uint64_t rid = 0;

	for (int i = 0; i < 8; i++) {
		rid = rid << 8 | bytes[i];
	}
	return (int64_t)rid;
}
