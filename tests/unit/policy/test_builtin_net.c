/* Networks. What each call gives is what OPA gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/policy/call.h"

static void test_a_network_holds_addresses_and_networks_of_its_family(void **state)
{
	static const struct call_case cases[] = {
		{ "net.cidr_contains", "[\"10.0.0.0/8\", \"10.1.2.3\"]", "true" },
		{ "net.cidr_contains", "[\"10.0.0.0/8\", \"10.1.0.0/16\"]", "true" },
		{ "net.cidr_contains", "[\"10.1.0.0/16\", \"10.0.0.0/8\"]", "false" },
		{ "net.cidr_contains", "[\"2001:db8::/32\", \"2001:db8:1::1\"]", "true" },
		{ "net.cidr_contains", "[\"::ffff:10.0.0.0/104\", \"10.9.9.9\"]", "true" },
		{ "net.cidr_contains", "[\"0.0.0.0/0\", \"::1\"]", "false" },
		{ "net.cidr_contains", "[\"10.0.0.0/33\", \"10.0.0.1\"]",
			"error: invalid CIDR address: 10.0.0.0/33" },
		{ "net.cidr_contains", "[\"10.0.0.0/8\", \"nobody\"]",
			"error: not a valid textual representation of an IP address or CIDR: "
			"nobody" },
		{ "net.cidr_contains", "[\"010.0.0.0/8\", \"10.0.0.1\"]",
			"error: invalid CIDR address: 010.0.0.0/8" },
		{ "net.cidr_contains", "[1, \"10.0.0.1\"]",
			"error: operand 1 must be string but got number" },
		{ "net.cidr_intersects", "[\"10.0.0.0/8\", \"10.1.0.0/16\"]", "true" },
		{ "net.cidr_intersects", "[\"10.0.0.0/16\", \"10.1.0.0/16\"]", "false" },
		{ "net.cidr_is_valid", "[\"10.0.0.0/8\"]", "true" },
		{ "net.cidr_is_valid", "[\"10.0.0.0\"]", "false" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_a_small_network_is_expanded(void **state)
{
	static const struct call_case cases[] = {
		{ "net.cidr_expand", "[\"192.168.0.0/30\"]",
			"{\"$set\":[\"192.168.0.0\",\"192.168.0.1\",\"192.168.0.2\",\"192.168.0."
			"3\"]}" },
		{ "net.cidr_expand", "[\"2001:db8::fffe/127\"]",
			"{\"$set\":[\"2001:db8::fffe\",\"2001:db8::ffff\"]}" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_networks_are_merged_to_the_fewest(void **state)
{
	static const struct call_case cases[] = {
		{ "net.cidr_merge", "[[\"192.0.128.0/24\", \"192.0.129.0/24\"]]",
			"{\"$set\":[\"192.0.128.0/23\"]}" },
		{ "net.cidr_merge", "[[\"10.0.0.0/8\", \"10.1.0.0/16\", \"11.0.0.0/8\"]]",
			"{\"$set\":[\"10.0.0.0/7\"]}" },
		{ "net.cidr_merge", "[[\"10.0.0.1/32\", \"10.0.0.2/32\", \"10.0.0.3/32\"]]",
			"{\"$set\":[\"10.0.0.1/32\",\"10.0.0.2/31\"]}" },
		{ "net.cidr_merge", "[[\"2001:db8::/33\", \"2001:db8:8000::/33\"]]",
			"{\"$set\":[\"2001:db8::/32\"]}" },
		{ "net.cidr_merge", "[[\"10.0.0.1\"]]", "{\"$set\":[\"10.0.0.1/8\"]}" },
		{ "net.cidr_merge", "[[\"::1\"]]", "error: IPv6 invalid: needs prefix length" },
		{ "net.cidr_merge", "[[1]]", "error: element must be string" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_matches_name_what_they_found(void **state)
{
	static const struct call_case cases[] = {
		{ "net.cidr_contains_matches",
			"[[\"10.0.0.0/8\", \"11.0.0.0/8\"], [\"10.1.1.1\", \"12.0.0.1\"]]",
			"{\"$set\":[[0,0]]}" },
		{ "net.cidr_contains_matches",
			"[{\"a\": \"10.0.0.0/8\"}, {\"$set\": [\"10.1.1.1\"]}]",
			"{\"$set\":[[\"a\",\"10.1.1.1\"]]}" },
		{ "net.cidr_contains_matches", "[\"10.0.0.0/8\", [[\"10.1.1.1\", \"x\"]]]",
			"{\"$set\":[[\"10.0.0.0/8\",0]]}" },
		{ "net.cidr_contains_matches", "[[\"10.0.0.0/8\"], [1]]",
			"error: operand 2: element must be string or non-empty array" },
	};

	(void)state;
	CALL_CHECK(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_network_holds_addresses_and_networks_of_its_family),
		cmocka_unit_test(test_a_small_network_is_expanded),
		cmocka_unit_test(test_networks_are_merged_to_the_fewest),
		cmocka_unit_test(test_matches_name_what_they_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
