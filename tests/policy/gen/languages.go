package main

// Builtins that read documents of a language of their own: GraphQL, YAML, JSON Schema and certificates. Good
// documents are changed token by token or byte by byte, schemas are made at random, and OPA says
// what it thinks of them.

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"math/rand"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

const languagesModule = `package languages

graphql_query := graphql.parse_query(input.query)
graphql_schema := graphql.parse_schema(input.schema)
graphql_valid := graphql.is_valid(input.query, input.schema)
graphql_schema_valid := graphql.schema_is_valid(input.schema)
graphql_verified := graphql.parse_and_verify(input.query, input.schema)
graphql_again := graphql.is_valid(graphql.parse_query(input.query), graphql.parse_schema(input.schema))
schema_valid := json.verify_schema(input.json)[0]
yaml_value := yaml.unmarshal(input.yaml)
yaml_valid := yaml.is_valid(input.yaml)
yaml_text := yaml.marshal(input.value)
yaml_again := yaml.unmarshal(yaml.marshal(input.value)) == input.value
certificates := crypto.x509.parse_certificates(input.certificate)
# Errors come in the order of Go's maps, which is none.
matched := [r[0], {e | some e in r[1]}] if { r := json.match_schema(json.marshal(input.document), input.json) }
`

var graphqlSchemas = []string{
	`"""All""" schema { query: Query mutation: Change subscription: News }
	type Query { user(id: ID!, deep: Int = 2): User  users(filter: Filter, first: Int! = 10): [User!]! node: Node pet: Pet role: Role }
	type Change { set(input: Filter!): User } type News { one: User two: Int }
	interface Node { id: ID! } interface Named implements Node { id: ID! name: String }
	type User implements Node & Named { id: ID! name: String friends(first: Int): [User] role: Role! pets: [Pet] }
	type Cat { meows: Boolean name: String age: Int } type Dog { barks: Boolean name: String! age: String }
	union Pet = Cat | Dog  enum Role { ADMIN USER @deprecated(reason: "old") }
	input Filter { name: String role: Role = USER ids: [ID!] nested: Filter age: Float must: Int! = 1 }
	input One @oneOf { a: Int b: String } scalar Date directive @mark(level: Int! = 1) repeatable on FIELD | OBJECT`,
	`type Query { a(x: Int, y: [Int!], z: In): A b: String! c: [A!]! } type A { a: A b(first: Int): Int c: Float d: ID } input In { i: Int! s: String = "x" b: Boolean l: [[Int]] }`,
	`extend type Query { a: Int } scalar S @specifiedBy(url: "x") # note
	directive @d(a: String) on ENUM | SCALAR | FIELD_DEFINITION interface I { a: Int } type T implements I { a: Int @d(a: "y") } extend type T { b: S }`,
}

var graphqlQueries = []string{
	`query Q($id: ID!, $f: Filter = {name: "x"}) { user(id: $id) { ...u friends(first: 1) { id } } users(filter: $f) { name role } } fragment u on User { id name }`,
	`{ node { id ... on User { name @include(if: true) } } pet { ... on Cat { meows name } ... on Dog { barks n: name } __typename } }`,
	`mutation { set(input: {role: ADMIN, ids: [1, "2"], nested: {age: 1.5}}) { id pets { ... on Cat { name } } } }`,
	`subscription S { one { id } }`,
	`{ a(x: 1, y: [1, 2], z: {i: 1, l: [[1], null]}) { b(first: 2) c d a { b } } b c { a { a { d } } } }`,
	`query A($x: Int = 3) { a(x: $x) { b } } query B { b } fragment f on A { b c }`,
	`{ __schema { types { name fields { name } } } __type(name: "A") { kind } }`,
	`{ a { x: b x: c } a { x: b(first: 1) } }`,
}

var graphqlToken = regexp.MustCompile(`"""[^"]*"""|"[^"]*"|#[^\n]*\n|\.\.\.|[_A-Za-z][_0-9A-Za-z]*|-?[0-9.]+|\s+|.`)

// mutateText changes some tokens: they vanish, repeat, move, or become others of the texts.
func mutateText(random *rand.Rand, text string, pool []string) string {
	tokens := graphqlToken.FindAllString(text, -1)
	for i := random.Intn(4); i > 0 && len(tokens) > 1; i-- {
		at := random.Intn(len(tokens))
		switch random.Intn(4) {
		case 0:
			tokens = slices.Delete(tokens, at, at+1)
		case 1:
			tokens = slices.Insert(tokens, at, tokens[at])
		case 2:
			other := random.Intn(len(tokens))
			tokens[at], tokens[other] = tokens[other], tokens[at]
		default:
			tokens[at] = pool[random.Intn(len(pool))]
		}
	}
	return strings.Join(tokens, "")
}

// schema is a random JSON schema; now and then something in it is wrong.
func (a arguments) schema(depth int) any {
	if a.random.Intn(16) == 0 {
		return a.random.Intn(2) == 0
	}
	s := map[string]any{}
	small := func() any { return json.Number(a.pick("0", "1", "2", "3", "2.5", "0.1", "100")) }
	count := func() any { return json.Number(a.pick("0", "1", "2", "3")) }
	one := func() any { return a.schema(depth - 1) }
	list := func() any { return []any{a.schema(depth - 1), a.schema(depth - 1)}[:a.random.Intn(3)] }
	keywords := []struct {
		name   string
		chance int
		nested bool
		value  func() any
	}{
		{"type", 3, false, func() any {
			return []any{"string", "number", "integer", "array", "object", "null", "boolean", []any{"string", "null"}}[a.random.Intn(8)]
		}},
		{"enum", 8, false, func() any { return []any{json.Number("1"), "a", nil}[:a.random.Intn(4)] }},
		// Of large numbers OPA compares and shows the nearest double.
		{"const", 10, false, func() any {
			return []any{small(), a.text(), []any{count(), nil}, map[string]any{"a": a.text()}}[a.random.Intn(4)]
		}},
		{"minLength", 10, false, count}, {"maxLength", 10, false, count},
		{"pattern", 10, false, func() any { return a.pick("^a", "b$", "[0-9]+", "(", `\d`) }},
		{"format", 7, false, func() any {
			return a.pick("date", "time", "date-time", "ipv4", "ipv6", "hostname", "uri", "uri-reference", "uuid",
				"json-pointer", "relative-json-pointer", "regex", "nope")
		}},
		{"minimum", 10, false, small}, {"maximum", 10, false, small}, {"multipleOf", 10, false, small},
		{"exclusiveMinimum", 14, false, func() any { return []any{json.Number("1"), true, false}[a.random.Intn(3)] }},
		{"exclusiveMaximum", 14, false, small},
		{"minItems", 10, false, count}, {"maxItems", 10, false, count}, {"uniqueItems", 10, false, func() any { return true }},
		{"required", 10, false, func() any { return []any{"a", "b", "a"}[:a.random.Intn(3)] }},
		{"minProperties", 10, false, count}, {"maxProperties", 10, false, count},
		{"properties", 3, true, func() any { return map[string]any{a.pick("a", "b", "c"): one()} }},
		{"patternProperties", 10, true, func() any { return map[string]any{a.pick("^a", "b|c", "("): one()} }},
		{"additionalProperties", 7, true, func() any { return []any{false, one()}[a.random.Intn(2)] }},
		{"items", 5, true, func() any { return []any{one(), list()}[a.random.Intn(2)] }},
		{"additionalItems", 10, true, func() any { return []any{false, one()}[a.random.Intn(2)] }},
		{"contains", 12, true, one}, {"propertyNames", 12, true, one}, {"not", 12, true, one}, {"if", 12, true, one},
		{"then", 12, true, one}, {"else", 12, true, one}, {"anyOf", 10, true, list}, {"oneOf", 10, true, list},
		{"allOf", 10, true, list},
		{"dependencies", 12, true, func() any { return map[string]any{"a": []any{[]any{"b"}, one()}[a.random.Intn(2)]} }},
		{"title", 60, false, func() any { return a.value(0) }},
	}
	for _, keyword := range keywords {
		if (depth > 0 || !keyword.nested) && a.random.Intn(keyword.chance) == 0 {
			s[keyword.name] = keyword.value()
		}
	}
	if depth < 3 && a.random.Intn(20) == 0 {
		return map[string]any{"$ref": a.pick("#/definitions/x", "#/definitions/missing")}
	}
	return s
}

func (a arguments) rootSchema() any {
	root, ok := a.schema(3).(map[string]any)
	if !ok {
		return map[string]any{}
	}
	root["definitions"] = map[string]any{"x": map[string]any{"type": "string"}}
	if a.random.Intn(5) == 0 {
		root["$schema"] = "http://json-schema.org/draft-0" + a.pick("4", "6", "7") + "/schema#"
	}
	return root
}

// certificate is always the same one, with every extension that Go writes.
func certificate() ([]byte, error) {
	signer := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	modulus, _ := new(big.Int).SetString(strings.Repeat("c5a9", 128), 16)
	address := net.ParseIP("2001:db8::1")
	template := &x509.Certificate{
		SerialNumber: big.NewInt(123456789), NotBefore: timeOf(nowNs), NotAfter: timeOf(nowNs + 1e18),
		Subject: pkix.Name{CommonName: "a", Country: []string{"DE"}, Organization: []string{"O", "P"}, OrganizationalUnit: []string{"U"},
			Locality: []string{"L"}, Province: []string{"V"}, StreetAddress: []string{"S"}, PostalCode: []string{"1"}, SerialNumber: "2"},
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign | x509.KeyUsageDecipherOnly,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageAny},
		UnknownExtKeyUsage:    []asn1.ObjectIdentifier{{1, 2, 3, 4}},
		BasicConstraintsValid: true, IsCA: true, MaxPathLen: 3,
		SubjectKeyId: []byte{1, 2}, AuthorityKeyId: []byte{3}, OCSPServer: []string{"http://o"}, IssuingCertificateURL: []string{"http://i"},
		DNSNames: []string{"a.example", "*.b"}, EmailAddresses: []string{"a@b"}, IPAddresses: []net.IP{{10, 0, 0, 1}, address},
		URIs:                        []*url.URL{{Scheme: "spiffe", Host: "a", Path: "/b c"}, {Scheme: "urn", Opaque: "x"}},
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{".a"}, ExcludedDNSDomains: []string{"b"},
		PermittedIPRanges:      []*net.IPNet{{IP: net.IP{10, 0, 0, 0}, Mask: net.CIDRMask(8, 32)}},
		ExcludedEmailAddresses: []string{"x.y", "u@v.w"},
		PermittedURIDomains:    []string{"u"},
		CRLDistributionPoints:  []string{"http://c/1", "http://c/2"},
		PolicyIdentifiers:      []asn1.ObjectIdentifier{{1, 2, 3}, {2, 5, 29, 32, 0}},
		ExtraExtensions:        []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 99}, Critical: true, Value: []byte{5, 0}}},
	}
	return x509.CreateCertificate(nil, template, template, &rsa.PublicKey{N: modulus, E: 65537}, signer)
}

// mutateBytes changes up to three bytes; most of what comes of it is no certificate any more.
func mutateBytes(random *rand.Rand, good []byte) []byte {
	changed := slices.Clone(good)
	for i := random.Intn(4); i > 0; i-- {
		at := random.Intn(len(changed))
		switch random.Intn(4) {
		case 0:
			changed[at] ^= 1 << random.Intn(8)
		case 1:
			changed = slices.Delete(changed, at, at+1)
		default:
			changed[at] = []byte{0, 1, 2, 5, 6, 0x0c, 0x13, 0x16, 0x30, 0x31, 0x80, 0x82, 0x86, 0xa0, 0xff}[random.Intn(15)]
		}
	}
	return changed
}

// writeLanguages asks about count documents of each language.
func writeLanguages(encoder *json.Encoder, seed int64, count int) error {
	options := []func(*rego.Rego){rego.SetRegoVersion(ast.RegoV1), rego.Module("languages.rego", languagesModule)}
	catch := &catcher{}
	rego.RegisterPlugin("scimward/catcher", catch)
	planned := append(options, rego.Target("catcher"), rego.Query("result = data.languages"))
	if _, err := rego.New(planned...).PrepareForEval(context.Background()); err != nil {
		return err
	}
	asked := policy{queries: map[string]rego.PreparedEvalQuery{},
		answers: answers{Name: "languages", Data: map[string]any{}, Lenient: true}}
	var err error
	if asked.answers.Plan, err = json.Marshal(catch.plan); err != nil {
		return err
	}
	if asked.queries["eval"], err = rego.New(append(options, rego.Query("data.languages"))...).PrepareForEval(context.Background()); err != nil {
		return err
	}
	a := arguments{rand.New(rand.NewSource(seed))}
	var pool []string
	for _, text := range append(slices.Clone(graphqlSchemas), graphqlQueries...) {
		pool = append(pool, graphqlToken.FindAllString(text, -1)...)
	}
	good, err := certificate()
	if err != nil {
		return err
	}
	for i := 0; i < count; i++ {
		schema := graphqlSchemas[a.random.Intn(len(graphqlSchemas))]
		if a.random.Intn(2) == 0 {
			schema = mutateText(a.random, schema, pool)
		}
		document := a.value(2)
		if a.random.Intn(2) == 0 {
			document = map[string]any{"a": a.value(2), "b": a.value(1)}
		}
		var input any = map[string]any{"certificate": base64.StdEncoding.EncodeToString(mutateBytes(a.random, good)), "schema": schema, "json": a.rootSchema(), "document": document,
			"yaml": yamlDocument(a.random), "value": a.yamlValue(3),
			"query": mutateText(a.random, graphqlQueries[a.random.Intn(len(graphqlQueries))], pool)}
		if err := asked.ask("eval", &input); err != nil {
			return err
		}
	}
	return encoder.Encode(asked.answers)
}
