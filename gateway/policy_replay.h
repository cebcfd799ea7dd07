/*
 * policy_replay: decisions of the journal, decided again by another policy, or by the one that
 * decided them.
 *
 *     entry ─▶ input as it was (journal/query.h) ─▶ all its slices to the policy (verdict.h)
 *          ─▶ compared with what was recorded (replay_compare.h) ─▶ counts, first differences
 *
 * Time is the entry's. Against another policy `input.mode` is "replay"; against the recorded one it
 * is what it was, so the answer must be what it was: any difference is an alarm.
 *
 * What cannot be replayed is counted by reason, with an example, never guessed. Memory does not
 * grow with the journal. One thread; reads alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "gateway/replay_compare.h"
#include "gateway/tally.h"
#include "policy/engine.h"

struct arena;
struct error;
struct journal_source;
struct policy_kept;
struct scim_filter;
struct scim_model;

enum {
	POLICY_REPLAY_SHOWN = 50,   /* differences that are told one by one */
	POLICY_REPLAY_RULED = 5000, /* differences whose rules are looked for */
};

/* False: enough. */
typedef bool policy_replay_progress_fn(void *user, uint64_t done, uint64_t total);

struct policy_replay_options {
	const struct journal_source *source;
	const struct scim_model *model;         /* what obligations are held against */
	struct policy_budget budget;            /* of one evaluation */
	const char *archive;                    /* folder of policy_archive.h */
	const struct policy_kept *against;      /* NULL: each decision against its own revision */
	uint64_t from;                          /* index; the first */
	uint64_t to;                            /* index behind the last; JOURNAL_NONE: the end */
	int64_t since_us;                       /* of the decision's time; INT64_MIN: all */
	uint64_t last;                          /* so many decisions at most, the newest; 0: all */
	const struct scim_filter *filter;       /* over journal_view(); NULL: all */
	policy_replay_progress_fn *on_progress; /* may be NULL */
	void *user;
};

struct policy_replay_side {
	enum replay_effect effect;
	const struct policy_reason *reasons;
	size_t reason_count;
	const char *member; /* JSON of what changed in the answer; NULL: absent, or the effect */
};

struct policy_replay_rule {
	bool is_new; /* true now; else it was */
	const char *file;
	unsigned row;
	const char *name;
};

struct policy_replay_difference {
	uint64_t index;
	const char *time;
	const char *source;
	const char *operation;
	const char *type;
	const char *id;
	const char *name; /* userName or displayName; NULL */
	const char *revision;
	enum replay_change change;
	struct policy_replay_side old;
	struct policy_replay_side fresh;
	const struct policy_replay_rule *rules;
	size_t rule_count;
};

struct policy_replay_report {
	uint64_t from; /* indexes looked at: [from, to) */
	uint64_t to;
	char first_time[CLOCK_TEXT_BYTES]; /* of what was replayed; "": nothing was */
	char last_time[CLOCK_TEXT_BYTES];
	uint64_t decisions; /* that were asked for */
	uint64_t replayed;
	uint64_t changed;
	uint64_t newly_denied; /* allowed then; now denied, or without an answer */
	uint64_t changes[REPLAY_CHANGES];
	uint64_t effects[REPLAY_EFFECTS][REPLAY_EFFECTS]; /* [old][new], of other effects */

	uint64_t not_replayed;
	struct tally reasons; /* why not; label: the reason and an example */
	uint64_t damaged; /* of these: entries or archived policies that are not what they were */

	struct tally revisions; /* that decided what was replayed */
	struct tally rules;     /* responsible: "+ file:row name", "- file:row name" */
	uint64_t unruled;       /* differences whose rules were not looked for */
	struct tally people;    /* by id; label: the name */
	struct tally groups;

	const struct policy_replay_difference *shown;
	size_t shown_count;
	int64_t took_us;
};

/*
 * Everything in the report lives in arena. True: all that was asked for was looked at, whatever
 * came of it. ERROR_STORE; ERROR_TIMEOUT: on_progress wanted no more; ERROR_POLICY: `against` does
 * not load.
 */
bool policy_replay_run(const struct policy_replay_options *options, struct arena *arena,
	struct policy_replay_report *report, struct error *err);
