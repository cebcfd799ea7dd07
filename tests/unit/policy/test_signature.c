/*
 * Signatures of bundles. Tokens are signed here with HS256, so that each lie can be told; that we
 * and `opa` agree on every algorithm is shown by tests/flow/test_policy_signature.py. The digests
 * of documents are what `opa sign` 1.22.2 wrote.
 */
#include "policy/signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/error.h"
#include "policy/bundle.h"
#include "policy/signature_hash.h"
#include "policy/tar.h"
#include "tests/unit/policy/archive.h"

#define SECRET "a secret of the unit tests"

/* ---- making tokens ---- */

static const char *make_token(struct arena *arena, const char *header, const char *payload)
{
	CLEANUP(buf_fini) struct buf token = { 0 };
	uint8_t mac[DIGEST_BYTES];

	encode_base64url(&token, header, strlen(header));
	buf_append_char(&token, '.');
	encode_base64url(&token, payload, strlen(payload));
	digest_hmac_sha256(SECRET, strlen(SECRET), token.data, token.size, mac);
	buf_append_char(&token, '.');
	encode_base64url(&token, mac, sizeof(mac));
	return arena_text(arena, token.data, token.size);
}

#define HEADER "{\"alg\":\"HS256\",\"kid\":\"ci\"}"
#define PLAN "{\"a\":1}"
#define PLAN_HASH "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
#define MANIFEST "{\"revision\":\"r1\"}"
#define FILES "{\"name\":\"plan.json\",\"hash\":\"" PLAN_HASH "\",\"algorithm\":\"SHA-256\"}"
#define PAYLOAD "{\"files\":[" FILES "]}"

static const struct policy_key secret_key = {
	.id = "ci", .algorithm = "HS256", .text = SECRET, .size = sizeof(SECRET) - 1
};

static bool verify(const struct member *members, const struct policy_key *key, const char **key_id,
	struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	CLEANUP(buf_fini) struct buf gzip = { 0 };
	const struct policy_signing signing = { .keys = key, .key_count = 1 };
	struct policy_bundle bundle;

	archive_pack_members(&gzip, members);
	assert_true(policy_bundle_open(arena, gzip.data, gzip.size, NULL, &bundle, err));
	return policy_signature_verify(&bundle, &signing, key_id, err);
}

/* One file, plan.json, and a token of these two. */
static bool verify_token(
	const char *header, const char *payload, const struct policy_key *key, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const char *list = arena_printf(
		arena, "{\"signatures\":[\"%s\"]}", make_token(arena, header, payload));
	const struct member members[] = { { "plan.json", '0', PLAN },
		{ ".signatures.json", '0', list }, { 0 } };

	return verify(members, key, NULL, err);
}

/* ---- what is accepted ---- */

static void test_a_signed_bundle_is_accepted(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const char *list = arena_printf(
		arena, "{\"signatures\":[\"%s\"]}", make_token(arena, HEADER, PAYLOAD));
	const struct member members[] = { { "/plan.json", '0', PLAN },
		{ "/.signatures.json", '0', list }, { 0 } };
	const char *key_id = NULL;
	struct error err = { 0 };

	(void)state;
	assert_true(verify(members, &secret_key, &key_id, &err));
	assert_string_equal(key_id, "ci");
}

static void test_the_key_is_named_by_header_or_payload_or_is_the_only_one(void **state)
{
	struct policy_key other = secret_key;

	(void)state;
	other.id = "other";
	assert_true(verify_token("{\"alg\":\"HS256\"}", PAYLOAD, &other, NULL));
	assert_true(verify_token("{\"alg\":\"HS256\",\"kid\":\"default\"}", PAYLOAD, &other, NULL));
	assert_true(verify_token("{\"alg\":\"HS256\"}", "{\"keyid\":\"ci\",\"files\":[" FILES "]}",
		&secret_key, NULL));
	assert_false(verify_token(HEADER, PAYLOAD, &other, NULL));
}

static void test_a_scope_must_be_the_one_of_the_key(void **state)
{
	struct policy_key scoped = secret_key;
	const char *production = "{\"scope\":\"production\",\"files\":[" FILES "]}";
	struct error err = { 0 };

	(void)state;
	scoped.scope = "production";
	assert_true(verify_token(HEADER, production, &scoped, NULL));
	assert_false(verify_token(HEADER, PAYLOAD, &scoped, &err));
	assert_non_null(strstr(err.text, "scope"));
	assert_false(verify_token(HEADER, production, &secret_key, NULL));
}

/* ---- what is refused ---- */

static void test_a_token_that_lies_is_refused(void **state)
{
	static const struct {
		const char *header;
		const char *payload;
		const char *says;
	} rows[] = {
		{ "{\"alg\":\"none\",\"kid\":\"ci\"}", PAYLOAD, "signed with none" },
		{ "{\"alg\":\"HS512\",\"kid\":\"ci\"}", PAYLOAD, "is for HS256" },
		{ "{\"kid\":\"ci\"}", PAYLOAD, "signed with (nothing)" },
		{ "{\"alg\":\"HS256\",\"kid\":\"no\"}", PAYLOAD, "the key 'no'" },
		{ "{\"alg\":\"HS256\",\"kid\":\"ci\",\"crit\":[\"b64\"]}", PAYLOAD, "crit" },
		{ "[]", PAYLOAD, "no object" },
		{ HEADER, "7", "no object" },
		{ HEADER, "{", "the token" },
		{ HEADER, "{}", "lists no files" },
		{ HEADER, "{\"files\":[{}]}", "has no name" },
		{ HEADER, "{\"files\":[" FILES "," FILES "]}", "listed twice" },
		{ HEADER, "{\"files\":[]}", "plan.json is not among" },
		{ HEADER,
			"{\"files\":[" FILES
			",{\"name\":\"data.json\",\"hash\":\"00\",\"algorithm\":\"SHA-256\"}]}",
			"data.json was signed and is not in the bundle" },
		{ HEADER, "{\"files\":[{\"name\":\"plan.json\"}]}", "SHA-256 or stronger" },
		{ HEADER,
			"{\"files\":[{\"name\":\"plan.json\",\"algorithm\":\"MD5\",\"hash\":"
			"\"bb6cb5c68df4652941caf652a366f2d8\"}]}",
			"'MD5'" },
		{ HEADER, "{\"files\":[{\"name\":\"plan.json\",\"algorithm\":\"SHA-256\"}]}",
			"plan.json is not what was signed" },
		{ HEADER,
			"{\"files\":[{\"name\":\"plan.json\",\"algorithm\":\"SHA-256\",\"hash\":"
			"\"015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f8\"}]}",
			"plan.json is not what was signed" },
		{ HEADER,
			"{\"files\":[{\"name\":\"plan.json\",\"algorithm\":\"SHA-384\",\"hash\":"
			"\"" PLAN_HASH "\"}]}",
			"plan.json is not what was signed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error err = { 0 };

		assert_false(verify_token(rows[i].header, rows[i].payload, &secret_key, &err));

		print_message("# %zu %s\n", i, err.text);
		assert_non_null(strstr(err.text, rows[i].says));
	}
}

static void test_a_changed_signature_is_refused(void **state)
{
	struct policy_key other = secret_key;
	struct error err = { 0 };

	(void)state;
	other.text = "another secret";
	other.size = strlen(other.text);
	assert_false(verify_token(HEADER, PAYLOAD, &other, &err));
	assert_int_equal(err.code, ERROR_POLICY);
	assert_non_null(strstr(err.text, "not one of the key 'ci'"));
}

static void test_a_public_key_is_never_a_secret(void **state)
{
	struct policy_key public = secret_key;
	struct error err = { 0 };

	(void)state;
	public.algorithm = "RS256";
	assert_false(verify_token(HEADER, PAYLOAD, &public, &err));
	assert_non_null(strstr(err.text, "is for RS256"));
	assert_false(verify_token("{\"alg\":\"RS256\",\"kid\":\"ci\"}", PAYLOAD, &public, &err));
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_non_null(strstr(err.text, "no public key"));
}

static void test_a_list_of_signatures_that_is_none_is_refused(void **state)
{
	static const char *const lists[] = { "", "{}", "[]", "{\"signatures\":[]}",
		"{\"signatures\":[1]}", "{\"signatures\":[\"a.b.c\",\"a.b.c\"]}",
		"{\"signatures\":\"a.b.c\"}", "{\"signatures\":[\"a.b\"]}",
		"{\"signatures\":[\"a.b.c.d\"]}", "{\"signatures\":[\"e30.e30.\"]}",
		"{\"signatures\":[\"..\"]}", "{\"signatures\":[\"e30=.e30.e30\"]}" };

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct member members[] = { { "plan.json", '0', PLAN },
			{ ".signatures.json", '0', lists[i] }, { 0 } };
		struct error err = { 0 };

		assert_false(verify(members, &secret_key, NULL, &err));
		print_message("# %zu %s\n", i, err.text);
	}
}

static void test_a_bundle_without_signature_is_refused(void **state)
{
	const struct member members[] = { { "plan.json", '0', PLAN }, { 0 } };
	struct error err = { 0 };

	(void)state;
	assert_false(verify(members, &secret_key, NULL, &err));
	assert_non_null(strstr(err.text, "is not signed"));
}

/* Anything that was not signed, wherever it lies: also what we would pass over. */
static void test_a_file_more_is_refused(void **state)
{
	static const char *const names[] = { "data.json", "a/data.json", "x.rego", "README",
		".manifest", "a/.signatures.json", "policy.wasm" };
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const char *list = arena_printf(
		arena, "{\"signatures\":[\"%s\"]}", make_token(arena, HEADER, PAYLOAD));

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct member members[] = { { "plan.json", '0', PLAN },
			{ names[i], '0', "{}" }, { ".signatures.json", '0', list }, { 0 } };
		struct error err = { 0 };

		assert_false(verify(members, &secret_key, NULL, &err));
		assert_non_null(strstr(err.text, names[i]));
		assert_non_null(strstr(err.text, "not among the files"));
	}
}

/* ---- digests ---- */

static void test_digests_are_those_of_opa(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		const char *hash;
	} rows[] = {
		{ "a.rego", "package a\n",
			"7b39baa38a2ec2b8d111bbbd8e448e80226477ab40105d9d2123d4dc18067438" },
		{ "data.json",
			"{ \"b\" : [ 1.50 , -0, 1E3, [ ], {} , \"\\u003c\\u2028\\u2029\\u0000\\b"
			"\\f\\n\\t\\u007f\\\"\\\\/\\/\xc3\xa9\xf0\x9f\x98\x80\" ], \"a\":{\"z\":"
			"null,\"\xc3\xa9\":true,\"Z\":false,\"\":\"x\"} }\n",
			"93731542bd6d0489da1c8c28a54d6c9e10e84b995a56d3f9f03d64062ff6b84a" },
		{ "s/data.json", "{\"x\":12345678901234567890.123,\"y\":[{\"b\":1,\"a\":2}]}",
			"f076ebd4ec0a6853b08dd1b704a7a1c99838751b73cf5dc508ec6a1f2b908a19" },
		{ "s/data.json",
			"\n{\"y\" :\t[{\"a\":2,\"b\":1} ],\"x\":12345678901234567890.123 }",
			"f076ebd4ec0a6853b08dd1b704a7a1c99838751b73cf5dc508ec6a1f2b908a19" },
		{ ".manifest",
			"{\"revision\":\"r1\",\"roots\":[\"scimward\"],\"rego_version\":1,"
			"\"metadata\":{\"serial\":7}}",
			"6426045167c679b6128ed6c1ed8986004a217e26c23cbc763f82e02ae4c61260" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct tar_file file = { rows[i].name, rows[i].text, strlen(rows[i].text) };
		CLEANUP(buf_fini) struct buf hex = { 0 };
		unsigned char digest[SIGNATURE_DIGEST_BYTES];
		size_t size;

		assert_true(signature_hash(
			signature_digest_find("SHA-256"), &file, digest, &size, NULL));
		encode_hex(&hex, digest, size);

		assert_string_equal(hex.data, rows[i].hash);
	}
}

static void test_weak_digests_are_unknown(void **state)
{
	static const char *const weak[] = { "MD5", "SHA-1", "SHA-224", "SHA-512-224", "sha-256",
		"" };

	(void)state;
	for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++) {
		assert_null(signature_digest_find(weak[i]));
	}
	assert_non_null(signature_digest_find("SHA-512-256"));
}

/* Sorting an object reads what lies in it once more for each level: bounded. */
static void test_a_deep_document_costs_no_square(void **state)
{
	CLEANUP(buf_fini) struct buf text = { 0 };
	struct error err = { 0 };
	unsigned char digest[SIGNATURE_DIGEST_BYTES];
	size_t size;

	(void)state;
	for (int i = 0; i < 400; i++) {
		buf_append_text(&text, "{\"a\":");
	}
	buf_append_char(&text, '"');
	for (int i = 0; i < 100000; i++) {
		buf_append_char(&text, 'x');
	}
	buf_append_char(&text, '"');
	for (int i = 0; i < 400; i++) {
		buf_append_char(&text, '}');
	}
	const struct tar_file file = { "data.json", text.data, text.size };

	assert_false(signature_hash(signature_digest_find("SHA-256"), &file, digest, &size, &err));
	assert_int_equal(err.code, ERROR_TOO_LARGE);
}

static void test_a_document_that_is_none_has_no_digest(void **state)
{
	const struct tar_file file = { "data.json", "{\"a\":1,}", 8 };
	struct error err = { 0 };
	unsigned char digest[SIGNATURE_DIGEST_BYTES];
	size_t size;

	(void)state;
	assert_false(signature_hash(signature_digest_find("SHA-256"), &file, digest, &size, &err));
	assert_non_null(strstr(err.text, "data.json: line 1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_signed_bundle_is_accepted),
		cmocka_unit_test(test_the_key_is_named_by_header_or_payload_or_is_the_only_one),
		cmocka_unit_test(test_a_scope_must_be_the_one_of_the_key),
		cmocka_unit_test(test_a_token_that_lies_is_refused),
		cmocka_unit_test(test_a_changed_signature_is_refused),
		cmocka_unit_test(test_a_public_key_is_never_a_secret),
		cmocka_unit_test(test_a_list_of_signatures_that_is_none_is_refused),
		cmocka_unit_test(test_a_bundle_without_signature_is_refused),
		cmocka_unit_test(test_a_file_more_is_refused),
		cmocka_unit_test(test_digests_are_those_of_opa),
		cmocka_unit_test(test_weak_digests_are_unknown),
		cmocka_unit_test(test_a_deep_document_costs_no_square),
		cmocka_unit_test(test_a_document_that_is_none_has_no_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
