#include "store/naming.h"

#include <assert.h>
#include "base/error.h"
#include "store/record.h"
#include "store/store.h"
#include "store/writer_sql.h"

static_assert(STORE_CUSTOM + STORE_TYPES - 1 == STORE_TYPE_MAX, "a type fits into a rid");
static_assert(STORE_KEY_CUSTOM + STORE_KEY_NAMES == STORE_KEY_KINDS, "every key has a kind");

static int limit_of(int kind)
{
	switch (kind) {
	case STORE_NAME_TENANT:
		return STORE_TENANTS;
	case STORE_NAME_SOURCE:
		return STORE_SOURCES;
	case STORE_NAME_TYPE:
		return STORE_TYPES;
	case STORE_NAME_KEY:
		return STORE_KEY_NAMES;
	default:
		return STORE_APPS;
	}
}

enum writer_result naming_apply(struct writer *writer, struct store_commit *commit)
{
	struct sql *sql = &writer->sql;
	struct store_naming *naming = commit->naming;
	size_t size = strlen(naming->name);
	bool found;

	naming->id = (int)SQL_NUMBER(
		sql, W_NAME_FIND, &found, sql_int(naming->kind), sql_text(naming->name, size));
	if (found || sql->rc != SQLITE_OK) {
		return writer_state(writer);
	}
	naming->id = (int)SQL_NUMBER(sql, W_NAME_LAST, NULL, sql_int(naming->kind)) + 1;
	if (naming->id > limit_of(naming->kind)) {
		return writer_refuse(commit, ERROR_CONFIG,
			"the store holds %d names of this kind, no more fit", naming->id - 1);
	}
	SQL_RUN(sql, W_NAME_ADD, sql_int(naming->kind), sql_int(naming->id),
		sql_text(naming->name, size));
	return writer_state(writer);
}

bool store_name_get(struct store *store, enum store_name_kind kind, const char *name, int *id,
	struct error *err)
{
	struct store_naming naming = { .kind = kind, .name = name };
	struct store_commit commit = { .naming = &naming };

	if (!store_commit_wait(store, &commit, err)) {
		return error_wrap(err, "name '%s'", name);
	}
	*id = naming.id;
	return true;
}
