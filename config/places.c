#include "config/places.h"

#include <string.h>
#include "base/arena.h"
#include "base/memory.h"
#include "base/secret.h"
#include "config/report.h"

struct config_file *config_file_new(
	const char *name, const char *folder, const char *text, size_t size)
{
	struct config_file *file = must_calloc(1, sizeof(*file));

	file->arena = arena_new();
	file->name = arena_strdup(file->arena, name);
	file->folder = folder != NULL ? arena_strdup(file->arena, folder) : NULL;
	file->text = must_malloc(size + 1);
	memcpy(file->text, text, size);
	file->text[size] = '\0';
	file->size = size;
	return file;
}

void config_file_free(struct config_file *file)
{
	if (file == NULL) {
		return;
	}
	secret_wipe(file->text, file->size);
	memory_free(file->text);
	memory_free(file->places);
	arena_free(file->arena);
	memory_free(file);
}

void config_place_add(struct config_file *file, const struct config_place *place)
{
	if (file->count == file->capacity) {
		file->capacity = file->capacity > 0 ? file->capacity * 2 : 64;
		file->places = must_realloc(file->places, file->capacity * sizeof(*place));
	}
	file->places[file->count++] = *place;
}

const struct config_place *config_place_find(const struct config_file *file, const char *path)
{
	for (size_t i = 0; i < file->count; i++) {
		if (strcmp(file->places[i].path, path) == 0) {
			return &file->places[i];
		}
	}
	return NULL;
}

void config_file_blank(struct config_file *file, size_t start, size_t end)
{
	for (size_t i = start; i < end && i < file->size; i++) {
		if (file->text[i] != '\n') {
			file->text[i] = '*';
		}
	}
}

bool config_file_complain(const struct config_file *file, struct config_report *report,
	const struct config_place *place, const char *message, const char *hint)
{
	struct arena *arena = config_report_arena(report);
	struct config_problem problem = {
		.path = arena_strdup(arena, place->path),
		.message = arena_strdup(arena, message),
		.hint = hint != NULL ? arena_strdup(arena, hint) : NULL,
		.line = place->line,
		.column = place->column,
		.width = place->width,
	};

	if (place->line > 0 && !place->secret) {
		problem.line_text = config_line(arena, file->text, file->size, place->line);
	}
	return config_report_keep(report, &problem);
}
