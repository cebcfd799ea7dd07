#include "gateway/ask.h"

#include "config/config.h"
#include "gateway/gateway.h"
#include "gateway/request.h"
#include "policy/engine.h"

void ask_budget(const struct config_policy_limits *limits, struct policy_budget *budget)
{
	*budget = policy_budget_default;
	budget->steps = (uint64_t)limits->steps;
	budget->bytes = (size_t)limits->bytes;
	budget->time_us = limits->time_ms * 1000;
}

struct policy_call ask_call(
	struct request *request, const struct value *input, struct policy_budget *budget)
{
	ask_budget(&request->worker->gateway->config->policy.limits, budget);
	return (struct policy_call){
		.worker = request->worker->policy,
		.arena = request->arena,
		.input = input,
		.time_us = request->time_us,
		.budget = budget,
	};
}
