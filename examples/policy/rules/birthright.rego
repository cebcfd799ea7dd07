# METADATA
# title: Birthright access, and nothing beyond
# description: |
#   Groups that people are in because of what they are: whoever matches may be added, nobody else may.
#   `others` says what becomes of groups that no row of the data names: `open`, `hold` or `deny`.
# schemas:
#   - data.access.birthright:
#       type: object
#       required: [groups, others]
#       additionalProperties: false
#       properties:
#         groups:
#           description: Display name in lower case → attributes and the values that entitle; {} is everybody.
#           type: object
#           additionalProperties:
#             type: object
#             additionalProperties: {type: array, items: {type: string}}
#         others:
#           description: Adding people to a group that birthright, roles and privileged_groups do not name.
#           type: string
#           enum: [open, hold, deny]
#   - data.access.roles: {type: object}
#   - data.access.privileged_groups: {type: object}
# custom:
#   codes:
#     birthright.not_entitled: the person is not what the group is for
#     group.unlisted: no row of the data names the group
package scimward.rules.birthright

import data.scimward.operation

deny contains {
	"code": "birthright.not_entitled",
	"message": sprintf("%s is not entitled to %s", [operation.name_of(member), input.after.displayName]),
} if {
	conditions := data.access.birthright.groups[operation.group_name]
	some member in input.members.added
	not is_entitled(member, conditions)
}

# Of somebody who is not known, nothing is known that entitles him; to {} everybody is.
is_entitled(member, conditions) if operation.matches(object.get(member, "user", {}), conditions)

# ---- groups that nobody has thought of ----

unlisted := {
	"code": "group.unlisted",
	"message": sprintf("the policy does not know the group %s", [input.after.displayName]),
}

deny contains unlisted if {
	data.access.birthright.others == "deny"
	is_unlisted
}

hold contains unlisted if {
	data.access.birthright.others == "hold"
	is_unlisted
}

is_unlisted if {
	operation.adds_members
	not data.access.birthright.groups[operation.group_name]
	not data.access.privileged_groups[operation.group_name]
	not is_of_a_role
}

is_of_a_role if {
	some role in data.access.roles
	operation.group_name in role.groups
}
