#include "gateway/policy_remote.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/config.h"
#include "config/endpoint.h"
#include "gateway/policy_asker.h"
#include "io/fetch.h"

/*
 * The mutex is held for a few instructions of every question. Where questions cross the network
 * that is nothing; the own evaluator does not come here.
 */
struct policy_remote {
	const struct config_policy *config;
	struct arena *arena;
	const char *base;   /* of the server */
	const char *url;    /* of the decision */
	const char *socket; /* NULL: TCP */
	const char *source;
	struct fetch_network loopback[2]; /* may be reached without allow_private */

	pthread_mutex_t mutex; /* below */
	struct policy_remote_status state;
	int64_t told_us; /* when trouble was last logged; 0: never */
	bool well;       /* atomic as well: /readyz reads it from any thread */
};

/* A server whose trouble is another one each time does not fill the log. */
enum { TROUBLE_EVERY_US = 10 * 1000000 };

/* Where the policy asks without a word of the configuration: this machine, and nothing else. */
static const char *const loopback_texts[] = { "127.0.0.0/8", "::1/128" };

static const char *url_of(const struct policy_remote *remote, struct arena *arena, const char *path)
{
	return arena_printf(arena, "%s/v1/data/%s?provenance=true&strict-builtin-errors=true",
		remote->base, path);
}

struct policy_remote *policy_remote_new(const struct config_policy *config)
{
	struct policy_remote *remote = must_calloc(1, sizeof(*remote));

	remote->config = config;
	remote->arena = arena_new();
	remote->socket = config_unix_socket(config->url);
	remote->base = remote->socket != NULL ? "http://localhost" : config->url;
	remote->url = url_of(remote, remote->arena, config->path);
	remote->source = arena_printf(remote->arena, "opa:%s#%s", config->url, config->path);
	for (size_t i = 0; i < sizeof(loopback_texts) / sizeof(loopback_texts[0]); i++) {
		fetch_network_parse(loopback_texts[i], &remote->loopback[i], NULL);
	}
	pthread_mutex_init(&remote->mutex, NULL);
	remote->state.source = remote->source;
	return remote;
}

void policy_remote_free(struct policy_remote *remote)
{
	if (remote == NULL) {
		return;
	}
	pthread_mutex_destroy(&remote->mutex);
	arena_free(remote->arena);
	memory_free(remote);
}

/* ---- where ---- */

void policy_remote_address(const struct policy_remote *remote, const char *path,
	struct arena *arena, struct fetch_request *request)
{
	const struct config_policy *config = remote->config;

	request->url = path != NULL ? url_of(remote, arena, path) : remote->url;
	request->unix_socket = remote->socket;
	request->bearer = config->token;
	request->ca_file = config->ca;
	request->allow_private = config->allow_private;
	/* config/check.c has seen to it that this is loopback, or allowed by name */
	request->allow_http = strncmp(remote->base, "http://", 7) == 0;
	request->networks = remote->loopback;
	request->network_count = sizeof(remote->loopback) / sizeof(remote->loopback[0]);
	request->response_bytes = POLICY_REPLY_BYTES;
}

size_t policy_remote_limit(const struct policy_remote *remote)
{
	return (size_t)remote->config->limits.questions;
}

int64_t policy_remote_timeout_ms(const struct policy_remote *remote)
{
	return remote->config->limits.answer_ms;
}

/* ---- what became of the questions ---- */

static void set_well(struct policy_remote *remote, bool well)
{
	remote->state.is_well = well;
	__atomic_store_n(&remote->well, well, __ATOMIC_RELAXED);
}

/* Under the mutex. True: it did not decide before. */
static bool note_decision(struct policy_remote *remote, const struct policy_reply *reply)
{
	struct policy_remote_status *state = &remote->state;
	bool news = !state->is_well;

	set_well(remote, true);
	if (strcmp(state->revision, reply->revision) != 0) {
		memcpy(state->revision, reply->revision, sizeof(state->revision));
		state->revision_us = state->fine_us;
	}
	return news;
}

/* Under the mutex. The same; undefined, it is there, but is of use only to others. */
static bool note_answer(struct policy_remote *remote, const struct policy_question *question)
{
	remote->state.fine_us = clock_now_us();
	return question->decides && question->reply.result != NULL &&
	       note_decision(remote, &question->reply);
}

/* Under the mutex. True: until now it did answer, or it is another trouble. */
static bool note_trouble(struct policy_remote *remote, const char *text)
{
	struct policy_remote_status *state = &remote->state;
	int64_t now = clock_monotonic_us();
	bool is_time = remote->told_us == 0 || now - remote->told_us >= TROUBLE_EVERY_US;
	bool news = state->is_well || (is_time && strcmp(state->trouble, text) != 0);

	set_well(remote, false);
	snprintf(state->trouble, sizeof(state->trouble), "%s", text);
	state->trouble_us = clock_now_us();
	remote->told_us = news ? now : remote->told_us;
	return news;
}

static enum policy_asked outcome_of(const struct policy_question *question)
{
	if (question->answered) {
		return POLICY_ASKED_ANSWERED;
	}
	return question->failure.kind == POLICY_FAILURE_UNAVAILABLE ? POLICY_ASKED_UNAVAILABLE
								    : POLICY_ASKED_FAILED;
}

static void tell_answering(const struct policy_remote *remote)
{
	log_event(LOG_INFO, "policy_server_answers", "source", remote->source, NULL);
}

static void tell_trouble(const struct policy_remote *remote, const char *text)
{
	log_event(LOG_ERROR, "policy_server_unavailable", "source", remote->source, "error", text,
		NULL);
}

void policy_remote_begin(struct policy_remote *remote)
{
	pthread_mutex_lock(&remote->mutex);
	remote->state.open++;
	pthread_mutex_unlock(&remote->mutex);
}

void policy_remote_note(struct policy_remote *remote, const struct policy_question *question)
{
	enum policy_asked outcome = outcome_of(question);
	bool news = false;

	pthread_mutex_lock(&remote->mutex);
	remote->state.open--;
	remote->state.asked[outcome]++;
	remote->state.asked_us = clock_now_us();
	if (outcome == POLICY_ASKED_ANSWERED) {
		news = note_answer(remote, question);
	} else if (outcome == POLICY_ASKED_UNAVAILABLE) {
		news = note_trouble(remote, question->failure.text);
	}
	pthread_mutex_unlock(&remote->mutex);
	if (news && outcome == POLICY_ASKED_ANSWERED) {
		tell_answering(remote);
	} else if (news) {
		tell_trouble(remote, question->failure.text);
	}
}

void policy_remote_approve(struct policy_remote *remote, const struct policy_reply *reply)
{
	pthread_mutex_lock(&remote->mutex);
	bool news = note_decision(remote, reply);
	pthread_mutex_unlock(&remote->mutex);
	if (news) {
		tell_answering(remote);
	}
}

void policy_remote_complain(struct policy_remote *remote, const char *text)
{
	pthread_mutex_lock(&remote->mutex);
	bool news = note_trouble(remote, text);
	pthread_mutex_unlock(&remote->mutex);
	if (news) {
		tell_trouble(remote, text);
	}
}

bool policy_remote_is_well(const struct policy_remote *remote)
{
	return __atomic_load_n(&remote->well, __ATOMIC_RELAXED);
}

const char *policy_asked_name(enum policy_asked outcome)
{
	static const char *const names[POLICY_ASKED_COUNT] = {
		[POLICY_ASKED_ANSWERED] = "answered",
		[POLICY_ASKED_FAILED] = "failed",
		[POLICY_ASKED_UNAVAILABLE] = "unavailable",
	};

	return names[outcome];
}

void policy_remote_status(struct policy_remote *remote, struct policy_remote_status *status)
{
	pthread_mutex_lock(&remote->mutex);
	*status = remote->state;
	pthread_mutex_unlock(&remote->mutex);
}
