/*
 * What `policy eval` and `policy explain` are asked about: an operation, of the journal or from a
 * file, and the policy that shall decide it. Private to cli/.
 *
 *     --index N, or an argument     the entry's operation; its own revision, out of the archive
 *     --input FILE                  what is in the file
 *     --against DIR|BUNDLE|REVISION another policy
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "cli/policy_revision.h"
#include "gateway/past_decision.h"
#include "policy/engine.h"

struct arena;
struct cli;
struct config;
struct error;
struct value;
struct verdict;

struct cli_asked {
	struct arena *arena;
	const struct config *config; /* that of -c, or defaults where none is needed */
	bool is_past;                /* of the journal */
	struct past_decision past;
	const struct value *input;
	int64_t time_us;
	struct cli_policy_named named;
	bool is_recorded; /* the policy is the one that decided then */
	struct policy *policy;
	struct policy_budget budget;
};

/*
 * index: text, NULL: not of the journal. against: as named; NULL: the recorded revision, without
 * an index what the configuration names, as it is now. False: *err, or *code of what was said
 * already. Fini it in any case.
 */
bool cli_asked_read(struct cli *cli, const char *index, const char *against,
	struct cli_asked *asked, int *code, struct error *err);
void cli_asked_fini(struct cli_asked *asked);

/* Asks all slices as the gateway did, and joins them. ERROR_VALUE: the input has not the form. */
bool cli_asked_verdict(struct cli_asked *asked, struct policy_worker *worker,
	struct verdict *verdict, struct error *err);
/*
 * The recorded answer. Where the policy is the recorded one and says something else now, that is
 * said on standard error and *differs is set.
 */
const struct value *cli_asked_recorded(
	struct cli *cli, struct cli_asked *asked, const struct verdict *verdict, bool *differs);
