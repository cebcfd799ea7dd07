#include "io/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/memory.h"
#include "io/loop.h"

struct outcome {
	struct loop *loop;
	int calls;
	enum process_outcome outcome;
	int status;
	char *output;
	size_t output_size;
	char *errors;
	char *message;
};

static struct outcome got;

static void on_done(void *user, const struct process_result *result)
{
	struct outcome *outcome = user;

	outcome->calls++;
	outcome->outcome = result->outcome;
	outcome->status = result->status;
	outcome->output = must_strdup(result->output);
	outcome->output_size = result->output_size;
	outcome->errors = must_strdup(result->errors);
	outcome->message = must_strdup(result->message);
	loop_stop(outcome->loop);
}

static int setup(void **state)
{
	(void)state;
	got = (struct outcome){ .loop = loop_new() };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memory_free(got.output);
	memory_free(got.errors);
	memory_free(got.message);
	loop_free(got.loop);
	return 0;
}

static void run_with(struct process_options options, const char *const *argv)
{
	options.argv = argv;
	process_start(got.loop, &options, on_done, &got);
	assert_int_equal(got.calls, 0); /* never from inside the call */
	loop_run(got.loop);
	assert_int_equal(got.calls, 1);
}

static void run_shell(struct process_options options, const char *script)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };

	run_with(options, argv);
}

static const struct process_options none;

static void test_outputs_and_status_come_back(void **state)
{
	(void)state;
	run_shell(none, "echo out; echo err >&2; exit 3");
	assert_int_equal(got.outcome, PROCESS_EXITED);
	assert_int_equal(got.status, 3);
	assert_string_equal(got.output, "out\n");
	assert_string_equal(got.errors, "err\n");
	assert_string_equal(got.message, "it exited with status 3");
}

static void test_arguments_are_not_read_by_a_shell(void **state)
{
	const char *argv[] = { "printf", "%s|", "a b", "$(id)", ";", NULL };

	(void)state;
	run_with(none, argv);
	assert_string_equal(got.output, "a b|$(id)|;|");
}

static void test_input_goes_in_whole(void **state)
{
	struct buf input = { 0 };
	struct process_options options = { 0 };

	(void)state;
	for (int i = 0; i < 100000; i++) {
		buf_append_text(&input, "abc\n");
	}
	options.input = input.data;
	options.input_size = input.size;
	run_shell(options, "cat");
	assert_int_equal(got.output_size, input.size);
	assert_string_equal(got.output, input.data);
	buf_fini(&input);
}

static void test_a_child_may_leave_its_input_unread(void **state)
{
	static char input[300000];
	struct process_options options = { .input = input, .input_size = sizeof(input) };

	(void)state;
	run_shell(options, "exit 0");
	assert_int_equal(got.outcome, PROCESS_EXITED);
	assert_int_equal(got.status, 0);
}

static void test_without_input_it_is_at_its_end(void **state)
{
	(void)state;
	run_shell(none, "cat; echo end");
	assert_string_equal(got.output, "end\n");
}

/* Far more than any of this takes, and less than the children sleep. */
#define PATIENCE_US (INT64_C(60) * 1000000)
#define SLEEPS "sleep 100 & sleep 100"

static void test_the_deadline_kills_the_child_and_its_children(void **state)
{
	struct process_options options = { .timeout_ms = 80 };
	int64_t began_us = loop_now_us();

	(void)state;
	run_shell(options, "echo begun; " SLEEPS);
	assert_int_equal(got.outcome, PROCESS_TIMEOUT);
	/* The deadline may come before the shell does. */
	assert_memory_equal("begun\n", got.output, got.output_size);
	assert_true(loop_now_us() - began_us < PATIENCE_US);
}

static bool cancelled;

/* Of a child that has said what it has to say: then it makes a file. */
static char marker[] = "/tmp/scimward-test-XXXXXX";

static void cancel_when_begun(void *user)
{
	if (access(marker, F_OK) == 0) {
		__atomic_store_n(&cancelled, true, __ATOMIC_RELAXED);
	} else {
		loop_after(got.loop, 5, cancel_when_begun, user);
	}
}

static void test_what_is_cancelled_is_killed_as_at_its_deadline(void **state)
{
	struct process_options options = { .timeout_ms = 90000, .cancelled = &cancelled };
	int64_t began_us = loop_now_us();
	char script[128];
	int fd = mkstemp(marker);

	(void)state;
	assert_true(fd >= 0 && unlink(marker) == 0);
	close(fd);
	snprintf(script, sizeof(script), "echo begun; : >%s; " SLEEPS, marker);
	cancelled = false;
	loop_after(got.loop, 5, cancel_when_begun, NULL);
	run_shell(options, script);
	assert_int_equal(unlink(marker), 0);
	assert_int_equal(got.outcome, PROCESS_TIMEOUT);
	assert_string_equal(got.output, "begun\n");
	assert_string_equal(got.message, "it was no longer wanted and was killed");
	assert_true(loop_now_us() - began_us < PATIENCE_US);
}

static void test_what_ends_in_time_is_not_cancelled(void **state)
{
	struct process_options options = { .cancelled = &cancelled };

	(void)state;
	cancelled = false;
	run_shell(options, "sleep 0.2; exit 4"); /* longer than it takes to look */
	assert_int_equal(got.outcome, PROCESS_EXITED);
	assert_int_equal(got.status, 4);
}

static void test_a_grandchild_that_holds_the_output_does_not_hold_us(void **state)
{
	int64_t began_us = loop_now_us();

	(void)state;
	run_shell(none, "echo done; sleep 100 & exit 0");
	assert_int_equal(got.outcome, PROCESS_EXITED);
	assert_string_equal(got.output, "done\n");
	assert_true(loop_now_us() - began_us < PATIENCE_US);
}

static void test_too_much_output_kills_the_child(void **state)
{
	struct process_options options = { .output_bytes = 1000 };

	(void)state;
	run_shell(options, "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaa; done");
	assert_int_equal(got.outcome, PROCESS_TOO_LARGE);
	assert_int_equal(got.output_size, 1000);
}

/* The child asks until the limit is there: we may set it only once it runs. */
static void test_files_that_grow_too_large_end_the_child(void **state)
{
	struct process_options options = { .file_bytes = 4096 };

	(void)state;
	run_shell(options, "while [ \"$(ulimit -f)\" = unlimited ]; do :; done; file=$(mktemp); "
			   "exec 3>\"$file\"; "
			   "rm \"$file\"; exec head -c 100000 /dev/zero >&3");

	assert_int_equal(got.outcome, PROCESS_SIGNALED);
	assert_int_equal(got.status, SIGXFSZ);
}

static void test_a_signal_is_told(void **state)
{
	(void)state;
	run_shell(none, "kill -TERM $$");
	assert_int_equal(got.outcome, PROCESS_SIGNALED);
	assert_int_equal(got.status, SIGTERM);
}

static void test_a_program_that_is_not_there_is_told(void **state)
{
	const char *argv[] = { "no-such-program-here", NULL };
	const char *preloaded = getenv("LD_PRELOAD");

	(void)state;
	if (preloaded != NULL && strstr(preloaded, "vgpreload") != NULL) {
		return; /* valgrind makes a fork of vfork, and the error does not come back */
	}
	run_with(none, argv);
	assert_int_equal(got.outcome, PROCESS_NOT_FOUND);
	assert_non_null(strstr(got.message, "no-such-program-here"));
}

static void test_a_folder_that_is_not_there_is_told(void **state)
{
	struct process_options options = { .folder = "/no/such/folder" };

	(void)state;
	run_shell(options, "pwd");
	assert_int_equal(got.outcome, PROCESS_FAILED);
	assert_non_null(strstr(got.message, "/no/such/folder"));
}

static void test_the_folder_is_where_it_runs(void **state)
{
	struct process_options options = { .folder = "/usr/bin" };

	(void)state;
	run_shell(options, "pwd -P");
	assert_string_equal(got.output, "/usr/bin\n");
}

static void test_a_child_inherits_no_descriptor_no_mask_and_little_environment(void **state)
{
	const char *const environment[] = { "A=b", NULL };
	struct process_options options = { .environment = environment };
	int leak = dup(1); /* without CLOEXEC */
	sigset_t set;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* Of the ignored signals only the first 28: libc keeps 32 and 33 for itself. */
	run_shell(options, "/bin/ls /proc/self/fd | /usr/bin/wc -l; /usr/bin/env | /bin/grep -v "
			   "-e ^PWD= -e ^_= -e ^SHLVL=; /bin/grep -e SigBlk -e SigIgn "
			   "/proc/self/status | /bin/sed 's/[0-9a-f]\\{9\\}//'");
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	close(leak);
	assert_string_equal(got.output, "4\nA=b\nSigBlk:\t0000000\n"
					"SigIgn:\t0000000\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_outputs_and_status_come_back),
		TEST(test_arguments_are_not_read_by_a_shell),
		TEST(test_input_goes_in_whole),
		TEST(test_a_child_may_leave_its_input_unread),
		TEST(test_without_input_it_is_at_its_end),
		TEST(test_the_deadline_kills_the_child_and_its_children),
		TEST(test_what_is_cancelled_is_killed_as_at_its_deadline),
		TEST(test_what_ends_in_time_is_not_cancelled),
		TEST(test_a_grandchild_that_holds_the_output_does_not_hold_us),
		TEST(test_too_much_output_kills_the_child),
		TEST(test_files_that_grow_too_large_end_the_child),
		TEST(test_a_signal_is_told),
		TEST(test_a_program_that_is_not_there_is_told),
		TEST(test_a_folder_that_is_not_there_is_told),
		TEST(test_the_folder_is_where_it_runs),
		TEST(test_a_child_inherits_no_descriptor_no_mask_and_little_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
