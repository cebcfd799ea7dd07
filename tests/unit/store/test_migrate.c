#include "store/migrate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/error.h"
#include "store/sql.h"
#include "tests/support/store_fixture.h"

static const struct migrate_plan first = {
	.application_id = 7, .version = 1, .schema = "CREATE TABLE t (a INTEGER); "
};

static const struct migrate_step steps[] = {
	{ 1, "ALTER TABLE t ADD COLUMN b INTEGER;" },
	{ 2, "UPDATE t SET b = a * 2;" },
};

static const struct migrate_plan third = {
	.application_id = 7,
	.version = 3,
	.schema = "CREATE TABLE t (a INTEGER, b INTEGER);",
	.steps = steps,
	.count = 2,
};

struct place {
	char folder[256];
	char path[300];
	char copy[320];
	struct sql sql;
};

static void open_sql(struct place *place)
{
	static const char *const texts[] = { "SELECT sum(b) FROM t", "SELECT sum(a) FROM t" };

	assert_true(sql_open(&place->sql,
		&(struct sql_open){ .path = place->path,
			.role = SQL_WRITER,
			.create = true,
			.texts = texts,
			.count = 2 },
		NULL));
}

static int set_up(void **state)
{
	static struct place place;

	fixture_folder(place.folder, sizeof(place.folder));
	snprintf(place.path, sizeof(place.path), "%s/m.db", place.folder);
	snprintf(place.copy, sizeof(place.copy), "%s.v1.bak", place.path);
	open_sql(&place);
	*state = &place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	sql_close(&place->sql);
	fixture_remove(place->folder);
	return 0;
}

/* A database of version 1 with a row. */
static void make_old(struct place *place)
{
	assert_true(migrate(&place->sql, place->path, &first, NULL));
	assert_true(sql_script(&place->sql, "INSERT INTO t (a) VALUES (21)"));
}

static void test_an_empty_file_gets_the_newest_schema(void **state)
{
	struct place *place = *state;

	assert_true(migrate(&place->sql, place->path, &third, NULL));

	assert_int_equal(sql_pragma(&place->sql, "user_version"), 3);
	assert_int_equal(sql_pragma(&place->sql, "application_id"), 7);
	assert_true(sql_script(&place->sql, "INSERT INTO t (a, b) VALUES (1, 2)"));
	assert_int_equal(access(place->copy, F_OK), -1);
}

static void test_a_first_start_that_was_cut_short_is_made_good(void **state)
{
	struct place *place = *state;

	assert_true(sql_script(&place->sql, "PRAGMA journal_mode=WAL;"));
	assert_true(sql_pragma(&place->sql, "page_count") > 0);
	assert_true(migrate(&place->sql, place->path, &third, NULL));

	assert_int_equal(sql_pragma(&place->sql, "user_version"), 3);
}

static void test_an_older_one_is_copied_then_changed_step_by_step(void **state)
{
	struct place *place = *state;

	make_old(place);
	assert_true(migrate(&place->sql, place->path, &third, NULL));

	assert_int_equal(sql_pragma(&place->sql, "user_version"), 3);
	assert_int_equal(sql_number(&place->sql, 0, NULL, 0, NULL), 42);
	sql_close(&place->sql);
	memcpy(place->path, place->copy, sizeof(place->path)); /* the copy is what it was */
	open_sql(place);
	assert_int_equal(sql_pragma(&place->sql, "user_version"), 1);
	assert_int_equal(sql_number(&place->sql, 1, NULL, 0, NULL), 21);
}

static void test_the_same_version_is_left_alone(void **state)
{
	struct place *place = *state;

	make_old(place);
	assert_true(migrate(&place->sql, place->path, &first, NULL));

	assert_int_equal(access(place->copy, F_OK), -1);
}

static void test_a_newer_one_is_refused(void **state)
{
	struct place *place = *state;
	struct error err = { 0 };

	assert_true(migrate(&place->sql, place->path, &third, NULL));
	assert_false(migrate(&place->sql, place->path, &first, &err));

	assert_int_equal(err.code, ERROR_CONFIG);
	assert_non_null(strstr(err.text, "schema 3, this program knows 1"));
}

static void test_a_step_that_fails_leaves_the_version_before_it(void **state)
{
	struct place *place = *state;
	static const struct migrate_step bad[] = {
		{ 1, "ALTER TABLE t ADD COLUMN b INTEGER;" },
		{ 2, "UPDATE t SET b = 1; UPDATE nowhere SET c = 1;" },
	};
	struct migrate_plan plan = third;
	struct error err = { 0 };

	plan.steps = bad;
	make_old(place);
	assert_false(migrate(&place->sql, place->path, &plan, &err));

	assert_int_equal(err.code, ERROR_STORE);
	assert_non_null(strstr(err.text, "schema 2 to 3"));
	sql_clear(&place->sql);
	assert_int_equal(sql_pragma(&place->sql, "user_version"), 2);
	assert_int_equal(sql_number(&place->sql, 0, NULL, 0, NULL), 0); /* the half step is gone */
	assert_true(migrate(&place->sql, place->path, &third, NULL));   /* and goes on from there */
	assert_int_equal(sql_number(&place->sql, 0, NULL, 0, NULL), 42);
}

static void test_one_too_old_for_the_steps_is_refused(void **state)
{
	struct place *place = *state;
	struct migrate_plan plan = third;
	struct error err = { 0 };

	plan.steps = steps + 1;
	plan.count = 1;
	make_old(place);

	assert_false(migrate(&place->sql, place->path, &plan, &err));
	assert_int_equal(err.code, ERROR_CONFIG);
}

/* What a new store gets and what the steps lead to must be one; holds from the first step on. */
static void test_the_plan_of_the_store_has_a_step_for_every_version(void **state)
{
	(void)state;

	for (size_t i = 0; i + 1 < migrate_store.count; i++) {
		assert_int_equal(migrate_store.steps[i].from + 1, migrate_store.steps[i + 1].from);
	}
	if (migrate_store.count > 0) {
		assert_int_equal(migrate_store.steps[migrate_store.count - 1].from + 1,
			migrate_store.version);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_empty_file_gets_the_newest_schema),
		TEST(test_a_first_start_that_was_cut_short_is_made_good),
		TEST(test_an_older_one_is_copied_then_changed_step_by_step),
		TEST(test_the_same_version_is_left_alone),
		TEST(test_a_newer_one_is_refused),
		TEST(test_a_step_that_fails_leaves_the_version_before_it),
		TEST(test_one_too_old_for_the_steps_is_refused),
		TEST(test_the_plan_of_the_store_has_a_step_for_every_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
