/* What is there in a world. */
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "gateway/gateway.h"
#include "gateway/trial_inside.h"
#include "scim/schema.h"
#include "store/commit.h"
#include "store/read.h"

enum { STATE_ROWS = 500 };

/* Calls fn for each resource: groups first, since the deletion of a person changes groups. */
typedef bool each_fn(
	struct trial *trial, const struct store_resource *resource, void *user, struct error *err);

static bool each_of_type(struct trial *trial, int type, each_fn *fn, void *user, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct store_reader *reader = trial->gateway->workers[0].reader;
	const struct store_resource *rows;
	int64_t after = 0;
	size_t count;

	do {
		arena_reset(arena);
		if (!store_list(reader, arena, trial_tenant(trial), type, after, STATE_ROWS, &rows,
			    &count, err)) {
			return false;
		}
		for (size_t i = 0; i < count; i++) {
			after = rows[i].rid;
			if (!fn(trial, &rows[i], user, err)) {
				return false;
			}
		}
	} while (count == STATE_ROWS);
	return true;
}

static bool each(struct trial *trial, each_fn *fn, void *user, struct error *err)
{
	const struct gateway *gateway = trial->gateway;

	if (!each_of_type(trial, STORE_GROUP, fn, user, err)) {
		return false;
	}
	for (size_t i = 0; i < gateway->model->type_count; i++) {
		if (gateway->types[i] != STORE_GROUP &&
			!each_of_type(trial, gateway->types[i], fn, user, err)) {
			return false;
		}
	}
	return true;
}

static bool add_to_state(
	struct trial *trial, const struct store_resource *resource, void *user, struct error *err)
{
	struct buf *text = user;
	char id[UUID_TEXT_BYTES];
	(void)trial;
	(void)err;

	uuid_format(resource->id, id);
	buf_printf(text, "%s %lld %d %lld %lld %s\n", id, (long long)resource->version,
		resource->active, (long long)resource->members, (long long)resource->active_members,
		resource->doc);
	for (size_t i = 0; i < resource->key_count; i++) {
		const struct store_key *key = &resource->keys[i];

		buf_printf(text, "%d %.*s\n", key->kind, (int)key->size, key->value);
	}
	return true;
}

bool trial_state(struct trial *trial, uint8_t digest[DIGEST_BYTES], struct error *err)
{
	CLEANUP(buf_fini) struct buf text = { 0 };

	if (!each(trial, add_to_state, &text, err)) {
		return false;
	}
	digest_sha256(buf_text(&text), text.size, digest);
	return true;
}

static bool remove_one(
	struct trial *trial, const struct store_resource *resource, void *user, struct error *err)
{
	struct store_write row = { .action = STORE_DELETE, .before = resource };
	struct store_commit commit = { .tenant = trial_tenant(trial), .source = 1, .write = &row };
	(void)user;

	return store_commit_wait(trial->gateway->store, &commit, err);
}

bool trial_clear(struct trial *trial, struct error *err)
{
	return each(trial, remove_one, NULL, err);
}
