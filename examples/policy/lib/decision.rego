# METADATA
# title: From rules to a decision
# description: |
#   Turns the sets that rules fill into the decision object that scimward asks for. Authors write
#   rules in `package scimward.rules` and leave this file alone:
#
#     deny  contains {"code": "…", "message": "…"} if { … }   any one of them refuses the operation
#     hold  contains {"code": "…", "message": "…"} if { … }   waits for an approval, unless there is one
#     allow contains "why" if { … }                           without one of these the answer is no
#     obligations contains {"op": "…", "path": "…", …} if { … }   changes to an allowed operation
#     approvers contains "group" if { … }                     whose members may approve what is held
#     apps := {"name", …} if { … }                            where the resource may exist from now on
#
#   Precedence: deny over hold over allow. Deny is the default.
package scimward

import data.scimward.rules

# METADATA
# entrypoint: true
decision := denied if count(rules.deny) > 0

decision := held if {
	count(rules.deny) == 0
	must_wait
}

decision := allowed if {
	count(rules.deny) == 0
	not must_wait
	count(rules.allow) > 0
}

decision := {"effect": "deny", "reasons": [nobody_allowed]} if {
	count(rules.deny) == 0
	not must_wait
	count(rules.allow) == 0
}

denied := {"effect": "deny", "reasons": [reason | some reason in rules.deny]}

held := {
	"effect": "hold",
	"reasons": [reason | some reason in rules.hold],
	"approval": {
		"groups": [group | some group in rules.approvers],
		"min": rules.approvals_needed,
		"expires_s": rules.approval_expires_s,
	},
}

# The object is made in one piece for the usual case: no app set and nothing to change.
allowed := {"effect": "allow", "reasons": []} if {
	not rules.apps
	count(rules.obligations) == 0
}

allowed := object.union(with_apps, with_obligations) if something_to_add

something_to_add if rules.apps

something_to_add if count(rules.obligations) > 0

default with_apps := {"effect": "allow", "reasons": []}

with_apps := {"effect": "allow", "reasons": [], "apps": rules.apps} if rules.apps

default with_obligations := {}

with_obligations := {"obligations": [change | some change in rules.obligations]} if {
	count(rules.obligations) > 0
}

must_wait if {
	count(rules.hold) > 0
	not input.approval
}

nobody_allowed := {
	"code": "default.deny",
	"message": sprintf("no rule lets source %s %s a %s", [input.source.name, input.operation, input.resource_type]),
}
