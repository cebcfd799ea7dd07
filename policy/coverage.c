#include "policy/coverage.h"

#include <assert.h>
#include <string.h>
#include "base/memory.h"
#include "policy/engine.h"
#include "policy/eval.h"
#include "policy/program.h"

struct policy_coverage {
	struct policy *policy;
	const struct program *program;
	uint64_t *hits;
	bool *marks;
};

struct policy_coverage *policy_coverage_new(struct policy *policy)
{
	const struct program *program = policy_program(policy);
	struct policy_coverage *coverage;

	if (!program->has_points) {
		return NULL;
	}
	coverage = must_calloc(1, sizeof(*coverage));
	coverage->policy = policy_ref(policy);
	coverage->program = program;
	coverage->hits = must_calloc(program->point_count + 1, sizeof(*coverage->hits));
	coverage->marks = must_calloc(program->point_count + 1, sizeof(*coverage->marks));
	return coverage;
}

void policy_coverage_free(struct policy_coverage *coverage)
{
	if (coverage == NULL) {
		return;
	}
	policy_unref(coverage->policy);
	memory_free(coverage->hits);
	memory_free(coverage->marks);
	memory_free(coverage);
}

void policy_coverage_cleanup(struct policy_coverage **coverage)
{
	policy_coverage_free(*coverage);
}

void policy_worker_watch(struct policy_worker *worker, struct policy_coverage *coverage)
{
	worker->coverage = coverage;
}

size_t policy_coverage_count(const struct policy_coverage *coverage)
{
	return coverage->program->point_count;
}

struct policy_point policy_coverage_at(const struct policy_coverage *coverage, size_t index)
{
	const struct program *program = coverage->program;
	const struct point *point = &program->points[index];

	assert(index < program->point_count);
	return (struct policy_point){
		.file = point->place.file < program->file_count ? program->files[point->place.file]
								: "",
		.row = point->place.row,
		.function = point->function,
		.clause = point->clause,
		.is_head = point->is_head,
		.hits = coverage->hits[index],
	};
}

void policy_coverage_clear_marks(struct policy_coverage *coverage)
{
	memset(coverage->marks, 0, coverage->program->point_count * sizeof(*coverage->marks));
}

bool policy_coverage_is_marked(const struct policy_coverage *coverage, size_t index)
{
	return coverage->marks[index];
}

/* It gives back what the loop took for it: what is watched has the same budget as what is not. */
const struct op *op_cover(struct frame *frame, const struct op *op)
{
	struct policy_coverage *coverage = frame->worker->coverage;

	frame->worker->context.charge.left++;
	if (coverage != NULL && coverage->program == frame->worker->program) {
		coverage->hits[op->count]++;
		coverage->marks[op->count] = true;
	}
	return op + 1;
}
