#include "io/fetch_guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/error.h"

static const struct {
	const char *address;
	bool by_default;
	bool if_private;
} cases[] = {
	{ "8.8.8.8", true, true },
	{ "1.1.1.1", true, true },
	{ "11.0.0.1", true, true },
	{ "172.15.255.255", true, true },
	{ "172.32.0.0", true, true },
	{ "192.0.1.1", true, true },
	{ "100.63.255.255", true, true },
	{ "100.128.0.0", true, true },
	{ "223.255.255.255", true, true },
	{ "2606:4700::1111", true, true },
	{ "2a00:1450::1", true, true },
	{ "10.0.0.1", false, true },
	{ "100.64.0.1", false, true },
	{ "127.0.0.1", false, true },
	{ "127.255.255.254", false, true },
	{ "172.16.0.1", false, true },
	{ "172.31.255.255", false, true },
	{ "192.168.1.1", false, true },
	{ "::1", false, true },
	{ "fd00::1", false, true },
	{ "fcff::1", false, true },
	{ "::ffff:127.0.0.1", false, true },
	{ "::ffff:10.0.0.1", false, true },
	{ "::ffff:8.8.8.8", false, false },
	{ "::ffff:169.254.169.254", false, false },
	{ "0.0.0.0", false, false },
	{ "0.1.2.3", false, false },
	{ "169.254.169.254", false, false },
	{ "192.0.0.1", false, false },
	{ "198.18.0.1", false, false },
	{ "198.19.255.255", false, false },
	{ "224.0.0.1", false, false },
	{ "239.255.255.255", false, false },
	{ "240.0.0.1", false, false },
	{ "255.255.255.255", false, false },
	{ "::", false, false },
	{ "::127.0.0.1", false, false },
	{ "fe80::1", false, false },
	{ "ff02::1", false, false },
	{ "64:ff9b::7f00:1", false, false },
	{ "64:ff9b::808:808", false, false },
	{ "2002:7f00:1::", false, false },
	{ "2001::1", false, false },
	{ "2001:db8::1", false, false },
	{ "no address", false, false },
	{ "", false, false },
};

static void test_special_addresses_are_refused_by_default(void **state)
{
	const struct fetch_guard by_default = { 0 };
	const struct fetch_guard open = { .allow_private = true };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (fetch_guard_allows_text(&by_default, cases[i].address) != cases[i].by_default ||
			fetch_guard_allows_text(&open, cases[i].address) != cases[i].if_private) {
			fail_msg("%s", cases[i].address);
		}
	}
}

static void test_plain_http_reaches_private_addresses_only(void **state)
{
	const struct fetch_guard guard = { .allow_private = true, .plain = true };

	(void)state;
	assert_true(fetch_guard_allows_text(&guard, "127.0.0.1"));
	assert_false(fetch_guard_allows_text(&guard, "8.8.8.8"));
}

static void test_a_network_opens_itself_and_nothing_beside_it(void **state)
{
	struct fetch_network networks[2];
	const struct fetch_guard guard = { .networks = networks, .network_count = 2 };
	struct error err = { 0 };

	(void)state;
	assert_true(fetch_network_parse("10.1.0.0/20", &networks[0], &err));
	assert_true(fetch_network_parse("fe80:1::/33", &networks[1], &err));
	assert_true(fetch_guard_allows_text(&guard, "10.1.0.1"));
	assert_true(fetch_guard_allows_text(&guard, "10.1.15.255"));
	assert_false(fetch_guard_allows_text(&guard, "10.1.16.0"));
	assert_false(fetch_guard_allows_text(&guard, "127.0.0.1"));
	assert_true(fetch_guard_allows_text(&guard, "fe80:1:7fff::1"));
	assert_false(fetch_guard_allows_text(&guard, "fe80:1:8000::1"));
}

static void test_networks_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = { "", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
		"10.0.0.0/8x", "10.0.0/8", "fd00::/129", "10.0.0.1/8", "fd00::1/64", "a/8",
		"10.0.0.0/0008", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc" };
	struct fetch_network network;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = { 0 };
		assert_false(fetch_network_parse(bad[i], &network, &err));
		assert_int_equal(err.code, ERROR_CONFIG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_special_addresses_are_refused_by_default),
		cmocka_unit_test(test_plain_http_reaches_private_addresses_only),
		cmocka_unit_test(test_a_network_opens_itself_and_nothing_beside_it),
		cmocka_unit_test(test_networks_that_are_none_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
