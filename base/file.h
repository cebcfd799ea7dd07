/*
 * Files as wholes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct error;

/* Appends the file to buf. ERROR_IO (path and reason), ERROR_TOO_LARGE beyond limit_bytes. */
bool file_read(const char *path, size_t limit_bytes, struct buf *buf, struct error *err);
/* Temporary file beside it, fdatasync, rename, fsync of the folder: the old or the new content,
 * never a part. */
bool file_replace(
	const char *path, const void *bytes, size_t size, unsigned mode, struct error *err);
bool file_exists(const char *path);
/* Makes the folder and those above it (mode for new ones). */
bool file_make_folders(const char *path, unsigned mode, struct error *err);
