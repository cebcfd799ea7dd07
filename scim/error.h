/*
 * Error code → HTTP status, scimType, SCIM Error body (RFC 7644, 3.12). The table here is the only
 * one.
 */
#pragma once

#include "base/error.h"

struct buf;

int scim_error_status(
	enum error_code code); /* asserts a code other than ERROR_NONE; 500 for what is not HTTP */
const char *scim_error_type(enum error_code code); /* scimType, or NULL where the RFC has no word */

/* The Error body: schemas, status (as a string), scimType where there is one, detail. */
void scim_error_print(struct buf *buf, const struct error *err);
