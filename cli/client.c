#include "cli/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "config/config.h"

/* An entry of 100,000 members is some 25 MiB. */
#define REPLY_BYTES (128L * 1024 * 1024)
#define CALL_MS 30000
#define CONNECT_MS 5000

/* Set by Ctrl-C while a stream is read. */
static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

struct call {
	struct buf reply;
	size_t limit;
	/* of a stream */
	cli_line_fn *on_line;
	void *user;
	bool ended;                     /* on_line said so */
	bool garbled;                   /* a line is no JSON, or too long */
	char failure[ERROR_TEXT_BYTES]; /* the last line said what went wrong; "" */
};

static void free_easy(CURL **easy)
{
	curl_easy_cleanup(*easy);
}

static void free_slist(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

/* What went wrong below HTTP, so that the reader knows what to do next. */
static bool explain(
	CURL *easy, CURLcode code, const char *socket, const char *config_path, struct error *err)
{
	long system = 0;

	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &system);
	if (code == CURLE_PARTIAL_FILE || code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR) {
		return error_set(err, ERROR_IO,
			"%s: the gateway ended the connection; it was stopped, or its log says why",
			socket);
	}
	if (code != CURLE_COULDNT_CONNECT) {
		return error_set(err, ERROR_IO, "%s: %s", socket, curl_easy_strerror(code));
	}
	/* Debian's curl does not always keep errno for unix sockets: ask the file system as well.
	 */
	if (access(socket, W_OK) != 0) {
		system = errno;
	}
	if (system == EACCES) {
		return error_set(err, ERROR_IO,
			"%s: permission denied; run this as the user of the gateway, or as root",
			socket);
	}
	return error_set(err, ERROR_IO,
		"no gateway is running: nobody listens on %s; start it with `scimward serve -c %s`",
		socket, config_path);
}

static enum error_code code_of(long status)
{
	switch (status) {
	case 400:
	case 405:
	case 415:
		return ERROR_REQUEST;
	case 401:
	case 403:
		return ERROR_DENIED;
	case 404:
		return ERROR_NOT_FOUND;
	case 409:
		return ERROR_UNIQUENESS;
	case 412:
		return ERROR_PRECONDITION;
	case 413:
		return ERROR_TOO_LARGE;
	case 429:
		return ERROR_RATE;
	case 503:
		return ERROR_STORE;
	default:
		return ERROR_INTERNAL;
	}
}

/* The sentence of an error body: `detail` of SCIM, or `message`. */
static bool refused(long status, const struct buf *reply, struct error *err)
{
	json_auto_t *body = json_loadb(buf_text(reply), reply->size, 0, NULL);
	const char *detail = json_string_value(json_object_get(body, "detail"));

	if (detail == NULL) {
		detail = json_string_value(json_object_get(body, "message"));
	}
	if (detail == NULL) {
		return error_set(err, code_of(status), "the gateway answered %ld", status);
	}
	return error_set(err, code_of(status), "%s", detail);
}

static size_t on_bytes(char *bytes, size_t one, size_t size, void *user)
{
	struct call *call = user;

	(void)one;
	if (size > call->limit - call->reply.size) {
		return 0; /* curl ends with CURLE_WRITE_ERROR */
	}
	buf_append(&call->reply, bytes, size);
	return size;
}

/* What both kinds of calls share. NULL: the configuration is no good, or memory is out; err says
 * so. */
static CURL *new_easy(struct cli *cli, const char *path, struct call *call, const char **socket,
	struct error *err)
{
	CLEANUP(buf_fini) struct buf url = { 0 };
	const struct config *config = cli_config(cli);

	if (config == NULL) {
		error_set(err, ERROR_CONFIG, "%s cannot be used", cli->config_path);
		return NULL;
	}
	CURL *easy = curl_easy_init();
	if (easy == NULL) {
		error_set(err, ERROR_INTERNAL, "the HTTP client could not be started");
		return NULL;
	}
	*socket = config->admin.socket;
	buf_printf(&url, "http://localhost%s", path);
	curl_easy_setopt(easy, CURLOPT_URL, buf_text(&url));
	curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, *socket);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "scimward/" SCIMWARD_VERSION);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	return easy;
}

/* 2xx: the body as JSON, when there is one and somebody wants it. */
static bool take_reply(CURL *easy, const struct buf *reply, json_t **result, struct error *err)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status > 299) {
		return refused(status, reply, err);
	}
	if (result == NULL) {
		return true;
	}
	*result = NULL;
	if (reply->size == 0) {
		return true;
	}
	*result = json_loadb(buf_text(reply), reply->size, JSON_REJECT_DUPLICATES, NULL);
	if (*result == NULL) {
		return error_set(err, ERROR_INTERNAL, "the gateway's answer is no JSON");
	}
	return true;
}

bool cli_call(struct cli *cli, const char *method, const char *path, const json_t *body,
	long timeout_ms, json_t **result, struct error *err)
{
	struct call call = { .limit = REPLY_BYTES };
	const char *socket = NULL;
	CLEANUP(free_easy) CURL *easy = new_easy(cli, path, &call, &socket, err);
	CLEANUP(free_slist) struct curl_slist *headers = NULL;
	CLEANUP(memory_cleanup) char *text = NULL;

	if (easy == NULL) {
		return false;
	}
	headers = curl_slist_append(headers, "Accept: application/json");
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms > 0 ? timeout_ms : (long)CALL_MS);
	if (body != NULL) {
		text = json_dumps(body, JSON_COMPACT);
		headers = curl_slist_append(headers, "Content-Type: application/json");
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, text);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(text));
	}
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	CURLcode code = curl_easy_perform(easy);
	bool ok = code == CURLE_OK ? take_reply(easy, &call.reply, result, err)
				   : explain(easy, code, socket, cli->config_path, err);
	buf_fini(&call.reply);
	return ok;
}

/* ---- streams ---- */

/* {"error": …, "message": …} instead of an entry: the gateway could not go on. */
static bool is_failure(struct call *call, const json_t *json)
{
	const char *message = json_string_value(json_object_get(json, "message"));

	if (message == NULL || json_string_value(json_object_get(json, "error")) == NULL) {
		return false;
	}
	snprintf(call->failure, sizeof(call->failure), "%s", message);
	return true;
}

/* One line: a JSON object, or "data: " of server-sent events before it; the other fields of those
 * are skipped. */
static bool take_line(struct call *call, const char *line, size_t size)
{
	static const char data[] = "data: ";

	if (size > strlen(data) && strncmp(line, data, strlen(data)) == 0) {
		line += strlen(data);
		size -= strlen(data);
	}
	if (size == 0 || line[0] != '{') {
		return true;
	}
	json_auto_t *json = json_loadb(line, size, 0, NULL);
	if (json == NULL) {
		call->garbled = true;
		return false;
	}
	if (is_failure(call, json)) {
		return false;
	}
	call->ended = !call->on_line(call->user, json);
	return !call->ended;
}

static size_t on_stream(char *bytes, size_t one, size_t size, void *user)
{
	struct call *call = user;
	size_t start = 0;

	(void)one;
	buf_append(&call->reply, bytes, size);
	for (;;) {
		const char *from = call->reply.data + start;
		const char *end = memchr(from, '\n', call->reply.size - start);
		if (end == NULL) {
			break;
		}
		if (!take_line(call, from, (size_t)(end - from))) {
			return 0;
		}
		start = (size_t)(end - call->reply.data) + 1;
	}
	memmove(call->reply.data, call->reply.data + start, call->reply.size - start);
	call->reply.size -= start;
	if (call->reply.size > REPLY_BYTES) {
		call->garbled = true;
		return 0;
	}
	return size;
}

static int on_progress(
	void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
	(void)user;
	(void)down_total;
	(void)down;
	(void)up_total;
	(void)up;
	return interrupted;
}

bool cli_follow(
	struct cli *cli, const char *path, cli_line_fn *on_line, void *user, struct error *err)
{
	struct call call = { .limit = REPLY_BYTES, .on_line = on_line, .user = user };
	struct sigaction ours = { .sa_handler = on_interrupt };
	struct sigaction before;
	const char *socket = NULL;
	CLEANUP(free_easy) CURL *easy = new_easy(cli, path, &call, &socket, err);
	long status = 0;

	if (easy == NULL) {
		return false;
	}
	interrupted = 0;
	sigaction(SIGINT, &ours, &before);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_stream);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	CURLcode code = curl_easy_perform(easy);
	sigaction(SIGINT, &before, NULL);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	bool ok = true;
	if (call.failure[0] != '\0') {
		ok = error_set(err, ERROR_IO, "the gateway could not go on: %s", call.failure);
	} else if (call.garbled) {
		ok = error_set(err, ERROR_INTERNAL, "the gateway sent a line that is no JSON");
	} else if (status >= 300) {
		ok = refused(status, &call.reply, err);
	} else if (code != CURLE_OK && !call.ended && !interrupted) {
		ok = explain(easy, code, socket, cli->config_path, err);
	}
	buf_fini(&call.reply);
	return ok;
}

void cli_query_escape(struct buf *buf, const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
		bool plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
			     (*at >= '0' && *at <= '9') || strchr("-._~", *at) != NULL;
		if (plain) {
			buf_append_char(buf, (char)*at);
		} else {
			buf_printf(buf, "%%%02X", *at);
		}
	}
}

bool cli_append_word(struct buf *path, const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";

	if (text[0] == '\0' || text[0] == '.' || text[strspn(text, letters)] != '\0') {
		return false;
	}
	buf_append_text(path, text);
	return true;
}
