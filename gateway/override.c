#include "gateway/override.h"

#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/utf8.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "gateway/request.h"

/* What is read by people who judge it shows all of itself. */
static bool is_reason(struct http_text text)
{
	size_t count = 0;
	uint32_t point;

	for (size_t i = 0, step; i < text.size; i += step, count++) {
		step = utf8_read(text.data + i, text.size - i, &point);
		if (step == 0 || !utf8_is_shown(point) || count == OVERRIDE_CHARACTERS) {
			return false;
		}
	}
	return count > 0;
}

static bool take(struct request *request, struct http_text text, struct error *err)
{
	const struct config_source *source = request->source->config;

	if (strcmp(source->kind, "admin") != 0) {
		return error_set(err, ERROR_DENIED,
			OVERRIDE_HEADER ": only a source of kind admin may override, and %s is of "
					"kind %s; nothing was decided or changed. Leave the header "
					"out, or ask an admin to send this write",
			source->name, source->kind);
	}
	if (request->override != NULL) {
		return error_set(err, ERROR_REQUEST, OVERRIDE_HEADER ": send it once");
	}
	if (!is_reason(text)) {
		return error_set(err, ERROR_REQUEST,
			OVERRIDE_HEADER ": a reason of 1 to %d printable characters belongs here, "
					"as in \"" OVERRIDE_HEADER
					": the contract is signed, ticket 4711\"",
			OVERRIDE_CHARACTERS);
	}
	request->override = arena_text(request->arena, text.data, text.size);
	return true;
}

bool override_read(struct request *request, struct error *err)
{
	const struct http_request *http = request->http;

	for (size_t i = 0; i < http->field_count; i++) {
		if (http_text_is_folded(http->fields[i].name, OVERRIDE_HEADER) &&
			!take(request, http->fields[i].value, err)) {
			return false;
		}
	}
	return true;
}
