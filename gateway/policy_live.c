#include "gateway/policy_live.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/config.h"
#include "config/scalar.h"
#include "gateway/metrics.h"
#include "gateway/policy_archive.h"
#include "gateway/policy_gate.h"
#include "gateway/policy_live_inside.h"
#include "gateway/policy_record.h"
#include "gateway/policy_server.h"
#include "gateway/reload.h"
#include "gateway/snapshot.h"
#include "io/loop.h"
#include "io/worker.h"
#include "policy/engine.h"

/* ---- roles ---- */

const struct policy_role policy_role_in_force = {
	.operation = "activate",
	.folder = "-policy",
	.thread = "policy",
	.loaded = "policy_loaded",
	.failed = "policy_reload_failed",
	.decides = true,
	.take = reload_policy,
};

const struct policy_role policy_role_candidate = {
	.operation = "shadow",
	.folder = "-policy/shadow",
	.thread = "candidate",
	.loaded = "shadow_loaded",
	.failed = "shadow_reload_failed",
	.take = reload_candidate,
};

/* ---- facts about what is in force ---- */

void policy_live_set(
	struct policy_live *live, const struct policy_kept *kept, bool from_kept, int64_t now_us)
{
	struct arena *arena = arena_new();
	const struct policy_kept copy = {
		.source = arena_strdup(arena, kept->source),
		.revision = arena_strdup(arena, kept->revision),
		.digest = arena_strdup(arena, kept->digest),
		.commit = kept->commit != NULL ? arena_strdup(arena, kept->commit) : NULL,
		.serial = kept->serial,
		.time_us = kept->time_us,
	};

	arena_free(live->arena);
	live->arena = arena;
	live->active = copy;
	live->from_kept = from_kept;
	live->since_us = now_us;
}

static void set_seen(struct policy_live *live, const char *seen)
{
	char *copy = seen != NULL ? must_strdup(seen) : NULL;

	memory_free(live->seen);
	live->seen = copy;
}

/* A "no" that the same content gets again, for certain. */
static bool is_final(const struct error *err)
{
	return err->code == ERROR_POLICY || err->code == ERROR_SYNTAX ||
	       err->code == ERROR_TOO_LARGE;
}

/* ---- an attempt: in the thread "policy" ---- */

struct attempt *policy_attempt_new(struct policy_live *live, bool forced, bool allow_older)
{
	struct attempt *attempt = must_calloc(1, sizeof(*attempt));

	policy_gate_init(&attempt->gate, live->config);
	attempt->live = live;
	attempt->forced = forced;
	attempt->gate.whole = live->gateway->config;
	attempt->gate.state = live->folder;
	attempt->gate.seen = forced ? NULL : live->seen;
	attempt->gate.last = live->active.revision != NULL ? &live->active : NULL;
	attempt->gate.allow_older = allow_older;
	attempt->gate.wait_ms = forced ? 0 : live->config->poll.wait_ms;
	attempt->gate.cancelled = &attempt->cancelled;
	return attempt;
}

void policy_attempt_free(struct attempt *attempt)
{
	policy_gate_fini(&attempt->gate);
	memory_free(attempt);
}

static bool record(const struct attempt *attempt, const char *step, struct error *err)
{
	const struct policy_live *live = attempt->live;
	const struct policy_record row = {
		.operation = live->role->operation,
		.before = live->active.revision,
		.next = &attempt->gate.found,
		.allow_older = attempt->gate.allow_older,
		.step = step,
		.error = step != NULL ? attempt->err.text : NULL,
	};

	return policy_record_write(live->gateway, &row, err);
}

/* The same "no" again, which nobody asked for, is no news. */
static bool is_news(const struct attempt *attempt)
{
	return attempt->gate.reached &&
	       (attempt->forced ||
		       strcmp(attempt->err.text, attempt->live->refused.err.text) != 0) &&
	       !__atomic_load_n(&attempt->cancelled, __ATOMIC_RELAXED);
}

static bool is_new(const struct attempt *attempt)
{
	const struct policy_live *live = attempt->live;

	return live->since_us == 0 ||
	       strcmp(live->active.revision, attempt->gate.found.revision) != 0;
}

/* The record comes before the first decision under it: an entry must exist that names it. */
void policy_attempt_run(void *job)
{
	struct attempt *attempt = job;
	struct policy_gate *gate = &attempt->gate;
	struct error unrecorded = { 0 };

	if (!policy_gate_run(gate, &attempt->err)) {
		if (is_news(attempt) && !record(attempt, gate->step, &unrecorded)) {
			log_event(LOG_ERROR, "policy_not_recorded", "error", unrecorded.text, NULL);
		}
		return;
	}
	if (gate->unchanged) {
		return;
	}
	if (is_new(attempt) && !record(attempt, NULL, &attempt->err)) {
		error_wrap(&attempt->err, "the change of policy cannot be recorded");
		policy_unref(gate->policy);
		gate->policy = NULL;
		gate->step = "record";
		return;
	}
	if (attempt->live->role->decides &&
		file_make_folders(attempt->live->folder, 0700, &attempt->not_kept) &&
		policy_kept_write(attempt->live->kept_path, &gate->found, &attempt->not_kept)) {
		policy_archive_add(attempt->live->archive_path, &gate->found,
			&attempt->live->config->archive, &attempt->not_kept);
	}
}

/* ---- what became of it: in the main thread ---- */

static void count_refusal(struct policy_live *live, const char *step)
{
	for (size_t i = 0; policy_gate_step(i) != NULL && i < STEPS_MAX; i++) {
		live->refusals[i] += strcmp(policy_gate_step(i), step) == 0;
	}
}

static void note_failure(struct policy_live *live, const struct attempt *attempt)
{
	const struct policy_gate *gate = &attempt->gate;
	struct refusal *refusal = gate->reached ? &live->refused : &live->unreachable;

	*refusal = (struct refusal){ attempt->err, gate->step, live->tried_us };
	if (gate->reached) {
		live->unreachable = (struct refusal){ 0 };
		set_seen(live, is_final(&attempt->err) ? gate->new_seen : NULL);
	}
	count_refusal(live, gate->step);
	if (live->role->decides) {
		metrics_policy_load(live->gateway->metrics, false, live->tried_us);
	}
	log_event(LOG_ERROR, live->role->failed, "step", gate->step, "error", attempt->err.text,
		"kept", live->active.revision, NULL);
}

static void take_over(struct policy_live *live, struct attempt *attempt)
{
	struct gateway *gateway = live->gateway;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const char *before =
		live->active.revision != NULL ? arena_strdup(arena, live->active.revision) : NULL;
	struct policy *policy = attempt->gate.policy;

	attempt->gate.policy = NULL;
	if (!live->role->take(gateway, policy, &attempt->err)) {
		attempt->gate.step = "swap";
		note_failure(live, attempt);
		return;
	}
	policy_live_set(live, &attempt->gate.found, false, live->tried_us);
	set_seen(live, attempt->gate.new_seen);
	live->refused = (struct refusal){ 0 };
	live->unreachable = (struct refusal){ 0 };
	live->fine_us = live->tried_us;
	if (live->role->decides) {
		metrics_policy_load(gateway->metrics, true, live->tried_us);
	}
	log_event(LOG_INFO, live->role->loaded, "revision", live->active.revision, "before", before,
		NULL);
	if (attempt->not_kept.code != ERROR_NONE) {
		log_event(LOG_WARN, "policy_not_kept", "error", attempt->not_kept.text, NULL);
	}
}

void policy_attempt_finish(struct policy_live *live, struct attempt *attempt)
{
	live->tried_us = clock_now_us();
	live->holds = attempt->gate.holds;
	live->reloads += attempt->forced;
	if (attempt->gate.policy != NULL) {
		take_over(live, attempt);
	} else if (attempt->gate.unchanged) {
		live->unreachable = (struct refusal){ 0 };
		live->fine_us = live->tried_us;
	} else if (!__atomic_load_n(&attempt->cancelled, __ATOMIC_RELAXED)) {
		note_failure(live, attempt);
	}
}

/* ---- when it is looked for again ---- */

/* Random, so that many gateways do not ask one server at once. */
static int64_t random_delay_ms(const struct config_policy_poll *poll)
{
	uint32_t number;

	random_bytes(&number, sizeof(number));
	return poll->min_ms + (int64_t)(number % (uint64_t)(poll->max_ms - poll->min_ms + 1));
}

/* A server that can hold a question gets the next one at once, unless it answered the last one
 * early with nothing: then it does not do what it says. */
static bool may_hold(const struct policy_live *live, const struct attempt *attempt)
{
	int64_t wait_ms = live->config->poll.wait_ms;

	return live->holds && wait_ms > 0 && live->seen != NULL &&
	       (attempt == NULL || (attempt->err.code == ERROR_NONE &&
					   (!attempt->gate.unchanged ||
						   live->tried_us - attempt->gate.found.time_us >=
							   wait_ms * 500)));
}

/* attempt NULL: nothing was asked yet. */
static void schedule(struct policy_live *live, const struct attempt *attempt)
{
	const struct config_policy_poll *poll = &live->config->poll;
	bool is_remote = live->config->git.url != NULL || config_is_url(live->config->bundle);
	int64_t delay_ms;

	if (!live->follows || !is_remote || poll->min_ms == 0) {
		return;
	}
	delay_ms = random_delay_ms(poll);
	if (attempt != NULL && attempt->gate.retry_after_s * 1000 > delay_ms) {
		delay_ms = attempt->gate.retry_after_s * 1000;
	}
	loop_timer_start(&live->timer, may_hold(live, attempt) ? 0 : delay_ms);
}

/* In the thread "policy": tests and scenarios needed more memory than the gateway does. */
static void give_back(void *user)
{
	(void)user;
	memory_give_back();
}

static void start_attempt(struct policy_live *live, bool forced, bool allow_older);

static void on_attempted(void *job)
{
	struct attempt *attempt = job;
	struct policy_live *live = attempt->live;

	live->attempt = NULL;
	if (live->done != NULL) {
		policy_unref(attempt->gate.policy);
		policy_attempt_free(attempt);
		live->done(live->done_user);
		return;
	}
	policy_attempt_finish(live, attempt);
	if (live->again) {
		start_attempt(live, true, live->again_older);
	} else {
		schedule(live, attempt);
	}
	policy_attempt_free(attempt);
	worker_submit(live->worker, NULL, give_back, NULL, live);
}

static void start_attempt(struct policy_live *live, bool forced, bool allow_older)
{
	struct attempt *attempt = policy_attempt_new(live, forced, allow_older);

	live->again = false;
	live->again_older = false;
	loop_timer_cancel(&live->timer);
	if (!worker_submit(
		    live->worker, live->gateway->loop, policy_attempt_run, on_attempted, attempt)) {
		policy_attempt_free(attempt); /* not reached: there is one at a time */
		return;
	}
	live->attempt = attempt;
}

static void on_time(void *user)
{
	struct policy_live *live = user;

	if (live->attempt == NULL) {
		start_attempt(live, false, false);
	}
}

void policy_live_follow(struct policy_live *live)
{
	if (live == NULL) {
		return;
	}
	if (live->server != NULL) {
		policy_server_follow(live);
		return;
	}
	live->follows = true;
	if (live->since_us == 0) { /* nothing came yet: a candidate is not waited for */
		start_attempt(live, false, false);
	} else {
		schedule(live, NULL);
	}
}

uint64_t policy_live_reload(struct policy_live *live, bool allow_older)
{
	if (live->server != NULL) {
		return policy_server_reload(live);
	}
	if (live->attempt == NULL) {
		start_attempt(live, true, allow_older);
		return live->reloads + 1;
	}
	live->again = true;
	live->again_older |= allow_older;
	if (!live->attempt->forced) { /* it may hold for minutes; nobody waits for it */
		__atomic_store_n(&live->attempt->cancelled, true, __ATOMIC_RELAXED);
	}
	return live->reloads + (live->attempt->forced ? 2 : 1);
}

void policy_live_stop(struct policy_live *live, gateway_done_fn *done, void *user)
{
	if (live == NULL) {
		done(user);
		return;
	}
	if (live->server != NULL) {
		policy_server_stop(live, done, user);
		return;
	}
	loop_timer_cancel(&live->timer);
	live->follows = false;
	if (live->attempt == NULL) {
		done(user);
		return;
	}
	__atomic_store_n(&live->attempt->cancelled, true, __ATOMIC_RELAXED);
	live->done = done;
	live->done_user = user;
}

/* ---- start ---- */

struct policy_live *policy_live_new(struct gateway *gateway, const struct policy_role *role,
	const struct config_policy *config, struct error *err)
{
	struct policy_live *live = must_calloc(1, sizeof(*live));
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const char *store = gateway->config->store.path;

	assert(policy_gate_step(STEPS_MAX) == NULL); /* ours: each step has its counter */
	live->gateway = gateway;
	live->role = role;
	live->config = config;
	live->active.serial = -1;
	live->folder = must_strdup(arena_printf(arena, "%s%s", store, role->folder));
	live->kept_path = must_strdup(arena_printf(arena, "%s/" POLICY_KEPT_LAST, live->folder));
	live->archive_path = must_strdup(policy_archive_folder(arena, store));
	loop_timer_init(&live->timer, gateway->loop, on_time, live);
	live->worker = worker_new(role->thread, 8, err);
	return live;
}

void policy_live_free(struct policy_live *live)
{
	if (live == NULL) {
		return;
	}
	loop_timer_fini(&live->timer);
	worker_free(live->worker);
	policy_server_free(live->server);
	arena_free(live->arena);
	memory_free(live->folder);
	memory_free(live->kept_path);
	memory_free(live->archive_path);
	memory_free(live->seen);
	memory_free(live);
}

/* ---- status ---- */

static struct policy_trouble trouble_of(const struct refusal *refusal)
{
	bool is_there = refusal->err.code != ERROR_NONE;

	return (struct policy_trouble){ is_there ? refusal->step : NULL,
		is_there ? refusal->err.text : NULL, refusal->at_us };
}

void policy_live_status(const struct policy_live *live, struct policy_live_status *status)
{
	if (live->server != NULL) {
		policy_server_status(live, status);
		return;
	}
	*status = (struct policy_live_status){
		.source = live->active.source,
		.revision = live->active.revision,
		.digest = live->active.digest,
		.commit = live->active.commit,
		.serial = live->active.serial,
		.since_us = live->since_us,
		.from_kept = live->from_kept,
		.tried_us = live->tried_us,
		.fine_us = live->fine_us,
		.reloads = live->reloads,
		.refused = trouble_of(&live->refused),
		.unreachable = trouble_of(&live->unreachable),
	};
}

const char *policy_live_revision(const struct gateway *gateway)
{
	struct policy_live_status status;

	if (gateway->snapshot->policy != NULL) {
		return policy_revision(gateway->snapshot->policy);
	}
	policy_live_status(gateway->policy, &status);
	return status.revision;
}

uint64_t policy_live_refusals(const struct policy_live *live, size_t step)
{
	return step < STEPS_MAX ? live->refusals[step] : 0;
}
