# Which errors of builtins OPA gets to. `base64.decode("?")` fails wherever it is evaluated; a rule that
# gives a value does so because OPA does not evaluate it there, and one that fails fails in OPA too.
package probes

import rego.v1

bad := base64.decode(concat("", ["?", input.text]))

needs_reference if {
	bad == "x"
	input.missing
}

test_reference_missing := r if r := [needs_reference | true] with input as {"text": "a"}

test_reference_there := r if r := {needs_reference | true} with input as {"text": "a", "missing": false}

equal_to if {
	base64.decode(input.text) == "x"
	input.kind == "user"
	input.level == 3
}

test_equal_other_text := r if r := {equal_to | true} with input as {"text": "?", "kind": "group", "level": 3}

test_equal_other_number := r if r := {equal_to | true} with input as {"text": "?", "kind": "user", "level": 4}

test_equal_all := r if r := {equal_to | true} with input as {"text": "?", "kind": "user", "level": 3.0}

one_of if {
	base64.decode(input.text) == "x"
	input.operation in {"create", "replace"}
}

test_one_of_none := r if r := {one_of | true} with input as {"text": "?", "operation": "delete"}

test_one_of_these := r if r := {one_of | true} with input as {"text": "?", "operation": "create"}

has_item if {
	base64.decode(input.text) == "x"
	"admin" in input.roles
}

test_item_missing := r if r := {has_item | true} with input as {"text": "?", "roles": ["user"]}

test_item_there := r if r := {has_item | true} with input as {"text": "?", "roles": {"a": "admin"}}

begins if {
	startswith(input.name, "svc-")
}

test_begin_of_a_number_is_no_error := r if r := {begins | true} with input as {"name": 3}

test_begin_of_texts_is_an_error := r if r := {begins | true} with input as {"name": ["svc-a"]}

ends if {
	base64.decode(input.text) == "x"
	strings.any_suffix_match(input.name, [".de", ".fr"])
	input.more
}

test_end_other := r if r := {ends | true} with input as {"text": "?", "name": "a.it", "more": 1}

matches if glob.match("*.example", ["."], input.host)

test_glob_of_null := r if r := {matches | true} with input as {"host": null}

pair if {
	base64.decode(input.text) == "x"
	[_, _] = input.pair
}

test_pair_of_three := r if r := {pair | true} with input as {"text": "?", "pair": [1, 2, 3]}

test_pair_of_two := r if r := {pair | true} with input as {"text": "?", "pair": [1, 2]}

# A later definition cannot give another value: OPA stops at the first.
same_value if input.yes

same_value if base64.decode(input.text) == "x"

test_second_definition := r if r := same_value with input as {"text": "?", "yes": true}

test_second_definition_needed := r if r := {same_value | true} with input as {"text": "?", "yes": false}

other_value := 1 if input.yes

other_value := 2 if base64.decode(input.text) == "x"

test_other_value_could_conflict := r if r := other_value with input as {"text": "?", "yes": true}

first_item if {
	some text in input.texts
	base64.decode(text) == "a"
}

test_items_behind_the_first_that_holds := r if r := first_item with input as {"texts": ["YQ==", "?"]}

test_items_before_it := r if r := {first_item | true} with input as {"texts": ["?", "YQ=="]}

all_items if {
	every text in input.texts {
		base64.decode(text) == "a"
	}
}

test_items_behind_the_first_that_does_not_hold := r if r := {all_items | true} with input as {"texts": ["Yg==", "?"]}

# What an error spares in one rule, it does not spare in another.
shared := base64.decode(input.text)

left_out if {
	shared == "x"
	input.missing
}

reached if shared == "x"

test_shared_by_one := r if r := {left_out | true} with input as {"text": "?"}

test_shared_by_two := r if r := {x | some x in [{left_out | true}, {reached | true}]} with input as {"text": "?"}

of_argument(kind) if {
	base64.decode(input.text) == "x"
	kind == "user"
}

test_argument_other := r if r := {of_argument("group") | true} with input as {"text": "?"}

test_argument_same := r if r := {of_argument("user") | true} with input as {"text": "?"}

of_part(user) if {
	base64.decode(input.text) == "x"
	user.kind == "user"
}

test_part_of_an_argument_is_not_indexed := r if r := {of_part({"kind": "group"}) | true} with input as {"text": "?"}

chain := 1 if {
	base64.decode(input.text) == "x"
	input.kind == "user"
} else := 2 if {
	input.kind == "group"
}

test_chain_spared := r if r := chain with input as {"text": "?", "kind": "group"}

test_chain_reached := r if r := chain with input as {"text": "?", "kind": "user"}

under_with if {
	base64.decode(input.text) == "x"
	input.kind == "user" with input.kind as "group"
}

test_under_with_nothing_is_indexed := r if r := {under_with | true} with input as {"text": "?", "kind": "user"}

behind_with if {
	base64.decode(input.text) == "x"
	input.kind == "group" with input.kind as "group"
	input.kind == "group"
}

test_behind_with_it_is := r if r := {behind_with | true} with input as {"text": "?", "kind": "user"}

within_with if {
	input.kind == "group"
	base64.decode(input.text) == "x" with input.kind as "group"
	input.other == 1
}

test_within_with_the_own_input_counts := r if r := {within_with | true} with input as {"text": "?", "kind": "group", "other": 2}
