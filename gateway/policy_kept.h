/*
 * policy_kept: the last policy that passed the gate, kept beside the store, so that the gateway
 * starts when the source of its policy is down or has nothing good.
 *
 *     scimward policy 1 <SHA-256 of all that follows>\n
 *     {"source": …, "revision": …, "digest": …, "commit": …, "serial": …, "time": …,
 *      "plan": <bytes>, "data": <bytes>}\n
 *     plan, data
 *
 * It is what was compiled, so no `opa` is needed. Written as a whole or not at all. The digest
 * finds damage; whoever may write here owns the store anyway.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;

struct policy_kept {
	const char *source;   /* kind and place: what is kept of another source is not used */
	const char *revision; /* as decisions name it */
	const char *digest;   /* SHA-256 of the content, in hex */
	const char *commit;   /* NULL: not from git */
	int64_t serial;       /* -1: none */
	int64_t time_us;      /* when it passed the gate */
	const char *plan;
	size_t plan_size;
	const char *data; /* NULL: none */
	size_t data_size;
};

/* ERROR_IO. */
bool policy_kept_write(const char *path, const struct policy_kept *kept, struct error *err);
/* Everything lives in arena. False: ERROR_IO with what is wrong; ERROR_NOT_FOUND: there is none. */
bool policy_kept_read(
	struct arena *arena, const char *path, struct policy_kept *kept, struct error *err);
