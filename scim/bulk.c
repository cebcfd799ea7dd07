#include "scim/bulk.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/value.h"
#include "scim/bulk_plan.h"
#include "scim/bulk_ref.h"
#include "scim/dialect.h"
#include "scim/error.h"
#include "scim/message.h"
#include "scim/schema.h"
#include "scim/urn.h"

static const char *const methods[] = { "POST", "PUT", "PATCH", "DELETE" };

const char *scim_bulk_method_name(enum scim_bulk_method method)
{
	return methods[method];
}

/* ---- one operation ---- */

static bool read_method(const struct scim_dialect *dialect, const struct value *text,
	enum scim_bulk_method *method, struct error *err)
{
	for (int i = 0; i < 4 && value_is(text, VALUE_STRING); i++) {
		if (scim_dialect_has(dialect, SCIM_OP_ANY_CASE)
				? strcasecmp(value_text(text), methods[i]) == 0
				: strcmp(value_text(text), methods[i]) == 0) {
			*method = (enum scim_bulk_method)i;
			return true;
		}
	}
	return error_set(err, ERROR_SYNTAX, "method must be POST, PUT, PATCH or DELETE");
}

/* A text that may be absent. */
static bool read_text(
	const struct value *operation, const char *name, const char **text, struct error *err)
{
	const struct value *value = value_find_folded(operation, name);

	*text = NULL;
	if (value == NULL || value_is(value, VALUE_NULL)) {
		return true;
	}
	if (!value_is(value, VALUE_STRING)) {
		return error_set(err, ERROR_SYNTAX, "%s must be a text", name);
	}
	*text = value_text(value);
	return true;
}

/* "/Users", "/Users/<id>": what a request's path would be below the base. */
static bool read_path(struct arena *arena, const struct scim_model *model,
	struct scim_bulk_operation *it, struct error *err)
{
	const char *slash = strchr(it->path + 1, '/');
	size_t size = slash != NULL ? (size_t)(slash - it->path) : strlen(it->path);

	it->type = scim_model_endpoint(model, arena_text(arena, it->path, size));
	if (it->type == NULL || (slash != NULL && (slash[1] == '\0' || strchr(slash + 1, '/')))) {
		return error_set(err, ERROR_NOT_FOUND,
			"there is nothing at '%.128s'; a path is /<type> or /<type>/<id>",
			it->path);
	}
	if ((it->method == SCIM_BULK_POST) != (slash == NULL)) {
		return error_set(err, ERROR_METHOD, "%s of '%.128s' is not possible; %s",
			methods[it->method], it->path,
			slash == NULL ? "name a resource: /<type>/<id>"
				      : "POST to the type: /<type>");
	}
	it->id = slash != NULL ? slash + 1 : NULL;
	return true;
}

/* What this operation alone gets wrong. */
static bool check_operation(struct arena *arena, const struct scim_model *model,
	struct scim_bulk_operation *it, struct error *err)
{
	if (it->path == NULL) {
		return error_set(err, ERROR_SYNTAX, "an operation needs a path");
	}
	if (it->method == SCIM_BULK_POST && it->bulk_id == NULL) {
		return error_set(err, ERROR_SYNTAX, "a POST needs a bulkId (RFC 7644, 3.7)");
	}
	if (it->method == SCIM_BULK_DELETE) {
		it->data = NULL;
	} else if (!value_is(it->data, VALUE_OBJECT)) {
		return error_set(
			err, ERROR_SYNTAX, "%s needs data, an object", methods[it->method]);
	}
	return read_path(arena, model, it, err);
}

static bool read_operation(struct arena *arena, const struct scim_model *model,
	const struct scim_dialect *dialect, const struct value *operation,
	struct scim_bulk_operation *it, struct error *err)
{
	const char *path;

	if (!value_is(operation, VALUE_OBJECT)) {
		return error_set(err, ERROR_SYNTAX, "an operation must be an object");
	}
	if (!read_method(dialect, value_find_folded(operation, "method"), &it->method, err) ||
		!read_text(operation, "bulkId", &it->bulk_id, err) ||
		!read_text(operation, "version", &it->version, err) ||
		!read_text(operation, "path", &path, err)) {
		return false;
	}
	if (it->bulk_id != NULL &&
		(it->bulk_id[0] == '\0' || strlen(it->bulk_id) > SCIM_BULK_ID_BYTES_MAX)) {
		return error_set(
			err, ERROR_VALUE, "a bulkId has 1 to %d bytes", SCIM_BULK_ID_BYTES_MAX);
	}
	it->target = -1;
	it->data = value_find_folded(operation, "data");
	it->path = path != NULL && path[0] != '/' ? arena_printf(arena, "/%s", path) : path;
	check_operation(arena, model, it, &it->err);
	return true;
}

/* ---- the message ---- */

static bool read_fail_on_errors(const struct value *body, int64_t *result, struct error *err)
{
	const struct value *value = value_find_folded(body, "failOnErrors");

	*result = 0;
	if (value == NULL || value_is(value, VALUE_NULL)) {
		return true;
	}
	return (value_int(value, result) && *result > 0) ||
	       error_set(err, ERROR_VALUE, "failOnErrors must be a whole number from 1");
}

static bool read_operations(struct arena *arena, const struct scim_model *model,
	const struct scim_dialect *dialect, const struct value *list, size_t most,
	struct scim_bulk *bulk, struct error *err)
{
	bool empty = value_count(list) == 0;

	if (!value_is(list, VALUE_ARRAY) ||
		(empty && !scim_dialect_has(dialect, SCIM_EMPTY_OPERATIONS))) {
		return error_set(err, ERROR_SYNTAX, "Operations must be a list of operations");
	}
	bulk->count = value_count(list);
	if (bulk->count > most) {
		return error_set(err, ERROR_TOO_LARGE,
			"%zu operations are too many: maxOperations is %zu, so send several "
			"requests",
			bulk->count, most);
	}
	bulk->operations = arena_calloc(arena, bulk->count + 1, sizeof(*bulk->operations));
	for (size_t i = 0; i < bulk->count; i++) {
		if (!read_operation(
			    arena, model, dialect, value_at(list, i), &bulk->operations[i], err)) {
			return error_wrap(err, "operation %zu", i + 1);
		}
	}
	return true;
}

bool scim_bulk_parse(struct arena *arena, const struct scim_model *model,
	const struct scim_dialect *dialect, const struct value *body, size_t most,
	struct scim_bulk *bulk, struct error *err)
{
	*bulk = (struct scim_bulk){ 0 };
	if (!value_is(body, VALUE_OBJECT)) {
		return error_set(err, ERROR_SYNTAX, "a bulk request must be an object");
	}
	return scim_message_check(
		       dialect, value_find_folded(body, "schemas"), SCIM_URN_BULK_REQUEST, err) &&
	       read_fail_on_errors(body, &bulk->fail_on_errors, err) &&
	       read_operations(arena, model, dialect, value_find_folded(body, "Operations"), most,
		       bulk, err) &&
	       scim_bulk_index(arena, bulk, err);
}

bool scim_bulk_defers(const struct scim_bulk_operation *operation, size_t needed)
{
	return scim_bulk_set_has(&operation->deferred, (int64_t)needed);
}

/* ---- resolve ---- */

struct resolution {
	const struct scim_bulk *bulk;
	const struct scim_bulk_operation *operation;
	scim_bulk_id_fn *id_of;
	const void *user;
};

static const char *id_of_name(void *user, const char *name, size_t size, const char **endpoint)
{
	const struct resolution *it = user;
	int64_t index = scim_bulk_find(it->bulk, name, size);

	*endpoint = it->bulk->operations[index].type->endpoint;
	return it->id_of(it->user, (size_t)index);
}

static bool is_not_deferred(void *user, const char *name, size_t size)
{
	const struct resolution *it = user;
	int64_t index = scim_bulk_find(it->bulk, name, size);

	return !scim_bulk_set_has(&it->operation->deferred, index);
}

static const struct value *resolve(struct arena *arena, struct resolution *it, bool wanted)
{
	const struct value *data = it->operation->data;

	if (data == NULL || it->operation->references.count == 0) {
		return data;
	}
	if (it->operation->deferred.count > 0) {
		data = scim_bulk_part(arena, data, wanted, is_not_deferred, it);
	}
	return scim_bulk_replace(arena, data, id_of_name, it);
}

const struct value *scim_bulk_resolve(struct arena *arena, const struct scim_bulk *bulk,
	size_t operation, scim_bulk_id_fn *id_of, const void *user)
{
	struct resolution it = { bulk, &bulk->operations[operation], id_of, user };

	return resolve(arena, &it, false);
}

const struct value *scim_bulk_completion(struct arena *arena, const struct scim_bulk *bulk,
	size_t operation, scim_bulk_id_fn *id_of, const void *user)
{
	struct resolution it = { bulk, &bulk->operations[operation], id_of, user };
	struct value_builder add = { .arena = arena };
	struct value_builder list = { .arena = arena };
	struct value_builder schemas = { .arena = arena };
	struct value_builder patch = { .arena = arena };

	value_add_text(&add, "op", "add");
	value_add(&add, "value", resolve(arena, &it, true));
	value_add_item(&list, value_finish_object(&add));
	value_add_item(&schemas, value_of_text(arena, SCIM_URN_PATCH));
	value_add(&patch, "schemas", value_finish_array(&schemas));
	value_add(&patch, "Operations", value_finish_array(&list));
	return value_finish_object(&patch);
}

/* ---- the response ---- */

static void print_member(struct buf *buf, const char *name, const char *text)
{
	if (text != NULL) {
		buf_printf(buf, ",\"%s\":", name);
		buf_append_json_text(buf, text, strlen(text));
	}
}

void scim_bulk_print(struct buf *buf, const struct scim_bulk_operation *operation,
	const struct scim_bulk_result *result)
{
	buf_printf(buf, "{\"method\":\"%s\",\"status\":\"%d\"", methods[operation->method],
		result->status);
	print_member(buf, "bulkId", operation->bulk_id);
	print_member(buf, "location", result->location);
	print_member(buf, "version", result->version);
	if (result->err != NULL) {
		buf_append_text(buf, ",\"response\":");
		scim_error_print(buf, result->err);
	}
	buf_append_char(buf, '}');
}
