#include "policy/decision.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/utf8.h"
#include "base/value.h"
#include "policy/engine.h"

#define REASONS_MAX 1000
#define NAMES_MAX 1000

struct reader {
	struct arena *arena;
	struct policy_decision *decision;
	struct policy_failure *failure;
};

static bool invalid(struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool invalid(struct reader *reader, const char *format, ...)
{
	struct policy_failure *failure = reader->failure;
	va_list args;

	failure->kind = POLICY_FAILURE_INVALID;
	va_start(args, format);
	vsnprintf(failure->text, sizeof(failure->text), format, args);
	va_end(args);
	utf8_repair(failure->text); /* it is recorded */
	return false;
}

/* An array or a set of at most `most` items. */
static bool is_list(const struct value *value, size_t most)
{
	return (value_is(value, VALUE_ARRAY) || value_is(value, VALUE_SET)) &&
	       value_count(value) <= most;
}

/* The text's bytes, or NULL: no text, empty, or with a NUL in it, which C would not see. */
static const char *plain_text(const struct value *value)
{
	if (!value_is(value, VALUE_STRING) || value_size(value) == 0 ||
		strlen(value_text(value)) != value_size(value)) {
		return NULL;
	}
	return value_text(value);
}

/* ---- members: each reads one, given its value ---- */

static bool read_effect(struct reader *reader, const struct value *value)
{
	const char *text = plain_text(value);

	for (int effect = POLICY_DENY; text != NULL && effect <= POLICY_HOLD; effect++) {
		if (strcmp(text, policy_effect_name((enum policy_effect)effect)) == 0) {
			reader->decision->effect = (enum policy_effect)effect;
			return true;
		}
	}
	return invalid(reader, "decision.effect: must be \"allow\", \"deny\" or \"hold\", not %s",
		value_preview(reader->arena, value, 40));
}

static bool read_reason(struct reader *reader, const char *what, size_t index,
	const struct value *value, struct policy_reason *reason)
{
	if (!value_is(value, VALUE_OBJECT)) {
		return invalid(reader, "decision.%s[%zu]: must be an object", what, index);
	}
	reason->code = plain_text(value_find(value, "code"));
	reason->message = plain_text(value_find(value, "message"));
	if (reason->code == NULL || reason->message == NULL) {
		return invalid(reader, "decision.%s[%zu].%s: must be a text that is not empty",
			what, index, reason->code == NULL ? "code" : "message");
	}
	if (value_count(value) != 2) {
		return invalid(reader,
			"decision.%s[%zu]: may have code and message only, but is %s", what, index,
			value_preview(reader->arena, value, 80));
	}
	return true;
}

static bool read_reason_list(struct reader *reader, const char *what, const struct value *value,
	const struct policy_reason **list, size_t *count)
{
	if (!is_list(value, REASONS_MAX)) {
		return invalid(reader, "decision.%s: must be an array or a set of at most %d", what,
			REASONS_MAX);
	}
	*count = value_count(value);
	struct policy_reason *reasons = arena_calloc(reader->arena, *count, sizeof(*reasons));
	*list = reasons;
	for (size_t i = 0; i < *count; i++) {
		if (!read_reason(reader, what, i, value_at(value, i), &reasons[i])) {
			return false;
		}
	}
	return true;
}

static bool read_reasons(struct reader *reader, const struct value *value)
{
	struct policy_decision *decision = reader->decision;

	return read_reason_list(
		reader, "reasons", value, &decision->reasons, &decision->reason_count);
}

static bool read_observed(struct reader *reader, const struct value *value)
{
	struct policy_decision *decision = reader->decision;

	return read_reason_list(
		reader, "observed", value, &decision->observed, &decision->observed_count);
}

static bool read_overridable(struct reader *reader, const struct value *value)
{
	if (!value_is(value, VALUE_BOOL)) {
		return invalid(reader, "decision.overridable: must be true or false, not %s",
			value_preview(reader->arena, value, 40));
	}
	reader->decision->overridable = value_bool(value);
	return true;
}

static bool read_obligations(struct reader *reader, const struct value *value)
{
	if (!is_list(value, REASONS_MAX)) {
		return invalid(reader,
			"decision.obligations: must be an array or a set of at most %d",
			REASONS_MAX);
	}
	for (size_t i = 0; i < value_count(value); i++) {
		if (!value_is(value_at(value, i), VALUE_OBJECT)) {
			return invalid(reader, "decision.obligations[%zu]: must be an object", i);
		}
	}
	reader->decision->obligations = value_count(value) > 0 ? value : NULL;
	return true;
}

static bool read_names(struct reader *reader, const char *what, const struct value *value,
	const char *const **names, size_t *count)
{
	if (!is_list(value, NAMES_MAX)) {
		return invalid(reader, "decision.%s: must be an array or a set of at most %d", what,
			NAMES_MAX);
	}
	*count = value_count(value);
	const char **list = arena_calloc(reader->arena, *count, sizeof(*list));
	*names = list;
	for (size_t i = 0; i < *count; i++) {
		list[i] = plain_text(value_at(value, i));
		if (list[i] == NULL) {
			return invalid(reader, "decision.%s[%zu]: must be a text that is not empty",
				what, i);
		}
	}
	return true;
}

static bool read_apps(struct reader *reader, const struct value *value)
{
	struct policy_decision *decision = reader->decision;

	decision->has_apps = true;
	return read_names(reader, "apps", value, &decision->apps, &decision->app_count);
}

static bool read_positive(
	struct reader *reader, const struct value *approval, const char *name, int64_t *number)
{
	const struct value *value = value_find(approval, name);

	if (value == NULL || !value_int(value, number) || *number < 1) {
		return invalid(
			reader, "decision.approval.%s: must be a whole number from 1 on", name);
	}
	return true;
}

static bool read_approval(struct reader *reader, const struct value *value)
{
	struct policy_approval *approval = &reader->decision->approval;

	if (!value_is(value, VALUE_OBJECT) || value_count(value) != 3) {
		return invalid(reader,
			"decision.approval: must be an object with groups, min and expires_s");
	}
	const struct value *groups = value_find(value, "groups");
	return read_names(reader, "approval.groups", groups, &approval->groups,
		       &approval->group_count) &&
	       read_positive(reader, value, "min", &approval->min) &&
	       read_positive(reader, value, "expires_s", &approval->expires_s);
}

/* ---- the whole ---- */

static const struct {
	const char *name;
	bool (*read)(struct reader *reader, const struct value *value);
} members[] = {
	{ "approval", read_approval },
	{ "apps", read_apps },
	{ "effect", read_effect },
	{ "obligations", read_obligations },
	{ "observed", read_observed },
	{ "overridable", read_overridable },
	{ "reasons", read_reasons },
};

static bool read_member(struct reader *reader, const struct value_member *member)
{
	const char *name = plain_text(member->key);

	for (size_t i = 0; name != NULL && i < sizeof(members) / sizeof(members[0]); i++) {
		if (strcmp(members[i].name, name) == 0) {
			return members[i].read(reader, member->value);
		}
	}
	return invalid(reader, "decision: has a member %s, which is unknown",
		value_preview(reader->arena, member->key, 40));
}

static bool read_members(struct reader *reader, const struct value *value)
{
	for (size_t i = 0; i < value_count(value); i++) {
		if (!read_member(reader, value_member_at(value, i))) {
			return false;
		}
	}
	if (value_find(value, "effect") == NULL) {
		return invalid(reader, "decision.effect: is missing");
	}
	if (reader->decision->overridable && reader->decision->effect != POLICY_DENY) {
		return invalid(reader, "decision.overridable: is true, but only a denial may be "
				       "overridden");
	}
	bool is_hold = reader->decision->effect == POLICY_HOLD;
	if (is_hold != (value_find(value, "approval") != NULL)) {
		return invalid(reader, "decision.approval: %s",
			is_hold ? "is missing, but a hold needs it"
				: "is there, but only a hold may have it");
	}
	return true;
}

bool policy_decision_read(struct arena *arena, const struct value *value,
	struct policy_decision *decision, struct policy_failure *failure)
{
	struct reader reader = { arena, decision, failure };

	*decision = (struct policy_decision){ .value = value };
	if (value == NULL) {
		failure->kind = POLICY_FAILURE_UNDEFINED;
		snprintf(failure->text, sizeof(failure->text),
			"the policy is undefined: no rule gives a decision");
		return false;
	}
	if (!value_is(value, VALUE_OBJECT)) {
		return invalid(&reader, "decision: must be an object, not %s",
			value_preview(arena, value, 40));
	}
	return read_members(&reader, value);
}

const char *policy_effect_name(enum policy_effect effect)
{
	static const char *const names[] = {
		[POLICY_DENY] = "deny",
		[POLICY_ALLOW] = "allow",
		[POLICY_HOLD] = "hold",
	};

	return names[effect];
}

/* ---- lists of reasons ---- */

static bool has_code(const struct policy_reason *list, size_t count, const char *code)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(list[i].code, code) == 0) {
			return true;
		}
	}
	return false;
}

void policy_reasons_join(struct arena *arena, const struct policy_reason **list, size_t *count,
	const struct policy_reason *more, size_t more_count)
{
	struct policy_reason *all;

	if (more_count == 0) {
		return;
	}
	all = arena_alloc(arena, (*count + more_count) * sizeof(*all));
	if (*count > 0) {
		memcpy(all, *list, *count * sizeof(*all));
	}
	for (size_t i = 0; i < more_count; i++) {
		if (!has_code(all, *count, more[i].code)) {
			all[(*count)++] = more[i];
		}
	}
	*list = all;
}

static const struct value *value_of_reasons(
	struct arena *arena, const struct policy_reason *list, size_t count)
{
	struct value_builder items = { .arena = arena };

	for (size_t i = 0; i < count; i++) {
		struct value_builder it = { .arena = arena };

		value_add_text(&it, "code", list[i].code);
		value_add_text(&it, "message", list[i].message);
		value_add_item(&items, value_finish_object(&it));
	}
	return value_finish_array(&items);
}

const struct value *policy_decision_of_slices(struct arena *arena, const struct value *strongest,
	const struct policy_reason *observed, size_t observed_count, bool overridable)
{
	if (observed_count > 0) {
		strongest = value_with(arena, strongest, "observed",
			value_of_reasons(arena, observed, observed_count));
	}
	if (value_find_bool(strongest, "overridable", false) != overridable) {
		strongest = value_with(arena, strongest, "overridable", value_of_bool(overridable));
	}
	return strongest;
}
