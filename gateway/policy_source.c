#include "gateway/policy_source.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/value.h"
#include "gateway/policy_gate.h"
#include "policy/decision.h"
#include "policy/engine.h"

static struct policy *load(
	const struct config_policy *config, bool covers, const bool *cancelled, struct error *err)
{
	struct policy_gate gate;
	struct policy *policy;

	policy_gate_init(&gate, config);
	gate.cancelled = cancelled;
	gate.covers = covers;
	policy = policy_gate_load(&gate, err) ? gate.policy : NULL;
	policy_gate_fini(&gate);
	return policy;
}

struct policy *policy_source_load(
	const struct config_policy *config, const bool *cancelled, struct error *err)
{
	return load(config, false, cancelled, err);
}

struct policy *policy_source_load_covered(
	const struct config_policy *config, const bool *cancelled, struct error *err)
{
	return load(config, true, cancelled, err);
}

/* ---- trial ---- */

static const char trial_input[] =
	"{\"version\":1,\"mode\":\"test\",\"time\":\"2026-01-01T00:00:00.000000Z\",\"tenant\":"
	"\"default\",\"source\":{\"name\":\"trial\",\"dialect\":\"standard\",\"kind\":\"idp\"},"
	"\"actor\":{\"type\":\"source\",\"id\":\"trial\"},\"operation\":\"create\","
	"\"resource_type\":\"User\",\"id\":\"00000000-0000-7000-8000-000000000000\",\"after\":{"
	"\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\"],\"userName\":\"trial\","
	"\"active\":true},\"changes\":[{\"path\":\"userName\",\"after\":\"trial\"}],\"groups\":[],"
	"\"rate\":{\"deactivations\":{\"recent\":0,\"this\":0,\"population\":1,\"window_s\":3600},"
	"\"removals\":{\"recent\":0,\"this\":0,\"population\":1,\"window_s\":3600}},"
	"\"request\":{\"id\":\"trial\"}}";

const struct value *policy_source_trial_input(struct arena *arena)
{
	static const struct value_limits limits = { .bytes = 65536, .depth = 32, .values = 1000 };

	return value_parse(arena, trial_input, sizeof(trial_input) - 1, &limits, NULL);
}

bool policy_source_try(struct policy *policy, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	CLEANUP(policy_worker_cleanup) struct policy_worker *worker = policy_worker_new();
	const struct policy_entrypoint *entrypoint =
		policy_find_entrypoint(policy, "scimward/decision");
	struct policy_decision decision;
	struct policy_failure failure;
	struct policy_call call = { .worker = worker, .arena = arena, .time_us = clock_now_us() };

	if (entrypoint == NULL) {
		return error_set(err, ERROR_POLICY,
			"there is no data.scimward.decision; build bundles with `opa build -t plan "
			"-e "
			"scimward/decision`");
	}
	call.input = policy_source_trial_input(arena);
	return policy_decide(policy, entrypoint, &call, &decision, &failure) ||
	       error_set(err, ERROR_POLICY, "trial decision: %s: %s",
		       policy_failure_code(failure.kind), failure.text);
}
