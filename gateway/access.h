/*
 * access: may this subject do that to this resource? One question to data.scimward.authzen.decision
 * of the policy (OpenID AuthZEN Authorization API 1.0, 5: the information model).
 *
 * The policy sees
 *
 *     version 1, time, tenant, source {name, dialect, kind} (absent for an admin at the machine)
 *     subject {type, id, properties}, action {name, properties}, resource {type, id, properties},
 *     context                                   as they were asked
 *     directory {subject: {id, user, groups}}   of a subject of type "user" that the tenant has:
 * the SCIM document and the groups he is in now
 *
 * and answers a boolean, or {"decision": boolean, "reasons": [{"code", "message"}], "context":
 * {…}}. Undefined is no. A subject of type "user" is found by id or, without case, by userName;
 * never by e-mail, which is no name that carries authority.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct gateway;
struct policy_failure;
struct policy_worker;
struct request;
struct snapshot;
struct store_reader;
struct store_resource;
struct value;

/* Who asks, and with what. Everything is the caller's. */
struct access {
	const struct gateway *gateway;
	const struct snapshot *snapshot;
	struct store_reader *reader;
	struct policy_worker *policy;
	struct arena *arena;
	int64_t time_us;
	int tenant;
	const char *tenant_name;
	const struct value *source; /* NULL: absent */
};

#define ACCESS_PATH "scimward/authzen/" /* of the rules, below /v1/data */

struct access_question {
	const struct value *subject;
	const struct value *action;
	const struct value *resource;
	const struct value *context;         /* NULL: absent */
	const struct store_resource *person; /* known already; NULL: found by subject.id */
};

struct access_answer {
	bool decision;
	const struct value *reasons; /* array; NULL: none */
	const struct value *context; /* of the policy; NULL: none */
	const struct value *input;   /* what was asked, for the journal */
	const char *revision;        /* that answered */
};

/* As a source that was identified. */
struct access access_of_request(struct request *request);

/*
 * ERROR_VALUE with where and what for a question that is malformed: a member that is missing or of
 * another type. action and resource are NULL where a search leaves them out.
 */
bool access_question_check(const struct access_question *question, struct error *err);

/*
 * access_ask() in two halves, for who asks elsewhere: *answer as it is before there is an answer,
 * its input made (ERROR_STORE); the value of data.scimward.authzen.decision read (NULL: undefined;
 * ERROR_POLICY).
 */
bool access_begin(const struct access *access, const struct access_question *question,
	struct access_answer *answer, struct error *err);
bool access_read(struct access_answer *answer, const struct value *value, struct error *err);
/* Why there is no answer: ERROR_POLICY, ERROR_BUDGET. False. */
bool access_failed(struct error *err, const struct policy_failure *failure);

/*
 * False: no answer. ERROR_POLICY (wrong shape, conflict, builtin), ERROR_BUDGET, ERROR_STORE.
 * It never means "no".
 */
bool access_ask(const struct access *access, const struct access_question *question,
	struct access_answer *answer, struct error *err);

/*
 * The candidates of a search: data.scimward.authzen.<name> ("resources", "actions") with the
 * question's members as input. An array or a set; NULL: the policy names none. False: as above.
 */
bool access_candidates(const struct access *access, const struct access_question *question,
	const char *name, const struct value **candidates, struct error *err);

/* The same in two halves; candidates as the policy gave them. */
bool access_candidates_read(const struct value *candidates, const char *name, struct error *err);

/* {"decision": …, "context": {…, "reasons": […]}}, as AuthZEN's evaluation response. */
const struct value *access_response(struct arena *arena, const struct access_answer *answer);
