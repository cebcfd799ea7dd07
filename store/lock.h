/*
 * One gateway per store: an flock on "<path>.lock". Internal to store/. (SQLite alone would let two
 * committers take turns, each with its own idea of the next index.)
 */
#pragma once

#include <stdbool.h>

struct error;

/* ERROR_CONFIG: another process, or another store of this one, has it. The lock goes with the
 * process. */
bool lock_take(const char *path, int *lock, struct error *err);
void lock_release(int lock); /* -1 is fine */
