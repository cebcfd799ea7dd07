/* policy schema: what a policy is asked, what it answers, what its data look like: JSON Schemas. */
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/value.h"
#include "cli/cli.h"
#include "cli/policy.h"
#include "config/config.h"
#include "gateway/input_schema.h"
#include "gateway/policy_data.h"
#include "gateway/policy_opa.h"

/* "input" and "output", as they were when the program was built. */
static const struct input_schema *find(const char *name)
{
	for (size_t i = 0; i < input_schema_count; i++) {
		const char *path = input_schemas[i].path;
		size_t size = strcspn(path, ".");

		if (strlen(name) == size && strncmp(path, name, size) == 0) {
			return &input_schemas[i];
		}
	}
	return NULL;
}

static int print_data(struct cli *cli)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	CLEANUP(buf_fini) struct buf text = { 0 };
	const struct value *annotations;
	struct config_policy where;
	struct error err = { 0 };

	if (!cli_policy_where(cli, cli->argument_count > 1 ? cli->arguments[1] : NULL, &where)) {
		return CLI_ERROR;
	}
	if (where.directory == NULL) {
		error_set(&err, ERROR_CONFIG,
			"the heads of the rules say it, so this is about a folder of Rego; name "
			"one");
		return cli_fail(cli, &err);
	}
	const struct policy_opa opa = {
		.program = where.opa, .timeout_ms = where.opa_timeout_ms, .folder = where.directory
	};
	if (!policy_opa_annotations(&opa, arena, &annotations, &err)) {
		return cli_fail(cli, &err);
	}
	value_print_pretty(&text, policy_data_schema(arena, annotations));
	fprintf(cli->out, "%s\n", buf_text(&text));
	return CLI_OK;
}

int cli_policy_schema(struct cli *cli)
{
	const char *name = cli->arguments[0];
	const struct input_schema *schema = find(name);

	if (strcmp(name, "data") == 0) {
		return print_data(cli);
	}
	if (schema == NULL) {
		return cli_usage(cli, "'%s' has no schema; there are input, output and data", name);
	}
	if (cli->argument_count > 1) {
		return cli_usage(cli, "the %s is the same for every policy", name);
	}
	fwrite(schema->bytes, schema->size, 1, cli->out);
	return CLI_OK;
}
