/*
 * policy_kept: a policy that passed the gate, as one file beside the store: the last good one, so
 * that the gateway starts when the source of its policy is down or has nothing good, and each one
 * that ever decided (policy_archive.h).
 *
 *     scimward policy 1 <SHA-256 of all that follows>\n
 *     {"source": …, "revision": …, "digest": …, "commit": …, "serial": …, "time": …,
 *      "also": [other revisions of the same content],
 *      "plan": <bytes>, "data": <bytes>, "files": [{"name": …, "size": <bytes>}]}\n
 *     plan, data, files one after the other
 *
 * It is what was compiled, so no `opa` is needed; the Rego is there for people. Written as a whole
 * or not at all. The digest finds damage; whoever may write here owns the store anyway.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct policy_files;
struct tar_file;

#define POLICY_KEPT_LAST "last-good" /* the file in <store>-policy */

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
	const struct tar_file *files; /* the Rego that was compiled, as far as it came along */
	size_t file_count;
	const char *const *also; /* what decisions called the same content before */
	size_t also_count;
};

/* ERROR_IO. */
bool policy_kept_write(const char *path, const struct policy_kept *kept, struct error *err);
/* Everything lives in arena. False: ERROR_IO with what is wrong; ERROR_NOT_FOUND: there is none. */
bool policy_kept_read(
	struct arena *arena, const char *path, struct policy_kept *kept, struct error *err);
/* What policy_load() takes; points into kept. */
struct policy_files policy_kept_files(const struct policy_kept *kept);
