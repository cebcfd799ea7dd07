#include "policy/builtin_term.h"

#include "base/buf.h"
#include "policy/builtin_unicode.h"

static void write_escape(struct buf *buf, uint32_t rune)
{
	static const char letters[] = "abtnvfr"; /* from 7 on */

	if (rune >= 7 && rune <= 13) {
		buf_printf(buf, "\\%c", letters[rune - 7]);
	} else if (rune < ' ' || rune == 0x7f) {
		buf_printf(buf, "\\x%02x", (unsigned)rune);
	} else if (rune < 0x10000) {
		buf_printf(buf, "\\u%04x", (unsigned)rune);
	} else {
		buf_printf(buf, "\\U%08x", (unsigned)rune);
	}
}

static void write_rune(struct buf *buf, uint32_t rune, char quote, bool ascii)
{
	char bytes[4];

	if (rune == (unsigned char)quote || rune == '\\') {
		buf_append_char(buf, '\\');
		buf_append_char(buf, (char)rune);
	} else if (policy_rune_is_print(rune) && (!ascii || rune < 0x80)) {
		buf_append(buf, bytes, utf8_write(rune, bytes));
	} else {
		write_escape(buf, rune);
	}
}

void builtin_write_quoted(
	struct policy_context *context, struct buf *buf, struct span text, bool ascii)
{
	policy_charge(context, 1 + text.size / 4);
	policy_charge_bytes(context, buf->size + text.size * 6 + 2);
	buf_append_char(buf, '"');
	for (size_t i = 0; i < text.size;) {
		uint32_t rune;
		i += span_rune(text, i, &rune);
		write_rune(buf, rune, '"', ascii);
	}
	buf_append_char(buf, '"');
}

void builtin_write_quoted_rune(
	struct policy_context *context, struct buf *buf, uint32_t rune, bool ascii)
{
	policy_charge(context, 1);
	buf_append_char(buf, '\'');
	write_rune(buf, rune, '\'', ascii);
	buf_append_char(buf, '\'');
}

static void write_items(struct policy_context *context, struct buf *buf, const struct value *value)
{
	for (size_t i = 0; i < value_count(value); i++) {
		builtin_append(context, buf, ", ", i > 0 ? 2 : 0);
		builtin_write_term(context, buf, value_at(value, i));
	}
}

void builtin_write_term(struct policy_context *context, struct buf *buf, const struct value *value)
{
	switch (value_type(value)) {
	case VALUE_STRING:
		builtin_write_quoted(context, buf, span_of(value), false);
		break;
	case VALUE_ARRAY:
		builtin_append(context, buf, "[", 1);
		write_items(context, buf, value);
		builtin_append(context, buf, "]", 1);
		break;
	case VALUE_SET:
		if (value_count(value) == 0) {
			builtin_append(context, buf, "set()", 5);
			break;
		}
		builtin_append(context, buf, "{", 1);
		write_items(context, buf, value);
		builtin_append(context, buf, "}", 1);
		break;
	case VALUE_OBJECT:
		builtin_append(context, buf, "{", 1);
		for (size_t i = 0; i < value_count(value); i++) {
			const struct value_member *member = value_member_at(value, i);
			builtin_append(context, buf, ", ", i > 0 ? 2 : 0);
			builtin_write_term(context, buf, member->key);
			builtin_append(context, buf, ": ", 2);
			builtin_write_term(context, buf, member->value);
		}
		builtin_append(context, buf, "}", 1);
		break;
	default:
		policy_print(context, buf, value);
		break;
	}
}
