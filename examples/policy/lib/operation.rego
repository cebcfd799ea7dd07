# METADATA
# title: What kind of operation this is
# description: |
#   Words that modules share, so that "leaving" or "adds members" means one thing in all of them.
package scimward.operation

enterprise := "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

person := "urn:scimward:params:scim:schemas:extension:person:2.0:User"

# ---- who sends it ----

# By these keys data speaks of a source: "entra", "kind:idp".
source_keys := [input.source.name, kind_key]

kind_key := sprintf("kind:%s", [input.source.kind])

# ---- what it does ----

is_write if input.operation in {"create", "replace", "patch"}

is_user_write if {
	input.resource_type == "User"
	is_write
}

# Somebody goes: no rule but a rail, a protected account or a minimum may stand in his way.
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

# Somebody who was switched off is switched on again.
is_arriving if {
	input.resource_type == "User"
	input.before.active == false
	not input.after.active == false
}

# The attribute gets a value that it did not have. What is old does not stop anybody.
brings_in(name) if {
	input.operation == "create"
	input.after[name]
}

brings_in(name) if {
	input.operation != "create"
	some change in input.changes
	change.path == name
	change.after
}

# It comes into force: it is new, or somebody is switched on with it. What a leaver brings along does
# not stop him, and is judged when he comes back.
takes_effect(name) if {
	not is_leaving
	brings_in(name)
}

takes_effect(name) if {
	is_arriving
	input.after[name]
}

# ---- of groups ----

group_name := lower(input.after.displayName)

adds_members if count(input.members.added) > 0

default name_of(_) := "this person"

name_of(member) := member.user.userName

# ---- attributes, wherever they stand ----

# Of the core, else of the enterprise extension, else of scimward's own for people.
attribute(resource, name) := value if value := resource[name]

else := value if value := resource[enterprise][name]

else := value if value := resource[person][name]

# Each attribute that is named has one of the values; none named: everybody matches.
matches(resource, conditions) if {
	every name, values in conditions {
		some value in values
		is_same(attribute(resource, name), value)
	}
}

is_same(one, other) if one == other

is_same(one, other) if {
	is_string(one)
	is_string(other)
	lower(one) == lower(other)
}
