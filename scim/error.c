#include "scim/error.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>
#include "base/buf.h"
#include "scim/urn.h"

static const struct {
	int status;
	const char *scim_type; /* NULL: the RFC has no word for it */
} table[] = {
	[ERROR_NONE] = { 0, NULL },
	[ERROR_SYNTAX] = { 400, "invalidSyntax" },
	[ERROR_FILTER] = { 400, "invalidFilter" },
	[ERROR_PATH] = { 400, "invalidPath" },
	[ERROR_VALUE] = { 400, "invalidValue" },
	[ERROR_NO_TARGET] = { 400, "noTarget" },
	[ERROR_MUTABILITY] = { 400, "mutability" },
	[ERROR_TOO_MANY] = { 400, "tooMany" },
	[ERROR_CURSOR] = { 400, "invalidCursor" },
	[ERROR_CURSOR_EXPIRED] = { 400, "expiredCursor" },
	[ERROR_PAGE_SIZE] = { 400, "invalidCount" },
	[ERROR_REQUEST] = { 400, NULL },
	[ERROR_UNAUTHORIZED] = { 401, NULL },
	[ERROR_DENIED] = { 403, NULL },
	[ERROR_NOT_FOUND] = { 404, NULL },
	[ERROR_METHOD] = { 405, NULL },
	[ERROR_NOT_ACCEPTABLE] = { 406, NULL },
	[ERROR_UNIQUENESS] = { 409, "uniqueness" },
	[ERROR_REFERENCE] = { 409, NULL },
	[ERROR_PRECONDITION] = { 412, NULL },
	[ERROR_TOO_LARGE] = { 413, NULL },
	[ERROR_MEDIA_TYPE] = { 415, NULL },
	[ERROR_RATE] = { 429, NULL },
	[ERROR_POLICY] = { 503, NULL },
	[ERROR_BUDGET] = { 503, NULL },
	[ERROR_STORE] = { 503, NULL },
	[ERROR_CONFLICT] = { 503, NULL },
	[ERROR_TIMEOUT] = { 503, NULL },
	[ERROR_DOWNSTREAM] = { 502, NULL },
	[ERROR_CONFIG] = { 500, NULL },
	[ERROR_IO] = { 500, NULL },
	[ERROR_INTERNAL] = { 500, NULL },
};
static_assert(sizeof(table) / sizeof(table[0]) == ERROR_COUNT, "a code lacks its row");

int scim_error_status(enum error_code code)
{
	assert(code > ERROR_NONE && code < ERROR_COUNT); /* ours: a success has no status */
	return table[code].status;
}

const char *scim_error_type(enum error_code code)
{
	assert(code > ERROR_NONE && code < ERROR_COUNT);
	return table[code].scim_type;
}

void scim_error_print(struct buf *buf, const struct error *err)
{
	const char *type = scim_error_type(err->code);

	buf_printf(buf, "{\"schemas\":[\"" SCIM_URN_ERROR "\"],\"status\":\"%d\"",
		scim_error_status(err->code));
	if (type != NULL) {
		buf_printf(buf, ",\"scimType\":\"%s\"", type);
	}
	buf_append_text(buf, ",\"detail\":");
	buf_append_json_text(buf, err->text, strlen(err->text));
	buf_append_char(buf, '}');
}
