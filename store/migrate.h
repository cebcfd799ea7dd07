/*
 * The schema version gate. Internal to store/; the plan is a parameter so that tests can walk one
 * of their own.
 *
 * application_id says that a file is a store, user_version which schema it has. Forward only: a
 * newer store is refused, an older one is copied beside itself and then changed step by step, each
 * step with its version number in one transaction, so that a crash between two steps goes on at the
 * next start.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct sql;

struct migrate_step {
	int from; /* leads from this version to the next */
	const char *sql;
};

struct migrate_plan {
	int application_id;
	int version;                      /* after all steps */
	const char *schema;               /* of that version, for an empty file */
	const struct migrate_step *steps; /* without gaps, ascending */
	size_t count;
};

extern const char schema_sql[]; /* schema.sql, made at build time */
extern const struct migrate_plan migrate_store;

/*
 * Makes, accepts or migrates the database at path (sql is open on it). ERROR_CONFIG: newer than
 * plan->version, no store, or too old for the steps; ERROR_STORE, ERROR_IO: it could not be read,
 * copied or written.
 */
bool migrate(struct sql *sql, const char *path, const struct migrate_plan *plan, struct error *err);

/* Only the gate, for readers and copies: is it a store that this program understands as it is? */
bool migrate_check(
	struct sql *sql, const struct migrate_plan *plan, int *version, struct error *err);
