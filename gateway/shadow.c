#include "gateway/shadow.h"

#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/ask.h"
#include "gateway/request.h"
#include "gateway/shadow_inside.h"
#include "gateway/snapshot.h"
#include "gateway/verdict.h"
#include "gateway/write.h"
#include "io/loop.h"
#include "journal/query.h"
#include "policy/engine.h"
#include "scim/schema.h"
#include "store/read.h"

/* What may wait: more is passed over. An operation copies some kilobytes; one with hundreds of
 * members a megabyte or two. */
enum { WAITING_MAX = 1024, WAITING_BYTES_MAX = 16 << 20 };

/* ---- counting ---- */

static void add(struct shadow_counts *counts, size_t offset)
{
	(*(uint64_t *)((char *)counts + offset))++;
}

void shadow_count(struct shadow *shadow, size_t offset)
{
	pthread_mutex_lock(&shadow->mutex);
	add(&shadow->since, offset);
	add(&shadow->total, offset);
	pthread_mutex_unlock(&shadow->mutex);
}

const char *shadow_change_word(enum replay_change change)
{
	const char *member = replay_change_member(change);

	if (member != NULL) {
		return member;
	}
	return change == REPLAY_OTHER_EFFECT ? "effect" : "answer";
}

static void join_codes(
	const struct policy_reason *reasons, size_t count, char text[SHADOW_CODES_BYTES])
{
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count && at < SHADOW_CODES_BYTES; i++) {
		at += (size_t)snprintf(text + at, SHADOW_CODES_BYTES - at, "%s%s",
			i > 0 ? ", " : "", reasons[i].code);
	}
	utf8_repair(text); /* it may have been cut within a character */
}

static void note_newest(
	struct shadow_job *job, const struct verdict *verdict, enum replay_change change)
{
	struct shadow *shadow = job->shadow;
	struct shadow_difference *it = &shadow->newest[shadow->newest_at];

	shadow->newest_at = (shadow->newest_at + 1) % SHADOW_NEWEST;
	shadow->newest_count += shadow->newest_count < SHADOW_NEWEST;
	it->decision = job->index;
	it->at_us = clock_now_us();
	it->change = change;
	it->live = job->live.effect;
	it->candidate = replay_effect_of(verdict->effect);
	it->operation = job->operation;
	it->type = job->type;
	memcpy(it->id, job->id, sizeof(it->id));
	join_codes(job->live.reasons, job->live.reason_count, it->live_codes);
	join_codes(verdict->reasons, verdict->reason_count, it->candidate_codes);
}

static void count_answer(struct shadow_counts *counts, const struct shadow_job *job,
	const struct verdict *verdict, enum replay_change change)
{
	counts->asked++;
	counts->changes[change]++;
	if (change == REPLAY_OTHER_EFFECT) {
		counts->effects[job->live.effect][replay_effect_of(verdict->effect)]++;
	}
}

/* ---- asking: in the thread ---- */

/* Arenas go back to the workers, so that these need not ask the system for memory. */
static struct arena *take_arena(struct shadow *shadow)
{
	struct arena *arena = NULL;

	pthread_mutex_lock(&shadow->mutex);
	if (shadow->idle_count > 0) {
		arena = shadow->idle[--shadow->idle_count];
	}
	pthread_mutex_unlock(&shadow->mutex);
	return arena != NULL ? arena : arena_new();
}

void shadow_job_free(struct shadow_job *job)
{
	struct shadow *shadow = job->shadow;
	struct arena *arena = job->arena;

	policy_unref(job->candidate);
	arena_reset(arena); /* the job as well */
	pthread_mutex_lock(&shadow->mutex);
	if (shadow->idle_count < SHADOW_IDLE) {
		shadow->idle[shadow->idle_count++] = arena;
		arena = NULL;
	}
	pthread_mutex_unlock(&shadow->mutex);
	arena_free(arena);
}

static void leave_queue(struct shadow_job *job)
{
	__atomic_sub_fetch(&job->shadow->waiting, 1, __ATOMIC_RELAXED);
	__atomic_sub_fetch(&job->shadow->waiting_bytes, job->bytes, __ATOMIC_RELAXED);
}

/* Its revision was replaced meanwhile: what it says is nobody's count any more. */
static bool is_current(const struct shadow_job *job)
{
	struct shadow *shadow = job->shadow;

	pthread_mutex_lock(&shadow->mutex);
	bool current = shadow->revision != NULL &&
		       strcmp(shadow->revision, policy_revision(job->candidate)) == 0;
	pthread_mutex_unlock(&shadow->mutex);
	return current;
}

/* Of several slices: each input went with its slice, but the journal has the whole. */
static bool need_input(struct shadow_job *job, struct error *err)
{
	struct journal_source source = journal_source_of_store(job->shadow->reader);
	struct journal_record record;

	return job->input != NULL ||
	       (journal_get(&source, job->arena, (uint64_t)job->index, &record, err) &&
		       journal_resolve_input(&source, job->arena, &record, &job->input, err));
}

static bool ask(struct shadow_job *job, struct verdict *verdict)
{
	const struct gateway *gateway = job->shadow->gateway;
	struct verdict_asker asker = { .policy = job->candidate,
		.worker = job->shadow->policy,
		.model = gateway->model,
		.mode = "shadow" };
	struct error err = { 0 };

	ask_budget(&gateway->config->policy.limits, &asker.budget);
	return need_input(job, &err) && verdict_of(&asker, job->arena, job->input, verdict, &err);
}

static void judge(struct shadow_job *job, const struct verdict *verdict)
{
	struct shadow *shadow = job->shadow;
	enum replay_change change = replay_compare(job->arena, &job->live, verdict);

	pthread_mutex_lock(&shadow->mutex);
	count_answer(&shadow->since, job, verdict, change);
	count_answer(&shadow->total, job, verdict, change);
	if (change != REPLAY_SAME) {
		note_newest(job, verdict, change);
	}
	pthread_mutex_unlock(&shadow->mutex);
	if (change != REPLAY_SAME) {
		shadow_record(job, verdict, change);
	} else {
		shadow_job_free(job);
	}
}

static void run_one(struct shadow_job *job)
{
	struct verdict verdict;

	leave_queue(job);
	if (__atomic_load_n(&job->shadow->stopping, __ATOMIC_RELAXED) || !is_current(job)) {
		shadow_job_free(job);
	} else if (ask(job, &verdict)) {
		judge(job, &verdict);
	} else {
		shadow_count(job->shadow, offsetof(struct shadow_counts, unreadable));
		shadow_job_free(job);
	}
}

/* A lane's jobs, the newest first; they are taken the other way round. */
static void run(void *user)
{
	struct shadow_job *newest = user;
	struct shadow_job *oldest = NULL;

	while (newest != NULL) {
		struct shadow_job *job = newest;

		newest = job->next;
		job->next = oldest;
		oldest = job;
	}
	while (oldest != NULL) {
		struct shadow_job *job = oldest;

		oldest = job->next;
		run_one(job);
	}
}

/* ---- offering: in a worker ---- */

static const struct value *copy(struct arena *arena, const struct value *value)
{
	return value != NULL ? value_copy(arena, value) : NULL;
}

static void take_live(struct shadow_job *job, struct request *request)
{
	const struct write *write = request->write;
	struct policy_reason *reasons =
		arena_calloc(job->arena, write->reason_count + 1, sizeof(*reasons));

	for (size_t i = 0; i < write->reason_count; i++) {
		reasons[i].code = arena_strdup(job->arena, write->reasons[i]);
		reasons[i].message = "";
	}
	job->live = (struct replay_recorded){ .effect = replay_effect_of(write->effect),
		.reasons = reasons,
		.reason_count = write->reason_count,
		.output = copy(job->arena, write_output(request)) };
	if (write->revision != NULL) {
		job->live_revision = arena_strdup(job->arena, write->revision);
	}
}

static struct shadow_job *job_of(struct request *request)
{
	const struct write *write = request->write;
	struct shadow *shadow = request->worker->gateway->shadow;
	struct arena *arena = take_arena(shadow);
	struct shadow_job *job = arena_calloc(arena, 1, sizeof(*job));

	job->arena = arena;
	job->shadow = shadow;
	job->candidate = policy_ref(request->snapshot->candidate);
	job->index = write->commit.index;
	job->rid = write->before != NULL ? write->before->rid : write->commit.rid;
	job->tenant_id = request->source->tenant;
	job->tenant = request->source->config->tenant;
	job->source = request->source->config->name;
	job->operation = write_operation_name(write->operation);
	job->type = request->type->name;
	memcpy(job->id, request->resource_text, sizeof(job->id));
	if (write->slice_count <= 1) {
		job->input = copy(arena, write->input);
	}
	job->subject = copy(arena, write_subject(request));
	take_live(job, request);
	job->bytes = (int64_t)arena_used(arena);
	return job;
}

static bool is_full(struct shadow *shadow)
{
	return __atomic_load_n(&shadow->waiting, __ATOMIC_RELAXED) >= WAITING_MAX ||
	       __atomic_load_n(&shadow->waiting_bytes, __ATOMIC_RELAXED) >= WAITING_BYTES_MAX;
}

static void hand_over(void *user)
{
	struct shadow_lane *lane = user;
	struct shadow_job *jobs = lane->jobs;

	lane->jobs = NULL;
	loop_post(lane->shadow->loop, run, jobs);
}

void shadow_offer(struct request *request)
{
	struct shadow *shadow = request->worker->gateway->shadow;
	struct shadow_lane *lane = &shadow->lanes[request->worker->index];
	struct shadow_job *job;

	if (request->write->journal[0] == '\0' || request->write->input == NULL) {
		return; /* nothing was decided */
	}
	if (is_full(shadow)) {
		shadow_count(shadow, offsetof(struct shadow_counts, passed_over));
		return;
	}
	job = job_of(request);
	__atomic_add_fetch(&shadow->waiting, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&shadow->waiting_bytes, job->bytes, __ATOMIC_RELAXED);
	if (lane->jobs == NULL) {
		loop_post(request->worker->loop, hand_over, lane);
	}
	job->next = lane->jobs;
	lane->jobs = job;
}

/* ---- life ---- */

bool shadow_start(struct gateway *gateway, struct error *err)
{
	struct shadow *shadow;

	if (!config_has_policy(&gateway->config->shadow)) {
		return true;
	}
	shadow = gateway->shadow = must_calloc(1, sizeof(*shadow));
	shadow->gateway = gateway;
	pthread_mutex_init(&shadow->mutex, NULL);
	shadow->lanes = must_calloc(gateway->worker_count, sizeof(*shadow->lanes));
	for (size_t i = 0; i < gateway->worker_count; i++) {
		shadow->lanes[i].shadow = shadow;
	}
	shadow->policy = policy_worker_new();
	shadow->packer = journal_packer_new();
	shadow->reader = store_reader_open(gateway->store, err);
	if (shadow->reader == NULL) {
		return false;
	}
	shadow->thread = loop_thread_start("shadow", err);
	if (shadow->thread == NULL) {
		return false;
	}
	shadow->loop = loop_thread_loop(shadow->thread);
	return true;
}

void shadow_tell_stopped(struct shadow *shadow)
{
	if (shadow->done != NULL && shadow->under_way == 0) {
		loop_post(shadow->gateway->loop, shadow->done, shadow->done_user);
		shadow->done = NULL;
	}
}

/* In the thread, behind all that was queued. */
struct ending {
	struct shadow *shadow;
	gateway_done_fn *done;
	void *user;
};

static void end(void *user)
{
	struct ending *ending = user;
	struct shadow *shadow = ending->shadow;

	shadow->done = ending->done;
	shadow->done_user = ending->user;
	memory_free(ending);
	shadow_tell_stopped(shadow);
}

void shadow_stop(struct shadow *shadow, gateway_done_fn *done, void *user)
{
	struct ending *ending;

	if (shadow == NULL) {
		done(user);
		return;
	}
	__atomic_store_n(&shadow->stopping, true, __ATOMIC_RELAXED);
	ending = must_calloc(1, sizeof(*ending));
	*ending = (struct ending){ shadow, done, user };
	loop_post(shadow->loop, end, ending);
}

void shadow_free(struct shadow *shadow)
{
	if (shadow == NULL) {
		return;
	}
	loop_thread_join(shadow->thread);
	store_reader_close(shadow->reader);
	journal_packer_free(shadow->packer);
	policy_worker_free(shadow->policy);
	for (size_t i = 0; i < shadow->idle_count; i++) {
		arena_free(shadow->idle[i]);
	}
	memory_free(shadow->lanes);
	pthread_mutex_destroy(&shadow->mutex);
	memory_free(shadow->revision);
	memory_free(shadow);
}

void shadow_begin(struct shadow *shadow, const struct policy *candidate)
{
	char *revision = must_strdup(policy_revision(candidate));

	pthread_mutex_lock(&shadow->mutex);
	if (shadow->revision == NULL || strcmp(shadow->revision, revision) != 0) {
		memset(&shadow->since, 0, sizeof(shadow->since));
		shadow->newest_at = 0;
		shadow->newest_count = 0;
		shadow->since_us = clock_now_us();
	}
	memory_free(shadow->revision);
	shadow->revision = revision;
	pthread_mutex_unlock(&shadow->mutex);
}

/* ---- what came of it ---- */

void shadow_status(struct shadow *shadow, struct shadow_status *status)
{
	pthread_mutex_lock(&shadow->mutex);
	*status = (struct shadow_status){
		.since_us = shadow->since_us, .since = shadow->since, .total = shadow->total
	};
	pthread_mutex_unlock(&shadow->mutex);
	status->waiting = __atomic_load_n(&shadow->waiting, __ATOMIC_RELAXED);
}

size_t shadow_newest(struct shadow *shadow, struct shadow_difference *list, size_t most)
{
	size_t count;

	pthread_mutex_lock(&shadow->mutex);
	count = shadow->newest_count < most ? shadow->newest_count : most;
	for (size_t i = 0; i < count; i++) {
		list[i] =
			shadow->newest[(shadow->newest_at + SHADOW_NEWEST - 1 - i) % SHADOW_NEWEST];
	}
	pthread_mutex_unlock(&shadow->mutex);
	return count;
}
