#include "io/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <string.h>
#include "base/error.h"
#include "base/file.h"
#include "tests/support/http_drive.h"

#define BODY_LIMIT (1024 * 1024)
#define FIXTURES "../shared/fixtures/http/"

/* ---- every split gives the same ---- */

static void feed_split(
	struct drive *drive, const char *bytes, size_t size, size_t first, size_t step)
{
	drive_init(drive, size, BODY_LIMIT);
	drive_feed(drive, bytes, first);
	while (drive->size < size) {
		size_t left = size - drive->size;
		drive_feed(drive, bytes + drive->size, left < step ? left : step);
	}
	drive_end(drive);
}

static void check_split(const char *name, const struct drive *whole, const char *bytes, size_t size,
	size_t first, size_t step)
{
	struct drive drive;

	feed_split(&drive, bytes, size, first, step);
	if (strcmp(buf_text(&drive.text), buf_text(&whole->text)) != 0) {
		fail_msg("%s: split at %zu, then %zu each:\n%s\nnot\n%s", name, first, step,
			buf_text(&drive.text), buf_text(&whole->text));
	}
	drive_fini(&drive);
}

/* *whole: what was understood of the bytes in one piece. The caller ends it. */
static void drive_all(struct drive *whole, const char *name, const char *bytes, size_t size)
{
	size_t stride = size > 4096 ? 61 : 1;

	feed_split(whole, bytes, size, size, 1);
	for (size_t first = 0; first < size; first += stride) {
		check_split(name, whole, bytes, size, first, size);
	}
	check_split(name, whole, bytes, size, 0, stride == 1 ? 1 : 7);
	check_split(name, whole, bytes, size, 0, 2);
	check_split(name, whole, bytes, size, 1, 3);
}

/* ---- the fixtures ---- */

/* Where the fixtures leave the choice, or name no status: ours, from the table of rules in
 * docs/decisions. */
static const struct {
	const char *name;
	int requests;
	int status;
} expected[] = {
	{ "ok-get", 1, 0 },
	{ "ok-post-cl", 1, 0 },
	{ "ok-post-chunked", 1, 0 },
	{ "ok-patch", 1, 0 },
	{ "ok-pipeline2", 2, 0 },
	{ "ok-expect-100", 1, 0 },
	{ "cl-te", 0, 400 },
	{ "te-cl", 0, 400 },
	{ "cl-dup-same", 0, 400 },
	{ "cl-list-same", 0, 400 },
	{ "cl-negative", 0, 400 },
	{ "cl-hex", 0, 400 },
	{ "cl-empty", 0, 400 },
	{ "cl-overflow", 0, 400 },
	{ "cl-underscore", 0, 400 },
	{ "te-identity-cl", 0, 400 },
	{ "te-chunked-chunked", 0, 501 },
	{ "te-gzip-chunked", 0, 501 },
	{ "te-dup", 0, 400 },
	{ "te-dup-identity", 0, 400 },
	{ "te-tab-value", 1, 0 },
	{ "te-vtab-value", 0, 400 },
	{ "te-http10", 0, 400 },
	{ "te-name-underscore", 0, 400 },
	{ "hdr-bare-lf", 0, 400 },
	{ "hdr-bare-cr", 0, 400 },
	{ "hdr-ctl", 0, 400 },
	{ "hdr-no-colon", 0, 400 },
	{ "hdr-space-name", 0, 400 },
	{ "hdr-leading-space-first", 0, 400 },
	{ "chunk-ext", 1, 0 },
	{ "chunk-ext-lf", 0, 400 },
	{ "chunk-0x", 0, 400 },
	{ "chunk-neg", 0, 400 },
	{ "chunk-lead-space", 0, 400 },
	{ "chunk-overflow", 0, 400 },
	{ "chunk-trailer-te", 1, 0 },
	{ "host-missing", 0, 400 },
	{ "host-bad", 0, 400 },
	{ "host-absuri-diff", 0, 400 },
	{ "rl-no-version", 0, 400 },
	{ "rl-no-version-lf", 0, 400 },
	{ "rl-http12", 0, 505 },
	{ "rl-lower-version", 0, 400 },
	{ "rl-unknown-method", 0, 501 },
	{ "rl-connect", 0, 405 },
	{ "rl-nul-url", 0, 400 },
	{ "rl-8bit-url", 0, 400 },
	{ "rl-fragment", 1, 0 },
	{ "lead-crlf", 0, 400 },
	{ "big-header", 0, 431 },
	{ "many-headers", 0, 431 },
	{ "big-cl", 0, 413 },
	{ "get-with-body", 2, 0 },
	{ "delete-with-body", 2, 0 },
	{ "upgrade-h2c", 2, 0 },
	{ "expect-unknown", 0, 417 },
	{ "conn-close-pipeline", 1, 0 },
};

static void check_fixture(json_t *entry)
{
	const char *name = json_string_value(json_object_get(entry, "name"));
	const char *strict = json_string_value(json_object_get(entry, "strict"));
	struct buf bytes = { 0 };
	struct error err = { 0 };
	struct drive drive;
	char path[256];
	size_t row = 0;

	snprintf(path, sizeof(path), FIXTURES "%s",
		json_string_value(json_object_get(entry, "file")));
	if (!file_read(path, 1 << 20, &bytes, &err)) {
		fail_msg("%s", err.text);
	}
	drive_all(&drive, name, bytes.data, bytes.size);
	while (row < sizeof(expected) / sizeof(expected[0]) &&
		strcmp(expected[row].name, name) != 0) {
		row++;
	}
	if (row == sizeof(expected) / sizeof(expected[0])) {
		fail_msg("%s has no row in this test", name);
	}
	if (drive.requests != expected[row].requests || drive.status != expected[row].status) {
		fail_msg("%s: %d requests, status %d:\n%s", name, drive.requests, drive.status,
			buf_text(&drive.text));
	}
	if (strcmp(strict, "accept") == 0) {
		assert_int_equal(
			drive.requests, json_integer_value(json_object_get(entry, "requests")));
		assert_int_equal(drive.status, 0);
	} else if (strcmp(strict, "reject") == 0) {
		assert_int_equal(drive.requests, 0);
		assert_true(drive.status >= 400);
	}
	drive_fini(&drive);
	buf_fini(&bytes);
}

static void test_fixtures_are_understood_as_expected_at_every_split(void **state)
{
	json_error_t where;
	json_t *entries = json_load_file(FIXTURES "expectations.json", 0, &where);
	size_t i;
	json_t *entry;

	(void)state;
	if (entries == NULL) {
		skip(); /* the fixtures are not part of the repository */
	}
	assert_int_equal(json_array_size(entries), sizeof(expected) / sizeof(expected[0]));
	json_array_foreach(entries, i, entry)
	{
		check_fixture(entry);
	}
	json_decref(entries);
}

/* ---- variants ---- */

#define GET "GET /a HTTP/1.1\r\n"
#define POST "POST /a HTTP/1.1\r\n"
#define HOST "Host: x\r\n"
#define CHUNKED POST HOST "Transfer-Encoding: chunked\r\n\r\n"
#define END "\r\n"

struct variant {
	const char *bytes;
	int requests;
	int status;
	size_t size; /* 0: strlen */
};

static void check_variants(const struct variant *variants, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct variant *variant = &variants[i];
		size_t size = variant->size > 0 ? variant->size : strlen(variant->bytes);
		struct drive drive;

		drive_all(&drive, variant->bytes, variant->bytes, size);
		if (drive.requests != variant->requests || drive.status != variant->status) {
			fail_msg("%s\n%d requests, status %d:\n%s", variant->bytes, drive.requests,
				drive.status, buf_text(&drive.text));
		}
		drive_fini(&drive);
	}
}

#define CHECK(variants) check_variants(variants, sizeof(variants) / sizeof((variants)[0]))

static void test_framing_that_two_could_read_differently_is_refused(void **state)
{
	static const struct variant variants[] = {
		{ POST HOST "content-length: 5\r\nTRANSFER-ENCODING: Chunked\r\n\r\n", 0, 400, 0 },
		{ POST HOST "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0,
			400, 0 },
		{ POST HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 0, 400, 0 },
		{ POST HOST "Content-Length: 1\r\nX: y\r\ncontent-length: 1\r\n\r\na", 0, 400, 0 },
		{ POST HOST "Content-Length: 1, 1\r\n\r\na", 0, 400, 0 },
		{ POST HOST "Content-Length: +1\r\n\r\na", 0, 400, 0 },
		{ POST HOST "Content-Length: 1 1\r\n\r\na", 0, 400, 0 },
		{ POST HOST "Content-Length: 1.0\r\n\r\na", 0, 400, 0 },
		{ POST HOST "Content-Length: 1e0\r\n\r\na", 0, 400, 0 },
		{ POST HOST "Content-Length: 1;\r\n\r\na", 0, 400, 0 },
		{ POST HOST "Content-Length: \"1\"\r\n\r\na", 0, 400, 0 },
		{ POST HOST "Content-Length: \xd9\xa1\r\n\r\na", 0, 400, 0 },
		{ POST HOST "Content-Length:\r\n\r\na", 0, 400, 0 },
		{ POST HOST "Content-Length: 99999999999999999999\r\n\r\na", 0, 400, 0 },
		{ POST HOST "Content-Length: 18446744073709551615\r\n\r\na", 0, 400, 0 },
		{ POST HOST "Content-Length: 9999999999999999999\r\n\r\na", 0, 413, 0 },
		{ POST HOST "Content-Length: 1048577\r\n\r\na", 0, 413, 0 },
		{ POST HOST "Content_Length: 1\r\n\r\na", 0, 400, 0 },
		{ POST HOST "Content-Length: 1\r\nContent_Length: 2\r\n\r\na", 0, 400, 0 },
		{ POST HOST "Transfer_Encoding: chunked\r\n\r\n", 0, 400, 0 },
		{ POST HOST "transfer_encoding: chunked\r\nContent-Length: 1\r\n\r\na", 0, 400, 0 },
		{ GET HOST "Authori_zation: a\r\n\r\n", 1, 0, 0 },
		{ GET "Host: x\r\nH_ost: y\r\n\r\n", 1, 0, 0 },
		{ GET HOST "Content_Type: a\r\n\r\n", 0, 400, 0 },
		{ POST HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: \r\n\r\n", 0, 400,
			0 },
		{ POST HOST "Transfer-Encoding:\r\n\r\n", 0, 400, 0 },
		{ POST HOST "Transfer-Encoding: xchunked\r\n\r\n", 0, 501, 0 },
		{ POST HOST "Transfer-Encoding: chunkedx\r\n\r\n", 0, 501, 0 },
		{ POST HOST "Transfer-Encoding: identity\r\n\r\n", 0, 501, 0 },
		{ POST HOST "Transfer-Encoding: chunked, gzip\r\n\r\n", 0, 501, 0 },
		{ POST HOST "Transfer-Encoding: chunked, identity\r\n\r\n", 0, 501, 0 },
		{ POST HOST "Transfer-Encoding: ,chunked\r\n\r\n", 0, 400, 0 },
		{ POST HOST "Transfer-Encoding: chunked,\r\n\r\n", 0, 400, 0 },
		{ POST HOST "Transfer-Encoding: chunked;q=1\r\n\r\n", 0, 400, 0 },
		{ POST HOST "Transfer-Encoding: \"chunked\"\r\n\r\n", 0, 400, 0 },
		{ POST HOST "Transfer-Encoding: chunked foo\r\n\r\n", 0, 400, 0 },
		{ POST HOST "Transfer-Encoding : chunked\r\n\r\n", 0, 400, 0 },
		{ POST HOST "Transfer-Encoding\t: chunked\r\n\r\n", 0, 400, 0 },
		{ POST HOST "Transfer-Encoding:\r\n chunked\r\n\r\n", 0, 400, 0 },
		{ POST HOST "Transfer-Encoding: chun\r\n\tked\r\n\r\n", 0, 400, 0 },
		{ POST HOST "Transfer-Encoding: \x0c"
			    "chunked\r\n\r\n",
			0, 400, 0 },
		{ POST HOST "Transfer-Encoding: chunked\x0b\r\n\r\n", 0, 400, 0 },
		{ POST HOST "Transfer-Encoding: \0chunked\r\n\r\n", 0, 400,
			sizeof(POST HOST "Transfer-Encoding: \0chunked\r\n\r\n") - 1 },
		{ POST HOST " Transfer-Encoding: chunked\r\n\r\n", 0, 400, 0 },
		{ POST HOST "\x0bTransfer-Encoding: chunked\r\n\r\n", 0, 400, 0 },
		{ "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, 400, 0 },
		/* legal, and must stay so */
		{ POST HOST "Content-Length: 0001\r\n\r\na", 1, 0, 0 },
		{ POST HOST "Content-Length:1\r\n\r\na", 1, 0, 0 },
		{ POST HOST "Content-Length:\t 1 \t\r\n\r\na", 1, 0, 0 },
		{ POST HOST "Content-Length: 0\r\n\r\n" GET HOST END, 2, 0, 0 },
		{ POST HOST "\r\n" GET HOST END, 2, 0, 0 },
		{ POST HOST "transfer-encoding:CHUNKED\r\n\r\n0\r\n\r\n", 1, 0, 0 },
	};

	(void)state;
	CHECK(variants);
}

static void test_lines_are_exact(void **state)
{
	static const struct variant variants[] = {
		{ "GET /a HTTP/1.1\n" HOST END, 0, 400, 0 },
		{ GET "Host: x\n\r\n", 0, 400, 0 },
		{ GET HOST "\n", 0, 400, 0 },
		{ GET HOST "X: a\rb\r\n\r\n", 0, 400, 0 },
		{ GET HOST "X: a\r\r\n\r\n", 0, 400, 0 },
		{ GET HOST "\r\r\n", 0, 400, 0 },
		{ GET HOST "X: \0\r\n\r\n", 0, 400, sizeof(GET HOST "X: \0\r\n\r\n") - 1 },
		{ GET HOST "X\0: a\r\n\r\n", 0, 400, sizeof(GET HOST "X\0: a\r\n\r\n") - 1 },
		{ GET HOST "X: \x7f\r\n\r\n", 0, 400, 0 },
		{ GET HOST "X: a\r\n b\r\n\r\n", 0, 400, 0 },
		{ GET HOST "X: a\r\n\tb\r\n\r\n", 0, 400, 0 },
		{ GET HOST "X: a\r\n \r\n\r\n", 0, 400, 0 },
		{ GET HOST ": a\r\n\r\n", 0, 400, 0 },
		{ GET HOST "X : a\r\n\r\n", 0, 400, 0 },
		{ GET HOST "X(: a\r\n\r\n", 0, 400, 0 },
		{ GET HOST "X\xc3\xa4: a\r\n\r\n", 0, 400, 0 },
		{ GET HOST "\"X\": a\r\n\r\n", 0, 400, 0 },
		{ GET HOST "X\r\n\r\n", 0, 400, 0 },
		{ GET " \r\n" HOST END, 0, 400, 0 },
		{ GET HOST "X:\r\nY:a:b\r\n!#$%&'*+-.^`|~: \xc3\xa4\t.\r\n\r\n", 1, 0, 0 },
	};

	(void)state;
	CHECK(variants);
}

static void test_request_lines_are_exact(void **state)
{
	static const struct variant variants[] = {
		{ "GET  /a HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET /a  HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET /a HTTP/1.1 \r\n" HOST END, 0, 400, 0 },
		{ " GET /a HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET\t/a HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET /a\tHTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET /a\x0bHTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET /a b HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET /a\r HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET /a\r\n" HOST END, 0, 400, 0 },
		{ "/a HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET /a HTTP/1.10\r\n" HOST END, 0, 400, 0 },
		{ "GET /a HTTP/11\r\n" HOST END, 0, 400, 0 },
		{ "GET /a HTTP/1,1\r\n" HOST END, 0, 400, 0 },
		{ "GET /a HTTP/1.x\r\n" HOST END, 0, 400, 0 },
		{ "GET /a Http/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET /a ICAP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET /a HTTP/2.0\r\n" HOST END, 0, 505, 0 },
		{ "GET /a HTTP/0.9\r\n" HOST END, 0, 505, 0 },
		{ "GET /a HTTP/3.1\r\n" HOST END, 0, 505, 0 },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, 505, 0 },
		{ "get /a HTTP/1.1\r\n" HOST END, 0, 501, 0 },
		{ "G@T /a HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "G\0T /a HTTP/1.1\r\n" HOST END, 0, 400, 31 },
		{ "SEARCH /a HTTP/1.1\r\n" HOST END, 0, 501, 0 },
		{ "TRACE /a HTTP/1.1\r\n" HOST END, 0, 405, 0 },
		{ "CONNECT a:443 HTTP/1.1\r\n" HOST END, 0, 405, 0 },
		{ "\r\n" GET HOST END, 1, 0, 0 },
		{ "\r\n\r\n" GET HOST END, 0, 400, 0 },
		{ "\n" GET HOST END, 0, 400, 0 },
		{ "\r" GET HOST END, 0, 400, 0 },
		{ GET HOST END "\r\n" GET HOST END, 2, 0, 0 },
		{ GET HOST END "\r\n\r\n" GET HOST END, 1, 400, 0 },
		{ "OPTIONS * HTTP/1.1\r\n" HOST END, 1, 0, 0 },
		{ "OPTIONS /a HTTP/1.1\r\n" HOST END, 1, 0, 0 },
		{ "GET * HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET a HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET ?a HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET #a HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET //x/a HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET http://x/a HTTP/1.1\r\n" HOST END, 1, 0, 0 },
		{ "GET HTTPS://X/a HTTP/1.1\r\n" HOST END, 1, 0, 0 },
		{ "GET http://x HTTP/1.1\r\n" HOST END, 1, 0, 0 },
		{ "GET http://x?b HTTP/1.1\r\n" HOST END, 1, 0, 0 },
		{ "GET http://y/a HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET http://x:80/a HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET http://u@x/a HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET http:///a HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET ftp://x/a HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET file:/a HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET /a%2fb HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET /%55sers HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET /a;b HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET /a/../b HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET /a%00 HTTP/1.1\r\n" HOST END, 0, 400, 0 },
		{ "GET /a?b=\"c\"&d=%00 HTTP/1.1\r\n" HOST END, 1, 0, 0 },
	};

	(void)state;
	CHECK(variants);
}

static void test_hosts_are_one_and_valid(void **state)
{
	static const struct variant variants[] = {
		{ GET "\r\n", 0, 400, 0 },
		{ GET HOST HOST END, 0, 400, 0 },
		{ GET "Host: x\r\nHost: y\r\n\r\n", 0, 400, 0 },
		{ GET "Host:\r\n\r\n", 0, 400, 0 },
		{ GET "Host: x y\r\n\r\n", 0, 400, 0 },
		{ GET "Host: x,y\r\n\r\n", 0, 400, 0 },
		{ GET "Host: http://x\r\n\r\n", 0, 400, 0 },
		{ GET "Host: x:port\r\n\r\n", 0, 400, 0 },
		{ "GET http://x/a HTTP/1.1\r\n\r\n", 0, 400, 0 },
		{ "GET http://x/a HTTP/1.0\r\n\r\n", 0, 400, 0 },
		{ "GET /a HTTP/1.0\r\n\r\n", 1, 0, 0 },
		{ "GET /a HTTP/1.0\r\n" HOST HOST END, 0, 400, 0 },
		{ GET "Host: [::1]:8443\r\n\r\n", 1, 0, 0 },
		{ GET HOST "Authorization: a\r\nauthorization: b\r\n\r\n", 0, 400, 0 },
		{ GET HOST "Content-Type: a\r\nContent-Type: a\r\n\r\n", 0, 400, 0 },
	};

	(void)state;
	CHECK(variants);
}

static void test_chunks_are_exact(void **state)
{
	static const struct variant variants[] = {
		{ CHUNKED "1\r\na\r\n0\r\n\r\n", 1, 0, 0 },
		{ CHUNKED "1\r\na\r\nA\r\n0123456789\r\n0\r\n\r\n" GET HOST END, 2, 0, 0 },
		{ CHUNKED "a\r\n0123456789\r\n000\r\n\r\n", 1, 0, 0 },
		{ CHUNKED "0000000000000001\r\na\r\n0\r\n\r\n", 1, 0, 0 },
		{ CHUNKED "1;a\r\na\r\n0;b=\"c;d\"\r\n\r\n", 1, 0, 0 },
		{ CHUNKED "0\r\nX: a\r\nY:\r\n\r\n" GET HOST END, 2, 0, 0 },
		{ CHUNKED "0\r\nHost: y\r\nTransfer-Encoding: gzip\r\n\r\n" GET HOST END, 2, 0, 0 },
		{ CHUNKED "00000000000000001\r\na\r\n0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "+1\r\na\r\n0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "0x1\r\na\r\n0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "1 \r\na\r\n0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "1 ;a\r\na\r\n0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "\t1\r\na\r\n0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "1_0\r\na\r\n0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "1.\r\na\r\n0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "g\r\na\r\n0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "\r\na\r\n0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED ";a\r\na\r\n0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "1\na\r\n0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "1\r\na\n0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "1\ra\r\n0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "1\r\na\r0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "1\r\nab\r\n0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "1\r\na0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "2\r\na\r\n0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "1;a\nb\r\na\r\n0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "1;a\rb\r\na\r\n0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "1;\x01\r\na\r\n0\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "0\n\r\n", 0, 400, 0 },
		{ CHUNKED "0\r\n\n", 0, 400, 0 },
		{ CHUNKED "0\r\n\r" GET, 0, 400, 0 },
		{ CHUNKED "0\r\nX\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "0\r\nX : a\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "0\r\n: a\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "0\r\nX: a\n\r\n", 0, 400, 0 },
		{ CHUNKED "0\r\nX: a\r\n b\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "0\r\nX: \x01\r\n\r\n", 0, 400, 0 },
		{ CHUNKED "100001\r\n", 0, 413, 0 },
		{ CHUNKED "1\r\na\r\n100000\r\n", 0, 413, 0 },
		{ CHUNKED "ffffffffffffffff\r\n", 0, 413, 0 },
		{ CHUNKED "1\r\na\r\nffffffffffffffff\r\n", 0, 413, 0 },
		{ CHUNKED "10000000000000001\r\na\r\n0\r\n\r\n", 0, 400, 0 },
	};

	(void)state;
	CHECK(variants);
}

static void test_what_closes_and_what_keeps(void **state)
{
	static const struct variant variants[] = {
		{ GET HOST "Connection: close\r\n\r\n" GET HOST END, 1, 0, 0 },
		{ GET HOST "Connection: keep-alive, CLOSE\r\n\r\n" GET HOST END, 1, 0, 0 },
		{ GET HOST "Connection: x\r\nconnection: close\r\n\r\n" GET HOST END, 1, 0, 0 },
		{ GET HOST "Connection: close-not\r\n\r\n" GET HOST END, 2, 0, 0 },
		{ "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" GET HOST END, 1, 0, 0 },
		{ POST HOST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\na", 1, 0, 0 },
		{ POST HOST "Expect: 100-continue, x\r\nContent-Length: 1\r\n\r\na", 0, 417, 0 },
		{ "POST /a HTTP/1.0\r\nExpect: x\r\nContent-Length: 1\r\n\r\na", 1, 0, 0 },
	};

	(void)state;
	CHECK(variants);
}

/* ---- limits, to the byte ---- */

static void append_repeated(struct buf *buf, char c, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_append_char(buf, c);
	}
}

static int status_of(const struct buf *bytes)
{
	struct drive drive;

	drive_all(&drive, "limit", bytes->data, bytes->size);
	int status = drive.requests == 1 && drive.status == 0 ? 200 : drive.status;
	drive_fini(&drive);
	return status;
}

static int status_of_target(size_t size)
{
	struct buf bytes = { 0 };

	buf_append_text(&bytes, "OPTIONS /");
	append_repeated(&bytes, 'a', size - 1);
	buf_append_text(&bytes, " HTTP/1.1\r\n" HOST END);
	int status = status_of(&bytes);
	buf_fini(&bytes);
	return status;
}

static int status_of_headers(size_t size) /* of the header section, with its last line */
{
	struct buf bytes = { 0 };

	buf_append_text(&bytes, GET HOST "X: ");
	append_repeated(&bytes, 'a', size - strlen(HOST "X: \r\n\r\n"));
	buf_append_text(&bytes, "\r\n\r\n");
	int status = status_of(&bytes);
	buf_fini(&bytes);
	return status;
}

static int status_of_fields(size_t count)
{
	struct buf bytes = { 0 };

	buf_append_text(&bytes, GET HOST);
	for (size_t i = 1; i < count; i++) {
		buf_append_text(&bytes, "X: a\r\n");
	}
	buf_append_text(&bytes, "\r\n");
	int status = status_of(&bytes);
	buf_fini(&bytes);
	return status;
}

static int status_of_overhead(size_t size) /* bytes of one chunk extension, behind ";" */
{
	struct buf bytes = { 0 };

	buf_append_text(&bytes, CHUNKED "1;");
	append_repeated(&bytes, 'a', size);
	buf_append_text(&bytes, "\r\na\r\n0\r\n\r\n");
	int status = status_of(&bytes);
	buf_fini(&bytes);
	return status;
}

static void test_limits_hold_to_the_byte(void **state)
{
	(void)state;
	assert_int_equal(status_of_target(HTTP_TARGET_MAX), 200);
	assert_int_equal(status_of_target(HTTP_TARGET_MAX + 1), 414);
	assert_int_equal(status_of_target(3 * HTTP_TARGET_MAX), 414);
	assert_int_equal(status_of_headers(HTTP_HEADERS_MAX), 200);
	assert_int_equal(status_of_headers(HTTP_HEADERS_MAX + 1), 431);
	assert_int_equal(status_of_fields(HTTP_FIELDS_MAX), 200);
	assert_int_equal(status_of_fields(HTTP_FIELDS_MAX + 1), 431);
	assert_int_equal(status_of_overhead(16 * 1024), 200);
	assert_int_equal(status_of_overhead(16 * 1024 + 1), 431);
}

static void test_an_endless_line_fails_before_its_end(void **state)
{
	struct http_parser parser;
	static char bytes[HTTP_HEAD_MAX + 1];
	size_t head_size;

	(void)state;
	memset(bytes, 'a', sizeof(bytes));
	http_parser_init(&parser, NULL);
	assert_int_equal(http_parser_head(&parser, bytes, HTTP_TARGET_MAX, &head_size), HTTP_MORE);
	assert_int_equal(
		http_parser_head(&parser, bytes, HTTP_TARGET_MAX + HTTP_LINE_EXTRA + 1, &head_size),
		HTTP_FAILED);
	assert_int_equal(parser.status, 414);
	assert_int_equal(http_parser_head(&parser, bytes, sizeof(bytes), &head_size), HTTP_FAILED);

	memcpy(bytes, GET, strlen(GET));
	http_parser_init(&parser, NULL);
	assert_int_equal(http_parser_head(&parser, bytes, HTTP_HEADERS_MAX, &head_size), HTTP_MORE);
	assert_int_equal(http_parser_head(&parser, bytes, sizeof(bytes), &head_size), HTTP_FAILED);
	assert_int_equal(parser.status, 431);
}

/* ---- what a request says ---- */

static void test_a_request_is_taken_apart(void **state)
{
	static const char bytes[] =
		"PATCH http://Host:1/scim/v2/Users/a%20b/?attributes=x%2Cy#frag HTTP/1.1\r\n"
		"host: host:1\r\nIf-Match:  W/\"3\" \r\nX_Other: dropped\r\nif-match: second\r\n"
		"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n{}";
	struct http_parser parser;
	size_t head_size;
	size_t used;
	struct http_text piece;

	(void)state;
	http_parser_init(&parser, NULL);
	assert_int_equal(
		http_parser_head(&parser, bytes, sizeof(bytes) - 1, &head_size), HTTP_DONE);
	const struct http_request *request = &parser.request;

	assert_int_equal(head_size, sizeof(bytes) - 3);
	assert_int_equal(request->method, HTTP_PATCH);
	assert_true(http_text_is(request->path, "/scim/v2/Users/a%20b/"));
	assert_true(http_text_is(request->query, "attributes=x%2Cy"));
	assert_int_equal(request->segment_count, 4);
	assert_true(http_text_is(request->segments[3], "a b"));
	assert_true(request->trailing_slash);
	assert_true(http_text_is(request->host, "host:1"));
	assert_true(http_text_is(*http_find(request, "IF-MATCH"), "W/\"3\""));
	assert_null(http_find(request, "x_other"));
	assert_null(http_find(request, "x-other"));
	assert_true(request->keep_alive && request->expect_continue && request->has_length);
	assert_int_equal(request->length, 2);
	assert_int_equal(http_parser_body(&parser, bytes + head_size, 2, &used, &piece), HTTP_DONE);
	assert_int_equal(used, 2);
	assert_true(http_text_is(piece, "{}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fixtures_are_understood_as_expected_at_every_split),
		cmocka_unit_test(test_framing_that_two_could_read_differently_is_refused),
		cmocka_unit_test(test_lines_are_exact),
		cmocka_unit_test(test_request_lines_are_exact),
		cmocka_unit_test(test_hosts_are_one_and_valid),
		cmocka_unit_test(test_chunks_are_exact),
		cmocka_unit_test(test_what_closes_and_what_keeps),
		cmocka_unit_test(test_limits_hold_to_the_byte),
		cmocka_unit_test(test_an_endless_line_fails_before_its_end),
		cmocka_unit_test(test_a_request_is_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
