package main

// Random arguments for every builtin that both sides have: a policy with one rule for each, whose
// arguments are the input's, evaluated without strict errors. So a wrong type is undefined on
// both sides, and the object of all rules is compared at once.

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Left out: what a decision may not do, what has no plain result, what needs arguments of a special
// form to say anything (they have cases of their own in OPA's suite).
var leftOut = []string{"http.", "net.lookup", "opa.runtime", "rand.", "uuid.rfc4122", "time.now", "trace", "print",
	"internal.", "rego.", "graphql.", "providers.", "io.jwt.", "crypto.x509", "crypto.parse", "yaml.",
	"json.match_schema", "json.verify_schema", "strings.render_template", "walk", "net.cidr_expand",
	"eq", "assign", "units.", "graph.reachable_paths"}

func isLeftOut(builtin *ast.Builtin) bool {
	for _, prefix := range leftOut {
		if strings.HasPrefix(builtin.Name, prefix) {
			return true
		}
	}
	return builtin.IsDeprecated() || builtin.Relation
}

// Where OPA has no limit of its own and ends in a panic or without memory, lets 64 bits
// overflow, or makes text that is no UTF-8 any more. Numbers that are written with a zero fraction or an exponent though they are
// integers are left out as well: OPA keeps how they were written.
var guards = map[string]string{
	"replace":            `input[1] != ""`,
	"strings.replace_n":  `not input[0][""]`,
	"bits.lsh":           "input[1] < 1000",
	"time.add_date":      "input[1] < 10000; input[1] > -10000; input[2] < 10000; input[2] > -10000",
	"numbers.range":      "input[0] < 10000; input[0] > -10000; input[1] < 10000; input[1] > -10000",
	"numbers.range_step": "input[0] < 10000; input[0] > -10000; input[1] < 10000; input[1] > -10000",
}

// sets: arguments that must be sets are made of arrays.
func ruleOf(builtin *ast.Builtin, sets bool) string {
	var arguments []string
	for i := range builtin.Decl.FuncArgs().Args {
		argument := fmt.Sprintf("input[%d]", i)
		if sets {
			argument = fmt.Sprintf("{x | some x in input[%d]}", i)
		}
		arguments = append(arguments, argument)
	}
	name := strings.NewReplacer(".", "_").Replace(builtin.Name)
	suffix := ""
	if sets {
		suffix = "_of_sets"
	}
	guard := ""
	if guards[builtin.Name] != "" {
		guard = " if { " + guards[builtin.Name] + " }"
	}
	return fmt.Sprintf("r_%s%s := %s(%s)%s\n", name, suffix, builtin.Name, strings.Join(arguments, ", "), guard)
}

func builtinsPolicy(have map[string]bool) string {
	var b strings.Builder
	b.WriteString("package builtins\n\n")
	for _, builtin := range ast.Builtins {
		if isLeftOut(builtin) || !have[builtin.Name] {
			continue
		}
		b.WriteString(ruleOf(builtin, false))
		if takesSets[builtin.Name] {
			b.WriteString(ruleOf(builtin, true))
		}
	}
	return b.String()
}

var takesSets = map[string]bool{"and": true, "or": true, "minus": true, "sum": true, "max": true, "min": true,
	"sort": true, "count": true, "product": true, "union": true, "intersection": true, "json.marshal": true}

type arguments struct{ random *rand.Rand }

func (a arguments) pick(items ...string) string { return items[a.random.Intn(len(items))] }

func (a arguments) number() json.Number {
	return json.Number(a.pick("0", "1", "2", "3", "-1", "-2", "10", "16", "8", "255", "0.5", "-0.5", "1.5", "-2.75",
		"1e-7", "123456789012", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
		"340282366920938463463374607431768211456", "-98765432109876543210", "0.1", "0.2", "2.5e-9",
		"123456.789", "1795000000000000000", "4.35", "7", "64"))
}

func (a arguments) text() string {
	return a.pick("", "a", "b", "abc", "abcabc", "äöü", "Straße", "ÀÉ", "x.y.z", "a,b,c", " a b ", "\t\n x", "ann@example.com",
		"10.0.0.0/8", "10.1.2.3", "2001:db8::/32", "2001:db8::1", "1.2.3", "v1.2.3-rc.1+b", "1.2.3-alpha", "^a+b?", "[a-c]+",
		"(a)(b)?", "a*", "?b*", "{a,b}c", "%s-%v", "%d|%5d|%-5d|%05d", "%x %X %q %T", "%v %v %v", "%6.2f|%e|%g",
		"2026-11-24T04:00:00Z", "2026-11-24T04:00:00.5+02:00", "24 Nov 26 04:00 UTC", "2006-01-02", "2026-11-24", "RFC822",
		"1h30m", "-2.5s", "3d", "a=1&b=2&a=3", "a%20b+c", "https://u@h.example:8443/p/a%2Fb?q=1#f", "aGVsbG8=", "aGVsbG8",
		"_-8=", "616263", "61626", `{"a":[1,2,{"b":null}]}`, "[1, 2", "1e400", "12", "-3.5", "0x10", "true", "null",
		"f47ac10b-58cc-4372-a567-0e02b2c3d479", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "/a/b", "a/0", "~1~0", "$1-$0",
		"${n}", "Europe/Berlin", "America/New_York", "UTC", "日本語テキスト", "a\u2028<b>&c", "'quoted' \"text\" \\ \u0007")
}

func (a arguments) value(depth int) any {
	kind := a.random.Intn(12)
	if depth == 0 && kind > 8 {
		kind = a.random.Intn(9)
	}
	switch {
	case kind < 3:
		return a.number()
	case kind < 7:
		return a.text()
	case kind == 7:
		return a.random.Intn(2) == 0
	case kind == 8:
		return nil
	case kind < 11:
		return a.array(depth)
	}
	object := map[string]any{}
	for i := a.random.Intn(4); i > 0; i-- {
		object[a.pick("a", "b", "c", "0", "1", "äö", "op", "path", "value", "")] = a.value(depth - 1)
	}
	return object
}

func (a arguments) array(depth int) []any {
	items := []any{}
	same := a.random.Intn(3)
	for i := a.random.Intn(5); i > 0; i-- {
		switch same {
		case 0:
			items = append(items, a.number())
		case 1:
			items = append(items, a.text())
		default:
			items = append(items, a.value(depth-1))
		}
	}
	return items
}

// input: up to four arguments, often of the kinds that many builtins take.
func (a arguments) input() any {
	kinds := []func() any{
		func() any { return a.number() }, func() any { return a.text() }, func() any { return a.value(3) },
		func() any { return a.array(2) },
	}
	items := []any{}
	for i := 0; i < 4; i++ {
		items = append(items, kinds[a.random.Intn(len(kinds))]())
	}
	switch a.random.Intn(6) {
	case 0:
		items[0], items[1] = a.text(), a.text()
	case 1:
		items[0], items[1], items[2] = a.text(), a.text(), a.text()
	case 2:
		items[0], items[1] = a.text(), a.array(2)
	case 3:
		items[0] = []any{a.number(), a.pick("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Nowhere"),
			a.pick("", "RFC1123", "Mon Jan _2 15:04:05.000 2006 MST -07", "2006-01-02T15:04:05.999999999Z07:00")}
	}
	return items
}

// writeBuiltins asks for the builtins that a file names, one a line.
func writeBuiltins(encoder *json.Encoder, names string, seed int64, count int) error {
	content, err := os.ReadFile(names)
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, name := range strings.Fields(string(content)) {
		have[name] = true
	}
	folder, err := os.MkdirTemp("", "builtins")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "builtins.rego")
	if err := os.WriteFile(file, []byte(builtinsPolicy(have)), 0o600); err != nil {
		return err
	}
	p, err := loadPolicy("builtins", true, file)
	if err != nil {
		return err
	}
	if err := p.plan([]string{"builtins"}); err != nil {
		return err
	}
	a := arguments{rand.New(rand.NewSource(seed))}
	for i := 0; i < count; i++ {
		input := a.input()
		if err := p.ask("builtins", &input); err != nil {
			return err
		}
	}
	return encoder.Encode(p.answers)
}
