/*
 * access_run: one AuthZEN request on its way through flow_access.c: its questions, how far it is,
 * and what goes into the journal.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "gateway/access.h"
#include "gateway/policy_asker.h"
#include "gateway/request.h"

struct access_record;
struct value;

enum access_semantic { ACCESS_ALL, ACCESS_FIRST_DENY, ACCESS_FIRST_PERMIT };

enum {
	ACCESS_ITEMS_MAX = 1000,  /* of one batch */
	ACCESS_SLICE = 20,        /* questions in one turn of the loop */
	ACCESS_PAGE_MAX = 1000,   /* results of one page of a search */
	ACCESS_PAGE = 100,        /* … when the client does not say */
	ACCESS_SEARCH_MAX = 2000, /* questions of one page: then it ends early, with a token */
};

struct access_item {
	struct access_question question;
	struct access_answer answer;
	struct error err; /* why it has none */
	bool done;
};

/* A search: who, what, or which action. */
enum access_search { ACCESS_NO_SEARCH, ACCESS_SUBJECTS, ACCESS_RESOURCES, ACCESS_ACTIONS };

struct access_run {
	struct access access;
	bool batch; /* the reply is a list */
	enum access_semantic semantic;
	struct access_item *items;
	size_t count;
	size_t at; /* the next one */

	enum access_search search;
	struct access_question question;
	const struct value *candidates; /* NULL: people of the directory, or none */
	int64_t after;                  /* the last candidate, or rid, that was looked at */
	size_t limit;
	size_t asked;
	bool more;
	const struct value **results;
	size_t result_count;

	/* policy.engine: opa */
	struct policy_question server; /* what it is asked */
	struct access_answer answer;   /* of a search: to the question about… */
	const struct value *found;     /* … this candidate; NULL: it is asked for candidates */

	struct access_record *record; /* NULL: nothing to record */
};

/* ---- access_parse.c ---- */

/* Reads the body of an evaluation or of evaluations. ERROR_VALUE, ERROR_SYNTAX, ERROR_MEDIA_TYPE.
 */
bool access_parse(struct request *request, bool batch, struct error *err);
/* The same of a search. */
bool access_parse_search(struct request *request, enum access_search search, struct error *err);

/* ---- access_search.c ---- */

/* Asks about the next candidates. NEXT: the page is full, or there are no more. */
step_fn access_search_walk, access_search_finish;
/* {"page": {"next_token"}, "results": […]} */
const struct value *access_search_response(struct request *request);

/* ---- access_server.c ---- */

/* An OPA server has the policy. */
bool access_asks_server(const struct request *request);
/* Asks it for data.scimward.authzen.<name>; the step waits. */
enum step_result access_server_ask(
	struct request *request, const char *name, const struct value *input);
/* In finish: what it answered; NULL: undefined. False: it did not. */
bool access_server_result(struct request *request, const struct value **result, struct error *err);
/* The same when "decision" was asked for, read. */
bool access_server_answer(struct request *request, struct access_answer *answer, struct error *err);

/* ---- access_record.c ---- */

/* A step: writes the answers that access.journal asks for, each an entry of kind "access". Fails
 * when one cannot be written: no answer without its record. */
step_fn access_record_start;
step_fn access_record_finish;
