#include "journal/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/value.h"
#include "tests/unit/journal/support/rows.h"

static struct rows rows;
static struct journal_source source;
static struct journal_packer *packer;
static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	rows = (struct rows){ 0 };
	source = rows_source(&rows);
	packer = journal_packer_new();
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rows_fini(&rows);
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

	if (value == NULL) {
		fail_msg("%s: %s", err.text, text);
	}
	return value;
}

static void assert_json(const struct value *value, const char *expected)
{
	struct buf text = { 0 };

	assert_non_null(value);
	value_print(&text, value);
	assert_string_equal(buf_text(&text), expected);
	buf_fini(&text);
}

static struct journal_entry decision(const char *input)
{
	struct journal_entry entry = JOURNAL_ENTRY_INIT;

	entry.kind = JOURNAL_DECISION;
	entry.time_us = 1795492800000000;
	entry.effect = "allow";
	entry.operation = "patch";
	entry.input = json(input);
	return entry;
}

static void add(const struct journal_entry *entry)
{
	struct journal_packed packed;
	struct error err = { 0 };

	assert_true(journal_pack(packer, arena, entry, &packed, &err));
	rows_add(&rows, &packed);
}

static struct journal_record get(uint64_t index)
{
	struct journal_record record;
	struct error err = { 0 };

	if (!journal_get(&source, arena, index, &record, &err)) {
		fail_msg("%s", err.text);
	}
	return record;
}

static const struct value *resolve(uint64_t index)
{
	struct journal_record record = get(index);
	const struct value *input;
	struct error err = { 0 };

	if (!journal_resolve_input(&source, arena, &record, &input, &err)) {
		fail_msg("%s", err.text);
	}
	return input;
}

/* ---- one entry ---- */

static void test_an_entry_beyond_the_end_is_not_found(void **state)
{
	struct journal_record record;
	struct error err = { 0 };
	(void)state;

	rows_grow(&rows, 3);
	assert_false(journal_get(&source, arena, 3, &record, &err));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_string_equal(err.text, "there is no entry 3: the journal has 3, counted from 0");
}

static void test_a_damaged_entry_is_named(void **state)
{
	struct journal_record record;
	struct error err = { 0 };
	(void)state;

	rows_grow(&rows, 3);
	rows.items[1].leaf[0] = '[';
	assert_false(journal_get(&source, arena, 1, &record, &err));
	assert_int_equal(err.code, ERROR_IO);
	assert_int_equal(strncmp(err.text, "entry 1: its leaf is damaged", 28), 0);
}

/* ---- inputs come back as they were decided ---- */

#define URN "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
static const char created[] =
	"{\"after\":{\"active\":true,\"emails\":[{\"value\":\"b@example.com\"}],\"externalId\":"
	"\"e1\","
	"\"id\":\"0192\",\"name\":{\"familyName\":\"Jensen\"},"
	"\"" URN
	"\":{\"department\":\"IT\",\"manager\":{\"value\":\"77\"}},\"userName\":\"bjensen\"},"
	"\"changes\":[{\"after\":true,\"path\":\"active\"},"
	"{\"after\":[{\"value\":\"b@example.com\"}],\"path\":\"emails\"},"
	"{\"after\":\"Jensen\",\"path\":\"name.familyName\"},"
	"{\"after\":\"IT\",\"path\":\"" URN ":department\"},"
	"{\"after\":{\"value\":\"77\"},\"path\":\"" URN ":manager\"},"
	"{\"after\":\"77\",\"path\":\"" URN ":manager.value\"},"
	"{\"after\":\"bjensen\",\"path\":\"userName\"}],\"operation\":\"create\"}";
static const char patched[] =
	"{\"after\":{\"active\":false,\"id\":\"0192\",\"name\":{\"familyName\":\"Jensen\"},"
	"\"userName\":\"bjensen\"},"
	"\"before\":{\"active\":true,\"emails\":[{\"value\":\"b@example.com\"}],\"externalId\":"
	"\"other\","
	"\"id\":\"0192\",\"meta\":{\"version\":\"1\"},\"name\":{\"familyName\":\"Jensen\"},"
	"\"" URN
	"\":{\"department\":\"IT\",\"manager\":{\"value\":\"77\"}},\"userName\":\"bjensen\"},"
	"\"changes\":[{\"after\":false,\"before\":true,\"path\":\"active\"},"
	"{\"before\":[{\"value\":\"b@example.com\"}],\"path\":\"emails\"},"
	"{\"before\":\"IT\",\"path\":\"" URN ":department\"}],\"operation\":\"patch\"}";

static void test_a_create_comes_back(void **state)
{
	struct journal_entry entry = decision(created);
	(void)state;

	add(&entry);
	assert_json(resolve(0), created);
	assert_int_equal(
		value_type(value_at(value_find(value_find(get(0).payload, "input"), "changes"), 0)),
		VALUE_STRING);
}

static void test_before_comes_back_from_the_entry_that_stored_it(void **state)
{
	struct journal_entry first = decision(created);
	struct journal_entry second = decision(patched);
	(void)state;

	add(&first);
	second.before_entry = 0;
	add(&second);

	assert_null(value_find(value_find(get(1).payload, "input"), "before"));
	assert_json(resolve(1), patched);
}

static void test_before_comes_back_as_obligations_left_it(void **state)
{
	struct journal_entry first = decision("{\"after\":{\"id\":\"1\",\"title\":\"wrong\"}}");
	struct journal_entry second = decision(
		"{\"after\":{\"id\":\"1\"},\"before\":{\"id\":\"1\",\"title\":\"right\"}}");
	(void)state;

	first.stored = json("{\"title\":\"right\"}");
	add(&first);
	second.before_entry = 0;
	add(&second);

	assert_json(resolve(1),
		"{\"after\":{\"id\":\"1\"},\"before\":{\"id\":\"1\",\"title\":\"right\"}}");
}

static void test_changes_that_the_documents_do_not_show_stand_whole(void **state)
{
	static const char odd[] =
		"{\"after\":{\"a\":1},\"changes\":[{\"after\":2,\"path\":\"a\"},"
		"{\"after\":1,\"before\":1,\"path\":\"a\"},{\"after\":1,\"more\":1,\"path\":\"a\"},"
		"{\"path\":\"a\"},{\"path\":\"b\"},{\"after\":1},7,{\"path\":[]},"
		"{\"after\":1,\"path\":\"urn:x\"},{\"after\":1,\"path\":\"a.b.c\"}]}";
	struct journal_entry entry = decision(odd);
	(void)state;

	add(&entry);
	assert_json(resolve(0), odd);
}

static void test_members_come_back(void **state)
{
	static const char group[] =
		"{\"after\":{\"displayName\":\"g\"},\"members\":{\"added\":["
		"{\"id\":\"1\",\"user\":{\"active\":true,\"emails\":[{\"value\":\"b@example.com\"}]"
		","
		"\"id\":\"0192\",\"name\":{\"familyName\":\"Jensen\"},"
		"\"" URN "\":{\"department\":\"IT\",\"manager\":{\"value\":\"77\"}},\"userName\":"
		"\"bjensen\"}},"
		"{\"id\":\"2\",\"user\":{\"userName\":\"whole\"}},{\"id\":\"3\"}],\"removed\":["
		"{\"id\":\"4\",\"user\":{\"userName\":\"kept\"}}]}}";
	static const uint64_t added[] = { 0, JOURNAL_NONE, 0 };
	struct journal_entry first = decision(created);
	struct journal_entry entry = decision(group);
	(void)state;

	add(&first);
	entry.added_entries = added;
	add(&entry);

	const struct value *list =
		value_find(value_find(value_find(get(1).payload, "input"), "members"), "added");

	assert_null(value_find(value_at(list, 0), "user"));
	assert_json(resolve(1), group);
}

static void test_an_erased_reference_is_told(void **state)
{
	struct journal_entry first = decision(created);
	struct journal_entry second = decision(patched);
	const struct value *input;
	struct error err = { 0 };
	(void)state;

	add(&first);
	second.before_entry = 0;
	add(&second);
	memory_free(rows.items[0].payload);
	rows.items[0].payload = NULL;
	struct journal_record record = get(1);

	assert_false(journal_resolve_input(&source, arena, &record, &input, &err));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_string_equal(err.text, "entry 1: entry 0: it was erased");
}

static void test_an_entry_without_input_has_none_to_give(void **state)
{
	struct journal_record record;
	const struct value *input;
	struct error err = { 0 };
	(void)state;

	rows_grow(&rows, 1);
	record = get(0);
	assert_false(journal_resolve_input(&source, arena, &record, &input, &err));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
}

/* ---- stored documents ---- */

static void test_what_a_decision_stored(void **state)
{
	struct journal_entry entry =
		decision("{\"after\":{\"id\":\"1\",\"members\":[],\"title\":\"t\"}}");
	struct journal_record record;
	(void)state;

	add(&entry);
	entry.effect = "deny";
	add(&entry);
	entry.effect = "allow";
	entry.noop = true;
	add(&entry);
	record = get(0);
	assert_json(journal_stored_document(arena, &record), "{\"title\":\"t\"}");
	record = get(1);
	assert_null(journal_stored_document(arena, &record));
	record = get(2);
	assert_null(journal_stored_document(arena, &record));
}

/* ---- views ---- */

static void test_a_view_is_one_object(void **state)
{
	struct journal_entry entry = decision(created);
	(void)state;

	entry.output = json("{\"effect\":\"allow\"}");
	add(&entry);
	struct journal_record record = get(0);
	const struct value *view = journal_view(arena, &record);

	assert_int_equal(value_find_int(view, "index", -1), 0);
	assert_string_equal(value_find_text(view, "effect"), "allow");
	assert_string_equal(value_find_text(value_find(view, "subject"), "userName"), "bjensen");
	const struct value *change = value_at(value_find(value_find(view, "input"), "changes"), 0);

	assert_json(change, "{\"after\":true,\"path\":\"active\"}");
}

static void test_a_view_prefers_the_subject_that_was_given(void **state)
{
	struct journal_entry entry = decision("{\"before\":{\"userName\":\"gone\"}}");
	(void)state;

	entry.subject = json("{\"userName\":\"gone\"}");
	add(&entry);
	struct journal_record record = get(0);

	assert_json(value_find(journal_view(arena, &record), "subject"), "{\"userName\":\"gone\"}");
}

/* ---- cursors ---- */

struct seen {
	uint64_t first;
	uint64_t last;
	size_t count;
	size_t enough; /* stop after so many */
};

static bool on_record(void *user, struct arena *scratch, const struct journal_record *record)
{
	struct seen *seen = user;
	(void)scratch;

	seen->first = seen->count == 0 ? record->index : seen->first;
	seen->last = record->index;
	seen->count++;
	return seen->count != seen->enough;
}

static struct seen read_cursor(struct journal_cursor *cursor, size_t limit, size_t enough)
{
	struct arena *scratch = arena_new();
	struct seen seen = { .enough = enough };
	struct error err = { 0 };
	size_t read;

	if (!journal_cursor_read(cursor, scratch, limit, on_record, &seen, &read, &err)) {
		fail_msg("%s", err.text);
	}
	assert_int_equal(read, seen.count);
	arena_free(scratch);
	return seen;
}

static void test_a_cursor_reads_on_where_it_stopped(void **state)
{
	struct journal_cursor cursor = { .source = &source, .end = JOURNAL_NONE };
	struct error err = { 0 };
	struct seen seen;
	(void)state;

	rows_grow(&rows, 700);
	assert_true(journal_cursor_tail(&cursor, 600, &err));
	seen = read_cursor(&cursor, 10, 0);
	assert_int_equal(seen.first, 100);
	assert_int_equal(seen.count, 10);
	seen = read_cursor(&cursor, 0, 5);
	assert_int_equal(seen.first, 110);
	assert_int_equal(seen.last, 114);
	seen = read_cursor(&cursor, 0, 0);
	assert_int_equal(seen.first, 115);
	assert_int_equal(seen.last, 699);
	assert_int_equal(read_cursor(&cursor, 0, 0).count, 0);
	rows_grow(&rows, 1); /* following */
	assert_int_equal(read_cursor(&cursor, 0, 0).first, 700);
}

static void test_a_cursor_stops_at_its_end(void **state)
{
	struct journal_cursor cursor = { .source = &source, .next = 3, .end = 7 };
	struct seen seen;
	(void)state;

	rows_grow(&rows, 10);
	seen = read_cursor(&cursor, 0, 0);
	assert_int_equal(seen.count, 4);
	assert_int_equal(seen.last, 6);
}

static void test_a_tail_longer_than_the_journal_is_all_of_it(void **state)
{
	struct journal_cursor cursor = { .source = &source, .end = JOURNAL_NONE };
	struct error err = { 0 };
	(void)state;

	rows_grow(&rows, 3);
	assert_true(journal_cursor_tail(&cursor, 10, &err));
	assert_int_equal(cursor.next, 0);
}

static void test_a_damaged_entry_stops_the_cursor_before_it(void **state)
{
	struct journal_cursor cursor = { .source = &source, .end = JOURNAL_NONE };
	struct seen seen = { 0 };
	struct error err = { 0 };
	size_t read;
	(void)state;

	rows_grow(&rows, 5);
	rows.items[2].leaf[0] = '[';
	assert_false(journal_cursor_read(&cursor, arena, 0, on_record, &seen, &read, &err));
	assert_int_equal(err.code, ERROR_IO);
	assert_int_equal(read, 2);
	assert_int_equal(cursor.next, 2);
}

int main(void)
{
#define WITH_ROWS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_ROWS(test_an_entry_beyond_the_end_is_not_found),
		WITH_ROWS(test_a_damaged_entry_is_named),
		WITH_ROWS(test_a_create_comes_back),
		WITH_ROWS(test_before_comes_back_from_the_entry_that_stored_it),
		WITH_ROWS(test_before_comes_back_as_obligations_left_it),
		WITH_ROWS(test_changes_that_the_documents_do_not_show_stand_whole),
		WITH_ROWS(test_members_come_back),
		WITH_ROWS(test_an_erased_reference_is_told),
		WITH_ROWS(test_an_entry_without_input_has_none_to_give),
		WITH_ROWS(test_what_a_decision_stored),
		WITH_ROWS(test_a_view_is_one_object),
		WITH_ROWS(test_a_view_prefers_the_subject_that_was_given),
		WITH_ROWS(test_a_cursor_reads_on_where_it_stopped),
		WITH_ROWS(test_a_cursor_stops_at_its_end),
		WITH_ROWS(test_a_tail_longer_than_the_journal_is_all_of_it),
		WITH_ROWS(test_a_damaged_entry_stops_the_cursor_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
