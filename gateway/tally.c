#include "gateway/tally.h"

#include <stdlib.h>
#include <string.h>
#include "base/arena.h"

/* FNV-1a. Texts are of the journal: whoever makes many collide makes one report slow. */
static uint32_t hash_of(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text != '\0'; text++) {
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	}
	return hash;
}

static uint32_t *slot_of(const struct tally *tally, const char *text)
{
	size_t at = hash_of(text) % tally->slot_count;

	while (tally->slots[at] != 0 && strcmp(tally->rows[tally->slots[at] - 1].text, text) != 0) {
		at = (at + 1) % tally->slot_count;
	}
	return &tally->slots[at];
}

/* Twice as many slots as rows at least. Old arrays stay in the arena: a third of what is used. */
static void grow(struct tally *tally)
{
	size_t room = tally->room == 0 ? 64 : tally->room * 2;
	struct tally_row *rows = arena_calloc(tally->arena, room, sizeof(*rows));

	if (tally->count > 0) {
		memcpy(rows, tally->rows, tally->count * sizeof(*rows));
	}
	tally->rows = rows;
	tally->room = room;
	tally->slot_count = room * 2 + 1;
	tally->slots = arena_calloc(tally->arena, tally->slot_count, sizeof(*tally->slots));
	for (size_t i = 0; i < tally->count; i++) {
		*slot_of(tally, rows[i].text) = (uint32_t)(i + 1);
	}
}

void tally_add(struct tally *tally, const char *text, const char *label, uint64_t count)
{
	uint32_t *slot;
	struct tally_row *row;

	if (tally->count == tally->room && tally->count < TALLY_TEXTS) {
		grow(tally);
	}
	slot = slot_of(tally, text);
	if (*slot != 0) {
		tally->rows[*slot - 1].count += count;
		return;
	}
	if (tally->count >= TALLY_TEXTS) {
		tally->others += count;
		return;
	}
	row = &tally->rows[tally->count++];
	row->text = arena_strdup(tally->arena, text);
	row->label = label != NULL ? arena_strdup(tally->arena, label) : row->text;
	row->count = count;
	*slot = (uint32_t)tally->count;
}

static int by_count(const void *a, const void *b)
{
	const struct tally_row *left = a;
	const struct tally_row *right = b;

	if (left->count != right->count) {
		return left->count < right->count ? 1 : -1;
	}
	return strcmp(left->text, right->text);
}

void tally_sort(struct tally *tally)
{
	if (tally->count > 1) {
		qsort(tally->rows, tally->count, sizeof(*tally->rows), by_count);
	}
}
