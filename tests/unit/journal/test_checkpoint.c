#include "journal/checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/buf.h"
#include "base/encode.h"
#include "base/error.h"

static const char private_text[] = "PRIVATE+KEY+scimward.example.com/journal+d76d62a6+"
				   "AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
#define DASH "\xe2\x80\x94 "
#define NAME "scimward.example.com/journal"
#define ROOT "sTeYX/SE+2ANuTEHx3sDZcgNePW0Kd7Q/Zc2HQd5mes="
#define SIGNATURE                                                                                  \
	"121ipkqFf3f0Z6jnMmuO1VWPRquca+L6dZsHY0NpyzHF/WPrwY1oJTpLgKk+5RV7dT2vyqYPFWJR2VSxeP+"      \
	"VdFpHuQ0="
static const char note[] = NAME "\n2\n" ROOT "\n\n" DASH NAME " " SIGNATURE "\n";

static struct journal_key *key;
static const struct journal_verifier *verifier;

static int setup(void **state)
{
	struct error err = { 0 };
	(void)state;

	key = journal_key_parse(private_text, strlen(private_text), &err);
	verifier = journal_key_verifier(key);
	return key != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	journal_key_free(key);
	return 0;
}

static void root_of_a_and_b(struct journal_hash *root)
{
	struct journal_hash leaves[2];

	journal_hash_leaf("a", 1, &leaves[0]);
	journal_hash_leaf("b", 1, &leaves[1]);
	journal_hash_root(leaves, 2, root);
}

static void test_the_known_checkpoint_is_made(void **state)
{
	struct journal_hash root;
	struct buf made = { 0 };
	(void)state;

	root_of_a_and_b(&root);
	journal_checkpoint_sign(key, 2, &root, &made);

	assert_string_equal(buf_text(&made), note);
	buf_fini(&made);
}

static void test_the_known_checkpoint_opens(void **state)
{
	struct journal_checkpoint checkpoint;
	struct journal_hash root;
	struct error err = { 0 };
	(void)state;

	root_of_a_and_b(&root);
	assert_true(journal_checkpoint_open(note, strlen(note), verifier, &checkpoint, &err));

	assert_string_equal(checkpoint.origin, NAME);
	assert_int_equal(checkpoint.size, 2);
	assert_true(journal_hash_equals(&checkpoint.root, &root));
}

static void test_every_flipped_bit_is_found(void **state)
{
	char copy[sizeof(note)];
	struct journal_checkpoint checkpoint;
	(void)state;

	for (size_t i = 0; i < strlen(note); i++) {
		struct error err = { 0 };

		memcpy(copy, note, sizeof(note));
		copy[i] ^= (char)(1 << (i % 8));
		if (journal_checkpoint_open(copy, strlen(note), verifier, &checkpoint, &err)) {
			fail_msg("byte %zu was not noticed", i);
		}
		assert_int_equal(err.code, ERROR_IO);
	}
}

static void test_every_cut_is_found(void **state)
{
	struct journal_checkpoint checkpoint;
	(void)state;

	for (size_t size = 0; size < strlen(note); size++) {
		struct error err = { 0 };

		assert_false(journal_checkpoint_open(note, size, verifier, &checkpoint, &err));
	}
}

static void test_lines_of_other_keys_are_ignored(void **state)
{
	static const char cosigned[] =
		NAME "\n2\n" ROOT "\n\n" DASH "witness.example " SIGNATURE "\n" DASH NAME
		     " " SIGNATURE "\n" DASH "other AAAAAAA=\n";
	struct journal_checkpoint checkpoint;
	struct error err = { 0 };
	(void)state;

	assert_true(
		journal_checkpoint_open(cosigned, strlen(cosigned), verifier, &checkpoint, &err));
}

static void test_malformed_notes_are_refused(void **state)
{
	static const char *const bad[] = {
		NAME "\n2\n" ROOT "\n\n",
		NAME "\n2\n" ROOT "\n\n" DASH "other " SIGNATURE "\n",
		NAME "\n2\n" ROOT "\n\n" DASH NAME " " SIGNATURE "\nmore\n",
		NAME "\n2\n" ROOT "\nextension\n\n" DASH NAME " " SIGNATURE "\n",
		NAME "\n2\n" ROOT "\n" DASH NAME " " SIGNATURE "\n",
		NAME "\n02\n" ROOT "\n\n" DASH NAME " " SIGNATURE "\n",
		NAME "\n2\n" ROOT "\n\n- " NAME " " SIGNATURE "\n",
		"\n\n\n\n\n",
	};
	struct journal_checkpoint checkpoint;
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = { 0 };

		if (journal_checkpoint_open(bad[i], strlen(bad[i]), verifier, &checkpoint, &err)) {
			fail_msg("accepted: %s", bad[i]);
		}
	}
}

/* A signature that is right, over a text that is no checkpoint. */
static void refuse_signed(const char *text)
{
	uint8_t line[JOURNAL_KEY_ID_BYTES + JOURNAL_SIGNATURE_BYTES];
	struct journal_checkpoint checkpoint;
	struct error err = { 0 };
	struct buf made = { 0 };
	struct buf encoded = { 0 };

	memcpy(line, verifier->id, JOURNAL_KEY_ID_BYTES);
	journal_key_sign(key, text, strlen(text), line + JOURNAL_KEY_ID_BYTES);
	encode_base64(&encoded, line, sizeof(line));
	buf_printf(&made, "%s\n" DASH NAME " %s\n", text, buf_text(&encoded));
	if (journal_checkpoint_open(made.data, made.size, verifier, &checkpoint, &err)) {
		fail_msg("accepted: %s", text);
	}
	buf_fini(&made);
	buf_fini(&encoded);
}

static void test_signed_texts_that_are_no_checkpoints_are_refused(void **state)
{
	(void)state;
	refuse_signed(NAME "\n02\n" ROOT "\n");
	refuse_signed(NAME "\n-2\n" ROOT "\n");
	refuse_signed(NAME "\n\n" ROOT "\n");
	refuse_signed(NAME "\n18446744073709551616\n" ROOT "\n");
	refuse_signed("other.example/journal\n2\n" ROOT "\n");
	refuse_signed(NAME "\n2\nc2hvcnQ=\n");
	refuse_signed(NAME "\n2\n" ROOT "\nextension\n");
	refuse_signed(NAME "\n2\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_known_checkpoint_is_made),
		cmocka_unit_test(test_the_known_checkpoint_opens),
		cmocka_unit_test(test_every_flipped_bit_is_found),
		cmocka_unit_test(test_every_cut_is_found),
		cmocka_unit_test(test_lines_of_other_keys_are_ignored),
		cmocka_unit_test(test_malformed_notes_are_refused),
		cmocka_unit_test(test_signed_texts_that_are_no_checkpoints_are_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
