/*
 * Between the files of policy_replay: one replay, and one entry on its way through it.
 */
#pragma once

#include "base/error.h"
#include "gateway/policy_replay.h"
#include "gateway/verdict.h"

struct journal_record;
struct replay_policies;
struct rule_watch;

enum { REPLAY_SLICE = 1024 }; /* entries that are read at once */

struct replaying {
	const struct policy_replay_options *options;
	struct policy_replay_report *report;
	struct arena *arena; /* of the report */
	struct policy_worker *worker;
	struct policy *against; /* NULL: the recorded ones */
	struct replay_policies *recorded;
	struct rule_watch *watch; /* of `against`; made at the first difference */
	bool has_no_watch;
	struct policy_replay_difference *shown;
	struct error failure; /* of reading: then nothing more is looked at */
};

/* One entry on its way. */
struct replayed {
	struct arena *arena; /* of the entry */
	const struct journal_record *record;
	const struct value *input;
	struct replay_recorded recorded;
	struct verdict verdict;
	enum replay_change change;
};

/* A text of the entry's leaf; NULL. */
const char *replay_leaf_text(const struct journal_record *record, const char *name);

/* ---- replay_range.c ---- */

/* Of a leaf, and of the payload where there is a filter. */
bool replay_wants(const struct policy_replay_options *options, struct arena *arena,
	const struct journal_record *record);
/* Fills report->from and to. ERROR_STORE. */
bool replay_range(struct replaying *it, struct error *err);

/* ---- replay_note.c ---- */

/* Counts it, and keeps it if it is one of the first. one->verdict is another answer. */
void replay_note(
	struct replaying *it, const struct replayed *one, const struct verdict_asker *asker);
