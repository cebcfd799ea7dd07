#include "io/connection.h"

#include <event2/event.h>

/*
 * What a connection waits for: which events, and until when. Both follow from its phase, and
 * are brought up to date when control goes back to the loop.
 */

/* ---- deadlines ---- */

static int64_t body_deadline_us(const struct connection *connection)
{
	const struct server_options *options = &connection->worker->server->options;
	int64_t whole = options->body_ms * 1000;
	uint64_t paid =
		connection->inbox->parser.body_size * 1000000 / options->body_bytes_per_second;
	int64_t rate = options->body_grace_ms * 1000 + (int64_t)paid;

	return connection->since_us + (rate < whole ? rate : whole);
}

void connection_start_clock(struct connection *connection)
{
	connection->since_us = loop_now_us();
	connection->sent_since = 0;
	connection->unacknowledged =
		connection->out.size > 0 ? stream_unacknowledged(&connection->stream) : 0;
}

/* What counts is what the peer has taken: the kernel's own buffer takes megabytes from us that
 * nobody reads. */
static int64_t write_deadline_us(const struct connection *connection)
{
	const struct server_options *options = &connection->worker->server->options;
	uint64_t given = connection->sent_since + connection->unacknowledged;
	uint64_t waiting = stream_unacknowledged(&connection->stream);
	uint64_t taken = given > waiting ? given - waiting : 0;

	return connection->since_us + options->write_ms * 1000 +
	       (int64_t)(taken * 1000000 / options->write_bytes_per_second);
}

/* When the peer is too late with what the connection waits for; 0: it waits for us. */
static int64_t deadline_of(const struct connection *connection)
{
	const struct server_options *options = &connection->worker->server->options;
	int64_t since = connection->since_us;

	switch (connection->phase) {
	case CONNECTION_HANDSHAKE:
		return since + options->handshake_ms * 1000;
	case CONNECTION_IDLE:
		return since +
		       (connection->messages > 0 ? options->idle_ms : options->head_ms) * 1000;
	case CONNECTION_HEAD:
		return since + options->head_ms * 1000;
	case CONNECTION_BODY:
		return body_deadline_us(connection);
	case CONNECTION_HANDLING:
	case CONNECTION_FLUSHING:
		return connection->out.size > 0 ? write_deadline_us(connection) : 0;
	case CONNECTION_LINGERING:
		return since + options->linger_ms * 1000;
	case CONNECTION_CLOSED:
		break;
	}
	return 0;
}

/* The timer is moved only when it would ring too late: so a request costs no timer. */
static void watch_deadline(struct connection *connection)
{
	int64_t deadline_us = deadline_of(connection);

	connection->deadline_us = deadline_us;
	if (deadline_us != 0 && (connection->timer_us == 0 || connection->timer_us > deadline_us)) {
		int64_t delay_us = deadline_us - loop_now_us();
		connection->timer_us = deadline_us;
		loop_timer_start(&connection->timer, delay_us > 0 ? delay_us / 1000 + 1 : 0);
	}
}

static void too_late(struct connection *connection)
{
	struct server_worker *worker = connection->worker;

	switch (connection->phase) {
	case CONNECTION_HANDSHAKE:
		COUNT(worker, late_handshake, 1);
		break;
	case CONNECTION_IDLE:
		COUNT(worker, late_idle, 1);
		break;
	case CONNECTION_HEAD:
		COUNT(worker, late_head, 1);
		exchange_refuse(connection, 408, "the head of the request did not come in time");
		return;
	case CONNECTION_BODY:
		COUNT(worker, late_body, 1);
		exchange_refuse(connection, 408, "the body of the request did not come in time");
		return;
	case CONNECTION_HANDLING:
	case CONNECTION_FLUSHING:
		COUNT(worker, late_write, 1);
		connection_close(connection, true);
		return;
	case CONNECTION_LINGERING:
	case CONNECTION_CLOSED:
		break;
	}
	connection_close(connection, false);
}

void connection_on_timer(void *user)
{
	struct connection *connection = user;

	connection_enter(connection);
	connection->timer_us = 0;
	connection->deadline_us = deadline_of(connection);
	if (connection->deadline_us != 0 && loop_now_us() >= connection->deadline_us) {
		too_late(connection);
	}
	connection_leave(connection);
}

/* ---- what a connection waits for ---- */

static bool wants_read(const struct connection *connection)
{
	switch (connection->phase) {
	case CONNECTION_HANDSHAKE:
		return !connection->stream.wants_write;
	case CONNECTION_IDLE:
	case CONNECTION_HEAD:
	case CONNECTION_BODY:
	case CONNECTION_LINGERING:
		return true;
	case CONNECTION_HANDLING:
	case CONNECTION_FLUSHING:
		return !connection->paused;
	case CONNECTION_CLOSED:
		break;
	}
	return false;
}

static bool wants_write(const struct connection *connection)
{
	if (connection->out.size > 0) {
		return true;
	}
	switch (connection->phase) {
	case CONNECTION_HANDSHAKE:
	case CONNECTION_IDLE:
	case CONNECTION_HEAD:
	case CONNECTION_BODY:
		return connection->stream.wants_write; /* TLS has to write before it can read */
	case CONNECTION_HANDLING:
	case CONNECTION_FLUSHING:
	case CONNECTION_LINGERING:
	case CONNECTION_CLOSED:
		break;
	}
	return false;
}

static void switch_event(struct event *event, bool *on, bool wanted)
{
	if (*on != wanted) {
		*on = wanted;
		if (wanted) {
			event_add(event, NULL);
		} else {
			event_del(event);
		}
	}
}

void connection_wait(struct connection *connection)
{
	bool first_head = connection->phase == CONNECTION_HEAD &&
			  connection->waiting_phase == CONNECTION_IDLE && connection->messages == 0;

	if (connection->phase != connection->waiting_phase ||
		connection->messages != connection->waiting_message) {
		connection->waiting_phase = connection->phase;
		connection->waiting_message = connection->messages;
		if (!first_head) { /* that of the first request has run since accept */
			connection_start_clock(connection);
		}
	}
	switch_event(&connection->readable, &connection->reading, wants_read(connection));
	switch_event(&connection->writable, &connection->writing, wants_write(connection));
	watch_deadline(connection);
}
