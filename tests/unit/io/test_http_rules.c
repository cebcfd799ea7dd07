/* The rules of the parser as tables: bytes, requests that are understood, status of what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/support/http_splits.h"

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
		{ "G\0T /a HTTP/1.1\r\n" HOST END, 0, 400,
			sizeof("G\0T /a HTTP/1.1\r\n" HOST END) - 1 },
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_framing_that_two_could_read_differently_is_refused),
		cmocka_unit_test(test_lines_are_exact),
		cmocka_unit_test(test_request_lines_are_exact),
		cmocka_unit_test(test_hosts_are_one_and_valid),
		cmocka_unit_test(test_chunks_are_exact),
		cmocka_unit_test(test_what_closes_and_what_keeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
