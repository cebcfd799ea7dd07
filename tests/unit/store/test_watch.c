#include "store/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "io/loop.h"
#include "tests/support/store_fixture.h"

static struct store_fixture f;
static struct loop *loop;
static int told;

static int set_up(void **state)
{
	(void)state;
	fixture_open(&f, NULL, true);
	loop = loop_new();
	told = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_close(&f);
	loop_free(loop);
	return 0;
}

static void on_news(void *user)
{
	(void)user;
	told++;
}

static void on_stop(void *user)
{
	loop_stop(user);
}

/* Runs what was posted. The committer tells after it answers, so it gets another commit to be
 * through with the last. */
static void turn(void)
{
	struct store_commit commit = fixture_commit(&f);

	fixture_must(&f, &commit);
	loop_post(loop, on_stop, loop);
	loop_run(loop);
}

static void write_entry(void)
{
	struct store_commit commit = fixture_commit(&f);
	struct store_entry entry = fixture_entry(&f, "x");

	commit.entry = &entry;
	fixture_must(&f, &commit);
}

static void test_a_watch_is_told_of_its_kind_of_news_only(void **state)
{
	struct store_setting setting = { "a.b", "c" };
	struct store_commit commit = fixture_commit(&f);
	struct store_watch *watch = store_watch(f.store, STORE_NEWS_ENTRIES, loop, on_news, NULL);
	(void)state;

	commit.settings = &setting;
	commit.setting_count = 1;
	fixture_must(&f, &commit);
	turn();
	assert_int_equal(told, 0);
	write_entry();
	turn();
	assert_int_equal(told, 1);
	store_unwatch(f.store, watch);
}

static void test_many_commits_may_be_one_call_and_the_last_is_never_missed(void **state)
{
	struct store_watch *watch = store_watch(f.store, STORE_NEWS_ENTRIES, loop, on_news, NULL);
	(void)state;

	for (int i = 0; i < 20; i++) {
		write_entry();
	}
	turn();
	assert_int_equal(told, 1);
	write_entry();
	turn();
	assert_int_equal(told, 2);
	store_unwatch(f.store, watch);
}

static void test_after_unwatch_nothing_comes_even_if_it_was_under_way(void **state)
{
	struct store_watch *watch = store_watch(f.store, STORE_NEWS_ENTRIES, loop, on_news, NULL);
	(void)state;

	write_entry();
	write_entry();
	store_unwatch(f.store, watch);
	turn();

	assert_int_equal(told, 0);
}

static void test_slots_are_used_again(void **state)
{
	(void)state;

	for (int i = 0; i < WATCH_LIMIT * 3; i++) {
		struct store_watch *watch =
			store_watch(f.store, STORE_NEWS_ENTRIES, loop, on_news, NULL);
		write_entry();
		turn();
		store_unwatch(f.store, watch);
	}

	assert_int_equal(told, WATCH_LIMIT * 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_watch_is_told_of_its_kind_of_news_only),
		TEST(test_many_commits_may_be_one_call_and_the_last_is_never_missed),
		TEST(test_after_unwatch_nothing_comes_even_if_it_was_under_way),
		TEST(test_slots_are_used_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
