#include "policy/explain_inside.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/value.h"
#include "policy/eval.h"
#include "policy/ir.h"
#include "policy/tar.h"

#define SAYS_DEPTH 4 /* rules that take their value from rules */

/* ---- spans ---- */

struct span {
	uint32_t row, col, end_row, end_col;
	uint32_t point;
};

/* Without an end it is the rest of the line, from its beginning. */
static struct span span_of(const struct explain *it, uint32_t point)
{
	const struct trace_point *at = &it->program->traced[point];

	if (at->end_row == 0) {
		return (struct span){ at->place.row, 0, at->place.row, UINT32_MAX, point };
	}
	return (struct span){ at->place.row, at->place.col, at->end_row, at->end_col, point };
}

static int by_place(uint32_t row, uint32_t col, uint32_t other_row, uint32_t other_col)
{
	if (row != other_row) {
		return row < other_row ? -1 : 1;
	}
	return col < other_col ? -1 : col > other_col;
}

/* By beginning, the longer first; then as they stand in the plan. */
static int by_span(const void *a, const void *b)
{
	const struct span *x = a;
	const struct span *y = b;
	int order = by_place(x->row, x->col, y->row, y->col);

	if (order == 0) {
		order = by_place(y->end_row, y->end_col, x->end_row, x->end_col);
	}
	return order != 0 ? order : (x->point < y->point ? -1 : 1);
}

static bool is_within(const struct span *a, const struct span *b)
{
	return by_place(a->row, a->col, b->row, b->col) >= 0 &&
	       by_place(a->end_row, a->end_col, b->end_row, b->end_col) <= 0;
}

/* ---- conditions of a body ---- */

/* Numbers of conditions go by the first of their points, which is the order in which they run. */
static void number_conditions(struct explain *it, struct explain_body *body)
{
	uint32_t *numbers = arena_alloc(it->arena, body->count * sizeof(*numbers));

	body->conditions = arena_alloc(it->arena, body->count * sizeof(*body->conditions));
	for (uint32_t i = 0; i < body->count; i++) {
		numbers[i] = EXPLAIN_HEAD;
	}
	for (uint32_t i = 0; i < body->count; i++) {
		uint32_t outermost = it->outer[body->first + i];

		if (outermost == EXPLAIN_HEAD) {
			continue;
		}
		uint32_t *number = &numbers[outermost - body->first];
		if (*number == EXPLAIN_HEAD) {
			*number = body->condition_count;
			body->conditions[body->condition_count++] = outermost;
		}
		it->outer[body->first + i] = *number;
	}
}

static void find_conditions(struct explain *it, struct explain_body *body)
{
	struct span *spans = arena_alloc(it->arena, body->count * sizeof(*spans));
	struct span head = span_of(it, body->first);
	struct span *outermost = NULL;

	for (uint32_t i = 0; i < body->count; i++) {
		spans[i] = span_of(it, body->first + i);
	}
	qsort(spans, body->count, sizeof(*spans), by_span);
	for (uint32_t i = 0; i < body->count; i++) {
		it->outer[spans[i].point] = EXPLAIN_HEAD;
		if (spans[i].row == 0 || is_within(&spans[i], &head)) {
			continue;
		}
		if (outermost == NULL || !is_within(&spans[i], outermost)) {
			outermost = &spans[i];
		}
		it->outer[spans[i].point] = outermost->point;
	}
	number_conditions(it, body);
}

static void add_body(struct explain *it, uint32_t first, uint32_t end)
{
	struct explain_body *body = &it->bodies[it->body_count];
	const struct trace_point *point = &it->program->traced[first];

	*body = (struct explain_body){
		.function = point->function,
		.first = first,
		.count = end - first,
		.is_rule = point->kind == IR_RESET_LOCAL || point->kind == IR_IS_UNDEFINED,
	};
	for (uint32_t i = first; i < end; i++) {
		it->body_of[i] = it->body_count;
	}
	it->lines_only |= body->is_rule && point->end_row == 0;
	find_conditions(it, body);
	it->body_count++;
}

static int by_address(const void *a, const void *b)
{
	const struct explain_result *x = a;
	const struct explain_result *y = b;

	if (x->value != y->value) {
		return (uintptr_t)x->value < (uintptr_t)y->value ? -1 : 1;
	}
	return x->evaluation < y->evaluation ? -1 : 1;
}

static void find_results(struct explain *it)
{
	uint32_t count = (uint32_t)it->trace->evaluation_count;

	it->shown = arena_calloc(it->arena, count + 1, sizeof(*it->shown));
	it->results = arena_alloc(it->arena, (count + 1) * sizeof(*it->results));
	for (uint32_t i = 0; i < count; i++) {
		const struct value *result = it->trace->evaluations[i].result;

		if (result != NULL && value_type(result) >= VALUE_ARRAY) {
			it->results[it->result_count++] = (struct explain_result){ result, i };
		}
	}
	qsort(it->results, it->result_count, sizeof(*it->results), by_address);
}

void explain_prepare(struct explain *it)
{
	const struct trace_point *points = it->program->traced;
	uint32_t count = (uint32_t)it->program->traced_count;
	uint32_t first = 0;

	it->bodies = arena_alloc(it->arena, (count + 1) * sizeof(*it->bodies));
	it->body_of = arena_alloc(it->arena, (count + 1) * sizeof(*it->body_of));
	it->outer = arena_alloc(it->arena, (count + 1) * sizeof(*it->outer));
	for (uint32_t i = 1; i <= count; i++) {
		if (i == count || points[i].function != points[first].function ||
			points[i].body != points[first].body) {
			add_body(it, first, i);
			first = i;
		}
	}
	it->says = arena_calloc(it->arena, it->body_count + 1, SAYS_DEPTH + 1);
	find_results(it);
}

uint32_t explain_bodies_of(const struct explain *it, uint32_t function, uint32_t *count)
{
	uint32_t low = 0;
	uint32_t high = it->body_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (it->bodies[middle].function < function) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	*count = 0;
	while (low + *count < it->body_count && it->bodies[low + *count].function == function) {
		++*count;
	}
	return low;
}

bool explain_is_not(const struct explain *it, uint32_t body, uint32_t condition)
{
	const struct explain_body *rule = &it->bodies[body];
	struct span whole = span_of(it, rule->conditions[condition]);

	for (uint32_t i = rule->first; i < rule->first + rule->count; i++) {
		struct span span = span_of(it, i);

		if (it->outer[i] == condition && it->program->traced[i].kind == IR_NOT &&
			is_within(&whole, &span)) {
			return true;
		}
	}
	return false;
}

/* ---- what a head can say ---- */

enum { SAYS_UNKNOWN, SAYS_NOT, SAYS };

static bool is_allow(const struct explain *it, int32_t operand)
{
	const struct value *value = operand < 0 ? it->program->constants[operand] : NULL;

	return value_is(value, VALUE_STRING) && strcmp(value_text(value), "allow") == 0;
}

static bool says_allow(struct explain *it, uint32_t body, unsigned depth);

static bool op_says_allow(struct explain *it, const struct op *op, unsigned depth)
{
	uint32_t count;

	if (is_allow(it, op->a) || is_allow(it, op->b)) {
		return true;
	}
	if (depth == 0 || (op->run != op_call && op->run != op_call_rule)) {
		return false;
	}
	uint32_t first = explain_bodies_of(it, op->function->number, &count);
	for (uint32_t i = first; i < first + count; i++) {
		if (it->bodies[i].is_rule && says_allow(it, i, depth - 1)) {
			return true;
		}
	}
	return false;
}

/* Each body is looked at once for a depth. */
static bool says_allow(struct explain *it, uint32_t body, unsigned depth)
{
	const struct explain_body *rule = &it->bodies[body];
	uint8_t *known = &it->says[(size_t)body * (SAYS_DEPTH + 1) + depth];

	for (uint32_t i = rule->first; *known == SAYS_UNKNOWN && i < rule->first + rule->count;
		i++) {
		if (it->outer[i] == EXPLAIN_HEAD &&
			op_says_allow(it, it->program->traced[i].op, depth)) {
			*known = SAYS;
		}
	}
	if (*known == SAYS_UNKNOWN) {
		*known = SAYS_NOT;
	}
	return *known == SAYS;
}

bool explain_says_allow(struct explain *it, uint32_t body)
{
	return says_allow(it, body, SAYS_DEPTH);
}

/* ---- texts ---- */

const char *explain_file(const struct explain *it, const struct trace_point *point)
{
	return point->place.row > 0 && point->place.file < it->program->file_count
		       ? it->program->files[point->place.file]
		       : "";
}

static const struct tar_file *source_of(const struct explain *it, const char *name)
{
	for (size_t i = 0; i < it->question->file_count; i++) {
		if (strcmp(it->question->files[i].name, name) == 0) {
			return &it->question->files[i];
		}
	}
	return NULL;
}

/* From row:col on; both from 1. NULL: the text has no such line. */
static const char *position(const struct tar_file *file, uint32_t row, uint32_t col)
{
	const char *at = file->bytes;
	const char *end = file->bytes + file->size;

	for (uint32_t i = 1; i < row; i++) {
		at = memchr(at, '\n', (size_t)(end - at));
		if (at == NULL) {
			return NULL;
		}
		at++;
	}
	return col - 1 <= (size_t)(end - at) ? at + col - 1 : NULL;
}

/* White space and comments of many lines become one blank. */
static const char *on_one_line(struct arena *arena, const char *from, const char *end)
{
	char *text = arena_alloc(arena, EXPLAIN_TEXT_BYTES + 4);
	size_t used = 0;

	while (from < end && strchr(" \t\r\n", *from) != NULL) {
		from++;
	}
	while (from < end && used < EXPLAIN_TEXT_BYTES) {
		if (*from == '\n') {
			while (from < end && strchr(" \t\r\n", *from) != NULL) {
				from++;
			}
			text[used++] = ' ';
		} else {
			text[used++] = *from == '\t' ? ' ' : *from;
			from++;
		}
	}
	while (used > 0 &&
		(text[used - 1] == ' ' || ((unsigned char)text[used - 1] & 0xC0) == 0x80) &&
		from < end) { /* not in the middle of a character */
		used--;
	}
	while (used > 0 && text[used - 1] == ' ') {
		used--;
	}
	memcpy(text + used, from < end ? "…" : "", from < end ? sizeof("…") : 1);
	return text;
}

const char *explain_text(const struct explain *it, const struct trace_point *point)
{
	const struct tar_file *file = source_of(it, explain_file(it, point));
	const char *from;
	const char *end;

	if (file == NULL || point->place.row == 0 || point->place.col == 0) {
		return NULL;
	}
	from = position(file, point->place.row, point->place.col);
	if (from == NULL) {
		return NULL;
	}
	end = point->end_row > 0 ? position(file, point->end_row, point->end_col) : NULL;
	if (end == NULL || end < from) {
		end = memchr(from, '\n', (size_t)(file->bytes + file->size - from));
		end = end != NULL ? end : file->bytes + file->size;
	}
	return on_one_line(it->arena, from, end);
}

const char *explain_condition_text(const struct explain *it, uint32_t body, uint32_t condition)
{
	const struct explain_body *rule = &it->bodies[body];
	const struct trace_point *point = &it->program->traced[rule->conditions[condition]];
	const struct trace_point *head = &it->program->traced[rule->first];
	struct span whole = span_of(it, rule->conditions[condition]);
	struct span first = span_of(it, rule->first);
	struct trace_point rest = *head;

	if (!is_within(&first, &whole) || head->end_row == 0) {
		return explain_text(it, point);
	}
	rest.place.row = head->end_row;
	rest.place.col = head->end_col;
	rest.end_row = 0; /* to the end of the line */
	const char *text = explain_text(it, &rest);
	if (text == NULL) {
		return NULL;
	}
	text += strspn(text, " ");
	return strncmp(text, "if ", 3) == 0 ? text + 3 : text;
}
