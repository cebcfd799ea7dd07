/*
 * message: what SCIM's messages (PatchOp, SearchRequest; RFC 7644, 8.2) have in common.
 */
#pragma once

#include <stdbool.h>

struct error;
struct scim_dialect;
struct value;

/*
 * Does the list `schemas` of a message name the message it is taken for? URNs are compared without
 * case (RFC 8141, 3.1). NULL is an empty list. ERROR_SYNTAX; never for a dialect that sends
 * messages without schemas.
 */
bool scim_message_check(const struct scim_dialect *dialect, const struct value *schemas,
	const char *urn, struct error *err);
