#include "cli/config_rules.h"

#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "config/config.h"
#include "config/load.h"
#include "connectors/connector.h"
#include "connectors/profile.h"
#include "gateway/schemas.h"
#include "scim/dialect.h"
#include "scim/filter.h"
#include "scim/problem.h"
#include "scim/schema.h"

struct rules {
	const struct config *config;
	struct config_report *report;
	struct arena *arena;
	const struct scim_model *model;
	bool ok;
};

static void check_filter(
	struct rules *rules, size_t app, const char *key, const char *type, const char *text)
{
	struct error err = { 0 };

	if (text == NULL || scim_filter_parse(rules->arena, scim_model_type(rules->model, type),
				    text, strlen(text), false, &err) != NULL) {
		return;
	}
	rules->ok = config_report_add(rules->report, rules->config,
		arena_printf(rules->arena, "apps[%zu].%s", app, key), "%s", err.text);
}

/* `what` is also the key's name. */
static void check_known(struct rules *rules, const char *list, size_t index, const char *what,
	const char *name, bool known)
{
	if (known) {
		return;
	}
	rules->ok = config_report_add(rules->report, rules->config,
		arena_printf(rules->arena, "%s[%zu].%s", list, index, what), "there is no %s '%s'",
		what, name);
}

static void check_quirks(struct rules *rules, size_t index, const char *quirks)
{
	struct scim_dialect ignored;
	struct error err = { 0 };

	if (!scim_dialect_changed(scim_dialect_standard(), quirks, &ignored, &err)) {
		rules->ok = config_report_add(rules->report, rules->config,
			arena_printf(rules->arena, "sources[%zu].quirks", index), "%s", err.text);
	}
}

static void check_schemas(struct rules *rules)
{
	struct scim_problems problems = { .arena = rules->arena };

	rules->model = schemas_load(rules->arena, rules->config->scim.directory, NULL, &problems);
	for (size_t i = 0; i < problems.count; i++) {
		rules->ok = config_report_add(rules->report, rules->config, "scim.directory", "%s",
			scim_problem_text(rules->arena, &problems.items[i]));
	}
	if (problems.left_out > 0) {
		rules->ok = config_report_add(rules->report, rules->config, "scim.directory",
			"and %zu problems more", problems.left_out);
	}
	if (rules->model == NULL) {
		rules->model = scim_model_core(); /* for the filters of apps */
	}
}

bool config_rules_check(const struct config *config, struct config_report *report)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct rules rules = { .config = config, .report = report, .arena = arena, .ok = true };

	check_schemas(&rules);
	for (size_t i = 0; i < config->source_count; i++) {
		const char *dialect = config->sources[i].dialect;
		check_known(&rules, "sources", i, "dialect", dialect,
			scim_dialect_find(dialect) != NULL);
		check_quirks(&rules, i, config->sources[i].quirks);
	}
	for (size_t i = 0; i < config->app_count; i++) {
		const struct config_app *app = &config->apps[i];
		check_known(&rules, "apps", i, "connector", app->connector,
			connector_find(app->connector) != NULL);
		check_known(&rules, "apps", i, "profile", app->profile,
			profile_find(app->profile) != NULL);
		check_filter(&rules, i, "filter", "User", app->filter);
		check_filter(&rules, i, "groups.filter", "Group", app->groups.filter);
	}
	return rules.ok;
}
