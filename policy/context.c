#include "policy/context.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "policy/worker.h"

#define POLICY_BUF_KEPT (1024 * 1024)

/* ---- leaving ---- */

/* "users.rego:31:2: " for the op under way; nothing where there is none. */
static size_t write_place(const struct policy_worker *worker, char *text, size_t room)
{
	const struct program *program = worker->program;

	if (worker->op == NULL) {
		return 0;
	}
	const struct place *place = &worker->function->places[worker->op - worker->function->ops];
	if (place->row == 0 || place->file >= program->file_count) {
		return (size_t)snprintf(text, room, "%s: ", worker->function->name);
	}
	return (size_t)snprintf(text, room, "%s:%u:%u: ", program->files[place->file],
		(unsigned)place->row, (unsigned)place->col);
}

void policy_leave(
	struct policy_worker *worker, enum policy_failure_kind kind, const char *format, ...)
{
	struct policy_failure *failure = worker->failure;
	va_list args;

	failure->kind = kind;
	size_t used = write_place(worker, failure->text, sizeof(failure->text));
	if (used < sizeof(failure->text)) {
		va_start(args, format);
		vsnprintf(failure->text + used, sizeof(failure->text) - used, format, args);
		va_end(args);
	}
	utf8_repair(failure->text); /* it is recorded; texts of the input were cut in it */
	longjmp(worker->exit, 1);
}

void policy_note(struct policy_context *context, const char *text)
{
	const struct policy_worker *worker = policy_worker_of(context);
	struct policy_notes *notes = context->notes;

	if (notes == NULL) {
		return;
	}
	if (notes->count < notes->capacity) {
		const struct place *place =
			&worker->function->places[worker->op - worker->function->ops];
		bool known = place->file < worker->program->file_count;

		notes->list[notes->count] = (struct policy_note){ .text = text,
			.file = known ? worker->program->files[place->file] : "",
			.row = place->row };
	}
	notes->count++;
}

static _Noreturn void leave_out_of_steps(struct policy_worker *worker)
{
	worker->context.charge.left = 0;
	policy_leave(worker, POLICY_FAILURE_BUDGET, "the policy needs more than %llu steps",
		(unsigned long long)worker->budget->steps);
}

/* ---- charging ---- */

void policy_charge_clock(struct policy_context *context)
{
	struct policy_worker *worker = policy_worker_of(context);
	int64_t limit_us = worker->budget->time_us;

	if (worker->cpu_start_us == WORKER_CPU_UNKNOWN) {
		worker->cpu_start_us = clock_thread_us();
	}
	int64_t now_us = clock_monotonic_us();
	if (now_us <= worker->deadline_us) {
		return;
	}
	/* Late. But was it this thread that took so long, or did others have its core? */
	int64_t used_us = clock_thread_us() - worker->cpu_start_us;
	if (used_us > limit_us) {
		policy_leave(worker, POLICY_FAILURE_BUDGET, "the policy needs more than %lld ms",
			(long long)(limit_us / 1000));
	}
	worker->deadline_us = now_us + limit_us - used_us;
}

void policy_charge_bytes(struct policy_context *context, size_t bytes)
{
	struct policy_worker *worker = policy_worker_of(context);
	size_t used = arena_used(context->arena);

	if (used > context->bytes_end || bytes > context->bytes_end - used) {
		policy_leave(worker, POLICY_FAILURE_BUDGET,
			"the policy needs more than %zu bytes of memory", worker->budget->bytes);
	}
}

void policy_charge_slow(struct policy_context *context, uint64_t steps)
{
	if (context->charge.exhausted || context->charge.left < steps) {
		leave_out_of_steps(policy_worker_of(context));
	}
	context->charge.left -= steps;
	if (context->charge.left >= context->clock_at) {
		return;
	}
	context->clock_at = context->charge.left > WORKER_CLOCK_STEPS
				    ? context->charge.left - WORKER_CLOCK_STEPS
				    : 0;
	policy_charge_clock(context);
	policy_charge_bytes(context, 0);
}

/* After a function of base/value that charges by itself. */
static void check_charge(struct policy_context *context)
{
	if (context->charge.exhausted) {
		leave_out_of_steps(policy_worker_of(context));
	}
}

void *policy_alloc(struct policy_context *context, size_t bytes)
{
	policy_charge(context, bytes / 64);
	policy_charge_bytes(context, bytes);
	return arena_alloc(context->arena, bytes);
}

void *policy_alloc_array(struct policy_context *context, size_t count, size_t bytes)
{
	size_t total;

	if (__builtin_mul_overflow(count, bytes, &total)) {
		total = SIZE_MAX; /* more than any budget */
	}
	return policy_alloc(context, total);
}

/* ---- work on values ---- */

int policy_compare(struct policy_context *context, const struct value *a, const struct value *b)
{
	int order = value_compare_charged(a, b, &context->charge);

	check_charge(context);
	return order;
}

bool policy_equals(struct policy_context *context, const struct value *a, const struct value *b)
{
	bool equal = value_equals_charged(a, b, &context->charge);

	check_charge(context);
	return equal;
}

/* A key that is itself a container may be a graph; the others cost no more than their text. */
static const struct value *lookup_composite(
	struct policy_context *context, const struct value *container, const struct value *key)
{
	const struct value *found =
		value_type(container) == VALUE_OBJECT
			? value_find_key_charged(container, key, &context->charge)
			: value_set_find_charged(container, key, &context->charge);

	check_charge(context);
	return found;
}

const struct value *policy_lookup(
	struct policy_context *context, const struct value *container, const struct value *key)
{
	int64_t index;

	switch (value_type(container)) {
	case VALUE_OBJECT:
		return value_type(key) < VALUE_ARRAY ? value_find_key(container, key)
						     : lookup_composite(context, container, key);
	case VALUE_SET:
		return value_type(key) < VALUE_ARRAY ? value_set_find(container, key)
						     : lookup_composite(context, container, key);
	case VALUE_ARRAY:
		if (value_int(key, &index) && index >= 0 &&
			(uint64_t)index < value_count(container)) {
			return value_at(container, (size_t)index);
		}
		return NULL;
	default:
		return NULL;
	}
}

static void merge_halves(struct policy_context *context, const struct value **items, size_t middle,
	size_t count, const struct value **room)
{
	size_t left = 0;
	size_t right = middle;

	if (policy_compare(context, items[middle - 1], items[middle]) <= 0) {
		return; /* in order already */
	}
	for (size_t i = 0; i < count; i++) {
		bool take_left =
			right == count ||
			(left < middle && policy_compare(context, items[left], items[right]) <= 0);
		room[i] = take_left ? items[left++] : items[right++];
	}
	memcpy(items, room, count * sizeof(*items));
}

static void sort_with(struct policy_context *context, const struct value **items, size_t count,
	const struct value **room)
{
	if (count < 2) {
		return;
	}
	policy_charge(context, count);
	size_t middle = count / 2;
	sort_with(context, items, middle, room);
	sort_with(context, items + middle, count - middle, room);
	merge_halves(context, items, middle, count, room);
}

void policy_sort(struct policy_context *context, const struct value **items, size_t count)
{
	if (count > 1) {
		sort_with(
			context, items, count, policy_alloc_array(context, count, sizeof(*items)));
	}
}

void policy_leave_depth(struct policy_context *context)
{
	policy_leave(policy_worker_of(context), POLICY_FAILURE_BUDGET,
		"a value is nested more than %d deep", POLICY_DEPTH_MAX);
}

static const struct value *checked(struct policy_context *context, const struct value *value)
{
	check_charge(context);
	policy_check_depth(context, value);
	return value;
}

/* What a container of `count` items of `bytes` each may need at most, with its index. */
static void charge_container(struct policy_context *context, size_t count, size_t bytes)
{
	policy_charge(context, 1 + count);
	policy_charge_bytes(context, 64 + count * (bytes + 32));
}

const struct value *policy_array(
	struct policy_context *context, const struct value *const *items, size_t count)
{
	charge_container(context, count, sizeof(*items));
	return checked(context, value_of_array(context->arena, items, count));
}

const struct value *policy_set(
	struct policy_context *context, const struct value *const *items, size_t count)
{
	charge_container(context, count, sizeof(*items));
	return checked(
		context, value_of_set_charged(context->arena, items, count, &context->charge));
}

const struct value *policy_object(
	struct policy_context *context, const struct value_member *members, size_t count)
{
	charge_container(context, count, sizeof(*members));
	return checked(
		context, value_of_object_charged(context->arena, members, count, &context->charge));
}

void policy_print(struct policy_context *context, struct buf *buf, const struct value *value)
{
	size_t used = arena_used(context->arena);
	size_t limit = used < context->bytes_end ? context->bytes_end - used : 0;

	if (!value_print_charged(buf, value, limit, &context->charge)) {
		check_charge(context);
		policy_charge_bytes(context, SIZE_MAX);
	}
}

const struct value *policy_text_of_buf(struct policy_context *context, const struct buf *buf)
{
	policy_charge_text(context, buf->size);
	policy_charge_bytes(context, buf->size + 32);
	return value_of_text_n(context->arena, buf_text(buf), buf->size);
}

struct buf *policy_buf(struct policy_context *context, unsigned index)
{
	struct buf *buf = &policy_worker_of(context)->bufs[index % POLICY_BUFS];

	if (buf->capacity > POLICY_BUF_KEPT) {
		buf_fini(buf); /* one large text is no reason to hold its memory for ever */
	}
	buf_clear(buf);
	return buf;
}
