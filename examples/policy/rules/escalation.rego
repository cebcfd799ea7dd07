# METADATA
# title: Escalation of privileges
# description: |
#   Groups have ranks. Whoever acts grants no more than he has himself, and nobody rises by more than
#   `max_gain` in one step without an approval. `attributes` are power as well: only who is named sets them.
# schemas:
#   - data.access.escalation:
#       type: object
#       additionalProperties: false
#       properties:
#         ranks:
#           description: By display name in lower case, how much power membership is. Other groups have 0.
#           type: object
#           additionalProperties: {type: integer, minimum: 0}
#         max_gain: {type: integer, minimum: 0, description: A larger step waits for an approval.}
#         approval:
#           type: object
#           required: [groups]
#           additionalProperties: false
#           properties:
#             groups: {type: array, minItems: 1, items: {type: string}}
#             min: {type: integer, minimum: 1}
#             expires_s: {type: integer, minimum: 1}
#         attributes:
#           description: Attributes of people, and the sources that may set them.
#           type: object
#           additionalProperties: {type: array, items: {type: string}}
# custom:
#   codes:
#     escalation.above_self: a person grants more than he has
#     escalation.step: somebody would rise too far at once
#     escalation.attribute: an attribute that is power comes from a source that may not set it
package scimward.rules.escalation

import data.scimward.operation

# Of the group that people are added to; undefined: it has none, or nobody is added.
rank := data.access.escalation.ranks[operation.group_name] if operation.adds_members

highest(names) := max({0} | {its_rank |
	some name in names
	its_rank := data.access.escalation.ranks[lower(name)]
})

deny contains {
	"code": "escalation.above_self",
	"message": sprintf("%s is more than the person has who would grant it", [input.after.displayName]),
} if {
	input.actor.type == "user"
	rank > highest(object.get(input.actor, "groups", []))
}

hold contains object.union(
	{
		"code": "escalation.step",
		"message": sprintf("%s would rise by %d, more than %d need an approval", [operation.name_of(member), gain, data.access.escalation.max_gain]),
	},
	object.filter(data.access.escalation, ["approval"]),
) if {
	some member in input.members.added
	gain := rank - highest([group.display | some group in member.groups])
	gain > data.access.escalation.max_gain
}

deny contains {
	"code": "escalation.attribute",
	"message": sprintf("source %s may not set %s", [input.source.name, name]),
} if {
	operation.is_user_write
	some name, keys in data.access.escalation.attributes
	operation.takes_effect(name)
	not source_is_among(keys)
}

source_is_among(keys) if {
	some key in operation.source_keys
	key in keys
}
