/*
 * What a capture writes down of a body. The first byte chooses the mode, the rest is the body.
 *
 * JSON stays JSON, on one line, and a password of JSON is never told; what is no JSON ends nothing.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/value.h"
#include "gateway/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct value_limits limits = { .bytes = 1 << 20, .depth = 32, .values = 20000 };

static void check_body(struct arena *arena, const struct redact *redact, const char *text,
	size_t size, bool is_denial)
{
	const struct value *sent = value_parse(arena, text, size, &limits, NULL);
	const char *password = value_find_text(sent, "password");
	struct buf out = { 0 };

	redact_body(redact, text, size, sent != NULL, is_denial, &out);
	if (sent != NULL) {
		const struct value *told = value_parse(arena, out.data, out.size, &limits, NULL);

		assert(memchr(out.data, '\n', out.size) == NULL);
		assert(told != NULL || value_is(sent, VALUE_OBJECT)); /* keys may meet */
		assert(password == NULL || told == NULL ||
			strcmp(value_find_text(told, "password"), "[redacted]") == 0);
	}
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct redact redact = { .pseudonym = { "a key that is the same every day" } };
	struct arena *arena = arena_new();
	const char *text = (const char *)data + 1;
	struct buf out = { 0 };

	if (size > 1) {
		size_t half = (size - 1) / 2;

		redact.with_values = (data[0] & 1) != 0;
		check_body(arena, &redact, text, size - 1, (data[0] & 2) != 0);
		redact_expression(&redact, text, size - 1, (data[0] & 4) != 0, &out);
		redact_sentence(&redact, text, size - 1, &out);
		redact_target(&redact, arena, text, half, text + half, size - 1 - half, &out);
		redact_header(&redact, text, half, text + half, size - 1 - half, &out);
	}
	buf_fini(&out);
	arena_free(arena);
	return 0;
}
