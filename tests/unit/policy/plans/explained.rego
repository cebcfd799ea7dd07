# What tests of explanations ask. Made into explained.json by make.sh; lines are named in the tests.
package explained

decision := {"effect": "deny", "reasons": [reason | some reason in deny]} if count(deny) > 0

decision := {"effect": "hold", "reasons": [reason | some reason in hold], "approval": approval} if {
	count(deny) == 0
	count(hold) > 0
	not input.approval
}

decision := {"effect": "allow", "obligations": [change | some change in obligations]} if {
	count(deny) == 0
	not waits
	may_pass
}

decision := {"effect": "deny", "reasons": [nobody]} if {
	count(deny) == 0
	not waits
	not may_pass
}

nobody := {"code": "nobody", "message": "no rule allows it"}

approval := {"groups": ["security"], "min": 1, "expires_s": 60}

waits if {
	count(hold) > 0
	not input.approval
}

# ---- who may pass ----

default level := 0

level := data.levels[input.who]

may_pass if {
	input.kind == "staff"
	level >= data.needed
}

may_pass if input.who in data.always

# ---- what is refused ----

team := data.teams[input.team]

deny contains {"code": "outsider", "message": sprintf("%s is not in %s", [input.who, input.team])} if {
	team
	not is_member(input.who)
}

is_member(name) if {
	some member in team.members
	lower(member) == lower(name)
}

deny contains {"code": "pair", "message": sprintf("%s and %s", [one, other])} if {
	some one in input.roles
	some other in input.roles
	one < other
	[one, other] in data.apart
}

deny contains {"code": "grade", "message": sprintf("%s is too low", [grade])} if grade == "low"

deny contains {"code": "unsafe", "message": "not all of them are safe"} if {
	count(input.hosts) > 0
	not all_safe
}

all_safe if {
	every host in input.hosts {
		startswith(host, "safe-")
	}
}

grade := "high" if {
	input.score > 10
} else := "low" if {
	input.score > 0
	input.strict
} else := "none"

deny contains {"code": "changed", "message": "with another input"} if {
	input.simulate
	may_pass with input.kind as "staff" with input.who as "boss"
}

hold contains {"code": "look", "message": "somebody must look"} if input.amount > data.limit

obligations contains {"op": "replace", "path": "title", "value": title} if {
	title := data.titles[input.who]
}

deny contains {"code": "broken", "message": "never"} if {
	input.number
	to_number(input.number) > 5
}
