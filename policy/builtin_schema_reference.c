/*
 * What the references of a JSON Schema name, and members that only some drafts have.
 */
#include <stdio.h>
#include "policy/builtin_schema.h"

const struct value *schema_member(
	const struct schema *schema, const struct value *node, const char *name, int since)
{
	return schema->draft >= since ? value_find(node, name) : NULL;
}

static const struct value *id_of(const struct value *node)
{
	const struct value *id = value_find(node, "id");

	id = id != NULL ? id : value_find(node, "$id");
	return value_is(id, VALUE_STRING) ? id : NULL;
}

/* The part of the schema whose id that is. */
static const struct value *find_id(
	struct schema *schema, const struct value *node, struct span wanted)
{
	const struct value *found = NULL;

	schema_enter(schema);
	const struct value *id = id_of(node);
	if (id != NULL) {
		struct span text = span_of(id);
		text.size -= text.size > 0 && text.at[text.size - 1] == '#';
		if (text.size == wanted.size && memcmp(text.at, wanted.at, text.size) == 0) {
			found = node;
		}
	}
	for (size_t i = 0; found == NULL && i < value_count(node); i++) {
		const struct value *child = value_is(node, VALUE_OBJECT)
						    ? value_member_at(node, i)->value
						    : value_at(node, i);
		if (value_count(child) > 0) {
			found = find_id(schema, child, wanted);
		}
	}
	schema_leave(schema);
	return found;
}

/* One step of a JSON pointer: "~1" is "/", "~0" is "~", and "%25" is "%". */
static const struct value *step(struct schema *schema, const struct value *node, struct span name)
{
	char *text = policy_alloc(schema->context, name.size + 1);
	size_t size = 0;
	int64_t index = 0;

	for (size_t i = 0; i < name.size; i++) {
		char c = name.at[i];
		unsigned code;
		if (c == '~' && i + 1 < name.size &&
			(name.at[i + 1] == '0' || name.at[i + 1] == '1')) {
			c = name.at[++i] == '0' ? '~' : '/';
		} else if (c == '%' && i + 2 < name.size &&
			   sscanf(name.at + i + 1, "%2x", &code) == 1) {
			c = (char)code;
			i += 2;
		}
		text[size++] = c;
	}
	if (value_is(node, VALUE_OBJECT)) {
		return value_find_n(node, text, size);
	}
	for (size_t i = 0; i < size && i < 9; i++) {
		if (text[i] < '0' || text[i] > '9') {
			return NULL;
		}
		index = index * 10 + (text[i] - '0');
	}
	return value_is(node, VALUE_ARRAY) && size > 0 && size < 9 &&
			       (size_t)index < value_count(node)
		       ? value_at(node, (size_t)index)
		       : NULL;
}

const struct value *schema_resolve(struct schema *schema, const struct value *reference)
{
	struct span text = span_of(reference);
	const char *hash = memchr(text.at, '#', text.size);
	struct span base = { text.at, hash != NULL ? (size_t)(hash - text.at) : text.size };
	struct span pointer =
		hash != NULL ? span_from(text, base.size + 1) : span_from(text, text.size);
	const struct value *node = schema->root;

	policy_charge_text(schema->context, text.size);
	if (pointer.size > 0 && pointer.at[0] != '/') {
		return find_id(schema, schema->root, text); /* "#name" */
	}
	if (base.size > 0) {
		node = find_id(schema, schema->root, base);
	}
	while (node != NULL && pointer.size > 0) {
		struct span name = span_from(pointer, 1);
		const char *slash = memchr(name.at, '/', name.size);
		name.size = slash != NULL ? (size_t)(slash - name.at) : name.size;
		pointer = span_from(pointer, 1 + name.size);
		node = step(schema, node, name);
	}
	return node;
}
