#include "store/backup.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/arena.h"
#include "tests/support/store_fixture.h"

struct places {
	struct store_fixture f;
	char copy[400];
	char aside[400];
};

static int set_up(void **state)
{
	static struct places places;

	fixture_open(&places.f, NULL, true);
	snprintf(places.copy, sizeof(places.copy), "%s/copy.db", places.f.folder);
	snprintf(places.aside, sizeof(places.aside), "%s.before-restore", places.f.path);
	*state = &places;
	return 0;
}

static int tear_down(void **state)
{
	struct places *places = *state;

	fixture_close(&places->f);
	return 0;
}

static void test_a_copy_is_made_while_the_store_is_open(void **state)
{
	struct places *p = *state;
	struct store_copy_info info;
	struct stat stat_of;

	fixture_user(&p->f, "alice", true);
	fixture_group(&p->f, "staff");
	assert_true(store_backup(p->f.path, p->copy, NULL));
	fixture_user(&p->f, "bob", true); /* and it goes on */

	assert_true(store_backup_check(p->copy, &info, NULL));
	assert_int_equal(info.schema, STORE_SCHEMA);
	assert_int_equal(info.entries, 2);
	assert_int_equal(info.users, 1);
	assert_int_equal(info.groups, 1);
	assert_int_equal(stat(p->copy, &stat_of), 0);
	assert_int_equal(stat_of.st_size, info.bytes);
	assert_int_equal(stat_of.st_mode & 077, 0);
}

static void test_a_restore_brings_the_copy_back_and_says_so(void **state)
{
	struct places *p = *state;
	int64_t alice = fixture_user(&p->f, "alice", true);
	struct store_copy_info info;
	const char *restored;

	assert_true(store_backup(p->f.path, p->copy, NULL));
	int64_t bob = fixture_user(&p->f, "bob", true);
	fixture_shut(&p->f);
	assert_true(store_restore(p->copy, p->f.path, NULL));
	fixture_reopen(&p->f);

	assert_non_null(fixture_get(&p->f, alice));
	assert_null(fixture_get(&p->f, bob));
	assert_true(store_find_setting(p->f.reader, p->f.arena, "store.restored", &restored, NULL));
	assert_non_null(restored);
	/* What was there before is kept, with all that stood in its WAL. */
	assert_true(store_backup_check(p->aside, &info, NULL));
	assert_int_equal(info.users, 2);
}

/* A gateway that was killed: what it committed last stands in the WAL only. */
static void test_what_stood_in_the_wal_is_part_of_what_is_set_aside(void **state)
{
	struct places *p = *state;
	struct stat stat_of;
	char wal[420];
	sqlite3 *db;

	fixture_user(&p->f, "alice", true);
	assert_true(store_backup(p->f.path, p->copy, NULL));
	fixture_shut(&p->f);
	assert_int_equal(sqlite3_open(p->f.path, &db), SQLITE_OK);
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	assert_int_equal(
		sqlite3_exec(db, "UPDATE tenant SET users = 77", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_true(store_restore(p->copy, p->f.path, NULL));

	/* It went into the file itself: a crash between two renames could have lost the WAL. */
	snprintf(wal, sizeof(wal), "%s-wal", p->aside);
	assert_true(stat(wal, &stat_of) != 0 || stat_of.st_size == 0);
	struct store_copy_info info;
	assert_true(store_backup_check(p->aside, &info, NULL));
	assert_int_equal(info.users, 77);
	fixture_reopen(&p->f);
}

static void test_a_store_in_use_is_not_replaced(void **state)
{
	struct places *p = *state;
	struct error err = { 0 };

	assert_true(store_backup(p->f.path, p->copy, NULL));

	assert_false(store_restore(p->copy, p->f.path, &err));
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_int_equal(access(p->aside, F_OK), -1);
}

static void test_a_restore_into_an_empty_place_makes_the_store(void **state)
{
	struct places *p = *state;
	char path[400];
	struct store_copy_info info;

	fixture_user(&p->f, "alice", true);
	snprintf(path, sizeof(path), "%s/fresh.db", p->f.folder);
	assert_true(store_backup(p->f.path, p->copy, NULL));
	assert_true(store_restore(p->copy, path, NULL));

	assert_true(store_backup_check(path, &info, NULL));
	assert_int_equal(info.users, 1);
}

static void test_a_damaged_copy_is_refused_and_the_store_stays(void **state)
{
	struct places *p = *state;
	struct error err = { 0 };
	static const char junk[4096 * 3];

	for (int i = 0; i < 50; i++) {
		char name[16];
		snprintf(name, sizeof(name), "u%d", i);
		fixture_user(&p->f, name, true);
	}
	assert_true(store_backup(p->f.path, p->copy, NULL));
	fixture_shut(&p->f);
	int fd = open(p->copy, O_WRONLY);
	assert_int_equal(pwrite(fd, junk, sizeof(junk), 4096 * 4), sizeof(junk));
	close(fd);

	assert_false(store_restore(p->copy, p->f.path, &err));
	assert_int_equal(err.code, ERROR_STORE);
	fixture_reopen(&p->f);
	struct store_population population;
	assert_true(store_population(p->f.reader, p->f.tenant, &population, NULL));
	assert_int_equal(population.users, 50);
}

static void test_a_copy_that_is_not_there_is_named(void **state)
{
	struct error err = { 0 };
	struct store_copy_info info;
	(void)state;

	assert_false(store_backup_check("/nonexistent/copy.db", &info, &err));
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, "/nonexistent/copy.db"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_copy_is_made_while_the_store_is_open),
		TEST(test_a_restore_brings_the_copy_back_and_says_so),
		TEST(test_what_stood_in_the_wal_is_part_of_what_is_set_aside),
		TEST(test_a_store_in_use_is_not_replaced),
		TEST(test_a_restore_into_an_empty_place_makes_the_store),
		TEST(test_a_damaged_copy_is_refused_and_the_store_stays),
		TEST(test_a_copy_that_is_not_there_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
