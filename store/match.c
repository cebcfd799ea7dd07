#include "store/match.h"

#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/etag.h"
#include "scim/filter.h"
#include "scim/match.h"
#include "scim/schema.h"
#include "store/read.h"

/* Members of one group that a filter other than `members eq` looks at; beyond them it sees nothing.
 */
enum { MEMBERS_SEEN = 10000 };

bool store_candidate_init(struct store_candidate *candidate, struct store_reader *reader,
	struct arena *arena, int source, const struct store_resource *resource, struct error *err)
{
	static const struct value_limits limits = {
		.bytes = SIZE_MAX, .depth = 64, .values = SIZE_MAX
	};

	*candidate = (struct store_candidate){
		.reader = reader, .arena = arena, .source = source, .resource = resource, .err = err
	};
	candidate->doc = value_parse(arena, resource->doc, resource->doc_size, &limits, err);
	return candidate->doc != NULL;
}

static const struct value *id_value(struct arena *arena, const uint8_t id[UUID_BYTES])
{
	char text[UUID_TEXT_BYTES];

	uuid_format(id, text);
	return value_of_text(arena, text);
}

static const struct value *meta_value(struct store_candidate *candidate)
{
	const struct store_resource *resource = candidate->resource;
	struct value_builder it = { .arena = candidate->arena };
	char text[CLOCK_TEXT_BYTES];
	char etag[SCIM_ETAG_BYTES];

	clock_format(resource->created_us, text);
	value_add_text(&it, "created", text);
	clock_format(resource->modified_us, text);
	value_add_text(&it, "lastModified", text);
	value_add_text(&it, "resourceType",
		candidate->type != NULL         ? candidate->type
		: resource->type == STORE_GROUP ? "Group"
						: "User");
	scim_etag_format(resource->version, etag);
	value_add_text(&it, "version", etag);
	return value_finish_object(&it);
}

static const struct value *refs_value(struct store_candidate *candidate,
	const struct store_ref *refs, size_t count, const char *type)
{
	struct value_builder all = { .arena = candidate->arena };

	for (size_t i = 0; i < count; i++) {
		struct value_builder it = { .arena = candidate->arena };

		value_add_text(&it, "display", refs[i].name);
		value_add_text(&it, "type", type);
		value_add(&it, "value", id_value(candidate->arena, refs[i].id));
		value_add_item(&all, value_finish_object(&it));
	}
	return count > 0 ? value_finish_array(&all) : NULL;
}

static const struct value *related_value(struct store_candidate *candidate, bool members)
{
	struct store_reader *reader = candidate->reader;
	int64_t rid = candidate->resource->rid;
	const struct store_ref *refs;
	size_t count;
	bool ok = members ? store_members_of(reader, candidate->arena, rid, 0, MEMBERS_SEEN, &refs,
				    &count, candidate->err)
			  : store_groups_of(
				    reader, candidate->arena, rid, &refs, &count, candidate->err);

	if (!ok) {
		candidate->failed = true;
		return NULL;
	}
	return refs_value(candidate, refs, count, members ? "User" : "direct");
}

const struct value *store_candidate_value(
	struct store_candidate *candidate, const struct scim_ref *ref)
{
	const struct value *doc = candidate->doc;
	const char *external;

	if (ref->attribute == NULL) {
		return ref->extension != NULL ? value_find(doc, ref->extension->id) : doc;
	}
	switch (ref->attribute->place) {
	case SCIM_IS_ID:
		return id_value(candidate->arena, candidate->resource->id);
	case SCIM_IS_EXTERNAL_ID:
		external = store_external_id(candidate->resource, candidate->source);
		return external != NULL ? value_of_text(candidate->arena, external) : NULL;
	case SCIM_IS_META:
		return meta_value(candidate);
	case SCIM_IS_GROUPS:
		return related_value(candidate, false);
	case SCIM_IS_MEMBERS:
		return related_value(candidate, true);
	case SCIM_IS_PASSWORD:
	case SCIM_IS_SECRET:
		return NULL;
	case SCIM_IN_DOC:
	case SCIM_IS_SCHEMAS:
		break;
	}
	return value_find(ref->extension != NULL ? value_find(doc, ref->extension->id) : doc,
		ref->attribute->name);
}

static const struct value *lookup(void *user, const struct scim_filter *filter)
{
	return store_candidate_value(user, &filter->ref);
}

/* members eq "…" is one row, however large the group. */
static enum scim_answer test(void *user, const struct scim_filter *filter)
{
	struct store_candidate *candidate = user;
	struct store_reader *reader = candidate->reader;
	uint8_t id[UUID_BYTES];
	struct store_ref ref;
	bool found;
	bool is = false;

	if (filter->ref.attribute == NULL || filter->ref.attribute->place != SCIM_IS_MEMBERS) {
		return SCIM_LOOK;
	}
	if (filter->kind == SCIM_FILTER_PRESENT && filter->ref.sub == NULL) {
		return candidate->resource->members > 0 ? SCIM_YES : SCIM_NO;
	}
	if (filter->kind != SCIM_FILTER_COMPARE || filter->op != SCIM_EQ || filter->leaf == NULL ||
		strcmp(filter->leaf->name, "value") != 0 ||
		!value_is(filter->value, VALUE_STRING)) {
		return SCIM_LOOK;
	}
	if (!uuid_parse(value_text(filter->value), value_size(filter->value), id)) {
		return SCIM_NO;
	}
	if (!store_find_ref(reader, candidate->arena, candidate->resource->tenant, STORE_USER, id,
		    &found, &ref, candidate->err) ||
		(found && !store_is_member(reader, candidate->resource->rid, ref.rid, &is,
				  candidate->err))) {
		candidate->failed = true;
		return SCIM_NO;
	}
	return is ? SCIM_YES : SCIM_NO;
}

bool store_candidate_matches(struct store_candidate *candidate, const struct scim_filter *filter)
{
	struct scim_matcher matcher = {
		.arena = candidate->arena,
		.lookup = lookup,
		.test = test,
		.user = candidate,
		.doc = candidate->doc,
	};

	return scim_filter_matches(filter, &matcher) && !candidate->failed;
}
