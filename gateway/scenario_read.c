#include "gateway/scenario_read.h"

#include <string.h>
#include <strings.h>
#include "base/arena.h"
#include "base/value.h"
#include "config/report.h"
#include "config/scalar.h"
#include "config/yaml.h"
#include "gateway/scenario_reader.h"

/* ---- when: one request ---- */

static bool read_source(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	return scenario_source_name(reader, node, &((struct scenario_step *)into)->source);
}

/* "PATCH /Users/${anna}": what does not begin with the path of SCIM is behind it. */
static bool read_request(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	struct scenario_step *step = into;
	const char *text;

	if (!scenario_text(reader, node, &text)) {
		return false;
	}
	const char *target = strchr(text, ' ');
	if (target == NULL || target[1] != '/' || strpbrk(target + 1, " \t\r\n") != NULL) {
		return scenario_complain(reader, node, "request: PATCH /Users/${anna}",
			"a method and a path belong here; blanks in a path are written as %%20");
	}
	step->method = arena_text(reader->arena, text, (size_t)(target - text));
	step->target = target + 1;
	if (strncmp(step->target, "/scim/", 6) != 0 && strncmp(step->target, "/t/", 3) != 0) {
		step->target = arena_printf(reader->arena, "/scim/v2%s", step->target);
	}
	return scenario_check_text(reader, node, text);
}

static bool read_headers(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	struct scenario_step *step = into;
	struct scenario_header *headers;

	if (node->kind != YAML_MAPPING || node->count > SCENARIO_HEADERS_MAX) {
		return scenario_complain(reader, node, NULL,
			"at most %d headers by name belong here", SCENARIO_HEADERS_MAX);
	}
	headers = arena_calloc(reader->arena, node->count + 1, sizeof(*headers));
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_member *member = &node->members[i];

		headers[i].name = member->name->text;
		if (strcasecmp(headers[i].name, "authorization") == 0 ||
			strcasecmp(headers[i].name, "content-length") == 0) {
			return scenario_complain(reader, member->name,
				"`source` says who sends it; no token belongs into a file",
				"%s is set by itself", headers[i].name);
		}
		if (!scenario_text(reader, member->value, &headers[i].value) ||
			!scenario_check_text(reader, member->value, headers[i].value)) {
			return false;
		}
	}
	step->headers = headers;
	step->header_count = node->count;
	return true;
}

/* A text is sent as it is; anything else as JSON. */
static bool read_body(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	struct scenario_step *step = into;

	if (node->kind == YAML_SCALAR) {
		step->body_text = node->text;
		return scenario_check_text(reader, node, node->text);
	}
	return scenario_checked_value(reader, node, &step->body);
}

static bool read_as(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	struct scenario_step *step = into;

	return scenario_text(reader, node, &step->as) &&
	       (step->as[strcspn(step->as, "${}")] == '\0' ||
		       scenario_complain(reader, node, NULL, "'%.64s' cannot be a name", step->as));
}

static bool read_by(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	struct scenario_step *step = into;

	return scenario_text(reader, node, &step->by) &&
	       (scenario_find_name(reader, step->by) != NULL ||
		       scenario_unknown_name(reader, node, step->by));
}

static bool read_after(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	struct scenario_step *step = into;
	const int64_t most_ms = INT64_C(10) * 365 * 86400 * 1000;
	int64_t ms;

	if (node->kind != YAML_SCALAR || !config_parse_time(node->text, &ms) || ms > most_ms) {
		return scenario_complain(reader, node, "after: 90m", "a time span belongs here");
	}
	step->after_us = ms * 1000;
	return true;
}

static bool read_step_then(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	return scenario_then(reader, node, &((struct scenario_step *)into)->then);
}

static const struct scenario_key step_keys[] = { { "after", read_after }, { "as", read_as },
	{ "body", read_body }, { "by", read_by }, { "headers", read_headers },
	{ "request", read_request }, { "source", read_source }, { "then", read_step_then } };

static bool read_step(
	struct scenario_reader *reader, const struct yaml_node *node, struct scenario_step *step)
{
	bool ok;

	*step = (struct scenario_step){ .line = node->place.line };
	ok = scenario_mapping(reader, node, SCENARIO_KEYS(step_keys), step);
	if (ok && step->method == NULL) {
		ok = scenario_complain(
			reader, node, "request: PATCH /Users/${anna}", "there is no request in it");
	}
	if (ok && scenario_find(node, "source") == NULL) {
		ok = scenario_default_source(reader, node, &step->source);
	}
	if (step->as != NULL) {
		reader->names[reader->name_count++] = step->as;
	}
	return ok;
}

/* One request, or a list of them. */
static bool read_when(
	struct scenario_reader *reader, const struct yaml_node *node, struct scenario *scenario)
{
	bool is_list = node->kind == YAML_LIST;
	size_t count = is_list ? node->count : 1;
	struct scenario_step *steps;
	bool ok = true;

	if (count == 0 || count > SCENARIO_STEPS_MAX) {
		return scenario_complain(
			reader, node, NULL, "1 to %d requests belong here", SCENARIO_STEPS_MAX);
	}
	steps = arena_calloc(reader->arena, count, sizeof(*steps));
	for (size_t i = 0; i < count; i++) {
		ok = read_step(reader, is_list ? node->items[i] : node, &steps[i]) && ok;
	}
	scenario->steps = steps;
	scenario->step_count = count;
	return ok;
}

/* ---- a scenario ---- */

/* Its keys are read in the order in which they need each other. */
static bool ignore(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	(void)reader;
	(void)node;
	(void)into;
	return true;
}

static const struct scenario_key scenario_keys[] = { { "given", ignore }, { "name", ignore },
	{ "then", ignore }, { "when", ignore } };

static bool expects(const struct scenario *scenario)
{
	for (size_t i = 0; i < scenario->step_count; i++) {
		if (scenario->steps[i].then != NULL) {
			return true;
		}
	}
	return false;
}

/* `then` of the scenario is that of its last request. */
static bool read_last_then(
	struct scenario_reader *reader, const struct yaml_node *node, struct scenario *scenario)
{
	const struct yaml_node *then = scenario_find(node, "then");
	struct scenario_step *last =
		(struct scenario_step *)&scenario->steps[scenario->step_count - 1];

	if (then != NULL && last->then != NULL) {
		return scenario_complain(
			reader, then, NULL, "the last request has a `then` of its own");
	}
	if (then != NULL && !scenario_then(reader, then, &last->then)) {
		return false;
	}
	return expects(scenario) || scenario_complain(reader, node, "then: {effect: deny}",
					    "it expects nothing, so it cannot fail");
}

static bool read_scenario(struct scenario_reader *reader, const struct yaml_node *node,
	const struct scenario_given *base, struct scenario *scenario)
{
	const struct yaml_node *name = scenario_find(node, "name");
	const struct yaml_node *when = scenario_find(node, "when");

	scenario->line = node->place.line;
	if (!scenario_mapping(reader, node, SCENARIO_KEYS(scenario_keys), NULL)) {
		return false;
	}
	if (name == NULL || when == NULL) {
		return scenario_complain(reader, node, NULL, "a scenario has a `%s`",
			name == NULL ? "name" : "when");
	}
	reader->given = &scenario->given;
	reader->name_count = 0;
	return scenario_text(reader, name, &scenario->name) &&
	       scenario_given(
		       reader, scenario_find(node, "given"), node, base, true, &scenario->given) &&
	       scenario_check_given(reader, node, &scenario->given) &&
	       read_when(reader, when, scenario) && read_last_then(reader, node, scenario);
}

static bool is_twin(const struct scenario *scenarios, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (scenarios[i].name != NULL && strcmp(scenarios[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

static bool read_scenarios(struct scenario_reader *reader, const struct yaml_node *node,
	const struct scenario_given *base, struct scenario_file *file)
{
	struct scenario *scenarios;
	bool ok = true;

	if (node->kind != YAML_LIST) {
		return yaml_is_null(node) ||
		       scenario_complain(reader, node, NULL, "a list of scenarios belongs here");
	}
	scenarios = arena_calloc(reader->arena, node->count + 1, sizeof(*scenarios));
	for (size_t i = 0; i < node->count; i++) {
		bool good = read_scenario(reader, node->items[i], base, &scenarios[i]);

		if (good && is_twin(scenarios, i, scenarios[i].name)) {
			good = scenario_complain(reader, node->items[i], NULL,
				"a scenario of this name stands in the file already");
		}
		ok = good && ok;
	}
	file->scenarios = scenarios;
	file->count = node->count;
	return ok;
}

/* ---- the file ---- */

static const struct scenario_key file_keys[] = { { "given", ignore }, { "scenarios", ignore },
	{ "sources", scenario_sources } };

const struct scenario_file *scenario_read(struct arena *arena, const struct config *config,
	const char *text, size_t size, struct config_report *report)
{
	const struct yaml_node *root = yaml_parse(arena, text, size, report);
	struct scenario_source sources[SCENARIO_SOURCES_MAX];
	struct scenario_reader reader = { .arena = arena,
		.config = config,
		.text = text,
		.size = size,
		.report = report,
		.sources = sources };
	struct scenario_file *file = arena_calloc(arena, 1, sizeof(*file));
	struct scenario_given nothing;
	struct scenario_given given;

	if (root == NULL) {
		return NULL;
	}
	scenario_given_nothing(&nothing);
	if (!scenario_mapping(&reader, root, SCENARIO_KEYS(file_keys), NULL) ||
		!scenario_given(
			&reader, scenario_find(root, "given"), root, &nothing, false, &given)) {
		return NULL;
	}
	const struct yaml_node *scenarios = scenario_find(root, "scenarios");
	if (scenarios == NULL) {
		scenario_complain(&reader, root, "scenarios: [{name: …, when: …, then: …}]",
			"there are no scenarios in it");
		return NULL;
	}
	if (!read_scenarios(&reader, scenarios, &given, file)) {
		return NULL;
	}
	if (reader.source_count == 0) { /* what is given was made by somebody */
		size_t ignored;

		scenario_default_source(&reader, root, &ignored);
	}
	file->sources = arena_copy(arena, sources, sizeof(sources));
	file->source_count = reader.source_count;
	return file;
}
