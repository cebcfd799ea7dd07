#include "io/signal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <unistd.h>
#include "base/error.h"
#include "io/loop.h"

struct note {
	struct loop *loop;
	int numbers[4];
	int count;
};

static void on_signal(void *user, int number)
{
	struct note *note = user;

	assert_true(loop_is_mine(note->loop));
	note->numbers[note->count++] = number;
	if (number == SIGUSR2) {
		loop_stop(note->loop);
	}
}

static void test_signals_come_in_the_loop_also_from_other_threads(void **state)
{
	static const int numbers[] = { SIGUSR1, SIGUSR2 };
	struct note note = { .loop = loop_new() };
	struct signals *signals = signals_new(note.loop, numbers, 2, on_signal, &note);
	struct error err = { 0 };
	struct loop_thread *other = loop_thread_start("other", &err);

	(void)state;
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR2);
	loop_run(note.loop);
	assert_int_equal(note.count, 2);
	assert_int_equal(note.numbers[0], SIGUSR1);
	assert_int_equal(note.numbers[1], SIGUSR2);
	loop_thread_join(other);
	signals_free(signals);
	loop_free(note.loop);
}

static void test_a_broken_pipe_is_an_error_not_the_end(void **state)
{
	int fds[2];

	(void)state;
	signals_ignore_pipe();
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	assert_int_equal(write(fds[1], "x", 1), -1);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signals_come_in_the_loop_also_from_other_threads),
		cmocka_unit_test(test_a_broken_pipe_is_an_error_not_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
