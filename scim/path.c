#include "scim/path.h"

#include <string.h>
#include "base/buf.h"
#include "base/error.h"
#include "scim/filter.h"

/* Where the bracket that is open at `text` closes: behind quoted texts. NULL: it does not. */
static const char *closing_bracket(const char *text, const char *end)
{
	bool quoted = false;

	for (const char *p = text; p < end; p++) {
		if (quoted && *p == '\\' && p + 1 < end) {
			p++;
		} else if (*p == '"') {
			quoted = !quoted;
		} else if (*p == ']' && !quoted) {
			return p;
		}
	}
	return NULL;
}

static bool unknown(
	const struct scim_resource_type *type, const char *text, size_t size, struct error *err)
{
	const char *near = scim_type_suggest(type, text, size);
	int shown = (int)(size < 120 ? size : 120);

	if (near != NULL) {
		return error_set(err, ERROR_PATH,
			"a %s has no attribute '%.*s', did you mean '%s'?", type->name, shown, text,
			near);
	}
	return error_set(err, ERROR_PATH, "a %s has no attribute '%.*s'", type->name, shown, text);
}

static bool parse_sub(const char *text, const char *end, struct scim_path *path, struct error *err)
{
	const struct scim_attribute *attribute = path->ref.attribute;

	if (text == end) {
		return true;
	}
	if (*text != '.') {
		return error_set(err, ERROR_PATH, "behind ']' a path ends or goes on with '.'");
	}
	text++;
	path->ref.sub = scim_attribute_sub(attribute, text, (size_t)(end - text));
	return path->ref.sub != NULL ||
	       error_set(err, ERROR_PATH, "%s has no sub-attribute '%.*s'", attribute->name,
		       (int)(end - text < 80 ? end - text : 80), text);
}

static bool parse_value_path(struct arena *arena, const struct scim_resource_type *type,
	const char *text, const char *bracket, const char *end, bool loose, struct scim_path *path,
	struct error *err)
{
	const char *close = closing_bracket(bracket + 1, end);

	if (!scim_type_resolve(type, text, (size_t)(bracket - text), &path->ref) ||
		path->ref.attribute == NULL) {
		return unknown(type, text, (size_t)(bracket - text), err);
	}
	if (!path->ref.attribute->multi || path->ref.sub != NULL) {
		return error_set(err, ERROR_PATH,
			"%s has one value, only a list can have a filter in its path",
			path->ref.attribute->name);
	}
	if (close == NULL) {
		return error_set(err, ERROR_PATH, "']' is missing in the path");
	}
	path->filter = scim_filter_parse_element(
		arena, path->ref.attribute, bracket + 1, (size_t)(close - bracket - 1), loose, err);
	if (path->filter == NULL) {
		return error_wrap(err, "in the brackets of the path");
	}
	return parse_sub(close + 1, end, path, err);
}

bool scim_path_parse(struct arena *arena, const struct scim_resource_type *type, const char *text,
	size_t size, bool loose, struct scim_path *path, struct error *err)
{
	const char *bracket = memchr(text, '[', size);

	*path = (struct scim_path){ 0 };
	if (size == 0) {
		return error_set(err, ERROR_PATH, "the path is empty, leave it out instead");
	}
	if (bracket != NULL) {
		return parse_value_path(arena, type, text, bracket, text + size, loose, path, err);
	}
	if (!scim_type_resolve(type, text, size, &path->ref)) {
		return unknown(type, text, size, err);
	}
	return true;
}

void scim_path_print(struct buf *buf, const struct scim_path *path)
{
	struct scim_ref list = path->ref;

	if (path->filter == NULL) {
		scim_ref_print(buf, &path->ref);
		return;
	}
	list.sub = NULL;
	scim_ref_print(buf, &list);
	buf_append_char(buf, '[');
	scim_filter_print(buf, path->filter);
	buf_append_char(buf, ']');
	if (path->ref.sub != NULL) {
		buf_append_char(buf, '.');
		buf_append(buf, path->ref.sub->name, path->ref.sub->name_size);
	}
}
