/*
 * redact_body(): a body token by token, as it was sent. It need not be JSON: whatever follows from
 * what stands where, so a body that breaks off, or never was JSON, is shown as far as it goes, with
 * everything in it taken for values.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "gateway/redact.h"
#include "gateway/redact_value.h"

#define LEVELS_MAX 40 /* more than a body may have */

struct level {
	const char *key; /* of the value that comes */
	size_t size;
	bool is_secret;
};

struct reader {
	const struct redact *redact;
	struct buf *out; /* NULL: only look */
	const char *at;
	const char *end;
	struct level levels[LEVELS_MAX];
	size_t depth;
	bool is_denial;
	bool secret_values;   /* a path names a secret, so every `value` may be one */
	bool has_secret_path; /* what looking finds */
};

static struct level *level_of(struct reader *reader)
{
	return &reader->levels[reader->depth];
}

static struct redact_context context_of(struct reader *reader)
{
	const struct level *level = level_of(reader);

	return (struct redact_context){ level->key, level->size, level->is_secret };
}

static bool is(const struct level *level, const char *name)
{
	return level->size == strlen(name) && strncasecmp(level->key, name, level->size) == 0;
}

/* ---- strings ---- */

static const char *end_of_string(const char *p, const char *end)
{
	while (p < end && *p != '"') {
		p += *p == '\\' && p + 1 < end ? 2 : 1;
	}
	return p;
}

static bool is_before_colon(const char *p, const char *end)
{
	while (p < end && isspace((unsigned char)*p)) {
		p++;
	}
	return p < end && *p == ':';
}

static void read_key(struct reader *reader, const char *text, size_t size)
{
	struct level *level = level_of(reader);
	bool outside = reader->depth > 0 && reader->levels[reader->depth - 1].is_secret;

	level->key = text;
	level->size = size;
	level->is_secret = outside || redact_is_secret(text, size) ||
			   (reader->secret_values && is(level, "value"));
	if (reader->out != NULL) {
		redact_value_key(reader->redact, text, size, reader->out);
	}
}

/* "message (code, journal index 7)": the words are a policy's, and may be about anybody. */
static void append_denial(struct reader *reader, const char *text, size_t size)
{
	size_t at = size;

	while (at > 0 && text[at - 1] != '(') {
		at--;
	}
	if (reader->redact->with_values) {
		buf_append(reader->out, text, size);
	} else if (at > 0 && size - at < 120) {
		buf_printf(reader->out, "[%zu bytes] ", at - 1);
		buf_append(reader->out, text + at - 1, size - at + 1);
	} else {
		buf_printf(reader->out, "[%zu bytes]", size);
	}
}

static void read_value(struct reader *reader, const char *text, size_t size)
{
	struct level *level = level_of(reader);
	struct redact_context context = context_of(reader);

	if (reader->out == NULL) {
		reader->has_secret_path = reader->has_secret_path ||
					  (is(level, "path") && redact_is_secret(text, size));
	} else if (is(level, "detail") && !context.is_secret) {
		if (reader->is_denial) {
			append_denial(reader, text, size);
		} else {
			redact_sentence(reader->redact, text, size, reader->out);
		}
	} else {
		redact_value_text(reader->redact, &context, text, size, reader->out);
	}
}

static void append_char(struct reader *reader, char c)
{
	if (reader->out != NULL) {
		buf_append_char(reader->out, c);
	}
}

static void read_string(struct reader *reader)
{
	const char *text = reader->at + 1;
	const char *close = end_of_string(text, reader->end);
	size_t size = (size_t)((close < reader->end ? close : reader->end) - text);

	append_char(reader, '"');
	if (close < reader->end && is_before_colon(close + 1, reader->end)) {
		read_key(reader, text, size);
	} else {
		read_value(reader, text, size);
	}
	if (close < reader->end) {
		append_char(reader, '"');
	}
	reader->at = close < reader->end ? close + 1 : reader->end;
}

/* ---- the rest ---- */

static void read_bracket(struct reader *reader, char c)
{
	if ((c == '{' || c == '[') && reader->depth + 1 < LEVELS_MAX) {
		struct level inside = *level_of(reader);

		if (c == '{') {
			inside.key = "";
			inside.size = 0;
		}
		reader->levels[++reader->depth] = inside;
	} else if ((c == '}' || c == ']') && reader->depth > 0) {
		reader->depth--;
	}
	append_char(reader, c);
	reader->at++;
}

/* A number, true, false, null; or what is none of them and therefore somebody's. */
static void read_word(struct reader *reader)
{
	static const char *const words[] = { "true", "false", "null" };
	const char *p = reader->at;
	struct redact_context context = context_of(reader);
	size_t size;

	while (p < reader->end && (unsigned char)*p > ' ' && strchr("{}[],:\"", *p) == NULL) {
		p++;
	}
	size = (size_t)(p - reader->at);
	for (size_t i = 0; i < 3; i++) {
		if (strlen(words[i]) == size && memcmp(words[i], reader->at, size) == 0 &&
			!context.is_secret && reader->out != NULL) {
			buf_append(reader->out, reader->at, size);
			size = 0;
		}
	}
	if (size > 0 && reader->out != NULL) {
		if (isdigit((unsigned char)*reader->at) || *reader->at == '-') {
			redact_value_number(
				reader->redact, &context, reader->at, size, reader->out);
		} else if (context.is_secret) {
			buf_append_text(reader->out, "null");
		} else {
			pseudonym_append(&reader->redact->pseudonym, reader->at, size, reader->out);
		}
	}
	reader->at = p;
}

static void read_all(struct reader *reader)
{
	while (reader->at < reader->end) {
		char c = *reader->at;

		if (c == '"') {
			read_string(reader);
		} else if (c != '\0' && strchr("{}[]", c) != NULL) {
			read_bracket(reader, c);
		} else if (c == ',' || c == ':') {
			append_char(reader, c);
			reader->at++;
		} else if ((unsigned char)c <= ' ') {
			append_char(reader, c == '\0' ? '?' : ' '); /* on one line */
			reader->at++;
		} else {
			read_word(reader);
		}
	}
}

void redact_body(const struct redact *redact, const char *text, size_t size, bool is_json,
	bool is_denial, struct buf *out)
{
	bool values = redact->with_values && (is_json || !redact_is_secret(text, size));
	struct redact used = *redact;
	struct reader look = { .redact = &used, .at = text, .end = text + size };
	struct reader reader = {
		.redact = &used, .out = out, .at = text, .end = text + size, .is_denial = is_denial
	};

	used.with_values = values;
	look.levels[0].key = "";
	reader.levels[0].key = "";
	read_all(&look);
	reader.secret_values = look.has_secret_path;
	read_all(&reader);
	pseudonym_wipe(&used.pseudonym);
}
