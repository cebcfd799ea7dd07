/*
 * A SCIM app that is quick enough to be no limit: users in memory, found by id, externalId and
 * userName through a hash table. What the courier asks is there: POST, GET by id, GET with
 * `externalId eq` or `userName eq`, PUT, PATCH of whole top-level attributes, DELETE. Everything
 * else is answered 501, a second user of one name 409.
 *
 *     bench_app
 *
 * Prints "port N". GET /count answers {"users":…,"requests":…}. SIGTERM ends it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/value.h"
#include "io/loop.h"
#include "io/server.h"
#include "io/signal.h"

enum { SLOTS = 1 << 20, USERS_MAX = SLOTS / 4 }; /* three keys a user: at most 3/4 full */

struct user {
	char id[UUID_TEXT_BYTES];
	char *doc; /* JSON with its id; NULL: deleted */
	size_t size;
};

/* A key that changed stays in the table and is checked against the document when found. */
struct slot {
	uint64_t hash; /* of name and value; 0: free */
	uint32_t user;
};

struct app {
	struct server *server;
	struct loop *loop;
	struct arena *arena; /* of a request */
	struct user *users;
	size_t count; /* ever made */
	size_t alive;
	struct slot *slots;
	struct buf body;
	uint64_t requests;
};

static struct app app;

static const struct value_limits limits = { .bytes = 1 << 20, .depth = 32, .values = 20000 };

/* ---- the table ---- */

static uint64_t hash_of(const char *name, const char *value)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */

	for (const char *at = name; *at != '\0'; at++) {
		hash = (hash ^ (unsigned char)*at) * 1099511628211u;
	}
	for (const char *at = value; *at != '\0'; at++) {
		hash = (hash ^ (unsigned char)*at) * 1099511628211u;
	}
	hash ^= hash >> 32;
	return hash != 0 ? hash : 1;
}

static const struct value *doc_of(const struct user *user)
{
	struct error err = { 0 };

	return value_parse(app.arena, user->doc, user->size, &limits, &err);
}

static bool is_of(const struct user *user, const char *name, const char *value)
{
	if (user->doc == NULL) {
		return false;
	}
	if (strcmp(name, "id") == 0) {
		return strcmp(user->id, value) == 0;
	}
	const char *text = value_find_text(doc_of(user), name);
	return text != NULL && strcmp(text, value) == 0;
}

static struct user *find(const char *name, const char *value)
{
	uint64_t hash = hash_of(name, value);

	for (size_t at = hash % SLOTS; app.slots[at].hash != 0; at = (at + 1) % SLOTS) {
		struct user *user = &app.users[app.slots[at].user];

		if (app.slots[at].hash == hash && is_of(user, name, value)) {
			return user;
		}
	}
	return NULL;
}

static void index_key(const struct user *user, const char *name, const char *value)
{
	if (value == NULL || find(name, value) == user) {
		return;
	}
	uint64_t hash = hash_of(name, value);
	size_t at = hash % SLOTS;
	while (app.slots[at].hash != 0) {
		at = (at + 1) % SLOTS;
	}
	app.slots[at] = (struct slot){ hash, (uint32_t)(user - app.users) };
}

static void keep(struct user *user, const struct value *doc)
{
	doc = value_with(app.arena, doc, "id", value_of_text(app.arena, user->id));
	buf_clear(&app.body);
	value_print(&app.body, doc);
	memory_free(user->doc);
	user->doc = must_strdup(app.body.data);
	user->size = app.body.size;
	index_key(user, "id", user->id);
	index_key(user, "externalId", value_find_text(doc, "externalId"));
	index_key(user, "userName", value_find_text(doc, "userName"));
}

/* ---- answers ---- */

static void reply(struct exchange *exchange, int status, const char *body, size_t size)
{
	const struct server_reply it = { .status = status,
		.content_type = size > 0 ? "application/scim+json" : NULL,
		.body = body,
		.body_size = size };

	server_reply(exchange, &it);
}

static void refuse(struct exchange *exchange, int status, const char *detail)
{
	buf_clear(&app.body);
	buf_printf(&app.body,
		"{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"],"
		"\"status\":\"%d\",\"detail\":\"%s\"}",
		status, detail);
	reply(exchange, status, app.body.data, app.body.size);
}

static void create(struct exchange *exchange, const struct value *body)
{
	const char *name = value_find_text(body, "userName");
	uint8_t id[UUID_BYTES];

	if (name == NULL || app.count == USERS_MAX) {
		refuse(exchange, name == NULL ? 400 : 507, "userName is required");
		return;
	}
	if (find("userName", name) != NULL) {
		refuse(exchange, 409, "this userName is taken");
		return;
	}
	struct user *user = &app.users[app.count++];
	uuid_new(id);
	uuid_format(id, user->id);
	app.alive++;
	keep(user, body);
	reply(exchange, 201, user->doc, user->size);
}

static void list(struct exchange *exchange, const struct http_request *request)
{
	struct http_text cursor = request->query;
	struct http_text name;
	struct http_text value;
	struct error err = { 0 };
	struct user *user = NULL;

	while (http_query_next(&cursor, app.arena, &name, &value, &err)) {
		char text[512] = "";
		char attribute[32];
		char wanted[256];

		snprintf(text, sizeof(text), "%.*s", (int)value.size, value.data);
		if (http_text_is(name, "filter") &&
			sscanf(text, "%31s eq \"%255[^\"]\"", attribute, wanted) == 2) {
			user = find(attribute, wanted);
		}
	}
	buf_clear(&app.body);
	buf_printf(&app.body,
		"{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:ListResponse\"],"
		"\"totalResults\":%d,\"Resources\":[%s]}",
		user != NULL, user != NULL ? user->doc : "");
	reply(exchange, 200, app.body.data, app.body.size);
}

static void patch(struct exchange *exchange, struct user *user, const struct value *body)
{
	const struct value *operations = value_find(body, "Operations");
	const struct value *doc = doc_of(user);

	for (size_t i = 0; i < value_count(operations); i++) {
		const struct value *operation = value_at(operations, i);
		const char *op = value_find_text(operation, "op");
		const char *path = value_find_text(operation, "path");

		if (op == NULL || path == NULL || strpbrk(path, ".[") != NULL) {
			refuse(exchange, 501, "only whole attributes");
			return;
		}
		doc = value_with(app.arena, doc, path,
			strcmp(op, "remove") == 0 ? NULL : value_find(operation, "value"));
	}
	keep(user, doc);
	reply(exchange, 200, user->doc, user->size);
}

static void delete_user(struct exchange *exchange, struct user *user)
{
	memory_free(user->doc);
	user->doc = NULL;
	app.alive--;
	reply(exchange, 204, NULL, 0);
}

static void one(
	struct exchange *exchange, const struct http_request *request, const struct value *body)
{
	char id[64];

	snprintf(id, sizeof(id), "%.*s", (int)request->segments[2].size, request->segments[2].data);
	struct user *user = find("id", id);
	if (user == NULL) {
		refuse(exchange, 404, "no such user");
	} else if (request->method == HTTP_GET) {
		reply(exchange, 200, user->doc, user->size);
	} else if (request->method == HTTP_DELETE) {
		delete_user(exchange, user);
	} else if (request->method == HTTP_PATCH && body != NULL) {
		patch(exchange, user, body);
	} else if (request->method == HTTP_PUT && body != NULL) {
		keep(user, body);
		reply(exchange, 200, user->doc, user->size);
	} else {
		refuse(exchange, 400, "a body that is no JSON, or a method that is not there");
	}
}

static void answer(struct exchange *exchange, const struct http_request *request)
{
	const struct value *body = NULL;
	struct error err = { 0 };

	if (request->segment_count == 1 && http_text_is(request->segments[0], "count")) {
		buf_clear(&app.body);
		buf_printf(&app.body, "{\"users\":%zu,\"requests\":%llu}", app.alive,
			(unsigned long long)app.requests);
		reply(exchange, 200, app.body.data, app.body.size);
		return;
	}
	app.requests++;
	if (request->body.size > 0) {
		body = value_parse(
			app.arena, request->body.data, request->body.size, &limits, &err);
	}
	bool users = request->segment_count >= 2 && http_text_is(request->segments[1], "Users");
	if (users && request->segment_count == 3) {
		one(exchange, request, body);
	} else if (users && request->method == HTTP_POST) {
		create(exchange, body);
	} else if (users && request->method == HTTP_GET) {
		list(exchange, request);
	} else {
		refuse(exchange, 501, "this app knows users only");
	}
}

static void on_request(void *unused, struct exchange *exchange, const struct http_request *request)
{
	(void)unused;
	answer(exchange, request);
	arena_reset(app.arena);
}

/* ---- life ---- */

static void on_stopped(void *unused)
{
	(void)unused;
	loop_stop(app.loop);
}

static void on_signal(void *unused, int number)
{
	(void)unused;
	(void)number;
	server_stop(app.server, 100, app.loop, on_stopped, NULL);
}

int main(void)
{
	static const int numbers[] = { SIGTERM, SIGINT };
	const struct server_options options = { .address = "127.0.0.1:0",
		.on_request = on_request };
	struct error err = { 0 };

	app.loop = loop_new();
	app.arena = arena_new();
	app.users = must_calloc(USERS_MAX, sizeof(*app.users));
	app.slots = must_calloc(SLOTS, sizeof(*app.slots));
	struct signals *signals = signals_new(app.loop, numbers, 2, on_signal, NULL);
	app.server = server_new(&options, &err);
	if (app.server == NULL) {
		fprintf(stderr, "bench_app: %s\n", err.text);
		return 1;
	}
	server_attach(app.server, 0, app.loop, NULL);
	printf("port %u\n", server_port(app.server));
	fflush(stdout);
	loop_run(app.loop);
	server_free(app.server);
	signals_free(signals);
	loop_free(app.loop);
	for (size_t i = 0; i < app.count; i++) {
		memory_free(app.users[i].doc);
	}
	memory_free(app.users);
	memory_free(app.slots);
	arena_free(app.arena);
	buf_fini(&app.body);
	return 0;
}
