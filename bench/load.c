/*
 * The load generator: SCIM requests over kept connections, in one thread, and how long each took.
 *
 *     bench_load --port N --token TEXT [option…] MODE
 *
 * MODE: post, get, patch or delete a user; by-name, by-external, by-email: find one; probe whether
 * one is a member; add a member, unmember: remove one.
 *
 *   --connections N   at once (default 16), each with one request under way
 *   --seconds S       how long (default 3), after --warmup S that is not counted (default 0.3)
 *   --count N         stop after so many requests instead, and count all of them
 *   --rate R          so many requests a second, whatever the server does; without it each
 *                     connection sends when it has its reply
 *   --tls             TLS 1.3; the certificate is not checked
 *   --ids FILE        ids of existing users, one a line
 *   --save FILE       writes the ids that post made there
 *   --first N         number of the first user (post) or of the first line of --ids (patch, delete,
 *                     member, unmember)
 *   --users N         users 0 … N-1 are looked for (by-…, access…)
 *   --group ID        the group of member, unmember, probe
 *   --scatter         names in no order, as those of real people; for all runs of one gateway or
 * none
 *
 * With --rate nothing is omitted when the server stalls: the i-th request is due at start + i / R,
 * its latency counts from then, sent or not, and what could not be sent in the end is told as
 * "unsent". Without it latency counts from the moment of sending; that is the server's maximum
 * throughput, and its latencies are those at saturation.
 *
 * Prints one line of JSON. Anything but 2xx is an error; then the exit code is 2, and the first one
 * stands on stderr.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include "base/error.h"
#include "base/memory.h"
#include "bench/ask.h"
#include "bench/wire.h"

enum { CONNECTIONS_MAX = 256, DRAIN_US = 5000000 };

struct client {
	struct wire wire;
	bool busy;
	int64_t since_us; /* when its request was due */
};

struct load {
	const struct ask_mode *mode;
	struct ask ask;
	struct wire_peer peer;
	const char *token;
	size_t connections;
	int64_t duration_us;
	int64_t warmup_us;
	uint64_t count; /* 0: by time */
	double rate;    /* 0: closed loop */
	FILE *save;

	int epoll;
	struct client *clients;
	struct client *idle[CONNECTIONS_MAX];
	size_t idle_count;
	int64_t start_us;
	uint64_t sent;
	uint64_t done;
	uint64_t errors;

	uint32_t *latencies_us; /* of those that count */
	size_t counted;
	size_t room;
	uint64_t in_time; /* of those that count: replied before the end */
	int64_t last_us;
};

static void die(const char *what)
{
	fprintf(stderr, "bench_load: %s\n", what);
	exit(1);
}

static int64_t now_us(clockid_t clock)
{
	struct timespec at;

	clock_gettime(clock, &at);
	return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

/* ---- when ---- */

static void send_next(struct load *load, struct client *client, int64_t since_us)
{
	char body[ASK_BODY_BYTES];
	char target[ASK_TARGET_BYTES];
	char request[ASK_BODY_BYTES + 1024];
	size_t size = load->mode->make(&load->ask, load->sent++, body, target);
	char length[80] = "";

	if (size > 0) {
		snprintf(length, sizeof(length), "Content-Type: %s\r\nContent-Length: %zu\r\n",
			load->mode->media, size);
	}
	int head = snprintf(request, sizeof(request) - ASK_BODY_BYTES,
		"%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
		"User-Agent: bench\r\nAccept: application/scim+json\r\n%s\r\n",
		load->mode->method, target, load->token, length);
	memcpy(request + head, body, size);
	client->since_us = since_us;
	client->busy = true;
	wire_send(&client->wire, request, (size_t)head + size);
}

static int64_t end_us(const struct load *load)
{
	return load->start_us + load->warmup_us + load->duration_us;
}

/* When request `number` is due. */
static int64_t due_us(const struct load *load, uint64_t number)
{
	return load->start_us + (int64_t)((double)number * 1e6 / load->rate);
}

static bool is_last_sent(const struct load *load, int64_t now)
{
	if (load->count > 0) {
		return load->sent >= load->count;
	}
	return load->rate > 0 ? due_us(load, load->sent) >= end_us(load) : now >= end_us(load);
}

/* Sends what is due to whoever is idle. */
static void send_due(struct load *load)
{
	while (load->idle_count > 0) {
		int64_t now = now_us(CLOCK_MONOTONIC);
		int64_t since_us = load->rate > 0 ? due_us(load, load->sent) : now;

		if (since_us > now || is_last_sent(load, now)) {
			return;
		}
		send_next(load, load->idle[--load->idle_count], since_us);
	}
}

static void keep_id(struct load *load, const struct wire_reply *reply)
{
	const char *at = strstr(reply->head, "\r\nLocation: ");
	const char *end = at != NULL ? strstr(at + 2, "\r\n") : NULL;

	if (end == NULL || end - at < ASK_ID_BYTES) {
		die("a reply to post has no Location");
	}
	fprintf(load->save, "%.36s\n", end - ASK_ID_BYTES);
}

static void count_latency(struct load *load, const struct client *client, int64_t now)
{
	if (client->since_us < load->start_us + load->warmup_us) {
		return;
	}
	if (load->counted == load->room) {
		load->room = load->room > 0 ? load->room * 2 : 1 << 16;
		load->latencies_us =
			must_realloc(load->latencies_us, load->room * sizeof(*load->latencies_us));
	}
	load->latencies_us[load->counted++] = (uint32_t)(now - client->since_us);
	load->in_time += load->count > 0 || now < end_us(load);
	load->last_us = now;
}

static void watch(struct load *load, struct client *client)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };

	epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->wire.fd, &event);
}

static void on_readable(struct load *load, struct client *client)
{
	struct wire_reply reply;

	if (!client->busy) { /* a TLS session ticket, or the end of an idle connection */
		if (wire_read(&client->wire, &reply) == WIRE_REPLY) {
			die("a reply that nobody asked for");
		}
		return;
	}
	if (wire_read(&client->wire, &reply) == WIRE_MORE) {
		return;
	}
	count_latency(load, client, now_us(CLOCK_MONOTONIC));
	load->done++;
	client->busy = false;
	if (reply.status < 200 || reply.status > 299) {
		if (load->errors++ == 0) {
			fprintf(stderr, "bench_load: %s: %d %.600s\n", load->mode->name,
				reply.status, reply.body);
		}
	} else if (load->save != NULL) {
		keep_id(load, &reply);
	}
	if (wire_renew(&client->wire)) {
		watch(load, client);
	}
	load->idle[load->idle_count++] = client;
}

/* Until something comes, or the next request is due. */
static int wait_for(struct load *load, struct epoll_event *events)
{
	int64_t now = now_us(CLOCK_MONOTONIC);
	int64_t wait_us = DRAIN_US;

	if (load->rate > 0 && load->idle_count > 0 && !is_last_sent(load, now)) {
		wait_us = due_us(load, load->sent) - now;
		wait_us = wait_us > 0 ? wait_us : 0;
	}
	struct timespec wait = { .tv_sec = wait_us / 1000000,
		.tv_nsec = (wait_us % 1000000) * 1000 };
	int count = epoll_pwait2(load->epoll, events, CONNECTIONS_MAX, &wait, NULL);
	if (count == 0 && wait_us == DRAIN_US) {
		die("no reply for 5 s");
	}
	return count;
}

static void run(struct load *load)
{
	struct epoll_event events[CONNECTIONS_MAX];

	load->start_us = now_us(CLOCK_MONOTONIC);
	for (;;) {
		send_due(load);
		int64_t now = now_us(CLOCK_MONOTONIC);
		if (load->done == load->sent && is_last_sent(load, now)) {
			return;
		}
		if (load->count == 0 && now > end_us(load) + DRAIN_US) {
			return; /* what is left is "unsent" */
		}
		int count = wait_for(load, events);
		for (int i = 0; i < count; i++) {
			on_readable(load, events[i].data.ptr);
		}
	}
}

/* ---- what it was ---- */

static int by_size(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static unsigned share(const struct load *load, double part)
{
	return load->counted > 0 ? load->latencies_us[(size_t)(part * (double)(load->counted - 1))]
				 : 0;
}

static void report(struct load *load, int64_t cpu_us)
{
	double seconds = load->count > 0 ? (double)(load->last_us - load->start_us) / 1e6
					 : (double)load->duration_us / 1e6;
	double all = (double)(now_us(CLOCK_MONOTONIC) - load->start_us);
	int64_t due = load->rate > 0 && load->count == 0
			      ? (int64_t)(load->rate *
					  (double)(load->warmup_us + load->duration_us) / 1e6)
			      : (int64_t)load->sent;
	int64_t unsent = due - (int64_t)load->sent;

	qsort(load->latencies_us, load->counted, sizeof(*load->latencies_us), by_size);
	printf("{\"mode\":\"%s\",\"connections\":%zu,\"tls\":%s,\"rate\":%.0f,\"requests\":%zu,"
	       "\"per_second\":%.1f,\"p50_us\":%u,\"p95_us\":%u,\"p99_us\":%u,\"max_us\":%u,"
	       "\"errors\":%llu,\"unsent\":%lld,\"all\":%llu,\"load_cpu\":%.2f}\n",
		load->mode->name, load->connections, load->peer.tls ? "true" : "false", load->rate,
		load->counted, (double)load->in_time / seconds, share(load, 0.5), share(load, 0.95),
		share(load, 0.99), share(load, 1.0), (unsigned long long)load->errors,
		(long long)(unsent > 1 ? unsent : 0), (unsigned long long)load->sent,
		(double)cpu_us / all);
}

/* ---- start ---- */

static void read_ids(struct load *load, const char *path)
{
	struct error err = { 0 };

	if (!ask_read_ids(&load->ask, path, &err)) {
		die(err.text);
	}
}

static void open_save(struct load *load, const char *path)
{
	load->save = fopen(path, "we");
	if (load->save == NULL) {
		die("--save: the file cannot be written");
	}
}

static void set_option(struct load *load, int option, const char *text)
{
	switch (option) {
	case 'p':
		load->peer.port = (unsigned)strtoul(text, NULL, 10);
		break;
	case 'k':
		load->token = text;
		break;
	case 'c':
		load->connections = strtoull(text, NULL, 10);
		break;
	case 's':
		load->duration_us = (int64_t)(strtod(text, NULL) * 1e6);
		break;
	case 'w':
		load->warmup_us = (int64_t)(strtod(text, NULL) * 1e6);
		break;
	case 'n':
		load->count = strtoull(text, NULL, 10);
		break;
	case 'r':
		load->rate = strtod(text, NULL);
		break;
	case 't':
		load->peer.tls = true;
		break;
	case 'i':
		read_ids(load, text);
		break;
	case 'o':
		open_save(load, text);
		break;
	case 'f':
		load->ask.first = strtoull(text, NULL, 10);
		break;
	case 'u':
		load->ask.users = strtoull(text, NULL, 10);
		break;
	case 'g':
		load->ask.group = text;
		break;
	case 'x':
		load->ask.scatter = true;
		break;
	default:
		die("usage: see the head of bench/load.c");
	}
}

static void read_options(struct load *load, int argc, char **argv)
{
	static const struct option options[] = { { "port", required_argument, NULL, 'p' },
		{ "token", required_argument, NULL, 'k' },
		{ "connections", required_argument, NULL, 'c' },
		{ "seconds", required_argument, NULL, 's' },
		{ "warmup", required_argument, NULL, 'w' },
		{ "count", required_argument, NULL, 'n' }, { "rate", required_argument, NULL, 'r' },
		{ "tls", no_argument, NULL, 't' }, { "ids", required_argument, NULL, 'i' },
		{ "save", required_argument, NULL, 'o' }, { "first", required_argument, NULL, 'f' },
		{ "users", required_argument, NULL, 'u' },
		{ "group", required_argument, NULL, 'g' }, { "scatter", no_argument, NULL, 'x' },
		{ 0 } };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		set_option(load, option, optarg);
	}
	load->mode = optind < argc ? ask_find_mode(argv[optind]) : NULL;
	if (load->mode == NULL || load->token == NULL || load->connections == 0 ||
		load->connections > CONNECTIONS_MAX || load->peer.port == 0) {
		die("usage: see the head of bench/load.c");
	}
	if (!ask_is_complete(&load->ask, load->mode)) {
		die("this mode needs --ids, --group or --users");
	}
}

int main(int argc, char **argv)
{
	struct load load = { .peer.address = "127.0.0.1",
		.connections = 16,
		.duration_us = 3000000,
		.warmup_us = 300000 };

	read_options(&load, argc, argv);
	load.warmup_us = load.count > 0 ? 0 : load.warmup_us;
	load.ask.nonce = (uint64_t)now_us(CLOCK_REALTIME);
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	load.clients = must_calloc(load.connections, sizeof(*load.clients));
	if (load.peer.tls) {
		wire_start_tls();
	}
	for (size_t i = 0; i < load.connections; i++) {
		wire_open(&load.clients[i].wire, &load.peer);
		watch(&load, &load.clients[i]);
		load.idle[load.idle_count++] = &load.clients[i];
	}
	int64_t cpu_us = now_us(CLOCK_PROCESS_CPUTIME_ID);
	run(&load);
	report(&load, now_us(CLOCK_PROCESS_CPUTIME_ID) - cpu_us);
	for (size_t i = 0; i < load.connections; i++) {
		wire_close(&load.clients[i].wire);
	}
	if (load.save != NULL && fclose(load.save) != 0) {
		die("--save: the file cannot be written");
	}
	memory_free(load.clients);
	memory_free(load.latencies_us);
	ask_fini(&load.ask);
	return load.errors > 0 ? 2 : 0;
}
