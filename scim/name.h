/*
 * Names that carry authority: userName, a Group's displayName.
 *
 * Two names are the same when their NFKC case-folded forms are equal (Unicode
 * standard annex 15; PRECIS UsernameCaseMapped is near it). What people cannot see
 * or tell apart is refused: control, zero-width, bidirectional and other invisible
 * characters, private use, unassigned; white space or a dot at an end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;
struct value;

#define SCIM_NAME_BYTES_MAX 1024

/* ERROR_VALUE names the character: "it contains …". Checks the normal form as well (in arena). */
bool scim_name_check(struct arena *arena, const char *text, size_t size, struct error *err);

/*
 * The normal form for comparing. Never fails. A value that is its own normal form is
 * returned as it is; else a new one in arena.
 */
const struct value *scim_name_fold(struct arena *arena, const struct value *text);
