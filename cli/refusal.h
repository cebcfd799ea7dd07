/*
 * refusal: why a policy does not load, as findings of a report. What `opa` and we say of it names
 * places within its text ("rules/groups.rego:31: …"); a pipeline shows them where they are.
 */
#pragma once

#include <stddef.h>
#include "cli/report.h"

struct arena;

enum { REFUSAL_FINDINGS = 32 };

/* The rule that they are of. */
extern const struct report_rule refusal_rule;

/*
 * text: of an error, of one line or of several. prefix: "policy/", before the names of files. One
 * finding for each place, at most REFUSAL_FINDINGS; one without a place when there is none. Lines
 * that begin with a tab are details of the place before them. Returns how many, at least 1;
 * everything lives in arena.
 */
size_t refusal_find(struct arena *arena, const char *text, const char *prefix,
	struct report_finding findings[REFUSAL_FINDINGS]);
