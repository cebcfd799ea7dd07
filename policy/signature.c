#include "policy/signature.h"

#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/value.h"
#include "policy/builtin_jws.h"
#include "policy/bundle.h"
#include "policy/signature_hash.h"
#include "policy/tar.h"
#include "policy/worker.h"

#define TOKEN_BYTES ((size_t)16 << 20)
#define STEPS (UINT64_MAX / 4) /* what is verified here is bounded by its size */

static bool refuse(struct error *err, const char *why)
{
	return error_set(err, ERROR_POLICY, ".signatures.json: %s", why);
}

/* ---- the token: header.payload.signature (RFC 7515, section 7.1) ---- */

struct token {
	struct span message;   /* "header.payload": what is signed */
	struct span signature; /* decoded */
	const struct value *header;
	const struct value *payload;
};

static bool decode_part(
	struct arena *arena, const char *text, size_t size, struct span *bytes, struct error *err)
{
	CLEANUP(buf_fini) struct buf buf = { 0 };

	if (!decode_base64url(&buf, text, size)) {
		return refuse(err, "the token is no base64url");
	}
	*bytes = (struct span){ arena_text(arena, buf_text(&buf), buf.size), buf.size };
	return true;
}

static const struct value *decode_object(
	struct arena *arena, const char *text, size_t size, struct error *err)
{
	static const struct value_limits limits = {
		.bytes = TOKEN_BYTES, .depth = 16, .values = 1000000
	};
	const struct value *object;
	struct span json;

	if (!decode_part(arena, text, size, &json, err)) {
		return NULL;
	}
	object = value_parse(arena, json.at, json.size, &limits, err);
	if (object == NULL) {
		error_wrap(err, ".signatures.json: the token");
	} else if (!value_is(object, VALUE_OBJECT)) {
		refuse(err, "a part of the token is no object");
		object = NULL;
	}
	return object;
}

static bool read_token(
	struct arena *arena, const char *text, struct token *token, struct error *err)
{
	const char *first = strchr(text, '.');
	const char *second = first != NULL ? strchr(first + 1, '.') : NULL;

	if (second == NULL || strchr(second + 1, '.') != NULL) {
		return refuse(err, "the token has not three parts");
	}
	token->message = (struct span){ text, (size_t)(second - text) };
	token->header = decode_object(arena, text, (size_t)(first - text), err);
	if (token->header == NULL) {
		return false;
	}
	token->payload = decode_object(arena, first + 1, (size_t)(second - first - 1), err);
	return token->payload != NULL &&
	       decode_part(arena, second + 1, strlen(second + 1), &token->signature, err);
}

static bool find_token(struct arena *arena, const struct policy_bundle *bundle, struct token *token,
	struct error *err)
{
	static const struct value_limits limits = {
		.bytes = TOKEN_BYTES, .depth = 16, .values = 1000
	};
	const struct tar_file *file = policy_bundle_find(bundle, ".signatures.json");
	const struct value *list;

	if (file == NULL) {
		return error_set(err, ERROR_POLICY,
			"the bundle is not signed, and the configuration (signers) demands it; "
			"sign it with `opa "
			"build "
			"--signing-key`");
	}
	list = value_parse(arena, file->bytes, file->size, &limits, err);
	if (list == NULL) {
		return error_wrap(err, "%s", file->name);
	}
	list = value_find(list, "signatures");
	if (!value_is(list, VALUE_ARRAY) || value_count(list) != 1 ||
		!value_is(value_at(list, 0), VALUE_STRING)) {
		return refuse(err, "must hold exactly one signature");
	}
	return read_token(arena, value_text(value_at(list, 0)), token, err);
}

/* ---- the key ---- */

static const struct policy_key *find_key(
	const struct policy_signing *signing, const struct token *token, struct error *err)
{
	const char *id = value_find_text(token->header, "kid");

	if (id == NULL) {
		id = value_find_text(token->payload, "keyid"); /* OPA's older place for it */
	}
	if (id == NULL && signing->key_count == 1) {
		return &signing->keys[0];
	}
	for (size_t i = 0; id != NULL && i < signing->key_count; i++) {
		if (strcmp(signing->keys[i].id, id) == 0) {
			return &signing->keys[i];
		}
	}
	/* `opa build` names its key "default" whatever the key is called here. */
	if (id != NULL && strcmp(id, "default") == 0 && signing->key_count == 1) {
		return &signing->keys[0];
	}
	error_set(err, ERROR_POLICY,
		".signatures.json: signed with the key '%.100s', which is none of the signers",
		id != NULL ? id : "(not named)");
	return NULL;
}

bool policy_signature_knows(const char *algorithm)
{
	return jws_algorithm_of((struct span){ algorithm, strlen(algorithm) }) != NULL;
}

/* Our keys and tokens through the code that io.jwt.* uses, which wants a worker. */
static bool verify_with_worker(struct policy_worker *worker, const struct policy_key *key,
	const struct token *token, struct error *err)
{
	struct policy_context *context = &worker->context;
	const struct jws_algorithm *algorithm =
		jws_algorithm_of((struct span){ key->algorithm, strlen(key->algorithm) });
	const struct key secret = { .kind = KEY_SECRET, .secret = { key->text, key->size } };
	const struct key_set *set = NULL;

	if (strncmp(key->algorithm, "HS", 2) != 0) {
		set = key_set_of_text(context, (struct span){ key->text, key->size });
		if (set == NULL || set->count != 1) {
			return error_set(err, ERROR_CONFIG,
				"signers: '%s' is no public key or certificate in PEM and no "
				"JSON Web "
				"Key%s%s",
				key->id, set == NULL ? ": " : "",
				set == NULL ? worker->builtin_error : "");
		}
	}
	/* Loose: OPA salts PS signatures as long as the key allows. */
	return jws_verify(context, set != NULL ? &set->keys[0] : &secret, algorithm, JWS_LOOSE,
		       token->message, token->signature) ||
	       error_set(err, ERROR_POLICY,
		       ".signatures.json: the signature is not one of the key '%s' (%s)", key->id,
		       key->algorithm);
}

static bool verify_token(struct arena *arena, const struct policy_key *key,
	const struct token *token, struct error *err)
{
	CLEANUP(policy_worker_cleanup) struct policy_worker *worker = policy_worker_new();
	const char *algorithm = value_find_text(token->header, "alg");
	struct policy_failure failure;

	if (algorithm == NULL || strcmp(algorithm, key->algorithm) != 0) {
		return error_set(err, ERROR_POLICY,
			".signatures.json: signed with %.20s, but the key '%s' is for %s",
			algorithm != NULL ? algorithm : "(nothing)", key->id, key->algorithm);
	}
	if (value_find(token->header, "crit") != NULL) { /* RFC 7515, section 4.1.11 */
		return refuse(err, "the token demands extensions (crit) that are not known here");
	}
	worker->context = (struct policy_context){
		.arena = arena, .charge.left = STEPS, .bytes_end = SIZE_MAX
	};
	worker->budget = &policy_budget_default;
	worker->failure = &failure;
	worker->deadline_us = INT64_MAX;
	if (setjmp(worker->exit) != 0) { /* not reached: the budget is without end */
		return refuse(err, failure.text);
	}
	return verify_with_worker(worker, key, token, err);
}

static bool check_scope(
	const struct policy_key *key, const struct value *payload, struct error *err)
{
	const char *scope = value_find_text(payload, "scope");
	const char *wanted = key->scope != NULL ? key->scope : "";

	return strcmp(scope != NULL ? scope : "", wanted) == 0 ||
	       error_set(err, ERROR_POLICY,
		       ".signatures.json: signed for the scope '%.100s', but the signer wants "
		       "'%s'",
		       scope != NULL ? scope : "", wanted);
}

/* ---- the files ---- */

static bool check_file(const struct tar_file *file, const struct value *listed, struct error *err)
{
	const char *algorithm = value_find_text(listed, "algorithm");
	const char *hash = value_find_text(listed, "hash");
	const struct signature_digest *digest =
		algorithm != NULL ? signature_digest_find(algorithm) : NULL;
	CLEANUP(buf_fini) struct buf wanted = { 0 };
	unsigned char found[SIGNATURE_DIGEST_BYTES];
	size_t size;

	if (digest == NULL) {
		return error_set(err, ERROR_POLICY,
			".signatures.json: %s is hashed with '%.20s'; SHA-256 or stronger is "
			"needed",
			file->name, algorithm != NULL ? algorithm : "");
	}
	if (!signature_hash(digest, file, found, &size, err)) {
		return false;
	}
	if (hash == NULL || !decode_hex(&wanted, hash, strlen(hash)) || wanted.size != size ||
		memcmp(wanted.data, found, size) != 0) {
		return error_set(err, ERROR_POLICY, "%s is not what was signed", file->name);
	}
	return true;
}

/* Name → row of the list. NULL: reported. */
static const struct value *index_files(
	struct arena *arena, const struct value *list, struct error *err)
{
	struct value_builder names = { .arena = arena };
	const struct value *index;

	if (!value_is(list, VALUE_ARRAY)) {
		refuse(err, "the token lists no files");
		return NULL;
	}
	for (size_t i = 0; i < value_count(list); i++) {
		const struct value *name = value_find(value_at(list, i), "name");

		if (!value_is(name, VALUE_STRING)) {
			refuse(err, "a listed file has no name");
			return NULL;
		}
		value_add_key(&names, name, value_at(list, i));
	}
	index = value_finish_object(&names);
	if (value_count(index) != value_count(list)) {
		refuse(err, "a file is listed twice");
		return NULL;
	}
	return index;
}

static bool check_files(struct arena *arena, const struct policy_bundle *bundle,
	const struct value *payload, struct error *err)
{
	const struct value *index = index_files(arena, value_find(payload, "files"), err);

	if (index == NULL) {
		return false;
	}
	for (size_t i = 0; i < bundle->file_count; i++) {
		const struct tar_file *file = &bundle->files[i];
		const struct value *listed = value_find(index, file->name);

		if (strcmp(file->name, ".signatures.json") == 0) {
			continue;
		}
		if (listed == NULL) {
			return error_set(err, ERROR_POLICY,
				"%s is not among the files that were signed", file->name);
		}
		if (!check_file(file, listed, err)) {
			return false;
		}
	}
	for (size_t i = 0; i < value_count(index); i++) {
		const char *name = value_text(value_member_at(index, i)->key);

		if (policy_bundle_find(bundle, name) == NULL) {
			return error_set(err, ERROR_POLICY,
				"%.200s was signed and is not in the bundle", name);
		}
	}
	return true;
}

bool policy_signature_verify(const struct policy_bundle *bundle,
	const struct policy_signing *signing, const char **key_id, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct token token;
	const struct policy_key *key;

	if (!find_token(arena, bundle, &token, err)) {
		return false;
	}
	key = find_key(signing, &token, err);
	if (key == NULL || !verify_token(arena, key, &token, err) ||
		!check_scope(key, token.payload, err) ||
		!check_files(arena, bundle, token.payload, err)) {
		return false;
	}
	if (key_id != NULL) {
		*key_id = key->id;
	}
	return true;
}
