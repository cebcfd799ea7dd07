#include "config/secret_ref.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"
#include "config/suggest.h"

#define REFERENCE_BYTES (64 * 1024)
#define NAME_BYTES 4096

typedef bool read_fn(const char *folder, const char *name, struct buf *buf, struct error *err);

void config_resolve(const char *folder, const char *path, struct buf *buf)
{
	if (path[0] != '/' && folder != NULL && folder[0] != '\0') {
		buf_printf(buf, "%s/", folder);
	}
	buf_append_text(buf, path);
}

static void wipe_buf(struct buf *buf)
{
	if (buf->data != NULL) {
		secret_wipe(buf->data, buf->capacity);
	}
	buf_fini(buf);
}

/* A pipe would stop the start for ever, a device would never end: only regular files. */
static bool read_regular(const char *path, struct buf *buf, struct error *err)
{
	CLEANUP(wipe_buf) struct buf content = { 0 };
	struct stat status;

	if (stat(path, &status) != 0) {
		return error_set(err, ERROR_CONFIG, "%s: %s", path, strerror(errno));
	}
	if (!S_ISREG(status.st_mode)) {
		return error_set(err, ERROR_CONFIG, "%s: not a regular file", path);
	}
	if (!file_read(path, REFERENCE_BYTES, &content, err)) {
		return false;
	}
	if (content.size > 0 && content.data[content.size - 1] == '\n') {
		content.size--;
	}
	if (content.size > 0 && content.data[content.size - 1] == '\r') {
		content.size--;
	}
	if (content.size == 0) {
		return error_set(err, ERROR_CONFIG, "%s is empty", path);
	}
	if (memchr(content.data, '\0', content.size) != NULL) {
		return error_set(err, ERROR_CONFIG, "%s holds a NUL character", path);
	}
	buf_append(buf, content.data, content.size);
	return true;
}

static bool read_file(const char *folder, const char *name, struct buf *buf, struct error *err)
{
	CLEANUP(buf_fini) struct buf path = { 0 };

	config_resolve(folder, name, &path);
	return read_regular(buf_text(&path), buf, err);
}

static bool read_env(const char *folder, const char *name, struct buf *buf, struct error *err)
{
	const char *value = getenv(name);

	(void)folder;
	if (value == NULL) {
		return error_set(err, ERROR_CONFIG, "the environment variable %s is not set", name);
	}
	buf_append_text(buf, value);
	return true;
}

static bool read_cred(const char *folder, const char *name, struct buf *buf, struct error *err)
{
	CLEANUP(buf_fini) struct buf path = { 0 };
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");

	(void)folder;
	if (credentials == NULL) {
		return error_set(err, ERROR_CONFIG,
			"CREDENTIALS_DIRECTORY is not set: credentials come from a systemd unit "
			"with "
			"LoadCredential=%s:…",
			name);
	}
	if (strchr(name, '/') != NULL) {
		return error_set(err, ERROR_CONFIG, "'%s' is no name of a credential", name);
	}
	buf_printf(&path, "%s/%s", credentials, name);
	return read_regular(buf_text(&path), buf, err);
}

static const struct {
	const char *name;
	read_fn *read;
} kinds[] = {
	{ "cred", read_cred },
	{ "env", read_env },
	{ "file", read_file },
};

static bool unknown_kind(const char *kind, struct error *err)
{
	struct config_suggestion suggestion = { .name = kind };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		config_suggest(&suggestion, kinds[i].name);
	}
	if (suggestion.best != NULL) {
		return error_set(err, ERROR_CONFIG,
			"no reference of kind '%s'; did you mean '${%s:…}'?", kind,
			suggestion.best);
	}
	return error_set(err, ERROR_CONFIG,
		"no reference of kind '%s'; there are ${file:…}, ${env:…} and ${cred:…} ($${ is a "
		"plain "
		"${)",
		kind);
}

/* inside: what stands between `${` and `}`. */
static bool read_reference(const char *folder, char *inside, struct buf *buf, struct error *err)
{
	char *colon = strchr(inside, ':');

	if (colon == NULL || colon[1] == '\0') {
		return error_set(err, ERROR_CONFIG,
			"'${%s}' should be ${file:PATH}, ${env:NAME} or "
			"${cred:NAME}",
			inside);
	}
	*colon = '\0';
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, inside) != 0) {
			continue;
		}
		if (folder == NULL) {
			buf_append_text(buf, "reference");
			return true;
		}
		if (!kinds[i].read(folder, colon + 1, buf, err)) {
			return error_wrap(err, "${%s:%s}", inside, colon + 1);
		}
		return true;
	}
	return unknown_kind(inside, err);
}

bool config_expand(
	const char *folder, const char *text, struct buf *buf, bool *any, struct error *err)
{
	for (const char *at = text; *at != '\0';) {
		if (strncmp(at, "$${", 3) == 0) {
			buf_append_text(buf, "${");
			at += 3;
			continue;
		}
		if (strncmp(at, "${", 2) != 0) {
			buf_append_char(buf, *at++);
			continue;
		}
		const char *end = strchr(at, '}');
		if (end == NULL || (size_t)(end - at) > NAME_BYTES) {
			return error_set(
				err, ERROR_CONFIG, "a '${' lacks its '}' ($${ is a plain ${)");
		}
		CLEANUP(buf_fini) struct buf inside = { 0 };
		buf_append(&inside, at + 2, (size_t)(end - at) - 2);
		buf_append_char(&inside, '\0');
		if (!read_reference(folder, inside.data, buf, err)) {
			return false;
		}
		*any = true;
		at = end + 1;
	}
	return true;
}
