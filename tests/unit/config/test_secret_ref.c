#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/error.h"
#include "config/secret_ref.h"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "%s", "/tmp/scimward-test-XXXXXX");
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static void path_in(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", folder, name);
}

static void write_file(const char *name, const char *bytes, size_t size)
{
	char path[128];

	path_in(path, name);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

static int remove_folder(void **state)
{
	static const char *const names[] = { "token", "empty", "nul", "pipe", "crlf" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_in(path, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

static void expect(const char *text, const char *result, bool reference)
{
	struct buf buf = { 0 };
	struct error err = { 0 };
	bool any = false;

	if (!config_expand(folder, text, &buf, &any, &err)) {
		fail_msg("%s: %s", text, err.text);
	}
	assert_string_equal(buf_text(&buf), result);
	assert_int_equal(any, reference);
	buf_fini(&buf);
}

static void expect_error(const char *text, const char *part)
{
	struct buf buf = { 0 };
	struct error err = { 0 };
	bool any = false;

	assert_false(config_expand(folder, text, &buf, &any, &err));
	assert_int_equal(err.code, ERROR_CONFIG);
	if (strstr(err.text, part) == NULL) {
		fail_msg("'%s' lacks '%s'", err.text, part);
	}
	buf_fini(&buf);
}

static void test_text_without_references_stays(void **state)
{
	(void)state;
	expect("plain", "plain", false);
	expect("a $ b", "a $ b", false);
	expect("$${env:X}", "${env:X}", false);
}

static void test_file_is_read_without_its_last_line_break(void **state)
{
	(void)state;
	write_file("token", "s3cret\n", 7);
	write_file("crlf", "s3cret\r\n", 8);

	expect("${file:token}", "s3cret", true);
	expect("${file:crlf}", "s3cret", true);
	expect("a-${file:token}-b", "a-s3cret-b", true);
}

static void test_file_content_is_not_expanded_again(void **state)
{
	(void)state;
	write_file("token", "${env:HOME}", 11);

	expect("${file:token}", "${env:HOME}", true);
}

static void test_what_is_no_regular_file_is_refused(void **state)
{
	char path[128];

	(void)state;
	path_in(path, "pipe");
	assert_int_equal(mkfifo(path, 0600), 0);

	expect_error("${file:pipe}", "not a regular file");
	expect_error("${file:/dev/zero}", "not a regular file");
	expect_error("${file:.}", "not a regular file");
	expect_error("${file:nothing}", "No such file");
}

static void test_empty_files_and_nul_are_refused(void **state)
{
	(void)state;
	write_file("empty", "\n", 1);
	write_file("nul", "a\0b", 3);

	expect_error("${file:empty}", "is empty");
	expect_error("${file:nul}", "NUL");
}

static void test_environment_must_be_set(void **state)
{
	(void)state;
	setenv("SCIMWARD_TEST_VALUE", "from env", 1);
	unsetenv("SCIMWARD_TEST_NOTHING");

	expect("${env:SCIMWARD_TEST_VALUE}", "from env", true);
	expect_error("${env:SCIMWARD_TEST_NOTHING}", "is not set");
}

static void test_credentials_come_from_the_directory_of_systemd(void **state)
{
	(void)state;
	write_file("token", "abc", 3);
	unsetenv("CREDENTIALS_DIRECTORY");
	expect_error("${cred:token}", "LoadCredential=token");
	setenv("CREDENTIALS_DIRECTORY", folder, 1);

	expect("${cred:token}", "abc", true);
	expect_error("${cred:../token}", "no name of a credential");
}

static void test_malformed_references_say_how_to_write_them(void **state)
{
	(void)state;
	expect_error("${fil:token}", "did you mean '${file:");
	expect_error("${vault:token}", "no reference of kind 'vault'");
	expect_error("${token}", "should be ${file:PATH}");
	expect_error("${file:}", "should be");
	expect_error("x ${file:token", "lacks its '}'");
}

static void test_without_a_folder_nothing_is_read(void **state)
{
	struct buf buf = { 0 };
	bool any = false;

	(void)state;
	assert_true(config_expand(NULL, "${file:/nothing}", &buf, &any, NULL));
	assert_string_equal(buf_text(&buf), "reference");
	assert_true(any);
	buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_without_references_stays),
		cmocka_unit_test(test_file_is_read_without_its_last_line_break),
		cmocka_unit_test(test_file_content_is_not_expanded_again),
		cmocka_unit_test(test_what_is_no_regular_file_is_refused),
		cmocka_unit_test(test_empty_files_and_nul_are_refused),
		cmocka_unit_test(test_environment_must_be_set),
		cmocka_unit_test(test_credentials_come_from_the_directory_of_systemd),
		cmocka_unit_test(test_malformed_references_say_how_to_write_them),
		cmocka_unit_test(test_without_a_folder_nothing_is_read),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
