/*
 * Writes documents and what base/value makes of them, for json_python.py.
 *
 * Each record: size (u32, little endian) and bytes of the document, then size and bytes of the
 * canonical text; size 0xffffffff: refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/value.h"
#include "tests/differential/json_documents.h"

static void write_size(size_t size)
{
	for (int i = 0; i < 4; i++) {
		putchar((int)(size >> 8 * i & 0xff));
	}
}

int main(int argc, char **argv)
{
	const struct value_limits limits = { 1 << 20, 1000, 100000, .allow_nul = true };
	size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
	uint64_t seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	CLEANUP(buf_fini) struct buf text = { 0 };
	CLEANUP(buf_fini) struct buf printed = { 0 };

	for (size_t i = 0; i < count; i++) {
		json_document(seed, i, &text);
		arena_reset(arena);
		const struct value *value = value_parse(arena, text.data, text.size, &limits, NULL);

		write_size(text.size);
		fwrite(text.data, 1, text.size, stdout);
		if (value == NULL) {
			write_size(0xffffffff);
			continue;
		}
		buf_clear(&printed);
		value_print(&printed, value);
		write_size(printed.size);
		fwrite(printed.data, 1, printed.size, stdout);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
