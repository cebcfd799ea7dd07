#include "gateway/redact.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/error.h"
#include "gateway/redact_value.h"
#include "io/http_text.h"
#include "scim/schema.h"

bool redact_is_secret(const char *name, size_t size)
{
	static const char *const words[] = { "password", "passwd", "secret", "token", "credential",
		"authorization", "cookie", "apikey", "api_key", "api-key", "private" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t length = strlen(words[i]);

		for (size_t at = 0; at + length <= size; at++) {
			if (strncasecmp(name + at, words[i], length) == 0) {
				return true;
			}
		}
	}
	return false;
}

/* ---- headers ---- */

void redact_header(const struct redact *redact, const char *name, size_t name_size,
	const char *value, size_t size, struct buf *out)
{
	/* What shapes a request, and nobody's data. */
	static const char *const shown[] = { "accept", "accept-charset", "accept-encoding",
		"accept-language", "allow", "cache-control", "connection", "content-encoding",
		"content-length", "content-location", "content-type", "date", "etag", "expect",
		"host", "if-match", "if-none-match", "location", "prefer", "preference-applied",
		"retry-after", "scimward-journal", "scimward-request", "set-txn", "traceparent",
		"transfer-encoding", "user-agent" };
	const char *blank = size > 0 ? memchr(value, ' ', size) : NULL;

	(void)redact;
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		if (strlen(shown[i]) == name_size && strncasecmp(shown[i], name, name_size) == 0) {
			buf_append(out, value, size);
			return;
		}
	}
	/* "Bearer", "Basic": the scheme is often what is wrong. */
	if (name_size == 13 && strncasecmp(name, "authorization", 13) == 0 && blank != NULL &&
		blank - value <= 10) {
		buf_append(out, value, (size_t)(blank - value) + 1);
		size -= (size_t)(blank - value) + 1;
	}
	buf_printf(out, "[%zu bytes]", size);
}

/* ---- filters and paths ---- */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || c == '.' || c == ':' ||
	       c == '-';
}

static bool is_one_of(const char *text, size_t size, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(words[i]) == size && strncasecmp(words[i], text, size) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_operator(const char *text, size_t size)
{
	static const char *const words[] = { "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le" };

	return is_one_of(text, size, words, sizeof(words) / sizeof(words[0]));
}

/* From a quote to the one that ends it: `"…"`, or `\"…\"` inside of a JSON string. */
static size_t quoted_size(const char *text, size_t size)
{
	bool escaped = text[0] == '\\';
	size_t i = escaped ? 2 : 1;

	for (; i < size; i++) {
		if (escaped && text[i] == '\\' && i + 1 < size) {
			if (text[i + 1] == '"') {
				return i + 2;
			}
			i++;
		} else if (!escaped && text[i] == '\\') {
			i++;
		} else if (!escaped && text[i] == '"') {
			return i + 1;
		}
	}
	return size;
}

static bool is_quote(const char *text, size_t size)
{
	return text[0] == '"' || (text[0] == '\\' && size > 1 && text[1] == '"');
}

/* `attribute`: what the literal is compared with. Returns its bytes. */
static size_t append_literal(const struct redact *redact, const char *attribute,
	size_t attribute_size, const char *text, size_t size, struct buf *out)
{
	size_t quote = !is_quote(text, size) ? 0 : text[0] == '"' ? 1 : 2;
	size_t used = quote > 0 ? quoted_size(text, size) : 0;
	struct redact_context context = { attribute, attribute_size, false };

	while (quote == 0 && used < size && strchr(" )]", text[used]) == NULL) {
		used++;
	}
	bool is_closed = used >= 2 * quote && memcmp(text + used - quote, text, quote) == 0;
	size_t behind = is_closed ? quote : 0;

	if (used == 0) {
		buf_append_text(out, "?");
		return size;
	}
	buf_append(out, text, quote);
	redact_value_text(redact, &context, text + quote, used - quote - behind, out);
	buf_append(out, text, behind);
	return used;
}

static size_t word_size(const char *text, size_t size)
{
	size_t word = 0;

	while (word < size && is_word(text[word])) {
		word++;
	}
	return word;
}

/* Whether the word at `at` stands where an attribute does: before an operator, a bracket, the end.
 */
static bool is_attribute_place(const char *text, size_t size, size_t at, size_t word, bool is_path)
{
	static const char *const logic[] = { "and", "or", "not", "pr" };
	size_t next = at + word;

	if (is_one_of(text + at, word, logic, sizeof(logic) / sizeof(logic[0]))) {
		return true;
	}
	if (next == size) {
		return (is_path && at == 0) || (at > 0 && text[at] == '.' && text[at - 1] == ']');
	}
	if (text[next] == '[') {
		return true;
	}
	while (next < size && text[next] == ' ') {
		next++;
	}
	word = word_size(text + next, size - next);
	return text[next - 1] == ' ' &&
	       (is_operator(text + next, word) ||
		       (word == 2 && strncasecmp(text + next, "pr", 2) == 0));
}

void redact_expression(
	const struct redact *redact, const char *text, size_t size, bool is_path, struct buf *out)
{
	struct redact closed = { .pseudonym = redact->pseudonym };
	const char *attribute = "";
	size_t attribute_size = 0;
	bool literal = false; /* the next word is compared with */
	size_t i = 0;

	if (redact->with_values && !redact_is_secret(text, size)) {
		buf_append(out, text, size);
		return;
	}
	while (i < size) {
		size_t word = word_size(text + i, size - i);

		if (is_quote(text + i, size - i) || (literal && text[i] != ' ')) {
			i += append_literal(
				&closed, attribute, attribute_size, text + i, size - i, out);
			literal = false;
			continue;
		}
		if (word == 0) { /* blanks, brackets; what else stands here is nobody's syntax */
			buf_append_char(out, strchr(" ()[]", text[i]) != NULL ? text[i] : '?');
			i++;
			continue;
		}
		literal = is_operator(text + i, word);
		if (literal || is_attribute_place(text, size, i, word, is_path)) {
			buf_append(out, text + i, word);
		} else {
			pseudonym_append(&redact->pseudonym, text + i, word, out);
		}
		attribute = literal ? attribute : text + i;
		attribute_size = literal ? attribute_size : word;
		i += word;
	}
}

/* ---- sentences ---- */

/* A word that the schemas know, or the protocol. */
static bool is_public_word(const struct redact *redact, const char *text, size_t size)
{
	static const char *const words[] = { "add", "replace", "remove", "and", "or", "not", "]",
		".", ")", "op", "path", "value", "Operations", "schemas", "urn" };
	const struct scim_model *model = redact->model != NULL ? redact->model : scim_model_core();
	struct scim_ref ref;

	for (size_t i = 0; i < model->type_count; i++) {
		if (scim_type_resolve(&model->types[i], text, size, &ref)) {
			return true;
		}
	}
	return is_one_of(text, size, words, sizeof(words) / sizeof(words[0])) ||
	       (size > 9 && strncasecmp(text, "urn:ietf:", 9) == 0);
}

/* A quote at the begin of the text: its bytes, two where it is escaped. 0: none. */
static size_t quote_size(const char *text, size_t size)
{
	if (text[0] == '\'' || text[0] == '"') {
		return 1;
	}
	return text[0] == '\\' && size > 1 && text[1] == '"' ? 2 : 0;
}

/* Appends a quotation, of which the quotes stay. Returns its bytes. */
static size_t append_quotation(
	const struct redact *redact, const char *text, size_t size, size_t quote, struct buf *out)
{
	const char *end = memchr(text + quote, text[quote - 1], size - quote);
	size_t used = end != NULL ? (size_t)(end - text) + 1 : size;
	size_t behind = end != NULL && used >= 2 * quote ? quote : 0;
	size_t inside = used - quote - behind;

	buf_append(out, text, quote);
	if (is_public_word(redact, text + quote, inside)) {
		buf_append(out, text + quote, inside);
	} else {
		pseudonym_append(&redact->pseudonym, text + quote, inside, out);
	}
	buf_append(out, text + quote + inside, behind);
	return used;
}

/* An escape of a JSON string stays one. Returns its bytes. */
static size_t append_escape(
	const struct redact *redact, const char *text, size_t size, struct buf *out)
{
	size_t used = size > 1 && text[1] == 'u' ? 6 : 2;

	used = used < size ? used : size;
	pseudonym_append(&redact->pseudonym, text, used, out);
	return used;
}

/* A number that follows "not " is what was sent: "must be a text, not 4711". */
static size_t append_word(const struct redact *redact, const char *text, size_t size,
	bool follows_not, struct buf *out)
{
	size_t word = 0;
	size_t digits = 0;
	bool address = false;

	while (word < size && text[word] != ' ' && text[word] != '\'' && text[word] != '"' &&
		text[word] != '\\') {
		digits += isdigit((unsigned char)text[word]) != 0;
		address = address || text[word] == '@' || (unsigned char)text[word] >= 0x80;
		word++;
	}
	if (word == 0) {
		buf_append_char(out, text[0]);
		return 1;
	}
	if (address || digits >= 5 || (digits > 0 && follows_not)) {
		struct redact_context context = { "", 0, false };

		redact_value_text(redact, &context, text, word, out);
	} else {
		buf_append(out, text, word);
	}
	return word;
}

void redact_sentence(const struct redact *redact, const char *text, size_t size, struct buf *out)
{
	size_t i = 0;

	if (redact->with_values) {
		buf_append(out, text, size);
		return;
	}
	while (i < size) {
		bool may_open = i == 0 || !isalnum((unsigned char)text[i - 1]);
		size_t quote = may_open ? quote_size(text + i, size - i) : 0;
		bool follows_not = i >= 4 && memcmp(text + i - 4, "not ", 4) == 0;

		if (quote > 0) {
			i += append_quotation(redact, text + i, size - i, quote, out);
		} else if (text[i] == '\\') {
			i += append_escape(redact, text + i, size - i, out);
		} else {
			i += append_word(redact, text + i, size - i, follows_not, out);
		}
	}
}

/* ---- targets ---- */

static void append_encoded(struct buf *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (isalnum((unsigned char)text[i]) || strchr("-._~", text[i]) != NULL) {
			buf_append_char(out, text[i]);
		} else {
			buf_printf(out, "%%%02X", (unsigned char)text[i]);
		}
	}
}

static void append_parameter(
	const struct redact *redact, struct http_text name, struct http_text value, struct buf *out)
{
	static const char *const plain[] = { "attributes", "excludedAttributes", "startIndex",
		"count", "sortBy", "sortOrder", "aadOptscim062020" };
	struct redact_context context = { name.data, name.size, false };
	struct buf text = { 0 };

	if (redact_is_secret(name.data, name.size) || http_text_is_folded(name, "cursor")) {
		buf_printf(&text, "[%zu bytes]", value.size);
	} else if (http_text_is_folded(name, "filter")) {
		redact_expression(redact, value.data, value.size, false, &text);
	} else if (is_one_of(name.data, name.size, plain, sizeof(plain) / sizeof(plain[0]))) {
		buf_append(&text, value.data, value.size);
	} else {
		redact_value_text(redact, &context, value.data, value.size, &text);
	}
	append_encoded(out, name.data, name.size);
	buf_append_char(out, '=');
	append_encoded(out, buf_text(&text), text.size);
	buf_fini(&text);
}

static void append_path(const struct redact *redact, const char *path, size_t size, struct buf *out)
{
	const char *at = path;
	const char *end = path + size;

	while (at < end) {
		const char *slash = memchr(at, '/', (size_t)(end - at));
		size_t length = (size_t)((slash != NULL ? slash : end) - at);

		redact_value_segment(redact, at, length, out);
		at += length;
		if (slash != NULL) {
			buf_append_char(out, '/');
			at++;
		}
	}
}

void redact_target(const struct redact *redact, struct arena *arena, const char *path,
	size_t path_size, const char *query, size_t query_size, struct buf *out)
{
	struct http_text cursor = { query, query_size };
	struct http_text name, value;
	struct error err = { 0 };
	char separator = '?';

	append_path(redact, path, path_size, out);
	while (http_query_next(&cursor, arena, &name, &value, &err)) {
		buf_append_char(out, separator);
		append_parameter(redact, name, value, out);
		separator = '&';
	}
	if (err.code != ERROR_NONE) { /* an escape that is none */
		buf_append_char(out, separator);
		pseudonym_append(&redact->pseudonym, query, query_size, out);
	}
}
