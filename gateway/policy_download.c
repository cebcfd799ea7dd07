#include "gateway/policy_download.h"

#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "config/config.h"
#include "io/fetch.h"
#include "io/loop.h"

#define BUNDLE_BYTES ((size_t)256 << 20)
#define CANCEL_MS 50
#define HOLDING_TYPE "application/vnd.openpolicyagent.bundles"

struct transfer {
	struct policy_download *download;
	struct arena *arena;
	struct loop *loop;
	struct fetch *fetch;
	struct loop_timer cancel;
	bool ended;
	bool ok;
	struct error *err;
};

/* ---- the answer ---- */

static bool is_delta(const struct fetch_response *response)
{
	/* OPA's servers say "application/vnd.openpolicyagent.bundles; mode=delta" or the like. */
	return strstr(response->content_type, "delta") != NULL;
}

static bool take_bundle(struct transfer *transfer, const struct fetch_response *response)
{
	struct policy_download *download = transfer->download;

	if (is_delta(response)) {
		return error_set(transfer->err, ERROR_POLICY,
			"the server sent a delta bundle; only whole bundles (snapshots) are read");
	}
	if (response->body_size == 0) {
		return error_set(transfer->err, ERROR_IO, "the server answered without a bundle");
	}
	download->bytes = arena_text(transfer->arena, response->body, response->body_size);
	download->size = response->body_size;
	download->new_etag =
		response->etag[0] != '\0' ? arena_strdup(transfer->arena, response->etag) : NULL;
	return true;
}

static bool explain_status(struct error *err, int status)
{
	static const struct {
		int status;
		const char *hint;
	} hints[] = {
		{ 401, ": the server does not take policy.token" },
		{ 403, ": the server does not let policy.token have it" },
		{ 404, ": there is no such bundle" },
	};

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (hints[i].status == status) {
			return error_set(
				err, ERROR_IO, "the server answered %d%s", status, hints[i].hint);
		}
	}
	return error_set(err, ERROR_IO, "the server answered %d%s", status,
		status >= 300 && status < 400 ? ": redirects are not followed" : "");
}

static bool take_answer(struct transfer *transfer, const struct fetch_response *response)
{
	struct policy_download *download = transfer->download;
	size_t type = strlen(HOLDING_TYPE);

	download->holds = strncasecmp(response->content_type, HOLDING_TYPE, type) == 0;
	download->retry_after_s = fetch_retry_after_s(response->retry_after, clock_now_us());
	if (response->status == 200) {
		return take_bundle(transfer, response);
	}
	if (response->status == 304 && download->etag != NULL) {
		download->unchanged = true;
		return true;
	}
	return explain_status(transfer->err, response->status);
}

static void on_done(void *user, const struct fetch_response *response)
{
	struct transfer *transfer = user;
	enum error_code code = response->outcome == FETCH_TIMEOUT   ? ERROR_TIMEOUT
			       : response->outcome == FETCH_REFUSED ? ERROR_CONFIG
								    : ERROR_IO;

	transfer->ended = true;
	transfer->ok = response->outcome == FETCH_ANSWERED
			       ? take_answer(transfer, response)
			       : error_set(transfer->err, code, "%s", response->message);
	loop_stop(transfer->loop);
}

/* ---- the question ---- */

static void look_for_cancel(void *user)
{
	struct transfer *transfer = user;

	if (__atomic_load_n(transfer->download->cancelled, __ATOMIC_RELAXED)) {
		loop_stop(transfer->loop);
	} else {
		loop_timer_start(&transfer->cancel, CANCEL_MS);
	}
}

static void ask(struct transfer *transfer)
{
	const struct policy_download *download = transfer->download;
	const struct config_policy *config = download->config;
	const char *prefer = download->wait_ms > 0
				     ? arena_printf(transfer->arena, "modes=snapshot;wait=%lld",
					       (long long)((download->wait_ms + 999) / 1000))
				     : "modes=snapshot";
	const struct fetch_header headers[] = { { "Prefer", prefer },
		{ "If-None-Match", download->etag }, { "User-Agent", "scimward" } };
	const struct fetch_request request = {
		.method = "GET",
		.url = config->bundle,
		.headers = headers,
		.header_count = sizeof(headers) / sizeof(headers[0]),
		.bearer = config->token,
		.timeout_ms = download->timeout_ms + download->wait_ms,
		.response_bytes = BUNDLE_BYTES,
		.allow_http = config->allow_private,
		.allow_private = config->allow_private,
		.ca_file = config->ca,
	};

	fetch_start(transfer->fetch, &request, on_done, transfer);
}

bool policy_download(struct policy_download *download, struct arena *arena, struct error *err)
{
	struct transfer transfer = {
		.download = download, .arena = arena, .loop = loop_new(), .err = err
	};

	download->retry_after_s = -1;
	transfer.fetch = fetch_new(transfer.loop, NULL);
	loop_timer_init(&transfer.cancel, transfer.loop, look_for_cancel, &transfer);
	if (download->cancelled != NULL) {
		loop_timer_start(&transfer.cancel, CANCEL_MS);
	}
	ask(&transfer);
	loop_run(transfer.loop);
	if (!transfer.ended) { /* cancelled: fetch_free() ends it, after which its answer counts for
				  nothing */
		fetch_stop(transfer.fetch);
		transfer.ok = error_set(err, ERROR_TIMEOUT, "it was no longer wanted");
	}
	loop_timer_fini(&transfer.cancel);
	fetch_free(transfer.fetch);
	loop_free(transfer.loop);
	return transfer.ok || error_wrap(err, "%s", download->config->bundle);
}
