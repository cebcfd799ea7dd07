#include "policy/engine.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/value.h"
#include "policy/decision.h"
#include "policy/eval.h"
#include "policy/ir.h"

#define DATA_DEPTH 512

const struct policy_limits policy_limits_default = {
	.plan_bytes = 64u << 20,
	.data_bytes = 256u << 20,
	.values = 16u << 20,
	.statements = 1u << 20,
	.locals = 65536,
};

const struct policy_budget policy_budget_default = {
	.steps = 1000000,
	.bytes = 32u << 20,
	.time_us = 50000,
	.depth = 512,
};

/* The program is the first member of an entry point's way back: see policy_find_entrypoint(). */
struct policy_entrypoint {
	const struct function *function;
};

struct policy {
	atomic_size_t references;
	struct arena *arena;
	struct policy *rules_of; /* a reference; NULL: the program is its own */
	struct program own;
	const struct program *program;
	const struct value *data;
	const char *revision;
	struct policy_entrypoint *entrypoints;
	const struct value *result_name; /* "result": the binding of entry points */
};

/* ---- loading ---- */

static bool load_data(struct policy *policy, const struct policy_files *files,
	const struct policy_limits *limits, struct error *err)
{
	const struct value_limits json_limits = { .bytes = limits->data_bytes,
		.depth = DATA_DEPTH,
		.values = limits->values,
		.allow_nul = true };

	if (files->data == NULL) {
		policy->data = value_of_object(policy->arena, NULL, 0);
		return true;
	}
	policy->data = value_parse(policy->arena, files->data, files->data_size, &json_limits, err);
	if (policy->data == NULL) {
		return error_wrap(err, "data.json");
	}
	if (!value_is(policy->data, VALUE_OBJECT)) {
		return error_set(err, ERROR_POLICY, "data.json: the data is no object");
	}
	return true;
}

/* What the data hold at a function's path, whose first name is the planner's own. */
static const struct value *data_at_path(const struct value *data, const struct value *path)
{
	for (size_t i = 1; i < value_count(path) && data != NULL; i++) {
		data = value_find_key(data, value_at(path, i));
	}
	return value_count(path) > 1 ? data : NULL;
}

/* Two answers for one path: OPA refuses that as well, since either could hide the other. */
static bool check_conflicts(
	const struct policy *policy, const struct ir_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->function_count; i++) {
		if (data_at_path(policy->data, plan->functions[i].path) != NULL) {
			return error_set(err, ERROR_POLICY,
				"data.json has something where the policy has the rule %s",
				plan->functions[i].name);
		}
	}
	return true;
}

static bool load_plan(struct policy *policy, const struct policy_files *files,
	const struct policy_limits *limits, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *scratch = arena_new();
	const struct ir_plan *plan = ir_read(scratch, files->plan, files->plan_size, limits, err);
	/* What is followed is followed as it was written: no copy goes, nothing is made before. */
	unsigned as_written = POLICY_STEP_ALIASES | POLICY_STEP_FOLDING | POLICY_STEP_LIVES;
	unsigned without = limits->without | (limits->trace ? as_written : 0);

	policy->own.has_points = limits->coverage;
	policy->own.has_trace = limits->trace;
	policy->program = &policy->own;
	if (plan == NULL ||
		!program_compile(policy->arena, scratch, plan, without, &policy->own, err) ||
		(!limits->rules_may_hide_data && !check_conflicts(policy, plan, err))) {
		return false;
	}
	size_t count = policy->own.plan_count;
	policy->entrypoints = arena_calloc(policy->arena, count, sizeof(*policy->entrypoints));
	for (size_t i = 0; i < count; i++) {
		policy->entrypoints[i].function = &policy->own.plans[i];
	}
	return true;
}

struct policy *policy_load(
	const struct policy_files *files, const struct policy_limits *limits, struct error *err)
{
	CLEANUP(policy_cleanup) struct policy *policy = must_calloc(1, sizeof(*policy));

	if (limits == NULL) {
		limits = &policy_limits_default;
	}
	atomic_init(&policy->references, 1);
	policy->arena = arena_new();
	policy->revision =
		arena_strdup(policy->arena, files->revision != NULL ? files->revision : "");
	policy->result_name = value_of_text(policy->arena, "result");
	if (!load_data(policy, files, limits, err) || !load_plan(policy, files, limits, err)) {
		return NULL;
	}
	struct policy *loaded = policy;
	policy = NULL;
	return loaded;
}

/* ---- other data ---- */

struct policy *policy_with_data(struct policy *policy, const struct value *data, struct error *err)
{
	const struct value *packages = value_find(policy->program->paths, PROGRAM_ROOT);
	struct policy *other;

	for (size_t i = 0; i < value_count(data); i++) {
		const struct value *name = value_member_at(data, i)->key;

		if (value_find_key(packages, name) != NULL) {
			error_set(err, ERROR_POLICY, "data.%s is rules of the policy, not data",
				value_text(name));
			return NULL;
		}
	}
	other = must_calloc(1, sizeof(*other));
	atomic_init(&other->references, 1);
	other->arena = arena_new();
	other->rules_of = policy_ref(policy);
	other->program = policy->program;
	other->data = value_overlay(other->arena, policy->data, value_copy(other->arena, data));
	other->revision = policy->revision;
	other->entrypoints = policy->entrypoints;
	other->result_name = policy->result_name;
	return other;
}

/* ---- references ---- */

struct policy *policy_ref(struct policy *policy)
{
	atomic_fetch_add_explicit(&policy->references, 1, memory_order_relaxed);
	return policy;
}

void policy_unref(struct policy *policy)
{
	if (policy == NULL ||
		atomic_fetch_sub_explicit(&policy->references, 1, memory_order_acq_rel) > 1) {
		return;
	}
	policy_unref(policy->rules_of);
	arena_free(policy->arena);
	memory_free(policy);
}

void policy_cleanup(struct policy **policy)
{
	policy_unref(*policy);
}

const struct program *policy_program(const struct policy *policy)
{
	return policy->program;
}

const char *policy_revision(const struct policy *policy)
{
	return policy->revision;
}

const struct value *policy_data(const struct policy *policy)
{
	return policy->data;
}

const struct policy_entrypoint *policy_find_entrypoint(
	const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->program->plan_count; i++) {
		if (strcmp(policy->program->plans[i].name, name) == 0) {
			return &policy->entrypoints[i];
		}
	}
	return NULL;
}

const char *policy_entrypoint_name(const struct policy *policy, size_t index)
{
	return index < policy->program->plan_count ? policy->program->plans[index].name : NULL;
}

/* ---- workers ---- */

struct policy_worker *policy_worker_new(void)
{
	struct policy_worker *worker = must_calloc(1, sizeof(*worker));

	worker->stack =
		must_malloc((WORKER_STACK_SLOTS + PROGRAM_ARGS_MAX) * sizeof(*worker->stack));
	worker->scans = must_malloc(WORKER_STACK_SCANS * sizeof(*worker->scans));
	return worker;
}

void policy_worker_free(struct policy_worker *worker)
{
	if (worker == NULL) {
		return;
	}
	policy_cache_fini(&worker->cache);
	for (size_t i = 0; i < POLICY_BUFS; i++) {
		buf_fini(&worker->bufs[i]);
	}
	memory_free(worker->memos);
	memory_free(worker->scans);
	memory_free(worker->stack);
	memory_free(worker);
}

void policy_worker_cleanup(struct policy_worker **worker)
{
	policy_worker_free(*worker);
}

uint64_t policy_worker_steps(const struct policy_worker *worker)
{
	return worker->steps_used;
}

size_t policy_worker_bytes(const struct policy_worker *worker)
{
	return worker->bytes_used;
}

/* ---- evaluating ---- */

static void worker_prepare(struct policy_worker *worker, const struct policy *policy,
	const struct policy_call *call, struct policy_failure *failure)
{
	const struct policy_budget *budget =
		call->budget != NULL ? call->budget : &policy_budget_default;
	size_t functions = policy->program->function_count;

	worker->context = (struct policy_context){
		.arena = call->arena,
		.charge.left = budget->steps,
		.clock_at =
			budget->steps > WORKER_CLOCK_STEPS ? budget->steps - WORKER_CLOCK_STEPS : 0,
		.bytes_end = arena_used(call->arena) + budget->bytes,
		.time_us = call->time_us,
		.notes = call->notes,
	};
	worker->budget = budget;
	worker->program = policy->program;
	worker->op = NULL;
	worker->function = NULL;
	worker->frame = NULL;
	worker->failure = failure;
	worker->deadline_us = clock_monotonic_us() + budget->time_us;
	worker->cpu_start_us = WORKER_CPU_UNKNOWN;
	worker->bytes_start = arena_used(call->arena);
	worker->depth = budget->depth;
	worker->lenient = call->lenient;
	worker->input = call->input;
	worker->data = call->data != NULL ? call->data : policy->data;
	worker->stack_used = 0;
	worker->scans_used = 0;
	worker->generation++;
	if (functions > worker->memo_count) {
		worker->memos = must_realloc(worker->memos, functions * sizeof(*worker->memos));
		memset(worker->memos + worker->memo_count, 0,
			(functions - worker->memo_count) * sizeof(*worker->memos));
		worker->memo_count = functions;
	}
}

/* Apart from worker_prepare(), so that no local of a frame that longjmp returns to changes. */
static bool evaluate(
	struct policy_worker *worker, const struct function *plan, const struct value **results)
{
	if (setjmp(worker->exit) != 0) {
		return false;
	}
	worker->results = growing_new(worker, VALUE_SET, 1);
	policy_run_plan(worker, plan);
	*results = growing_finish(worker, worker->results);
	return true;
}

static void note_use(struct policy_worker *worker, const struct policy_call *call)
{
	worker->steps_used = worker->budget->steps - worker->context.charge.left;
	worker->bytes_used = arena_used(call->arena) - worker->bytes_start;
}

bool policy_query(const struct policy *policy, const struct policy_entrypoint *entrypoint,
	const struct policy_call *call, const struct value **results,
	struct policy_failure *failure)
{
	worker_prepare(call->worker, policy, call, failure);
	bool ok = evaluate(call->worker, entrypoint->function, results);
	note_use(call->worker, call);
	return ok;
}

/* Apart from its caller for the same reason as evaluate(). */
static bool look_up(struct policy_worker *worker, const char *const *path, size_t count,
	const struct value **result)
{
	if (setjmp(worker->exit) != 0) {
		return false;
	}
	*result = policy_run_path(worker, path, count);
	return true;
}

bool policy_read_path(const struct policy *policy, const char *const *path, size_t count,
	const struct policy_call *call, const struct value **result, struct policy_failure *failure)
{
	worker_prepare(call->worker, policy, call, failure);
	bool ok = look_up(call->worker, path, count, result);
	note_use(call->worker, call);
	return ok;
}

bool policy_evaluate(const struct policy *policy, const struct policy_entrypoint *entrypoint,
	const struct policy_call *call, const struct value **result, struct policy_failure *failure)
{
	const struct value *results = NULL;

	if (!policy_query(policy, entrypoint, call, &results, failure)) {
		return false;
	}
	if (value_count(results) > 1) {
		failure->kind = POLICY_FAILURE_CONFLICT;
		snprintf(failure->text, sizeof(failure->text), "%s has %zu results",
			entrypoint->function->name, value_count(results));
		return false;
	}
	*result = value_count(results) == 1
			  ? value_find_key(value_at(results, 0), policy->result_name)
			  : NULL;
	return true;
}

bool policy_decide(const struct policy *policy, const struct policy_entrypoint *entrypoint,
	const struct policy_call *call, struct policy_decision *decision,
	struct policy_failure *failure)
{
	const struct value *result = NULL;

	return policy_evaluate(policy, entrypoint, call, &result, failure) &&
	       policy_decision_read(call->arena, result, decision, failure);
}

const char *policy_failure_code(enum policy_failure_kind kind)
{
	static const char *const codes[] = {
		[POLICY_FAILURE_UNDEFINED] = "policy.undefined",
		[POLICY_FAILURE_INVALID] = "policy.invalid",
		[POLICY_FAILURE_CONFLICT] = "policy.conflict",
		[POLICY_FAILURE_BUILTIN] = "policy.builtin",
		[POLICY_FAILURE_BUDGET] = "policy.budget",
		[POLICY_FAILURE_UNAVAILABLE] = "policy.unavailable",
	};

	return codes[kind];
}
