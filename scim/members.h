/*
 * Members of a Group as they come: never a part of the document, handed to the caller as work to
 * do.
 *
 * A member list may hold 100,000 items, so reading a body or a PATCH does not look
 * at them: the caller walks the list with scim_member_id(), as many at a time as
 * its loop allows, and resolves the ids against membership rows.
 * One item costs well under a tenth of a microsecond and allocates nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct error;
struct scim_dialect;
struct scim_filter;
struct value;

enum scim_member_kind {
	SCIM_MEMBERS_ADD,     /* those that are not there yet; the rest is no error */
	SCIM_MEMBERS_REMOVE,  /* those that are there; the rest is no error, so that a repeated
				 request is not */
	SCIM_MEMBERS_REPLACE, /* the list is the membership from now on */
	SCIM_MEMBERS_CLEAR,   /* all go */
	SCIM_MEMBERS_REMOVE_MATCHING, /* those for which `filter` is true; rare, walks the rows */
};

/* One step of a member delta. Steps apply in order: a later one sees what an earlier one did. */
struct scim_member_step {
	enum scim_member_kind kind;
	const struct value *list; /* array of members as sent; NULL for CLEAR and REMOVE_MATCHING */
	const struct scim_filter *filter; /* over value, type, display, $ref of a member */
};

/* How many members the list has (it may name one twice). 0 for NULL, and for what is no list. */
size_t scim_member_count(const struct value *list);

/*
 * The id in item `index`, a string value (any text: the caller decides whether it is an id of
 * ours); $ref and display are not looked at. NULL: ERROR_VALUE, no object with a text `value`
 * (a bare id is one where the dialect has SCIM_BARE_COMPLEX), or a member of type Group: nested
 * groups would bypass every rule over `groups`.
 */
const struct value *scim_member_id(const struct scim_dialect *dialect, const struct value *list,
	size_t index, struct error *err);
