#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/buf.h"
#include "config/config.h"
#include "config/load.h"
#include "config/show.h"

#define BASE "journal: {origin: a.example/j}\npolicy: {directory: p}\n"

static struct config *parse(const char *text)
{
	struct config_report report = { 0 };
	struct config *config = config_parse("x.yaml", NULL, text, strlen(text), &report);

	assert_non_null(config);
	config_report_fini(&report);
	return config;
}

static void test_show_never_prints_a_literal_secret(void **state)
{
	struct config *config =
		parse(BASE "apps:\n  - {name: a, url: 'https://a', token: hunter2}\n"
			   "  - {name: b, url: 'https://b', token: 'x${env:HOME}'}\n"
			   "  - {name: c, url: 'https://c', token: '${env:HOME}'}\n");
	struct buf buf = { 0 };

	(void)state;
	config_show(config, true, &buf);
	config_show_json(config, &buf);

	assert_null(strstr(buf_text(&buf), "hunter2"));
	assert_null(strstr(buf_text(&buf), "x${env"));
	assert_non_null(strstr(buf_text(&buf), "token: \"***\"  # x.yaml:4"));
	assert_non_null(strstr(buf_text(&buf), "token: \"${env:HOME}\"  # x.yaml:6"));
	buf_fini(&buf);
	config_free(config);
}

static void test_show_tells_where_a_value_comes_from(void **state)
{
	struct config *config = parse(BASE "listen: {workers: 3}\n");
	struct buf buf = { 0 };

	(void)state;
	config_show(config, true, &buf);

	assert_non_null(strstr(buf_text(&buf), "  workers: 3  # x.yaml:3\n"));
	assert_non_null(strstr(buf_text(&buf), "    handshake: 5s  # default\n"));
	buf_fini(&buf);
	config_free(config);
}

static void test_what_show_prints_loads_again_as_the_same(void **state)
{
	struct config *config = parse(BASE
		"listen: {workers: 3, deadlines: {idle: 1m}}\nadmin: {address: ''}\n"
		"sources:\n"
		"  - {name: s, token_sha256: ["
		"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08]}\n"
		"apps:\n"
		"  - {name: a, url: 'https://a', filter: 'userName eq \"x\"', retry: {base: 2s}}\n"
		"  - {name: b, url: 'https://b'}\n");
	struct buf first = { 0 };
	struct buf second = { 0 };

	(void)state;
	config_show(config, false, &first);
	struct config *again = parse(buf_text(&first));
	config_show(again, false, &second);

	assert_string_equal(buf_text(&first), buf_text(&second));
	assert_null(again->admin.address);
	assert_int_equal(again->app_count, 2);
	assert_int_equal(again->apps[0].retry.base_ms, 2000);
	assert_int_equal(again->sources[0].token_count, 1);
	assert_memory_equal(&again->sources[0].tokens[0], &config->sources[0].tokens[0], 32);
	buf_fini(&first);
	buf_fini(&second);
	config_free(config);
	config_free(again);
}

static void test_restart_is_needed_only_for_keys_that_a_reload_cannot_change(void **state)
{
	struct config *running = parse(BASE);
	struct config *log =
		parse(BASE "log: {level: debug}\napps: [{name: a, url: 'https://a'}]\n");
	struct config *other =
		parse(BASE "listen: {workers: 2, address: '127.0.0.1:1'}\nstore: sqlite:y\n");
	struct buf buf = { 0 };

	(void)state;
	assert_false(config_needs_restart(running, log, &buf));
	assert_int_equal(buf.size, 0);
	assert_true(config_needs_restart(running, other, &buf));

	assert_string_equal(buf_text(&buf), "listen.address\nlisten.workers\nstore\n");
	buf_fini(&buf);
	config_free(running);
	config_free(log);
	config_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_show_never_prints_a_literal_secret),
		cmocka_unit_test(test_show_tells_where_a_value_comes_from),
		cmocka_unit_test(test_what_show_prints_loads_again_as_the_same),
		cmocka_unit_test(test_restart_is_needed_only_for_keys_that_a_reload_cannot_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
