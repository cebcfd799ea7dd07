/*
 * Bulk messages. The first byte chooses the dialect; the rest is JSON.
 *
 * Every operation of a message that is taken is done exactly once, after what it refers to unless
 * that is deferred, and completed at most once, after all of it. With ids in place no name is left.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/bulk.h"
#include "scim/bulk_ref.h"
#include "scim/dialect.h"
#include "scim/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 64 };

static const struct value_limits limits = {
	.bytes = 1 << 16, .depth = 35, .values = 20000, .folded_keys = true
};

static const char *id_of(const void *user, size_t operation)
{
	(void)user;
	assert(operation < MOST);
	return "id";
}

static bool no_mention(void *user, const char *name, size_t size)
{
	(void)user;
	(void)name;
	(void)size;
	return false;
}

static void check_order(const struct scim_bulk *bulk)
{
	bool done[MOST] = { false };
	bool completed[MOST] = { false };

	for (size_t i = 0; i < bulk->step_count; i++) {
		uint32_t at = bulk->steps[i].operation;
		const struct scim_bulk_operation *it = &bulk->operations[at];

		assert(at < bulk->count);
		if (bulk->steps[i].completes) {
			assert(done[at] && !completed[at] && it->deferred.count > 0);
			completed[at] = true;
		} else {
			assert(!done[at]);
			done[at] = true;
		}
		for (size_t j = 0; j < it->references.count; j++) {
			uint32_t needed = it->references.items[j];
			bool later = !bulk->steps[i].completes && scim_bulk_defers(it, needed);

			assert(done[needed] || later);
		}
		assert(it->target < 0 || done[it->target]);
	}
	for (size_t i = 0; i < bulk->count; i++) {
		assert(done[i] && completed[i] == (bulk->operations[i].deferred.count > 0));
	}
}

static void check_data(struct arena *arena, const struct scim_bulk *bulk, size_t at)
{
	const struct scim_bulk_operation *it = &bulk->operations[at];

	if (it->err.code != ERROR_NONE || it->data == NULL) {
		return;
	}
	for (size_t i = 0; i < it->references.count; i++) {
		if (bulk->operations[it->references.items[i]].type == NULL) {
			return; /* never created: never resolved */
		}
	}
	assert(scim_bulk_mentions(
		scim_bulk_resolve(arena, bulk, at, id_of, NULL), no_mention, NULL));
	if (it->deferred.count > 0) {
		assert(scim_bulk_mentions(
			scim_bulk_completion(arena, bulk, at, id_of, NULL), no_mention, NULL));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena;
	struct scim_bulk bulk;
	struct error err = { 0 };

	if (size < 2) {
		return 0;
	}
	arena = arena_new();
	const struct scim_dialect *dialect =
		data[0] % 2 == 0 ? scim_dialect_standard() : scim_dialect_find("entra");
	const struct value *body =
		value_parse(arena, (const char *)data + 1, size - 1, &limits, &err);
	if (body != NULL &&
		scim_bulk_parse(arena, scim_model_core(), dialect, body, MOST, &bulk, &err)) {
		while (!scim_bulk_plan(arena, &bulk)) {
		}
		check_order(&bulk);
		for (size_t i = 0; i < bulk.count; i++) {
			check_data(arena, &bulk, i);
		}
	} else {
		assert(err.code != ERROR_NONE && err.text[0] != '\0');
	}
	arena_free(arena);
	return 0;
}
