/*
 * What a replay of decisions came to, for people (table), scripts (json) and pull requests
 * (markdown).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gateway/policy_replay.h"

struct buf;
struct cli;

/* "5" or "0.5%". */
struct replay_limit {
	bool is_set;
	bool is_percent;
	double value;
};

struct replay_report {
	const struct policy_replay_report *found;
	const char *against; /* for people; NULL: the recorded policies */
	const char *prefix;  /* before names of the candidate's files */
	struct replay_limit max_changed;
	struct replay_limit max_newly_denied;
};

typedef void replay_print_fn(const struct cli *cli, const struct replay_report *report);

/* Of --format, or of -o without it. NULL: no such format; said so. */
replay_print_fn *replay_format_of(const struct cli *cli, const char *name);

/* Differences that may not be: against the recorded policies every one, and all that is damaged. */
bool replay_is_alarm(const struct replay_report *report);
/* A limit that is exceeded, as a sentence into `text`. False: none is. */
bool replay_exceeds(const struct replay_report *report, struct buf *text);

/* ---- for the formats ---- */

enum { REPLAY_SHOWN_NAMES = 20, REPLAY_SHOWN_RULES = 20, REPLAY_SHOWN_WHY = 20 };

/* A kind of change with the number of its decisions. */
struct replay_kind {
	char name[48]; /* "allow → deny", "other obligations", "same" */
	uint64_t count;
};
enum { REPLAY_KINDS = REPLAY_CHANGES + REPLAY_EFFECTS * REPLAY_EFFECTS };
/* Those that came, what matters most first, "same" last. Returns how many. */
size_t replay_kinds(
	const struct policy_replay_report *found, struct replay_kind kinds[REPLAY_KINDS]);
/* "allow → deny", "deny: other reasons". */
void replay_kind_of(const struct policy_replay_difference *difference, struct buf *text);
/* "code", "code: message"; one after the other. */
void replay_reasons(const struct policy_replay_side *side, bool with_messages, struct buf *text);
/* "policy/rules/groups.rego:31 deny is true now". */
void replay_rule(const struct replay_report *report, const struct policy_replay_rule *rule,
	struct buf *text);
/* The same of a row of found->rules. */
void replay_rule_row(const struct replay_report *report, const char *row, struct buf *text);
/* "12 of 1,000 (1.2 %)". */
void replay_share(uint64_t count, uint64_t of, struct buf *text);

replay_print_fn replay_table, replay_json, replay_markdown;
