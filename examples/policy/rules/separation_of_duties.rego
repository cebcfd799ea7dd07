# METADATA
# title: Separation of duties
# description: Of the groups of one row, a person may be in one.
# schemas:
#   - data.access.separation_of_duties:
#       type: array
#       items:
#         type: object
#         required: [id, groups]
#         additionalProperties: false
#         properties:
#           id: {type: string, description: "Part of the code: sod.<id>."}
#           groups:
#             description: Display names, in lower case.
#             type: array
#             minItems: 2
#             items: {type: string}
# custom:
#   codes:
#     sod.<id>: the person is in another group of the row
package scimward.rules.separation_of_duties

import data.scimward.operation

deny contains {
	"code": sprintf("sod.%s", [row.id]),
	"message": sprintf("%s is in %s and may not be in %s as well", [operation.name_of(member), group.display, input.after.displayName]),
} if {
	operation.adds_members
	some row in data.access.separation_of_duties
	operation.group_name in row.groups
	some member in input.members.added
	some group in member.groups
	lower(group.display) != operation.group_name
	lower(group.display) in row.groups
}
