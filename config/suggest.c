#include "config/suggest.h"

#include <string.h>
#include <strings.h>

#define NAME_MAX_BYTES 64

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t config_distance(const char *a, const char *b)
{
	size_t a_size = strnlen(a, NAME_MAX_BYTES + 1);
	size_t b_size = strnlen(b, NAME_MAX_BYTES + 1);
	size_t rows[3][NAME_MAX_BYTES + 1]; /* of the matrix: before last, last, now */
	size_t *older = rows[0];
	size_t *last = rows[1];
	size_t *now = rows[2];

	if (a_size > NAME_MAX_BYTES || b_size > NAME_MAX_BYTES) {
		return NAME_MAX_BYTES + 1;
	}
	for (size_t j = 0; j <= b_size; j++) {
		older[j] = last[j] = j;
	}
	for (size_t i = 1; i <= a_size; i++) {
		now[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			size_t cost = fold(a[i - 1]) != fold(b[j - 1]);
			now[j] = least(least(last[j] + 1, now[j - 1] + 1), last[j - 1] + cost);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
				fold(a[i - 2]) == fold(b[j - 1])) {
				now[j] = least(now[j], older[j - 2] + 1);
			}
		}
		size_t *free_row = older;
		older = last;
		last = now;
		now = free_row;
	}
	return last[b_size];
}

void config_suggest(struct config_suggestion *suggestion, const char *candidate)
{
	size_t distance = config_distance(suggestion->name, candidate);
	size_t size = strlen(suggestion->name);
	size_t allowed = size < 6 ? size / 3 + 1 : 2;

	if (allowed > 2) {
		allowed = 2;
	}
	if (distance <= allowed && distance < size &&
		(suggestion->best == NULL || distance < suggestion->distance)) {
		suggestion->best = candidate;
		suggestion->distance = distance;
	}
}
