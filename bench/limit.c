/*
 * The limit: what is left when a gateway does nothing. The same io layer and the same values read
 * the body and print it again: no policy, no store, no journal, no SCIM. What scimward does costs
 * the difference to this.
 *
 *     bench_limit [certificate=FILE key=FILE]
 *
 * Prints "port N". A request with a body gets that body back, parsed and printed; one without gets
 * a user of 1 kB, printed from its value each time. SIGTERM ends it.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "io/loop.h"
#include "io/server.h"
#include "io/signal.h"
#include "io/tls.h"

struct limit {
	struct server *server;
	struct loop *loop;
	struct arena *arena; /* of a request */
	struct arena *kept;
	const struct value *user;
	struct buf body;
};

static struct limit limit;

/* Those of a SCIM body. */
static const struct value_limits limits = {
	.bytes = 1 << 20, .depth = 32, .values = 20000, .folded_keys = true
};

static const char user[] =
	"{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\","
	"\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"],"
	"\"id\":\"0192f0c1-7a2b-7c3d-8e4f-0123456789ab\",\"externalId\":\"00u0000000000001\","
	"\"userName\":\"user00000001@example.com\",\"name\":{\"formatted\":\"Jordan Q. Example\","
	"\"familyName\":\"Example\",\"givenName\":\"Jordan\",\"middleName\":\"Quincy\"},"
	"\"displayName\":\"Jordan Example\",\"nickName\":\"Jo\",\"title\":\"Engineer\","
	"\"preferredLanguage\":\"en-GB\",\"locale\":\"en-GB\",\"timezone\":\"Europe/London\","
	"\"active\":true,\"emails\":[{\"value\":\"user00000001@example.com\",\"type\":\"work\","
	"\"primary\":true}],\"phoneNumbers\":[{\"value\":\"+44 20 7946 0001\",\"type\":\"work\"}],"
	"\"addresses\":[{\"type\":\"work\",\"streetAddress\":\"100 Universal Road\","
	"\"locality\":\"London\",\"postalCode\":\"SW1A 1AA\",\"country\":\"GB\"}],"
	"\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\":{\"employeeNumber\":\"1\","
	"\"costCenter\":\"4130\",\"organization\":\"Example plc\",\"division\":\"Platform\","
	"\"department\":\"Identity\"}}";

static void on_request(void *unused, struct exchange *exchange, const struct http_request *request)
{
	static const struct server_header headers[] = {
		{ "ETag", "W/\"1\"" },
		{ "Scimward-Journal", "123456 kHcbSPuq5TTBGdvxQ5fXA93kRYKEAAFZFxoCPI5wl0E=" },
	};
	const struct value *value = limit.user;
	struct error err = { 0 };

	(void)unused;
	if (request->body.size > 0) {
		value = value_parse(
			limit.arena, request->body.data, request->body.size, &limits, &err);
	}
	if (value == NULL) {
		server_reply_error(exchange, 400, err.text);
		return;
	}
	buf_clear(&limit.body);
	value_print(&limit.body, value);
	const struct server_reply reply = {
		.status = 200,
		.content_type = "application/scim+json",
		.headers = headers,
		.header_count = 2,
		.body = limit.body.data,
		.body_size = limit.body.size,
	};
	server_reply(exchange, &reply);
	arena_reset(limit.arena);
}

static void on_stopped(void *unused)
{
	(void)unused;
	loop_stop(limit.loop);
}

static void on_signal(void *unused, int number)
{
	(void)unused;
	(void)number;
	server_stop(limit.server, 100, limit.loop, on_stopped, NULL);
}

static const char *option(int argc, char **argv, const char *name)
{
	size_t size = strlen(name);

	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], name, size) == 0) {
			return argv[i] + size;
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static const int numbers[] = { SIGTERM, SIGINT };
	const struct tls_options files = { option(argc, argv, "certificate="),
		option(argc, argv, "key=") };
	struct server_options options = { .address = "127.0.0.1:0", .on_request = on_request };
	struct error err = { 0 };

	limit.loop = loop_new();
	limit.arena = arena_new();
	limit.kept = arena_new();
	limit.user = value_parse(limit.kept, user, sizeof(user) - 1, &limits, &err);
	struct signals *signals = signals_new(limit.loop, numbers, 2, on_signal, NULL);
	options.tls = files.certificate_file != NULL ? tls_new(&files, &err) : NULL;
	limit.server = err.code == ERROR_NONE ? server_new(&options, &err) : NULL;
	if (limit.server == NULL) {
		fprintf(stderr, "bench_limit: %s\n", err.text);
		return 1;
	}
	server_attach(limit.server, 0, limit.loop, NULL);
	printf("port %u\n", server_port(limit.server));
	fflush(stdout);
	loop_run(limit.loop);
	server_free(limit.server);
	tls_free(options.tls);
	signals_free(signals);
	loop_free(limit.loop);
	arena_free(limit.arena);
	arena_free(limit.kept);
	buf_fini(&limit.body);
	return 0;
}
