#include "config/check.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "config/check_inside.h"
#include "config/config.h"
#include "config/load.h"
#include "config/places.h"
#include "config/report.h"
#include "config/scalar.h"

/* A problem at the place of path, or of the file as a whole. hint may be NULL. */
void check_complain(
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

const char *check_path_of(struct checker *checker, const char *list, size_t index, const char *key)
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
		check_complain(checker, key ? "listen.tls.certificate" : "listen.tls.key", NULL,
			"'listen.tls.%s' is missing beside it", key ? "key" : "certificate");
	}
	if (listen->address != NULL && listen->tls.certificate == NULL && listen->tls.key == NULL &&
		!listen->insecure &&
		config_parse_address(listen->address, host, sizeof(host), &port) &&
		!config_is_loopback(host)) {
		check_complain(checker, "listen.address",
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
		check_complain(checker, "admin.address",
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
				check_complain(checker, "journal.origin",
					"for example scimward.example.com/journal",
					"an origin holds neither spaces nor '+', and only ASCII");
				break;
			}
		}
		if (strstr(origin, "://") != NULL) {
			check_complain(checker, "journal.origin",
				"for example scimward.example.com/journal",
				"an origin has no scheme");
		}
	}
	if (journal->key != NULL && journal->directory != NULL &&
		is_inside(journal->key, journal->directory)) {
		check_complain(checker, "journal.key", "put it beside the directory",
			"the private key lies inside the journal's directory, which is published");
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
				check_complain(checker,
					check_path_of(checker, "sources", i, "name"), NULL,
					"the source '%s' stands here a second time", other);
			}
		}
	}
	for (size_t i = 0; i < config->app_count; i++) {
		const char *name = config->apps[i].name;
		for (size_t j = 0; j < i && name != NULL; j++) {
			if (config->apps[j].name != NULL &&
				strcmp(name, config->apps[j].name) == 0) {
				check_complain(checker, check_path_of(checker, "apps", i, "name"),
					NULL, "the app '%s' stands here a second time", name);
			}
		}
		for (size_t j = 0; j < config->source_count && name != NULL; j++) {
			const char *other = config->sources[j].name;
			if (other != NULL && strcmp(name, other) == 0) {
				check_complain(checker, check_path_of(checker, "apps", i, "name"),
					NULL, "a source is called '%s' as well", name);
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
				check_complain(checker,
					check_path_of(checker, "sources", i, "token_sha256"), NULL,
					"another source has the same token");
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
		check_complain(checker, check_path_of(checker, "apps", index, "name"), NULL,
			"'oauth' needs token_url, client_id and client_secret");
	}
	if (any && app->token != NULL) {
		check_complain(checker, check_path_of(checker, "apps", index, "token"),
			"remove one of the two", "either 'token' or 'oauth', not both");
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
			check_complain(checker, check_path_of(checker, "apps", index, urls[i].key),
				"use https://, or allow_private: true for an app on this machine",
				"plain HTTP to an app needs 'allow_private: true'");
		}
	}
	check_oauth(checker, index, app);
	if (app->retry.base_ms > app->retry.cap_ms) {
		check_complain(checker, check_path_of(checker, "apps", index, "retry.base"), NULL,
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
	check_names(&checker);
	check_tokens(&checker);
	for (size_t i = 0; i < config->app_count; i++) {
		check_app(&checker, i);
	}
	gather_tenants(config);
	return checker.ok;
}
