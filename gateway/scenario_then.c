/* Of a file of scenarios: what is expected. */
#include <string.h>
#include "base/arena.h"
#include "base/value.h"
#include "config/report.h"
#include "config/suggest.h"
#include "config/yaml.h"
#include "gateway/scenario_reader.h"

/* ---- then ---- */

static bool read_want(struct scenario_reader *reader, const struct yaml_node *node,
	struct scenario_want *want, enum value_type type, const char *what)
{
	want->line = node->place.line;
	return scenario_checked_value(reader, node, &want->value) &&
	       (value_type(want->value) == type ||
		       scenario_complain(reader, node, NULL, "%s belongs here", what));
}

static bool read_effect(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	static const char *const effects[] = { "allow", "deny", "hold", "error" };
	struct scenario_want *want = &((struct scenario_then *)into)->effect;
	struct config_suggestion suggestion = { 0 };

	if (!read_want(reader, node, want, VALUE_STRING, "allow, deny, hold or error")) {
		return false;
	}
	suggestion.name = value_text(want->value);
	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++) {
		if (strcmp(effects[i], suggestion.name) == 0) {
			return true;
		}
		config_suggest(&suggestion, effects[i]);
	}
	return scenario_complain(reader, node,
		suggestion.best != NULL ? scenario_did_you_mean(reader, &suggestion)
					: "one of allow, deny, hold, error",
		"'%.64s' is no effect", suggestion.name);
}

/* A list of texts: codes, names. */
static bool read_texts(
	struct scenario_reader *reader, const struct yaml_node *node, struct scenario_want *want)
{
	if (!read_want(reader, node, want, VALUE_ARRAY, "a list")) {
		return false;
	}
	for (size_t i = 0; i < value_count(want->value); i++) {
		if (!value_is(value_at(want->value, i), VALUE_STRING)) {
			return scenario_complain(
				reader, node->items[i], NULL, "a text belongs here");
		}
	}
	return true;
}

static bool read_reasons(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	return read_texts(reader, node, &((struct scenario_then *)into)->reasons);
}

static bool read_apps(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	return read_texts(reader, node, &((struct scenario_then *)into)->apps);
}

static bool read_members(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	struct scenario_want *want = &((struct scenario_then *)into)->members;

	if (!read_texts(reader, node, want)) {
		return false;
	}
	for (size_t i = 0; i < value_count(want->value); i++) {
		const char *name = value_text(value_at(want->value, i));

		if (scenario_find_name(reader, name) == NULL) {
			return scenario_unknown_name(reader, node->items[i], name);
		}
	}
	return true;
}

static bool read_message(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	return read_want(reader, node, &((struct scenario_then *)into)->message, VALUE_STRING,
		"a part of the message");
}

static bool read_obligations(
	struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	return read_want(reader, node, &((struct scenario_then *)into)->obligations, VALUE_ARRAY,
		"a list of PATCH operations");
}

static bool read_resource(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	struct scenario_want *want = &((struct scenario_then *)into)->resource;

	if (yaml_is_null(node)) {
		*want = (struct scenario_want){ value_null(), node->place.line };
		return true;
	}
	return read_want(reader, node, want, VALUE_OBJECT, "attributes, or null for none,");
}

static bool read_reply(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	return read_want(
		reader, node, &((struct scenario_then *)into)->reply, VALUE_OBJECT, "an object");
}

static bool read_status(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	return read_want(reader, node, &((struct scenario_then *)into)->status, VALUE_NUMBER,
		"a status, such as 201,");
}

static bool read_unchanged(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	return read_want(reader, node, &((struct scenario_then *)into)->unchanged, VALUE_BOOL,
		"true or false");
}

static bool read_noop(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	return read_want(
		reader, node, &((struct scenario_then *)into)->noop, VALUE_BOOL, "true or false");
}

static bool read_observed(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	return read_texts(reader, node, &((struct scenario_then *)into)->observed);
}

static bool read_overridable(
	struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	return read_want(reader, node, &((struct scenario_then *)into)->overridable, VALUE_BOOL,
		"true or false");
}

static bool read_overridden(
	struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	return read_want(reader, node, &((struct scenario_then *)into)->overridden, VALUE_BOOL,
		"true or false");
}

static const struct scenario_key then_keys[] = { { "apps", read_apps }, { "effect", read_effect },
	{ "members", read_members }, { "message", read_message }, { "noop", read_noop },
	{ "obligations", read_obligations }, { "observed", read_observed },
	{ "overridable", read_overridable }, { "overridden", read_overridden },
	{ "reasons", read_reasons }, { "reply", read_reply }, { "resource", read_resource },
	{ "status", read_status }, { "unchanged", read_unchanged } };

bool scenario_then(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	struct scenario_then *then = arena_calloc(reader->arena, 1, sizeof(*then));
	const struct scenario_then **result = into;

	if (node->kind != YAML_MAPPING || node->count == 0) {
		return scenario_complain(reader, node, "then: {effect: deny}",
			"what is expected belongs here: what expects nothing cannot fail");
	}
	then->line = node->place.line;
	*result = then;
	return scenario_mapping(reader, node, SCENARIO_KEYS(then_keys), then);
}
