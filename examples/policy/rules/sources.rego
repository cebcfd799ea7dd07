# METADATA
# title: Which source may do what
# description: |
#   Least privilege: nobody may do anything but what `sources` gives him. The only rules that allow.
# schemas:
#   - data.access.sources:
#       description: By name of a source, or "kind:" and a kind, the types of resources and what may be done with them.
#       type: object
#       additionalProperties:
#         type: object
#         additionalProperties:
#           type: array
#           items: {type: string, enum: [create, replace, patch, delete]}
#   - data.access.may_change:
#       description: Who may change what which other sources made ("*" is all of them).
#       type: object
#       additionalProperties: {type: array, items: {type: string}}
# custom:
#   codes:
#     default.deny: no row lets the source do it
#     origin.foreign: another source made the resource
package scimward.rules.sources

import data.scimward.operation

# The row of a name goes before the row of its kind.
row := of_name if of_name := data.access.sources[input.source.name]

else := data.access.sources[operation.kind_key]

allow contains "source" if input.operation in row[input.resource_type]

# What another source made is not ours to change, unless the data says so.
deny contains {
	"code": "origin.foreign",
	"message": sprintf("this %s belongs to source %s", [lower(input.resource_type), input.origin.source]),
} if {
	input.origin.source != input.source.name
	not may_change
}

may_change if {
	some key in operation.source_keys
	some whose in data.access.may_change[key]
	whose in {"*", input.origin.source}
}
