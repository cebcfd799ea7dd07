/* Versions and UUIDs. What each call gives is what OPA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_versions_are_ordered_by_semver_2(void **state)
{
	static const struct call_case cases[] = {
		{ "semver.compare", "[\"1.2.3\", \"1.2.3\"]", "0" },
		{ "semver.compare", "[\"v1.10.0\", \"1.9.9\"]", "1" },
		{ "semver.compare", "[\"1.0.0-alpha.2\", \"1.0.0-alpha.10\"]", "-1" },
		{ "semver.compare", "[\"1.0.0-alpha\", \"1.0.0-alpha.1\"]", "-1" },
		{ "semver.compare", "[\"1.0.0-1\", \"1.0.0-a\"]", "-1" },
		{ "semver.compare", "[\"1.0.0-rc.1\", \"1.0.0\"]", "-1" },
		{ "semver.compare", "[\"1.0.0+a\", \"1.0.0+b\"]", "0" },
		{ "semver.compare", "[\"1.0\", \"1.0.0\"]",
			"error: operand 1: string 1.0 is not a valid SemVer" },
		{ "semver.is_valid", "[\"1.0.0-01\"]", "false" },
		{ "semver.is_valid", "[\"01.0.0\"]", "false" },
		{ "semver.is_valid", "[\"1.2.3-x.7+b.0\"]", "true" },
		{ "semver.is_valid", "[1]", "false" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_uuids_are_taken_apart(void **state)
{
	static const struct call_case cases[] = {
		{ "uuid.parse", "[\"f47ac10b-58cc-4372-a567-0e02b2c3d479\"]",
			"{\"variant\":\"RFC4122\",\"version\":4}" },
		{ "uuid.parse", "[\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\"]",
			"{\"clocksequence\":180,\"macvariables\":\"global:unicast\",\"nodeid\":"
			"\"00-c0-4f-d4-30-c8\",\"time\":886630433151182400,\"variant\":\"RFC4122\","
			"\"version\":1}" },
		{ "uuid.parse", "[\"000003e8-48b9-21ee-b200-325096b39f47\"]",
			"{\"clocksequence\":12800,\"domain\":\"Person\",\"id\":1000,"
			"\"macvariables\":\"local:unicast\",\"nodeid\":\"32-50-96-b3-9f-47\","
			"\"time\":1693566990121469600,\"variant\":\"RFC4122\",\"version\":2}" },
		{ "uuid.parse", "[\"urn:uuid:f47ac10b-58cc-4372-a567-0e02b2c3d479\"]",
			"{\"variant\":\"RFC4122\",\"version\":4}" },
		{ "uuid.parse", "[\"{f47ac10b58cc4372a5670e02b2c3d479}\"]", "undefined" },
		{ "uuid.parse", "[\"f47ac10b58cc4372a5670e02b2c3d479\"]",
			"{\"variant\":\"RFC4122\",\"version\":4}" },
		{ "uuid.parse", "[\"nobody\"]", "undefined" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions_are_ordered_by_semver_2),
		cmocka_unit_test(test_uuids_are_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
