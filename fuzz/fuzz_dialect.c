/*
 * What a dialect makes of a message. The first byte chooses the resource type and body or PATCH,
 * the second the dialect, the rest is JSON.
 *
 * parse → print → parse is a fixpoint: the document of a body is, in its own dialect and strictly,
 * itself; the standard form of a PATCH has that same form, and does to a document what the message
 * did.
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
#include "scim/patch.h"
#include "scim/resource.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct value_limits limits = {
	.bytes = 1 << 20, .depth = 32, .values = 20000, .folded_keys = true
};

static const char user[] =
	"{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\","
	"\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"],\"userName\":\"anna\","
	"\"active\":true,\"name\":{\"familyName\":\"Lee\"},"
	"\"emails\":[{\"primary\":true,\"type\":\"work\",\"value\":\"a@x\"},{\"value\":\"b@x\"}],"
	"\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{\"department\":\"R\","
	"\"manager\":{\"value\":\"m\"}}}";
static const char group[] =
	"{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:Group\"],\"displayName\":\"Team\"}";

struct input {
	struct arena *arena;
	const struct scim_resource_type *type;
	struct scim_dialect dialect;
	const struct value *body;
};

/* From text again, so that what is printed is what counts. */
static const struct value *again(struct arena *arena, const struct value *value)
{
	struct buf text = { 0 };
	const struct value *result;

	value_print(&text, value);
	result = value_parse(arena, text.data, text.size, &limits, NULL);
	assert(result != NULL && value_equals(result, value));
	buf_fini(&text);
	return result;
}

static void check_body(const struct input *in)
{
	struct scim_body once, twice, strictly;
	struct error err = { 0 };

	if (!scim_resource_read(in->arena, in->type, &in->dialect, in->body, &once, &err)) {
		assert(err.code != ERROR_NONE && err.code != ERROR_INTERNAL);
		return;
	}
	const struct value *doc = again(in->arena, once.doc);

	assert(scim_resource_read(in->arena, in->type, &in->dialect, doc, &twice, &err));
	assert(scim_resource_read(
		in->arena, in->type, scim_dialect_standard(), doc, &strictly, &err));
	assert(value_equals(once.doc, twice.doc) && value_equals(once.doc, strictly.doc));
	assert(twice.dropped == NULL);
}

static bool apply(const struct input *in, const struct scim_patch *patch, const struct value **doc,
	struct error *err)
{
	const char *text = in->type->has_members ? group : user;
	const struct value *before = value_parse(in->arena, text, strlen(text), &limits, NULL);
	struct scim_patch_result result;

	*doc = NULL;
	if (!scim_patch_apply(in->arena, patch, "id", before, &result, err)) {
		return false;
	}
	*doc = result.doc;
	return true;
}

static void check_patch(const struct input *in)
{
	struct scim_patch once, twice;
	struct error err = { 0 }, err_once = { 0 }, err_twice = { 0 };
	const struct value *after_once, *after_twice;

	if (!scim_patch_parse(in->arena, in->type, &in->dialect, in->body, &once, &err)) {
		assert(err.code != ERROR_NONE && err.code != ERROR_INTERNAL);
		return;
	}
	const struct value *printed = again(in->arena, scim_patch_print(in->arena, &once));

	/* All that it said was foreign: nothing is left to do. */
	if (value_count(value_find(printed, "Operations")) == 0) {
		return;
	}
	assert(scim_patch_parse(in->arena, in->type, &in->dialect, printed, &twice, &err));
	assert(value_equals(printed, scim_patch_print(in->arena, &twice)));
	bool did_once = apply(in, &once, &after_once, &err_once);
	bool did_twice = apply(in, &twice, &after_twice, &err_twice);

	assert(did_once == did_twice && err_once.code == err_twice.code);
	assert(!did_once || value_equals(after_once, after_twice));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { 0 };
	size_t count = 0;

	if (size < 2) {
		return 0;
	}
	while (scim_dialect_at(count) != NULL) {
		count++;
	}
	in.arena = arena_new();
	in.type = scim_model_type(scim_model_core(), (data[0] & 1) != 0 ? "User" : "Group");
	in.dialect = *scim_dialect_at(data[1] % count);
	if ((data[0] & 4) != 0) { /* quirks of which no dialect has all */
		in.dialect.quirks |= SCIM_ADDITIVE_MEMBERS | SCIM_NUMBER_TEXT |
				     SCIM_NUMBER_BOOLEAN | SCIM_DATE_ONLY;
	}
	in.body = value_parse(in.arena, (const char *)data + 2, size - 2, &limits, NULL);
	if (in.body != NULL && (data[0] & 2) != 0) {
		check_body(&in);
	} else if (in.body != NULL) {
		check_patch(&in);
	}
	arena_free(in.arena);
	return 0;
}
