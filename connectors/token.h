/*
 * token: OAuth 2.0 client credentials (RFC 6749, 4.4) of one app: fetched when needed, kept until a
 * minute before it ends, shared by the calls that wait for it. The courier's thread.
 */
#pragma once

struct config_app;
struct connector_answer;
struct fetch;
struct secret;
struct token;

struct token *token_new(const struct config_app *config, struct fetch *fetch);
/* No call may wait. NULL is fine. */
void token_free(struct token *token);

/*
 * bearer is valid during the call. NULL: the answer says why there is none (CREDENTIALS, LATER …).
 * May come from inside token_get() when the token is there.
 */
typedef void token_fn(
	void *user, const struct secret *bearer, const struct connector_answer *refusal);
void token_get(struct token *token, token_fn *fn, void *user);

/* The app did not take it: the next token_get() asks for a new one. */
void token_forget(struct token *token);
