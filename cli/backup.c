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
#include "store/backup.h"

static void print_info(struct cli *cli, const char *file, const struct store_copy_info *info)
{
	if (cli->format == CLI_JSON) {
		json_t *it = json_object();

		json_object_set_new(it, "file", json_string(file));
		json_object_set_new(it, "entries", json_integer(info->entries));
		json_object_set_new(it, "users", json_integer(info->users));
		json_object_set_new(it, "groups", json_integer(info->groups));
		json_object_set_new(it, "bytes", json_integer(info->bytes));
		cli_print_json(cli, "backup", it);
		return;
	}
	fprintf(cli->out, "%s: %lld people, %lld groups, %lld journal entries, %.1f MiB\n", file,
		(long long)info->users, (long long)info->groups, (long long)info->entries,
		(double)info->bytes / 1048576);
}

/* Works beside a running gateway and without one: SQLite copies a consistent state in either case.
 */
static int backup(struct cli *cli)
{
	const struct config *config = cli_config(cli);
	struct store_copy_info info;
	struct error err = { 0 };

	if (config == NULL) {
		return CLI_ERROR;
	}
	if (file_exists(cli->arguments[0])) {
		error_set(&err, ERROR_IO, "%s is there already; choose another name",
			cli->arguments[0]);
		return cli_fail(cli, &err);
	}
	if (!store_backup(config->store.path, cli->arguments[0], &err) ||
		!store_backup_check(cli->arguments[0], &info, &err)) {
		return cli_fail(cli, &err);
	}
	print_info(cli, cli->arguments[0], &info);
	return CLI_OK;
}

static int restore(struct cli *cli)
{
	const struct config *config = cli_config(cli);
	struct store_copy_info info;
	struct error err = { 0 };

	if (config == NULL) {
		return CLI_ERROR;
	}
	if (!store_backup_check(cli->arguments[0], &info, &err)) {
		return cli_fail(cli, &err);
	}
	if (cli_option(cli, "dry-run") != NULL) {
		print_info(cli, cli->arguments[0], &info);
		cli_say(cli, "the copy is good; nothing was changed (--dry-run)");
		return CLI_OK;
	}
	if (!store_restore(cli->arguments[0], config->store.path, &err)) {
		return cli_fail(cli, &err);
	}
	print_info(cli, cli->arguments[0], &info);
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
		.summary = "Copy the store to one file, while the gateway runs",
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
