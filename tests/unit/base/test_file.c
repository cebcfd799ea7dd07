#include "base/file.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"

static char folder[] = "/tmp/test_file.XXXXXX";

static const char *in_folder(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static int make_folder(void **state)
{
	(void)state;
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[300];
	(void)state;

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static size_t count_entries(void)
{
	DIR *entries = opendir(folder);
	size_t count = 0;

	while (readdir(entries) != NULL) {
		count++;
	}
	closedir(entries);
	return count - 2; /* . and .. */
}

static void test_what_was_written_is_read(void **state)
{
	CLEANUP(buf_fini) struct buf buf = { 0 };
	static char large[100000];
	struct error err = { 0 };
	(void)state;

	memset(large, 'x', sizeof(large));
	assert_true(file_replace(in_folder("a"), large, sizeof(large), 0640, &err));
	buf_append_text(&buf, ">");
	assert_true(file_read(in_folder("a"), sizeof(large), &buf, &err));

	assert_int_equal(buf.size, sizeof(large) + 1);
	assert_memory_equal(buf.data + 1, large, sizeof(large));
	assert_int_equal(buf.data[buf.size], '\0');
	assert_int_equal(err.code, ERROR_NONE);
}

static void test_replace_sets_the_mode_and_leaves_nothing_else(void **state)
{
	struct error err = { 0 };
	struct stat status;
	(void)state;

	assert_true(file_replace(in_folder("a"), "one", 3, 0644, &err));
	assert_true(file_replace(in_folder("a"), "two", 3, 0600, &err));

	assert_int_equal(stat(in_folder("a"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(status.st_size, 3);
	assert_int_equal(count_entries(), 1);
}

static void test_a_failed_replace_leaves_the_old_file_alone(void **state)
{
	struct error err = { 0 };
	struct stat status;
	(void)state;

	assert_int_equal(mkdir(in_folder("folder"), 0755), 0);
	assert_int_equal(mkdir(in_folder("folder/in"), 0755), 0);

	assert_false(file_replace(in_folder("folder"), "x", 1, 0644, &err));
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, "folder"));
	assert_int_equal(stat(in_folder("folder/in"), &status), 0);
	assert_int_equal(count_entries(), 1);
	assert_false(file_replace(in_folder("nowhere/file"), "x", 1, 0644, &err));
	assert_non_null(strstr(err.text, "nowhere/file: No such file"));
}

static void test_a_file_above_the_limit_is_refused(void **state)
{
	CLEANUP(buf_fini) struct buf buf = { 0 };
	struct error err = { 0 };
	(void)state;

	assert_true(file_replace(in_folder("a"), "12345", 5, 0644, &err));
	assert_true(file_read(in_folder("a"), 5, &buf, &err));
	assert_false(file_read(in_folder("a"), 4, &buf, &err));
	assert_int_equal(err.code, ERROR_TOO_LARGE);
	assert_non_null(strstr(err.text, "4 bytes"));
}

static void test_the_reason_why_a_file_cannot_be_read_is_told(void **state)
{
	CLEANUP(buf_fini) struct buf buf = { 0 };
	struct error err = { 0 };
	(void)state;

	assert_false(file_read(in_folder("missing"), 10, &buf, &err));
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, "cannot open"));
	assert_non_null(strstr(err.text, "missing: No such file or directory"));
	assert_false(file_read(folder, 10, &buf, &err));
	assert_non_null(strstr(err.text, "Is a directory"));
}

static void test_folders_are_made_with_those_above(void **state)
{
	struct error err = { 0 };
	(void)state;

	assert_true(file_make_folders(in_folder("a/b//c/"), 0755, &err));
	assert_true(file_exists(in_folder("a/b/c")));
	assert_true(file_make_folders(in_folder("a/b/c"), 0755, &err));
	assert_true(file_make_folders("/", 0755, &err));

	assert_true(file_replace(in_folder("file"), "", 0, 0644, &err));
	assert_false(file_make_folders(in_folder("file/b"), 0755, &err));
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, "file"));
}

static void test_exists(void **state)
{
	(void)state;

	assert_true(file_exists(folder));
	assert_false(file_exists(in_folder("missing")));
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(test_what_was_written_is_read),
		WITH_FOLDER(test_replace_sets_the_mode_and_leaves_nothing_else),
		WITH_FOLDER(test_a_failed_replace_leaves_the_old_file_alone),
		WITH_FOLDER(test_a_file_above_the_limit_is_refused),
		WITH_FOLDER(test_the_reason_why_a_file_cannot_be_read_is_told),
		WITH_FOLDER(test_folders_are_made_with_those_above),
		WITH_FOLDER(test_exists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
