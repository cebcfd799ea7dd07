#include "gateway/policy_gate_inside.h"

#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"
#include "config/config.h"
#include "config/scalar.h"
#include "gateway/policy_download.h"
#include "gateway/policy_git.h"
#include "policy/signature.h"
#include "policy/tar.h"

enum { COMMIT_SHOWN = 12, LABEL_SHOWN = 40, KEY_BYTES = 64 * 1024 };
#define BUNDLE_BYTES ((size_t)256 << 20)

bool policy_gate_need_scratch(struct policy_gate *gate, struct error *err)
{
	return gate->scratch[0] != '\0' ||
	       policy_scratch_make(gate->scratch, sizeof(gate->scratch), err);
}

/* ---- fetch ---- */

static int64_t fetch_timeout(const struct policy_gate *gate)
{
	int64_t all = gate->config->timeout_ms > 0 ? gate->config->timeout_ms : 60000;

	return gate->timeout_ms > 0 && gate->timeout_ms < all ? gate->timeout_ms : all;
}

static struct policy_git git_of(const struct policy_gate *gate)
{
	return (struct policy_git){
		.config = gate->config,
		.folder = gate->git_folder,
		.timeout_ms = fetch_timeout(gate),
		.cancelled = gate->cancelled,
	};
}

static bool fetch_git(struct policy_gate *gate, struct error *err)
{
	struct policy_git git;
	char commit[POLICY_COMMIT_BYTES];

	if (gate->state == NULL && !policy_gate_need_scratch(gate, err)) {
		return false;
	}
	gate->git_folder = gate->state != NULL ? gate->state
					       : arena_printf(gate->arena, "%s/git", gate->scratch);
	git = git_of(gate);
	if (!policy_git_fetch(&git, gate->arena, commit, err)) {
		return error_wrap(err, "%s", gate->config->git.url);
	}
	gate->found.commit = arena_strdup(gate->arena, commit);
	gate->new_seen = gate->found.commit;
	gate->label = arena_printf(gate->arena, "git:%.*s", COMMIT_SHOWN, commit);
	return true;
}

/* What tells one download from the next when the server gives no ETag. */
static const char *name_bytes(struct arena *arena, const void *bytes, size_t size)
{
	CLEANUP(buf_fini) struct buf hex = { 0 };
	uint8_t digest[DIGEST_BYTES];

	digest_sha256(bytes, size, digest);
	encode_hex(&hex, digest, sizeof(digest));
	return arena_printf(arena, "sha256:%s", hex.data);
}

static bool download(struct policy_gate *gate, struct error *err)
{
	bool has_etag = gate->seen != NULL && strncmp(gate->seen, "sha256:", 7) != 0;
	struct policy_download download = {
		.config = gate->config,
		.etag = has_etag ? gate->seen : NULL,
		.timeout_ms = fetch_timeout(gate),
		.wait_ms = has_etag ? gate->wait_ms : 0,
		.cancelled = gate->cancelled,
	};
	bool ok = policy_download(&download, gate->arena, err);

	gate->holds = download.holds;
	gate->retry_after_s = download.retry_after_s;
	if (!ok) {
		return false;
	}
	gate->bytes = download.bytes;
	gate->size = download.size;
	gate->new_seen = download.unchanged ? gate->seen
			 : download.new_etag != NULL
				 ? download.new_etag
				 : name_bytes(gate->arena, download.bytes, download.size);
	return true;
}

static bool read_bundle_file(struct policy_gate *gate, struct error *err)
{
	CLEANUP(buf_fini) struct buf bytes = { 0 };

	if (!file_read(gate->config->bundle, BUNDLE_BYTES, &bytes, err)) {
		return false;
	}
	gate->bytes = arena_text(gate->arena, buf_text(&bytes), bytes.size);
	gate->size = bytes.size;
	return true;
}

bool policy_gate_fetch(struct policy_gate *gate, struct error *err)
{
	const struct config_policy *config = gate->config;
	bool ok;

	if (config->engine == CONFIG_ENGINE_OPA) {
		return error_set(err, ERROR_CONFIG,
			"policy.engine is opa: the policy lies with %s, not here; name a folder or "
			"a bundle",
			config->url);
	}
	if (config->directory != NULL) {
		ok = policy_tree_read(gate->arena, config->directory, &gate->tree, err);
	} else if (config->git.url != NULL) {
		ok = fetch_git(gate, err);
	} else if (config_is_url(config->bundle)) {
		ok = download(gate, err);
	} else {
		ok = read_bundle_file(gate, err);
	}
	gate->reached = ok;
	gate->unchanged = ok && gate->seen != NULL && gate->new_seen != NULL &&
			  strcmp(gate->seen, gate->new_seen) == 0;
	return ok;
}

/* ---- open, signature, unpack ---- */

bool policy_gate_open(struct policy_gate *gate, struct error *err)
{
	return gate->config->bundle == NULL ||
	       policy_bundle_open(gate->arena, gate->bytes, gate->size, NULL, &gate->bundle, err);
}

/* Read at each load, so that keys can be changed without a restart. */
static bool read_key(struct arena *arena, const struct config_signer *signer,
	struct policy_key *key, struct error *err)
{
	CLEANUP(buf_fini) struct buf text = { 0 };

	*key = (struct policy_key){
		.id = signer->name, .algorithm = signer->algorithm, .scope = signer->scope
	};
	if (signer->secret != NULL) {
		key->text = secret_reveal(signer->secret);
		key->size = strlen(key->text);
		return true;
	}
	if (!file_read(signer->key, KEY_BYTES, &text, err)) {
		return error_wrap(err, "signer '%s'", signer->name);
	}
	key->text = arena_text(arena, buf_text(&text), text.size);
	key->size = text.size;
	return true;
}

static bool verify_bundle(struct policy_gate *gate, struct error *err)
{
	struct policy_key *keys =
		arena_calloc(gate->arena, gate->config->signer_count + 1, sizeof(*keys));
	const struct policy_signing signing = { .keys = keys,
		.key_count = gate->config->signer_count };

	for (size_t i = 0; i < gate->config->signer_count; i++) {
		if (!read_key(gate->arena, &gate->config->signers[i], &keys[i], err)) {
			return false;
		}
	}
	return policy_signature_verify(&gate->bundle, &signing, NULL, err);
}

bool policy_gate_signature(struct policy_gate *gate, struct error *err)
{
	struct policy_git git;

	if (gate->config->git.require_signed != NULL) {
		git = git_of(gate);
		return policy_git_verify(&git, gate->arena, gate->found.commit, err);
	}
	if (gate->config->bundle == NULL || gate->config->signer_count > 0) {
		return gate->config->bundle == NULL || verify_bundle(gate, err);
	}
	/* As OPA does: who signs wants somebody to look. Tools without a configuration cannot. */
	return !gate->bundle.is_signed || gate->whole == NULL ||
	       error_set(err, ERROR_POLICY,
		       "the bundle is signed, and the configuration names no signer to hold it "
		       "against; add its key to `signers`");
}

static bool take_bundle_files(struct policy_gate *gate, struct error *err)
{
	for (size_t i = 0; i < gate->bundle.file_count; i++) {
		const struct tar_file *file = &gate->bundle.files[i];

		if (policy_tree_wants(file->name) &&
			!policy_tree_add(gate->arena, &gate->tree, file->name, file->bytes,
				file->size, err)) {
			return false;
		}
	}
	return true;
}

/* The manifest's revision is anybody's text; decisions and metrics carry it. */
static const char *label_of_bundle(struct arena *arena, const char *revision)
{
	CLEANUP(buf_fini) struct buf label = { 0 };

	buf_append_text(&label, "bundle:");
	for (size_t i = 0; i < LABEL_SHOWN && revision[i] != '\0'; i++) {
		bool plain = strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789._:/+-",
				     revision[i]) != NULL;
		buf_append_char(&label, plain ? revision[i] : '_');
	}
	return arena_text(arena, label.data, label.size);
}

bool policy_gate_unpack(struct policy_gate *gate, struct error *err)
{
	struct policy_git git;

	if (gate->config->git.url != NULL) {
		git = git_of(gate);
		return policy_git_read(&git, gate->arena, gate->found.commit, &gate->tree, err);
	}
	if (gate->config->bundle == NULL) {
		return true;
	}
	gate->found.serial = gate->bundle.manifest.serial;
	if (gate->bundle.manifest.revision[0] != '\0') {
		gate->label = label_of_bundle(gate->arena, gate->bundle.manifest.revision);
	}
	return take_bundle_files(gate, err);
}

/* ---- order: nothing older than what was in force ---- */

static bool older(const struct error *why, struct error *err)
{
	return error_set(err, ERROR_POLICY,
		"%s; `scimward policy reload --allow-older` takes it all the same", why->text);
}

static bool check_serial(const struct policy_gate *gate, struct error *err)
{
	int64_t last = gate->last->serial;
	int64_t now = gate->found.serial;
	struct error why = { 0 };

	if (last < 0 || now > last ||
		(now == last && strcmp(gate->found.digest, gate->last->digest) == 0)) {
		return true;
	}
	if (now < 0) {
		error_set(&why, ERROR_POLICY,
			"the bundle has no metadata.serial, and the one in force has %lld",
			(long long)last);
	} else if (now == last) {
		error_set(&why, ERROR_POLICY,
			"the bundle has the serial %lld of the one in force, and other content",
			(long long)now);
	} else {
		error_set(&why, ERROR_POLICY,
			"the bundle has the serial %lld, the one in force %lld", (long long)now,
			(long long)last);
	}
	return older(&why, err);
}

bool policy_gate_order(struct policy_gate *gate, struct error *err)
{
	struct policy_git git;
	struct error problem = { 0 };

	if (gate->last == NULL || gate->allow_older) {
		return true;
	}
	if (gate->config->git.url == NULL || gate->last->commit == NULL) {
		return gate->config->bundle == NULL || check_serial(gate, err);
	}
	git = git_of(gate);
	if (policy_git_descends(
		    &git, gate->arena, gate->last->commit, gate->found.commit, &problem)) {
		return true;
	}
	return problem.code == ERROR_POLICY ? older(&problem, err)
					    : error_set(err, problem.code, "%s", problem.text);
}
