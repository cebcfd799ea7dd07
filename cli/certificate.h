/*
 * A certificate for a first try on one machine: P-256, self-signed, for localhost, 127.0.0.1 and
 * ::1, one year.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;

/*
 * Writes both files in PEM, the key with mode 0600. now_us: start of its validity. False: ERROR_IO
 * or ERROR_INTERNAL; nothing or one file was written.
 */
bool certificate_make(
	const char *certificate_path, const char *key_path, int64_t now_us, struct error *err);
