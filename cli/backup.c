/* backup and restore of the store. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "config/config.h"
#include "gateway/policy_backup.h"
#include "store/backup.h"

struct copy {
	struct store_copy_info store;
	struct policy_backup_info policy;
};

static void print_info(struct cli *cli, const char *file, const struct copy *copy)
{
	const struct store_copy_info *info = &copy->store;

	if (cli->format == CLI_JSON) {
		json_t *it = json_object();

		json_object_set_new(it, "file", json_string(file));
		json_object_set_new(it, "entries", json_integer(info->entries));
		json_object_set_new(it, "users", json_integer(info->users));
		json_object_set_new(it, "groups", json_integer(info->groups));
		json_object_set_new(it, "bytes", json_integer(info->bytes));
		json_object_set_new(
			it, "policies", json_integer((json_int_t)copy->policy.policies));
		cli_print_json(cli, "backup", it);
		return;
	}
	fprintf(cli->out, "%s: %lld people, %lld groups, %lld journal entries, %.1f MiB\n", file,
		(long long)info->users, (long long)info->groups, (long long)info->entries,
		(double)info->bytes / 1048576);
	fprintf(cli->out, "%s-policy: %zu %s that decided here\n", file, copy->policy.policies,
		copy->policy.policies == 1 ? "policy" : "policies");
}

/*
 * The store first: a policy is archived before it decides, so each that the copy names is there
 * when the archive is copied. Without its policies a copy is none: it goes again.
 */
static bool make_copy(const char *store, const char *to, struct copy *copy, struct error *err)
{
	if (!store_backup(store, to, err) || !store_backup_check(to, &copy->store, err)) {
		return false;
	}
	if (!policy_backup(store, to, &copy->policy, err)) {
		unlink(to);
		return error_wrap(err, "the policies beside %s", store);
	}
	return true;
}

/* Works beside a running gateway and without one: SQLite copies a consistent state in either case.
 */
static int backup(struct cli *cli)
{
	const struct config *config = cli_config(cli);
	struct copy copy;
	struct error err = { 0 };

	if (config == NULL) {
		return CLI_ERROR;
	}
	if (file_exists(cli->arguments[0])) {
		error_set(&err, ERROR_IO, "%s is there already; choose another name",
			cli->arguments[0]);
		return cli_fail(cli, &err);
	}
	if (!make_copy(config->store.path, cli->arguments[0], &copy, &err)) {
		return cli_fail(cli, &err);
	}
	print_info(cli, cli->arguments[0], &copy);
	if (copy.policy.damaged[0] != '\0') {
		fprintf(cli->err, "scimward: not in the backup: %s\n", copy.policy.damaged);
	}
	return CLI_OK;
}

static bool check_copy(const char *file, struct copy *copy, struct error *err)
{
	if (!store_backup_check(file, &copy->store, err) ||
		!policy_backup_check(file, &copy->policy, err)) {
		return false;
	}
	return copy->policy.damaged[0] == '\0' ||
	       error_set(err, ERROR_IO, "%s; take it away to restore without it",
		       copy->policy.damaged);
}

static int restore(struct cli *cli)
{
	const struct config *config = cli_config(cli);
	const char *file = cli->arguments[0];
	struct copy copy;
	struct error err = { 0 };

	if (config == NULL) {
		return CLI_ERROR;
	}
	if (!check_copy(file, &copy, &err)) {
		return cli_fail(cli, &err);
	}
	if (cli_option(cli, "dry-run") != NULL) {
		print_info(cli, file, &copy);
		cli_say(cli, "the copy is good; nothing was changed (--dry-run)");
		return CLI_OK;
	}
	if (!store_restore(file, config->store.path, &err)) {
		return cli_fail(cli, &err);
	}
	if (!policy_backup_restore(file, config->store.path, &err)) {
		error_wrap(&err, "the store is restored, its policies are not; restore again");
		return cli_fail(cli, &err);
	}
	print_info(cli, file, &copy);
	cli_say(cli, "restored; the store that was there is %s.before-restore", config->store.path);
	cli_say(cli,
		"if the journal had gone on since this copy, the gateway refuses to sign until "
		"journal.origin and journal.directory are new ones");
	return CLI_OK;
}

static const struct cli_row_option restore_options[] = {
	{ 0, "dry-run", NULL, "check the copy and tell what is in it, change nothing" },
	{ 0 },
};

const struct cli_command cli_backup_commands[] = {
	{ .noun = "backup",
		.arguments = "FILE",
		.min_arguments = 1,
		.max_arguments = 1,
		.summary = "Copy the store and its policies, while the gateway runs",
		.details =
			"FILE is the store; FILE-policy beside it has each policy that decided, "
			"and the last good one, so\nthat decisions can be replayed and explained "
			"from "
			"the copy. Keep the two together. Keys,\nconfiguration and the journal's "
			"published files are not in it.\n",
		.examples = "scimward backup /var/backups/scimward-2026-11-24.db\n",
		.run = backup },
	{ .noun = "restore",
		.arguments = "FILE",
		.min_arguments = 1,
		.max_arguments = 1,
		.summary = "Put a copy in the place of the store; the gateway must be stopped",
		.options = restore_options,
		.examples = "scimward restore --dry-run /var/backups/scimward-2026-11-24.db\n"
			    "scimward restore /var/backups/scimward-2026-11-24.db\n",
		.run = restore },
	{ 0 },
};
