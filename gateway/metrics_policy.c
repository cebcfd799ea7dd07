/*
 * The exposition: what policies do. A row here needs its counter in metrics_print.h.
 */
#include <stddef.h>
#include "base/buf.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "gateway/metrics_print.h"
#include "gateway/metrics_text.h"
#include "gateway/policy_gate.h"
#include "gateway/policy_live.h"
#include "gateway/policy_remote.h"
#include "gateway/shadow.h"

static uint64_t load(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

const char *metrics_reason_name(const struct metrics *metrics, size_t reason)
{
	return reason < metrics->reason_count ? metrics->reasons[reason] : "(other)";
}

/* What rule packages said that do not act (docs/enforcement-levels.md). */
static void print_level(const struct metrics *metrics, struct buf *buf, const char *name,
	size_t source, size_t reason, bool overridden)
{
	const struct config_source *config = metrics->gateway->sources[source].config;
	uint64_t sum = 0;

	for (unsigned i = 0; i < metrics->thread_count; i++) {
		const struct metrics_decisions *row = &metrics->threads[i].decisions[source];

		sum += load(overridden ? &row->overridden : &row->observed[reason]);
	}
	if (sum == 0) {
		return;
	}
	buf_printf(buf, "%s{", name);
	metrics_label(buf, "tenant", config->tenant);
	buf_append_char(buf, ',');
	metrics_label(buf, "source", config->name);
	if (!overridden) {
		buf_append_char(buf, ',');
		metrics_label(buf, "reason", metrics_reason_name(metrics, reason));
	}
	buf_printf(buf, "} %llu\n", (unsigned long long)sum);
}

void metrics_print_levels(const struct metrics *metrics, struct buf *buf)
{
	metrics_head(buf, "scimward_policy_observed_total", "counter",
		"Reasons that were recorded and did not act: of packages at the level observe, or "
		"overridden.");
	for (size_t at = 0; at < metrics->source_count * METRICS_REASONS; at++) {
		print_level(metrics, buf, "scimward_policy_observed_total", at / METRICS_REASONS,
			at % METRICS_REASONS, false);
	}
	metrics_head(buf, "scimward_policy_overridden_total", "counter",
		"Operations that passed because an admin overrode what is soft.");
	for (size_t source = 0; source < metrics->source_count; source++) {
		print_level(metrics, buf, "scimward_policy_overridden_total", source, 0, true);
	}
}

static void print_policy_source(const struct gateway *gateway, struct buf *buf)
{
	struct policy_live_status status;

	policy_live_status(gateway->policy, &status);
	metrics_single(buf, "scimward_policy_last_attempt_timestamp_seconds", "gauge",
		"When a policy was looked for last.", (double)status.tried_us / 1e6);
	metrics_single(buf, "scimward_policy_last_success_timestamp_seconds", "gauge",
		"When that went well last.", (double)status.fine_us / 1e6);
	metrics_single(buf, "scimward_policy_refused", "gauge",
		"1: what came last did not pass the gate.", status.refused.step != NULL);
	metrics_single(buf, "scimward_policy_unreachable", "gauge",
		"1: the source of the policy could not be reached.",
		status.unreachable.step != NULL);
	metrics_single(buf, "scimward_policy_kept", "gauge",
		"1: the policy that decides was kept by an earlier run.", status.from_kept);
	metrics_head(buf, "scimward_policy_step_failures_total", "counter",
		"Tries that ended at this step.");
	for (size_t i = 0; policy_gate_step(i) != NULL; i++) {
		buf_append_text(buf, "scimward_policy_step_failures_total{");
		metrics_label(buf, "step", policy_gate_step(i));
		buf_printf(buf, "} %llu\n",
			(unsigned long long)policy_live_refusals(gateway->policy, i));
	}
}

/* policy.engine: opa */
static void print_server(const struct gateway *gateway, struct buf *buf)
{
	struct policy_remote_status status;

	if (gateway->remote == NULL) {
		return;
	}
	policy_remote_status(gateway->remote, &status);
	metrics_head(buf, "scimward_policy_questions_total", "counter",
		"Questions to the OPA server, and what became of them.");
	for (size_t i = 0; i < POLICY_ASKED_COUNT; i++) {
		buf_append_text(buf, "scimward_policy_questions_total{");
		metrics_label(buf, "outcome", policy_asked_name((enum policy_asked)i));
		buf_printf(buf, "} %llu\n", (unsigned long long)status.asked[i]);
	}
	metrics_single(buf, "scimward_policy_questions_open", "gauge",
		"Questions to the OPA server that are under way or wait for a place.",
		(double)status.open);
}

static void print_shadow_counts(const struct shadow_counts *counts, struct buf *buf)
{
	metrics_single(buf, "scimward_policy_shadow_evaluations_total", "counter",
		"Operations that the candidate was asked about.", (double)counts->asked);
	metrics_head(buf, "scimward_policy_shadow_diffs_total", "counter",
		"Operations that the candidate would have decided otherwise, by effect in force, "
		"effect of the candidate, and what differs.");
	for (size_t at = 0; at < (size_t)REPLAY_EFFECTS * REPLAY_EFFECTS; at++) {
		size_t live = at / REPLAY_EFFECTS;
		size_t candidate = at % REPLAY_EFFECTS;

		if (live != candidate) {
			buf_printf(buf,
				"scimward_policy_shadow_diffs_total{from=\"%s\",to=\"%s\","
				"what=\"effect\"} %llu\n",
				replay_effect_name((enum replay_effect)live),
				replay_effect_name((enum replay_effect)candidate),
				(unsigned long long)counts->effects[live][candidate]);
		}
	}
	for (int change = REPLAY_OTHER_EFFECT + 1; change < REPLAY_CHANGES; change++) {
		buf_printf(buf, "scimward_policy_shadow_diffs_total{what=\"%s\"} %llu\n",
			shadow_change_word((enum replay_change)change),
			(unsigned long long)counts->changes[change]);
	}
	metrics_single(buf, "scimward_policy_shadow_passed_over_total", "counter",
		"Operations that the candidate was not asked about: its thread did not keep up.",
		(double)counts->passed_over);
	metrics_single(buf, "scimward_policy_shadow_unreadable_total", "counter",
		"Operations that it could not be asked about.", (double)counts->unreadable);
	metrics_single(buf, "scimward_policy_shadow_not_journaled_total", "counter",
		"Differences that were only counted: beyond policy.shadow.journal_per_s, or the "
		"store refused.",
		(double)counts->not_journaled);
}

/* The candidate of policy.shadow, when there shall be one. */
static void print_shadow(const struct gateway *gateway, struct buf *buf)
{
	struct policy_live_status candidate;
	struct shadow_status status;

	if (gateway->shadow == NULL) {
		return;
	}
	policy_live_status(gateway->candidate, &candidate);
	shadow_status(gateway->shadow, &status);
	metrics_head(buf, "scimward_policy_shadow_info", "gauge", "The candidate's revision.");
	if (candidate.revision != NULL) {
		buf_append_text(buf, "scimward_policy_shadow_info{");
		metrics_label(buf, "revision", candidate.revision);
		buf_append_text(buf, "} 1\n");
	}
	metrics_single(buf, "scimward_policy_shadow_refused", "gauge",
		"1: the candidate that came last did not pass the gate.",
		candidate.refused.step != NULL);
	metrics_single(buf, "scimward_policy_shadow_unreachable", "gauge",
		"1: the source of the candidate could not be reached.",
		candidate.unreachable.step != NULL);
	print_shadow_counts(&status.total, buf);
}

void metrics_print_policy(const struct metrics *metrics, struct buf *buf)
{
	const struct gateway *gateway = metrics->gateway;
	int64_t loaded_us = __atomic_load_n(&metrics->policy_loaded_us, __ATOMIC_RELAXED);
	uint64_t blocked = 0;

	metrics_head(buf, "scimward_policy_info", "gauge", "The revision that decides.");
	buf_append_text(buf, "scimward_policy_info{");
	metrics_label(buf, "revision", policy_live_revision(gateway));
	buf_append_text(buf, "} 1\n");
	metrics_single(buf, "scimward_policy_last_load_timestamp_seconds", "gauge",
		"When it was loaded.", (double)loaded_us / 1e6);
	metrics_single(buf, "scimward_policy_load_failures_total", "counter",
		"Reloads that kept the old policy.", (double)load(&metrics->policy_failures));
	print_policy_source(gateway, buf);
	print_server(gateway, buf);
	print_shadow(gateway, buf);
	for (unsigned i = 0; i < metrics->thread_count; i++) {
		blocked += load(&metrics->threads[i].mass_change_blocked);
	}
	metrics_single(buf, "scimward_mass_change_blocked_total", "counter",
		"Operations that a rail refused.", (double)blocked);
}
