#include "gateway/schemas.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "scim/model_load.h"
#include "scim/schema_file.h"

struct folder {
	struct arena *arena;
	struct scim_problems *problems;
	const char *path;
	const char *name; /* "schemas" */
	const char *files[SCHEMAS_FILES_MAX];
	size_t count;
	bool is_there;
};

static void close_folder(DIR **dir)
{
	if (*dir != NULL) {
		closedir(*dir);
	}
}

/* Other files are nobody's business: notes, what an editor leaves behind. */
static bool is_json(const char *name)
{
	size_t size = strlen(name);

	return name[0] != '.' && size > 5 && strcmp(name + size - 5, ".json") == 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, so that problems and /Schemas come in the same order everywhere. */
static void list_files(struct folder *folder)
{
	CLEANUP(close_folder) DIR *dir = opendir(folder->path);
	const struct dirent *entry;

	if (dir == NULL) {
		if (errno != ENOENT) {
			scim_problem_add(folder->problems, folder->name, "", NULL,
				"this folder cannot be read: %s", strerror(errno));
		}
		return;
	}
	folder->is_there = true;
	while ((entry = readdir(dir)) != NULL) {
		if (!is_json(entry->d_name)) {
			continue;
		}
		if (folder->count == SCHEMAS_FILES_MAX) {
			scim_problem_add(folder->problems, folder->name, "",
				"a file may hold a list of them", "there are more than %d files",
				SCHEMAS_FILES_MAX);
			return;
		}
		folder->files[folder->count++] = arena_strdup(folder->arena, entry->d_name);
	}
	qsort(folder->files, folder->count, sizeof(folder->files[0]), by_name);
}

static void read_file(struct folder *folder, const char *name, struct scim_file *file)
{
	CLEANUP(buf_fini) struct buf buf = { 0 };
	const char *path = arena_printf(folder->arena, "%s/%s", folder->path, name);
	struct error err = { 0 };

	*file = (struct scim_file){
		.name = arena_printf(folder->arena, "%s/%s", folder->name, name), .text = "{}"
	};
	if (!file_read(path, SCIM_FILE_BYTES_MAX, &buf, &err)) {
		scim_problem_add(folder->problems, file->name, "", NULL, "%s", err.text);
		return;
	}
	file->text = arena_text(folder->arena, buf_text(&buf), buf.size);
	file->size = buf.size;
}

/* Only what could be read: a file that could not has its problem already. */
static const struct scim_file *read_folder(struct folder *folder, size_t *count)
{
	struct scim_file *files;

	list_files(folder);
	files = arena_calloc(folder->arena, folder->count + 1, sizeof(*files));
	*count = 0;
	for (size_t i = 0; i < folder->count; i++) {
		read_file(folder, folder->files[i], &files[*count]);
		*count += files[*count].size > 0;
	}
	return files;
}

static void digest_files(struct buf *buf, const struct scim_file *files, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_printf(buf, "%s %zu\n", files[i].name, files[i].size);
		buf_append(buf, files[i].text, files[i].size);
	}
}

static void digest_of(const struct scim_model_files *files, uint8_t digest[DIGEST_BYTES])
{
	CLEANUP(buf_fini) struct buf buf = { 0 };

	digest_files(&buf, files->schemas, files->schema_count);
	digest_files(&buf, files->types, files->type_count);
	digest_sha256(buf_text(&buf), buf.size, digest);
}

const struct scim_model *schemas_load(struct arena *arena, const char *directory,
	uint8_t digest[DIGEST_BYTES], struct scim_problems *problems)
{
	struct scim_model_files files = { 0 };

	if (digest != NULL) {
		memset(digest, 0, DIGEST_BYTES);
	}
	if (directory == NULL) {
		return scim_model_core();
	}
	struct folder schemas = { .arena = arena,
		.problems = problems,
		.path = arena_printf(arena, "%s/schemas", directory),
		.name = "schemas" };
	struct folder types = { .arena = arena,
		.problems = problems,
		.path = arena_printf(arena, "%s/resource_types", directory),
		.name = "resource_types" };

	files.schemas = read_folder(&schemas, &files.schema_count);
	files.types = read_folder(&types, &files.type_count);
	if (problems->count == 0 && !schemas.is_there && !types.is_there) {
		scim_problem_add(problems, directory, "", "make them, or leave scim.directory out",
			"it has neither a folder schemas nor a folder resource_types");
	}
	if (digest != NULL) {
		digest_of(&files, digest);
	}
	return scim_model_load(arena, &files, problems);
}
