/* Of a file of scenarios: its sources, and what is given. */
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "config/report.h"
#include "config/suggest.h"
#include "config/yaml.h"
#include "gateway/scenario_reader.h"
#include "scim/datatype.h"
#include "scim/dialect.h"

/* ---- sources ---- */

static bool find_source(struct scenario_reader *reader, const char *name, size_t *index)
{
	for (size_t i = 0; i < reader->source_count; i++) {
		if (strcmp(reader->sources[i].name, name) == 0) {
			*index = i;
			return true;
		}
	}
	return false;
}

static size_t add_source(struct scenario_reader *reader, const char *name)
{
	struct scenario_source *source = &reader->sources[reader->source_count];

	*source = (struct scenario_source){ .name = name, .kind = "idp", .dialect = "standard" };
	if (scim_dialect_find(name) != NULL) {
		source->dialect = name;
	}
	return reader->source_count++;
}

/* One that the gateway's configuration has need not be declared. */
static bool add_configured(struct scenario_reader *reader, const char *name, size_t *index)
{
	const struct config *config = reader->config;

	for (size_t i = 0; config != NULL && i < config->source_count; i++) {
		if (strcmp(config->sources[i].name, name) == 0 &&
			reader->source_count < SCENARIO_SOURCES_MAX) {
			*index = add_source(reader, name);
			reader->sources[*index].dialect = config->sources[i].dialect;
			reader->sources[*index].kind = config->sources[i].kind;
			reader->sources[*index].quirks = config->sources[i].quirks;
			return true;
		}
	}
	return false;
}

bool scenario_source_name(
	struct scenario_reader *reader, const struct yaml_node *node, size_t *index)
{
	const char *name;
	struct config_suggestion suggestion = { 0 };

	if (!scenario_text(reader, node, &name)) {
		return false;
	}
	if (find_source(reader, name, index) || add_configured(reader, name, index)) {
		return true;
	}
	suggestion.name = name;
	for (size_t i = 0; i < reader->source_count; i++) {
		config_suggest(&suggestion, reader->sources[i].name);
	}
	return scenario_complain(reader, node,
		suggestion.best != NULL ? scenario_did_you_mean(reader, &suggestion)
					: "declare it under `sources:` of this file",
		"there is no source '%.64s'", name);
}

static bool read_dialect(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	struct scenario_source *source = into;
	struct config_suggestion suggestion = { 0 };

	if (!scenario_text(reader, node, &source->dialect)) {
		return false;
	}
	if (scim_dialect_find(source->dialect) != NULL) {
		return true;
	}
	suggestion.name = source->dialect;
	for (size_t i = 0; scim_dialect_at(i) != NULL; i++) {
		config_suggest(&suggestion, scim_dialect_at(i)->name);
	}
	return scenario_complain(reader, node, scenario_did_you_mean(reader, &suggestion),
		"there is no dialect '%.64s'", source->dialect);
}

static bool read_kind(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	static const char *const kinds[] = { "idp", "hr", "roster", "admin", "job" };
	struct scenario_source *source = into;
	struct config_suggestion suggestion = { 0 };

	if (!scenario_text(reader, node, &source->kind)) {
		return false;
	}
	suggestion.name = source->kind;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i], source->kind) == 0) {
			return true;
		}
		config_suggest(&suggestion, kinds[i]);
	}
	return scenario_complain(reader, node,
		suggestion.best != NULL ? scenario_did_you_mean(reader, &suggestion)
					: "one of idp, hr, roster, admin, job",
		"'%.64s' is no kind of source", source->kind);
}

static bool read_quirks(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	struct scenario_source *source = into;
	struct scim_dialect changed;
	struct error err = { 0 };

	return scenario_text(reader, node, &source->quirks) &&
	       (scim_dialect_changed(scim_dialect_standard(), source->quirks, &changed, &err) ||
		       scenario_complain(reader, node, NULL, "%s", err.text));
}

static const struct scenario_key source_keys[] = { { "dialect", read_dialect },
	{ "kind", read_kind }, { "quirks", read_quirks } };

bool scenario_sources(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	bool ok = true;
	(void)into;

	if (node->kind != YAML_MAPPING) {
		return scenario_complain(reader, node,
			"sources: {entra: {dialect: entra, kind: idp}}",
			"sources stand here by their names");
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_member *member = &node->members[i];

		if (reader->source_count == SCENARIO_SOURCES_MAX) {
			return scenario_complain(reader, member->name, NULL,
				"more than %d sources in one file", SCENARIO_SOURCES_MAX);
		}
		size_t index = add_source(reader, member->name->text);
		ok = scenario_mapping(reader, member->value, SCENARIO_KEYS(source_keys),
			     &reader->sources[index]) &&
		     ok;
	}
	return ok;
}

/* Whom a request is of that names no source. */
bool scenario_default_source(
	struct scenario_reader *reader, const struct yaml_node *node, size_t *index)
{
	if (reader->source_count == 0) {
		add_source(reader, "idp");
	}
	*index = 0;
	return reader->source_count == 1 ||
	       scenario_complain(reader, node, "source: NAME", "which of the sources sends this?");
}

/* ---- given: people and groups ---- */

/* A file may have both: what a scenario says of a name takes the place of what the file says. */
struct given_reader {
	struct scenario_given given;
	struct scenario_thing *users;
	struct scenario_thing *groups;
};

const struct scenario_thing *scenario_find_thing(
	const struct scenario_thing *things, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(things[i].name, name) == 0) {
			return &things[i];
		}
	}
	return NULL;
}

static bool read_id(
	struct scenario_reader *reader, const struct yaml_node *node, struct scenario_thing *it)
{
	it->has_id =
		node->kind == YAML_SCALAR && uuid_parse(node->text, strlen(node->text), it->id);
	return it->has_id || scenario_complain(reader, node, NULL, "an id is a UUID");
}

static bool read_member_names(struct scenario_reader *reader, const struct yaml_node *node,
	const char *const **names, size_t *count)
{
	const char **list;

	if (node->kind != YAML_LIST) {
		return scenario_complain(
			reader, node, "members: [anna, ben]", "a list of names belongs here");
	}
	list = arena_alloc(reader->arena, (node->count + 1) * sizeof(*list));
	for (size_t i = 0; i < node->count; i++) {
		if (!scenario_text(reader, node->items[i], &list[i])) {
			return false;
		}
	}
	*names = list;
	*count = node->count;
	return true;
}

/* What is no attribute of SCIM: `source`, `members` by name. Everything else is one. */
static bool read_attribute(struct scenario_reader *reader, const struct yaml_member *member,
	bool is_group, struct scenario_thing *it, struct value_builder *doc)
{
	const char *name = member->name->text;

	if (strcmp(name, "id") == 0) {
		return read_id(reader, member->value, it);
	}
	if (strcmp(name, "source") == 0) {
		return scenario_source_name(reader, member->value, &it->source);
	}
	if (is_group && strcmp(name, "members") == 0) {
		return read_member_names(reader, member->value, &it->members, &it->member_count);
	}
	value_add(doc, name, scenario_value(reader->arena, member->value));
	return true;
}

/* Without a name of its own it is called as the scenario calls it. */
static const struct value *with_name(
	struct scenario_reader *reader, const struct value *doc, const char *name, bool is_group)
{
	const char *attribute = is_group ? "displayName" : "userName";

	if (value_find_folded(doc, attribute) != NULL) {
		return doc;
	}
	return value_with(reader->arena, doc, attribute,
		is_group ? value_of_text(reader->arena, name)
			 : value_printf(reader->arena, "%s@example.com", name));
}

static bool read_thing(struct scenario_reader *reader, const struct yaml_member *member,
	bool is_group, struct scenario_thing *it)
{
	struct value_builder doc = { .arena = reader->arena };
	const struct yaml_node *node = member->value;
	bool ok = true;

	*it = (struct scenario_thing){ .name = member->name->text,
		.line = member->name->place.line };
	if (!yaml_is_null(node) && node->kind != YAML_MAPPING) {
		return scenario_complain(reader, node, NULL, "attributes belong here");
	}
	if (strcmp(it->name, SCENARIO_CROWD) == 0 || it->name[strcspn(it->name, "${}")] != '\0') {
		return scenario_complain(
			reader, member->name, NULL, "'%.64s' cannot be a name", it->name);
	}
	for (size_t i = 0; node->kind == YAML_MAPPING && i < node->count; i++) {
		ok = read_attribute(reader, &node->members[i], is_group, it, &doc) && ok;
	}
	it->doc = with_name(reader, value_finish_object(&doc), it->name, is_group);
	return ok;
}

static void put_thing(
	struct scenario_thing *things, size_t *count, const struct scenario_thing *thing)
{
	for (size_t i = 0; i < *count; i++) {
		if (strcmp(things[i].name, thing->name) == 0) {
			things[i] = *thing;
			return;
		}
	}
	things[(*count)++] = *thing;
}

static bool read_things(struct scenario_reader *reader, const struct yaml_node *node, bool is_group,
	struct scenario_thing *things, size_t *count)
{
	bool ok = true;

	if (node->kind != YAML_MAPPING) {
		return yaml_is_null(node) ||
		       scenario_complain(reader, node, NULL, "they stand here by their names");
	}
	for (size_t i = 0; i < node->count; i++) {
		struct scenario_thing thing;

		if (*count == SCENARIO_GIVEN_MAX) {
			return scenario_complain(reader, node->members[i].name,
				"`crowd: N` makes people without a face",
				"more than %d in one scenario", SCENARIO_GIVEN_MAX);
		}
		ok = read_thing(reader, &node->members[i], is_group, &thing) && ok;
		put_thing(things, count, &thing);
	}
	return ok;
}

static bool read_users(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	struct given_reader *it = into;

	return read_things(reader, node, false, it->users, &it->given.user_count);
}

static bool read_groups(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	struct given_reader *it = into;

	return read_things(reader, node, true, it->groups, &it->given.group_count);
}

static bool read_time(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	struct given_reader *it = into;

	return (node->kind == YAML_SCALAR && scim_datetime_parse(node->text, strlen(node->text),
						     true, &it->given.time_us)) ||
	       scenario_complain(reader, node, "time: 2026-11-24T04:00:00Z",
		       "a time with its zone belongs here");
}

static bool read_tenant(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	return scenario_text(reader, node, &((struct given_reader *)into)->given.tenant);
}

/* What the file says of data.access.x stays where the scenario says nothing of it. */
static const struct value *merge_data(
	struct arena *arena, const struct value *base, const struct value *more)
{
	struct value_builder it = { .arena = arena };

	for (size_t i = 0; i < value_count(more); i++) {
		const struct value_member *member = value_member_at(more, i);
		const struct value *before = value_find_key(base, member->key);
		bool both = value_is(before, VALUE_OBJECT) && value_is(member->value, VALUE_OBJECT);

		value_add_key(&it, member->key,
			both ? value_overlay(arena, before, member->value) : member->value);
	}
	return value_overlay(arena, base, value_finish_object(&it));
}

static bool read_data(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	struct scenario_given *given = &((struct given_reader *)into)->given;
	const struct value *data = scenario_value(reader->arena, node);

	if (!value_is(data, VALUE_OBJECT)) {
		return scenario_complain(reader, node, "data: {access: {…}}",
			"what the policy sees below `data` belongs here, by name");
	}
	given->data = merge_data(reader->arena, given->data, data);
	return true;
}

static bool read_crowd(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	return scenario_number(
		reader, node, SCENARIO_CROWD_MAX, &((struct given_reader *)into)->given.crowd);
}

enum { RECENT_MAX = 1000000 };

static bool read_deactivations(
	struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	return scenario_number(
		reader, node, RECENT_MAX, &((struct given_reader *)into)->given.deactivations);
}

static bool read_removals(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	return scenario_number(
		reader, node, RECENT_MAX, &((struct given_reader *)into)->given.removals);
}

static const struct scenario_key recent_keys[] = { { "deactivations", read_deactivations },
	{ "removals", read_removals } };

static bool read_recent(struct scenario_reader *reader, const struct yaml_node *node, void *into)
{
	return scenario_mapping(reader, node, SCENARIO_KEYS(recent_keys), into);
}

static const struct scenario_key given_keys[] = { { "crowd", read_crowd }, { "data", read_data },
	{ "groups", read_groups }, { "recent", read_recent }, { "tenant", read_tenant },
	{ "time", read_time }, { "users", read_users } };

static bool check_members(struct scenario_reader *reader, const struct yaml_node *node,
	const struct scenario_given *given)
{
	for (size_t i = 0; i < given->group_count; i++) {
		const struct scenario_thing *group = &given->groups[i];

		if (scenario_find_thing(given->users, given->user_count, group->name) != NULL) {
			return scenario_complain(reader, node, NULL,
				"'%.64s' is a person and a group (line %zu)", group->name,
				group->line);
		}
		for (size_t j = 0; j < group->member_count; j++) {
			const char *name = group->members[j];

			if (strcmp(name, SCENARIO_CROWD) != 0 &&
				scenario_find_thing(given->users, given->user_count, name) ==
					NULL) {
				return scenario_complain(reader, node, NULL,
					"group '%.64s' (line %zu) has a member '%.64s', who is "
					"not given",
					group->name, group->line, name);
			}
		}
	}
	return true;
}

/* The things of the file, and as much room behind them as the scenario can fill. */
static struct scenario_thing *room_for(struct scenario_reader *reader, const struct yaml_node *node,
	const char *key, const struct scenario_thing *base, size_t count)
{
	const struct yaml_node *more = scenario_find(node, key);
	size_t room = count + (more != NULL ? more->count : 0) + 1;
	struct scenario_thing *things = arena_alloc(reader->arena, room * sizeof(*things));

	if (count > 0) {
		memcpy(things, base, count * sizeof(*things));
	}
	return things;
}

/* `base` is the file's. node NULL: nothing is said here. is_whole: with it all is said, so the
 * members of groups must be there; place: where to complain. */
bool scenario_given(struct scenario_reader *reader, const struct yaml_node *node,
	const struct yaml_node *place, const struct scenario_given *base, bool is_whole,
	struct scenario_given *given)
{
	struct given_reader it = { .given = *base };
	bool ok;

	if (node == NULL) {
		*given = *base;
	} else {
		it.users = room_for(reader, node, "users", base->users, base->user_count);
		it.groups = room_for(reader, node, "groups", base->groups, base->group_count);
		it.given.users = it.users;
		it.given.groups = it.groups;
		ok = scenario_mapping(reader, node, SCENARIO_KEYS(given_keys), &it);
		*given = it.given;
		if (!ok) {
			return false;
		}
	}
	return !is_whole || check_members(reader, place, given);
}

void scenario_given_nothing(struct scenario_given *given)
{
	static const char monday[] = "2026-01-05T09:00:00Z";

	*given = (struct scenario_given){ .tenant = "default" };
	scim_datetime_parse(monday, sizeof(monday) - 1, true, &given->time_us);
}
