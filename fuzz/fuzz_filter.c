/*
 * Filters. The first byte chooses the type and whether the dialect is loose; the rest is the text.
 * Printed and parsed again, a filter prints the same; and it matches the same.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/filter.h"
#include "scim/key.h"
#include "scim/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char sample[] =
	"{\"userName\":\"Anna\",\"active\":true,\"title\":\"x\",\"name\":{\"familyName\":\"Lee\"},"
	"\"displayName\":\"Team\",\"emails\":[{\"type\":\"work\",\"value\":\"a@x\",\"primary\":"
	"true},"
	"{\"value\":\"b@x\"}],\"members\":[{\"value\":\"u1\"}],\"meta\":{\"created\":"
	"\"2026-11-24T04:00:00Z\"},\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":"
	"{\"department\":\"R\",\"manager\":{\"value\":\"m\"}},\"a\":{\"b\":[1,\"x\",null]}}";

static const struct value *parse_sample(struct arena *arena)
{
	static const struct value_limits limits = { .bytes = 1 << 16, .depth = 32, .values = 1000 };

	return value_parse(arena, sample, sizeof(sample) - 1, &limits, NULL);
}

static const struct scim_filter *parse(
	struct arena *arena, unsigned choice, const char *text, size_t size, struct error *err)
{
	const struct scim_model *model = scim_model_core();
	const struct scim_resource_type *type =
		scim_model_type(model, (choice & 1) != 0 ? "User" : "Group");

	if ((choice & 4) != 0) {
		return scim_filter_parse_element(arena,
			scim_type_find(type, (choice & 1) != 0 ? "emails" : "members",
				(choice & 1) != 0 ? 6 : 7),
			text, size, (choice & 2) != 0, err);
	}
	return scim_filter_parse(
		arena, (choice & 8) != 0 ? NULL : type, text, size, (choice & 2) != 0, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct error err = { 0 };
	struct buf first = { 0 }, second = { 0 };
	const struct scim_filter *filter =
		size > 0 ? parse(arena, data[0], (const char *)data + 1, size - 1, &err) : NULL;

	if (filter != NULL) {
		const struct value *doc = parse_sample(arena);
		struct scim_key key;
		const struct scim_filter *again;

		scim_key_of_filter(arena, filter, &key);
		scim_filter_print(&first, filter);
		again = parse(arena, data[0] & ~2U, first.data, first.size, &err);
		if (again != NULL) {
			scim_filter_print(&second, again);
			assert(strcmp(first.data, second.data) == 0);
			assert(scim_filter_matches_value(arena, filter, doc) ==
				scim_filter_matches_value(arena, again, doc));
		} else {
			/* A text may grow by escapes, and a loose one by a pair of parentheses. */
			assert(first.size > SCIM_FILTER_BYTES_MAX ||
				strstr(err.text, "16 levels") != NULL);
		}
	} else if (size > 0) {
		assert(err.code == ERROR_FILTER);
	}
	buf_fini(&first);
	buf_fini(&second);
	arena_free(arena);
	return 0;
}
