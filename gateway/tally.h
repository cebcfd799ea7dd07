/*
 * tally: how often each of many texts came, in bounded memory.
 *
 * The first TALLY_TEXTS different texts are counted each; of those that come later only the sum is
 * known. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

enum { TALLY_TEXTS = 20000 };

struct tally_row {
	const char *text;
	const char *label; /* for people; text when there is none */
	uint64_t count;
};

struct tally {
	struct arena *arena; /* of texts and rows */
	struct tally_row *rows;
	size_t count;
	size_t room;
	uint32_t *slots;
	size_t slot_count;
	uint64_t others; /* that found no room */
};

/* label NULL: the text. Both are copied the first time the text comes. */
void tally_add(struct tally *tally, const char *text, const char *label, uint64_t count);
/* What came most often first; of equals the smaller text. Nothing may be added afterwards. */
void tally_sort(struct tally *tally);
