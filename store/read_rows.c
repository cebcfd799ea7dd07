/*
 * Reads of links, names, tokens, settings and rates.
 */
#include "store/read.h"

#include "base/arena.h"
#include "store/reader.h"
#include "store/reader_sql.h"

/* ---- links ---- */

/* The first columns of LINK_COLUMNS. */
static void take_link_head(sqlite3_stmt *row, struct arena *arena, struct store_link *link)
{
	link->app = (int)sql_col_int(row, 0);
	link->rid = sql_col_int(row, 1);
	link->remote = sql_col_text(row, 2, arena, NULL);
	link->version = sql_col_int(row, 3);
	link->active = sql_col_int(row, 4) != 0;
}

static void take_link(sqlite3_stmt *row, struct arena *arena, struct store_link *link)
{
	size_t size;

	take_link_head(row, arena, link);
	link->updated_us = sql_col_int(row, 5);
	const void *hash = sql_col_bytes(row, 6, &size);
	memcpy(link->hash, hash, size < DIGEST_BYTES ? size : DIGEST_BYTES);
	link->doc = sql_col_text(row, 7, arena, &link->doc_size);
}

typedef void take_link_fn(sqlite3_stmt *row, struct arena *arena, struct store_link *link);

static bool take_links(struct store_reader *reader, struct arena *arena, sqlite3_stmt *row,
	take_link_fn *take, const struct store_link **links, size_t *count, struct error *err)
{
	struct reader_list list = { .item_bytes = sizeof(struct store_link) };

	while (sql_next(&reader->sql, row) == SQL_ROW) {
		take(row, arena, reader_list_add(&list, arena));
	}
	*links = (const struct store_link *)(void *)list.items;
	*count = list.count;
	return reader_state(reader, err, "read links");
}

static bool find_link(struct store_reader *reader, struct arena *arena, sqlite3_stmt *row,
	const struct store_link **link, struct error *err)
{
	const struct store_link *links;
	size_t count;
	bool ok = take_links(reader, arena, row, take_link, &links, &count, err);

	*link = ok && count > 0 ? links : NULL;
	return ok;
}

bool store_find_link(struct store_reader *reader, struct arena *arena, int app, int64_t rid,
	const struct store_link **link, struct error *err)
{
	return find_link(reader, arena, SQL_QUERY(&reader->sql, R_LINK, sql_int(app), sql_int(rid)),
		link, err);
}

bool store_find_remote(struct store_reader *reader, struct arena *arena, int app,
	const char *remote, const struct store_link **link, struct error *err)
{
	return find_link(reader, arena,
		SQL_QUERY(&reader->sql, R_LINK_REMOTE, sql_int(app),
			sql_text(remote, strlen(remote))),
		link, err);
}

bool store_links_of(struct store_reader *reader, struct arena *arena, int64_t rid,
	const struct store_link **links, size_t *count, struct error *err)
{
	return take_links(reader, arena, SQL_QUERY(&reader->sql, R_LINKS_OF, sql_int(rid)),
		take_link, links, count, err);
}

bool store_links_in(struct store_reader *reader, struct arena *arena, int app, const char *after,
	size_t limit, const struct store_link **links, size_t *count, struct error *err)
{
	return take_links(reader, arena,
		SQL_QUERY(&reader->sql, R_LINKS_IN, sql_int(app), sql_text(after, strlen(after)),
			sql_int((int64_t)limit)),
		take_link, links, count, err);
}

bool store_linked_members(struct store_reader *reader, struct arena *arena, int app, int64_t group,
	int64_t after, size_t limit, const struct store_link **links, size_t *count,
	struct error *err)
{
	return take_links(reader, arena,
		SQL_QUERY(&reader->sql, R_LINKED_MEMBERS, sql_int(app), sql_int(group),
			sql_int(after), sql_int((int64_t)limit)),
		take_link_head, links, count, err);
}

/* ---- names, settings: one text ---- */

static bool find_text(struct store_reader *reader, struct arena *arena, sqlite3_stmt *row,
	const char **text, struct error *err)
{
	*text = NULL;
	if (sql_next(&reader->sql, row) == SQL_ROW) {
		*text = sql_col_text(row, 0, arena, NULL);
		sql_end(row);
	}
	return reader_state(reader, err, "read a setting");
}

bool store_find_name(struct store_reader *reader, struct arena *arena, int kind, int id,
	const char **name, struct error *err)
{
	return find_text(reader, arena, SQL_QUERY(&reader->sql, R_NAME, sql_int(kind), sql_int(id)),
		name, err);
}

bool store_find_setting(struct store_reader *reader, struct arena *arena, const char *name,
	const char **value, struct error *err)
{
	return find_text(reader, arena,
		SQL_QUERY(&reader->sql, R_SETTING, sql_text(name, strlen(name))), value, err);
}

/* ---- tokens ---- */

static void take_subject(sqlite3_stmt *row, int column, struct store_token *token)
{
	size_t size;
	const void *subject = sql_col_bytes(row, column, &size);

	token->has_subject = size == UUID_BYTES;
	if (token->has_subject) {
		memcpy(token->subject, subject, UUID_BYTES);
	}
}

static bool take_tokens(struct store_reader *reader, struct arena *arena, sqlite3_stmt *row,
	const struct store_token **tokens, size_t *count, struct error *err)
{
	struct reader_list list = { .item_bytes = sizeof(struct store_token) };

	while (sql_next(&reader->sql, row) == SQL_ROW) {
		struct store_token *token = reader_list_add(&list, arena);
		size_t size;
		const void *sha256 = sql_col_bytes(row, 1, &size);

		token->id = sql_col_int(row, 0);
		memcpy(token->sha256, sha256, size < DIGEST_BYTES ? size : DIGEST_BYTES);
		token->source = (int)sql_col_int(row, 2);
		token->label = sql_col_text(row, 3, arena, NULL);
		token->created_us = sql_col_int(row, 4);
		token->expires_us = sql_col_int(row, 5);
		token->revoked_us = sql_col_int(row, 6);
		take_subject(row, 7, token);
	}
	*tokens = (const struct store_token *)(void *)list.items;
	*count = list.count;
	return reader_state(reader, err, "read tokens");
}

bool store_find_token(struct store_reader *reader, struct arena *arena,
	const uint8_t sha256[DIGEST_BYTES], const struct store_token **token, struct error *err)
{
	const struct store_token *tokens;
	size_t count;
	bool ok = take_tokens(reader, arena,
		SQL_QUERY(&reader->sql, R_TOKEN, sql_blob(sha256, DIGEST_BYTES)), &tokens, &count,
		err);

	*token = ok && count > 0 ? tokens : NULL;
	return ok;
}

bool store_tokens(struct store_reader *reader, struct arena *arena,
	const struct store_token **tokens, size_t *count, struct error *err)
{
	return take_tokens(
		reader, arena, sql_query(&reader->sql, R_TOKENS, NULL, 0), tokens, count, err);
}

/* ---- rates ---- */

bool store_rates(struct store_reader *reader, struct arena *arena, int64_t minute,
	const struct store_rate **rates, size_t *count, struct error *err)
{
	struct reader_list list = { .item_bytes = sizeof(struct store_rate) };
	sqlite3_stmt *row = SQL_QUERY(&reader->sql, R_RATES, sql_int(minute));

	while (sql_next(&reader->sql, row) == SQL_ROW) {
		struct store_rate *rate = reader_list_add(&list, arena);
		rate->tenant = (int)sql_col_int(row, 0);
		rate->source = (int)sql_col_int(row, 1);
		rate->kind = (enum store_rate_kind)sql_col_int(row, 2);
		rate->minute = sql_col_int(row, 3);
		rate->count = sql_col_int(row, 4);
	}
	*rates = (const struct store_rate *)(void *)list.items;
	*count = list.count;
	return reader_state(reader, err, "read rates");
}
