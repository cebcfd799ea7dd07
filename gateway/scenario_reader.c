#include "gateway/scenario_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/value.h"
#include "config/report.h"
#include "config/suggest.h"
#include "config/yaml.h"
#include "gateway/scenario_text.h"

/* ---- problems ---- */

__attribute__((format(printf, 4, 5))) bool scenario_complain(struct scenario_reader *reader,
	const struct yaml_node *node, const char *hint, const char *format, ...)
{
	struct arena *arena = config_report_arena(reader->report);
	const struct yaml_place *place = &node->place;
	char message[300];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	return config_report_keep(reader->report,
		&(struct config_problem){
			.path = "",
			.message = arena_strdup(arena, message),
			.hint = hint != NULL ? arena_strdup(arena, hint) : NULL,
			.line = place->line,
			.column = place->column,
			.width = place->width,
			.line_text = config_line(arena, reader->text, reader->size, place->line),
		});
}

const char *scenario_did_you_mean(
	struct scenario_reader *reader, const struct config_suggestion *suggestion)
{
	return suggestion->best != NULL
		       ? arena_printf(reader->arena, "did you mean '%s'?", suggestion->best)
		       : NULL;
}

/* ---- mappings by a table of keys ---- */

static bool unknown_key(struct scenario_reader *reader, const struct yaml_node *name,
	const struct scenario_key *keys, size_t count)
{
	struct config_suggestion suggestion = { .name = name->text };

	for (size_t i = 0; i < count; i++) {
		config_suggest(&suggestion, keys[i].name);
	}
	return scenario_complain(reader, name, scenario_did_you_mean(reader, &suggestion),
		"unknown key '%.64s'", name->text);
}

/* Reads on behind a problem, so that all of them are told at once. */
bool scenario_mapping(struct scenario_reader *reader, const struct yaml_node *node,
	const struct scenario_key *keys, size_t count, void *into)
{
	bool ok = true;

	if (yaml_is_null(node)) {
		return true;
	}
	if (node->kind != YAML_MAPPING) {
		return scenario_complain(reader, node, NULL, "a mapping of keys belongs here");
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_member *member = &node->members[i];
		size_t at = 0;

		while (at < count && strcmp(keys[at].name, member->name->text) != 0) {
			at++;
		}
		ok = (at == count ? unknown_key(reader, member->name, keys, count)
				  : keys[at].read(reader, member->value, into)) &&
		     ok;
	}
	return ok;
}

const struct yaml_node *scenario_find(const struct yaml_node *mapping, const char *name)
{
	for (size_t i = 0; mapping->kind == YAML_MAPPING && i < mapping->count; i++) {
		if (strcmp(mapping->members[i].name->text, name) == 0) {
			return mapping->members[i].value;
		}
	}
	return NULL;
}

bool scenario_text(struct scenario_reader *reader, const struct yaml_node *node, const char **text)
{
	if (node->kind != YAML_SCALAR || yaml_is_null(node) || node->text[0] == '\0') {
		return scenario_complain(reader, node, NULL, "a text belongs here");
	}
	*text = node->text;
	return true;
}

bool scenario_number(
	struct scenario_reader *reader, const struct yaml_node *node, int64_t max, int64_t *number)
{
	const struct value *value = NULL;

	if (node->kind != YAML_SCALAR || !node->plain ||
		!value_of_number(reader->arena, node->text, strlen(node->text), &value) ||
		!value_int(value, number) || *number < 0 || *number > max) {
		return scenario_complain(reader, node, NULL,
			"a whole number from 0 to %lld belongs here", (long long)max);
	}
	return true;
}

/* ---- YAML → JSON ---- */

/* The core schema of YAML 1.2, with JSON's numbers. */
static const struct value *value_of_scalar(struct arena *arena, const struct yaml_node *node)
{
	const struct value *number;

	if (!node->plain) {
		return value_of_text(arena, node->text);
	}
	if (yaml_is_null(node)) {
		return value_null();
	}
	if (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0) {
		return value_of_bool(node->text[0] == 't');
	}
	if (value_of_number(arena, node->text, strlen(node->text), &number)) {
		return number;
	}
	return value_of_text(arena, node->text);
}

/* Depth and count are those of the file (config/yaml.h). */
const struct value *scenario_value(struct arena *arena, const struct yaml_node *node)
{
	struct value_builder it = { .arena = arena };

	switch (node->kind) {
	case YAML_SCALAR:
		return value_of_scalar(arena, node);
	case YAML_LIST:
		for (size_t i = 0; i < node->count; i++) {
			value_add_item(&it, scenario_value(arena, node->items[i]));
		}
		return value_finish_array(&it);
	case YAML_MAPPING:
		break;
	}
	for (size_t i = 0; i < node->count; i++) {
		value_add(&it, node->members[i].name->text,
			scenario_value(arena, node->members[i].value));
	}
	return value_finish_object(&it);
}

/* ---- names in texts ---- */

const char *scenario_find_name(void *user, const char *name)
{
	const struct scenario_reader *reader = user;
	const struct scenario_given *given = reader->given;

	for (size_t i = 0; i < reader->name_count; i++) {
		if (strcmp(reader->names[i], name) == 0) {
			return name;
		}
	}
	return scenario_find_thing(given->users, given->user_count, name) != NULL ||
			       scenario_find_thing(given->groups, given->group_count, name) != NULL
		       ? name
		       : NULL;
}

bool scenario_unknown_name(
	struct scenario_reader *reader, const struct yaml_node *node, const char *name)
{
	struct config_suggestion suggestion = { .name = name };
	const struct scenario_given *given = reader->given;

	for (size_t i = 0; i < given->user_count; i++) {
		config_suggest(&suggestion, given->users[i].name);
	}
	for (size_t i = 0; i < given->group_count; i++) {
		config_suggest(&suggestion, given->groups[i].name);
	}
	for (size_t i = 0; i < reader->name_count; i++) {
		config_suggest(&suggestion, reader->names[i]);
	}
	return scenario_complain(reader, node,
		suggestion.best != NULL
			? scenario_did_you_mean(reader, &suggestion)
			: "names are those of given.users, given.groups and `as`; write $${ for ${",
		"nobody is called '%.64s'", name);
}

bool scenario_check_text(
	struct scenario_reader *reader, const struct yaml_node *node, const char *text)
{
	const char *unknown = NULL;

	return scenario_replace(reader->arena, text, scenario_find_name, reader, &unknown) !=
		       NULL ||
	       scenario_unknown_name(reader, node, unknown);
}

/* A JSON value whose `${…}` are all known. */
bool scenario_checked_value(
	struct scenario_reader *reader, const struct yaml_node *node, const struct value **value)
{
	const char *unknown = NULL;

	*value = scenario_value(reader->arena, node);
	return scenario_replace_in(reader->arena, *value, scenario_find_name, reader, &unknown) !=
		       NULL ||
	       scenario_unknown_name(reader, node, unknown);
}

bool scenario_check_given(struct scenario_reader *reader, const struct yaml_node *place,
	const struct scenario_given *given)
{
	const char *unknown = NULL;

	for (size_t i = 0; i < given->user_count + given->group_count; i++) {
		const struct scenario_thing *thing =
			i < given->user_count ? &given->users[i]
					      : &given->groups[i - given->user_count];

		if (scenario_replace_in(reader->arena, thing->doc, scenario_find_name, reader,
			    &unknown) == NULL) {
			return scenario_unknown_name(reader, place, unknown);
		}
	}
	return true;
}
