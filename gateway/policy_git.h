/*
 * policy_git: policies from a git repository, by the program `git` in a child process that gets
 * nothing of ours and obeys nothing of the repository's.
 *
 *     git fetch ─▶ bare repository of our own ─▶ verify-commit ─▶ ls-tree ─▶ cat-file ─▶ files
 *
 * No work tree is made: blobs are read as they are, so there are no filters, no attributes, no
 * links, no submodules. No hooks, no credential helpers, no prompts, no configuration but ours, one
 * protocol, no redirects; a home of its own; deadlines, and limits on sizes and counts. Over HTTPS
 * the host is resolved here, held against the networks that are allowed, and git is told to use
 * that very address. The token is handed over in the environment, never on a command line.
 *
 * Blocks for as long as git runs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct config_policy;
struct error;
struct policy_tree;

#define POLICY_COMMIT_BYTES 65 /* SHA-1 or SHA-256 in hex, and its NUL */

struct policy_git {
	const struct config_policy *config;
	const char *folder;    /* ours alone; made when it is not there. Keeps the repository */
	int64_t timeout_ms;    /* of one run of git */
	const bool *cancelled; /* atomic; may be NULL */
};

/*
 * What the branch or tag points to now. ERROR_CONFIG: no program `git`, no such branch; ERROR_IO,
 * ERROR_TIMEOUT: the repository cannot be reached.
 */
bool policy_git_fetch(const struct policy_git *git, struct arena *arena,
	char commit[POLICY_COMMIT_BYTES], struct error *err);

/* The commit has the SSH signature of one of config->git.require_signed. ERROR_POLICY. */
bool policy_git_verify(
	const struct policy_git *git, struct arena *arena, const char *commit, struct error *err);

/* `older` is an ancestor of `newer`, or the same. False: ERROR_POLICY, it is not; ERROR_IO. */
bool policy_git_descends(const struct policy_git *git, struct arena *arena, const char *older,
	const char *newer, struct error *err);

/* The policy's files of the commit. ERROR_POLICY: what is no plain file; ERROR_TOO_LARGE. */
bool policy_git_read(const struct policy_git *git, struct arena *arena, const char *commit,
	struct policy_tree *tree, struct error *err);
