/* What AuthZEN's requests hold (Authorization API 1.0, 6 to 8). Unknown members are passed over. */
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/access_run.h"
#include "gateway/gateway.h"
#include "gateway/negotiate.h"

enum { BODY_DEPTH = 32 };

static const struct value *read_body(struct request *request, struct error *err)
{
	const struct config_limits *config = &request->worker->gateway->config->listen.limits;
	const struct value_limits limits = { .bytes = (size_t)config->body_bytes,
		.values = (size_t)config->body_values,
		.depth = BODY_DEPTH };
	struct http_text text = request->http->body;
	const struct value *body;

	if (!negotiate_body(request->http, err)) {
		return NULL;
	}
	body = value_parse(request->arena, text.data, text.size, &limits, err);
	if (body != NULL && !value_is(body, VALUE_OBJECT)) {
		error_set(err, ERROR_VALUE, "the body must be a JSON object");
		return NULL;
	}
	return body;
}

static struct access_run *new_run(struct request *request)
{
	struct access_run *run = arena_calloc(request->arena, 1, sizeof(*run));

	run->access = access_of_request(request);
	request->access = run;
	return run;
}

static const struct value *either(
	const struct value *item, const struct value *body, const char *name)
{
	const struct value *own = value_find(item, name);

	return own != NULL ? own : value_find(body, name);
}

static struct access_question question_of(const struct value *item, const struct value *body)
{
	return (struct access_question){ .subject = either(item, body, "subject"),
		.action = either(item, body, "action"),
		.resource = either(item, body, "resource"),
		.context = either(item, body, "context") };
}

/* An item that is malformed is answered "false" by itself. */
static void take_items(struct access_run *run, const struct value *list, const struct value *body)
{
	for (size_t i = 0; i < run->count; i++) {
		struct access_item *item = &run->items[i];
		const struct value *own = value_at(list, i);

		item->question = question_of(own, body);
		if (!value_is(own, VALUE_OBJECT)) {
			error_set(&item->err, ERROR_VALUE, "evaluations[%zu] must be an object", i);
		} else {
			access_question_check(&item->question, &item->err);
		}
	}
}

static bool take_semantic(struct access_run *run, const struct value *body, struct error *err)
{
	static const char *const names[] = { [ACCESS_ALL] = "execute_all",
		[ACCESS_FIRST_DENY] = "deny_on_first_deny",
		[ACCESS_FIRST_PERMIT] = "permit_on_first_permit" };
	const struct value *options = value_find(body, "options");
	const struct value *word = value_find(options, "evaluations_semantic");

	if (word == NULL) {
		return true;
	}
	for (size_t i = 0; value_is(word, VALUE_STRING) && i < sizeof(names) / sizeof(names[0]);
		i++) {
		if (strcmp(value_text(word), names[i]) == 0) {
			run->semantic = (enum access_semantic)i;
			return true;
		}
	}
	return error_set(err, ERROR_VALUE,
		"options.evaluations_semantic must be execute_all, deny_on_first_deny or "
		"permit_on_first_permit");
}

bool access_parse(struct request *request, bool batch, struct error *err)
{
	const struct value *body = read_body(request, err);

	if (body == NULL) {
		return false;
	}
	struct access_run *run = new_run(request);
	const struct value *list = batch ? value_find(body, "evaluations") : NULL;
	if (list != NULL && !value_is(list, VALUE_ARRAY)) {
		return error_set(err, ERROR_VALUE, "evaluations must be an array");
	}
	if (value_count(list) > ACCESS_ITEMS_MAX) {
		return error_set(err, ERROR_TOO_LARGE,
			"%zu evaluations; at most %d in one request, send the rest in others",
			value_count(list), ACCESS_ITEMS_MAX);
	}
	run->batch = value_count(list) > 0;
	run->count = run->batch ? value_count(list) : 1;
	run->items = arena_calloc(request->arena, run->count, sizeof(*run->items));
	if (run->batch) {
		take_items(run, list, body);
		return take_semantic(run, body, err);
	}
	run->items[0].question = question_of(NULL, body);
	return access_question_check(&run->items[0].question, err);
}

/* ---- searches ---- */

static bool take_page(struct access_run *run, const struct value *body, struct error *err)
{
	const struct value *page = value_find(body, "page");
	const struct value *token = value_find(page, "token");
	const struct value *count = value_find(page, "limit");
	int64_t limit = ACCESS_PAGE;

	if (page != NULL && !value_is(page, VALUE_OBJECT)) {
		return error_set(err, ERROR_VALUE, "page must be an object");
	}
	if (count != NULL && (!value_int(count, &limit) || limit < 1)) {
		return error_set(err, ERROR_VALUE, "page.limit must be a whole number from 1 on");
	}
	run->limit = limit < ACCESS_PAGE_MAX ? (size_t)limit : ACCESS_PAGE_MAX;
	if (token == NULL) {
		return true;
	}
	if (value_is(token, VALUE_STRING) && value_size(token) == 0) {
		return true;
	}
	char *end = NULL;
	run->after = value_is(token, VALUE_STRING) ? strtoll(value_text(token), &end, 16) : -1;
	return (run->after > 0 && *end == '\0') ||
	       error_set(err, ERROR_VALUE, "page.token is none that a search gave");
}

/* What is searched for needs no name of its own: it gets one for the check. */
static const struct value *named(
	struct arena *arena, const struct value *object, const char *name, bool is_sought)
{
	return is_sought && value_is(object, VALUE_OBJECT)
		       ? value_with(arena, object, name, value_of_text(arena, "*"))
		       : object;
}

bool access_parse_search(struct request *request, enum access_search search, struct error *err)
{
	const struct value *body = read_body(request, err);

	if (body == NULL) {
		return false;
	}
	struct access_run *run = new_run(request);
	struct access_question question = question_of(NULL, body);
	struct access_question checked = question;
	run->search = search;
	if (search == ACCESS_ACTIONS) {
		question.action = NULL;
		checked.action = value_of_object(request->arena, NULL, 0);
	}
	checked.subject = named(request->arena, checked.subject, "id", search == ACCESS_SUBJECTS);
	checked.resource =
		named(request->arena, checked.resource, "id", search == ACCESS_RESOURCES);
	checked.action = named(request->arena, checked.action, "name", search == ACCESS_ACTIONS);
	run->question = question;
	return access_question_check(&checked, err) && take_page(run, body, err);
}
