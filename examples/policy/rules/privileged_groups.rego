# METADATA
# title: Groups whose membership is power
# description: |
#   Only who is named adds members, nobody adds himself, and where `approval` stands others must agree.
# schemas:
#   - data.access.privileged_groups:
#       description: By display name, in lower case.
#       type: object
#       additionalProperties:
#         type: object
#         required: [granted_by]
#         additionalProperties: false
#         properties:
#           granted_by:
#             description: Sources ("entra", "kind:admin") that may add members.
#             type: array
#             items: {type: string}
#           granters:
#             description: Display names of groups. Of people who act, only those in one of them may add members.
#             type: array
#             items: {type: string}
#           approval:
#             description: New members wait until `min` people of these groups have approved, for `expires_s` seconds.
#             type: object
#             required: [groups]
#             additionalProperties: false
#             properties:
#               groups: {type: array, minItems: 1, items: {type: string}}
#               min: {type: integer, minimum: 1}
#               expires_s: {type: integer, minimum: 1}
# custom:
#   codes:
#     group.privileged: the source may not add members
#     group.granter: the person who acts may not add members
#     group.self: somebody adds himself
#     group.approval: new members need an approval
package scimward.rules.privileged_groups

import data.scimward.operation

# Undefined where nobody is added, or the group is an ordinary one.
row := data.access.privileged_groups[operation.group_name] if operation.adds_members

deny contains {
	"code": "group.privileged",
	"message": sprintf("source %s may not add members to %s", [input.source.name, input.after.displayName]),
} if {
	row
	not source_may_grant
}

source_may_grant if {
	some key in operation.source_keys
	key in row.granted_by
}

deny contains {
	"code": "group.granter",
	"message": sprintf("only people of %s may add members to %s", [concat(", ", row.granters), input.after.displayName]),
} if {
	input.actor.type == "user"
	row.granters
	not person_may_grant
}

person_may_grant if {
	some group in input.actor.groups
	some granter in row.granters
	lower(group) == lower(granter)
}

# Nobody makes himself powerful.
deny contains {
	"code": "group.self",
	"message": sprintf("nobody may add himself to %s", [input.after.displayName]),
} if {
	row
	some member in input.members.added
	member.id == input.actor.id
}

hold contains {
	"code": "group.approval",
	"message": sprintf("new members of %s need an approval", [input.after.displayName]),
	"approval": row.approval,
}
