# Who may be in which group

package scimward.rules

group_name := lower(input.after.displayName)

privileged := data.access.privileged_groups[group_name]

adds_members if count(input.members.added) > 0

# ---- privileged groups ----

deny contains {
	"code": "group.privileged",
	"message": sprintf("source %s may not add members to %s", [input.source.name, input.after.displayName]),
} if {
	adds_members
	privileged
	not may_grant
}

may_grant if {
	some key in source_keys
	key in privileged.granted_by
}

# Nobody makes himself powerful: a person who acts is not among those who are added.
deny contains {
	"code": "group.self",
	"message": sprintf("nobody may add himself to %s", [input.after.displayName]),
} if {
	privileged
	some member in input.members.added
	member.id == input.actor.id
}

hold contains {
	"code": "group.approval",
	"message": sprintf("new members of %s need an approval", [input.after.displayName]),
} if {
	adds_members
	privileged.approval
}

approvers contains group if some group in privileged.approval.groups

default approvals_needed := 1

approvals_needed := privileged.approval.min

approval_expires_s := 259200

# ---- at least so many active members stay ----

deny contains {
	"code": "group.too_few",
	"message": sprintf("%s must keep %d members", [input.after.displayName, privileged.keep]),
} if {
	count(input.members.removed) > 0
	input.members.count_after < privileged.keep
}

# Deleting or renaming a privileged group would empty it in one stroke.
deny contains {
	"code": "group.too_few",
	"message": sprintf("%s is a privileged group: it stays", [input.before.displayName]),
} if {
	input.resource_type == "Group"
	data.access.privileged_groups[lower(input.before.displayName)].keep
	lower(object.get(input, ["after", "displayName"], "")) != lower(input.before.displayName)
}

deny contains {
	"code": "group.too_few",
	"message": sprintf("%s must keep %d active members", [group.display, row.keep]),
} if {
	is_leaving
	some group in input.groups
	row := data.access.privileged_groups[lower(group.display)]
	group.count - 1 < row.keep
}

# ---- separation of duties ----

deny contains {
	"code": sprintf("sod.%s", [pair.id]),
	"message": sprintf("%s is in %s and may not be in %s as well", [member_name(member), group.display, input.after.displayName]),
} if {
	adds_members
	some pair in data.access.separation_of_duties
	group_name in pair.groups
	some member in input.members.added
	some group in member.groups
	lower(group.display) != group_name
	lower(group.display) in pair.groups
}

default member_name(_) := "this person"

member_name(member) := member.user.userName
