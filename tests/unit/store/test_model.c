/* Random operations against a model of a few lines: what the store says is what the model says,
 * always. */
#include "store/commit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "tests/support/store_fixture.h"

enum { USERS = 12, GROUPS = 5, NAMES = 15, STEPS = 4000 };

/* rid 0: does not exist. Names are numbers below NAMES: few, so that they clash. */
struct model_user {
	int64_t rid;
	int name;
	bool active;
	int64_t version;
};

struct model_group {
	int64_t rid;
	bool members[USERS];
	int64_t version;
};

static struct {
	struct model_user users[USERS];
	struct model_group groups[GROUPS];
	int64_t entries;
	unsigned seed;
} model;

static struct store_fixture f;

static int set_up(void **state)
{
	(void)state;
	fixture_open(&f, NULL, true);
	memset(&model, 0, sizeof(model));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_close(&f);
	return 0;
}

static int dice(int sides)
{
	return rand_r(&model.seed) % sides;
}

static const char *name_of(int number, char text[16])
{
	snprintf(text, 16, "name%d", number);
	return text;
}

static bool is_taken(int name, int but)
{
	for (int i = 0; i < USERS; i++) {
		if (i != but && model.users[i].rid != 0 && model.users[i].name == name) {
			return true;
		}
	}
	return false;
}

/* ---- steps: each does it to the store and to the model ---- */

static void create_user(int u)
{
	struct store_commit commit = fixture_commit(&f);
	int name = dice(NAMES);
	char text[16];
	struct store_key key = fixture_key(&f, STORE_USER, name_of(name, text));
	struct store_entry entry = fixture_entry(&f, "create");
	struct store_write write = { .action = STORE_CREATE,
		.type = STORE_USER,
		.active = dice(3) > 0,
		.name = text,
		.doc = "{}",
		.doc_size = 2,
		.keys = &key,
		.key_count = 1 };

	uuid_new(write.id);
	commit.write = &write;
	commit.entry = &entry;
	enum error_code code = fixture_run(&f, &commit);
	assert_int_equal(code, is_taken(name, -1) ? ERROR_UNIQUENESS : ERROR_NONE);
	if (code == ERROR_NONE) {
		model.users[u] = (struct model_user){ commit.rid, name, write.active, 1 };
		model.entries++;
	}
}

static void change_user(int u)
{
	struct model_user *user = &model.users[u];
	const struct store_resource *before = fixture_get(&f, user->rid);
	int name = dice(2) ? user->name : dice(NAMES);
	char text[16];
	struct store_commit commit = fixture_commit(&f);
	struct store_key key = fixture_key(&f, STORE_USER, name_of(name, text));
	struct store_entry entry = fixture_entry(&f, "change");
	struct store_write write = { .action = STORE_UPDATE,
		.before = before,
		.active = dice(2) > 0,
		.name = text,
		.doc = "{\"x\":1}",
		.doc_size = 7,
		.keys = &key,
		.key_count = 1 };

	commit.write = &write;
	commit.entry = &entry;
	enum error_code code = fixture_run(&f, &commit);
	assert_int_equal(code, is_taken(name, u) ? ERROR_UNIQUENESS : ERROR_NONE);
	if (code == ERROR_NONE) {
		user->name = name;
		user->active = write.active;
		user->version++;
		model.entries++;
	}
}

static void delete_user(int u)
{
	assert_int_equal(fixture_delete(&f, model.users[u].rid), ERROR_NONE);
	model.users[u].rid = 0;
	model.entries++;
	for (int g = 0; g < GROUPS; g++) {
		model.groups[g].version += model.groups[g].members[u];
		model.groups[g].members[u] = false;
	}
}

static void create_group(int g)
{
	char text[16];

	snprintf(text, sizeof(text), "group%d", g);
	model.groups[g] = (struct model_group){ .rid = fixture_group(&f, text), .version = 1 };
	model.entries++;
}

static void delete_group(int g)
{
	assert_int_equal(fixture_delete(&f, model.groups[g].rid), ERROR_NONE);
	model.groups[g].rid = 0;
	memset(model.groups[g].members, 0, sizeof(model.groups[g].members));
	model.entries++;
}

static void change_members(int g)
{
	struct model_group *group = &model.groups[g];
	int64_t added[USERS];
	int64_t removed[USERS];
	size_t added_count = 0;
	size_t removed_count = 0;

	for (int u = 0; u < USERS; u++) {
		int what = dice(4);
		if (model.users[u].rid == 0 || what > 1) {
			continue;
		}
		if (what == 0) {
			added[added_count++] = model.users[u].rid;
		} else {
			removed[removed_count++] = model.users[u].rid;
		}
		group->members[u] = what == 0;
	}
	assert_int_equal(
		fixture_members(&f, group->rid, added, added_count, removed, removed_count),
		ERROR_NONE);
	group->version++;
	model.entries++;
}

static void step(void)
{
	int u = dice(USERS);
	int g = dice(GROUPS);

	switch (dice(8)) {
	case 0:
	case 1:
	case 2:
		if (model.users[u].rid == 0) {
			create_user(u);
		} else {
			change_user(u);
		}
		break;
	case 3:
		if (model.users[u].rid != 0) {
			delete_user(u);
		}
		break;
	case 4:
		if (model.groups[g].rid != 0 && dice(4) == 0) {
			delete_group(g);
		}
		break;
	default:
		if (model.groups[g].rid == 0) {
			create_group(g);
		} else {
			change_members(g);
		}
	}
}

/* ---- comparing ---- */

static void compare_users(struct store_population *expected)
{
	for (int u = 0; u < USERS; u++) {
		const struct model_user *user = &model.users[u];
		if (user->rid == 0) {
			continue;
		}
		const struct store_resource *found = fixture_get(&f, user->rid);
		assert_int_equal(found->version, user->version);
		assert_int_equal(found->active, user->active);
		expected->users++;
		expected->active_users += user->active;
	}
}

static void compare_names(void)
{
	for (int name = 0; name < NAMES; name++) {
		char text[16];
		struct store_key key = fixture_key(&f, STORE_USER, name_of(name, text));
		const struct store_resource *found;
		assert_true(store_find_key(
			f.reader, f.arena, key.kind, key.scope, key.value, key.size, &found, NULL));
		assert_int_equal(found != NULL, is_taken(name, -1));
	}
}

static void compare_groups(struct store_population *expected)
{
	for (int g = 0; g < GROUPS; g++) {
		const struct model_group *group = &model.groups[g];
		int64_t members = 0;
		int64_t active = 0;
		if (group->rid == 0) {
			continue;
		}
		for (int u = 0; u < USERS; u++) {
			bool is_in;
			if (model.users[u].rid == 0) {
				continue;
			}
			assert_true(store_is_member(
				f.reader, group->rid, model.users[u].rid, &is_in, NULL));
			assert_int_equal(is_in, group->members[u]);
			members += is_in;
			active += is_in && model.users[u].active;
		}
		const struct store_resource *found = fixture_get(&f, group->rid);
		assert_int_equal(found->version, group->version);
		assert_int_equal(found->members, members);
		assert_int_equal(found->active_members, active);
		expected->groups++;
		expected->memberships += members;
	}
}

static void compare(void)
{
	struct store_population expected = { 0 };
	struct store_population found;
	int64_t entries;

	compare_users(&expected);
	compare_names();
	compare_groups(&expected);
	assert_true(store_population(f.reader, f.tenant, &found, NULL));
	assert_memory_equal(&found, &expected, sizeof(found));
	assert_true(store_journal_size(f.reader, &entries, NULL));
	assert_int_equal(entries, model.entries);
}

static void test_random_operations_agree_with_the_model(void **state)
{
	(void)state;

	for (unsigned seed = 1; seed <= 3; seed++) {
		model.seed = seed;
		for (int i = 0; i < STEPS / 3; i++) {
			step();
			if (i % 20 == 0) {
				compare();
				fixture_reset(&f);
			}
			if (i % 500 == 499) {
				fixture_reopen(&f); /* nothing may live in memory alone */
			}
		}
		compare();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_random_operations_agree_with_the_model, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
