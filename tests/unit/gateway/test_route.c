/* Method and path → flow. */
#include "gateway/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/arena.h"
#include "gateway/flows.h"
#include "gateway/gateway.h"
#include "io/connection.h"
#include "scim/schema.h"

#define ID "0192f0c1-7a62-7e6a-ae21-ed9a05430fd1"
#define USER_SCHEMA "urn:ietf:params:scim:schemas:core:2.0:User"

/* What lies between a request and the listener's options, as far as routing looks at it. */
static struct server server;
static struct server_worker server_worker = { .server = &server };
static struct connection connection = { .worker = &server_worker };
static int types[] = { STORE_USER, STORE_GROUP };
static struct gateway gateway = { .types = types };
static struct gateway_worker worker = { .gateway = &gateway };
static struct http_parser parser;
static char head[4096];
static struct request request;

static int set_up(void **state)
{
	(void)state;
	gateway.model = scim_model_core();
	request.arena = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(request.arena);
	return 0;
}

static const struct step *route(const char *method, const char *target)
{
	struct arena *arena = request.arena;
	size_t size;

	snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: gate.example:8443\r\n\r\n", method,
		target);
	http_parser_init(&parser, NULL);
	if (http_parser_head(&parser, head, strlen(head), &size) != HTTP_DONE) {
		return NULL; /* refused before there is anything to route */
	}
	memset(&request, 0, sizeof(request));
	request.arena = arena;
	request.worker = &worker;
	request.exchange = &connection.exchange;
	request.http = &parser.request;
	return route_find(&request);
}

static const struct {
	const char *method;
	const char *target;
	const struct step *flow;
} cases[] = {
	{ "GET", "/scim/v2/Users", flow_list },
	{ "HEAD", "/scim/v2/Users", flow_list },
	{ "POST", "/scim/v2/Users", flow_write },
	{ "PUT", "/scim/v2/Users", flow_method },
	{ "DELETE", "/scim/v2/Groups", flow_method },
	{ "OPTIONS", "/scim/v2/Groups", flow_options },
	{ "GET", "/scim/v2/Users?filter=x", flow_list },
	{ "GET", "/scim/v2/Users/" ID, flow_get },
	{ "HEAD", "/scim/v2/Groups/" ID, flow_get },
	{ "PUT", "/scim/v2/Users/" ID, flow_write },
	{ "PATCH", "/scim/v2/Groups/" ID, flow_write },
	{ "DELETE", "/scim/v2/Users/" ID, flow_write },
	{ "POST", "/scim/v2/Users/" ID, flow_method },
	{ "GET", "/scim/v2/Users/no-id", flow_get },
	{ "GET", "/scim/v2/Users/" ID "/x", flow_nothing },
	{ "POST", "/scim/v2/.search", flow_search },
	{ "POST", "/scim/v2/Groups/.search", flow_search },
	{ "GET", "/scim/v2/.search", flow_method },
	{ "POST", "/scim/v2/Bulk", flow_bulk },
	{ "GET", "/scim/v2/Events/12:3", flow_event },
	{ "GET", "/scim/v2/Events", flow_nothing },
	{ "GET", "/scim/v2/Bulk", flow_method },
	{ "POST", "/scim/v2/Bulk/x", flow_nothing },
	{ "GET", "/scim/v2/Users/.search", flow_method },
	{ "GET", "/scim/v2/ServiceProviderConfig", flow_provider },
	{ "PATCH", "/scim/v2/ServiceProviderConfig", flow_method },
	{ "GET", "/scim/v2/ServiceProviderConfig/x", flow_nothing },
	{ "GET", "/scim/v2/Schemas", flow_schemas },
	{ "GET", "/scim/v2/Schemas/" USER_SCHEMA, flow_schemas },
	{ "GET", "/scim/v2/ResourceTypes/User", flow_types },
	{ "GET", "/scim/v2", flow_list },
	{ "GET", "/scim/v2?filter=id%20pr", flow_list },
	{ "POST", "/scim/v2", flow_method },
	{ "GET", "/scim/v1/Users", flow_nothing },
	{ "GET", "/SCIM/v2/Users", flow_nothing },
	{ "GET", "/scim/v2/Me", flow_get },
	{ "PATCH", "/scim/v2/Me", flow_write },
	{ "POST", "/scim/v2/Me", flow_method },
	{ "GET", "/scim/v2/Me/x", flow_nothing },
	{ "GET", "/scim/v2/users/x/y", flow_nothing },
	{ "GET", "/t/acme/scim/v2/Users", flow_list },
	{ "POST", "/t/acme/scim/v2/Users", flow_write },
	{ "GET", "/t/scim/v2/Users", flow_nothing },
	{ "GET", "/x/acme/scim/v2/Users", flow_nothing },
	{ "GET", "/livez", flow_livez },
	{ "HEAD", "/readyz", flow_readyz },
	{ "POST", "/livez", flow_method },
	{ "OPTIONS", "/livez", flow_options },
	{ "OPTIONS", "*", flow_options },
	{ "OPTIONS", "/scim/v2/Nothing", flow_nothing },
	{ "GET", "/journal/checkpoint", flow_journal },
	{ "GET", "/journal/tile/0/000", flow_journal },
	{ "PUT", "/journal/checkpoint", flow_method },
	{ "GET", "/", flow_nothing },
	{ "GET", "/metrics", flow_nothing },
	{ "GET", "/admin/v1/status", flow_nothing },
};

static void test_every_path_has_its_flow(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct step *flow = route(cases[i].method, cases[i].target);

		if (flow != cases[i].flow) {
			fail_msg("%s %s", cases[i].method, cases[i].target);
		}
	}
}

/* Whatever lies under /scim/ needs a token, what is not there included: base tells so. */
static void test_paths_of_scim_are_known_as_such(void **state)
{
	(void)state;
	route("GET", "/scim/v2/nothing/here/at/all");
	assert_string_equal(request.base, "http://gate.example:8443/scim/v2");
	route("GET", "/t/acme/scim/v2/nothing");
	assert_string_equal(request.base, "http://gate.example:8443/t/acme/scim/v2");
	route("GET", "/livez");
	assert_null(request.base);
}

static void test_the_path_names_type_id_and_tenant(void **state)
{
	(void)state;
	route("PATCH", "/t/acme/scim/v2/Groups/" ID);

	assert_string_equal(request.type->name, "Group");
	assert_int_equal(request.store_type, STORE_GROUP);
	assert_true(request.has_id);
	assert_string_equal(request.resource_text, ID);
	assert_true(http_text_is(request.tenant_name, "acme"));
	assert_string_equal(request.allow, "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");

	route("GET", "/scim/v2/Users/not-an-id");
	assert_int_equal(request.store_type, STORE_USER);
	assert_false(request.has_id);
	assert_int_equal(request.tenant_name.size, 0);
}

static void test_each_route_has_its_limit_of_bodies(void **state)
{
	static const struct {
		const char *target;
		enum route_body body;
	} targets[] = {
		{ "/scim/v2/Groups", ROUTE_BODY_GROUP },
		{ "/scim/v2/Groups/" ID, ROUTE_BODY_GROUP },
		{ "/t/acme/scim/v2/Groups", ROUTE_BODY_GROUP },
		{ "/scim/v2/Bulk", ROUTE_BODY_BULK },
		{ "/t/acme/scim/v2/Bulk", ROUTE_BODY_BULK },
		{ "/scim/v2/Bulk/x", ROUTE_BODY },
		{ "/scim/v2/Users", ROUTE_BODY },
		{ "/scim/v2/.search", ROUTE_BODY },
		{ "/scim/v2", ROUTE_BODY },
		{ "/Groups", ROUTE_BODY },
		{ "/livez", ROUTE_BODY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		route("POST", targets[i].target);
		assert_int_equal(route_body_of(&parser.request), targets[i].body);
	}
}

/* One spelling: others are refused, or lead nowhere. */
static void test_no_other_spelling_leads_anywhere(void **state)
{
	static const char *const targets[] = { "/scim/v2/%55sers", "/scim%2fv2/Users",
		"//scim/v2/Users", "/scim//v2/Users", "/scim/./v2/Users", "/x/../scim/v2/Users",
		"/scim/v2/Users;x", "/scim/v2/USERS", "/scim/v2/users", "/scim/v2/Users%00",
		"/scim/v2\\Users", "/scim/v2/%2e%2e/v2/Users", "/scim/V2/Users" };

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		const struct step *flow = route("GET", targets[i]);

		if (flow != NULL && flow != flow_nothing) {
			fail_msg("%s", targets[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_path_has_its_flow),
		cmocka_unit_test(test_paths_of_scim_are_known_as_such),
		cmocka_unit_test(test_the_path_names_type_id_and_tenant),
		cmocka_unit_test(test_each_route_has_its_limit_of_bodies),
		cmocka_unit_test(test_no_other_spelling_leads_anywhere),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
