/*
 * Between the files of the gate: the steps about where a policy comes from, whose it is and how
 * old, in policy_gate_origin.c. For policy_gate.c.
 */
#pragma once

#include "gateway/policy_gate.h"

struct error;

/* Makes gate->scratch, once. */
bool policy_gate_need_scratch(struct policy_gate *gate, struct error *err);

bool policy_gate_fetch(struct policy_gate *gate, struct error *err);
bool policy_gate_open(struct policy_gate *gate, struct error *err);
bool policy_gate_signature(struct policy_gate *gate, struct error *err);
bool policy_gate_unpack(struct policy_gate *gate, struct error *err);
bool policy_gate_order(struct policy_gate *gate, struct error *err);
