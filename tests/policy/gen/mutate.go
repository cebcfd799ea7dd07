package main

import (
	"encoding/json"
	"maps"
	"math/rand"
	"slices"
	"time"
)

func timeOf(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// mutator makes documents that are like others: members and items vanish, move, repeat, and scalars
// become others that stand somewhere in the inputs or the data, so that rules are met, not missed.
type mutator struct {
	random *rand.Rand
	pool   []any
}

func newMutator(random *rand.Rand, documents ...any) *mutator {
	m := &mutator{random: random}
	seen := map[string]bool{}
	var collect func(any)
	collect = func(value any) {
		switch it := value.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(it)) {
				if !seen[key] {
					seen[key] = true
					m.pool = append(m.pool, key)
				}
				collect(it[key])
			}
		case []any:
			for _, item := range it {
				collect(item)
			}
		case string:
			if !seen[it] {
				seen[it] = true
				m.pool = append(m.pool, it)
			}
		}
	}
	for _, document := range documents {
		collect(document)
	}
	return m
}

func (m *mutator) scalar() any {
	odd := []any{true, false, json.Number("0"), json.Number("-1"), json.Number("7"), json.Number("0.5"),
		json.Number("12345678901234567890"), "", "x", "2026-11-24T03:30:00Z", "2020-01-01T00:00:00Z",
		"ann@example.com", []any{}, map[string]any{}, nil}
	if m.random.Intn(3) == 0 {
		return odd[m.random.Intn(len(odd))]
	}
	return m.pool[m.random.Intn(len(m.pool))]
}

func clone(value any) any {
	switch it := value.(type) {
	case map[string]any:
		result := make(map[string]any, len(it))
		for key, item := range it {
			result[key] = clone(item)
		}
		return result
	case []any:
		result := make([]any, len(it))
		for i, item := range it {
			result[i] = clone(item)
		}
		return result
	}
	return value
}

func (m *mutator) mutate(base any) any {
	value := clone(base)
	for i := 1 + m.random.Intn(4); i > 0; i-- {
		value = m.change(value)
	}
	return value
}

// change alters one place, found by going down at random.
func (m *mutator) change(value any) any {
	switch it := value.(type) {
	case map[string]any:
		if len(it) == 0 || m.random.Intn(30) == 0 {
			return m.scalar()
		}
		keys := slices.Sorted(maps.Keys(it))
		key := keys[m.random.Intn(len(keys))]
		switch m.random.Intn(8) {
		case 0:
			delete(it, key)
		case 1:
			it[key] = clone(it[keys[m.random.Intn(len(keys))]])
		default:
			it[key] = m.change(it[key])
		}
		return it
	case []any:
		if len(it) == 0 {
			return []any{m.scalar()}
		}
		i := m.random.Intn(len(it))
		switch m.random.Intn(6) {
		case 0:
			return slices.Delete(it, i, i+1)
		case 1:
			return append(it, clone(it[i]))
		case 2:
			return append(it, m.scalar())
		default:
			it[i] = m.change(it[i])
			return it
		}
	}
	return m.scalar()
}
