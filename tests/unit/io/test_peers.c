#include "io/peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define SECOND INT64_C(1000000)

static void key_of(const char *text, uint8_t key[ADDRESS_KEY_BYTES])
{
	struct address address = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&address.bytes;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address.bytes;

	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		address.family = AF_INET;
	} else {
		assert_int_equal(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
		address.family = AF_INET6;
	}
	address_key(&address, key);
}

static bool enter(struct peers *peers, const char *text, bool handshake, int64_t now_us)
{
	uint8_t key[ADDRESS_KEY_BYTES];

	key_of(text, key);
	return peers_enter(peers, key, handshake, now_us);
}

static void leave(struct peers *peers, const char *text, int64_t now_us)
{
	uint8_t key[ADDRESS_KEY_BYTES];

	key_of(text, key);
	peers_leave(peers, key, now_us);
}

static void test_each_address_has_its_own_count(void **state)
{
	struct peers *peers = peers_new(2, 100);

	(void)state;
	assert_true(enter(peers, "192.0.2.1", false, 0));
	assert_true(enter(peers, "192.0.2.1", false, 0));
	assert_false(enter(peers, "192.0.2.1", false, 0));
	assert_true(enter(peers, "192.0.2.2", false, 0));
	leave(peers, "192.0.2.1", 0);
	assert_true(enter(peers, "192.0.2.1", false, 0));
	peers_free(peers);
}

static void test_addresses_of_one_ipv6_network_count_together(void **state)
{
	struct peers *peers = peers_new(1, 100);

	(void)state;
	assert_true(enter(peers, "2001:db8:1:2::1", false, 0));
	assert_false(enter(peers, "2001:db8:1:2:ffff::9", false, 0));
	assert_true(enter(peers, "2001:db8:1:3::1", false, 0));
	peers_free(peers);
}

static void test_ipv4_in_ipv6_is_ipv4(void **state)
{
	struct peers *peers = peers_new(1, 100);

	(void)state;
	assert_true(enter(peers, "192.0.2.1", false, 0));
	assert_false(enter(peers, "::ffff:192.0.2.1", false, 0));
	assert_true(enter(peers, "::ffff:192.0.2.2", false, 0));
	peers_free(peers);
}

static void test_handshakes_come_from_a_bucket_that_refills(void **state)
{
	struct peers *peers = peers_new(4, 2);

	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_true(enter(peers, "192.0.2.1", true, 0));
		leave(peers, "192.0.2.1", 0);
	}
	assert_false(enter(peers, "192.0.2.1", true, 0));
	assert_true(enter(peers, "192.0.2.1", false, 0)); /* plain connections cost none */
	assert_true(enter(peers, "192.0.2.1", true, SECOND / 2));
	assert_false(enter(peers, "192.0.2.1", true, SECOND / 2));
	peers_free(peers);
}

static void test_an_address_is_forgotten_when_it_owes_nothing(void **state)
{
	struct peers *peers = peers_new(4, 2);
	char text[64];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "10.%d.%d.1", i / 256, i % 256);
		assert_true(enter(peers, text, true, i * SECOND / 1000));
		leave(peers, text, i * SECOND / 1000);
	}
	/* 4 handshakes at 2 a second: full again after half a second, so about 500 are remembered,
	 * and those whose chain nobody has looked at since. */
	assert_true(peers_count(peers) < 3000);
	peers_free(peers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_address_has_its_own_count),
		cmocka_unit_test(test_addresses_of_one_ipv6_network_count_together),
		cmocka_unit_test(test_ipv4_in_ipv6_is_ipv4),
		cmocka_unit_test(test_handshakes_come_from_a_bucket_that_refills),
		cmocka_unit_test(test_an_address_is_forgotten_when_it_owes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
