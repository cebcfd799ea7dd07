/*
 * bulk: what a bulk request gathers on its way through flow_bulk.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/buf.h"
#include "gateway/request.h"
#include "journal/entry.h"
#include "scim/bulk.h"

struct bulk_record;
struct value_parser;

/* What an operation came to; in the arena of the bulk request. */
struct outcome {
	bool done;           /* it belongs into the response */
	bool exists;         /* its resource is there, or (DELETE) is gone */
	bool completed;      /* so are the references that it was created without */
	int status;          /* as if it had been sent alone */
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

	/* record */
	struct bulk_record *record; /* NULL: nobody asked for one */
	bool recorded;              /* at `index`: it is answered 202 */
	int64_t index;
	char receipt[JOURNAL_RECEIPT_BYTES];
};

/* ---- flow_bulk.c ---- */

/* What a finished operation came to, as in the response (RFC 7644, 3.7.3). */
void bulk_print_result(struct request *request, size_t operation, struct buf *buf);
/* "/Users/<id>" of its resource; "/Users" of a create that failed. In the request's arena. */
const char *bulk_path(struct request *request, size_t operation);

/* ---- bulk_record.c: only for who takes 202 ---- */

/* The operation of the entry that tells what all came to. */
#define BULK_OPERATION "bulk"
step_fn bulk_pack_start, bulk_pack_finish, bulk_record_start, bulk_record_finish;

/* ---- bulk_operation.c ---- */

/*
 * Starts the request that does bulk->step. When it has come to its end its outcome is written and
 * request_resume(request) called, which may be before this returns.
 */
void bulk_execute(struct request *request);

/* A step failed with err, executed or not: writes the outcome of its operation. */
void bulk_fail(struct request *request, const struct scim_bulk_step *step, const struct error *err);
