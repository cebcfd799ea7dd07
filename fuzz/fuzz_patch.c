/*
 * PATCH messages and bodies. The first byte chooses type and dialect; the rest is JSON.
 *
 * A body that is taken becomes a document that is its own document; a PATCH that is taken leaves
 * a valid document and leaves the one before alone. Printed in standard form and parsed again, a
 * message prints the same and does the same.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/changes.h"
#include "scim/dialect.h"
#include "scim/filter.h"
#include "scim/key.h"
#include "scim/patch.h"
#include "scim/print.h"
#include "scim/resource.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct value_limits limits = {
	.bytes = 1 << 20, .depth = 32, .values = 20000, .folded_keys = true
};

static const char user[] =
	"{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\","
	"\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"],\"userName\":\"anna\","
	"\"active\":true,\"title\":\"x\",\"name\":{\"familyName\":\"Lee\",\"givenName\":\"Ann\"},"
	"\"emails\":[{\"primary\":true,\"type\":\"work\",\"value\":\"a@x\"},{\"value\":\"b@x\"}],"
	"\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{\"department\":\"R\","
	"\"manager\":{\"value\":\"m\"}}}";
static const char group[] =
	"{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"],\"displayName\":\"Team\"}";

struct input {
	struct arena *arena;
	const struct scim_resource_type *type;
	const struct scim_dialect *dialect;
	const struct value *body;
};

static void print(struct buf *buf, const struct value *value)
{
	buf_clear(buf);
	value_print(buf, value);
}

/* What a document must be: read strictly, it is itself. */
static void check_document(const struct input *in, const struct value *doc)
{
	struct buf a = { 0 }, b = { 0 };
	struct scim_body again;
	struct scim_key keys[SCIM_KEYS_MAX];
	struct error err = { 0 };

	assert(scim_resource_read(in->arena, in->type, scim_dialect_standard(), doc, &again, &err));
	print(&a, doc);
	print(&b, again.doc);
	assert(strcmp(a.data, b.data) == 0);
	assert(value_parse(in->arena, a.data, a.size, &limits, &err) != NULL);
	assert(scim_keys_of_doc(in->arena, in->type, doc, keys) <= SCIM_KEYS_MAX);
	assert(value_count(scim_changes(in->arena, in->type, doc, again.doc)) == 0);
	buf_fini(&a);
	buf_fini(&b);
}

static void walk_members(const struct input *in, const struct value *list)
{
	for (size_t i = 0; i < scim_member_count(list); i++) {
		scim_member_id(in->dialect, list, i, NULL);
	}
}

static void fuzz_body(const struct input *in)
{
	struct scim_body result;

	if (scim_resource_read(in->arena, in->type, in->dialect, in->body, &result, NULL)) {
		check_document(in, result.doc);
		walk_members(in, result.members);
	}
}

static bool too_long(const struct scim_patch *patch)
{
	bool any = false;

	for (size_t i = 0; i < patch->count; i++) {
		struct buf path = { 0 };

		if (patch->operations[i].has_path) {
			scim_path_print(&path, &patch->operations[i].path);
		}
		any = any || path.size > SCIM_FILTER_BYTES_MAX;
		buf_fini(&path);
	}
	return any;
}

/* Escapes and parentheses may make a path too long or its filter too deep; nothing else. */
static void check_message(
	const struct input *in, const struct scim_patch *patch, const struct value *before)
{
	const struct value *message = scim_patch_print(in->arena, patch);
	struct scim_patch again;
	struct scim_patch_result one, other;
	struct error err = { 0 };
	bool done;

	if (value_count(value_find(message, "Operations")) == 0) {
		return; /* none is meant for this resource */
	}
	if (!scim_patch_parse(in->arena, in->type, in->dialect, message, &again, &err)) {
		assert(too_long(patch) || strstr(err.text, "16 levels") != NULL);
		return;
	}
	assert(value_equals(message, scim_patch_print(in->arena, &again)));
	done = scim_patch_apply(in->arena, patch, "id", before, &one, NULL);
	assert(done == scim_patch_apply(in->arena, &again, "id", before, &other, NULL));
	if (done) {
		assert(value_equals(one.doc, other.doc) && one.step_count == other.step_count);
	}
}

static void fuzz_patch(const struct input *in, const struct value *before)
{
	struct scim_patch_result result;
	struct buf was = { 0 }, is = { 0 };
	struct scim_patch patch;
	struct error err = { 0 };

	if (!scim_patch_parse(in->arena, in->type, in->dialect, in->body, &patch, &err)) {
		assert(err.code != ERROR_NONE && err.code != ERROR_INTERNAL);
		return;
	}
	check_message(in, &patch, before);
	print(&was, before);
	if (scim_patch_apply(in->arena, &patch, "id", before, &result, &err)) {
		check_document(in, result.doc);
		for (size_t i = 0; i < result.step_count; i++) {
			walk_members(in, result.steps[i].list);
		}
	}
	print(&is, before);
	assert(strcmp(was.data, is.data) == 0);
	buf_fini(&was);
	buf_fini(&is);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned choice = size > 0 ? data[0] : 0;
	struct input in = { .arena = arena_new(),
		.type = scim_model_type(scim_model_core(), (choice & 1) != 0 ? "User" : "Group"),
		.dialect = scim_dialect_at(choice / 4 % 10) };
	const char *sample = (choice & 1) != 0 ? user : group;
	struct scim_patch patch;

	in.body = size > 0 ? value_parse(in.arena, (const char *)data + 1, size - 1, &limits, NULL)
			   : NULL;
	if (in.body != NULL && (choice & 2) != 0) {
		fuzz_body(&in);
	} else if (in.body != NULL) {
		fuzz_patch(&in, value_parse(in.arena, sample, strlen(sample), &limits, NULL));
		scim_patch_parse_obligations(
			in.arena, in.type, value_find(in.body, "Operations"), &patch, NULL);
	}
	arena_free(in.arena);
	return 0;
}
