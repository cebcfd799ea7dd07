/*
 * Reads of the journal.
 */
#include "store/read.h"

#include "base/arena.h"
#include "store/reader.h"
#include "store/reader_sql.h"

bool store_journal_size(struct store_reader *reader, int64_t *size, struct error *err)
{
	*size = sql_number(&reader->sql, R_JOURNAL_SIZE, NULL, 0, NULL);
	return reader_state(reader, err, "read the journal");
}

static void take_entry(
	sqlite3_stmt *row, struct arena *arena, bool payload, struct store_entry *entry)
{
	entry->index = sql_col_int(row, 0);
	entry->kind = (int)sql_col_int(row, 1);
	entry->tenant = (int)sql_col_int(row, 2);
	entry->rid = sql_col_int(row, 3);
	entry->at_us = sql_col_int(row, 4);
	entry->leaf = sql_col_text(row, 5, arena, &entry->leaf_size);
	if (payload && sqlite3_column_type(row, 6) != SQLITE_NULL) {
		entry->payload = sql_col_text(row, 6, arena, &entry->payload_size);
	}
}

bool store_entries(struct store_reader *reader, struct arena *arena, int64_t from, size_t limit,
	bool payloads, const struct store_entry **entries, size_t *count, struct error *err)
{
	struct reader_list list = { .item_bytes = sizeof(struct store_entry) };
	sqlite3_stmt *row = SQL_QUERY(&reader->sql, payloads ? R_ENTRIES_WHOLE : R_ENTRIES,
		sql_int(from), sql_int((int64_t)limit));

	while (sql_next(&reader->sql, row) == SQL_ROW) {
		take_entry(row, arena, payloads, reader_list_add(&list, arena));
	}
	*entries = (const struct store_entry *)(void *)list.items;
	*count = list.count;
	return reader_state(reader, err, "read the journal");
}

bool store_find_entry(struct store_reader *reader, struct arena *arena, int64_t index,
	const struct store_entry **entry, struct error *err)
{
	const struct store_entry *entries;
	size_t count;

	*entry = NULL;
	if (!store_entries(reader, arena, index, 1, true, &entries, &count, err)) {
		return false;
	}
	if (count == 1 && entries[0].index == index) {
		*entry = &entries[0];
	}
	return true;
}
