#include "policy/builtin_json.h"

#include <stdio.h>
#include <string.h>
#include "base/buf.h"

/* ---- texts ---- */

static void write_escape(struct buf *buf, unsigned char c)
{
	static const char letters[] = "btn\0fr"; /* from 8 on */

	if (c == '"' || c == '\\') {
		buf_append_char(buf, '\\');
		buf_append_char(buf, (char)c);
	} else if (c >= 8 && c <= 13 && c != 11) {
		buf_append_char(buf, '\\');
		buf_append_char(buf, letters[c - 8]);
	} else {
		buf_printf(buf, "\\u%04x", c);
	}
}

static void write_text(struct policy_context *context, struct buf *buf, struct span text)
{
	size_t done = 0;

	policy_charge_text(context, text.size * 4);
	policy_charge_bytes(context, buf->size + text.size * 6 + 2);
	buf_append_char(buf, '"');
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.at[i];
		bool separator = c == 0xe2 && i + 2 < text.size &&
				 (unsigned char)text.at[i + 1] == 0x80 &&
				 ((unsigned char)text.at[i + 2] & 0xfe) == 0xa8;
		if (c >= ' ' && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' &&
			!separator) {
			continue;
		}
		buf_append(buf, text.at + done, i - done);
		if (separator) {
			buf_append_text(buf, text.at[i + 2] & 1 ? "\\u2029" : "\\u2028");
			i += 2;
		} else {
			write_escape(buf, c);
		}
		done = i + 1;
	}
	buf_append(buf, text.at + done, text.size - done);
	buf_append_char(buf, '"');
}

/* ---- values ---- */

struct writer {
	struct policy_context *context;
	struct buf *buf;
	const struct json_style *style; /* NULL: all on one line */
};

static void write_value(struct writer *w, const struct value *value, unsigned depth);

static void new_line(struct writer *w, unsigned depth)
{
	if (w->style == NULL) {
		return;
	}
	builtin_append(w->context, w->buf, "\n", 1);
	builtin_append(w->context, w->buf, w->style->prefix.at, w->style->prefix.size);
	for (unsigned i = 0; i < depth; i++) {
		builtin_append(w->context, w->buf, w->style->indent.at, w->style->indent.size);
	}
}

static void write_items(struct writer *w, const struct value *value, unsigned depth)
{
	size_t count = value_count(value);

	builtin_append(w->context, w->buf, "[", 1);
	for (size_t i = 0; i < count; i++) {
		builtin_append(w->context, w->buf, ",", i > 0);
		new_line(w, depth + 1);
		write_value(w, value_at(value, i), depth + 1);
	}
	if (count > 0) {
		new_line(w, depth);
	}
	builtin_append(w->context, w->buf, "]", 1);
}

/* Keys that are no strings become their JSON text; Go sorts what comes of that. */
static const struct value *with_text_keys(struct writer *w, const struct value *object)
{
	struct builtin_members members = { 0 };
	bool all_texts = true;

	for (size_t i = 0; i < value_count(object); i++) {
		all_texts = all_texts && value_is(value_member_at(object, i)->key, VALUE_STRING);
	}
	if (all_texts) {
		return object;
	}
	for (size_t i = 0; i < value_count(object); i++) {
		const struct value_member *member = value_member_at(object, i);
		const struct value *key = member->key;
		if (!value_is(key, VALUE_STRING)) {
			/* Written at the end of the text and taken off again: keys may nest. */
			size_t mark = w->buf->size;
			builtin_json_write(w->context, w->buf, key, NULL);
			key = builtin_text(
				w->context, buf_text(w->buf) + mark, w->buf->size - mark);
			w->buf->size = mark;
		}
		builtin_members_add(w->context, &members, key, member->value);
	}
	return builtin_members_object(w->context, &members);
}

static void write_members(struct writer *w, const struct value *value, unsigned depth)
{
	value = with_text_keys(w, value);
	size_t count = value_count(value);
	builtin_append(w->context, w->buf, "{", 1);
	for (size_t i = 0; i < count; i++) {
		const struct value_member *member = value_member_at(value, i);
		builtin_append(w->context, w->buf, ",", i > 0);
		new_line(w, depth + 1);
		write_text(w->context, w->buf, span_of(member->key));
		builtin_append(w->context, w->buf, ": ", w->style != NULL ? 2 : 1);
		write_value(w, member->value, depth + 1);
	}
	if (count > 0) {
		new_line(w, depth);
	}
	builtin_append(w->context, w->buf, "}", 1);
}

static void write_value(struct writer *w, const struct value *value, unsigned depth)
{
	switch (value_type(value)) {
	case VALUE_STRING:
		write_text(w->context, w->buf, span_of(value));
		break;
	case VALUE_ARRAY:
	case VALUE_SET:
		write_items(w, value, depth);
		break;
	case VALUE_OBJECT:
		write_members(w, value, depth);
		break;
	default:
		policy_print(w->context, w->buf, value);
		break;
	}
}

void builtin_json_write(struct policy_context *context, struct buf *buf, const struct value *value,
	const struct json_style *style)
{
	struct writer writer = { .context = context, .buf = buf, .style = style };

	write_value(&writer, value, 0);
}

/* ---- paths ---- */

/* "~1" is a slash, "~0" a tilde. */
static const struct value *unescaped(struct policy_context *context, struct span part)
{
	char *text = policy_alloc(context, part.size + 1);
	size_t size = 0;

	for (size_t i = 0; i < part.size; i++) {
		bool escape = part.at[i] == '~' && i + 1 < part.size &&
			      (part.at[i + 1] == '0' || part.at[i + 1] == '1');
		text[size++] = !escape ? part.at[i] : part.at[i + 1] == '0' ? '~' : '/';
		i += escape;
	}
	return builtin_text(context, text, size);
}

static bool text_path(struct policy_context *context, struct span text, struct json_path *path)
{
	struct builtin_list list = { 0 };

	while (text.size > 0 && text.at[0] == '/') {
		text = span_from(text, 1);
	}
	for (bool more = true; more;) {
		const char *slash = memchr(text.at, '/', text.size);
		size_t size = slash != NULL ? (size_t)(slash - text.at) : text.size;
		builtin_list_add(
			context, &list, unescaped(context, (struct span){ text.at, size }));
		more = slash != NULL;
		text = span_from(text, more ? size + 1 : size);
	}
	*path = (struct json_path){ list.items, list.count };
	return true;
}

bool builtin_json_path(
	struct policy_context *context, const struct value *value, struct json_path *path)
{
	struct builtin_list list = { 0 };

	*path = (struct json_path){ 0 };
	if (value_is(value, VALUE_STRING)) {
		return value_size(value) == 0 || text_path(context, span_of(value), path);
	}
	if (!value_is(value, VALUE_ARRAY)) {
		builtin_error(context,
			"operand 2 must be one of {set, array} containing string paths or array of "
			"path segments but got %s",
			value_type_name(value_type(value)));
		return false;
	}
	for (size_t i = 0; i < value_count(value); i++) {
		builtin_list_add(context, &list, value_at(value, i));
	}
	*path = (struct json_path){ list.items, list.count };
	return true;
}
