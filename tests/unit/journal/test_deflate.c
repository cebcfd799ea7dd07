#include "journal/deflate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/buf.h"

static struct journal_deflater *deflater;
static struct buf body;
static struct buf text;

static int setup(void **state)
{
	(void)state;
	deflater = journal_deflater_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	journal_deflater_free(deflater);
	buf_fini(&body);
	buf_fini(&text);
	return 0;
}

static const char leaf[] =
	"{\"id\":\"0192f0c1-7a3b-7c22-9d1e-1f2a3b4c5d6e\",\"kind\":\"decision\"}";
#define LEAF_BYTES (sizeof(leaf) - 1)

static void deflate(const void *bytes, size_t size)
{
	struct buf *window = journal_deflate_start(deflater);

	buf_append(window, bytes, size);
	buf_clear(&body);
	journal_deflate_finish(deflater, leaf, LEAF_BYTES, &body);
}

static void assert_round_trip(const void *bytes, size_t size)
{
	deflate(bytes, size);
	buf_clear(&text);
	assert_true(journal_inflate(body.data, body.size, leaf, LEAF_BYTES, size, &text));
	assert_int_equal(text.size, size);
	assert_memory_equal(text.data, bytes, size);
}

static void test_short_texts(void **state)
{
	static const char abc[] = "abcdefghijklmnop";
	(void)state;

	for (size_t size = 0; size < sizeof(abc); size++) {
		assert_round_trip(abc, size);
	}
}

static void test_every_byte(void **state)
{
	uint8_t bytes[3 * 256];
	(void)state;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (uint8_t)(i * 7);
	}
	assert_round_trip(bytes, sizeof(bytes));
}

static void test_runs_of_all_lengths(void **state)
{
	char run[600];
	(void)state;

	memset(run, 'x', sizeof(run));
	for (size_t size = 1; size <= sizeof(run); size++) {
		assert_round_trip(run, size);
	}
}

/* Pseudo-random, the same in each run. */
static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void test_texts_with_repetitions_at_all_distances(void **state)
{
	static char bytes[200000];
	uint32_t seed = 1;
	size_t size = 0;
	(void)state;

	while (size < sizeof(bytes) - 300) {
		size_t length = 1 + next(&seed) % 270;
		size_t distance = size > 0 ? 1 + next(&seed) % (size < 40000 ? size : 40000) : 0;

		for (size_t i = 0; i < length; i++, size++) {
			bytes[size] = next(&seed) % 3 != 0 && distance != 0 ? bytes[size - distance]
									    : (char)next(&seed);
		}
		if (next(&seed) % 16 == 0) {
			assert_round_trip(bytes, size % 3000);
		}
	}
	assert_round_trip(bytes, size);
}

static void test_incompressible_text_stays_within_its_bound(void **state)
{
	static char bytes[100000];
	uint32_t seed = 7;
	(void)state;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (char)(next(&seed) % 32); /* the dearest literals */
	}
	assert_round_trip(bytes, sizeof(bytes));
	assert_true(body.size < 2 * sizeof(bytes));
}

static void test_words_of_the_dictionary_and_of_the_leaf_cost_little(void **state)
{
	static const char word[] =
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber";
	static const char id[] = "0192f0c1-7a3b-7c22-9d1e-1f2a3b4c5d6e";
	(void)state;

	assert_round_trip(word, sizeof(word) - 1);
	assert_true(body.size <= 8);
	assert_round_trip(id, sizeof(id) - 1);
	assert_true(body.size <= 8);
}

static void test_another_leaf_does_not_open_it(void **state)
{
	static const char id[] = "0192f0c1-7a3b-7c22-9d1e-1f2a3b4c5d6e";
	static const char other[] =
		"{\"id\":\"0192f0c1-0000-7c22-9d1e-1f2a3b4c5d6e\",\"kind\":\"x\"}";
	(void)state;

	deflate(id, sizeof(id) - 1);
	buf_clear(&text);
	bool ok = journal_inflate(
		body.data, body.size, other, sizeof(other) - 1, sizeof(id) - 1, &text);

	assert_false(ok && memcmp(text.data, id, sizeof(id) - 1) == 0);
}

/* What an earlier, longer leaf left in front of the window is no part of it. */
static void test_an_earlier_leaf_is_forgotten(void **state)
{
	static const char longer[] = "----------------QRSTUVWXYZ0123";
	static const char shorter[] = "QRSTUVWXYZ0123";
	static const char sample[] = "-QRSTUVWXYZ0123";
	(void)state;

	buf_clear(&body);
	buf_append_text(journal_deflate_start(deflater), "text");
	journal_deflate_finish(deflater, longer, sizeof(longer) - 1, &body);
	buf_clear(&body);
	buf_append_text(journal_deflate_start(deflater), sample);
	journal_deflate_finish(deflater, shorter, sizeof(shorter) - 1, &body);
	buf_clear(&text);
	assert_true(journal_inflate(
		body.data, body.size, shorter, sizeof(shorter) - 1, sizeof(sample) - 1, &text));
	assert_string_equal(buf_text(&text), sample);
}

static void test_a_wrong_size_is_noticed(void **state)
{
	(void)state;
	deflate("some text that is long enough", 29);
	for (uint64_t size = 0; size < 100; size++) {
		buf_clear(&text);
		assert_int_equal(
			journal_inflate(body.data, body.size, leaf, LEAF_BYTES, size, &text),
			size == 29);
		assert_int_equal(text.size, size == 29 ? 29 : 0);
	}
}

static void test_a_size_that_cannot_be_takes_no_memory(void **state)
{
	(void)state;
	deflate("text", 4);
	buf_fini(&text);
	assert_false(
		journal_inflate(body.data, body.size, leaf, LEAF_BYTES, (uint64_t)1 << 31, &text));
	assert_false(journal_inflate(body.data, body.size, leaf, LEAF_BYTES, UINT64_MAX, &text));
	assert_int_equal(text.capacity, 0);
}

static void test_damaged_bodies_never_crash(void **state)
{
	static const char sample[] =
		"{\"input\":{\"after\":{\"active\":true,\"displayName\":\"B. Jensen\"}}}";
	(void)state;

	deflate(sample, sizeof(sample) - 1);
	for (size_t bit = 0; bit < body.size * 8; bit++) {
		body.data[bit / 8] ^= (char)(1 << (bit % 8));
		buf_clear(&text);
		journal_inflate(body.data, body.size, leaf, LEAF_BYTES, sizeof(sample) - 1, &text);
		body.data[bit / 8] ^= (char)(1 << (bit % 8));
	}
	for (size_t size = 0; size < body.size; size++) {
		buf_clear(&text);
		assert_false(journal_inflate(
			body.data, size, leaf, LEAF_BYTES, sizeof(sample) - 1, &text));
	}
}

static void test_memory_of_a_large_text_is_given_back(void **state)
{
	static char bytes[3 << 20];
	(void)state;

	assert_round_trip(bytes, sizeof(bytes));
	struct buf *window = journal_deflate_start(deflater);

	assert_true(window->capacity < 1 << 20);
	assert_round_trip("small again", 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_texts),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_runs_of_all_lengths),
		cmocka_unit_test(test_texts_with_repetitions_at_all_distances),
		cmocka_unit_test(test_incompressible_text_stays_within_its_bound),
		cmocka_unit_test(test_words_of_the_dictionary_and_of_the_leaf_cost_little),
		cmocka_unit_test(test_another_leaf_does_not_open_it),
		cmocka_unit_test(test_an_earlier_leaf_is_forgotten),
		cmocka_unit_test(test_a_wrong_size_is_noticed),
		cmocka_unit_test(test_a_size_that_cannot_be_takes_no_memory),
		cmocka_unit_test(test_damaged_bodies_never_crash),
		cmocka_unit_test(test_memory_of_a_large_text_is_given_back),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
