/*
 * Any bytes as the answer of an OPA server: the first two are the status. What comes of it is a
 * decision, or a failure with a code and a text that can be recorded; only 200 gives a decision.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/arena.h"
#include "policy/decision.h"
#include "policy/engine.h"
#include "policy/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct policy_reply reply;
	struct policy_decision decision;
	struct policy_failure failure = { 0 };

	if (size < 2) {
		return 0;
	}
	int status = 100 + (bytes[0] << 8 | bytes[1]) % 500;
	struct arena *arena = arena_new();
	bool read = policy_reply_read(
		arena, status, (const char *)bytes + 2, size - 2, &reply, &failure);

	assert(!read || status == 200);
	assert(!read || strncmp(reply.revision, "opa:", 4) == 0);
	if (!read || !policy_decision_read(arena, reply.result, &decision, &failure)) {
		assert(policy_failure_code(failure.kind) != NULL);
		assert(memchr(failure.text, '\0', sizeof(failure.text)) != NULL);
	}
	arena_free(arena);
	return 0;
}
