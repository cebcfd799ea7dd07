#include "base/digest.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/encode.h"

static void assert_hex(const uint8_t digest[DIGEST_BYTES], const char *hex)
{
	CLEANUP(buf_fini) struct buf buf = { 0 };

	encode_hex(&buf, digest, DIGEST_BYTES);
	assert_string_equal(buf.data, hex);
}

/* FIPS 180-4 */
static const struct {
	const char *text;
	const char *hex;
} vectors[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void test_sha256_of_the_standard(void **state)
{
	uint8_t digest[DIGEST_BYTES];
	(void)state;

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		digest_sha256(vectors[i].text, strlen(vectors[i].text), digest);
		assert_hex(digest, vectors[i].hex);
	}
}

static void test_two_parts_are_one_text(void **state)
{
	uint8_t digest[DIGEST_BYTES];
	(void)state;

	digest_sha256_two("ab", 2, "c", 1, digest);
	assert_hex(digest, vectors[1].hex);
	digest_sha256_two("", 0, "abc", 3, digest);
	assert_hex(digest, vectors[1].hex);
}

static void test_many_parts_are_one_text_and_finish_starts_anew(void **state)
{
	struct digest *digest = digest_new();
	uint8_t result[DIGEST_BYTES];
	(void)state;

	for (int round = 0; round < 2; round++) {
		digest_add(digest, "a", 1);
		digest_add(digest, NULL, 0);
		digest_add(digest, "bc", 2);
		digest_finish(digest, result);
		assert_hex(result, vectors[1].hex);
	}
	digest_free(digest);
	digest_free(NULL);
}

static void test_hmac_of_rfc_4231(void **state)
{
	uint8_t key[131];
	uint8_t digest[DIGEST_BYTES];
	(void)state;

	memset(key, 0x0b, sizeof(key));
	digest_hmac_sha256(key, 20, "Hi There", 8, digest);
	assert_hex(digest, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	digest_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, digest);
	assert_hex(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	digest_hmac_sha256(
		key, 131, "Test Using Larger Than Block-Size Key - Hash Key First", 54, digest);
	assert_hex(digest, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void *hash_much(void *failed)
{
	uint8_t digest[DIGEST_BYTES];
	uint8_t first[DIGEST_BYTES];

	digest_sha256("abc", 3, first);
	for (int i = 0; i < 2000; i++) {
		digest_hmac_sha256("key", 3, "other", 5, digest);
		digest_sha256("abc", 3, digest);
		if (memcmp(first, digest, DIGEST_BYTES) != 0) {
			*(int *)failed = 1;
		}
	}
	return NULL;
}

static void test_threads_do_not_disturb_each_other(void **state)
{
	pthread_t threads[4];
	int failed[4] = { 0 };
	(void)state;

	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, hash_much, &failed[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(failed[i], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256_of_the_standard),
		cmocka_unit_test(test_two_parts_are_one_text),
		cmocka_unit_test(test_many_parts_are_one_text_and_finish_starts_anew),
		cmocka_unit_test(test_hmac_of_rfc_4231),
		cmocka_unit_test(test_threads_do_not_disturb_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
