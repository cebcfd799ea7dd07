/*
 * ask: the requests of the load generator, one after the other.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"

struct error;

enum { ASK_ID_BYTES = 36, ASK_BODY_BYTES = 4096, ASK_TARGET_BYTES = 256 };

struct ask {
	struct buf ids; /* of existing users, a line each */
	size_t id_count;
	uint64_t first;    /* user of the first post, or line of the first patch and member */
	uint64_t users;    /* by-…: how many there are */
	const char *group; /* member, unmember, probe: the id of the group */
	bool scatter;      /* names in no order, as people have them, but the same in each run */
	uint64_t nonce;    /* values differ from run to run, so that no PATCH is a no-op */
};

/* Writes body and target of request `number`; returns the body's size. */
typedef size_t ask_fn(struct ask *ask, uint64_t number, char *body, char *target);

struct ask_mode {
	const char *name;
	const char *method;
	const char *media; /* of the body */
	ask_fn *make;
	int needs; /* ASK_… */
};
enum { ASK_IDS = 1, ASK_GROUP = 2, ASK_USERS = 4 };

/* By name: see the table at the end of ask.c. NULL: unknown. */
const struct ask_mode *ask_find_mode(const char *name);
/* Has this mode all that it needs? */
bool ask_is_complete(const struct ask *ask, const struct ask_mode *mode);
bool ask_read_ids(struct ask *ask, const char *path, struct error *err);
void ask_fini(struct ask *ask);
