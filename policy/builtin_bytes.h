/*
 * Bytes that somebody's encoding hid, as a string. What is no UTF-8 cannot be one here: OPA keeps
 * the bytes and prints U+FFFD for them, so each wrong byte becomes that character.
 */
#pragma once

#include "policy/builtin_args.h"

/* In the context's arena; charged. Uses the last of policy_buf(). */
const struct value *builtin_text_of_bytes(struct policy_context *context, struct span bytes);

/*
 * The bytes of a base64url text whose padding may be missing, in the arena. False: it is none, and
 * nothing is reported. Uses the first two of policy_buf().
 */
bool builtin_base64url_bytes(struct policy_context *context, struct span text, struct span *bytes);
/* The same of base64 in either alphabet, with padding or without. Uses the first policy_buf(). */
bool builtin_base64_any(struct policy_context *context, struct span text, struct span *bytes);
/* The same of base64 as Go's StdEncoding reads it: padded, line breaks skipped. */
bool builtin_base64_bytes(struct policy_context *context, struct span text, struct span *bytes);
