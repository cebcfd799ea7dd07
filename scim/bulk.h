/*
 * Bulk messages (RFC 7644, 3.7): parse, plan, resolve references between operations.
 *
 * An operation may name what another one creates by "bulkId:<name>": in its path, in any text of
 * its data, in the $ref of a reference and inside the filter of a PATCH path. The plan runs the
 * operations in their order, but for what is named before it is created: that is created first.
 * Where creates refer to each other in a circle (3.7.1), one of them is created without the
 * reference that closes it, and completed by a step of its own as soon as what it names is there:
 *
 *     POST A, manager B        create A without its manager
 *     POST B, manager A   ⇒    create B, manager A
 *                              complete A: PATCH add manager B
 *
 * What makes the message hard to understand as a whole (no list of objects, an unknown method, two
 * equal bulkIds) is an error of the whole, before anything is done; what one operation gets wrong
 * stands in its `err`, and the others go on (3.7.3). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

struct arena;
struct buf;
struct scim_bulk_name;
struct scim_bulk_planner;
struct scim_dialect;
struct scim_model;
struct scim_resource_type;
struct value;

#define SCIM_BULK_PREFIX "bulkId:"
#define SCIM_BULK_ID_BYTES_MAX 256

enum scim_bulk_method { SCIM_BULK_POST, SCIM_BULK_PUT, SCIM_BULK_PATCH, SCIM_BULK_DELETE };
const char *scim_bulk_method_name(enum scim_bulk_method method); /* "POST", … */

/* Numbers of operations, ascending, each once. */
struct scim_bulk_set {
	const uint32_t *items;
	size_t count;
};

struct scim_bulk_operation {
	enum scim_bulk_method method;
	const char *bulk_id; /* NULL: none; never of a POST */
	const char *version; /* what If-Match would say; NULL: none */
	const struct scim_resource_type *type;
	const char *path;                /* as sent, with a "/" in front; NULL: there was none */
	const char *id;                  /* its second part; NULL: a POST */
	int64_t target;                  /* the operation that creates what `id` names; -1: none */
	const struct value *data;        /* an object; NULL of a DELETE */
	struct scim_bulk_set references; /* the operations that data refers to */
	struct scim_bulk_set deferred;   /* those among them that come later: a circle */
	struct error err;                /* why it cannot be executed; code ERROR_NONE: it can */
};

/* One thing to do. */
struct scim_bulk_step {
	uint32_t operation;
	bool completes; /* it was created without `deferred`; now they are there */
};

struct scim_bulk {
	struct scim_bulk_operation *operations;
	size_t count;
	int64_t fail_on_errors; /* 0: as many as there are */
	const struct scim_bulk_step *steps;
	size_t step_count;
	const struct scim_bulk_name *names; /* bulkIds of POST operations, sorted */
	size_t name_count;
	struct scim_bulk_planner *planner; /* between two calls of scim_bulk_plan() */
};

/*
 * Reads a message; scim_bulk_plan() comes next. `body` is what value_parse() gave with folded_keys.
 * The result lives in arena and shares parts of body. The cost grows with the number of operations.
 * ERROR_SYNTAX, ERROR_VALUE (two operations of one bulkId), ERROR_TOO_LARGE (more than
 * `most` operations: the text names the limit, as 3.7.4 asks).
 */
bool scim_bulk_parse(struct arena *arena, const struct scim_model *model,
	const struct scim_dialect *dialect, const struct value *body, size_t most,
	struct scim_bulk *bulk, struct error *err);

/*
 * Fills in target, references, deferred and steps. A name that no POST creates is an error of the
 * operation that says it. False: there is more to do; call again after other work. The cost of a
 * call is bounded by SCIM_BULK_SLICE mentions of names or one operation, whichever is more.
 */
enum { SCIM_BULK_SLICE = 10000 };
bool scim_bulk_plan(struct arena *arena, struct scim_bulk *bulk);

/* Is it created without its reference to `needed`, which comes later? */
bool scim_bulk_defers(const struct scim_bulk_operation *operation, size_t needed);

/* The id that an operation's resource got; never NULL for what is asked for. */
typedef const char *scim_bulk_id_fn(const void *user, size_t operation);

/*
 * The data of an operation with ids in place of names, without what mentions a deferred one. What
 * else it refers to must be there.
 */
const struct value *scim_bulk_resolve(struct arena *arena, const struct scim_bulk *bulk,
	size_t operation, scim_bulk_id_fn *id_of, const void *user);

/* The PATCH that completes it: adds what was left out, with ids. */
const struct value *scim_bulk_completion(struct arena *arena, const struct scim_bulk *bulk,
	size_t operation, scim_bulk_id_fn *id_of, const void *user);

/* What an operation came to, for the response (3.7.3). */
struct scim_bulk_result {
	const char *location; /* NULL: a create that failed */
	const char *version;  /* the ETag; NULL: none */
	int status;
	const struct error *err; /* NULL: it went well */
};

/* Appends the element of "Operations" for it. */
void scim_bulk_print(struct buf *buf, const struct scim_bulk_operation *operation,
	const struct scim_bulk_result *result);
