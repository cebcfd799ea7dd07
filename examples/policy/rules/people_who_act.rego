# METADATA
# title: People who act themselves
# description: |
#   A token may speak for a person (`scimward token create SOURCE --subject USER`). What its source may
#   do bounds him as well; these rules make it less.
# schemas:
#   - data.access.people_who_act:
#       type: object
#       required: [own, operators]
#       additionalProperties: false
#       properties:
#         own:
#           description: Attributes of their own entry that people may change.
#           type: array
#           items: {type: string}
#         operators:
#           description: Display names of groups whose people may change others.
#           type: array
#           items: {type: string}
# custom:
#   codes:
#     actor.other: a person changes somebody else
#     actor.attribute: a person changes what is not his to change
#     actor.delete: a person deletes himself
package scimward.rules.people_who_act

acts_for_himself if {
	input.actor.type == "user"
	not is_operator
}

is_operator if {
	some group in input.actor.groups
	some operator in data.access.people_who_act.operators
	lower(group) == lower(operator)
}

deny contains {
	"code": "actor.other",
	"message": "a person may change his own entry only",
} if {
	acts_for_himself
	input.id != input.actor.id
}

deny contains {
	"code": "actor.attribute",
	"message": sprintf("nobody may change his own %s", [change.path]),
} if {
	acts_for_himself
	input.id == input.actor.id
	input.operation != "delete"
	some change in input.changes
	not is_own(change.path)
}

deny contains {
	"code": "actor.delete",
	"message": "nobody may delete himself",
} if {
	acts_for_himself
	input.operation == "delete"
}

is_own(path) if {
	some name in data.access.people_who_act.own
	path == name
}

is_own(path) if {
	some name in data.access.people_who_act.own
	startswith(path, sprintf("%s.", [name]))
}
