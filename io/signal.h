/*
 * Signals as events of one loop: stop (SIGTERM, SIGINT) and reload (SIGHUP).
 *
 * They are blocked and read from a signalfd, so no code ever runs in a signal handler. Make it in
 * main before other threads start: they inherit the mask.
 */
#pragma once

#include <stddef.h>

struct loop;
struct signals;

typedef void signals_fn(void *user, int number);

/* fn(user, number) in the loop for each of `numbers`. Also sets SIGPIPE to be ignored. Ends the
 * process when it cannot. */
struct signals *signals_new(
	struct loop *loop, const int *numbers, size_t count, signals_fn *fn, void *user);
/* The signals stay blocked. NULL is fine. */
void signals_free(struct signals *signals);

/* SIGPIPE is ignored from now on: a peer that is gone is an error of write(), not our end. */
void signals_ignore_pipe(void);
