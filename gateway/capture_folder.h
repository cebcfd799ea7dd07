/*
 * capture_folder: where the files of captures live (capture.directory), and for how long.
 */
#pragma once

#include <stdint.h>

struct config;
struct error;

/*
 * A new file "entra-20261124T105400Z-9f3a.jsonl", mode 0600, in the folder, which is made (0700).
 * Returns its descriptor, to append to; < 0: ERROR_IO. *path: on the heap, in both cases.
 */
int capture_folder_create(const struct config *config, const char *source, int64_t now_us,
	char **path, struct error *err);

/* Deletes files of captures that are older than capture.keep, and nothing else that is there. */
void capture_folder_sweep(const struct config *config);
