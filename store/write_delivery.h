/*
 * Deliveries, links and outcomes of one operation. Internal to store/.
 */
#pragma once

#include "store/writer.h"

/* Is the outcome's delivery in flight, is its remote id free? */
enum writer_result write_delivery_check(struct operation *op);
/* Wants, takes, outcome, requeue. */
void write_delivery(struct operation *op);

/* Brings app up to the current version of rid: a new delivery, or more of the one that is there. */
struct delivery_want {
	int app;
	int64_t rid;
	int64_t version; /* 0: look it up; a resource that is gone wants nothing */
	int64_t decision;
	bool urgent;
	bool unpark;
};
void write_delivery_want(struct operation *op, const struct delivery_want *want);
