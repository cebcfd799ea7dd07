/* Captures of what a source sends, over the admin API. Who began and ended one is in the journal.
 */
#include <stdatomic.h>
#include "base/arena.h"
#include "base/memory.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/admin_call.h"
#include "gateway/admin_change.h"
#include "gateway/capture.h"
#include "gateway/gateway.h"

struct start {
	struct admin_change inside; /* first */
	struct capture_options options;
};

/* Absent: the fallback. */
static bool read_number(struct admin_call *call, const char *name, int64_t max, int64_t fallback,
	int64_t *number, struct error *err)
{
	const json_t *member = json_object_get(call->body, name);

	*number = member != NULL ? json_integer_value(member) : fallback;
	return member == NULL || (json_is_integer(member) && *number > 0 && *number <= max) ||
	       error_set(err, ERROR_REQUEST, "\"%s\" must be a whole number from 1 to %lld", name,
		       (long long)max);
}

static bool read_options(
	struct admin_call *call, struct capture_options *options, struct error *err)
{
	const json_t *values = json_object_get(call->body, "with_values");
	int64_t seconds;

	if (!read_number(call, "for_s", CAPTURE_FOR_US_MAX / 1000000, 600, &seconds, err) ||
		!read_number(call, "requests", CAPTURE_REQUESTS_MAX, 1000, &options->requests_max,
			err) ||
		!read_number(call, "bytes", CAPTURE_BYTES_MAX, 16 * 1024 * 1024,
			&options->bytes_max, err)) {
		return false;
	}
	options->for_us = seconds * 1000000;
	options->with_values = json_is_true(values);
	return values == NULL || json_is_boolean(values) ||
	       error_set(err, ERROR_REQUEST, "\"with_values\" must be true or false");
}

json_t *admin_capture_json(const struct capture *capture)
{
	json_t *it = json_object();

	json_object_set_new(it, "file", json_string(capture->path));
	json_object_set_new(
		it, "values", json_string(capture->redact.with_values ? "kept" : "pseudonyms"));
	admin_add_time(it, "until", capture->until_us);
	json_object_set_new(it, "requests", json_integer(atomic_load(&capture->written)));
	json_object_set_new(it, "dropped", json_integer(atomic_load(&capture->dropped)));
	json_object_set_new(it, "bytes", json_integer(atomic_load(&capture->bytes)));
	return it;
}

static void reply_capture(struct admin_call *call, int status, json_t *capture)
{
	json_t *document = json_object();

	json_object_set_new(document, "schemaVersion", json_integer(1));
	json_object_set_new(document, "capture", capture);
	admin_reply(call, status, document);
}

static void on_recorded(void *user)
{
	struct start *start = user;
	struct admin_call *call = start->inside.call;
	struct captures *captures = call->admin->gateway->captures;
	const struct gateway_source *source = start->inside.source;
	struct error err = { 0 };

	if (admin_change_is_committed(&start->inside)) {
		if (captures_start(captures, source, &start->options, &err)) {
			reply_capture(call, 201, admin_capture_json(captures_of(captures, source)));
		} else {
			admin_reply_error(call, &err);
		}
	}
	memory_free(start);
}

void admin_capture_start(struct admin_call *call)
{
	struct error err = { 0 };
	const struct gateway_source *source = admin_source_named(call, call->argument, &err);
	struct value_builder detail = { .arena = call->arena };
	struct capture_options options;
	struct start *start;

	if (source == NULL || !read_options(call, &options, &err)) {
		admin_reply_error(call, &err);
		return;
	}
	start = must_calloc(1, sizeof(*start));
	start->options = options;
	admin_change_init(&start->inside, call, source);
	value_add_int(&detail, "for_s", options.for_us / 1000000);
	value_add_text(&detail, "values", options.with_values ? "kept" : "pseudonyms");
	if (!admin_change_commit(&start->inside, "source.capture", value_finish_object(&detail),
		    on_recorded, start)) {
		memory_free(start);
	}
}

struct stop {
	struct admin_change inside; /* first */
	struct capture *capture;    /* a reference */
};

static void stop_free(struct stop *stop)
{
	capture_unref(stop->capture);
	memory_free(stop);
}

static void on_whole(void *user)
{
	struct stop *stop = user;

	reply_capture(stop->inside.call, 200, admin_capture_json(stop->capture));
	stop_free(stop);
}

static void on_stop_recorded(void *user)
{
	struct stop *stop = user;
	struct captures *captures = stop->inside.call->admin->gateway->captures;

	if (!admin_change_is_committed(&stop->inside)) {
		stop_free(stop);
		return;
	}
	if (!captures_stop(captures, stop->inside.source, CAPTURE_STOPPED, on_whole, stop)) {
		on_whole(stop); /* it ended by itself meanwhile */
	}
}

void admin_capture_stop(struct admin_call *call)
{
	struct error err = { 0 };
	const struct gateway_source *source = admin_source_named(call, call->argument, &err);
	struct capture *running =
		source != NULL ? captures_of(call->admin->gateway->captures, source) : NULL;
	struct value_builder detail = { .arena = call->arena };
	struct stop *stop;

	if (source != NULL && running == NULL) {
		error_set(&err, ERROR_NOT_FOUND, "source %s is not being captured",
			source->config->name);
	}
	if (running == NULL) {
		admin_reply_error(call, &err);
		return;
	}
	stop = must_calloc(1, sizeof(*stop));
	stop->capture = capture_ref(running);
	admin_change_init(&stop->inside, call, source);
	value_add_int(&detail, "requests", atomic_load(&running->written));
	if (!admin_change_commit(&stop->inside, "source.capture.stop", value_finish_object(&detail),
		    on_stop_recorded, stop)) {
		stop_free(stop);
	}
}
