/*
 * bulk: what a bulk request gathers on its way through flow_bulk.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "gateway/request.h"
#include "scim/bulk.h"

struct value_parser;

/* What an operation came to; in the arena of the bulk request. */
struct outcome {
	bool done;           /* it belongs into the response */
	bool exists;         /* its resource is there, or (DELETE) is gone */
	bool completed;      /* so are the references that it was created without */
	int status;          /* 0 without `exists`: that of err */
	const char *id;      /* of the resource */
	const char *version; /* NULL: none */
	const struct error *err;
};

struct bulk {
	struct value_parser *parser;
	struct scim_bulk plan;
	struct outcome *outcomes; /* one per operation */
	size_t at;                /* the next step */
	int64_t errors;
	int64_t deadline_us;
	const struct scim_bulk_step *step; /* the one under way */
	struct buf response;
};

/* ---- bulk_operation.c ---- */

/*
 * Starts the request that does bulk->step. When it has come to its end its outcome is written and
 * request_resume(request) called, which may be before this returns.
 */
void bulk_execute(struct request *request);

/* A step failed with err, executed or not: writes the outcome of its operation. */
void bulk_fail(struct request *request, const struct scim_bulk_step *step, const struct error *err);
