#include "cli/policy_asked.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/value.h"
#include "cli/cli.h"
#include "cli/policy.h"
#include "config/config.h"
#include "gateway/replay_compare.h"
#include "gateway/schemas.h"
#include "gateway/verdict.h"
#include "scim/datatype.h"
#include "scim/problem.h"

enum { INPUT_BYTES = 16 * 1024 * 1024, INDEX_DIGITS = 15 };

/* ---- the operation ---- */

static const struct value *read_input(struct cli *cli, struct arena *arena, struct error *err)
{
	static const struct value_limits limits = {
		.bytes = INPUT_BYTES, .depth = 64, .values = 1000000
	};
	CLEANUP(buf_fini) struct buf text = { 0 };
	const char *path = cli_option(cli, "input");
	char chunk[8192];
	size_t got;

	if (path != NULL && strcmp(path, "-") != 0) {
		if (!file_read(path, INPUT_BYTES, &text, err)) {
			return NULL;
		}
	} else {
		while ((got = fread(chunk, 1, sizeof(chunk), stdin)) > 0 &&
			text.size < INPUT_BYTES) {
			buf_append(&text, chunk, got);
		}
	}
	const struct value *input = value_parse(arena, buf_text(&text), text.size, &limits, err);
	if (input == NULL) {
		error_wrap(err, "%s", path != NULL ? path : "standard input");
	}
	return input;
}

/* The time of the input, so that an old operation is decided as it was then. */
static int64_t time_of(const struct value *input)
{
	int64_t us;
	const char *text = value_find_text(input, "time");

	return text != NULL && scim_datetime_parse(text, strlen(text), true, &us) ? us
										  : clock_now_us();
}

static bool read_index(const char *text, uint64_t *index, struct error *err)
{
	char *end;

	*index = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || strlen(text) > INDEX_DIGITS) {
		return error_set(err, ERROR_REQUEST, "'%.40s' is no journal index", text);
	}
	return true;
}

/* ---- the policy ---- */

static bool not_archived(const struct cli_asked *asked, struct error *err)
{
	const char *text = err->code == ERROR_NOT_FOUND ? "is not archived any more" : err->text;

	struct error cause = *err;
	*err = (struct error){ 0 };
	return error_set(err, cause.code,
		"the policy of entry %llu, revision %s, %s; name another with --against "
		"DIR|BUNDLE|REVISION (policy.archive.revisions says how many are kept)",
		(unsigned long long)asked->past.index, asked->past.revision, text);
}

/* Revisions are cut in the journal when they are long; they begin with the digest. */
static bool find_recorded(struct cli_asked *asked, struct error *err)
{
	const char *revision = asked->past.revision;

	if (revision == NULL) {
		return error_set(err, ERROR_NOT_FOUND,
			"entry %llu names no policy; name one with --against DIR|BUNDLE|REVISION",
			(unsigned long long)asked->past.index);
	}
	asked->is_recorded = true;
	if (cli_policy_archived(asked->config, asked->arena, revision, &asked->named, err)) {
		return true;
	}
	const char *digest = arena_text(asked->arena, revision, strcspn(revision, " "));
	struct error ignored = { 0 };
	return cli_policy_archived(asked->config, asked->arena, digest, &asked->named, &ignored) ||
	       not_archived(asked, err);
}

/* What the configuration names, as it is now. */
static bool fetch_configured(struct cli *cli, struct cli_asked *asked, struct error *err)
{
	struct cli_policy_named *named = &asked->named;
	struct config_policy *where = arena_calloc(asked->arena, 1, sizeof(*where));

	if (!cli_policy_where(cli, NULL, where)) {
		return false;
	}
	*named = (struct cli_policy_named){ .prefix = cli_policy_prefix(asked->arena, where) };
	policy_gate_init(&named->gate, where);
	named->has_gate = true;
	if (!policy_gate_load(&named->gate, err)) {
		return false;
	}
	policy_unref(named->gate.policy);
	named->gate.policy = NULL;
	named->kept = named->gate.found;
	named->shown = named->kept.revision;
	return true;
}

static bool find_policy(
	struct cli *cli, struct cli_asked *asked, const char *against, struct error *err)
{
	struct policy_files files;
	bool ok = against != NULL  ? cli_policy_named(asked->config, asked->arena, against,
					     &asked->named, err)
		  : asked->is_past ? find_recorded(asked, err)
				   : fetch_configured(cli, asked, err);

	if (!ok) {
		return false;
	}
	files = policy_kept_files(&asked->named.kept);
	asked->policy = policy_load(&files, NULL, err);
	if (asked->policy != NULL &&
		policy_find_entrypoint(asked->policy, "scimward/decision") == NULL) {
		return error_set(
			err, ERROR_POLICY, "%s has no data.scimward.decision", asked->named.shown);
	}
	return asked->policy != NULL;
}

/* Those of the configuration, so that what gave no answer there gives none here; else the default.
 */
static struct policy_budget budget_of(const struct config_policy_limits *limits)
{
	struct policy_budget budget = policy_budget_default;

	if (limits->steps > 0) {
		budget.steps = (uint64_t)limits->steps;
		budget.bytes = (size_t)limits->bytes;
		budget.time_us = limits->time_ms * 1000;
	}
	return budget;
}

/*
 * By this very policy: then it was within its limits, and its obligations could be applied. Neither
 * is asked again, since limits and schemas may be others today.
 */
static bool was_answered(const struct cli_asked *asked)
{
	const char *effect = value_find_text(asked->past.record.leaf, "effect");

	return asked->is_recorded && effect != NULL && strcmp(effect, "error") != 0;
}

/* A hundred times the budget ends what nobody ever decided. */
static void widen_budget(struct cli_asked *asked)
{
	if (was_answered(asked)) {
		asked->budget.steps *= 100;
		asked->budget.bytes *= 16;
		asked->budget.time_us = 60000000;
	}
}

/* A folder or bundle and a file need no configuration. */
static bool needs_config(const char *index, const char *against)
{
	return index != NULL || against == NULL || !file_exists(against);
}

bool cli_asked_read(struct cli *cli, const char *index, const char *against,
	struct cli_asked *asked, int *code, struct error *err)
{
	static const struct config none = { .policy = { .opa = "opa", .opa_timeout_ms = 60000 },
		.store.path = "" };
	uint64_t number = 0;

	*asked = (struct cli_asked){ .arena = arena_new(), .config = &none };
	*code = CLI_ERROR;
	if (index != NULL && !read_index(index, &number, err)) {
		return false;
	}
	if (needs_config(index, against)) {
		asked->config = cli_config(cli);
		if (asked->config == NULL) {
			return false;
		}
	}
	asked->budget = budget_of(&asked->config->policy.limits);
	if (index != NULL) {
		asked->is_past = true;
		if (!past_decision_read(
			    asked->arena, asked->config->store.path, number, &asked->past, err)) {
			return false;
		}
		asked->input = asked->past.input;
	} else {
		asked->input = read_input(cli, asked->arena, err);
	}
	if (asked->input == NULL) {
		return false;
	}
	asked->time_us = time_of(asked->input);
	if (!find_policy(cli, asked, against, err)) {
		return false;
	}
	widen_budget(asked);
	return true;
}

void cli_asked_fini(struct cli_asked *asked)
{
	policy_unref(asked->policy);
	cli_policy_named_fini(&asked->named);
	arena_free(asked->arena);
}

/* ---- the answer ---- */

bool cli_asked_verdict(struct cli_asked *asked, struct policy_worker *worker,
	struct verdict *verdict, struct error *err)
{
	struct scim_problems problems = { .arena = asked->arena };
	struct verdict_asker asker = {
		.policy = asked->policy, .worker = worker, .budget = asked->budget
	};

	if (!was_answered(asked)) {
		asker.model =
			schemas_load(asked->arena, asked->config->scim.directory, NULL, &problems);
		if (asker.model == NULL) {
			return error_set(err, ERROR_CONFIG, "scim.directory: %s",
				scim_problem_text(asked->arena, &problems.items[0]));
		}
	}
	return verdict_of(&asker, asked->arena, asked->input, verdict, err) ||
	       error_wrap(err, "entry %llu", (unsigned long long)asked->past.index);
}

static bool alarm(struct cli *cli, const struct cli_asked *asked, const struct value *recorded,
	const struct verdict *verdict, const char *what)
{
	const struct value *codes = value_find(recorded, "reasons");
	bool is_budget = value_count(codes) == 1 &&
			 strcmp(value_text(value_at(codes, 0)), "policy.budget") == 0;

	fprintf(cli->err,
		"scimward: ALARM: entry %llu was decided \"%s\", and the same policy (%s) gives "
		"another answer now: \"%s\" (%s). A decision must be reproducible: keep store and "
		"archive as they are, and report this.%s\n",
		(unsigned long long)asked->past.index, value_find_text(recorded, "effect"),
		asked->past.revision, verdict->effect, what,
		is_budget ? " Were policy.limits others when it was decided?" : "");
	return true;
}

/* Where there was no answer, the journal has the code of why. */
static bool is_same_failure(const struct value *leaf, const struct verdict *verdict)
{
	const struct value *codes = value_find(leaf, "reasons");

	return strcmp(verdict->effect, "error") == 0 && value_count(codes) == 1 &&
	       strcmp(value_text(value_at(codes, 0)), verdict->reasons[0].code) == 0;
}

const struct value *cli_asked_recorded(
	struct cli *cli, struct cli_asked *asked, const struct verdict *verdict, bool *differs)
{
	const struct value *leaf = asked->past.record.leaf;
	const char *effect = value_find_text(leaf, "effect");
	const struct value *codes = value_find(leaf, "reasons");
	struct value_builder told = { .arena = asked->arena };
	struct replay_recorded recorded;
	const char *what = NULL;
	const char *why;

	*differs = false;
	value_add_text(&told, "effect", effect);
	value_add(&told, "reasons", codes != NULL ? codes : value_of_array(asked->arena, NULL, 0));
	if (effect != NULL && strcmp(effect, "error") == 0) {
		what = is_same_failure(leaf, verdict) ? NULL : "other effect";
	} else if (!replay_recorded_of(asked->arena, &asked->past.record, &recorded, &why)) {
		cli_say(cli, "entry %llu: %s", (unsigned long long)asked->past.index, why);
		return NULL;
	} else {
		enum replay_change change = replay_compare(asked->arena, &recorded, verdict);

		what = change != REPLAY_SAME ? replay_change_name(change) : NULL;
	}
	const struct value *answer = value_finish_object(&told);
	*differs = asked->is_recorded && what != NULL && alarm(cli, asked, answer, verdict, what);
	return answer;
}
