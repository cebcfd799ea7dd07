/*
 * regex.globs_match: whether a text exists that two patterns match both. Patterns of characters,
 * ".", "[a-z]", each perhaps with "*" or "+". OPA's library takes its decisions greedily and is at
 * times wrong; this is the same walk, so that the answers are the same.
 */
#include <stdlib.h>
#include <string.h>
#include "policy/builtin_args.h"

#define PARTS_MAX 500 /* the walk recurses */

struct range {
	uint32_t from, to;
};

struct part {
	enum { PART_CHARACTER, PART_ANY, PART_SET } type;
	char flag;            /* 0, '+', '*' */
	struct range *ranges; /* of a character one */
	size_t count;
};

struct parts {
	struct part *list;
	size_t count;
};

/* ---- reading ---- */

struct reader {
	struct policy_context *context;
	struct span text;
	size_t at;
	struct range *spare; /* one for each byte of the text: no character needs more */
};

/* The next character; false: the end, or a backslash there, which is reported. */
static bool next_rune(struct reader *reader, uint32_t *rune, bool *escaped)
{
	*escaped = reader->at < reader->text.size && reader->text.at[reader->at] == '\\';
	reader->at += *escaped ? 1 : 0;
	if (reader->at >= reader->text.size) {
		if (*escaped) {
			builtin_error(reader->context, "input ends with a \\ (escape) character");
		}
		return false;
	}
	reader->at += span_rune(reader->text, reader->at, rune);
	return true;
}

static bool fail(const struct reader *reader, const char *problem)
{
	builtin_error(reader->context, "glob, byte %zu: %s", reader->at, problem);
	return false;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *left = a;
	const struct range *right = b;

	return left->from != right->from ? (left->from < right->from ? -1 : 1)
					 : (left->to > right->to) - (left->to < right->to);
}

/* Sorted, and those that touch made one: equal sets are then equal lists. */
static void normalize(struct part *part)
{
	size_t kept = 0;

	if (part->count > 1) {
		qsort(part->ranges, part->count, sizeof(*part->ranges), compare_ranges);
	}
	for (size_t i = 0; i < part->count; i++) {
		struct range *last = kept > 0 ? &part->ranges[kept - 1] : NULL;
		if (last != NULL && part->ranges[i].from <= last->to + 1) {
			last->to = part->ranges[i].to > last->to ? part->ranges[i].to : last->to;
		} else {
			part->ranges[kept++] = part->ranges[i];
		}
	}
	part->count = kept;
}

static bool read_range(struct reader *reader, struct range *range)
{
	uint32_t rune;
	bool escaped;

	if (span_runes(span_from(reader->text, reader->at)) < 2 ||
		!next_rune(reader, &rune, &escaped) || (!escaped && (rune == ']' || rune == '-'))) {
		return fail(reader, "range character '-' must be followed by a character");
	}
	if (rune < range->from) {
		return fail(reader, "range is out of order");
	}
	range->to = rune;
	return true;
}

/* Behind "[". */
static bool read_set(struct reader *reader, struct part *part)
{
	uint32_t rune;
	bool escaped;
	bool open = false; /* a range may begin at the last character */

	part->type = PART_SET;
	part->ranges = reader->spare;
	while (next_rune(reader, &rune, &escaped)) {
		policy_charge(reader->context, 4);
		if (!escaped && rune == ']') {
			reader->spare += part->count;
			normalize(part);
			return true;
		}
		if (escaped || rune != '-') {
			part->ranges[part->count++] = (struct range){ rune, rune };
			open = true;
			continue;
		}
		if (!open) {
			return fail(reader, "range character '-' must be preceded by a character");
		}
		if (!read_range(reader, &part->ranges[part->count - 1])) {
			return false;
		}
		open = false;
	}
	return fail(reader, "found [ without matching ]");
}

static bool read_part(struct reader *reader, struct part *part)
{
	uint32_t rune;
	bool escaped;

	*part = (struct part){ .type = PART_CHARACTER };
	if (!next_rune(reader, &rune, &escaped)) {
		return false; /* reported: the text had not ended */
	}
	if (!escaped && (rune == ']' || rune == '+' || rune == '*')) {
		return fail(reader, "']', '+' or '*' with nothing before it");
	}
	if (!escaped && rune == '[') {
		if (!read_set(reader, part)) {
			return false;
		}
	} else if (!escaped && rune == '.') {
		part->type = PART_ANY;
	} else {
		part->ranges = reader->spare++;
		part->ranges[0] = (struct range){ rune, rune };
		part->count = 1;
	}
	if (reader->at < reader->text.size &&
		(reader->text.at[reader->at] == '+' || reader->text.at[reader->at] == '*')) {
		part->flag = reader->text.at[reader->at++];
	}
	return true;
}

static bool same(const struct part *a, const struct part *b)
{
	return a->type == b->type && a->count == b->count &&
	       (a->count == 0 || memcmp(a->ranges, b->ranges, a->count * sizeof(*a->ranges)) == 0);
}

/* False: reported. "a*a+" is made "a+". */
static bool read_parts(struct policy_context *context, struct span text, struct parts *parts)
{
	struct reader reader = { .context = context, .text = text };
	struct part part;

	policy_charge(context, text.size * 4);
	reader.spare = policy_alloc_array(context, text.size, sizeof(*reader.spare));
	*parts = (struct parts){ policy_alloc_array(context, text.size, sizeof(*parts->list)), 0 };
	while (reader.at < text.size) {
		struct part *last = parts->count > 0 ? &parts->list[parts->count - 1] : NULL;
		if (!read_part(&reader, &part)) {
			return false;
		}
		if (last != NULL && last->flag != 0 && part.flag != 0 && same(last, &part)) {
			last->flag = part.flag == '+' ? '+' : last->flag;
		} else {
			parts->list[parts->count++] = part;
		}
	}
	if (parts->count > PARTS_MAX) {
		return fail(&reader, "more than 500 parts");
	}
	return true;
}

/* ---- walking ---- */

static struct parts from(struct parts parts, size_t begin)
{
	return (struct parts){ parts.list + begin, parts.count - begin };
}

/* Two parts, whatever their flags, have a character in common. "." has one with an empty set. */
static bool meet(struct policy_context *context, const struct part *a, const struct part *b)
{
	size_t i = 0;
	size_t k = 0;

	policy_charge(context, 1 + a->count + b->count);
	if (a->type == PART_ANY || b->type == PART_ANY) {
		return true;
	}
	while (i < a->count && k < b->count) {
		if (a->ranges[i].to < b->ranges[k].from) {
			i++;
		} else if (b->ranges[k].to < a->ranges[i].from) {
			k++;
		} else {
			return true;
		}
	}
	return false;
}

static bool meet_all(struct policy_context *context, struct parts a, struct parts b);

/* starred begins with a part that may stand any number of times. */
static bool meet_star(struct policy_context *context, struct parts starred, struct parts other)
{
	const struct part *next = starred.count > 1 ? &starred.list[1] : NULL;

	for (size_t i = 0; i < other.count; i++) {
		if (next != NULL && meet(context, &other.list[i], next) &&
			meet_all(context, from(starred, 1), from(other, i))) {
			return true;
		}
		if (!meet(context, &other.list[i], &starred.list[0])) {
			return false;
		}
	}
	return next == NULL;
}

static bool meet_plus(struct policy_context *context, struct parts plussed, struct parts other)
{
	return meet(context, &plussed.list[0], &other.list[0]) &&
	       (meet_star(context, plussed, from(other, 1)) ||
		       (other.list[0].flag != 0 && meet_all(context, from(plussed, 1), other)));
}

static bool meet_all(struct policy_context *context, struct parts a, struct parts b)
{
	size_t i = 0;

	for (; i < a.count && i < b.count; i++) {
		char flag_a = a.list[i].flag;
		char flag_b = b.list[i].flag;
		if (flag_a != 0) {
			return (flag_a == '+' ? meet_plus : meet_star)(
				context, from(a, i), from(b, i));
		}
		if (flag_b != 0) {
			return (flag_b == '+' ? meet_plus : meet_star)(
				context, from(b, i), from(a, i));
		}
		if (!meet(context, &a.list[i], &b.list[i])) {
			return false;
		}
	}
	return i == a.count && i == b.count;
}

/* Cuts what stands still at both ends, but for one part there. False: it does not meet. */
static bool trim(struct policy_context *context, struct parts *a, struct parts *b)
{
	size_t begin = 0;
	size_t cut = 0; /* at the end */

	while (begin < a->count && begin < b->count && a->list[begin].flag == 0 &&
		b->list[begin].flag == 0) {
		if (!meet(context, &a->list[begin], &b->list[begin])) {
			return false;
		}
		begin++;
	}
	begin -= begin > 0 ? 1 : 0;
	while (begin + cut < a->count && begin + cut < b->count) {
		const struct part *last_a = &a->list[a->count - 1 - cut];
		const struct part *last_b = &b->list[b->count - 1 - cut];
		if (last_a->flag != 0 || last_b->flag != 0) {
			break;
		}
		if (!meet(context, last_a, last_b)) {
			return false;
		}
		cut++;
	}
	cut -= cut > 0 ? 1 : 0;
	*a = (struct parts){ a->list + begin, a->count - begin - cut };
	*b = (struct parts){ b->list + begin, b->count - begin - cut };
	return true;
}

const struct value *builtin_regex_globs_match(
	struct policy_context *context, const struct value *const *args)
{
	struct parts a;
	struct parts b;

	if (!builtin_are_texts(context, args, 2) || !read_parts(context, span_of(args[0]), &a) ||
		!read_parts(context, span_of(args[1]), &b)) {
		return NULL;
	}
	return value_of_bool(trim(context, &a, &b) && meet_all(context, a, b));
}
