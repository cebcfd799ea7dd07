# METADATA
# title: Freeze windows
# description: |
#   Times in which changes wait (`hold`) or are refused (`deny`). A window is one span (`from`, `to`), or comes
#   again: on `weekdays`, between `hours`, on the clock of `zone`. It is for all `types` and groups, or for some.
#   People leave and lose memberships at any time.
# schemas:
#   - data.access.freeze:
#       type: object
#       additionalProperties:
#         type: object
#         required: [effect]
#         additionalProperties: false
#         properties:
#           effect: {type: string, enum: [hold, deny]}
#           from: {type: string, format: date-time}
#           to: {type: string, format: date-time, description: The first moment after the window.}
#           weekdays:
#             type: array
#             items: {type: string, enum: [Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday]}
#           hours:
#             description: 'From and to, "HH:MM"; ["22:00", "06:00"] goes over midnight.'
#             type: array
#             minItems: 2
#             maxItems: 2
#             items: {type: string, pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"}
#           zone: {type: string, description: 'Such as Europe/Zurich; without, UTC.'}
#           types: {type: array, items: {type: string}, description: Types of resources; without, all.}
#           groups: {type: array, items: {type: string}, description: Display names in lower case; then only they are frozen.}
#           except: {type: array, items: {type: string}, description: Sources that may change things all the same.}
#           approval:
#             type: object
#             required: [groups]
#             additionalProperties: false
#             properties:
#               groups: {type: array, minItems: 1, items: {type: string}}
#               min: {type: integer, minimum: 1}
#               expires_s: {type: integer, minimum: 1}
# custom:
#   codes:
#     freeze.<name>: the window of that name is open
package scimward.rules.freeze

import data.scimward.operation

deny contains reason(name) if {
	some name, window in closed
	window.effect == "deny"
}

hold contains object.union(reason(name), object.filter(window, ["approval"])) if {
	some name, window in closed
	window.effect == "hold"
}

reason(name) := {
	"code": sprintf("freeze.%s", [name]),
	"message": sprintf("no such changes now: the freeze %s is on", [name]),
}

# The windows that this operation runs into.
closed[name] := window if {
	not takes_away
	some name, window in data.access.freeze
	concerns(window)
	is_now(window)
	not is_excepted(window)
}

# Taking access away is never late: a person who goes, a group that only loses members.
takes_away if operation.is_leaving

takes_away if {
	input.resource_type == "User"
	input.operation == "delete"
}

takes_away if {
	count(input.members.removed) > 0
	count(input.members.added) == 0
	count(input.changes) == 0
}

# ---- what it is for ----

concerns(window) if {
	not window.groups
	is_for_type(window)
}

concerns(window) if {
	some name in group_names
	name in window.groups
}

is_for_type(window) if not window.types

is_for_type(window) if input.resource_type in window.types

# Of a group, before and afterwards.
group_names contains lower(input[side].displayName) if {
	input.resource_type == "Group"
	some side in ["before", "after"]
}

is_excepted(window) if {
	some key in operation.source_keys
	key in window.except
}

# ---- when it is ----

now_ns := time.parse_rfc3339_ns(input.time)

is_now(window) if {
	is_within_span(window)
	is_on_weekday(window)
	is_within_hours(window)
}

is_within_span(window) if not window.from

is_within_span(window) if {
	now_ns >= time.parse_rfc3339_ns(window.from)
	now_ns < time.parse_rfc3339_ns(window.to)
}

zone(window) := object.get(window, "zone", "UTC")

is_on_weekday(window) if not window.weekdays

is_on_weekday(window) if time.weekday([now_ns, zone(window)]) in window.weekdays

is_within_hours(window) if not window.hours

is_within_hours(window) if {
	[from, to] := window.hours
	from < to
	clock(window) >= from
	clock(window) < to
}

is_within_hours(window) if {
	[from, to] := window.hours
	from > to
	is_over_midnight(clock(window), from, to)
}

is_over_midnight(now, from, _) if now >= from

is_over_midnight(now, _, to) if now < to

clock(window) := sprintf("%02d:%02d", [hour, minute]) if {
	[hour, minute, _] := time.clock([now_ns, zone(window)])
}
