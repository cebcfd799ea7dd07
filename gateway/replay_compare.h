/*
 * replay_compare: a recorded decision against what a policy says to it now. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct journal_record;
struct policy_reason;
struct value;
struct verdict;

enum replay_effect {
	REPLAY_ALLOW,
	REPLAY_DENY,
	REPLAY_HOLD,
	REPLAY_ERROR, /* no answer */
	REPLAY_EFFECTS,
};
/* "allow", …; unknown words are REPLAY_EFFECTS. */
enum replay_effect replay_effect_of(const char *word);
const char *replay_effect_name(enum replay_effect effect);

/* What is another, the gravest alone. */
enum replay_change {
	REPLAY_SAME,
	REPLAY_OTHER_EFFECT,
	REPLAY_OTHER_OBLIGATIONS,
	REPLAY_OTHER_APPS,
	REPLAY_OTHER_APPROVAL,
	REPLAY_OTHER_REASONS, /* codes or messages */
	REPLAY_OTHER_ANSWER,  /* anything else in it */
	REPLAY_CHANGES,
};
/* "same", "other effect", "other obligations", … */
const char *replay_change_name(enum replay_change change);
/* The member of the answer that such a change is in; NULL: none, or several. */
const char *replay_change_member(enum replay_change change);

struct replay_recorded {
	enum replay_effect effect;
	const struct policy_reason *reasons; /* as far as the entry has them; messages may be "" */
	size_t reason_count;
	bool is_cut;                /* there were more */
	const struct value *output; /* NULL: none */
};

/* False: the entry is no decision with an answer; *why is a short sentence that names no index. */
bool replay_recorded_of(struct arena *arena, const struct journal_record *record,
	struct replay_recorded *recorded, const char **why);

/* Lists whose order means nothing are compared as sets: reasons, apps. */
enum replay_change replay_compare(
	struct arena *arena, const struct replay_recorded *recorded, const struct verdict *verdict);
