/*
 * needle: a text that stands in every document that a filter matches, to skip the others without
 * reading them as JSON. Says "perhaps" whenever it is not sure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct scim_filter;

#define SCIM_NEEDLE_BYTES_MAX 64

struct scim_needle {
	char text[SCIM_NEEDLE_BYTES_MAX]; /* ASCII, lower case */
	size_t size;                      /* 0: there is none */
};

/* The longest literal of eq, co, sw or ew that must hold for the whole filter to hold. */
void scim_needle_of(const struct scim_filter *filter, struct scim_needle *needle);

/* False: the document, as canonical JSON, cannot match. */
bool scim_needle_may_be_in(const struct scim_needle *needle, const char *doc, size_t size);
