#include "gateway/policy_data.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/value.h"
#include "config/report.h"
#include "config/yaml.h"
#include "gateway/policy_tree.h"
#include "policy/engine.h"
#include "policy/tar.h"

/* ---- what packages say ---- */

enum { SAID_MAX = 10000 };

/* One of data.<path> that a package says. */
struct said {
	const char *const *path; /* without "data" */
	size_t depth;
	const struct value *schema;
	const char *file; /* that says it */
};

struct all_said {
	struct said *list;
	size_t count;
};

bool policy_data_has_schemas(const struct policy_tree *tree)
{
	static const char mark[] = "schemas:";

	for (size_t i = 0; i < tree->count; i++) {
		const struct tar_file *file = &tree->files[i];
		size_t size = strlen(file->name);

		if (size > 5 && strcmp(file->name + size - 5, ".rego") == 0 &&
			memmem(file->bytes, file->size, mark, sizeof(mark) - 1) != NULL) {
			return true;
		}
	}
	return false;
}

/* Schemas of files (`schema.x`) are `opa check`'s alone; one of all data has no name to put it. */
static void add_said(
	struct arena *arena, struct all_said *all, const struct value *item, const char *file)
{
	const struct value *path = value_find(item, "path");
	const struct value *schema = value_find(item, "definition");
	size_t depth = value_count(path);
	const char *root = value_find_text(value_at(path, 0), "value");

	if (schema == NULL || depth < 2 || root == NULL || strcmp(root, "data") != 0 ||
		all->count == SAID_MAX) {
		return;
	}
	const char **names = arena_calloc(arena, depth, sizeof(*names));
	for (size_t i = 1; i < depth; i++) {
		const char *name = value_find_text(value_at(path, i), "value");

		names[i - 1] = name != NULL ? name : "";
	}
	all->list[all->count++] = (struct said){ names, depth - 1, schema, file };
}

static struct all_said gather(struct arena *arena, const struct value *annotations)
{
	struct all_said all = { .list = arena_calloc(arena, SAID_MAX, sizeof(*all.list)) };

	for (size_t i = 0; i < value_count(annotations); i++) {
		const struct value *row = value_at(annotations, i);
		const struct value *schemas = value_find(value_find(row, "annotations"), "schemas");
		const char *file = value_find_text(value_find(row, "location"), "file");

		for (size_t j = 0; j < value_count(schemas); j++) {
			add_said(arena, &all, value_at(schemas, j), file != NULL ? file : "?");
		}
	}
	return all;
}

/* ---- as one schema ---- */

static bool is_below(const struct said *said, const char *const *path, size_t depth)
{
	for (size_t i = 0; i < depth; i++) {
		if (said->depth <= i || strcmp(said->path[i], path[i]) != 0) {
			return false;
		}
	}
	return true;
}

static const struct value *join(struct arena *arena, const struct value *schemas)
{
	if (value_count(schemas) == 1) {
		return value_at(schemas, 0);
	}
	return value_with(arena, NULL, "allOf", schemas);
}

/* Of what stands at the path: what is said of it, and of what is below. */
static const struct value *schema_at(
	struct arena *arena, const struct all_said *all, const char *const *path, size_t depth)
{
	struct value_builder here = { .arena = arena };
	struct value_builder members = { .arena = arena };
	const struct value *below = NULL;

	for (size_t i = 0; i < all->count; i++) {
		const struct said *said = &all->list[i];
		const char *name;

		if (!is_below(said, path, depth)) {
			continue;
		}
		if (said->depth == depth) {
			value_add_item(&here, said->schema);
			continue;
		}
		name = said->path[depth];
		if (below == NULL || value_find(below, name) == NULL) {
			below = value_with(
				arena, below, name, schema_at(arena, all, said->path, depth + 1));
		}
	}
	if (below != NULL) {
		value_add(&members, "type", value_of_text(arena, "object"));
		value_add(&members, "properties", below);
		value_add_item(&here, value_finish_object(&members));
	}
	return join(arena, value_finish_array(&here));
}

const struct value *policy_data_schema(struct arena *arena, const struct value *annotations)
{
	struct all_said all = gather(arena, annotations);
	const struct value *schema =
		all.count > 0 ? schema_at(arena, &all, NULL, 0)
			      : value_with(arena, NULL, "type", value_of_text(arena, "object"));

	return value_with(arena, schema, "$schema",
		value_of_text(arena, "http://json-schema.org/draft-07/schema#"));
}

/* ---- does it fit? ---- */

/* `json.match_schema(input.document, input.schema)`, as a plan. */
static const char match_plan[] =
	"{\"static\":{\"strings\":[{\"value\":\"result\"},{\"value\":\"document\"},{\"value\":"
	"\"schema\"}],\"builtin_funcs\":[{\"name\":\"json.match_schema\"}],\"files\":[{\"value\":"
	"\"match\"}]},\"plans\":{\"plans\":[{\"name\":\"match\",\"blocks\":[{\"stmts\":["
	"{\"type\":\"DotStmt\",\"stmt\":{\"source\":{\"type\":\"local\",\"value\":0},\"key\":{"
	"\"type\":\"string_index\",\"value\":1},\"target\":2,\"file\":0,\"row\":1,\"col\":1}},"
	"{\"type\":\"DotStmt\",\"stmt\":{\"source\":{\"type\":\"local\",\"value\":0},\"key\":{"
	"\"type\":\"string_index\",\"value\":2},\"target\":3,\"file\":0,\"row\":1,\"col\":1}},"
	"{\"type\":\"CallStmt\",\"stmt\":{\"func\":\"json.match_schema\",\"args\":[{\"type\":"
	"\"local\",\"value\":2},{\"type\":\"local\",\"value\":3}],\"result\":4,\"file\":0,\"row\":"
	"1,"
	"\"col\":1}},"
	"{\"type\":\"MakeObjectStmt\",\"stmt\":{\"target\":5,\"file\":0,\"row\":1,\"col\":1}},"
	"{\"type\":\"ObjectInsertStmt\",\"stmt\":{\"key\":{\"type\":\"string_index\",\"value\":0},"
	"\"value\":{\"type\":\"local\",\"value\":4},\"object\":5,\"file\":0,\"row\":1,\"col\":1}},"
	"{\"type\":\"ResultSetAddStmt\",\"stmt\":{\"value\":5,\"file\":0,\"row\":1,\"col\":1}}"
	"]}]}]},\"funcs\":{\"funcs\":[]}}";

/* A policy may bring much data; what takes longer than this is no data that people wrote. */
static const struct policy_budget match_budget = {
	.steps = 200000000, .bytes = (size_t)512 << 20, .time_us = 10000000, .depth = 512
};

/* As text: a document that is a list is taken only so. */
static const struct value *question(
	struct arena *arena, const struct value *document, const struct value *schema)
{
	CLEANUP(buf_fini) struct buf text = { 0 };

	value_print(&text, document);
	return value_with(arena,
		value_with(arena, NULL, "document",
			value_of_text(arena, arena_text(arena, buf_text(&text), text.size))),
		"schema", schema);
}

/* ---- where it stands ---- */

/* "rails.max" of a mapping that has rails; names may have dots of their own. *rest: what is left.
 */
static const struct yaml_node *step_down(const struct yaml_node *node, const char **rest)
{
	for (size_t i = 0; i < node->count && node->kind == YAML_MAPPING; i++) {
		const char *name = node->members[i].name->text;
		size_t size = strlen(name);

		if (strncmp(*rest, name, size) == 0 &&
			((*rest)[size] == '.' || (*rest)[size] == '\0')) {
			*rest += size + ((*rest)[size] == '.');
			return node->members[i].value;
		}
	}
	if (node->kind == YAML_LIST && **rest >= '0' && **rest <= '9') {
		char *end;
		unsigned long index = strtoul(*rest, &end, 10);

		if (index < node->count && (*end == '.' || *end == '\0')) {
			*rest = end + (*end == '.');
			return node->items[index];
		}
	}
	return NULL;
}

/* Of what the path names, or of the nearest around it. 0: the file says nothing of it. */
static size_t line_in(struct arena *arena, const struct tar_file *file, const char *path)
{
	struct config_report report = { .file = file->name };
	const struct yaml_node *node = yaml_parse(arena, file->bytes, file->size, &report);
	const struct yaml_node *next = node;
	size_t line = 0;

	while (next != NULL && *path != '\0') {
		next = step_down(node, &path);
		if (next != NULL) {
			line = next->place.line;
			node = next;
		}
	}
	config_report_fini(&report);
	return line;
}

/* "access/data.yaml" holds what begins with "access."; its remainder, or NULL. */
static const char *path_within(const char *name, const char *path)
{
	const char *last = strrchr(name, '/');
	size_t size = last != NULL ? (size_t)(last - name) + 1 : 0;
	const char *base = name + size;

	if (strcmp(base, "data.yaml") != 0 && strcmp(base, "data.yml") != 0 &&
		strcmp(base, "data.json") != 0) {
		return NULL;
	}
	for (size_t i = 0; i < size; i++) {
		if (path[i] != (name[i] == '/' ? '.' : name[i])) {
			return NULL;
		}
	}
	return path + size;
}

/* "access/data.yaml:12"; "data" when no file tells. */
static const char *place_of(struct arena *arena, const struct policy_tree *tree, const char *path)
{
	for (size_t i = 0; i < tree->count; i++) {
		const char *within = path_within(tree->files[i].name, path);
		size_t line = within != NULL ? line_in(arena, &tree->files[i], within) : 0;

		if (line > 0) {
			return arena_printf(arena, "%s:%zu", tree->files[i].name, line);
		}
	}
	return "data";
}

/* ---- all of it ---- */

struct checking {
	struct arena *arena;
	struct policy *policy;
	struct policy_worker *worker;
	const struct policy_tree *tree;
	size_t problems;
	const char *first;
};

static void note(struct checking *it, const struct said *said, const struct value *problem)
{
	const char *field = value_find_text(problem, "field");
	const char *what = value_find_text(problem, "desc");
	CLEANUP(buf_fini) struct buf path = { 0 };

	if (it->problems++ > 0) {
		return;
	}
	for (size_t i = 0; i < said->depth; i++) {
		buf_printf(&path, "%s%s", i > 0 ? "." : "", said->path[i]);
	}
	if (field != NULL && strcmp(field, "(Root)") != 0) {
		buf_printf(&path, ".%s", field);
	}
	it->first = arena_printf(it->arena, "%s: data.%s: %s (%s says what belongs there)",
		place_of(it->arena, it->tree, buf_text(&path)), buf_text(&path),
		what != NULL ? what : "it does not fit", said->file);
}

static bool check_one(
	struct checking *it, const struct said *said, const struct value *data, struct error *err)
{
	struct policy_failure failure;
	struct policy_call call = {
		.worker = it->worker, .arena = it->arena, .budget = &match_budget
	};
	const struct value *result = NULL;

	for (size_t i = 0; i < said->depth && data != NULL; i++) {
		data = value_is(data, VALUE_OBJECT) ? value_find(data, said->path[i]) : NULL;
	}
	if (data == NULL) {
		return true;
	}
	call.input = question(it->arena, data, said->schema);
	if (!policy_evaluate(it->policy, policy_find_entrypoint(it->policy, "match"), &call,
		    &result, &failure)) {
		return error_set(err, ERROR_POLICY, "%s: the schema of data.%s: %s", said->file,
			said->path[said->depth - 1], failure.text);
	}
	const struct value *problems = value_at(result, 1);
	for (size_t i = 0; i < value_count(problems); i++) {
		note(it, said, value_at(problems, i));
	}
	return true;
}

bool policy_data_check(struct arena *arena, const struct value *annotations,
	const struct value *data, const struct policy_tree *tree, struct error *err)
{
	CLEANUP(policy_worker_cleanup) struct policy_worker *worker = policy_worker_new();
	CLEANUP(policy_cleanup)
	struct policy *policy = policy_load(
		&(struct policy_files){ .plan = match_plan, .plan_size = sizeof(match_plan) - 1 },
		NULL, err);
	struct checking it = { .arena = arena, .policy = policy, .worker = worker, .tree = tree };
	struct all_said all = gather(arena, annotations);

	if (policy == NULL) {
		return false;
	}
	for (size_t i = 0; i < all.count; i++) {
		if (!check_one(&it, &all.list[i], data, err)) {
			return false;
		}
	}
	if (it.problems > 1) {
		return error_set(err, ERROR_POLICY, "%s, and %zu more", it.first, it.problems - 1);
	}
	return it.problems == 0 || error_set(err, ERROR_POLICY, "%s", it.first);
}
