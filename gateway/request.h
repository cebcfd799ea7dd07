/*
 * request: one HTTP request on its way through the steps of a flow, and the driver.
 *
 * A flow is a table of steps. A step has a `start`, and a `finish` for when what it waits for has
 * come. request.c is the only place with control flow:
 *
 *     start ─NEXT─▶ next step's start        start ─AGAIN─▶ the same again, after other work
 *       │
 *       └WAIT─▶ (request_resume) ─▶ finish ─▶ as above        any ─FAIL─▶ the last step's start
 *
 * The last step replies; after it the request ends. A request never leaves its worker's thread.
 * What belongs to one kind of flow hangs in `write` or `read`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/encode.h"
#include "base/error.h"
#include "io/http.h"
#include "store/record.h"

struct access_run;
struct arena;
struct buf;
struct bulk;
struct completion;
struct data;
struct exchange;
struct gateway_source;
struct gateway_worker;
struct read;
struct request;
struct scim_resource_type;
struct snapshot;
struct write;

enum step_result {
	STEP_NEXT,  /* go on with the step below */
	STEP_WAIT,  /* something is under way; request_resume() will come */
	STEP_AGAIN, /* not finished; call start again after the loop's other work */
	STEP_BACK,  /* to the step that request->back names: what was read is out of date */
	STEP_FAIL,  /* request->err says why; jump to the last step */
};

typedef enum step_result step_fn(struct request *request);

struct step {
	const char *name; /* appears in logs and metrics */
	step_fn *start;
	step_fn *finish; /* NULL: this step never waits */
};

/* Query parameters of RFC 7644, 3.4.2, decoded; NULL where absent. */
struct request_query {
	const char *filter;
	const char *attributes;
	const char *excluded_attributes;
	const char *start_index;
	const char *count;
	const char *cursor; /* RFC 9865; "" asks for the first page */
	const char *sort_by;
	const char *sort_order;
};

/* What the header Prefer asks of a reply (RFC 7240, RFC 9967); see gateway/negotiate.h. */
struct request_prefer {
	enum { PREFER_ANY, PREFER_MINIMAL, PREFER_REPRESENTATION } body;
	bool async;     /* respond-async */
	int64_t wait_s; /* … only if the reply takes longer than this; 0: at once */
};

struct request {
	struct gateway_worker *worker;
	struct exchange *exchange;
	const struct http_request *http; /* valid until the reply */
	enum http_method http_method;    /* stays valid behind it */
	struct arena *arena;             /* everything of this request */
	struct request *next_idle;

	/* the driver's */
	const struct step *flow;
	const struct step *step;
	bool running;
	bool resumed;
	const struct step *back; /* where STEP_BACK goes; the flow sets it */

	struct error err;   /* what the reply says when a step failed */
	int64_t started_us; /* monotonic */
	int64_t time_us;    /* the time of the operation: policy, journal and meta agree on it */
	char id[UUID_TEXT_BYTES];
	char trace[33]; /* 32 hex digits of a valid traceparent; "" without one */

	/* route */
	const struct scim_resource_type *type; /* NULL: no resource type in the path */
	enum store_type store_type;
	bool is_me; /* /Me: the id is the caller's, once he is identified */
	bool has_id;
	bool has_new_id; /* resource_id is what a create gets; else one is drawn */
	uint8_t resource_id[UUID_BYTES];
	char resource_text[UUID_TEXT_BYTES];
	const char *name;             /* third segment of discovery paths; NULL */
	const char *allow;            /* methods of this path, for 405 and OPTIONS */
	const char *base;             /* "https://host/scim/v2" of this request */
	struct http_text tenant_name; /* of /t/<tenant>/…; size 0 without */

	/* identify */
	const struct gateway_source *source;
	const uint8_t *subject; /* id of the person who acts; NULL: the source itself */
	const char *override;   /* why an admin overrides what is soft; NULL. gateway/override.h */
	struct snapshot *snapshot; /* a reference until the end */

	/* negotiate */
	const char *media; /* of the reply's body; NULL: application/scim+json */
	struct request_prefer prefer;

	struct request_query query;
	struct write *write;
	struct read *read;
	struct data *data;
	struct access_run *access;
	struct bulk *bulk;
	struct completion *completion;
	struct request *parent; /* of an operation of a bulk request: that; else NULL */
	int status;             /* of the reply, for metrics and log */
};

/* A request of the worker's pool, with its arena empty. */
struct request *request_new(
	struct gateway_worker *worker, struct exchange *exchange, const struct http_request *http);

/* Runs a flow from its first step. */
void request_start(struct request *request, const struct step *flow);

/* What start() waited for is there. May be called from within start(). */
void request_resume(struct request *request);

/* Frees the idle requests of a worker; at its end. */
void request_pool_free(struct gateway_worker *worker);

/* Reads the query into request->query. ERROR_REQUEST. */
bool request_read_query(struct request *request);

/* "https://host" as the client reached us; in the request's arena. */
const char *request_origin(const struct request *request);

/* What a 401 asks for (RFC 6750, 3). */
#define REQUEST_CHALLENGE "Bearer realm=\"scimward\""

/* A transaction: a journal index, and ":" and the number of an operation of a bulk request. */
#define REQUEST_TXN_BYTES 48

/* ---- replies; each ends the exchange ---- */

struct request_reply {
	int status;
	const char *content_type; /* NULL: what was negotiated, where there is a body */
	const char *etag;
	const char *location;
	const char *journal; /* Scimward-Journal */
	const char *content_location;
	const char *allow;
	const char *applied;       /* Preference-Applied */
	const char *txn;           /* Set-Txn */
	const char *request_id;    /* X-Request-ID of the client; NULL: none came */
	const char *cache_control; /* NULL: no-store */
	const void *body;
	size_t body_size;
};

/* "application/scim+json", or what the client likes better. */
const char *request_media(const struct request *request);
void request_reply(struct request *request, const struct request_reply *reply);
/* The SCIM Error of request->err, with the headers that its status needs. journal may be NULL. */
void request_reply_error(struct request *request, const char *journal);
/* The same for clients that speak no SCIM: its status and headers, with a body of their kind, which
 * is used up. */
void request_reply_error_as(struct request *request, const char *media, struct buf *body);
