package main

// OPA's own conformance cases, for tests/policy/conformance.c. Each line is one case: its plan
// (as `opa build -t plan` makes it, unoptimised) and what OPA wants from it. Notes are not
// unique: file and ordinal are.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/test/cases"
	"github.com/open-policy-agent/opa/v1/test/cases/testdata"
	"github.com/open-policy-agent/opa/v1/types"
	"github.com/open-policy-agent/opa/v1/util"
)

// line is what the runner reads. InputTagged stands for an input that JSON
// cannot say (sets, keys that are no strings), see tagged().
type line struct {
	Index       int        `json:"index"`
	Category    string     `json:"category"`
	File        string     `json:"file"`
	Ordinal     int        `json:"ordinal"` // within its file
	Note        string     `json:"note"`
	Plan        *ir.Policy `json:"plan"`
	Data        any        `json:"data,omitempty"`
	Input       *any       `json:"input,omitempty"`
	InputTagged any        `json:"input_tagged,omitempty"`
	WantResult  any        `json:"want_result,omitempty"`
	WantCode    string     `json:"want_error_code,omitempty"`
	WantError   string     `json:"want_error,omitempty"`
	Sort        bool       `json:"sort_bindings,omitempty"`
	NoGenerated bool       `json:"ignore_generated_vars,omitempty"`
	Strict      bool       `json:"strict_error,omitempty"`
}

// catcher is a target of the rego package that keeps the plan instead of running it.
type catcher struct{ plan *ir.Policy }

func (*catcher) IsTarget(name string) bool { return name == "catcher" }

func (c *catcher) PrepareForEval(_ context.Context, plan *ir.Policy, _ ...rego.PrepareOption) (rego.TargetPluginEval, error) {
	c.plan = plan
	return c, nil
}

func (*catcher) Eval(context.Context, *rego.EvalContext, ast.Value) (ast.Value, error) {
	return nil, errors.New("only plans are wanted")
}

func (c *catcher) planOf(tc *cases.TestCase) (*ir.Policy, error) {
	options := []func(*rego.Rego){
		rego.Target("catcher"),
		rego.Query(tc.Query),
		rego.SetRegoVersion(ast.RegoV1),
	}
	if tc.ExperimentalKeywords {
		options = append(options, rego.Capabilities(
			ast.CapabilitiesForThisVersion(ast.CapabilitiesExperimentalKeywords(true))))
	}
	for i, module := range tc.Modules {
		options = append(options, rego.Module(fmt.Sprintf("module-%d.rego", i), module))
	}
	c.plan = nil
	if _, err := rego.New(options...).PrepareForEval(context.Background()); err != nil {
		return nil, err
	}
	if c.plan == nil {
		return nil, errors.New("no plan came")
	}
	return c.plan, nil
}

// isJSON tells whether a value has no set and no key that is no string.
func isJSON(value ast.Value) bool {
	plain := true
	ast.WalkTerms(ast.NewTerm(value), func(term *ast.Term) bool {
		switch it := term.Value.(type) {
		case ast.Set:
			plain = false
		case ast.Object:
			it.Foreach(func(key, _ *ast.Term) {
				if _, ok := key.Value.(ast.String); !ok {
					plain = false
				}
			})
		}
		return !plain
	})
	return plain
}

// tagged writes {"set": […]}, {"array": […]}, {"object": [[key, value], …]} or {"scalar": …}.
func tagged(value ast.Value) any {
	switch it := value.(type) {
	case ast.Set:
		items := []any{}
		it.Foreach(func(item *ast.Term) { items = append(items, tagged(item.Value)) })
		return map[string]any{"set": items}
	case *ast.Array:
		items := []any{}
		it.Foreach(func(item *ast.Term) { items = append(items, tagged(item.Value)) })
		return map[string]any{"array": items}
	case ast.Object:
		pairs := []any{}
		it.Foreach(func(key, item *ast.Term) {
			pairs = append(pairs, []any{tagged(key.Value), tagged(item.Value)})
		})
		return map[string]any{"object": pairs}
	}
	plain, err := ast.JSON(value)
	if err != nil {
		panic(err)
	}
	return map[string]any{"scalar": plain}
}

func (l *line) setInput(tc *cases.TestCase) error {
	if tc.InputTerm == nil {
		l.Input = tc.Input
		return nil
	}
	term, err := ast.ParseTerm(*tc.InputTerm)
	if err != nil {
		return err
	}
	if !isJSON(term.Value) {
		l.InputTagged = tagged(term.Value)
		return nil
	}
	plain, err := ast.JSON(term.Value)
	l.Input = &plain
	return err
}

func (c *catcher) lineOf(index, ordinal int, file string, tc *cases.TestCase) (*line, error) {
	plan, err := c.planOf(tc)
	if err != nil {
		return nil, err
	}
	l := &line{Index: index, Category: path.Base(path.Dir(file)), File: path.Base(file), Ordinal: ordinal, Note: tc.Note,
		Plan: plan, Sort: tc.SortBindings, NoGenerated: tc.IgnoreGeneratedVars, Strict: tc.StrictError}
	if tc.Data != nil {
		l.Data = *tc.Data
	}
	if tc.WantResult != nil {
		l.WantResult = *tc.WantResult
	}
	if tc.WantErrorCode != nil {
		l.WantCode = *tc.WantErrorCode
	}
	if tc.WantError != nil {
		l.WantError = *tc.WantError
	}
	return l, l.setInput(tc)
}

// writeCases writes every case of the module, in the order of its files.
func writeCases(encoder *json.Encoder) error {
	// The one builtin that exists only in OPA's own tests: declared, so that its case is planned,
	// and refused by us when it loads.
	ast.RegisterBuiltin(&ast.Builtin{Name: "test.sleep",
		Decl: types.NewFunction(types.Args(types.S), types.NewNull())})
	catch := &catcher{}
	rego.RegisterPlugin("scimward/catcher", catch)

	index := 0
	return fs.WalkDir(testdata.V1, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		bytes, err := testdata.V1.ReadFile(name)
		if err != nil {
			return err
		}
		var set cases.Set
		if err := util.Unmarshal(bytes, &set); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for i := range set.Cases {
			l, err := catch.lineOf(index, i, name, &set.Cases[i])
			if err != nil {
				return fmt.Errorf("%s: %s: %w", name, set.Cases[i].Note, err)
			}
			if err := encoder.Encode(l); err != nil {
				return err
			}
			index++
		}
		return nil
	})
}
