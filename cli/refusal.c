#include "cli/refusal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"

const struct report_rule refusal_rule = { "does-not-load", "The policy does not load",
	"Mend what is wrong there; `scimward policy check` says the same at your desk." };

struct place {
	const char *file;
	size_t file_size;
	size_t line;
	size_t column;
	const char *message; /* up to the end of the line */
};

/* Digits and a colon; NULL: something else. */
static const char *read_number(const char *text, size_t *number)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 9 || text[digits] != ':') {
		return NULL;
	}
	*number = (size_t)strtoul(text, NULL, 10);
	return text + digits + 1;
}

static bool is_file(const char *name, size_t size)
{
	static const char *const suffixes[] = { ".rego", ".yaml", ".yml", ".json" };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t length = strlen(suffixes[i]);

		if (size > length && memcmp(name + size - length, suffixes[i], length) == 0) {
			return true;
		}
	}
	return false;
}

/* "FILE.rego:LINE: …", with or without ":COLUMN", anywhere in the line. */
static bool find_place(const char *line, const char *end, struct place *place)
{
	for (const char *at = line; at < end && (at = strchr(at, ':')) != NULL && at < end; at++) {
		const char *file = at;
		const char *rest = read_number(at + 1, &place->line);
		const char *after = rest != NULL ? read_number(rest, &place->column) : NULL;

		while (file > line && file[-1] != ' ') {
			file--;
		}
		if (rest == NULL || !is_file(file, (size_t)(at - file))) {
			continue;
		}
		if (after == NULL) {
			place->column = 0;
			after = rest;
		}
		place->file = file;
		place->file_size = (size_t)(at - file);
		place->message = after + strspn(after, " ");
		return true;
	}
	return false;
}

static const char *one_line(struct arena *arena, const char *from, const char *end)
{
	return arena_text(arena, from, from < end ? (size_t)(end - from) : 0);
}

size_t refusal_find(struct arena *arena, const char *text, const char *prefix,
	struct report_finding findings[REFUSAL_FINDINGS])
{
	size_t count = 0;

	for (const char *line = text; *line != '\0';) {
		const char *end = line + strcspn(line, "\n");
		struct report_finding *last = count > 0 ? &findings[count - 1] : NULL;
		struct place place;

		if (*line == '\t') {
			if (last != NULL) {
				last->detail = arena_printf(arena, "%s%s\n", last->detail,
					one_line(arena, line + 1, end));
			}
		} else if (count < REFUSAL_FINDINGS && find_place(line, end, &place)) {
			findings[count++] = (struct report_finding){
				.rule = refusal_rule.id,
				.level = REPORT_ERROR,
				.file = arena_printf(
					arena, "%s%.*s", prefix, (int)place.file_size, place.file),
				.line = place.line,
				.column = place.column,
				.message = one_line(arena, place.message, end),
				.detail = "",
			};
		}
		line = *end != '\0' ? end + 1 : end;
	}
	if (count == 0) {
		const char *end = text + strcspn(text, "\n");
		const char *detail = *end != '\0' ? end + 1 : "";
		size_t size = strlen(detail);

		findings[count++] = (struct report_finding){ .rule = refusal_rule.id,
			.level = REPORT_ERROR,
			.file = "",
			.message = one_line(arena, text, end),
			.detail = size > 0 && detail[size - 1] != '\n'
					  ? arena_printf(arena, "%s\n", detail)
					  : arena_text(arena, detail, size) };
	}
	return count;
}
