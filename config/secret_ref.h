/*
 * References inside texts of the configuration: ${file:PATH}, ${env:NAME}, ${cred:NAME}.
 *
 * file: a regular file of at most 64 KiB, relative to the folder of the configuration; one line
 * break at its end is cut. env: a variable that is set. cred: a credential that systemd handed over
 * ($CREDENTIALS_DIRECTORY/NAME).
 * `$${` stands for `${`. What a reference gives may not hold NUL, and it is not expanded again.
 */
#pragma once

#include <stdbool.h>

struct buf;
struct error;

/*
 * Appends text with its references replaced. folder NULL: nothing is read, each reference becomes
 * "reference" (fuzzing, editors). *any becomes true when there was one. False: ERROR_CONFIG names
 * the reference and the reason. buf may hold secrets: the caller wipes it.
 */
bool config_expand(
	const char *folder, const char *text, struct buf *buf, bool *any, struct error *err);

/* Appends path, put behind the folder when it is relative. */
void config_resolve(const char *folder, const char *path, struct buf *buf);
