#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/value.h"

static int ends[2];
static char lines[1 << 16];

static int open_pipe(void **state)
{
	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	log_set_fd(ends[1]);
	return 0;
}

static int close_pipe(void **state)
{
	(void)state;
	log_set_fd(2);
	log_set_level(LOG_INFO);
	clock_fake(-1);
	close(ends[0]);
	close(ends[1]);
	return 0;
}

/* What was written since the last call. */
static const char *written(void)
{
	ssize_t size = read(ends[0], lines, sizeof(lines) - 1);

	lines[size > 0 ? size : 0] = '\0';
	return lines;
}

static void test_an_event_is_one_json_line(void **state)
{
	(void)state;

	clock_fake(0);
	log_event(LOG_WARN, "step", "id", "42", "name", "parse", NULL);

	assert_string_equal(written(),
		"{\"time\":\"1970-01-01T00:00:00.000000Z\",\"level\":\"warn\",\"event\":\"step\","
		"\"id\":\"42\",\"name\":\"parse\"}\n");
}

static void test_a_pair_without_text_is_left_out(void **state)
{
	(void)state;

	log_event(LOG_INFO, "e", "a", NULL, "b", "1", NULL);

	assert_null(strstr(written(), "\"a\""));
	assert_non_null(strstr(lines, "\"b\":\"1\"}\n"));
}

static void test_levels_below_the_least_are_silent(void **state)
{
	(void)state;

	log_event(LOG_DEBUG, "quiet", NULL);
	assert_string_equal(written(), "");
	log_set_level(LOG_ERROR);
	log_event(LOG_WARN, "quiet", NULL);
	assert_string_equal(written(), "");
	log_event(LOG_ERROR, "loud", NULL);
	assert_non_null(strstr(written(), "\"level\":\"error\",\"event\":\"loud\""));
	log_set_level(LOG_DEBUG);
	log_event(LOG_DEBUG, "chatty", NULL);
	assert_non_null(strstr(written(), "\"level\":\"debug\""));
}

static void test_nothing_in_a_text_can_forge_a_line_or_hide(void **state)
{
	static const struct {
		const char *text;
		const char *json;
	} rows[] = {
		{ "a\n{\"event\":\"x\"}", "a\\u000a{\\\"event\\\":\\\"x\\\"}" },
		{ "back\\slash", "back\\\\slash" },
		{ "\x1b[31m\x7f", "\\u001b[31m\\u007f" },
		{ "\xc2\x85", "\\u0085" },     /* next line */
		{ "\xe2\x80\xa8", "\\u2028" }, /* line separator */
		{ "\xe2\x80\xae", "\\u202e" }, /* right-to-left override */
		{ "\xe2\x81\xa6", "\\u2066" }, /* isolate */
		{ "\xef\xbb\xbf", "\\ufeff" },
		{ "\xf3\xa0\x81\x81", "\\udb40\\udc41" }, /* a tag character */
		{ "bad\xff", "bad\\ufffd" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
	};
	char expected[128];
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		log_event(LOG_INFO, "e", "t", rows[i].text, NULL);
		snprintf(expected, sizeof(expected), "\"t\":\"%s\"}\n", rows[i].json);

		assert_non_null(strstr(written(), expected));
		assert_ptr_equal(strchr(lines, '\n') + 1, lines + strlen(lines));
	}
}

static void test_every_line_is_json_whatever_it_holds(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const struct value_limits limits = { 10000, 5, 50, .folded_keys = true };
	char text[256];
	(void)state;

	for (int i = 1; i < 256; i++) {
		text[i - 1] = (char)i;
	}
	text[255] = '\0';
	log_event(LOG_INFO, text, "text", text, NULL);

	size_t size = strlen(written());
	assert_non_null(value_parse(arena, lines, size, &limits, NULL));
}

static void *log_much(void *name)
{
	for (int i = 0; i < 50; i++) {
		log_event(
			LOG_INFO, "thread", "name", name, "more", "xxxxxxxxxxxxxxxxxxxxxxx", NULL);
	}
	return NULL;
}

static void test_lines_of_threads_do_not_mix(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const struct value_limits limits = { 10000, 5, 50, .folded_keys = true };
	pthread_t threads[4];
	char name[] = "abcd";
	size_t count = 0;
	(void)state;

	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, log_much, name), 0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
	}

	written();
	for (char *line = lines, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		assert_non_null(value_parse(arena, line, (size_t)(end - line), &limits, NULL));
		count++;
	}
	assert_int_equal(count, 200);
}

#define WITH_PIPE(test) cmocka_unit_test_setup_teardown(test, open_pipe, close_pipe)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PIPE(test_an_event_is_one_json_line),
		WITH_PIPE(test_a_pair_without_text_is_left_out),
		WITH_PIPE(test_levels_below_the_least_are_silent),
		WITH_PIPE(test_nothing_in_a_text_can_forge_a_line_or_hide),
		WITH_PIPE(test_every_line_is_json_whatever_it_holds),
		WITH_PIPE(test_lines_of_threads_do_not_mix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
