package main

// The data and inputs of random policies.

import "encoding/json"

const baseData = `{"base": {"x": [1, {"a": null}], "n": 3, "s": "ab", "list": [3, "a", [1], null, "b"],
	"o": {"a": {"b": [1, 2]}, "b": "a", "c": 2}}}`

// document is an input: members of the kinds that paths expect, one in eight another one.
func document(a arguments) any {
	odd := func(value any) any {
		if a.random.Intn(8) == 0 {
			return a.value(2)
		}
		return value
	}
	values := func(f func() any) any {
		items := []any{}
		for i := a.random.Intn(4); i > 0; i-- {
			items = append(items, f())
		}
		return items
	}
	small := func() any { return json.Number(a.pick("0", "1", "2", "3", "-1", "10", "0.5", "12")) }
	short := func() any { return a.pick("a", "b", "ab", "", "a.b", "äö", "12", "10.0.0.1", "1.2.3", "x-y") }
	members := func(f func() any) any {
		object := map[string]any{}
		for i := a.random.Intn(4); i > 0; i-- {
			object[a.pick("a", "b", "c", "ab")] = f()
		}
		return object
	}
	mixed := func() any { return a.value(2) }
	result := map[string]any{
		"x": a.value(2), "y": a.value(1), "n": odd(small()), "m": odd(small()), "s": odd(short()), "t": odd(short()),
		"yes": odd(true), "no": odd(false), "list": odd(values(mixed)), "numbers": odd(values(small)),
		"texts": odd(values(short)), "objects": odd(members(mixed)), "o": odd(members(func() any { return members(mixed) })),
	}
	for name := range result {
		if a.random.Intn(12) == 0 {
			delete(result, name)
		}
	}
	return result
}
