#include "cli/help.h"

#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/options.h"

static void print_options(FILE *out, const struct cli_row_option *options)
{
	for (; options != NULL && options->name != NULL; options++) {
		CLEANUP(buf_fini) struct buf names = { 0 };
		if (options->letter != 0) {
			buf_printf(&names, "-%c, --%s", options->letter, options->name);
		} else {
			buf_printf(&names, "    --%s", options->name);
		}
		if (options->argument != NULL) {
			buf_printf(&names, " %s", options->argument);
		}
		fprintf(out, "  %-26s %s\n", buf_text(&names), options->help);
	}
}

/* Each line of text with two spaces before it. */
static void print_indented(FILE *out, const char *text)
{
	while (*text != '\0') {
		size_t size = strcspn(text, "\n");
		fprintf(out, "  %.*s\n", (int)size, text);
		text += size + (text[size] == '\n');
	}
}

static void print_row(FILE *out, const struct cli_command *row)
{
	CLEANUP(buf_fini) struct buf name = { 0 };

	buf_append_text(&name, row->noun);
	if (row->verb != NULL) {
		buf_printf(&name, " %s", row->verb);
	}
	fprintf(out, "  %-22s %s\n", buf_text(&name), row->summary);
}

void cli_help_program(FILE *out)
{
	fprintf(out,
		"scimward lets only what your policy allows reach your apps, and proves it.\n\n"
		"usage: scimward COMMAND [VERB] [OPTION]...\n\ncommands:\n");
	for (size_t i = 0; cli_commands[i] != NULL; i++) {
		for (const struct cli_command *row = cli_commands[i]; row->noun != NULL; row++) {
			print_row(out, row);
		}
	}
	fprintf(out, "\noptions of every command:\n");
	print_options(out, cli_global_options);
	fprintf(out, "\nexamples:\n"
		     "  # configuration, starter policy, token and certificate to begin with\n"
		     "  scimward init ./gateway\n"
		     "  # everything that is wrong with a configuration\n"
		     "  scimward config check -c ./gateway/scimward.yaml\n"
		     "\nexit codes: 0 fine, 1 error, 2 the policy, a test or a verification says "
		     "no, 3 lint,\n"
		     "4 a rail tripped, 64 usage. Help of a command: scimward COMMAND --help\n");
}

void cli_help_noun(FILE *out, const char *noun)
{
	fprintf(out, "usage: scimward %s VERB [OPTION]...\n\nverbs:\n", noun);
	for (size_t i = 0; cli_commands[i] != NULL; i++) {
		for (const struct cli_command *row = cli_commands[i]; row->noun != NULL; row++) {
			if (strcmp(row->noun, noun) == 0) {
				print_row(out, row);
			}
		}
	}
	fprintf(out, "\nexamples:\n");
	for (size_t i = 0; cli_commands[i] != NULL; i++) {
		for (const struct cli_command *row = cli_commands[i]; row->noun != NULL; row++) {
			if (strcmp(row->noun, noun) == 0) {
				print_indented(out, row->examples);
			}
		}
	}
}

void cli_help_command(FILE *out, const struct cli_command *row)
{
	fprintf(out, "%s\n\nusage: scimward %s%s%s%s%s%s\n", row->summary, row->noun,
		row->verb != NULL ? " " : "", row->verb != NULL ? row->verb : "",
		row->options != NULL ? " [OPTION]..." : "", row->arguments != NULL ? " " : "",
		row->arguments != NULL ? row->arguments : "");
	if (row->details != NULL) {
		fprintf(out, "\n%s", row->details);
	}
	if (row->options != NULL) {
		fprintf(out, "\noptions:\n");
		print_options(out, row->options);
	}
	fprintf(out, "\noptions of every command:\n");
	print_options(out, cli_global_options);
	fprintf(out, "\nexamples:\n");
	print_indented(out, row->examples);
}
