/* What a head says about bodies and replies. */
#include "gateway/negotiate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/error.h"

static struct http_parser parser;
static char head[4096];

/* The head with these header lines. */
static const struct http_request *with(const char *lines)
{
	size_t size;

	snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", lines);
	http_parser_init(&parser, NULL);
	assert_int_equal(http_parser_head(&parser, head, strlen(head), &size), HTTP_DONE);
	return &parser.request;
}

#define SCIM "application/scim+json"
#define JSON "application/json"

static const struct {
	const char *lines;
	const char *media; /* NULL: 406 */
} accepts[] = {
	{ "", SCIM },
	{ "Accept:\r\n", SCIM },
	{ "Accept: " JSON "\r\n", JSON },
	{ "Accept: text/html\r\nAccept: " JSON "\r\n", JSON },
	{ "Accept: text/html\r\n", NULL },
	{ "Accept: " JSON ";q=1.0, " SCIM ";q=0.999\r\n", JSON },
	{ "Accept: " JSON ";q=0.5, " SCIM ";q=0.5\r\n", SCIM },
	{ "Accept: */*;q=0\r\n", NULL },
	{ "Accept: */*, application/*;q=0\r\n", NULL },
	{ "Accept: application/*;q=0, " JSON "\r\n", JSON },
	{ "Accept: " JSON "; q=x\r\n", JSON },
	{ "Accept: " JSON "; q=0.0001\r\n", JSON }, /* no weight: more than three digits */
	{ "Accept: " JSON "; q=7\r\n", JSON },
	{ "Accept: " JSON "; q\r\n", JSON },
	{ "Accept: ;, ,;;q=1\r\n", NULL },
	{ "Accept: application/jsonx, application\r\n", NULL },
};

static void test_accept_chooses_the_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(accepts) / sizeof(accepts[0]); i++) {
		struct error err = { 0 };
		const char *media = negotiate_media(with(accepts[i].lines), SCIM, JSON, &err);

		if ((media == NULL) != (accepts[i].media == NULL) ||
			(media != NULL && strcmp(media, accepts[i].media) != 0)) {
			fail_msg("%s gives %s", accepts[i].lines, media != NULL ? media : "406");
		}
		assert_int_equal(err.code, media != NULL ? ERROR_NONE : ERROR_NOT_ACCEPTABLE);
	}
}

static const struct {
	const char *lines;
	struct request_prefer prefer;
} prefers[] = {
	{ "", { PREFER_ANY, false, 0 } },
	{ "Prefer: return=minimal\r\n", { PREFER_MINIMAL, false, 0 } },
	{ "Prefer: return=representation, return=minimal\r\n",
		{ PREFER_REPRESENTATION, false, 0 } },
	{ "Prefer: return\r\nPrefer: RETURN = \"minimal\"\r\n", { PREFER_MINIMAL, false, 0 } },
	{ "Prefer: respond-async\r\n", { PREFER_ANY, true, 0 } },
	{ "Prefer: respond-async, wait=10, wait=20\r\n", { PREFER_ANY, true, 10 } },
	{ "Prefer: wait=-1, respond-async; x=y\r\n", { PREFER_ANY, true, 0 } },
	{ "Prefer: wait=99999999999999999999\r\n", { PREFER_ANY, false, 0 } },
	{ "Prefer: respond-asyncx, xreturn=minimal\r\n", { PREFER_ANY, false, 0 } },
};

static void test_prefer_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(prefers) / sizeof(prefers[0]); i++) {
		struct request_prefer prefer = negotiate_prefer(with(prefers[i].lines));

		if (prefer.body != prefers[i].prefer.body ||
			prefer.async != prefers[i].prefer.async ||
			prefer.wait_s != prefers[i].prefer.wait_s) {
			fail_msg("%s", prefers[i].lines);
		}
	}
}

static const struct {
	const char *lines;
	bool good;
} bodies[] = {
	{ "", true },
	{ "Content-Type: " SCIM "\r\n", true },
	{ "Content-Type: " JSON ";charset=\"UTF-8\"; x=y\r\n", true },
	{ "Content-Type: " JSON ";charset=latin1\r\n", false },
	{ "Content-Type: " JSON ";charset=\r\n", false },
	{ "Content-Type: text/plain\r\n", false },
	{ "Content-Encoding: identity\r\n", true },
	{ "Content-Encoding: br\r\n", false },
};

static void test_bodies_are_plain_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct error err = { 0 };

		if (negotiate_body(with(bodies[i].lines), &err) != bodies[i].good) {
			fail_msg("%s", bodies[i].lines);
		}
		assert_int_equal(err.code, bodies[i].good ? ERROR_NONE : ERROR_MEDIA_TYPE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accept_chooses_the_type),
		cmocka_unit_test(test_prefer_is_read),
		cmocka_unit_test(test_bodies_are_plain_json),
	};
	return cmocka_run_group_tests_name("negotiate", tests, NULL, NULL);
}
