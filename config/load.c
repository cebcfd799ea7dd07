#include "config/load.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/secret.h"
#include "config/bind.h"
#include "config/check.h"
#include "config/config.h"
#include "config/places.h"
#include "config/yaml.h"

void config_free(struct config *config)
{
	if (config == NULL) {
		return;
	}
	for (size_t i = 0; i < config->app_count; i++) {
		secret_free(config->apps[i].token);
		secret_free(config->apps[i].oauth.client_secret);
	}
	secret_free(config->policy.token);
	secret_free(config->shadow.token);
	for (size_t i = 0; i < config->policy.signer_count; i++) {
		secret_free(config->policy.signers[i].secret);
	}
	config_file_free(config->file);
	memory_free(config);
}

bool config_has_policy(const struct config_policy *policy)
{
	return policy->directory != NULL || policy->bundle != NULL || policy->git.url != NULL;
}

static void cleanup_config(struct config **config)
{
	config_free(*config);
}

static struct config *parse(const char *name, const char *folder, bool secrets, const char *text,
	size_t size, struct config_report *report)
{
	CLEANUP(cleanup_config) struct config *config = must_calloc(1, sizeof(*config));
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();

	report->file = arena_strdup(config_report_arena(report), name);
	struct yaml_node *root = yaml_parse(arena, text, size, report);
	/* After the limits of yaml_parse(): a huge text is not copied. */
	config->file =
		config_file_new(name, folder, root != NULL ? text : "", root != NULL ? size : 0);
	config->file->secrets = secrets;
	if (root == NULL) {
		config_report_sort(report);
		return NULL;
	}
	bool ok = config_bind(config, root, report);
	ok = config_check(config, report) && ok;
	if (!ok) {
		config_report_sort(report);
		return NULL;
	}
	struct config *result = config;
	config = NULL;
	return result;
}

struct config *config_parse(const char *name, const char *folder, const char *text, size_t size,
	struct config_report *report)
{
	return parse(name, folder, true, text, size, report);
}

static struct config *cannot_read(const char *path, const char *why, struct config_report *report)
{
	struct arena *arena = config_report_arena(report);
	struct config_problem problem = {
		.path = "",
		.message = arena_strdup(arena, why),
		.hint = "-c FILE names another; `scimward init DIR` makes one to start with",
	};

	report->file = arena_strdup(arena, path);
	config_report_keep(report, &problem);
	return NULL;
}

static void wipe_buf(struct buf *buf)
{
	if (buf->data != NULL) {
		secret_wipe(buf->data, buf->capacity);
	}
	buf_fini(buf);
}

static struct config *load(const char *path, bool secrets, struct config_report *report)
{
	CLEANUP(wipe_buf) struct buf text = { 0 };
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	char absolute[PATH_MAX];
	struct error err = { 0 };

	size_t size = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
	if (size >= sizeof(folder)) {
		return cannot_read(path, "the path is too long", report);
	}
	snprintf(folder, sizeof(folder), "%.*s", (int)size, path);
	if (realpath(size > 0 ? folder : ".", absolute) == NULL ||
		!file_read(path, YAML_BYTES_MAX + 1, &text, &err)) {
		return cannot_read(path,
			err.code == ERROR_NONE ? "its folder does not exist" : err.text, report);
	}
	return parse(path, absolute, secrets, buf_text(&text), text.size, report);
}

struct config *config_load(const char *path, struct config_report *report)
{
	return load(path, true, report);
}

struct config *config_load_without_secrets(const char *path, struct config_report *report)
{
	return load(path, false, report);
}

bool config_report_add(struct config_report *report, const struct config *config, const char *path,
	const char *format, ...)
{
	const struct config_place *found = config_place_find(config->file, path);
	struct config_place place = { .path = path };
	char message[ERROR_TEXT_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	if (report->file == NULL) {
		report->file = arena_strdup(config_report_arena(report), config->file->name);
	}
	config_file_complain(config->file, report, found != NULL ? found : &place, message, NULL);
	config_report_sort(report);
	return false;
}
