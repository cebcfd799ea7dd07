#include "scim/name.h"

#include <string.h>
#include <utf8proc.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/utf8.h"
#include "base/value.h"

/* ---- what may not stand in a name ---- */

#define BRAILLE_BLANK 0x2800 /* a symbol by its category, and as invisible as a space */

/* NULL: fine. */
static const char *fault_of(utf8proc_int32_t point)
{
	const utf8proc_property_t *property = utf8proc_get_property(point);

	switch (property->category) {
	case UTF8PROC_CATEGORY_CC:
		return "a control character";
	case UTF8PROC_CATEGORY_CF:
		return "an invisible formatting character";
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_CN:
		return "a character without a meaning of its own";
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return "a line separator";
	case UTF8PROC_CATEGORY_ZS:
		return point == ' ' ? NULL : "a special space";
	default:
		return property->ignorable || point == BRAILLE_BLANK ? "an invisible character"
								     : NULL;
	}
}

static bool check_characters(const char *text, size_t size, struct error *err)
{
	for (size_t at = 0; at < size;) {
		uint32_t point;
		size_t step = utf8_read(text + at, size - at, &point);
		const char *fault;

		if (step == 0) {
			return error_set(err, ERROR_VALUE, "it is not valid UTF-8");
		}
		if (step > 1 || text[at] < ' ' || text[at] == 0x7f) {
			fault = fault_of((utf8proc_int32_t)point);
			if (fault != NULL) {
				return error_set(err, ERROR_VALUE, "it contains %s, U+%04X", fault,
					(unsigned)point);
			}
		}
		at += step;
	}
	return true;
}

static bool is_ascii(const char *text, size_t size)
{
	unsigned char all = 0;

	for (size_t i = 0; i < size; i++) {
		all |= (unsigned char)text[i];
	}
	return all < 0x80;
}

static bool check_ends(const char *text, size_t size, struct error *err)
{
	if (size == 0) {
		return error_set(err, ERROR_VALUE, "it is empty");
	}
	if (size > SCIM_NAME_BYTES_MAX) {
		return error_set(
			err, ERROR_VALUE, "it is longer than %d bytes", SCIM_NAME_BYTES_MAX);
	}
	if (text[0] == ' ' || text[size - 1] == ' ') {
		return error_set(err, ERROR_VALUE, "it starts or ends with a space");
	}
	if (text[size - 1] == '.') {
		return error_set(err, ERROR_VALUE, "it ends with a dot");
	}
	return true;
}

/* ---- the normal form ---- */

/*
 * NFKC_Casefold: utf8proc decomposes, folds and drops the ignorable in one pass. Folding can
 * leave what decomposes again, so passes are made until nothing changes (two, nearly always).
 */
static const char *normalise(struct arena *arena, const char *text, size_t *size)
{
	const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
					  UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;

	for (int pass = 0; pass < 4; pass++) {
		const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text;
		utf8proc_ssize_t points =
			utf8proc_decompose(bytes, (utf8proc_ssize_t)*size, NULL, 0, options);
		utf8proc_int32_t *buffer;

		if (points < 0) {
			return text; /* no UTF-8: values are checked before, so never */
		}
		buffer = arena_alloc(arena, ((size_t)points + 1) * sizeof(*buffer));
		points =
			utf8proc_decompose(bytes, (utf8proc_ssize_t)*size, buffer, points, options);
		points = utf8proc_reencode(buffer, points, options);
		if (points < 0) {
			return text;
		}
		if ((size_t)points == *size && memcmp(buffer, text, *size) == 0) {
			return text;
		}
		text = (const char *)buffer;
		*size = (size_t)points;
	}
	return text;
}

bool scim_name_check(struct arena *arena, const char *text, size_t size, struct error *err)
{
	if (!check_ends(text, size, err) || !check_characters(text, size, err)) {
		return false;
	}
	if (is_ascii(text, size)) {
		return true;
	}
	/* Spaces and dots that only the normal form shows, e.g. of U+2024, "one dot leader". */
	text = normalise(arena, text, &size);
	return check_characters(text, size, err) && check_ends(text, size, err);
}

static const struct value *fold_ascii(
	struct arena *arena, const struct value *value, const char *text, size_t size)
{
	size_t at = 0;
	char *lower;

	while (at < size && !(text[at] >= 'A' && text[at] <= 'Z')) {
		at++;
	}
	if (at == size) {
		return value;
	}
	lower = arena_text(arena, text, size);
	for (; at < size; at++) {
		if (lower[at] >= 'A' && lower[at] <= 'Z') {
			lower[at] = (char)(lower[at] + ('a' - 'A'));
		}
	}
	return value_of_text_n(arena, lower, size);
}

const struct value *scim_name_fold(struct arena *arena, const struct value *value)
{
	const char *text = value_text(value);
	size_t size = value_size(value);
	const char *normal;

	if (is_ascii(text, size)) {
		return fold_ascii(arena, value, text, size);
	}
	normal = normalise(arena, text, &size);
	return normal == text ? value : value_of_text_n(arena, normal, size);
}
