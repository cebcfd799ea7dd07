#include "policy/builtin_yaml.h"

#include <stdio.h>
#include <string.h>
#include "base/buf.h"
#include "policy/context.h"

/* libyaml's emitter for what OPA writes: block style, two spaces, lines of any length. */
struct writer {
	struct yaml *yaml;
	struct buf *buf;
	int64_t indent; /* -1: outside */
	int64_t column;
	bool whitespace; /* the last character was one */
	bool indention;  /* so far, there is nothing but indentation in the line */
};

/* ---- characters ---- */

static void put(struct writer *writer, const char *text, size_t size, size_t columns)
{
	builtin_append(writer->yaml->context, writer->buf, text, size);
	writer->column += (int64_t)columns;
}

static void put_break(struct writer *writer)
{
	put(writer, "\n", 1, 0);
	writer->column = 0;
	writer->indention = true;
}

static void write_indent(struct writer *writer)
{
	int64_t indent = writer->indent < 0 ? 0 : writer->indent;

	if (!writer->indention || writer->column > indent ||
		(writer->column == indent && !writer->whitespace)) {
		put_break(writer);
	}
	while (writer->column < indent) {
		put(writer, " ", 1, 1);
	}
	writer->whitespace = true;
}

static void write_indicator(
	struct writer *writer, const char *text, bool needs_whitespace, bool is_indention)
{
	if (needs_whitespace && !writer->whitespace) {
		put(writer, " ", 1, 1);
	}
	put(writer, text, strlen(text), strlen(text));
	writer->whitespace = false;
	writer->indention &= is_indention;
}

/* One character, or a break, of a text. */
static size_t write_next(struct writer *writer, const char *at)
{
	size_t size = (unsigned char)*at < 0x80   ? 1
		      : (unsigned char)*at < 0xe0 ? 2
		      : (unsigned char)*at < 0xf0 ? 3
						  : 4;

	if (*at == '\n') {
		put_break(writer);
	} else if (yaml_is_break(at)) {
		put(writer, at, size, 0);
		writer->column = 0;
		writer->indention = true;
	} else {
		put(writer, at, size, 1);
	}
	return size;
}

/* ---- scalars ---- */

static void write_plain(struct writer *writer, struct span text)
{
	if (text.size > 0 && !writer->whitespace) {
		put(writer, " ", 1, 1);
	}
	for (size_t i = 0; i < text.size;) {
		i += write_next(writer, text.at + i);
		writer->indention = false;
	}
	writer->whitespace &= text.size == 0;
	writer->indention = false;
}

static void write_single(struct writer *writer, struct span text)
{
	bool after_break = false;

	write_indicator(writer, "'", true, false);
	for (size_t i = 0; i < text.size;) {
		const char *at = text.at + i;
		bool is_break = yaml_is_break(at);
		if (is_break && !after_break && *at == '\n') {
			put_break(writer);
		}
		if (!is_break && *at != ' ') {
			if (after_break) {
				write_indent(writer);
			}
			if (*at == '\'') {
				put(writer, "'", 1, 1);
			}
			writer->indention = false;
		}
		i += write_next(writer, at);
		after_break = is_break || (after_break && *at == ' ');
	}
	write_indicator(writer, "'", false, false);
}

static void write_escape(struct writer *writer, uint32_t rune)
{
	static const struct {
		uint32_t rune;
		const char *text;
	} escapes[] = {
		{ 0, "\\0" },
		{ 7, "\\a" },
		{ 8, "\\b" },
		{ 9, "\\t" },
		{ 10, "\\n" },
		{ 11, "\\v" },
		{ 12, "\\f" },
		{ 13, "\\r" },
		{ 0x1b, "\\e" },
		{ '"', "\\\"" },
		{ '\\', "\\\\" },
		{ 0x85, "\\N" },
		{ 0xa0, "\\_" },
		{ 0x2028, "\\L" },
		{ 0x2029, "\\P" },
	};
	char text[16];

	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		if (escapes[i].rune == rune) {
			put(writer, escapes[i].text, 2, 2);
			return;
		}
	}
	char letter = rune <= 0xff ? 'x' : rune <= 0xffff ? 'u' : 'U';
	int digits = rune <= 0xff ? 2 : rune <= 0xffff ? 4 : 8;
	int size = snprintf(text, sizeof(text), "\\%c%0*X", letter, digits, (unsigned)rune);
	put(writer, text, (size_t)size, (size_t)size);
}

static void write_double(struct writer *writer, struct span text)
{
	bool starts_with_mark = text.size >= 3 && memcmp(text.at, "\xef\xbb\xbf", 3) == 0;
	uint32_t rune;

	write_indicator(writer, "\"", true, false);
	for (size_t i = 0, size; i < text.size; i += size) {
		const char *at = text.at + i;
		size = span_rune(text, i, &rune);
		if (!yaml_is_printable(rune) || starts_with_mark || yaml_is_break(at) ||
			*at == '"' || *at == '\\') {
			write_escape(writer, rune);
		} else {
			write_next(writer, at);
		}
	}
	write_indicator(writer, "\"", false, false);
}

/* How many breaks the text ends with, up to two. */
static int breaks_at_end(struct span text)
{
	int count = 0;

	while (text.size > 0 && count < 2) {
		size_t size = 1;
		while (size < text.size && (text.at[text.size - size] & 0xc0) == 0x80) {
			size++;
		}
		if (!yaml_is_break(text.at + text.size - size)) {
			break;
		}
		text.size -= size;
		count++;
		if (text.size == 0) {
			return 2;
		}
	}
	return count;
}

static void write_literal(struct writer *writer, struct span text)
{
	bool after_break = true;

	write_indicator(writer, "|", true, false);
	if (*text.at == ' ' || yaml_is_break(text.at)) {
		write_indicator(writer, "2", false, false);
	}
	int breaks = breaks_at_end(text);
	if (breaks != 1) {
		write_indicator(writer, breaks == 0 ? "-" : "+", false, false);
	}
	put_break(writer);
	writer->whitespace = true;
	for (size_t i = 0; i < text.size;) {
		const char *at = text.at + i;
		bool is_break = yaml_is_break(at);
		if (!is_break && after_break) {
			write_indent(writer);
		}
		i += write_next(writer, at);
		writer->indention &= is_break;
		after_break = is_break;
	}
}

static void write_text(struct writer *writer, struct span text, bool is_key)
{
	policy_charge_text(writer->yaml->context, text.size * 16);
	int64_t before = writer->indent;
	writer->indent = before < 0 ? 2 : before + 2;
	switch (yaml_style_of(writer->yaml, text, is_key)) {
	case YAML_PLAIN:
		write_plain(writer, text);
		break;
	case YAML_SINGLE:
		write_single(writer, text);
		break;
	case YAML_DOUBLE:
		write_double(writer, text);
		break;
	case YAML_LITERAL:
		write_literal(writer, text);
		break;
	}
	writer->indent = before;
}

static void write_number(struct writer *writer, const struct value *value)
{
	struct policy_context *context = writer->yaml->context;
	size_t size;
	struct yaml_scalar scalar;

	policy_charge_bytes(context, 64);
	const char *text = value_number_text(context->arena, value, &size);
	yaml_resolve(writer->yaml, (struct span){ text, size }, &scalar);
	if (scalar.type == YAML_INT) {
		write_plain(writer, yaml_int_text(writer->yaml, &scalar));
	} else {
		const char *number = yaml_float_text(context, scalar.number, false);
		write_plain(writer, (struct span){ number, strlen(number) });
	}
}

/* ---- values ---- */

static void write_value(struct writer *writer, const struct value *value);

static void write_sequence(struct writer *writer, const struct value *value)
{
	for (size_t i = 0; i < value_count(value); i++) {
		write_indent(writer);
		write_indicator(writer, "-", true, true);
		write_value(writer, value_at(value, i));
	}
}

static void write_member(struct writer *writer, const struct value_member *member)
{
	struct span key = span_of(member->key);
	bool is_simple = !yaml_is_multiline(key) && key.size <= 128;

	write_indent(writer);
	if (!is_simple) {
		write_indicator(writer, "?", true, true);
	}
	write_text(writer, key, is_simple);
	if (!is_simple) {
		write_indent(writer);
	}
	write_indicator(writer, ":", !is_simple, !is_simple);
	write_value(writer, member->value);
}

static void write_mapping(struct writer *writer, const struct value *value)
{
	size_t count = value_count(value);
	const struct value_member **list = policy_alloc_array(
		writer->yaml->context, count, sizeof(const struct value_member *));

	for (size_t i = 0; i < count; i++) {
		list[i] = value_member_at(value, i);
	}
	yaml_sort_keys(writer->yaml->context, list, count);
	for (size_t i = 0; i < count; i++) {
		write_member(writer, list[i]);
	}
}

static void write_collection(struct writer *writer, const struct value *value)
{
	bool is_array = value_is(value, VALUE_ARRAY);

	if (value_count(value) == 0) {
		write_indicator(writer, is_array ? "[]" : "{}", true, false);
		return;
	}
	int64_t before = writer->indent;
	writer->indent = before < 0 ? 0 : before + 2;
	if (is_array) {
		write_sequence(writer, value);
	} else {
		write_mapping(writer, value);
	}
	writer->indent = before;
}

static void write_value(struct writer *writer, const struct value *value)
{
	policy_charge(writer->yaml->context, 2);
	switch (value_type(value)) {
	case VALUE_NULL:
		write_plain(writer, (struct span){ "null", 4 });
		break;
	case VALUE_BOOL:
		write_plain(writer, value_bool(value) ? (struct span){ "true", 4 }
						      : (struct span){ "false", 5 });
		break;
	case VALUE_NUMBER:
		write_number(writer, value);
		break;
	case VALUE_STRING:
		write_text(writer, span_of(value), false);
		break;
	default:
		write_collection(writer, value);
		break;
	}
}

void yaml_write(struct yaml *yaml, struct buf *buf, const struct value *value)
{
	struct writer writer = {
		.yaml = yaml, .buf = buf, .indent = -1, .whitespace = true, .indention = true
	};

	write_value(&writer, value);
	write_indent(&writer);
}
