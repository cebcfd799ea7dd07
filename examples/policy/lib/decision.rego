# METADATA
# title: From rules to a decision
# description: |
#   Turns the sets of the modules (modules.rego) into the decision that scimward asks for. Deny goes
#   before hold, and without a rule that allows the answer is no.
#
#   `data.access.levels` says how much a module counts:
#
#     observe   what it would deny or hold is told (`observed`), and nothing else
#     soft      the same once an admin overrides it, with a reason (`input.override`)
#     hard      nobody gets past it; modules without a level are hard
# schemas:
#   - data.access.levels:
#       description: By name of a module.
#       type: object
#       additionalProperties: {type: string, enum: [observe, soft, hard]}
#   - data.access.approval:
#       description: Who approves what a module holds without saying who; without, one person of security, within three days.
#       type: object
#       additionalProperties: false
#       properties:
#         groups: {type: array, minItems: 1, items: {type: string}}
#         min: {type: integer, minimum: 1}
#         expires_s: {type: integer, minimum: 1}
# custom:
#   codes:
#     default.deny: no rule allows it
#     approval.nobody: it needs approvals that no group may give together
package scimward

import data.scimward.modules

# METADATA
# entrypoint: true
decision := answer if count(observed) == 0

decision := object.union(answer, {"observed": [reason | some reason in observed]}) if count(observed) > 0

answer := denied if count(denying) > 0

else := {"effect": "deny", "reasons": [nobody_allows]} if not may_pass

else := allowed if not must_wait

else := held if count(approval.groups) > 0

else := {"effect": "deny", "reasons": [nobody_approves]}

# ---- what the modules say, and how much it counts ----

denying contains reason if {
	some module, reasons in modules.deny
	some reason in reasons
	not only_tells(module)
}

waiting contains reason if {
	some module, reasons in modules.hold
	some reason in reasons
	not only_tells(module)
}

observed contains reason if {
	count(data.access.levels) > 0
	some module, reasons in modules.deny
	some reason in reasons
	only_tells(module)
}

observed contains object.remove(reason, ["approval"]) if {
	count(data.access.levels) > 0
	not input.approval
	some module, reasons in modules.hold
	some reason in reasons
	only_tells(module)
}

only_tells(module) if data.access.levels[module] == "observe"

only_tells(module) if {
	data.access.levels[module] == "soft"
	input.override
}

may_pass if {
	some reasons in modules.allow
	count(reasons) > 0
}

# ---- deny ----

denied := {"effect": "deny", "reasons": [reason | some reason in denying]} if is_final

denied := {"effect": "deny", "reasons": [reason | some reason in denying], "overridable": true} if not is_final

is_final if {
	some module, reasons in modules.deny
	count(reasons) > 0
	not is_light(module)
}

is_light(module) if data.access.levels[module] in {"observe", "soft"}

nobody_allows := {
	"code": "default.deny",
	"message": sprintf("no rule lets source %s %s a %s", [input.source.name, input.operation, input.resource_type]),
}

# ---- hold ----

must_wait if {
	not input.approval
	count(waiting) > 0
}

held := {
	"effect": "hold",
	"reasons": [object.remove(reason, ["approval"]) | some reason in waiting],
	"approval": approval,
}

# One approval stands for all of them: by a group that each of them names, by as many as the strictest wants.
approval := {
	"groups": intersection({{group | some group in need.groups} | some need in needs}),
	"min": max({need.min | some need in needs}),
	"expires_s": min({need.expires_s | some need in needs}),
}

needs contains object.union_n([starting_with, usual, object.get(reason, "approval", {})]) if some reason in waiting

starting_with := {"groups": ["security"], "min": 1, "expires_s": 259200}

usual := object.get(data.access, "approval", {})

nobody_approves := {
	"code": "approval.nobody",
	"message": sprintf("it needs approvals that no group may give together (%s)", [concat(", ", {reason.code | some reason in waiting})]),
}

# ---- allow ----

# The object is made in one piece for the usual case: no app set and nothing to change.
allowed := {"effect": "allow", "reasons": []} if not has_more

allowed := object.union_n([{"effect": "allow", "reasons": []}, with_apps, with_obligations]) if has_more

has_more if modules.apps

has_more if count(changes) > 0

changes contains change if {
	some its in modules.obligations
	some change in its
}

default with_apps := {}

with_apps := {"apps": modules.apps}

default with_obligations := {}

with_obligations := {"obligations": [change | some change in changes]} if count(changes) > 0
