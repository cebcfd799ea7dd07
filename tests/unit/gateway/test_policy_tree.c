/* The files of a policy: from a folder, to a folder, and what belongs to it. */
#include "gateway/policy_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "policy/tar.h"

static char folder[512];

static int setup(void **state)
{
	(void)state;
	assert_true(policy_scratch_make(folder, sizeof(folder), NULL));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	policy_scratch_remove(folder);
	assert_int_equal(access(folder, F_OK), -1);
	return 0;
}

static const char *below(struct arena *arena, const char *name)
{
	return arena_printf(arena, "%s/%s", folder, name);
}

static void put(struct arena *arena, const char *name, const char *text)
{
	char *path = arena_printf(arena, "%s/%s", folder, name);

	*strrchr(path, '/') = '\0';
	assert_true(file_make_folders(path, 0700, NULL));
	assert_true(file_replace(below(arena, name), text, strlen(text), 0600, NULL));
}

static void test_what_belongs_to_a_policy(void **state)
{
	static const char *const wanted[] = { "a.rego", "x/y/b_test.rego", "data.json",
		"x/data.yaml", "data.yml", ".manifest", "scenarios/a.yaml", "scenarios/b/c.json" };
	static const char *const others[] = { "README.md", "mydata.json", "data.json.bak",
		".signatures.json", "plan.json", "rego", "policy.wasm", "xscenarios/a.yaml" };

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		print_message("# %s\n", wanted[i]);
		assert_true(policy_tree_wants(wanted[i]));
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		print_message("# %s\n", others[i]);
		assert_false(policy_tree_wants(others[i]));
	}
}

/* Links to files are followed (a ConfigMap is nothing else), links to folders and pipes are not. */
static void test_a_folder_is_read_in_order(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct policy_tree tree;
	struct error err = { 0 };

	(void)state;
	put(arena, "z.rego", "package z");
	put(arena, "a/data.json", "{}");
	put(arena, ".git/config.rego", "no");
	put(arena, "..data/q.rego", "package q");
	assert_int_equal(symlink("..data/q.rego", below(arena, "q.rego")), 0);
	assert_int_equal(symlink("a", below(arena, "b")), 0);
	assert_int_equal(symlink("/nowhere", below(arena, "gone.rego")), 0);
	assert_int_equal(mkfifo(below(arena, "pipe.rego"), 0600), 0);

	assert_true(policy_tree_read(arena, folder, &tree, &err));

	assert_int_equal(tree.count, 3);
	assert_string_equal(tree.files[0].name, "a/data.json");
	assert_string_equal(tree.files[1].name, "q.rego");
	assert_string_equal(tree.files[2].name, "z.rego");
	assert_memory_equal(tree.files[2].bytes, "package z", tree.files[2].size);
}

static void test_no_folder_is_told(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct policy_tree tree;
	struct error err = { 0 };

	(void)state;
	assert_false(policy_tree_read(arena, below(arena, "none"), &tree, &err));
	assert_int_equal(err.code, ERROR_CONFIG);
}

static void test_folders_that_lie_too_deep_are_refused(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	CLEANUP(buf_fini) struct buf name = { 0 };
	struct policy_tree tree;
	struct error err = { 0 };

	(void)state;
	for (int i = 0; i <= POLICY_TREE_DEPTH; i++) {
		buf_append_text(&name, "d/");
	}
	buf_append_text(&name, "a.rego");
	put(arena, name.data, "package a");

	assert_false(policy_tree_read(arena, folder, &tree, &err));
	assert_int_equal(err.code, ERROR_TOO_LARGE);
}

static void test_files_are_limited_in_number_and_size(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct policy_tree tree = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_true(policy_tree_add(arena, &tree, "a.rego", "", POLICY_TREE_BYTES, &err));
	assert_false(policy_tree_add(arena, &tree, "b.rego", "x", 1, &err));
	assert_int_equal(err.code, ERROR_TOO_LARGE);
	tree = (struct policy_tree){ 0 };
	for (int i = 0; i < POLICY_TREE_FILES; i++) {
		assert_true(policy_tree_add(arena, &tree, "a.rego", "", 0, &err));
	}
	assert_false(policy_tree_add(arena, &tree, "b.rego", "", 0, &err));
}

static void test_what_is_written_is_what_was_read(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	CLEANUP(buf_fini) struct buf text = { 0 };
	struct policy_tree tree = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_true(policy_tree_add(arena, &tree, "a/b/c.rego", "package c", 9, &err));
	assert_true(policy_tree_add(arena, &tree, "d.rego", "", 0, &err));
	assert_true(policy_tree_write(&tree, folder, &err));
	assert_true(file_read(below(arena, "a/b/c.rego"), 100, &text, &err));
	assert_string_equal(text.data, "package c");
	assert_true(file_exists(below(arena, "d.rego")));
	/* A file that is a folder as well: from a bundle, where both may stand. */
	tree = (struct policy_tree){ 0 };
	assert_true(policy_tree_add(arena, &tree, "d.rego/e.rego", "", 0, &err));
	assert_false(policy_tree_write(&tree, folder, &err));
}

static void test_tests_and_scenarios_are_seen(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct policy_tree tree = { 0 };

	(void)state;
	policy_tree_add(arena, &tree, "data.json", "{\"test_\":1}", 11, NULL);
	policy_tree_add(arena, &tree, "a/scenarios/x.yaml", "test_", 5, NULL);
	assert_false(policy_tree_has_tests(&tree));
	assert_false(policy_tree_has_scenarios(&tree));
	policy_tree_add(arena, &tree, "a.rego", "package a\ntest_x if true", 24, NULL);
	policy_tree_add(arena, &tree, "scenarios/x.yaml", "", 0, NULL);
	assert_true(policy_tree_has_tests(&tree));
	assert_true(policy_tree_has_scenarios(&tree));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_belongs_to_a_policy),
		cmocka_unit_test_setup_teardown(test_a_folder_is_read_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_folder_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_folders_that_lie_too_deep_are_refused, setup, teardown),
		cmocka_unit_test(test_files_are_limited_in_number_and_size),
		cmocka_unit_test_setup_teardown(
			test_what_is_written_is_what_was_read, setup, teardown),
		cmocka_unit_test(test_tests_and_scenarios_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
