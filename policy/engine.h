/*
 * engine: the door of policy/. Loads a compiled policy, evaluates it.
 *
 *     policy_load ──▶ struct policy (immutable, counted, shared by all threads)
 *                          │
 *     policy_worker_new ──▶ struct policy_worker (one per thread: stack, memo, regex cache)
 *                          │
 *     policy_decide(policy, entrypoint, &call) ──▶ struct policy_decision | struct policy_failure
 *
 * Pure: opens no files, asks no clock for what it answers (time.now_ns() is call->time_us).
 * The clock is read only to stop an evaluation that takes too long.
 *
 * "No" is an answer, undefined is none: policy_decide() fails for everything that is not a
 * well-formed decision, with the code the journal shows (product.md, "Rules of the contract").
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct policy;
struct policy_decision;
struct policy_entrypoint;
struct policy_worker;
struct value;

/* ---- loading ---- */

/* What a policy is made of. The texts may go away after policy_load(). */
struct policy_files {
	const char *plan; /* plan.json of `opa build -t plan` */
	size_t plan_size;
	const char *data; /* a JSON object; NULL: {} */
	size_t data_size;
	const char *revision; /* any text that identifies the content; NULL: "" */
};

struct policy_limits {
	size_t plan_bytes;
	size_t data_bytes;
	size_t values;            /* JSON values in each of the two */
	size_t statements;        /* of the plan, nested ones included */
	size_t locals;            /* of one function */
	bool rules_may_hide_data; /* data at a rule's path are no error: OPA's own cases want it */
	bool coverage;            /* for policy/coverage.h; slower: for tests of policies only */
	bool trace;               /* for policy/trace.h, instead; much slower: for explanations */
	unsigned without;         /* what a benchmark wants to know the worth of: see below */
	bool patterns_may_be_wrong; /* a written regex that is none fails when it is used: they too
				     */
};
/* Steps that make a plan faster, for policy_limits.without. The answers are the same. */
enum {
	POLICY_STEP_ALIASES = 1, /* copies of locals are other names */
	POLICY_STEP_FOLDING = 2, /* constant containers are made once */
	POLICY_STEP_MEMO = 4,    /* a rule is evaluated once for a document */
	POLICY_STEP_LIVES = 8,   /* a number that bodies of a rule use again is another local */
};
extern const struct policy_limits policy_limits_default; /* 64 MiB, 256 MiB, 16 M, 1 M, 65,536 */

/*
 * Verifies and compiles. NULL: ERROR_POLICY (or ERROR_SYNTAX for what is no JSON, ERROR_TOO_LARGE
 * for a limit) with a sentence that names what to mend: "users.rego:12: the builtin http.send
 * is not available here". limits NULL: the default. The result has one reference.
 */
struct policy *policy_load(
	const struct policy_files *files, const struct policy_limits *limits, struct error *err);
/*
 * The same rules over other data: each member of data, an object, takes the place of the policy's
 * member of that name. It is copied; everything else is shared, and policy stays as it is. Coverage
 * of policy counts what either runs. NULL: ERROR_POLICY, a member stands where rules are.
 */
struct policy *policy_with_data(struct policy *policy, const struct value *data, struct error *err);
struct policy *policy_ref(struct policy *policy); /* thread-safe; returns policy */
void policy_unref(struct policy *policy); /* thread-safe; the last one frees. NULL is fine. */
/* For CLEANUP(). */
void policy_cleanup(struct policy **policy);

const char *policy_revision(const struct policy *policy);
const struct value *policy_data(const struct policy *policy);

/* By name, as `opa build -e` wrote it: "scimward/decision". NULL: the plan has none of that name.
 */
const struct policy_entrypoint *policy_find_entrypoint(
	const struct policy *policy, const char *name);
/* The i-th in the plan's order; NULL behind the last. */
const char *policy_entrypoint_name(const struct policy *policy, size_t index);

/* ---- evaluating ---- */

/* State of one thread. Used by one evaluation at a time, for any number of policies. */
struct policy_worker *policy_worker_new(void);
void policy_worker_free(struct policy_worker *worker); /* NULL is fine */
void policy_worker_cleanup(struct policy_worker **worker);

struct policy_budget {
	uint64_t steps;  /* a statement, a value touched, 64 bytes of text; about 10 ns each */
	size_t bytes;    /* of the arena, by this evaluation */
	int64_t time_us; /* back-stop: CPU time of the thread, looked at every 4,096 steps */
	unsigned depth;  /* functions within functions */
};
extern const struct policy_budget policy_budget_default; /* 1,000,000; 32 MiB; 50 ms; 512 */

/* What the policy says of itself: trace("…") while somebody listens. */
struct policy_note {
	const char *text;
	const char *file; /* as the plan names it; "" when it does not say */
	unsigned row;
};
struct policy_notes {
	struct policy_note *list; /* of the caller */
	size_t capacity;          /* more are counted and forgotten */
	size_t count;
};

struct policy_call {
	struct policy_worker *worker;
	struct arena *arena;                /* the result lives here; input must live as long */
	const struct value *input;          /* NULL: input is undefined */
	int64_t time_us;                    /* since 1970-01-01 UTC: the decision's time */
	const struct policy_budget *budget; /* NULL: the default */
	bool lenient; /* a builtin's error is undefined instead of the end: OPA's default, for tests
		       */
	struct policy_notes *notes; /* NULL: nobody listens */
	const struct value *data;   /* NULL: the policy's own. To ask what other data would do */
};

/* Why there is no answer. The order is of no meaning. */
enum policy_failure_kind {
	POLICY_FAILURE_UNDEFINED,   /* no rule gave a value */
	POLICY_FAILURE_INVALID,     /* a value that is no decision */
	POLICY_FAILURE_CONFLICT,    /* two rules gave different values for one name */
	POLICY_FAILURE_BUILTIN,     /* a builtin could not work with what it was given */
	POLICY_FAILURE_BUDGET,      /* steps, bytes, time or depth */
	POLICY_FAILURE_UNAVAILABLE, /* another server was asked and did not answer (policy/reply.h)
				     */
};

#define POLICY_FAILURE_TEXT_BYTES 512

struct policy_failure {
	enum policy_failure_kind kind;
	char text[POLICY_FAILURE_TEXT_BYTES]; /* "users.rego:31:2: time.parse_rfc3339_ns: …" */
};

/* "policy.undefined", "policy.invalid", "policy.conflict", "policy.builtin", "policy.budget",
 * "policy.unavailable". */
const char *policy_failure_code(enum policy_failure_kind kind);

/*
 * Evaluates one entry point. True: *result is its value, or NULL: undefined. It shares what it
 * took from input and data, so it lives as long as the shortest of arena, input and policy.
 * False: *failure says why (never UNDEFINED or INVALID).
 */
bool policy_evaluate(const struct policy *policy, const struct policy_entrypoint *entrypoint,
	const struct policy_call *call, const struct value **result,
	struct policy_failure *failure);

/*
 * The same for a plan with any number of results and of names in them, as a query has: *results
 * is the set of objects {variable: value}, empty for "undefined". policy_evaluate() is this with
 * the one object's "result".
 */
bool policy_query(const struct policy *policy, const struct policy_entrypoint *entrypoint,
	const struct policy_call *call, const struct value **results,
	struct policy_failure *failure);

/*
 * Evaluates and reads the decision object (policy/decision.h). True: *decision is filled, its
 * texts live in call->arena. False: no answer.
 */
bool policy_decide(const struct policy *policy, const struct policy_entrypoint *entrypoint,
	const struct policy_call *call, struct policy_decision *decision,
	struct policy_failure *failure);

/*
 * What stands at a path of data, as OPA's data API gives it: the rules there evaluated, packages as
 * objects of their rules, base documents beside them; the rest of the path goes into the value. An
 * item of an array is named by its number. Functions with arguments are undefined.
 * *result NULL: undefined. False: *failure says why (never UNDEFINED or INVALID).
 */
bool policy_read_path(const struct policy *policy, const char *const *path, size_t count,
	const struct policy_call *call, const struct value **result,
	struct policy_failure *failure);

/* Steps and arena bytes which the worker's last evaluation used: for metrics and benchmarks. */
uint64_t policy_worker_steps(const struct policy_worker *worker);
size_t policy_worker_bytes(const struct policy_worker *worker);
