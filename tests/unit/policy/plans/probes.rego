# What an evaluator of plans gets wrong most easily, one entry point each.
# tests/unit/policy/test_eval.c says what each must give. After a change: ./make.sh
package probes

# ---- undefined is not false, and not true ----

# A fast path of another engine let `x := <undefined>` succeed, so that the `not` was true and
# the answer "allow". Rego says: the body is undefined.
default fail_open := "deny"

fail_open := "allow" if {
	owners := data.owner[input.id]
	not input.actor in owners
}

false_is_a_value := {"negated": negated, "kept": kept, "tested": tested}

default negated := false

negated if not input.flag

kept := input.flag

default tested := "no"

tested := "yes" if input.flag

default null_is_true := "no"

null_is_true := "yes" if input.nothing

# ---- complete rules ----

same_value_twice := 1 if input.a

same_value_twice := 1 if input.b

conflict := 1 if input.a

conflict := 2 if input.b

ordered := "first" if {
	input.n > 10
} else := "second" if {
	input.n > 5
} else := "third"

twice(x) := y if y := x + x

calls := [twice(1), twice(input.n)]

broken_function(x) := 1 if x > 0

broken_function(x) := 2 if x > 1

function_conflict := broken_function(input.n)

# ---- partial rules ----

numbers contains n if some n in input.numbers

numbers contains 7

set_of_numbers := numbers

by_name[name] := size if {
	some name, size in input.sizes
}

object_by_name := by_name

same_key[x.key] := x.value if some x in input.pairs

object_conflict := same_key

nested[a][b] contains c if {
	some x in input.triples
	[a, b, c] := x
}

nested_objects := nested

deep.one[x].two[y] := x if {
	some x in input.numbers
	some y in input.numbers
}

deep_objects := deep

comprehension_conflict := {x.key: x.value | some x in input.pairs}

# ---- loops ----

# Sets and objects come in Rego's order, not in that of the text.
in_order := [[k, v] | some k, v in {"b": 1, "a": 2, "c": input.n}]

set_in_order := [x | some x in {3, "x", input.n, null, [1], {"a": 1}, false, 1.5}]

every_item if {
	every x in input.numbers { x > 0 }
}

default every_of := "no"

every_of := "yes" if every_item

scalar_has_no_items := [x | some x in input.scalar]

pairs_of_two := [[x, y] |
	some i, x in input.numbers
	some j, y in input.numbers
	i < j
]

# ---- with ----

replaced := x if x := input.user with input as {"user": "bob"}

replaced_member := x if x := input.user.name with input.user.name as "carol"

default without_input := "no"

# Afterwards there is no input again: the planner restores an undefined local.
without_input := "yes" if {
	seen_user == "bob" with input.user as "bob"
	not seen_user
}

seen_user := input.user

data_replaced := x if x := data.owner.x with data.owner as {"x": ["z"]}

counted := count(numbers)

rules_see_with := [counted, other, counted] if {
	other := counted with input.numbers as [1, 2, 3, 4]
}

mocked := x if x := count([1, 2, 3]) with count as 17

mocked_function := x if x := twice(4) with twice as thrice

thrice(x) := y if y := (x + x) + x

# ---- data ----

dynamic := data.probes.things[input.key]

things.one := 1

things.two := 2 if input.b

base_and_virtual := data.site

# ---- unification ----

unify := [a, b] if {
	[a, {"k": b}, "x"] = input.shape
}

# ---- values ----

exact := [12345678901234567890, 0.1, 1e3, 9223372036854775807, -9223372036854775808]

constants := {"set": {1, 2, {"a"}}, "empty": [{}, [], set()], "text": "ü"}

keys := {1: "number", "1": "text", [1]: "array"}

# ---- budgets ----

endless := count([1 |
	some a in input.numbers
	some b in input.numbers
	some c in input.numbers
	some d in input.numbers
	some e in input.numbers
	some f in input.numbers
	a + b + c + d + e + f > 0
])

# Values share their parts: 2^30 paths in 31 arrays.
bomb := [x30, y30] if {
	x30 == y30
}

x0 := [input.n]

x30 := double(double(double(double(double(double(x0))))))

y30 := double(double(double(double(double(double([input.n]))))))

double(x) := [e, e] if {
	a := [x, x]
	b := [a, a]
	c := [b, b]
	d := [c, c]
	e := [d, d]
}

builtin_error := 1 / input.zero
