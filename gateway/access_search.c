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

static void take(struct access_run *run, const struct access_answer *answer)
{
	if (answer->decision) {
		run->results[run->result_count++] = run->found;
	}
}

/* Asks about one candidate; it is added when the answer is yes. NEXT: that is done. WAIT: a server
 * is asked, access_search_finish() goes on. */
static enum step_result ask(
	struct request *request, const struct access_question *question, const struct value *found)
{
	struct access_run *run = request->access;

	run->asked++;
	run->found = found;
	if (access_asks_server(request)) {
		return access_begin(&run->access, question, &run->answer, &request->err)
			       ? access_server_ask(request, "decision", run->answer.input)
			       : STEP_FAIL;
	}
	if (!access_ask(&run->access, question, &run->answer, &request->err)) {
		return STEP_FAIL;
	}
	take(run, &run->answer);
	return STEP_NEXT;
}

static bool is_full(struct access_run *run)
{
	return run->result_count >= run->limit || run->asked >= ACCESS_SEARCH_MAX;
}

/* ---- who ---- */

/* The name by which people know him; it is found again by it. */
static enum step_result ask_about(struct request *request, const struct store_resource *person)
{
	struct access_run *run = request->access;
	struct arena *arena = run->access.arena;
	const struct value *subject = run->question.subject;
	const struct value *found = reference(arena, value_find(subject, "type"), person->name);
	struct access_question question = run->question;

	question.subject = value_with(arena, subject, "id", value_find(found, "id"));
	question.person = person;
	return ask(request, &question, found);
}

static enum step_result walk_people(struct request *request)
{
	struct access_run *run = request->access;
	const struct store_resource *list;
	size_t slice = access_asks_server(request) ? 1 : ACCESS_SLICE;
	size_t count;

	if (!store_list(run->access.reader, request->arena, run->access.tenant, STORE_USER,
		    run->after, slice, &list, &count, &request->err)) {
		return STEP_FAIL;
	}
	for (size_t i = 0; i < count; i++) {
		if (is_full(run)) {
			run->more = true;
			return STEP_NEXT;
		}
		run->after = list[i].rid;
		enum step_result result = ask_about(request, &list[i]);
		if (result != STEP_NEXT) {
			return result;
		}
	}
	return count == slice ? STEP_AGAIN : STEP_NEXT;
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

	while ((size_t)run->after < value_count(run->candidates)) {
		struct access_question question;
		const struct value *found;
		enum step_result result = STEP_NEXT;

		if (is_full(run)) {
			run->more = true;
			return STEP_NEXT;
		}
		if ((size_t)run->after >= end) {
			return STEP_AGAIN;
		}
		if (question_about(run, value_at(run->candidates, (size_t)run->after++), &question,
			    &found)) {
			result = ask(request, &question, found);
		}
		if (result != STEP_NEXT) {
			return result;
		}
	}
	return STEP_NEXT;
}

static const char *candidates_name(const struct access_run *run)
{
	return run->search == ACCESS_ACTIONS ? "actions" : "resources";
}

/* What there is to ask about, as the policy names it. */
static enum step_result find_candidates(struct request *request)
{
	struct access_run *run = request->access;
	const char *name = candidates_name(run);

	if (access_asks_server(request)) {
		return access_begin(&run->access, &run->question, &run->answer, &request->err)
			       ? access_server_ask(request, name, run->answer.input)
			       : STEP_FAIL;
	}
	return access_candidates(
		       &run->access, &run->question, name, &run->candidates, &request->err)
		       ? STEP_NEXT
		       : STEP_FAIL;
}

enum step_result access_search_walk(struct request *request)
{
	struct access_run *run = request->access;

	if (run->results == NULL) {
		run->results = arena_alloc(request->arena, run->limit * sizeof(*run->results));
		enum step_result result =
			run->search != ACCESS_SUBJECTS ? find_candidates(request) : STEP_NEXT;
		if (result != STEP_NEXT) {
			return result;
		}
	}
	if (run->search != ACCESS_SUBJECTS) {
		return walk_candidates(request);
	}
	return strcmp(value_find_text(run->question.subject, "type"), "user") == 0
		       ? walk_people(request)
		       : STEP_NEXT;
}

/* A server answered: about a candidate, or which there are. */
enum step_result access_search_finish(struct request *request)
{
	struct access_run *run = request->access;

	if (run->found != NULL) {
		if (!access_server_answer(request, &run->answer, &request->err)) {
			return STEP_FAIL;
		}
		take(run, &run->answer);
		return STEP_AGAIN;
	}
	return access_server_result(request, &run->candidates, &request->err) &&
			       access_candidates_read(
				       run->candidates, candidates_name(run), &request->err)
		       ? STEP_AGAIN
		       : STEP_FAIL;
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
