#include "store/write_rekey.h"

#include "base/error.h"
#include "store/pack.h"
#include "store/write_keys.h"
#include "store/writer_sql.h"

/* Another resource that holds one of the keys; 0: none. *key: which. */
static int64_t find_holder(
	struct operation *op, const struct store_rekey *it, const struct store_key **key)
{
	for (size_t i = 0; i < it->key_count; i++) {
		const struct store_key *one = &it->keys[i];
		bool found;
		int64_t rid;

		if (!one->unique) {
			continue;
		}
		rid = SQL_NUMBER(op->sql, W_KEY_FIND, &found, sql_int(one->kind),
			sql_int(one->scope), sql_blob(one->value, one->size));
		if (op->sql->rc == SQLITE_OK && found && rid != it->resource->rid) {
			*key = one;
			return rid;
		}
	}
	return 0;
}

/*
 * One by one, each checked when those before it are written: two of them may want the same value.
 * So, other than elsewhere, a resource that is refused does not undo the others.
 */
static enum writer_result rekey(struct operation *op, struct store_rekey *it)
{
	const struct store_resource *resource = it->resource;
	const struct store_key *taken = NULL;
	enum writer_result form =
		write_keys_check(op, it->keys, it->key_count, it->keys, it->key_count);
	struct buf *packed = &op->writer->packed;

	if (form == WRITER_REFUSED) {
		op->commit->err.code = ERROR_NONE;
		it->holder = STORE_REKEY_UNFIT;
		return WRITER_DONE;
	}
	if (form != WRITER_DONE) {
		return form;
	}
	it->holder = find_holder(op, it, &taken);
	if (it->holder != 0) {
		it->key_kind = taken->kind;
		return writer_state(op->writer);
	}
	buf_clear(packed);
	pack_keys(packed, it->keys, it->key_count);
	SQL_RUN(op->sql, W_RESOURCE_KEYS, sql_int(resource->rid),
		sql_blob(packed->data, packed->size));
	op->rid = resource->rid;
	write_keys(op, resource->keys, resource->key_count, it->keys, it->key_count);
	op->rid = 0;
	return writer_state(op->writer);
}

enum writer_result write_rekeys(struct operation *op)
{
	for (size_t i = 0; i < op->commit->rekey_count; i++) {
		enum writer_result result = rekey(op, &op->commit->rekeys[i]);

		if (result != WRITER_DONE) {
			return result;
		}
	}
	return WRITER_DONE;
}
