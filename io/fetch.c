#include "io/fetch.h"

#include <assert.h>
#include <event2/event.h>
#include <string.h>
#include "base/error.h"
#include "base/memory.h"
#include "io/fetch_transfer.h"
#include "io/loop.h"
#include "io/signal.h"

/*
 * libcurl tells which sockets it wants watched and when it wants to be called; both become events
 * of the loop. Easy handles are kept and used again.
 */

#define IDLE_HANDLES 32

struct fetch {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer timer;
	struct list running; /* struct transfer */
	size_t count;
	CURL *idle[IDLE_HANDLES];
	size_t idle_count;
	int64_t idle_s;
	struct loop_timer invalid; /* ends those that are not sent at all */
	bool stopping;
};

static const char *const outcome_names[FETCH_OUTCOME_COUNT] = {
	[FETCH_ANSWERED] = "answered",
	[FETCH_REFUSED] = "refused",
	[FETCH_UNREACHABLE] = "unreachable",
	[FETCH_TLS] = "tls",
	[FETCH_STOPPED] = "stopped",
	[FETCH_TIMEOUT] = "timeout",
	[FETCH_LOST] = "lost",
};

const char *fetch_outcome_name(enum fetch_outcome outcome)
{
	assert(outcome < FETCH_OUTCOME_COUNT);
	return outcome_names[outcome];
}

bool fetch_outcome_is_unknown(enum fetch_outcome outcome)
{
	return outcome == FETCH_TIMEOUT || outcome == FETCH_LOST;
}

/* ---- the end of a transfer ---- */

static bool is_tls(CURLcode code)
{
	switch (code) {
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_USE_SSL_FAILED:
		return true;
	default:
		return false;
	}
}

static enum fetch_outcome classify(const struct transfer *transfer, CURLcode code)
{
	if (code == CURLE_OK) {
		return FETCH_ANSWERED;
	}
	if (transfer->sent) {
		return code == CURLE_OPERATION_TIMEDOUT ? FETCH_TIMEOUT : FETCH_LOST;
	}
	if (transfer->invalid || transfer->forbidden || code == CURLE_URL_MALFORMAT ||
		code == CURLE_UNSUPPORTED_PROTOCOL) {
		return FETCH_REFUSED;
	}
	return is_tls(code) ? FETCH_TLS : FETCH_UNREACHABLE;
}

static const char *explain(const struct transfer *transfer, CURLcode code)
{
	if (transfer->invalid) {
		return transfer->message;
	}
	if (transfer->too_large) {
		return "the answer is larger than is accepted";
	}
	if (transfer->again) {
		return "the kept connection broke before the answer came";
	}
	if (transfer->forbidden) {
		return "its address is private or special, and the configuration does not allow it";
	}
	return transfer->message[0] != '\0' ? transfer->message : curl_easy_strerror(code);
}

static void keep_handle(struct fetch *fetch, CURL *easy)
{
	if (fetch->idle_count < IDLE_HANDLES) {
		curl_easy_reset(easy);
		fetch->idle[fetch->idle_count++] = easy;
	} else {
		curl_easy_cleanup(easy);
	}
}

static void finish(struct transfer *transfer, CURLcode code, enum fetch_outcome outcome)
{
	struct fetch *fetch = transfer->fetch;
	long status = 0;

	if (outcome == FETCH_ANSWERED) {
		curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	}
	const struct fetch_response response = {
		.outcome = outcome,
		.status = (int)status,
		.content_type = transfer->content_type,
		.etag = transfer->etag,
		.location = transfer->location,
		.retry_after = transfer->retry_after,
		.body = buf_text(&transfer->body),
		.body_size = transfer->body.size,
		.elapsed_us = loop_now_us() - transfer->started_us,
		.message = outcome == FETCH_ANSWERED ? "" : explain(transfer, code),
	};

	list_remove(&transfer->node);
	fetch->count--;
	transfer->done(transfer->user, &response);
	keep_handle(fetch, transfer->easy);
	transfer_free_headers(transfer);
	buf_fini(&transfer->body);
	memory_free(transfer->networks);
	memory_free(transfer);
}

static void check_done(struct fetch *fetch)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(fetch->multi, &left)) != NULL) {
		if (message->msg != CURLMSG_DONE) {
			continue;
		}
		CURL *easy = message->easy_handle;
		CURLcode code = message->data.result;
		struct transfer *transfer;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
		curl_multi_remove_handle(fetch->multi, easy); /* message is void now */
		finish(transfer, code, classify(transfer, code));
	}
}

/* ---- libcurl on the loop ---- */

struct watched {
	struct fetch *fetch;
	struct event event;
};

static void on_socket(evutil_socket_t fd, short events, void *user)
{
	struct fetch *fetch = ((struct watched *)user)->fetch;
	int action = ((events & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
		     ((events & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
	int running;

	curl_multi_socket_action(fetch->multi, fd, action, &running);
	check_done(fetch);
}

static void on_timer(void *user)
{
	struct fetch *fetch = user;
	int running;

	curl_multi_socket_action(fetch->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	check_done(fetch);
}

static int want_timer(CURLM *multi, long delay_ms, void *user)
{
	struct fetch *fetch = user;

	(void)multi;
	if (delay_ms < 0) {
		loop_timer_cancel(&fetch->timer);
	} else {
		loop_timer_start(&fetch->timer, delay_ms);
	}
	return 0;
}

static int want_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *known)
{
	struct fetch *fetch = user;
	struct watched *watched = known;
	short events = (short)(((what & CURL_POLL_IN) != 0 ? EV_READ : 0) |
			       ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0) | EV_PERSIST);

	(void)easy;
	if (watched != NULL) {
		event_del(&watched->event);
	}
	if (what == CURL_POLL_REMOVE) {
		curl_multi_assign(fetch->multi, fd, NULL);
		memory_free(watched);
		return 0;
	}
	if (watched == NULL) {
		watched = must_calloc(1, sizeof(*watched));
		watched->fetch = fetch;
		curl_multi_assign(fetch->multi, fd, watched);
	}
	event_assign(&watched->event, loop_base(fetch->loop), fd, events, on_socket, watched);
	event_add(&watched->event, NULL);
	return 0;
}

/* ---- starting a transfer ---- */

static void on_invalid(void *user)
{
	struct fetch *fetch = user;
	struct list_node *node = fetch->running.head.next;

	while (node != &fetch->running.head) {
		struct transfer *transfer = LIST_ITEM(node, struct transfer, node);
		node = node->next;
		if (transfer->invalid) {
			finish(transfer, CURLE_FAILED_INIT,
				fetch->stopping ? FETCH_STOPPED : FETCH_REFUSED);
			node = fetch->running.head
				       .next; /* its callback may have changed the list */
		}
	}
}

static struct transfer *new_transfer(
	struct fetch *fetch, const struct fetch_request *request, fetch_done_fn *done, void *user)
{
	struct transfer *transfer = must_calloc(1, sizeof(*transfer));

	transfer->fetch = fetch;
	transfer->done = done;
	transfer->user = user;
	transfer->started_us = loop_now_us();
	transfer->limit = request->response_bytes > 0 ? request->response_bytes : 1024 * 1024;
	transfer->local = request->unix_socket != NULL;
	transfer->guard.allow_private = request->allow_private;
	transfer->guard.network_count = request->network_count;
	if (request->network_count > 0) {
		size_t bytes = request->network_count * sizeof(request->networks[0]);
		transfer->networks = must_malloc(bytes);
		memcpy(transfer->networks, request->networks, bytes);
		transfer->guard.networks = transfer->networks;
	}
	list_push(&fetch->running, &transfer->node);
	fetch->count++;
	return transfer;
}

static void say_stopping(struct transfer *transfer)
{
	snprintf(transfer->message, sizeof(transfer->message), "the program is stopping");
}

void fetch_start(
	struct fetch *fetch, const struct fetch_request *request, fetch_done_fn *done, void *user)
{
	struct transfer *transfer = new_transfer(fetch, request, done, user);

	transfer->easy =
		fetch->idle_count > 0 ? fetch->idle[--fetch->idle_count] : curl_easy_init();
	assert(transfer->easy != NULL); /* ours: memory */
	if (fetch->stopping) {
		transfer->invalid = true;
		say_stopping(transfer);
	}
	if (transfer->invalid || !transfer_prepare(transfer, request, fetch->idle_s)) {
		loop_timer_start(&fetch->invalid, 0); /* not from inside this call */
		return;
	}
	curl_multi_add_handle(fetch->multi, transfer->easy); /* asks for a timer of no delay */
}

size_t fetch_running(const struct fetch *fetch)
{
	return fetch->count;
}

/* ---- life ---- */

struct fetch *fetch_new(struct loop *loop, const struct fetch_options *options)
{
	static const struct fetch_options defaults = { 0 };
	struct fetch *fetch = must_calloc(1, sizeof(*fetch));
	const struct fetch_options *it = options != NULL ? options : &defaults;
	unsigned connections = it->connections > 0 ? it->connections : 128;

	signals_ignore_pipe();
	fetch->loop = loop;
	fetch->multi = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_multi_init() : NULL;
	if (fetch->multi == NULL) {
		fprintf(stderr, "libcurl cannot be set up\n");
		abort();
	}
	list_init(&fetch->running);
	loop_timer_init(&fetch->timer, loop, on_timer, fetch);
	loop_timer_init(&fetch->invalid, loop, on_invalid, fetch);
	fetch->idle_s = it->idle_s > 0 ? it->idle_s : 30;
	curl_multi_setopt(fetch->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl_multi_setopt(fetch->multi, CURLMOPT_SOCKETDATA, fetch);
	curl_multi_setopt(fetch->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	curl_multi_setopt(fetch->multi, CURLMOPT_TIMERDATA, fetch);
	curl_multi_setopt(fetch->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	curl_multi_setopt(fetch->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)connections);
	curl_multi_setopt(fetch->multi, CURLMOPT_MAXCONNECTS, (long)connections);
	curl_multi_setopt(fetch->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
		(long)(it->connections_per_host > 0 ? it->connections_per_host : 16));
	return fetch;
}

static void end_one(struct transfer *transfer)
{
	if (!transfer->invalid) {
		curl_multi_remove_handle(transfer->fetch->multi, transfer->easy);
	}
	say_stopping(transfer);
	finish(transfer, CURLE_ABORTED_BY_CALLBACK, transfer->sent ? FETCH_LOST : FETCH_STOPPED);
}

void fetch_stop(struct fetch *fetch)
{
	fetch->stopping = true;
	/* What a callback starts stands behind these and ends in on_invalid(). */
	for (size_t left = fetch->count; left > 0; left--) {
		end_one(LIST_ITEM(fetch->running.head.next, struct transfer, node));
	}
}

void fetch_free(struct fetch *fetch)
{
	if (fetch == NULL) {
		return;
	}
	while (!list_is_empty(&fetch->running)) {
		end_one(LIST_ITEM(fetch->running.head.next, struct transfer, node));
	}
	while (fetch->idle_count > 0) {
		curl_easy_cleanup(fetch->idle[--fetch->idle_count]);
	}
	curl_multi_cleanup(fetch->multi);
	loop_timer_fini(&fetch->timer);
	loop_timer_fini(&fetch->invalid);
	memory_free(fetch);
}

int64_t fetch_retry_after_s(const char *text, int64_t now_us)
{
	const int64_t day = INT64_C(24) * 3600;
	size_t digits = strspn(text, "0123456789");
	int64_t seconds;

	if (digits > 0 && text[digits] == '\0') {
		return digits > 6 ? day : (seconds = strtoll(text, NULL, 10)) < day ? seconds : day;
	}
	time_t date = curl_getdate(text, NULL);

	if (date < 0) {
		return -1;
	}
	seconds = (int64_t)date - now_us / 1000000;
	return seconds < 0 ? 0 : seconds < day ? seconds : day;
}
