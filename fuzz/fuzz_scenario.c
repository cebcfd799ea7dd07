/*
 * A file of scenarios from arbitrary bytes: it is read or refused with at least one problem, and
 * whatever was read keeps what the runner relies on: every source is there, every scenario expects
 * something, and every `${…}` can be replaced.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"
#include "config/report.h"
#include "gateway/scenario_read.h"
#include "gateway/scenario_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Anybody may be called anything here: names that nobody has were refused by the reader. */
static const char *find(void *user, const char *name)
{
	(void)user;
	(void)name;
	return "00000000-0000-7000-8000-000000000000";
}

static void look(
	struct arena *arena, const struct scenario_file *file, const struct scenario *scenario)
{
	const char *unknown = NULL;
	bool expects = false;

	assert(scenario->name != NULL && scenario->step_count > 0);
	for (size_t i = 0; i < scenario->step_count; i++) {
		const struct scenario_step *step = &scenario->steps[i];

		assert(step->source < file->source_count && step->method != NULL);
		assert(scenario_replace(arena, step->target, find, NULL, &unknown) != NULL);
		assert(step->body_text == NULL ||
			scenario_replace(arena, step->body_text, find, NULL, &unknown) != NULL);
		assert(step->body == NULL ||
			scenario_replace_in(arena, step->body, find, NULL, &unknown) != NULL);
		expects = expects || step->then != NULL;
	}
	for (size_t i = 0; i < scenario->given.user_count; i++) {
		assert(scenario->given.users[i].source < file->source_count);
	}
	assert(expects);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct config_report report = { .file = "fuzz.yaml" };
	struct buf buf = { 0 };
	const struct scenario_file *file =
		scenario_read(arena, NULL, (const char *)data, size, &report);

	if (file != NULL) {
		assert(report.count == 0);
		for (size_t i = 0; i < file->count; i++) {
			look(arena, file, &file->scenarios[i]);
		}
	} else {
		assert(report.count > 0);
		config_report_print(&report, &buf, false);
	}
	config_report_fini(&report);
	buf_fini(&buf);
	arena_free(arena);
	return 0;
}
