#include "base/encode.h"

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
#include "base/clock.h"

typedef void encode_fn(struct buf *buf, const void *bytes, size_t size);
typedef bool decode_fn(struct buf *buf, const char *text, size_t size);

struct row {
	const char *plain;
	const char *base64;
	const char *base64url;
	const char *hex;
};

/* RFC 4648, section 10, and one where the alphabets differ. */
static const struct row rows[] = {
	{ "", "", "", "" },
	{ "f", "Zg==", "Zg", "66" },
	{ "fo", "Zm8=", "Zm8", "666f" },
	{ "foo", "Zm9v", "Zm9v", "666f6f" },
	{ "foob", "Zm9vYg==", "Zm9vYg", "666f6f62" },
	{ "fooba", "Zm9vYmE=", "Zm9vYmE", "666f6f6261" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy", "666f6f626172" },
	{ "\xfb\xff\xfe", "+//+", "-__-", "fbfffe" },
};

static void check(encode_fn *encode, decode_fn *decode, const char *plain, const char *text)
{
	CLEANUP(buf_fini) struct buf encoded = { 0 };
	CLEANUP(buf_fini) struct buf decoded = { 0 };

	buf_append_char(&encoded, '>'); /* what is there stays */
	encode(&encoded, plain, strlen(plain));
	assert_int_equal(encoded.data[0], '>');
	assert_string_equal(encoded.data + 1, text);
	assert_int_equal(encoded.size, strlen(text) + 1);

	assert_true(decode(&decoded, text, strlen(text)));
	assert_string_equal(buf_text(&decoded), plain);
}

static void test_all_forms_give_what_the_rfc_gives(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		check(encode_base64, decode_base64, rows[i].plain, rows[i].base64);
		check(encode_base64url, decode_base64url, rows[i].plain, rows[i].base64url);
		check(encode_hex, decode_hex, rows[i].plain, rows[i].hex);
	}
}

static void test_all_bytes_come_back(void **state)
{
	uint8_t bytes[256];
	(void)state;

	for (int i = 0; i < 256; i++) {
		bytes[i] = (uint8_t)i;
	}
	for (size_t size = 0; size <= sizeof(bytes); size++) {
		encode_fn *const encoders[] = { encode_hex, encode_base64, encode_base64url };
		decode_fn *const decoders[] = { decode_hex, decode_base64, decode_base64url };

		for (size_t i = 0; i < 3; i++) {
			CLEANUP(buf_fini) struct buf text = { 0 };
			CLEANUP(buf_fini) struct buf back = { 0 };

			encoders[i](&text, bytes, size);
			assert_true(decoders[i](&back, buf_text(&text), text.size));
			assert_int_equal(back.size, size);
			assert_memory_equal(buf_text(&back), bytes, size);
		}
	}
}

static void test_decoding_is_strict(void **state)
{
	static const struct {
		decode_fn *decode;
		const char *text;
	} wrong[] = {
		{ decode_hex, "6" },
		{ decode_hex, "6g" },
		{ decode_hex, " 66" },
		{ decode_base64, "Zg" }, /* padding is missing */
		{ decode_base64, "Zg=" },
		{ decode_base64, "Zg===" },
		{ decode_base64, "====" },
		{ decode_base64, "=" },
		{ decode_base64, "Zh==" }, /* bits that carry nothing are set */
		{ decode_base64, "Zm9=" },
		{ decode_base64, "Z=9v" },
		{ decode_base64, "Zm9v\n" },
		{ decode_base64, "Zm9 " },
		{ decode_base64, "-__-" }, /* the other alphabet */
		{ decode_base64url, "+//+" },
		{ decode_base64url, "Zg==" },
		{ decode_base64url, "Zh" },
		{ decode_base64url, "Z" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CLEANUP(buf_fini) struct buf buf = { 0 };

		if (wrong[i].decode(&buf, wrong[i].text, strlen(wrong[i].text))) {
			fail_msg("accepted: %s", wrong[i].text);
		}
	}
}

static void test_hex_is_read_in_both_cases(void **state)
{
	CLEANUP(buf_fini) struct buf buf = { 0 };
	(void)state;

	assert_true(decode_hex(&buf, "aAFf", 4));
	assert_memory_equal(buf.data, "\xaa\xff", 2);
}

static void test_uuid_text_and_bytes_are_the_same_id(void **state)
{
	static const uint8_t bytes[UUID_BYTES] = { 0x01, 0x92, 0xf0, 0xc1, 0xab, 0xcd, 0x7e, 0xf0,
		0x81, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };
	uint8_t id[UUID_BYTES];
	char text[UUID_TEXT_BYTES];
	(void)state;

	uuid_format(bytes, text);
	assert_string_equal(text, "0192f0c1-abcd-7ef0-8123-456789abcdef");
	assert_true(uuid_parse(text, 36, id));
	assert_memory_equal(id, bytes, UUID_BYTES);
	assert_true(uuid_parse("0192F0C1-ABCD-7EF0-8123-456789ABCDEF", 36, id));
	assert_memory_equal(id, bytes, UUID_BYTES);
}

static void test_uuid_parse_is_strict(void **state)
{
	static const char *const wrong[] = {
		"",
		"0192f0c1-abcd-7ef0-8123-456789abcde",
		"0192f0c1-abcd-7ef0-8123-456789abcdeff",
		"0192f0c1abcd-7ef0-8123-456789abcdef-",
		"0192f0c1-abcd-7ef0-8123-456789abcdeg",
		"0192f0c1-abcd-7ef0-8123_456789abcdef",
		"{192f0c1-abcd-7ef0-8123-456789abcde}",
		"0192f0c1--bcd-7ef0-8123-456789abcdef",
	};
	uint8_t id[UUID_BYTES];
	(void)state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (uuid_parse(wrong[i], strlen(wrong[i]), id)) {
			fail_msg("accepted: %s", wrong[i]);
		}
	}
}

static void test_new_uuids_have_version_variant_and_time(void **state)
{
	uint8_t id[UUID_BYTES];
	(void)state;

	clock_fake(INT64_C(4000000000000500)); /* later than now, whatever now is: ids go up only */
	uuid_new(id);
	clock_fake(-1);

	int64_t ms = 0;
	for (int i = 0; i < 6; i++) {
		ms = ms << 8 | id[i];
	}
	assert_int_equal(ms, INT64_C(4000000000000));
	assert_int_equal(id[6] >> 4, 7);
	assert_int_equal(id[8] >> 6, 2);
	/* 500 µs are half of the 12 bits below the millisecond */
	assert_int_equal((id[6] & 0x0f) << 8 | id[7], 2048);
}

static void test_uuids_of_a_thread_rise_also_when_the_clock_steps_back(void **state)
{
	uint8_t last[UUID_BYTES] = { 0 };
	uint8_t id[UUID_BYTES];
	(void)state;

	for (int i = 0; i < 10000; i++) {
		if (i == 3000) {
			clock_fake(INT64_C(5000000000000000));
		} else if (i == 6000) {
			clock_fake(1);
		}
		uuid_new(id);
		assert_true(memcmp(last, id, UUID_BYTES) < 0);
		memcpy(last, id, UUID_BYTES);
	}
	clock_fake(-1);
}

#define IDS 5000

static void *make_ids(void *ids)
{
	for (int i = 0; i < IDS; i++) {
		uuid_new((uint8_t *)ids + i * UUID_BYTES);
	}
	return NULL;
}

static int compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, UUID_BYTES);
}

static void test_uuids_of_a_time_are_in_its_order_to_the_microsecond(void **state)
{
	int64_t us = INT64_C(1790000000999000);
	uint8_t before[UUID_BYTES];

	(void)state;
	uuid_of_time(us - 1, before);
	for (int i = 0; i < 3000; i++) { /* over two ends of a millisecond */
		uint8_t id[UUID_BYTES];

		uuid_of_time(us + i, id);
		assert_true(memcmp(before, id, UUID_BYTES) < 0);
		assert_int_equal(id[6] >> 4, 7);
		assert_int_equal(id[8] >> 6, 2);
		memcpy(before, id, UUID_BYTES);
	}
	uint8_t again[UUID_BYTES];
	uuid_of_time(us + 2999, again);
	assert_memory_not_equal(before, again, UUID_BYTES);
}

static void test_threads_never_make_the_same_id(void **state)
{
	static uint8_t ids[4][IDS][UUID_BYTES];
	pthread_t threads[4];
	(void)state;

	clock_fake(INT64_C(6000000000000000)); /* all in the same microsecond */
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, make_ids, ids[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
	}
	clock_fake(-1);

	qsort(ids, 4 * IDS, UUID_BYTES, compare_ids);
	for (size_t i = 1; i < 4 * IDS; i++) {
		assert_true(memcmp((uint8_t *)ids + (i - 1) * UUID_BYTES,
				    (uint8_t *)ids + i * UUID_BYTES, UUID_BYTES) < 0);
	}
}

static void test_random_bytes_fill_all_and_differ(void **state)
{
	uint8_t one[1000] = { 0 };
	uint8_t other[1000] = { 0 };
	size_t zeros = 0;
	(void)state;

	random_bytes(one, sizeof(one));
	random_bytes(other, sizeof(other));
	random_bytes(NULL, 0);

	assert_memory_not_equal(one, other, sizeof(one));
	for (size_t i = 0; i < sizeof(one); i++) {
		zeros += one[i] == 0;
	}
	assert_true(zeros < 40); /* 4 expected */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_forms_give_what_the_rfc_gives),
		cmocka_unit_test(test_all_bytes_come_back),
		cmocka_unit_test(test_decoding_is_strict),
		cmocka_unit_test(test_hex_is_read_in_both_cases),
		cmocka_unit_test(test_uuid_text_and_bytes_are_the_same_id),
		cmocka_unit_test(test_uuid_parse_is_strict),
		cmocka_unit_test(test_new_uuids_have_version_variant_and_time),
		cmocka_unit_test(test_uuids_of_a_thread_rise_also_when_the_clock_steps_back),
		cmocka_unit_test(test_uuids_of_a_time_are_in_its_order_to_the_microsecond),
		cmocka_unit_test(test_threads_never_make_the_same_id),
		cmocka_unit_test(test_random_bytes_fill_all_and_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
