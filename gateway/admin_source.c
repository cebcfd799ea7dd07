/*
 * Sources over the admin API: tokens, pause and resume. Each change is one commit with a journal
 * entry of kind system: who may speak for a source is a fact that decisions rest on.
 */
#include <string.h>
#include "base/arena.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/value.h"
#include "config/config.h"
#include "gateway/admin_call.h"
#include "gateway/admin_change.h"
#include "gateway/gateway.h"
#include "gateway/token_text.h"
#include "scim/name.h"
#include "store/commit.h"
#include "store/read.h"

#define EXPIRES_S_MAX (INT64_C(100) * 366 * 86400)
enum { LABEL_BYTES = 200 };

/* One change under way. */
struct change {
	struct admin_change inside; /* first */
	struct store_token_change token_change;
	struct store_token token;
	struct store_setting setting;
	char name[64];
	const char *subject;    /* id of the person it speaks for; NULL */
	char text[TOKEN_BYTES]; /* the new token, wiped afterwards */
};

static struct change *change_new(struct admin_call *call, const struct gateway_source *source)
{
	struct change *change = must_calloc(1, sizeof(*change));

	admin_change_init(&change->inside, call, source);
	return change;
}

static void change_free(struct change *change)
{
	secret_wipe(change->text, sizeof(change->text));
	memory_free(change);
}

static void commit(struct change *change, const char *operation, store_commit_fn *done)
{
	struct value_builder detail = { .arena = change->inside.call->arena };

	value_add_text(&detail, "label", change->token.label);
	value_add_text(&detail, "subject", change->subject);
	value_add_int(&detail, "token", change->token_change.revoke);
	if (!admin_change_commit(
		    &change->inside, operation, value_finish_object(&detail), done, change)) {
		change_free(change);
	}
}

/* Refreshes at once, before the answer: who was told "revoked" must not see the token work. */
static bool committed(struct change *change)
{
	struct admin_call *call = change->inside.call;
	struct error err = { 0 };

	if (!admin_change_is_committed(&change->inside)) {
		change_free(change);
		return false;
	}
	if (!gateway_refresh_tokens(call->admin->gateway, &err)) {
		admin_reply_error(call, &err);
		change_free(change);
		return false;
	}
	return true;
}

/* ---- tokens ---- */

static const char *state_of(const struct store_token *token)
{
	if (token->revoked_us != 0) {
		return "revoked";
	}
	return token->expires_us != 0 && token->expires_us <= clock_now_us() ? "expired" : "valid";
}

/* By id, and by name as long as he is there. */
static void add_subject(struct admin_call *call, json_t *it, const struct store_token *token,
	const struct gateway_source *source)
{
	char id[UUID_TEXT_BYTES];
	struct store_ref ref;
	bool found = false;

	if (!token->has_subject) {
		return;
	}
	uuid_format(token->subject, id);
	json_object_set_new(it, "subject", json_string(id));
	if (source != NULL &&
		store_find_ref(call->admin->reader, call->arena, source->tenant, STORE_USER,
			token->subject, &found, &ref, NULL) &&
		found) {
		json_object_set_new(it, "userName", json_string(ref.name));
	}
}

void admin_tokens(struct admin_call *call)
{
	const struct store_token *tokens;
	json_t *document;
	json_t *items;
	size_t count;
	struct error err = { 0 };

	if (!store_tokens(call->admin->reader, call->arena, &tokens, &count, &err)) {
		admin_reply_error(call, &err);
		return;
	}
	document = json_object();
	items = json_array();
	for (size_t i = 0; i < count; i++) {
		const struct gateway_source *source =
			gateway_source_of_id(call->admin->gateway, tokens[i].source);
		json_t *it = json_object();

		json_object_set_new(it, "id", json_integer(tokens[i].id));
		json_object_set_new(it, "source",
			json_string(source != NULL ? source->config->name : "(removed)"));
		add_subject(call, it, &tokens[i], source);
		json_object_set_new(it, "label", json_string(tokens[i].label));
		admin_add_time(it, "created", tokens[i].created_us);
		admin_add_time(it, "expires", tokens[i].expires_us);
		admin_add_time(it, "revoked", tokens[i].revoked_us);
		json_object_set_new(it, "state", json_string(state_of(&tokens[i])));
		json_array_append_new(items, it);
	}
	json_object_set_new(document, "schemaVersion", json_integer(1));
	json_object_set_new(document, "tokens", items);
	admin_reply(call, 200, document);
}

static void on_token_made(void *user)
{
	struct change *change = user;
	json_t *document;

	if (!committed(change)) {
		return;
	}
	document = json_object();
	json_object_set_new(document, "schemaVersion", json_integer(1));
	json_object_set_new(document, "id", json_integer(change->inside.commit.token));
	json_object_set_new(document, "source", json_string(change->inside.source->config->name));
	if (change->subject != NULL) {
		json_object_set_new(document, "subject", json_string(change->subject));
	}
	json_object_set_new(document, "token", json_string(change->text));
	admin_reply(change->inside.call, 201, document);
	change_free(change);
}

/* Absent: the token never expires. Anything but a number of seconds must not come to mean that. */
static bool read_expiry(struct admin_call *call, int64_t *expires_s, struct error *err)
{
	const json_t *member = json_object_get(call->body, "expires_s");

	*expires_s = json_integer_value(member);
	return member == NULL ||
	       (json_is_integer(member) && *expires_s > 0 && *expires_s <= EXPIRES_S_MAX) ||
	       error_set(err, ERROR_REQUEST,
		       "\"expires_s\" must be a whole number of seconds from 1 to %lld",
		       (long long)EXPIRES_S_MAX);
}

/* It stands in lists and in the journal. */
static bool read_label(struct admin_call *call, const char **label, struct error *err)
{
	return admin_text(call, "label", label, err) &&
	       (*label == NULL || strlen(*label) <= LABEL_BYTES ||
		       error_set(err, ERROR_REQUEST, "\"label\" has more than %d bytes",
			       LABEL_BYTES));
}

/* An id, or a userName of the source's tenant. *ref lives in the call's arena. */
static bool find_person(struct admin_call *call, const struct gateway_source *source,
	const char *text, struct store_ref *ref, struct error *err)
{
	struct store_reader *reader = call->admin->reader;
	const struct store_resource *named = NULL;
	const struct value *folded = scim_name_fold(call->arena, value_of_text(call->arena, text));
	uint8_t id[UUID_BYTES];
	bool found = false;

	if (uuid_parse(text, strlen(text), id)) {
		return store_find_ref(reader, call->arena, source->tenant, STORE_USER, id, &found,
			       ref, err) &&
		       (found || error_set(err, ERROR_NOT_FOUND,
					 "tenant %s has no person of id %.64s",
					 source->config->tenant, text));
	}
	if (!store_find_key(reader, call->arena, STORE_KEY_USER_NAME, source->tenant,
		    value_text(folded), value_size(folded), &named, err)) {
		return false;
	}
	if (named == NULL) {
		return error_set(err, ERROR_NOT_FOUND,
			"tenant %s has no person of userName '%.128s'; give an id or a userName",
			source->config->tenant, text);
	}
	memcpy(ref->id, named->id, UUID_BYTES);
	ref->active = named->active;
	return true;
}

/* Whom the token speaks for. Absent: for its source. */
static bool read_subject(struct admin_call *call, const struct gateway_source *source,
	struct store_token *token, struct error *err)
{
	const char *text;
	struct store_ref ref;

	if (!admin_text(call, "subject", &text, err)) {
		return false;
	}
	if (text == NULL) {
		return true;
	}
	if (!find_person(call, source, text, &ref, err)) {
		return false;
	}
	if (!ref.active) {
		return error_set(err, ERROR_REQUEST,
			"'%.128s' is not active, and a token for him would be refused", text);
	}
	token->has_subject = true;
	memcpy(token->subject, ref.id, UUID_BYTES);
	return true;
}

static const char *id_text(struct arena *arena, const uint8_t id[UUID_BYTES])
{
	char *text = arena_alloc(arena, UUID_TEXT_BYTES);

	uuid_format(id, text);
	return text;
}

void admin_token_create(struct admin_call *call)
{
	const struct gateway_source *source = NULL;
	struct store_token token = { 0 };
	const char *name;
	const char *label;
	int64_t expires_s;
	struct change *change;
	struct error err = { 0 };

	if (!admin_text(call, "source", &name, &err) || !read_label(call, &label, &err) ||
		!read_expiry(call, &expires_s, &err) ||
		(source = admin_source_named(call, name, &err)) == NULL ||
		!read_subject(call, source, &token, &err)) {
		admin_reply_error(call, &err);
		return;
	}
	change = change_new(call, source);
	change->token = token;
	change->subject = token.has_subject ? id_text(call->arena, token.subject) : NULL;
	token_text_new(change->text);
	token_text_digest(change->text, strlen(change->text), change->token.sha256);
	change->token.source = source->id;
	change->token.label = label != NULL ? label : "";
	change->token.created_us = change->inside.commit.now_us;
	change->token.expires_us =
		expires_s > 0 ? change->inside.commit.now_us + expires_s * 1000000 : 0;
	change->token_change.add = &change->token;
	change->inside.commit.token_change = &change->token_change;
	commit(change, "token.create", on_token_made);
}

static void on_changed(void *user)
{
	struct change *change = user;

	if (committed(change)) {
		admin_reply(change->inside.call, 204, NULL);
		change_free(change);
	}
}

void admin_token_revoke(struct admin_call *call)
{
	struct change *change;
	struct error err = { 0 };
	char *end;
	long long id = strtoll(call->argument, &end, 10);

	if (*end != '\0' || id <= 0) {
		error_set(&err, ERROR_REQUEST, "'%.40s' is no token id; see `scimward token list`",
			call->argument);
		admin_reply_error(call, &err);
		return;
	}
	change = change_new(call, NULL);
	change->token_change.revoke = id;
	change->inside.commit.token_change = &change->token_change;
	commit(change, "token.revoke", on_changed);
}

/* ---- pause and resume: pause is not delete (facts: scim.md, 7) ---- */

static void set_paused(struct admin_call *call, bool paused)
{
	struct error err = { 0 };
	const struct gateway_source *source = admin_source_named(call, call->argument, &err);
	struct change *change;

	if (source == NULL) {
		admin_reply_error(call, &err);
		return;
	}
	change = change_new(call, source);
	snprintf(change->name, sizeof(change->name), "gateway.paused.%d", source->id);
	change->setting = (struct store_setting){ change->name, paused ? "1" : NULL };
	change->inside.commit.settings = &change->setting;
	change->inside.commit.setting_count = 1;
	commit(change, paused ? "source.pause" : "source.resume", on_changed);
}

void admin_pause(struct admin_call *call)
{
	set_paused(call, true);
}

void admin_resume(struct admin_call *call)
{
	set_paused(call, false);
}
