/*
 * Insertion for the few members that objects mostly have, merging for more. Both are stable:
 * of equal keys the last one must stand. Not qsort(): its comparison could not stop early, and
 * its memory is not ours.
 */
#include "base/memory.h"
#include "base/value_parts.h"

#define INSERTION_MAX 16

static int compare_entries(
	const struct value_entry *a, const struct value_entry *b, struct value_charge *charge)
{
	if (a->rank != b->rank) {
		return a->rank < b->rank ? -1 : 1;
	}
	return value_compare_charged(a->member.key, b->member.key, charge);
}

static void sort_by_insertion(
	struct value_entry *entries, size_t count, struct value_charge *charge)
{
	for (size_t i = 1; i < count; i++) {
		struct value_entry moving = entries[i];
		size_t at = i;

		while (at > 0 && compare_entries(&entries[at - 1], &moving, charge) > 0) {
			entries[at] = entries[at - 1];
			at--;
		}
		entries[at] = moving;
	}
}

static void merge(const struct value_entry *from, size_t middle, size_t count,
	struct value_entry *to, struct value_charge *charge)
{
	size_t left = 0;
	size_t right = middle;

	for (size_t i = 0; i < count; i++) {
		bool takes_left =
			right == count ||
			(left < middle && compare_entries(&from[left], &from[right], charge) <= 0);

		to[i] = takes_left ? from[left++] : from[right++];
	}
}

/* Runs of INSERTION_MAX, then merged in pairs, to and fro between two arrays. */
static void sort_by_merging(struct value_entry *entries, size_t count, struct value_charge *charge)
{
	struct value_entry *spare = must_malloc(count * sizeof(*spare));
	struct value_entry *from = entries;
	struct value_entry *to = spare;

	for (size_t i = 0; i < count; i += INSERTION_MAX) {
		size_t run = count - i < INSERTION_MAX ? count - i : INSERTION_MAX;

		sort_by_insertion(entries + i, run, charge);
	}
	for (size_t width = INSERTION_MAX; width < count && !charge->exhausted; width *= 2) {
		for (size_t i = 0; i < count; i += 2 * width) {
			size_t left = count - i;

			merge(from + i, left < width ? left : width,
				left < 2 * width ? left : 2 * width, to + i, charge);
		}
		struct value_entry *swap = from;

		from = to;
		to = swap;
	}
	if (from != entries) {
		memcpy(entries, from, count * sizeof(*entries));
	}
	memory_free(spare);
}

static bool is_sorted(const struct value_entry *entries, size_t count, struct value_charge *charge)
{
	for (size_t i = 1; i < count; i++) {
		if (compare_entries(&entries[i - 1], &entries[i], charge) >= 0) {
			return false;
		}
	}
	return true;
}

static size_t drop_equals(struct value_entry *entries, size_t count, const struct value **dropped,
	struct value_charge *charge)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (i + 1 < count && compare_entries(&entries[i], &entries[i + 1], charge) == 0) {
			if (dropped != NULL) {
				*dropped = entries[i].member.key;
			}
			continue;
		}
		entries[kept++] = entries[i];
	}
	return kept;
}

/* For the comparisons that ranks decide; those that look into keys are charged one by one. */
static uint64_t sorting_steps(size_t count)
{
	uint64_t steps = count;

	for (size_t width = INSERTION_MAX; width < count; width *= 2) {
		steps += count / 2;
	}
	return steps;
}

size_t entries_sort(struct value_entry *entries, size_t count, const struct value **dropped,
	struct value_charge *charge)
{
	struct value_charge endless = { .left = UINT64_MAX };

	if (charge == NULL) {
		charge = &endless;
	}
	if (!charge_pay(charge, sorting_steps(count)) || is_sorted(entries, count, charge)) {
		return count;
	}
	if (count <= INSERTION_MAX) {
		sort_by_insertion(entries, count, charge);
	} else {
		sort_by_merging(entries, count, charge);
	}
	return drop_equals(entries, count, dropped, charge);
}
