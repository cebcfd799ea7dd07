/*
 * A child process with limits, without a shell: for `opa` and `git`.
 *
 * The child gets its own process group (all of it is killed at the deadline), an empty
 * environment but for what is given, no descriptor of ours, default signals. Its output
 * is collected up to a limit.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

struct process_options {
	const char *const
		*argv; /* ended by NULL; argv[0] is looked for in PATH unless it has a slash */
	const char *const *environment; /* "NAME=value", ended by NULL; NULL: only PATH, HOME and
					   LANG=C.UTF-8 */
	const char *folder;             /* working directory; NULL: ours */
	const void *input;              /* for its standard input; copied. NULL: /dev/null */
	size_t input_size;
	int64_t timeout_ms;    /* 0: 30,000 */
	size_t output_bytes;   /* of standard output and of standard error, each; 0: 1 MiB. More:
				  killed */
	size_t file_bytes;     /* of each file that it writes, as far as the system lets us say so;
				  0: no limit. More: SIGXFSZ */
	const bool *cancelled; /* atomic; set by any thread while the child runs, it is killed as at
				  its deadline within 50 ms. NULL: never */
};

enum process_outcome {
	PROCESS_EXITED,    /* by itself: status */
	PROCESS_SIGNALED,  /* by a signal of somebody else: status is its number */
	PROCESS_NOT_FOUND, /* no such program */
	PROCESS_FAILED,    /* could not be started: message */
	PROCESS_TIMEOUT,   /* killed at the deadline, or cancelled */
	PROCESS_TOO_LARGE, /* killed: too much output */
};

/* Valid during the callback. Outputs are NUL-terminated and never NULL; they hold what came until
 * the end. */
struct process_result {
	enum process_outcome outcome;
	int status;
	const char *output;
	size_t output_size;
	const char *errors;
	size_t errors_size;
	const char *message; /* one sentence about the outcome, for people */
};
typedef void process_done_fn(void *user, const struct process_result *result);

/* Everything in options is copied. done comes exactly once, from the loop, never from inside this
 * call. */
void process_start(struct loop *loop, const struct process_options *options, process_done_fn *done,
	void *user);
