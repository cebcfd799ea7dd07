#include "policy/compile.h"

#include "policy/eval.h"

void emit_trace(struct compiler *compiler, const struct ir_statement *statement)
{
	const struct ir_place *place = &statement->place;

	compiler->traced = grow(compiler, compiler->traced, compiler->traced_count,
		&compiler->traced_room, sizeof(*compiler->traced));
	compiler->ops = grow(compiler, compiler->ops, compiler->op_count, &compiler->op_room,
		sizeof(*compiler->ops));
	compiler->ops[compiler->op_count++] = (struct draft_op){
		.op = { .run = op_trace, .count = (uint32_t)compiler->traced_count },
		.leave = NO_LABEL,
		.jump = NO_LABEL,
		.place = { place->file, place->row, place->col },
	};
	compiler->traced[compiler->traced_count++] = (struct trace_point){
		.place = { place->file, place->row, place->col },
		.end_row = place->end_row,
		.end_col = place->end_col,
		.function = compiler->number,
		.body = compiler->body,
		.kind = (uint8_t)statement->kind,
		.is_head = compiler->is_last && is_rule_end(statement),
		.leads = statement->kind == IR_SCAN && compiler->at_end,
	};
}

void place_traces(struct compiler *compiler, const struct draft_op *drafts, size_t count,
	const struct op *ops)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		if (drafts[i].op.run == op_trace) {
			compiler->traced[drafts[i].op.count].op = &ops[at + 1];
		}
		at += !drafts[i].dropped;
	}
}
