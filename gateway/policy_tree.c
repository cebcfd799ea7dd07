#include "gateway/policy_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "gateway/scenario.h"
#include "policy/tar.h"

/* ---- what belongs to a policy ---- */

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text);

	return size >= strlen(end) && strcmp(text + size - strlen(end), end) == 0;
}

static bool is_scenario(const char *name)
{
	static const char folder[] = SCENARIO_FOLDER "/";

	return strncmp(name, folder, sizeof(folder) - 1) == 0 ||
	       strstr(name, "/" SCENARIO_FOLDER "/") != NULL;
}

bool policy_tree_wants(const char *name)
{
	static const char *const names[] = { "data.json", "data.yaml", "data.yml", ".manifest" };
	const char *slash = strrchr(name, '/');
	const char *last = slash != NULL ? slash + 1 : name;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(last, names[i]) == 0) {
			return true;
		}
	}
	return ends_with(last, ".rego") || is_scenario(name);
}

bool policy_tree_add(struct arena *arena, struct policy_tree *tree, const char *name,
	const char *bytes, size_t size, struct error *err)
{
	if (tree->count == POLICY_TREE_FILES || size > POLICY_TREE_BYTES - tree->bytes) {
		return error_set(err, ERROR_TOO_LARGE,
			"the policy has more than %d files or %zu MiB", POLICY_TREE_FILES,
			POLICY_TREE_BYTES >> 20);
	}
	if (tree->count == tree->room) {
		struct tar_file *more;

		tree->room = tree->room == 0 ? 64 : tree->room * 2;
		more = arena_calloc(arena, tree->room, sizeof(*more));
		if (tree->count > 0) {
			memcpy(more, tree->files, tree->count * sizeof(*more));
		}
		tree->files = more;
	}
	tree->files[tree->count++] = (struct tar_file){ name, bytes, size };
	tree->bytes += size;
	return true;
}

/* ---- from a folder ---- */

static void close_folder(DIR **folder)
{
	if (*folder != NULL) {
		closedir(*folder);
	}
}

static bool read_one(struct arena *arena, const char *path, const char *name,
	struct policy_tree *tree, struct error *err)
{
	CLEANUP(buf_fini) struct buf bytes = { 0 };
	struct stat info;

	/* A pipe would never end; what vanished meanwhile is as if it had not been there. */
	if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) {
		return true;
	}
	return file_read(path, POLICY_TREE_BYTES, &bytes, err) &&
	       policy_tree_add(arena, tree, name, arena_text(arena, buf_text(&bytes), bytes.size),
		       bytes.size, err);
}

/* prefix: "" or "access/". */
static bool read_folder(struct arena *arena, const char *path, const char *prefix, int depth,
	struct policy_tree *tree, struct error *err)
{
	CLEANUP(close_folder) DIR *folder = opendir(path);
	struct dirent *item;

	if (folder == NULL) {
		return error_set(err, ERROR_IO, "%s: %s", path, strerror(errno));
	}
	while ((item = readdir(folder)) != NULL) {
		const char *below = arena_printf(arena, "%s/%s", path, item->d_name);
		const char *name = arena_printf(arena, "%s%s", prefix, item->d_name);
		struct stat info;

		if (strcmp(item->d_name, ".") == 0 || strncmp(item->d_name, "..", 2) == 0 ||
			strcmp(item->d_name, ".git") == 0 || lstat(below, &info) != 0) {
			continue;
		}
		if (!S_ISDIR(info.st_mode)) {
			if (policy_tree_wants(name) && !read_one(arena, below, name, tree, err)) {
				return false;
			}
		} else if (depth == POLICY_TREE_DEPTH) {
			return error_set(err, ERROR_TOO_LARGE, "%s: folders lie too deep", below);
		} else if (!read_folder(arena, below, arena_printf(arena, "%s/", name), depth + 1,
				   tree, err)) {
			return false;
		}
	}
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct tar_file *)a)->name, ((const struct tar_file *)b)->name);
}

bool policy_tree_read(
	struct arena *arena, const char *folder, struct policy_tree *tree, struct error *err)
{
	struct stat info;

	*tree = (struct policy_tree){ 0 };
	if (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode)) {
		return error_set(err, ERROR_CONFIG, "policy.directory: %s is no folder", folder);
	}
	if (!read_folder(arena, folder, "", 0, tree, err)) {
		return false;
	}
	if (tree->count > 1) {
		qsort(tree->files, tree->count, sizeof(*tree->files), by_name);
	}
	return true;
}

/* ---- to a folder ---- */

bool policy_tree_write(const struct policy_tree *tree, const char *folder, struct error *err)
{
	CLEANUP(buf_fini) struct buf path = { 0 };

	for (size_t i = 0; i < tree->count; i++) {
		const struct tar_file *file = &tree->files[i];
		const char *slash = strrchr(file->name, '/');
		FILE *out;
		bool ok;

		buf_clear(&path);
		buf_printf(&path, "%s/", folder);
		if (slash != NULL) {
			buf_append(&path, file->name, (size_t)(slash - file->name));
			if (!file_make_folders(buf_text(&path), 0700, err)) {
				return false;
			}
			buf_clear(&path);
			buf_printf(&path, "%s/", folder);
		}
		buf_append_text(&path, file->name);
		out = fopen(path.data, "wxe");
		if (out == NULL) {
			return error_set(err, ERROR_IO, "%s: %s", path.data, strerror(errno));
		}
		ok = file->size == 0 || fwrite(file->bytes, file->size, 1, out) == 1;
		if (fclose(out) != 0 || !ok) {
			return error_set(err, ERROR_IO, "%s: %s", path.data, strerror(errno));
		}
	}
	return true;
}

/* ---- questions ---- */

bool policy_tree_has_tests(const struct policy_tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		const struct tar_file *file = &tree->files[i];

		if (ends_with(file->name, ".rego") &&
			memmem(file->bytes, file->size, "test_", 5) != NULL) {
			return true;
		}
	}
	return false;
}

bool policy_tree_has_scenarios(const struct policy_tree *tree)
{
	static const char folder[] = SCENARIO_FOLDER "/";

	for (size_t i = 0; i < tree->count; i++) {
		if (strncmp(tree->files[i].name, folder, sizeof(folder) - 1) == 0) {
			return true;
		}
	}
	return false;
}

/* ---- a folder of our own ---- */

bool policy_scratch_make(char *path, size_t size, struct error *err)
{
	const char *root = getenv("TMPDIR");

	snprintf(path, size, "%.400s/scimward-policy-XXXXXX",
		root != NULL && root[0] == '/' ? root : "/tmp");
	if (mkdtemp(path) == NULL) {
		path[0] = '\0';
		return error_set(err, ERROR_IO, "no temporary folder: %s", strerror(errno));
	}
	return true;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info;
	(void)where;
	if (kind == FTW_DP) {
		rmdir(path);
	} else {
		unlink(path);
	}
	return 0;
}

void policy_scratch_remove(const char *path)
{
	if (path[0] != '\0') {
		nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	}
}
