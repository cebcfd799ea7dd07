/*
 * Regular expressions of RE2's syntax with the meaning they have in Go, matched in time that is
 * linear in pattern times text: no pattern and no text can make a decision slow, and what a
 * match costs is known exactly and charged.
 *
 *     pattern ──builtin_regex_parse──▶ tree ──builtin_regex_program──▶ program ─┐
 *     glob ────builtin_glob──────────▶ tree ──────────┘       text ──builtin_regex_match──▶ places
 *
 * What RE2 does not have (look-around, back-references, possessive and atomic groups) is a syntax
 * error here as it is in OPA. The matcher is a backtracker that remembers each (instruction,
 * place) it has tried and never tries it twice, as Go's is for short texts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/builtin_span.h"

struct arena;
struct error;
struct policy_context;
struct policy_regex; /* a compiled program: immutable, one heap block */

/*
 * NULL: ERROR_SYNTAX for what Go refuses ("error parsing regexp: missing closing ]: `[a`"),
 * ERROR_TOO_LARGE for a program beyond POLICY_REGEX_INSTRUCTIONS, ERROR_POLICY for a Unicode
 * script that we have no table of. Free it with policy_regex_free(). scratch holds the tree.
 */
#define POLICY_REGEX_INSTRUCTIONS 20000
struct policy_regex *policy_regex_compile(
	struct arena *scratch, const char *pattern, size_t size, struct error *err);
void policy_regex_free(void *regex); /* NULL is fine */

/* The same without a result: what the loader of a plan may do with a constant pattern. */
bool policy_regex_check(const char *pattern, size_t size, struct error *err);

/* The same for a builtin, charged and cached. NULL: reported. Valid until the next one is made. */
const struct policy_regex *builtin_regex_of(struct policy_context *context, struct span pattern);

/*
 * A glob as OPA's glob.match takes it, as a program that matches whole texts. `separators`: the
 * characters that * and ? do not match.
 */
struct policy_regex *policy_glob_compile(struct arena *scratch, const char *pattern, size_t size,
	const uint32_t *separators, size_t separator_count, struct error *err);

size_t policy_regex_bytes(const struct policy_regex *regex);
size_t policy_regex_groups(const struct policy_regex *regex); /* with group 0, the whole match */
/* The first group of that name that took part in the match (names may repeat, as in Go). 0: none.
 */
size_t policy_regex_group_named(
	const struct policy_regex *regex, const char *name, size_t size, const uint32_t *places);

/* Matching one text, from left to right. Lives in the context's arena. */
struct policy_regex_scan {
	struct policy_context *context;
	const struct policy_regex *regex;
	const char *text;
	uint32_t size;
	uint64_t *visited; /* one bit for each instruction at each place of the text */
	struct regex_job *jobs;
	size_t job_room;
	uint32_t began, reached; /* bits may be set from there up to there */
	bool clean;              /* none is set */
};

#define POLICY_REGEX_NONE UINT32_MAX

/* Text must be valid UTF-8 of less than 2^31 bytes and outlive the scan. */
void policy_regex_scan_init(struct policy_context *context, struct policy_regex_scan *scan,
	const struct policy_regex *regex, const char *text, size_t size);
/*
 * Finds the leftmost match that begins at `from` or behind. places: 2 * slots numbers, begin and
 * end of group 0, 1, …; POLICY_REGEX_NONE where a group took no part. slots 0: only whether.
 */
bool policy_regex_scan_next(
	struct policy_regex_scan *scan, uint32_t from, uint32_t *places, size_t slots);
