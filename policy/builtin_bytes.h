/*
 * Bytes that somebody's encoding hid, as a string. What is no UTF-8 cannot be one here: OPA keeps
 * the bytes and prints U+FFFD for them, so each wrong byte becomes that character.
 */
#pragma once

#include "policy/builtin_args.h"

/* In the context's arena; charged. Uses the last of policy_buf(). */
const struct value *builtin_text_of_bytes(struct policy_context *context, struct span bytes);
