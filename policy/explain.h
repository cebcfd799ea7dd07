/*
 * explain: why a policy decided as it did, and what would have to be different.
 *
 * It decides twice: with the policy as it runs everywhere, and once more with a trace
 * (policy/trace.h). Of the trace it tells which rules made the reasons, where they stand, which of
 * their conditions were true and with which values. For an answer that is no "allow" it proposes
 * changes of single values, and tells only those that it has tried: "with this the answer is …".
 *
 * Pure and bounded: depth, counts, bytes and tries. The answer is one object:
 *
 *     decision     as the policy gave it; absent: there was no answer, and `error` says why
 *     error        {code, message, file, line, text, values}: where the evaluation ended
 *     decided_by   [clause]: the rules that had the whole decision as their value, outermost first
 *     reasons      [{code, message, rules: [clause], changes: [change]}]
 *     observed     [the same, without changes]
 *     obligations  [{obligation, rules: [clause]}]
 *     allow        [clause]: what could have said "allow" and where it stopped; where no rule
 *                  with a condition of its own speaks against it
 *     changes      [change], of `allow`
 *     together     {changes, effect, reasons}: one change for each reason
 *     cut          true: the trace reached a limit, so something may be missing
 *     lines_only   true: the plan does not say where expressions end (opa before 1.22)
 *
 *     clause       {rule, file, line, text, holds, conditions: [condition]}; of a default or an
 *                  `else` also instead_of: [clause]; of one that stopped: stopped: [condition],
 * times condition    {line, column, text, holds, values: [value], because: [clause]} value {ref,
 * value} | {ref, preview, bytes} | {ref, undefined: true} change       {ref, in: "input"|"data",
 * path, op: "set"|"add"|"remove", value, before, effect, reasons: [code]}: what the answer was with
 * it
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct policy;
struct policy_call;
struct tar_file;
struct value;

/* What an operation may have, to be tried where it is not there: "approval" of the input. */
struct policy_sample {
	const char *member; /* of the input */
	const struct value *value;
};

struct policy_question {
	struct policy *policy; /* as it decides */
	struct policy *traced; /* the same files, loaded with policy_limits.trace */
	const char *entrypoint;
	const struct policy_call *call; /* arena: the answer lives there, and as long as policies */
	const struct tar_file *files;   /* the policy's source, for texts of lines; may be none */
	size_t file_count;
	const struct policy_sample *samples;
	size_t sample_count;
};

/*
 * Never NULL. *same (may be NULL): false when the two evaluations disagree, which is a fault of the
 * engine.
 */
const struct value *policy_explain(const struct policy_question *question, bool *same);
