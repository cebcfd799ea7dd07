/*
 * What the courier does with deliveries, in short: for tests of the store.
 */
#pragma once

#include "tests/support/store_fixture.h"

enum { COURIER_SECOND = 1000000, COURIER_LEASE = 30 * COURIER_SECOND };

/* Wants the app brought up to date with rid, by a decision of its own. Returns the index of that.
 */
int64_t courier_want_of(struct store_fixture *f, int64_t rid, bool urgent, bool unpark);
int64_t courier_want(struct store_fixture *f, int64_t rid);

struct store_take courier_take(struct store_fixture *f, int64_t rid); /* for COURIER_LEASE */

/* A retry comes 60 seconds later; "the app says no" is the error of what is not done. */
enum error_code courier_finish(struct store_fixture *f, int64_t rid, int64_t version,
	enum store_outcome_kind kind, enum store_link_change change, const struct store_link *link);
enum error_code courier_done(struct store_fixture *f, int64_t rid, int64_t version);

struct store_link courier_link(const char *remote, int64_t version);
/* Wants, takes and finishes with a new link. */
void courier_connect(struct store_fixture *f, int64_t rid, const char *remote);

const struct store_delivery *courier_get(struct store_fixture *f, int64_t rid); /* NULL: none */
size_t courier_due(struct store_fixture *f, int64_t at_us, const struct store_delivery **list);
