/*
 * What scim/ makes of cases that others are asked as well: one JSON object a line in, one out.
 *
 *	{"type": "User", "doc": BODY, "patch": PatchOp}     → {"doc": BODY} or {"error": scimType}
 *	{"type": "User", "filter": TEXT, "docs": [DOC, …]}  → {"text": canonical, "matches": [bool,
 *…]} or {"error": scimType}
 *
 * "dialect" names one ("standard"). BODY is a resource as POST takes it: what lives beside the
 * document (externalId, members) is in it before and after. An answer of {"broken": text} means
 * that the case itself cannot be read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/dialect.h"
#include "scim/error.h"
#include "scim/match.h"
#include "scim/patch.h"
#include "scim/resource.h"

struct input {
	struct arena *arena;
	const struct scim_resource_type *type;
	const struct scim_dialect *dialect;
	const struct value *line;
};

static const struct value *answer(const struct input *in, const char *name, const char *text)
{
	return value_with(in->arena, NULL, name, value_of_text(in->arena, text));
}

static const struct value *refusal(const struct input *in, const struct error *err)
{
	const char *scim_type = scim_error_type(err->code);
	const struct value *it = answer(in, "error", scim_type != NULL ? scim_type : "?");

	return value_with(in->arena, it, "detail", value_of_text(in->arena, err->text));
}

/* ---- members of a Group: the delta, applied as the store would ---- */

static size_t find_member(const struct value *members, const struct value *id)
{
	size_t i = 0;

	while (i < value_count(members) &&
		!value_equals(value_find(value_at(members, i), "value"), id)) {
		i++;
	}
	return i;
}

static const struct value *without(
	const struct input *in, const struct value *members, const struct scim_member_step *step)
{
	struct value_builder left = { .arena = in->arena };

	for (size_t i = 0; i < value_count(members); i++) {
		const struct value *item = value_at(members, i);
		bool goes = step->filter != NULL
				    ? scim_filter_matches_value(in->arena, step->filter, item)
				    : find_member(step->list, value_find(item, "value")) <
					      scim_member_count(step->list);

		value_add_item(&left, goes ? NULL : item);
	}
	return value_finish_array(&left);
}

static bool apply_step(const struct input *in, const struct scim_member_step *step,
	const struct value **members, struct error *err)
{
	if (step->kind == SCIM_MEMBERS_CLEAR || step->kind == SCIM_MEMBERS_REPLACE) {
		*members = NULL;
	}
	if (step->kind == SCIM_MEMBERS_REMOVE_MATCHING || step->kind == SCIM_MEMBERS_REMOVE) {
		*members = without(in, *members, step);
		return true;
	}
	for (size_t i = 0; i < scim_member_count(step->list); i++) {
		const struct value *id = scim_member_id(in->dialect, step->list, i, err);

		if (id == NULL) {
			return false;
		}
		if (find_member(*members, id) == value_count(*members)) {
			*members = value_append(in->arena, *members, value_at(step->list, i));
		}
	}
	return true;
}

/* ---- PATCH ---- */

static const struct value *whole(const struct input *in, const struct value *doc,
	const struct value *external_id, const struct value *members)
{
	doc = value_with(in->arena, doc, "externalId", external_id);
	return value_with(in->arena, doc, "members", value_count(members) > 0 ? members : NULL);
}

static const struct value *patch_case(const struct input *in)
{
	struct error err = { 0 };
	struct scim_body body;
	struct scim_patch patch;
	struct scim_patch_result result;
	const struct value *members;

	if (!scim_resource_read(
		    in->arena, in->type, in->dialect, value_find(in->line, "doc"), &body, &err)) {
		return answer(in, "broken", err.text);
	}
	members = body.members;
	if (!scim_patch_parse(in->arena, in->type, in->dialect, value_find(in->line, "patch"),
		    &patch, &err) ||
		!scim_patch_apply(in->arena, &patch, "id", body.doc, &result, &err)) {
		return refusal(in, &err);
	}
	for (size_t i = 0; i < result.step_count; i++) {
		if (!apply_step(in, &result.steps[i], &members, &err)) {
			return refusal(in, &err);
		}
	}
	return value_with(in->arena, NULL, "doc",
		whole(in, result.doc,
			result.sets_external_id ? result.external_id : body.external_id, members));
}

/* ---- filters ---- */

static const struct value *filter_case(const struct input *in)
{
	const struct value *text = value_find(in->line, "filter");
	const struct value *docs = value_find(in->line, "docs");
	bool loose = scim_dialect_has(in->dialect, SCIM_LOOSE_FILTER);
	struct value_builder matches = { .arena = in->arena };
	CLEANUP(buf_fini) struct buf printed = { 0 };
	struct error err = { 0 };
	const struct scim_filter *filter = scim_filter_parse(
		in->arena, in->type, value_text(text), value_size(text), loose, &err);

	if (filter == NULL) {
		return refusal(in, &err);
	}
	scim_filter_print(&printed, filter);
	for (size_t i = 0; i < value_count(docs); i++) {
		value_add_item(&matches, value_of_bool(scim_filter_matches_value(
						 in->arena, filter, value_at(docs, i))));
	}
	return value_with(in->arena, answer(in, "text", buf_text(&printed)), "matches",
		value_finish_array(&matches));
}

static const struct value *answer_line(const struct input *in)
{
	if (in->line == NULL || in->type == NULL || in->dialect == NULL) {
		return answer(in, "broken", "no case, or a type or dialect that is none");
	}
	return value_is(value_find(in->line, "filter"), VALUE_STRING) ? filter_case(in)
								      : patch_case(in);
}

static const char *text_or(const struct value *line, const char *name, const char *otherwise)
{
	const char *text = value_find_text(line, name);

	return text != NULL ? text : otherwise;
}

int main(void)
{
	static const struct value_limits limits = {
		.bytes = 1 << 20, .depth = 64, .values = 100000
	};
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	CLEANUP(buf_fini) struct buf printed = { 0 };
	char *line = NULL;
	size_t capacity = 0;

	for (ssize_t size; (size = getline(&line, &capacity, stdin)) > 0;) {
		struct input in = { .arena = arena,
			.line = value_parse(arena, line, (size_t)size, &limits, NULL) };

		in.type = scim_model_type(scim_model_rfc(), text_or(in.line, "type", "User"));
		in.dialect = scim_dialect_find(text_or(in.line, "dialect", "standard"));
		buf_clear(&printed);
		value_print(&printed, answer_line(&in));
		puts(printed.data);
		arena_reset(arena);
	}
	free(line);
	return fflush(stdout) == 0 ? 0 : 1;
}
