# Policies that try to make an evaluation long or large. tests/unit/policy/test_builtin_attack.c
# says of each whether it must be stopped, and that it is within the budget. After a change: ./make.sh
package attacks

# ---- one call ----

huge_range := numbers.range(1, 1000000000)

large_range := numbers.range(1, 999999)

range_of_large_numbers := numbers.range(100000000000000000000, 100000000000009000000)

huge_shift := bits.lsh(1, 4000000000)

huge_exponent := json.unmarshal("1e4000") * json.unmarshal("1e4000")

huge_width := sprintf("%999999d%999999d%999999d%999999d", [1, 2, 3, 4])

widths_in_a_row := concat("", [sprintf("%900000d", [x]) | some x in numbers.range(1, 100)])

backtracking_regex := regex.match(`^(a+)+$`, input.as)

nested_repeats := regex.match(`^((a{0,20}){0,20}){0,2}b$`, input.as)

large_regex := regex.match(`((\pL{1,30}){1,30}[^x]){1,1}z`, input.as)

huge_regex := regex.match(`(\pL{1,1000}){1,1000}`, input.as)

regex_over_a_long_text := count(regex.find_n(`.*.*=.*`, input.long, -1))

regex_of_each_place := count(regex.find_n(`a|(.*b)`, input.long, -1))

glob_of_stars := glob.match("*a*a*a*a*a*a*a*a*a*a*a*b", [], input.as)

expanded_network := net.cidr_expand("10.0.0.0/8")

deep_json := json.unmarshal(concat("", ["[" | some x in numbers.range(1, 100000)]))

wide_json := count(json.unmarshal(concat("", ["[", concat(",", ["0" | some x in numbers.range(1, 200000)]), "]"])))

long_cutset := trim(input.long, input.long)

nested_layout := time.format([1, "UTC", concat("", ["Monday" | some x in numbers.range(1, 100000)])])

all_paths := graph.reachable_paths({x: numbers.range(1, 14) | some x in numbers.range(1, 14)}, [1])

# ---- loops ----

nested_comprehension := [[x, y, z] |
	some x in numbers.range(1, 1000)
	some y in numbers.range(1, 1000)
	some z in numbers.range(1, 1000)
]

many_regexes := count([x |
	some x in numbers.range(1, 20000)
	regex.match(`^(([a-z0-9]+[._-])*[a-z0-9]+)@(([a-z0-9]+\.)+[a-z]{2,})$`, sprintf("%s%d@example.com", [input.as, x]))
])

regexes_made_anew := count([x | some x in numbers.range(1, 20000); regex.match(sprintf("^a{%d}b$", [x % 900]), input.as)])

many_sprintfs := count([s | some x in numbers.range(1, 20000); s := sprintf("%500d", [x])])

concat_bomb := count(s7) if {
	s0 := concat("", ["a" | some x in numbers.range(1, 1000)])
	s1 := concat("", [s0, s0, s0, s0, s0, s0, s0, s0, s0, s0])
	s2 := concat("", [s1, s1, s1, s1, s1, s1, s1, s1, s1, s1])
	s3 := concat("", [s2, s2, s2, s2, s2, s2, s2, s2, s2, s2])
	s4 := concat("", [s3, s3, s3, s3, s3, s3, s3, s3, s3, s3])
	s5 := concat("", [s4, s4, s4, s4, s4, s4, s4, s4, s4, s4])
	s6 := concat("", [s5, s5, s5, s5, s5, s5, s5, s5, s5, s5])
	s7 := concat("", [s6, s6, s6, s6, s6, s6, s6, s6, s6, s6])
}

replace_bomb := count(s4) if {
	s0 := concat("", ["a" | some x in numbers.range(1, 1000)])
	s1 := replace(s0, "a", s0)
	s2 := replace(s1, "a", s0)
	s3 := replace(s2, "a", s0)
	s4 := replace(s3, "a", s0)
}

regex_replace_bomb := count(s3) if {
	s0 := concat("", ["a" | some x in numbers.range(1, 1000)])
	s1 := regex.replace(s0, "a", s0)
	s2 := regex.replace(s1, "a", s0)
	s3 := regex.replace(s2, "a", s0)
}

sorts_in_a_loop := count([y | some x in numbers.range(1, 5000); y := sort(numbers.range(x, 1))])

unions_in_a_loop := count([y |
	some x in numbers.range(1, 5000)
	y := {z | some z in numbers.range(1, 200)} | {x}
])

# ---- values that are graphs: 2^24 paths of 24 steps ----

shared := x24 if {
	x1 := [1, 1]
	x2 := [x1, x1]
	x3 := [x2, x2]
	x4 := [x3, x3]
	x5 := [x4, x4]
	x6 := [x5, x5]
	x7 := [x6, x6]
	x8 := [x7, x7]
	x9 := [x8, x8]
	x10 := [x9, x9]
	x11 := [x10, x10]
	x12 := [x11, x11]
	x13 := [x12, x12]
	x14 := [x13, x13]
	x15 := [x14, x14]
	x16 := [x15, x15]
	x17 := [x16, x16]
	x18 := [x17, x17]
	x19 := [x18, x18]
	x20 := [x19, x19]
	x21 := [x20, x20]
	x22 := [x21, x21]
	x23 := [x22, x22]
	x24 := [x23, x23]
}

print_shared := json.marshal(shared)

print_shared_as_term := sprintf("%v", [shared])

print_shared_pretty := json.marshal_with_options(shared, {"pretty": true})

walk_shared := count([1 | walk(shared, _)])

compare_shared := shared == json.patch(shared, [{"op": "replace", "path": "/1/1/1", "value": 2}])

patch_shared := json.patch(shared, [{"op": "test", "path": "", "value": json.patch(shared, [])}])

flatten_shared := array.flatten(shared)

# ---- arithmetic of growing numbers ----

growing_product := product([x | some x in numbers.range(1, 20000)])

powers := x if {
	a := bits.lsh(1, 13000)
	x := count([y | some i in numbers.range(1, 100000); y := (a + i) * (a - i)])
}

digits_of_many := count([s | some i in numbers.range(1, 100000); s := format_int(bits.lsh(i + 1, 12000), 10)])

# ---- languages of their own ----

graphql_nesting := graphql.parse_query(concat("", ["{a" | some x in numbers.range(1, 20000)]))

graphql_lists := graphql.parse_schema(concat("", ["type A { b: ", concat("", ["[" | some x in numbers.range(1, 20000)]), "Int"]))

graphql_fragments := graphql.is_valid(
	concat("", ["{ a { ...f0 } } ", concat("", [f |
		some x in numbers.range(0, 40)
		f := sprintf("fragment f%d on A { a { ...f%d } b: a { ...f%d } } ", [x, x + 1, x + 1])
	]), "fragment f41 on A { c }"]),
	"type Query { a: A } type A { a: A c: Int }",
)

graphql_fields := graphql.is_valid(
	concat("", ["{", concat(" ", ["a(x: 1) { c }" | some x in numbers.range(1, 3000)]), "}"]),
	"type Query { a(x: Int): A } type A { c: Int }",
)

schema_of_itself := json.match_schema({}, {"allOf": [{"$ref": "#"}, {"$ref": "#"}]})

schema_of_many := json.match_schema({"a": numbers.range(1, 5000)}, {"properties": {"a": {"items": {"anyOf": [{"enum": numbers.range(10000, 12000)}, {"enum": numbers.range(20000, 22000)}]}}}})

schema_pattern := json.match_schema({"a": input.as}, {"properties": {"a": {"pattern": "^((a{0,20}){0,20}){0,2}b$"}}})

growing_patch := json.patch({"a": []}, [{"op": "copy", "from": "/a", "path": "/a/-"} | some x in numbers.range(1, 10000)])

certificates := crypto.x509.parse_certificates(concat("", [base64.encode(concat("", ["0" | some x in numbers.range(1, 100000)])), ""]))

yaml_nesting := yaml.unmarshal(concat("", ["[" | some x in numbers.range(1, 20000)]))

yaml_indentation := yaml.unmarshal(concat("", [concat("", ["- " | some y in numbers.range(1, 4000)]), "x"]))

yaml_aliases := yaml.unmarshal(concat("", ["a0: &a0 [x,x,x,x,x,x,x,x]\n", concat("", [line |
	some x in numbers.range(1, 12)
	y := x - 1
	line := sprintf("a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", [x, x, y, y, y, y, y, y, y, y])
])]))

yaml_merges := yaml.unmarshal(concat("", ["m0: &m0 {a: 1}\n", concat("", [line |
	some x in numbers.range(1, 60)
	y := x - 1
	line := sprintf("m%d: &m%d\n  <<: [*m%d, *m%d]\n  k%d: 1\n", [x, x, y, y, x])
])]))

yaml_keys := yaml.unmarshal(concat("", [sprintf("k%d: %d\n", [x, x]) | some x in numbers.range(1, 5000)]))

yaml_anchors := yaml.unmarshal(concat("", [sprintf("- &a%d x\n- *a1\n", [x]) | some x in numbers.range(1, 8000)]))

yaml_in_flow := yaml.unmarshal(concat("", ["[", concat(", ", ["a: {b, c: 'd', e: [1]}" | some x in numbers.range(1, 8000)]), "]"]))

yaml_blanks := yaml.unmarshal(concat("", ["a: \"", concat("", [" \n" | some x in numbers.range(1, 100000)]), "\""]))

yaml_written := yaml.marshal({sprintf("key %d of many\n", [x]): {"a": [concat("", ["x: ", "y #", "\n"])]} | some x in numbers.range(1, 3000)})
