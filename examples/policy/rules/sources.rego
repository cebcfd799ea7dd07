# Which source may do what
# The only rules that allow. Everything else in this folder refuses or holds.

package scimward.rules

source_keys := [input.source.name, sprintf("kind:%s", [input.source.kind])]

# The row of the source's name goes before the row of its kind.
source_row := data.access.sources[input.source.name]

source_row := data.access.sources[source_keys[1]] if not data.access.sources[input.source.name]

allow contains "source" if input.operation in source_row[input.resource_type]

# What another source made is not ours to change, unless the data says so.
deny contains {
	"code": "origin.foreign",
	"message": sprintf("this %s belongs to source %s", [lower(input.resource_type), input.origin.source]),
} if {
	input.origin.source != input.source.name
	not may_change_origin
}

may_change_origin if {
	some key in source_keys
	some whose in data.access.may_change[key]
	whose in {"*", input.origin.source}
}
