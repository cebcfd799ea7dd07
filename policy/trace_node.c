#include "policy/trace_inside.h"

#include <ctype.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/value.h"

#define PATH_MOST 64

/* What a call gave may be a place in a document: then that place is meant. */
static const struct trace_node *place_of(const struct trace_node *node)
{
	while (node != NULL && node->kind == TRACE_CALL && node->of != NULL) {
		node = node->of;
	}
	return node;
}

static bool is_root(const struct trace_node *node)
{
	return node->kind == TRACE_INPUT || node->kind == TRACE_DATA;
}

/* The members from the root on, outermost last in `steps`. NULL: it does not begin at a root. */
static const struct trace_node *walk(
	const struct trace_node *node, const struct value **steps, size_t *count)
{
	*count = 0;
	for (node = place_of(node); node != NULL && node->kind == TRACE_MEMBER;
		node = place_of(node->of)) {
		if (*count == PATH_MOST) {
			return NULL;
		}
		steps[(*count)++] = node->key;
	}
	return node;
}

bool trace_node_is_place(const struct trace_node *node)
{
	const struct value *steps[PATH_MOST];
	size_t count;
	const struct trace_node *root = walk(node, steps, &count);

	return root != NULL && is_root(root);
}

const struct value *trace_node_path(
	struct arena *arena, const struct trace_node *node, const struct trace_node **root)
{
	const struct value *steps[PATH_MOST];
	struct value_builder path = { .arena = arena };
	size_t count;

	*root = walk(node, steps, &count);
	if (*root == NULL || !is_root(*root)) {
		return NULL;
	}
	while (count > 0) {
		value_add_item(&path, steps[--count]);
	}
	return value_finish_array(&path);
}

static bool is_word(const struct value *key)
{
	if (!value_is(key, VALUE_STRING) || value_size(key) == 0) {
		return false;
	}
	const char *text = value_text(key);
	for (size_t i = 0; i < value_size(key); i++) {
		bool fits = text[i] == '_' || isalpha((unsigned char)text[i]) ||
			    (i > 0 && isdigit((unsigned char)text[i]));
		if (!fits) {
			return false;
		}
	}
	return true;
}

static void add_step(struct arena *arena, struct buf *text, const struct value *key)
{
	if (is_word(key)) {
		buf_printf(text, ".%s", value_text(key));
	} else {
		size_t bytes = value_type(key) < VALUE_ARRAY ? 120 : 40;

		buf_printf(text, "[%s]", value_preview(arena, key, bytes));
	}
}

const char *trace_path_name(struct arena *arena, const char *root, const struct value *path)
{
	CLEANUP(buf_fini) struct buf text = { 0 };

	buf_append_text(&text, root);
	for (size_t i = 0; i < value_count(path); i++) {
		add_step(arena, &text, value_at(path, i));
	}
	return arena_text(arena, buf_text(&text), text.size);
}

const char *trace_node_name(struct arena *arena, const struct trace_node *node)
{
	const struct value *steps[PATH_MOST];
	struct value_builder path = { .arena = arena };
	size_t count;
	const struct trace_node *root = walk(node, steps, &count);
	const char *name;

	if (root == NULL || root->kind == TRACE_LITERAL || root->kind == TRACE_BUILTIN) {
		return NULL;
	}
	name = root->kind == TRACE_INPUT ? "input" : root->kind == TRACE_DATA ? "data" : root->name;
	while (count > 0) {
		value_add_item(&path, steps[--count]);
	}
	return name != NULL ? trace_path_name(arena, name, value_finish_array(&path)) : NULL;
}
