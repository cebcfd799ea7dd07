/* The dialects that sources may have: which quirks of identity providers each understands. */
#include "cli/source.h"

#include <jansson.h>
#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "scim/dialect.h"

static json_t *dialects_of(const struct scim_quirk_info *info)
{
	json_t *names = json_array();

	for (size_t i = 0; scim_dialect_at(i) != NULL; i++) {
		if (scim_dialect_has(scim_dialect_at(i), info->quirk)) {
			json_array_append_new(names, json_string(scim_dialect_at(i)->name));
		}
	}
	return names;
}

static void print_json(const struct cli *cli)
{
	json_t *list = json_array();

	for (size_t i = 0; scim_quirk_at(i) != NULL; i++) {
		json_t *it = json_object();

		json_object_set_new(it, "quirk", json_string(scim_quirk_at(i)->name));
		json_object_set_new(it, "sent", json_string(scim_quirk_at(i)->sent));
		json_object_set_new(it, "dialects", dialects_of(scim_quirk_at(i)));
		json_array_append_new(list, it);
	}
	cli_print_json(cli, "quirks", list);
}

/* "all but standard", "entra", "none". */
static void add_dialects(struct cli_table *table, const struct scim_quirk_info *info)
{
	json_auto_t *names = dialects_of(info);
	size_t all = 0;
	char text[200] = "";
	size_t used = 0;

	while (scim_dialect_at(all) != NULL) {
		all++;
	}
	for (size_t i = 0; i < json_array_size(names) && used < sizeof(text) - 1; i++) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
			i > 0 ? ", " : "", json_string_value(json_array_get(names, i)));
	}
	if (json_array_size(names) + 1 == all) {
		cli_table_cell(table, CLI_PLAIN, "all but standard");
	} else {
		cli_table_cell(table, CLI_PLAIN, "%s", used > 0 ? text : "none by default");
	}
}

int cli_source_dialects(struct cli *cli)
{
	static const char *const titles[] = { "QUIRK", "DIALECTS", "WHAT IS SENT" };
	CLEANUP(cli_table_cleanup) struct cli_table *table = cli_table_new(titles, 3);

	if (cli->format == CLI_JSON) {
		print_json(cli);
		return CLI_OK;
	}
	for (size_t i = 0; scim_quirk_at(i) != NULL; i++) {
		cli_table_cell(table, CLI_STRONG, "%s", scim_quirk_at(i)->name);
		add_dialects(table, scim_quirk_at(i));
		cli_table_cell(table, CLI_PLAIN, "%s", scim_quirk_at(i)->sent);
	}
	cli_table_print(table, cli, "");
	return CLI_OK;
}
