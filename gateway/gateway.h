/*
 * gateway: owns everything that lives longer than a request, and the threads it lives in.
 *
 *     struct gateway          one: configuration, store, claims, rails, journal, courier, listener
 *     struct gateway_worker   one per worker thread: loop, read connection, policy state, requests
 *     struct snapshot         what a reload replaces: policy, tokens, paused sources
 *
 * What is in struct gateway is written before the workers start and by the main thread only; where
 * a module has state that threads share it says so itself (claim, rate, metrics).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/digest.h"
#include "base/seal.h"
#include "io/loop.h"
#include "scim/dialect.h"

struct arena;
struct config;
struct config_app;
struct config_source;
struct captures;
struct courier;
struct error;
struct gateway;
struct journal_key;
struct journal_packer;
struct journal_publisher;
struct loop_thread;
struct metrics;
struct metrics_thread;
struct policy_asker;
struct policy_live;
struct policy_remote;
struct policy_worker;
struct quota;
struct rate;
struct request;
struct scim_model;
struct scim_resource_type;
struct server;
struct shadow;
struct snapshot;
struct store;
struct store_claims;
struct store_reader;
struct store_watch;
struct tls;
struct worker;

/* A source of the configuration, with what its names resolve to. */
struct gateway_source {
	const struct config_source *config;
	const struct scim_dialect *dialect;
	struct scim_dialect own_dialect; /* that one, with the source's quirks */
	int id;                          /* of the store; rows carry it */
	int tenant;                      /* likewise */
	size_t index;                    /* into gateway->sources */
	struct quota *quota;
};

struct gateway_app {
	const struct config_app *config;
	int id;
	int tenant;
	bool names_groups; /* its filter looks at a person's groups: a group change moves people */
	bool takes_groups;
};

struct gateway_worker {
	struct gateway *gateway;
	unsigned index;
	struct loop_thread *thread;
	struct loop *loop;
	struct store_reader *reader;
	struct policy_worker *policy;
	struct policy_asker *asker; /* of an OPA server; NULL: the own evaluator decides */
	struct journal_packer *packer;
	struct snapshot *snapshot; /* a reference of its own; replaced in this worker's loop only */
	struct request *idle;      /* finished requests, kept for the next */
	size_t idle_count;
	struct metrics_thread *metrics;
};

typedef void gateway_done_fn(void *user);

struct gateway {
	const struct config *config;
	const struct scim_model *model; /* as its files were at start, see gateway/schemas.h */
	struct arena *model_arena;
	bool leftovers; /* documents may hold what the model does not describe */
	uint8_t model_digest[DIGEST_BYTES];
	int *types; /* of model->types: enum store_type */
	int *keys;  /* of model->unique: kinds of the store, from STORE_KEY_CUSTOM on */
	struct store *store;
	uint8_t cursor_key[SEAL_KEY_BYTES]; /* kept in the store: cursors survive restarts */
	struct store_claims *claims;
	struct gateway_source *sources;
	size_t source_count;
	struct gateway_app *apps;
	size_t app_count;
	struct rate *rate;
	struct metrics *metrics;
	struct journal_key *key;
	struct journal_publisher *publisher;
	struct store_reader *publisher_reader;
	struct courier *courier;
	struct worker *helper;     /* what would hold a loop too long: packing of large entries */
	struct worker *background; /* what takes seconds or minutes: backups */
	struct tls *tls;
	struct server *server;
	struct gateway_worker *workers;
	size_t worker_count;
	size_t serving;                /* workers that accept connections; main thread */
	struct loop *loop;             /* the main thread's */
	struct policy_live *policy;    /* where snapshots get theirs from */
	struct policy_live *candidate; /* beside it; NULL: none is configured */
	struct shadow *shadow;         /* likewise: who asks it */
	struct policy_remote *remote;  /* the OPA server that decides; NULL: we do */
	struct snapshot *snapshot;     /* the main thread's reference: the current one */
	struct admin *admin;
	struct captures *captures;
	struct store_watch *token_watch;
	struct loop_timer token_timer;   /* they could not be read: again */
	struct store_watch *entry_watch; /* the publisher's */
	int64_t started_us;
	bool stopping; /* atomic */
	bool is_trial; /* gateway/trial.h: policies see mode "test", and nobody reads its log */
	gateway_done_fn *done; /* of gateway_stop() */
	void *done_user;
};

/*
 * Opens and starts everything, in the calling thread, which then runs `loop`. The configuration
 * must outlive the gateway. NULL: nothing is left behind; the sentence says what to mend.
 */
struct gateway *gateway_start(const struct config *config, struct loop *loop, struct error *err);

/*
 * Stops accepting and cuts connections after listen.deadlines.drain_ms. done(user) comes in the
 * main loop when every request, admin call and reload under way has ended, connected or not; then
 * gateway_free().
 */
void gateway_stop(struct gateway *gateway, gateway_done_fn *done, void *user);
void gateway_free(struct gateway *gateway);

/*
 * Loads policy, tokens and certificate again, in the background, and swaps them in when they are
 * good. What is not good keeps the old one, is logged and counted. allow_older: this once a policy
 * may be older than the one in force. Returns the number of this reload (policy_live.h); 0 while
 * stopping. Main thread.
 */
uint64_t gateway_reload(struct gateway *gateway, bool allow_older);

/* Reads tokens and paused sources again and hands the result to all workers. Main thread. */
bool gateway_refresh_tokens(struct gateway *gateway, struct error *err);

/* Schemas and resource types of the configuration: gateway->model. For those who make one
 * (gateway/trial.c). ERROR_CONFIG. */
bool gateway_load_model(struct gateway *gateway, struct error *err);

/* The store's number of a resource type. */
int gateway_store_type(const struct gateway *gateway, const struct scim_resource_type *type);

/* NULL: the configuration has none of that name. */
const struct gateway_source *gateway_find_source(const struct gateway *gateway, const char *name);
const struct gateway_app *gateway_find_app(const struct gateway *gateway, const char *name);
/* By the store's number. NULL: it is not in the configuration any more. */
const struct gateway_source *gateway_source_of_id(const struct gateway *gateway, int id);
const struct gateway_app *gateway_app_of_id(const struct gateway *gateway, int id);
