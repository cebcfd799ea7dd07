#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <stdio.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "config/config.h"
#include "config/load.h"
#include "config/reference.h"

static void expect_file(const char *path, const struct buf *wanted)
{
	struct buf found = { 0 };
	struct error err = { 0 };

	if (!file_read(path, 1024 * 1024, &found, &err)) {
		fail_msg("%s", err.text);
	}
	if (strcmp(buf_text(&found), buf_text(wanted)) != 0) {
		fail_msg("%s is not what config/keys.c says: make it again with tools/reference.sh",
			path);
	}
	buf_fini(&found);
}

static void test_documentation_is_up_to_date(void **state)
{
	struct buf buf = { 0 };

	(void)state;
	config_reference_markdown(&buf);

	expect_file("docs/config.md", &buf);
	buf_fini(&buf);
}

static void test_example_is_up_to_date(void **state)
{
	struct buf buf = { 0 };

	(void)state;
	config_reference_example(&buf);

	expect_file("examples/scimward.yaml", &buf);
	buf_fini(&buf);
}

static void test_example_loads(void **state)
{
	struct config_report report = { 0 };
	struct buf buf = { 0 };

	(void)state;
	config_reference_example(&buf);
	struct config *config = config_parse("example", NULL, buf_text(&buf), buf.size, &report);

	if (config == NULL) {
		struct buf problems = { 0 };
		config_report_print(&report, &problems, false);
		fail_msg("%s", buf_text(&problems));
	}
	assert_int_equal(config->source_count, 1);
	assert_string_equal(config->apps[0].name, "wiki");
	config_free(config);
	config_report_fini(&report);
	buf_fini(&buf);
}

/* "  # workers: 0" is a key with its default: taking the "# " away must leave a file in which it is
 * in its place. */
static void test_example_names_every_key_in_its_place(void **state)
{
	struct config_report report = { 0 };
	struct buf example = { 0 };
	struct buf all = { 0 };

	(void)state;
	config_reference_example(&example);
	bool head = true;
	for (char *line = example.data, *end; *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		char *mark = strstr(line, "# ");
		head = head && line[0] == '#';
		bool empty = strstr(line, "…") != NULL;
		if (mark != NULL && !head && !empty) {
			buf_append(&all, line, (size_t)(mark - line));
			buf_append_text(&all, mark + 2);
		} else if (!empty) {
			buf_append_text(&all, line);
		}
		buf_append_char(&all, '\n');
	}
	struct config *config = config_parse("example", NULL, buf_text(&all), all.size, &report);

	if (config == NULL) {
		struct buf problems = { 0 };
		config_report_print(&report, &problems, false);
		fail_msg("%s", buf_text(&problems));
	}
	config_free(config);
	config_report_fini(&report);
	buf_fini(&example);
	buf_fini(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documentation_is_up_to_date),
		cmocka_unit_test(test_example_is_up_to_date),
		cmocka_unit_test(test_example_loads),
		cmocka_unit_test(test_example_names_every_key_in_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
