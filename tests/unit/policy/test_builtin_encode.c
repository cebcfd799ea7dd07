/* Encodings and hashes. What each call gives is what OPA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_base64_is_read_and_written(void **state)
{
	static const struct call_case cases[] = {
		{ "base64.encode", "[\"a\\u00e9?>\"]", "\"YcOpPz4=\"" },
		{ "base64.decode", "[\"YcOpPz4=\"]", "\"a\xc3\xa9?>\"" },
		{ "base64.decode", "[\"YcOpPz4\"]", "error: illegal base64 data" },
		{ "base64.decode", "[\"/w==\"]", "\"\xef\xbf\xbd\"" },
		{ "base64.is_valid", "[\"YQ==\"]", "true" },
		{ "base64.is_valid", "[\"YQ=\"]", "false" },
		{ "base64url.encode", "[\"a\\u00e9?>\"]", "\"YcOpPz4=\"" },
		{ "base64url.encode_no_pad", "[\"a\"]", "\"YQ\"" },
		{ "base64url.decode", "[\"YcOpPz4\"]", "\"a\xc3\xa9?>\"" },
		{ "base64url.decode", "[\"a+b/\"]", "error: illegal base64url string" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_hex_is_read_and_written(void **state)
{
	static const struct call_case cases[] = {
		{ "hex.encode", "[\"a\\u00e9\"]", "\"61c3a9\"" },
		{ "hex.decode", "[\"61C3a9\"]", "\"a\xc3\xa9\"" },
		{ "hex.decode", "[\"6\"]", "error: encoding/hex: invalid or odd number of digits" },
		{ "hex.decode", "[\"ff\"]", "\"\xef\xbf\xbd\"" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_hashes_are_the_known_ones(void **state)
{
	static const struct call_case cases[] = {
		{ "crypto.md5", "[\"abc\"]", "\"900150983cd24fb0d6963f7d28e17f72\"" },
		{ "crypto.sha1", "[\"abc\"]", "\"a9993e364706816aba3e25717850c26c9cd0d89d\"" },
		{ "crypto.sha256", "[\"abc\"]",
			"\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"" },
		{ "crypto.hmac.md5", "[\"abc\", \"key\"]", "\"d2fe98063f876b03193afb49b4979591\"" },
		{ "crypto.hmac.sha1", "[\"abc\", \"key\"]",
			"\"4fd0b215276ef12f2b3e4c8ecac2811498b656fc\"" },
		{ "crypto.hmac.sha256", "[\"abc\", \"key\"]",
			"\"9c196e32dc0175f86f4b1cb89289d6619de6bee699e4c378e68309ed97a1a6ab\"" },
		{ "crypto.hmac.sha512", "[\"abc\", \"\"]",
			"\"29689f6b79a8dd686068c2eeae97fd8769ad3ba65cb5381f838358a8045a358ee3ba1739"
			"c689c7805e31734fb6072f87261d1256995370d55725cba00d10bdd0\"" },
		{ "crypto.hmac.equal", "[\"abc\", \"abc\"]", "true" },
		{ "crypto.hmac.equal", "[\"abc\", \"abd\"]", "false" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64_is_read_and_written),
		cmocka_unit_test(test_hex_is_read_and_written),
		cmocka_unit_test(test_hashes_are_the_known_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
