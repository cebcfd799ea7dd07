/*
 * The configuration as structs, nothing else. config/load.h fills them, config/keys.c
 * holds the one table of keys (name, type, limits, default, help) that says what may stand in the
 * file.
 *
 * Immutable after loading; threads share it freely. Everything lives in the config's own
 * arena and goes with config_free(). Texts that are optional are NULL when absent. Paths
 * are resolved against the folder of the file. Durations are in milliseconds, sizes in bytes.
 * A field added here needs its row in config/keys.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct secret;

struct config_tls {
	const char *certificate; /* PEM chain; NULL: no TLS */
	const char *key;         /* PEM */
};

/* Absolute deadlines: they do not restart when a byte arrives. */
struct config_deadlines {
	int64_t handshake_ms; /* TLS handshake */
	int64_t headers_ms;   /* from the first byte of a request to the end of its headers */
	int64_t body_ms;      /* from the end of the headers to the end of the body */
	int64_t idle_ms;      /* a kept connection without a request */
	int64_t write_ms;     /* a reply that the client does not read */
	int64_t request_ms;   /* a whole request, waits for claim and commit included: then 503 */
	int64_t bulk_ms;      /* a bulk request; what is not begun then is answered 503 */
	int64_t drain_ms;     /* after SIGTERM, until what still runs is dropped */
};

struct config_limits {
	int64_t headers_bytes;    /* 431 above */
	int64_t header_count;     /* 431 above */
	int64_t target_bytes;     /* 414 above */
	int64_t body_bytes;       /* 413 above */
	int64_t body_values;      /* JSON values in a body; 413 above */
	int64_t group_body_bytes; /* the same for Groups, whose members come as one array */
	int64_t group_body_values;
	int64_t bulk_bytes;      /* maxPayloadSize: the body of a bulk request */
	int64_t bulk_operations; /* maxOperations */
	int64_t connections;     /* of all workers together */
	int64_t connections_per_address;
	int64_t requests_per_connection; /* then `Connection: close`; 0: no limit */
	int64_t write_bytes;             /* high-water mark of replies waiting in one connection */
};

struct config_listen {
	bool security_events; /* ServiceProviderConfig tells of RFC 9967 */
	const char *address;  /* "host:port", "[::1]:8443"; port 0: the system picks one */
	struct config_tls tls;
	bool insecure;   /* plain HTTP beyond loopback */
	int64_t workers; /* 0: one per core */
	struct config_deadlines deadlines;
	struct config_limits limits;
};

struct config_admin {
	const char *address; /* NULL: no TCP listener, the unix socket alone */
	const char *socket;
};

struct config_store {
	const char *url;  /* as written, references replaced: "sqlite:…" or "postgresql://…" */
	const char *path; /* of sqlite: the file, resolved; NULL otherwise */
};

struct config_scim {
	const char *directory;     /* schemas/ and resource_types/; NULL: the core ones alone */
	int64_t cursor_timeout_ms; /* whole seconds */
	int64_t search_rows;       /* that one answer looks at */
};

struct config_journal {
	const char *directory; /* checkpoint, tile/…, log.vkey */
	const char *origin;    /* first line of each checkpoint; never changes for one log */
	const char *key;       /* file with the signing key, never inside directory */
	int64_t publish_ms;    /* longest time from commit to signed checkpoint */
};

struct config_policy_limits {
	int64_t steps;     /* of one decision: statements and the work of builtins */
	int64_t bytes;     /* memory of one decision */
	int64_t time_ms;   /* of one decision */
	int64_t answer_ms; /* of an OPA server */
	int64_t questions; /* that are with it at once */
};

enum config_engine { CONFIG_ENGINE_OWN, CONFIG_ENGINE_OPA };

struct config_policy_git {
	const char *url;            /* https://…, or a path; NULL: not from git */
	const char *ref;            /* branch or tag */
	const char *folder;         /* within the repository; NULL: its top */
	const char *user;           /* goes with config_policy.token */
	const char *require_signed; /* file of allowed signers; NULL: commits need no signature */
};

struct config_policy_poll { /* of what is not on this machine */
	int64_t min_ms;     /* 0: only at a reload */
	int64_t max_ms;
	int64_t wait_ms; /* long polling of bundle servers; 0: none */
};

struct config_policy_archive { /* of what decided before */
	int64_t revisions;
	int64_t bytes;
};

/* Who may sign bundles. */
struct config_signer {
	const char *name; /* the key's id */
	const char *algorithm;
	const char *key;       /* file: public key or certificate in PEM, JSON Web Key; or */
	struct secret *secret; /* of HS256, HS384, HS512 */
	const char *scope;     /* that the signature must name; NULL: it names none */
};

struct config_policy {
	const char *directory;         /* raw Rego and data; or */
	const char *bundle;            /* tar.gz: a path, or https://…; or */
	struct config_policy_git git;  /* exactly one of the three */
	enum config_engine engine;     /* of CONFIG_ENGINE_OPA: none of the three, but: */
	const char *url;               /* the OPA server; NULL. See config/endpoint.h */
	const char *path;              /* of the rule that decides, below /v1/data */
	struct config_signer *signers; /* of bundles */
	size_t signer_count;           /* 0: they need no signature */
	struct secret *token; /* for git, an OPA server or a bundle over HTTPS; NULL: none */
	const char *ca;       /* PEM; NULL: the system's */
	bool allow_private;   /* as of apps */
	int64_t timeout_ms;   /* of one download or fetch */
	struct config_policy_poll poll;
	struct config_policy_archive archive;
	const char *scenarios; /* folder; NULL: scenarios/ within the policy */
	const char *opa;       /* the program that checks and compiles Rego */
	int64_t opa_timeout_ms;
	struct config_policy_limits limits;
	int64_t journal_per_s; /* of a shadow: differences that are journaled, in a second */
};

/* One of the three is set. */
bool config_has_policy(const struct config_policy *policy);

/* Which answers of /access/v1 are journaled. */
enum config_access_journal { CONFIG_ACCESS_NONE, CONFIG_ACCESS_DENIED, CONFIG_ACCESS_ALL };

struct config_access {
	enum config_access_journal journal;
};

struct config_digest {
	uint8_t bytes[32];
};

#define CONFIG_TOKENS_MAX 2 /* the old one and the new one while a source changes over */

struct config_source {
	const char *name;
	const char *dialect; /* "standard", "entra", "okta", …: a name of scim/dialect */
	const char *quirks;  /* changes to it: "additive-members -group-patch-204"; NULL: none */
	const char *kind;    /* "idp", "hr", "roster", "admin", "job" */
	const char *tenant;
	size_t tenant_index;                            /* into config.tenants */
	struct config_digest tokens[CONFIG_TOKENS_MAX]; /* SHA-256 of the whole bearer token */
	size_t token_count;                             /* 0: only tokens made by `token create` */
	int64_t requests_per_s;                         /* 429 above; 0: no limit */
};

enum config_leave { CONFIG_DEACTIVATE, CONFIG_DELETE };

struct config_oauth { /* client credentials; all or none */
	const char *token_url;
	const char *client_id;
	struct secret *client_secret;
	const char *scope; /* NULL: none */
};

struct config_retry { /* full jitter: min(cap, base * 2^n) */
	int64_t base_ms;
	int64_t cap_ms;
};

struct config_breaker {
	int64_t failures; /* in a row, until it opens */
	int64_t probe_ms; /* first probe while open */
};

struct config_app {
	const char *name;
	const char *tenant;
	size_t tenant_index;
	const char *connector; /* a name of connectors/registry: "scim" */
	const char *profile;   /* a name of connectors/profile: what the app really accepts */
	const char *url;       /* without a slash at the end */
	struct secret *token;  /* bearer token; NULL: none, or oauth */
	struct config_oauth oauth;
	bool allow_private; /* SSRF guard: loopback, private and link-local addresses are refused
			       without it */
	const char *ca;     /* PEM of the certificate authority; NULL: the system's */
	const char *filter; /* SCIM filter: which people belong there; NULL: all */
	struct {
		const char *filter; /* which groups; NULL: none */
	} groups;
	enum config_leave on_leave;  /* a person leaves the filter */
	enum config_leave on_delete; /* a source deletes the person */
	int64_t connect_ms;
	int64_t timeout_ms;  /* of one request */
	int64_t concurrency; /* requests under way at once */
	struct config_retry retry;
	struct config_breaker breaker;
};

enum config_log_level { CONFIG_LOG_DEBUG, CONFIG_LOG_INFO, CONFIG_LOG_WARN, CONFIG_LOG_ERROR };

struct config {
	struct config_listen listen;
	struct config_admin admin;
	struct config_store store;
	struct config_scim scim;
	struct config_journal journal;
	struct config_policy policy;
	struct config_policy shadow; /* policy.shadow: the candidate beside it; without directory,
					bundle and git.url there is none. Signers, opa and limits
					are those of policy */
	struct config_access access;
	struct {
		enum config_log_level level; /* the same order as base/log.h */
	} log;
	struct {
		const char *directory; /* NULL: `captures` beside the store */
		int64_t keep_ms;       /* then its files go; 0: never */
	} capture;
	struct config_source *sources;
	size_t source_count;
	struct config_app *apps;
	size_t app_count;
	const char **tenants; /* sorted names; what sources and apps name */
	size_t tenant_count;
	struct config_file *file; /* private to config/: text, places, arena */
};
