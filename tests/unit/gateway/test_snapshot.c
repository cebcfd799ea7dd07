/* Tokens of a snapshot, and how long one lives. */
#include "gateway/snapshot.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <pthread.h>
#include <cmocka.h>
#include "gateway/gateway.h"

enum { TOKENS = 1000 };

static struct gateway_source sources[3];

static void digest_of(int number, uint8_t digest[DIGEST_BYTES])
{
	char text[32];

	snprintf(text, sizeof(text), "token %d", number);
	digest_sha256(text, strlen(text), digest);
}

static void add_token(struct snapshot *snapshot, const uint8_t sha256[DIGEST_BYTES],
	const struct gateway_source *source, int64_t expires_us)
{
	struct snapshot_token token = { .source = source, .expires_us = expires_us };

	memcpy(token.sha256, sha256, DIGEST_BYTES);
	snapshot_add_token(snapshot, &token);
}

static void test_every_token_finds_its_source_and_no_other_does(void **state)
{
	struct snapshot *snapshot = snapshot_new(3);
	uint8_t digest[DIGEST_BYTES];

	(void)state;
	for (int i = 0; i < TOKENS; i++) {
		digest_of(i, digest);
		add_token(snapshot, digest, &sources[i % 3], 0);
	}
	snapshot_sort_tokens(snapshot);

	for (int i = 0; i < TOKENS; i++) {
		digest_of(i, digest);
		assert_ptr_equal(snapshot_find_token(snapshot, digest, 1)->source, &sources[i % 3]);
		digest[i % DIGEST_BYTES] ^= 1;
		assert_null(snapshot_find_token(snapshot, digest, 1));
	}
	snapshot_unref(snapshot);
}

static void test_without_tokens_nobody_is_known(void **state)
{
	struct snapshot *snapshot = snapshot_new(0);
	uint8_t zero[DIGEST_BYTES] = { 0 };

	(void)state;
	snapshot_sort_tokens(snapshot);

	assert_null(snapshot_find_token(snapshot, zero, 1));
	snapshot_unref(snapshot);
}

static void test_a_token_is_valid_until_it_expires(void **state)
{
	struct snapshot *snapshot = snapshot_new(1);
	uint8_t digest[DIGEST_BYTES];

	(void)state;
	digest_of(1, digest);
	add_token(snapshot, digest, &sources[0], 1000);
	snapshot_sort_tokens(snapshot);

	assert_ptr_equal(snapshot_find_token(snapshot, digest, 999)->source, &sources[0]);
	assert_null(snapshot_find_token(snapshot, digest, 1000));
	assert_null(snapshot_find_token(snapshot, digest, INT64_MAX));
	snapshot_unref(snapshot);
}

static void test_no_source_is_paused_at_first(void **state)
{
	struct snapshot *snapshot = snapshot_new(3);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_false(snapshot->paused[i]);
	}
	snapshot_unref(snapshot);
	snapshot_unref(NULL);
}

/* Whoever lets go last frees it: a leak or a use after that is the sanitizers' to see. */
static void *borrow(void *user)
{
	struct snapshot *snapshot = user;
	uint8_t digest[DIGEST_BYTES];

	digest_of(1, digest);
	for (int i = 0; i < 10000; i++) {
		struct snapshot *mine = snapshot_ref(snapshot);

		assert(snapshot_find_token(mine, digest, 1)->source == &sources[0]);
		snapshot_unref(mine);
	}
	snapshot_unref(snapshot);
	return NULL;
}

static void test_it_lives_until_the_last_reference_goes(void **state)
{
	struct snapshot *snapshot = snapshot_new(1);
	pthread_t threads[4];
	uint8_t digest[DIGEST_BYTES];

	(void)state;
	digest_of(1, digest);
	add_token(snapshot, digest, &sources[0], 0);
	snapshot_sort_tokens(snapshot);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(
			pthread_create(&threads[i], NULL, borrow, snapshot_ref(snapshot)), 0);
	}
	snapshot_unref(snapshot);

	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_token_finds_its_source_and_no_other_does),
		cmocka_unit_test(test_without_tokens_nobody_is_known),
		cmocka_unit_test(test_a_token_is_valid_until_it_expires),
		cmocka_unit_test(test_no_source_is_paused_at_first),
		cmocka_unit_test(test_it_lives_until_the_last_reference_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
