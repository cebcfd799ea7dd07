#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/value.h"
#include "cli/capture_file.h"
#include "cli/source_replay.h"
#include "io/http_text.h"
#include "scim/dialect.h"
#include "scim/error.h"
#include "scim/filter.h"
#include "scim/patch.h"
#include "scim/resource.h"
#include "scim/schema.h"

static const struct value_limits limits = {
	.bytes = 1 << 20, .depth = 32, .values = 50000, .folded_keys = true
};

struct reading {
	struct arena *arena;
	const struct scim_dialect *dialect;
	const struct scim_resource_type *type; /* NULL: the target names none */
	const json_t *record;
};

/* The resource type of "/t/x/scim/v2/Users/…". */
static const struct scim_resource_type *type_of(
	struct arena *arena, const struct scim_model *model, const char *target)
{
	const char *at = target;

	while (*at != '\0' && *at != '?') {
		size_t size = strcspn(at, "/?");
		const struct scim_resource_type *type =
			scim_model_endpoint(model, arena_text(arena, at, size));

		if (type != NULL) {
			return type;
		}
		at += size;
		at += *at == '/';
	}
	return NULL;
}

static char *taken(struct buf *buf)
{
	char *text = must_strdup(buf_text(buf));

	buf_fini(buf);
	return text;
}

static char *text_of(const struct value *value)
{
	struct buf buf = { 0 };

	value_print(&buf, value);
	return taken(&buf);
}

static bool read_filter(const struct reading *it, char **means, struct error *err)
{
	const char *query = strchr(json_string_value(json_object_get(it->record, "target")), '?');
	struct http_text cursor = { query != NULL ? query + 1 : "",
		query != NULL ? strlen(query + 1) : 0 };
	struct http_text name, value;

	while (http_query_next(&cursor, it->arena, &name, &value, err)) {
		struct buf buf = { 0 };
		const struct scim_filter *filter;

		if (!http_text_is_folded(name, "filter") || it->type == NULL) {
			continue;
		}
		filter = scim_filter_parse(it->arena, it->type, value.data, value.size,
			scim_dialect_has(it->dialect, SCIM_LOOSE_FILTER), err);
		if (filter == NULL) {
			return false;
		}
		scim_filter_print(&buf, filter);
		*means = taken(&buf);
		return true;
	}
	return err->code == ERROR_NONE;
}

static bool read_body(const struct reading *it, const char *method, const char *text, char **means,
	struct error *err)
{
	const struct value *body = value_parse(it->arena, text, strlen(text), &limits, err);
	struct scim_body resource;
	struct scim_patch patch;

	if (body == NULL) {
		return false;
	}
	if (strcmp(method, "PATCH") == 0) {
		if (!scim_patch_parse(it->arena, it->type, it->dialect, body, &patch, err)) {
			return false;
		}
		*means = text_of(value_find(scim_patch_print(it->arena, &patch), "Operations"));
		return true;
	}
	if (!scim_resource_read(it->arena, it->type, it->dialect, body, &resource, err)) {
		return false;
	}
	*means = text_of(resource.doc);
	return true;
}

int replay_read(const struct scim_model *model, const struct scim_dialect *dialect,
	const json_t *record, char **means)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const char *method = json_string_value(json_object_get(record, "method"));
	const char *target = json_string_value(json_object_get(record, "target"));
	struct reading it = { arena, dialect, type_of(arena, model, target), record };
	struct error err = { 0 };
	bool omitted;
	CLEANUP(memory_cleanup) char *body = capture_file_body(record, &omitted);
	bool ok = true;

	*means = NULL;
	if (omitted) {
		*means = must_strdup("the body was too long for the capture");
	} else if (body == NULL) {
		ok = read_filter(&it, means, &err);
	} else if (it.type != NULL && strstr(target, "/.search") == NULL) {
		ok = read_body(&it, method, body, means, &err);
	}
	if (!ok) {
		*means = must_strdup(err.text);
	}
	return ok ? 0 : scim_error_status(err.code);
}
