package main

// What OPA answers for whole policies. A line of the file is one plan with its data and the
// answers to several inputs; tests/policy/differential.c evaluates the same.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/compile"
	"github.com/open-policy-agent/opa/v1/loader"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// now is what time.now_ns() answers on both sides.
const nowNs = 1795000000000000000

type answers struct {
	Name    string          `json:"name"`
	Plan    json.RawMessage `json:"plan"`
	Data    any             `json:"data"`
	Lenient bool            `json:"lenient,omitempty"`
	// Stricter: that we end with a builtin's error where OPA does not get to it is no difference.
	Stricter bool     `json:"stricter,omitempty"`
	Cases    []answer `json:"cases"`
}

// answer has one of Want, Failure ("policy.builtin", "policy.conflict"), or none: undefined.
type answer struct {
	Entrypoint string `json:"entrypoint"`
	Input      *any   `json:"input,omitempty"`
	Want       *any   `json:"want,omitempty"`
	Failure    string `json:"failure,omitempty"`
}

// policy is a loaded folder, planned for some entry points and ready for OPA's evaluator.
type policy struct {
	loaded  *loader.Result
	queries map[string]rego.PreparedEvalQuery
	answers answers
}

func loadPolicy(name string, lenient bool, paths ...string) (*policy, error) {
	// Scenarios stand beside a policy and are none of its data.
	scenarios := func(_ string, info os.FileInfo, _ int) bool { return info.IsDir() && info.Name() == "scenarios" }
	loaded, err := loader.NewFileLoader().Filtered(paths, scenarios)
	if err != nil {
		return nil, err
	}
	return &policy{loaded: loaded, queries: map[string]rego.PreparedEvalQuery{},
		answers: answers{Name: name, Data: loaded.Documents, Lenient: lenient}}, nil
}

// plan compiles as `opa build -t plan -O=0` does.
func (p *policy) plan(entrypoints []string) error {
	b := &bundle.Bundle{Data: map[string]any{}}
	for name, module := range p.loaded.Modules {
		b.Modules = append(b.Modules, bundle.ModuleFile{
			URL: name, Path: name, Parsed: module.Parsed, Raw: module.Raw})
	}
	slices.SortFunc(b.Modules, func(x, y bundle.ModuleFile) int { return strings.Compare(x.Path, y.Path) })
	compiler := compile.New().WithBundle(b).WithTarget(compile.TargetPlan).
		WithEntrypoints(entrypoints...).WithOptimizationLevel(0).WithRegoVersion(ast.RegoV1)
	if err := compiler.Build(context.Background()); err != nil {
		return err
	}
	for _, file := range compiler.Bundle().PlanModules {
		p.answers.Plan = bytes.Clone(file.Raw)
	}
	for _, entrypoint := range entrypoints {
		query := "data." + strings.ReplaceAll(entrypoint, "/", ".")
		options := []func(*rego.Rego){rego.Query(query), rego.SetRegoVersion(ast.RegoV1),
			rego.Data(p.loaded.Documents), rego.StrictBuiltinErrors(!p.answers.Lenient)}
		for _, module := range p.loaded.Modules {
			options = append(options, rego.ParsedModule(module.Parsed.Copy()))
		}
		prepared, err := rego.New(options...).PrepareForEval(context.Background())
		if err != nil {
			return err
		}
		p.queries[entrypoint] = prepared
	}
	return nil
}

func failureOf(err error) (string, error) {
	var e *topdown.Error
	if !errors.As(err, &e) {
		return "", err
	}
	switch e.Code {
	case topdown.ConflictErr:
		return "policy.conflict", nil
	case topdown.BuiltinErr, topdown.TypeErr:
		return "policy.builtin", nil
	}
	return "", err
}

// ask lets OPA evaluate and keeps what it says.
func (p *policy) ask(entrypoint string, input *any) error {
	options := []rego.EvalOption{rego.EvalTime(timeOf(nowNs))}
	if input != nil {
		options = append(options, rego.EvalInput(*input))
	}
	a := answer{Entrypoint: entrypoint, Input: input}
	results, err := p.queries[entrypoint].Eval(context.Background(), options...)
	if err != nil {
		if a.Failure, err = failureOf(err); err != nil {
			return err
		}
	} else if len(results) == 1 {
		value := results[0].Expressions[0].Value
		a.Want = &value
	}
	p.answers.Cases = append(p.answers.Cases, a)
	return nil
}

func readJSON(path string) (any, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return decodeJSON(content)
}

func decodeJSON(content []byte) (any, error) {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	return value, decoder.Decode(&value)
}

// writeMutants asks for the inputs in_*.json of a folder and for count inputs made of them.
func writeMutants(encoder *json.Encoder, entrypoint, folder string, seed int64, count int) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.rego"))
	if err != nil {
		return err
	}
	p, err := loadPolicy(entrypoint, false, append(files, filepath.Join(folder, "data.json"))...)
	if err != nil {
		return err
	}
	if err := p.plan([]string{entrypoint}); err != nil {
		return err
	}
	inputs, err := filepath.Glob(filepath.Join(folder, "in_*.json"))
	if err != nil || len(inputs) == 0 {
		return fmt.Errorf("%s: no inputs: %w", folder, err)
	}
	var bases []any
	for _, path := range inputs {
		input, err := readJSON(path)
		if err != nil {
			return err
		}
		bases = append(bases, input)
		if err := p.ask(entrypoint, &input); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	m := newMutator(rand.New(rand.NewSource(seed)), append(slices.Clone(bases), p.loaded.Documents)...)
	for i := 0; i < count; i++ {
		input := m.mutate(bases[i%len(bases)])
		if err := p.ask(entrypoint, &input); err != nil {
			return err
		}
	}
	return encoder.Encode(p.answers)
}

// documentsOf are the inputs that the tests of a policy are made of: what their rules give, if it
// is an object with an operation.
func (p *policy) documentsOf() ([]any, error) {
	var documents []any
	for _, rule := range rulesOf(p.loaded.Modules, func(pkg, name string) bool {
		return strings.HasSuffix(pkg, "_test") && !strings.HasPrefix(name, "test_")
	}) {
		options := []func(*rego.Rego){rego.Query("data." + strings.ReplaceAll(rule, "/", ".")),
			rego.SetRegoVersion(ast.RegoV1), rego.Data(p.loaded.Documents)}
		for _, module := range p.loaded.Modules {
			options = append(options, rego.ParsedModule(module.Parsed.Copy()))
		}
		results, err := rego.New(options...).Eval(context.Background())
		if err != nil {
			return nil, err
		}
		if len(results) != 1 {
			continue
		}
		document, ok := results[0].Expressions[0].Value.(map[string]any)
		if ok && document["operation"] != nil {
			documents = append(documents, document)
		}
	}
	return documents, nil
}

// writeDocuments asks for the inputs of a policy's own tests and for count inputs made of them.
func writeDocuments(encoder *json.Encoder, entrypoint, folder string, seed int64, count int) error {
	p, err := loadPolicy(entrypoint, false, folder)
	if err != nil {
		return err
	}
	bases, err := p.documentsOf()
	if err != nil || len(bases) == 0 {
		return fmt.Errorf("%s: no documents: %w", folder, err)
	}
	maps.DeleteFunc(p.loaded.Modules, func(_ string, module *loader.RegoFile) bool {
		return strings.HasSuffix(module.Parsed.Package.Path.String(), "_test")
	})
	if err := p.plan([]string{entrypoint}); err != nil {
		return err
	}
	m := newMutator(rand.New(rand.NewSource(seed)), append(slices.Clone(bases), p.loaded.Documents)...)
	for i := 0; i < count; i++ {
		input := bases[i%len(bases)]
		if i >= len(bases) {
			input = m.mutate(input)
		}
		if err := p.ask(entrypoint, &input); err != nil {
			return err
		}
	}
	return encoder.Encode(p.answers)
}

// rulesOf names rules without arguments as entry points.
func rulesOf(modules map[string]*loader.RegoFile, wanted func(pkg, name string) bool) []string {
	names := map[string]bool{}
	for _, module := range modules {
		for _, rule := range module.Parsed.Rules {
			name := string(rule.Head.Reference[0].Value.(ast.Var))
			pkg := module.Parsed.Package.Path.String()
			if len(rule.Head.Reference) == 1 && len(rule.Head.Args) == 0 && wanted(pkg, name) {
				var parts []string
				for _, term := range module.Parsed.Package.Path[1:] {
					parts = append(parts, string(term.Value.(ast.String)))
				}
				names[strings.Join(append(parts, name), "/")] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// writeTests asks for each test_ rule of a policy: it must give what `opa test` sees.
func writeTests(encoder *json.Encoder, folder string) error {
	p, err := loadPolicy(filepath.Base(folder), false, folder)
	if err != nil {
		return err
	}
	rules := rulesOf(p.loaded.Modules, func(_, name string) bool { return strings.HasPrefix(name, "test_") })
	if len(rules) == 0 {
		return fmt.Errorf("%s: no test_ rules", folder)
	}
	if err := p.plan(rules); err != nil {
		return err
	}
	for _, rule := range rules {
		if err := p.ask(rule, nil); err != nil {
			return fmt.Errorf("%s: %w", rule, err)
		}
	}
	return encoder.Encode(p.answers)
}
