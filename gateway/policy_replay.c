#include "gateway/policy_replay.h"

#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/value.h"
#include "gateway/policy_kept.h"
#include "gateway/policy_replay_inside.h"
#include "gateway/replay_policies.h"
#include "gateway/replay_rules.h"
#include "journal/query.h"

const char *replay_leaf_text(const struct journal_record *record, const char *name)
{
	return value_find_text(record->leaf, name);
}

/* ---- what cannot be replayed ---- */

/* `why` names no index, so that equal reasons are counted together; the first is the example. */
static void pass_over(
	struct replaying *it, const struct replayed *one, const char *why, const char *detail)
{
	const char *label = arena_printf(one->arena, "%s (entry %llu%s%s)", why,
		(unsigned long long)one->record->index, detail != NULL ? ": " : "",
		detail != NULL ? detail : "");

	it->report->not_replayed++;
	tally_add(&it->report->reasons, why, label, 1);
}

static void pass_over_damaged(
	struct replaying *it, const struct replayed *one, const char *why, const char *detail)
{
	it->report->damaged++;
	pass_over(it, one, why, detail);
}

/* ---- one entry ---- */

/* NULL: it is not to be had; said so. */
static const struct policy *policy_of(struct replaying *it, const struct replayed *one)
{
	const char *revision = replay_leaf_text(one->record, "revision");
	const struct policy *policy;
	struct error err = { 0 };

	if (it->against != NULL) {
		return it->against;
	}
	policy = replay_policies_get(it->recorded, revision != NULL ? revision : "", &err);
	if (policy == NULL && (err.code == ERROR_NOT_FOUND || err.code == ERROR_REQUEST)) {
		pass_over(it, one,
			arena_printf(one->arena, "the policy %s is not archived",
				revision != NULL ? revision : "(none)"),
			NULL);
	} else if (policy == NULL) {
		pass_over_damaged(it, one,
			arena_printf(one->arena, "the archived policy %s cannot be used", revision),
			err.text);
	}
	return policy;
}

static void note_replayed(struct replaying *it, const struct replayed *one)
{
	struct policy_replay_report *report = it->report;
	const char *time = replay_leaf_text(one->record, "time");
	const char *revision = replay_leaf_text(one->record, "revision");

	report->replayed++;
	report->changes[one->change]++;
	tally_add(&report->revisions, revision != NULL ? revision : "(none)", NULL, 1);
	if (time != NULL) {
		snprintf(report->last_time, sizeof(report->last_time), "%s", time);
		if (report->first_time[0] == '\0') {
			memcpy(report->first_time, report->last_time, sizeof(report->first_time));
		}
	}
}

/* False: the input is not to be had; said so. */
static bool resolve_input(struct replaying *it, struct replayed *one)
{
	struct error err = { 0 };

	if (journal_resolve_input(
		    it->options->source, one->arena, one->record, &one->input, &err)) {
		return true;
	}
	if (err.code == ERROR_NOT_FOUND) {
		pass_over(it, one, "an entry that its input needs was erased", err.text);
	} else if (err.code == ERROR_IO) {
		pass_over_damaged(it, one, "its input cannot be read", err.text);
	} else {
		it->failure = err;
	}
	return false;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/*
 * What was answered once was within its limits and its obligations were applied: of a recorded
 * decision neither is asked again, so limits and schemas may have changed since. A hundred times
 * the budget ends what nobody ever decided.
 */
static struct verdict_asker make_asker(const struct replaying *it)
{
	struct verdict_asker asker = { .worker = it->worker, .budget = it->options->budget };

	if (it->against != NULL) {
		asker.model = it->options->model;
		asker.mode = "replay";
		return asker;
	}
	asker.budget.steps = larger(asker.budget.steps, policy_budget_default.steps) * 100;
	asker.budget.bytes = larger(asker.budget.bytes, policy_budget_default.bytes) * 16;
	asker.budget.time_us = 60000000;
	return asker;
}

static void replay_one(struct replaying *it, struct replayed *one)
{
	struct verdict_asker asker = make_asker(it);
	const char *why;
	struct error err = { 0 };

	if (!replay_recorded_of(one->arena, one->record, &one->recorded, &why)) {
		pass_over(it, one, why, NULL);
		return;
	}
	if (!resolve_input(it, one)) {
		return;
	}
	asker.policy = policy_of(it, one);
	if (asker.policy == NULL) {
		return;
	}
	if (!verdict_of(&asker, one->arena, one->input, &one->verdict, &err)) {
		pass_over(it, one, err.text, NULL);
		return;
	}
	one->change = replay_compare(one->arena, &one->recorded, &one->verdict);
	note_replayed(it, one);
	if (one->change != REPLAY_SAME) {
		replay_note(it, one, &asker);
	}
}

static bool on_record(void *user, struct arena *arena, const struct journal_record *record)
{
	struct replaying *it = user;
	struct replayed one = { .arena = arena, .record = record };

	if (replay_wants(it->options, arena, record)) {
		it->report->decisions++;
		replay_one(it, &one);
	}
	return it->failure.code == ERROR_NONE;
}

/* A damaged entry is named, and the next one is looked at. */
static void pass_damaged_entry(
	struct replaying *it, struct arena *arena, uint64_t index, const char *text)
{
	const struct journal_record record = { .index = index };
	const struct replayed one = { .arena = arena, .record = &record };

	arena_reset(arena);
	it->report->decisions++;
	pass_over_damaged(it, &one, "the entry is damaged", text);
}

/* The cursor moves on by at least one entry, or err says why not. */
static bool read_slice(
	struct replaying *it, struct journal_cursor *cursor, struct arena *arena, struct error *err)
{
	uint64_t from = cursor->next;
	struct error problem = { 0 };
	bool ok = journal_cursor_read(cursor, arena, REPLAY_SLICE, on_record, it, NULL, &problem);

	if (it->failure.code != ERROR_NONE) {
		*err = it->failure;
		return false;
	}
	if (!ok && problem.code == ERROR_IO) {
		pass_damaged_entry(it, arena, cursor->next, problem.text);
		cursor->next++;
		return true;
	}
	if (!ok) {
		return error_set(err, problem.code, "%s", problem.text);
	}
	return cursor->next > from ||
	       error_set(err, ERROR_STORE, "the journal ends before entry %llu",
		       (unsigned long long)from);
}

static bool walk(struct replaying *it, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const struct policy_replay_options *options = it->options;
	uint64_t from = it->report->from;
	uint64_t to = it->report->to;
	struct journal_cursor cursor = {
		.source = options->source, .next = from, .end = to, .payloads = true
	};

	while (cursor.next < to) {
		if (!read_slice(it, &cursor, arena, err)) {
			return false;
		}
		if (options->on_progress != NULL &&
			!options->on_progress(options->user, cursor.next - from, to - from)) {
			return error_set(err, ERROR_TIMEOUT, "stopped");
		}
	}
	return true;
}

/* ---- the whole ---- */

static void sort(struct policy_replay_report *report)
{
	tally_sort(&report->reasons);
	tally_sort(&report->revisions);
	tally_sort(&report->rules);
	tally_sort(&report->people);
	tally_sort(&report->groups);
}

static bool load_against(struct replaying *it, struct error *err)
{
	struct policy_files files;

	if (it->options->against == NULL) {
		return true;
	}
	files = policy_kept_files(it->options->against);
	it->against = policy_load(&files, NULL, err);
	return it->against != NULL;
}

bool policy_replay_run(const struct policy_replay_options *options, struct arena *arena,
	struct policy_replay_report *report, struct error *err)
{
	const struct tally empty = { .arena = arena };
	struct replaying it = { .options = options, .report = report, .arena = arena };
	int64_t start_us = clock_monotonic_us();
	bool ok;

	*report = (struct policy_replay_report){ .reasons = empty,
		.revisions = empty,
		.rules = empty,
		.people = empty,
		.groups = empty };
	it.shown = arena_calloc(arena, POLICY_REPLAY_SHOWN + 1, sizeof(*it.shown));
	it.recorded = replay_policies_new(options->archive);
	it.worker = policy_worker_new();
	ok = load_against(&it, err) && replay_range(&it, err) && walk(&it, err);
	report->shown = it.shown;
	report->took_us = clock_monotonic_us() - start_us;
	sort(report);
	rule_watch_free(it.watch);
	policy_worker_free(it.worker);
	policy_unref(it.against);
	replay_policies_free(it.recorded);
	return ok;
}
