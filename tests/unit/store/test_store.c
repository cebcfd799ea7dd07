#include "store/store.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "base/arena.h"
#include "tests/support/store_fixture.h"

static int set_up(void **state)
{
	static struct store_fixture fixture;

	fixture_open(&fixture, NULL, true);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	fixture_close(*state);
	return 0;
}

static struct store *try_open(const char *path, bool read_only, struct error *err)
{
	*err = (struct error){ 0 };
	return store_open(&(struct store_options){ .path = path, .read_only = read_only }, err);
}

static void test_what_was_committed_is_there_after_a_reopen(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);
	int64_t index = 0;

	fixture_reopen(f);

	assert_string_equal(fixture_get(f, rid)->name, "alice");
	assert_true(store_journal_size(f->reader, &index, NULL));
	assert_int_equal(index, 1);
	int64_t next = fixture_user(f, "bob", true);
	assert_int_equal(next, rid + 1);
	assert_int_equal(fixture_get(f, next)->doc_entry, 1);
}

static void test_a_row_number_is_never_given_again(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);

	assert_int_equal(fixture_delete(f, rid), ERROR_NONE);
	fixture_reopen(f);

	assert_int_equal(fixture_user(f, "alice", true), rid + 1);
}

static void test_one_process_at_a_time_writes(void **state)
{
	struct store_fixture *f = *state;
	struct error err;

	assert_null(try_open(f->path, false, &err));

	assert_int_equal(err.code, ERROR_CONFIG);
	assert_non_null(strstr(err.text, "open in another"));
}

static void test_a_reader_beside_the_gateway_sees_what_is_committed(void **state)
{
	struct store_fixture *f = *state;
	struct error err;
	struct store *store = try_open(f->path, true, &err);
	struct store_reader *reader = store_reader_open(store, &err);
	int64_t size;

	assert_non_null(reader);
	fixture_user(f, "alice", true);
	assert_true(store_journal_size(reader, &size, NULL));

	assert_int_equal(size, 1);
	store_reader_close(reader);
	store_close(store);
}

static void run_sql(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void test_a_newer_store_is_refused_and_left_alone(void **state)
{
	struct store_fixture *f = *state;
	struct error err;

	fixture_shut(f);
	run_sql(f->path, "PRAGMA user_version=99");
	for (int read_only = 0; read_only < 2; read_only++) {
		assert_null(try_open(f->path, read_only, &err));
		assert_int_equal(err.code, ERROR_CONFIG);
		assert_non_null(strstr(err.text, "schema 99"));
		assert_non_null(strstr(err.text, f->path));
	}
	run_sql(f->path, "PRAGMA user_version=1");
	fixture_reopen(f);
}

static void test_a_file_that_is_no_store_is_refused(void **state)
{
	struct store_fixture *f = *state;
	char path[400];
	struct error err;

	snprintf(path, sizeof(path), "%s/other.db", f->folder);
	run_sql(path, "CREATE TABLE t (a)");
	assert_null(try_open(path, false, &err));
	assert_int_equal(err.code, ERROR_CONFIG);
	snprintf(path, sizeof(path), "%s/text", f->folder);
	FILE *file = fopen(path, "w");
	for (int i = 0; i < 200; i++) {
		fputs("this is no database\n", file);
	}
	fclose(file);
	assert_null(try_open(path, false, &err));
	assert_int_equal(err.code, ERROR_STORE);
	assert_non_null(strstr(err.text, "damaged"));
}

static void test_a_path_that_cannot_be_is_refused_with_the_path(void **state)
{
	struct error err;
	(void)state;

	assert_null(try_open("/nonexistent/folder/store.db", false, &err));
	assert_int_equal(err.code, ERROR_STORE);
	assert_non_null(strstr(err.text, "/nonexistent/folder"));
	assert_null(try_open("/nonexistent/folder/store.db", true, &err));
	assert_int_equal(err.code, ERROR_STORE);
}

static void test_only_its_user_may_read_the_files(void **state)
{
	struct store_fixture *f = *state;
	static const char *const endings[] = { "", "-wal", "-shm", ".lock" };

	fixture_user(f, "alice", true);

	for (size_t i = 0; i < 4; i++) {
		char path[400];
		struct stat stat_of;
		snprintf(path, sizeof(path), "%s%s", f->path, endings[i]);
		assert_int_equal(stat(path, &stat_of), 0);
		assert_int_equal(stat_of.st_mode & 077, 0);
	}
}

static void test_a_name_keeps_its_number(void **state)
{
	struct store_fixture *f = *state;
	const char *name;
	int okta;
	int again;

	assert_true(store_name_get(f->store, STORE_NAME_SOURCE, "okta", &okta, NULL));
	assert_int_not_equal(okta, f->source);
	assert_true(store_name_get(f->store, STORE_NAME_TENANT, "okta", &again, NULL));
	assert_int_equal(again, f->tenant + 1); /* numbers are per kind */
	fixture_reopen(f);
	assert_true(store_name_get(f->store, STORE_NAME_SOURCE, "okta", &again, NULL));
	assert_int_equal(again, okta);
	assert_true(store_find_name(f->reader, f->arena, STORE_NAME_SOURCE, okta, &name, NULL));
	assert_string_equal(name, "okta");
	assert_true(store_find_name(f->reader, f->arena, STORE_NAME_SOURCE, 99, &name, NULL));
	assert_null(name);
}

static void test_tokens_are_made_found_and_revoked(void **state)
{
	struct store_fixture *f = *state;
	struct store_token token = {
		.source = f->source, .has_subject = true, .label = "ci", .expires_us = 5
	};
	struct store_token_change change = { .add = &token };
	struct store_commit commit = fixture_commit(f);
	const struct store_token *found;
	size_t count;

	memset(token.sha256, 0xab, DIGEST_BYTES);
	memset(token.subject, 0xcd, UUID_BYTES);
	commit.token_change = &change;
	fixture_must(f, &commit);
	assert_int_equal(fixture_run(f, &commit), ERROR_UNIQUENESS);
	assert_true(store_find_token(f->reader, f->arena, token.sha256, &found, NULL));
	assert_int_equal(found->id, 1);
	assert_int_equal(found->source, f->source);
	assert_true(found->has_subject);
	assert_memory_equal(found->subject, token.subject, UUID_BYTES);
	assert_string_equal(found->label, "ci");
	assert_int_equal(found->expires_us, 5);
	assert_int_equal(found->revoked_us, 0);
	change = (struct store_token_change){ .revoke = 1 };
	fixture_must(f, &commit);
	assert_true(store_tokens(f->reader, f->arena, &found, &count, NULL));
	assert_int_equal(count, 1);
	assert_int_equal(found->revoked_us, commit.now_us);
	change.revoke = 2;
	assert_int_equal(fixture_run(f, &commit), ERROR_NOT_FOUND);

	token.has_subject = false;
	token.sha256[0] = 1;
	change = (struct store_token_change){ .add = &token };
	fixture_must(f, &commit);
	assert_true(store_find_token(f->reader, f->arena, token.sha256, &found, NULL));
	assert_false(found->has_subject);
}

static void test_settings_are_put_and_removed(void **state)
{
	struct store_fixture *f = *state;
	struct store_setting settings[] = { { "gateway.paused.3", "1" }, { "a.b", "x" } };
	struct store_commit commit = fixture_commit(f);
	const char *value;

	commit.settings = settings;
	commit.setting_count = 2;
	fixture_must(f, &commit);
	assert_true(store_find_setting(f->reader, f->arena, "gateway.paused.3", &value, NULL));
	assert_string_equal(value, "1");
	settings[0].value = NULL;
	settings[1].value = "y";
	fixture_must(f, &commit);
	assert_true(store_find_setting(f->reader, f->arena, "gateway.paused.3", &value, NULL));
	assert_null(value);
	assert_true(store_find_setting(f->reader, f->arena, "a.b", &value, NULL));
	assert_string_equal(value, "y");
}

static void test_rates_are_counted_by_minute_and_forgotten_after_a_week(void **state)
{
	struct store_fixture *f = *state;
	struct store_commit commit = fixture_commit(f);
	const struct store_rate *rates;
	size_t count;
	int64_t minute = commit.now_us / 60000000;

	commit.rates[STORE_RATE_DEACTIVATIONS - 1] = 2;
	commit.rates[STORE_RATE_REMOVALS - 1] = 5;
	fixture_must(f, &commit);
	fixture_must(f, &commit);
	assert_true(store_rates(f->reader, f->arena, minute, &rates, &count, NULL));
	assert_int_equal(count, 2);
	assert_int_equal(rates[0].kind, STORE_RATE_DEACTIVATIONS);
	assert_int_equal(rates[0].count, 4);
	assert_int_equal(rates[1].count, 10);
	assert_int_equal(rates[1].minute, minute);
	assert_int_equal(rates[1].source, f->source);
	commit.now_us += (int64_t)8 * 24 * 3600 * 1000000;
	fixture_must(f, &commit);
	assert_true(store_rates(f->reader, f->arena, 0, &rates, &count, NULL));
	assert_int_equal(count, 2); /* the old minutes are gone */
}

/* ---- lists ---- */

static void test_a_list_is_in_the_order_of_making_and_goes_on_after_any_rid(void **state)
{
	struct store_fixture *f = *state;
	const struct store_resource *list;
	size_t count;
	int64_t rids[5];

	fixture_group(f, "not a user");
	for (int i = 0; i < 5; i++) {
		char name[8] = { (char)('a' + i), 0 };
		rids[i] = fixture_user(f, name, true);
	}
	assert_int_equal(fixture_delete(f, rids[1]), ERROR_NONE);
	assert_true(
		store_list(f->reader, f->arena, f->tenant, STORE_USER, 0, 3, &list, &count, NULL));
	assert_int_equal(count, 3);
	assert_int_equal(list[0].rid, rids[0]);
	assert_int_equal(list[1].rid, rids[2]);
	assert_true(store_list(
		f->reader, f->arena, f->tenant, STORE_USER, list[2].rid, 3, &list, &count, NULL));
	assert_int_equal(count, 1);
	assert_string_equal(list[0].name, "e");
	assert_true(store_list(
		f->reader, f->arena, f->tenant + 1, STORE_USER, 0, 3, &list, &count, NULL));
	assert_int_equal(count, 0);
}

static void test_skipping_leads_to_the_nth(void **state)
{
	struct store_fixture *f = *state;
	int64_t rids[6];

	for (int i = 0; i < 6; i++) {
		char name[8] = { (char)('a' + i), 0 };
		rids[i] = fixture_user(f, name, true);
	}
	fixture_group(f, "behind or before, never between");
	assert_int_equal(fixture_delete(f, rids[2]), ERROR_NONE);
	const int64_t expected[] = { 0, rids[0], rids[1], rids[3], rids[4], rids[5] };

	for (int64_t n = 0; n < 6; n++) {
		struct store_skip skip = { .left = n };
		assert_true(store_list_skip(f->reader, f->tenant, STORE_USER, &skip, NULL));
		assert_int_equal(skip.left, 0);
		assert_int_equal(skip.after, expected[n]);
	}
	struct store_skip beyond = { .left = 100 };
	assert_true(store_list_skip(f->reader, f->tenant, STORE_USER, &beyond, NULL));
	assert_int_equal(beyond.left, 0);
	assert_int_equal(beyond.after, rids[5]);
}

static void test_reads_between_begin_and_end_see_one_moment(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);

	assert_true(store_read_begin(f->reader, NULL));
	assert_int_equal(fixture_get(f, rid)->version, 1);
	const struct store_resource *before = fixture_get(f, rid);
	struct store_write write = { .action = STORE_UPDATE, .before = before };
	struct store_commit commit = fixture_commit(f);
	commit.write = &write;
	fixture_must(f, &commit);
	assert_true(store_read_begin(f->reader, NULL)); /* within: the same moment */
	assert_int_equal(fixture_get(f, rid)->version, 1);
	store_read_end(f->reader);
	assert_int_equal(fixture_get(f, rid)->version, 1);
	store_read_end(f->reader);

	assert_int_equal(fixture_get(f, rid)->version, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_was_committed_is_there_after_a_reopen),
		TEST(test_a_row_number_is_never_given_again),
		TEST(test_one_process_at_a_time_writes),
		TEST(test_a_reader_beside_the_gateway_sees_what_is_committed),
		TEST(test_a_newer_store_is_refused_and_left_alone),
		TEST(test_a_file_that_is_no_store_is_refused),
		TEST(test_a_path_that_cannot_be_is_refused_with_the_path),
		TEST(test_only_its_user_may_read_the_files),
		TEST(test_a_name_keeps_its_number),
		TEST(test_tokens_are_made_found_and_revoked),
		TEST(test_settings_are_put_and_removed),
		TEST(test_rates_are_counted_by_minute_and_forgotten_after_a_week),
		TEST(test_a_list_is_in_the_order_of_making_and_goes_on_after_any_rid),
		TEST(test_skipping_leads_to_the_nth),
		TEST(test_reads_between_begin_and_end_see_one_moment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
