/*
 * Paths of PATCH operations. The first byte chooses the type and whether the dialect is loose.
 * Printed and parsed again, a path prints the same.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "scim/filter.h"
#include "scim/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned choice = size > 0 ? data[0] : 0;
	const struct scim_resource_type *type =
		scim_model_type(scim_model_core(), (choice & 1) != 0 ? "User" : "Group");
	struct arena *arena = arena_new();
	struct buf first = { 0 }, second = { 0 };
	struct error err = { 0 };
	struct scim_path path;

	if (size > 0 && scim_path_parse(arena, type, (const char *)data + 1, size - 1,
				(choice & 2) != 0, &path, &err)) {
		scim_path_print(&first, &path);
		if (scim_path_parse(arena, type, first.data, first.size, false, &path, &err)) {
			scim_path_print(&second, &path);
			assert(strcmp(first.data, second.data) == 0);
		} else { /* escapes can make a filter too long */
			assert(first.size > SCIM_FILTER_BYTES_MAX);
		}
	} else if (size > 0) {
		assert(err.code == ERROR_PATH || err.code == ERROR_FILTER);
	}
	buf_fini(&first);
	buf_fini(&second);
	arena_free(arena);
	return 0;
}
