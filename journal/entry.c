#include "journal/entry.h"

#include <assert.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/value.h"
#include "journal/compact.h"
#include "journal/deflate.h"
#include "journal/leaf.h"
#include "journal/payload.h"

static_assert(JOURNAL_LEAF_LIMIT <= JOURNAL_DEFLATE_LEAF, "a leaf is a dictionary of its payload");

static const char *const kinds[JOURNAL_KIND_COUNT] = {
	[JOURNAL_DECISION] = "decision",
	[JOURNAL_DELIVERY] = "delivery",
	[JOURNAL_POLICY] = "policy",
	[JOURNAL_APPROVAL] = "approval",
	[JOURNAL_SYSTEM] = "system",
	[JOURNAL_ACCESS] = "access",
	[JOURNAL_SHADOW] = "shadow",
};

const char *journal_kind_name(enum journal_kind kind)
{
	assert(kind < JOURNAL_KIND_COUNT);
	return kinds[kind];
}

/* ---- packing ---- */

struct journal_packer {
	struct journal_deflater *deflater;
	struct buf leaf;
	struct buf payload;
};

struct journal_packer *journal_packer_new(void)
{
	struct journal_packer *packer = must_calloc(1, sizeof(*packer));

	packer->deflater = journal_deflater_new();
	return packer;
}

void journal_packer_free(struct journal_packer *packer)
{
	if (packer == NULL) {
		return;
	}
	journal_deflater_free(packer->deflater);
	buf_fini(&packer->leaf);
	buf_fini(&packer->payload);
	memory_free(packer);
}

/* Prints the payload where the deflater wants it, and makes the leaf commit to it. */
static bool print_payload(struct journal_packer *packer, const struct value *payload,
	const uint8_t salt[JOURNAL_SALT_BYTES], struct journal_commitment *commitment,
	struct error *err)
{
	struct buf *json = journal_deflate_start(packer->deflater);
	struct value_charge charge = { .left = UINT64_MAX };
	const char *text;
	size_t size;

	if (!value_print_charged(json, payload, json->size + JOURNAL_PAYLOAD_LIMIT, &charge)) {
		return error_set(err, ERROR_TOO_LARGE,
			"the journal entry would be larger than %zu MiB: send fewer members at "
			"once",
			JOURNAL_PAYLOAD_LIMIT >> 20);
	}
	text = journal_deflate_text(packer->deflater, &size);
	commitment->is_there = true;
	commitment->bytes = size;
	digest_hmac_sha256(salt, JOURNAL_SALT_BYTES, text, size, commitment->hmac);
	return true;
}

bool journal_pack(struct journal_packer *packer, struct arena *arena,
	const struct journal_entry *entry, struct journal_packed *packed, struct error *err)
{
	const struct value *payload = journal_compact(arena, entry);
	struct journal_commitment commitment = { .is_there = false };
	uint8_t salt[JOURNAL_SALT_BYTES];

	buf_clear(&packer->leaf);
	buf_clear(&packer->payload);
	if (payload != NULL) {
		random_bytes(salt, sizeof(salt));
		if (!print_payload(packer, payload, salt, &commitment, err)) {
			return false;
		}
	}
	journal_leaf_build(entry, &commitment, &packer->leaf);
	if (payload != NULL) {
		journal_payload_write(packer->deflater, salt, packer->leaf.data, packer->leaf.size,
			&packer->payload);
	}
	packed->leaf = arena_copy(arena, packer->leaf.data, packer->leaf.size);
	packed->leaf_size = packer->leaf.size;
	journal_hash_leaf(packed->leaf, packed->leaf_size, &packed->leaf_hash);
	packed->payload = payload == NULL
				  ? NULL
				  : arena_copy(arena, packer->payload.data, packer->payload.size);
	packed->payload_size = packer->payload.size;
	return true;
}

/* ---- reading ---- */

static const struct value_limits leaf_limits = {
	.bytes = JOURNAL_LEAF_LIMIT,
	.depth = 4,
	.values = JOURNAL_LEAF_LIMIT,
};

static const struct value_limits payload_limits = {
	.bytes = JOURNAL_PAYLOAD_LIMIT,
	.depth = VALUE_DEPTH_MAX,
	.values = JOURNAL_PAYLOAD_LIMIT,
	.allow_nul = true,
};

/* Leaves are compared and hashed as bytes, so there must be one way to write each. */
static bool is_canonical(const struct value *value, const void *bytes, size_t size)
{
	CLEANUP(buf_fini) struct buf again = { 0 };

	value_print(&again, value);
	return again.size == size && memcmp(again.data, bytes, size) == 0;
}

static bool find_kind(const struct value *leaf, enum journal_kind *kind)
{
	const char *name = value_find_text(leaf, "kind");

	for (int i = 0; name != NULL && i < JOURNAL_KIND_COUNT; i++) {
		if (strcmp(kinds[i], name) == 0) {
			*kind = (enum journal_kind)i;
			return true;
		}
	}
	return false;
}

/* The leaf's member `payload`. */
static bool read_commitment(const struct value *leaf, struct journal_commitment *commitment)
{
	CLEANUP(buf_fini) struct buf hmac = { 0 };
	const struct value *payload = value_find(leaf, "payload");
	const char *text = value_find_text(payload, "hmac");
	int64_t bytes = value_find_int(payload, "bytes", -1);

	commitment->is_there = payload != NULL;
	if (payload == NULL) {
		return true;
	}
	if (text == NULL || bytes < 0 || (uint64_t)bytes > JOURNAL_PAYLOAD_LIMIT ||
		!decode_base64(&hmac, text, strlen(text)) || hmac.size != DIGEST_BYTES) {
		return false;
	}
	commitment->bytes = (uint64_t)bytes;
	memcpy(commitment->hmac, hmac.data, DIGEST_BYTES);
	return true;
}

static bool read_leaf(struct arena *arena, const void *bytes, size_t size,
	struct journal_record *record, struct journal_commitment *commitment, struct error *err)
{
	struct error cause = { 0 };

	record->leaf = value_parse(arena, bytes, size, &leaf_limits, &cause);
	if (record->leaf == NULL) {
		return error_set(err, ERROR_IO, "its leaf is damaged: %s", cause.text);
	}
	if (!value_is(record->leaf, VALUE_OBJECT) || !is_canonical(record->leaf, bytes, size) ||
		!find_kind(record->leaf, &record->kind) ||
		value_find_text(record->leaf, "time") == NULL ||
		!read_commitment(record->leaf, commitment)) {
		return error_set(err, ERROR_IO,
			"its leaf is damaged, or a newer scimward wrote it: it lacks the form of a "
			"leaf");
	}
	journal_hash_leaf(bytes, size, &record->leaf_hash);
	return true;
}

/* Leaf and payload, and whether they belong together; the payload's JSON goes into json. */
static bool open_entry(struct arena *arena, const void *leaf, size_t leaf_size, const void *payload,
	size_t payload_size, struct journal_record *record, struct buf *json, struct error *err)
{
	struct journal_commitment commitment;

	if (!read_leaf(arena, leaf, leaf_size, record, &commitment, err)) {
		return false;
	}
	record->erased = commitment.is_there && payload == NULL;
	if (payload == NULL) {
		return true;
	}
	if (!commitment.is_there) {
		return error_set(err, ERROR_IO, "it has a payload that its leaf knows nothing of");
	}
	return journal_payload_read(payload, payload_size, leaf, leaf_size, commitment.bytes,
		commitment.hmac, json, err);
}

bool journal_entry_read(struct arena *arena, uint64_t index, const void *leaf, size_t leaf_size,
	const void *payload, size_t payload_size, struct journal_record *record, struct error *err)
{
	CLEANUP(buf_fini) struct buf json = { 0 };
	struct error cause = { 0 };

	*record = (struct journal_record){ .index = index };
	if (!open_entry(arena, leaf, leaf_size, payload, payload_size, record, &json, err)) {
		return false;
	}
	if (payload == NULL) {
		return true;
	}
	record->payload = value_parse(arena, buf_text(&json), json.size, &payload_limits, &cause);
	if (!value_is(record->payload, VALUE_OBJECT)) {
		return error_set(err, ERROR_IO, "its payload is no JSON object: %s", cause.text);
	}
	return true;
}

bool journal_entry_check(struct arena *arena, const void *leaf, size_t leaf_size,
	const void *payload, size_t payload_size, bool *commits, struct error *err)
{
	CLEANUP(buf_fini) struct buf json = { 0 };
	struct journal_record record;

	if (!open_entry(arena, leaf, leaf_size, payload, payload_size, &record, &json, err)) {
		return false;
	}
	if (commits != NULL) {
		*commits = record.erased || payload != NULL;
	}
	return true;
}

/* ---- receipt ---- */

void journal_receipt(
	uint64_t index, const struct journal_hash *leaf_hash, char text[JOURNAL_RECEIPT_BYTES])
{
	CLEANUP(buf_fini) struct buf encoded = { 0 };

	encode_base64(&encoded, leaf_hash->bytes, sizeof(leaf_hash->bytes));
	snprintf(text, JOURNAL_RECEIPT_BYTES, "%llu %s", (unsigned long long)index,
		buf_text(&encoded));
}
