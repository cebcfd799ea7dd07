package main

// Random policies: rules of every kind over each other, comprehensions, functions, with, every,
// some, not, partial sets and objects, and builtins. What OPA's compiler refuses is thrown away;
// what it takes is planned, and asked with random inputs. Arguments come
// from the input mostly, so that no type is known before.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
)

const inputsPerProgram = 5

type kind int

const (
	anyKind kind = iota
	numberKind
	textKind
	booleanKind
	arrayKind
	objectKind
	setKind
	kinds
)

// function is a builtin, or one of the program's own.
type function struct {
	name   string
	args   []kind
	result kind
}

var functions = []function{
	{"abs", []kind{numberKind}, numberKind}, {"ceil", []kind{numberKind}, numberKind}, {"floor", []kind{numberKind}, numberKind},
	{"round", []kind{numberKind}, numberKind}, {"count", []kind{arrayKind}, numberKind}, {"count", []kind{objectKind}, numberKind},
	{"count", []kind{setKind}, numberKind}, {"count", []kind{textKind}, numberKind}, {"sum", []kind{arrayKind}, numberKind},
	{"max", []kind{arrayKind}, anyKind}, {"min", []kind{setKind}, anyKind}, {"product", []kind{setKind}, numberKind},
	{"sort", []kind{arrayKind}, arrayKind}, {"sort", []kind{setKind}, arrayKind}, {"array.concat", []kind{arrayKind, arrayKind}, arrayKind},
	{"array.reverse", []kind{arrayKind}, arrayKind}, {"array.slice", []kind{arrayKind, numberKind, numberKind}, arrayKind},
	{"object.get", []kind{objectKind, textKind, anyKind}, anyKind}, {"object.keys", []kind{objectKind}, setKind},
	{"object.union", []kind{objectKind, objectKind}, objectKind}, {"object.remove", []kind{objectKind, arrayKind}, objectKind},
	{"object.filter", []kind{objectKind, setKind}, objectKind}, {"object.union_n", []kind{arrayKind}, objectKind},
	{"object.subset", []kind{objectKind, objectKind}, booleanKind}, {"json.filter", []kind{objectKind, arrayKind}, objectKind},
	{"json.remove", []kind{objectKind, arrayKind}, objectKind}, {"json.marshal", []kind{anyKind}, textKind},
	{"json.unmarshal", []kind{textKind}, anyKind}, {"json.is_valid", []kind{textKind}, booleanKind},
	{"lower", []kind{textKind}, textKind}, {"upper", []kind{textKind}, textKind}, {"trim", []kind{textKind, textKind}, textKind},
	{"trim_prefix", []kind{textKind, textKind}, textKind}, {"trim_space", []kind{textKind}, textKind},
	{"replace", []kind{textKind, textKind, textKind}, textKind}, {"split", []kind{textKind, textKind}, arrayKind},
	{"concat", []kind{textKind, arrayKind}, textKind}, {"concat", []kind{textKind, setKind}, textKind},
	{"substring", []kind{textKind, numberKind, numberKind}, textKind}, {"indexof", []kind{textKind, textKind}, numberKind},
	{"startswith", []kind{textKind, textKind}, booleanKind}, {"endswith", []kind{textKind, textKind}, booleanKind},
	{"contains", []kind{textKind, textKind}, booleanKind}, {"strings.reverse", []kind{textKind}, textKind},
	{"strings.count", []kind{textKind, textKind}, numberKind}, {"sprintf", []kind{textKind, arrayKind}, textKind},
	{"format_int", []kind{numberKind, numberKind}, textKind}, {"to_number", []kind{anyKind}, numberKind},
	{"type_name", []kind{anyKind}, textKind}, {"is_string", []kind{anyKind}, booleanKind},
	{"is_number", []kind{anyKind}, booleanKind}, {"is_set", []kind{anyKind}, booleanKind},
	{"is_array", []kind{anyKind}, booleanKind}, {"is_object", []kind{anyKind}, booleanKind},
	{"regex.match", []kind{textKind, textKind}, booleanKind}, {"regex.split", []kind{textKind, textKind}, arrayKind},
	{"glob.match", []kind{textKind, arrayKind, textKind}, booleanKind}, {"base64.encode", []kind{textKind}, textKind},
	{"base64.decode", []kind{textKind}, textKind}, {"hex.encode", []kind{textKind}, textKind},
	{"urlquery.encode", []kind{textKind}, textKind}, {"crypto.sha256", []kind{textKind}, textKind},
	{"crypto.hmac.sha1", []kind{textKind, textKind}, textKind}, {"semver.is_valid", []kind{textKind}, booleanKind},
	{"net.cidr_contains", []kind{textKind, textKind}, booleanKind}, {"time.parse_rfc3339_ns", []kind{textKind}, numberKind},
	{"time.date", []kind{numberKind}, arrayKind}, {"bits.and", []kind{numberKind, numberKind}, numberKind},
	{"bits.xor", []kind{numberKind, numberKind}, numberKind}, {"strings.any_prefix_match", []kind{textKind, arrayKind}, booleanKind},
	{"graph.reachable", []kind{objectKind, arrayKind}, setKind}, {"union", []kind{setKind}, setKind},
	{"intersection", []kind{setKind}, setKind}, {"units.parse", []kind{textKind}, numberKind},
}

var infix = []struct {
	sign           string
	operand, gives kind
}{
	{"+", numberKind, numberKind}, {"-", numberKind, numberKind}, {"*", numberKind, numberKind}, {"/", numberKind, numberKind}, {"%", numberKind, numberKind},
	{"|", setKind, setKind}, {"&", setKind, setKind}, {"-", setKind, setKind},
	{"==", anyKind, booleanKind}, {"!=", anyKind, booleanKind}, {"<", anyKind, booleanKind}, {">=", anyKind, booleanKind},
}

// program writes one package.
type program struct {
	random *rand.Rand
	name   string
	out    strings.Builder
	rules  []string   // that may be referred to: data.NAME.rule
	own    []function // of the package
	vars   []string   // in scope
	next   int
	wild   bool // arguments of any type
	inside bool // of a function: no rule may be replaced there
}

func (p *program) chance(n int) bool { return p.random.Intn(n) == 0 }

func (p *program) pick(items ...string) string { return items[p.random.Intn(len(items))] }

func (p *program) fresh(prefix string) string {
	p.next++
	return fmt.Sprintf("%s%d", prefix, p.next)
}

var literals = [kinds][]string{
	anyKind:     {"null", "1", `"a"`, "true", "[]", "{}", "[1, null]"},
	numberKind:  {"0", "1", "2", "-1", "7", "0.5", "10", "16", "123456789012345678901"},
	textKind:    {`""`, `"a"`, `"b"`, `"ab"`, `"a.b"`, `"x-y"`, `"äö"`, `"%v|%d"`, `"[ab]+"`, `"1.2.3"`, `"10.0.0.0/8"`, `","`, `"12"`},
	booleanKind: {"true", "false"},
	arrayKind:   {"[]", "[1, 2, 3]", `["a", "b"]`, `[[1], "a", null]`},
	objectKind:  {"{}", `{"a": 1}`, `{"a": {"b": [1]}, "b": "x"}`, `{"a": ["b"], "b": ["a", "c"]}`},
	setKind:     {"set()", "{1, 2}", `{"a", "b"}`, `{{1}, {1, 2}}`},
}

// Members of inputs by what they are most often: see documents().
var paths = [kinds][]string{
	anyKind:     {"input.x", "input.y", "input", "input.objects.a", "input.list[0]", "input.list[1]", "data.base.x"},
	numberKind:  {"input.n", "input.m", "input.numbers[0]", "data.base.n"},
	textKind:    {"input.s", "input.t", "input.texts[1]", "data.base.s"},
	booleanKind: {"input.yes", "input.no"},
	arrayKind:   {"input.list", "input.numbers", "input.texts", "data.base.list"},
	objectKind:  {"input.objects", "input.o", "data.base.o"},
	setKind:     {"{z | some z in input.list}", "{z | some z in input.texts}", "{z | some z in data.base.list}"},
}

func (p *program) call(f function, depth int) string {
	args := make([]string, len(f.args))
	for i, k := range f.args {
		if p.wild && p.chance(4) {
			k = anyKind
		}
		args[i] = p.term(k, depth-1)
	}
	return f.name + "(" + strings.Join(args, ", ") + ")"
}

func (p *program) callOf(k kind, depth int) string {
	all := append(append([]function{}, functions...), p.own...)
	for i := 0; i < 40; i++ {
		f := all[p.random.Intn(len(all))]
		if k == anyKind || f.result == k {
			return p.call(f, depth)
		}
	}
	return p.leaf(k)
}

func (p *program) infixOf(k kind, depth int) string {
	for i := 0; i < 40; i++ {
		o := infix[p.random.Intn(len(infix))]
		// A comparison is no term in Rego.
		if o.gives != booleanKind && (k == anyKind || o.gives == k) {
			return "(" + p.term(o.operand, depth-1) + " " + o.sign + " " + p.term(o.operand, depth-1) + ")"
		}
	}
	return p.leaf(k)
}

func (p *program) leaf(k kind) string {
	switch {
	case len(p.vars) > 0 && p.chance(3):
		return p.vars[p.random.Intn(len(p.vars))]
	case p.chance(2):
		return p.pick(paths[k]...)
	}
	return p.pick(literals[k]...)
}

func (p *program) term(k kind, depth int) string {
	if depth <= 0 {
		return p.leaf(k)
	}
	switch p.random.Intn(10) {
	case 0, 1:
		return p.callOf(k, depth)
	case 2:
		return p.infixOf(k, depth)
	case 3:
		if len(p.rules) > 0 && k == anyKind {
			return "data." + p.name + "." + p.pick(p.rules...)
		}
	case 4:
		switch k {
		case arrayKind, anyKind:
			return p.comprehension("[", "]", depth)
		case setKind:
			return p.comprehension("{", "}", depth)
		case objectKind:
			return p.objectComprehension(depth)
		}
	case 5:
		switch k {
		case arrayKind:
			return "[" + p.term(anyKind, depth-1) + ", " + p.term(anyKind, depth-1) + "]"
		case objectKind:
			return `{"a": ` + p.term(anyKind, depth-1) + ", " + p.term(textKind, 0) + ": " + p.term(anyKind, depth-1) + "}"
		case setKind:
			return "{" + p.term(anyKind, depth-1) + ", " + p.term(anyKind, depth-1) + "}"
		}
	}
	return p.leaf(k)
}

// scoped runs f and forgets the variables that it declared.
func (p *program) scoped(f func() string) string {
	before := len(p.vars)
	result := f()
	p.vars = p.vars[:before]
	return result
}

func (p *program) comprehension(open, end string, depth int) string {
	return p.scoped(func() string {
		body := p.body(1+p.random.Intn(2), depth-1)
		return open + p.term(anyKind, depth-1) + " | " + body + end
	})
}

func (p *program) objectComprehension(depth int) string {
	return p.scoped(func() string {
		key := p.fresh("k")
		value := p.fresh("v")
		body := fmt.Sprintf("some %s, %s in %s", key, value, p.term(objectKind, depth-1))
		p.vars = append(p.vars, key, value)
		return "{" + key + ": " + p.term(anyKind, depth-1) + " | " + body + "}"
	})
}

func (p *program) collection(depth int) string {
	return p.term([]kind{arrayKind, objectKind, setKind}[p.random.Intn(3)], depth)
}

// with replaces something for one expression.
func (p *program) with(depth int) string {
	target := p.pick("input.x", "input.s", "input", "input.objects.a", "input.list")
	if !p.inside && p.chance(5) {
		target = "data.base.n"
	}
	if len(p.rules) > 0 && !p.inside && p.chance(4) {
		target = "data." + p.name + "." + p.pick(p.rules...)
	}
	return " with " + target + " as " + p.term(anyKind, min(depth, 1))
}

// indexed is what OPA's index of rules knows: where it does not hold, the rule is not evaluated at all.
func (p *program) indexed() string {
	reference := p.pick("input.s", "input.t", "input.x", "input.n", "input.texts[1]", "input.objects.a", "data.base.s", "data.base.n", "input.o.a.b")
	if len(p.vars) > 0 && p.chance(2) {
		reference = p.vars[p.random.Intn(len(p.vars))]
	}
	constant := p.pick(`"a"`, `"ab"`, `"x-y"`, "1", "3", "true", "null")
	switch p.random.Intn(11) {
	case 0, 1, 2:
		return reference + " == " + constant
	case 3:
		return constant + " == " + reference
	case 4:
		name := p.fresh("x")
		line := name + " := " + reference
		p.vars = append(p.vars, name)
		return line
	case 5:
		return reference + " in " + p.pick(`{"a", "ab"}`, `["a", 1, "x-y"]`, `[1]`, `{"k": "a"}`, `[["a"], "b"]`, "input.list", "data.base.list", `{"a", input.s}`)
	case 6:
		return constant + " in " + p.pick("input.list", "input.texts", "data.base.list", reference)
	case 7:
		return p.pick("startswith", "endswith") + "(" + reference + `, "a")`
	case 8:
		return p.pick("strings.any_prefix_match", "strings.any_suffix_match") + "(" + reference + `, ["a", "x"])`
	case 9:
		return `glob.match("` + p.pick("a*", "*", "a.*", "x-y") + `", ["."], ` + reference + ")"
	}
	name := p.fresh("x")
	p.vars = append(p.vars, name)
	return name + " := input; " + name + p.pick(".s", ".x", ".n", ".texts[0]") + p.pick("", " == "+constant)
}

func (p *program) statement(depth int) string {
	switch p.random.Intn(15) {
	case 13, 14:
		return p.indexed()
	case 0, 1:
		name := p.fresh("x")
		line := name + " := " + p.term(kind(p.random.Intn(int(kinds))), depth)
		p.vars = append(p.vars, name)
		return line
	case 2:
		name := p.fresh("x")
		line := "some " + name + " in " + p.collection(depth)
		p.vars = append(p.vars, name)
		return line
	case 3:
		key, value := p.fresh("k"), p.fresh("v")
		line := fmt.Sprintf("some %s, %s in %s", key, value, p.collection(depth))
		p.vars = append(p.vars, key, value)
		return line
	case 4:
		return "not " + p.term(booleanKind, depth)
	case 5:
		return p.scoped(func() string {
			name := p.fresh("e")
			domain := p.collection(depth)
			p.vars = append(p.vars, name)
			return "every " + name + " in " + domain + " { " + p.body(1, depth-1) + " }"
		})
	case 6:
		one, other := p.fresh("x"), p.fresh("x")
		line := fmt.Sprintf("[%s, %s] = %s", one, other, p.term(arrayKind, depth))
		p.vars = append(p.vars, one, other)
		return line
	case 7:
		return p.term(anyKind, depth) + " in " + p.collection(depth)
	case 8:
		return p.term(booleanKind, depth) + p.with(depth)
	case 9:
		name := p.fresh("x")
		line := name + " := " + p.term(anyKind, depth) + p.with(depth)
		p.vars = append(p.vars, name)
		return line
	case 10:
		key := p.fresh("i")
		line := p.pick("input.objects", "input.list", "data.base.list", "input.o") + "[" + key + "]"
		p.vars = append(p.vars, key)
		return line
	case 11:
		path, value := p.fresh("p"), p.fresh("v")
		line := fmt.Sprintf("walk(%s, [%s, %s])", p.pick("input.o", "input.list", "data.base.o"), path, value)
		p.vars = append(p.vars, path, value)
		return line
	}
	o := infix[len(infix)-1-p.random.Intn(4)]
	return p.term(o.operand, depth) + " " + o.sign + " " + p.term(o.operand, depth)
}

func (p *program) body(count, depth int) string {
	lines := make([]string, count)
	for i := range lines {
		lines[i] = p.statement(depth)
	}
	return strings.Join(lines, "; ")
}

// rule writes one rule, in one to three definitions.
func (p *program) rule() {
	name := p.fresh("r")
	if p.chance(6) {
		p.function(name)
		return
	}
	form := p.random.Intn(4)
	if form == 0 && p.chance(2) {
		fmt.Fprintf(&p.out, "default %s := %s\n", name, p.pick(literals[anyKind]...))
	}
	for i := 1 + p.random.Intn(2); i > 0; i-- {
		p.vars = nil
		body := p.body(1+p.random.Intn(3), 2)
		switch form {
		case 0:
			fmt.Fprintf(&p.out, "%s := %s if { %s }", name, p.term(anyKind, 1), body)
			if p.chance(3) {
				p.vars = nil
				other := p.body(1, 2)
				fmt.Fprintf(&p.out, " else := %s if { %s }", p.term(anyKind, 1), other)
			}
			p.out.WriteString("\n")
		case 1:
			fmt.Fprintf(&p.out, "%s if { %s }\n", name, body)
		case 2:
			fmt.Fprintf(&p.out, "%s contains %s if { %s }\n", name, p.term(anyKind, 1), body)
		default:
			fmt.Fprintf(&p.out, "%s[%s] := %s if { %s }\n", name, p.term(textKind, 1), p.term(anyKind, 1), body)
		}
	}
	p.vars = nil
	p.rules = append(p.rules, name)
}

func (p *program) function(name string) {
	count := 1 + p.random.Intn(2)
	f := function{name: "data." + p.name + "." + name, args: make([]kind, count), result: kind(p.random.Intn(int(kinds)))}
	p.inside = true
	for i := 1 + p.random.Intn(2); i > 0; i-- {
		p.vars = nil
		args := make([]string, count)
		for k := range args {
			args[k] = p.fresh("a")
			p.vars = append(p.vars, args[k])
		}
		if p.chance(4) {
			args[0] = p.pick(literals[textKind]...)
			p.vars = p.vars[1:]
		}
		body := p.body(1+p.random.Intn(2), 2)
		fmt.Fprintf(&p.out, "%s(%s) := %s if { %s }\n", name, strings.Join(args, ", "), p.term(f.result, 1), body)
	}
	p.vars = nil
	p.inside = false
	p.own = append(p.own, f)
}

func (p *program) module() string {
	fmt.Fprintf(&p.out, "package %s\n\n", p.name)
	for i := 2 + p.random.Intn(4); i > 0 || len(p.rules) == 0; i-- {
		p.rule()
	}
	return p.out.String()
}

// isInternal: OPA could not evaluate what its compiler took, which is a fault of its own.
func isInternal(err error) bool {
	var e *topdown.Error
	return errors.As(err, &e) && e.Code == topdown.InternalErr
}

// writeProgram writes a policy with the answers to some inputs. False: OPA's compiler refuses it.
// wild: ill-typed arguments too, evaluated without strict errors.
func writeProgram(encoder *json.Encoder, catch *catcher, random *rand.Rand, wild bool) (bool, error) {
	p := program{random: random, name: "p", wild: wild}
	module := p.module()
	data, err := decodeJSON([]byte(baseData))
	if err != nil {
		return false, err
	}
	options := []func(*rego.Rego){rego.SetRegoVersion(ast.RegoV1), rego.Module("p.rego", module)}
	planned := append(options, rego.Target("catcher"), rego.Query("result = data.p"))
	if _, err := rego.New(planned...).PrepareForEval(context.Background()); err != nil {
		return false, nil
	}
	asked := policy{queries: map[string]rego.PreparedEvalQuery{},
		answers: answers{Name: module, Data: data, Lenient: wild, Stricter: !wild}}
	if asked.answers.Plan, err = json.Marshal(catch.plan); err != nil {
		return false, err
	}
	store := rego.Store(inmem.NewFromObject(data.(map[string]any)))
	evaluated := append(options, store, rego.Query("data.p"), rego.StrictBuiltinErrors(!wild))
	if asked.queries["eval"], err = rego.New(evaluated...).PrepareForEval(context.Background()); err != nil {
		return false, err
	}
	a := arguments{random}
	for i := 0; i < inputsPerProgram; i++ {
		input := document(a)
		if err := asked.ask("eval", &input); isInternal(err) {
			return false, nil
		} else if err != nil {
			return false, fmt.Errorf("%w\n%s", err, module)
		}
	}
	return true, encoder.Encode(asked.answers)
}

// writePrograms asks for count pairs of a policy and an input.
func writePrograms(encoder *json.Encoder, seed int64, count int) error {
	random := rand.New(rand.NewSource(seed))
	catch := &catcher{}
	rego.RegisterPlugin("scimward/catcher", catch)
	for done := 0; done < count; {
		good, err := writeProgram(encoder, catch, random, done/inputsPerProgram%2 == 1)
		if err != nil {
			return err
		}
		if good {
			done += inputsPerProgram
		}
	}
	return nil
}
