#include "gateway/replay_rules.h"

#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"
#include "gateway/policy_kept.h"
#include "gateway/verdict.h"
#include "policy/coverage.h"
#include "policy/engine.h"
#include "policy/tar.h"

/* ---- a policy that is watched ---- */

struct rule_watch {
	struct arena *arena;
	struct policy *policy;
	struct policy_coverage *coverage;
	struct rule_hit *rules; /* all there are */
	size_t *points;         /* of each: its head */
	size_t count;
};

static uint64_t hash(uint64_t so_far, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		so_far = (so_far ^ (unsigned char)bytes[i]) * 1099511628211u;
	}
	return so_far;
}

static const struct tar_file *find_file(const struct policy_kept *kept, const char *name)
{
	for (size_t i = 0; i < kept->file_count; i++) {
		if (strcmp(kept->files[i].name, name) == 0) {
			return &kept->files[i];
		}
	}
	return NULL;
}

/* Of lines [from, to], counted from 1. */
static uint64_t hash_lines(uint64_t so_far, const struct tar_file *file, unsigned from, unsigned to)
{
	const char *at = file->bytes;
	const char *end = file->bytes + file->size;

	for (unsigned row = 1; at < end && row <= to; row++) {
		const char *line = memchr(at, '\n', (size_t)(end - at));
		const char *next = line != NULL ? line + 1 : end;

		if (row >= from) {
			so_far = hash(so_far, at, (size_t)(next - at));
		}
		at = next;
	}
	return so_far;
}

/* "g0.data.scimward.rules.deny" → "data.scimward.rules.deny". */
static const char *name_of(const char *function)
{
	const char *dot = strchr(function, '.');

	return dot != NULL ? dot + 1 : function;
}

/* Points [from, to) are those of one clause. */
static void add_rule(
	struct rule_watch *watch, const struct policy_kept *kept, size_t from, size_t to)
{
	struct policy_point first = policy_coverage_at(watch->coverage, from);
	const struct tar_file *file = find_file(kept, first.file);
	unsigned low = first.row;
	unsigned high = low;
	struct rule_hit *rule = &watch->rules[watch->count];

	for (size_t i = from; i < to; i++) {
		struct policy_point point = policy_coverage_at(watch->coverage, i);

		low = point.row < low ? point.row : low;
		high = point.row > high ? point.row : high;
		if (point.is_head) {
			watch->points[watch->count] = i;
			*rule = (struct rule_hit){ .file = point.file,
				.row = point.row,
				.name = name_of(point.function) };
		}
	}
	if (rule->name == NULL) { /* it only hands on */
		return;
	}
	rule->says = hash(14695981039346656037u, rule->name, strlen(rule->name));
	rule->says = file != NULL
			     ? hash_lines(rule->says, file, low, high)
			     : hash(rule->says, (const char *)&first.clause, sizeof(first.clause));
	watch->count++;
}

static bool is_same_clause(const struct policy_point *a, const struct policy_point *b)
{
	return a->clause == b->clause && strcmp(a->function, b->function) == 0;
}

static void find_rules(struct rule_watch *watch, const struct policy_kept *kept)
{
	size_t count = policy_coverage_count(watch->coverage);
	size_t from = 0;

	watch->rules = arena_calloc(watch->arena, count + 1, sizeof(*watch->rules));
	watch->points = arena_calloc(watch->arena, count + 1, sizeof(*watch->points));
	for (size_t i = 1; i <= count; i++) {
		struct policy_point before = policy_coverage_at(watch->coverage, i - 1);
		struct policy_point here =
			i < count ? policy_coverage_at(watch->coverage, i) : before;

		if (i == count || !is_same_clause(&before, &here)) {
			add_rule(watch, kept, from, i);
			from = i;
		}
	}
}

struct rule_watch *rule_watch_new(const struct policy_kept *kept, struct error *err)
{
	struct policy_limits limits = policy_limits_default;
	const struct policy_files files = policy_kept_files(kept);
	struct policy *policy;
	struct rule_watch *watch;

	limits.coverage = true;
	policy = policy_load(&files, &limits, err);
	if (policy == NULL) {
		return NULL;
	}
	watch = must_calloc(1, sizeof(*watch));
	watch->arena = arena_new();
	watch->policy = policy;
	watch->coverage = policy_coverage_new(policy);
	find_rules(watch, kept);
	return watch;
}

void rule_watch_free(struct rule_watch *watch)
{
	if (watch != NULL) {
		policy_coverage_free(watch->coverage);
		policy_unref(watch->policy);
		arena_free(watch->arena);
		memory_free(watch);
	}
}

void rule_watch_ask(struct rule_watch *watch, const struct verdict_asker *asker,
	struct arena *arena, const struct value *input, struct rule_hits *hits)
{
	struct verdict_asker watched = *asker;
	struct rule_hit *list = arena_calloc(arena, watch->count + 1, sizeof(*list));
	struct verdict ignored;
	size_t count = 0;

	watched.policy = watch->policy;
	policy_coverage_clear_marks(watch->coverage);
	policy_worker_watch(asker->worker, watch->coverage);
	verdict_of(&watched, arena, input, &ignored, NULL);
	policy_worker_watch(asker->worker, NULL);
	for (size_t i = 0; i < watch->count; i++) {
		if (policy_coverage_is_marked(watch->coverage, watch->points[i])) {
			list[count++] = watch->rules[i];
		}
	}
	*hits = (struct rule_hits){ list, count };
}

/* ---- what is worth a word ---- */

static bool has_equal(const struct rule_hits *hits, const struct rule_hit *rule)
{
	for (size_t i = 0; hits != NULL && i < hits->count; i++) {
		if (hits->list[i].says == rule->says) {
			return true;
		}
	}
	return false;
}

static bool is_noted(const struct rule_hit *list, size_t count, const struct rule_hit *rule)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].row == rule->row && strcmp(list[i].file, rule->file) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_called(const struct rule_hit *rule, const char *word)
{
	const char *last = strrchr(rule->name, '.');

	return strcmp(last != NULL ? last + 1 : rule->name, word) == 0;
}

/* Of package scimward, which joins what others say. */
static bool is_of_top(const struct rule_hit *rule)
{
	static const char package[] = "data.scimward.";
	size_t size = sizeof(package) - 1;

	return strncmp(rule->name, package, size) == 0 && strchr(rule->name + size, '.') == NULL;
}

struct wanted {
	const char *stronger;
	const char *weaker;
};

/* What a module says goes before what gathers it: data.scimward.rules.<module>.deny. */
static bool is_of_module(const struct rule_hit *rule)
{
	static const char package[] = "data.scimward.rules.";

	return strncmp(rule->name, package, sizeof(package) - 1) == 0;
}

static int weight(const struct wanted *wanted, const struct rule_hit *rule)
{
	int its = is_called(rule, wanted->stronger) ? 3
		  : is_called(rule, wanted->weaker) ? 2
		  : is_of_top(rule)                 ? 0
						    : 1;

	return 2 * its + is_of_module(rule);
}

static int heaviest(
	const struct wanted *wanted, const struct rule_hits *hits, const struct rule_hits *others)
{
	int most = 0;

	for (size_t i = 0; i < hits->count; i++) {
		int its = weight(wanted, &hits->list[i]);

		if (its > most && !has_equal(others, &hits->list[i])) {
			most = its;
		}
	}
	return most;
}

static struct rule_hits take(struct arena *arena, const struct wanted *wanted, int wanted_weight,
	const struct rule_hits *hits, const struct rule_hits *others)
{
	struct rule_hit *list = arena_calloc(arena, hits->count + 1, sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; i < hits->count; i++) {
		const struct rule_hit *rule = &hits->list[i];

		if (weight(wanted, rule) == wanted_weight && !has_equal(others, rule) &&
			!is_noted(list, count, rule)) {
			list[count++] = *rule;
		}
	}
	return (struct rule_hits){ list, count };
}

void rule_hits_between(struct arena *arena, const struct rule_hits *then,
	const struct rule_hits *now, const char *stronger, const char *weaker,
	struct rule_hits *gone, struct rule_hits *fresh)
{
	const struct wanted wanted = { stronger, weaker };
	int left = heaviest(&wanted, then, now);
	int right = heaviest(&wanted, now, then);
	int most = left > right ? left : right;

	*gone = take(arena, &wanted, most, then, now);
	*fresh = take(arena, &wanted, most, now, then);
}
