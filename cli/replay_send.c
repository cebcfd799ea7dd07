#include <curl/curl.h>
#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/secret.h"
#include "cli/capture_file.h"
#include "cli/remote.h"
#include "cli/source_replay.h"

#define REPLY_BYTES_MAX (4 * 1024 * 1024)
#define CALL_MS 30000L

struct replay_target {
	char *url; /* without a slash at the end */
	char *ca;
	struct buf authorization; /* the whole header */
	json_t *ids;              /* id then → id now */
};

struct replay_target *replay_target_new(
	const char *url, const char *token_file, const char *ca, struct error *err)
{
	struct replay_target *target = must_calloc(1, sizeof(*target));

	target->url = must_strdup(url);
	target->ca = ca != NULL ? must_strdup(ca) : NULL;
	target->ids = json_object();
	for (size_t n = strlen(target->url); n > 0 && target->url[n - 1] == '/'; n--) {
		target->url[n - 1] = '\0';
	}
	if (!remote_authorize(url, token_file, &target->authorization, err)) {
		replay_target_free(target);
		return NULL;
	}
	return target;
}

void replay_target_free(struct replay_target *target)
{
	if (target == NULL) {
		return;
	}
	if (target->authorization.size > 0) {
		secret_wipe(target->authorization.data, target->authorization.size);
	}
	buf_fini(&target->authorization);
	json_decref(target->ids);
	memory_free(target->ca);
	memory_free(target->url);
	memory_free(target);
}

/* ---- ids ---- */

/* Appends the text with the ids of then as those of now. */
static void append_now(const struct replay_target *target, const char *text, struct buf *out)
{
	enum { ID_BYTES = 36 };

	while (*text != '\0') {
		char id[ID_BYTES + 1] = "";
		const char *now;

		if (strlen(text) >= ID_BYTES) {
			memcpy(id, text, ID_BYTES);
		}
		now = json_string_value(json_object_get(target->ids, id));
		if (now != NULL) {
			buf_append_text(out, now);
			text += ID_BYTES;
		} else {
			buf_append_char(out, *text++);
		}
	}
}

static void learn_id(struct replay_target *target, const json_t *record, const struct buf *reply)
{
	const json_t *then = json_object_get(json_object_get(record, "reply"), "body");
	const char *id_then = json_string_value(json_object_get(then, "id"));
	json_auto_t *now = json_loadb(buf_text(reply), reply->size, 0, NULL);
	const char *id_now = json_string_value(json_object_get(now, "id"));

	if (id_then != NULL && id_now != NULL && strlen(id_then) == 36) {
		json_object_set_new(target->ids, id_then, json_string(id_now));
	}
}

/* ---- one request ---- */

static size_t on_bytes(char *bytes, size_t one, size_t size, void *user)
{
	struct buf *reply = user;

	(void)one;
	if (reply->size + size <= REPLY_BYTES_MAX) {
		buf_append(reply, bytes, size); /* the rest is read and forgotten */
	}
	return size;
}

static void append_url(const struct replay_target *target, const json_t *record, struct buf *url)
{
	const char *path = json_string_value(json_object_get(record, "target"));
	const char *base = strstr(path, "/scim/v2");

	buf_append_text(url, target->url);
	append_now(target, base != NULL ? base + strlen("/scim/v2") : path, url);
}

static struct curl_slist *headers_of(const struct replay_target *target, const json_t *record)
{
	static const char *const sent[] = { "Content-Type", "Accept", "Prefer" };
	struct curl_slist *list = curl_slist_append(NULL, buf_text(&target->authorization));

	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		const char *value = capture_file_header(record, sent[i]);
		struct buf header = { 0 };

		buf_printf(&header, "%s:%s%s", sent[i], value != NULL ? " " : "",
			value != NULL ? value : ""); /* "Accept:" takes curl's own away */
		list = curl_slist_append(list, buf_text(&header));
		buf_fini(&header);
	}
	return curl_slist_append(list, "Expect:");
}

static void set_options(
	CURL *easy, const struct replay_target *target, const char *method, struct buf *reply)
{
	bool head = strcmp(method, "HEAD") == 0;

	curl_easy_setopt(easy, head ? CURLOPT_NOBODY : CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, CALL_MS);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "scimward-replay/" SCIMWARD_VERSION);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, reply);
	if (target->ca != NULL) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, target->ca);
	}
}

static int perform(
	struct replay_target *target, const json_t *record, const char *body, char **note)
{
	const char *method = json_string_value(json_object_get(record, "method"));
	CURL *easy = curl_easy_init();
	struct curl_slist *headers = headers_of(target, record);
	struct buf url = { 0 }, sent = { 0 }, reply = { 0 };
	CURLcode code = CURLE_FAILED_INIT;
	long status = 0;

	append_url(target, record, &url);
	append_now(target, body != NULL ? body : "", &sent);
	if (easy != NULL) {
		set_options(easy, target, method, &reply);
		curl_easy_setopt(easy, CURLOPT_URL, buf_text(&url));
		if (body != NULL) {
			curl_easy_setopt(easy, CURLOPT_POSTFIELDS, buf_text(&sent));
			curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)sent.size);
			curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
		}
		curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
		code = curl_easy_perform(easy);
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	}
	if (code != CURLE_OK) {
		*note = must_strdup(curl_easy_strerror(code));
		status = 0;
	} else if (status == 201) {
		learn_id(target, record, &reply);
	} else if (status >= 400) {
		json_auto_t *error = json_loadb(buf_text(&reply), reply.size, 0, NULL);
		const char *detail = json_string_value(json_object_get(error, "detail"));

		*note = detail != NULL ? must_strdup(detail) : NULL;
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(easy);
	buf_fini(&url);
	buf_fini(&sent);
	buf_fini(&reply);
	return (int)status;
}

int replay_send(struct replay_target *target, const json_t *record, char **note)
{
	bool omitted;
	CLEANUP(memory_cleanup) char *body = capture_file_body(record, &omitted);

	*note = NULL;
	if (omitted) {
		*note = must_strdup("the body was too long for the capture");
		return 0;
	}
	return perform(target, record, body, note);
}
