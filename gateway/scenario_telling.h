/*
 * One scenario while it is told: what scenario_run.c and scenario_place.c share.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/encode.h"

struct arena;
struct error;
struct policy_coverage;
struct scenario;
struct scenario_file;
struct scenario_result;
struct trial;
struct trial_answer;

/* A name and the id behind it. */
struct named {
	const char *name;
	uint8_t id[UUID_BYTES];
	char text[UUID_TEXT_BYTES];
};

struct telling {
	struct trial *trial;
	const struct scenario_file *file;
	const struct scenario *scenario;
	struct policy_coverage *coverage;
	struct arena *arena; /* of the result */
	struct arena *scratch;
	struct scenario_result *result;
	struct named *names;
	size_t name_count;
	struct named *crowd; /* without names */
	int64_t time_us;
	bool has_ids; /* some were chosen: they must be free again for the next scenario */
};

/* scenario_find_fn: the id that a name stands for; user: the telling. */
const char *telling_find_id(void *user, const char *name);
/* Ends it: "<what>: <why>". Always false. */
bool telling_trouble(struct telling *telling, const char *what, const char *why);
/* "409 userName is already taken …": status and what an error says. In scratch. */
const char *telling_detail(struct telling *telling, const struct trial_answer *answer);

/* ---- scenario_place.c ---- */

/* Puts in place what is given. False: *err, or result->trouble, says why. */
bool telling_put_all(struct telling *telling, struct error *err);
