/*
 * Entity tags of versions: W/"7" (RFC 7644, 3.14; RFC 9110, 8.8.3 and 13.1).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;

#define SCIM_ETAG_BYTES 32
void scim_etag_format(int64_t version, char text[SCIM_ETAG_BYTES]);

/*
 * Whether a value of If-Match or If-None-Match (`*` or a list) names this version. Weak comparison
 * for both: our tags are weak and RFC 7644 uses them with If-Match. ERROR_REQUEST: no such form.
 */
bool scim_etag_matches(const char *header, int64_t version, bool *matches, struct error *err);
