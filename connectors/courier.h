/*
 * courier: brings every app to the desired state. A thread of its own with one loop and curl multi.
 *
 *     store_due ─▶ takes (durable) ─▶ load resource, filter, link ─▶ connector ─▶ outcome (durable)
 *
 * One row per (app, resource) says "bring it up to version V or later"; what to send is found out
 * when its turn comes. Deactivations first; order per (app, resource); apps are bulkheads: own
 * slots, own breaker, own back-off. A lost reply is resolved by reading, never by sending again
 * blindly. Outcomes are journal entries that name the decision's index.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct courier;
struct error;
struct scim_model;
struct store;

struct courier_options {
	const struct config *config; /* apps; must outlive the courier */
	struct store *store;
	const struct scim_model *model; /* of the apps' filters; must outlive the courier */
};

/* Starts the thread; with no apps in the configuration it only waits. ERROR_CONFIG: an unknown
 * connector or profile, a URL that is none; ERROR_STORE. */
struct courier *courier_start(const struct courier_options *options, struct error *err);
/* Lets requests under way end (some seconds at most), frees. NULL is fine. */
void courier_stop(struct courier *courier);

/* Deliveries became due or were requeued; any thread, cheap. (It watches the store by itself.) */
void courier_wake(struct courier *courier);

struct courier_app_status {
	const char *name; /* of the configuration */
	int id;           /* of the store */
	bool breaker_open;
	int64_t breaker_since_us; /* 0: closed */
	const char
		*breaker_reason; /* static word: "unreachable", "credentials", "errors", … ; "" */
	uint64_t in_flight;
	uint64_t delivered; /* since start */
	uint64_t retried;
	uint64_t parked;
	uint64_t unknown;       /* outcomes that had to be found out by reading */
	uint64_t adopted;       /* duplicates avoided */
	int64_t revoke_us_last; /* time from decision to done of the newest deactivation; -1: none
				   yet */
};
/* Any thread: a copy. Returns how many apps there are; fills at most `limit`. */
size_t courier_status(struct courier *courier, struct courier_app_status *status, size_t limit);
