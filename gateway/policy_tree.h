/*
 * policy_tree: the files of a policy in memory, between a folder, a bundle or a repository on one
 * side and the folder that `opa` reads on the other. What is checked, tested and compiled is one
 * and the same content, however the original changes meanwhile.
 *
 * Only what belongs to a policy is taken: *.rego, data.json, data.yaml, data.yml, .manifest, and
 * everything in folders called `scenarios`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct error;
struct tar_file;

enum { POLICY_TREE_FILES = 10000, POLICY_TREE_DEPTH = 32 };
#define POLICY_TREE_BYTES ((size_t)320 << 20) /* of all files together */

struct policy_tree {
	struct tar_file *files; /* in the arena */
	size_t count;
	size_t room;
	size_t bytes;
};

/* By its relative name. */
bool policy_tree_wants(const char *name);
/* bytes stay the caller's (the arena's). ERROR_TOO_LARGE beyond a limit. */
bool policy_tree_add(struct arena *arena, struct policy_tree *tree, const char *name,
	const char *bytes, size_t size, struct error *err);

/*
 * All wanted files of a folder. Links to files are followed, links to folders and `.git` are not.
 * ERROR_CONFIG: there is no such folder; ERROR_IO; ERROR_TOO_LARGE.
 */
bool policy_tree_read(
	struct arena *arena, const char *folder, struct policy_tree *tree, struct error *err);
/* Below folder, which is there. ERROR_IO. */
bool policy_tree_write(const struct policy_tree *tree, const char *folder, struct error *err);

/* Some file holds a rule whose name begins with test_. A word that only looks like one counts. */
bool policy_tree_has_tests(const struct policy_tree *tree);
/* There is a folder of scenarios. */
bool policy_tree_has_scenarios(const struct policy_tree *tree);

/* A folder of our own below $TMPDIR or /tmp, mode 0700; path: at least 512 bytes. ERROR_IO. */
bool policy_scratch_make(char *path, size_t size, struct error *err);
/* Removes a folder and all in it, as far as it can; never follows a link. */
void policy_scratch_remove(const char *path);
