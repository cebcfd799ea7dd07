/*
 * Searches (AuthZEN Authorization API 1.0, 8): every candidate is a question of its own.
 *
 * Candidates of "who" are the people of the directory, when the type is "user"; of "which resource"
 * and "which action" what the policy names in data.scimward.authzen.resources and .actions. A page
 * ends when it is full or after ACCESS_SEARCH_MAX questions, so that one request never costs more
 * than that; its token says where the next one goes on.
 */
#include <string.h>
#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/value.h"
#include "gateway/access_run.h"
#include "gateway/gateway.h"
#include "store/read.h"

static const struct value *reference(struct arena *arena, const struct value *type, const char *id)
{
	struct value_builder it = { .arena = arena };

	value_add_text(&it, "id", id);
	value_add(&it, "type", type);
	return value_finish_object(&it);
}

/* Asks about one candidate; *found is added when the answer is yes. */
static bool ask(struct access_run *run, const struct access_question *question,
	const struct value *found, struct error *err)
{
	struct access_answer answer;

	run->asked++;
	if (!access_ask(&run->access, question, &answer, err)) {
		return false;
	}
	if (answer.decision) {
		run->results[run->result_count++] = found;
	}
	return true;
}

static bool is_full(struct access_run *run)
{
	return run->result_count >= run->limit || run->asked >= ACCESS_SEARCH_MAX;
}

/* ---- who ---- */

/* The name by which people know him; it is found again by it. */
static bool ask_about(
	struct access_run *run, const struct store_resource *person, struct error *err)
{
	struct arena *arena = run->access.arena;
	const struct value *subject = run->question.subject;
	const struct value *found = reference(arena, value_find(subject, "type"), person->name);
	struct access_question question = run->question;

	question.subject = value_with(arena, subject, "id", value_find(found, "id"));
	question.person = person;
	return ask(run, &question, found, err);
}

static enum step_result walk_people(struct request *request)
{
	struct access_run *run = request->access;
	const struct store_resource *list;
	size_t count;

	if (!store_list(run->access.reader, request->arena, run->access.tenant, STORE_USER,
		    run->after, ACCESS_SLICE, &list, &count, &request->err)) {
		return STEP_FAIL;
	}
	for (size_t i = 0; i < count; i++) {
		if (is_full(run)) {
			run->more = true;
			return STEP_NEXT;
		}
		if (!ask_about(run, &list[i], &request->err)) {
			return STEP_FAIL;
		}
		run->after = list[i].rid;
	}
	return count == ACCESS_SLICE ? STEP_AGAIN : STEP_NEXT;
}

/* ---- which resource, which action ---- */

static bool has_text(const struct value *object, const char *name)
{
	return value_find_text(object, name) != NULL;
}

static bool same_type(const struct value *candidate, const struct value *sought)
{
	const char *type = value_find_text(candidate, "type");

	return type != NULL && strcmp(type, value_find_text(sought, "type")) == 0;
}

/* False: the policy named something else than what is sought; it is passed over. */
static bool question_about(struct access_run *run, const struct value *candidate,
	struct access_question *question, const struct value **found)
{
	struct arena *arena = run->access.arena;

	*question = run->question;
	if (run->search == ACCESS_ACTIONS) {
		if (value_is(candidate, VALUE_STRING)) {
			candidate = value_with(arena, NULL, "name", candidate);
		}
		question->action = candidate;
		*found = candidate;
		return has_text(candidate, "name");
	}
	if (!has_text(candidate, "id") || !same_type(candidate, run->question.resource)) {
		return false;
	}
	question->resource =
		value_with(arena, run->question.resource, "id", value_find(candidate, "id"));
	*found = reference(arena, value_find(candidate, "type"), value_find_text(candidate, "id"));
	return true;
}

static enum step_result walk_candidates(struct request *request)
{
	struct access_run *run = request->access;
	size_t end = (size_t)run->after + ACCESS_SLICE;

	for (; (size_t)run->after < value_count(run->candidates); run->after++) {
		struct access_question question;
		const struct value *found;

		if (is_full(run)) {
			run->more = true;
			return STEP_NEXT;
		}
		if ((size_t)run->after >= end) {
			return STEP_AGAIN;
		}
		if (question_about(run, value_at(run->candidates, (size_t)run->after), &question,
			    &found) &&
			!ask(run, &question, found, &request->err)) {
			return STEP_FAIL;
		}
	}
	return STEP_NEXT;
}

enum step_result access_search_walk(struct request *request)
{
	struct access_run *run = request->access;

	if (run->results == NULL) {
		const char *name = run->search == ACCESS_ACTIONS ? "actions" : "resources";

		run->results = arena_alloc(request->arena, run->limit * sizeof(*run->results));
		if (run->search != ACCESS_SUBJECTS &&
			!access_candidates(&run->access, &run->question, name, &run->candidates,
				&request->err)) {
			return STEP_FAIL;
		}
	}
	if (run->search != ACCESS_SUBJECTS) {
		return walk_candidates(request);
	}
	return strcmp(value_find_text(run->question.subject, "type"), "user") == 0
		       ? walk_people(request)
		       : STEP_NEXT;
}

const struct value *access_search_response(struct request *request)
{
	struct access_run *run = request->access;
	struct arena *arena = request->arena;
	struct value_builder page = { .arena = arena };
	struct value_builder it = { .arena = arena };

	value_add_int(&page, "count", (int64_t)run->result_count);
	value_add(&page, "next_token",
		run->more ? value_printf(arena, "%llx", (unsigned long long)run->after)
			  : value_of_text(arena, ""));
	value_add(&it, "page", value_finish_object(&page));
	value_add(&it, "results", value_of_array(arena, run->results, run->result_count));
	return value_finish_object(&it);
}
