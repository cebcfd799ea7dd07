#include "io/connection.h"

#include <assert.h>
#include <string.h>
#include <sys/socket.h>

/* A body up to this size is copied behind its head: cheaper than a second part, and one TLS record.
 */
#define COPY_BYTES (16 * 1024)
#define KEEP_BYTES (64 * 1024)

static struct connection *connection_of(const struct exchange *exchange)
{
	return (struct connection *)((char *)exchange - offsetof(struct connection, exchange));
}

/* ---- bytes out ---- */

static size_t waiting(const struct connection *connection)
{
	return connection->out.size - connection->out_sent;
}

/* Keeps what stands behind the first `sent` bytes of the parts. */
static void keep(struct connection *connection, const struct iovec *parts, int count, size_t sent)
{
	struct buf *out = &connection->out;

	if (connection->out_sent > 0 && connection->out_sent * 2 > out->size) {
		size_t rest = waiting(connection);
		memmove(out->data, out->data + connection->out_sent, rest);
		out->size = rest;
		connection->out_sent = 0;
	}
	for (int i = 0; i < count; i++) {
		size_t skip = sent < parts[i].iov_len ? sent : parts[i].iov_len;
		sent -= skip;
		buf_append(out, (const char *)parts[i].iov_base + skip, parts[i].iov_len - skip);
	}
}

static size_t size_of(const struct iovec *parts, int count)
{
	size_t size = 0;

	for (int i = 0; i < count; i++) {
		size += parts[i].iov_len;
	}
	return size;
}

static void send_parts(struct connection *connection, const struct iovec *parts, int count)
{
	bool idle = connection->out.size == 0;
	ssize_t sent = 0;

	if (idle) {
		sent = stream_write(&connection->stream, parts, count);
		if (sent == STREAM_FAILED) {
			connection_close(connection, false);
			return;
		}
		sent = sent == STREAM_AGAIN ? 0 : sent;
		COUNT(connection->worker, bytes_out, (uint64_t)sent);
	}
	if ((size_t)sent < size_of(parts, count)) {
		keep(connection, parts, count, (size_t)sent);
		if (idle) {
			connection_start_clock(connection); /* of the write deadline */
		}
	}
}

static void send_bytes(struct connection *connection, const void *bytes, size_t size)
{
	struct iovec part = { (void *)bytes, size };

	send_parts(connection, &part, 1);
}

/* Sends what waits. */
static void flush(struct connection *connection)
{
	struct buf *out = &connection->out;

	while (waiting(connection) > 0) {
		struct iovec part = { out->data + connection->out_sent, waiting(connection) };
		ssize_t sent = stream_write(&connection->stream, &part, 1);
		if (sent == STREAM_AGAIN) {
			return;
		}
		if (sent == STREAM_FAILED) {
			connection_close(connection, false);
			return;
		}
		connection->out_sent += (size_t)sent;
		connection->sent_since += (size_t)sent;
		COUNT(connection->worker, bytes_out, (uint64_t)sent);
	}
	if (out->capacity > KEEP_BYTES) {
		buf_fini(out);
	}
	buf_clear(out);
	connection->out_sent = 0;
}

void exchange_on_writable(struct connection *connection)
{
	struct exchange *exchange = &connection->exchange;

	flush(connection);
	if (connection->phase == CONNECTION_FLUSHING && connection->out.size == 0) {
		connection_finish_exchange(connection);
	} else if (connection->phase == CONNECTION_HANDLING && exchange->ready_owed &&
		   waiting(connection) <=
			   connection->worker->server->options.write_high_water / 2) {
		exchange->ready_owed = false;
		exchange->on_event(exchange->user, SERVER_STREAM_READY);
	}
}

/* The reply was handed over as a whole. */
static void finish_reply(struct connection *connection)
{
	if (connection->phase == CONNECTION_CLOSED) {
		return;
	}
	if (connection->out.size == 0) {
		connection_finish_exchange(connection);
	} else {
		connection->phase = CONNECTION_FLUSHING;
	}
}

/* ---- whole replies ---- */

static bool has_no_body(int status)
{
	return status == 204 || status == 304; /* RFC 9110, 6.4.1 */
}

static void build_head(struct connection *connection, const struct server_reply *reply,
	enum reply_framing framing, uint64_t length)
{
	static const char sorry[] = "Internal Server Error\n";
	static const struct server_reply refused = { .status = 500, .content_type = "text/plain" };
	struct server_worker *worker = connection->worker;
	struct buf *head = &worker->scratch;

	connection->last |= reply->close || worker->stopping;
	buf_clear(head);
	if (reply_head_append(head, &worker->date, reply, framing, length, connection->last)) {
		return;
	}
	connection->exchange.no_body = true; /* what the caller has is not sent */
	connection->last = true;
	buf_clear(head);
	reply_head_append(
		head, &worker->date, &refused, REPLY_LENGTH, sizeof(sorry) - 1, connection->last);
	if (!connection->exchange.is_head) {
		buf_append(head, sorry, sizeof(sorry) - 1);
	}
}

static void send_reply(struct connection *connection, const struct server_reply *reply)
{
	struct exchange *exchange = &connection->exchange;
	struct buf *head = &connection->worker->scratch;
	bool bare = has_no_body(reply->status);

	assert(reply->body_size == 0 || (reply->content_type != NULL && !bare)); /* ours */
	exchange->no_body = exchange->is_head || bare;
	build_head(connection, reply, bare ? REPLY_NONE : REPLY_LENGTH, reply->body_size);
	size_t body_size = exchange->no_body ? 0 : reply->body_size;

	if (body_size <= COPY_BYTES) {
		buf_append(head, reply->body, body_size);
		send_bytes(connection, head->data, head->size);
		return;
	}
	struct iovec parts[2] = {
		{ head->data, head->size },
		{ (void *)reply->body, body_size },
	};
	send_parts(connection, parts, 2);
}

void server_reply(struct exchange *exchange, const struct server_reply *reply)
{
	struct connection *connection = connection_of(exchange);

	assert(exchange->open && !exchange->streaming);
	if (exchange->inner != NULL) {
		inner_reply(exchange, reply);
		return;
	}
	connection_enter(connection);
	exchange->open = false;
	if (connection->phase != CONNECTION_CLOSED) {
		send_reply(connection, reply);
		finish_reply(connection);
	}
	connection_leave(connection);
}

/* ---- replies of the server itself ---- */

static void send_error(struct connection *connection, int status, const char *message, bool close)
{
	struct server_worker *worker = connection->worker;
	const struct server_options *options = &worker->server->options;
	struct buf body = { 0 };
	const struct server_header headers[] = {
		{ "Allow", status == 405 ? worker->server->allow : NULL },
		{ "Retry-After", status == 503 ? "1" : NULL },
	};
	struct server_reply reply = {
		.status = status,
		.content_type = "text/plain",
		.headers = headers,
		.header_count = sizeof(headers) / sizeof(headers[0]),
		.close = close,
	};

	if (options->error_body != NULL) {
		reply.content_type = options->error_body(worker->user, status, message, &body);
	} else {
		buf_printf(&body, "%s\n", message);
	}
	reply.body = body.data;
	reply.body_size = body.size;
	send_reply(connection, &reply);
	buf_fini(&body);
}

void exchange_refuse(struct connection *connection, int status, const char *message)
{
	if (connection->phase == CONNECTION_HEAD) {
		connection->exchange = (struct exchange){ 0 }; /* of the request before */
	}
	send_error(connection, status, message, true);
	finish_reply(connection);
}

void server_reply_error(struct exchange *exchange, int status, const char *message)
{
	struct connection *connection = connection_of(exchange);

	assert(exchange->open && !exchange->streaming);
	if (exchange->inner != NULL) {
		inner_reply(exchange, &(struct server_reply){ .status = status,
					      .content_type = "text/plain",
					      .body = message,
					      .body_size = strlen(message) });
		return;
	}
	connection_enter(connection);
	exchange->open = false;
	if (connection->phase != CONNECTION_CLOSED) {
		send_error(connection, status, message, false);
		finish_reply(connection);
	}
	connection_leave(connection);
}

void exchange_continue(struct connection *connection)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

	send_bytes(connection, text, sizeof(text) - 1);
}

/* ---- streams ---- */

static enum reply_framing stream_framing(
	const struct connection *connection, const struct server_reply *reply, int64_t length)
{
	if (has_no_body(reply->status)) {
		return REPLY_NONE;
	}
	if (length >= 0) {
		return REPLY_LENGTH;
	}
	return connection->inbox->parser.request.minor == 1 ? REPLY_CHUNKED : REPLY_CLOSE;
}

void server_stream_start(struct exchange *exchange, const struct server_reply *reply,
	const struct server_stream *stream)
{
	struct connection *connection = connection_of(exchange);
	enum reply_framing framing;
	struct buf *head;

	assert(exchange->open && !exchange->streaming && stream->on_event != NULL);
	if (exchange->inner != NULL) {
		inner_stream_start(exchange, reply);
		return;
	}
	framing = stream_framing(connection, reply, stream->length);
	head = &connection->worker->scratch;
	connection_enter(connection);
	exchange->streaming = true;
	exchange->chunked = framing == REPLY_CHUNKED;
	exchange->no_body = exchange->is_head || framing == REPLY_NONE;
	exchange->left = stream->length;
	exchange->on_event = stream->on_event;
	exchange->user = stream->user;
	connection->last |= framing == REPLY_CLOSE;
	if (connection->phase == CONNECTION_CLOSED) {
		loop_timer_start(&connection->turn, 0); /* tells that the client is gone */
	} else {
		build_head(connection, reply, framing, (uint64_t)stream->length);
		send_bytes(connection, head->data, head->size);
	}
	connection_leave(connection);
}

static void send_piece(struct connection *connection, const void *bytes, size_t size)
{
	char framing[24];

	if (!connection->exchange.chunked) {
		send_bytes(connection, bytes, size);
		return;
	}
	int digits = snprintf(framing, sizeof(framing), "%zx\r\n", size);
	struct iovec parts[3] = {
		{ framing, (size_t)digits },
		{ (void *)bytes, size },
		{ (void *)"\r\n", 2 },
	};
	send_parts(connection, parts, 3);
}

bool server_stream_write(struct exchange *exchange, const void *bytes, size_t size)
{
	struct connection *connection = connection_of(exchange);
	size_t limit;

	assert(exchange->open && exchange->streaming);
	if (exchange->inner != NULL) {
		return inner_stream_write(exchange, bytes, size);
	}
	limit = connection->worker->server->options.write_high_water;
	assert(exchange->left < 0 || size <= (uint64_t)exchange->left); /* ours: longer than told */
	exchange->left -= exchange->left >= 0 ? (int64_t)size : 0;
	if (connection->phase == CONNECTION_CLOSED) {
		return false;
	}
	if (size == 0 || exchange->no_body) {
		return true;
	}
	connection_enter(connection);
	send_piece(connection, bytes, size);
	exchange->ready_owed =
		connection->phase == CONNECTION_CLOSED || waiting(connection) >= limit;
	bool more = !exchange->ready_owed;
	connection_leave(connection);
	return more;
}

void server_stream_end(struct exchange *exchange)
{
	struct connection *connection = connection_of(exchange);

	assert(exchange->open && exchange->streaming);
	if (exchange->inner != NULL) {
		inner_stream_end(exchange, true);
		return;
	}
	connection_enter(connection);
	exchange->open = false;
	if (connection->phase != CONNECTION_CLOSED) {
		assert(exchange->left <= 0); /* ours: shorter than told */
		if (exchange->chunked && !exchange->no_body) {
			send_bytes(connection, "0\r\n\r\n", 5);
		}
		finish_reply(connection);
	}
	connection_leave(connection);
}

void server_stream_abort(struct exchange *exchange)
{
	struct connection *connection = connection_of(exchange);

	assert(exchange->open && exchange->streaming);
	if (exchange->inner != NULL) {
		inner_stream_end(exchange, false);
		return;
	}
	connection_enter(connection);
	exchange->open = false;
	connection_close(connection, true);
	connection_leave(connection);
}

void exchange_tell_gone(struct connection *connection)
{
	struct exchange *exchange = &connection->exchange;

	if (exchange->open && exchange->streaming && !exchange->gone_told) {
		exchange->gone_told = true;
		exchange->on_event(exchange->user, SERVER_STREAM_GONE);
	}
}

/* ---- reading an exchange ---- */

bool exchange_is_gone(const struct exchange *exchange)
{
	return exchange->inner == NULL && connection_of(exchange)->phase == CONNECTION_CLOSED;
}

const char *exchange_peer(const struct exchange *exchange)
{
	return exchange->inner != NULL ? exchange->inner->peer : connection_of(exchange)->peer;
}

bool exchange_peer_uid(const struct exchange *exchange, unsigned *uid)
{
	const struct connection *connection = connection_of(exchange);
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (exchange->inner != NULL || connection->worker->server->address.family != AF_UNIX ||
		connection->stream.fd < 0 ||
		getsockopt(connection->stream.fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) <
			0) {
		return false;
	}
	*uid = credentials.uid;
	return true;
}

bool exchange_is_tls(const struct exchange *exchange)
{
	return exchange->inner != NULL
		       ? exchange->inner->is_tls
		       : connection_of(exchange)->worker->server->options.tls != NULL;
}

struct loop *exchange_loop(const struct exchange *exchange)
{
	return exchange->inner != NULL ? exchange->inner->loop
				       : connection_of(exchange)->worker->loop;
}

void exchange_set_context(struct exchange *exchange, void *context)
{
	exchange->context = context;
}

void *exchange_context(const struct exchange *exchange)
{
	return exchange->context;
}
