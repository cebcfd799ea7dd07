/*
 * Inside of the server: workers, connections, exchanges. Nobody but the files of the
 * server (server.c, connection*.c, request_body.c, exchange.c) includes this.
 *
 * A connection is a machine of phases; connection_wait.c is the only place that tells
 * from the phase which events and which deadline it waits for.
 *
 *   HANDSHAKE → IDLE → HEAD → BODY → HANDLING → (FLUSHING) → IDLE …
 *                 any of them → LINGERING (the last reply is out) → CLOSED
 *
 * Every entry from outside (event, timer, public function) stands between connection_enter() and
 * connection_leave(); only the outermost leave frees. CLOSED with an open exchange
 * lives on until the handler has answered.
 */
#pragma once

#include <assert.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/list.h"
#include "io/address.h"
#include "io/http.h"
#include "io/inner.h"
#include "io/loop.h"
#include "io/reply_head.h"
#include "io/server.h"
#include "io/stream.h"

struct peers;

/* Counted by the worker alone, read by others: no locked instruction is needed. */
struct server_counts {
	_Atomic uint64_t accepted, open, requests, refused_total, refused_address, refused_parse,
		failed_tls, late_handshake, late_head, late_body, late_write, late_idle, gone,
		descriptors_short, bytes_in, bytes_out;
};

#define COUNT(worker, what, by)                                                                    \
	atomic_store_explicit(&(worker)->counts.what,                                              \
		atomic_load_explicit(&(worker)->counts.what, memory_order_relaxed) + (by),         \
		memory_order_relaxed)

/* What a connection that reads has, and one that waits for its next request has not. */
#define INBOX_BYTES (24 * 1024)
static_assert(
	INBOX_BYTES > HTTP_HEAD_MAX, "a head must fit, so that the parser sees it is too large");

struct inbox {
	struct inbox *next; /* in the pool */
	size_t size;        /* bytes that were read */
	size_t used; /* bytes that were understood; what follows is the rest of a body, or the next
			message */
	size_t body; /* where the body stands, as long as it is here */
	size_t body_size;
	struct http_parser parser;
	char bytes[INBOX_BYTES];
};

struct server_worker {
	struct server *server;
	struct loop *loop; /* NULL: not attached */
	void *user;
	int listen_fd;
	int reserve_fd; /* given up for a moment when no descriptor is left */
	struct event accepting;
	struct loop_timer pause;
	struct loop_timer drain;
	bool stopping;
	bool stopped;

	struct list connections;
	unsigned connection_count; /* closed ones with an open exchange included */
	struct inbox *pool;
	unsigned pool_count;
	uint64_t bodies_bytes; /* of bodies outside of inboxes */
	struct buf scratch;    /* head of the reply that is being built */
	struct reply_date date;
	struct server_counts counts;
};

struct server {
	struct server_options options;
	char *address_text;
	char *allow;
	struct address address;
	struct peers *peers;
	_Atomic unsigned connections;

	pthread_mutex_t lock; /* start and stop may meet: held around workers[].loop and stopping */
	bool stopping;
	struct server_worker *workers;
	unsigned worker_count;
	_Atomic unsigned running; /* attached workers that have not stopped */
	int64_t drain_ms;
	struct loop *answer;
	server_done_fn *done;
	void *done_user;
};

enum connection_phase {
	CONNECTION_HANDSHAKE,
	CONNECTION_IDLE,
	CONNECTION_HEAD,
	CONNECTION_BODY,
	CONNECTION_HANDLING,
	CONNECTION_FLUSHING,
	CONNECTION_LINGERING,
	CONNECTION_CLOSED,
};

/* What others know of a connection: its request, from on_head until the reply. */
struct exchange {
	const struct inner_options *inner; /* io/inner.h: no connection is around it. Else NULL */
	void *context;
	bool open;      /* the handler owes a reply */
	bool is_head;   /* HEAD: the reply has no body */
	bool no_body;   /* nor has 204 or 304 */
	bool streaming; /* server_stream_start() came */
	bool chunked;
	bool ready_owed; /* server_stream_write() said false */
	bool gone_told;
	int64_t left; /* bytes of a stream with a length; < 0: without one */
	server_stream_fn *on_event;
	void *user;
};

struct connection {
	struct exchange exchange;
	struct list_node node;
	struct server_worker *worker;
	struct stream stream;
	struct event readable;
	struct event writable;
	bool reading; /* the events are registered */
	bool writing;
	bool paused;    /* bytes wait in the socket, but not for now */
	bool last;      /* close after this reply */
	bool advancing; /* inside connection_advance() */
	unsigned depth;
	enum connection_phase phase;
	unsigned messages;

	enum connection_phase
		waiting_phase; /* since when it waits for what: see connection_wait() */
	unsigned waiting_message;
	int64_t since_us;
	int64_t deadline_us; /* 0: none */
	int64_t timer_us;    /* when `timer` rings: at the deadline or earlier */
	struct loop_timer timer;
	struct loop_timer turn; /* go on after the loop's other work */

	struct inbox *inbox;
	struct buf body; /* one that does not fit into the inbox */
	struct buf out;  /* what the socket did not take */
	size_t out_sent;
	uint64_t sent_since;     /* bytes that went out since it waits for the socket */
	uint64_t unacknowledged; /* … and that were on their way then */
	size_t discarded;

	uint8_t key[ADDRESS_KEY_BYTES];
	bool is_counted; /* in peers */
	char peer[ADDRESS_TEXT_BYTES];
};

/* connection.c */
void connection_new(struct server_worker *worker, int fd, const struct address *peer, bool counted);
void connection_enter(struct connection *connection);
void connection_leave(struct connection *connection);
/* Understands what was read and hands requests out, until more bytes or the handler are needed. */
void connection_advance(struct connection *connection);
/* The last reply is out: says so, reads on for a moment. */
void connection_linger(struct connection *connection);
/* The socket is closed now. An exchange that is open stays so. */
void connection_close(struct connection *connection, bool abruptly);
/* The exchange has ended and all its bytes are out. */
void connection_finish_exchange(struct connection *connection);
/* The worker stops: close what is idle. */
void connection_drain(struct connection *connection);

/* connection_wait.c */
void connection_wait(struct connection *connection); /* registers events and deadline */
void connection_on_timer(void *connection);
void connection_start_clock(struct connection *connection); /* what it waits for begins now */

/* request_body.c */
enum http_result connection_take_body(struct connection *connection);
/* Where the next bytes go, and how many. NULL: no memory is left for bodies (parser->status). */
char *connection_room(struct connection *connection, size_t *size);
/* They are there. */
void connection_received(struct connection *connection, size_t size);
void connection_drop_body(struct connection *connection);

/* inner.c: what exchange.c does without a connection */
void inner_reply(struct exchange *exchange, const struct server_reply *reply);
void inner_stream_start(struct exchange *exchange, const struct server_reply *reply);
bool inner_stream_write(struct exchange *exchange, const void *bytes, size_t size);
void inner_stream_end(struct exchange *exchange, bool whole);

/* exchange.c */
/* Answers by itself and closes: the request cannot be handed out. */
void exchange_refuse(struct connection *connection, int status, const char *message);
void exchange_continue(struct connection *connection); /* 100 Continue */
void exchange_on_writable(struct connection *connection);
void exchange_tell_gone(struct connection *connection);

/* server.c */
void server_connection_gone(struct server_worker *worker); /* one less; perhaps the last */
