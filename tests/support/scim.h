/*
 * Helpers of the unit tests of scim/: JSON is written with ' for " (and ` for \"), and
 * compared as text.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/dialect.h"
#include "scim/schema.h"

#define USER_URN "urn:ietf:params:scim:schemas:core:2.0:User"
#define GROUP_URN "urn:ietf:params:scim:schemas:core:2.0:Group"
#define ENTERPRISE_URN "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
#define PERSON_URN "urn:scimward:params:scim:schemas:extension:person:2.0:User"
#define PATCH_URN "urn:ietf:params:scim:api:messages:2.0:PatchOp"

static inline const struct scim_resource_type *user_type(void)
{
	return scim_model_type(scim_model_core(), "User");
}

static inline const struct scim_resource_type *group_type(void)
{
	return scim_model_type(scim_model_core(), "Group");
}

/* ' → ", ` → \" */
static inline const char *quoted(struct arena *arena, const char *text)
{
	char *copy = arena_alloc(arena, 2 * strlen(text) + 1);
	char *p = copy;

	for (; *text != '\0'; text++) {
		if (*text == '`') {
			*p++ = '\\';
		}
		*p++ = *text == '\'' || *text == '`' ? '"' : *text;
	}
	*p = '\0';
	return copy;
}

static inline const struct value *json(struct arena *arena, const char *text)
{
	static const struct value_limits limits = {
		.bytes = 16 * 1024 * 1024, .depth = 32, .values = 1000000, .folded_keys = true
	};
	struct error err = { 0 };
	const char *copy = quoted(arena, text);
	const struct value *value = value_parse(arena, copy, strlen(copy), &limits, &err);

	if (value == NULL) {
		fail_msg("%s: %s", err.text, text);
	}
	return value;
}

/* Canonical text; "-" for NULL. */
static inline const char *printed(struct arena *arena, const struct value *value)
{
	struct buf buf = { 0 };
	const char *text = "-";

	if (value != NULL) {
		value_print(&buf, value);
		text = arena_text(arena, buf.data, buf.size);
	}
	buf_fini(&buf);
	return text;
}

/* wanted: JSON with ', or NULL. */
static inline void assert_json(struct arena *arena, const struct value *value, const char *wanted)
{
	assert_string_equal(
		printed(arena, value), wanted != NULL ? printed(arena, json(arena, wanted)) : "-");
}

static inline int new_arena(void **state)
{
	*state = arena_new();
	return 0;
}

static inline int free_arena(void **state)
{
	arena_free(*state);
	return 0;
}

#define ARENA_TEST(fn) cmocka_unit_test_setup_teardown(fn, new_arena, free_arena)
