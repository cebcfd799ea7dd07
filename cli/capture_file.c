#include "cli/capture_file.h"

#include <string.h>
#include <strings.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

#define FILE_BYTES_MAX ((size_t)300 * 1024 * 1024)

static bool is_record(const json_t *line)
{
	return json_is_string(json_object_get(line, "method")) &&
	       json_is_string(json_object_get(line, "target")) &&
	       json_is_object(json_object_get(line, "reply"));
}

static bool take_line(
	struct capture_file *file, const char *text, size_t size, size_t number, struct error *err)
{
	json_t *line = json_loadb(text, size, 0, NULL);

	if (number == 1 && json_integer_value(json_object_get(line, "capture")) == 1) {
		file->head = line;
		return true;
	}
	if (number > 1 && is_record(line)) {
		json_array_append_new(file->records, line);
		return true;
	}
	bool is_end = json_object_get(line, "end") != NULL;

	json_decref(line);
	if (number == 1) {
		return error_set(err, ERROR_SYNTAX, "this is no file of `scimward source capture`");
	}
	return is_end || error_set(err, ERROR_SYNTAX, "line %zu is broken", number);
}

bool capture_file_read(const char *path, struct capture_file *file, struct error *err)
{
	CLEANUP(buf_fini) struct buf text = { 0 };
	size_t number = 0;
	const char *at;

	*file = (struct capture_file){ .records = json_array() };
	if (!file_read(path, FILE_BYTES_MAX, &text, err)) {
		return false;
	}
	at = buf_text(&text);
	for (const char *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
		if (!take_line(file, at, (size_t)(end - at), ++number, err)) {
			return error_wrap(err, "%s", path);
		}
	}
	return number > 0 || error_set(err, ERROR_SYNTAX, "%s: the file is empty", path);
}

void capture_file_fini(struct capture_file *file)
{
	json_decref(file->head);
	json_decref(file->records);
}

const char *capture_file_header(const json_t *record, const char *name)
{
	size_t index;
	json_t *pair;

	json_array_foreach(json_object_get(record, "headers"), index, pair)
	{
		const char *key = json_string_value(json_array_get(pair, 0));

		if (key != NULL && strcasecmp(key, name) == 0) {
			return json_string_value(json_array_get(pair, 1));
		}
	}
	return NULL;
}

char *capture_file_body(const json_t *record, bool *omitted)
{
	const json_t *body = json_object_get(record, "body");
	const char *raw = json_string_value(json_object_get(record, "raw"));

	*omitted = json_is_true(json_object_get(record, "omitted"));
	if (body != NULL) {
		return json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);
	}
	return raw != NULL ? must_strdup(raw) : NULL;
}
