# METADATA
# title: The modules of this policy
# description: |
#   A module is a package `scimward.rules.<name>`. What it says counts only through its line here: one
#   for each set that it fills. A module of your own takes its line like the others; a test tells
#   when one is missing.
package scimward.modules

import data.scimward.rules

# `deny contains {"code": "…", "message": "…"}`: any one of them refuses the operation.
deny := {
	"birthright": rules.birthright.deny,
	"contractors": rules.contractors.deny,
	"email_domains": rules.email_domains.deny,
	"escalation": rules.escalation.deny,
	"freeze": rules.freeze.deny,
	"minimum_members": rules.minimum_members.deny,
	"naming": rules.naming.deny,
	"people_who_act": rules.people_who_act.deny,
	"privileged_groups": rules.privileged_groups.deny,
	"protected_accounts": rules.protected_accounts.deny,
	"rails": rules.rails.deny,
	"required": rules.required.deny,
	"roles": rules.roles.deny,
	"separation_of_duties": rules.separation_of_duties.deny,
	"sources": rules.sources.deny,
}

# `hold contains {"code": "…", "message": "…", "approval": {…}}`: it waits until somebody approves.
hold := {
	"birthright": rules.birthright.hold,
	"escalation": rules.escalation.hold,
	"freeze": rules.freeze.hold,
	"privileged_groups": rules.privileged_groups.hold,
}

# `allow contains "why"`: without one of these the answer is no.
allow := {"sources": rules.sources.allow}

# `obligations contains {"op": "…", "path": "…", "value": …}`: changes to an allowed operation.
obligations := {"always_set": rules.always_set.obligations}

# A set of apps, or undefined: where the resource may exist from now on.
apps := rules.apps.names
