/*
 * Filter × resource → bool (RFC 7644, 3.4.2.2).
 *
 * Texts are compared as their attribute says (caseExact), dateTimes by time,
 * numbers by value; a multi-valued attribute matches when one of its values does;
 * an absent attribute matches nothing but `ne` and `not (… pr)`.
 */
#pragma once

#include <stdbool.h>
#include "scim/filter.h"

enum scim_answer { SCIM_NO, SCIM_YES, SCIM_LOOK }; /* LOOK: compare the values yourself */

struct scim_matcher {
	struct arena *arena; /* for folded texts that are not ASCII */
	/*
	 * The value of the top-level attribute filter->ref.attribute (extension too: the
	 * attribute's own value), or NULL. Without a type: of the whole filter->path. A NULL
	 * function looks into `doc`.
	 */
	const struct value *(*lookup)(void *user, const struct scim_filter *filter);
	/* May answer a leaf or value path itself, e.g. members.value eq "…" by one row. NULL:
	 * never. */
	enum scim_answer (*test)(void *user, const struct scim_filter *filter);
	void *user;
	const struct value *doc;
};

bool scim_filter_matches(const struct scim_filter *filter, const struct scim_matcher *matcher);

/* Over one JSON object without lookups: a document, a journal entry, an element of a list. */
bool scim_filter_matches_value(
	struct arena *arena, const struct scim_filter *filter, const struct value *object);
