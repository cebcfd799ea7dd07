/*
 * Patterns and globs that nobody wrote, over texts that nobody wrote. The first byte says which; a
 * NUL parts pattern and text. What compiles must match within work linear in pattern times text,
 * and what it finds must lie within the text, at the beginnings of characters.
 */
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/utf8.h"
#include "policy/builtin_regex.h"
#include "policy/worker.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define STEPS 3000000
#define GROUPS 16

static struct policy_worker *worker;
static struct policy_failure failure;

static void check(bool good)
{
	if (!good) {
		abort();
	}
}

static void match(const struct policy_regex *regex, const char *text, size_t size)
{
	struct policy_regex_scan scan;
	uint32_t places[GROUPS * 2];
	size_t groups = policy_regex_groups(regex) < GROUPS ? policy_regex_groups(regex) : GROUPS;
	uint32_t from = 0;

	policy_regex_scan_init(&worker->context, &scan, regex, text, size);
	for (int round = 0; round < 20 && from <= size; round++) {
		if (!policy_regex_scan_next(&scan, from, places, groups)) {
			return;
		}
		check(places[0] >= from && places[0] <= places[1] && places[1] <= size);
		for (size_t i = 0; i < groups * 2; i++) {
			check(places[i] == POLICY_REGEX_NONE || places[i] == size ||
				(places[i] < size && ((uint8_t)text[places[i]] & 0xc0) != 0x80));
		}
		from = places[1] > from ? places[1] : from + 1;
		while (from < size && ((uint8_t)text[from] & 0xc0) == 0x80) {
			from++;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const uint32_t separators[] = { '.', 0xe9 };
	const char *pattern = (const char *)bytes + 1;
	const char *nul = size > 1 ? memchr(pattern, '\0', size - 1) : NULL;
	struct error err = { 0 };

	if (nul == NULL || size > 2000 || !utf8_is_valid(pattern, size - 1)) {
		return 0;
	}
	if (worker == NULL) {
		worker = policy_worker_new();
	}
	struct arena *arena = arena_new();
	worker->context = (struct policy_context){
		.arena = arena, .charge.left = STEPS, .bytes_end = 64u << 20
	};
	worker->budget = &policy_budget_default;
	worker->deadline_us = INT64_MAX;
	worker->failure = &failure;
	size_t pattern_size = (size_t)(nul - pattern);
	struct policy_regex *regex =
		bytes[0] % 2 == 0 ? policy_regex_compile(arena, pattern, pattern_size, &err)
				  : policy_glob_compile(arena, pattern, pattern_size, separators,
					    bytes[0] / 2 % 3, &err);
	check((regex == NULL) == (err.code != ERROR_NONE));
	if (regex != NULL && setjmp(worker->exit) == 0) {
		match(regex, nul + 1, size - pattern_size - 2);
	}
	policy_regex_free(regex);
	arena_free(arena);
	return 0;
}
