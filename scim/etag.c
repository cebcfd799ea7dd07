#include "scim/etag.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/error.h"

#define TAGS_MAX 100

void scim_etag_format(int64_t version, char text[SCIM_ETAG_BYTES])
{
	char digits[24];
	size_t count = 0;
	uint64_t rest = version < 0 ? 0 : (uint64_t)version;

	do { /* by hand: every reply has one */
		digits[count++] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	memcpy(text, "W/\"", 3);
	for (size_t i = 0; i < count; i++) {
		text[3 + i] = digits[count - 1 - i];
	}
	memcpy(text + 3 + count, "\"", 2);
}

static const char *skip_spaces(const char *p)
{
	return p + strspn(p, " \t");
}

/* [W/]"opaque" (RFC 9110, 8.8.3). NULL: not of that form. */
static const char *read_tag(const char *p, const char **opaque, size_t *size)
{
	if (strncmp(p, "W/", 2) == 0) {
		p += 2;
	}
	if (*p != '"') {
		return NULL;
	}
	*opaque = ++p;
	while (*p != '"') {
		if ((unsigned char)*p <= ' ' || *p == 0x7f) {
			return NULL;
		}
		p++;
	}
	*size = (size_t)(p - *opaque);
	return p + 1;
}

static bool no_form(struct error *err)
{
	return error_set(err, ERROR_REQUEST,
		"If-Match and If-None-Match hold * or a list of entity tags such as W/\"7\"");
}

bool scim_etag_matches(const char *header, int64_t version, bool *matches, struct error *err)
{
	char wanted[SCIM_ETAG_BYTES];
	int length = snprintf(wanted, sizeof(wanted), "%" PRId64, version);
	const char *p = skip_spaces(header);

	*matches = false;
	if (*p == '*') {
		*matches = true;
		return *skip_spaces(p + 1) == '\0' || no_form(err);
	}
	for (int i = 0; i < TAGS_MAX; i++) {
		const char *opaque;
		size_t size;

		p = read_tag(p, &opaque, &size);
		if (p == NULL) {
			return no_form(err);
		}
		*matches =
			*matches || (size == (size_t)length && memcmp(opaque, wanted, size) == 0);
		p = skip_spaces(p);
		if (*p == '\0') {
			return true;
		}
		if (*p != ',') {
			return no_form(err);
		}
		p = skip_spaces(p + 1);
	}
	return no_form(err);
}
