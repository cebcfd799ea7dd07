/*
 * The texts inside strings that RFC 7643, 2.3 gives a type: dateTime and binary.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * xsd:dateTime → microseconds since 1970-01-01 UTC. Years 0000 to 9999. `needs_zone`: a time
 * without Z or an offset is refused; else it is taken as UTC. False: no such form.
 */
bool scim_datetime_parse(const char *text, size_t size, bool needs_zone, int64_t *us);

/* base64 or base64url, padded or not (RFC 7643, 2.3.6). */
bool scim_binary_check(const char *text, size_t size);
