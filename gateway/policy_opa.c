#include "gateway/policy_opa.h"

#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/value.h"
#include "gateway/child.h"
#include "gateway/input_schema.h"

enum { BUNDLE_BYTES = 256 * 1024 * 1024, OUTPUT_BYTES = 16 * 1024 * 1024 };

static void run(const struct policy_opa *opa, struct arena *arena, const char *const *argv,
	struct child *child)
{
	const struct process_options options = {
		.argv = argv,
		.folder = opa->folder,
		.timeout_ms = opa->timeout_ms,
		.output_bytes = OUTPUT_BYTES,
		.cancelled = opa->cancelled,
	};

	child_run(arena, &options, child);
}

/* What opa says, without its headline and on few lines: it goes into one sentence. */
bool policy_opa_failed(const struct child *child, const char *what, struct error *err)
{
	const char *text = child->errors[0] != '\0' ? child->errors : child->output;

	if (child->outcome == PROCESS_NOT_FOUND) {
		return error_set(err, ERROR_CONFIG,
			"the program opa is not to be found; install it, set policy.opa to its "
			"path, or use a bundle of `opa build -t plan`, which needs none");
	}
	if (child->outcome == PROCESS_TIMEOUT) {
		return error_set(err, ERROR_TIMEOUT, "%s: %s", what, child->message);
	}
	if (child->outcome != PROCESS_EXITED) {
		return error_set(err, ERROR_IO, "%s: %s", what, child->message);
	}
	return error_set(err, ERROR_POLICY, "%s:\n%s", what, text);
}

bool policy_opa_ended(const struct child *child, const char *what, struct error *err)
{
	return child->outcome == PROCESS_EXITED || policy_opa_failed(child, what, err);
}

bool policy_opa_check(const struct policy_opa *opa, struct arena *arena, struct error *err)
{
	const char *schema = arena_printf(arena, "%s/input.json", opa->scratch);
	const char *const argv[] = { opa->program, "check", "--strict", "-b", "-s", schema, ".",
		NULL };
	struct child child;

	if (!file_replace(schema, input_schemas[0].bytes, input_schemas[0].size, 0600, err)) {
		return false;
	}
	run(opa, arena, argv, &child);
	return child_is_fine(&child) || policy_opa_failed(&child, "opa check", err);
}

bool policy_opa_annotations(const struct policy_opa *opa, struct arena *arena,
	const struct value **annotations, struct error *err)
{
	static const struct value_limits limits = {
		.bytes = OUTPUT_BYTES, .depth = 512, .values = 10000000, .allow_nul = true
	};
	const char *const argv[] = { opa->program, "inspect", "-a", "-f", "json", ".", NULL };
	struct child child;

	run(opa, arena, argv, &child);
	const struct value *output =
		child_is_fine(&child)
			? value_parse(arena, child.output, child.output_size, &limits, NULL)
			: NULL;
	if (output == NULL) {
		return policy_opa_failed(&child, "opa inspect", err);
	}
	*annotations = value_find(output, "annotations"); /* NULL: there are none */
	return true;
}

/* Never -O: with data beside the policy it drops deny rules (facts: opa-ir.md, trap 18). */
bool policy_opa_build(
	const struct policy_opa *opa, struct arena *arena, struct buf *bundle, struct error *err)
{
	const char *path = arena_printf(arena, "%s/bundle.tar.gz", opa->scratch);
	/*
	 * The package as well: /v1/data answers for each of its rules. --prune-unused: else opa
	 * makes an entry point of a function that calls one of them, and refuses it.
	 */
	const char *const argv[] = { opa->program, "build", "-b", "-t", "plan", "-e",
		"scimward/decision", "-e", "scimward", "--prune-unused", "--ignore", "*_test.rego",
		"-o", path, ".", NULL };
	struct child child;

	run(opa, arena, argv, &child);
	if (!child_is_fine(&child)) {
		return policy_opa_failed(&child, "opa build", err);
	}
	return file_read(path, BUNDLE_BYTES, bundle, err) ||
	       error_wrap(err, "opa build made no bundle");
}

/* ---- what tests may call ---- */

static bool is_allowed(const struct value *builtin)
{
	static const char *const outside[] = { "http.send", "net.lookup_ip_addr", "opa.runtime" };
	const char *name = value_find_text(builtin, "name");

	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		if (name == NULL || strcmp(name, outside[i]) == 0) {
			return false;
		}
	}
	return true;
}

/*
 * Tests come with the policy, from elsewhere, and run here: they get opa's builtins but those that
 * reach out of it. Searching the text would not do: http["send"] is the same thing.
 */
static bool write_capabilities(
	const struct policy_opa *opa, struct arena *arena, const char *path, struct error *err)
{
	static const struct value_limits limits = {
		.bytes = OUTPUT_BYTES, .depth = 64, .values = 1000000
	};
	const char *const argv[] = { opa->program, "capabilities", "--current", NULL };
	CLEANUP(buf_fini) struct buf text = { 0 };
	struct value_builder allowed = { .arena = arena };
	struct child child;

	run(opa, arena, argv, &child);
	const struct value *all = child_is_fine(&child) ? value_parse(arena, child.output,
								  child.output_size, &limits, NULL)
							: NULL;
	const struct value *builtins = value_find(all, "builtins");
	if (!value_is(builtins, VALUE_ARRAY)) {
		return policy_opa_failed(&child, "opa capabilities", err);
	}
	for (size_t i = 0; i < value_count(builtins); i++) {
		if (is_allowed(value_at(builtins, i))) {
			value_add_item(&allowed, value_at(builtins, i));
		}
	}
	value_print(&text, value_with(arena, all, "builtins", value_finish_array(&allowed)));
	return file_replace(path, text.data, text.size, 0600, err);
}

/* ---- tests ---- */

/* "rules/a_test.rego:12: test_nobody" of the report's row. */
static const char *name_test(struct arena *arena, const struct value *row)
{
	const struct value *place = value_find(row, "location");
	const char *file = value_find_text(place, "file");
	const char *name = value_find_text(row, "name");

	return arena_printf(arena, "%s:%lld: %s", file != NULL ? file : "?",
		(long long)value_find_int(place, "row", 0), name != NULL ? name : "?");
}

/* A row without "fail" and "error" has passed, or is put off ("skip"). */
static bool is_red(const struct value *row)
{
	return value_find_bool(row, "fail", false) || value_find(row, "error") != NULL;
}

/* Status 2. True: all the same, none of them is red. */
static bool read_report(struct arena *arena, const struct child *child, struct error *err)
{
	static const struct value_limits limits = {
		.bytes = OUTPUT_BYTES, .depth = 512, .values = 10000000, .allow_nul = true
	};
	const struct value *report =
		value_parse(arena, child->output, child->output_size, &limits, NULL);
	const struct value *first = NULL;
	size_t red = 0;

	for (size_t i = 0; value_is(report, VALUE_ARRAY) && i < value_count(report); i++) {
		if (is_red(value_at(report, i))) {
			first = red++ == 0 ? value_at(report, i) : first;
		}
	}
	if (!value_is(report, VALUE_ARRAY)) {
		return policy_opa_failed(child, "opa test", err);
	}
	if (first == NULL) { /* opa ends with 2 for tests that are put off (todo_test_) as well */
		return true;
	}
	const char *why = value_find_text(value_find(first, "error"), "message");
	return error_set(err, ERROR_POLICY, "%s %s%s; %zu of %zu tests failed (opa test .)",
		name_test(arena, first), why != NULL ? "ended: " : "is not true",
		why != NULL ? why : "", red, value_count(report));
}

bool policy_opa_test(const struct policy_opa *opa, struct arena *arena, struct error *err)
{
	const char *capabilities = arena_printf(arena, "%s/capabilities.json", opa->scratch);
	const char *const argv[] = { opa->program, "test", "-b", "--capabilities", capabilities,
		"--format", "json", ".", NULL };
	struct child child;

	if (!write_capabilities(opa, arena, capabilities, err)) {
		return false;
	}
	run(opa, arena, argv, &child);
	if (child_is_fine(&child)) {
		return true;
	}
	/* Status 2: they ran, and some did not hold. */
	return child.outcome == PROCESS_EXITED && child.status == 2
		       ? read_report(arena, &child, err)
		       : policy_opa_failed(&child, "opa test", err);
}
