/*
 * The thread that writes. Internal to store/; the doors are store_commit() and store_open().
 */
#pragma once

#include <stdbool.h>

struct error;
struct store;

/* store->writer is open and the thread's from now on. ERROR_INTERNAL: no thread to be had. */
bool committer_start(struct store *store, struct error *err);
/* Answers what is queued and ends. */
void committer_stop(struct store *store);
