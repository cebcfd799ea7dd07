# What engines other than OPA got wrong, always in the direction of "allowed". Each rule must be true.
package probes

import rego.v1

owners := {k: v | some k, v in input.owners}

default decision_unknown_owner := "deny"

# A failed := must fail the body, or `not … in o` would be true for an undefined o.
decision_unknown_owner := "allow" if {
	o := owners[input.id]
	not input.a in o
}

test_undefined_assignment_fails_the_rule if {
	decision_unknown_owner == "deny" with input as {"id": "x", "a": "y"}
}

default decision_unified := "deny"

decision_unified := "allow" if {
	o = owners[input.id]
	not input.a in o
}

test_undefined_unification_fails_the_rule if {
	decision_unified == "deny" with input as {"id": "x", "a": "y"}
}

# Undefined in a comprehension is empty, not an error and not everything.
test_comprehension_over_undefined_is_empty if {
	count([x | some x in input.groups]) == 0 with input as {}
	count({x | some x in owners.nobody}) == 0
}

test_every_over_nothing_holds_and_over_undefined_does_not if {
	every x in [] {
		x == 1
	}
	not every_over_missing with input as {}
}

every_over_missing if {
	every x in input.missing {
		x == 1
	}
}

# `with` replaces and puts back, also when there was nothing before.
seen := input.seen

test_with_puts_back_what_was_not_there if {
	seen == 1 with input as {"seen": 1}
	not seen
}

test_with_of_a_part_keeps_the_rest if {
	x := input with input.a.b as 2
	x == {"a": {"b": 2}}
}

# A function that is undefined for its argument makes the caller undefined; `not` turns that around.
level("admin") := 10

level("user") := 1

is_ranked(x) if level(x) > 0

test_undefined_function_is_not_allowed if {
	not is_ranked("guest")
	level("admin") > 5
}

# false is a value: a rule that is false is defined.
flag := false

test_false_is_defined if {
	flag == false
	not flag
	x := flag
	x == false
}

# A number is compared by what it is, and never with a text.
test_numbers_compare_by_value if {
	1 == 1.0
	9223372036854775807 < 9223372036854775808
	not input.text == input.number with input as {"text": "10", "number": 10}
	0.1 + 0.2 == 0.3
}

# Sets have no order, arrays do.
test_sets_and_arrays_differ if {
	{1, 2} == {2, 1}
	not [1, 2] == [2, 1]
	not {x | some x in input.a} == input.a with input as {"a": [1, 2]}
}

# A pattern without anchors matches within, one with anchors the whole; $ is the end of the text.
test_anchors_hold if {
	regex.match(`b`, "abc")
	not regex.match(`^b$`, "abc")
	not regex.match(`^admin$`, "admin\n")
	not glob.match("*.example.com", [], "a.b.example.com")
	glob.match("*", [], "anything")
	not glob.match("*", [], "any.thing")
}

# Names that differ in case or width are different names until the policy folds them.
test_text_is_compared_byte_by_byte if {
	not "ADMIN" == "admin"
	lower("ADMIN") == "admin"
	not "admin" == "admin\u200b"
}

# A default of a function holds when no body does.
default rank(_) := 0

rank(x) := 3 if x == "c"

test_default_function_answers if {
	rank("a") == 0
	rank("c") == 3
}
