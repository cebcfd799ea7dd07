#include "cli/lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/child.h"
#include "gateway/policy_opa.h"
#include "policy/tar.h"

enum { TREE_BYTES = 64 * 1024 * 1024, MESSAGE_BYTES = 500, REF_BYTES = 300 };

/* ---- files ---- */

static bool ends_with(const char *name, const char *ending)
{
	size_t size = strlen(name);
	size_t tail = strlen(ending);

	return size >= tail && strcmp(name + size - tail, ending) == 0;
}

static bool parse_file(
	struct lint *lint, const struct config_policy *config, const char *name, struct error *err)
{
	static const struct value_limits limits = {
		.bytes = TREE_BYTES, .depth = 1000, .values = 10000000
	};
	const char *const argv[] = { config->opa, "parse", "--format", "json", "--json-include",
		"locations", name, NULL };
	struct child child;

	child_run(lint->arena,
		&(struct process_options){ .argv = argv,
			.folder = config->directory,
			.timeout_ms = config->opa_timeout_ms,
			.output_bytes = TREE_BYTES },
		&child);
	if (!child_is_fine(&child)) {
		return policy_opa_failed(&child, "opa parse", err);
	}
	const struct value *module =
		value_parse(lint->arena, child.output, child.output_size, &limits, err);
	if (module == NULL) {
		return error_wrap(err, "opa parse %s", name);
	}
	lint->files[lint->file_count++] = (struct lint_file){
		.name = name,
		.module = module,
		.is_test = ends_with(name, "_test.rego"),
	};
	return true;
}

bool lint_read(struct lint *lint, const struct config_policy *config, struct error *err)
{
	if (!policy_tree_read(lint->arena, config->directory, &lint->tree, err)) {
		return false;
	}
	lint->files = arena_calloc(lint->arena, lint->tree.count + 1, sizeof(*lint->files));
	for (size_t i = 0; i < lint->tree.count; i++) {
		const char *name = lint->tree.files[i].name;

		if (ends_with(name, ".rego") && !parse_file(lint, config, name, err)) {
			return false;
		}
	}
	return true;
}

/* ---- findings ---- */

/* It says `scimward:ignore ID, ID…`. */
static bool line_silences(const char *line, const char *rule)
{
	static const char gaps[] = " ,\t\r";
	const char *at = strstr(line, "scimward:ignore");
	size_t size = strlen(rule);

	for (size_t word = at != NULL ? strcspn(at, gaps) : 0; word > 0; word = strcspn(at, gaps)) {
		if (word == size && memcmp(at, rule, size) == 0) {
			return true;
		}
		at += word;
		at += strspn(at, gaps);
	}
	return false;
}

/* On the line, or on the one above. */
static bool is_silenced(struct lint *lint, const char *name, size_t line, const char *rule)
{
	const struct tar_file *file = NULL;
	size_t number = 1;

	for (size_t i = 0; i < lint->tree.count && file == NULL; i++) {
		file = strcmp(lint->tree.files[i].name, name) == 0 ? &lint->tree.files[i] : NULL;
	}
	for (size_t at = 0; file != NULL && at < file->size && number <= line; number++) {
		const char *end = memchr(file->bytes + at, '\n', file->size - at);
		size_t size = end != NULL ? (size_t)(end - file->bytes) - at : file->size - at;

		if (number + 1 >= line &&
			line_silences(arena_text(lint->arena, file->bytes + at, size), rule)) {
			return true;
		}
		at += size + 1;
	}
	return false;
}

static void keep(struct lint *lint, const struct report_finding *finding)
{
	if (lint->count == lint->room) {
		size_t room = lint->room > 0 ? lint->room * 2 : 32;
		struct report_finding *more = arena_calloc(lint->arena, room, sizeof(*more));

		if (lint->count > 0) {
			memcpy(more, lint->findings, lint->count * sizeof(*more));
		}
		lint->findings = more;
		lint->room = room;
	}
	lint->findings[lint->count++] = *finding;
}

static const char *help_of(const char *rule)
{
	for (size_t i = 0; i < lint_rule_count; i++) {
		if (strcmp(lint_rules[i].id, rule) == 0) {
			return lint_rules[i].help;
		}
	}
	return "";
}

static void find(struct lint *lint, const char *rule, enum report_level level, const char *file,
	size_t line, size_t column, const char *message)
{
	if (is_silenced(lint, file, line, rule)) {
		return;
	}
	keep(lint, &(struct report_finding){
			   .rule = rule,
			   .level = level,
			   .file = arena_printf(lint->arena, "%s%s", lint->prefix, file),
			   .line = line,
			   .column = column,
			   .message = arena_strdup(lint->arena, message),
			   .detail = arena_printf(lint->arena, "%s\n", help_of(rule)),
		   });
}

void lint_find(struct lint *lint, const char *rule, enum report_level level,
	const struct value *node, const char *format, ...)
{
	const struct value *place = value_find(node, "location");
	char message[MESSAGE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	find(lint, rule, level, lint->file->name, (size_t)value_find_int(place, "row", 0),
		(size_t)value_find_int(place, "col", 0), message);
}

void lint_find_at(
	struct lint *lint, const char *rule, const char *file, size_t line, const char *format, ...)
{
	char message[MESSAGE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	find(lint, rule, REPORT_WARNING, file, line, 0, message);
}

/* ---- nodes ---- */

const char *lint_type(const struct value *term)
{
	const char *type = value_find_text(term, "type");

	return type != NULL ? type : "";
}

const char *lint_string(const struct value *term)
{
	return strcmp(lint_type(term), "string") == 0 ? value_find_text(term, "value") : NULL;
}

const char *lint_ref(struct lint *lint, const struct value *term, bool *is_static)
{
	const struct value *parts = value_find(term, "value");
	const char *text = "";

	if (strcmp(lint_type(term), "ref") != 0 || !value_is(parts, VALUE_ARRAY)) {
		return NULL;
	}
	*is_static = true;
	for (size_t i = 0; i < value_count(parts); i++) {
		const struct value *part = value_at(parts, i);
		const char *name = value_find_text(part, "value");
		bool is_name =
			name != NULL && (lint_string(part) != NULL ||
						(i == 0 && strcmp(lint_type(part), "var") == 0));

		if (!is_name || strlen(text) + strlen(name) > REF_BYTES) {
			*is_static = false;
			break;
		}
		text = arena_printf(lint->arena, "%s%s%s", text, i > 0 ? "." : "", name);
	}
	return text;
}

const char *lint_call(struct lint *lint, const struct value *node, const struct value **parts)
{
	bool is_call = strcmp(lint_type(node), "call") == 0;
	const struct value *list = value_find(node, is_call ? "value" : "terms");
	bool is_static;

	if (!value_is(list, VALUE_ARRAY) || value_count(list) == 0) {
		return NULL;
	}
	*parts = list;
	return lint_ref(lint, value_at(list, 0), &is_static);
}

/* A rule has a head, an expression has terms, a term has a type and a value. */
static void look(struct lint *lint, const struct value *node)
{
	if (value_is(node, VALUE_ARRAY)) {
		for (size_t i = 0; i < value_count(node); i++) {
			look(lint, value_at(node, i));
		}
		return;
	}
	if (!value_is(node, VALUE_OBJECT)) {
		return;
	}
	if (value_find(node, "head") != NULL) {
		lint_rule_node(lint, node);
	} else if (value_find(node, "terms") != NULL) {
		lint_expression_node(lint, node);
	} else if (value_find(node, "type") != NULL && value_find(node, "value") != NULL) {
		lint_term_node(lint, node);
	}
	for (size_t i = 0; i < value_count(node); i++) {
		const struct value_member *member = value_member_at(node, i);

		if (strcmp(value_text(member->key), "location") != 0) {
			look(lint, member->value);
		}
	}
}

static void keep_wanted(struct lint *lint, const char *wanted)
{
	size_t kept = 0;

	for (size_t i = 0; i < lint->count; i++) {
		if (strcmp(lint->findings[i].rule, wanted) == 0) {
			lint->findings[kept++] = lint->findings[i];
		}
	}
	lint->count = kept;
}

void lint_run(struct lint *lint, const char *wanted)
{
	for (size_t i = 0; i < lint->file_count; i++) {
		lint->file = &lint->files[i];
		look(lint, lint->file->module);
	}
	lint_end(lint);
	if (wanted != NULL) {
		keep_wanted(lint, wanted);
	}
}
