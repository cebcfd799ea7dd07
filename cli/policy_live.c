#include "cli/policy_live.h"

#include <string.h>
#include <time.h>
#include "base/clock.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/output.h"

enum { ASK_AGAIN_MS = 100, WAIT_MS = 15 * 60 * 1000 };

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

void cli_policy_line(struct cli *cli, const char *name, enum cli_tone tone, const char *text)
{
	if (text == NULL) {
		return;
	}
	fprintf(cli->out, "%-11s %s", name, cli_tone_begin(cli, tone));
	cli_print_safe(cli->out, text);
	fprintf(cli->out, "%s\n", cli_tone_end(cli, tone));
}

void cli_policy_trouble(struct cli *cli, const char *name, const json_t *it)
{
	char head[128];

	if (it == NULL) {
		return;
	}
	snprintf(
		head, sizeof(head), "at %.40s, step %.40s", text_of(it, "at"), text_of(it, "step"));
	cli_policy_line(cli, name, CLI_BAD, head);
	cli_policy_line(cli, "", CLI_PLAIN, text_of(it, "error"));
}

/* policy: of the status. Returns the exit code. */
static int print_policy(struct cli *cli, const json_t *policy)
{
	bool failing = json_is_true(json_object_get(policy, "failing"));
	bool kept = json_is_true(json_object_get(policy, "kept"));
	const json_t *serial = json_object_get(policy, "serial");
	char number[32];

	if (cli->format == CLI_JSON) {
		cli_print_json(cli, "policy", json_deep_copy(policy));
		return failing ? CLI_NO : CLI_OK;
	}
	cli_policy_line(cli, "revision", CLI_STRONG, text_of(policy, "revision"));
	cli_policy_line(cli, "digest", CLI_PLAIN, text_of(policy, "digest"));
	cli_policy_line(cli, "commit", CLI_PLAIN, text_of(policy, "commit"));
	if (serial != NULL) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(serial));
		cli_policy_line(cli, "serial", CLI_PLAIN, number);
	}
	cli_policy_line(cli, "source", CLI_PLAIN, text_of(policy, "source"));
	cli_policy_line(cli, "since", CLI_PLAIN, text_of(policy, "since"));
	cli_policy_line(cli, "tried", CLI_PLAIN, text_of(policy, "tried"));
	if (kept) {
		cli_policy_line(cli, "kept", CLI_WARN,
			"by an earlier run; nothing good has come from the source since the start");
	}
	cli_policy_trouble(cli, "refused", json_object_get(policy, "refused"));
	cli_policy_trouble(cli, "unreachable", json_object_get(policy, "unreachable"));
	return failing ? CLI_NO : CLI_OK;
}

/* NULL: err says why. */
static json_t *ask(struct cli *cli, struct error *err)
{
	json_t *answer = NULL;
	json_t *policy = NULL;

	if (cli_call(cli, "GET", "/admin/v1/status", NULL, 0, &answer, err)) {
		policy = json_incref(json_object_get(answer, "policy"));
		json_decref(answer);
	}
	return policy;
}

int cli_policy_status(struct cli *cli)
{
	struct error err = { 0 };
	json_t *policy = ask(cli, &err);
	int code;

	if (policy == NULL) {
		return cli_fail(cli, &err);
	}
	code = print_policy(cli, policy);
	json_decref(policy);
	return code;
}

static json_int_t reloads_of(const json_t *policy)
{
	return json_integer_value(json_object_get(policy, "reloads"));
}

/* Until the reload of that number has ended. NULL: err says why. */
static json_t *wait_for_reload(struct cli *cli, json_int_t number, struct error *err)
{
	int64_t deadline_us = clock_monotonic_us() + (int64_t)WAIT_MS * 1000;
	const struct timespec pause = { .tv_nsec = ASK_AGAIN_MS * 1000000L };
	json_t *policy;

	while ((policy = ask(cli, err)) != NULL && reloads_of(policy) < number) {
		json_decref(policy);
		if (clock_monotonic_us() > deadline_us) {
			error_set(err, ERROR_TIMEOUT,
				"the reload has not ended; see `scimward policy status`");
			return NULL;
		}
		nanosleep(&pause, NULL);
	}
	return policy;
}

int cli_policy_reload(struct cli *cli)
{
	struct error err = { 0 };
	json_t *body = json_object();
	json_t *answer = NULL;
	json_t *policy;
	int code;

	if (cli_option(cli, "allow-older") != NULL) {
		json_object_set_new(body, "allowOlder", json_true());
	}
	bool ok = cli_call(cli, "POST", "/admin/v1/reload", body, 0, &answer, &err);
	json_decref(body);
	policy = ok ? wait_for_reload(
			      cli, json_integer_value(json_object_get(answer, "number")), &err)
		    : NULL;
	json_decref(answer);
	if (policy == NULL) {
		return cli_fail(cli, &err);
	}
	code = print_policy(cli, policy);
	json_decref(policy);
	return code;
}
