#include "gateway/policy_server.h"

#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/config.h"
#include "gateway/policy_asker.h"
#include "gateway/policy_kept.h"
#include "gateway/policy_live_inside.h"
#include "gateway/policy_record.h"
#include "gateway/policy_remote.h"
#include "gateway/policy_source.h"
#include "gateway/reload.h"
#include "io/loop.h"
#include "io/worker.h"
#include "policy/decision.h"

enum {
	QUESTIONS = 4,               /* at once: our own, and those of the admin API */
	PROBE_MS = 1000,             /* while it does not decide */
	QUIET_US = 10 * 1000 * 1000, /* without a question: then it is asked one */
};

struct policy_server {
	struct policy_live *live;
	struct policy_remote *remote;
	const char *source; /* as status names it */
	struct policy_asker *asker;
	struct loop_timer timer;
	struct arena *arena; /* of the question under way */
	struct policy_question question;
	bool asking;
	uint64_t asked; /* reloads that somebody asked for */
	uint64_t taken; /* … that the question under way answers */

	char recorded[POLICY_REVISION_BYTES]; /* in the journal's last entry about it */
	char recording[POLICY_REVISION_BYTES];
	bool is_recorded; /* there is such an entry of this run */
	bool is_recording;
	struct error record_err;

	struct policy_remote_status status; /* for texts that callers read */
};

/* ---- the journal: which policy decides now ---- */

static void run_record(void *job)
{
	struct policy_server *server = job;
	const struct policy_kept next = {
		.source = server->source, .revision = server->recording, .serial = -1
	};
	const struct policy_record row = { .next = &next,
		.before = server->is_recorded ? server->recorded : NULL };

	policy_record_write(server->live->gateway, &row, &server->record_err);
}

static void on_recorded(void *job)
{
	struct policy_server *server = job;
	struct policy_live *live = server->live;

	server->is_recording = false;
	if (server->record_err.code == ERROR_NONE) {
		log_event(LOG_INFO, "policy_loaded", "revision", server->recording, "before",
			server->is_recorded ? server->recorded : NULL, NULL);
		memcpy(server->recorded, server->recording, sizeof(server->recorded));
		server->is_recorded = true;
	} else {
		log_event(LOG_ERROR, "policy_not_recorded", "error", server->record_err.text, NULL);
	}
	if (live->done != NULL) {
		live->done(live->done_user);
	}
}

/* The server changes its policy when it likes, so the entry comes when we notice; each decision
 * names the revision that decided it. */
static void record(struct policy_server *server)
{
	policy_remote_status(server->remote, &server->status);
	if (server->is_recording || server->status.revision[0] == '\0' ||
		(server->is_recorded && strcmp(server->recorded, server->status.revision) == 0)) {
		return;
	}
	memcpy(server->recording, server->status.revision, sizeof(server->recording));
	server->record_err = (struct error){ 0 };
	server->is_recording = worker_submit(
		server->live->worker, server->live->gateway->loop, run_record, on_recorded, server);
}

/* ---- asking ---- */

static void ask(struct policy_server *server);

/* It answers; but is that a decision? */
static void judge(struct policy_server *server)
{
	struct policy_question *question = &server->question;
	struct policy_decision decision;
	struct policy_failure failure;
	char text[POLICY_FAILURE_TEXT_BYTES];

	if (!question->answered) {
		failure = question->failure;
		if (failure.kind == POLICY_FAILURE_UNAVAILABLE) {
			return; /* that is noted */
		}
	} else if (policy_decision_read(
			   server->arena, question->reply.result, &decision, &failure)) {
		policy_remote_approve(server->remote, &question->reply);
		return;
	}
	snprintf(text, sizeof(text), "trial decision: %s: %.400s",
		policy_failure_code(failure.kind), failure.text);
	policy_remote_complain(server->remote, text);
}

static void on_answered(void *user)
{
	struct policy_server *server = user;

	server->asking = false;
	if (server->live->done != NULL) {
		return;
	}
	judge(server);
	record(server);
	server->live->reloads = server->taken;
	if (server->asked > server->taken) {
		ask(server);
	} else {
		loop_timer_start(&server->timer, PROBE_MS);
	}
}

static void ask(struct policy_server *server)
{
	loop_timer_cancel(&server->timer);
	arena_reset(server->arena);
	server->asking = true;
	server->taken = server->asked;
	server->question = (struct policy_question){
		.input = policy_source_trial_input(server->arena),
		.arena = server->arena,
		.deadline_us = INT64_MAX,
		.done = on_answered,
		.user = server,
	};
	policy_asker_ask(server->asker, &server->question);
}

static void on_time(void *user)
{
	struct policy_server *server = user;

	record(server);
	if (server->status.is_well &&
		clock_now_us() - server->status.asked_us < (int64_t)QUIET_US) {
		loop_timer_start(&server->timer, PROBE_MS);
	} else {
		ask(server);
	}
}

uint64_t policy_server_reload(struct policy_live *live)
{
	struct policy_server *server = live->server;

	server->asked++;
	if (!server->asking) {
		ask(server);
	}
	return server->asked;
}

/* ---- life ---- */

bool policy_server_start(struct policy_live *live, struct error *err)
{
	struct gateway *gateway = live->gateway;
	struct policy_server *server = must_calloc(1, sizeof(*server));

	live->server = server;
	gateway->remote = policy_remote_new(live->config);
	server->live = live;
	server->remote = gateway->remote;
	server->arena = arena_new();
	policy_remote_status(server->remote, &server->status);
	server->source = server->status.source;
	server->asker = policy_asker_new(server->remote, gateway->loop, QUESTIONS);
	loop_timer_init(&server->timer, gateway->loop, on_time, server);
	return reload_policy(gateway, NULL, err);
}

void policy_server_follow(struct policy_live *live)
{
	ask(live->server);
}

/* A question under way ends here, unheard; a record is waited for. */
void policy_server_stop(struct policy_live *live, gateway_done_fn *done, void *user)
{
	struct policy_server *server = live->server;

	live->done = done;
	live->done_user = user;
	loop_timer_cancel(&server->timer);
	policy_asker_free(server->asker);
	server->asker = NULL;
	if (!server->is_recording) {
		done(user);
	}
}

void policy_server_free(struct policy_server *server)
{
	if (server == NULL) {
		return;
	}
	policy_asker_free(server->asker);
	loop_timer_fini(&server->timer);
	arena_free(server->arena);
	memory_free(server);
}

struct policy_asker *policy_server_asker(const struct gateway *gateway)
{
	return gateway->policy->server->asker;
}

/* ---- status ---- */

void policy_server_status(const struct policy_live *live, struct policy_live_status *status)
{
	struct policy_server *server = live->server;
	struct policy_remote_status *it = &server->status;

	policy_remote_status(server->remote, it);
	*status = (struct policy_live_status){
		.source = it->source,
		.revision = it->revision,
		.serial = -1,
		.since_us = it->revision_us,
		.tried_us = it->asked_us,
		.fine_us = it->fine_us,
		.reloads = live->reloads,
	};
	if (!it->is_well) {
		status->unreachable = (struct policy_trouble){ "ask",
			it->trouble[0] != '\0' ? it->trouble : "it has not answered yet",
			it->trouble_us };
	}
}
