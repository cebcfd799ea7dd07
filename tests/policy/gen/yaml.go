package main

// YAML: documents with all that the language has, changed token by token.

import (
	"math/rand"
	"regexp"
	"slices"
	"strings"
)

var yamlDocuments = []string{
	"# people\n- name: ann\n  roles: [admin, \"us er\", 'o''k']\n  active: true\n- name: bob # him\n  since: 2024-01-02\n  level: 0x1F\n",
	"base: &base\n  a: 1\n  b: [x, y]\nmore: &more {c: 3, a: 9}\none:\n  <<: *base\n  b: 2\ntwo:\n  <<: [*more, *base]\n  d: null\n",
	"text: |\n  one\n   two\n\n  three\nfolded: >-\n  one\n  two\n\n  three\n    four\nkept: |+\n  x\n\nlast: >2\n    y\n  z\n",
	"%YAML 1.1\n%TAG !e! tag:example.com,2000:\n---\na: !!str 12\nb: !!int \"3\"\nc: !e!own x\nd: !!float 4\ne: !local [1]\nf: !!binary aGk=\n...\n---\nsecond\n",
	"? a key\n: a value\n? [x, y]\n: z\n",
	"? |\n  long\n: - 1\n  - - 2\n    - 3\n  -\n  - k: v\n    l: w\n",
	"{a: 1, 'b': [2, {c: d}], e, \"f\": , : g, ? h : i, j: {}, k: []}\n",
	"[a, b: c, [d, e: f], {g: h}, ? i : j, , k]\n",
	"ints: [0, -1, +2, 0o17, 017, 0b101, 0xfF, 1_000, 18446744073709551615, 18446744073709551616, 08, 0b-1]\nfloats: [1.5, .5, 5., 1e3, -1.5E-7, 1e400, .inf, 123456789.25]\n",
	"words: [~, null, Null, NULL, true, True, yes, no, on, off, y, n, '', \"\", 12:30:45, 2001-01-01T10:00:00Z, <<, =]\n",
	"plain: a b\n  c\n\n  d # e\nquoted: \"a\\n\\x41\\u00e9\\\n   b\n\n  c\\tz\\\"\"\nsingle: 'a\n\n  b'\n",
	"a:\n- 1\n- 2\nb:\n    c:   d\n    \"e f\":\n    g: h:i\nurl: http://x/y?z=1#q\n1: one\ntrue: two\n1.5: three\n",
	"- &a x\n- *a\n- &b [1, *a]\n- *b\n- !!map {}\n- !!null \"\"\n- ! 12\n- a: *b\n  *a : 2\n",
	"--- >\n folded\n text\n--- \"quoted\"\n---\n# nothing\n...\n",
	"a: 1\na: 2\nb: {c: 1, c: 2}\n'1': x\n1: y\n",
	"äö: \"日本\"\nemoji: 😀\ttab\nx: -\ny: - z\nw: a-b\nv: [a-b, -c, ?d, :e]\n",
}

var yamlToken = regexp.MustCompile(`[A-Za-z_0-9.]+|\n *|\s|---|\.\.\.|.`)

var yamlExtra = []string{"\n", "\n  ", "\n    ", " ", "  ", "\t", ": ", ":", "- ", "-", "? ", "[", "]", "{", "}", ",", ", ", "#", " #x", "&a ", "*a", "!!str ", "!x ",
	"|\n", ">\n", "|-\n", "'", "\"", "\\", "\\n", "\\x4", "%", "@", "`", "<<: ", "~", "null", "1", "0x", "1.5", "é", "\r\n", "\u0085", "\u2028", "\x00", "\x7f", "---\n", "...\n"}

var yamlPool = func() []string {
	pool := slices.Clone(yamlExtra)
	for _, text := range yamlDocuments {
		pool = append(pool, yamlToken.FindAllString(text, -1)...)
	}
	return pool
}()

// yamlDocument is one of the documents, some of its tokens changed.
func yamlDocument(random *rand.Rand) string {
	tokens := yamlToken.FindAllString(yamlDocuments[random.Intn(len(yamlDocuments))], -1)
	if random.Intn(6) == 0 {
		tokens = append(tokens, yamlToken.FindAllString(yamlDocuments[random.Intn(len(yamlDocuments))], -1)...)
	}
	for i := random.Intn(5); i > 0 && len(tokens) > 1; i-- {
		at := random.Intn(len(tokens))
		switch random.Intn(5) {
		case 0:
			tokens = slices.Delete(tokens, at, at+1)
		case 1:
			tokens = slices.Insert(tokens, at, tokens[at])
		case 2:
			other := random.Intn(len(tokens))
			tokens[at], tokens[other] = tokens[other], tokens[at]
		case 3:
			tokens = slices.Insert(tokens, at, yamlPool[random.Intn(len(yamlPool))])
		default:
			tokens[at] = yamlPool[random.Intn(len(yamlPool))]
		}
	}
	return strings.Join(tokens, "")
}

var yamlTexts = []string{"a\nb", "a\n", "a\n\n", "\n", " x", "x ", "- a", "a: b", "a #b", "#", "", "yes", "1:30", "2001-01-01", "0x1", "a\tb", "a\rb", "\u0085", "a\u2028b", "\"q\"", "it's",
	"\x1b", "@", "?", "? x", ":", "!t", "a\n b\n", " a\nb", "a \nb", "...", "---x", "日本\n語", "<<", "true", "=", "%", "[x]", "a,b", "a]", "k10", "k9", "k09", strings.Repeat("long ", 40)}

// yamlValue is a value whose texts are hard to write.
func (a arguments) yamlValue(depth int) any {
	text := func() string {
		if a.random.Intn(3) == 0 {
			return a.text()
		}
		return yamlTexts[a.random.Intn(len(yamlTexts))]
	}
	switch a.random.Intn(6) {
	case 0, 1:
		if depth > 0 {
			object := map[string]any{}
			for i := a.random.Intn(5); i > 0; i-- {
				object[text()] = a.yamlValue(depth - 1)
			}
			return object
		}
	case 2:
		if depth > 0 {
			list := []any{}
			for i := a.random.Intn(4); i > 0; i-- {
				list = append(list, a.yamlValue(depth-1))
			}
			return list
		}
	case 3:
		return a.value(0)
	}
	return text()
}
