#include "store/commit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "tests/support/store_fixture.h"

static int set_up(void **state)
{
	static struct store_fixture fixture;

	fixture_open(&fixture, NULL, true);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	fixture_close(*state);
	return 0;
}

static int64_t journal_size(struct store_fixture *f)
{
	int64_t size = -1;

	assert_true(store_journal_size(f->reader, &size, NULL));
	return size;
}

/* A user with everything that a resource can hold. */
static struct store_commit make_full_user(struct store_fixture *f, struct store_write *write,
	struct store_key *keys, struct store_entry *entry, struct store_apps *apps)
{
	static const int ids[] = { 1, 7 };
	struct store_commit commit = fixture_commit(f);

	keys[0] = fixture_key(f, STORE_USER, "alice");
	keys[1] = (struct store_key){ STORE_KEY_EXTERNAL_ID, true,
		store_scope_external(f->source, STORE_USER), "ext-1", 5 };
	keys[2] = (struct store_key){ STORE_KEY_CUSTOM, false, f->tenant, "a@example.com", 13 };
	*apps = (struct store_apps){ .ids = ids, .count = 2 };
	*entry = fixture_entry(f, "leaf of alice");
	*write = (struct store_write){ .action = STORE_CREATE,
		.type = STORE_USER,
		.active = true,
		.name = "Alice",
		.doc = "{\"userName\":\"Alice\"}",
		.doc_size = 20,
		.keys = keys,
		.key_count = 3,
		.apps = apps };
	uuid_new(write->id);
	commit.write = write;
	commit.entry = entry;
	return commit;
}

static void test_what_is_created_is_read_back_whole(void **state)
{
	struct store_fixture *f = *state;
	struct store_key keys[3];
	struct store_write write;
	struct store_entry entry;
	struct store_apps apps;
	struct store_commit commit = make_full_user(f, &write, keys, &entry, &apps);
	const struct store_resource *found;

	fixture_must(f, &commit);

	assert_true(
		store_find_id(f->reader, f->arena, f->tenant, STORE_USER, write.id, &found, NULL));
	assert_non_null(found);
	assert_int_equal(found->rid, commit.rid);
	assert_int_equal(found->version, 1);
	assert_int_equal(found->origin, f->source);
	assert_true(found->active);
	assert_false(found->deleted);
	assert_int_equal(found->created_us, f->now_us);
	assert_int_equal(found->modified_us, f->now_us);
	assert_int_equal(found->doc_entry, commit.index);
	assert_string_equal(found->name, "Alice");
	assert_string_equal(found->doc, write.doc);
	assert_int_equal(found->doc_size, 20);
	assert_false(found->apps.all);
	assert_true(store_apps_has(&found->apps, 7));
	assert_int_equal(found->key_count, 3);
	assert_string_equal(store_external_id(found, f->source), "ext-1");
	assert_null(store_external_id(found, f->source + 1));
}

static void test_a_resource_is_found_by_each_of_its_keys(void **state)
{
	struct store_fixture *f = *state;
	struct store_key keys[3];
	struct store_write write;
	struct store_entry entry;
	struct store_apps apps;
	struct store_commit commit = make_full_user(f, &write, keys, &entry, &apps);
	const struct store_resource *found;
	const int64_t *rids;
	size_t count;

	fixture_must(f, &commit);

	for (int i = 0; i < 2; i++) {
		assert_true(store_find_key(f->reader, f->arena, keys[i].kind, keys[i].scope,
			keys[i].value, keys[i].size, &found, NULL));
		assert_non_null(found);
		assert_int_equal(found->rid, commit.rid);
	}
	for (int i = 0; i < 3; i++) {
		assert_true(store_find_key_all(
			f->reader, f->arena, &keys[i], 0, 10, &rids, &count, NULL));
		assert_int_equal(count, 1);
		assert_int_equal(rids[0], commit.rid);
	}
}

static void test_ids_of_another_tenant_or_type_are_not_found(void **state)
{
	struct store_fixture *f = *state;
	const struct store_resource *alice = fixture_get(f, fixture_user(f, "alice", true));
	const struct store_resource *found;
	struct store_ref ref;
	bool is_there;

	assert_true(store_find_id(
		f->reader, f->arena, f->tenant + 1, STORE_USER, alice->id, &found, NULL));
	assert_null(found);
	assert_true(store_find_id(
		f->reader, f->arena, f->tenant, STORE_GROUP, alice->id, &found, NULL));
	assert_null(found);
	assert_true(store_find_ref(
		f->reader, f->arena, f->tenant, STORE_GROUP, alice->id, &is_there, &ref, NULL));
	assert_false(is_there);
	assert_true(store_find_ref(
		f->reader, f->arena, f->tenant, STORE_USER, alice->id, &is_there, &ref, NULL));
	assert_true(is_there);
	assert_string_equal(ref.name, "alice");
}

static void test_an_update_raises_the_version_and_names_its_entry(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);

	assert_int_equal(fixture_rename(f, rid, "alicia"), ERROR_NONE);

	const struct store_resource *found = fixture_get(f, rid);
	assert_int_equal(found->version, 2);
	assert_int_equal(found->doc_entry, 1);
	assert_string_equal(found->name, "alicia");
	assert_true(found->modified_us > found->created_us);
}

static void test_an_update_from_an_old_version_is_a_conflict_and_writes_nothing(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);
	const struct store_resource *old = fixture_get(f, rid);
	struct store_commit commit = fixture_commit(f);
	struct store_entry entry = fixture_entry(f, "never");
	struct store_key key = fixture_key(f, STORE_USER, "late");
	struct store_write write = { .action = STORE_UPDATE,
		.before = old,
		.name = "late",
		.doc = "{}",
		.doc_size = 2,
		.keys = &key,
		.key_count = 1 };
	const struct store_resource *found;

	assert_int_equal(fixture_rename(f, rid, "alicia"), ERROR_NONE);
	commit.write = &write;
	commit.entry = &entry;

	assert_int_equal(fixture_run(f, &commit), ERROR_CONFLICT);

	assert_int_equal(commit.index, -1);
	assert_int_equal(journal_size(f), 2);
	assert_string_equal(fixture_get(f, rid)->name, "alicia");
	assert_true(
		store_find_key(f->reader, f->arena, key.kind, key.scope, "late", 4, &found, NULL));
	assert_null(found);
}

static void test_a_version_that_the_decision_relied_on_is_held_against_the_store(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);
	struct store_commit commit = fixture_commit(f);
	struct store_entry entry = fixture_entry(f, "decision");
	struct store_expect expect = { rid, 1 };

	commit.expect = &expect;
	commit.expect_count = 1;
	commit.entry = &entry;
	assert_int_equal(fixture_run(f, &commit), ERROR_NONE);
	assert_int_equal(fixture_rename(f, rid, "alicia"), ERROR_NONE);
	assert_int_equal(fixture_run(f, &commit), ERROR_CONFLICT);
}

static void test_a_name_that_is_taken_is_refused_with_the_kind_of_key(void **state)
{
	struct store_fixture *f = *state;
	int64_t bob;

	fixture_user(f, "alice", true);
	bob = fixture_user(f, "bob", true);
	const struct store_resource *before = fixture_get(f, bob);
	struct store_key key = fixture_key(f, STORE_USER, "alice");
	struct store_write write = { .action = STORE_UPDATE,
		.before = before,
		.name = "alice",
		.doc = "{}",
		.doc_size = 2,
		.keys = &key,
		.key_count = 1 };
	struct store_commit commit = fixture_commit(f);
	commit.write = &write;

	assert_int_equal(fixture_run(f, &commit), ERROR_UNIQUENESS);

	assert_int_equal(commit.key_kind, STORE_KEY_USER_NAME);
	assert_int_equal(commit.key_scope, f->tenant);
	assert_int_equal(fixture_get(f, bob)->version, 1);
}

static void test_keeping_its_own_name_is_no_conflict(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);

	assert_int_equal(fixture_rename(f, rid, "alice"), ERROR_NONE);
	assert_int_equal(fixture_get(f, rid)->version, 2);
}

static void test_a_name_is_free_again_after_rename_and_after_delete(void **state)
{
	struct store_fixture *f = *state;
	int64_t first = fixture_user(f, "alice", true);

	assert_int_equal(fixture_rename(f, first, "alicia"), ERROR_NONE);
	int64_t second = fixture_user(f, "alice", true);
	assert_int_equal(fixture_delete(f, second), ERROR_NONE);
	int64_t third = fixture_user(f, "alice", true);

	assert_true(third > second);
}

static void test_one_value_may_be_unique_in_one_scope_and_free_in_another(void **state)
{
	struct store_fixture *f = *state;

	fixture_user(f, "alice", true);

	/* A group's name is another kind: no clash. */
	assert_true(fixture_group(f, "alice") > 0);
}

static void test_a_lookup_value_may_belong_to_many(void **state)
{
	struct store_fixture *f = *state;
	struct store_key mail = { STORE_KEY_CUSTOM, false, f->tenant, "team@example.com", 16 };
	const int64_t *rids;
	size_t count;

	for (int i = 0; i < 3; i++) {
		struct store_commit commit = fixture_commit(f);
		struct store_key twice[] = { mail, mail };
		struct store_write write = { .action = STORE_CREATE,
			.type = STORE_USER,
			.doc = "{}",
			.doc_size = 2,
			.keys = twice,
			.key_count = 2 };
		uuid_new(write.id);
		commit.write = &write;
		fixture_must(f, &commit);
	}

	assert_true(store_find_key_all(f->reader, f->arena, &mail, 0, 10, &rids, &count, NULL));
	assert_int_equal(count, 3);
	assert_true(
		store_find_key_all(f->reader, f->arena, &mail, rids[0], 1, &rids, &count, NULL));
	assert_int_equal(count, 1);
}

static void test_values_beyond_the_limits_are_refused(void **state)
{
	struct store_fixture *f = *state;
	static char long_value[STORE_KEY_BYTES + 1];
	struct store_key keys[STORE_KEYS + 1];
	struct store_commit commit = fixture_commit(f);
	struct store_write write = { .action = STORE_CREATE,
		.type = STORE_USER,
		.doc = "{}",
		.doc_size = 2,
		.keys = keys,
		.key_count = 1 };

	commit.write = &write;
	keys[0] =
		(struct store_key){ STORE_KEY_USER_NAME, true, 1, long_value, sizeof(long_value) };
	assert_int_equal(fixture_run(f, &commit), ERROR_VALUE);
	keys[0].size = 0;
	assert_int_equal(fixture_run(f, &commit), ERROR_VALUE);
	write.key_count = STORE_KEYS + 1;
	assert_int_equal(fixture_run(f, &commit), ERROR_TOO_LARGE);
}

static void test_an_id_that_exists_is_a_conflict(void **state)
{
	struct store_fixture *f = *state;
	const struct store_resource *alice = fixture_get(f, fixture_user(f, "alice", true));
	struct store_commit commit = fixture_commit(f);
	struct store_write write = {
		.action = STORE_CREATE, .type = STORE_USER, .doc = "{}", .doc_size = 2
	};

	memcpy(write.id, alice->id, UUID_BYTES);
	commit.write = &write;

	assert_int_equal(fixture_run(f, &commit), ERROR_CONFLICT);
}

static void test_the_journal_counts_from_0_without_gaps(void **state)
{
	struct store_fixture *f = *state;
	const struct store_entry *entries;
	size_t count;

	for (int i = 0; i < 10; i++) {
		struct store_commit commit = fixture_commit(f);
		struct store_entry entry = fixture_entry(f, "denial");
		entry.kind = 3;
		commit.entry = &entry;
		if (i == 5) { /* one that is refused takes no index */
			struct store_expect expect = { 12345, 1 };
			commit.expect = &expect;
			commit.expect_count = 1;
			assert_int_equal(fixture_run(f, &commit), ERROR_CONFLICT);
			commit.expect_count = 0;
		}
		fixture_must(f, &commit);
		assert_int_equal(commit.index, i);
	}

	assert_true(store_entries(f->reader, f->arena, 3, 4, true, &entries, &count, NULL));
	assert_int_equal(count, 4);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(entries[i].index, 3 + i);
		assert_int_equal(entries[i].kind, 3);
		assert_int_equal(entries[i].leaf_size, 6);
		assert_memory_equal(entries[i].leaf, "denial", 6);
		assert_memory_equal(entries[i].payload, "payload", 7);
	}
	assert_true(store_entries(f->reader, f->arena, 8, 100, false, &entries, &count, NULL));
	assert_int_equal(count, 2);
	assert_null(entries[0].payload);
}

static void test_an_entry_names_the_resource_it_made(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);
	const struct store_entry *entry;

	assert_true(store_find_entry(f->reader, f->arena, 0, &entry, NULL));
	assert_int_equal(entry->rid, rid);
	assert_true(store_find_entry(f->reader, f->arena, 1, &entry, NULL));
	assert_null(entry);
}

static void test_a_leaf_that_no_bundle_can_hold_is_refused(void **state)
{
	struct store_fixture *f = *state;
	static char leaf[STORE_LEAF_BYTES + 1];
	struct store_commit commit = fixture_commit(f);
	struct store_entry entry = fixture_entry(f, "");

	entry.leaf = leaf;
	entry.leaf_size = sizeof(leaf);
	commit.entry = &entry;

	assert_int_equal(fixture_run(f, &commit), ERROR_TOO_LARGE);
}

static void test_a_deleted_resource_is_gone_when_no_app_has_it(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);

	assert_int_equal(fixture_delete(f, rid), ERROR_NONE);

	assert_null(fixture_get(f, rid));
	assert_int_equal(fixture_delete(f, rid), ERROR_NOT_FOUND);
}

static void test_an_update_may_change_apps_alone(void **state)
{
	struct store_fixture *f = *state;
	int64_t rid = fixture_user(f, "alice", true);
	const int ids[] = { 4 };
	struct store_apps apps = { .ids = ids, .count = 1 };
	struct store_write write = {
		.action = STORE_UPDATE, .before = fixture_get(f, rid), .apps = &apps
	};
	struct store_commit commit = fixture_commit(f);
	commit.write = &write;

	fixture_must(f, &commit);

	const struct store_resource *found = fixture_get(f, rid);
	assert_false(found->apps.all);
	assert_true(store_apps_has(&found->apps, 4));
	assert_string_equal(found->name, "alice");
	assert_int_equal(found->version, 2);
	/* And a change of the document keeps them. */
	assert_int_equal(fixture_rename(f, rid, "alicia"), ERROR_NONE);
	assert_true(store_apps_has(&fixture_get(f, rid)->apps, 4));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_created_is_read_back_whole),
		TEST(test_a_resource_is_found_by_each_of_its_keys),
		TEST(test_ids_of_another_tenant_or_type_are_not_found),
		TEST(test_an_update_raises_the_version_and_names_its_entry),
		TEST(test_an_update_from_an_old_version_is_a_conflict_and_writes_nothing),
		TEST(test_a_version_that_the_decision_relied_on_is_held_against_the_store),
		TEST(test_a_name_that_is_taken_is_refused_with_the_kind_of_key),
		TEST(test_keeping_its_own_name_is_no_conflict),
		TEST(test_a_name_is_free_again_after_rename_and_after_delete),
		TEST(test_one_value_may_be_unique_in_one_scope_and_free_in_another),
		TEST(test_a_lookup_value_may_belong_to_many),
		TEST(test_values_beyond_the_limits_are_refused),
		TEST(test_an_id_that_exists_is_a_conflict),
		TEST(test_the_journal_counts_from_0_without_gaps),
		TEST(test_an_entry_names_the_resource_it_made),
		TEST(test_a_leaf_that_no_bundle_can_hold_is_refused),
		TEST(test_a_deleted_resource_is_gone_when_no_app_has_it),
		TEST(test_an_update_may_change_apps_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
