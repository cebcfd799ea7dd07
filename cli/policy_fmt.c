/* policy fmt: `opa fmt`, with a difference that can be read. */
#include <string.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/policy.h"
#include "config/config.h"
#include "gateway/child.h"
#include "gateway/policy_opa.h"
#include "gateway/policy_tree.h"
#include "policy/tar.h"

const struct cli_row_option cli_policy_fmt_options[] = {
	{ 0, "check", NULL, "change nothing; name the files that are formatted otherwise" },
	{ 'd', "diff", NULL, "change nothing; show the difference" },
	{ 0 },
};

enum { FMT_BYTES = 16 * 1024 * 1024, CONTEXT_LINES = 3 };

static void run(struct arena *arena, const struct config_policy *where, const char *mode,
	const char *path, struct child *child)
{
	const char *const argv[] = { where->opa, "fmt", mode, path, NULL };
	const char *const plain[] = { where->opa, "fmt", path, NULL };

	child_run(arena,
		&(struct process_options){ .argv = mode != NULL ? argv : plain,
			.folder = where->directory,
			.timeout_ms = where->opa_timeout_ms,
			.output_bytes = FMT_BYTES },
		child);
}

/* ---- the difference of two texts ---- */

struct lines {
	const char **text;
	size_t *size;
	size_t count;
};

static struct lines split(struct arena *arena, const char *text, size_t size)
{
	struct lines lines = { 0 };
	size_t room = 1;

	for (size_t i = 0; i < size; i++) {
		room += text[i] == '\n';
	}
	lines.text = arena_alloc(arena, room * sizeof(*lines.text));
	lines.size = arena_alloc(arena, room * sizeof(*lines.size));
	for (size_t at = 0; at < size;) {
		const char *end = memchr(text + at, '\n', size - at);
		size_t length = end != NULL ? (size_t)(end - text) - at : size - at;

		lines.text[lines.count] = text + at;
		lines.size[lines.count++] = length;
		at += length + 1;
	}
	return lines;
}

static bool same(const struct lines *a, size_t i, const struct lines *b, size_t j)
{
	return a->size[i] == b->size[j] && memcmp(a->text[i], b->text[j], a->size[i]) == 0;
}

static void print_lines(
	const struct cli *cli, char mark, const struct lines *lines, size_t from, size_t to)
{
	enum cli_tone tone = mark == '-' ? CLI_BAD : (mark == '+' ? CLI_GOOD : CLI_PLAIN);

	for (size_t i = from; i < to; i++) {
		fprintf(cli->out, "%s%c%.*s%s\n", cli_tone_begin(cli, tone), mark,
			(int)lines->size[i], lines->text[i], cli_tone_end(cli, tone));
	}
}

/* Everything between the first line that differs and the last, as one hunk of a unified diff. */
static void print_difference(
	const struct cli *cli, const char *name, const struct lines *old, const struct lines *new)
{
	size_t head = 0;
	size_t tail = 0;

	while (head < old->count && head < new->count &&same(old, head, new, head)) {
		head++;
	}
	while (tail < old->count - head &&
		tail < new->count - head &&same(old, old->count - 1 - tail, new,
					    new->count - 1 - tail)) {
		tail++;
	}
	size_t from = head > CONTEXT_LINES ? head - CONTEXT_LINES : 0;
	size_t more = tail < CONTEXT_LINES ? tail : CONTEXT_LINES;

	fprintf(cli->out, "--- %s\n+++ %s\n@@ -%zu,%zu +%zu,%zu @@\n", name, name, from + 1,
		old->count - tail + more - from, from + 1, new->count - tail + more - from);
	print_lines(cli, ' ', old, from, head);
	print_lines(cli, '-', old, head, old->count - tail);
	print_lines(cli, '+', new, head, new->count - tail);
	print_lines(cli, ' ', old, old->count - tail, old->count - tail + more);
}

/* ---- files ---- */

static bool is_rego(const char *name)
{
	size_t size = strlen(name);

	return size > 5 && strcmp(name + size - 5, ".rego") == 0;
}

/* One file as opa would write it, beside what it is. *differs is only ever set. */
static bool compare(struct cli *cli, struct arena *arena, const struct config_policy *where,
	const struct tar_file *file, bool *differs, struct error *err)
{
	struct child child;

	run(arena, where, NULL, file->name, &child);
	if (!child_is_fine(&child)) {
		return policy_opa_failed(&child, "opa fmt", err);
	}
	if (child.output_size == file->size && memcmp(child.output, file->bytes, file->size) == 0) {
		return true;
	}
	const char *name = arena_printf(arena, "%s%s", cli_policy_prefix(arena, where), file->name);
	*differs = true;
	if (cli_option(cli, "diff") == NULL) {
		fprintf(cli->out, "%s\n", name);
		return true;
	}
	struct lines old = split(arena, file->bytes, file->size);
	struct lines new = split(arena, child.output, child.output_size);
	print_difference(cli, name, &old, &new);
	return true;
}

int cli_policy_fmt(struct cli *cli)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	bool checks = cli_option(cli, "diff") != NULL || cli_option(cli, "check") != NULL;
	struct policy_tree tree = { 0 };
	struct config_policy where;
	struct error err = { 0 };
	struct child child;
	bool differs = false;

	if (!cli_policy_folder(cli, &where)) {
		return CLI_ERROR;
	}
	if (!checks) {
		run(arena, &where, "--write", ".", &child);
		if (!child_is_fine(&child)) {
			policy_opa_failed(&child, "opa fmt", &err);
			return cli_fail(cli, &err);
		}
		return CLI_OK;
	}
	if (!policy_tree_read(arena, where.directory, &tree, &err)) {
		return cli_fail(cli, &err);
	}
	for (size_t i = 0; i < tree.count; i++) {
		if (is_rego(tree.files[i].name) &&
			!compare(cli, arena, &where, &tree.files[i], &differs, &err)) {
			return cli_fail(cli, &err);
		}
	}
	return differs ? CLI_LINT : CLI_OK;
}
