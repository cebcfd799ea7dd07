/*
 * pseudonym: a text of the same look with nothing of its meaning, for captures that show what a
 * source sent and keep no personal data.
 *
 *     "Anna.Berg@Contoso.example"  →  "Qkzt.Mwpd@Vlpcxyn.jtqbrze"
 *
 * Length, capitals, digits, punctuation, white space, control characters and escapes stay; letters
 * and digits are replaced under a key. The same text has the same pseudonym, whatever its case, so
 * that one can follow a person through a capture; without the key, which is written nowhere and
 * dies with the capture, nobody can come back from it, or compare two captures.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct buf;

#define PSEUDONYM_KEY_BYTES 32

struct pseudonym {
	uint8_t key[PSEUDONYM_KEY_BYTES];
};

void pseudonym_init(struct pseudonym *pseudonym); /* with a random key */
void pseudonym_wipe(struct pseudonym *pseudonym);

/*
 * Appends the pseudonym of a text. The text may be the inside of a JSON string as it was sent: its
 * escapes stay escapes, so what comes out can stand there as well. Invalid UTF-8 becomes valid.
 */
void pseudonym_append(
	const struct pseudonym *pseudonym, const char *text, size_t size, struct buf *out);
