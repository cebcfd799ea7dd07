#include "gateway/leftovers.h"

#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/value.h"
#include "gateway/gateway.h"
#include "scim/schema.h"
#include "store/commit.h"
#include "store/read.h"

/* One line for each attribute that a schema file ever described: "\nUser urn:…:number". */
static const char setting[] = "gateway.attributes";

enum { REMEMBERED_BYTES = 4 * 1024 * 1024 };

static bool is_core(const struct scim_schema *schema)
{
	return scim_model_schema(scim_model_core(), schema->id, schema->id_size) != NULL;
}

static void describe(struct buf *buf, const struct scim_resource_type *type,
	const struct scim_attribute *attributes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_printf(buf, "\n%s %s", type->name, value_text(attributes[i].path));
		describe(buf, type, attributes[i].subs, attributes[i].sub_count);
	}
}

static void describe_model(const struct scim_model *model, struct buf *buf)
{
	for (size_t i = 0; i < model->type_count; i++) {
		const struct scim_resource_type *type = &model->types[i];

		if (!is_core(type->schema)) {
			describe(buf, type, type->schema->attributes, type->schema->count);
		}
		for (size_t k = 0; k < type->extension_count; k++) {
			const struct scim_schema *it = type->extensions[k];

			if (!is_core(it)) {
				describe(buf, type, it->attributes, it->count);
			}
		}
	}
	buf_append_text(buf, "\n");
}

/* Whether the line that starts at `line` stands in text as well. Both end with a line break. */
static bool has_line(const char *text, size_t size, const char *line, size_t line_size)
{
	return memmem(text, size, line, line_size + 1) != NULL;
}

/* Whether the line is about a type that is served: nobody sees what others have. */
static bool is_served(const struct scim_model *model, const char *line)
{
	char name[128];
	size_t size = strcspn(line + 1, " \n");

	if (size >= sizeof(name)) {
		return true;
	}
	memcpy(name, line + 1, size);
	name[size] = '\0';
	return scim_model_type(model, name) != NULL;
}

/* Lines of a about types of the model that b lacks, to `more`; true when there are some. */
static bool lacks(const struct scim_model *model, const char *a, const char *b, struct buf *more)
{
	size_t b_size = strlen(b);
	bool found = false;

	while (a[0] != '\0' && a[1] != '\0') {
		size_t size = 1 + strcspn(a + 1, "\n");

		if (!has_line(b, b_size, a, size) && is_served(model, a)) {
			found = true;
			if (more != NULL) {
				buf_append(more, a, size);
			}
		}
		a += size;
	}
	return found;
}

static bool remember(struct gateway *gateway, const char *text, struct error *err)
{
	struct store_setting it = { .name = setting, .value = text };
	struct store_commit commit = {
		.now_us = clock_now_us(), .settings = &it, .setting_count = 1
	};

	return store_commit_wait(gateway->store, &commit, err);
}

static bool compare(struct gateway *gateway, const char *known, struct error *err)
{
	CLEANUP(buf_fini) struct buf now = { 0 };
	CLEANUP(buf_fini) struct buf all = { 0 };

	describe_model(gateway->model, &now);
	gateway->leftovers = lacks(gateway->model, known, buf_text(&now), NULL);
	if (!lacks(gateway->model, buf_text(&now), known, &all)) {
		return true;
	}
	buf_append_text(&all, known);
	if (all.size > REMEMBERED_BYTES) { /* no more is remembered: then anything may be left */
		gateway->leftovers = true;
		return true;
	}
	return remember(gateway, buf_text(&all), err);
}

bool leftovers_find(struct gateway *gateway, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct store_reader *reader = store_reader_open(gateway->store, err);
	const char *known = NULL;
	bool ok;

	if (reader == NULL) {
		return false;
	}
	ok = store_find_setting(reader, arena, setting, &known, err);
	store_reader_close(reader);
	return ok && compare(gateway, known != NULL ? known : "\n", err);
}
