/* Every statement finds its rows by an index: none may grow with the store, but for those named
 * here. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "store/reader_sql.h"
#include "store/writer_sql.h"
#include "tests/support/store_fixture.h"

struct statement {
	const char *name;
	const char *text;
};

static const struct statement statements[] = {
#define X(number, text) { #number, text },
	READER_STATEMENTS(X) WRITER_STATEMENTS(X)
#undef X
};

/* What may read a whole table or index, and why. */
static const char *const may_scan[] = {
	"R_TOKENS",         /* a list for people: some dozens */
	"R_RATES",          /* at start; a week of minutes in which something happened */
	"R_SCOPES",         /* open scope changes: few, and LIMIT */
	"R_SCOPE_COUNT",    /* the same */
	"R_DELIVERIES",     /* pages of a list for people: from a key on, LIMIT */
	"W_RELEASE_LEASES", /* once, at start */
};

static bool is_allowed(const char *name)
{
	for (size_t i = 0; i < sizeof(may_scan) / sizeof(may_scan[0]); i++) {
		if (strcmp(may_scan[i], name) == 0) {
			return true;
		}
	}
	return false;
}

/* max() and min() of an index read one row and still say "SCAN"? They say "SEARCH". */
static bool is_bad(const char *detail)
{
	return strncmp(detail, "SCAN", 4) == 0 || strstr(detail, "TEMP B-TREE") != NULL ||
	       strstr(detail, "AUTOMATIC") != NULL;
}

static int count_bad(sqlite3 *db, const struct statement *statement)
{
	char text[2000];
	sqlite3_stmt *row;
	int bad = 0;

	snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s", statement->text);
	assert_int_equal(sqlite3_prepare_v2(db, text, -1, &row, NULL), SQLITE_OK);
	while (sqlite3_step(row) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(row, 3);
		if (is_bad(detail) && !is_allowed(statement->name)) {
			print_error("%s: %s\n", statement->name, detail);
			bad++;
		}
	}
	sqlite3_finalize(row);
	return bad;
}

static void test_no_statement_reads_a_whole_table(void **state)
{
	struct store_fixture f;
	sqlite3 *db;
	int bad = 0;
	(void)state;

	fixture_open(&f, NULL, true);
	assert_int_equal(sqlite3_open(f.path, &db), SQLITE_OK);
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		bad += count_bad(db, &statements[i]);
	}
	sqlite3_close(db);
	fixture_close(&f);

	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_statement_reads_a_whole_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
