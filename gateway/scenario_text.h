/*
 * scenario_text: `${name}` in the texts of a scenario. Pure.
 */
#pragma once

struct arena;
struct value;

/* What a name stands for; NULL: nobody knows it. */
typedef const char *scenario_find_fn(void *user, const char *name);

/*
 * Replaces `${name}` by what find(user, name) says, and `$${` by `${`. NULL: *unknown is a name
 * that nobody knows, or what stands behind a `${` without an end.
 */
const char *scenario_replace(struct arena *arena, const char *text, scenario_find_fn *find,
	void *user, const char **unknown);
/* The same in all texts and names of a value. */
const struct value *scenario_replace_in(struct arena *arena, const struct value *value,
	scenario_find_fn *find, void *user, const char **unknown);
