#include "store/delivery.h"

#include "base/arena.h"
#include "store/reader.h"
#include "store/reader_sql.h"

enum { LANES = 2 };

/* DELIVERY_COLUMNS */
static void take_delivery(
	sqlite3_stmt *row, struct arena *arena, int64_t now_us, struct store_delivery *delivery)
{
	delivery->app = (int)sql_col_int(row, 0);
	delivery->rid = sql_col_int(row, 1);
	delivery->state = (enum store_delivery_state)sql_col_int(row, 2);
	delivery->urgent = sql_col_int(row, 3) == 0;
	delivery->wanted = sql_col_int(row, 4);
	delivery->decision = sql_col_int(row, 5);
	delivery->first_decision = sql_col_int(row, 6);
	delivery->changes = sql_col_int(row, 7);
	delivery->sending = sql_col_int(row, 8);
	delivery->attempts = sql_col_int(row, 9);
	delivery->next_us = sql_col_int(row, 10);
	delivery->since_us = sql_col_int(row, 11);
	delivery->error = sql_col_text(row, 12, arena, NULL);
	delivery->unknown = delivery->state == STORE_IN_FLIGHT && delivery->next_us <= now_us;
}

static bool take_deliveries(struct store_reader *reader, struct arena *arena, sqlite3_stmt *row,
	int64_t now_us, struct reader_list *list, struct error *err)
{
	while (sql_next(&reader->sql, row) == SQL_ROW) {
		take_delivery(row, arena, now_us, reader_list_add(list, arena));
	}
	return reader_state(reader, err, "read deliveries");
}

static bool hand_out(
	const struct reader_list *found, const struct store_delivery **list, size_t *count)
{
	*list = (const struct store_delivery *)(void *)found->items;
	*count = found->count;
	return true;
}

bool store_due(struct store_reader *reader, struct arena *arena, int app, int64_t now_us,
	size_t limit, const struct store_delivery **list, size_t *count, struct error *err)
{
	struct reader_list found = { .item_bytes = sizeof(struct store_delivery) };

	for (int lane = 0; lane < LANES && found.count < limit; lane++) {
		sqlite3_stmt *row = SQL_QUERY(&reader->sql, R_DUE, sql_int(app), sql_int(lane),
			sql_int(now_us), sql_int((int64_t)(limit - found.count)));
		if (!take_deliveries(reader, arena, row, now_us, &found, err)) {
			return false;
		}
	}
	return hand_out(&found, list, count);
}

bool store_next_due(struct store_reader *reader, int app, int64_t *next_us, struct error *err)
{
	*next_us = INT64_MAX;
	for (int lane = 0; lane < LANES; lane++) {
		bool found;
		int64_t at =
			SQL_NUMBER(&reader->sql, R_NEXT_DUE, &found, sql_int(app), sql_int(lane));
		if (found && at < *next_us) {
			*next_us = at;
		}
	}
	return reader_state(reader, err, "read deliveries");
}

/* Without a clock at hand `unknown` stays false: it is the courier's business, and store_due has
 * one. */
static bool list_all(struct store_reader *reader, struct arena *arena, sqlite3_stmt *row,
	const struct store_delivery **list, size_t *count, struct error *err)
{
	struct reader_list found = { .item_bytes = sizeof(struct store_delivery) };

	return take_deliveries(reader, arena, row, -1, &found, err) &&
	       hand_out(&found, list, count);
}

bool store_find_delivery(struct store_reader *reader, struct arena *arena, int app, int64_t rid,
	const struct store_delivery **delivery, struct error *err)
{
	const struct store_delivery *list;
	size_t count;
	bool ok = list_all(reader, arena,
		SQL_QUERY(&reader->sql, R_DELIVERY, sql_int(app), sql_int(rid)), &list, &count,
		err);

	*delivery = ok && count > 0 ? list : NULL;
	return ok;
}

bool store_deliveries_of(struct store_reader *reader, struct arena *arena, int64_t rid,
	const struct store_delivery **list, size_t *count, struct error *err)
{
	return list_all(reader, arena, SQL_QUERY(&reader->sql, R_DELIVERIES_OF, sql_int(rid)), list,
		count, err);
}

bool store_deliveries(struct store_reader *reader, struct arena *arena,
	const struct store_delivery_filter *filter, size_t limit,
	const struct store_delivery **list, size_t *count, struct error *err)
{
	return list_all(reader, arena,
		SQL_QUERY(&reader->sql, R_DELIVERIES, sql_int(filter->after_rid),
			sql_int(filter->after_app), sql_int(filter->app), sql_int(filter->state),
			sql_int((int64_t)limit)),
		list, count, err);
}

bool store_backlog(
	struct store_reader *reader, int app, struct store_backlog *backlog, struct error *err)
{
	sqlite3_stmt *row = SQL_QUERY(&reader->sql, R_OPEN, sql_int(app));

	*backlog = (struct store_backlog){ 0 };
	if (sql_next(&reader->sql, row) == SQL_ROW) {
		backlog->open = sql_col_int(row, 0);
		backlog->oldest_us = sql_col_int(row, 1);
		sql_end(row);
	}
	backlog->parked = SQL_NUMBER(&reader->sql, R_PARKED, NULL, sql_int(app));
	backlog->scopes = SQL_NUMBER(&reader->sql, R_SCOPE_COUNT, NULL, sql_int(app));
	return reader_state(reader, err, "count deliveries");
}

bool store_scope_changes(struct store_reader *reader, struct arena *arena, int app, size_t limit,
	const struct store_scope_change **list, size_t *count, struct error *err)
{
	struct reader_list found = { .item_bytes = sizeof(struct store_scope_change) };
	sqlite3_stmt *row =
		SQL_QUERY(&reader->sql, R_SCOPES, sql_int(app), sql_int((int64_t)limit));

	while (sql_next(&reader->sql, row) == SQL_ROW) {
		struct store_scope_change *change = reader_list_add(&found, arena);
		change->seq = sql_col_int(row, 0);
		change->app = (int)sql_col_int(row, 1);
		change->group = sql_col_int(row, 2);
		change->decision = sql_col_int(row, 3);
		change->total = sql_col_int(row, 4);
		change->done = sql_col_int(row, 5);
	}
	*list = (const struct store_scope_change *)(void *)found.items;
	*count = found.count;
	return reader_state(reader, err, "read scope changes");
}
