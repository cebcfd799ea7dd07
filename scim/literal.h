/*
 * The literal of a comparison, held against the attribute it is compared with.
 */
#pragma once

#include <stdbool.h>
#include "scim/filter.h"

/*
 * The literal at the begin of a text: a JSON string, number, true, false or null, and where `loose`
 * allows a word without quotes. *used: its bytes. NULL: there is none.
 */
const struct value *scim_literal_read(
	struct arena *arena, const char *text, size_t size, bool loose, size_t *used);

/*
 * Fills value (converted where `loose` allows), folded and time_us of a comparison whose path, op,
 * leaf and value are set. ERROR_FILTER: an operator or a literal that the type does not have.
 */
bool scim_literal_check(
	struct arena *arena, struct scim_filter *comparison, bool loose, struct error *err);
