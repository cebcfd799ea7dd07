#include "io/connection.h"

#include "base/memory.h"

/*
 * Where a body lives. It must be one run of bytes for the handler, and should not be copied.
 *
 *   fits behind its head:  it stays in the inbox; chunks are moved together over their framing
 *   larger, with a length: a buffer of its own that is read into directly; it grows as the bytes
 * come, so that a length alone costs no memory larger, in chunks:     decoded out of the inbox into
 * a buffer
 */

#define STEP_BYTES (64 * 1024)

/* Accounts for memory that all connections of a worker share. False: there is none left. */
static bool grow(struct connection *connection, size_t more)
{
	struct server_worker *worker = connection->worker;
	struct buf *body = &connection->body;
	size_t before = body->capacity;

	if (before - body->size > more) { /* the NUL behind it counts */
		return true;
	}
	if (worker->bodies_bytes + more > worker->server->options.bodies_bytes) {
		return false;
	}
	buf_reserve(body, more);
	worker->bodies_bytes += body->capacity - before;
	return true;
}

void connection_drop_body(struct connection *connection)
{
	connection->worker->bodies_bytes -= connection->body.capacity;
	buf_fini(&connection->body);
}

/* Moves what is here of the body into a buffer of its own. */
static bool leave_inbox(struct connection *connection)
{
	struct inbox *inbox = connection->inbox;

	if (!grow(connection, inbox->body_size + 1)) {
		return false;
	}
	buf_append(&connection->body, inbox->bytes + inbox->body, inbox->body_size);
	inbox->body_size = 0;
	return true;
}

static bool is_outside(const struct connection *connection)
{
	return connection->body.data != NULL;
}

/* A piece of decoded body, which stands somewhere in the inbox. */
static bool take_piece(struct connection *connection, struct http_text piece)
{
	struct inbox *inbox = connection->inbox;

	if (piece.size == 0) {
		return true;
	}
	if (is_outside(connection)) {
		if (!grow(connection, piece.size)) {
			return false;
		}
		buf_append(&connection->body, piece.data, piece.size);
		return true;
	}
	char *place = inbox->bytes + inbox->body + inbox->body_size;

	if (place != piece.data) {
		memmove(place, piece.data, piece.size); /* over the framing before it */
	}
	inbox->body_size += piece.size;
	return true;
}

static enum http_result no_memory(struct inbox *inbox)
{
	inbox->parser.status = 503;
	inbox->parser.message = "too many large requests at once; try again later";
	return HTTP_FAILED;
}

enum http_result connection_take_body(struct connection *connection)
{
	struct inbox *inbox = connection->inbox;
	struct http_text piece;
	enum http_result result;
	size_t used;

	do {
		result = http_parser_body(&inbox->parser, inbox->bytes + inbox->used,
			inbox->size - inbox->used, &used, &piece);
		if (result == HTTP_FAILED) {
			return result;
		}
		inbox->used += used;
		if (!take_piece(connection, piece)) {
			return no_memory(inbox);
		}
	} while (result == HTTP_MORE && inbox->used < inbox->size);
	if (result == HTTP_DONE) {
		struct http_text *body = &inbox->parser.request.body;
		if (is_outside(connection)) {
			*body = (struct http_text){ connection->body.data, connection->body.size };
		} else {
			*body = (struct http_text){ inbox->bytes + inbox->body, inbox->body_size };
		}
	}
	return result;
}

/* A large body with a length is read straight to where it belongs. */
static bool is_direct(const struct connection *connection)
{
	return connection->phase == CONNECTION_BODY && is_outside(connection) &&
	       connection->inbox->parser.request.has_length;
}

static char *direct_room(struct connection *connection, size_t *size)
{
	struct buf *body = &connection->body;
	uint64_t left = connection->inbox->parser.request.length - body->size;
	size_t room = left < STEP_BYTES ? (size_t)left : STEP_BYTES;

	if (!grow(connection, room)) {
		return NULL;
	}
	room = body->capacity - body->size - 1;
	*size = room < left ? room : (size_t)left;
	return body->data + body->size;
}

static bool needs_buffer(const struct inbox *inbox)
{
	const struct http_request *request = &inbox->parser.request;
	size_t room = INBOX_BYTES - inbox->body;

	return request->chunked ? inbox->body_size + 1024 > room : request->length > room;
}

char *connection_room(struct connection *connection, size_t *size)
{
	struct inbox *inbox = connection->inbox;

	if (connection->phase == CONNECTION_BODY) {
		if (!is_outside(connection) && needs_buffer(inbox) && !leave_inbox(connection)) {
			no_memory(inbox);
			return NULL;
		}
		/* All that was here is understood: framing behind the body can be overwritten. */
		inbox->size = inbox->used = inbox->body + inbox->body_size;
		if (is_direct(connection)) {
			char *room = direct_room(connection, size);
			if (room == NULL) {
				no_memory(inbox);
			}
			return room;
		}
	}
	*size = INBOX_BYTES - inbox->size;
	return inbox->bytes + inbox->size;
}

void connection_received(struct connection *connection, size_t size)
{
	struct inbox *inbox = connection->inbox;
	struct buf *body = &connection->body;
	struct http_text piece;
	size_t used;

	if (!is_direct(connection)) {
		inbox->size += size;
		return;
	}
	http_parser_body(&inbox->parser, body->data + body->size, size, &used, &piece);
	body->size += size;
	body->data[body->size] = '\0';
}
