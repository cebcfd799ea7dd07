#include "store/write_delivery.h"

#include <assert.h>
#include "base/error.h"
#include "store/delivery.h"
#include "store/pack.h"
#include "store/store.h"
#include "store/writer_sql.h"

enum { LANE_URGENT = 0, LANE_NORMAL = 1, ERROR_BYTES = 512 };

/* A row of table delivery, but for its error text. */
struct delivery_row {
	int64_t rid;
	int app;
	int64_t state;
	int64_t lane;
	int64_t next_us;
	int64_t wanted;
	int64_t decision;
	int64_t first_decision;
	int64_t changes;
	int64_t since_us;
	int64_t sending;
	int64_t attempts;
	int64_t later_first; /* of what came while in flight; -1: nothing did */
	int64_t later_changes;
	int64_t later_since_us;
	int64_t later_lane;
};

static bool row_get(struct operation *op, int app, int64_t rid, struct delivery_row *row)
{
	sqlite3_stmt *it = SQL_QUERY(op->sql, W_DELIVERY_GET, sql_int(rid), sql_int(app));
	int column = 0;

	if (sql_next(op->sql, it) != SQL_ROW) {
		return false;
	}
	*row = (struct delivery_row){ .rid = rid, .app = app };
	int64_t *const fields[] = { &row->state, &row->lane, &row->next_us, &row->wanted,
		&row->decision, &row->first_decision, &row->changes, &row->since_us, &row->sending,
		&row->attempts, &row->later_first, &row->later_changes, &row->later_since_us,
		&row->later_lane };
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		*fields[i] = sql_col_int(it, column++);
	}
	sql_end(it);
	return true;
}

static void row_put(struct operation *op, const struct delivery_row *row)
{
	SQL_RUN(op->sql, W_DELIVERY_PUT, sql_int(row->rid), sql_int(row->app), sql_int(row->state),
		sql_int(row->lane), sql_int(row->next_us), sql_int(row->wanted),
		sql_int(row->decision), sql_int(row->first_decision), sql_int(row->changes),
		sql_int(row->since_us), sql_int(row->sending), sql_int(row->attempts),
		sql_int(row->later_first), sql_int(row->later_changes),
		sql_int(row->later_since_us), sql_int(row->later_lane));
}

static void row_error(struct operation *op, const struct delivery_row *row, const char *text)
{
	size_t size = strnlen(text, ERROR_BYTES);

	while (size == ERROR_BYTES && size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) {
		size--; /* not inside a character; text[size] is readable: strnlen stopped before
			   its end */
	}
	SQL_RUN(op->sql, W_DELIVERY_ERROR, sql_int(row->rid), sql_int(row->app),
		sql_text(text, size));
}

/* ---- wanting ---- */

static void note_later(struct delivery_row *row, const struct delivery_want *want, int64_t now_us)
{
	if (row->later_changes++ == 0) {
		row->later_first = want->decision;
		row->later_since_us = now_us;
	}
	if (want->urgent) {
		row->later_lane = LANE_URGENT;
	}
}

/* Back-off starts anew, but that something was sent must not be forgotten: its end may be unknown.
 */
static int64_t tried(const struct delivery_row *row)
{
	return row->attempts > 0 ? 1 : 0;
}

static void want_more(struct operation *op, struct delivery_row *row,
	const struct delivery_want *want, int64_t version)
{
	int64_t now_us = op->commit->now_us;

	row->wanted = version;
	row->decision = want->decision;
	row->changes++;
	if (row->state == STORE_IN_FLIGHT) {
		note_later(row, want, now_us); /* the lane stays: the index is about the lease */
	} else if (want->urgent || (row->state == STORE_PARKED && want->unpark)) {
		row->state = STORE_PENDING;
		row->attempts = tried(row);
		row->next_us = now_us;
		row->lane = want->urgent ? LANE_URGENT : row->lane;
	}
	row_put(op, row);
}

void write_delivery_want(struct operation *op, const struct delivery_want *want)
{
	struct delivery_row row;
	int64_t version = want->version;

	if (version == 0) {
		version = SQL_NUMBER(op->sql, W_RESOURCE_VERSION, NULL, sql_int(want->rid));
		if (version == 0) {
			return;
		}
	}
	op->writer->news |= STORE_NEWS_DELIVERIES;
	if (row_get(op, want->app, want->rid, &row)) {
		want_more(op, &row, want, version);
	} else {
		SQL_RUN(op->sql, W_DELIVERY_ADD, sql_int(want->rid), sql_int(want->app),
			sql_int(want->urgent ? LANE_URGENT : LANE_NORMAL),
			sql_int(op->commit->now_us), sql_int(version), sql_int(want->decision));
	}
}

static void want_listed(struct operation *op)
{
	for (size_t i = 0; i < op->commit->want_count; i++) {
		const struct store_want *it = &op->commit->wants[i];
		bool is_own = it->rid == 0 || it->rid == op->rid;

		assert(!is_own || op->rid != 0); /* a want without a resource */
		write_delivery_want(op, &(struct delivery_want){ .app = it->app,
						.rid = is_own ? op->rid : it->rid,
						.version = is_own ? op->version : 0,
						.decision = op->index,
						.urgent = it->urgent,
						.unpark = it->unpark });
	}
}

static bool is_listed(const struct store_commit *commit, int64_t rid, int app)
{
	for (size_t i = 0; i < commit->want_count; i++) {
		if (commit->wants[i].app == app &&
			(commit->wants[i].rid == 0 || commit->wants[i].rid == rid)) {
			return true;
		}
	}
	return false;
}

/* The apps are collected first: writing deliveries would disturb the query that reads them. */
static void want_linked(struct operation *op)
{
	const struct store_commit *commit = op->commit;
	struct buf *apps = &op->writer->packed;
	sqlite3_stmt *row = SQL_QUERY(op->sql, W_LINK_APPS, sql_int(op->rid));

	buf_clear(apps);
	while (sql_next(op->sql, row) == SQL_ROW) {
		pack_rid(apps, sql_col_int(row, 0));
	}
	for (size_t i = 0; i < apps->size; i += 8) {
		int app = (int)unpack_rid((const uint8_t *)apps->data + i);
		if (!is_listed(commit, op->rid, app)) {
			write_delivery_want(op, &(struct delivery_want){ .app = app,
							.rid = op->rid,
							.version = op->version,
							.decision = op->index,
							.urgent = commit->urgent });
		}
	}
	for (size_t i = 0; i < op->pairs.size; i += 16) {
		const uint8_t *pair = (const uint8_t *)op->pairs.data + i;
		write_delivery_want(op, &(struct delivery_want){ .app = (int)unpack_rid(pair),
						.rid = unpack_rid(pair + 8),
						.decision = op->index });
	}
}

/* ---- taking ---- */

static void take(struct operation *op, struct store_take *it)
{
	struct delivery_row row;

	it->taken = false;
	if (!row_get(op, it->app, it->rid, &row)) {
		return;
	}
	bool is_lapsed = row.state == STORE_IN_FLIGHT && row.next_us <= op->commit->now_us;
	if (row.state != STORE_PENDING && !is_lapsed) {
		return;
	}
	row.state = STORE_IN_FLIGHT;
	row.sending = row.wanted;
	row.attempts++;
	row.next_us = it->lease_until_us;
	row.later_first = -1;
	row.later_changes = 0;
	row.later_since_us = 0;
	it->urgent = row.lane == LANE_URGENT || row.later_lane == LANE_URGENT;
	row.lane = it->urgent ? LANE_URGENT : LANE_NORMAL;
	row.later_lane = LANE_NORMAL;
	row_put(op, &row);
	it->taken = true;
	it->unknown = is_lapsed;
	it->version = row.wanted;
	it->decision = row.decision;
	it->first_decision = row.first_decision;
	it->changes = row.changes;
	it->attempts = row.attempts;
	it->since_us = row.since_us;
}

/* ---- outcomes ---- */

enum writer_result write_delivery_check(struct operation *op)
{
	const struct store_outcome *outcome = op->commit->outcome;
	struct delivery_row row;
	bool found = false;

	if (outcome == NULL) {
		return WRITER_DONE;
	}
	bool is_there = row_get(op, outcome->app, outcome->rid, &row);
	if (op->sql->rc == SQLITE_OK &&
		(!is_there || row.state != STORE_IN_FLIGHT || row.sending != outcome->version)) {
		return writer_refuse(op->commit, ERROR_CONFLICT,
			"this delivery is not in flight with version %lld",
			(long long)outcome->version);
	}
	if (outcome->link_change == STORE_LINK_SET) {
		const char *remote = outcome->link->remote;
		int64_t holder = SQL_NUMBER(op->sql, W_LINK_HOLDER, &found, sql_int(outcome->app),
			sql_text(remote, strlen(remote)));
		if (found && holder != outcome->rid) {
			return writer_refuse(op->commit, ERROR_UNIQUENESS,
				"another resource is linked to this account of the app");
		}
	}
	return writer_state(op->writer);
}

static void change_link(struct operation *op, const struct store_outcome *outcome)
{
	const struct store_link *link = outcome->link;

	if (outcome->link_change == STORE_LINK_SET) {
		SQL_RUN(op->sql, W_LINK_PUT, sql_int(outcome->rid), sql_int(outcome->app),
			sql_text(link->remote, strlen(link->remote)), sql_int(link->version),
			sql_int(link->active), sql_int(op->commit->now_us),
			sql_blob(link->hash, DIGEST_BYTES), sql_text(link->doc, link->doc_size));
	} else if (outcome->link_change == STORE_LINK_DROP) {
		SQL_RUN(op->sql, W_LINK_DROP, sql_int(outcome->rid), sql_int(outcome->app));
	}
}

/* What came while it was in flight is what remains to do. */
static void done(struct operation *op, struct delivery_row *row)
{
	if (row->later_changes == 0) {
		SQL_RUN(op->sql, W_DELIVERY_DROP, sql_int(row->rid), sql_int(row->app));
		return;
	}
	row->state = STORE_PENDING;
	row->attempts = 0;
	row->next_us = op->commit->now_us;
	row->lane = row->later_lane;
	row->first_decision = row->later_first;
	row->changes = row->later_changes;
	row->since_us = row->later_since_us;
	row_put(op, row);
	row_error(op, row, "");
	op->writer->news |= STORE_NEWS_DELIVERIES;
}

static void not_done(
	struct operation *op, struct delivery_row *row, const struct store_outcome *outcome)
{
	bool is_urgent = row->later_lane == LANE_URGENT;

	/* A deactivation that came meanwhile waits for no back-off and unparks what failed. */
	row->state =
		outcome->kind == STORE_OUTCOME_PARK && !is_urgent ? STORE_PARKED : STORE_PENDING;
	row->attempts = is_urgent ? tried(row) : row->attempts;
	row->next_us = is_urgent ? op->commit->now_us : outcome->next_us;
	row->lane = is_urgent ? LANE_URGENT : row->lane;
	row_put(op, row);
	row_error(op, row, outcome->error != NULL ? outcome->error : "");
	op->writer->news |= STORE_NEWS_DELIVERIES;
}

static void settle(struct operation *op, const struct store_outcome *outcome)
{
	struct delivery_row row;

	if (!row_get(op, outcome->app, outcome->rid, &row)) {
		return; /* the check saw it: only a failure leads here */
	}
	bool is_done = outcome->kind == STORE_OUTCOME_DONE;
	row.sending = 0;
	if (is_done) {
		done(op, &row);
	} else {
		not_done(op, &row, outcome);
	}
	change_link(op, outcome);
}

static void requeue(struct operation *op, const struct store_requeue *it)
{
	if (it->rid != 0) {
		SQL_RUN(op->sql, W_REQUEUE_ONE, sql_int(it->app), sql_int(it->rid),
			sql_int(op->commit->now_us));
	} else {
		SQL_RUN(op->sql, W_REQUEUE_ALL, sql_int(it->app), sql_int(op->commit->now_us));
	}
	op->writer->news |= STORE_NEWS_DELIVERIES;
}

void write_delivery(struct operation *op)
{
	const struct store_commit *commit = op->commit;

	want_listed(op);
	if (commit->want_linked && op->rid != 0) {
		want_linked(op);
	}
	for (size_t i = 0; i < commit->take_count; i++) {
		take(op, &commit->takes[i]);
	}
	if (commit->outcome != NULL) {
		settle(op, commit->outcome);
	}
	if (commit->requeue != NULL) {
		requeue(op, commit->requeue);
	}
}
