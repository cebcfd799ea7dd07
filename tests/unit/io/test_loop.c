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

static void note_and_stop(void *letter)
{
	note(letter);
	loop_stop(notes.loop);
}

static void post_more(void *user)
{
	(void)user;
	assert_true(loop_is_mine(notes.loop));
	loop_post(notes.loop, note_and_stop, LETTER('c'));
	note(LETTER('b'));
}

static void test_a_post_from_a_post_runs_after_it(void **state)
{
	(void)state;
	loop_post(notes.loop, note, LETTER('a'));
	loop_post(notes.loop, post_more, NULL);

	loop_run(notes.loop);

	assert_string_equal(notes.text, "abc");
	assert_false(loop_is_mine(notes.loop));
}

static void post_for_ever(void *user)
{
	int *turns = user;

	if (++*turns == 3) { /* it does so by now */
		loop_after(notes.loop, 1, stop, NULL);
	}
	loop_post(notes.loop, post_for_ever, user);
}

static void test_a_callback_that_posts_itself_starves_nobody(void **state)
{
	int turns = 0;

	(void)state;
	loop_post(notes.loop, post_for_ever, &turns);

	loop_run(notes.loop);

	assert_true(turns >= 3);
}

/* Timers that are started in one turn of the loop count from the same moment, however late the
 * thread runs meanwhile: so their order is certain. */
static struct {
	struct loop_timer early;
	struct loop_timer late;
	struct loop_timer cancelled;
} timers;

static void start_out_of_order(void *user)
{
	(void)user;
	loop_timer_start(&timers.late, 6);
	loop_timer_start(&timers.early, 2);
	loop_timer_start(&timers.cancelled, 1);
	loop_timer_cancel(&timers.cancelled);
	assert_true(loop_timer_is_running(&timers.early));
	assert_false(loop_timer_is_running(&timers.cancelled));
}

static void start_again(void *user)
{
	(void)user;
	loop_timer_start(&timers.late, 1);
	loop_timer_start(&timers.late, 8);
	loop_timer_start(&timers.early, 3);
}

static void run_timers(loop_fn *start)
{
	loop_timer_init(&timers.early, notes.loop, note, LETTER('a'));
	loop_timer_init(&timers.late, notes.loop, note_and_stop, LETTER('b'));
	loop_timer_init(&timers.cancelled, notes.loop, note, LETTER('x'));
	loop_post(notes.loop, start, NULL);

	loop_run(notes.loop);

	assert_false(loop_timer_is_running(&timers.early));
	loop_timer_fini(&timers.early);
	loop_timer_fini(&timers.late);
	loop_timer_fini(&timers.cancelled);
}

static void test_timers_run_once_in_order_of_time(void **state)
{
	(void)state;
	run_timers(start_out_of_order);
	assert_string_equal(notes.text, "ab");
}

static void test_starting_a_running_timer_moves_it(void **state)
{
	(void)state;
	run_timers(start_again);
	assert_string_equal(notes.text, "ab");
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
	loop_post(notes.loop, note_and_stop, LETTER('b'));
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
	loop_after(notes.loop, 60000, note_and_stop, LETTER('x')); /* nothing else wakes it then */

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
