/*
 * replay_rules: which rules made the difference between two policies for one input.
 *
 * Both are asked again with coverage (policy/coverage.h); what is true in one and not in the other
 * is responsible. Rules are told apart by what they say, not by where they stand, so a line put
 * above a rule makes it no other. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct error;
struct policy_kept;
struct rule_watch;
struct value;
struct verdict_asker;

/* A policy as it was kept, loaded once more; kept must live as long. NULL: ERROR_POLICY … */
struct rule_watch *rule_watch_new(const struct policy_kept *kept, struct error *err);
void rule_watch_free(struct rule_watch *watch); /* NULL is fine */

struct rule_hit {
	const char *file;
	unsigned row;
	const char *name; /* "data.scimward.rules.deny" */
	uint64_t says;    /* name and text */
};

struct rule_hits {
	const struct rule_hit *list;
	size_t count;
};

/* The rules that are true while `input` is decided; in arena, texts as long as the watch. asker:
 * worker, budget, model and mode; its policy is passed over. */
void rule_watch_ask(struct rule_watch *watch, const struct verdict_asker *asker,
	struct arena *arena, const struct value *input, struct rule_hits *hits);

/*
 * What is true on one side and not on the other. First the rules that are called like the stronger
 * of both effects ("deny", "hold", "allow"); when there is none, those called like the other; when
 * there is none either, any others, those of package scimward itself last: they hand on what others
 * found. In arena.
 */
void rule_hits_between(struct arena *arena, const struct rule_hits *then,
	const struct rule_hits *now, const char *stronger, const char *weaker,
	struct rule_hits *gone, struct rule_hits *fresh);
