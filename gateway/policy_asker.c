#include "gateway/policy_asker.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "base/value.h"
#include "gateway/policy_remote.h"
#include "io/fetch.h"

enum {
	TRIES_MAX = 2,
	GRAIN_MS = 5, /* what timers of different makers differ by */
};

struct policy_asker {
	struct policy_remote *remote;
	struct loop *loop;
	struct fetch *fetch;
	size_t limit;
	size_t running;
	struct list waiting; /* struct policy_question, first come first served */
	bool ending;
};

static void send_question(struct policy_question *question);

/* ---- the end of a question ---- */

__attribute__((format(printf, 2, 3))) static void fail(
	struct policy_question *question, const char *format, ...)
{
	struct policy_failure *failure = &question->failure;
	va_list args;

	failure->kind = POLICY_FAILURE_UNAVAILABLE;
	va_start(args, format);
	vsnprintf(failure->text, sizeof(failure->text), format, args);
	va_end(args);
	utf8_repair(failure->text); /* it is recorded */
}

static void finish(struct policy_question *question)
{
	policy_remote_note(question->asker->remote, question);
	question->done(question->user);
}

static int64_t left_ms(const struct policy_question *question)
{
	return (question->deadline_us - loop_now_us()) / 1000;
}

static void explain_timeout(struct policy_question *question)
{
	fail(question,
		"the OPA server did not answer in time; an answer may take %lld ms, and no longer "
		"than its request",
		(long long)policy_remote_timeout_ms(question->asker->remote));
}

static void explain(struct policy_question *question, const struct fetch_response *response)
{
	/* A connection that was not made in time is a matter of time as well. */
	if (response->outcome == FETCH_TIMEOUT || left_ms(question) < GRAIN_MS) {
		explain_timeout(question);
	} else {
		fail(question, "the OPA server gave no answer (%s): %.300s",
			fetch_outcome_name(response->outcome), response->message);
	}
}

/* A place is free. */
static void send_next(struct policy_asker *asker)
{
	struct list_node *node = asker->ending ? NULL : list_pop(&asker->waiting);

	if (node != NULL) {
		struct policy_question *next = LIST_ITEM(node, struct policy_question, node);

		loop_timer_fini(&next->timer);
		send_question(next);
	}
}

static void on_reply(void *user, const struct fetch_response *response)
{
	struct policy_question *question = user;
	struct policy_asker *asker = question->asker;

	asker->running--;
	if (response->outcome == FETCH_LOST && question->tries < TRIES_MAX && !asker->ending &&
		left_ms(question) > 0) {
		send_question(question);
		return;
	}
	if (response->outcome == FETCH_ANSWERED) {
		question->answered = policy_reply_read(question->arena, response->status,
			response->body, response->body_size, &question->reply, &question->failure);
	} else {
		explain(question, response);
	}
	send_next(asker);
	finish(question);
}

/* ---- sending ---- */

static void send_question(struct policy_question *question)
{
	static const struct fetch_header headers[] = { { "Content-Type", "application/json" } };
	struct policy_asker *asker = question->asker;
	CLEANUP(buf_fini) struct buf body = { 0 };
	struct fetch_request request = { .method = "POST", .headers = headers, .header_count = 1 };
	int64_t ms = left_ms(question);

	buf_append_text(&body, "{\"input\":");
	value_print(&body, question->input);
	buf_append_char(&body, '}');
	policy_remote_address(asker->remote, question->path, question->arena, &request);
	request.body = body.data;
	request.body_size = body.size;
	request.timeout_ms = request.connect_ms = ms > 0 ? ms : 1;
	question->tries++;
	asker->running++;
	fetch_start(asker->fetch, &request, on_reply, question);
}

/* It waited for a place until its time was over. */
static void on_waited(void *user)
{
	struct policy_question *question = user;

	list_remove(&question->node);
	loop_timer_fini(&question->timer);
	explain_timeout(question);
	finish(question);
}

static void wait_for_place(struct policy_asker *asker, struct policy_question *question)
{
	int64_t ms = left_ms(question);

	list_push(&asker->waiting, &question->node);
	loop_timer_init(&question->timer, asker->loop, on_waited, question);
	loop_timer_start(&question->timer, ms > 0 ? ms : 0);
}

void policy_asker_ask(struct policy_asker *asker, struct policy_question *question)
{
	int64_t limit_us = loop_now_us() + policy_remote_timeout_ms(asker->remote) * 1000;

	question->asker = asker;
	question->answered = false;
	question->tries = 0;
	if (limit_us < question->deadline_us) {
		question->deadline_us = limit_us;
	}
	policy_remote_begin(asker->remote);
	if (asker->running < asker->limit && left_ms(question) > 0) {
		send_question(question);
	} else {
		wait_for_place(asker, question);
	}
}

/* ---- life ---- */

struct policy_asker *policy_asker_new(struct policy_remote *remote, struct loop *loop, size_t limit)
{
	struct policy_asker *asker = must_calloc(1, sizeof(*asker));
	/* The limit is ours: libcurl's own queue knows no deadline. */
	const struct fetch_options options = { .connections = (unsigned)limit + 1,
		.connections_per_host = (unsigned)limit + 1 };

	asker->remote = remote;
	asker->loop = loop;
	asker->limit = limit;
	list_init(&asker->waiting);
	asker->fetch = fetch_new(loop, &options);
	return asker;
}

void policy_asker_free(struct policy_asker *asker)
{
	struct list_node *node;

	if (asker == NULL) {
		return;
	}
	asker->ending = true;
	fetch_free(asker->fetch);
	while ((node = list_pop(&asker->waiting)) != NULL) {
		struct policy_question *question = LIST_ITEM(node, struct policy_question, node);

		loop_timer_fini(&question->timer);
		fail(question, "the program is stopping");
		finish(question);
	}
	memory_free(asker);
}
