/*
 * Unicode as Go's package unicode sees it (the same version, 15): OPA's strings are Go's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Simple case mapping of one character, independent of language and place in the word. */
uint32_t policy_rune_lower(uint32_t rune);
uint32_t policy_rune_upper(uint32_t rune);

/* All characters that are equal to rune without case, rune included; returns how many. */
#define POLICY_FOLDS 4
size_t policy_rune_folds(uint32_t rune, uint32_t folds[POLICY_FOLDS]);

bool policy_rune_is_space(uint32_t rune); /* what trim_space() removes */
bool policy_rune_is_print(uint32_t rune); /* what stands unescaped in a quoted text */

/* Bit of the general category: 1u << its number below. */
enum rune_category {
	RUNE_CN,
	RUNE_LU,
	RUNE_LL,
	RUNE_LT,
	RUNE_LM,
	RUNE_LO,
	RUNE_MN,
	RUNE_MC,
	RUNE_ME,
	RUNE_ND,
	RUNE_NL,
	RUNE_NO,
	RUNE_PC,
	RUNE_PD,
	RUNE_PS,
	RUNE_PE,
	RUNE_PI,
	RUNE_PF,
	RUNE_PO,
	RUNE_SM,
	RUNE_SC,
	RUNE_SK,
	RUNE_SO,
	RUNE_ZS,
	RUNE_ZL,
	RUNE_ZP,
	RUNE_CC,
	RUNE_CF,
	RUNE_CS,
	RUNE_CO,
};
uint32_t policy_rune_category_bit(uint32_t rune);
/* Compares as \p{} does: without case, spaces, "_" and "-"; wanted is in lower case without them.
 */
bool policy_is_property_name(const char *name, size_t size, const char *wanted);
/* "L", "Lu", "Any", …: the bits of a category or a group of them; 0: no such name. */
uint32_t policy_category_named(const char *name, size_t size);
