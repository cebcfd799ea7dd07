/*
 * past_decision: a decision of the journal with all that it was made of, read beside a running
 * gateway or without one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "journal/entry.h"

struct arena;
struct error;
struct value;

struct past_decision {
	uint64_t index;
	struct journal_record record;
	const struct value *input; /* as it was decided; of several slices: the whole of them */
	const char *revision;      /* of the policy that decided, as the journal has it */
};

/*
 * Opens the store read-only. Everything lives in arena. ERROR_NOT_FOUND: there is no such entry, or
 * it, or one that it refers to, was erased; ERROR_REQUEST: it is no decision; ERROR_STORE,
 * ERROR_IO.
 */
bool past_decision_read(struct arena *arena, const char *store_path, uint64_t index,
	struct past_decision *past, struct error *err);
