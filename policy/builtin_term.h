/*
 * Values as Rego source: what sprintf("%v", …), print() and templates show of them.
 */
#pragma once

#include <stdbool.h>
#include "policy/builtin_args.h"

struct buf;

/* {"a", 1, [true]}, set(): as OPA prints a term. Charged. */
void builtin_write_term(struct policy_context *context, struct buf *buf, const struct value *value);

/* "text" with Go's escapes; ascii: everything beyond ASCII is escaped too. Charged. */
void builtin_write_quoted(
	struct policy_context *context, struct buf *buf, struct span text, bool ascii);
/* 'x', the same way. */
void builtin_write_quoted_rune(
	struct policy_context *context, struct buf *buf, uint32_t rune, bool ascii);
