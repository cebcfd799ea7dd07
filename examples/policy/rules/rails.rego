# METADATA
# title: Rails against accidents
# description: |
#   A source that goes wrong removes many people or memberships at once. Within a window (one hour) it may
#   remove `max`, or `percent` of all that there are, whichever is more. A row of `sources` is for one source, or
#   for one kind. Without data: 10 people or 5 %, 50 memberships or 10 %.
# schemas:
#   - data.access.rails:
#       type: object
#       additionalProperties: false
#       definitions:
#         rail: &rail
#           type: object
#           required: [max, percent]
#           additionalProperties: false
#           properties:
#             max: {type: integer, minimum: 0}
#             percent: {type: number, minimum: 0, maximum: 100}
#       properties:
#         deactivations: *rail
#         removals: *rail
#         sources:
#           type: object
#           additionalProperties:
#             type: object
#             additionalProperties: false
#             properties:
#               deactivations: *rail
#               removals: *rail
# custom:
#   codes:
#     rail.deactivations: too many people would be removed
#     rail.removals: too many memberships would be removed
package scimward.rules.rails

import data.scimward.operation

deny contains {
	"code": "rail.deactivations",
	"message": sprintf("%d people would have been removed within %d minutes, %d are allowed", [
		rate.recent + rate.this,
		rate.window_s / 60,
		most,
	]),
} if {
	rate := input.rate.deactivations
	rate.this > 0
	most := limit("deactivations", rate.population)
	rate.recent + rate.this > most
}

deny contains {
	"code": "rail.removals",
	"message": sprintf("%d memberships would have been removed within %d minutes, %d are allowed", [
		rate.recent + rate.this,
		rate.window_s / 60,
		most,
	]),
} if {
	rate := input.rate.removals
	rate.this > 0
	most := limit("removals", rate.population)
	rate.recent + rate.this > most
}

limit(what, population) := max([row.max, floor((population * row.percent) / 100)]) if row := rail(what)

# The row of a name goes before the row of its kind, and that before the rail of all.
rail(what) := row if row := data.access.rails.sources[input.source.name][what]

else := row if row := data.access.rails.sources[operation.kind_key][what]

else := row if row := data.access.rails[what]

else := starting_with[what]

starting_with := {"deactivations": {"max": 10, "percent": 5}, "removals": {"max": 50, "percent": 10}}
