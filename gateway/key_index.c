#include "gateway/key_index.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/log.h"
#include "base/value.h"
#include "gateway/gateway.h"
#include "gateway/names.h"
#include "scim/key.h"
#include "scim/schema.h"
#include "store/commit.h"
#include "store/read.h"
#include "store/store.h"

enum { BATCH = 256, TAKEN_SHOWN = 20 };

/* What the keys in the store were made by; absent while they are being made. */
static const char setting[] = "gateway.keys";

struct index {
	struct gateway *gateway;
	struct store_reader *reader;
	struct arena *arena; /* of one batch */
	int64_t taken;       /* resources whose keys were written */
	int64_t twice;       /* … that could not have theirs */
};

/* ---- has anything changed? ---- */

/* One line for each attribute of each type whose values are keys. */
static void describe(const struct scim_model *model, struct arena *arena, struct buf *buf)
{
	for (size_t i = 0; i < model->type_count; i++) {
		const struct scim_resource_type *type = &model->types[i];

		for (size_t k = 0; k < type->key_count; k++) {
			const struct scim_key_place *place = &type->keys[k];
			const struct scim_attribute *it =
				place->sub != NULL ? place->sub : place->attribute;

			if (place->kind >= SCIM_KEY_CUSTOM) {
				buf_printf(buf, "%s %s %s %s %s\n", type->name,
					scim_key_name(arena, it), scim_data_type_name(it->type),
					it->case_exact ? "exact" : "folded",
					scim_uniqueness_name(it->uniqueness));
			}
		}
	}
}

/* "" for a model without such attributes: what a new store has, too. */
static const char *mark_of(const struct scim_model *model, struct arena *arena)
{
	CLEANUP(buf_fini) struct buf buf = { 0 };
	uint8_t digest[DIGEST_BYTES];

	describe(model, arena, &buf);
	if (buf.size == 0) {
		return "";
	}
	digest_sha256(buf.data, buf.size, digest);
	buf_clear(&buf);
	encode_hex(&buf, digest, sizeof(digest));
	return arena_strdup(arena, buf_text(&buf));
}

static bool put_setting(struct index *index, const char *value, struct error *err)
{
	struct store_setting it = { .name = setting, .value = value };
	struct store_commit commit = {
		.now_us = clock_now_us(), .settings = &it, .setting_count = 1
	};

	return store_commit_wait(index->gateway->store, &commit, err);
}

/* ---- keys of one resource ---- */

/* All that it holds beside the attributes of configured schemas, then those, as there is room. */
static void fill_rekey(struct index *index, const struct scim_resource_type *type,
	const struct store_resource *resource, const struct value *doc, struct store_rekey *it)
{
	struct arena *arena = index->arena;
	struct scim_key *of_doc = arena_alloc(arena, SCIM_KEYS_MAX * sizeof(*of_doc));
	size_t count = scim_keys_of_doc(arena, type, doc, of_doc);
	struct store_key *keys =
		arena_alloc(arena, (resource->key_count + count + 1) * sizeof(*keys));
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		if (of_doc[i].kind >= SCIM_KEY_CUSTOM) {
			keys[used++] = names_store_key(index->gateway, resource->tenant,
				resource->origin, type, &of_doc[i]);
		}
	}
	for (int unique = 1; unique >= 0; unique--) {
		for (size_t i = 0; i < resource->key_count; i++) {
			const struct store_key *key = &resource->keys[i];

			if (key->kind < STORE_KEY_CUSTOM && key->unique == (unique == 1) &&
				(key->unique || used < STORE_KEYS)) {
				keys[used++] = *key;
			}
		}
	}
	*it = (struct store_rekey){ .resource = resource, .keys = keys, .key_count = used };
}

/* Only these have keys to take or to give back; the others need not be parsed. */
static bool is_concerned(
	const struct scim_resource_type *type, const struct store_resource *resource)
{
	for (size_t i = 0; i < type->key_count; i++) {
		if (type->keys[i].kind >= SCIM_KEY_CUSTOM) {
			return true;
		}
	}
	for (size_t i = 0; i < resource->key_count; i++) {
		if (resource->keys[i].kind >= STORE_KEY_CUSTOM) {
			return true;
		}
	}
	return false;
}

static bool has_key(const struct store_resource *resource, const struct store_key *key)
{
	for (size_t i = 0; i < resource->key_count; i++) {
		const struct store_key *it = &resource->keys[i];

		if (it->kind == key->kind && it->scope == key->scope && it->size == key->size &&
			memcmp(it->value, key->value, key->size) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_right(const struct store_rekey *it)
{
	for (size_t i = 0; i < it->key_count; i++) {
		if (!has_key(it->resource, &it->keys[i])) {
			return false;
		}
	}
	return it->key_count == it->resource->key_count;
}

/* ---- telling ---- */

static const char *attribute_of(const struct index *index, struct arena *arena, int kind)
{
	const struct gateway *gateway = index->gateway;

	for (size_t i = 0; i < gateway->model->unique_count; i++) {
		if (gateway->keys[i] == kind) {
			return scim_key_name(arena, gateway->model->unique[i]);
		}
	}
	return "a unique attribute";
}

/* By id alone: the value may be personal, and whose it is right to be nobody here knows. */
static void tell(
	struct index *index, const struct scim_resource_type *type, const struct store_rekey *it)
{
	const struct store_resource *other = NULL;
	struct error ignored = { 0 };
	char id[UUID_TEXT_BYTES];
	char other_id[UUID_TEXT_BYTES] = "";

	if (++index->twice > TAKEN_SHOWN) {
		return;
	}
	uuid_format(it->resource->id, id);
	if (it->holder > 0 &&
		store_find_rid(index->reader, index->arena, it->holder, &other, &ignored) &&
		other != NULL) {
		uuid_format(other->id, other_id);
	}
	log_event(LOG_ERROR, it->holder > 0 ? "value_taken_twice" : "value_cannot_be_unique",
		"resource_type", type->name, "id", id, "other", other_id, "attribute",
		it->holder > 0 ? attribute_of(index, index->arena, it->key_kind) : "", NULL);
}

/* ---- the walk ---- */

static bool take_batch(struct index *index, const struct scim_resource_type *type,
	const struct store_resource *rows, size_t count, struct error *err)
{
	static const struct value_limits limits = {
		.bytes = SIZE_MAX, .depth = 64, .values = SIZE_MAX
	};
	struct store_rekey *items = arena_alloc(index->arena, (count + 1) * sizeof(*items));
	struct store_commit commit = { .now_us = clock_now_us(), .rekeys = items };

	for (size_t i = 0; i < count; i++) {
		struct store_rekey *it = &items[commit.rekey_count];
		const struct value *doc;

		if (!is_concerned(type, &rows[i])) {
			continue;
		}
		doc = value_parse(index->arena, rows[i].doc, rows[i].doc_size, &limits, err);
		if (doc == NULL) {
			return error_wrap(err, "a stored document");
		}
		fill_rekey(index, type, &rows[i], doc, it);
		commit.rekey_count += !is_right(it);
	}
	if (commit.rekey_count == 0) {
		return true;
	}
	if (!store_commit_wait(index->gateway->store, &commit, err)) {
		return false;
	}
	for (size_t i = 0; i < commit.rekey_count; i++) {
		if (items[i].holder != 0) {
			tell(index, type, &items[i]);
		} else {
			index->taken++;
		}
	}
	return true;
}

static bool walk(
	struct index *index, int tenant, const struct scim_resource_type *type, struct error *err)
{
	enum store_type number = (enum store_type)gateway_store_type(index->gateway, type);
	const struct store_resource *rows;
	int64_t after = 0;
	size_t count;

	do {
		arena_reset(index->arena);
		if (!store_list(index->reader, index->arena, tenant, number, after, BATCH, &rows,
			    &count, err) ||
			!take_batch(index, type, rows, count, err)) {
			return false;
		}
		after = count > 0 ? rows[count - 1].rid : after;
	} while (count == BATCH);
	return true;
}

/* Every tenant there ever was: one that is not in the configuration now may come back. */
static bool walk_all(struct index *index, struct error *err)
{
	const struct scim_model *model = index->gateway->model;
	const char *name;

	for (int tenant = 1; tenant <= STORE_TENANTS; tenant++) {
		if (!store_find_name(
			    index->reader, index->arena, STORE_NAME_TENANT, tenant, &name, err)) {
			return false;
		}
		if (name == NULL) {
			break;
		}
		for (size_t i = 0; i < model->type_count; i++) {
			if (!walk(index, tenant, &model->types[i], err)) {
				return false;
			}
		}
	}
	return true;
}

static bool update(struct index *index, const char *mark, struct error *err)
{
	char taken[24];

	log_event(LOG_INFO, "taking_keys", "why", "other attributes are unique than before", NULL);
	/* First, so that a walk that ends half-way is begun again, with whatever files. */
	if (!put_setting(index, NULL, err) || !walk_all(index, err)) {
		return false;
	}
	if (index->twice > 0) {
		return error_set(err, ERROR_CONFIG,
			"scim.directory: %" PRId64
			" resource%s cannot have the values that are to be unique, see "
			"value_taken_twice in the log; start with the schema files as they were, "
			"change the resources, then try again",
			index->twice, index->twice == 1 ? "" : "s");
	}
	snprintf(taken, sizeof(taken), "%" PRId64, index->taken);
	log_event(LOG_INFO, "keys_taken", "resources", taken, NULL);
	return put_setting(index, mark, err);
}

bool key_index_update(struct gateway *gateway, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	CLEANUP(arena_cleanup) struct arena *batch = arena_new();
	struct index index = { .gateway = gateway, .arena = batch };
	const char *mark = mark_of(gateway->model, arena);
	const char *stored;
	bool ok;

	index.reader = store_reader_open(gateway->store, err);
	if (index.reader == NULL) {
		return false;
	}
	ok = store_find_setting(index.reader, arena, setting, &stored, err);
	if (ok && strcmp(stored != NULL ? stored : "", mark) != 0) {
		ok = update(&index, mark, err);
	}
	store_reader_close(index.reader);
	return ok;
}
