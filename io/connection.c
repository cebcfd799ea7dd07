#include "io/connection.h"

#include <assert.h>
#include <event2/event.h>
#include <string.h>
#include "base/memory.h"
#include "io/peers.h"
#include "io/tls.h"

#define MESSAGES_PER_TURN 16
#define READS_PER_TURN 8
#define POOL_MAX 64
#define DISCARD_MAX (1024 * 1024)

/* ---- inboxes ---- */

static struct inbox *take_inbox(struct server_worker *worker)
{
	struct inbox *inbox = worker->pool;

	if (inbox != NULL) {
		worker->pool = inbox->next;
		worker->pool_count--;
	} else {
		inbox = must_malloc(sizeof(*inbox));
	}
	inbox->size = inbox->used = inbox->body = inbox->body_size = 0;
	return inbox;
}

static void drop_inbox(struct connection *connection)
{
	struct server_worker *worker = connection->worker;
	struct inbox *inbox = connection->inbox;

	connection->inbox = NULL;
	if (inbox == NULL) {
		return;
	}
	if (worker->pool_count >= POOL_MAX) {
		memory_free(inbox);
		return;
	}
	inbox->next = worker->pool;
	worker->pool = inbox;
	worker->pool_count++;
}

/* ---- closing ---- */

void connection_close(struct connection *connection, bool abruptly)
{
	struct server_worker *worker = connection->worker;

	if (connection->phase == CONNECTION_CLOSED) {
		return;
	}
	event_del(&connection->readable);
	event_del(&connection->writable);
	loop_timer_cancel(&connection->timer);
	loop_timer_cancel(&connection->turn);
	stream_close(&connection->stream, abruptly);
	if (connection->is_counted) {
		peers_leave(worker->server->peers, connection->key, loop_now_us());
	}
	atomic_fetch_sub(&worker->server->connections, 1);
	COUNT(worker, open, -1);
	connection->phase = CONNECTION_CLOSED;
	if (connection->exchange.open) {
		COUNT(worker, gone, 1);
		if (connection->exchange.streaming) {
			loop_timer_start(&connection->turn, 0); /* tells the handler */
		}
	}
}

static void free_connection(struct connection *connection)
{
	struct server_worker *worker = connection->worker;

	loop_timer_fini(&connection->timer);
	loop_timer_fini(&connection->turn);
	connection_drop_body(connection);
	drop_inbox(connection);
	buf_fini(&connection->out);
	list_remove(&connection->node);
	memory_free(connection);
	server_connection_gone(worker);
}

void connection_linger(struct connection *connection)
{
	/* What the peer still sends must not meet a closed socket: the reset would destroy our
	 * reply on its way. */
	stream_finish(&connection->stream);
	connection->phase = CONNECTION_LINGERING;
	connection->paused = false;
	connection_drop_body(connection);
	drop_inbox(connection);
}

/* ---- entries ---- */

void connection_enter(struct connection *connection)
{
	connection->depth++;
}

void connection_leave(struct connection *connection)
{
	if (--connection->depth > 0) {
		return;
	}
	if (connection->phase != CONNECTION_CLOSED) {
		connection_wait(connection);
	} else if (!connection->exchange.open) {
		free_connection(connection);
	}
}

/* ---- messages ---- */

/* Puts what came behind the last request to the front. */
static void rotate(struct inbox *inbox)
{
	size_t rest = inbox->size - inbox->used;

	if (rest > 0 && inbox->used > 0) {
		memmove(inbox->bytes, inbox->bytes + inbox->used, rest);
	}
	inbox->size = rest;
	inbox->used = inbox->body = inbox->body_size = 0;
}

static bool start_message(struct connection *connection)
{
	struct inbox *inbox = connection->inbox;

	if (inbox == NULL || inbox->size == inbox->used) {
		drop_inbox(connection); /* nobody waits with a buffer in the hand */
		return false;
	}
	rotate(inbox);
	http_parser_init(&inbox->parser, &connection->worker->server->options.head);
	connection->phase = CONNECTION_HEAD;
	return true;
}

static bool refuse(struct connection *connection)
{
	struct http_parser *parser = &connection->inbox->parser;

	COUNT(connection->worker, refused_parse, 1);
	exchange_refuse(connection, parser->status, parser->message);
	return false;
}

/* Asks the handler what it thinks of the head. False: it has answered, or the body is too large. */
static bool show_head(struct connection *connection)
{
	struct server_worker *worker = connection->worker;
	const struct server_options *options = &worker->server->options;
	struct http_parser *parser = &connection->inbox->parser;
	struct exchange *exchange = &connection->exchange;
	uint64_t limit = options->body_bytes;

	COUNT(worker, requests, 1);
	connection->messages++;
	connection->last = !parser->request.keep_alive || worker->stopping ||
			   connection->messages >= options->requests_per_connection;
	*exchange = (struct exchange){ .is_head = parser->request.method == HTTP_HEAD };
	if (options->on_head != NULL) {
		bool last = connection->last;
		exchange->open = true;
		connection->phase = CONNECTION_HANDLING;
		connection->last = last || http_request_has_body(&parser->request);
		options->on_head(worker->user, exchange, &parser->request, &limit);
		if (!exchange->open) {
			return false;
		}
		exchange->open = false;
		connection->last = last;
	}
	connection->phase = CONNECTION_BODY;
	return http_parser_limit_body(parser, limit) || refuse(connection);
}

static bool take_head(struct connection *connection)
{
	struct inbox *inbox = connection->inbox;
	size_t head_size;
	enum http_result result =
		http_parser_head(&inbox->parser, inbox->bytes, inbox->size, &head_size);

	if (result == HTTP_FAILED) {
		return refuse(connection);
	}
	if (result == HTTP_MORE) {
		return false;
	}
	inbox->used = inbox->body = head_size;
	if (!show_head(connection)) {
		return connection->phase == CONNECTION_IDLE;
	}
	if (inbox->parser.request.expect_continue && inbox->size == inbox->used) {
		exchange_continue(connection);
	}
	return true;
}

static bool take_body(struct connection *connection)
{
	struct server_worker *worker = connection->worker;
	enum http_result result = connection_take_body(connection);

	if (result == HTTP_FAILED) {
		return refuse(connection);
	}
	if (result == HTTP_MORE) {
		return false;
	}
	connection->phase = CONNECTION_HANDLING;
	connection->exchange.open = true;
	worker->server->options.on_request(
		worker->user, &connection->exchange, &connection->inbox->parser.request);
	return connection->phase == CONNECTION_IDLE;
}

void connection_advance(struct connection *connection)
{
	bool going = true;

	connection->advancing = true;
	for (int i = 0; going && i < MESSAGES_PER_TURN; i++) {
		if (connection->phase == CONNECTION_IDLE) {
			going = start_message(connection);
		}
		if (going && connection->phase == CONNECTION_HEAD) {
			going = take_head(connection);
		}
		if (going && connection->phase == CONNECTION_BODY) {
			going = take_body(connection);
		}
	}
	connection->advancing = false;
	if (going) {
		loop_timer_start(&connection->turn, 0); /* others have waited */
	}
}

void connection_finish_exchange(struct connection *connection)
{
	struct inbox *inbox = connection->inbox;

	connection_drop_body(connection);
	if (connection->last) {
		connection_linger(connection);
		return;
	}
	connection->phase = CONNECTION_IDLE;
	connection->paused = false;
	if (connection->advancing) {
		return; /* connection_advance() goes on by itself */
	}
	if (inbox->used < inbox->size || stream_has_pending(&connection->stream)) {
		loop_timer_start(&connection->turn, 0);
		return;
	}
	drop_inbox(connection);
	if (connection->worker->stopping) {
		connection_close(connection, false);
	}
}

/* ---- events ---- */

static bool is_reading_phase(const struct connection *connection)
{
	return connection->phase == CONNECTION_IDLE || connection->phase == CONNECTION_HEAD ||
	       connection->phase == CONNECTION_BODY;
}

/* Bytes of the next request are here already: its turn comes before more is read. */
static bool has_message(const struct connection *connection)
{
	const struct inbox *inbox = connection->inbox;

	return connection->phase == CONNECTION_IDLE && inbox != NULL && inbox->used < inbox->size;
}

/* One read. True: there may be more. */
static bool read_once(struct connection *connection)
{
	size_t room;

	if (connection->inbox == NULL) {
		connection->inbox = take_inbox(connection->worker);
	}
	char *place = connection_room(connection, &room);
	if (place == NULL) {
		return refuse(connection);
	}
	assert(room > 0); /* ours: a read of nothing looks like the peer's end */
	ssize_t got = stream_read(&connection->stream, place, room);

	if (got > 0) {
		COUNT(connection->worker, bytes_in, (uint64_t)got);
		connection_received(connection, (size_t)got);
		connection_advance(connection);
		return (size_t)got == room || stream_has_pending(&connection->stream);
	}
	if (got == STREAM_AGAIN) {
		if (connection->phase == CONNECTION_IDLE) {
			drop_inbox(connection);
		}
		return false;
	}
	connection_close(connection, false);
	return false;
}

static void read_some(struct connection *connection)
{
	for (int i = 0; i < READS_PER_TURN; i++) {
		if (!is_reading_phase(connection) || has_message(connection) ||
			!read_once(connection)) {
			return;
		}
	}
	if (is_reading_phase(connection)) {
		loop_timer_start(&connection->turn, 0);
	}
}

static void shake_hands(struct connection *connection)
{
	int result = stream_handshake(&connection->stream);

	if (result == STREAM_FAILED) {
		COUNT(connection->worker, failed_tls, 1);
		connection_close(connection, false);
	} else if (result == 0) {
		connection->phase = CONNECTION_IDLE;
		read_some(connection);
	}
}

static void discard(struct connection *connection)
{
	ssize_t got = stream_discard(&connection->stream);

	connection->discarded += got > 0 ? (size_t)got : 0;
	if (got == 0 || got == STREAM_FAILED || connection->discarded > DISCARD_MAX) {
		connection_close(connection, false);
	}
}

static void go_on(struct connection *connection)
{
	switch (connection->phase) {
	case CONNECTION_HANDSHAKE:
		shake_hands(connection);
		break;
	case CONNECTION_IDLE:
	case CONNECTION_HEAD:
	case CONNECTION_BODY:
		read_some(connection);
		break;
	case CONNECTION_HANDLING:
	case CONNECTION_FLUSHING:
		if (stream_is_broken(&connection->stream)) {
			connection_close(connection, false);
		} else {
			connection->paused =
				true; /* the next request, or its end: after this one */
		}
		break;
	case CONNECTION_LINGERING:
		discard(connection);
		break;
	case CONNECTION_CLOSED:
		break;
	}
}

static void on_readable(evutil_socket_t fd, short events, void *user)
{
	struct connection *connection = user;

	(void)fd;
	(void)events;
	connection_enter(connection);
	go_on(connection);
	connection_leave(connection);
}

static void on_writable(evutil_socket_t fd, short events, void *user)
{
	struct connection *connection = user;

	(void)fd;
	(void)events;
	connection_enter(connection);
	if (connection->out.size > 0) {
		exchange_on_writable(connection);
	} else {
		go_on(connection); /* TLS wants to write before it can read */
	}
	connection_leave(connection);
}

/* Work that was put off: pipelined requests, bytes inside of TLS, news for a stream. */
static void on_turn(void *user)
{
	struct connection *connection = user;

	connection_enter(connection);
	if (connection->phase == CONNECTION_CLOSED) {
		exchange_tell_gone(connection);
	} else if (is_reading_phase(connection)) {
		if (connection->inbox != NULL) {
			connection_advance(connection);
		}
		if (is_reading_phase(connection)) {
			read_some(connection);
		}
	}
	connection_leave(connection);
}

/* ---- life ---- */

void connection_drain(struct connection *connection)
{
	connection_enter(connection);
	connection->last = true;
	if (connection->phase == CONNECTION_IDLE && connection->messages > 0) {
		read_some(connection); /* a request may have come a moment ago */
		if (connection->phase == CONNECTION_IDLE) {
			connection_close(connection, false);
		}
	}
	connection_leave(connection);
}

void connection_new(struct server_worker *worker, int fd, const struct address *peer, bool counted)
{
	struct connection *connection = must_calloc(1, sizeof(*connection));
	struct event_base *base = loop_base(worker->loop);
	struct tls *tls = worker->server->options.tls;

	connection->worker = worker;
	connection->stream.fd = fd;
	connection->is_counted = counted;
	address_key(peer, connection->key);
	address_format(peer, connection->peer);
	event_assign(
		&connection->readable, base, fd, EV_READ | EV_PERSIST, on_readable, connection);
	event_assign(
		&connection->writable, base, fd, EV_WRITE | EV_PERSIST, on_writable, connection);
	loop_timer_init(&connection->timer, worker->loop, connection_on_timer, connection);
	loop_timer_init(&connection->turn, worker->loop, on_turn, connection);
	list_push(&worker->connections, &connection->node);
	worker->connection_count++;
	COUNT(worker, open, 1);
	connection->phase = tls != NULL ? CONNECTION_HANDSHAKE : CONNECTION_IDLE;
	connection->waiting_phase =
		CONNECTION_CLOSED; /* so that the first connection_wait() starts the clock */

	connection_enter(connection);
	if (tls != NULL && (connection->stream.ssl = tls_accept(tls, fd)) == NULL) {
		connection_close(connection, true);
	}
	connection_leave(connection);
}
