/*
 * The step claim: hold what the operation touches, so that whatever else happens to it waits. What
 * that is must be foreseen from the request; a step that finds more claims again.
 */
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "gateway/gateway.h"
#include "gateway/write.h"
#include "io/loop.h"
#include "store/read.h"

static void add_claim(struct write *write, const uint8_t id[UUID_BYTES])
{
	if (write->claim_count < STORE_CLAIM_KEYS) {
		struct store_claim_key *key = &write->claim_keys[write->claim_count];

		*key = (struct store_claim_key){ 0 };
		memcpy(key->id, id, UUID_BYTES);
	}
	write->claim_count++; /* beyond the limit: the tenant is claimed */
}

/* The members that an operation names, before anything is read: those that come share a claim with
 * whatever else happens to these people. */
static void claim_members(struct request *request)
{
	struct write *write = request->write;

	for (size_t i = 0; i < write->list_count; i++) {
		size_t count = scim_member_count(write->lists[i]);

		for (size_t j = 0; j < count && write->claim_count <= STORE_CLAIM_KEYS; j++) {
			const struct value *text =
				scim_member_id(request->source->dialect, write->lists[i], j, NULL);
			uint8_t id[UUID_BYTES];

			if (text != NULL && uuid_parse(value_text(text), value_size(text), id)) {
				add_claim(write, id);
			}
		}
	}
}

/* Who leaves changes what his groups have left, so they are claimed, too. */
static bool claim_groups(struct request *request, struct error *err)
{
	struct write *write = request->write;
	struct store_reader *reader = request->worker->reader;
	bool found;
	struct store_ref ref;
	const struct store_ref *groups;
	size_t count;

	if (!store_find_ref(reader, request->arena, request->source->tenant, request->store_type,
		    request->resource_id, &found, &ref, err)) {
		return false;
	}
	if (!found) {
		return true; /* load says 404 */
	}
	if (!store_groups_of(reader, request->arena, ref.rid, &groups, &count, err)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		add_claim(write, groups[i].id);
	}
	return true;
}

static void on_claimed(void *user, bool ok)
{
	struct request *request = user;

	request->write->claim_timed_out = !ok;
	request_resume(request);
}

enum step_result write_claim_start(struct request *request)
{
	struct write *write = request->write;
	int64_t left_us = write->deadline_us - loop_now_us();

	if (write->claim_keys == NULL) { /* 14 KiB: zeroed one by one, as they are used */
		write->claim_keys =
			arena_alloc(request->arena, STORE_CLAIM_KEYS * sizeof(*write->claim_keys));
	}
	if (write->operation != WRITE_CREATE) {
		add_claim(write, request->resource_id);
	}
	claim_members(request);
	if (write->may_leave && !claim_groups(request, &request->err)) {
		return STEP_FAIL;
	}
	write->claim = (struct store_claim){
		.tenant = request->source->tenant,
		.whole_tenant = write->renames || write->claim_count > STORE_CLAIM_KEYS,
		.keys = write->claim_keys,
		.count = write->claim_count > STORE_CLAIM_KEYS ? 0 : write->claim_count,
	};
	if (store_claim(request->worker->gateway->claims, &write->claim, request->worker->loop,
		    left_us > 0 ? (int)(left_us / 1000) : 0, on_claimed, request)) {
		return STEP_NEXT;
	}
	return STEP_WAIT;
}

enum step_result write_claim_finish(struct request *request)
{
	if (request->write->claim_timed_out) {
		error_set(&request->err, ERROR_TIMEOUT,
			"other writes to the same resource took too long; nothing was changed");
		return STEP_FAIL;
	}
	return STEP_NEXT;
}

void write_release(struct write *write)
{
	if (write != NULL) {
		store_claim_release(&write->claim);
	}
}

enum step_result write_claim_again(struct request *request)
{
	struct write *write = request->write;

	store_claim_release(&write->claim);
	write->claim_count = 0;
	write_forget(write);
	request->back = write->load - 1;
	return STEP_BACK;
}

bool write_claims_groups(const struct write *write)
{
	for (size_t i = 0; i < write->group_count && !write->claim.whole_tenant; i++) {
		bool claimed = false;

		for (size_t j = 0; j < write->claim.count && !claimed; j++) {
			claimed = memcmp(write->claim_keys[j].id, write->groups[i].id,
					  UUID_BYTES) == 0;
		}
		if (!claimed) {
			return false;
		}
	}
	return true;
}
