#include "gateway/access.h"

#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/ask.h"
#include "gateway/gateway.h"
#include "gateway/input.h"
#include "gateway/request.h"
#include "gateway/snapshot.h"
#include "policy/engine.h"
#include "scim/name.h"
#include "store/read.h"

enum { ID_BYTES_MAX = 1024 };

/* ---- the question ---- */

static bool has_text(
	const struct value *object, const char *what, const char *name, struct error *err)
{
	const struct value *text = value_find(object, name);

	return (value_is(text, VALUE_STRING) && value_size(text) > 0 &&
		       value_size(text) <= ID_BYTES_MAX) ||
	       error_set(err, ERROR_VALUE, "%s.%s must be a text of 1 to %d bytes", what, name,
		       ID_BYTES_MAX);
}

static bool is_optional_object(const struct value *value, const char *what, struct error *err)
{
	return value == NULL || value_is(value, VALUE_OBJECT) ||
	       error_set(err, ERROR_VALUE, "%s must be an object", what);
}

static bool is_object(const struct value *value, const char *what, struct error *err)
{
	return value != NULL ? is_optional_object(value, what, err)
			     : error_set(err, ERROR_VALUE, "%s is missing", what);
}

static bool has_properties(const struct value *object, const char *what, struct error *err)
{
	const struct value *properties = value_find(object, "properties");

	return properties == NULL || value_is(properties, VALUE_OBJECT) ||
	       error_set(err, ERROR_VALUE, "%s.properties must be an object", what);
}

bool access_question_check(const struct access_question *question, struct error *err)
{
	return is_object(question->subject, "subject", err) &&
	       has_text(question->subject, "subject", "type", err) &&
	       has_text(question->subject, "subject", "id", err) &&
	       has_properties(question->subject, "subject", err) &&
	       is_object(question->action, "action", err) &&
	       has_text(question->action, "action", "name", err) &&
	       has_properties(question->action, "action", err) &&
	       is_object(question->resource, "resource", err) &&
	       has_text(question->resource, "resource", "type", err) &&
	       has_text(question->resource, "resource", "id", err) &&
	       has_properties(question->resource, "resource", err) &&
	       is_optional_object(question->context, "context", err);
}

/* ---- the directory ---- */

static bool is_user(const struct value *subject)
{
	const char *type = value_find_text(subject, "type");

	return type != NULL && strcmp(type, "user") == 0;
}

/* *person NULL: the tenant has nobody of that id or name. */
static bool find_person(const struct access *access, const struct value *subject,
	const struct store_resource **person, struct error *err)
{
	const struct value *text = value_find(subject, "id");
	uint8_t id[UUID_BYTES];

	*person = NULL;
	if (!value_is(text, VALUE_STRING) || !is_user(subject)) {
		return true;
	}
	if (uuid_parse(value_text(text), value_size(text), id)) {
		return store_find_id(
			access->reader, access->arena, access->tenant, STORE_USER, id, person, err);
	}
	const struct value *folded = scim_name_fold(access->arena, text);
	return store_find_key(access->reader, access->arena, STORE_KEY_USER_NAME, access->tenant,
		value_text(folded), value_size(folded), person, err);
}

static const struct value *person_value(
	const struct access *access, const struct store_resource *person, struct error *err)
{
	static const struct value_limits limits = {
		.bytes = SIZE_MAX, .depth = 64, .values = SIZE_MAX
	};
	struct value_builder it = { .arena = access->arena };
	const struct value *doc =
		value_parse(access->arena, person->doc, person->doc_size, &limits, err);
	const struct store_ref *groups;
	size_t count;
	char id[UUID_TEXT_BYTES];

	if (doc == NULL || !store_groups_of(access->reader, access->arena, person->rid, &groups,
				   &count, err)) {
		return NULL;
	}
	uuid_format(person->id, id);
	value_add(&it, "groups", input_groups(access->arena, groups, count));
	value_add_text(&it, "id", id);
	value_add(&it, "user", doc);
	return value_finish_object(&it);
}

/* An object without "subject" when the directory does not know him. NULL: ERROR_STORE. */
static const struct value *directory_of(
	const struct access *access, const struct access_question *question, struct error *err)
{
	struct value_builder it = { .arena = access->arena };
	const struct store_resource *person = question->person;

	if (person == NULL && !find_person(access, question->subject, &person, err)) {
		return NULL;
	}
	if (person != NULL) {
		const struct value *known = person_value(access, person, err);

		if (known == NULL) {
			return NULL;
		}
		value_add(&it, "subject", known);
	}
	return value_finish_object(&it);
}

static const struct value *input_of(
	const struct access *access, const struct access_question *question, struct error *err)
{
	struct value_builder it = { .arena = access->arena };
	const struct value *directory;
	char time[CLOCK_TEXT_BYTES];

	if (!store_read_begin(access->reader, err)) {
		return NULL;
	}
	directory = directory_of(access, question, err);
	store_read_end(access->reader);
	if (directory == NULL) {
		return NULL;
	}
	clock_format(access->time_us, time);
	value_add(&it, "action", question->action);
	value_add(&it, "context", question->context);
	value_add(&it, "directory", directory);
	value_add(&it, "resource", question->resource);
	value_add(&it, "source", access->source);
	value_add(&it, "subject", question->subject);
	value_add_text(&it, "tenant", access->tenant_name);
	value_add_text(&it, "time", time);
	value_add_int(&it, "version", 1);
	return value_finish_object(&it);
}

/* ---- the answer ---- */

bool access_failed(struct error *err, const struct policy_failure *failure)
{
	return error_set(err, failure->kind == POLICY_FAILURE_BUDGET ? ERROR_BUDGET : ERROR_POLICY,
		"the policy gave no answer (%s): %s", policy_failure_code(failure->kind),
		failure->text);
}

/* data.scimward.authzen.<name>. */
static bool evaluate(const struct access *access, const char *name, const struct value *input,
	const struct value **result, struct error *err)
{
	const char *const path[] = { "scimward", "authzen", name };
	struct policy_failure failure = { 0 };
	struct policy_budget budget;
	struct policy_call call = { .worker = access->policy,
		.arena = access->arena,
		.input = input,
		.time_us = access->time_us,
		.budget = &budget };

	ask_budget(&access->gateway->config->policy.limits, &budget);
	return policy_read_path(access->snapshot->policy, path, sizeof(path) / sizeof(path[0]),
		       &call, result, &failure) ||
	       access_failed(err, &failure);
}

static bool is_reason(const struct value *reason)
{
	return value_find_text(reason, "code") != NULL &&
	       value_find_text(reason, "message") != NULL;
}

static bool read_reasons(struct access_answer *answer, const struct value *reasons)
{
	if (reasons == NULL) {
		return true;
	}
	if (!value_is(reasons, VALUE_ARRAY) && !value_is(reasons, VALUE_SET)) {
		return false;
	}
	for (size_t i = 0; i < value_count(reasons); i++) {
		if (!is_reason(value_at(reasons, i))) {
			return false;
		}
	}
	answer->reasons = value_count(reasons) > 0 ? reasons : NULL;
	return true;
}

static bool is_answer(struct access_answer *answer, const struct value *value)
{
	const struct value *decision = value;

	if (value == NULL) { /* undefined is no */
		return true;
	}
	if (value_is(value, VALUE_OBJECT)) {
		decision = value_find(value, "decision");
		answer->context = value_find(value, "context");
		if ((answer->context != NULL && !value_is(answer->context, VALUE_OBJECT)) ||
			!read_reasons(answer, value_find(value, "reasons"))) {
			return false;
		}
	}
	if (!value_is(decision, VALUE_BOOL)) {
		return false;
	}
	answer->decision = value_bool(decision);
	return true;
}

bool access_begin(const struct access *access, const struct access_question *question,
	struct access_answer *answer, struct error *err)
{
	*answer = (struct access_answer){ .input = input_of(access, question, err) };
	return answer->input != NULL;
}

bool access_read(struct access_answer *answer, const struct value *value, struct error *err)
{
	return is_answer(answer, value) ||
	       error_set(err, ERROR_POLICY,
		       "the policy gave no answer (policy.invalid): "
		       "data.scimward.authzen.decision must be a boolean or {\"decision\": "
		       "boolean, "
		       "\"reasons\": [{\"code\", \"message\"}], \"context\": {…}}");
}

bool access_ask(const struct access *access, const struct access_question *question,
	struct access_answer *answer, struct error *err)
{
	const struct value *result = NULL;

	if (!access_begin(access, question, answer, err) ||
		!evaluate(access, "decision", answer->input, &result, err)) {
		return false;
	}
	answer->revision = policy_revision(access->snapshot->policy);
	return access_read(answer, result, err);
}

bool access_candidates_read(const struct value *candidates, const char *name, struct error *err)
{
	return candidates == NULL || value_is(candidates, VALUE_ARRAY) ||
	       value_is(candidates, VALUE_SET) ||
	       error_set(err, ERROR_POLICY, "data.scimward.authzen.%s must be an array or a set",
		       name);
}

bool access_candidates(const struct access *access, const struct access_question *question,
	const char *name, const struct value **candidates, struct error *err)
{
	const struct value *input = input_of(access, question, err);

	return input != NULL && evaluate(access, name, input, candidates, err) &&
	       access_candidates_read(*candidates, name, err);
}

const struct value *access_response(struct arena *arena, const struct access_answer *answer)
{
	const struct value *context = answer->context;
	struct value_builder it = { .arena = arena };

	if (answer->reasons != NULL) {
		context = value_with(arena, context, "reasons", answer->reasons);
	}
	value_add(&it, "context", context);
	value_add(&it, "decision", value_of_bool(answer->decision));
	return value_finish_object(&it);
}

struct access access_of_request(struct request *request)
{
	return (struct access){
		.gateway = request->worker->gateway,
		.snapshot = request->snapshot,
		.reader = request->worker->reader,
		.policy = request->worker->policy,
		.arena = request->arena,
		.time_us = request->time_us,
		.tenant = request->source->tenant,
		.tenant_name = request->source->config->tenant,
		.source = input_source(request),
	};
}
