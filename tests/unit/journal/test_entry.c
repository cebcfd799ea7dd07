#include "journal/entry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"

static struct journal_packer *packer;
static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	packer = journal_packer_new();
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	journal_packer_free(packer);
	arena_free(arena);
	return 0;
}

static const struct value *json(const char *text)
{
	static const struct value_limits limits = {
		.bytes = 1 << 20, .depth = 64, .values = 10000
	};
	struct error err = { 0 };
	const struct value *value = value_parse(arena, text, strlen(text), &limits, &err);

	assert_non_null(value);
	return value;
}

static struct journal_packed pack(const struct journal_entry *entry)
{
	struct journal_packed packed;
	struct error err = { 0 };

	assert_true(journal_pack(packer, arena, entry, &packed, &err));
	return packed;
}

static struct journal_record read_back(const struct journal_packed *packed)
{
	struct journal_record record;
	struct error err = { 0 };

	if (!journal_entry_read(arena, 41, packed->leaf, packed->leaf_size, packed->payload,
		    packed->payload_size, &record, &err)) {
		fail_msg("%s", err.text);
	}
	return record;
}

static void assert_json(const struct value *value, const char *expected)
{
	struct buf text = { 0 };

	assert_non_null(value);
	value_print(&text, value);
	assert_string_equal(buf_text(&text), expected);
	buf_fini(&text);
}

static const char *const reasons[] = { "sod.payments", "email.domain" };

static struct journal_entry decision(void)
{
	return (struct journal_entry){
		.kind = JOURNAL_DECISION,
		.time_us = 1795492800000000,
		.tenant = "default",
		.source = "entra",
		.actor_type = "source",
		.actor_id = "entra",
		.operation = "patch",
		.resource_type = "User",
		.resource_id = "0192f0c1-7a3b-7c22-9d1e-1f2a3b4c5d6e",
		.effect = "deny",
		.reasons = reasons,
		.reason_count = 2,
		.revision = "3f9c1d2a77b04e15",
		.latency_us = 312,
		.request = "0192f0c1-7a3b-7c22-9d1e-000000000001",
		.decision = JOURNAL_NONE,
		.before_entry = JOURNAL_NONE,
	};
}

/* ---- the leaf ---- */

static void test_leaf_of_a_decision_without_payload(void **state)
{
	struct journal_entry entry = decision();
	struct journal_packed packed = pack(&entry);
	struct journal_hash hash;
	(void)state;

	assert_json(read_back(&packed).leaf,
		"{\"effect\":\"deny\",\"kind\":\"decision\",\"latency_us\":312,\"operation\":"
		"\"patch\","
		"\"reasons\":[\"sod.payments\",\"email.domain\"],"
		"\"request\":\"0192f0c1-7a3b-7c22-9d1e-000000000001\","
		"\"resource\":{\"id\":\"0192f0c1-7a3b-7c22-9d1e-1f2a3b4c5d6e\",\"type\":\"User\"},"
		"\"revision\":\"3f9c1d2a77b04e15\",\"source\":\"entra\",\"tenant\":\"default\","
		"\"time\":\"2026-11-24T04:00:00.000000Z\"}");
	assert_null(packed.payload);
	journal_hash_leaf(packed.leaf, packed.leaf_size, &hash);
	assert_true(journal_hash_equals(&hash, &packed.leaf_hash));
}

static void test_leaf_of_a_delivery(void **state)
{
	struct journal_entry entry = JOURNAL_ENTRY_INIT;
	struct journal_packed packed;
	(void)state;

	entry.kind = JOURNAL_DELIVERY;
	entry.time_us = 1795492800000001;
	entry.app = "wiki";
	entry.outcome = "delivered";
	entry.decision = 41;
	entry.noop = true;
	entry.overridden = true;
	entry.actor_type = "system";
	packed = pack(&entry);

	assert_json(read_back(&packed).leaf, "{\"actor\":{\"type\":\"system\"},\"app\":\"wiki\","
					     "\"decision\":41,\"kind\":\"delivery\","
					     "\"noop\":true,\"outcome\":\"delivered\","
					     "\"overridden\":true,\"time\":"
					     "\"2026-11-24T04:00:00.000001Z\"}");
}

static void test_the_fullest_leaf_fits_and_counts_reasons_without_room(void **state)
{
	struct journal_entry entry = JOURNAL_ENTRY_INIT;
	const char *codes[500];
	char longest[400];
	struct journal_record record;
	struct journal_packed packed;
	(void)state;

	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < 500; i++) {
		codes[i] = longest;
	}
	entry.time_us = 1795492800000000;
	entry.tenant = entry.source = entry.actor_type = entry.actor_id = entry.operation = longest;
	entry.resource_type = entry.resource_id = entry.effect = entry.revision = longest;
	entry.request = entry.trace = entry.app = entry.outcome = longest;
	entry.latency_us = INT64_MAX;
	entry.decision = INT64_MAX;
	entry.noop = true;
	entry.overridden = true;
	entry.reasons = codes;
	entry.reason_count = 500;
	entry.detail = json("{}");
	packed = pack(&entry);
	record = read_back(&packed);

	assert_true(packed.leaf_size <= JOURNAL_LEAF_LIMIT);
	int64_t cut = value_find_int(record.leaf, "reasons_cut", -1);

	assert_int_equal(value_count(value_find(record.leaf, "reasons")) + (size_t)cut, 500);
}

static void test_a_few_reasons_too_many_are_counted(void **state)
{
	struct journal_entry entry = decision();
	const char *codes[40];
	(void)state;

	for (size_t i = 0; i < 40; i++) {
		codes[i] = "rail.mass_removal";
	}
	entry.reasons = codes;
	for (size_t count = 0; count <= 40; count++) {
		entry.reason_count = count;
		struct journal_packed packed = pack(&entry);
		struct journal_record record = read_back(&packed);
		int64_t cut = value_find_int(record.leaf, "reasons_cut", 0);

		assert_true(packed.leaf_size <= JOURNAL_LEAF_LIMIT);
		assert_int_equal(
			value_count(value_find(record.leaf, "reasons")) + (size_t)cut, count);
	}
}

static void test_texts_are_cut_at_a_character(void **state)
{
	struct journal_entry entry = decision();
	struct journal_packed packed;
	(void)state;

	/* 60 bytes, cap 56: 26 characters of two bytes, and the ellipsis of three. */
	entry.tenant =
		"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
		"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4";
	packed = pack(&entry);
	const char *tenant = value_find_text(read_back(&packed).leaf, "tenant");

	assert_int_equal(strlen(tenant), 55);
	assert_string_equal(tenant + 50, "\xc3\xa4\xe2\x80\xa6");
}

static void test_hostile_texts_give_a_canonical_leaf(void **state)
{
	static const char *const texts[] = { "a\"b\\c", "\x01\x1f\x7f\n\t", "\xff\xfe", "ok\xc3",
		"\xe2\x80\xae", "</script>", "\xf0\x9f\x98\x80" };
	(void)state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct journal_entry entry = decision();
		const char *codes[] = { texts[i] };

		entry.source = entry.actor_id = texts[i];
		entry.reasons = codes;
		entry.reason_count = 1;
		struct journal_packed packed = pack(&entry);

		read_back(&packed); /* fails when it is not canonical */
	}
}

/* ---- the payload ---- */

static const char input_text[] =
	"{\"actor\":{\"id\":\"entra\",\"type\":\"source\"},\"after\":{\"active\":false,\"id\":"
	"\"0192\","
	"\"name\":{\"givenName\":\"Barbara\"},\"userName\":\"bjensen\"},"
	"\"before\":{\"active\":true,\"externalId\":\"e1\",\"id\":\"0192\","
	"\"name\":{\"givenName\":\"Barbara\"},\"userName\":\"bjensen\"},"
	"\"changes\":[{\"after\":false,\"before\":true,\"path\":\"active\"}],\"operation\":"
	"\"patch\"}";

static void test_payload_comes_back_as_it_was(void **state)
{
	struct journal_entry entry = decision();
	struct journal_packed packed;
	struct journal_record record;
	(void)state;

	entry.input = json(input_text);
	entry.output = json("{\"effect\":\"deny\"}");
	entry.subject = json("{\"userName\":\"bjensen\"}");
	packed = pack(&entry);
	record = read_back(&packed);

	assert_false(record.erased);
	assert_int_equal(record.index, 41);
	assert_json(value_find(record.payload, "output"), "{\"effect\":\"deny\"}");
	assert_json(value_find(record.payload, "subject"), "{\"userName\":\"bjensen\"}");
	assert_json(value_find(value_find(record.payload, "input"), "changes"), "[\"active\"]");
	assert_json(value_find(value_find(record.payload, "input"), "before"),
		"{\"active\":true,\"externalId\":\"e1\",\"id\":\"0192\","
		"\"name\":{\"givenName\":\"Barbara\"},\"userName\":\"bjensen\"}");
}

static void test_before_by_reference_leaves_only_what_is_not_stored(void **state)
{
	struct journal_entry entry = decision();
	struct journal_packed packed;
	struct journal_record record;
	(void)state;

	entry.input = json(input_text);
	entry.before_entry = 7;
	packed = pack(&entry);
	record = read_back(&packed);

	assert_json(value_find(record.payload, "before"),
		"{\"entry\":7,\"with\":{\"externalId\":\"e1\",\"id\":\"0192\"}}");
	assert_null(value_find(value_find(record.payload, "input"), "before"));
}

static void test_an_erased_payload_is_told(void **state)
{
	struct journal_entry entry = decision();
	struct journal_packed packed;
	struct journal_record record;
	(void)state;

	entry.input = json(input_text);
	packed = pack(&entry);
	packed.payload = NULL;
	packed.payload_size = 0;
	record = read_back(&packed);

	assert_true(record.erased);
	assert_null(record.payload);
}

static void test_equal_entries_have_different_salts(void **state)
{
	struct journal_entry entry = decision();
	(void)state;

	entry.detail = json("{}");
	struct journal_packed a = pack(&entry);
	struct journal_packed b = pack(&entry);

	assert_false(journal_hash_equals(&a.leaf_hash, &b.leaf_hash));
}

static void test_every_flipped_bit_of_a_payload_is_found(void **state)
{
	struct journal_entry entry = decision();
	struct journal_packed packed;
	uint8_t copy[2000];
	(void)state;

	entry.input = json(input_text);
	packed = pack(&entry);
	memcpy(copy, packed.payload, packed.payload_size);
	for (size_t bit = 0; bit < packed.payload_size * 8; bit++) {
		struct error err = { 0 };

		copy[bit / 8] ^= (uint8_t)(1 << (bit % 8));
		if (journal_entry_check(arena, packed.leaf, packed.leaf_size, copy,
			    packed.payload_size, NULL, &err)) {
			/* The unused bits behind the end of the block carry nothing. */
			assert_true(bit / 8 == packed.payload_size - 1);
		} else {
			assert_int_equal(err.code, ERROR_IO);
		}
		copy[bit / 8] ^= (uint8_t)(1 << (bit % 8));
	}
}

static void test_payload_of_another_entry_is_refused(void **state)
{
	struct journal_entry entry = decision();
	struct error err = { 0 };
	struct journal_record record;
	(void)state;

	entry.input = json(input_text);
	struct journal_packed a = pack(&entry);
	struct journal_packed b = pack(&entry);

	assert_false(journal_entry_read(
		arena, 0, a.leaf, a.leaf_size, b.payload, b.payload_size, &record, &err));
	assert_int_equal(err.code, ERROR_IO);
}

static void test_a_payload_that_the_leaf_does_not_know_is_refused(void **state)
{
	struct journal_entry entry = decision();
	struct error err = { 0 };
	struct journal_record record;
	(void)state;

	struct journal_packed packed = pack(&entry);

	assert_false(
		journal_entry_read(arena, 0, packed.leaf, packed.leaf_size, "x", 1, &record, &err));
}

static void test_leaves_of_another_form_are_refused(void **state)
{
	static const char *const bad[] = { "", "{}", "[]", "{\"kind\":\"decision\"}",
		"{\"kind\":\"other\",\"time\":\"2026\"}",
		"{\"kind\":\"system\", \"time\":\"2026\"}",
		"{\"time\":\"2026\",\"kind\":\"system\"}",
		"{\"kind\":\"system\",\"payload\":{\"bytes\":1},\"time\":\"2026\"}",
		"{\"kind\":\"system\",\"payload\":1,\"time\":\"2026\"}",
		"{\"kind\":\"system\",\"time\":\"2026\"}\n" };
	struct journal_record record;
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = { 0 };

		if (journal_entry_read(arena, 0, bad[i], strlen(bad[i]), NULL, 0, &record, &err)) {
			fail_msg("accepted: %s", bad[i]);
		}
		assert_int_equal(err.code, ERROR_IO);
	}
}

static void test_receipt(void **state)
{
	struct journal_hash hash;
	char text[JOURNAL_RECEIPT_BYTES];
	(void)state;

	journal_hash_leaf("", 0, &hash);
	journal_receipt(UINT64_MAX, &hash, text);

	assert_string_equal(
		text, "18446744073709551615 bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leaf_of_a_decision_without_payload),
		cmocka_unit_test(test_leaf_of_a_delivery),
		cmocka_unit_test(test_the_fullest_leaf_fits_and_counts_reasons_without_room),
		cmocka_unit_test(test_a_few_reasons_too_many_are_counted),
		cmocka_unit_test(test_texts_are_cut_at_a_character),
		cmocka_unit_test(test_hostile_texts_give_a_canonical_leaf),
		cmocka_unit_test(test_payload_comes_back_as_it_was),
		cmocka_unit_test(test_before_by_reference_leaves_only_what_is_not_stored),
		cmocka_unit_test(test_an_erased_payload_is_told),
		cmocka_unit_test(test_equal_entries_have_different_salts),
		cmocka_unit_test(test_every_flipped_bit_of_a_payload_is_found),
		cmocka_unit_test(test_payload_of_another_entry_is_refused),
		cmocka_unit_test(test_a_payload_that_the_leaf_does_not_know_is_refused),
		cmocka_unit_test(test_leaves_of_another_form_are_refused),
		cmocka_unit_test(test_receipt),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
