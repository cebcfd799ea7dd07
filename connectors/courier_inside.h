/*
 * courier_inside: what courier.c, delivery.c and outcome.c share. Nobody else includes it.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/list.h"
#include "connectors/connector.h"
#include "connectors/courier.h"
#include "connectors/desired.h"
#include "connectors/retry.h"
#include "io/loop.h"
#include "store/commit.h"
#include "store/delivery.h"
#include "store/record.h"

struct arena;
struct delivery;
struct journal_packer;
struct profile;
struct scim_model;

/* One app: its slots, its breaker, its connections. What fails here touches no other. */
struct courier_app {
	struct courier *courier;
	const struct config_app *config;
	const struct connector *connector;
	const struct profile *profile;
	struct connector_app *connection;
	struct desired_rules rules;
	int id;
	int tenant;
	struct breaker breaker;
	bool no_put;            /* learned: PUT is not there */
	int64_t not_before_us;  /* Retry-After of the app */
	struct list deliveries; /* struct delivery: those under way */
	size_t in_flight;       /* their number */
	bool taking;            /* a commit of takes is under way */
	bool more;              /* more may be due than the last look took */
	bool probing;
	struct loop_timer timer;          /* next look */
	struct courier_app_status status; /* counters, under courier->mutex */
};

typedef void delivery_answer_fn(struct delivery *delivery, const struct connector_answer *answer);

struct courier {
	const struct config *config;
	struct store *store;
	const struct scim_model *model; /* of the apps' filters */
	struct store_reader *reader;
	struct journal_packer *packer;
	struct loop_thread *thread;
	struct loop *loop;
	struct fetch *fetch;
	struct courier_app *apps;
	size_t app_count;
	struct store_watch *watch;
	struct arena *arena;   /* of filters: as long as the courier */
	pthread_mutex_t mutex; /* status of the apps; and start, stop */
	pthread_cond_t changed;
	bool started;
	bool start_failed;
	struct error err;
	bool stopping;
	bool stopped;
	bool closing; /* close_all() is posted */
	bool expanding;
	struct loop_timer expand_timer; /* the store refused: again */
	struct loop_timer stop_timer;
};

struct delivery {
	struct list_node node; /* in app->deliveries */
	struct courier_app *app;
	struct arena *arena;
	struct store_take take;
	const struct store_resource *resource; /* NULL: gone without a trace */
	const struct store_link *link;         /* NULL: none */
	const char *remote;                    /* the link's, or found since */
	struct desired desired;
	struct connector_call call;
	delivery_answer_fn *on_answer;
	char idempotency_key[96];
	char trace[33];       /* of the request that was decided; "" without one */
	char traceparent[56]; /* what the app gets; "" without one */
	bool searched_name;
	bool conflicted; /* the app said 409 to a create */
	bool waited;     /* a second look after an unknown outcome */
	bool dropped;    /* the link's account is not there any more */
	bool put;        /* sent by PUT: if the app has none, PATCH is left */
	struct loop_timer timer;

	/* of large groups: members still to add and to remove */
	const char *const *adds;
	const char *const *removes;
	size_t add_count;
	size_t remove_count;
	size_t member_at;

	/* the outcome */
	struct store_outcome outcome;
	struct store_link new_link;
	struct store_entry entry;
	struct store_commit commit;
	int status; /* of the last answer */
};

/* ---- delivery.c: one delivery, from taken to its outcome ---- */
void delivery_start(struct delivery *delivery);
/* Looks for the account or group, adopts it or makes it. */
void delivery_search(struct delivery *delivery);
/* ---- delivery_bring.c: the account or group is there, at delivery->remote ---- */
void delivery_bring(struct delivery *delivery);
/* The delivery's one call, filled in but for its body; the answer goes to `then`. */
struct connector_call *delivery_call(struct delivery *delivery, delivery_answer_fn *then);
/* Adds a PATCH operation to a list of them; value NULL: none. */
struct value_builder;
void delivery_add_operation(
	struct value_builder *all, const char *op, const char *path, const struct value *value);

/* ---- outcome.c: makes the outcome durable; then courier_finished() ---- */
void outcome_done(struct delivery *delivery);    /* the app has it */
void outcome_current(struct delivery *delivery); /* the app has it already */
void outcome_nothing(struct delivery *delivery); /* nothing to bring */
void outcome_gone(struct delivery *delivery);    /* the account is deleted: drop the link */
void outcome_park(struct delivery *delivery, const char *why); /* a person has to look */
/* Again later; classed by the answer, which also moves the breaker. */
void outcome_retry(struct delivery *delivery, const struct connector_answer *answer);
void outcome_retry_error(struct delivery *delivery, const struct error *err);

/* ---- courier_work.c ---- */
void courier_look(void *app);                     /* for what is due in one app; also its timer */
void courier_look_at_all(void *courier);          /* and for group changes */
void courier_expand(void *courier);               /* the next group change; also its timer */
void courier_finished(struct delivery *delivery); /* frees it and looks for more */

/* ---- courier.c ---- */
void courier_stop_if_idle(struct courier *courier);
struct store *courier_store(struct courier *courier);
struct store_reader *courier_reader(struct courier *courier);
struct journal_packer *courier_packer(struct courier *courier);
struct loop *courier_loop(struct courier *courier);
const char *courier_origin(struct courier *courier);
uint64_t courier_dice(struct courier *courier);
/* Counters that others read: any field of app->status, under the lock. */
void courier_count(struct courier_app *app, uint64_t *counter);
void courier_publish_breaker(struct courier_app *app);
void courier_revoked(struct courier_app *app, int64_t us);
