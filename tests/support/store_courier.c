#include "tests/support/store_courier.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"

static void must(bool ok)
{
	if (!ok) {
		abort();
	}
}

int64_t courier_want_of(struct store_fixture *f, int64_t rid, bool urgent, bool unpark)
{
	struct store_commit commit = fixture_commit(f);
	struct store_entry entry = fixture_entry(f, "decision");
	struct store_want want = { .app = f->app, .rid = rid, .urgent = urgent, .unpark = unpark };

	commit.entry = &entry;
	commit.wants = &want;
	commit.want_count = 1;
	fixture_must(f, &commit);
	return commit.index;
}

int64_t courier_want(struct store_fixture *f, int64_t rid)
{
	return courier_want_of(f, rid, false, false);
}

struct store_take courier_take(struct store_fixture *f, int64_t rid)
{
	struct store_commit commit = fixture_commit(f);
	struct store_take it = {
		.app = f->app, .rid = rid, .lease_until_us = commit.now_us + COURIER_LEASE
	};

	commit.takes = &it;
	commit.take_count = 1;
	fixture_must(f, &commit);
	return it;
}

struct store_link courier_link(const char *remote, int64_t version)
{
	return (struct store_link){ .remote = remote,
		.version = version,
		.active = true,
		.doc = "{\"a\":1}",
		.doc_size = 7 };
}

enum error_code courier_finish(struct store_fixture *f, int64_t rid, int64_t version,
	enum store_outcome_kind kind, enum store_link_change change, const struct store_link *link)
{
	struct store_commit commit = fixture_commit(f);
	struct store_outcome outcome = { .app = f->app,
		.rid = rid,
		.version = version,
		.kind = kind,
		.next_us = f->now_us + 60 * COURIER_SECOND,
		.error = kind == STORE_OUTCOME_DONE ? NULL : "the app says no",
		.link_change = change,
		.link = link };

	commit.outcome = &outcome;
	return fixture_run(f, &commit);
}

enum error_code courier_done(struct store_fixture *f, int64_t rid, int64_t version)
{
	return courier_finish(f, rid, version, STORE_OUTCOME_DONE, STORE_LINK_KEEP, NULL);
}

const struct store_delivery *courier_get(struct store_fixture *f, int64_t rid)
{
	const struct store_delivery *found;

	must(store_find_delivery(f->reader, f->arena, f->app, rid, &found, NULL));
	return found;
}

size_t courier_due(struct store_fixture *f, int64_t at_us, const struct store_delivery **list)
{
	size_t count;

	must(store_due(f->reader, f->arena, f->app, at_us, 100, list, &count, NULL));
	return count;
}

void courier_connect(struct store_fixture *f, int64_t rid, const char *remote)
{
	struct store_link link = courier_link(remote, 1);
	struct store_take it;

	courier_want(f, rid);
	it = courier_take(f, rid);
	must(courier_finish(f, rid, it.version, STORE_OUTCOME_DONE, STORE_LINK_SET, &link) ==
		ERROR_NONE);
}
