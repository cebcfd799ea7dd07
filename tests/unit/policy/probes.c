#include "tests/unit/policy/probes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/value.h"

static void give_up(const char *what, const struct error *err)
{
	fprintf(stderr, "%s: %s\n", what, err->text);
	exit(1);
}

struct policy *probes_load(const char *data)
{
	CLEANUP(buf_fini) struct buf plan = { 0 };
	struct error err = { 0 };

	if (!file_read(PROBES_PLAN, 1u << 24, &plan, &err)) {
		give_up("plan", &err);
	}
	const struct policy_files files = { .plan = plan.data,
		.plan_size = plan.size,
		.data = data,
		.data_size = data != NULL ? strlen(data) : 0,
		.revision = "probes" };
	struct policy *policy = policy_load(&files, NULL, &err);
	if (policy == NULL) {
		give_up("load", &err);
	}
	return policy;
}

const struct value *probes_value(struct arena *arena, const char *json)
{
	static const struct value_limits limits = {
		.bytes = 1u << 24, .depth = 512, .values = 1u << 20, .allow_nul = true
	};
	struct error err = { 0 };

	if (json == NULL) {
		return NULL;
	}
	const struct value *value = value_parse(arena, json, strlen(json), &limits, &err);
	if (value == NULL) {
		give_up(json, &err);
	}
	return value;
}

static const char *text_of(struct arena *arena, const struct value *value)
{
	CLEANUP(buf_fini) struct buf text = { 0 };

	if (value == NULL) {
		return "undefined";
	}
	value_print(&text, value);
	return arena_text(arena, buf_text(&text), text.size);
}

const char *probes_run(struct policy *policy, struct policy_call *call, const char *name,
	const char *input, struct policy_failure *failure)
{
	struct policy_failure unused;
	const struct value *result = NULL;

	if (failure == NULL) {
		failure = &unused;
	}
	const struct policy_entrypoint *entrypoint =
		policy_find_entrypoint(policy, arena_printf(call->arena, "probes/%s", name));
	if (entrypoint == NULL) {
		return "no such entry point";
	}
	call->input = probes_value(call->arena, input);
	if (!policy_evaluate(policy, entrypoint, call, &result, failure)) {
		return policy_failure_code(failure->kind);
	}
	return text_of(call->arena, result);
}
