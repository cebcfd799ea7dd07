/* Two texts, line by line: what is printed is what makes one of the other, and no more. */
#include "cli/unified.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/buf.h"
#include "base/cleanup.h"

static void print(const char *old, const char *fresh, struct buf *out)
{
	const struct unified texts = { "a", "b", old, old != NULL ? strlen(old) : 0, fresh,
		fresh != NULL ? strlen(fresh) : 0 };

	unified_print(&texts, out);
}

static void test_texts_are_told_as_diff_tells_them(void **state)
{
	static const struct {
		const char *old;
		const char *fresh;
		const char *printed;
	} cases[] = {
		{ "", "", "" },
		{ "one\ntwo\n", "one\ntwo\n", "" },
		{ NULL, "one\n", "--- /dev/null\n+++ b\n@@ -0,0 +1 @@\n+one\n" },
		{ "one\ntwo\n", NULL, "--- a\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-one\n-two\n" },
		{ "one\ntwo\nthree\n", "one\n2\nthree\n",
			"--- a\n+++ b\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n" },
		{ "a\nb\nc\nd\ne\nf\n", "a\nb\nc\nd\ne\nf\ng\n",
			"--- a\n+++ b\n@@ -4,3 +4,4 @@\n d\n e\n f\n+g\n" },
		{ "one", "one\n",
			"--- a\n+++ b\n@@ -1 +1 @@\n-one\n\\ No newline at end of file\n+one\n" },
		{ "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "x\n1\n2\n3\n4\n5\n6\n7\n8\n",
			"--- a\n+++ b\n@@ -1,3 +1,4 @@\n+x\n 1\n 2\n 3\n@@ -6,4 +7,3 @@\n 6\n 7\n "
			"8\n-9\n" },
		{ "1\n2\n3\n4\n5\n6\n7\n8\n", "x\n1\n2\n3\n4\n5\n6\ny\n8\n",
			"--- a\n+++ b\n@@ -1,8 +1,9 @@\n+x\n 1\n 2\n 3\n 4\n 5\n 6\n-7\n+y\n 8\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(buf_fini) struct buf out = { 0 };

		print(cases[i].old, cases[i].fresh, &out);
		assert_string_equal(buf_text(&out), cases[i].printed);
	}
}

/* Applies what was printed to the old text, without looking at the new one. */
static void apply(const char *old, const char *diff, struct buf *out)
{
	size_t line = 1; /* of the old text, next to be copied */
	const char *at = old;

	for (const char *d = diff; *d != '\0'; d += strcspn(d, "\n") + 1) {
		size_t size = strcspn(d, "\n") + 1;

		if (strncmp(d, "--- ", 4) == 0 || strncmp(d, "+++ ", 4) == 0) {
			continue;
		}
		if (strncmp(d, "@@ -", 4) == 0) {
			char *end;
			size_t from = strtoul(d + 4, &end, 10);

			from += strncmp(end, ",0", 2) == 0;
			for (; line < from; line++) {
				size_t step = strcspn(at, "\n") + 1;

				buf_append(out, at, step);
				at += step;
			}
		} else if (d[0] == '+') {
			buf_append(out, d + 1, size - 1);
		} else {
			size_t step = strcspn(at, "\n") + 1;

			assert_int_equal(step, size - 1);
			assert_memory_equal(at, d + 1, step);
			if (d[0] == ' ') {
				buf_append(out, at, step);
			}
			at += step;
			line++;
		}
	}
	buf_append_text(out, at);
}

static unsigned draw(unsigned *seed, unsigned below)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % below;
}

static void write_text(unsigned *seed, size_t lines, struct buf *out)
{
	for (size_t i = 0; i < lines; i++) {
		buf_printf(out, "%u\n", draw(seed, 6));
	}
}

static void test_what_is_printed_makes_the_new_text_of_the_old(void **state)
{
	unsigned seed = 7;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		CLEANUP(buf_fini) struct buf old = { 0 };
		CLEANUP(buf_fini) struct buf fresh = { 0 };
		CLEANUP(buf_fini) struct buf diff = { 0 };
		CLEANUP(buf_fini) struct buf made = { 0 };

		write_text(&seed, draw(&seed, 40), &old);
		write_text(&seed, draw(&seed, 40), &fresh);
		print(buf_text(&old), buf_text(&fresh), &diff);
		apply(buf_text(&old), buf_text(&diff), &made);

		assert_string_equal(buf_text(&made), buf_text(&fresh));
	}
}

static void test_texts_that_have_nothing_in_common_are_exchanged(void **state)
{
	CLEANUP(buf_fini) struct buf old = { 0 };
	CLEANUP(buf_fini) struct buf fresh = { 0 };
	CLEANUP(buf_fini) struct buf diff = { 0 };
	CLEANUP(buf_fini) struct buf made = { 0 };

	(void)state;
	for (int i = 0; i < 20000; i++) {
		buf_printf(&old, "old %d\n", i);
		buf_printf(&fresh, "new %d\n", i);
	}
	print(buf_text(&old), buf_text(&fresh), &diff);
	apply(buf_text(&old), buf_text(&diff), &made);

	assert_true(made.size == fresh.size && memcmp(made.data, fresh.data, made.size) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_are_told_as_diff_tells_them),
		cmocka_unit_test(test_what_is_printed_makes_the_new_text_of_the_old),
		cmocka_unit_test(test_texts_that_have_nothing_in_common_are_exchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
