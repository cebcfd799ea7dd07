/*
 * Where each key stands in the file: for messages, `config show`, and problems that layers above
 * find later.
 *
 * Private to config/. Holds what a struct config needs to live: its arena and the file's text with
 * every literal secret blanked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct config_report;
struct secret;

struct config_place {
	const char *path; /* "apps[0].url" */
	const char *
		raw; /* as written, references not replaced; NULL: a literal secret, or no scalar */
	size_t line;
	size_t column;
	size_t width;
	bool secret; /* a literal secret: its line is never shown */
};

struct config_file {
	struct arena *arena;
	const char *name;   /* as the user named it */
	const char *folder; /* paths are relative to it; NULL: references are not read */
	bool secrets;       /* false: references inside secrets are not read */
	char *text;
	size_t size;
	struct config_place *places;
	size_t count;
	size_t capacity;
};

struct config_file *config_file_new(
	const char *name, const char *folder, const char *text, size_t size);
void config_file_free(struct config_file *file);

void config_place_add(struct config_file *file, const struct config_place *place);
/* NULL: the file does not name it. */
const struct config_place *config_place_find(const struct config_file *file, const char *path);

/* Puts '*' over bytes of the text. */
void config_file_blank(struct config_file *file, size_t start, size_t end);

/* A problem at a place; message and hint are copied. hint may be NULL. Always returns false. */
bool config_file_complain(const struct config_file *file, struct config_report *report,
	const struct config_place *place, const char *message, const char *hint);
