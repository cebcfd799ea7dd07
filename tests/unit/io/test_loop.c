#include "io/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/error.h"

struct notes {
	struct loop *loop;
	char text[64];
	size_t count;
};

static struct notes notes;

static int setup(void **state)
{
	(void)state;
	memset(&notes, 0, sizeof(notes));
	notes.loop = loop_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(notes.loop);
	return 0;
}

#define LETTER(c) ((void *)(uintptr_t)(c))

static void note(void *letter)
{
	notes.text[notes.count++] = (char)(uintptr_t)letter;
}

static void stop(void *user)
{
	(void)user;
	loop_stop(notes.loop);
}

static void test_posts_run_in_order_and_before_the_stop(void **state)
{
	(void)state;
	loop_post(notes.loop, note, LETTER('a'));
	loop_post(notes.loop, note, LETTER('b'));
	loop_stop(notes.loop);

	loop_run(notes.loop);

	assert_string_equal(notes.text, "ab");
}

static void post_more(void *user)
{
	(void)user;
	assert_true(loop_is_mine(notes.loop));
	loop_post(notes.loop, note, LETTER('c'));
	note(LETTER('b'));
}

static void test_a_post_from_a_post_runs_after_it(void **state)
{
	(void)state;
	loop_post(notes.loop, note, LETTER('a'));
	loop_post(notes.loop, post_more, NULL);
	loop_after(notes.loop, 5, stop, NULL);

	loop_run(notes.loop);

	assert_string_equal(notes.text, "abc");
	assert_false(loop_is_mine(notes.loop));
}

static void post_for_ever(void *user)
{
	(*(int *)user)++;
	loop_post(notes.loop, post_for_ever, user);
}

static void test_a_callback_that_posts_itself_starves_nobody(void **state)
{
	int turns = 0;

	(void)state;
	loop_post(notes.loop, post_for_ever, &turns);
	loop_after(notes.loop, 3, stop, NULL);

	loop_run(notes.loop);

	assert_true(turns > 1);
}

static void test_timers_run_once_in_order_of_time(void **state)
{
	struct loop_timer early;
	struct loop_timer late;
	struct loop_timer cancelled;

	(void)state;
	loop_timer_init(&early, notes.loop, note, LETTER('a'));
	loop_timer_init(&late, notes.loop, note, LETTER('b'));
	loop_timer_init(&cancelled, notes.loop, note, LETTER('x'));
	loop_timer_start(&late, 6);
	loop_timer_start(&early, 2);
	loop_timer_start(&cancelled, 1);
	loop_timer_cancel(&cancelled);
	loop_after(notes.loop, 12, stop, NULL);
	assert_true(loop_timer_is_running(&early));

	loop_run(notes.loop);

	assert_string_equal(notes.text, "ab");
	assert_false(loop_timer_is_running(&early));
	loop_timer_fini(&early);
	loop_timer_fini(&late);
	loop_timer_fini(&cancelled);
}

static void test_starting_a_running_timer_moves_it(void **state)
{
	struct loop_timer timer;

	(void)state;
	loop_timer_init(&timer, notes.loop, note, LETTER('b'));
	loop_timer_start(&timer, 1);
	loop_timer_start(&timer, 8);
	loop_after(notes.loop, 3, note, LETTER('a'));
	loop_after(notes.loop, 14, stop, NULL);

	loop_run(notes.loop);

	assert_string_equal(notes.text, "ab");
	loop_timer_fini(&timer);
}

/* ---- threads ---- */

#define POSTS 20000

struct echo {
	struct loop *home;
	struct loop *away;
	int sent;
	int back;
};

static void on_back(void *user)
{
	struct echo *echo = user;

	echo->back++;
	if (echo->back == POSTS) {
		loop_stop(echo->home);
	}
}

static void on_away(void *user)
{
	struct echo *echo = user;

	loop_post(echo->home, on_back, echo);
}

static void test_posts_cross_threads_and_none_is_lost(void **state)
{
	struct error err = { 0 };
	struct loop_thread *thread = loop_thread_start("test", &err);
	struct echo echo = { notes.loop, loop_thread_loop(thread), 0, 0 };

	(void)state;
	for (echo.sent = 0; echo.sent < POSTS; echo.sent++) {
		loop_post(echo.away, on_away, &echo);
	}
	loop_run(echo.home);

	assert_int_equal(echo.back, POSTS);
	loop_thread_join(thread);
}

/*
 * read() of this program: it gives another thread the time to post while the loop is about to
 * read its wake-up. If the loop took the posts before, that wake-up would be swallowed and the post
 * would wait for ever.
 */
atomic_int late_stage; /* 0: off, 1: armed, 2: post now, 3: posted */

ssize_t read(int fd, void *bytes, size_t size)
{
	int armed = 1;

	if (atomic_compare_exchange_strong(&late_stage, &armed, 2)) {
		for (int i = 0; i < 50 && late_stage == 2; i++) {
			poll(NULL, 0,
				1); /* it may have to wait for the loop's lock: then for nothing */
		}
	}
	return syscall(SYS_read, fd, bytes, size);
}

static void *post_late(void *user)
{
	(void)user;
	while (late_stage != 2) {
		sched_yield();
	}
	loop_post(notes.loop, note, LETTER('b'));
	late_stage = 3;
	return NULL;
}

static void test_a_post_while_the_loop_takes_others_wakes_it_again(void **state)
{
	pthread_t thread;

	(void)state;
	pthread_create(&thread, NULL, post_late, NULL);
	late_stage = 1;
	loop_post(notes.loop, note, LETTER('a'));
	loop_after(notes.loop, 200, stop, NULL);

	loop_run(notes.loop);

	pthread_join(thread, NULL);
	late_stage = 0;
	assert_string_equal(notes.text, "ab");
}

static void test_joining_runs_what_was_posted(void **state)
{
	struct error err = { 0 };
	struct loop_thread *thread = loop_thread_start("test", &err);

	(void)state;
	loop_post(loop_thread_loop(thread), note, LETTER('a'));
	loop_thread_join(thread);

	assert_string_equal(notes.text, "a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_posts_run_in_order_and_before_the_stop, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_post_from_a_post_runs_after_it, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_callback_that_posts_itself_starves_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_timers_run_once_in_order_of_time, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_starting_a_running_timer_moves_it, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_posts_cross_threads_and_none_is_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_post_while_the_loop_takes_others_wakes_it_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_joining_runs_what_was_posted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
