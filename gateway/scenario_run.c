#include "gateway/scenario_run.h"

#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/value.h"
#include "gateway/scenario.h"
#include "gateway/scenario_judge.h"
#include "gateway/scenario_match.h"
#include "gateway/scenario_read.h"
#include "gateway/scenario_telling.h"
#include "gateway/scenario_text.h"
#include "gateway/trial.h"
#include "policy/coverage.h"
#include "scim/urn.h"

/* ---- names ---- */

const char *telling_find_id(void *user, const char *name)
{
	const struct telling *telling = user;

	for (size_t i = telling->name_count; i > 0; i--) {
		if (strcmp(telling->names[i - 1].name, name) == 0) {
			return telling->names[i - 1].text;
		}
	}
	return NULL;
}

static const char *find_name(void *user, const char *id)
{
	const struct telling *telling = user;

	for (size_t i = telling->name_count; i > 0; i--) {
		if (strcmp(telling->names[i - 1].text, id) == 0) {
			return telling->names[i - 1].name;
		}
	}
	return NULL;
}

static void give_name(struct telling *telling, const char *name, const char *id)
{
	struct named *named = &telling->names[telling->name_count++];

	named->name = name;
	snprintf(named->text, sizeof(named->text), "%s", id);
}

static void name_things(struct telling *telling, const struct scenario_thing *things, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct named *named = &telling->names[telling->name_count++];

		named->name = things[i].name;
		if (things[i].has_id) {
			memcpy(named->id, things[i].id, UUID_BYTES);
			telling->has_ids = true;
		} else {
			trial_next_id(telling->trial, named->id);
		}
		uuid_format(named->id, named->text);
	}
}

static void name_all(struct telling *telling)
{
	const struct scenario_given *given = &telling->scenario->given;
	size_t room = given->user_count + given->group_count + telling->scenario->step_count;

	telling->names = arena_calloc(telling->scratch, room + 1, sizeof(*telling->names));
	telling->crowd =
		arena_calloc(telling->scratch, (size_t)given->crowd + 1, sizeof(*telling->crowd));
	name_things(telling, given->users, given->user_count);
	name_things(telling, given->groups, given->group_count);
	for (int64_t i = 0; i < given->crowd; i++) {
		trial_next_id(telling->trial, telling->crowd[i].id);
		uuid_format(telling->crowd[i].id, telling->crowd[i].text);
	}
}

bool telling_trouble(struct telling *telling, const char *what, const char *why)
{
	telling->result->trouble = arena_printf(telling->arena, "%s: %s", what, why);
	return false;
}

/* What an error says, in a reply. */
const char *telling_detail(struct telling *telling, const struct trial_answer *answer)
{
	static const struct value_limits limits = { .bytes = 1 << 20, .depth = 16, .values = 1000 };
	const struct value *body =
		value_parse(telling->scratch, answer->body, answer->body_size, &limits, NULL);
	const char *detail = value_find_text(body, "detail");

	return arena_printf(telling->scratch, "%d%s%s", answer->status, detail != NULL ? " " : "",
		detail != NULL ? detail : "");
}

/* ---- one request ---- */

static const char *body_of(struct telling *telling, const struct scenario_step *step)
{
	const char *unknown = NULL;
	struct buf text = { 0 };

	if (step->body == NULL) {
		return step->body_text != NULL ? scenario_replace(telling->scratch, step->body_text,
							 telling_find_id, telling, &unknown)
					       : NULL;
	}
	value_print(&text, scenario_replace_in(telling->scratch, step->body, telling_find_id,
				   telling, &unknown));
	const char *body = arena_text(telling->scratch, buf_text(&text), text.size);
	buf_fini(&text);
	return body;
}

/* Names are known: scenario_read() has looked. */
static void fill_request(
	struct telling *telling, const struct scenario_step *step, struct trial_request *request)
{
	const char *unknown = NULL;
	struct trial_header *headers =
		arena_calloc(telling->scratch, step->header_count + 1, sizeof(*headers));

	for (size_t i = 0; i < step->header_count; i++) {
		headers[i].name = step->headers[i].name;
		headers[i].value = scenario_replace(telling->scratch, step->headers[i].value,
			telling_find_id, telling, &unknown);
	}
	telling->time_us += step->after_us;
	*request = (struct trial_request){ .source = step->source,
		.method = step->method,
		.target = scenario_replace(
			telling->scratch, step->target, telling_find_id, telling, &unknown),
		.headers = headers,
		.header_count = step->header_count,
		.body = body_of(telling, step),
		.time_us = telling->time_us };
	if (step->by != NULL) {
		const char *id = telling_find_id(telling, step->by);
		uint8_t *subject = arena_alloc(telling->scratch, UUID_BYTES);

		if (uuid_parse(id, strlen(id), subject)) {
			request->subject = subject;
		}
	}
	request->body_size = request->body != NULL ? strlen(request->body) : 0;
}

static void keep_answer(struct telling *telling, const struct trial_request *request,
	const struct trial_answer *answer)
{
	struct scenario_result *result = telling->result;
	struct scenario_reason *reasons =
		arena_calloc(telling->arena, answer->reason_count + 1, sizeof(*reasons));

	for (size_t i = 0; i < answer->reason_count; i++) {
		reasons[i].code = arena_strdup(telling->arena, answer->reasons[i].code);
		reasons[i].message = arena_strdup(telling->arena, answer->reasons[i].message);
	}
	result->request =
		arena_printf(telling->arena, "%s %.300s", request->method, request->target);
	result->effect = arena_strdup(telling->arena, answer->effect);
	result->status = answer->status;
	result->reasons = reasons;
	result->reason_count = answer->reason_count;
	result->failure =
		answer->failure != NULL ? arena_strdup(telling->arena, answer->failure) : NULL;
	if (telling->coverage != NULL) {
		scenario_rules_of(telling->coverage, answer->effect, telling->arena, result);
	}
}

/* What is there now under the id, as the source sees it. NULL: nothing. */
static bool read_back(struct telling *telling, const struct trial_request *request,
	const struct trial_answer *answer, const struct value **resource, struct error *err)
{
	static const struct value_limits limits = {
		.bytes = TRIAL_REPLY_BYTES, .depth = 64, .values = 10000000
	};
	bool is_group = strstr(request->target, "/Groups") != NULL;
	struct trial_request again = { .source = request->source,
		.method = "GET",
		.target = arena_printf(telling->scratch, "/scim/v2/%s/%s",
			is_group ? "Groups" : "Users", answer->id),
		.time_us = request->time_us };
	struct trial_answer it;

	*resource = NULL;
	if (answer->id[0] == '\0') {
		return true;
	}
	if (!trial_send(telling->trial, &again, 1, telling->scratch, &it, err)) {
		return false;
	}
	if (it.status == 200) {
		*resource = value_parse(telling->scratch, it.body, it.body_size, &limits, err);
		return *resource != NULL;
	}
	return true;
}

static bool is_about_no(const struct scenario_then *then)
{
	return then->effect.value != NULL && strcmp(value_text(then->effect.value), "allow") != 0;
}

/* False: *err, or result has what came otherwise. */
static bool judge(struct telling *telling, const struct scenario_step *step,
	const struct trial_request *request, const struct trial_answer *answer,
	const uint8_t before[DIGEST_BYTES], struct error *err)
{
	const struct scenario_then *then = step->then;
	struct scenario_differences differences = { .arena = telling->arena };
	struct scenario_came came = { .answer = answer,
		.detail = telling_detail(telling, answer),
		.find = telling_find_id,
		.call = find_name,
		.user = telling };
	uint8_t after[DIGEST_BYTES];

	if ((then->resource.value != NULL || then->members.value != NULL) &&
		!read_back(telling, request, answer, &came.resource, err)) {
		return false;
	}
	if (before != NULL) {
		if (!trial_state(telling->trial, after, err)) {
			return false;
		}
		came.has_state = true;
		came.changed = memcmp(before, after, DIGEST_BYTES) != 0;
	}
	scenario_judge(then, &came, telling->scratch, &differences);
	telling->result->differences = differences.items;
	telling->result->difference_count = differences.count;
	return differences.count == 0;
}

static bool tell_step(struct telling *telling, const struct scenario_step *step, struct error *err)
{
	struct trial_request request;
	struct trial_answer answer;
	uint8_t before[DIGEST_BYTES];
	bool compares = step->then != NULL &&
			(step->then->unchanged.value != NULL || is_about_no(step->then));
	struct error refused = { 0 };

	fill_request(telling, step, &request);
	if (compares && !trial_state(telling->trial, before, err)) {
		return false;
	}
	if (telling->coverage != NULL) {
		policy_coverage_clear_marks(telling->coverage);
	}
	if (!trial_send(telling->trial, &request, 1, telling->scratch, &answer, &refused)) {
		return telling_trouble(telling, "no HTTP request", refused.text);
	}
	keep_answer(telling, &request, &answer);
	if (step->as != NULL && answer.id[0] != '\0') {
		give_name(telling, step->as, answer.id);
	}
	if (step->as != NULL && answer.id[0] == '\0') {
		return telling_trouble(telling, step->as, "there is no resource to be called so");
	}
	if (step->then != NULL) {
		return judge(telling, step, &request, &answer, compares ? before : NULL, err);
	}
	return answer.status < 300 ||
	       telling_trouble(telling, "it was to succeed, without a `then`",
		       telling_detail(telling, &answer));
}

static bool tell(struct telling *telling, struct error *err)
{
	const struct scenario *scenario = telling->scenario;
	struct scenario_result *result = telling->result;

	name_all(telling);
	telling->time_us = scenario->given.time_us;
	result->steps = scenario->step_count;
	if (!telling_put_all(telling, err)) {
		return err->code == ERROR_NONE;
	}
	for (size_t i = 0; i < scenario->step_count; i++) {
		result->step = i + 1;
		if (!tell_step(telling, &scenario->steps[i], err)) {
			return err->code == ERROR_NONE;
		}
	}
	result->passed = true;
	return true;
}

bool scenario_tell(struct trial *trial, const struct scenario_file *file,
	const struct scenario *scenario, struct policy_coverage *coverage, struct arena *arena,
	struct scenario_result *result, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *scratch = arena_new();
	struct trial_source sources[SCENARIO_SOURCES_MAX];
	struct trial_world world = { .tenant = scenario->given.tenant,
		.sources = sources,
		.source_count = file->source_count };
	struct telling telling = { .trial = trial,
		.file = file,
		.scenario = scenario,
		.coverage = coverage,
		.arena = arena,
		.scratch = scratch,
		.result = result };
	int64_t start_us = clock_monotonic_us();

	for (size_t i = 0; i < file->source_count; i++) {
		sources[i] = (struct trial_source){ .name = file->sources[i].name,
			.dialect = file->sources[i].dialect,
			.quirks = file->sources[i].quirks,
			.kind = file->sources[i].kind };
	}
	result->effect = "";
	result->request = "";
	if (!trial_begin(trial, &world, err) || !tell(&telling, err) ||
		(telling.has_ids && !trial_clear(trial, err))) {
		return false;
	}
	result->took_us = clock_monotonic_us() - start_us;
	return true;
}
