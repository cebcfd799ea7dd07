/*
 * JSON texts as Go writes them, and paths into values.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "policy/builtin_args.h"

struct buf;

struct json_style {
	struct span prefix; /* before each line but the first */
	struct span indent; /* once for each level */
};

/*
 * Appends as Go's encoding/json does: keys sorted, "<", ">", "&" and the line separators U+2028
 * and U+2029 escaped. style NULL: on one line without blanks. Charged.
 */
void builtin_json_write(struct policy_context *context, struct buf *buf, const struct value *value,
	const struct json_style *style);

/* "/a/0/b~1c", or an array of parts. False: reported. */
struct json_path {
	const struct value **parts;
	size_t count;
};
bool builtin_json_path(
	struct policy_context *context, const struct value *value, struct json_path *path);

/* Reads a JSON text as json.unmarshal does. NULL: reported. */
const struct value *builtin_json_read(struct policy_context *context, struct span text);
