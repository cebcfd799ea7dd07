#include "scim/bulk_plan.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "scim/bulk.h"
#include "scim/bulk_ref.h"
#include "scim/schema.h"

/* ---- names ---- */

struct scim_bulk_name {
	const char *text;
	size_t size;
	uint32_t operation;
};

/* By size first: most comparisons end there. */
static int compare_names(const void *a, const void *b)
{
	const struct scim_bulk_name *left = a;
	const struct scim_bulk_name *right = b;

	return left->size != right->size ? (left->size > right->size) - (left->size < right->size)
					 : memcmp(left->text, right->text, left->size);
}

/* All bulkIds must differ; those of POST operations can be referred to. */
bool scim_bulk_index(struct arena *arena, struct scim_bulk *bulk, struct error *err)
{
	struct scim_bulk_name *names = arena_alloc(arena, (bulk->count + 1) * sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < bulk->count; i++) {
		const char *text = bulk->operations[i].bulk_id;

		if (text != NULL) {
			names[count++] = (struct scim_bulk_name){ text, strlen(text), (uint32_t)i };
		}
	}
	if (count > 1) {
		qsort(names, count, sizeof(*names), compare_names);
	}
	for (size_t i = 1; i < count; i++) {
		if (compare_names(&names[i - 1], &names[i]) == 0) {
			return error_set(err, ERROR_VALUE,
				"two operations have the bulkId '%.128s'; each needs its own",
				names[i].text);
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (bulk->operations[names[i].operation].method == SCIM_BULK_POST) {
			names[bulk->name_count++] = names[i];
		}
	}
	bulk->names = names;
	return true;
}

int64_t scim_bulk_find(const struct scim_bulk *bulk, const char *name, size_t size)
{
	struct scim_bulk_name key = { name, size, 0 };
	const struct scim_bulk_name *found = bulk->name_count > 0
						     ? bsearch(&key, bulk->names, bulk->name_count,
							       sizeof(*bulk->names), compare_names)
						     : NULL;

	return found != NULL ? (int64_t)found->operation : -1;
}

/* ---- references ---- */

struct scim_bulk_planner {
	struct scim_bulk *bulk;
	size_t at; /* the next operation */
	struct scim_bulk_operation *operation;
	uint32_t self;
	uint32_t *items; /* what it refers to, each once */
	size_t count;
	uint32_t *seen_by; /* per operation: 1 + the last one that referred to it */
	size_t mentions;   /* of this slice */
};

static bool collect(void *user, const char *name, size_t size)
{
	struct scim_bulk_planner *it = user;
	int64_t index = scim_bulk_find(it->bulk, name, size);

	it->mentions++;
	if (index < 0) {
		error_set(&it->operation->err, ERROR_VALUE,
			"data refers to bulkId:%.*s, and no POST of this request has that bulkId",
			(int)(size < 128 ? size : 128), name);
		return false;
	}
	if (it->seen_by[index] != it->self + 1) {
		it->seen_by[index] = it->self + 1;
		it->items[it->count++] = (uint32_t)index;
	}
	return true;
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

bool scim_bulk_set_has(const struct scim_bulk_set *set, int64_t operation)
{
	uint32_t number = (uint32_t)operation;

	return set->count > 0 &&
	       bsearch(&number, set->items, set->count, sizeof(number), compare_numbers) != NULL;
}

static struct scim_bulk_set set_of(struct arena *arena, uint32_t *items, size_t count)
{
	if (count > 1) {
		qsort(items, count, sizeof(*items), compare_numbers);
	}
	return (struct scim_bulk_set){
		count > 0 ? arena_copy(arena, items, count * sizeof(*items)) : NULL, count
	};
}

static void find_target(const struct scim_bulk *bulk, struct scim_bulk_operation *it)
{
	const size_t prefix = sizeof(SCIM_BULK_PREFIX) - 1;

	if (it->id == NULL || strncmp(it->id, SCIM_BULK_PREFIX, prefix) != 0) {
		return;
	}
	it->target = scim_bulk_find(bulk, it->id + prefix, strlen(it->id + prefix));
	if (it->target < 0) {
		error_set(&it->err, ERROR_VALUE,
			"path refers to %.128s, and no POST of this request has that bulkId",
			it->id);
	} else if (bulk->operations[it->target].type != it->type) {
		error_set(&it->err, ERROR_NOT_FOUND, "%.128s is not created at %s", it->id,
			it->type->endpoint);
	}
}

static void find_references(struct arena *arena, struct scim_bulk_planner *it)
{
	it->operation = &it->bulk->operations[it->at];
	it->self = (uint32_t)it->at++;
	it->count = 0;
	if (it->operation->err.code == ERROR_NONE) {
		find_target(it->bulk, it->operation);
	}
	if (it->operation->err.code == ERROR_NONE && it->operation->data != NULL &&
		scim_bulk_mentions(it->operation->data, collect, it)) {
		it->operation->references = set_of(arena, it->items, it->count);
	}
}

static struct scim_bulk_planner *planner_new(struct arena *arena, struct scim_bulk *bulk)
{
	struct scim_bulk_planner *it = arena_calloc(arena, 1, sizeof(*it));

	it->bulk = bulk;
	it->items = arena_alloc(arena, (bulk->count + 1) * sizeof(*it->items));
	it->seen_by = arena_calloc(arena, bulk->count + 1, sizeof(*it->seen_by));
	return it;
}

/* ---- order ---- */

/* An operation on the way down to what it needs. */
struct frame {
	uint32_t operation;
	size_t next; /* reference to look at; beyond the last: the target */
};

/* `waiter` was created before what it refers to. */
struct edge {
	uint32_t waiter;
	uint32_t next; /* 1 + the next edge to the same operation; 0: the last */
};

enum state { NEW, OPEN, DONE };

struct plan {
	struct scim_bulk *bulk;
	uint8_t *states;
	struct frame *stack;
	size_t depth;
	struct scim_bulk_step *steps;
	size_t step_count;
	uint32_t *waits;    /* per operation: deferred references that are not there yet */
	uint32_t *first;    /* per operation: 1 + the first edge to it */
	uint32_t *deferred; /* scratch, of the operation on top */
	struct edge *edges;
	size_t edge_count;
};

static void push(struct plan *plan, uint32_t operation)
{
	plan->states[operation] = OPEN;
	plan->stack[plan->depth++] = (struct frame){ operation, 0 };
}

/* It stands in the plan; who only waited for it is completed. */
static void emit(struct plan *plan, uint32_t operation)
{
	plan->states[operation] = DONE;
	plan->steps[plan->step_count++] = (struct scim_bulk_step){ operation, false };
	for (uint32_t at = plan->first[operation]; at != 0; at = plan->edges[at - 1].next) {
		uint32_t waiter = plan->edges[at - 1].waiter;

		if (--plan->waits[waiter] == 0) {
			plan->steps[plan->step_count++] = (struct scim_bulk_step){ waiter, true };
		}
	}
}

/* What an operation needs: its references, then its target. -1: no more. */
static int64_t next_need(const struct plan *plan, struct frame *frame)
{
	const struct scim_bulk_operation *it = &plan->bulk->operations[frame->operation];
	size_t at = frame->next++;

	if (at < it->references.count) {
		return it->references.items[at];
	}
	return at == it->references.count ? it->target : -1;
}

/* Those of its references that are still open: they need it themselves. Created first without
 * them. */
static void defer_open(struct arena *arena, struct plan *plan, uint32_t operation)
{
	struct scim_bulk_operation *it = &plan->bulk->operations[operation];
	size_t count = 0;

	for (size_t i = 0; i < it->references.count; i++) {
		uint32_t needed = it->references.items[i];

		if (plan->states[needed] == OPEN) {
			plan->edges[plan->edge_count++] =
				(struct edge){ operation, plan->first[needed] };
			plan->first[needed] = (uint32_t)plan->edge_count;
			plan->deferred[count++] = needed;
		}
	}
	it->deferred = set_of(arena, plan->deferred, count);
	plan->waits[operation] = (uint32_t)count;
}

static void visit(struct arena *arena, struct plan *plan, uint32_t root)
{
	push(plan, root);
	while (plan->depth > 0) {
		struct frame *frame = &plan->stack[plan->depth - 1];
		int64_t needed = next_need(plan, frame);

		if (needed >= 0 && plan->states[needed] == NEW) {
			push(plan, (uint32_t)needed);
		} else if (needed < 0) {
			defer_open(arena, plan, frame->operation);
			plan->depth--;
			emit(plan, frame->operation);
		}
	}
}

static size_t reference_count(const struct scim_bulk *bulk)
{
	size_t count = 0;

	for (size_t i = 0; i < bulk->count; i++) {
		count += bulk->operations[i].references.count;
	}
	return count;
}

static void order(struct arena *arena, struct scim_bulk *bulk)
{
	size_t count = bulk->count + 1;
	struct plan plan = {
		.bulk = bulk,
		.states = arena_calloc(arena, count, sizeof(*plan.states)),
		.stack = arena_alloc(arena, count * sizeof(*plan.stack)),
		.steps = arena_alloc(arena, 2 * count * sizeof(*plan.steps)),
		.waits = arena_calloc(arena, count, sizeof(*plan.waits)),
		.first = arena_calloc(arena, count, sizeof(*plan.first)),
		.deferred = arena_alloc(arena, count * sizeof(*plan.deferred)),
		.edges = arena_alloc(arena, (reference_count(bulk) + 1) * sizeof(*plan.edges)),
	};

	for (size_t i = 0; i < bulk->count; i++) {
		if (plan.states[i] == NEW) {
			visit(arena, &plan, (uint32_t)i);
		}
	}
	bulk->steps = plan.steps;
	bulk->step_count = plan.step_count;
}

bool scim_bulk_plan(struct arena *arena, struct scim_bulk *bulk)
{
	struct scim_bulk_planner *it = bulk->planner;

	if (it == NULL) {
		it = bulk->planner = planner_new(arena, bulk);
	}
	it->mentions = 0;
	while (it->at < bulk->count) {
		if (it->mentions >= SCIM_BULK_SLICE) {
			return false;
		}
		find_references(arena, it);
	}
	order(arena, bulk);
	return true;
}
