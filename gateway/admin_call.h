/*
 * admin_call: one call of the admin API, for the admin_*.c files that answer them.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "gateway/admin.h"
#include "io/http.h"

struct arena;
struct exchange;
struct gateway;
struct store_reader;

struct admin {
	struct gateway *gateway;
	struct server *socket;
	struct server *tcp;
	struct store_reader *reader; /* of the main thread */
	struct store_watch *watch;   /* new entries, for followers */
	struct admin_follower *followers;
	int stopping; /* servers that have not stopped yet */
	admin_done_fn *done;
	void *done_user;
};

struct admin_call {
	struct admin *admin;
	struct exchange *exchange;
	const struct http_request *http;
	struct arena *arena;  /* until the reply */
	const char *argument; /* the path segment where the route has "*"; NULL */
	json_t *body;         /* of POST, an object; NULL: none came */
};

typedef void admin_fn(struct admin_call *call);

/* Replies; each ends the call and frees it. document is given away. */
void admin_reply(struct admin_call *call, int status, json_t *document);
void admin_reply_error(struct admin_call *call, const struct error *err);
/* Without a reply of ours: a stream took the exchange over. */
void admin_call_free(struct admin_call *call);

/* A query parameter in the call's arena; NULL: absent. */
const char *admin_parameter(struct admin_call *call, const char *name);
/* False: no whole number from 0 on; err is set. fallback when absent. */
bool admin_number(struct admin_call *call, const char *name, int64_t fallback, int64_t *result,
	struct error *err);
/* A text member of the body; NULL: there is none. False: it is there and no text; err is set. */
bool admin_text(
	const struct admin_call *call, const char *name, const char **text, struct error *err);

/* Adds a time as RFC 3339; 0: nothing. */
void admin_add_time(json_t *document, const char *name, int64_t us);

/* A flag of the body; false: it is not there. False: it is there and no flag; err is set. */
bool admin_flag(const struct admin_call *call, const char *name, bool *flag, struct error *err);

/* admin_status.c */
admin_fn admin_status, admin_backup;
/* admin_policy.c */
admin_fn admin_reload;
struct policy_live;
json_t *admin_policy_json(const struct policy_live *live); /* the member "policy" of the status */
/* admin_shadow.c */
admin_fn admin_shadow;
json_t *admin_shadow_json(const struct gateway *gateway); /* the member "shadow"; NULL: none */
/* admin_journal.c */
admin_fn admin_journal, admin_entry;
void admin_journal_news(void *admin);         /* there are new entries */
void admin_journal_stop(struct admin *admin); /* ends all followers */
/* admin_access.c */
admin_fn admin_access;
/* admin_delivery.c */
admin_fn admin_deliveries, admin_retry;
/* admin_capture.c */
admin_fn admin_capture_start, admin_capture_stop;
struct capture;
json_t *admin_capture_json(const struct capture *capture);
/* admin_source.c */
admin_fn admin_tokens, admin_token_create, admin_token_revoke, admin_pause, admin_resume;
