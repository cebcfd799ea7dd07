/*
 * ask: a call of the policy with the budget of the configuration.
 */
#pragma once

struct config_policy_limits;
struct policy_budget;
struct policy_call;
struct request;
struct value;

/* What one evaluation may cost (policy.limits). */
void ask_budget(const struct config_policy_limits *limits, struct policy_budget *budget);

/* A call in the request's thread, arena and time. *budget is filled and must live as long. */
struct policy_call ask_call(
	struct request *request, const struct value *input, struct policy_budget *budget);
