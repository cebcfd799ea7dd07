/*
 * Runs a program over a text. Every pair of instruction and place is tried at most once: the
 * first try of a pair either ends in a match, or can never lead to one, whatever came before it.
 * So the work is bounded by instructions times places, and is charged as it is done.
 */
#include <string.h>
#include "base/utf8.h"
#include "policy/builtin_regex_node.h"
#include "policy/context.h"

/* What to try when the present way fails; or, going back, the place to put back into a slot. */
struct regex_job {
	uint32_t pc; /* RESTORE | slot */
	uint32_t at;
};

#define RESTORE UINT32_C(0x80000000)
#define WORK_BATCH 256 /* pairs tried between two charges */

void policy_regex_scan_init(struct policy_context *context, struct policy_regex_scan *scan,
	const struct policy_regex *regex, const char *text, size_t size)
{
	size_t words = ((uint64_t)regex->count * (size + 1) + 63) / 64;

	*scan = (struct policy_regex_scan){
		.context = context,
		.regex = regex,
		.text = text,
		.size = (uint32_t)size,
		.clean = true,
		.job_room = 64,
	};
	scan->visited = policy_alloc_array(context, words, sizeof(*scan->visited));
	memset(scan->visited, 0, words * sizeof(*scan->visited));
	scan->jobs = policy_alloc_array(context, scan->job_room, sizeof(*scan->jobs));
}

/* Forgets what an earlier search tried: bits lie place by place, so only its stretch is cleared. */
static void forget(struct policy_regex_scan *scan, uint32_t from)
{
	size_t count = scan->regex->count;
	size_t begin = (size_t)scan->began * count / 64;
	size_t end = (((size_t)scan->reached + 1) * count + 63) / 64;

	if (!scan->clean) {
		policy_charge_text(scan->context, (end - begin) * sizeof(*scan->visited));
		memset(scan->visited + begin, 0, (end - begin) * sizeof(*scan->visited));
	}
	scan->clean = false;
	scan->began = from;
	scan->reached = from;
}

static void push_job(struct policy_regex_scan *scan, size_t *count, uint32_t pc, uint32_t at)
{
	if (*count == scan->job_room) {
		struct regex_job *jobs =
			policy_alloc_array(scan->context, scan->job_room * 2, sizeof(*scan->jobs));
		memcpy(jobs, scan->jobs, *count * sizeof(*jobs));
		scan->jobs = jobs;
		scan->job_room *= 2;
	}
	scan->jobs[(*count)++] = (struct regex_job){ .pc = pc, .at = at };
}

static bool is_word(const struct policy_regex_scan *scan, uint32_t at)
{
	unsigned char c = at < scan->size ? (unsigned char)scan->text[at] : 0;

	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '_';
}

static bool is_at(const struct policy_regex_scan *scan, uint32_t place, uint32_t at)
{
	switch ((enum regex_place)place) {
	case REGEX_TEXT_BEGIN:
		return at == 0;
	case REGEX_TEXT_END:
		return at == scan->size;
	case REGEX_LINE_BEGIN:
		return at == 0 || scan->text[at - 1] == '\n';
	case REGEX_LINE_END:
		return at == scan->size || scan->text[at] == '\n';
	case REGEX_WORD_BOUNDARY:
		return (at > 0 && is_word(scan, at - 1)) != is_word(scan, at);
	case REGEX_NO_WORD_BOUNDARY:
		return (at > 0 && is_word(scan, at - 1)) == is_word(scan, at);
	}
	return false;
}

/* Does the instruction read the character at `at`? Returns its bytes; 0: no. */
static uint32_t reads(const struct policy_regex_scan *scan, const struct regex_instruction *it,
	uint32_t at, uint64_t *work)
{
	uint32_t rune;

	if (at == scan->size) {
		return 0;
	}
	rune = (unsigned char)scan->text[at];
	if (rune < 0x80) {
		bool good =
			it->op == REGEX_OP_ANY ||
			(it->op == REGEX_OP_RUNE ? it->x == rune
						 : (scan->regex->classes[it->x].ascii[rune / 64] >>
								   rune % 64 &
							   1) != 0);
		return good ? 1 : 0;
	}
	uint32_t bytes = (uint32_t)utf8_read(scan->text + at, scan->size - at, &rune);
	if (bytes == 0) {
		return 0; /* not reached: the texts of values are valid */
	}
	if (it->op == REGEX_OP_CLASS) {
		const struct regex_class *class = &scan->regex->classes[it->x].class;
		*work += class->count;
		return policy_class_has(class, rune) ? bytes : 0;
	}
	return it->op == REGEX_OP_ANY || it->x == rune ? bytes : 0;
}

struct run {
	struct policy_regex_scan *scan;
	size_t jobs;
	uint64_t work;
	uint32_t *places;
	size_t slots; /* places that the caller wants */
};

static bool visit(struct run *run, uint32_t pc, uint32_t at)
{
	size_t bit = (size_t)at * run->scan->regex->count + pc;
	uint64_t mask = UINT64_C(1) << bit % 64;

	if ((run->scan->visited[bit / 64] & mask) != 0) {
		return false;
	}
	run->scan->visited[bit / 64] |= mask;
	if (++run->work >= WORK_BATCH) {
		policy_charge(run->scan->context, run->work / 2);
		run->work = 0;
	}
	return true;
}

static void save(struct run *run, uint32_t slot, uint32_t at)
{
	if (slot < run->slots) {
		push_job(run->scan, &run->jobs, RESTORE | slot, run->places[slot]);
		run->places[slot] = at;
	}
}

/* Goes on from one place until the way ends; true: in a match. */
static bool follow(struct run *run, uint32_t pc, uint32_t at)
{
	struct policy_regex_scan *scan = run->scan;

	while (visit(run, pc, at)) {
		const struct regex_instruction *it = &scan->regex->code[pc];
		uint32_t bytes;
		switch ((enum regex_op)it->op) {
		case REGEX_OP_RUNE:
		case REGEX_OP_ANY:
		case REGEX_OP_CLASS:
			bytes = reads(scan, it, at, &run->work);
			if (bytes == 0) {
				return false;
			}
			at += bytes;
			scan->reached = at > scan->reached ? at : scan->reached;
			pc++;
			break;
		case REGEX_OP_ASSERT:
			if (!is_at(scan, it->x, at)) {
				return false;
			}
			pc++;
			break;
		case REGEX_OP_SAVE:
			save(run, it->x, at);
			pc++;
			break;
		case REGEX_OP_SPLIT:
			push_job(scan, &run->jobs, it->y, at);
			pc = it->x;
			break;
		case REGEX_OP_JUMP:
			pc = it->x;
			break;
		case REGEX_OP_MATCH:
			return true;
		}
	}
	return false;
}

static bool match_at(struct run *run, uint32_t at)
{
	run->jobs = 0;
	if (follow(run, 0, at)) {
		return true;
	}
	while (run->jobs > 0) {
		struct regex_job job = run->scan->jobs[--run->jobs];
		if ((job.pc & RESTORE) != 0) {
			run->places[job.pc & ~RESTORE] = job.at;
		} else if (follow(run, job.pc, job.at)) {
			return true;
		}
	}
	return false;
}

/* The next place, `at` included, where a match can begin; size + 1: there is none. */
static uint32_t next_begin(const struct policy_regex_scan *scan, uint32_t at)
{
	const struct policy_regex *regex = scan->regex;
	uint32_t from = at;

	if (regex->anchored && at > 0) {
		return scan->size + 1;
	}
	for (; at < scan->size; at++) {
		unsigned char c = (unsigned char)scan->text[at];
		bool inside = (c & 0xc0) == 0x80;
		if (!inside && (!regex->first_known || (regex->first[c / 8] >> c % 8 & 1) != 0)) {
			break;
		}
	}
	policy_charge_text(scan->context, (at - from) * 8);
	if (at == scan->size && regex->first_known) {
		return scan->size + 1;
	}
	return at;
}

bool policy_regex_scan_next(
	struct policy_regex_scan *scan, uint32_t from, uint32_t *places, size_t slots)
{
	struct run run = { .scan = scan, .places = places, .slots = slots * 2 };
	bool found = false;

	forget(scan, from);
	for (size_t i = 0; i < slots * 2; i++) {
		places[i] = POLICY_REGEX_NONE; /* there may be no slots, and then no places */
	}
	for (uint32_t at = next_begin(scan, from); at <= scan->size && !found;
		at = next_begin(scan, at + 1)) {
		scan->reached = at > scan->reached ? at : scan->reached;
		found = match_at(&run, at);
		if (found || at == scan->size) {
			break;
		}
	}
	policy_charge(scan->context, 1 + run.work / 2);
	return found;
}
