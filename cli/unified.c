#include "cli/unified.h"

#include <stdbool.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"

enum { CONTEXT = 3, STEPS_MAX = 2000 };

struct line {
	const char *text;
	size_t size; /* with its '\n' */
};

struct side {
	struct line *lines;
	size_t count;
	bool *differs; /* of each line: it is not in the other text */
};

struct comparing {
	struct arena *arena;
	struct side old;
	struct side fresh;
};

/* ---- lines ---- */

static void split(struct arena *arena, const char *text, size_t size, struct side *side)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++) {
		count += text[i] == '\n';
	}
	side->lines = arena_alloc(arena, (count + 1) * sizeof(*side->lines));
	side->differs = arena_calloc(arena, count + 2, sizeof(*side->differs));
	while (size > 0) {
		const char *end = memchr(text, '\n', size);
		size_t line = end != NULL ? (size_t)(end + 1 - text) : size;

		side->lines[side->count++] = (struct line){ text, line };
		text += line;
		size -= line;
	}
}

static bool is_same(const struct comparing *it, size_t old, size_t fresh)
{
	const struct line *a = &it->old.lines[old];
	const struct line *b = &it->fresh.lines[fresh];

	return a->size == b->size && memcmp(a->text, b->text, a->size) == 0;
}

/* ---- the shortest way from one to the other ---- */

/* Lines [from, to) of each; what they have in common at both ends is left out already. */
struct range {
	long from;
	long old_count;
	long fresh_count;
};

static struct range trim(const struct comparing *it)
{
	size_t from = 0;
	size_t old = it->old.count;
	size_t fresh = it->fresh.count;

	while (from < old && from < fresh && is_same(it, from, from)) {
		from++;
	}
	while (old > from && fresh > from && is_same(it, old - 1, fresh - 1)) {
		old--;
		fresh--;
	}
	return (struct range){ (long)from, (long)(old - from), (long)(fresh - from) };
}

/* From the furthest place on diagonal k that d-1 changes reach: how far the old text is read. */
static long step_from(const long *reach, long d, long k)
{
	return k == -d || (k != d && reach[k - 1] < reach[k + 1]) ? reach[k + 1] : reach[k - 1] + 1;
}

/* traces[d]: how far d changes reached on each diagonal. Returns how many changes it takes; -1: too
 * many. */
static long search(struct comparing *it, const struct range *range, long **traces)
{
	long most = range->old_count + range->fresh_count;

	for (long d = 0; d <= most && d <= STEPS_MAX; d++) {
		long *reach = (long *)arena_calloc(it->arena, (size_t)(2 * d + 3), sizeof(*reach)) +
			      d + 1;

		traces[d] = reach;
		for (long k = -d; k <= d; k += 2) {
			long x = d == 0 ? 0 : step_from(traces[d - 1], d, k);

			while (x < range->old_count && x - k >= 0 && x - k < range->fresh_count &&
				is_same(it, (size_t)(range->from + x),
					(size_t)(range->from + x - k))) {
				x++;
			}
			reach[k] = x;
			if (x >= range->old_count && x - k >= range->fresh_count) {
				return d;
			}
		}
	}
	return -1;
}

/* The way back: each step marks one line. */
static void mark(struct comparing *it, const struct range *range, long **traces, long d)
{
	long x = range->old_count;
	long y = range->fresh_count;

	for (; d > 0; d--) {
		const long *before = traces[d - 1];
		long k = x - y;
		bool is_new = k == -d || (k != d && before[k - 1] < before[k + 1]);
		long from_x = is_new ? before[k + 1] : before[k - 1];
		long from_y = from_x - (is_new ? k + 1 : k - 1);

		if (is_new) {
			it->fresh.differs[range->from + from_y] = true;
		} else {
			it->old.differs[range->from + from_x] = true;
		}
		x = from_x;
		y = from_y;
	}
}

static void compare(struct comparing *it)
{
	struct range range = trim(it);
	long **traces = arena_calloc(it->arena, STEPS_MAX + 2, sizeof(*traces));
	long d = search(it, &range, traces);

	if (d >= 0) {
		mark(it, &range, traces, d);
		return;
	}
	memset(it->old.differs + range.from, true, (size_t)range.old_count);
	memset(it->fresh.differs + range.from, true, (size_t)range.fresh_count);
}

/* ---- hunks ---- */

struct place {
	size_t old;
	size_t fresh;
};

static bool is_change(const struct comparing *it, struct place at)
{
	return (at.old < it->old.count && it->old.differs[at.old]) ||
	       (at.fresh < it->fresh.count && it->fresh.differs[at.fresh]);
}

static bool is_end(const struct comparing *it, struct place at)
{
	return at.old >= it->old.count && at.fresh >= it->fresh.count;
}

/* Behind a run of changes, or one equal line further. */
static struct place next(const struct comparing *it, struct place at)
{
	if (!is_change(it, at)) {
		return (struct place){ at.old + 1, at.fresh + 1 };
	}
	while (at.old < it->old.count && it->old.differs[at.old]) {
		at.old++;
	}
	while (at.fresh < it->fresh.count && it->fresh.differs[at.fresh]) {
		at.fresh++;
	}
	return at;
}

/* The end of the hunk that begins at `at`, which is a change: up to where more than twice the
 * context is equal. */
static struct place hunk_end(const struct comparing *it, struct place at)
{
	struct place end = at;

	while (!is_end(it, at)) {
		if (is_change(it, at)) {
			at = end = next(it, at);
		} else if (at.old - end.old >= (size_t)2 * CONTEXT) {
			break;
		} else {
			at = next(it, at);
		}
	}
	return end;
}

static void print_line(struct buf *out, char sign, const struct line *line)
{
	buf_append_char(out, sign);
	buf_append(out, line->text, line->size);
	if (line->text[line->size - 1] != '\n') {
		buf_append_text(out, "\n\\ No newline at end of file\n");
	}
}

static void print_lines(
	const struct comparing *it, struct place at, struct place end, struct buf *out)
{
	while (at.old < end.old || at.fresh < end.fresh) {
		struct place behind = next(it, at);

		if (!is_change(it, at)) {
			print_line(out, ' ', &it->old.lines[at.old]);
		}
		for (size_t i = at.old; is_change(it, at) && i < behind.old; i++) {
			print_line(out, '-', &it->old.lines[i]);
		}
		for (size_t i = at.fresh; is_change(it, at) && i < behind.fresh; i++) {
			print_line(out, '+', &it->fresh.lines[i]);
		}
		at = behind;
	}
}

static void print_range(struct buf *out, char sign, size_t from, size_t count)
{
	buf_printf(out, "%c%zu", sign, count > 0 ? from + 1 : from);
	if (count != 1) {
		buf_printf(out, ",%zu", count);
	}
}

static struct place print_hunk(const struct comparing *it, struct place at, struct buf *out)
{
	struct place end = hunk_end(it, at);
	size_t before = at.old < CONTEXT ? at.old : CONTEXT;
	size_t behind = it->old.count - end.old < CONTEXT ? it->old.count - end.old : CONTEXT;
	struct place first = { at.old - before, at.fresh - before };
	struct place last = { end.old + behind, end.fresh + behind };

	buf_append_text(out, "@@ ");
	print_range(out, '-', first.old, last.old - first.old);
	buf_append_char(out, ' ');
	print_range(out, '+', first.fresh, last.fresh - first.fresh);
	buf_append_text(out, " @@\n");
	print_lines(it, first, last, out);
	return last;
}

void unified_print(const struct unified *texts, struct buf *out)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct comparing it = { .arena = arena };
	struct place at = { 0, 0 };

	split(arena, texts->old_text, texts->old_text != NULL ? texts->old_size : 0, &it.old);
	split(arena, texts->new_text, texts->new_text != NULL ? texts->new_size : 0, &it.fresh);
	compare(&it);
	while (!is_end(&it, at) && !is_change(&it, at)) {
		at = next(&it, at);
	}
	if (is_end(&it, at)) {
		return;
	}
	buf_printf(out, "--- %s\n+++ %s\n", texts->old_text != NULL ? texts->old_name : "/dev/null",
		texts->new_text != NULL ? texts->new_name : "/dev/null");
	while (!is_end(&it, at)) {
		at = is_change(&it, at) ? print_hunk(&it, at, out) : next(&it, at);
	}
}
