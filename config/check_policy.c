/* What is wrong with where policies come from. */
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "config/check_inside.h"
#include "config/config.h"
#include "config/endpoint.h"
#include "config/places.h"
#include "config/report.h"
#include "config/scalar.h"

/* A name that git could take for an option, a path of its own files or a pattern is none. */
static bool is_plain_ref(const char *ref)
{
	size_t size = strlen(ref);

	return strspn(ref, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-") ==
		       size &&
	       ref[0] != '-' && ref[0] != '/' && ref[0] != '.' && ref[size - 1] != '/' &&
	       ref[size - 1] != '.' && strstr(ref, "..") == NULL && strstr(ref, "//") == NULL;
}

static bool is_plain_folder(const char *folder)
{
	char around[1100];

	snprintf(around, sizeof(around), "/%s/", folder);
	return strstr(around, "/../") == NULL && strstr(around, "/./") == NULL &&
	       strstr(around, "//") == NULL && strpbrk(folder, ":\\\n") == NULL;
}

/* "policy.git.ref", and "policy.shadow.git.ref" of the candidate. */
static const char *path_in(struct checker *checker, const char *policy, const char *key)
{
	return arena_printf(config_report_arena(checker->report), "%s.%s", policy, key);
}

static void check_policy_git(
	struct checker *checker, const char *in, const struct config_policy_git *git)
{
	const struct {
		const char *key;
		bool is_set;
	} rows[] = {
		{ "git.ref", git->ref != NULL && strcmp(git->ref, "main") != 0 },
		{ "git.folder", git->folder != NULL },
		{ "git.user", git->user != NULL && strcmp(git->user, "git") != 0 },
		{ "git.require_signed", git->require_signed != NULL },
	};

	for (size_t i = 0; git->url == NULL && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].is_set) {
			check_complain(checker, path_in(checker, in, rows[i].key), NULL,
				"'%s.git.url' is missing beside it", in);
		}
	}
	if (git->ref != NULL && !is_plain_ref(git->ref)) {
		check_complain(checker, path_in(checker, in, "git.ref"),
			"for example main, or refs/tags/v1", "'%.100s' is no branch or tag",
			git->ref);
	}
	if (git->folder != NULL && !is_plain_folder(git->folder)) {
		check_complain(checker, path_in(checker, in, "git.folder"),
			"for example policy, or access/policy",
			"'%.100s' is no folder within the repository", git->folder);
	}
	if (git->user != NULL && strchr(git->user, ':') != NULL) {
		check_complain(checker, path_in(checker, in, "git.user"), NULL,
			"a user name may not hold ':'");
	}
}

/* "scimward/decision", as it stands in the path of a request. */
static bool is_plain_rule(const char *path)
{
	size_t size = strlen(path);

	return strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/") ==
		       size &&
	       path[0] != '/' && path[size - 1] != '/' && strstr(path, "//") == NULL;
}

static void check_policy_opa(struct checker *checker, const struct config_policy *policy)
{
	bool asks = policy->engine == CONFIG_ENGINE_OPA;
	bool has_url = config_place_find(checker->config->file, "policy.url") != NULL;

	if (asks != has_url) {
		check_complain(checker, asks ? "policy.engine" : "policy.url",
			asks ? "for example  url: http://127.0.0.1:8181" : "add  engine: opa",
			asks ? "'policy.url' is missing beside it"
			     : "means nothing without 'policy.engine: opa'");
	}
	if (policy->path != NULL && !is_plain_rule(policy->path)) {
		check_complain(checker, "policy.path", "for example scimward/decision",
			"'%.100s' is no path of a rule", policy->path);
	}
	if (asks && policy->url != NULL && !policy->allow_private &&
		config_is_plain_beyond_loopback(policy->url)) {
		check_complain(checker, "policy.url",
			"use https://, or allow_private: true in a network that you trust",
			"plain HTTP to an OPA server is allowed on loopback only; whoever answers "
			"for it decides");
	}
}

/* What only means something for one kind of source. */
static void check_policy_remote(
	struct checker *checker, const char *in, const struct config_policy *policy)
{
	bool asks = policy->engine == CONFIG_ENGINE_OPA && policy->url != NULL;
	bool remote = config_is_url(policy->bundle) || config_is_url(policy->git.url) ||
		      (asks && config_unix_socket(policy->url) == NULL);
	const struct {
		const char *key;
		bool is_set;
	} rows[] = {
		{ "token", policy->token != NULL && !asks },
		{ "ca", policy->ca != NULL },
		{ "allow_private", policy->allow_private },
	};

	for (size_t i = 0; !remote && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].is_set) {
			check_complain(checker, path_in(checker, in, rows[i].key), "remove it",
				"means nothing for a policy that lies on this machine");
		}
	}
	if (policy->poll.wait_ms > 0 && !config_is_url(policy->bundle)) {
		check_complain(checker, path_in(checker, in, "poll.wait"), "remove it",
			"long polling is for bundle servers alone");
	}
	if (policy->poll.min_ms > policy->poll.max_ms) {
		check_complain(checker, path_in(checker, in, "poll.min"), NULL,
			"'%s.poll.min' is larger than '%s.poll.max'", in, in);
	}
	if (policy->bundle != NULL && strncmp(policy->bundle, "http://", 7) == 0 &&
		!policy->allow_private) {
		check_complain(checker, path_in(checker, in, "bundle"),
			"use https://, or allow_private: true for a server on this machine",
			"plain HTTP to a bundle server needs '%s.allow_private: true'", in);
	}
	if (policy->git.url != NULL && strncmp(policy->git.url, "http://", 7) == 0) {
		check_complain(checker, path_in(checker, in, "git.url"), "use https://",
			"a repository is fetched over https, or from a path");
	}
}

/* The one of the three that is there; NULL: none. */
static const char *check_policy_kind(struct checker *checker, const char *in)
{
	static const char *const kinds[] = { "directory", "bundle", "git.url" };
	const char *first = NULL;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *kind = path_in(checker, in, kinds[i]);

		if (config_place_find(checker->config->file, kind) == NULL) {
			continue;
		}
		if (first != NULL) {
			check_complain(checker, kind, "remove one of the two",
				"either '%s' or '%s', not both", first, kind);
		}
		first = kind;
	}
	return first;
}

/* The candidate shares what is not about where it comes from. */
static void check_shadow(struct checker *checker)
{
	const struct config_policy *policy = &checker->config->policy;
	struct config_policy *shadow = &checker->config->shadow;
	const char *first = check_policy_kind(checker, "policy.shadow");

	if (first == NULL && shadow->scenarios != NULL) {
		check_complain(checker, "policy.shadow.scenarios",
			"for example  shadow: {directory: /etc/scimward/candidate}",
			"'policy.shadow.directory', 'policy.shadow.bundle' or 'policy.shadow.git' "
			"is "
			"missing: there is no candidate");
	}
	check_policy_git(checker, "policy.shadow", &shadow->git);
	check_policy_remote(checker, "policy.shadow", shadow);
	shadow->signers = policy->signers;
	shadow->signer_count = policy->signer_count;
	shadow->opa = policy->opa;
	shadow->opa_timeout_ms = policy->opa_timeout_ms;
	shadow->limits = policy->limits;
}

static void check_in_force(struct checker *checker)
{
	const struct config_policy *policy = &checker->config->policy;
	const char *first = check_policy_kind(checker, "policy");

	check_policy_opa(checker, policy);
	if (policy->engine == CONFIG_ENGINE_OPA && first != NULL) {
		check_complain(checker, first, "remove it, or 'policy.engine: opa'",
			"the OPA server has its policies from elsewhere; nothing would read '%s'",
			first);
	}
	if (policy->engine == CONFIG_ENGINE_OPA) {
		check_policy_remote(checker, "policy", policy);
		return;
	}
	if (first == NULL) {
		check_complain(checker, "policy",
			"for example  policy: {directory: /etc/scimward/policy}",
			"'policy.directory', 'policy.bundle' or 'policy.git' is missing: without a "
			"policy nothing may change");
		return;
	}
	check_policy_git(checker, "policy", &policy->git);
	check_policy_remote(checker, "policy", policy);
}

static void check_signers(struct checker *checker)
{
	const struct config_policy *policy = &checker->config->policy;

	for (size_t i = 0; i < policy->signer_count; i++) {
		const struct config_signer *signer = &policy->signers[i];
		bool shared = signer->algorithm != NULL && strncmp(signer->algorithm, "HS", 2) == 0;
		const char *path = check_path_of(checker, "signers", i, "name");

		if (signer->algorithm == NULL) {
			continue; /* that is said already */
		}
		if (shared ? signer->secret == NULL || signer->key != NULL
			   : signer->key == NULL || signer->secret != NULL) {
			check_complain(checker, path, NULL,
				"a signer with %s has a '%s' and no '%s'", signer->algorithm,
				shared ? "secret" : "key", shared ? "key" : "secret");
		}
		for (size_t j = 0; j < i && signer->name != NULL; j++) {
			if (policy->signers[j].name != NULL &&
				strcmp(signer->name, policy->signers[j].name) == 0) {
				check_complain(checker, path, NULL,
					"the signer '%s' stands here a second time", signer->name);
			}
		}
	}
	if (policy->signer_count > 0 && policy->bundle == NULL &&
		checker->config->shadow.bundle == NULL) {
		check_complain(checker, "signers", "git has policy.git.require_signed",
			"only bundles are signed like this, and 'policy.bundle' is not set");
	}
}

void check_policy(struct checker *checker)
{
	check_in_force(checker);
	check_shadow(checker);
	check_signers(checker);
}
