#include "config/check.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "config/config.h"
#include "config/endpoint.h"
#include "config/load.h"
#include "config/places.h"
#include "config/report.h"
#include "config/scalar.h"

struct checker {
	struct config *config;
	struct config_report *report;
	bool ok;
};

/* A problem at the place of path, or of the file as a whole. hint may be NULL. */
__attribute__((format(printf, 4, 5))) static void complain(
	struct checker *checker, const char *path, const char *hint, const char *format, ...)
{
	const struct config_place *found = config_place_find(checker->config->file, path);
	struct config_place place = { .path = path };
	char message[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	checker->ok = config_file_complain(checker->config->file, checker->report,
		found != NULL ? found : &place, message, hint);
}

static const char *path_of(struct checker *checker, const char *list, size_t index, const char *key)
{
	return arena_printf(config_report_arena(checker->report), "%s[%zu].%s", list, index, key);
}

static void check_listen(struct checker *checker)
{
	const struct config_listen *listen = &checker->config->listen;
	char host[256];
	uint16_t port;

	if ((listen->tls.certificate == NULL) != (listen->tls.key == NULL)) {
		bool key = listen->tls.key == NULL;
		complain(checker, key ? "listen.tls.certificate" : "listen.tls.key", NULL,
			"'listen.tls.%s' is missing beside it", key ? "key" : "certificate");
	}
	if (listen->address != NULL && listen->tls.certificate == NULL && listen->tls.key == NULL &&
		!listen->insecure &&
		config_parse_address(listen->address, host, sizeof(host), &port) &&
		!config_is_loopback(host)) {
		complain(checker, "listen.address",
			"set listen.tls, or listen.insecure: true behind a proxy that ends TLS",
			"plain HTTP is allowed on loopback only, tokens would cross the network in "
			"clear");
	}
}

static void check_admin(struct checker *checker)
{
	const char *address = checker->config->admin.address;
	char host[256];
	uint16_t port;

	if (address != NULL && config_parse_address(address, host, sizeof(host), &port) &&
		!config_is_loopback(host)) {
		complain(checker, "admin.address",
			"use 127.0.0.1 and a tunnel or proxy, or \"\" for none",
			"the admin API speaks plain HTTP without a login: loopback only");
	}
}

static bool is_inside(const char *path, const char *folder)
{
	size_t size = strlen(folder);

	while (size > 1 && folder[size - 1] == '/') {
		size--;
	}
	return strncmp(path, folder, size) == 0 && path[size] == '/';
}

static void check_journal(struct checker *checker)
{
	const struct config_journal *journal = &checker->config->journal;
	const char *origin = journal->origin;

	/* C2SP signed-note: a key name has no Unicode space and no plus; ASCII keeps verifiers out
	 * of doubt. */
	if (origin != NULL) {
		for (const unsigned char *at = (const unsigned char *)origin; *at != '\0'; at++) {
			if (*at <= 0x20 || *at >= 0x7f || *at == '+') {
				complain(checker, "journal.origin",
					"for example scimward.example.com/journal",
					"an origin holds neither spaces nor '+', and only ASCII");
				break;
			}
		}
		if (strstr(origin, "://") != NULL) {
			complain(checker, "journal.origin",
				"for example scimward.example.com/journal",
				"an origin has no scheme");
		}
	}
	if (journal->key != NULL && journal->directory != NULL &&
		is_inside(journal->key, journal->directory)) {
		complain(checker, "journal.key", "put it beside the directory",
			"the private key lies inside the journal's directory, which is published");
	}
}

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

static void check_policy_git(struct checker *checker, const struct config_policy_git *git)
{
	const struct {
		const char *path;
		bool is_set;
	} rows[] = {
		{ "policy.git.ref", git->ref != NULL && strcmp(git->ref, "main") != 0 },
		{ "policy.git.folder", git->folder != NULL },
		{ "policy.git.user", git->user != NULL && strcmp(git->user, "git") != 0 },
		{ "policy.git.require_signed", git->require_signed != NULL },
	};

	for (size_t i = 0; git->url == NULL && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].is_set) {
			complain(checker, rows[i].path, NULL,
				"'policy.git.url' is missing beside it");
		}
	}
	if (git->ref != NULL && !is_plain_ref(git->ref)) {
		complain(checker, "policy.git.ref", "for example main, or refs/tags/v1",
			"'%.100s' is no branch or tag", git->ref);
	}
	if (git->folder != NULL && !is_plain_folder(git->folder)) {
		complain(checker, "policy.git.folder", "for example policy, or access/policy",
			"'%.100s' is no folder within the repository", git->folder);
	}
	if (git->user != NULL && strchr(git->user, ':') != NULL) {
		complain(checker, "policy.git.user", NULL, "a user name may not hold ':'");
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
		complain(checker, asks ? "policy.engine" : "policy.url",
			asks ? "for example  url: http://127.0.0.1:8181" : "add  engine: opa",
			asks ? "'policy.url' is missing beside it"
			     : "means nothing without 'policy.engine: opa'");
	}
	if (policy->path != NULL && !is_plain_rule(policy->path)) {
		complain(checker, "policy.path", "for example scimward/decision",
			"'%.100s' is no path of a rule", policy->path);
	}
	if (asks && policy->url != NULL && !policy->allow_private &&
		config_is_plain_beyond_loopback(policy->url)) {
		complain(checker, "policy.url",
			"use https://, or allow_private: true in a network that you trust",
			"plain HTTP to an OPA server is allowed on loopback only; whoever answers "
			"for it decides");
	}
}

/* What only means something for one kind of source. */
static void check_policy_remote(struct checker *checker, const struct config_policy *policy)
{
	bool asks = policy->engine == CONFIG_ENGINE_OPA && policy->url != NULL;
	bool remote = config_is_url(policy->bundle) || config_is_url(policy->git.url) ||
		      (asks && config_unix_socket(policy->url) == NULL);
	const struct {
		const char *path;
		bool is_set;
	} rows[] = {
		{ "policy.token", policy->token != NULL && !asks },
		{ "policy.ca", policy->ca != NULL },
		{ "policy.allow_private", policy->allow_private },
	};

	for (size_t i = 0; !remote && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].is_set) {
			complain(checker, rows[i].path, "remove it",
				"means nothing for a policy that lies on this machine");
		}
	}
	if (policy->poll.wait_ms > 0 && !config_is_url(policy->bundle)) {
		complain(checker, "policy.poll.wait", "remove it",
			"long polling is for bundle servers alone");
	}
	if (policy->poll.min_ms > policy->poll.max_ms) {
		complain(checker, "policy.poll.min", NULL,
			"'policy.poll.min' is larger than 'policy.poll.max'");
	}
	if (policy->bundle != NULL && strncmp(policy->bundle, "http://", 7) == 0 &&
		!policy->allow_private) {
		complain(checker, "policy.bundle",
			"use https://, or allow_private: true for a server on this machine",
			"plain HTTP to a bundle server needs 'policy.allow_private: true'");
	}
	if (policy->git.url != NULL && strncmp(policy->git.url, "http://", 7) == 0) {
		complain(checker, "policy.git.url", "use https://",
			"a repository is fetched over https, or from a path");
	}
}

static void check_policy(struct checker *checker)
{
	const struct config_policy *policy = &checker->config->policy;
	static const char *const kinds[] = { "policy.directory", "policy.bundle",
		"policy.git.url" };
	const char *first = NULL;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (config_place_find(checker->config->file, kinds[i]) == NULL) {
			continue;
		}
		if (first != NULL) {
			complain(checker, kinds[i], "remove one of the two",
				"either '%s' or '%s', not both", first, kinds[i]);
		}
		first = kinds[i];
	}
	check_policy_opa(checker, policy);
	if (policy->engine == CONFIG_ENGINE_OPA && first != NULL) {
		complain(checker, first, "remove it, or 'policy.engine: opa'",
			"the OPA server has its policies from elsewhere; nothing would read '%s'",
			first);
	}
	if (policy->engine == CONFIG_ENGINE_OPA) {
		check_policy_remote(checker, policy);
		return;
	}
	if (first == NULL) {
		complain(checker, "policy",
			"for example  policy: {directory: /etc/scimward/policy}",
			"'policy.directory', 'policy.bundle' or 'policy.git' is missing: without a "
			"policy nothing may change");
		return;
	}
	check_policy_git(checker, &policy->git);
	check_policy_remote(checker, policy);
}

static void check_signers(struct checker *checker)
{
	const struct config_policy *policy = &checker->config->policy;

	for (size_t i = 0; i < policy->signer_count; i++) {
		const struct config_signer *signer = &policy->signers[i];
		bool shared = signer->algorithm != NULL && strncmp(signer->algorithm, "HS", 2) == 0;
		const char *path = path_of(checker, "signers", i, "name");

		if (signer->algorithm == NULL) {
			continue; /* that is said already */
		}
		if (shared ? signer->secret == NULL || signer->key != NULL
			   : signer->key == NULL || signer->secret != NULL) {
			complain(checker, path, NULL, "a signer with %s has a '%s' and no '%s'",
				signer->algorithm, shared ? "secret" : "key",
				shared ? "key" : "secret");
		}
		for (size_t j = 0; j < i && signer->name != NULL; j++) {
			if (policy->signers[j].name != NULL &&
				strcmp(signer->name, policy->signers[j].name) == 0) {
				complain(checker, path, NULL,
					"the signer '%s' stands here a second time", signer->name);
			}
		}
	}
	if (policy->signer_count > 0 && policy->bundle == NULL) {
		complain(checker, "signers", "git has policy.git.require_signed",
			"only bundles are signed like this, and 'policy.bundle' is not set");
	}
}

/* Where one name could be taken for another, authority leaks: sources and apps share one space of
 * names. */
static void check_names(struct checker *checker)
{
	const struct config *config = checker->config;

	for (size_t i = 0; i < config->source_count; i++) {
		for (size_t j = 0; j < i && config->sources[i].name != NULL; j++) {
			const char *other = config->sources[j].name;
			if (other != NULL && strcmp(config->sources[i].name, other) == 0) {
				complain(checker, path_of(checker, "sources", i, "name"), NULL,
					"the source '%s' stands here a second time", other);
			}
		}
	}
	for (size_t i = 0; i < config->app_count; i++) {
		const char *name = config->apps[i].name;
		for (size_t j = 0; j < i && name != NULL; j++) {
			if (config->apps[j].name != NULL &&
				strcmp(name, config->apps[j].name) == 0) {
				complain(checker, path_of(checker, "apps", i, "name"), NULL,
					"the app '%s' stands here a second time", name);
			}
		}
		for (size_t j = 0; j < config->source_count && name != NULL; j++) {
			const char *other = config->sources[j].name;
			if (other != NULL && strcmp(name, other) == 0) {
				complain(checker, path_of(checker, "apps", i, "name"), NULL,
					"a source is called '%s' as well", name);
			}
		}
	}
}

static bool same_token(const struct config_source *a, const struct config_source *b)
{
	for (size_t i = 0; i < a->token_count; i++) {
		for (size_t j = 0; j < b->token_count; j++) {
			if (memcmp(&a->tokens[i], &b->tokens[j], sizeof(a->tokens[i])) == 0) {
				return true;
			}
		}
	}
	return false;
}

/* A token names one source; two with the same token would be a guess. */
static void check_tokens(struct checker *checker)
{
	const struct config *config = checker->config;

	for (size_t i = 0; i < config->source_count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (same_token(&config->sources[i], &config->sources[j])) {
				complain(checker, path_of(checker, "sources", i, "token_sha256"),
					NULL, "another source has the same token");
			}
		}
	}
}

static void check_oauth(struct checker *checker, size_t index, const struct config_app *app)
{
	const struct config_oauth *oauth = &app->oauth;
	bool any = oauth->token_url != NULL || oauth->client_id != NULL ||
		   oauth->client_secret != NULL || oauth->scope != NULL;

	if (any && (oauth->token_url == NULL || oauth->client_id == NULL ||
			   oauth->client_secret == NULL)) {
		complain(checker, path_of(checker, "apps", index, "name"), NULL,
			"'oauth' needs token_url, client_id and client_secret");
	}
	if (any && app->token != NULL) {
		complain(checker, path_of(checker, "apps", index, "token"), "remove one of the two",
			"either 'token' or 'oauth', not both");
	}
}

static void check_app(struct checker *checker, size_t index)
{
	const struct config_app *app = &checker->config->apps[index];
	const struct {
		const char *key;
		const char *url;
	} urls[] = { { "url", app->url }, { "oauth.token_url", app->oauth.token_url } };

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		if (urls[i].url != NULL && strncmp(urls[i].url, "http://", 7) == 0 &&
			!app->allow_private) {
			complain(checker, path_of(checker, "apps", index, urls[i].key),
				"use https://, or allow_private: true for an app on this machine",
				"plain HTTP to an app needs 'allow_private: true'");
		}
	}
	check_oauth(checker, index, app);
	if (app->retry.base_ms > app->retry.cap_ms) {
		complain(checker, path_of(checker, "apps", index, "retry.base"), NULL,
			"'retry.base' is larger than 'retry.cap'");
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t tenant_index(const struct config *config, const char *name)
{
	const char **found = bsearch(
		&name, config->tenants, config->tenant_count, sizeof(config->tenants[0]), by_name);

	return found != NULL ? (size_t)(found - config->tenants) : 0;
}

static void gather_tenants(struct config *config)
{
	size_t all = config->source_count + config->app_count;
	const char **names = arena_calloc(config->file->arena, all + 1, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < config->source_count; i++) {
		names[i] = config->sources[i].tenant;
	}
	for (size_t i = 0; i < config->app_count; i++) {
		names[config->source_count + i] = config->apps[i].tenant;
	}
	if (all > 0) {
		qsort(names, all, sizeof(*names), by_name);
	}
	for (size_t i = 0; i < all; i++) {
		if (count == 0 || strcmp(names[count - 1], names[i]) != 0) {
			names[count++] = names[i];
		}
	}
	config->tenants = names;
	config->tenant_count = count;
	for (size_t i = 0; i < config->source_count; i++) {
		config->sources[i].tenant_index = tenant_index(config, config->sources[i].tenant);
	}
	for (size_t i = 0; i < config->app_count; i++) {
		config->apps[i].tenant_index = tenant_index(config, config->apps[i].tenant);
	}
}

bool config_check(struct config *config, struct config_report *report)
{
	struct checker checker = { .config = config, .report = report, .ok = true };

	check_listen(&checker);
	check_admin(&checker);
	check_journal(&checker);
	check_policy(&checker);
	check_signers(&checker);
	check_names(&checker);
	check_tokens(&checker);
	for (size_t i = 0; i < config->app_count; i++) {
		check_app(&checker, i);
	}
	gather_tenants(config);
	return checker.ok;
}
