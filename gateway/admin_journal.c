/*
 * The journal over the admin API: a page of entries as JSON lines, filtered here and not in the
 * client, and followed on demand; one entry with everything that belongs to it.
 */
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/admin_call.h"
#include "gateway/gateway.h"
#include "io/loop.h"
#include "io/server.h"
#include "journal/query.h"
#include "scim/changes.h"
#include "scim/filter.h"
#include "scim/match.h"
#include "scim/schema.h"
#include "store/delivery.h"
#include "store/read.h"

enum { SLICE_ENTRIES = 200, COUNT_DEFAULT = 100, INDEX_DIGITS = 18 };

/* A stream of entries under way, with or without an end. */
struct admin_follower {
	struct admin_call *call;
	struct journal_source source;
	struct journal_cursor cursor;
	const struct scim_filter *filter;
	struct arena *slice;
	int64_t left;      /* entries still to send; < 0: no limit */
	int64_t seek;      /* still looking, backwards, for the last so many that match; 0: found */
	uint64_t seek_end; /* entries before this one were not looked at */
	uint64_t *matches; /* of one slice */
	size_t match_count;
	bool follow;
	bool scheduled; /* a post is under way */
	bool blocked;   /* the client reads too slowly: READY will come */
	bool gone;
	bool ended; /* only its post is waited for */
	struct admin_follower *next;
};

static bool starts(struct admin_call *call, struct admin_follower *it, struct error *err)
{
	const char *filter = admin_parameter(call, "filter");
	int64_t from;
	int64_t tail;
	int64_t count;

	if (!admin_number(call, "from", -1, &from, err) ||
		!admin_number(call, "tail", COUNT_DEFAULT, &tail, err) ||
		!admin_number(call, "count", -1, &count, err)) {
		return false;
	}
	if (filter != NULL) {
		it->filter =
			scim_filter_parse(call->arena, NULL, filter, strlen(filter), true, err);
		if (it->filter == NULL) {
			return false;
		}
	}
	it->follow = admin_parameter(call, "follow") != NULL;
	it->left = count;
	it->cursor = (struct journal_cursor){
		.source = &it->source, .end = JOURNAL_NONE, .payloads = true
	};
	if (from >= 0) {
		it->cursor.next = (uint64_t)from;
		return true;
	}
	if (it->filter == NULL || tail == 0) {
		return journal_cursor_tail(&it->cursor, (uint64_t)tail, err);
	}
	it->seek = tail; /* the last N that match, not those of the last N that do */
	it->matches = arena_alloc(call->arena, SLICE_ENTRIES * sizeof(*it->matches));
	return it->source.size(it->source.user, &it->seek_end, err);
}

static bool on_seek(void *user, struct arena *arena, const struct journal_record *record)
{
	struct admin_follower *it = user;

	if (scim_filter_matches_value(arena, it->filter, journal_view(arena, record))) {
		it->matches[it->match_count++] = record->index;
	}
	return true;
}

/* One slice further back; when enough match, the cursor stands at the first of them. */
static bool seek(struct admin_follower *it, struct error *err)
{
	uint64_t from = it->seek_end > SLICE_ENTRIES ? it->seek_end - SLICE_ENTRIES : 0;
	struct journal_cursor cursor = {
		.source = &it->source, .next = from, .end = it->seek_end, .payloads = true
	};

	it->match_count = 0;
	if (!journal_cursor_read(&cursor, it->slice, 0, on_seek, it, NULL, err)) {
		return false;
	}
	it->cursor.next = from;
	if ((int64_t)it->match_count >= it->seek) {
		it->cursor.next = it->matches[it->match_count - (size_t)it->seek];
		it->seek = 0;
		return true;
	}
	it->seek -= (int64_t)it->match_count;
	it->seek_end = from;
	if (from == 0) {
		it->seek = 0;
	}
	return true;
}

static bool on_record(void *user, struct arena *arena, const struct journal_record *record)
{
	struct admin_follower *it = user;
	const struct value *view = journal_view(arena, record);
	struct buf line = { 0 };

	if (it->filter != NULL && !scim_filter_matches_value(arena, it->filter, view)) {
		return true;
	}
	value_print(&line, view);
	buf_append_char(&line, '\n');
	it->blocked = !server_stream_write(it->call->exchange, line.data, line.size);
	buf_fini(&line);
	if (it->left > 0) {
		it->left--;
	}
	return !it->blocked && it->left != 0;
}

static void unlink_follower(struct admin_follower *it)
{
	struct admin_follower **at = &it->call->admin->followers;

	while (*at != NULL && *at != it) {
		at = &(*at)->next;
	}
	if (*at == it) {
		*at = it->next;
	}
}

static void free_follower(struct admin_follower *it)
{
	arena_free(it->slice);
	admin_call_free(it->call);
	memory_free(it);
}

static void end_follower(struct admin_follower *it, bool whole)
{
	it->ended = true;
	unlink_follower(it);
	if (whole) {
		server_stream_end(it->call->exchange);
	} else {
		server_stream_abort(it->call->exchange);
	}
	if (!it->scheduled) {
		free_follower(it);
	}
}

/* The stream is under way, so there is no status any more: its last line says what is wrong. */
static void fail_follower(struct admin_follower *it, const struct error *err)
{
	struct buf line = { 0 };

	log_event(LOG_ERROR, "journal_read_failed", "error", err->text, NULL);
	buf_printf(&line, "{\"error\":\"%s\",\"message\":", error_name(err->code));
	buf_append_json_text(&line, err->text, strlen(err->text));
	buf_append_text(&line, "}\n");
	server_stream_write(it->call->exchange, line.data, line.size);
	buf_fini(&line);
	end_follower(it, true);
}

static void pump(void *user);

static void schedule(struct admin_follower *it)
{
	if (!it->scheduled) {
		it->scheduled = true;
		loop_post(it->call->admin->gateway->loop, pump, it);
	}
}

static void pump(void *user)
{
	struct admin_follower *it = user;
	struct error err = { 0 };
	size_t read = 0;

	it->scheduled = false;
	if (it->ended) {
		free_follower(it);
		return;
	}
	if (it->gone) {
		end_follower(it, false);
		return;
	}
	if (it->blocked) {
		return;
	}
	if (it->seek > 0) {
		if (seek(it, &err)) {
			schedule(it);
		} else {
			fail_follower(it, &err);
		}
		return;
	}
	if (!journal_cursor_read(
		    &it->cursor, it->slice, SLICE_ENTRIES, on_record, it, &read, &err)) {
		fail_follower(it, &err);
		return;
	}
	if (it->left == 0) {
		end_follower(it, true);
	} else if (read == SLICE_ENTRIES) {
		schedule(it);
	} else if (!it->blocked && !it->follow) {
		end_follower(it, true);
	}
}

static void on_stream(void *user, enum server_stream_event event)
{
	struct admin_follower *it = user;

	it->gone = it->gone || event == SERVER_STREAM_GONE;
	it->blocked = false;
	if (!it->ended) {
		schedule(it);
	}
}

void admin_journal(struct admin_call *call)
{
	struct admin_follower *it = must_calloc(1, sizeof(*it));
	struct error err = { 0 };

	it->call = call;
	it->source = journal_source_of_store(call->admin->reader);
	if (!starts(call, it, &err)) {
		memory_free(it);
		admin_reply_error(call, &err);
		return;
	}
	it->slice = arena_new();
	it->next = call->admin->followers;
	call->admin->followers = it;
	server_stream_start(call->exchange,
		&(struct server_reply){ .status = 200, .content_type = "application/jsonl" },
		&(struct server_stream){ .length = -1, .on_event = on_stream, .user = it });
	schedule(it);
}

void admin_journal_news(void *user)
{
	struct admin *admin = user;

	for (struct admin_follower *it = admin->followers; it != NULL; it = it->next) {
		if (it->follow) {
			schedule(it);
		}
	}
}

void admin_journal_stop(struct admin *admin)
{
	while (admin->followers != NULL) {
		end_follower(admin->followers, false);
	}
}

/* ---- one entry ---- */

static const char *const states[] = { "pending", "in flight", "parked" };

static const struct value *delivery_value(
	struct admin_call *call, const struct store_delivery *delivery)
{
	const struct gateway_app *app = gateway_app_of_id(call->admin->gateway, delivery->app);
	struct value_builder it = { .arena = call->arena };
	char text[CLOCK_TEXT_BYTES];

	value_add_text(&it, "app", app != NULL ? app->config->name : "(removed)");
	value_add_int(&it, "attempts", delivery->attempts);
	value_add_text(&it, "error", delivery->error[0] != '\0' ? delivery->error : NULL);
	if (delivery->state != STORE_PARKED) {
		clock_format(delivery->next_us, text);
		value_add_text(&it, "next", text);
	}
	value_add_text(&it, "state", states[delivery->state]);
	return value_finish_object(&it);
}

/* Deliveries of the resource that are open now. */
static const struct value *open_deliveries(
	struct admin_call *call, const struct value *view, struct error *err)
{
	struct value_builder all = { .arena = call->arena };
	const struct store_entry *entry;
	const struct store_delivery *list;
	size_t count;

	if (!store_find_entry(call->admin->reader, call->arena, value_find_int(view, "index", -1),
		    &entry, err) ||
		entry == NULL || entry->rid == 0) {
		return value_finish_array(&all);
	}
	if (!store_deliveries_of(
		    call->admin->reader, call->arena, entry->rid, &list, &count, err)) {
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		value_add_item(&all, delivery_value(call, &list[i]));
	}
	return value_finish_array(&all);
}

struct outcomes {
	struct admin_call *call;
	int64_t index;
	struct value_builder found;
};

static bool on_outcome(void *user, struct arena *arena, const struct journal_record *record)
{
	struct outcomes *outcomes = user;
	const struct value *leaf = record->leaf;

	(void)arena;
	if (record->kind == JOURNAL_DELIVERY &&
		value_find_int(leaf, "decision", -1) == outcomes->index) {
		struct value_builder it = { .arena = outcomes->call->arena };

		value_add_text(&it, "app", value_find_text(leaf, "app"));
		value_add_int(&it, "index", (int64_t)record->index);
		value_add_text(&it, "outcome", value_find_text(leaf, "outcome"));
		value_add_text(&it, "time", value_find_text(leaf, "time"));
		value_add_item(&outcomes->found, value_finish_object(&it));
	}
	return true;
}

/* Outcomes come soon after their decision; further away they are found with a filter. */
enum { OUTCOME_WINDOW = 2000 };

static const struct value *outcomes_of(struct admin_call *call, const struct journal_source *source,
	uint64_t index, struct error *err)
{
	struct arena *slice = arena_new();
	struct outcomes outcomes = { call, (int64_t)index, { .arena = call->arena } };
	struct journal_cursor cursor = { .source = source, .next = index + 1, .end = JOURNAL_NONE };
	bool ok = journal_cursor_read(
		&cursor, slice, OUTCOME_WINDOW, on_outcome, &outcomes, NULL, err);

	arena_free(slice);
	return ok ? value_finish_array(&outcomes.found) : NULL;
}

/* What the operation came to: what the policy was asked about, but for what obligations changed. */
static const struct value *changes_of(
	struct admin_call *call, const struct journal_record *record, const struct value *input)
{
	const struct value *stored = value_find(record->payload, "stored");
	const char *name = value_find_text(input, "resource_type");
	const struct scim_resource_type *type =
		name != NULL ? scim_model_type(call->admin->gateway->model, name) : NULL;

	if (stored == NULL || type == NULL) {
		return value_find(input, "changes");
	}
	stored = value_with(call->arena, stored, "externalId",
		value_find(value_find(input, "after"), "externalId"));
	return scim_changes(call->arena, type, value_find(input, "before"), stored);
}

static void send_entry(struct admin_call *call, const struct value *document)
{
	struct buf body = { 0 };

	value_print(&body, document);
	server_reply(call->exchange, &(struct server_reply){ .status = 200,
					     .content_type = "application/json",
					     .body = body.data,
					     .body_size = body.size });
	buf_fini(&body);
	admin_call_free(call);
}

static bool make_entry(
	struct admin_call *call, uint64_t index, const struct value **document, struct error *err)
{
	struct journal_source source = journal_source_of_store(call->admin->reader);
	struct value_builder it = { .arena = call->arena };
	struct journal_record record;
	const struct value *view;
	const struct value *input = NULL;
	const struct value *open;
	const struct value *outcomes;
	struct error ignored = { 0 };

	if (!journal_get(&source, call->arena, index, &record, err)) {
		return false;
	}
	view = journal_view(call->arena, &record);
	if (record.payload != NULL && value_find(record.payload, "input") != NULL) {
		journal_resolve_input(&source, call->arena, &record, &input, &ignored);
	}
	outcomes = outcomes_of(call, &source, index, err);
	open = outcomes != NULL ? open_deliveries(call, view, err) : NULL;
	if (open == NULL) {
		return false;
	}
	value_add_int(&it, "schemaVersion", 1);
	value_add(&it, "entry", view);
	value_add(&it, "changes", changes_of(call, &record, input));
	value_add(&it, "input", input);
	value_add(&it, "outcomes", outcomes);
	value_add(&it, "deliveries", open);
	*document = value_finish_object(&it);
	return true;
}

void admin_entry(struct admin_call *call)
{
	const struct value *document;
	struct error err = { 0 };
	char *end;
	uint64_t index = strtoull(call->argument, &end, 10);

	if (*end != '\0' || call->argument[0] < '0' || call->argument[0] > '9' ||
		strlen(call->argument) > INDEX_DIGITS) {
		error_set(&err, ERROR_REQUEST, "'%.40s' is no journal index", call->argument);
	} else if (make_entry(call, index, &document, &err)) {
		send_entry(call, document);
		return;
	}
	admin_reply_error(call, &err);
}
