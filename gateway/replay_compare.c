#include "gateway/replay_compare.h"

#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/value.h"
#include "gateway/verdict.h"
#include "journal/entry.h"
#include "policy/decision.h"

/* ---- words ---- */

static const char *const effects[REPLAY_EFFECTS] = {
	[REPLAY_ALLOW] = "allow",
	[REPLAY_DENY] = "deny",
	[REPLAY_HOLD] = "hold",
	[REPLAY_ERROR] = "error",
};

enum replay_effect replay_effect_of(const char *word)
{
	int effect = 0;

	while (effect < REPLAY_EFFECTS && (word == NULL || strcmp(effects[effect], word) != 0)) {
		effect++;
	}
	return effect;
}

const char *replay_effect_name(enum replay_effect effect)
{
	return effects[effect];
}

static const struct {
	const char *name;
	const char *member; /* of the answer */
	bool is_set;
} changes[REPLAY_CHANGES] = {
	[REPLAY_SAME] = { "same", NULL, false },
	[REPLAY_OTHER_EFFECT] = { "other effect", NULL, false },
	[REPLAY_OTHER_OBLIGATIONS] = { "other obligations", "obligations", false },
	[REPLAY_OTHER_APPS] = { "other apps", "apps", true },
	[REPLAY_OTHER_APPROVAL] = { "other approval", "approval", false },
	[REPLAY_OTHER_REASONS] = { "other reasons", "reasons", true },
	[REPLAY_OTHER_ANSWER] = { "other answer", NULL, false },
};

const char *replay_change_name(enum replay_change change)
{
	return changes[change].name;
}

const char *replay_change_member(enum replay_change change)
{
	return changes[change].member;
}

/* ---- what was recorded ---- */

static const char *message_of(const struct value *output, const char *code)
{
	const struct value *reasons = value_find(output, "reasons");

	for (size_t i = 0; i < value_count(reasons); i++) {
		const char *its = value_find_text(value_at(reasons, i), "code");
		const char *message = value_find_text(value_at(reasons, i), "message");

		if (its != NULL && message != NULL && strcmp(its, code) == 0) {
			return message;
		}
	}
	return "";
}

static void take_reasons(
	struct arena *arena, const struct value *codes, struct replay_recorded *recorded)
{
	struct policy_reason *reasons =
		arena_calloc(arena, value_count(codes) + 1, sizeof(*reasons));

	for (size_t i = 0; i < value_count(codes); i++) {
		if (value_is(value_at(codes, i), VALUE_STRING)) {
			const char *code = value_text(value_at(codes, i));

			reasons[recorded->reason_count++] =
				(struct policy_reason){ code, message_of(recorded->output, code) };
		}
	}
	recorded->reasons = reasons;
}

bool replay_recorded_of(struct arena *arena, const struct journal_record *record,
	struct replay_recorded *recorded, const char **why)
{
	const struct value *codes = value_find(record->leaf, "reasons");
	const char *effect = value_find_text(record->leaf, "effect");

	*recorded = (struct replay_recorded){ .effect = replay_effect_of(effect),
		.is_cut = value_find(record->leaf, "reasons_cut") != NULL,
		.output = value_find(record->payload, "output") };
	if (recorded->effect == REPLAY_EFFECTS) {
		*why = "it has no effect";
		return false;
	}
	if (recorded->effect == REPLAY_ERROR) {
		*why = arena_printf(arena, "the policy gave no answer (%s)",
			value_count(codes) > 0 && value_is(value_at(codes, 0), VALUE_STRING)
				? value_text(value_at(codes, 0))
				: "no code");
		return false;
	}
	if (record->erased || record->payload == NULL) {
		*why = "its payload was erased";
		return false;
	}
	if (recorded->output == NULL) {
		*why = "it has no answer of a policy";
		return false;
	}
	take_reasons(arena, codes, recorded);
	return true;
}

/* ---- comparing ---- */

/* As JSON has it: a set is the array of its items in their order, and so it was written. */
static bool is_same_text(const struct value *a, const struct value *b)
{
	CLEANUP(buf_fini) struct buf left = { 0 };
	CLEANUP(buf_fini) struct buf right = { 0 };

	if (a == NULL || b == NULL) {
		return a == b;
	}
	value_print(&left, a);
	value_print(&right, b);
	return left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
}

/* Absent is no other list than an empty one, but for apps, where it means something. */
static bool is_same_set(struct arena *arena, const struct value *a, const struct value *b)
{
	struct value_builder sets[2] = { { .arena = arena }, { .arena = arena } };
	const struct value *lists[2] = { a, b };

	for (int side = 0; side < 2; side++) {
		for (size_t i = 0; i < value_count(lists[side]); i++) {
			value_add_item(&sets[side], value_at(lists[side], i));
		}
	}
	return value_equals(value_finish_set(&sets[0]), value_finish_set(&sets[1]));
}

static bool is_same_member(struct arena *arena, enum replay_change change,
	const struct replay_recorded *recorded, const struct verdict *verdict)
{
	const struct value *old = value_find(recorded->output, changes[change].member);
	const struct value *fresh = value_find(verdict->output, changes[change].member);

	if (!changes[change].is_set) {
		return is_same_text(old, fresh);
	}
	if (change == REPLAY_OTHER_APPS && (old == NULL) != (fresh == NULL)) {
		return false;
	}
	return is_same_set(arena, old, fresh);
}

/* Those of all slices. A code longer than a leaf has room for was cut there. */
static bool has_same_codes(const struct replay_recorded *recorded, const struct verdict *verdict)
{
	static const char ellipsis[] = "…";
	size_t cut = sizeof(ellipsis) - 1;

	if (recorded->is_cut ? verdict->reason_count < recorded->reason_count
			     : verdict->reason_count != recorded->reason_count) {
		return false;
	}
	for (size_t i = 0; i < recorded->reason_count; i++) {
		const char *old = recorded->reasons[i].code;
		size_t size = strlen(old);
		bool is_whole = size < cut || strcmp(old + size - cut, ellipsis) != 0;
		bool is_there = false;

		for (size_t j = 0; j < verdict->reason_count && !is_there; j++) {
			const char *fresh = verdict->reasons[j].code;

			is_there = is_whole ? strcmp(old, fresh) == 0
					    : strncmp(old, fresh, size - cut) == 0;
		}
		if (!is_there) {
			return false;
		}
	}
	return true;
}

static bool has_member_of_its_own(const char *name)
{
	for (int change = 0; change < REPLAY_CHANGES; change++) {
		if (changes[change].member != NULL && strcmp(changes[change].member, name) == 0) {
			return true;
		}
	}
	return false;
}

/* Members that no kind of change is about; `there` may lack some of them. */
static bool has_same_rest(const struct value *here, const struct value *there)
{
	for (size_t i = 0; i < value_count(here); i++) {
		const struct value_member *member = value_member_at(here, i);

		if (!has_member_of_its_own(value_text(member->key)) &&
			!is_same_text(member->value, value_find_key(there, member->key))) {
			return false;
		}
	}
	return true;
}

enum replay_change replay_compare(
	struct arena *arena, const struct replay_recorded *recorded, const struct verdict *verdict)
{
	if (recorded->effect != replay_effect_of(verdict->effect)) {
		return REPLAY_OTHER_EFFECT;
	}
	for (int change = 0; change < REPLAY_CHANGES; change++) {
		if (changes[change].member != NULL &&
			!is_same_member(arena, change, recorded, verdict)) {
			return change;
		}
	}
	if (!has_same_codes(recorded, verdict)) {
		return REPLAY_OTHER_REASONS;
	}
	return has_same_rest(recorded->output, verdict->output) &&
			       has_same_rest(verdict->output, recorded->output)
		       ? REPLAY_SAME
		       : REPLAY_OTHER_ANSWER;
}
