#include "connectors/token.h"

#include <ctype.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/value.h"
#include "config/config.h"
#include "connectors/connector.h"
#include "io/fetch.h"

#define EARLY_US 60000000LL

struct waiter {
	token_fn *fn;
	void *user;
	struct waiter *next;
};

struct token {
	const struct config_app *config;
	struct fetch *fetch;
	struct secret *bearer; /* NULL: none yet */
	int64_t until_us;
	bool asking;
	struct waiter *waiters;
};

struct token *token_new(const struct config_app *config, struct fetch *fetch)
{
	struct token *token = must_calloc(1, sizeof(*token));

	token->config = config;
	token->fetch = fetch;
	return token;
}

void token_free(struct token *token)
{
	if (token != NULL) {
		secret_free(token->bearer);
		memory_free(token);
	}
}

void token_forget(struct token *token)
{
	token->until_us = 0;
}

static void answer_all(struct token *token, const struct connector_answer *refusal)
{
	struct waiter *waiters = token->waiters;

	token->waiters = NULL;
	while (waiters != NULL) {
		struct waiter *waiter = waiters;

		waiters = waiter->next;
		waiter->fn(waiter->user, refusal == NULL ? token->bearer : NULL, refusal);
		memory_free(waiter);
	}
}

/* RFC 6749, 5.1. */
static bool take(struct token *token, const struct fetch_response *response)
{
	static const struct value_limits limits = { .bytes = 65536, .depth = 8, .values = 100 };
	struct arena *arena = arena_new();
	struct error ignored = { 0 };
	const struct value *body =
		value_parse(arena, response->body, response->body_size, &limits, &ignored);
	const char *text = value_find_text(body, "access_token");

	if (text != NULL) {
		secret_free(token->bearer);
		token->bearer = secret_new(text, strlen(text));
		token->until_us = clock_now_us() - EARLY_US +
				  value_find_int(body, "expires_in", 300) * 1000000;
		secret_wipe((void *)(uintptr_t)text, strlen(text));
	}
	arena_free(arena);
	return text != NULL;
}

static void on_fetched(void *user, const struct fetch_response *response)
{
	struct token *token = user;
	struct connector_answer refusal = { .class = CONNECTOR_LATER, .retry_after_s = -1 };
	char message[128];

	token->asking = false;
	if (response->outcome == FETCH_ANSWERED && response->status == 200 &&
		take(token, response)) {
		answer_all(token, NULL);
		return;
	}
	if (response->outcome == FETCH_ANSWERED && response->status < 500) {
		refusal.class = CONNECTOR_CREDENTIALS;
	}
	snprintf(message, sizeof(message), "no token from oauth.token_url: %s",
		response->outcome == FETCH_ANSWERED ? "it answered without one"
						    : response->message);
	refusal.status = response->outcome == FETCH_ANSWERED ? response->status : 0;
	refusal.message = message;
	answer_all(token, &refusal);
}

static void append_encoded(struct buf *buf, const char *name, const char *value)
{
	buf_printf(buf, "%s%s=", buf->size > 0 ? "&" : "", name);
	for (; *value != '\0'; value++) {
		if (isalnum((unsigned char)*value)) {
			buf_append_char(buf, *value);
		} else {
			buf_printf(buf, "%%%02X", (unsigned char)*value);
		}
	}
}

static void ask(struct token *token)
{
	const struct config_oauth *oauth = &token->config->oauth;
	struct fetch_header headers[] = {
		{ "Content-Type", "application/x-www-form-urlencoded" },
		{ "Accept", "application/json" },
	};
	struct buf body = { 0 };

	append_encoded(&body, "grant_type", "client_credentials");
	append_encoded(&body, "client_id", oauth->client_id);
	append_encoded(&body, "client_secret", secret_reveal(oauth->client_secret));
	if (oauth->scope != NULL) {
		append_encoded(&body, "scope", oauth->scope);
	}
	token->asking = true;
	fetch_start(token->fetch,
		&(struct fetch_request){
			.method = "POST",
			.url = oauth->token_url,
			.headers = headers,
			.header_count = 2,
			.body = body.data,
			.body_size = body.size,
			.connect_ms = token->config->connect_ms,
			.timeout_ms = token->config->timeout_ms,
			.allow_http = token->config->allow_private,
			.allow_private = token->config->allow_private,
			.ca_file = token->config->ca,
		},
		on_fetched, token);
	secret_wipe(body.data, body.size);
	buf_fini(&body);
}

void token_get(struct token *token, token_fn *fn, void *user)
{
	struct waiter *waiter;

	if (token->bearer != NULL && clock_now_us() < token->until_us) {
		fn(user, token->bearer, NULL);
		return;
	}
	waiter = must_calloc(1, sizeof(*waiter));
	waiter->fn = fn;
	waiter->user = user;
	waiter->next = token->waiters;
	token->waiters = waiter;
	if (!token->asking) {
		ask(token);
	}
}
