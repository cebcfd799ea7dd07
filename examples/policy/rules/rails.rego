# Rails against accidents
#
# A source that goes wrong removes many people or memberships at once. Within a window it may remove
# at most `max`, or `percent` of all that there are, whichever is more.

package scimward.rules

is_leaving if {
	input.resource_type == "User"
	input.operation == "delete"
	not input.before.active == false
}

is_leaving if {
	input.resource_type == "User"
	not input.before.active == false
	input.after.active == false
}

deny contains {
	"code": "rail.deactivations",
	"message": sprintf("%d people would have been removed within %d minutes, %d are allowed", [
		rate.recent + rate.this,
		rate.window_s / 60,
		limit,
	]),
} if {
	rate := input.rate.deactivations
	limit := rail_limit(data.access.rails.deactivations, rate.population)
	rate.this > 0
	rate.recent + rate.this > limit
}

deny contains {
	"code": "rail.removals",
	"message": sprintf("%d memberships would have been removed within %d minutes, %d are allowed", [
		rate.recent + rate.this,
		rate.window_s / 60,
		limit,
	]),
} if {
	rate := input.rate.removals
	limit := rail_limit(data.access.rails.removals, rate.population)
	rate.this > 0
	rate.recent + rate.this > limit
}

rail_limit(rail, population) := max([rail.max, floor((population * rail.percent) / 100)])
