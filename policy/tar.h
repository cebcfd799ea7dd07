/*
 * tar: the files of a tar archive in memory: ustar (POSIX.1-1988), pax (POSIX.1-2001), and the long
 * names of GNU tar.
 *
 * Strict, since the archive comes from outside: the checksum of each header must be right; links,
 * devices, sparse files and unknown kinds are refused; names are made relative (a leading "/" or
 * "./" goes) and refused with "..", an empty part, a control character or a second time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;

struct tar_file {
	const char *name;  /* relative, in the arena */
	const char *bytes; /* within the archive */
	size_t size;
};

#define TAR_NAME_BYTES 1024

/*
 * All regular files, sorted by name; folders are passed over. False: ERROR_SYNTAX for what is no
 * such archive, ERROR_TOO_LARGE beyond limit_files.
 */
bool policy_tar_read(struct arena *arena, const char *bytes, size_t size, size_t limit_files,
	const struct tar_file **files, size_t *count, struct error *err);
