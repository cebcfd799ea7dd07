/* policy eval: one decision, of the journal or of a file, or what any rule says to it. */
#include <ctype.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/value.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/policy.h"
#include "cli/policy_asked.h"
#include "gateway/verdict.h"
#include "policy/engine.h"

enum { PATH_MOST = 64 };

const struct cli_row_option cli_policy_eval_options[] = {
	{ 'i', "input", "FILE", "the operation as JSON; - or nothing: standard input" },
	{ 0, "index", "N", "a decision of the journal instead" },
	{ 0, "against", "POLICY", "DIR, BUNDLE, REVISION of the archive, or `live`" },
	{ 0, "query", "PATH",
		"a rule or document instead of the decision, e.g. data.scimward.rules" },
	{ 0, "metrics", NULL, "steps, memory and time of the evaluation as well" },
	{ 0 },
};

struct evaluating {
	struct cli *cli;
	struct cli_asked asked;
	struct policy_worker *worker;
	const struct value *answer; /* NULL: undefined */
	const struct value *recorded;
	const char *effect; /* of a decision */
	int64_t took_us;
	bool differs;
};

/* ---- data.a["b c"][0] ---- */

static bool bad_query(struct error *err, const char *query)
{
	return error_set(err, ERROR_REQUEST,
		"--query '%.80s': a path is data.access.groups[\"a name\"][0]", query);
}

/* "[…]" at *at: a number, or a text in quotes. */
static const char *read_bracket(struct arena *arena, const char **at)
{
	static const struct value_limits limits = { .bytes = 4096, .depth = 2, .values = 2 };
	const char *from = *at + 1;
	const char *end = from;
	bool quoted = *from == '"';

	for (end += quoted; *end != '\0' && (quoted ? *end != '"' : *end != ']'); end++) {
		end += *end == '\\' && end[1] != '\0';
	}
	end += quoted && *end == '"';
	if (*end != ']' || end == from) {
		return NULL;
	}
	*at = end + 1;
	const struct value *key = value_parse(arena, from, (size_t)(end - from), &limits, NULL);
	if (value_is(key, VALUE_STRING)) {
		return value_text(key);
	}
	return value_is(key, VALUE_NUMBER) ? value_number_text(arena, key, NULL) : NULL;
}

static bool read_query(
	struct arena *arena, const char *query, const char **path, size_t *count, struct error *err)
{
	const char *at = query + 4;

	*count = 0;
	if (strncmp(query, "data", 4) != 0) {
		return bad_query(err, query);
	}
	while (*at != '\0') {
		size_t size = strcspn(at + 1, ".[");

		if (*count == PATH_MOST) {
			return bad_query(err, query);
		}
		if (*at == '[') {
			path[*count] = read_bracket(arena, &at);
		} else {
			path[*count] =
				*at == '.' && size > 0 ? arena_text(arena, at + 1, size) : NULL;
			at += 1 + size;
		}
		if (path[(*count)++] == NULL) {
			return bad_query(err, query);
		}
	}
	return true;
}

static struct policy_call call_of(struct evaluating *it)
{
	return (struct policy_call){
		.worker = it->worker,
		.arena = it->asked.arena,
		.input = it->asked.input,
		.time_us = it->asked.time_us,
		.budget = &it->asked.budget,
	};
}

static bool ask_path(struct evaluating *it, const char *query, struct error *err)
{
	const char *path[PATH_MOST];
	struct policy_failure failure;
	const struct policy_call call = call_of(it);
	size_t count;

	if (!read_query(it->asked.arena, query, path, &count, err)) {
		return false;
	}
	return policy_read_path(it->asked.policy, path, count, &call, &it->answer, &failure) ||
	       error_set(err, ERROR_POLICY, "no answer (%s): %s", policy_failure_code(failure.kind),
		       failure.text);
}

/* ---- the decision ---- */

static bool ask_decision(struct evaluating *it, struct error *err)
{
	struct policy_decision decision;
	struct policy_failure failure;
	const struct policy_call call = call_of(it);

	if (!policy_decide(it->asked.policy,
		    policy_find_entrypoint(it->asked.policy, "scimward/decision"), &call, &decision,
		    &failure)) {
		return error_set(err, ERROR_POLICY, "no answer (%s): %s",
			policy_failure_code(failure.kind), failure.text);
	}
	it->answer = decision.value;
	it->effect = policy_effect_name(decision.effect);
	return true;
}

static bool ask_again(struct evaluating *it, struct error *err)
{
	struct verdict verdict;

	if (!cli_asked_verdict(&it->asked, it->worker, &verdict, err)) {
		return false;
	}
	it->recorded = cli_asked_recorded(it->cli, &it->asked, &verdict, &it->differs);
	it->answer = verdict.output;
	it->effect = verdict.effect;
	return verdict.failure == NULL || error_set(err, ERROR_POLICY, "no answer (%s): %s",
						  verdict.reasons[0].code, verdict.failure);
}

/* ---- printing ---- */

static json_t *json_of(const struct value *value)
{
	CLEANUP(buf_fini) struct buf text = { 0 };

	value_print(&text, value);
	return json_loadb(buf_text(&text), text.size, JSON_DECODE_ANY, NULL);
}

static void print_json(struct evaluating *it)
{
	bool is_query = cli_option(it->cli, "query") != NULL;
	json_t *object = json_object();

	if (it->answer != NULL) {
		json_object_set_new(object, is_query ? "result" : "decision", json_of(it->answer));
	}
	if (it->asked.is_past) {
		json_object_set_new(
			object, "index", json_integer((json_int_t)it->asked.past.index));
	}
	if (it->recorded != NULL) {
		json_object_set_new(object, "effect", json_string(it->effect));
		json_object_set_new(object, "recorded", json_of(it->recorded));
	}
	json_object_set_new(object, "revision", json_string(it->asked.named.kept.revision));
	if (cli_option(it->cli, "metrics") != NULL) {
		json_t *metrics = json_object();

		json_object_set_new(metrics, "steps",
			json_integer((json_int_t)policy_worker_steps(it->worker)));
		json_object_set_new(metrics, "bytes",
			json_integer((json_int_t)policy_worker_bytes(it->worker)));
		json_object_set_new(metrics, "time_us", json_integer(it->took_us));
		json_object_set_new(object, "metrics", metrics);
	}
	cli_print_json_members(it->cli, object);
}

static void print(struct evaluating *it)
{
	CLEANUP(buf_fini) struct buf text = { 0 };

	if (it->cli->format == CLI_JSON) {
		print_json(it);
		return;
	}
	if (it->answer != NULL) {
		value_print_pretty(&text, it->answer);
		fprintf(it->cli->out, "%s\n", buf_text(&text));
	} else {
		cli_say(it->cli, "undefined");
	}
	if (cli_option(it->cli, "metrics") != NULL) {
		fprintf(it->cli->err, "%llu steps, %zu bytes, %lld µs\n",
			(unsigned long long)policy_worker_steps(it->worker),
			policy_worker_bytes(it->worker), (long long)it->took_us);
	}
}

/* ---- the whole ---- */

static bool ask(struct evaluating *it, struct error *err)
{
	const char *query = cli_option(it->cli, "query");
	int64_t started_us = clock_monotonic_us();
	bool ok = query != NULL       ? ask_path(it, query, err)
		  : it->asked.is_past ? ask_again(it, err)
				      : ask_decision(it, err);

	it->took_us = clock_monotonic_us() - started_us;
	return ok;
}

static int code_of(const struct evaluating *it)
{
	if (it->differs || it->answer == NULL) {
		return CLI_NO;
	}
	return it->effect == NULL || strcmp(it->effect, "allow") == 0 ? CLI_OK : CLI_NO;
}

int cli_policy_eval(struct cli *cli)
{
	CLEANUP(policy_worker_cleanup) struct policy_worker *worker = policy_worker_new();
	const char *against = cli_option(cli, "against");
	struct evaluating it = { .cli = cli, .worker = worker };
	struct error err = { 0 };
	int code;

	if (against != NULL && cli->argument_count > 0) {
		return cli_usage(
			cli, "a policy is named twice: --against and %s", cli->arguments[0]);
	}
	if (cli_option(cli, "index") != NULL && cli_option(cli, "input") != NULL) {
		return cli_usage(cli, "--index and --input are two operations");
	}
	if (cli->argument_count > 0) {
		against = cli->arguments[0];
	}
	bool ok = cli_asked_read(cli, cli_option(cli, "index"), against, &it.asked, &code, &err) &&
		  ask(&it, &err);
	if (ok) {
		print(&it);
		code = code_of(&it);
	} else if (err.code != ERROR_NONE) {
		code = cli_fail(cli, &err);
		code = it.differs ? CLI_NO : code;
	}
	cli_asked_fini(&it.asked);
	return code;
}
