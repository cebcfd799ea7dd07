#include "store/migrate.h"

#include "base/error.h"
#include "store/copy.h"
#include "store/sql.h"
#include "store/store.h"

/*
 * A change of the schema: edit schema.sql, raise STORE_SCHEMA, add the step { old version, "ALTER
 * TABLE …" } here. A test runs the steps from an old schema and holds the result against
 * schema.sql.
 */
const struct migrate_plan migrate_store = {
	.application_id = 0x5343494d, /* "SCIM" */
	.version = STORE_SCHEMA,
	.schema = schema_sql,
	.steps = NULL,
	.count = 0,
};

static bool in_transaction(
	struct sql *sql, const char *script, const struct migrate_plan *plan, int version)
{
	char marks[128];

	snprintf(marks, sizeof(marks), "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT;",
		plan->application_id, version);
	if (sql_script(sql, "BEGIN IMMEDIATE;") && sql_script(sql, script) &&
		sql_script(sql, marks)) {
		return true;
	}
	int rc = sql->rc; /* of the failure; the rollback's own does not matter */
	sql_clear(sql);
	sql_script(sql, "ROLLBACK;");
	sql->rc = rc;
	return false;
}

bool migrate_check(
	struct sql *sql, const struct migrate_plan *plan, int *version, struct error *err)
{
	int64_t id = sql_pragma(sql, "application_id");

	*version = (int)sql_pragma(sql, "user_version");
	if (sql->rc != SQLITE_OK) {
		return sql_error(sql, err, "read its version");
	}
	if (id != plan->application_id) {
		return error_set(err, ERROR_CONFIG, "this file is no store of scimward");
	}
	if (*version > plan->version) {
		return error_set(err, ERROR_CONFIG,
			"the store has schema %d, this program knows %d: use the newer program "
			"that wrote it, or restore the backup made before",
			*version, plan->version);
	}
	return true;
}

static bool run_steps(
	struct sql *sql, const struct migrate_plan *plan, int version, struct error *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct migrate_step *step = &plan->steps[i];
		if (step->from == version) {
			if (!in_transaction(sql, step->sql, plan, version + 1)) {
				sql_error(sql, err, "change its schema");
				return error_wrap(err, "schema %d to %d", version, version + 1);
			}
			version++;
		}
	}
	if (version != plan->version) {
		return error_set(err, ERROR_CONFIG,
			"the store has schema %d, too old for this program: go through an older "
			"release first",
			version);
	}
	return true;
}

bool migrate(struct sql *sql, const char *path, const struct migrate_plan *plan, struct error *err)
{
	int version = 0;

	/* Not "no pages": a crash while the first start made the tables leaves one page without
	 * any. */
	bool is_empty =
		sql_pragma(sql, "schema_version") == 0 && sql_pragma(sql, "application_id") == 0;
	if (is_empty) {
		if (!sql_script(sql, "PRAGMA page_size=4096; PRAGMA journal_mode=WAL;") ||
			!in_transaction(sql, plan->schema, plan, plan->version)) {
			return sql_error(sql, err, "make its tables");
		}
		return true;
	}
	if (!migrate_check(sql, plan, &version, err)) {
		return false;
	}
	if (version < plan->version) {
		char copy[4096];
		snprintf(copy, sizeof(copy), "%s.v%d.bak", path, version);
		if (!copy_database(sql, copy, err)) {
			return error_wrap(err, "copy before the change of schema");
		}
		if (!run_steps(sql, plan, version, err)) {
			return false;
		}
	}
	if (!sql_script(sql, "PRAGMA journal_mode=WAL;")) {
		return sql_error(sql, err, "use a write-ahead log");
	}
	return true;
}
