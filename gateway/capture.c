#include "gateway/capture.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "config/config.h"
#include "gateway/capture_folder.h"
#include "gateway/gateway.h"
#include "io/loop.h"
#include "io/worker.h"

/* The helper packs entries too: a capture never has more of its queue. */
#define WAITING_MAX 16
#define AGAIN_MS 50
#define SWEEP_MS (3600 * INT64_C(1000))

static const char *const end_names[] = { "", "deadline", "stopped", "requests", "size", "disk",
	"gateway" };

/* ---- one capture ---- */

struct capture *capture_ref(struct capture *capture)
{
	atomic_fetch_add(&capture->references, 1);
	return capture;
}

void capture_unref(struct capture *capture)
{
	if (capture == NULL || atomic_fetch_sub(&capture->references, 1) != 1) {
		return;
	}
	if (capture->fd >= 0) {
		close(capture->fd);
	}
	pseudonym_wipe(&capture->redact.pseudonym);
	memory_free(capture->path);
	memory_free(capture);
}

/* The first reason stands. */
static void end_with(struct capture *capture, enum capture_end reason)
{
	int runs = CAPTURE_RUNS;

	atomic_compare_exchange_strong(&capture->end, &runs, (int)reason);
}

/* A line on its way to the file: a job of the helper. */
struct line {
	struct capture *capture; /* a reference */
	struct buf text;
	bool is_last;
	void (*done)(void *user); /* of the last */
	void *user;
};

static void line_free(struct line *line)
{
	capture_unref(line->capture);
	buf_fini(&line->text);
	memory_free(line);
}

static bool write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, text, size);

		if (written < 0 && errno == EINTR) {
			continue;
		}
		if (written <= 0) {
			return false;
		}
		text += written;
		size -= (size_t)written;
	}
	return true;
}

static void append_time(struct buf *line, const char *name, int64_t us)
{
	char text[CLOCK_TEXT_BYTES];

	clock_format(us, text);
	buf_printf(line, ",\"%s\":\"%s\"", name, text);
}

/* Behind all others, so that its counts are those of the file. */
static void print_last(const struct capture *capture, struct buf *line)
{
	buf_printf(line, "{\"end\":\"%s\"", end_names[atomic_load(&capture->end)]);
	append_time(line, "at", clock_now_us());
	buf_printf(line, ",\"requests\":%lld,\"dropped\":%lld}\n",
		(long long)atomic_load(&capture->written),
		(long long)atomic_load(&capture->dropped));
}

/* A loop's post needs no memory of its own: it looks which captures have ended. */
static void on_ended(void *user);

static void write_line(void *job)
{
	struct line *line = job;
	struct capture *it = line->capture;

	if (line->is_last) {
		print_last(it, &line->text);
	}
	int64_t bytes = atomic_load(&it->bytes) + (int64_t)line->text.size;

	if (it->fd < 0 || (!line->is_last && bytes > it->bytes_max)) {
		end_with(it, CAPTURE_BYTES);
	} else if (!write_all(it->fd, buf_text(&line->text), line->text.size)) {
		end_with(it, CAPTURE_DISK);
	} else {
		atomic_store(&it->bytes, bytes);
		atomic_fetch_add(&it->written, line->is_last ? 0 : 1);
	}
	if (line->is_last && it->fd >= 0) {
		close(it->fd);
		it->fd = -1;
	}
	if (!line->is_last) {
		atomic_fetch_sub(&it->waiting, 1);
	}
	if (line->done == NULL) {
		if (atomic_load(&it->end) != CAPTURE_RUNS && !line->is_last) {
			loop_post(it->gateway->loop, on_ended, it->gateway);
		}
		line_free(line);
	}
}

static void on_written(void *job)
{
	struct line *line = job;

	line->done(line->user);
	line_free(line);
}

void capture_request(struct request *request, const struct server_reply *reply)
{
	struct capture *it = request->source != NULL
				     ? request->snapshot->captures[request->source->index]
				     : NULL;
	struct line *line;
	int64_t number;

	if (it == NULL || request->parent != NULL || atomic_load(&it->end) != CAPTURE_RUNS ||
		request->time_us >= it->until_us) {
		return;
	}
	if (atomic_fetch_add(&it->waiting, 1) >= WAITING_MAX) {
		atomic_fetch_sub(&it->waiting, 1);
		atomic_fetch_add(&it->dropped, 1);
		return;
	}
	number = atomic_fetch_add(&it->taken, 1) + 1;
	if (number >= it->requests_max) {
		end_with(it, CAPTURE_REQUESTS);
	}
	if (number > it->requests_max) {
		atomic_fetch_sub(&it->taken, 1);
		atomic_fetch_sub(&it->waiting, 1);
		return;
	}
	line = must_calloc(1, sizeof(*line));
	line->capture = capture_ref(it);
	capture_record(it, request, reply, number, &line->text);
	if (!worker_submit(it->writer, NULL, write_line, NULL, line)) {
		atomic_fetch_sub(&it->waiting, 1);
		atomic_fetch_add(&it->dropped, 1);
		line_free(line);
	}
}

/* ---- the head of a file ---- */

static bool write_head(
	struct capture *capture, const struct gateway_source *source, struct error *err)
{
	struct buf line = { 0 };
	bool ok;

	buf_printf(&line, "{\"capture\":1,\"source\":");
	buf_append_json_text(&line, source->config->name, strlen(source->config->name));
	buf_printf(&line, ",\"dialect\":\"%s\",\"quirks\":", source->dialect->name);
	buf_append_json_text(&line, source->config->quirks != NULL ? source->config->quirks : "",
		source->config->quirks != NULL ? strlen(source->config->quirks) : 0);
	buf_printf(&line, ",\"values\":\"%s\",\"version\":\"%s\"",
		capture->redact.with_values ? "kept" : "pseudonyms", SCIMWARD_VERSION);
	append_time(&line, "started", capture->started_us);
	append_time(&line, "until", capture->until_us);
	buf_append_text(&line, "}\n");
	ok = write_all(capture->fd, line.data, line.size);
	atomic_store(&capture->bytes, (int64_t)line.size);
	buf_fini(&line);
	return ok || error_set(err, ERROR_IO, "%s: %s", capture->path, strerror(errno));
}

/* ---- all captures ---- */

struct slot {
	struct captures *captures;
	const struct gateway_source *source;
	struct capture *capture; /* NULL: none runs */
	struct loop_timer timer; /* the deadline */
};

struct captures {
	struct gateway *gateway;
	struct slot *slots; /* of each source */
	struct loop_timer sweeper;
};

static void on_sweep(void *user)
{
	struct captures *captures = user;

	capture_folder_sweep(captures->gateway->config);
	loop_timer_start(&captures->sweeper, SWEEP_MS);
}

static void retire(
	struct slot *slot, enum capture_end reason, void (*done)(void *user), void *user);

static void on_deadline(void *user)
{
	retire(user, CAPTURE_DEADLINE, NULL, NULL);
}

struct captures *captures_new(struct gateway *gateway)
{
	struct captures *captures = must_calloc(1, sizeof(*captures));

	captures->gateway = gateway;
	captures->slots = must_calloc(gateway->source_count + 1, sizeof(*captures->slots));
	for (size_t i = 0; i < gateway->source_count; i++) {
		captures->slots[i].captures = captures;
		captures->slots[i].source = &gateway->sources[i];
		loop_timer_init(
			&captures->slots[i].timer, gateway->loop, on_deadline, &captures->slots[i]);
	}
	loop_timer_init(&captures->sweeper, gateway->loop, on_sweep, captures);
	on_sweep(captures);
	return captures;
}

static struct line *last_line(struct capture *capture, void (*done)(void *user), void *user)
{
	struct line *line = must_calloc(1, sizeof(*line));

	line->capture = capture_ref(capture);
	line->is_last = true;
	line->done = done;
	line->user = user;
	return line;
}

static void submit_last(void *user)
{
	struct line *line = user;
	struct gateway *gateway = line->capture->gateway;
	bool tells = line->done != NULL;

	if (worker_submit(gateway->helper, tells ? gateway->loop : NULL, write_line,
		    tells ? on_written : NULL, line)) {
		return;
	}
	/* The helper is busy. Only it writes to the file, so there is nothing to do but wait. */
	if (!__atomic_load_n(&gateway->stopping, __ATOMIC_RELAXED)) {
		loop_after(gateway->loop, AGAIN_MS, submit_last, line);
	} else if (tells) {
		loop_post(gateway->loop, on_written, line);
	} else {
		line_free(line);
	}
}

static void retire(struct slot *slot, enum capture_end reason, void (*done)(void *user), void *user)
{
	struct gateway *gateway = slot->captures->gateway;
	struct capture *it = slot->capture;
	struct error err = { 0 };

	end_with(it, reason);
	loop_timer_cancel(&slot->timer);
	slot->capture = NULL;
	/* Workers let go of it with the snapshot; until then they see that it has ended. */
	if (!gateway_refresh_tokens(gateway, &err)) {
		log_event(LOG_WARN, "capture_not_released", "error", err.text, NULL);
	}
	log_event(LOG_INFO, "capture_ended", "source", slot->source->config->name, "file", it->path,
		"reason", end_names[atomic_load(&it->end)], NULL);
	submit_last(last_line(it, done, user));
	capture_unref(it);
}

static void on_ended(void *user)
{
	struct gateway *gateway = user;

	for (size_t i = 0; i < gateway->source_count; i++) {
		struct slot *slot = &gateway->captures->slots[i];

		if (slot->capture != NULL && atomic_load(&slot->capture->end) != CAPTURE_RUNS) {
			retire(slot, CAPTURE_STOPPED, NULL, NULL); /* its own reason stands */
		}
	}
}

static struct capture *capture_new(struct gateway *gateway, const struct capture_options *options)
{
	struct capture *it = must_calloc(1, sizeof(*it));

	atomic_init(&it->references, 1);
	it->fd = -1;
	it->gateway = gateway;
	it->writer = gateway->helper;
	it->started_us = clock_now_us();
	it->until_us = it->started_us + options->for_us;
	it->requests_max = options->requests_max;
	it->bytes_max = options->bytes_max;
	it->redact.with_values = options->with_values;
	it->redact.model = gateway->model;
	pseudonym_init(&it->redact.pseudonym);
	return it;
}

bool captures_start(struct captures *captures, const struct gateway_source *source,
	const struct capture_options *options, struct error *err)
{
	struct gateway *gateway = captures->gateway;
	struct slot *slot = &captures->slots[source->index];
	struct capture *it;

	if (slot->capture != NULL) {
		return error_set(err, ERROR_UNIQUENESS,
			"source %s is being captured into %s; `scimward source capture %s --stop` "
			"ends that",
			source->config->name, slot->capture->path, source->config->name);
	}
	capture_folder_sweep(gateway->config);
	it = capture_new(gateway, options);
	it->fd = capture_folder_create(
		gateway->config, source->config->name, it->started_us, &it->path, err);
	if (it->fd < 0 || !write_head(it, source, err)) {
		capture_unref(it);
		return false;
	}
	slot->capture = it;
	if (!gateway_refresh_tokens(gateway, err)) {
		slot->capture = NULL;
		capture_unref(it);
		return false;
	}
	loop_timer_start(&slot->timer, options->for_us / 1000);
	log_event(LOG_WARN, "capture_started", "source", source->config->name, "file", it->path,
		"values", options->with_values ? "kept" : "pseudonyms", NULL);
	return true;
}

bool captures_stop(struct captures *captures, const struct gateway_source *source,
	enum capture_end reason, void (*done)(void *user), void *user)
{
	struct slot *slot = &captures->slots[source->index];

	if (slot->capture == NULL) {
		return false;
	}
	retire(slot, reason, done, user);
	return true;
}

struct capture *captures_of(const struct captures *captures, const struct gateway_source *source)
{
	return captures->slots[source->index].capture;
}

struct capture **captures_share(struct captures *captures)
{
	struct capture **shared = NULL;
	size_t count = captures != NULL ? captures->gateway->source_count : 0;

	for (size_t i = 0; i < count; i++) {
		if (captures->slots[i].capture == NULL) {
			continue;
		}
		if (shared == NULL) {
			shared = must_calloc(count, sizeof(struct capture *));
		}
		shared[i] = capture_ref(captures->slots[i].capture);
	}
	return shared;
}

void captures_stop_all(struct captures *captures)
{
	for (size_t i = 0; captures != NULL && i < captures->gateway->source_count; i++) {
		if (captures->slots[i].capture != NULL) {
			retire(&captures->slots[i], CAPTURE_GATEWAY, NULL, NULL);
		}
	}
}

void captures_free(struct captures *captures)
{
	if (captures == NULL) {
		return;
	}
	for (size_t i = 0; i < captures->gateway->source_count; i++) {
		loop_timer_fini(&captures->slots[i].timer);
		capture_unref(captures->slots[i].capture);
	}
	loop_timer_fini(&captures->sweeper);
	memory_free(captures->slots);
	memory_free(captures);
}
