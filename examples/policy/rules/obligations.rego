# What the policy changes in an allowed operation
#
# `obligations contains {"op": "replace", "path": "…", "value": …} if { … }`, as SCIM PATCH operations
# on `after`. The set starts out empty; a rule of `apps` beside it says where a resource may exist.

package scimward.rules

obligations contains change if {
	some change in data.access.always_set[input.resource_type]
	input.operation == "create"
}

apps := {app | some app in names} if {
	input.operation == "create"
	names := data.access.apps[input.resource_type]
}
