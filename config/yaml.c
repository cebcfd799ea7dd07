/*
 * libfyaml reads events; this file makes nodes of them. The path from the root to the node that is
 * open stands in a stack of fixed depth, so neither a deep nor a long text costs more than its
 * size.
 */
#include "config/yaml.h"

#include <libfyaml.h>
#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "config/report.h"

struct level {
	struct yaml_node *node;
	struct yaml_node *name; /* of a mapping: read, and waits for its value */
	size_t capacity;
};

struct reader {
	struct arena *arena;
	const char *text;
	size_t size;
	struct config_report *report;
	struct fy_parser *parser;
	struct fy_diag *diag;
	struct yaml_node *root;
	struct level levels[YAML_DEPTH_MAX];
	size_t depth;
	size_t nodes;
	bool bad; /* a problem that lets reading go on */
};

bool yaml_is_null(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && node->plain &&
	       (node->text[0] == '\0' || strcmp(node->text, "~") == 0 ||
		       strcmp(node->text, "null") == 0);
}

/* Always false. */
static bool complain(struct reader *reader, const struct yaml_place *place, const char *message,
	const char *hint)
{
	struct arena *arena = config_report_arena(reader->report);
	struct config_problem problem = {
		.path = "",
		.message = arena_strdup(arena, message),
		.hint = hint,
		.line = place->line,
		.column = place->column,
		.width = place->width,
	};

	if (place->line > 0) {
		problem.line_text = config_line(arena, reader->text, reader->size, place->line);
	}
	return config_report_keep(reader->report, &problem);
}

static struct yaml_place place_of(const struct reader *reader, struct fy_event *event)
{
	const struct fy_mark *start = fy_event_start_mark(event);
	const struct fy_mark *end = fy_event_end_mark(event);
	struct yaml_place place = { .width = 1 };

	if (start == NULL) {
		return place;
	}
	place.line = (size_t)start->line + 1;
	place.column = (size_t)start->column + 1;
	place.start = start->input_pos < reader->size ? start->input_pos : reader->size;
	place.end = place.start;
	if (end != NULL && end->input_pos >= place.start && end->input_pos <= reader->size) {
		place.end = end->input_pos;
		if (end->line == start->line && end->column > start->column) {
			place.width = (size_t)(end->column - start->column);
		}
	}
	return place;
}

static struct yaml_node *new_node(
	struct reader *reader, enum yaml_kind kind, struct fy_event *event)
{
	struct yaml_node *node = arena_calloc(reader->arena, 1, sizeof(*node));

	node->kind = kind;
	node->place = place_of(reader, event);
	return node;
}

static bool has_name(const struct yaml_node *mapping, const char *name)
{
	for (size_t i = 0; i < mapping->count; i++) {
		if (strcmp(mapping->members[i].name->text, name) == 0) {
			return true;
		}
	}
	return false;
}

/* Doubles the room of a container; the old one stays in the arena, which is bounded by
 * YAML_NODES_MAX. */
static void *grow(struct reader *reader, void *old, size_t count, size_t *capacity, size_t bytes)
{
	if (count < *capacity) {
		return old;
	}
	*capacity = *capacity > 0 ? *capacity * 2 : 8;
	void *room = arena_alloc(reader->arena, *capacity * bytes);
	if (count > 0) {
		memcpy(room, old, count * bytes);
	}
	return room;
}

static bool take_name(struct reader *reader, struct level *level, struct yaml_node *node)
{
	if (node->kind != YAML_SCALAR || yaml_is_null(node)) {
		return complain(reader, &node->place, "a key must be a plain name", NULL);
	}
	if (node->plain && strcmp(node->text, "<<") == 0) {
		return complain(reader, &node->place, "merge keys are not supported",
			"write the keys out where they are needed");
	}
	if (level->node->count == YAML_MEMBERS_MAX) {
		return complain(reader, &node->place, "more than 256 keys in one place", NULL);
	}
	if (has_name(level->node, node->text)) {
		const char *message = arena_printf(config_report_arena(reader->report),
			"'%.64s' stands here a second time", node->text);
		complain(reader, &node->place, message, "remove one of the two");
		reader->bad = true;
	}
	level->name = node;
	return true;
}

/* Puts a finished or just opened node where it belongs. */
static bool attach(struct reader *reader, struct yaml_node *node)
{
	if (++reader->nodes > YAML_NODES_MAX) {
		return complain(reader, &node->place, "the file has more than 20,000 values", NULL);
	}
	if (reader->depth == 0) {
		reader->root = node;
		return true;
	}
	struct level *level = &reader->levels[reader->depth - 1];
	struct yaml_node *parent = level->node;
	if (node->place.line == 0) { /* nothing stands there: its name or its list does */
		node->place = level->name != NULL ? level->name->place : parent->place;
	}
	if (parent->kind == YAML_LIST) {
		parent->items = grow(reader, parent->items, parent->count, &level->capacity,
			sizeof(struct yaml_node *));
		parent->items[parent->count++] = node;
		return true;
	}
	if (level->name == NULL) {
		return take_name(reader, level, node);
	}
	parent->members = grow(reader, parent->members, parent->count, &level->capacity,
		sizeof(struct yaml_member));
	parent->members[parent->count++] = (struct yaml_member){ level->name, node };
	level->name = NULL;
	return true;
}

static bool open_container(struct reader *reader, enum yaml_kind kind, struct fy_event *event)
{
	struct yaml_node *node = new_node(reader, kind, event);

	node->place.width = 1;
	if (reader->depth == YAML_DEPTH_MAX) {
		return complain(
			reader, &node->place, "more than 16 levels within each other", NULL);
	}
	if (!attach(reader, node)) {
		return false;
	}
	reader->levels[reader->depth++] = (struct level){ .node = node };
	return true;
}

static bool take_scalar(struct reader *reader, struct fy_event *event)
{
	struct yaml_node *node = new_node(reader, YAML_SCALAR, event);
	struct fy_token *token = event->scalar.value;
	size_t size = 0;
	const char *text = token != NULL ? fy_token_get_text(token, &size) : NULL;

	node->text = arena_text(reader->arena, text != NULL ? text : "", text != NULL ? size : 0);
	node->plain = token == NULL || fy_token_scalar_style(token) == FYSS_PLAIN;
	if (strlen(node->text) != (text != NULL ? size : 0)) {
		return complain(reader, &node->place, "a text holds a NUL character", NULL);
	}
	return attach(reader, node);
}

static bool refuse(struct reader *reader, struct fy_event *event, const char *message)
{
	struct yaml_place place = place_of(reader, event);

	return complain(reader, &place, message, "write the value out where it is needed");
}

static bool take_event(struct reader *reader, struct fy_event *event)
{
	if (event->type == FYET_ALIAS) {
		return refuse(reader, event, "aliases are not supported");
	}
	if (fy_event_get_anchor_token(event) != NULL) {
		return refuse(reader, event, "anchors are not supported");
	}
	if (fy_event_get_tag_token(event) != NULL) {
		return refuse(reader, event, "tags are not supported");
	}
	switch (event->type) {
	case FYET_SCALAR:
		return take_scalar(reader, event);
	case FYET_MAPPING_START:
		return open_container(reader, YAML_MAPPING, event);
	case FYET_SEQUENCE_START:
		return open_container(reader, YAML_LIST, event);
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		reader->depth--;
		return true;
	case FYET_DOCUMENT_START:
		return reader->root == NULL ||
		       refuse(reader, event, "a second document stands in the file");
	default:
		return true;
	}
}

/* What libfyaml found, as a problem; its first message is the one that counts. */
static bool report_syntax(struct reader *reader)
{
	void *cursor = NULL;
	struct fy_diag_error *found = fy_diag_errors_iterate(reader->diag, &cursor);
	struct yaml_place place = { .line = 1, .column = 1, .width = 1 };
	const char *message = "this is no YAML";

	if (found != NULL) {
		place.line = found->line > 0 ? (size_t)found->line : 1;
		place.column = found->column > 0 ? (size_t)found->column : 1;
		message = arena_strdup(config_report_arena(reader->report), found->msg);
	}
	return complain(reader, &place, message, NULL);
}

static bool read_events(struct reader *reader)
{
	for (;;) {
		struct fy_event *event = fy_parser_parse(reader->parser);
		if (event == NULL) {
			return fy_parser_get_stream_error(reader->parser) ? report_syntax(reader)
									  : true;
		}
		bool last = event->type == FYET_STREAM_END;
		bool ok = take_event(reader, event);
		fy_parser_event_free(reader->parser, event);
		if (!ok || last) {
			return ok;
		}
	}
}

static void free_parser(struct fy_parser **parser)
{
	if (*parser != NULL) {
		fy_parser_destroy(*parser);
	}
}

static bool check_text(struct reader *reader)
{
	const struct yaml_place whole = { 0 };

	if (reader->size > YAML_BYTES_MAX) {
		return complain(reader, &whole, "the file is larger than 1 MiB", NULL);
	}
	if (memchr(reader->text, '\0', reader->size) != NULL) {
		return complain(reader, &whole, "the file holds a NUL character", NULL);
	}
	if (!utf8_is_valid(reader->text, reader->size)) {
		return complain(reader, &whole, "the file is not valid UTF-8", NULL);
	}
	return true;
}

/* libfyaml would print its messages; they belong into the report. */
static void swallow(struct fy_diag *diag, void *user, const char *text, size_t size)
{
	(void)diag;
	(void)user;
	(void)text;
	(void)size;
}

static void free_diag(struct fy_diag **diag)
{
	fy_diag_destroy(*diag);
}

struct yaml_node *yaml_parse(
	struct arena *arena, const char *text, size_t size, struct config_report *report)
{
	struct reader reader = { .arena = arena, .text = text, .size = size, .report = report };
	struct fy_diag_cfg diag_settings;

	if (!check_text(&reader)) {
		return NULL;
	}
	fy_diag_cfg_default(&diag_settings);
	diag_settings.fp = NULL;
	diag_settings.output_fn = swallow;
	diag_settings.colorize = false;
	CLEANUP(free_diag) struct fy_diag *diag = fy_diag_create(&diag_settings);
	fy_diag_set_collect_errors(diag, true);
	struct fy_parse_cfg settings = {
		.flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
		.diag = diag,
	};
	CLEANUP(free_parser) struct fy_parser *parser = fy_parser_create(&settings);
	reader.diag = diag;
	reader.parser = parser;
	if (parser == NULL || fy_parser_set_string(parser, text, size) != 0) {
		const struct yaml_place whole = { 0 };
		complain(&reader, &whole, "the YAML parser could not be started", NULL);
		return NULL;
	}
	if (!read_events(&reader) || reader.bad) {
		return NULL;
	}
	if (reader.root == NULL || yaml_is_null(reader.root)) {
		struct yaml_node *empty = arena_calloc(arena, 1, sizeof(*empty));
		empty->kind = YAML_MAPPING;
		empty->place = (struct yaml_place){ .line = 1, .column = 1, .width = 1 };
		return empty;
	}
	return reader.root;
}
