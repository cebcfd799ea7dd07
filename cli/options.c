#include "cli/options.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/memory.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "config/suggest.h"

const struct cli_row_option cli_global_options[] = {
	{ 'c', "config", "FILE", "configuration (default /etc/scimward/scimward.yaml)" },
	{ 'o', "output", "FORMAT", "table for people, json for programs" },
	{ 'q', "quiet", NULL, "no messages but errors" },
	{ 'h', "help", NULL, "this help" },
	{ 0, "version", NULL, "version of the program" },
	{ 0 },
};

struct scanner {
	struct cli *cli;
	struct cli_wish *wish;
	int argc;
	char **argv;
	int at;
	bool rest; /* after --: only arguments */
};

/* ---- options ---- */

static const struct cli_row_option *find_long(
	const struct cli_row_option *options, const char *name, size_t size)
{
	for (; options != NULL && options->name != NULL; options++) {
		if (strlen(options->name) == size && strncmp(options->name, name, size) == 0) {
			return options;
		}
	}
	return NULL;
}

static const struct cli_row_option *find_letter(const struct cli_row_option *options, char letter)
{
	for (; options != NULL && options->name != NULL; options++) {
		if (options->letter != 0 && options->letter == letter) {
			return options;
		}
	}
	return NULL;
}

static bool set_format(struct cli *cli, const char *value)
{
	if (strcmp(value, "table") == 0) {
		cli->format = CLI_TABLE;
	} else if (strcmp(value, "json") == 0) {
		cli->format = CLI_JSON;
	} else {
		cli_usage(cli, "'%s' is no format: table or json", value);
		return false;
	}
	return true;
}

static bool set_global(
	struct scanner *scanner, const struct cli_row_option *option, const char *value)
{
	if (strcmp(option->name, "config") == 0) {
		scanner->cli->config_path = value;
	} else if (strcmp(option->name, "output") == 0) {
		return set_format(scanner->cli, value);
	} else if (strcmp(option->name, "quiet") == 0) {
		scanner->cli->quiet = true;
	} else if (strcmp(option->name, "help") == 0) {
		scanner->wish->help = true;
	} else {
		scanner->wish->version = true;
	}
	return true;
}

static bool is_global(const struct cli_row_option *option)
{
	for (size_t i = 0; cli_global_options[i].name != NULL; i++) {
		if (option == &cli_global_options[i]) {
			return true;
		}
	}
	return false;
}

static bool set_option(
	struct scanner *scanner, const struct cli_row_option *option, const char *value)
{
	if (is_global(option)) {
		return set_global(scanner, option, value);
	}
	scanner->cli->values[option - scanner->cli->command->options] = value;
	return true;
}

static const struct cli_row_option *row_options(const struct scanner *scanner)
{
	return scanner->cli->command != NULL ? scanner->cli->command->options : NULL;
}

static bool unknown_option(const struct scanner *scanner, const char *text)
{
	char name[64];
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, "="), text);
	struct config_suggestion suggestion = { .name = name };

	for (const struct cli_row_option *it = row_options(scanner); it != NULL && it->name != NULL;
		it++) {
		config_suggest(&suggestion, it->name);
	}
	for (size_t i = 0; cli_global_options[i].name != NULL; i++) {
		config_suggest(&suggestion, cli_global_options[i].name);
	}
	if (suggestion.best != NULL) {
		cli_usage(scanner->cli, "no option '--%s'; did you mean '--%s'?", name,
			suggestion.best);
	} else {
		cli_usage(scanner->cli, "no option '--%s'", name);
	}
	return false;
}

/* The value of an option that wants one: behind `=`, or the next word. */
static bool take_value(struct scanner *scanner, const struct cli_row_option *option,
	const char *attached, const char **value)
{
	if (option->argument == NULL) {
		*value = "";
		if (attached != NULL) {
			cli_usage(scanner->cli, "--%s takes no value", option->name);
		}
		return attached == NULL;
	}
	if (attached != NULL) {
		*value = attached;
		return true;
	}
	if (scanner->at + 1 >= scanner->argc) {
		cli_usage(scanner->cli, "--%s wants %s", option->name, option->argument);
		return false;
	}
	*value = scanner->argv[++scanner->at];
	return true;
}

static bool take_long(struct scanner *scanner, const char *text)
{
	size_t size = strcspn(text, "=");
	const struct cli_row_option *option = find_long(row_options(scanner), text, size);
	const char *value;

	if (option == NULL) {
		option = find_long(cli_global_options, text, size);
	}
	if (option == NULL) {
		return unknown_option(scanner, text);
	}
	const char *attached = text[size] == '=' ? text + size + 1 : NULL;
	return take_value(scanner, option, attached, &value) && set_option(scanner, option, value);
}

static bool take_letters(struct scanner *scanner, const char *letters)
{
	for (; *letters != '\0'; letters++) {
		const struct cli_row_option *option = find_letter(row_options(scanner), *letters);
		const char *value;
		if (option == NULL) {
			option = find_letter(cli_global_options, *letters);
		}
		if (option == NULL) {
			cli_usage(scanner->cli, "no option '-%c'", *letters);
			return false;
		}
		bool wants = option->argument != NULL;
		const char *attached = wants && letters[1] != '\0' ? letters + 1 : NULL;
		if (!take_value(scanner, option, attached, &value) ||
			!set_option(scanner, option, value)) {
			return false;
		}
		if (wants) {
			return true;
		}
	}
	return true;
}

/* ---- noun and verb ---- */

/* The first row of the noun. NULL: no such noun. */
static const struct cli_command *find_noun(const char *name)
{
	for (size_t i = 0; cli_commands[i] != NULL; i++) {
		for (const struct cli_command *row = cli_commands[i]; row->noun != NULL; row++) {
			if (strcmp(row->noun, name) == 0) {
				return row;
			}
		}
	}
	return NULL;
}

static bool take_noun(struct scanner *scanner, const char *word)
{
	const struct cli_command *rows = find_noun(word);
	struct config_suggestion suggestion = { .name = word };

	if (rows != NULL) {
		scanner->wish->noun = rows->noun;
		scanner->cli->command = rows->verb == NULL ? rows : NULL;
		return true;
	}
	for (size_t i = 0; cli_commands[i] != NULL; i++) {
		for (const struct cli_command *row = cli_commands[i]; row->noun != NULL; row++) {
			config_suggest(&suggestion, row->noun);
		}
	}
	if (suggestion.best != NULL) {
		cli_usage(
			scanner->cli, "no command '%s'; did you mean '%s'?", word, suggestion.best);
	} else {
		cli_usage(scanner->cli, "no command '%s'", word);
	}
	return false;
}

/* A noun with many verbs may have several tables. NULL: no such verb; the nearest is suggested. */
static const struct cli_command *find_verb(
	const char *noun, const char *verb, struct config_suggestion *suggestion)
{
	for (size_t i = 0; cli_commands[i] != NULL; i++) {
		for (const struct cli_command *row = cli_commands[i]; row->noun != NULL; row++) {
			if (strcmp(row->noun, noun) != 0) {
				continue;
			}
			if (strcmp(row->verb, verb) == 0) {
				return row;
			}
			config_suggest(suggestion, row->verb);
		}
	}
	return NULL;
}

static bool take_verb(struct scanner *scanner, const char *word)
{
	struct config_suggestion suggestion = { .name = word };

	scanner->wish->verb = word;
	scanner->cli->command = find_verb(scanner->wish->noun, word, &suggestion);
	if (scanner->cli->command != NULL) {
		return true;
	}
	if (suggestion.best != NULL) {
		cli_usage(scanner->cli, "no command '%s %s'; did you mean '%s %s'?",
			scanner->wish->noun, word, scanner->wish->noun, suggestion.best);
	} else {
		cli_usage(scanner->cli, "no command '%s %s'", scanner->wish->noun, word);
	}
	return false;
}

static bool take_word(struct scanner *scanner, char *word)
{
	if (scanner->wish->noun == NULL) {
		if (strcmp(word, "help") == 0 && !scanner->wish->help) {
			scanner->wish->help = true;
			return true;
		}
		return take_noun(scanner, word);
	}
	if (scanner->cli->command == NULL) {
		return take_verb(scanner, word);
	}
	scanner->cli->arguments[scanner->cli->argument_count++] = word;
	return true;
}

static bool check_count(struct cli *cli, const struct cli_wish *wish)
{
	const struct cli_command *row = cli->command;

	if (row == NULL || wish->help || wish->version) {
		return true;
	}
	if (cli->argument_count < row->min_arguments) {
		cli_usage(cli, "%s is missing",
			row->arguments != NULL ? row->arguments : "an argument");
		return false;
	}
	if (row->max_arguments >= 0 && cli->argument_count > row->max_arguments) {
		cli_usage(cli, "'%s' is too many", cli->arguments[row->max_arguments]);
		return false;
	}
	return true;
}

bool cli_parse(struct cli *cli, struct cli_wish *wish, int argc, char **argv)
{
	struct scanner scanner = { .cli = cli, .wish = wish, .argc = argc, .argv = argv };

	cli->arguments = must_calloc((size_t)argc + 1, sizeof(*cli->arguments));
	for (scanner.at = 1; scanner.at < argc; scanner.at++) {
		char *word = argv[scanner.at];
		bool ok;
		if (scanner.rest || word[0] != '-' || word[1] == '\0') {
			ok = take_word(&scanner, word);
		} else if (strcmp(word, "--") == 0) {
			scanner.rest = true;
			continue;
		} else if (word[1] == '-') {
			ok = take_long(&scanner, word + 2);
		} else {
			ok = take_letters(&scanner, word + 1);
		}
		if (!ok) {
			return false;
		}
	}
	return check_count(cli, wish);
}

/* ---- for verbs ---- */

const char *cli_option(const struct cli *cli, const char *name)
{
	const struct cli_row_option *options = cli->command->options;
	const struct cli_row_option *option = find_long(options, name, strlen(name));

	assert(option != NULL); /* ours: the row lacks it */
	return cli->values[option - options];
}

bool cli_option_int(const struct cli *cli, const char *name, int64_t min, int64_t max,
	int64_t fallback, int64_t *result)
{
	const char *text = cli_option(cli, name);
	char *end;

	if (text == NULL) {
		*result = fallback;
		return true;
	}
	errno = 0;
	intmax_t number = strtoimax(text, &end, 10);
	if (errno != 0 || text[0] == '\0' || *end != '\0' || number < min || number > max) {
		cli_usage(cli,
			"--%s wants a whole number from %" PRId64 " to %" PRId64 ", not '%s'", name,
			min, max, text);
		return false;
	}
	*result = number;
	return true;
}
