/*
 * connector: one kind of app. What it can be asked, and how its answers are classed.
 *
 * A connector speaks; it decides nothing. Every call answers exactly once, from the loop, never
 * from inside the call, and sends at most one request: when to try again, what a lost reply means
 * and whom to adopt is delivery.c's to say. All of it in the courier's thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct config_app;
struct connector_app;
struct error;
struct fetch;
struct value;

/* What an answer means for what was asked (facts: delivery.md, 3). */
enum connector_class {
	CONNECTOR_OK,
	CONNECTOR_NOT_FOUND,   /* 404: no such resource */
	CONNECTOR_CONFLICT,    /* 409: there is one already */
	CONNECTOR_LATER,       /* surely not done: unreachable, 408, 425, 429, 503 */
	CONNECTOR_UNKNOWN,     /* done or not: lost reply, time-out, other 5xx */
	CONNECTOR_CREDENTIALS, /* 401, 403: concerns the app, not the delivery */
	CONNECTOR_UNSUPPORTED, /* 405, 501, or a 404 that is a web page: the app has no such call */
	CONNECTOR_TOO_LARGE,   /* 413 */
	CONNECTOR_REFUSED,     /* other 4xx, 3xx, an answer that is none: again would not help */
};
const char *connector_class_name(enum connector_class class); /* for logs and metrics */

enum connector_kind { CONNECTOR_USER, CONNECTOR_GROUP };

/* An account or group as the app shows it. Texts live in the call's arena. */
struct connector_hit {
	const char *remote;      /* the app's id */
	const char *external_id; /* NULL: the app has none */
	const struct value *resource;
};

struct connector_answer {
	enum connector_class class;
	int status;                       /* of HTTP; 0: none came */
	int64_t retry_after_s;            /* < 0: none */
	const char *message;              /* a sentence for people, without secrets or bodies */
	const struct connector_hit *hits; /* of find: all; of create, replace, read: one, when the
					     app showed it */
	size_t hit_count;
};
typedef void connector_fn(void *user, const struct connector_answer *answer);

/* One call: everything in it must stay until done. */
struct connector_call {
	struct arena *arena; /* the answer's texts live here */
	enum connector_kind kind;
	const char *remote;          /* replace, patch, remove, read */
	const char *external_id;     /* find: by it … */
	const char *name;            /* … or, when NULL, by userName or displayName */
	const struct value *body;    /* create, replace: the resource; patch: array of operations */
	const char *idempotency_key; /* of a write; NULL: none */
	const char *traceparent;     /* NULL: none */
	connector_fn *done;
	void *user;

	/* the connector's */
	struct connector_app *app;
	int verb;
};

struct connector {
	const char *name; /* as in the configuration: "scim" */
	/* NULL: ERROR_CONFIG. config and fetch must outlive it. */
	struct connector_app *(*open)(
		const struct config_app *config, struct fetch *fetch, struct error *err);
	void (*close)(struct connector_app *app);
	void (*find)(struct connector_app *app, struct connector_call *call);
	void (*create)(struct connector_app *app, struct connector_call *call);
	void (*replace)(struct connector_app *app, struct connector_call *call);
	void (*patch)(struct connector_app *app, struct connector_call *call);
	void (*remove)(struct connector_app *app, struct connector_call *call);
	void (*read)(struct connector_app *app, struct connector_call *call);
	/* Is the app there and does it know us? Sends nothing about people. */
	void (*probe)(struct connector_app *app, struct connector_call *call);
};

/* NULL: there is none of that name. */
const struct connector *connector_find(const char *name);
/* "scim, …": for messages. */
const char *connector_names(void);
