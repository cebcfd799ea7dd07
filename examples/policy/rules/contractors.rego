# METADATA
# title: Contractors
# description: |
#   People who are with us for a time have an end date that is not too far away, and stay out of some groups.
#   Disabling one is always fine.
# schemas:
#   - data.access.contractors:
#       type: object
#       required: [max_days]
#       additionalProperties: false
#       properties:
#         kinds:
#           description: Values of `kind` (person extension); without, "contractor" alone.
#           type: array
#           items: {type: string}
#         max_days: {type: integer, minimum: 1, description: So far ahead an end date may be.}
#         not_in:
#           description: Display names of groups, in lower case, that are not for them.
#           type: array
#           items: {type: string}
# custom:
#   codes:
#     contractor.end_date: it is missing, over, or too far away
#     contractor.group: the group is not for contractors
package scimward.rules.contractors

import data.scimward.operation

kinds := object.get(data.access.contractors, "kinds", ["contractor"])

is_contractor(user) if user[operation.person].kind in kinds

deny contains {
	"code": "contractor.end_date",
	"message": sprintf("a contractor needs an endDate at most %d days ahead", [data.access.contractors.max_days]),
} if {
	operation.is_user_write
	is_contractor(input.after)
	not input.after.active == false
	not has_good_end_date
}

has_good_end_date if {
	left_ns := time.parse_rfc3339_ns(input.after[operation.person].endDate) - time.parse_rfc3339_ns(input.time)
	left_ns > 0
	left_ns <= data.access.contractors.max_days * 86400000000000
}

deny contains {
	"code": "contractor.group",
	"message": sprintf("%s is a contractor, and %s is not for contractors", [operation.name_of(member), input.after.displayName]),
} if {
	operation.group_name in data.access.contractors.not_in
	some member in input.members.added
	is_contractor(member.user)
}
