/*
 * io.jwt.*. The tokens were made with another library; what each call gives is what OPA gives,
 * but for signatures that draw random numbers. More: tests/policy/gen/tokens.go.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "tests/unit/policy/call.h"

/* HS256 with the secret "secret" */
#define HS                                                                                         \
	"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.smZZ8MPaDgotxo1D98cFfXd3XE37CXy7QGMhGo6e"         \
	"gaE"
/* "exp": 1795000000, which is now */
#define EXP                                                                                        \
	"eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3OTUwMDAwMDB9.CbMpnr16IAEzjKTwQPdVTV42FWRarmLwQ2"         \
	"98xFQgXl0"
/* "nbf" the same */
#define NBF                                                                                        \
	"eyJhbGciOiJIUzI1NiJ9.eyJuYmYiOjE3OTUwMDAwMDB9.FyX5Cps6jskfRbL1edwuaFSo1gAVO_OKHa"         \
	"RlbqxOavk"
/* "iss": "me", "aud": ["us", "them"] */
#define CLAIMS                                                                                     \
	"eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJtZSIsImF1ZCI6WyJ1cyIsInRoZW0iXX0.TANlMNbEQKtR48Z"         \
	"6suDmF07D1_kCaWQxksNxX1cd_oE"
/* "crit": ["b64"] */
#define CRIT                                                                                       \
	"eyJhbGciOiJIUzI1NiIsImNyaXQiOlsiYjY0Il0sImI2NCI6ZmFsc2V9.eyJzdWIiOiJhbm4ifQ.nPwr"         \
	"8yhTMKu33vf2kEz6Mn3dTHZfxlCdx8rLUlXhyy0"
/* "enc" in its header */
#define JWE                                                                                        \
	"eyJhbGciOiJIUzI1NiIsImVuYyI6IkExMjhHQ00ifQ.eyJzdWIiOiJhbm4ifQ.yq4RM3BgbinsxRg4Dk"         \
	"FVqwz9h6GTTB2kokWrr2qESn4"
/* HS within another one */
#define NESTED                                                                                     \
	"eyJhbGciOiJIUzI1NiIsImN0eSI6IkpXVCJ9.ZXlKaGJHY2lPaUpJVXpJMU5pSjkuZXlKemRXSWlPaUp"         \
	"oYm00aWZRLnNtWlo4TVBhRGdvdHhvMUQ5OGNGZlhkM1hFMzdDWHk3UUdNaEdvNmVnYUU.2icLVYguUfL"         \
	"uEyMn4P69m8b5wwcl-0SnnhssW5a3bFg"
/* alg "none", no signature */
#define NONE "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ."
/* HS256 whose secret is the text of the public key PEM */
#define CONFUSED                                                                                   \
	"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.8ZsWRUZYBhb35TXsl50PD371EtpHfSTb71WuC9d5"         \
	"5Fs"
/* ES256, kid "k1" */
#define ES                                                                                         \
	"eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiJhbm4ifQ.cgVtrd8mqwP6DuV29ESR6YGZF"         \
	"034KHsrpS6lQA2TtmQAVjnxk3TjpJW6bCr8Q9AcAZqP-CybLPoGPdFScQvh0Q"
/* EdDSA */
#define ED                                                                                         \
	"eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbm4ifQ.FqDcExyLHXAK3k8AKDYjzYardsZICqhcOYd3pOCX"         \
	"FI6hV0UClNmkEeZhuU3olIFST0xGpNSiwkYnXr6uaVn5BQ"
#define PEM                                                                                        \
	"-----BEGIN PUBLIC KEY-----\\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAERxw+dYxJBChbun5"         \
	"TEY7Q9SSt6wdX\\n0lvS+Oew1236cUzdUg96yoqLkXrMN/Ud6PDJu+OthYOC5wLcJaEtCfeoWA==\\n-"         \
	"----END PUBLIC KEY-----\\n"

#define EC_X "Rxw-dYxJBChbun5TEY7Q9SSt6wdX0lvS-Oew1236cUw"
#define EC_Y "3VIPesqKi5F6zDf1HejwybvjrYWDgucC3CWhLQn3qFg"
#define ED_X "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"
#define ED_D "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
/* A JSON Web Key within a JSON string. */
#define M(name, text) "\\\"" name "\\\":\\\"" text "\\\""
#define EC_KEY M("kty", "EC") "," M("crv", "P-256") "," M("x", EC_X) "," M("y", EC_Y)
#define ED_KEY M("kty", "OKP") "," M("crv", "Ed25519") "," M("x", ED_X)
#define SECRET_KEY M("kty", "oct") "," M("k", "c2VjcmV0")
#define BY_SECRET(token, more) "[\"" token "\", {\"secret\": \"secret\"" more "}]"
#define BY_CERT(token, cert) "[\"" token "\", {\"cert\": \"" cert "\"}]"

static const char no[] = "[false,{},{}]";
static const char ann[] = "[true,{\"alg\":\"HS256\"},{\"sub\":\"ann\"}]";

static void test_a_token_is_taken_apart(void **state)
{
	static const struct call_case cases[] = {
		{ "io.jwt.decode", "[\"" HS "\"]",
			"[{\"alg\":\"HS256\"},{\"sub\":\"ann\"},"
			"\"b26659f0c3da0e0a2dc68d43f7c7057d77775c4dfb097cbb4063211a8e9e81a1\"]" },
		{ "io.jwt.decode", "[\"" NONE "\"]",
			"[{\"alg\":\"none\"},{\"sub\":\"ann\"},\"\"]" },
		{ "io.jwt.decode", "[\"" NESTED "\"]",
			"[{\"alg\":\"HS256\"},{\"sub\":\"ann\"},"
			"\"b26659f0c3da0e0a2dc68d43f7c7057d77775c4dfb097cbb4063211a8e9e81a1\"]" },
		{ "io.jwt.decode", "[\"" JWE "\"]",
			"error: JWT is a JWE object, which is not supported" },
		{ "io.jwt.decode", "[\"a.b\"]", "error: encoded JWT must have 3 sections" },
		{ "io.jwt.decode", "[\"a.b.c.d\"]", "error: encoded JWT must have 3 sections" },
		{ "io.jwt.decode", "[\"?.e30.\"]", "error: JWT header had invalid encoding" },
		{ "io.jwt.decode", "[\"W10.e30.\"]", "error: JWT header is no object" },
		{ "io.jwt.decode", "[\"e30.W10.\"]", "error: JWT payload is no object" },
		{ "io.jwt.decode", "[7]", "error: operand 1 must be string but got number" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_a_secret_verifies_its_own_tokens(void **state)
{
	static const struct call_case cases[] = {
		{ "io.jwt.verify_hs256", "[\"" HS "\", \"secret\"]", "true" },
		{ "io.jwt.verify_hs256", "[\"" HS "\", \"secre\"]", "false" },
		{ "io.jwt.verify_hs384", "[\"" HS "\", \"secret\"]", "false" },
		{ "io.jwt.verify_hs256", "[\"" NONE "\", \"secret\"]", "false" },
		{ "io.jwt.decode_verify", BY_SECRET(HS, ""), ann },
		{ "io.jwt.decode_verify", "[\"" HS "\", {\"secret\": \"secre\"}]", no },
		{ "io.jwt.decode_verify", BY_SECRET(HS, ", \"alg\": \"HS256\""), ann },
		{ "io.jwt.decode_verify", BY_SECRET(HS, ", \"alg\": \"HS384\""), no },
		{ "io.jwt.decode_verify", BY_SECRET(NESTED, ""), ann },
		{ "io.jwt.decode_verify", BY_CERT(HS, "{" SECRET_KEY "}"), ann },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_a_public_key_verifies_tokens_of_its_kind_alone(void **state)
{
	static const struct call_case cases[] = {
		{ "io.jwt.verify_es256", "[\"" ES "\", \"" PEM "\"]", "true" },
		{ "io.jwt.verify_es384", "[\"" ES "\", \"" PEM "\"]", "false" },
		{ "io.jwt.verify_rs256", "[\"" ES "\", \"" PEM "\"]", "false" },
		{ "io.jwt.verify_es256", "[\"" ES "\", \"{" EC_KEY "}\"]", "true" },
		{ "io.jwt.verify_es256", "[\"" ED "\", \"" PEM "\"]", "false" },
		{ "io.jwt.verify_eddsa", "[\"" ED "\", \"{" ED_KEY "}\"]", "true" },
		{ "io.jwt.verify_eddsa", "[\"" ES "\", \"{" ED_KEY "}\"]", "false" },
		{ "io.jwt.decode_verify", BY_CERT(ES, PEM),
			"[true,{\"alg\":\"ES256\",\"kid\":\"k1\"},{\"sub\":\"ann\"}]" },
		{ "io.jwt.decode_verify", BY_CERT(ED, "{" ED_KEY "}"),
			"[true,{\"alg\":\"EdDSA\"},{\"sub\":\"ann\"}]" },
		/* The oldest attack on tokens: everybody knows the public key. */
		{ "io.jwt.decode_verify", BY_CERT(CONFUSED, PEM), no },
		{ "io.jwt.decode_verify", BY_CERT(NONE, PEM), no },
		{ "io.jwt.decode_verify", BY_SECRET(NONE, ""), no },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_a_set_of_keys_is_searched(void **state)
{
	static const struct call_case cases[] = {
		{ "io.jwt.verify_es256",
			"[\"" ES "\", \"{\\\"keys\\\":[{" ED_KEY "},{" EC_KEY "}]}\"]", "true" },
		{ "io.jwt.verify_es256", "[\"" ES "\", \"{\\\"keys\\\":[]}\"]", "false" },
		/* The key that the token names stands alone. */
		{ "io.jwt.verify_es256",
			"[\"" ES "\", \"{\\\"keys\\\":[{" ED_KEY "," M("kid", "k1") "},{" EC_KEY
										    "}]}\"]",
			"false" },
		{ "io.jwt.verify_es256", "[\"" ES "\", \"{" EC_KEY "," M("alg", "ES256") "}\"]",
			"true" },
		{ "io.jwt.verify_es256", "[\"" ES "\", \"{" EC_KEY "," M("alg", "ES384") "}\"]",
			"false" },
		{ "io.jwt.verify_es256", "[\"" ES "\", \"{" EC_KEY "," M("alg", "RSA-OAEP") "}\"]",
			"false" },
		{ "io.jwt.verify_es256", "[\"" ES "\", \"{" EC_KEY "," M("alg", "ES257") "}\"]",
			"error: JWK: alg is none that we know" },
		/* One that cannot be read spoils the set. */
		{ "io.jwt.verify_es256",
			"[\"" ES "\", \"{\\\"keys\\\":[{" EC_KEY "},{" M("kty", "DSA") "}]}\"]",
			"error: JWK: kty is none that we know" },
		{ "io.jwt.verify_es256",
			"[\"" ES "\", \"{" M("kty", "EC") "," M("crv", "P-256") "," M(
				"x", EC_X) "," M("y", EC_X) "}\"]",
			"error: JWK: the point of the EC key is not on its curve" },
		{ "io.jwt.verify_es256", "[\"" ES "\", \"" PEM PEM "\"]",
			"error: the PEM text is not one whole block" },
		{ "io.jwt.verify_es256", "[\"" ES "\", \"7\"]", "error: JWK: a key is no object" },
		{ "io.jwt.verify_es256",
			"[\"" ES "\", \"-----BEGIN PRIVATE KEY-----\\nYQ==\\n-----END PRIVATE "
			"KEY-----\\n\"]",
			"error: failed to extract a Key from the PEM certificate" },
		{ "io.jwt.verify_es256",
			"[\"" ES "\", \"-----BEGIN CERTIFICATE-----\\nMAAA\\n-----END "
			"CERTIFICATE-----\\n\"]",
			"error: failed to parse a PEM certificate" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_claims_are_held_against_constraints_and_the_decisions_time(void **state)
{
	static const char claims[] =
		"[true,{\"alg\":\"HS256\"},{\"aud\":[\"us\",\"them\"],\"iss\":\"me\"}]";
	static const struct call_case cases[] = {
		{ "io.jwt.decode_verify", BY_SECRET(EXP, ""), no },
		{ "io.jwt.decode_verify", BY_SECRET(EXP, ", \"time\": 1794999999999999744"),
			"[true,{\"alg\":\"HS256\"},{\"exp\":1795000000}]" },
		{ "io.jwt.decode_verify", BY_SECRET(NBF, ""),
			"[true,{\"alg\":\"HS256\"},{\"nbf\":1795000000}]" },
		{ "io.jwt.decode_verify", BY_SECRET(NBF, ", \"time\": 1794999999999999744"), no },
		{ "io.jwt.decode_verify", BY_SECRET(HS, ", \"time\": -1"),
			"error: token time constraint: must not be negative" },
		{ "io.jwt.decode_verify", BY_SECRET(CLAIMS, ", \"aud\": \"them\", \"iss\": \"me\""),
			claims },
		{ "io.jwt.decode_verify", BY_SECRET(CLAIMS, ", \"aud\": \"you\""), no },
		{ "io.jwt.decode_verify", BY_SECRET(CLAIMS, ", \"aud\": \"us\", \"iss\": \"you\""),
			no },
		/* A token that is for somebody is for nobody who does not say who he is. */
		{ "io.jwt.decode_verify", BY_SECRET(CLAIMS, ""), no },
		{ "io.jwt.decode_verify", BY_SECRET(HS, ", \"aud\": \"us\""), no },
		{ "io.jwt.decode_verify", BY_SECRET(HS, ", \"iss\": \"me\""), no },
		{ "io.jwt.decode_verify", BY_SECRET(CRIT, ""), no },
		{ "io.jwt.decode_verify", BY_SECRET(HS, ", \"now\": 1"),
			"error: unknown token validation constraint: now" },
		{ "io.jwt.decode_verify", "[\"" HS "\", {}]", "error: no key constraint" },
		{ "io.jwt.decode_verify", BY_SECRET(HS, ", \"cert\": \"" PEM "\""),
			"error: duplicate key constraints" },
	};

	(void)state;
	CALL_CHECK(cases);
}

static void test_tokens_are_signed_with_what_draws_no_random_numbers(void **state)
{
	static const struct call_case cases[] = {
		{ "io.jwt.encode_sign",
			"[{\"alg\": \"HS256\"}, {\"sub\": \"ann\"}, {\"kty\": \"oct\", "
			"\"k\": \"c2VjcmV0\"}]",
			"\"" HS "\"" },
		{ "io.jwt.encode_sign",
			"[{\"alg\": \"EdDSA\"}, {\"sub\": \"ann\"}, {\"kty\": \"OKP\", \"crv\": "
			"\"Ed25519\", \"x\": \"" ED_X "\", \"d\": \"" ED_D "\"}]",
			"\"" ED "\"" },
		{ "io.jwt.encode_sign",
			"[{\"alg\": \"EdDSA\"}, {\"sub\": \"ann\"}, {\"kty\": \"OKP\", \"crv\": "
			"\"Ed25519\", \"x\": \"" ED_D "\", \"d\": \"" ED_D "\"}]",
			"error: JWK: the halves of the Ed25519 key do not fit" },
		{ "io.jwt.encode_sign",
			"[{\"alg\": \"EdDSA\"}, {}, {\"kty\": \"OKP\", \"crv\": \"Ed25519\", "
			"\"x\": \"" ED_X "\"}]",
			"error: the key is none to sign EdDSA with" },
		{ "io.jwt.encode_sign_raw",
			"[\"{\\\"alg\\\":\\\"HS256\\\"}\", \"{\\\"sub\\\":\\\"ann\\\"}\", "
			"\"{" SECRET_KEY "}\"]",
			"\"" HS "\"" },
		{ "io.jwt.encode_sign_raw",
			"[\"{" M("alg", "HS256") "}\", \"no json\", \"{" SECRET_KEY "}\"]",
			"error: line 1, column 1: expected a value, found 'n'" },
		{ "io.jwt.encode_sign",
			"[{\"alg\": \"ES256\"}, {}, {\"kty\": \"EC\", \"crv\": \"P-256\", \"x\": "
			"\"" EC_X "\", \"y\": \"" EC_Y "\", \"d\": \"" ED_D "\"}]",
			"error: ES256 draws random numbers, and a decision gives the same answer "
			"each time" },
		{ "io.jwt.encode_sign",
			"[{\"alg\": \"none\"}, {}, {\"kty\": \"oct\", \"k\": \"YQ\"}]",
			"error: unknown JWS algorithm" },
		{ "io.jwt.encode_sign", "[{\"alg\": \"HS256\"}, {}, {\"kty\": \"oct\"}]",
			"error: JWK: k is missing" },
	};

	(void)state;
	CALL_CHECK(cases);
}

/* A thousand keys to try are 60 ms of work; so are a thousand to read. */
static void test_many_keys_end_at_the_budget(void **state)
{
	CLEANUP(buf_fini) struct buf args = { 0 };

	(void)state;
	buf_append_text(&args, "[\"" ES "\", \"{\\\"keys\\\":[");
	for (int i = 0; i < 1000; i++) {
		buf_append_text(&args, i == 0 ? "{" EC_KEY "}" : ",{" EC_KEY "}");
	}
	buf_append_text(&args, "]}\"]");
	const char *answer = call_builtin("io.jwt.verify_es256", buf_text(&args));
	assert_string_equal(answer, "budget: the policy needs more than 1000000 steps");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_token_is_taken_apart),
		cmocka_unit_test(test_a_secret_verifies_its_own_tokens),
		cmocka_unit_test(test_a_public_key_verifies_tokens_of_its_kind_alone),
		cmocka_unit_test(test_a_set_of_keys_is_searched),
		cmocka_unit_test(test_claims_are_held_against_constraints_and_the_decisions_time),
		cmocka_unit_test(test_tokens_are_signed_with_what_draws_no_random_numbers),
		cmocka_unit_test(test_many_keys_end_at_the_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
