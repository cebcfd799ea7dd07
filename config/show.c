#include "config/show.h"

#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "config/config.h"
#include "config/keys.h"
#include "config/places.h"

/* One key with its value, as the printers need it. */
struct line {
	const struct config_key *key;
	const char *path;                 /* "apps[0].retry.base" */
	const char *name;                 /* within its list: "retry.base" */
	const char *value;                /* as written or default; NULL: not set */
	const struct config_place *place; /* NULL: default */
	size_t item;                      /* of a list */
	bool in_list;
};

typedef void line_fn(void *user, const struct line *line);

static const char *value_of(const struct config_key *key, const struct config_place *place)
{
	if (place == NULL) {
		return key->fallback;
	}
	return place->secret ? "***" : place->raw;
}

static void visit_scope(const struct config *config, struct arena *arena, const char *prefix,
	const char *shown, size_t item, line_fn *fn, void *user)
{
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		if (!config_key_is_in(key, prefix) || key->type == CONFIG_LIST) {
			continue;
		}
		const char *name = key->path + strlen(prefix);
		struct line line = {
			.key = key,
			.name = name,
			.path = arena_printf(arena, "%s%s", shown, name),
			.item = item,
			.in_list = prefix[0] != '\0',
		};
		line.place = config_place_find(config->file, line.path);
		line.value = value_of(key, line.place);
		if (line.place == NULL && line.value == NULL) {
			continue;
		}
		fn(user, &line);
	}
}

/* Every key that has a value: first those of the file itself, then of each item of each list. */
static void visit(const struct config *config, struct arena *arena, line_fn *fn, void *user)
{
	visit_scope(config, arena, "", "", 0, fn, user);
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *list = &config_keys[i];
		if (list->type != CONFIG_LIST) {
			continue;
		}
		size_t count =
			*(const size_t *)(const void *)((const char *)config + list->count_offset);
		const char *prefix = arena_printf(arena, "%s[].", list->path);
		for (size_t item = 0; item < count; item++) {
			const char *shown = arena_printf(arena, "%s[%zu].", list->path, item);
			visit_scope(config, arena, prefix, shown, item, fn, user);
		}
	}
}

/* ---- YAML ---- */

struct yaml_printer {
	const struct config *config;
	struct buf *buf;
	bool origin;
	const char *last_list; /* key whose list is open */
	size_t last_item;
	char section[128]; /* "listen.tls." that is open */
};

/* Double-quoted where a plain scalar would mean something else. */
static void append_scalar(struct buf *buf, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_./:+";
	size_t size = strlen(text);

	if (size > 0 && text[strspn(text, plain)] == '\0' && text[0] != '-' &&
		text[size - 1] != ':' && strcmp(text, "null") != 0) {
		buf_append_text(buf, text);
	} else {
		buf_append_json_text(buf, text, size);
	}
}

static void append_digests(struct yaml_printer *printer, const struct line *line, int indent)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();

	for (size_t i = 0; i < CONFIG_TOKENS_MAX; i++) {
		const struct config_place *item = config_place_find(
			printer->config->file, arena_printf(arena, "%s[%zu]", line->path, i));
		if (item != NULL) {
			buf_printf(printer->buf, "\n%*s- ", indent + 2, "");
			append_scalar(printer->buf, item->raw);
		}
	}
}

/* Opens the sections between the one that is open and the line's; returns the depth of the line. */
static int open_sections(struct yaml_printer *printer, const char *name, int indent, bool *first)
{
	size_t same = 0;
	int depth = 0;

	for (size_t i = 0; name[i] != '\0' && name[i] == printer->section[i]; i++) {
		if (name[i] == '.') {
			same = i + 1;
			depth++;
		}
	}
	const char *rest = name + same;
	for (const char *dot; (dot = strchr(rest, '.')) != NULL; rest = dot + 1) {
		buf_printf(printer->buf, "%*s", *first ? 0 : indent + 2 * depth, "");
		buf_printf(printer->buf, "%.*s:\n", (int)(dot - rest), rest);
		*first = false;
		depth++;
	}
	snprintf(printer->section, sizeof(printer->section), "%.*s", (int)(rest - name), name);
	return depth;
}

static void print_yaml(void *user, const struct line *line)
{
	struct yaml_printer *printer = user;
	struct buf *buf = printer->buf;
	size_t list_size = strcspn(line->path, "[");
	bool first = false;
	int indent = 0;

	if (line->in_list) {
		bool same_list = printer->last_list != NULL &&
				 strncmp(printer->last_list, line->path, list_size + 1) == 0;
		if (!same_list) {
			buf_printf(buf, "%.*s:\n", (int)list_size, line->path);
		}
		if (!same_list || printer->last_item != line->item) {
			buf_append_text(buf, "  - ");
			printer->section[0] = '\0';
			first = true;
		}
		printer->last_list = line->path;
		printer->last_item = line->item;
		indent = 4;
	}
	int depth = open_sections(printer, line->name, indent, &first);
	const char *dot = strrchr(line->name, '.');
	buf_printf(buf, "%*s%s: ", first ? 0 : indent + 2 * depth, "",
		dot != NULL ? dot + 1 : line->name);
	if (line->value != NULL) {
		append_scalar(buf, line->value);
	} else {
		append_digests(printer, line, indent + 2 * depth);
	}
	if (printer->origin && line->place != NULL) {
		buf_printf(buf, "  # %s:%zu", printer->config->file->name, line->place->line);
	} else if (printer->origin) {
		buf_append_text(buf, "  # default");
	}
	buf_append_char(buf, '\n');
}

void config_show(const struct config *config, bool origin, struct buf *buf)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct yaml_printer printer = { .config = config, .buf = buf, .origin = origin };

	visit(config, arena, print_yaml, &printer);
}

/* ---- JSON ---- */

struct json_printer {
	const struct config *config;
	struct buf *buf;
	bool any;
};

static void print_json(void *user, const struct line *line)
{
	struct json_printer *printer = user;
	struct buf *buf = printer->buf;
	CLEANUP(buf_fini) struct buf origin = { 0 };

	if (line->place != NULL) {
		buf_printf(&origin, "%s:%zu", printer->config->file->name, line->place->line);
	} else {
		buf_append_text(&origin, "default");
	}
	buf_append_text(buf, printer->any ? "," : "");
	buf_append_json_text(buf, line->path, strlen(line->path));
	buf_append_text(buf, ":{\"value\":");
	if (line->value != NULL) {
		buf_append_json_text(buf, line->value, strlen(line->value));
	} else {
		buf_append_text(buf, "\"(a list)\"");
	}
	buf_append_text(buf, ",\"origin\":");
	buf_append_json_text(buf, buf_text(&origin), origin.size);
	buf_append_char(buf, '}');
	printer->any = true;
}

void config_show_json(const struct config *config, struct buf *buf)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct json_printer printer = { .config = config, .buf = buf };

	buf_append_char(buf, '{');
	visit(config, arena, print_json, &printer);
	buf_append_char(buf, '}');
}

/* ---- what a reload cannot change ---- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_field(const struct config_key *key, const char *a, const char *b)
{
	switch (key->type) {
	case CONFIG_BOOL:
		return *(const bool *)a == *(const bool *)b;
	case CONFIG_CHOICE:
		return memcmp(a, b, sizeof(unsigned)) == 0;
	case CONFIG_NUMBER:
	case CONFIG_BYTES:
	case CONFIG_TIME:
		return memcmp(a, b, sizeof(int64_t)) == 0;
	default: /* CONFIG_STORE begins with its text as well */
		return same_text(*(const char *const *)(const void *)a,
			*(const char *const *)(const void *)b);
	}
}

bool config_needs_restart(const struct config *running, const struct config *next, struct buf *buf)
{
	bool any = false;

	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		if ((key->flags & CONFIG_RESTART) != 0 && config_key_is_in(key, "") &&
			!same_field(key, (const char *)running + key->offset,
				(const char *)next + key->offset)) {
			buf_printf(buf, "%s\n", key->path);
			any = true;
		}
	}
	return any;
}
