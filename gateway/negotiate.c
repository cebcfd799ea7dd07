#include "gateway/negotiate.h"

#include <stddef.h>
#include <string.h>
#include "base/error.h"
#include "gateway/flows.h"
#include "gateway/gateway.h"
#include "io/http.h"
#include "io/loop.h"
#include "scim/dialect.h"
#include "scim/urn.h"

static struct http_text cut_at(struct http_text *rest, char end)
{
	const char *at = rest->size > 0 ? memchr(rest->data, end, rest->size) : NULL;
	struct http_text part = *rest;

	if (at == NULL) {
		*rest = (struct http_text){ NULL, 0 };
		return http_text_trim(part);
	}
	part.size = (size_t)(at - rest->data);
	rest->data = at + 1;
	rest->size -= part.size + 1;
	return http_text_trim(part);
}

/* The next "name=value" of "; a=b; c": the value without quotes, size 0 without one. */
static bool next_parameter(struct http_text *rest, struct http_text *name, struct http_text *value)
{
	if (rest->size == 0) {
		return false;
	}
	*value = cut_at(rest, ';');
	*name = cut_at(value, '=');
	*value = http_text_trim(*value);
	if (value->size >= 2 && value->data[0] == '"' && value->data[value->size - 1] == '"') {
		value->data++;
		value->size -= 2;
	}
	return true;
}

/* ---- Accept ---- */

enum { WEIGHT_MAX = 1000 };

/* "0.25" → 250. What is no weight is none: the range is wanted as it stands. */
static int weight_of(struct http_text text)
{
	int weight = 0;
	int unit = WEIGHT_MAX;

	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];

		if (i == 1 && c == '.') {
			continue;
		}
		if (c < '0' || c > '9' || i > 4) {
			return WEIGHT_MAX;
		}
		weight += (c - '0') * unit;
		unit /= 10;
	}
	return text.size == 0 || weight > WEIGHT_MAX ? WEIGHT_MAX : weight;
}

/* How closely a range names a type: 3 by name, 2 by its first half, 1 as anything, 0 not at all. */
static int closeness(struct http_text range, const char *type)
{
	if (http_text_is_folded(range, type)) {
		return 3;
	}
	if (http_text_is_folded(range, "application/*")) {
		return 2;
	}
	return http_text_is(range, "*/*") || http_text_is(range, "*") ? 1 : 0;
}

struct wish {
	const char *type;
	int closeness; /* of the range that speaks for it; the closest counts (RFC 9110, 12.5.1) */
	int weight;
};

static void hear(struct wish *wish, struct http_text element)
{
	struct http_text range = cut_at(&element, ';');
	struct http_text name;
	struct http_text value;
	int weight = WEIGHT_MAX;
	int close = closeness(range, wish->type);

	if (close <= wish->closeness) {
		return;
	}
	while (next_parameter(&element, &name, &value)) {
		if (http_text_is_folded(name, "q")) {
			weight = weight_of(value);
		}
	}
	wish->closeness = close;
	wish->weight = weight;
}

const char *negotiate_media(
	const struct http_request *http, const char *first, const char *second, struct error *err)
{
	const struct http_text *accept = http_find(http, "accept");
	struct wish better = { .type = first };
	struct wish other = { .type = second };
	bool asked = false;

	if (accept == NULL || http_text_is(*accept, first)) {
		return first; /* as nearly always; nothing that stands beside it can be better */
	}
	for (size_t i = 0; i < http->field_count; i++) {
		struct http_text rest = http->fields[i].value;
		struct http_text element;

		if (!http_text_is_folded(http->fields[i].name, "accept")) {
			continue;
		}
		while (http_list_next(&rest, &element)) {
			asked = asked || element.size > 0;
			hear(&better, element);
			hear(&other, element);
		}
	}
	if (!asked || (better.weight > 0 && better.weight >= other.weight)) {
		return first;
	}
	if (other.weight > 0) {
		return second;
	}
	error_set(err, ERROR_NOT_ACCEPTABLE,
		"replies are %s or %s, and Accept wants neither; name one of them, or leave Accept "
		"out",
		first, second);
	return NULL;
}

/* ---- Content-Type ---- */

bool negotiate_body(const struct http_request *http, struct error *err)
{
	const struct http_text *type = http_find(http, "content-type");
	const struct http_text *coding = http_find(http, "content-encoding");
	struct http_text rest;
	struct http_text name;
	struct http_text value;

	if (coding != NULL && !http_text_is_folded(*coding, "identity")) {
		return error_set(err, ERROR_MEDIA_TYPE,
			"Content-Encoding is not supported; send the body as it is");
	}
	if (type == NULL) {
		return true;
	}
	if (!http_media_type_is(*type, SCIM_MEDIA_TYPE) &&
		!http_media_type_is(*type, NEGOTIATE_JSON)) {
		return error_set(err, ERROR_MEDIA_TYPE,
			"Content-Type must be " SCIM_MEDIA_TYPE " or " NEGOTIATE_JSON);
	}
	rest = *type;
	cut_at(&rest, ';');
	while (next_parameter(&rest, &name, &value)) {
		if (http_text_is_folded(name, "charset") && !http_text_is_folded(value, "utf-8") &&
			!http_text_is_folded(value, "utf8")) {
			return error_set(err, ERROR_MEDIA_TYPE,
				"Content-Type names charset %.*s; JSON is read as utf-8 only",
				(int)(value.size < 40 ? value.size : 40), value.data);
		}
	}
	return true;
}

bool negotiate_body_of(const struct request *request, struct error *err)
{
	return scim_dialect_has(request->source->dialect, SCIM_ANY_MEDIA_TYPE) ||
	       negotiate_body(request->http, err);
}

/* ---- Prefer ---- */

/* What is no number of seconds is none. */
static int64_t seconds_of(struct http_text text)
{
	int64_t seconds = 0;

	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9' || i >= 9) {
			return 0;
		}
		seconds = seconds * 10 + (text.data[i] - '0');
	}
	return seconds;
}

static void take_preference(
	struct request_prefer *prefer, struct http_text name, struct http_text value)
{
	if (http_text_is_folded(name, "respond-async")) {
		prefer->async = true;
	} else if (http_text_is_folded(name, "wait") && prefer->wait_s == 0) {
		prefer->wait_s = seconds_of(value);
	} else if (http_text_is_folded(name, "return") && prefer->body == PREFER_ANY) {
		if (http_text_is_folded(value, "minimal")) {
			prefer->body = PREFER_MINIMAL;
		} else if (http_text_is_folded(value, "representation")) {
			prefer->body = PREFER_REPRESENTATION;
		}
	}
}

struct request_prefer negotiate_prefer(const struct http_request *http)
{
	struct request_prefer prefer = { 0 };

	for (size_t i = 0; i < http->field_count; i++) {
		struct http_text rest = http->fields[i].value;
		struct http_text element;
		struct http_text name;
		struct http_text value;

		if (!http_text_is_folded(http->fields[i].name, "prefer")) {
			continue;
		}
		while (http_list_next(&rest, &element)) {
			if (next_parameter(&element, &name, &value)) {
				take_preference(&prefer, name, value);
			}
		}
	}
	return prefer;
}

bool negotiate_is_async(const struct request *request)
{
	int64_t waited_us = loop_now_us() - request->started_us;

	return request->prefer.async && waited_us >= request->prefer.wait_s * 1000000;
}

/* ---- the step ---- */

enum step_result negotiate_start(struct request *request)
{
	enum http_method method = request->http_method;

	if (method != HTTP_GET && method != HTTP_HEAD && request->flow != flow_search) {
		request->prefer = negotiate_prefer(request->http);
	}
	if (method == HTTP_DELETE || request->prefer.async) {
		return STEP_NEXT;
	}
	request->media =
		negotiate_media(request->http, SCIM_MEDIA_TYPE, NEGOTIATE_JSON, &request->err);
	return request->media != NULL ? STEP_NEXT : STEP_FAIL;
}
