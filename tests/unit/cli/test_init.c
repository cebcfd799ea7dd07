#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/digest.h"
#include "base/encode.h"
#include "cli/cli.h"
#include "cli/starter.h"
#include "gateway/token_text.h"
#include "config/config.h"
#include "config/load.h"
#include "journal/key.h"

static char parent[64];
static char folder[96];

static int make_parent(void **state)
{
	(void)state;
	snprintf(parent, sizeof(parent), "%s", "/tmp/scimward-test-XXXXXX");
	if (mkdtemp(parent) == NULL) {
		return -1;
	}
	snprintf(folder, sizeof(folder), "%s/gateway", parent);
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
	(void)status;
	(void)flag;
	(void)walk;
	return remove(path);
}

static int remove_parent(void **state)
{
	(void)state;
	return nftw(parent, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Runs init; the caller frees *out. */
static int init(const char *option, const char *value, char **out)
{
	char *argv[] = { (char *)"scimward", (char *)"init", folder, (char *)option, (char *)value,
		NULL };
	size_t size;
	FILE *output = open_memstream(out, &size);
	FILE *errors = tmpfile();
	int code = cli_main(option == NULL ? 3 : 5, argv, output, errors);

	fclose(output);
	fclose(errors);
	return code;
}

static void path_in(char path[256], const char *name)
{
	snprintf(path, 256, "%s/%s", folder, name);
}

static void test_what_it_makes_loads_and_belongs_together(void **state)
{
	struct config_report report = { 0 };
	char path[256];
	char *out;
	uint8_t digest[DIGEST_BYTES];

	(void)state;
	assert_int_equal(init(NULL, NULL, &out), CLI_OK);
	path_in(path, "scimward.yaml");
	struct config *config = config_load(path, &report);
	assert_non_null(config);

	/* The token that was shown is the one that the configuration has the digest of. */
	const char *token = strstr(out, "  scimward_");
	assert_non_null(token);
	assert_true(token_text_check(token + 2, TOKEN_BYTES - 1, NULL));
	token_text_digest(token + 2, TOKEN_BYTES - 1, digest);
	assert_memory_equal(config->sources[0].tokens[0].bytes, digest, sizeof(digest));
	struct journal_key *key = journal_key_load(config->journal.key, NULL);
	assert_non_null(key);
	assert_string_equal(journal_key_verifier(key)->name, config->journal.origin);
	assert_int_equal(access(config->listen.tls.certificate, R_OK), 0);
	assert_int_equal(access(config->listen.tls.key, R_OK), 0);
	journal_key_free(key);
	config_free(config);
	config_report_fini(&report);
	free(out);
}

static void test_the_token_stands_nowhere_in_the_folder(void **state)
{
	struct buf text = { 0 };
	char path[256];
	char command[512];
	char *out;

	(void)state;
	assert_int_equal(init(NULL, NULL, &out), CLI_OK);
	const char *token = strstr(out, "  scimward_") + 2;
	path_in(path, "");
	snprintf(command, sizeof(command), "grep -r -q '%.91s' '%s'", token, path);

	assert_int_not_equal(system(command), 0);
	buf_fini(&text);
	free(out);
}

static void test_the_starter_policy_is_whole(void **state)
{
	char path[256];
	char *out;
	bool decision = false;

	(void)state;
	assert_int_equal(init(NULL, NULL, &out), CLI_OK);
	for (size_t i = 0; i < starter_file_count; i++) {
		struct stat status;
		char name[128];
		snprintf(name, sizeof(name), "policy/%s", starter_files[i].path);
		path_in(path, name);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_size, starter_files[i].size);
		decision = decision || strcmp(starter_files[i].path, "lib/decision.rego") == 0;
	}
	assert_true(decision);
	free(out);
}

static void test_it_never_overwrites(void **state)
{
	char path[256];
	char *out;
	struct stat before;
	struct stat after;

	(void)state;
	assert_int_equal(init(NULL, NULL, &out), CLI_OK);
	free(out);
	path_in(path, "journal.key");
	assert_int_equal(stat(path, &before), 0);
	path_in(path, "scimward.yaml");
	assert_int_equal(unlink(path), 0);

	assert_int_equal(init(NULL, NULL, &out), CLI_ERROR);
	assert_int_equal(access(path, F_OK), -1);
	path_in(path, "journal.key");
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_string_equal(out, "");
	free(out);
}

static void test_bad_options_leave_nothing_behind(void **state)
{
	static const char *const options[][2] = {
		{ "--address", "nowhere" },
		{ "--address", "0.0.0.0:99999" },
		{ "--source", "Not A Name" },
		{ "--source", "UPPER" },
		{ "--dialect", "klingon" },
		{ "--origin", "https://x" },
	};
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		char *out;
		assert_int_not_equal(init(options[i][0], options[i][1], &out), CLI_OK);
		path_in(path, "scimward.yaml");
		assert_int_equal(access(path, F_OK), -1);
		path_in(path, "journal.key");
		assert_int_equal(access(path, F_OK), -1);
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_what_it_makes_loads_and_belongs_together, make_parent, remove_parent),
		cmocka_unit_test_setup_teardown(
			test_the_token_stands_nowhere_in_the_folder, make_parent, remove_parent),
		cmocka_unit_test_setup_teardown(
			test_the_starter_policy_is_whole, make_parent, remove_parent),
		cmocka_unit_test_setup_teardown(
			test_it_never_overwrites, make_parent, remove_parent),
		cmocka_unit_test_setup_teardown(
			test_bad_options_leave_nothing_behind, make_parent, remove_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
