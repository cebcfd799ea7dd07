#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/secret.h"
#include "config/config.h"
#include "config/load.h"

#define BASE "journal: {origin: a.example/j}\npolicy: {directory: p}\n"
#define DIGEST "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static struct config *parse(const char *text)
{
	struct config_report report = { 0 };
	struct config *config = config_parse("x.yaml", "/etc/x", text, strlen(text), &report);

	if (config == NULL) {
		struct buf buf = { 0 };
		config_report_print(&report, &buf, false);
		fail_msg("%s", buf_text(&buf));
	}
	config_report_fini(&report);
	return config;
}

static void test_the_smallest_file_gets_all_defaults(void **state)
{
	struct config *config = parse(BASE);

	(void)state;
	assert_string_equal(config->listen.address, "127.0.0.1:8443");
	assert_string_equal(config->admin.address, "127.0.0.1:8444");
	assert_string_equal(config->admin.socket, "/run/scimward/admin.sock");
	assert_string_equal(config->store.path, "/var/lib/scimward/scimward.db");
	assert_string_equal(config->policy.directory, "/etc/x/p");
	assert_null(config->policy.bundle);
	assert_null(config->listen.tls.certificate);
	assert_int_equal(config->listen.deadlines.handshake_ms, 5000);
	assert_int_equal(config->listen.limits.headers_bytes, 16384);
	assert_int_equal(config->listen.limits.connections_per_address, 256);
	assert_int_equal(config->log.level, CONFIG_LOG_INFO);
	assert_int_equal(config->source_count, 0);
	assert_int_equal(config->app_count, 0);
	assert_int_equal(config->tenant_count, 0);
	config_free(config);
}

static void test_sources_and_apps_are_read_whole(void **state)
{
	setenv("SCIMWARD_TEST_TOKEN", "t0ken", 1);
	struct config *config = parse(
		BASE "sources:\n"
		     "  - {name: entra, dialect: entra, kind: idp, token_sha256: " DIGEST "}\n"
		     "  - {name: hr, kind: hr, tenant: acme, requests_per_second: 5}\n"
		     "apps:\n"
		     "  - name: wiki\n"
		     "    url: https://wiki.example.com/scim/v2/\n"
		     "    token: ${env:SCIMWARD_TEST_TOKEN}\n"
		     "    filter: active eq true\n"
		     "    groups: {filter: displayName sw \"wiki\"}\n"
		     "    on_leave: delete\n"
		     "    retry: {base: 50ms, cap: 1s}\n");

	(void)state;
	assert_int_equal(config->source_count, 2);
	assert_string_equal(config->sources[0].dialect, "entra");
	assert_string_equal(config->sources[0].tenant, "default");
	assert_int_equal(config->sources[0].token_count, 1);
	assert_int_equal(config->sources[0].tokens[0].bytes[0], 0x9f);
	assert_string_equal(config->sources[1].dialect, "standard");
	assert_int_equal(config->sources[1].requests_per_s, 5);
	assert_int_equal(config->app_count, 1);
	assert_string_equal(config->apps[0].url, "https://wiki.example.com/scim/v2");
	assert_true(secret_equals(config->apps[0].token, "t0ken", 5));
	assert_string_equal(config->apps[0].filter, "active eq true");
	assert_string_equal(config->apps[0].groups.filter, "displayName sw \"wiki\"");
	assert_int_equal(config->apps[0].on_leave, CONFIG_DELETE);
	assert_int_equal(config->apps[0].on_delete, CONFIG_DELETE);
	assert_int_equal(config->apps[0].retry.base_ms, 50);
	assert_int_equal(config->apps[0].breaker.failures, 5);
	assert_false(config->apps[0].allow_private);
	config_free(config);
}

static void test_tenants_are_sorted_and_indexed(void **state)
{
	struct config *config = parse(BASE "sources:\n"
					   "  - {name: a, tenant: zeta}\n"
					   "  - {name: b}\n"
					   "apps:\n"
					   "  - {name: c, tenant: acme, url: 'https://c'}\n"
					   "  - {name: d, tenant: zeta, url: 'https://d'}\n");

	(void)state;
	assert_int_equal(config->tenant_count, 3);
	assert_string_equal(config->tenants[0], "acme");
	assert_string_equal(config->tenants[1], "default");
	assert_string_equal(config->tenants[2], "zeta");
	assert_int_equal(config->sources[0].tenant_index, 2);
	assert_int_equal(config->sources[1].tenant_index, 1);
	assert_int_equal(config->apps[0].tenant_index, 0);
	assert_int_equal(config->apps[1].tenant_index, 2);
	config_free(config);
}

/* text has exactly one problem, at line:column, whose message and hint hold these parts (hint NULL:
 * none). */
struct refusal {
	const char *text;
	size_t line;
	size_t column;
	const char *message;
	const char *hint;
};

static void expect_refusal(const struct refusal *refusal)
{
	struct config_report report = { 0 };
	struct config *config =
		config_parse("x.yaml", "/etc/x", refusal->text, strlen(refusal->text), &report);

	if (config != NULL) {
		fail_msg("taken: %s", refusal->text);
	}
	const struct config_problem *problem = &report.problems[0];
	if (report.count != 1 || strstr(problem->message, refusal->message) == NULL ||
		problem->line != refusal->line || problem->column != refusal->column ||
		(refusal->hint == NULL) != (problem->hint == NULL) ||
		(refusal->hint != NULL && strstr(problem->hint, refusal->hint) == NULL)) {
		struct buf buf = { 0 };
		config_report_print(&report, &buf, false);
		fail_msg("%s\n%s", refusal->text, buf_text(&buf));
	}
	config_report_fini(&report);
}

static void test_each_rule_is_told_at_its_place(void **state)
{
	static const struct refusal cases[] = {
		{ BASE "listen: {adress: x}\n", 3, 10, "unknown key 'adress'", "'address'" },
		{ BASE "port: 1\n", 3, 1, "unknown key 'port'", NULL },
		{ BASE "certificate: x\n", 3, 1, "unknown key",
			"there is a 'listen.tls.certificate'" },
		{ BASE "listen.workers: 1\n", 3, 1, "unknown key", NULL },
		{ BASE "listen: 8443\n", 3, 9, "should be a mapping", NULL },
		{ BASE "listen: {workers: [1]}\n", 3, 19, "should be one value", NULL },
		{ BASE "listen: {workers: }\n", 3, 10, "has no value", "remove the line" },
		{ BASE "listen: {address: '0.0.0.0:1'}\n", 3, 20, "loopback only", "listen.tls" },
		{ BASE "listen: {tls: {key: k}}\n", 3, 21, "'listen.tls.certificate' is missing",
			NULL },
		{ BASE "admin: {address: '10.0.0.1:1'}\n", 3, 19, "loopback only", "127.0.0.1" },
		{ BASE "sources: {name: a}\n", 3, 10, "should be a list", "- name" },
		{ BASE "sources: [a]\n", 3, 11, "should be a mapping", NULL },
		{ BASE "sources: [{kind: hr}]\n", 3, 11, "'name' is missing", "name: entra" },
		{ BASE "sources: [{name: a}, {name: a}]\n", 3, 29, "a second time", NULL },
		{ BASE "sources: [{name: a}]\napps: [{name: a, url: 'https://a'}]\n", 4, 15,
			"a source is called 'a'", NULL },
		{ BASE "sources: [{name: a, token_sha256: " DIGEST
		       "}, {name: b, token_sha256: " DIGEST "}]\n",
			3, 126, "another source has the same token", NULL },
		{ BASE "sources: [{name: a, token_sha256: []}]\n", 3, 35, "one or two digests",
			NULL },
		{ BASE "apps: [{name: a, url: 'http://a'}]\n", 3, 24, "allow_private", "https://" },
		{ BASE "apps: [{name: a, url: 'https://a', oauth: {client_id: x}}]\n", 3, 15,
			"'oauth' needs", NULL },
		{ BASE "apps: [{name: a, url: 'https://a', retry: {base: 1m, cap: 1s}}]\n", 3, 50,
			"larger than", NULL },
		{ "journal: {origin: 'a b'}\npolicy: {directory: p}\n", 1, 20, "spaces",
			"example" },
		{ "journal: {origin: 'https://a'}\npolicy: {directory: p}\n", 1, 20, "no scheme",
			"example" },
		{ "journal: {origin: a, directory: j, key: j/k}\npolicy: {directory: p}\n", 1, 41,
			"published", "beside" },
		{ "policy: {directory: p}\n", 1, 1, "'journal.origin' is missing", "example" },
		{ "journal: {origin: a}\npolicy: {directory: p, bundle: b}\n", 2, 32, "not both",
			"remove" },
		{ "journal: {origin: a}\npolicy: {git: {url: /r}, bundle: b}\n", 2, 21, "not both",
			"remove one" },
		{ "journal: {origin: a}\npolicy: {directory: d, git: {ref: v1}}\n", 2, 35,
			"'policy.git.url' is missing beside it", NULL },
		{ "journal: {origin: a}\npolicy: {git: {url: /r, ref: -x}}\n", 2, 30,
			"no branch or tag", "main" },
		{ "journal: {origin: a}\npolicy: {git: {url: /r, ref: a..b}}\n", 2, 30,
			"no branch or tag", "main" },
		{ "journal: {origin: a}\npolicy: {git: {url: /r, ref: 'a b'}}\n", 2, 31,
			"no branch or tag", "main" },
		{ "journal: {origin: a}\npolicy: {git: {url: /r, folder: ../x}}\n", 2, 33,
			"no folder within the repository", "for example" },
		{ "journal: {origin: a}\npolicy: {git: {url: /r, folder: /x}}\n", 2, 33,
			"no folder within the repository", "for example" },
		{ "journal: {origin: a}\npolicy: {git: {url: 'ssh://git@a/r'}}\n", 2, 22,
			"is no URL", NULL },
		{ "journal: {origin: a}\npolicy: {git: {url: 'http://a/r'}}\n", 2, 22, "over https",
			"use https://" },
		{ "journal: {origin: a}\npolicy: {git: {url: 'https://u:p@a/r'}}\n", 2, 22,
			"may not hold a user or password", NULL },
		{ "journal: {origin: a}\npolicy: {bundle: 'http://a/b'}\n", 2, 19,
			"needs 'policy.allow_private: true'", "use https://" },
		{ "journal: {origin: a}\npolicy: {bundle: b, token: '${env:HOME}'}\n", 2, 29,
			"lies on this machine", "remove it" },
		{ "journal: {origin: a}\npolicy: {git: {url: 'https://a/r'}, poll: {wait: 5s}}\n",
			2, 50, "bundle servers alone", "remove it" },
		{ "journal: {origin: a}\npolicy: {bundle: 'https://a/b', poll: {min: 9m}}\n", 2, 45,
			"is larger than 'policy.poll.max'", NULL },
		{ "journal: {origin: a}\npolicy: {bundle: b}\nsigners: [{name: s, algorithm: "
		  "HS256, "
		  "key: k}]\n",
			3, 18, "with HS256 has a 'secret' and no 'key'", NULL },
		{ "journal: {origin: a}\npolicy: {bundle: b}\nsigners: [{name: s, algorithm: "
		  "RS256}]\n",
			3, 18, "with RS256 has a 'key' and no 'secret'", NULL },
		{ "journal: {origin: a}\npolicy: {bundle: b}\nsigners: [{name: s, key: k}]\n", 3,
			11, "'algorithm' is missing", NULL },
		{ "journal: {origin: a}\npolicy: {directory: d}\nsigners: [{name: s, algorithm: "
		  "RS256, key: k}]\n",
			3, 10, "only bundles are signed like this", "require_signed" },
		{ "journal: {origin: a}\npolicy: {engine: opa}\n", 2, 18,
			"'policy.url' is missing beside it", "http://127.0.0.1:8181" },
		{ "journal: {origin: a}\npolicy: {directory: d, url: 'http://127.0.0.1'}\n", 2, 30,
			"means nothing without 'policy.engine: opa'", "engine: opa" },
		{ "journal: {origin: a}\npolicy: {engine: opa, url: 'http://opa:8181'}\n", 2, 29,
			"allowed on loopback only", "allow_private" },
		{ "journal: {origin: a}\npolicy: {engine: opa, url: 'http://127.0.0.1.a'}\n", 2, 29,
			"allowed on loopback only", "allow_private" },
		{ "journal: {origin: a}\npolicy: {engine: opa, url: 'http://[fe80::1]/'}\n", 2, 29,
			"allowed on loopback only", "allow_private" },
		{ "journal: {origin: a}\npolicy: {engine: opa, url: 'unix:opa.sock'}\n", 2, 29,
			"is no unix socket", NULL },
		{ "journal: {origin: a}\npolicy: {engine: opa, url: 'ftp://a'}\n", 2, 29,
			"is no URL", NULL },
		{ "journal: {origin: a}\npolicy: {engine: opa, url: 'http://[::1]:8181', "
		  "directory: "
		  "d}\n",
			2, 60, "nothing would read 'policy.directory'", "remove it" },
		{ "journal: {origin: a}\npolicy: {engine: opa, url: 'unix:/s', allow_private: "
		  "true}\n",
			2, 54, "means nothing", "remove it" },
		{ "journal: {origin: a}\npolicy: {engine: opa, url: 'https://a', path: /x}\n", 2,
			47, "is no path of a rule", "scimward/decision" },
		{ "journal: {origin: a}\n", 0, 0, "nothing may change", "policy: {directory" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect_refusal(&cases[i]);
	}
}

static void test_all_problems_are_told_at_once_in_the_order_of_the_file(void **state)
{
	static const char text[] = "listen: {adress: x, workers: many}\n"
				   "policy: {}\n"
				   "apps:\n"
				   "  - {name: A, url: ftp}\n";
	struct config_report report = { 0 };

	(void)state;
	assert_null(config_parse("x.yaml", "/etc/x", text, strlen(text), &report));

	assert_int_equal(report.count, 6);
	for (size_t i = 1; i < report.count; i++) {
		assert_true(report.problems[i].line >= report.problems[i - 1].line);
	}
	config_report_fini(&report);
}

static void test_no_message_holds_a_literal_secret(void **state)
{
	static const char *const texts[] = {
		BASE "apps: [{name: a, url: 'https://a', token: 'hunter2 hunter2'}]\n",
		BASE "apps: [{name: A, token: hunter2}]\n",
		BASE "apps:\n  - token: |\n      hunter2\n",
		BASE "apps:\n  - token: \"hunter2\n",
		BASE "apps:\n  - oauth: {client_secret: hunter2}\n    nme: x\n",
		BASE "apps:\n  - token: [hunter2]\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct config_report report = { 0 };
		struct buf buf = { 0 };
		assert_null(config_parse("x.yaml", "/etc/x", texts[i], strlen(texts[i]), &report));
		config_report_print(&report, &buf, false);
		if (strstr(buf_text(&buf), "hunter2") != NULL) {
			fail_msg("%s", buf_text(&buf));
		}
		buf_fini(&buf);
		config_report_fini(&report);
	}
}

static void test_a_layer_above_can_add_a_problem_at_the_place_of_a_key(void **state)
{
	struct config *config =
		parse(BASE "apps:\n  - {name: a, url: 'https://a', filter: active xx true}\n");
	struct config_report report = { 0 };

	(void)state;
	assert_false(
		config_report_add(&report, config, "apps[0].filter", "no operator '%s'", "xx"));
	assert_false(config_report_add(&report, config, "apps[0].profile", "no such profile"));

	assert_int_equal(report.count, 2);
	assert_int_equal(report.problems[0].line, 0);
	assert_int_equal(report.problems[1].line, 4);
	assert_int_equal(report.problems[1].column, 41);
	assert_string_equal(report.problems[1].message, "no operator 'xx'");
	config_report_fini(&report);
	config_free(config);
}

static void test_a_file_that_is_not_there_says_what_to_do(void **state)
{
	struct config_report report = { 0 };
	struct buf buf = { 0 };

	(void)state;
	assert_null(config_load("/nonexistent/x.yaml", &report));
	config_report_print(&report, &buf, false);

	assert_non_null(strstr(buf_text(&buf), "/nonexistent/x.yaml"));
	assert_non_null(strstr(buf_text(&buf), "scimward init DIR"));
	buf_fini(&buf);
	config_report_fini(&report);
}

static void test_without_secrets_references_of_secrets_are_not_read(void **state)
{
	char path[] = "/tmp/scimward-test-XXXXXX";
	static const char text[] =
		BASE "store: sqlite:${env:SCIMWARD_TEST_TOKEN}\n"
		     "apps: [{name: a, url: 'https://a', token: '${file:/nonexistent/token}'}]\n";
	struct config_report report = { 0 };

	(void)state;
	setenv("SCIMWARD_TEST_TOKEN", "t0ken", 1);
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_null(config_load(path, &report));
	config_report_fini(&report);
	struct config *config = config_load_without_secrets(path, &report);

	assert_non_null(config);
	assert_true(secret_equals(config->apps[0].token, "reference", 9));
	assert_string_equal(config->store.path, "/tmp/t0ken");
	config_free(config);
	config_report_fini(&report);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_smallest_file_gets_all_defaults),
		cmocka_unit_test(test_sources_and_apps_are_read_whole),
		cmocka_unit_test(test_tenants_are_sorted_and_indexed),
		cmocka_unit_test(test_each_rule_is_told_at_its_place),
		cmocka_unit_test(test_all_problems_are_told_at_once_in_the_order_of_the_file),
		cmocka_unit_test(test_no_message_holds_a_literal_secret),
		cmocka_unit_test(test_a_layer_above_can_add_a_problem_at_the_place_of_a_key),
		cmocka_unit_test(test_a_file_that_is_not_there_says_what_to_do),
		cmocka_unit_test(test_without_secrets_references_of_secrets_are_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
