/*
 * tool: writes a log out of made-up entries and checks one, for the tests that hand it to
 * third-party verifiers or kill it.
 *
 *     tool write DIR SIZE [STEP]   publishes up to SIZE entries, STEP (0: all) in each round; goes
 * on where DIR is tool verify DIR SIZE         journal verify against the rows that `write` would
 * have; exit code 2: not intact
 *
 * DIR gets key, signed and log/. The entries are the same in each run, so that a killed one can be
 * continued.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "journal/files.h"
#include "journal/key.h"
#include "journal/verify.h"
#include "journal/writer.h"
#include "tests/unit/journal/support/rows.h"

struct tool {
	char *directory;
	char *key_path;
	char *state_path;
	struct rows rows;
};

static int fail(const struct error *err)
{
	fprintf(stderr, "tool: %s\n", err->text);
	return 1;
}

static struct journal_key *open_key(const struct tool *tool, struct error *err)
{
	if (!file_exists(tool->key_path) &&
		!journal_key_generate(tool->key_path, "scimward.example.com/journal", err)) {
		return NULL;
	}
	return journal_key_load(tool->key_path, err);
}

/* Shows the store as it grows: all rows at open, since some may be signed, then step by step. */
static int write_steps(struct tool *tool, struct journal_writer *writer, size_t size, size_t step)
{
	struct error err = { 0 };
	bool more = true;

	tool->rows.count = journal_writer_size(writer);
	while (more || tool->rows.count < size) {
		size_t next = tool->rows.count + (step > 0 ? step : size);

		if (!more) {
			tool->rows.count = next < size ? next : size;
		}
		if (!journal_writer_publish(writer, &more, &err)) {
			return fail(&err);
		}
		if (!more) {
			printf("%llu\n", (unsigned long long)journal_writer_size(writer));
			fflush(stdout);
		}
	}
	return 0;
}

static int write_log(struct tool *tool, size_t size, size_t step)
{
	struct error err = { 0 };
	struct journal_key *key = open_key(tool, &err);

	if (key == NULL) {
		return fail(&err);
	}
	const struct journal_writer_options options = {
		.directory = tool->directory,
		.state_path = tool->state_path,
		.key = key,
		.source = rows_source(&tool->rows),
	};
	struct journal_writer *writer = journal_writer_open(&options, &err);
	int result = writer != NULL ? write_steps(tool, writer, size, step) : fail(&err);

	tool->rows.count = size; /* all are freed */
	journal_writer_close(writer);
	journal_key_free(key);
	return result;
}

static int verify_log(struct tool *tool)
{
	const struct journal_source source = rows_source(&tool->rows);
	const struct journal_verify_options options = {
		.directory = tool->directory,
		.state_path = tool->state_path,
		.source = &source,
	};
	struct journal_verify_report report;
	struct error err = { 0 };

	if (!journal_verify(&options, &report, &err)) {
		return fail(&err);
	}
	if (!report.intact) {
		printf("%s\n", report.problem);
		return 2;
	}
	printf("intact: %llu entries\n", (unsigned long long)report.entries);
	return 0;
}

static int run(struct tool *tool, int argc, char **argv)
{
	size_t size = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;

	rows_grow(&tool->rows, size);
	if (argc > 3 && strcmp(argv[1], "write") == 0) {
		return write_log(tool, size, argc > 4 ? strtoull(argv[4], NULL, 10) : 0);
	}
	if (argc > 3 && strcmp(argv[1], "verify") == 0) {
		return verify_log(tool);
	}
	fprintf(stderr, "usage: tool write DIR SIZE [STEP] | tool verify DIR SIZE\n");
	return 64;
}

int main(int argc, char **argv)
{
	struct tool tool = { 0 };
	const char *folder = argc > 2 ? argv[2] : ".";

	tool.directory = journal_files_join(folder, "log");
	tool.key_path = journal_files_join(folder, "key");
	tool.state_path = journal_files_join(folder, "signed");
	int result = run(&tool, argc, argv);

	rows_fini(&tool.rows);
	memory_free(tool.directory);
	memory_free(tool.key_path);
	memory_free(tool.state_path);
	return result;
}
