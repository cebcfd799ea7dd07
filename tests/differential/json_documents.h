/*
 * Many JSON documents, most of them a little wrong, the same for the same seed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct buf;

/*
 * Document number `index` of the series `seed`, put into *document (cleared before).
 * About a third is valid: grown at random by the grammar, or real SCIM; the others went
 * through one to four mutations (bytes, tokens, ranges, two documents spliced).
 */
void json_document(uint64_t seed, uint64_t index, struct buf *document);
