#include "gateway/redact_value.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "base/encode.h"
#include "gateway/redact.h"

static bool is_key(const struct redact_context *context, const char *name)
{
	return strlen(name) == context->size && strncasecmp(name, context->key, context->size) == 0;
}

static bool is_any_key(const struct redact_context *context, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_key(context, names[i])) {
			return true;
		}
	}
	return false;
}
#define IS_ANY_KEY(context, names) is_any_key(context, names, sizeof(names) / sizeof((names)[0]))

static bool is_made_of(const char *text, size_t size, size_t most, const char *others)
{
	for (size_t i = 0; i < size; i++) {
		if (!isalnum((unsigned char)text[i]) &&
			(text[i] == '\0' || strchr(others, text[i]) == NULL)) {
			return false;
		}
	}
	return size > 0 && size <= most;
}

/* An id that we gave: version 7, and nobody else's externalId. */
static bool is_our_id(const char *text, size_t size)
{
	uint8_t id[UUID_BYTES];

	return size == UUID_TEXT_BYTES - 1 && text[14] == '7' && uuid_parse(text, size, id);
}

/* "true", "False", "null", "0": what a dialect may mean by it is what one looks for. */
static bool is_telling(const char *text, size_t size)
{
	static const char *const words[] = { "", "true", "false", "null", "yes", "no", "0", "1" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i]) == size && strncasecmp(words[i], text, size) == 0) {
			return true;
		}
	}
	return false;
}

/* Keys whose texts belong to the protocol or the schema. */
static bool is_public(const struct redact_context *context, const char *text, size_t size)
{
	static const char *const protocol[] = { "schemas", "scimType", "created", "lastModified",
		"version" };
	static const char *const purposes[] = { "type", "op", "status", "method", "resourceType" };

	if (IS_ANY_KEY(context, protocol)) {
		return is_made_of(text, size, 200, ":._-/+\"\\");
	}
	return IS_ANY_KEY(context, purposes) && is_made_of(text, size, 32, "_-");
}

static bool is_date(const char *text, size_t size)
{
	static const char form[] = "dddd-dd-dd";

	for (size_t i = 0; i < 10; i++) {
		if (size < 10 ||
			(form[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != form[i])) {
			return false;
		}
	}
	return size <= 40 && (size == 10 || strchr("T +-Z", text[10]) != NULL);
}

/* The form and the zone stay; a day that does not exist would be another mistake than the sent one.
 */
static void append_date(const char *text, size_t size, struct buf *out)
{
	bool zone = false;

	buf_append_text(out, "2000-01-01");
	for (size_t i = 10; i < size; i++) {
		zone = zone || text[i] == '+' || text[i] == '-' || text[i] == 'Z';
		buf_append_char(out, !zone && isdigit((unsigned char)text[i]) ? '0' : text[i]);
	}
}

/* Also with "https://host" in front, as $ref and location have it. */
static void append_address(
	const struct redact *redact, const char *text, size_t size, struct buf *out)
{
	size_t at = 0;

	while (at < size) {
		const char *slash = memchr(text + at, '/', size - at);
		size_t length = slash != NULL ? (size_t)(slash - text) - at : size - at;
		bool is_scheme = length > 0 && length <= 6 && text[at + length - 1] == ':';

		if (is_scheme) {
			buf_append(out, text + at, length);
		} else {
			redact_value_segment(redact, text + at, length, out);
		}
		at += length;
		if (slash != NULL) {
			buf_append_char(out, '/');
			at++;
		}
	}
}

/* Of PATCH; there are attributes of that name, with "/sales/north" in them. */
static bool is_path(const char *text, size_t size)
{
	const char *bracket = memchr(text, '[', size);

	return is_made_of(text, bracket != NULL ? (size_t)(bracket - text) : size, 200, "_$:.-");
}

void redact_value_text(const struct redact *redact, const struct redact_context *context,
	const char *text, size_t size, struct buf *out)
{
	static const char *const addresses[] = { "$ref", "location" };

	if (context->is_secret) {
		buf_append_text(out, "[redacted]");
	} else if (is_key(context, "path") && is_path(text, size)) {
		redact_expression(redact, text, size, true, out);
	} else if (redact->with_values || is_telling(text, size) ||
		   is_public(context, text, size) ||
		   (is_our_id(text, size) && !is_key(context, "externalId"))) {
		buf_append(out, text, size);
	} else if (IS_ANY_KEY(context, addresses)) {
		append_address(redact, text, size, out);
	} else if (is_date(text, size)) {
		append_date(text, size, out);
	} else {
		pseudonym_append(&redact->pseudonym, text, size, out);
	}
}

/* The digits of a number; what begins with a zero, or with none, still does. */
static void append_digits(
	const struct redact *redact, const char *text, size_t size, struct buf *out)
{
	struct buf digits = { 0 };
	bool first = true;

	pseudonym_append(&redact->pseudonym, text, size, &digits);
	for (size_t i = 0; i < size; i++) {
		char c = text[i];

		if (isdigit((unsigned char)c)) {
			c = first && (c == '0' || digits.data[i] == '0') ? c : digits.data[i];
			first = false;
		}
		buf_append_char(out, c); /* sign, point and exponent are no text */
	}
	buf_fini(&digits);
}

void redact_value_number(const struct redact *redact, const struct redact_context *context,
	const char *text, size_t size, struct buf *out)
{
	static const char *const counts[] = { "startIndex", "count", "itemsPerPage",
		"totalResults" };

	if (context->is_secret) {
		buf_append_char(out, '0');
	} else if (redact->with_values || is_telling(text, size) || IS_ANY_KEY(context, counts)) {
		buf_append(out, text, size);
	} else if (is_made_of(text, size, 400, "+-.")) {
		append_digits(redact, text, size, out);
	} else {
		pseudonym_append(&redact->pseudonym, text, size, out); /* no number at all */
	}
}

void redact_value_segment(
	const struct redact *redact, const char *text, size_t size, struct buf *out)
{
	static const char *const known[] = { "scim", "v2", "t", "Users", "Groups", "Bulk", "Me",
		".search", "Schemas", "ResourceTypes", "ServiceProviderConfig" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strlen(known[i]) == size && memcmp(known[i], text, size) == 0) {
			buf_append(out, text, size);
			return;
		}
	}
	if (redact->with_values || is_our_id(text, size) ||
		(size > 9 && memcmp(text, "urn:ietf:", 9) == 0)) {
		buf_append(out, text, size);
	} else {
		pseudonym_append(&redact->pseudonym, text, size, out);
	}
}

void redact_value_key(const struct redact *redact, const char *text, size_t size, struct buf *out)
{
	if (redact->with_values || is_made_of(text, size, 128, "_$:.-/#")) {
		buf_append(out, text, size);
	} else if (size > 0 && memchr(text, '[', size) != NULL) {
		redact_expression(redact, text, size, true, out);
	} else {
		pseudonym_append(&redact->pseudonym, text, size, out);
	}
}
