#include "journal/key.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"

/* seed 00 01 … 1f */
static const char private_text[] = "PRIVATE+KEY+scimward.example.com/journal+d76d62a6+"
				   "AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n";
static const char vkey_text[] =
	"scimward.example.com/journal+d76d62a6+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";

static void test_vkey_of_a_known_seed(void **state)
{
	struct error err = { 0 };
	struct journal_key *key = journal_key_parse(private_text, strlen(private_text), &err);
	struct buf vkey = { 0 };
	(void)state;

	assert_non_null(key);
	journal_key_vkey(key, &vkey);
	assert_string_equal(buf_text(&vkey), vkey_text);
	buf_fini(&vkey);
	journal_key_free(key);
}

static void test_vkey_of_the_specification_is_read(void **state)
{
	static const char text[] =
		" example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n";
	struct journal_verifier verifier;
	struct error err = { 0 };
	(void)state;

	assert_true(journal_verifier_parse(text, strlen(text), &verifier, &err));
	assert_string_equal(verifier.name, "example.com/foo");
	assert_memory_equal(verifier.id, "\x53\x0d\x90\x3a", 4);
}

static void test_malformed_vkeys_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"+",
		"name",
		"name+530d903a",
		"name+530d903a+",
		"name+530d903+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/foo+530d903a+BOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
		"exa mple.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
		"+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	};
	struct journal_verifier verifier;
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = { 0 };

		if (journal_verifier_parse(bad[i], strlen(bad[i]), &verifier, &err)) {
			fail_msg("accepted: %s", bad[i]);
		}
		assert_int_equal(err.code, ERROR_CONFIG);
	}
}

static void test_a_signature_fits_its_text_only(void **state)
{
	struct error err = { 0 };
	struct journal_key *key = journal_key_parse(private_text, strlen(private_text), &err);
	const struct journal_verifier *verifier = journal_key_verifier(key);
	uint8_t signature[JOURNAL_SIGNATURE_BYTES];
	(void)state;

	journal_key_sign(key, "text", 4, signature);

	assert_true(journal_verifier_check(verifier, "text", 4, signature));
	assert_false(journal_verifier_check(verifier, "texT", 4, signature));
	signature[63] ^= 1;
	assert_false(journal_verifier_check(verifier, "text", 4, signature));
	journal_key_free(key);
}

static void test_names(void **state)
{
	static const char *const good[] = { "a", "journal.example.com/journal",
		"m\xc3\xbcnchen.de" };
	static const char *const bad[] = { "", "a b", "a+b", "a\n", "a\x7f", "\xff", "a\xc2\xa0",
		"a\xe2\x80\xa8" };
	struct error err = { 0 };
	char longest[JOURNAL_NAME_LIMIT + 2];
	(void)state;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(journal_name_check(good[i], &err));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(journal_name_check(bad[i], &err));
	}
	memset(longest, 'a', sizeof(longest));
	longest[JOURNAL_NAME_LIMIT + 1] = '\0';
	assert_false(journal_name_check(longest, &err));
	longest[JOURNAL_NAME_LIMIT] = '\0';
	assert_true(journal_name_check(longest, &err));
}

/* ---- files ---- */

static char folder[] = "/tmp/scimward-test-key-XXXXXX";
static char path[sizeof(folder) + 16];

static int make_folder(void **state)
{
	(void)state;
	strncpy(folder + sizeof(folder) - 7, "XXXXXX", 7);
	if (mkdtemp(folder) == NULL) {
		return -1;
	}
	snprintf(path, sizeof(path), "%s/key", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void test_a_new_key_is_private_and_loads(void **state)
{
	struct error err = { 0 };
	struct stat status;
	(void)state;

	assert_true(journal_key_generate(path, "a.example/journal", &err));

	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	struct journal_key *key = journal_key_load(path, &err);

	assert_non_null(key);
	assert_string_equal(journal_key_verifier(key)->name, "a.example/journal");
	journal_key_free(key);
}

static void test_a_key_is_never_overwritten(void **state)
{
	struct error err = { 0 };
	struct buf before = { 0 };
	struct buf after = { 0 };
	(void)state;

	assert_true(journal_key_generate(path, "a.example/journal", &err));
	assert_true(file_read(path, 1000, &before, &err));
	assert_false(journal_key_generate(path, "a.example/journal", &err));

	assert_int_equal(err.code, ERROR_IO);
	assert_true(file_read(path, 1000, &after, &err));
	assert_string_equal(buf_text(&before), buf_text(&after));
	buf_fini(&before);
	buf_fini(&after);
}

static void test_two_keys_differ(void **state)
{
	struct error err = { 0 };
	uint8_t first[32];
	(void)state;

	assert_true(journal_key_generate(path, "a", &err));
	struct journal_key *key = journal_key_load(path, &err);
	memcpy(first, journal_key_verifier(key)->public_key, 32);
	journal_key_free(key);
	unlink(path);
	assert_true(journal_key_generate(path, "a", &err));
	key = journal_key_load(path, &err);

	assert_memory_not_equal(first, journal_key_verifier(key)->public_key, 32);
	journal_key_free(key);
}

static void test_a_key_that_others_may_read_is_refused(void **state)
{
	struct error err = { 0 };
	(void)state;

	assert_true(journal_key_generate(path, "a", &err));
	assert_int_equal(chmod(path, 0640), 0);

	assert_null(journal_key_load(path, &err));
	assert_int_equal(err.code, ERROR_CONFIG);
	assert_non_null(strstr(err.text, "chmod 600"));
}

static void test_a_damaged_key_is_refused(void **state)
{
	struct error err = { 0 };
	struct buf text = { 0 };
	(void)state;

	assert_true(journal_key_generate(path, "a", &err));
	assert_true(file_read(path, 1000, &text, &err));
	text.data[text.size - 10] ^= 1;
	assert_true(file_replace(path, text.data, text.size, 0600, &err));

	assert_null(journal_key_load(path, &err));
	assert_int_equal(err.code, ERROR_CONFIG);
	buf_fini(&text);
}

static void test_a_missing_key_is_named(void **state)
{
	struct error err = { 0 };
	(void)state;

	assert_null(journal_key_load(path, &err));
	assert_int_equal(err.code, ERROR_IO);
	assert_non_null(strstr(err.text, path));
}

int main(void)
{
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vkey_of_a_known_seed),
		cmocka_unit_test(test_vkey_of_the_specification_is_read),
		cmocka_unit_test(test_malformed_vkeys_are_refused),
		cmocka_unit_test(test_a_signature_fits_its_text_only),
		cmocka_unit_test(test_names),
		WITH_FOLDER(test_a_new_key_is_private_and_loads),
		WITH_FOLDER(test_a_key_is_never_overwritten),
		WITH_FOLDER(test_two_keys_differ),
		WITH_FOLDER(test_a_key_that_others_may_read_is_refused),
		WITH_FOLDER(test_a_damaged_key_is_refused),
		WITH_FOLDER(test_a_missing_key_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
