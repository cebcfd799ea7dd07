#include "io/server.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/error.h"
#include "base/memory.h"
#include "io/connection.h"
#include "io/peers.h"
#include "io/signal.h"

#define ACCEPTS_PER_TURN 64
#define PAUSE_MS 100

/* ---- options ---- */

#define DEFAULT(member, value) (options->member = options->member != 0 ? options->member : (value))

static void set_defaults(struct server_options *options)
{
	DEFAULT(workers, 1);
	DEFAULT(handshake_ms, 5000);
	DEFAULT(head_ms, 10000);
	DEFAULT(body_ms, 30000);
	DEFAULT(body_grace_ms, 5000);
	DEFAULT(body_bytes_per_second, 1024);
	DEFAULT(idle_ms, 75000);
	DEFAULT(write_ms, 30000);
	DEFAULT(write_bytes_per_second, 1024);
	DEFAULT(linger_ms, 2000);
	DEFAULT(head.target_bytes, HTTP_TARGET_MAX);
	DEFAULT(head.headers_bytes, HTTP_HEADERS_MAX);
	DEFAULT(head.fields, HTTP_FIELDS_MAX);
	DEFAULT(body_bytes, UINT64_C(1) << 20);
	DEFAULT(bodies_bytes, UINT64_C(256) << 20);
	DEFAULT(connections, 4096);
	DEFAULT(connections_per_address, 256);
	DEFAULT(handshakes_per_second, 100);
	DEFAULT(requests_per_connection, 10000);
	DEFAULT(write_high_water, 256 * 1024);
	assert(options->on_request != NULL);
}

/* ---- stopping ---- */

static void free_pool(struct server_worker *worker)
{
	while (worker->pool != NULL) {
		struct inbox *inbox = worker->pool;
		worker->pool = inbox->next;
		memory_free(inbox);
	}
	worker->pool_count = 0;
}

/* In the worker's loop, when nothing of it is left. */
static void finish_worker(void *user)
{
	struct server_worker *worker = user;
	struct server *server = worker->server;

	loop_timer_fini(&worker->pause);
	loop_timer_fini(&worker->drain);
	free_pool(worker);
	if (atomic_fetch_sub(&server->running, 1) == 1) {
		loop_post(server->answer, server->done, server->done_user);
	}
}

static void check_stopped(struct server_worker *worker)
{
	if (worker->stopping && !worker->stopped && worker->connection_count == 0) {
		worker->stopped = true;
		loop_post(
			worker->loop, finish_worker, worker); /* not from inside of a connection */
	}
}

void server_connection_gone(struct server_worker *worker)
{
	worker->connection_count--;
	check_stopped(worker);
}

/* Calls fn for each connection, which may free itself and others. */
static void for_each_connection(
	struct server_worker *worker, void (*fn)(struct connection *connection))
{
	struct list all;

	list_init(&all);
	for (struct list_node *node; (node = list_pop(&worker->connections)) != NULL;) {
		list_push(&all, node);
	}
	for (struct list_node *node; (node = list_pop(&all)) != NULL;) {
		list_push(&worker->connections, node);
		fn(LIST_ITEM(node, struct connection, node));
	}
}

static void cut(struct connection *connection)
{
	connection_enter(connection);
	connection_close(connection, true);
	connection_leave(connection);
}

static void on_drain_end(void *user)
{
	for_each_connection(user, cut);
}

/* ---- accepting ---- */

static void on_pause_end(void *user)
{
	struct server_worker *worker = user;

	if (worker->reserve_fd < 0) {
		worker->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	event_add(&worker->accepting, NULL);
}

/*
 * No descriptor is left. The reserve makes room to take the connection and end it, so that its
 * client does not wait; then accepting rests for a moment, else the loop would spin.
 */
static void descriptors_short(struct server_worker *worker)
{
	COUNT(worker, descriptors_short, 1);
	if (worker->reserve_fd >= 0) {
		close(worker->reserve_fd);
		int fd = accept4(worker->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0) {
			close(fd);
		}
		worker->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	if (!worker->stopping) {
		event_del(&worker->accepting);
		loop_timer_start(&worker->pause, PAUSE_MS);
	}
}

/* Over a limit: says so if that costs nothing, and closes. */
static void turn_away(struct server_worker *worker, int fd)
{
	static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
				   "Retry-After: 1\r\nContent-Length: 0\r\n\r\n";

	if (worker->server->options.tls == NULL) {
		ssize_t sent = send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		(void)sent;
	}
	close(fd);
}

static void admit(struct server_worker *worker, int fd, const struct address *peer)
{
	struct server *server = worker->server;
	bool counted = peer->family != AF_UNIX;
	uint8_t key[ADDRESS_KEY_BYTES];

	COUNT(worker, accepted, 1);
	if (atomic_fetch_add(&server->connections, 1) >= server->options.connections) {
		COUNT(worker, refused_total, 1);
	} else {
		address_key(peer, key);
		if (!counted || peers_enter(server->peers, key, server->options.tls != NULL,
					loop_now_us())) {
			connection_new(worker, fd, peer, counted);
			return;
		}
		COUNT(worker, refused_address, 1);
	}
	atomic_fetch_sub(&server->connections, 1);
	turn_away(worker, fd);
}

/* False: nobody waits, or no descriptor is left. */
static bool accept_one(struct server_worker *worker)
{
	struct address peer = { .size = sizeof(peer.bytes) };
	int fd = accept4(worker->listen_fd, (struct sockaddr *)&peer.bytes, &peer.size,
		SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		peer.family =
			worker->server->address.family == AF_UNIX ? AF_UNIX : peer.bytes.ss_family;
		admit(worker, fd, &peer);
		return true;
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		descriptors_short(worker);
		return false;
	}
	return errno == ECONNABORTED || errno == EINTR;
}

static void accept_some(struct server_worker *worker, int limit)
{
	while (limit-- > 0 && accept_one(worker)) {
	}
}

static void on_accept(evutil_socket_t fd, short events, void *user)
{
	(void)fd;
	(void)events;
	accept_some(user, ACCEPTS_PER_TURN);
}

static void stop_worker(void *user)
{
	struct server_worker *worker = user;

	event_del(&worker->accepting);
	loop_timer_cancel(&worker->pause);
	worker->stopping = true;
	/* Who has connected is served; a listener that is closed would reset the connections that
	 * wait in it. */
	accept_some(worker, 4 * ACCEPTS_PER_TURN);
	close(worker->listen_fd);
	worker->listen_fd = -1;
	if (worker->reserve_fd >= 0) {
		close(worker->reserve_fd);
		worker->reserve_fd = -1;
	}
	loop_timer_start(&worker->drain, worker->server->drain_ms);
	for_each_connection(worker, connection_drain);
	check_stopped(worker);
}

void server_stop(struct server *server, int64_t drain_ms, struct loop *answer, server_done_fn *done,
	void *user)
{
	unsigned count = 0;

	assert(server->done == NULL && done != NULL);
	server->drain_ms = drain_ms;
	server->answer = answer;
	server->done = done;
	server->done_user = user;
	pthread_mutex_lock(&server->lock);
	server->stopping = true;
	for (unsigned i = 0; i < server->worker_count; i++) {
		count += server->workers[i].loop != NULL;
	}
	atomic_store(&server->running, count);
	for (unsigned i = 0; i < server->worker_count; i++) {
		if (server->workers[i].loop != NULL) {
			loop_post(server->workers[i].loop, stop_worker, &server->workers[i]);
		}
	}
	pthread_mutex_unlock(&server->lock);
	if (count == 0) {
		loop_post(answer, done, user);
	}
}

/* ---- starting ---- */

static bool open_first(struct server *server, struct error *err)
{
	struct server_worker *first = &server->workers[0];
	const char *text = server->address_text;

	if (server->options.inherited_fd > 0) {
		first->listen_fd = server->options.inherited_fd;
		return fcntl(first->listen_fd, F_SETFL, O_NONBLOCK) == 0 &&
				       address_of_socket(first->listen_fd, &server->address)
			       ? true
			       : error_set(err, ERROR_IO,
					 "the inherited socket %d cannot be used: %s",
					 first->listen_fd, strerror(errno));
	}
	if (!address_parse(text, &server->address, err)) {
		return false;
	}
	if (server->address.family != AF_UNIX && !address_is_free(&server->address, text, err)) {
		return false;
	}
	first->listen_fd = address_listen(&server->address, text, server->options.unix_mode, err);
	return first->listen_fd >= 0 && address_of_socket(first->listen_fd, &server->address);
}

/* The socket of another worker: of its own where the system can share a port, else the same. */
static bool open_other(struct server *server, struct server_worker *worker, struct error *err)
{
	if (server->options.inherited_fd > 0 || server->address.family == AF_UNIX) {
		worker->listen_fd = fcntl(server->workers[0].listen_fd, F_DUPFD_CLOEXEC, 3);
		return worker->listen_fd >= 0
			       ? true
			       : error_set(err, ERROR_IO, "cannot share the socket: %s",
					 strerror(errno));
	}
	worker->listen_fd = address_listen(&server->address, server->address_text, 0, err);
	return worker->listen_fd >= 0;
}

static bool open_sockets(struct server *server, struct error *err)
{
	if (!open_first(server, err)) {
		return false;
	}
	for (unsigned i = 1; i < server->worker_count; i++) {
		if (!open_other(server, &server->workers[i], err)) {
			return false;
		}
	}
	return true;
}

struct server *server_new(const struct server_options *options, struct error *err)
{
	struct server *server = must_calloc(1, sizeof(*server));

	signals_ignore_pipe();
	pthread_mutex_init(&server->lock, NULL);
	server->options = *options;
	set_defaults(&server->options);
	server->address_text =
		must_strdup(options->address != NULL ? options->address : "the inherited socket");
	server->allow = must_strdup(options->allow != NULL
					    ? options->allow
					    : "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
	server->options.address = server->address_text;
	server->options.allow = server->allow;
	server->peers = peers_new(
		server->options.connections_per_address, server->options.handshakes_per_second);
	server->worker_count = server->options.workers;
	server->workers = must_calloc(server->worker_count, sizeof(server->workers[0]));
	for (unsigned i = 0; i < server->worker_count; i++) {
		server->workers[i].server = server;
		server->workers[i].listen_fd = server->workers[i].reserve_fd = -1;
		list_init(&server->workers[i].connections);
	}
	if (!open_sockets(server, err)) {
		server_free(server);
		return NULL;
	}
	return server;
}

void server_attach(struct server *server, unsigned index, struct loop *loop, void *user)
{
	struct server_worker *worker = &server->workers[index];

	assert(index < server->worker_count && worker->loop == NULL);
	pthread_mutex_lock(&server->lock);
	worker->loop = server->stopping ? NULL : loop;
	pthread_mutex_unlock(&server->lock);
	if (worker->loop == NULL) {
		return; /* stopped before it began */
	}
	worker->user = user;
	worker->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	loop_timer_init(&worker->pause, loop, on_pause_end, worker);
	loop_timer_init(&worker->drain, loop, on_drain_end, worker);
	event_assign(&worker->accepting, loop_base(loop), worker->listen_fd, EV_READ | EV_PERSIST,
		on_accept, worker);
	event_add(&worker->accepting, NULL);
}

static void remove_socket_file(const struct server *server)
{
	if (server->address.family == AF_UNIX && server->options.inherited_fd <= 0) {
		unlink(((const struct sockaddr_un *)&server->address.bytes)->sun_path);
	}
}

void server_free(struct server *server)
{
	if (server == NULL) {
		return;
	}
	for (unsigned i = 0; i < server->worker_count; i++) {
		struct server_worker *worker = &server->workers[i];
		assert(worker->loop == NULL || worker->stopped); /* ours: it still serves */
		if (worker->listen_fd >= 0) {
			close(worker->listen_fd);
		}
		buf_fini(&worker->scratch);
	}
	remove_socket_file(server);
	peers_free(server->peers);
	pthread_mutex_destroy(&server->lock);
	memory_free(server->workers);
	memory_free(server->address_text);
	memory_free(server->allow);
	memory_free(server);
}

/* ---- reading ---- */

unsigned server_port(const struct server *server)
{
	return address_port(&server->address);
}

bool server_is_loopback(const struct server *server)
{
	return address_is_loopback(&server->address);
}

void server_stats(const struct server *server, struct server_stats *stats)
{
	*stats = (struct server_stats){ 0 };
	for (unsigned i = 0; i < server->worker_count; i++) {
		const struct server_counts *counts = &server->workers[i].counts;
#define SUM(what) stats->what += atomic_load_explicit(&counts->what, memory_order_relaxed)
		SUM(accepted);
		SUM(open);
		SUM(requests);
		SUM(refused_total);
		SUM(refused_address);
		SUM(refused_parse);
		SUM(failed_tls);
		SUM(late_handshake);
		SUM(late_head);
		SUM(late_body);
		SUM(late_write);
		SUM(late_idle);
		SUM(gone);
		SUM(descriptors_short);
		SUM(bytes_in);
		SUM(bytes_out);
#undef SUM
	}
}
