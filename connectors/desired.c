#include "connectors/desired.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "store/match.h"
#include "store/read.h"

enum { MEMBER_PAGE = 1000 };

static bool belongs(struct arena *arena, struct store_reader *reader,
	const struct desired_rules *rules, const struct store_resource *resource, bool *yes,
	struct error *err)
{
	bool group = resource->type == STORE_GROUP;
	const struct scim_filter *filter = group ? rules->groups : rules->users;
	struct store_candidate candidate;

	*yes = false;
	if (resource->deleted || !store_apps_has(&resource->apps, rules->app) ||
		(group && filter == NULL)) {
		return true;
	}
	if (filter == NULL) {
		*yes = true;
		return true;
	}
	if (!store_candidate_init(&candidate, reader, arena, 0, resource, err)) {
		return false;
	}
	*yes = store_candidate_matches(&candidate, filter);
	return !candidate.failed;
}

/* A person who leaves the filter, or whom a source deletes, is disabled or deleted as the
 * configuration says; a group that does not belong is deleted: nothing hangs on it. */
static enum desired_state leaving_state(
	const struct desired_rules *rules, const struct store_resource *resource)
{
	enum config_leave leave =
		resource->deleted ? rules->config->on_delete : rules->config->on_leave;

	if (resource->type == STORE_GROUP || leave == CONFIG_DELETE) {
		return DESIRED_ABSENT;
	}
	return DESIRED_INACTIVE;
}

/* Our id is the app's externalId; what is ours alone stays here. */
static const struct value *form_of(
	struct arena *arena, const struct store_resource *resource, bool active, struct error *err)
{
	static const struct value_limits limits = {
		.bytes = SIZE_MAX, .depth = 64, .values = SIZE_MAX
	};
	const struct value *form =
		value_parse(arena, resource->doc, resource->doc_size, &limits, err);
	char id[UUID_TEXT_BYTES];

	if (form == NULL) {
		return NULL;
	}
	uuid_format(resource->id, id);
	form = value_with(arena, form, "externalId", value_of_text(arena, id));
	if (resource->type == STORE_USER) {
		form = value_with(arena, form, "active", value_of_bool(active));
	}
	return form;
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool read_members(struct arena *arena, struct store_reader *reader,
	const struct desired_rules *rules, const struct store_resource *resource,
	struct desired *desired, struct error *err)
{
	const char **members =
		arena_alloc(arena, ((size_t)resource->members + 1) * sizeof(*members));
	const struct store_link *links;
	size_t count;
	int64_t after = 0;

	do {
		if (!store_linked_members(reader, arena, rules->app, resource->rid, after,
			    MEMBER_PAGE, &links, &count, err)) {
			return false;
		}
		for (size_t i = 0; i < count; i++) {
			if (desired->member_count < (size_t)resource->members) {
				members[desired->member_count++] = links[i].remote;
			}
			after = links[i].rid;
		}
	} while (count == MEMBER_PAGE);
	qsort(members, desired->member_count, sizeof(*members), compare_text);
	desired->members = members;
	return true;
}

static void hash_of(struct desired *desired)
{
	struct digest *digest = digest_new();
	struct buf text = { 0 };

	value_print(&text, desired->form);
	digest_add(digest, text.data, text.size);
	for (size_t i = 0; i < desired->member_count; i++) {
		digest_add(digest, desired->members[i], strlen(desired->members[i]) + 1);
	}
	digest_finish(digest, desired->hash);
	digest_free(digest);
	buf_fini(&text);
}

bool desired_compute(struct arena *arena, struct store_reader *reader,
	const struct desired_rules *rules, const struct store_resource *resource,
	struct desired *desired, struct error *err)
{
	bool yes;

	*desired = (struct desired){ .state = DESIRED_NOTHING };
	if (resource == NULL) {
		return true;
	}
	if (!belongs(arena, reader, rules, resource, &yes, err)) {
		return false;
	}
	if (!yes) {
		desired->state = leaving_state(rules, resource);
		return true;
	}
	desired->active = resource->type == STORE_GROUP || resource->active;
	desired->state = desired->active ? DESIRED_PRESENT : DESIRED_INACTIVE;
	desired->form = form_of(arena, resource, desired->active, err);
	if (desired->form == NULL) {
		return false;
	}
	if (resource->type == STORE_GROUP &&
		!read_members(arena, reader, rules, resource, desired, err)) {
		return false;
	}
	hash_of(desired);
	return true;
}
