/*
 * Time. Everything that decides gets the time handed in; what must ask asks here, so that tests can
 * set it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int64_t clock_now_us(void);       /* microseconds since 1970-01-01 UTC */
int64_t clock_monotonic_us(void); /* only differences mean something */
int64_t clock_thread_us(void);    /* CPU time of this thread: a call takes 200 ns */

/* Tests: all clocks stand at `us` until the next call; < 0: the real clocks again. Not
 * thread-safe. */
void clock_fake(int64_t us);

#define CLOCK_TEXT_BYTES 32
/* "2026-11-24T04:00:00.000000Z". */
void clock_format(int64_t us, char text[CLOCK_TEXT_BYTES]);
