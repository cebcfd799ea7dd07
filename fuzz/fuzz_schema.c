/*
 * Schema and resource type files from arbitrary bytes: schemas, a line "%%", resource types, a line
 * "%%", the body of a resource. A model is built or there is at least one problem. What discovery
 * shows of a model makes the same model again, and bodies can be read, keyed and printed by it.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/dialect.h"
#include "scim/discovery.h"
#include "scim/key.h"
#include "scim/model_load.h"
#include "scim/print.h"
#include "scim/resource.h"

#define BASE "https://gate.example/scim/v2"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct scim_model *load(
	struct arena *arena, const char *texts[2], const size_t sizes[2])
{
	struct scim_problems problems = { .arena = arena };
	struct scim_file files[2] = { { "schemas/a.json", texts[0], sizes[0] },
		{ "resource_types/b.json", texts[1], sizes[1] } };
	const struct scim_model *model = scim_model_load(arena,
		&(struct scim_model_files){ .schemas = &files[0],
			.schema_count = sizes[0] > 0,
			.types = &files[1],
			.type_count = sizes[1] > 0 },
		&problems);

	assert((model == NULL) == (problems.count > 0));
	for (size_t i = 0; i < problems.count; i++) {
		assert(scim_problem_text(arena, &problems.items[i])[0] != '\0');
	}
	return model;
}

static bool is_core(const char *urn)
{
	return scim_model_schema(scim_model_core(), urn, strlen(urn)) != NULL;
}

/* What discovery shows of it, in the form of the two files. */
static void show(const struct scim_model *model, struct buf files[2])
{
	for (size_t i = 0; i < model->schema_count; i++) {
		const char *urn = model->schemas[i]->id;

		if (!is_core(urn) &&
			scim_model_schema(model, urn, strlen(urn)) == model->schemas[i]) {
			buf_append_text(&files[0], files[0].size > 0 ? "," : "[");
			assert(scim_discovery_schemas(&files[0], model, BASE, urn));
		}
	}
	for (size_t i = 0; i < model->type_count; i++) {
		buf_append_text(&files[1], i > 0 ? "," : "[");
		assert(scim_discovery_types(&files[1], model, BASE, model->types[i].name));
	}
	buf_append_text(&files[0], files[0].size > 0 ? "]" : "[]");
	buf_append_text(&files[1], "]");
}

static void check_again(struct arena *arena, const struct scim_model *model)
{
	struct buf first[2] = { { 0 } }, second[2] = { { 0 } };
	const struct scim_model *again;

	show(model, first);
	again = load(arena, (const char *[]){ first[0].data, first[1].data },
		(size_t[]){ first[0].size, first[1].size });
	assert(again != NULL);
	assert(again->unique_count == model->unique_count);
	show(again, second);
	for (int i = 0; i < 2; i++) {
		assert(strcmp(buf_text(&first[i]), buf_text(&second[i])) == 0);
		buf_fini(&first[i]);
		buf_fini(&second[i]);
	}
}

static void read_body(
	struct arena *arena, const struct scim_resource_type *type, const struct value *value)
{
	struct scim_key *keys = arena_alloc(arena, SCIM_KEYS_MAX * sizeof(*keys));
	struct buf buf = { 0 };
	struct error err = { 0 };
	struct scim_body body;

	if (scim_resource_read(arena, type, scim_dialect_find("entra"), value, &body, &err)) {
		struct scim_outward outward = { .type = type,
			.base = BASE,
			.id = "1",
			.version = 1,
			.doc = body.doc,
			.arena = arena };

		assert(scim_keys_of_doc(arena, type, body.doc, keys) <= SCIM_KEYS_MAX);
		scim_print_open(&buf, &outward);
		scim_print_close(&buf, &outward);
		assert(value_parse(arena, buf.data, buf.size,
			       &(struct value_limits){
				       .bytes = SIZE_MAX, .depth = 64, .values = SIZE_MAX },
			       &err) != NULL);
	}
	buf_fini(&buf);
}

/* Up to a line "%%"; *text moves behind it. */
static size_t part(const char **text, const char *end)
{
	const char *start = *text;
	const char *mark = memmem(start, (size_t)(end - start), "\n%%\n", 4);

	*text = mark != NULL ? mark + 4 : end;
	return (size_t)((mark != NULL ? mark : end) - start);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct value_limits limits = {
		.bytes = 1 << 20, .depth = 32, .values = 10000, .folded_keys = true
	};
	struct arena *arena = arena_new();
	const char *text = (const char *)data;
	const char *end = text + size;
	const char *texts[3];
	size_t sizes[3];
	const struct scim_model *model;

	for (int i = 0; i < 3; i++) {
		texts[i] = text;
		sizes[i] = part(&text, end);
	}
	model = load(arena, texts, sizes);
	if (model != NULL) {
		const struct value *value =
			value_parse(arena, texts[2], sizes[2], &limits, &(struct error){ 0 });

		check_again(arena, model);
		for (size_t i = 0; value != NULL && i < model->type_count; i++) {
			read_body(arena, &model->types[i], value);
		}
	}
	arena_free(arena);
	return 0;
}
