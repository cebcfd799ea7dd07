#include "policy/builtin_yaml.h"

#include <string.h>
#include "base/buf.h"
#include "base/utf8.h"
#include "policy/context.h"

/* A scalar being read: its text, and the blanks and breaks that may still become part of it. */
struct scalar {
	struct yaml *yaml;
	struct buf *text;
	struct buf *breaks;  /* behind the first one */
	char first_break[4]; /* "": none */
	bool has_break;      /* blanks at the begin of a line are none of the scalar */
	const char *blanks;  /* within a line */
	size_t blank_count;
};

static struct scalar begin(struct yaml *yaml)
{
	return (struct scalar){
		.yaml = yaml,
		.text = policy_buf(yaml->context, 0),
		.breaks = policy_buf(yaml->context, 1),
	};
}

static void append(struct scalar *scalar, const char *text, size_t size)
{
	builtin_append(scalar->yaml->context, scalar->text, text, size);
}

static void append_breaks(struct scalar *scalar)
{
	append(scalar, buf_text(scalar->breaks), scalar->breaks->size);
	buf_clear(scalar->breaks);
}

static struct span finish(struct scalar *scalar)
{
	size_t size = scalar->text->size;
	char *text = policy_alloc(scalar->yaml->context, size + 1);

	memcpy(text, buf_text(scalar->text), size);
	text[size] = '\0';
	return (struct span){ text, size };
}

/* Reads a break: all kinds are "\n" in a scalar, but for U+2028 and U+2029. */
static void read_break(struct yaml *yaml, char text[4])
{
	bool is_separator = *yaml->at == '\xe2';

	memcpy(text, is_separator ? yaml->at : "\n\0", is_separator ? 3 : 2);
	text[is_separator ? 3 : 1] = '\0';
	yaml_skip_line(yaml);
}

static void read_more_breaks(struct scalar *scalar)
{
	char text[4];

	read_break(scalar->yaml, text);
	builtin_append(scalar->yaml->context, scalar->breaks, text, strlen(text));
}

/* One break is a space, several are all but the first. */
static void fold(struct scalar *scalar)
{
	if (scalar->first_break[0] == '\n') {
		if (scalar->breaks->size == 0) {
			append(scalar, " ", 1);
		}
	} else {
		append(scalar, scalar->first_break, strlen(scalar->first_break));
	}
	append_breaks(scalar);
	scalar->first_break[0] = '\0';
	scalar->has_break = false;
}

/* Blanks and breaks between what is written. False: a tab where an indentation should be. */
static bool read_blanks(struct scalar *scalar, int64_t indent)
{
	struct yaml *yaml = scalar->yaml;
	const char *from = yaml->at;

	scalar->blanks = yaml->at;
	scalar->blank_count = 0;
	while (true) {
		if (*yaml->at == ' ' || *yaml->at == '\t') {
			if (scalar->has_break && *yaml->at == '\t' &&
				(int64_t)yaml->column < indent) {
				return yaml_problem(yaml, "a tab character violates indentation");
			}
			scalar->blank_count += !scalar->has_break;
			yaml_skip(yaml);
		} else if (!yaml_is_break(yaml->at)) {
			break;
		} else if (!scalar->has_break) {
			scalar->blank_count = 0;
			scalar->has_break = true;
			read_break(yaml, scalar->first_break);
		} else {
			read_more_breaks(scalar);
		}
	}
	policy_charge_text(yaml->context, (size_t)(yaml->at - from) * 4);
	return true;
}

static bool is_marker(const struct yaml *yaml)
{
	return yaml->column == 0 &&
	       (strncmp(yaml->at, "---", 3) == 0 || strncmp(yaml->at, "...", 3) == 0) &&
	       yaml_is_blank_or_end(yaml->at + 3);
}

/* ---- plain ---- */

static bool ends_plain(const struct yaml *yaml)
{
	return yaml_is_blank_or_end(yaml->at) ||
	       (*yaml->at == ':' && yaml_is_blank_or_end(yaml->at + 1)) ||
	       (yaml->flow_level > 0 && strchr(",?[]{}", *yaml->at) != NULL);
}

bool yaml_scan_plain(struct yaml *yaml, struct yaml_token *token)
{
	struct scalar scalar = begin(yaml);
	int64_t indent = yaml->indent + 1;

	while (!is_marker(yaml) && *yaml->at != '#') {
		const char *from = yaml->at;
		if (!ends_plain(yaml)) {
			if (scalar.has_break) {
				fold(&scalar);
			} else if (scalar.blank_count > 0) {
				append(&scalar, scalar.blanks, scalar.blank_count);
			}
			scalar.blank_count = 0;
		}
		while (!ends_plain(yaml)) {
			yaml_skip(yaml);
		}
		append(&scalar, from, (size_t)(yaml->at - from));
		if (*yaml->at != ' ' && *yaml->at != '\t' && !yaml_is_break(yaml->at)) {
			break;
		}
		if (!read_blanks(&scalar, indent)) {
			return false;
		}
		if (yaml->flow_level == 0 && (int64_t)yaml->column < indent) {
			break;
		}
	}
	yaml->key_allowed |= scalar.has_break;
	token->is_plain = true;
	token->value = finish(&scalar);
	return true;
}

/* ---- quoted ---- */

static int hex_of(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `\x41` and longer ones: behind the letter. */
static bool read_code(struct scalar *scalar, size_t digits)
{
	struct yaml *yaml = scalar->yaml;
	uint64_t code = 0;
	char text[4];

	for (size_t i = 0; i < digits; i++) {
		if (hex_of(*yaml->at) < 0) {
			return yaml_problem(yaml, "did not find expected hexdecimal number");
		}
		code = code << 4 | (uint64_t)hex_of(*yaml->at);
		yaml_skip(yaml);
	}
	if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) {
		return yaml_problem(yaml, "found invalid Unicode character escape code");
	}
	append(scalar, text, utf8_write((uint32_t)code, text));
	return true;
}

static bool read_escape(struct scalar *scalar)
{
	static const struct {
		char letter;
		uint8_t size;
		const char *text;
	} escapes[] = {
		{ '0', 1, "\0" },
		{ 'a', 1, "\a" },
		{ 'b', 1, "\b" },
		{ 't', 1, "\t" },
		{ '\t', 1, "\t" },
		{ 'n', 1, "\n" },
		{ 'v', 1, "\v" },
		{ 'f', 1, "\f" },
		{ 'r', 1, "\r" },
		{ 'e', 1, "\x1b" },
		{ ' ', 1, " " },
		{ '"', 1, "\"" },
		{ '\'', 1, "'" },
		{ '\\', 1, "\\" },
		{ 'N', 2, "\xc2\x85" },
		{ '_', 2, "\xc2\xa0" },
		{ 'L', 3, "\xe2\x80\xa8" },
		{ 'P', 3, "\xe2\x80\xa9" },
	};
	struct yaml *yaml = scalar->yaml;
	char letter = yaml->at[1];
	size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;

	if (digits > 0) {
		yaml_skip(yaml);
		yaml_skip(yaml);
		return read_code(scalar, digits);
	}
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		if (letter == escapes[i].letter) {
			append(scalar, escapes[i].text, escapes[i].size);
			yaml_skip(yaml);
			yaml_skip(yaml);
			return true;
		}
	}
	return yaml_problem(yaml, "found unknown escape character");
}

/* What stands within a line, up to blanks, the end or the quote. */
static bool read_quoted_word(struct scalar *scalar, char quote)
{
	struct yaml *yaml = scalar->yaml;

	while (!yaml_is_blank_or_end(yaml->at)) {
		const char *from = yaml->at;
		while (!yaml_is_blank_or_end(yaml->at) && *yaml->at != quote &&
			(quote == '\'' || *yaml->at != '\\')) {
			yaml_skip(yaml);
		}
		append(scalar, from, (size_t)(yaml->at - from));
		if (yaml_is_blank_or_end(yaml->at)) {
			break;
		}
		if (*yaml->at == quote) {
			if (quote == '"' || yaml->at[1] != '\'') {
				break;
			}
			append(scalar, "'", 1);
			yaml_skip(yaml);
			yaml_skip(yaml);
		} else if (yaml_is_break(yaml->at + 1)) {
			yaml_skip(yaml);
			yaml_skip_line(yaml);
			scalar->has_break = true;
			break;
		} else if (!read_escape(scalar)) {
			return false;
		}
	}
	return true;
}

bool yaml_scan_quoted(struct yaml *yaml, struct yaml_token *token)
{
	struct scalar scalar = begin(yaml);
	char quote = *yaml->at;

	yaml_skip(yaml);
	while (true) {
		if (is_marker(yaml)) {
			return yaml_problem(yaml, "found unexpected document indicator");
		}
		if (*yaml->at == '\0') {
			return yaml_problem(yaml, "found unexpected end of stream");
		}
		scalar.has_break = false;
		if (!read_quoted_word(&scalar, quote)) {
			return false;
		}
		if (*yaml->at == quote) {
			break;
		}
		if (!read_blanks(&scalar, INT64_MIN)) {
			return false;
		}
		if (scalar.has_break) {
			fold(&scalar);
		} else {
			append(&scalar, scalar.blanks, scalar.blank_count);
		}
	}
	yaml_skip(yaml);
	token->value = finish(&scalar);
	return true;
}

/* ---- block: `|` and `>` ---- */

struct header {
	int chomping; /* 1: keep all breaks at the end, -1: keep none */
	int64_t increment;
};

static bool read_header(struct yaml *yaml, struct header *header)
{
	for (int i = 0; i < 2; i++) {
		if ((*yaml->at == '+' || *yaml->at == '-') && header->chomping == 0) {
			header->chomping = *yaml->at == '+' ? 1 : -1;
			yaml_skip(yaml);
		} else if (*yaml->at >= '0' && *yaml->at <= '9' && header->increment == 0) {
			header->increment = *yaml->at - '0';
			if (header->increment == 0) {
				return yaml_problem(yaml, "an indentation indicator equal to 0");
			}
			yaml_skip(yaml);
		}
	}
	return yaml_end_line(yaml);
}

/* Indentation and empty lines. *indent 0: it is what they have. */
static bool read_indentation(struct scalar *scalar, int64_t *indent)
{
	struct yaml *yaml = scalar->yaml;
	const char *from = yaml->at;
	int64_t most = 0;

	while (true) {
		while ((*indent == 0 || (int64_t)yaml->column < *indent) && *yaml->at == ' ') {
			yaml_skip(yaml);
		}
		most = (int64_t)yaml->column > most ? (int64_t)yaml->column : most;
		if ((*indent == 0 || (int64_t)yaml->column < *indent) && *yaml->at == '\t') {
			return yaml_problem(
				yaml, "a tab character where an indentation space is expected");
		}
		if (!yaml_is_break(yaml->at)) {
			break;
		}
		read_more_breaks(scalar);
	}
	if (*indent == 0) {
		*indent = most > yaml->indent + 1 ? most : yaml->indent + 1;
		*indent = *indent < 1 ? 1 : *indent;
	}
	policy_charge_text(yaml->context, (size_t)(yaml->at - from) * 4);
	return true;
}

bool yaml_scan_block(struct yaml *yaml, struct yaml_token *token)
{
	struct scalar scalar = begin(yaml);
	struct header header = { 0 };
	bool is_literal = *yaml->at == '|';
	bool led_by_blank = false;

	yaml_skip(yaml);
	if (!read_header(yaml, &header)) {
		return false;
	}
	int64_t indent = header.increment;
	indent += indent > 0 && yaml->indent >= 0 ? yaml->indent : 0;
	if (!read_indentation(&scalar, &indent)) {
		return false;
	}
	while ((int64_t)yaml->column == indent && *yaml->at != '\0') {
		bool is_blank = *yaml->at == ' ' || *yaml->at == '\t';
		if (!is_literal && !led_by_blank && !is_blank && scalar.first_break[0] == '\n') {
			if (scalar.breaks->size == 0) {
				append(&scalar, " ", 1);
			}
		} else {
			append(&scalar, scalar.first_break, strlen(scalar.first_break));
		}
		append_breaks(&scalar);
		led_by_blank = is_blank;
		const char *from = yaml->at;
		while (!yaml_is_break_or_end(yaml->at)) {
			yaml_skip(yaml);
		}
		append(&scalar, from, (size_t)(yaml->at - from));
		scalar.first_break[0] = '\0';
		if (*yaml->at != '\0') {
			read_break(yaml, scalar.first_break);
		}
		if (!read_indentation(&scalar, &indent)) {
			return false;
		}
	}
	if (header.chomping != -1) {
		append(&scalar, scalar.first_break, strlen(scalar.first_break));
	}
	if (header.chomping == 1) {
		append_breaks(&scalar);
	}
	token->value = finish(&scalar);
	return true;
}
