/*
 * What the journal reads back from disks and strangers: entries, payloads, checkpoints, tile paths,
 * bundles. The first byte chooses. Where something is written first, it must come back as it was.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "journal/checkpoint.h"
#include "journal/compact.h"
#include "journal/deflate.h"
#include "journal/entry.h"
#include "journal/leaf.h"
#include "journal/query.h"
#include "journal/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena *arena;
static struct journal_packer *packer;
static struct journal_deflater *deflater;

static const struct value *parse(const uint8_t *data, size_t size)
{
	static const struct value_limits limits = {
		.bytes = 1 << 16, .depth = 64, .values = 10000
	};
	struct error err;

	return value_parse(arena, (const char *)data, size, &limits, &err);
}

/* leaf size (2 bytes), leaf, payload: as a store gives them. */
static void read_entry(const uint8_t *data, size_t size)
{
	struct journal_record record;
	struct error err;

	if (size < 2) {
		return;
	}
	size_t leaf_size = (size_t)data[0] << 8 | data[1];

	leaf_size = leaf_size < size - 2 ? leaf_size : size - 2;
	const uint8_t *payload = data + 2 + leaf_size;
	size_t payload_size = size - 2 - leaf_size;

	if (journal_entry_read(arena, 7, data + 2, leaf_size, payload_size > 0 ? payload : NULL,
		    payload_size, &record, &err)) {
		journal_view(arena, &record);
		journal_stored_document(arena, &record);
	}
}

static bool give_before(void *user, struct arena *into, uint64_t index,
	const struct value **document, struct error *err)
{
	(void)index;
	if (user == NULL) {
		return error_set(err, ERROR_NOT_FOUND, "there is none");
	}
	*document = journal_without_unstored(into, user);
	return true;
}

/* A payload of any form, as it stands behind a commitment that somebody else made. */
static void expand_any(const uint8_t *data, size_t size)
{
	const struct value *payload = parse(data, size);
	const struct value *input;
	struct error err;

	if (payload != NULL) {
		journal_expand_known(arena, payload);
		journal_expand_input(
			arena, payload, give_before, (void *)(uintptr_t)payload, &input, &err);
	}
}

static bool has_item(const struct value *list, enum value_type type, const char *member)
{
	for (size_t i = 0; value_is(list, VALUE_ARRAY) && i < value_count(list); i++) {
		const struct value *item = value_at(list, i);

		if (value_is(item, type) && (member == NULL || value_find(item, member) != NULL)) {
			return true;
		}
	}
	return false;
}

/* Forms that only a payload has: no policy input is built like that. */
static bool is_ambiguous(const struct value *input)
{
	const struct value *members = value_find(input, "members");

	return has_item(value_find(input, "changes"), VALUE_STRING, NULL) ||
	       has_item(value_find(members, "added"), VALUE_OBJECT, "user_entry") ||
	       has_item(value_find(members, "removed"), VALUE_OBJECT, "user_entry");
}

/* Any input: packed, read back, expanded, it is the same. */
static void pack_input(const uint8_t *data, size_t size)
{
	struct journal_entry entry = JOURNAL_ENTRY_INIT;
	struct journal_packed packed;
	struct journal_record record;
	const struct value *input;
	struct error err = { 0 };

	entry.input = parse(data, size);
	if (!value_is(entry.input, VALUE_OBJECT)) {
		return;
	}
	const struct value *before = value_find(entry.input, "before");

	entry.before_entry = value_is(before, VALUE_OBJECT) ? 0 : JOURNAL_NONE;
	assert(journal_pack(packer, arena, &entry, &packed, &err));
	assert(packed.leaf_size <= JOURNAL_LEAF_LIMIT);
	assert(journal_entry_read(arena, 1, packed.leaf, packed.leaf_size, packed.payload,
		packed.payload_size, &record, &err));
	if (journal_expand_input(
		    arena, record.payload, give_before, (void *)(uintptr_t)before, &input, &err)) {
		assert(is_ambiguous(entry.input) || value_equals(input, entry.input));
	}
}

/* Any text: deflated and inflated, it is the same. */
static void deflate_text(const uint8_t *data, size_t size)
{
	struct buf body = { 0 };
	struct buf text = { 0 };
	size_t leaf_size = size / 3 < JOURNAL_DEFLATE_LEAF ? size / 3 : JOURNAL_DEFLATE_LEAF;

	buf_append(journal_deflate_start(deflater), data + leaf_size, size - leaf_size);
	journal_deflate_finish(deflater, data, leaf_size, &body);
	assert(journal_inflate(body.data, body.size, data, leaf_size, size - leaf_size, &text));
	assert(text.size == size - leaf_size);
	assert(size == leaf_size || memcmp(text.data, data + leaf_size, text.size) == 0);
	buf_fini(&body);
	buf_fini(&text);
}

static void inflate_any(const uint8_t *data, size_t size)
{
	struct buf text = { 0 };

	if (size >= 2) {
		journal_inflate(
			data + 2, size - 2, "leaf", 4, (uint64_t)data[0] << 8 | data[1], &text);
	}
	buf_fini(&text);
}

/* Any texts give a leaf that reads back. Between zero bytes. */
static void build_leaf(const uint8_t *data, size_t size)
{
	struct journal_entry entry = JOURNAL_ENTRY_INIT;
	struct journal_packed packed;
	struct journal_record record;
	const char *texts[12] = { 0 };
	char *copy = arena_text(arena, (const char *)data, size);
	struct error err = { 0 };
	size_t count = 0;

	for (size_t at = 0; at < size && count < 12; at += strlen(copy + at) + 1) {
		texts[count++] = copy + at;
	}
	entry.tenant = texts[0];
	entry.source = texts[1];
	entry.actor_type = texts[2];
	entry.actor_id = texts[3];
	entry.operation = texts[4];
	entry.resource_id = texts[5];
	entry.revision = texts[6];
	entry.request = texts[7];
	entry.app = texts[8];
	entry.reasons = texts;
	entry.reason_count = count;
	assert(journal_pack(packer, arena, &entry, &packed, &err));
	assert(packed.leaf_size <= JOURNAL_LEAF_LIMIT);
	assert(journal_entry_read(arena, 1, packed.leaf, packed.leaf_size, NULL, 0, &record, &err));
}

static void read_log(const uint8_t *data, size_t size)
{
	static const char vkey[] = "scimward.example.com/journal+d76d62a6+AQOhB7/"
				   "zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
	struct journal_verifier verifier;
	struct journal_checkpoint checkpoint;
	struct journal_tile tile;
	char path[JOURNAL_TILE_PATH_BYTES];
	const uint8_t *entry;
	size_t offset = 0;
	size_t entry_size;
	struct error err;

	assert(journal_verifier_parse(vkey, sizeof(vkey) - 1, &verifier, &err));
	journal_checkpoint_open((const char *)data, size, &verifier, &checkpoint, &err);
	journal_verifier_parse((const char *)data, size, &verifier, &err);
	journal_key_free(journal_key_parse((const char *)data, size, &err));
	if (journal_tile_parse((const char *)data, size, &tile)) {
		journal_tile_path(&tile, path);
		assert(strlen(path) == size && memcmp(path, data, size) == 0);
	}
	while (journal_bundle_next(data, size, &offset, &entry, &entry_size)) {
		assert(entry + entry_size <= data + size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const targets[])(const uint8_t *, size_t) = { read_entry, expand_any,
		pack_input, deflate_text, inflate_any, build_leaf, read_log };

	if (arena == NULL) {
		arena = arena_new();
		packer = journal_packer_new();
		deflater = journal_deflater_new();
	}
	if (size > 0) {
		targets[data[0] % (sizeof(targets) / sizeof(targets[0]))](data + 1, size - 1);
	}
	arena_reset(arena);
	return 0;
}
