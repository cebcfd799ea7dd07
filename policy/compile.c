#include "policy/compile.h"

#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "policy/engine.h"
#include "policy/eval.h"

void *grow(struct compiler *compiler, void *items, size_t count, size_t *room, size_t bytes)
{
	if (count < *room) {
		return items;
	}
	*room = *room == 0 ? 64 : *room * 2;
	void *more = arena_alloc(compiler->scratch, *room * bytes);
	if (count > 0) {
		memcpy(more, items, count * bytes);
	}
	return more;
}

/* ---- labels ---- */

uint32_t label_new(struct compiler *compiler)
{
	compiler->labels = grow(compiler, compiler->labels, compiler->label_count,
		&compiler->label_room, sizeof(*compiler->labels));
	compiler->labels[compiler->label_count] = NO_OP;
	return (uint32_t)compiler->label_count++;
}

void label_bind(struct compiler *compiler, uint32_t label)
{
	compiler->labels[label] = compiler->op_count;
}

/* ---- ops ---- */

struct draft_op *emit(
	struct compiler *compiler, policy_op_fn *run, const struct ir_statement *statement)
{
	if (compiler->traces && statement != NULL) {
		emit_trace(compiler, statement);
	}
	compiler->ops = grow(compiler, compiler->ops, compiler->op_count, &compiler->op_room,
		sizeof(*compiler->ops));
	struct draft_op *draft = &compiler->ops[compiler->op_count++];
	*draft = (struct draft_op){
		.op.run = run,
		.leave = compiler->scope != NULL ? compiler->scope->leave : NO_LABEL,
		.jump = NO_LABEL,
		.definition = compiler->definition,
	};
	if (statement != NULL) {
		const struct ir_place *place = &statement->place;
		draft->place = (struct place){ place->file, place->row, place->col };
	}
	return draft;
}

void emit_jump(struct compiler *compiler, uint32_t label, const struct ir_statement *statement)
{
	emit(compiler, op_jump, statement)->leave = label;
}

static void emit_restore(
	struct compiler *compiler, const struct scope *scope, const struct ir_statement *statement)
{
	struct draft_op *draft = emit(compiler, op_restore, statement);

	draft->op.target = scope->with_target;
	draft->op.b = (int32_t)scope->with_slot;
}

uint32_t leave_scopes(
	struct compiler *compiler, int64_t index, const struct ir_statement *statement)
{
	const struct scope *scope = compiler->scope;

	for (int64_t i = 0; i < index; i++) {
		if (scope->is_with) {
			emit_restore(compiler, scope, statement);
		}
		scope = scope->outer;
	}
	return scope->leave;
}

void emit_point(struct compiler *compiler, const struct ir_statement *statement, bool is_head)
{
	if (!compiler->covers || statement->place.row == 0) {
		return;
	}
	compiler->points = grow(compiler, compiler->points, compiler->point_count,
		&compiler->point_room, sizeof(*compiler->points));
	emit(compiler, op_cover, statement)->op.count = (uint32_t)compiler->point_count;
	compiler->points[compiler->point_count++] = (struct point){
		.place = { statement->place.file, statement->place.row, statement->place.col },
		.function = compiler->function_name,
		.clause = compiler->clause,
		.is_head = is_head,
	};
}

/* ---- scopes ---- */

void scope_open(struct compiler *compiler, struct scope *scope, uint32_t leave)
{
	*scope = (struct scope){
		.outer = compiler->scope,
		.leave = leave,
		.aliases = compiler->alias_count,
	};
	compiler->scope = scope;
}

void scope_close(struct compiler *compiler)
{
	forget_aliases(compiler, compiler->scope->aliases);
	compiler->scope = compiler->scope->outer;
}

/* ---- putting a function together ---- */

/* Follows jumps to jumps. */
static size_t destination(const struct compiler *compiler, uint32_t label)
{
	size_t at = compiler->labels[label];

	for (unsigned hops = 0; hops < 64; hops++) {
		while (compiler->ops[at].dropped) {
			at++;
		}
		if (compiler->ops[at].op.run != op_jump) {
			break;
		}
		at = compiler->labels[compiler->ops[at].leave];
	}
	while (compiler->ops[at].dropped) {
		at++;
	}
	return at;
}

/* For reach.h: which body each op belongs to, and where the stops are now. */
static void number_reach(
	struct compiler *compiler, struct function *function, const size_t *numbers)
{
	struct reach *reach = &function->reach;
	uint32_t *bodies = arena_calloc(compiler->arena, function->op_count, sizeof(*bodies));

	for (size_t i = 0; i < compiler->op_count; i++) {
		if (!compiler->ops[i].dropped) {
			bodies[numbers[i]] = compiler->ops[i].definition;
		}
	}
	for (size_t i = 0; i < compiler->stop_count; i++) {
		struct reach_stop *stop = &compiler->stops[i];
		stop->begin = (uint32_t)numbers[stop->begin];
		stop->end = (uint32_t)numbers[stop->end];
	}
	reach->bodies = bodies;
	reach->stops = arena_copy(
		compiler->arena, compiler->stops, compiler->stop_count * sizeof(*compiler->stops));
	reach->stop_count = compiler->stop_count;
}

static void put_together(struct compiler *compiler, struct function *function)
{
	size_t count = compiler->op_count;
	size_t *numbers = arena_alloc(compiler->scratch, count * sizeof(*numbers));

	function->op_count = 0;
	for (size_t i = 0; i < count; i++) {
		numbers[i] = function->op_count;
		function->op_count += !compiler->ops[i].dropped;
	}
	number_reach(compiler, function, numbers);
	struct op *ops = arena_calloc(compiler->arena, function->op_count, sizeof(*ops));
	struct place *places = arena_calloc(compiler->arena, function->op_count, sizeof(*places));
	for (size_t i = 0; i < count; i++) {
		const struct draft_op *draft = &compiler->ops[i];
		if (draft->dropped) {
			continue;
		}
		struct op *op = &ops[numbers[i]];
		*op = draft->op;
		places[numbers[i]] = draft->place;
		if (draft->leave != NO_LABEL) {
			op->leave = &ops[numbers[destination(compiler, draft->leave)]];
		}
		if (draft->jump != NO_LABEL) {
			op->jump = &ops[numbers[destination(compiler, draft->jump)]];
		}
	}
	function->ops = ops;
	function->places = places;
	place_traces(compiler, compiler->ops, count, ops);
}

/* Input and data as the function got them: a `with` may change them for a while. */
static void keep_documents(
	struct compiler *compiler, const struct ir_function *ir, struct reach *reach)
{
	for (size_t i = 0; i < 2 && i < ir->param_count; i++) {
		reach->documents[i] = ir->params[i];
		if (reach->count > 0 && compiler->locals[ir->params[i]]->writes > 1) {
			struct draft_op *draft = emit(compiler, op_assign, NULL);
			reach->documents[i] = compiler->local_count++;
			draft->op.a = (int32_t)ir->params[i];
			draft->op.target = reach->documents[i];
		}
	}
}

static void compile_function(
	struct compiler *compiler, const struct ir_function *ir, struct function *function)
{
	compiler->function = ir;
	compiler->local_count = ir->locals;
	compiler->scans = 0;
	compiler->scans_most = 0;
	compiler->op_count = 0;
	compiler->label_count = 0;
	compiler->alias_count = 0;
	compiler->scope = NULL;
	compiler->function_name = function->name;
	compiler->body = 0;
	compiler->definition = 0;
	compiler->stop_count = 0;
	count_locals(compiler);
	reach_note(compiler, ir, &function->reach);
	keep_documents(compiler, ir, &function->reach);
	for (size_t i = 0; i < ir->block_count; i++) {
		compiler->clause = (uint32_t)i;
		compiler->body++;
		compiler->at_end = true;
		compile_blocks(compiler, &ir->blocks[i], 1);
	}
	emit(compiler, op_end, NULL);
	put_together(compiler, function);
	function->locals = compiler->local_count;
	function->scans = compiler->scans_most;
}

/* Before any body is compiled: calls point at functions. */
static struct function *make_functions(
	struct compiler *compiler, const struct ir_function *list, size_t count, bool are_functions)
{
	struct function *functions = arena_calloc(compiler->arena, count, sizeof(*functions));

	for (size_t i = 0; i < count; i++) {
		functions[i].name = arena_strdup(compiler->arena, list[i].name);
		functions[i].params = arena_copy(compiler->arena, list[i].params,
			list[i].param_count * sizeof(*list[i].params));
		functions[i].param_count = list[i].param_count;
		functions[i].number = (uint32_t)i;
		functions[i].memo = are_functions && list[i].param_count == 2 &&
				    (compiler->without & POLICY_STEP_MEMO) == 0;
	}
	return functions;
}

/* ---- paths of dynamic calls ---- */

struct path {
	const struct value *names;
	int64_t number;
};

static int by_names(const void *a, const void *b)
{
	return value_compare(((const struct path *)a)->names, ((const struct path *)b)->names);
}

/*
 * The tree of sorted paths which have their first `at` names in common. NULL: one of them ends
 * where another goes on.
 */
static const struct value *tree_of(
	struct compiler *compiler, const struct path *paths, size_t count, size_t at)
{
	struct value_builder members = { .arena = compiler->arena };

	if (value_count(paths[0].names) == at) {
		return count == 1 ? value_of_int(compiler->arena, paths[0].number) : NULL;
	}
	for (size_t i = 0; i < count;) {
		const struct value *name = value_at(paths[i].names, at);
		size_t alike = 1;
		while (i + alike < count &&
			value_equals(name, value_at(paths[i + alike].names, at))) {
			alike++;
		}
		const struct value *inner = tree_of(compiler, paths + i, alike, at + 1);
		if (inner == NULL) {
			return NULL;
		}
		value_add_key(&members, value_copy(compiler->arena, name), inner);
		i += alike;
	}
	return value_finish_object(&members);
}

static bool make_paths(struct compiler *compiler, struct program *program, struct error *err)
{
	const struct ir_plan *plan = compiler->plan;
	size_t count = 0;
	struct path *paths =
		arena_calloc(compiler->scratch, plan->function_count + 1, sizeof(*paths));

	for (size_t i = 0; i < plan->function_count; i++) {
		if (plan->functions[i].path != NULL) {
			paths[count++] = (struct path){ plan->functions[i].path, (int64_t)i };
		}
	}
	if (count == 0) {
		return true;
	}
	qsort(paths, count, sizeof(*paths), by_names);
	program->paths = tree_of(compiler, paths, count, 0);
	if (program->paths == NULL) {
		return error_set(err, ERROR_POLICY, "the path of a function is part of another's");
	}
	return true;
}

/* ---- the whole ---- */

static void make_constants(struct compiler *compiler, struct program *program)
{
	size_t count = compiler->constant_count;
	const struct value **constants =
		arena_alloc(compiler->arena, (count + 1) * sizeof(*constants));

	for (size_t i = 0; i < count; i++) {
		constants[count - 1 - i] = compiler->constants[i];
	}
	program->constants = constants + count;
}

static void make_keys(struct compiler *compiler, struct program *program)
{
	const struct value **keys = arena_alloc(compiler->arena, PROGRAM_KEYS * sizeof(*keys));

	for (int i = 0; i < PROGRAM_KEYS; i++) {
		keys[i] = value_of_int(compiler->arena, i);
	}
	program->keys = keys;
}

static void make_empties(struct compiler *compiler, struct program *program)
{
	if (!program->has_trace) {
		program->empties[VALUE_ARRAY] = value_of_array(compiler->arena, NULL, 0);
		program->empties[VALUE_OBJECT] = value_of_object(compiler->arena, NULL, 0);
		program->empties[VALUE_SET] = value_of_set(compiler->arena, NULL, 0);
	}
}

static void make_files(struct compiler *compiler, struct program *program)
{
	const struct ir_plan *plan = compiler->plan;
	const char **files = arena_alloc(compiler->arena, plan->file_count * sizeof(*files));

	for (size_t i = 0; i < plan->file_count; i++) {
		files[i] = arena_strdup(compiler->arena, plan->files[i]);
	}
	program->files = files;
	program->file_count = plan->file_count;
}

/* Constants -1 and -2 are false and true, then come the strings of the static table. */
static void add_static_constants(struct compiler *compiler)
{
	const struct ir_plan *plan = compiler->plan;

	constant_of(compiler, value_of_bool(false));
	constant_of(compiler, value_of_bool(true));
	for (size_t i = 0; i < plan->string_count; i++) {
		constant_of(compiler, value_copy(compiler->arena, plan->strings[i]));
	}
}

bool program_compile(struct arena *arena, struct arena *scratch, const struct ir_plan *plan,
	unsigned without, struct program *program, struct error *err)
{
	struct compiler compiler = {
		.arena = arena,
		.scratch = scratch,
		.plan = plan,
		.without = without,
		.covers = program->has_points && !program->has_trace,
		.traces = program->has_trace,
	};

	add_static_constants(&compiler);
	compiler.functions = make_functions(&compiler, plan->functions, plan->function_count, true);
	struct function *plans = make_functions(&compiler, plan->plans, plan->plan_count, false);
	for (size_t i = 0; i < plan->function_count; i++) {
		compiler.number = (uint32_t)i;
		compile_function(&compiler, &plan->functions[i], &compiler.functions[i]);
	}
	for (size_t i = 0; i < plan->plan_count; i++) {
		compiler.number = (uint32_t)(plan->function_count + i);
		compile_function(&compiler, &plan->plans[i], &plans[i]);
	}
	program->arena = arena;
	program->functions = compiler.functions;
	program->function_count = plan->function_count;
	program->plans = plans;
	program->plan_count = plan->plan_count;
	make_constants(&compiler, program);
	make_keys(&compiler, program);
	make_empties(&compiler, program);
	make_files(&compiler, program);
	program->points =
		arena_copy(arena, compiler.points, compiler.point_count * sizeof(*compiler.points));
	program->point_count = compiler.point_count;
	program->traced = arena_copy(
		arena, compiler.traced, compiler.traced_count * sizeof(*compiler.traced));
	program->traced_count = compiler.traced_count;
	return make_paths(&compiler, program, err);
}
