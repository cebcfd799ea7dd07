/*
 * flow_event: GET /Events/<txn>: how a request ended that was answered 202 (RFC 9967, 2.5.1).
 *
 *     event    identify ▶ negotiate ▶ load ▶ reply
 *
 * A transaction is a journal index, so there is nothing to keep and nothing to expire: the answer
 * is read from the entry. It is a security event token whose event is what a bulk response would
 * say of the operation; those of a bulk request are <index>:<number of the operation>, and its
 * index alone gives all of them, as a poll would (RFC 8936, 2.3). Only the source that sent the
 * request sees it, of a person's token only what that person did; all others get the same 404.
 *
 *     application/secevent+jwt   the token. It is unsecured (RFC 7519, 6): it comes from us over
 *                                the client's own connection, so nobody stands between
 *     application/json           its claims
 *
 * What is held for an approval has not ended: 202 again, until the approval's time is over.
 */
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/bulk.h"
#include "gateway/flows.h"
#include "gateway/gateway.h"
#include "gateway/identify.h"
#include "gateway/negotiate.h"
#include "journal/query.h"
#include "scim/schema.h"
#include "scim/urn.h"
#include "store/read.h"

#define SET_MEDIA_TYPE "application/secevent+jwt"
#define ASYNC_RESPONSE "urn:ietf:params:scim:event:misc:asyncresp"

enum {
	INDEX_DIGITS = 18,
	HELD_PAYLOAD_BYTES = 1 << 20, /* larger ones are not opened to see when an approval ends */
};

struct completion {
	uint64_t index;
	const char *operation; /* of a bulk request: its number; NULL: none was named */
	struct journal_record record;
	int64_t at_us;
	const struct value *operations; /* of a bulk request; NULL: it is none */
	const struct value *claims;     /* NULL: it has not ended, or there are several */
};

/* ---- which entry ---- */

static bool no_event(struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND, "there is no such transaction of yours");
}

/* "<index>" or "<index>:<number>" */
static bool read_name(const char *text, struct completion *completion)
{
	size_t size = strspn(text, "0123456789");

	completion->index = strtoull(text, NULL, 10);
	completion->operation = text[size] == ':' ? text + size + 1 : NULL;
	return size > 0 && size <= INDEX_DIGITS && (text[size] == '\0' || text[size] == ':');
}

static bool same(const struct value *object, const char *name, const char *wanted)
{
	const char *text = value_find_text(object, name);

	return text != NULL && strcmp(text, wanted) == 0;
}

static bool is_bulk(const struct journal_record *record)
{
	return record->kind == JOURNAL_SYSTEM && same(record->leaf, "operation", BULK_OPERATION);
}

/* The caller's own: by source and, where a person acts, by person. */
static bool is_own(const struct request *request, const struct journal_record *record)
{
	const struct config_source *source = request->source->config;
	char id[UUID_TEXT_BYTES];

	if (!same(record->leaf, "source", source->name) ||
		!same(record->leaf, "tenant", source->tenant)) {
		return false;
	}
	if (request->subject == NULL) {
		return true;
	}
	uuid_format(request->subject, id);
	return same(value_find(record->leaf, "actor"), "id", id);
}

static bool find_entry(struct request *request, struct completion *completion, struct error *err)
{
	struct journal_record *record = &completion->record;
	const struct store_entry *entry = NULL;

	if (!read_name(request->name, completion)) {
		return no_event(err);
	}
	if (!store_find_entry(request->worker->reader, request->arena, (int64_t)completion->index,
		    &entry, err)) {
		return false;
	}
	if (entry == NULL || !journal_entry_read(request->arena, completion->index, entry->leaf,
				     entry->leaf_size, NULL, 0, record, NULL)) {
		return no_event(err);
	}
	completion->at_us = entry->at_us;
	return ((record->kind == JOURNAL_DECISION && completion->operation == NULL) ||
		       is_bulk(record)) &&
			       is_own(request, record)
		       ? true
		       : no_event(err);
}

/* The entry with its payload. */
static bool open_entry(struct request *request, const struct completion *completion,
	struct journal_record *record, struct error *err)
{
	struct journal_source source = journal_source_of_store(request->worker->reader);

	return journal_get(&source, request->arena, completion->index, record, err);
}

/* ---- one decision ---- */

/* When an approval is off that nobody gave. 0: not known. */
static int64_t expires_us(struct request *request, const struct completion *completion)
{
	const struct value *payload = value_find(completion->record.leaf, "payload");
	struct journal_record record;
	int64_t expires_s = 0;

	if (value_find_int(payload, "bytes", 0) <= HELD_PAYLOAD_BYTES &&
		open_entry(request, completion, &record, NULL)) {
		expires_s =
			value_find_int(value_find(value_find(record.payload, "output"), "approval"),
				"expires_s", 0);
	}
	return expires_s > 0 ? completion->at_us + expires_s * 1000000 : 0;
}

static bool is_pending(struct request *request, const struct completion *completion)
{
	int64_t until_us;

	if (!same(completion->record.leaf, "effect", "hold")) {
		return false;
	}
	until_us = expires_us(request, completion);
	return until_us == 0 || until_us > request->time_us;
}

/* operation → method, and the status of one that was allowed. */
static const struct {
	const char *operation;
	const char *method;
	int status;
} methods[] = {
	{ "create", "POST", 201 },
	{ "replace", "PUT", 200 },
	{ "patch", "PATCH", 200 },
	{ "delete", "DELETE", 204 },
};

static int status_of(const struct completion *completion, int allowed)
{
	const struct value *leaf = completion->record.leaf;

	if (same(leaf, "effect", "allow")) {
		return allowed;
	}
	return same(leaf, "effect", "error") ? 503 : 403;
}

static const struct value *error_of(
	struct request *request, const struct completion *completion, int status)
{
	const struct value *leaf = completion->record.leaf;
	const struct value *codes = value_find(leaf, "reasons");
	struct value_builder schemas = { .arena = request->arena };
	struct value_builder it = { .arena = request->arena };
	const char *code =
		value_count(codes) > 0 ? value_text(value_at(codes, 0)) : "no reason given";

	value_add_item(&schemas, value_of_text(request->arena, SCIM_URN_ERROR));
	value_add(&it, "schemas", value_finish_array(&schemas));
	value_add(&it, "status", value_printf(request->arena, "%d", status));
	value_add(&it, "detail",
		value_printf(request->arena, "%s (%s, journal index %llu)",
			same(leaf, "effect", "hold")
				? "held for approval, and nobody approved it in time"
				: "the policy did not allow this",
			code, (unsigned long long)completion->index));
	return value_finish_object(&it);
}

/* As a bulk response would tell it (RFC 7644, 3.7.3). */
static const struct value *result_of(
	struct request *request, const struct completion *completion, const char *uri)
{
	struct value_builder it = { .arena = request->arena };

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		int status = status_of(completion, methods[i].status);

		if (!same(completion->record.leaf, "operation", methods[i].operation)) {
			continue;
		}
		value_add_text(&it, "method", methods[i].method);
		value_add(&it, "status", value_printf(request->arena, "%d", status));
		if (status >= 300) {
			value_add(&it, "response", error_of(request, completion, status));
		}
	}
	value_add(&it, "location", value_printf(request->arena, "%s%s", request->base, uri));
	return value_finish_object(&it);
}

/* "/Users/<id>"; of a type that is not in the configuration any more, its name. */
static const char *uri_of(struct request *request, const struct completion *completion)
{
	const struct value *resource = value_find(completion->record.leaf, "resource");
	const char *name = value_find_text(resource, "type");
	const char *id = value_find_text(resource, "id");
	const struct scim_resource_type *type =
		scim_model_type(request->worker->gateway->model, name != NULL ? name : "");

	return type != NULL ? arena_printf(request->arena, "%s/%s", type->endpoint, id)
			    : arena_printf(request->arena, "/%s/%s", name, id);
}

/* ---- claims ---- */

/* part: of a bulk request, the number of the operation; NULL. */
static const struct value *claims_of(struct request *request, const struct completion *completion,
	const char *part, const char *uri, const struct value *result)
{
	const char *colon = part != NULL ? ":" : "";
	struct value_builder subject = { .arena = request->arena };
	struct value_builder events = { .arena = request->arena };
	struct value_builder it = { .arena = request->arena };
	struct buf id = { 0 };

	part = part != NULL ? part : "";
	encode_hex(&id, completion->record.leaf_hash.bytes, 16);
	value_add_text(&subject, "format", "scim");
	value_add_text(&subject, "uri", uri);
	value_add(&events, ASYNC_RESPONSE, result);
	value_add_text(&it, "aud", request->source->config->name);
	value_add(&it, "events", value_finish_object(&events));
	value_add_int(&it, "iat", completion->at_us / 1000000);
	value_add_text(&it, "iss", request->base);
	value_add(&it, "jti", value_printf(request->arena, "%s%s%s", buf_text(&id), colon, part));
	value_add(&it, "sub_id", value_finish_object(&subject));
	value_add(&it, "txn",
		value_printf(request->arena, "%llu%s%s", (unsigned long long)completion->index,
			colon, part));
	buf_fini(&id);
	return value_finish_object(&it);
}

static const struct value *claims_of_operation(
	struct request *request, const struct completion *completion, const char *number)
{
	const struct value *it = value_find(completion->operations, number);
	const char *path = value_find_text(it, "path");

	return path != NULL ? claims_of(request, completion, number, path, value_find(it, "result"))
			    : NULL;
}

static bool load_bulk(struct request *request, struct completion *completion, struct error *err)
{
	struct journal_record record;

	if (!open_entry(request, completion, &record, err)) {
		return false;
	}
	completion->operations = value_find(value_find(record.payload, "detail"), "operations");
	if (completion->operations == NULL) {
		return no_event(err); /* erased */
	}
	if (completion->operation == NULL) {
		return true;
	}
	completion->claims = claims_of_operation(request, completion, completion->operation);
	return completion->claims != NULL || no_event(err);
}

/* ---- the steps ---- */

static enum step_result negotiate_token(struct request *request)
{
	request->media = negotiate_media(request->http, SET_MEDIA_TYPE, NEGOTIATE_JSON, NULL);
	if (request->media == NULL) { /* a SCIM client says what it always says */
		request->media = negotiate_media(
			request->http, SCIM_MEDIA_TYPE, NEGOTIATE_JSON, &request->err);
	}
	return request->media != NULL ? STEP_NEXT : STEP_FAIL;
}

static enum step_result load_start(struct request *request)
{
	struct completion *completion = arena_calloc(request->arena, 1, sizeof(*completion));

	request->completion = completion;
	if (!find_entry(request, completion, &request->err)) {
		return STEP_FAIL;
	}
	if (is_bulk(&completion->record)) {
		return load_bulk(request, completion, &request->err) ? STEP_NEXT : STEP_FAIL;
	}
	if (!is_pending(request, completion)) {
		const char *uri = uri_of(request, completion);

		completion->claims = claims_of(
			request, completion, NULL, uri, result_of(request, completion, uri));
	}
	return STEP_NEXT;
}

static void print_token(struct buf *buf, const struct value *claims)
{
	static const char header[] = "{\"typ\":\"secevent+jwt\",\"alg\":\"none\"}";
	struct buf text = { 0 };

	value_print(&text, claims);
	encode_base64url(buf, header, sizeof(header) - 1);
	buf_append_char(buf, '.');
	encode_base64url(buf, text.data, text.size);
	buf_append_char(buf, '.');
	buf_fini(&text);
}

/* All of a bulk request: {"sets":{"<jti>":"<token>",…},"moreAvailable":false}. */
static void print_all(struct request *request, struct buf *buf)
{
	const struct completion *completion = request->completion;

	buf_append_text(buf, "{\"sets\":{");
	for (size_t i = 0; i < value_count(completion->operations); i++) {
		const char *number = value_text(value_member_at(completion->operations, i)->key);
		const struct value *claims = claims_of_operation(request, completion, number);

		buf_printf(buf, "%s\"%s\":\"", i > 0 ? "," : "", value_find_text(claims, "jti"));
		print_token(buf, claims);
		buf_append_char(buf, '"');
	}
	buf_append_text(buf, "},\"moreAvailable\":false}");
}

static enum step_result reply_start(struct request *request)
{
	const struct completion *completion = request->completion;
	const char *type = request->media;
	struct buf body = { 0 };

	if (request->err.code != ERROR_NONE) {
		request->media = NULL; /* an error is no token */
		request_reply_error(request, NULL);
		return STEP_NEXT;
	}
	if (completion->operations != NULL && completion->operation == NULL) {
		print_all(request, &body);
		type = NEGOTIATE_JSON;
	} else if (completion->claims == NULL) {
		request_reply(
			request, &(struct request_reply){ .status = 202, .txn = request->name });
		return STEP_NEXT;
	} else if (strcmp(type, SET_MEDIA_TYPE) == 0) {
		print_token(&body, completion->claims);
	} else {
		value_print(&body, completion->claims);
	}
	request_reply(request, &(struct request_reply){ .status = 200,
				       .content_type = type,
				       .body = body.data,
				       .body_size = body.size });
	buf_fini(&body);
	return STEP_NEXT;
}

const struct step flow_event[] = {
	{ "identify", identify_start, NULL },
	{ "negotiate", negotiate_token, NULL },
	{ "load", load_start, NULL },
	{ "reply", reply_start, NULL },
	{ 0 },
};
