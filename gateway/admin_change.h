/*
 * admin_change: what the admin API changes, as one commit with a journal entry of kind system: who
 * may speak for a source, and who looked at what it sends, are facts.
 */
#pragma once

#include <stdbool.h>
#include "store/commit.h"
#include "store/record.h"

struct admin_call;
struct gateway_source;
struct value;

/* The begin of a struct of its owner, on the heap: the owner frees it. */
struct admin_change {
	struct admin_call *call;
	const struct gateway_source *source; /* NULL: of none */
	struct store_commit commit;
	struct store_entry entry;
};

void admin_change_init(
	struct admin_change *change, struct admin_call *call, const struct gateway_source *source);

/*
 * Commits with an entry of `operation` and `detail` (of call->arena). done(user) comes in the main
 * loop. False: the call was answered with the error; done will not come.
 */
bool admin_change_commit(struct admin_change *change, const char *operation,
	const struct value *detail, store_commit_fn *done, void *user);

/* In done: true when it was committed; else the call was answered with the error. */
bool admin_change_is_committed(struct admin_change *change);

/* The source of that name. NULL: ERROR_NOT_FOUND. */
struct error;
const struct gateway_source *admin_source_named(
	struct admin_call *call, const char *name, struct error *err);
