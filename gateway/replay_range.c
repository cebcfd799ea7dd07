/* Which entries are replayed. */
#include "gateway/policy_replay_inside.h"

#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/value.h"
#include "journal/query.h"
#include "scim/datatype.h"
#include "scim/match.h"

bool replay_wants(const struct policy_replay_options *options, struct arena *arena,
	const struct journal_record *record)
{
	const char *time = replay_leaf_text(record, "time");
	int64_t us;

	if (record->kind != JOURNAL_DECISION) {
		return false;
	}
	if (options->since_us != INT64_MIN &&
		(time == NULL || !scim_datetime_parse(time, strlen(time), true, &us) ||
			us < options->since_us)) {
		return false;
	}
	return options->filter == NULL ||
	       scim_filter_matches_value(arena, options->filter, journal_view(arena, record));
}

/* ---- where to begin ---- */

struct probe {
	int64_t time_us;
};

static bool on_probe(void *user, struct arena *arena, const struct journal_record *record)
{
	struct probe *probe = user;
	const char *time = replay_leaf_text(record, "time");

	(void)arena;
	if (time == NULL || !scim_datetime_parse(time, strlen(time), true, &probe->time_us)) {
		probe->time_us = INT64_MAX;
	}
	return false;
}

/*
 * Times grow with indexes but for requests that overtook each other and clocks that were set: an
 * hour is left for these, and each entry is held against since_us by itself.
 */
static bool seek_time(struct replaying *it, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const int64_t hour_us = (int64_t)3600 * 1000000;
	struct policy_replay_report *report = it->report;
	uint64_t low = report->from;
	uint64_t high = report->to;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		struct probe probe = { .time_us = INT64_MAX };
		struct journal_cursor cursor = {
			.source = it->options->source, .next = middle, .end = middle + 1
		};
		struct error problem = { 0 };

		if (!journal_cursor_read(&cursor, arena, 1, on_probe, &probe, NULL, &problem) &&
			problem.code != ERROR_IO) {
			return error_set(err, problem.code, "%s", problem.text);
		}
		if (probe.time_us < it->options->since_us - hour_us) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	report->from = low;
	return true;
}

struct counting {
	const struct policy_replay_options *options;
	uint64_t *matches; /* of one slice */
	size_t count;
};

static bool on_counted(void *user, struct arena *arena, const struct journal_record *record)
{
	struct counting *counting = user;

	if (replay_wants(counting->options, arena, record)) {
		counting->matches[counting->count++] = record->index;
	}
	return true;
}

/* A damaged entry counts as one that is wanted: it will be named. */
static bool count_slice(struct replaying *it, struct counting *counting, struct arena *arena,
	uint64_t from, uint64_t end, struct error *err)
{
	struct journal_cursor cursor = { .source = it->options->source,
		.next = from,
		.end = end,
		.payloads = it->options->filter != NULL };

	counting->count = 0;
	while (cursor.next < end) {
		struct error problem = { 0 };

		if (journal_cursor_read(&cursor, arena, 0, on_counted, counting, NULL, &problem)) {
			return true;
		}
		if (problem.code != ERROR_IO) {
			return error_set(err, problem.code, "%s", problem.text);
		}
		counting->matches[counting->count++] = cursor.next++;
	}
	return true;
}

/* From the end on, slice by slice, until there are enough. */
static bool seek_last(struct replaying *it, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	uint64_t matches[REPLAY_SLICE];
	struct counting counting = { it->options, matches, 0 };
	struct policy_replay_report *report = it->report;
	uint64_t wanted = it->options->last;
	uint64_t end = report->to;

	while (end > report->from) {
		uint64_t from =
			end - report->from > REPLAY_SLICE ? end - REPLAY_SLICE : report->from;

		if (!count_slice(it, &counting, arena, from, end, err)) {
			return false;
		}
		if (counting.count >= wanted) {
			report->from = matches[counting.count - wanted];
			return true;
		}
		wanted -= counting.count;
		end = from;
	}
	return true;
}

bool replay_range(struct replaying *it, struct error *err)
{
	const struct policy_replay_options *options = it->options;
	uint64_t size;

	if (!options->source->size(options->source->user, &size, err)) {
		return false;
	}
	it->report->to = options->to < size ? options->to : size;
	it->report->from = options->from < it->report->to ? options->from : it->report->to;
	return (options->since_us == INT64_MIN || seek_time(it, err)) &&
	       (options->last == 0 || seek_last(it, err));
}
