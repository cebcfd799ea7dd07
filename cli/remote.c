#include "cli/remote.h"

#include <ctype.h>
#include <curl/curl.h>
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/secret.h"

#define TOKEN_BYTES_MAX 4096
#define REPLY_BYTES_MAX ((size_t)4 << 20)
#define CALL_MS 30000L

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* A token must not cross a network in clear. */
static bool is_private(const char *url)
{
	static const char *const loopback[] = { "http://127.0.0.1", "http://localhost",
		"http://[::1]" };

	for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
		char behind = begins_with(url, loopback[i]) ? url[strlen(loopback[i])] : 'x';

		if (behind == ':' || behind == '/' || behind == '\0') {
			return true;
		}
	}
	return begins_with(url, "https://");
}

static bool take_token(struct buf *token, const char *path, struct buf *header, struct error *err)
{
	while (token->size > 0 && isspace((unsigned char)token->data[token->size - 1])) {
		token->size--;
	}
	if (token->size == 0) {
		return error_set(err, ERROR_REQUEST, "%s: there is no token in it", path);
	}
	for (size_t i = 0; i < token->size; i++) {
		if (token->data[i] <= ' ' || token->data[i] >= 0x7f) {
			return error_set(err, ERROR_REQUEST, "%s: this is no token", path);
		}
	}
	buf_append_text(header, "Authorization: Bearer ");
	buf_append(header, token->data, token->size);
	return true;
}

bool remote_authorize(
	const char *url, const char *token_file, struct buf *header, struct error *err)
{
	struct buf token = { 0 };

	if (!is_private(url)) {
		return error_set(err, ERROR_REQUEST,
			"'%.100s' must begin with https://, or name loopback: the token would "
			"cross the network in clear",
			url);
	}
	bool ok = file_read(token_file, TOKEN_BYTES_MAX, &token, err) &&
		  take_token(&token, token_file, header, err);
	secret_wipe(token.data, token.size);
	buf_fini(&token);
	return ok;
}

/* ---- one call ---- */

struct call {
	CURL *easy;
	struct curl_slist *headers;
	struct buf authorization;
	struct buf url;
	struct buf reply;
	char *sent;
};

static void call_fini(struct call *call)
{
	if (call->authorization.size > 0) {
		secret_wipe(call->authorization.data, call->authorization.size);
	}
	buf_fini(&call->authorization);
	curl_slist_free_all(call->headers);
	curl_easy_cleanup(call->easy);
	buf_fini(&call->url);
	buf_fini(&call->reply);
	memory_free(call->sent);
}

static size_t on_bytes(char *bytes, size_t one, size_t size, void *user)
{
	struct buf *reply = user;

	(void)one;
	if (reply->size + size > REPLY_BYTES_MAX) {
		return 0;
	}
	buf_append(reply, bytes, size);
	return size;
}

static void prepare(struct call *call, const struct remote *remote, const char *path)
{
	size_t size = strlen(remote->url);

	while (size > 0 && remote->url[size - 1] == '/') {
		size--;
	}
	buf_append(&call->url, remote->url, size);
	buf_append_text(&call->url, path);
	call->headers = curl_slist_append(NULL, buf_text(&call->authorization));
	call->headers = curl_slist_append(call->headers, "Content-Type: application/json");
	call->headers = curl_slist_append(call->headers, "Expect:");
	curl_easy_setopt(call->easy, CURLOPT_URL, buf_text(&call->url));
	curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, call->sent);
	curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
	curl_easy_setopt(call->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(call->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(call->easy, CURLOPT_TIMEOUT_MS, CALL_MS);
	curl_easy_setopt(call->easy, CURLOPT_USERAGENT, "scimward/" SCIMWARD_VERSION);
	curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, &call->reply);
	if (remote->ca != NULL) {
		curl_easy_setopt(call->easy, CURLOPT_CAINFO, remote->ca);
	}
}

static bool perform(struct call *call, json_t **result, struct error *err)
{
	CURLcode code = curl_easy_perform(call->easy);
	long status = 0;

	if (code != CURLE_OK) {
		return error_set(
			err, ERROR_IO, "%s: %s", buf_text(&call->url), curl_easy_strerror(code));
	}
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	*result = json_loadb(buf_text(&call->reply), call->reply.size, JSON_DECODE_ANY, NULL);
	if (status / 100 == 2 && *result != NULL) {
		return true;
	}
	const char *said = json_is_string(*result)
				   ? json_string_value(*result)
				   : json_string_value(json_object_get(*result, "detail"));
	error_set(err, ERROR_REQUEST, "%s answered %ld: %s", buf_text(&call->url), status,
		said != NULL ? said : "nothing that could be read");
	json_decref(*result);
	*result = NULL;
	return false;
}

bool remote_post(const struct remote *remote, const char *path, const json_t *body, json_t **result,
	struct error *err)
{
	struct call call = { .easy = curl_easy_init() };

	*result = NULL;
	call.sent = json_dumps(body, JSON_COMPACT);
	bool ok = remote_authorize(remote->url, remote->token_file, &call.authorization, err);
	if (ok) {
		prepare(&call, remote, path);
		ok = perform(&call, result, err);
	}
	call_fini(&call);
	return ok;
}
