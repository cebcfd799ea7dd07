#include "gateway/child.h"

#include "base/arena.h"
#include "io/loop.h"

struct waiting {
	struct loop *loop;
	struct arena *arena;
	struct child *child;
};

static void on_exited(void *user, const struct process_result *result)
{
	struct waiting *waiting = user;
	struct child *child = waiting->child;

	child->outcome = result->outcome;
	child->status = result->status;
	child->output = arena_text(waiting->arena, result->output, result->output_size);
	child->output_size = result->output_size;
	child->errors = arena_text(waiting->arena, result->errors, result->errors_size);
	child->message = arena_strdup(waiting->arena, result->message);
	loop_stop(waiting->loop);
}

void child_run(struct arena *arena, const struct process_options *options, struct child *child)
{
	struct waiting waiting = { .loop = loop_new(), .arena = arena, .child = child };

	process_start(waiting.loop, options, on_exited, &waiting);
	loop_run(waiting.loop);
	loop_free(waiting.loop);
}

bool child_is_fine(const struct child *child)
{
	return child->outcome == PROCESS_EXITED && child->status == 0;
}
