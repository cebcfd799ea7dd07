/* policy explain: why a decision was made, and what would have to be different. */
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/value.h"
#include "cli/cli.h"
#include "cli/explain_print.h"
#include "cli/output.h"
#include "cli/policy.h"
#include "cli/policy_asked.h"
#include "gateway/verdict.h"
#include "policy/engine.h"
#include "policy/explain.h"

const struct cli_row_option cli_policy_explain_options[] = {
	{ 'i', "input", "FILE", "an operation as JSON instead of a decision of the journal; -" },
	{ 0, "against", "POLICY", "DIR, BUNDLE, REVISION of the archive, or `live`" },
	{ 'f', "format", "FORMAT", "table, json or markdown" },
	{ 0 },
};

struct explaining {
	struct cli *cli;
	struct cli_asked asked;
	struct policy_worker *worker;
	struct policy *traced;
	struct verdict verdict;       /* of the journal alone */
	const struct value *recorded; /* the same */
	size_t slices;
	bool differs;
};

/* ---- what was asked ---- */

static const struct value *member_names(
	struct arena *arena, const struct value *input, const char *which)
{
	const struct value *list = value_find(value_find(input, "members"), which);
	struct value_builder names = { .arena = arena };

	for (size_t i = 0; i < value_count(list); i++) {
		const struct value *member = value_at(list, i);
		const struct value *name = value_find(value_find(member, "user"), "userName");

		value_add_item(&names, name != NULL ? name : value_find(member, "id"));
	}
	return names.count > 0 ? value_finish_array(&names) : NULL;
}

static const struct value *subject_of(const struct explaining *it)
{
	static const char *const names[] = { "userName", "displayName" };
	const struct value *input = it->asked.input;
	const struct value *resource = value_find(input, "after");
	struct value_builder subject = { .arena = it->asked.arena };

	resource = resource != NULL ? resource : value_find(input, "before");
	for (size_t i = 0; i < 2; i++) {
		value_add(&subject, names[i], value_find(resource, names[i]));
	}
	return value_finish_object(&subject);
}

static const struct value *tell_asked(const struct explaining *it)
{
	static const char *const members[] = { "source", "operation", "resource_type", "id", "time",
		"changes", "override" };
	const struct value *input = it->asked.input;
	const struct value *actor = value_find(input, "actor");
	const char *actor_type = value_find_text(actor, "type");
	struct value_builder told = { .arena = it->asked.arena };

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		value_add(&told, members[i], value_find(input, members[i]));
	}
	if (actor_type != NULL && strcmp(actor_type, "source") != 0) {
		value_add(&told, "actor", actor);
	}
	value_add(&told, "subject", subject_of(it));
	value_add(&told, "added", member_names(it->asked.arena, input, "added"));
	value_add(&told, "removed", member_names(it->asked.arena, input, "removed"));
	return value_finish_object(&told);
}

/* ---- asking ---- */

/* An approval, for rules that ask whether there is one. */
static const struct value *sample_approval(struct arena *arena)
{
	static const char text[] = "{\"id\": \"example\", \"approvers\": [\"example\"], "
				   "\"reason\": \"example\"}";
	static const struct value_limits limits = { .bytes = 200, .depth = 4, .values = 20 };

	return value_parse(arena, text, sizeof(text) - 1, &limits, NULL);
}

static const struct value *explain_slice(struct explaining *it, size_t slice, bool *same)
{
	struct arena *arena = it->asked.arena;
	const struct policy_sample samples[] = { { "approval", sample_approval(arena) } };
	const struct policy_call call = {
		.worker = it->worker,
		.arena = arena,
		.input = it->slices > 1 ? verdict_slice(arena, it->asked.input, slice)
					: it->asked.input,
		.time_us = it->asked.time_us,
		.budget = &it->asked.budget,
	};
	const struct policy_question question = {
		.policy = it->asked.policy,
		.traced = it->traced,
		.entrypoint = "scimward/decision",
		.call = &call,
		.files = it->asked.named.kept.files,
		.file_count = it->asked.named.kept.file_count,
		.samples = samples,
		.sample_count = 1,
	};

	return policy_explain(&question, same);
}

static const char *effect_of(const struct value *explained)
{
	const char *effect = value_find_text(value_find(explained, "decision"), "effect");

	return effect != NULL ? effect : "error";
}

/* Of several slices the first that spoke as all of them together did. */
static const struct value *explain(struct explaining *it, size_t *slice, bool *same)
{
	const struct value *first = NULL;

	for (*slice = 0; *slice < it->slices; ++*slice) {
		const struct value *told = explain_slice(it, *slice, same);

		if (!*same || !it->asked.is_past ||
			strcmp(effect_of(told), it->verdict.effect) == 0) {
			return told;
		}
		first = first != NULL ? first : told;
	}
	*slice = 0; /* what speaks is no slice: a leaver who is not held, a conflict of two */
	return first;
}

static const struct value *tell_slice(struct arena *arena, size_t slice, size_t of)
{
	struct value_builder told = { .arena = arena };

	value_add_int(&told, "index", (int64_t)slice);
	value_add_int(&told, "of", (int64_t)of);
	return value_finish_object(&told);
}

static bool load_traced(struct explaining *it, struct error *err)
{
	struct policy_files files = policy_kept_files(&it->asked.named.kept);
	struct policy_limits limits = policy_limits_default;

	limits.trace = true;
	it->traced = policy_load(&files, &limits, err);
	return it->traced != NULL;
}

static bool ask(struct explaining *it, struct error *err)
{
	it->slices = it->asked.is_past ? verdict_slices(it->asked.input) : 1;
	return (!it->asked.is_past ||
		       cli_asked_verdict(&it->asked, it->worker, &it->verdict, err)) &&
	       load_traced(it, err);
}

/* ---- telling ---- */

/* Of all slices, and with what the gateway itself has a say in: a leaver is not held. */
static const struct value *tell_answer(const struct explaining *it)
{
	struct value_builder codes = { .arena = it->asked.arena };
	struct value_builder told = { .arena = it->asked.arena };

	for (size_t i = 0; i < it->verdict.reason_count; i++) {
		value_add_item(&codes, value_of_text(it->asked.arena, it->verdict.reasons[i].code));
	}
	value_add_text(&told, "effect", it->verdict.effect);
	value_add(&told, "reasons", value_finish_array(&codes));
	return value_finish_object(&told);
}

static const struct value *tell(struct explaining *it)
{
	struct arena *arena = it->asked.arena;
	struct value_builder told = { .arena = arena };
	size_t slice = 0;
	bool same = true;
	const struct value *explained = explain(it, &slice, &same);

	if (!same) {
		it->differs = true;
		fprintf(it->cli->err, "scimward: ALARM: the traced evaluation came to another "
				      "answer than the plain one: this is a fault of scimward\n");
	}
	if (it->asked.is_past) {
		value_add_int(&told, "index", (int64_t)it->asked.past.index);
	}
	value_add_text(&told, "policy", it->asked.named.shown);
	value_add(&told, "asked", tell_asked(it));
	value_add_text(
		&told, "effect", it->asked.is_past ? it->verdict.effect : effect_of(explained));
	value_add(&told, "answer", it->asked.is_past ? tell_answer(it) : NULL);
	value_add(&told, "recorded", it->recorded);
	if (it->recorded != NULL && it->asked.is_recorded) {
		value_add(&told, "same", value_of_bool(!it->differs));
	}
	if (it->slices > 1) {
		value_add(&told, "slice", tell_slice(arena, slice, it->slices));
	}
	for (size_t i = 0; i < value_count(explained); i++) {
		const struct value_member *member = value_member_at(explained, i);

		value_add_key(&told, member->key, member->value);
	}
	return value_finish_object(&told);
}

static void print(struct explaining *it, const struct value *told, const char *format)
{
	CLEANUP(buf_fini) struct buf text = { 0 };

	if (strcmp(format, "json") == 0) {
		value_print(&text, told);
		cli_print_json(
			it->cli, "explanation", json_loadb(buf_text(&text), text.size, 0, NULL));
		return;
	}
	explain_print(it->cli, told, it->asked.named.prefix, strcmp(format, "markdown") == 0);
}

/* NULL: no such format; said so. */
static const char *format_of(struct cli *cli)
{
	static const char *const formats[] = { "table", "json", "markdown" };
	const char *format = cli_option(cli, "format");

	if (format == NULL) {
		return cli->format == CLI_JSON ? "json" : "table";
	}
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i], format) == 0) {
			return format;
		}
	}
	cli_usage(cli, "--format is table, json or markdown");
	return NULL;
}

int cli_policy_explain(struct cli *cli)
{
	CLEANUP(policy_worker_cleanup) struct policy_worker *worker = policy_worker_new();
	struct explaining it = { .cli = cli, .worker = worker };
	const char *format = format_of(cli);
	const char *index = cli->argument_count > 0 ? cli->arguments[0] : NULL;
	struct error err = { 0 };
	int code;

	if (format == NULL) {
		return CLI_USAGE;
	}
	if ((index != NULL) == (cli_option(cli, "input") != NULL)) {
		return cli_usage(cli, "name either the index of a decision or --input FILE");
	}
	bool ok = cli_asked_read(cli, index, cli_option(cli, "against"), &it.asked, &code, &err) &&
		  ask(&it, &err);
	if (ok) {
		if (it.asked.is_past) {
			it.recorded = cli_asked_recorded(cli, &it.asked, &it.verdict, &it.differs);
		}
		print(&it, tell(&it), format);
		code = it.differs ? CLI_NO : CLI_OK;
	} else if (err.code != ERROR_NONE) {
		code = cli_fail(cli, &err);
	}
	policy_unref(it.traced);
	cli_asked_fini(&it.asked);
	return code;
}
