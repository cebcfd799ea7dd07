#include "base/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/utf8.h"

static const char *const names[] = {
	[ERROR_NONE] = "none",
	[ERROR_SYNTAX] = "syntax",
	[ERROR_FILTER] = "filter",
	[ERROR_PATH] = "path",
	[ERROR_VALUE] = "value",
	[ERROR_NO_TARGET] = "no_target",
	[ERROR_MUTABILITY] = "mutability",
	[ERROR_TOO_MANY] = "too_many",
	[ERROR_CURSOR] = "cursor",
	[ERROR_CURSOR_EXPIRED] = "cursor_expired",
	[ERROR_PAGE_SIZE] = "page_size",
	[ERROR_REQUEST] = "request",
	[ERROR_UNAUTHORIZED] = "unauthorized",
	[ERROR_DENIED] = "denied",
	[ERROR_NOT_FOUND] = "not_found",
	[ERROR_METHOD] = "method",
	[ERROR_NOT_ACCEPTABLE] = "not_acceptable",
	[ERROR_UNIQUENESS] = "uniqueness",
	[ERROR_REFERENCE] = "reference",
	[ERROR_PRECONDITION] = "precondition",
	[ERROR_TOO_LARGE] = "too_large",
	[ERROR_MEDIA_TYPE] = "media_type",
	[ERROR_RATE] = "rate",
	[ERROR_POLICY] = "policy",
	[ERROR_BUDGET] = "budget",
	[ERROR_STORE] = "store",
	[ERROR_CONFLICT] = "conflict",
	[ERROR_TIMEOUT] = "timeout",
	[ERROR_DOWNSTREAM] = "downstream",
	[ERROR_CONFIG] = "config",
	[ERROR_IO] = "io",
	[ERROR_INTERNAL] = "internal",
};
static_assert(sizeof(names) / sizeof(names[0]) == ERROR_COUNT, "a code lacks its name");

/* Copies text, cut before a character that does not fit whole. The texts may not overlap. */
static void copy_cut(char result[ERROR_TEXT_BYTES], const char *text)
{
	size_t size = strlen(text);

	if (size >= ERROR_TEXT_BYTES) {
		size = ERROR_TEXT_BYTES - 1;
		while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) {
			size--;
		}
	}
	memcpy(result, text, size);
	result[size] = '\0';
}

bool error_set(struct error *err, enum error_code code, const char *format, ...)
{
	char text[ERROR_TEXT_BYTES + 4]; /* room to see whether a character was cut */
	va_list arguments;

	assert(code > ERROR_NONE && code < ERROR_COUNT);
	if (err == NULL) {
		return false;
	}
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments); /* err->text may be an argument */
	va_end(arguments);
	err->code = code;
	copy_cut(err->text, text);
	utf8_repair(err->text); /* "%.64s" may have cut a character */
	return false;
}

bool error_wrap(struct error *err, const char *format, ...)
{
	char text[2 * ERROR_TEXT_BYTES + 8]; /* cut at a character in the end, not before */
	va_list arguments;

	if (err == NULL) {
		return false;
	}
	va_start(arguments, format);
	int size = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (size < 0) {
		return false;
	}
	if ((size_t)size < ERROR_TEXT_BYTES) {
		snprintf(text + size, sizeof(text) - (size_t)size, ": %s", err->text);
	}
	copy_cut(err->text, text);
	utf8_repair(err->text);
	return false;
}

const char *error_name(enum error_code code)
{
	if ((unsigned)code >= ERROR_COUNT) {
		return "unknown";
	}
	return names[code];
}
