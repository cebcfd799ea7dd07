# METADATA
# title: The catalogue of roles
# description: |
#   A role is some groups, and the people who may hold it. Into a group of the catalogue comes only who
#   may hold one of the roles that it belongs to; `max` bounds how many hold it.
# schemas:
#   - data.access.roles:
#       type: object
#       additionalProperties:
#         type: object
#         required: [groups, for]
#         additionalProperties: false
#         properties:
#           groups:
#             description: Display names, in lower case.
#             type: array
#             items: {type: string}
#           for:
#             description: Attributes and the values of which a person must have one; {} is everybody.
#             type: object
#             additionalProperties: {type: array, items: {type: string}}
#           max:
#             description: So many people at most in each of its groups.
#             type: integer
#             minimum: 0
# custom:
#   codes:
#     role.not_eligible: the person may hold none of the roles that the group belongs to
#     role.full: enough people hold the role
package scimward.rules.roles

import data.scimward.operation

# The roles that the group at hand belongs to.
of_group[name] := role if {
	operation.adds_members
	some name, role in data.access.roles
	operation.group_name in role.groups
}

deny contains {
	"code": "role.not_eligible",
	"message": sprintf("%s may hold none of the roles %s", [operation.name_of(member), concat(", ", object.keys(of_group))]),
} if {
	count(of_group) > 0
	some member in input.members.added
	not may_hold_one(member)
}

may_hold_one(member) if {
	some role in of_group
	operation.matches(object.get(member, "user", {}), role.for)
}

deny contains {
	"code": "role.full",
	"message": sprintf("the role %s is for %d people", [name, role.max]),
} if {
	some name, role in of_group
	input.members.count_after > role.max
}
