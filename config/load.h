/*
 * YAML file → struct config, by the table of config/keys.c.
 *
 * Reports everything that is wrong at once, each with line, column, the source line, a caret
 * and, where a name is close to a known one, a suggestion. Unknown keys are errors. Files beyond
 * 1 MiB, 16 levels or 20,000 nodes, and aliases, are refused before they can grow. `${file:PATH}`,
 * `${env:NAME}`, `${cred:NAME}` inside a text are replaced (config/secret_ref.h). Reads files, so:
 * at start and at reload, in one thread.
 *
 *     struct config_report report = { 0 };
 *     struct config *config = config_load(path, &report);
 *     if (config == NULL) {
 *             config_report_print(&report, &buf, colour);
 *     }
 *     config_report_fini(&report);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "config/report.h"

struct config;

#define CONFIG_DEFAULT_PATH "/etc/scimward/scimward.yaml"

/*
 * NULL: report holds at least one problem. The result is freed with config_free(). Relative paths
 * are resolved against the folder of the file.
 */
struct config *config_load(const char *path, struct config_report *report);

/*
 * The same, but secrets that are references are not read: each stands for the text "reference". For
 * verbs of people, who may read the file but not the secrets, or run outside the unit that systemd
 * hands credentials to.
 */
struct config *config_load_without_secrets(const char *path, struct config_report *report);

/*
 * The same from memory; `name` is for messages, relative paths are resolved against `folder`.
 * folder NULL: nothing is read, a reference stands for the text "reference".
 */
struct config *config_parse(const char *name, const char *folder, const char *text, size_t size,
	struct config_report *report);

void config_free(struct config *config); /* wipes its secrets. NULL is fine. */

/*
 * What only a layer above can judge (a filter's syntax, a profile's name) is added as a problem at
 * the place of the key: path as in "apps[2].groups.filter". Always returns false.
 */
bool config_report_add(struct config_report *report, const struct config *config, const char *path,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
