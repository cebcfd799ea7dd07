/*
 * serve: runs the gateway until SIGTERM or SIGINT; SIGHUP reloads.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include "base/error.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "io/loop.h"
#include "io/signal.h"

/* Store, journal, loops, admin sockets, connections to apps. */
enum { DESCRIPTORS_BESIDE = 512 };

struct serve {
	struct loop *loop;
	struct gateway *gateway;
	bool stopping;
};

static void on_stopped(void *user)
{
	struct serve *serve = user;

	loop_stop(serve->loop);
}

static void on_signal(void *user, int number)
{
	struct serve *serve = user;

	if (number == SIGHUP) {
		log_event(LOG_INFO, "reload", NULL);
		gateway_reload(serve->gateway, false);
	} else if (!serve->stopping) { /* a second one changes nothing: drain has its own deadline
					*/
		serve->stopping = true;
		log_event(LOG_INFO, "stopping", NULL);
		gateway_stop(serve->gateway, on_stopped, serve);
	}
}

/* No core files and no ptrace by others: memory holds tokens and people. No death by a limit. */
static void harden(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error like a full disk */
}

/* Each connection is a descriptor, and so is each of the courier's; what the system gives by
 * default is less than the listener's limit. */
static void raise_descriptors(const struct config *config)
{
	rlim_t wanted = (rlim_t)config->listen.limits.connections + DESCRIPTORS_BESIDE;
	struct rlimit limit;
	char text[2][24];

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) {
		return;
	}
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < wanted) {
		snprintf(text[0], sizeof(text[0]), "%llu", (unsigned long long)limit.rlim_cur);
		snprintf(text[1], sizeof(text[1]), "%llu", (unsigned long long)wanted);
		log_event(LOG_WARN, "few_descriptors", "limit", text[0], "wanted", text[1], "help",
			"raise the hard limit (systemd: LimitNOFILE=) or lower "
			"listen.limits.connections",
			NULL);
	}
}

static int serve(struct cli *cli)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
	const struct config *config = cli_config_with_secrets(cli);
	struct serve serve = { 0 };
	struct signals *signals;
	struct error err = { 0 };

	if (config == NULL) {
		return CLI_ERROR;
	}
	harden();
	log_set_level((enum log_level)config->log.level);
	raise_descriptors(config);
	serve.loop = loop_new();
	signals = signals_new(serve.loop, numbers, 3, on_signal, &serve);
	serve.gateway = gateway_start(config, serve.loop, &err);
	if (serve.gateway != NULL) {
		loop_run(serve.loop);
		gateway_free(serve.gateway);
		log_event(LOG_INFO, "stopped", NULL);
	}
	signals_free(signals);
	loop_free(serve.loop);
	return err.code == ERROR_NONE ? CLI_OK : cli_fail(cli, &err);
}

const struct cli_command cli_serve_commands[] = {
	{ .noun = "serve",
		.summary = "Run the gateway",
		.details = "Takes SCIM from sources, asks the policy, records each decision, and "
			   "delivers to the apps. Logs are JSON lines on standard error.\n"
			   "\n"
			   "SIGTERM and SIGINT drain and stop; SIGHUP reloads policy, tokens and "
			   "certificate.\n",
		.examples = "# with the installed configuration\n"
			    "scimward serve\n"
			    "# another one\n"
			    "scimward serve -c ./scimward.yaml\n",
		.run = serve },
	{ 0 },
};
