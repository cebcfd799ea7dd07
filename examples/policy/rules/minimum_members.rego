# METADATA
# title: Groups that may not run empty
# description: |
#   So many active members stay in the group, whether they are taken out, leave the company, or the group
#   is deleted or renamed.
# schemas:
#   - data.access.minimum_members:
#       description: By display name, in lower case.
#       type: object
#       additionalProperties: {type: integer, minimum: 1}
# custom:
#   codes:
#     group.too_few: too few would be left
package scimward.rules.minimum_members

import data.scimward.operation

deny contains {
	"code": "group.too_few",
	"message": sprintf("%s must keep %d members", [input.after.displayName, least]),
} if {
	count(input.members.removed) > 0
	least := data.access.minimum_members[operation.group_name]
	input.members.count_after < least
}

# Deleting or renaming the group would empty it in one stroke.
deny contains {
	"code": "group.too_few",
	"message": sprintf("%s must keep its members: it stays", [input.before.displayName]),
} if {
	input.resource_type == "Group"
	data.access.minimum_members[lower(input.before.displayName)]
	lower(object.get(input, ["after", "displayName"], "")) != lower(input.before.displayName)
}

deny contains {
	"code": "group.too_few",
	"message": sprintf("%s must keep %d active members", [group.display, least]),
} if {
	operation.is_leaving
	some group in input.groups
	least := data.access.minimum_members[lower(group.display)]
	group.count - 1 < least
}
