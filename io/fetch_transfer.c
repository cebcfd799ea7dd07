#include "io/fetch_transfer.h"

#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include "base/secret.h"
#include "io/http_text.h"

/*
 * Two libcurl habits are turned off by on_ready(), which is asked when a connection is ready and
 * before a byte of the request is sent: using a kept connection to an address that *this* request
 * may not reach, and sending a request again by itself when a kept connection turns out to be dead.
 */

#define HEADER_BYTES (64 * 1024)

/* ---- what libcurl asks during a transfer ---- */

static curl_socket_t on_open(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *transfer = user;

	(void)purpose;
	if (!(transfer->local && address->family == AF_UNIX) &&
		!fetch_guard_allows(&transfer->guard, &address->addr)) {
		transfer->forbidden = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* The connection is ready, perhaps a kept one; nothing of the request was sent. */
static int on_ready(void *user, char *peer, char *own, int peer_port, int own_port)
{
	struct transfer *transfer = user;

	(void)own;
	(void)peer_port;
	(void)own_port;
	if (!transfer->local && !fetch_guard_allows_text(&transfer->guard, peer)) {
		transfer->forbidden = true;
		return CURL_PREREQFUNC_ABORT;
	}
	if (transfer->sent) {
		transfer->again = true;
		return CURL_PREREQFUNC_ABORT;
	}
	transfer->sent = true;
	return CURL_PREREQFUNC_OK;
}

static size_t on_body(char *bytes, size_t one, size_t size, void *user)
{
	struct transfer *transfer = user;

	(void)one;
	if (size > transfer->limit - transfer->body.size) {
		transfer->too_large = true;
		return 0;
	}
	buf_append(&transfer->body, bytes, size);
	return size;
}

static void copy_text(char to[TRANSFER_TEXT_BYTES], struct http_text text)
{
	if (text.size < TRANSFER_TEXT_BYTES) {
		memcpy(to, text.data, text.size);
		to[text.size] = '\0';
	}
}

static void forget_headers(struct transfer *transfer)
{
	transfer->content_type[0] = transfer->etag[0] = '\0';
	transfer->location[0] = transfer->retry_after[0] = '\0';
}

static void take_header(struct transfer *transfer, struct http_text name, struct http_text value)
{
	const struct {
		const char *name;
		char *to;
	} wanted[] = {
		{ "content-type", transfer->content_type },
		{ "etag", transfer->etag },
		{ "location", transfer->location },
		{ "retry-after", transfer->retry_after },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (http_text_is_folded(name, wanted[i].name)) {
			copy_text(wanted[i].to, value);
		}
	}
}

static size_t on_header(char *bytes, size_t one, size_t size, void *user)
{
	struct transfer *transfer = user;
	const char *colon = memchr(bytes, ':', size);

	(void)one;
	transfer->header_bytes += size;
	if (transfer->header_bytes > HEADER_BYTES) {
		transfer->too_large = true;
		return 0;
	}
	if (size > 5 && memcmp(bytes, "HTTP/", 5) == 0) {
		forget_headers(transfer); /* those of a 100 Continue */
	} else if (colon != NULL) {
		struct http_text name = { bytes, (size_t)(colon - bytes) };
		struct http_text value = { colon + 1, size - name.size - 1 };
		while (value.size > 0 && (value.data[value.size - 1] == '\n' ||
						 value.data[value.size - 1] == '\r')) {
			value.size--;
		}
		take_header(transfer, name, http_text_trim(value));
	}
	return size;
}

/* ---- starting a transfer ---- */

static bool refuse(struct transfer *transfer, const char *why)
{
	transfer->invalid = true;
	snprintf(transfer->message, sizeof(transfer->message), "%s", why);
	return false;
}

/* Only what is plain: https (or http if allowed), a host, no user. */
static bool check_url(struct transfer *transfer, const struct fetch_request *request)
{
	CURLU *url = curl_url();
	char *scheme = NULL;
	char *user = NULL;
	bool good = curl_url_set(url, CURLUPART_URL, request->url, CURLU_PATH_AS_IS) == CURLUE_OK &&
		    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK;

	if (!good) {
		refuse(transfer, "this is not a URL");
	} else if (curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK) {
		good = refuse(transfer, "a URL with a user in it is not used");
	} else if (strcmp(scheme, "http") == 0) {
		transfer->guard.plain = true;
		good = request->allow_http ||
		       refuse(transfer, "http:// is not allowed here; use https://");
	} else if (strcmp(scheme, "https") != 0) {
		good = refuse(transfer, "only https:// is spoken here");
	}
	curl_free(scheme);
	curl_free(user);
	curl_url_cleanup(url);
	return good;
}

static bool add_header(struct transfer *transfer, const char *name, const char *value)
{
	struct buf line = { 0 };

	if (!http_name_is_safe(name) || !http_value_is_safe(value, strlen(value))) {
		return refuse(transfer, "a header holds a line break or another control character");
	}
	/* "Name:" would remove a header of libcurl, "Name;" sends an empty one. */
	buf_printf(&line, value[0] != '\0' ? "%s: %s" : "%s;", name, value);
	transfer->headers = curl_slist_append(transfer->headers, line.data);
	secret_wipe(line.data, line.size);
	buf_fini(&line);
	return true;
}

static bool add_headers(struct transfer *transfer, const struct fetch_request *request)
{
	bool typed = false;

	for (size_t i = 0; i < request->header_count; i++) {
		const struct fetch_header *header = &request->headers[i];
		if (header->value != NULL && !add_header(transfer, header->name, header->value)) {
			return false;
		}
		typed |= strcasecmp(header->name, "content-type") == 0;
	}
	if (request->bearer != NULL) {
		struct buf value = { 0 };
		buf_printf(&value, "Bearer %s", secret_reveal(request->bearer));
		bool good = add_header(transfer, "Authorization", value.data);
		secret_wipe(value.data, value.size);
		buf_fini(&value);
		if (!good) {
			return false;
		}
	}
	transfer->headers = curl_slist_append(transfer->headers, "Expect:");
	if (!typed) { /* libcurl would call it a form */
		transfer->headers = curl_slist_append(transfer->headers, "Content-Type:");
	}
	return true;
}

static bool check_request(struct transfer *transfer, const struct fetch_request *request)
{
	if (!http_name_is_safe(request->method)) {
		return refuse(transfer, "the method is not a token");
	}
	return check_url(transfer, request) && add_headers(transfer, request);
}

static void set_method(CURL *easy, const struct fetch_request *request)
{
	static const char *const with_body[] = { "POST", "PUT", "PATCH" };
	bool has_body = request->body_size > 0;

	for (size_t i = 0; i < sizeof(with_body) / sizeof(with_body[0]); i++) {
		has_body |= strcmp(request->method, with_body[i]) == 0;
	}
	if (strcmp(request->method, "HEAD") == 0) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	} else if (has_body) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
		curl_easy_setopt(
			easy, CURLOPT_COPYPOSTFIELDS, request->body_size > 0 ? request->body : "");
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	} else {
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	}
}

static void set_callbacks(CURL *easy, struct transfer *transfer)
{
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->message);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_ready);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
}

static void set_policy(CURL *easy, const struct fetch_request *request, int64_t idle_s)
{
	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, request->allow_http ? "https,http" : "https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "scimward/" SCIMWARD_VERSION);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
		(long)(request->connect_ms > 0 ? request->connect_ms : 3000));
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
		(long)(request->timeout_ms > 0 ? request->timeout_ms : 30000));
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)idle_s);
	if (request->ca_file != NULL) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	if (request->unix_socket != NULL) {
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
	}
}

bool transfer_prepare(
	struct transfer *transfer, const struct fetch_request *request, int64_t idle_s)
{
	if (!check_request(transfer, request)) {
		return false;
	}
	set_callbacks(transfer->easy, transfer);
	set_policy(transfer->easy, request, idle_s);
	set_method(transfer->easy, request);
	return true;
}

void transfer_free_headers(struct transfer *transfer)
{
	for (struct curl_slist *it = transfer->headers; it != NULL; it = it->next) {
		secret_wipe(it->data, strlen(it->data));
	}
	curl_slist_free_all(transfer->headers);
	transfer->headers = NULL;
}
