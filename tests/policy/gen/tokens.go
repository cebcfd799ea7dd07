package main

// Tokens: keys of every kind as PEM and as JSON Web Keys, tokens signed with them and tokens that
// somebody tampered with, put to every builtin that verifies. Keys are made anew each time; an
// answer that differs is printed with its whole input.

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	cryptorand "crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"hash"
	"math/big"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"time"
)

type tokenKey struct {
	private any // crypto.Signer, or the bytes of a secret
	public  map[string]any
	all     map[string]any // with its private part
}

var raw = base64.RawURLEncoding

func number(n *big.Int, size int) string { return raw.EncodeToString(n.FillBytes(make([]byte, size))) }

func makeKeys() ([]tokenKey, error) {
	var keys []tokenKey
	// To make one that is too small to be used.
	defer os.Setenv("GODEBUG", os.Getenv("GODEBUG"))
	os.Setenv("GODEBUG", "rsa1024min=0")
	for _, bits := range []int{2048, 3072, 1024, 1000} {
		key, err := rsa.GenerateKey(cryptorand.Reader, bits)
		if err != nil {
			return nil, err
		}
		size := (bits + 7) / 8
		public := map[string]any{"kty": "RSA", "n": number(key.N, size), "e": "AQAB"}
		all := map[string]any{"d": number(key.D, size), "p": number(key.Primes[0], size/2+1),
			"q": number(key.Primes[1], size/2+1), "dp": number(key.Precomputed.Dp, size/2+1),
			"dq": number(key.Precomputed.Dq, size/2+1), "qi": number(key.Precomputed.Qinv, size/2+1)}
		keys = append(keys, tokenKey{key, public, merged(public, all)})
	}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521(), elliptic.P224()} {
		key, err := ecdsa.GenerateKey(curve, cryptorand.Reader)
		if err != nil {
			return nil, err
		}
		size := (curve.Params().BitSize + 7) / 8
		public := map[string]any{"kty": "EC", "crv": curve.Params().Name, "x": number(key.X, size), "y": number(key.Y, size)}
		keys = append(keys, tokenKey{key, public, merged(public, map[string]any{"d": number(key.D, size)})})
	}
	public, private, err := ed25519.GenerateKey(cryptorand.Reader)
	if err != nil {
		return nil, err
	}
	okp := map[string]any{"kty": "OKP", "crv": "Ed25519", "x": raw.EncodeToString(public)}
	keys = append(keys, tokenKey{private, okp, merged(okp, map[string]any{"d": raw.EncodeToString(private.Seed())})})
	secret := map[string]any{"kty": "oct", "k": raw.EncodeToString([]byte("a secret of some bytes"))}
	return append(keys, tokenKey{[]byte("a secret of some bytes"), secret, secret}), nil
}

func merged(maps ...map[string]any) map[string]any {
	result := map[string]any{}
	for _, m := range maps {
		for name, value := range m {
			result[name] = value
		}
	}
	return result
}

var tokenHashes = map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}

// sign makes a signature if key and algorithm go together, else one of no worth.
func (k tokenKey) sign(alg string, message string, salt int) []byte {
	digest := crypto.Hash(0)
	data := []byte(message)
	if len(alg) == 5 {
		if digest = tokenHashes[alg[2:]]; digest != 0 {
			h := digest.New()
			h.Write(data)
			data = h.Sum(nil)
		}
	}
	var signature []byte
	var err error
	switch key := k.private.(type) {
	case *rsa.PrivateKey:
		if strings.HasPrefix(alg, "PS") {
			signature, err = rsa.SignPSS(cryptorand.Reader, key, digest, data, &rsa.PSSOptions{SaltLength: salt})
		} else if digest != 0 {
			signature, err = rsa.SignPKCS1v15(nil, key, digest, data)
		}
	case *ecdsa.PrivateKey:
		var r, s *big.Int
		if r, s, err = ecdsa.Sign(cryptorand.Reader, key, data); err == nil {
			size := (key.Curve.Params().BitSize + 7) / 8
			signature = append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
		}
	case ed25519.PrivateKey:
		signature = ed25519.Sign(key, []byte(message))
	case []byte:
		hashes := map[string]func() hash.Hash{"256": sha256.New, "384": sha512.New384, "512": sha512.New}
		if len(alg) == 5 && hashes[alg[2:]] != nil {
			mac := hmac.New(hashes[alg[2:]], key)
			mac.Write([]byte(message))
			signature = mac.Sum(nil)
		}
	}
	if err != nil || signature == nil {
		return []byte("no signature at all")
	}
	return signature
}

func (k tokenKey) pem(random *rand.Rand) string {
	signer, ok := k.private.(crypto.Signer)
	if !ok {
		return "-----BEGIN PUBLIC KEY-----\nYWJj\n-----END PUBLIC KEY-----\n"
	}
	if random.Intn(2) == 0 {
		der, err := x509.MarshalPKIXPublicKey(signer.Public())
		if err != nil {
			return "no key"
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	template := x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1, 0)}
	der, err := x509.CreateCertificate(cryptorand.Reader, &template, &template, signer.Public(), signer)
	if err != nil {
		return "no key"
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

type tokens struct {
	arguments
	keys []tokenKey
}

var tokenAlgorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
	"HS256", "HS384", "HS512", "EdDSA"}

// fitting is an algorithm that goes with the key, mostly.
func (t tokens) fitting(key tokenKey) string {
	prefix := map[string]string{"EC": "ES", "oct": "HS"}[key.public["kty"].(string)]
	if key.public["kty"] == "RSA" {
		prefix = t.pick("RS", "PS")
	}
	if key.public["kty"] == "OKP" {
		return "EdDSA"
	}
	return prefix + t.pick("256", "384", "512")
}

func (t tokens) jwk(key tokenKey) map[string]any {
	jwk := merged(key.public)
	if t.random.Intn(6) == 0 {
		jwk = merged(key.all)
	}
	if t.random.Intn(3) == 0 {
		jwk["kid"] = t.pick("k1", "k2", "")
	}
	if t.random.Intn(3) == 0 {
		jwk["alg"] = t.pick(append([]string{t.fitting(key), t.fitting(key), t.fitting(key), "RSA-OAEP", "bogus"}, tokenAlgorithms...)...)
	}
	if t.random.Intn(40) == 0 {
		jwk[t.pick("x", "n", "e", "crv", "kty", "k", "d")] = t.pick("", "AQ", "AQAB", "P-256", "X25519", "RSA", "!", "AAAA")
	}
	if t.random.Intn(60) == 0 {
		delete(jwk, t.pick("x", "n", "e", "crv", "kty", "k", "d", "p"))
	}
	return jwk
}

func (t tokens) certificate(key tokenKey) string {
	var text []byte
	switch t.random.Intn(4) {
	case 0:
		text := key.pem(t.random)
		if t.random.Intn(8) == 0 {
			text = t.pick("garbage\n", "\n", "") + text + t.pick("x", "\n", "")
		}
		return text
	case 1:
		text, _ = json.Marshal(t.jwk(key))
	default:
		keys := []any{}
		for i := t.random.Intn(3); i >= 0; i-- {
			keys = append(keys, t.jwk(t.keys[t.random.Intn(len(t.keys))]))
		}
		keys = append(keys, t.jwk(key))
		t.random.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		text, _ = json.Marshal(map[string]any{"keys": keys, "other": 1})
	}
	return string(text)
}

// payload: with numbers as we print them; see known.txt.
func (t tokens) payload() map[string]any {
	payload := map[string]any{"sub": t.text()}
	seconds := []any{json.Number("1795000000"), json.Number("1795000000.25"), json.Number("1794999999.999999"),
		json.Number("1795000000.5"), 0, 1e3, json.Number("99999999999999999999"), "later"}
	if t.random.Intn(4) == 0 {
		payload["exp"] = seconds[t.random.Intn(len(seconds))]
	}
	if t.random.Intn(4) == 0 {
		payload["nbf"] = seconds[t.random.Intn(len(seconds))]
	}
	if t.random.Intn(4) == 0 {
		payload["iss"] = t.pick("me", "you", "")
	}
	if t.random.Intn(4) == 0 {
		payload["aud"] = []any{"us", "them", []any{"us", "them"}, []any{}, []any{1, "us"}, 7}[t.random.Intn(6)]
	}
	return payload
}

func (t tokens) token(key tokenKey, alg string) string {
	header := map[string]any{"alg": alg}
	if t.random.Intn(3) == 0 {
		header["kid"] = t.pick("k1", "k2", "k3", "")
	}
	if t.random.Intn(12) == 0 {
		header["crit"] = []any{[]any{"exp"}, []any{"alg"}, []any{}, []any{"exp", 1}, "exp", []any{1, "exp"}}[t.random.Intn(6)]
		header["exp"] = true
	}
	if t.random.Intn(30) == 0 {
		header[t.pick("enc", "typ", "kid", "alg")] = []any{"JWT", "none", 1, "HS256"}[t.random.Intn(4)]
	}
	body, _ := json.Marshal(t.payload())
	if t.random.Intn(8) == 0 {
		header["cty"] = t.pick("JWT", "jwt", "json")
		body = []byte(t.token(key, alg))
	}
	head, _ := json.Marshal(header)
	message := raw.EncodeToString(head) + "." + raw.EncodeToString(body)
	salt := rsa.PSSSaltLengthEqualsHash
	if t.random.Intn(5) == 0 {
		salt = t.random.Intn(20)
	}
	signature := key.sign(alg, message, salt)
	switch t.random.Intn(12) {
	case 0:
		signature[t.random.Intn(len(signature))] ^= 1 << t.random.Intn(8)
	case 1:
		signature = signature[:t.random.Intn(len(signature))]
	case 2:
		signature = append(signature, 0)
	}
	encoding := raw
	if t.random.Intn(12) == 0 {
		encoding = base64.URLEncoding
	}
	return message + "." + encoding.EncodeToString(signature)
}

func (t tokens) input() any {
	key := t.keys[t.random.Intn(len(t.keys))]
	alg := t.fitting(key)
	if t.random.Intn(10) == 0 {
		alg = t.pick(append([]string{"none", "HS999", ""}, tokenAlgorithms...)...)
	}
	constraints := map[string]any{}
	secret, isSecret := key.private.([]byte)
	certificate := t.certificate(key)
	if isSecret && t.random.Intn(2) == 0 {
		constraints["secret"] = t.pick(string(secret), string(secret), "another")
		certificate = constraints["secret"].(string)
	} else {
		constraints["cert"] = certificate
	}
	if t.random.Intn(5) == 0 {
		constraints["alg"] = t.pick(alg, alg, "RS256", "HS256", "")
	}
	for name, values := range map[string][]string{"iss": {"me", "you", ""}, "aud": {"us", "them", ""}} {
		if t.random.Intn(4) == 0 {
			constraints[name] = t.pick(values...)
		}
	}
	if t.random.Intn(4) == 0 {
		constraints["time"] = []any{json.Number("1795000000000000000"), json.Number("1795000000500000000"), 0, -1, "now",
			json.Number("999000000000.5")}[t.random.Intn(6)]
	}
	if t.random.Intn(60) == 0 {
		constraints[t.pick("secret", "cert", "other")] = "x"
	}
	token := t.token(key, alg)
	if t.random.Intn(30) == 0 {
		at := t.random.Intn(len(token))
		token = token[:at] + t.pick(".", "", "=", "A") + token[at+1:]
	}
	signing, _ := json.Marshal(key.all)
	return map[string]any{"token": token, "cert": certificate, "constraints": constraints, "key": string(signing),
		"headers": map[string]any{"alg": t.pick("RS256", "HS384", "EdDSA", alg), "typ": t.pick("JWT", "text")}, "payload": t.payload()}
}

func tokensPolicy() string {
	var b strings.Builder
	b.WriteString("package tokens\n\ndecoded := io.jwt.decode(input.token)\n\n" +
		"verified := io.jwt.decode_verify(input.token, input.constraints)\n\n" +
		// We refuse what draws random numbers, and, as OPA does not, to take an Ed25519 key for a secret.
		`refused if { some prefix in ["ES", "PS"]; startswith(input.headers.alg, prefix) }` + "\n\n" +
		`refused if { startswith(input.headers.alg, "HS"); json.unmarshal(input.key).kty == "OKP" }` + "\n\n" +
		"signed := io.jwt.encode_sign_raw(json.marshal(input.headers), json.marshal(input.payload), input.key) if not refused\n\n" +
		"signed_value := io.jwt.encode_sign(input.headers, input.payload, json.unmarshal(input.key)) if not refused\n\n")
	for _, alg := range tokenAlgorithms {
		name := strings.ToLower(alg)
		fmt.Fprintf(&b, "%s := io.jwt.verify_%s(input.token, input.cert)\n\n", name, name)
	}
	return b.String()
}

// writeTokens evaluates leniently: an error is undefined on both sides.
func writeTokens(encoder *json.Encoder, seed int64, count int) error {
	folder, err := os.MkdirTemp("", "tokens")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "tokens.rego")
	if err := os.WriteFile(file, []byte(tokensPolicy()), 0o600); err != nil {
		return err
	}
	p, err := loadPolicy("tokens", true, file)
	if err != nil {
		return err
	}
	if err := p.plan([]string{"tokens"}); err != nil {
		return err
	}
	keys, err := makeKeys()
	if err != nil {
		return err
	}
	t := tokens{arguments{rand.New(rand.NewSource(seed))}, keys}
	for i := 0; i < count; i++ {
		input := t.input()
		if err := p.ask("tokens", &input); err != nil {
			return err
		}
	}
	return encoder.Encode(p.answers)
}
