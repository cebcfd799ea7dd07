#include "store/write_keys.h"

#include "base/error.h"
#include "store/writer_sql.h"

static bool is_same(const struct store_key *a, const struct store_key *b)
{
	return a->kind == b->kind && a->scope == b->scope && a->unique == b->unique &&
	       a->size == b->size && memcmp(a->value, b->value, a->size) == 0;
}

/* A resource has few keys: no index needed. */
static bool has(const struct store_key *keys, size_t count, const struct store_key *key)
{
	for (size_t i = 0; i < count; i++) {
		if (is_same(&keys[i], key)) {
			return true;
		}
	}
	return false;
}

static bool is_form_right(const struct store_key *key)
{
	return key->kind > 0 && key->kind < STORE_KEY_KINDS && key->scope >= 0 && key->size > 0 &&
	       key->size <= STORE_KEY_BYTES;
}

static enum writer_result check_free(struct operation *op, const struct store_key *key)
{
	bool found;

	SQL_NUMBER(op->sql, W_KEY_FIND, &found, sql_int(key->kind), sql_int(key->scope),
		sql_blob(key->value, key->size));
	if (op->sql->rc == SQLITE_OK && found) {
		op->commit->key_kind = key->kind;
		op->commit->key_scope = key->scope;
		return writer_refuse(
			op->commit, ERROR_UNIQUENESS, "another resource has this value already");
	}
	return writer_state(op->writer);
}

enum writer_result write_keys_check(struct operation *op, const struct store_key *before,
	size_t before_count, const struct store_key *after, size_t after_count)
{
	if (after_count > STORE_KEYS) {
		return writer_refuse(op->commit, ERROR_TOO_LARGE,
			"a resource can be found by at most %d values, this one has %zu",
			STORE_KEYS, after_count);
	}
	for (size_t i = 0; i < after_count; i++) {
		if (!is_form_right(&after[i])) {
			return writer_refuse(op->commit, ERROR_VALUE,
				"a name or identifier must have 1 to %d bytes", STORE_KEY_BYTES);
		}
		if (!after[i].unique || has(before, before_count, &after[i])) {
			continue;
		}
		enum writer_result result = check_free(op, &after[i]);
		if (result != WRITER_DONE) {
			return result;
		}
	}
	return WRITER_DONE;
}

static void drop(struct operation *op, const struct store_key *key)
{
	if (key->unique) {
		SQL_RUN(op->sql, W_KEY_DROP, sql_int(key->kind), sql_int(key->scope),
			sql_blob(key->value, key->size));
	} else {
		SQL_RUN(op->sql, W_LOOKUP_DROP, sql_int(key->kind), sql_int(key->scope),
			sql_blob(key->value, key->size), sql_int(op->rid));
	}
}

static void add(struct operation *op, const struct store_key *key)
{
	SQL_RUN(op->sql, key->unique ? W_KEY_ADD : W_LOOKUP_ADD, sql_int(key->kind),
		sql_int(key->scope), sql_blob(key->value, key->size), sql_int(op->rid));
}

void write_keys(struct operation *op, const struct store_key *before, size_t before_count,
	const struct store_key *after, size_t after_count)
{
	for (size_t i = 0; i < before_count; i++) {
		if (!has(after, after_count, &before[i])) {
			drop(op, &before[i]);
		}
	}
	for (size_t i = 0; i < after_count; i++) {
		/* A list may name a value twice: two addresses that differ in what was folded away.
		 */
		if (!has(before, before_count, &after[i]) && !has(after, i, &after[i])) {
			add(op, &after[i]);
		}
	}
}
