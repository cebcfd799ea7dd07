#include "gateway/identify.h"

#include <string.h>
#include <strings.h>
#include "base/digest.h"
#include "base/error.h"
#include "config/config.h"
#include "gateway/flows.h"
#include "gateway/gateway.h"
#include "gateway/quota.h"
#include "gateway/snapshot.h"
#include "io/http.h"
#include "store/read.h"

static const char SCHEME[] = "Bearer ";
enum { TOKEN_BYTES_MIN = 16, TOKEN_BYTES_MAX = 1024 };

const struct snapshot_token *identify_caller(
	const struct snapshot *snapshot, const struct http_request *http, int64_t now_us)
{
	const struct http_text *header = http_find(http, "authorization");
	const size_t scheme = sizeof(SCHEME) - 1;
	uint8_t digest[DIGEST_BYTES];

	if (header == NULL || header->size < scheme + TOKEN_BYTES_MIN ||
		header->size > scheme + TOKEN_BYTES_MAX ||
		strncasecmp(header->data, SCHEME, scheme) != 0) {
		return NULL;
	}
	digest_sha256(header->data + scheme, header->size - scheme, digest);
	return snapshot_find_token(snapshot, digest, now_us);
}

bool identify_failed(struct error *err)
{
	return error_set(err, ERROR_UNAUTHORIZED,
		"a valid bearer token is needed; `scimward token create SOURCE` makes one");
}

/* What changes or deletes passes always: it may be a leaver (product.md, promise 6). In a bulk
 * request the creates are counted one by one. */
static bool is_counted(const struct request *request)
{
	enum http_method method = request->http_method;

	return method == HTTP_GET || method == HTTP_HEAD ||
	       (method == HTTP_POST && request->flow != flow_bulk);
}

static bool is_write(const struct request *request)
{
	return request->flow == flow_write || request->flow == flow_bulk;
}

bool identify_person(struct request *request, struct store_ref *ref, struct error *err)
{
	bool found = false;

	if (!store_find_ref(request->worker->reader, request->arena, request->source->tenant,
		    STORE_USER, request->subject, &found, ref, err)) {
		return false;
	}
	return (found && ref->active) || identify_failed(err);
}

static bool find_caller(struct request *request, struct error *err)
{
	const struct snapshot_token *token =
		identify_caller(request->snapshot, request->http, request->time_us);
	struct store_ref ref;

	if (token == NULL) {
		return identify_failed(err);
	}
	request->source = token->source;
	request->subject = token->has_subject ? token->subject : NULL;
	return request->subject == NULL || identify_person(request, &ref, err);
}

/* /Me is the person of the token. 501 would be for a server without it (RFC 7644, 3.11). */
static bool find_me(struct request *request, struct error *err)
{
	if (request->subject == NULL) {
		return error_set(err, ERROR_NOT_FOUND,
			"this token speaks for source %s and for no person; `scimward token create "
			"%s --subject USER` makes one that has a /Me",
			request->source->config->name, request->source->config->name);
	}
	memcpy(request->resource_id, request->subject, UUID_BYTES);
	uuid_format(request->resource_id, request->resource_text);
	request->has_id = true;
	return true;
}

/* Which methods there are does not depend on the token. */
static bool is_about_me(const struct request *request)
{
	return request->is_me && request->flow != flow_options && request->flow != flow_method;
}

enum step_result identify_start(struct request *request)
{
	struct error *err = &request->err;

	if (!find_caller(request, err)) {
		return STEP_FAIL;
	}
	if (request->tenant_name.size > 0 &&
		!http_text_is(request->tenant_name, request->source->config->tenant)) {
		error_set(err, ERROR_NOT_FOUND, "there is nothing here");
		return STEP_FAIL;
	}
	if (is_about_me(request) && !find_me(request, err)) {
		return STEP_FAIL;
	}
	if (is_counted(request) &&
		!quota_take(request->source->quota, request->source->config->requests_per_s,
			request->started_us)) {
		error_set(err, ERROR_RATE, "source %s sends more than %lld requests a second",
			request->source->config->name,
			(long long)request->source->config->requests_per_s);
		return STEP_FAIL;
	}
	if (request->snapshot->paused[request->source->index] && is_write(request)) {
		error_set(err, ERROR_TIMEOUT,
			"source %s is paused; nothing was changed, try again later",
			request->source->config->name);
		return STEP_FAIL;
	}
	return STEP_NEXT;
}
