#include "policy/builtin_unicode.h"

#include <assert.h>
#include <string.h>
#include <utf8proc.h>

#define BIT(name) (1u << RUNE_##name)

static_assert(
	(int)RUNE_CN == (int)UTF8PROC_CATEGORY_CN && (int)RUNE_CO == (int)UTF8PROC_CATEGORY_CO,
	"the numbers are utf8proc's");

uint32_t policy_rune_lower(uint32_t rune)
{
	if (rune < 0x80) {
		return rune >= 'A' && rune <= 'Z' ? rune + ('a' - 'A') : rune;
	}
	return (uint32_t)utf8proc_tolower((utf8proc_int32_t)rune);
}

uint32_t policy_rune_upper(uint32_t rune)
{
	if (rune < 0x80) {
		return rune >= 'a' && rune <= 'z' ? rune - ('a' - 'A') : rune;
	}
	if (rune == 0xdf) {
		return rune; /* sharp s: its capital is no simple mapping of Unicode's */
	}
	return (uint32_t)utf8proc_toupper((utf8proc_int32_t)rune);
}

/* Characters whose partners the simple mappings do not tell (CaseFolding.txt, C and S). */
static const uint16_t families[][POLICY_FOLDS] = {
	{ 0x4b, 0x6b, 0x212a },
	{ 0x53, 0x73, 0x17f },
	{ 0xb5, 0x39c, 0x3bc },
	{ 0xc5, 0xe5, 0x212b },
	{ 0xdf, 0x1e9e },
	{ 0x1c4, 0x1c5, 0x1c6 },
	{ 0x1c7, 0x1c8, 0x1c9 },
	{ 0x1ca, 0x1cb, 0x1cc },
	{ 0x1f1, 0x1f2, 0x1f3 },
	{ 0x345, 0x399, 0x3b9, 0x1fbe },
	{ 0x392, 0x3b2, 0x3d0 },
	{ 0x395, 0x3b5, 0x3f5 },
	{ 0x398, 0x3b8, 0x3d1, 0x3f4 },
	{ 0x39a, 0x3ba, 0x3f0 },
	{ 0x3a0, 0x3c0, 0x3d6 },
	{ 0x3a1, 0x3c1, 0x3f1 },
	{ 0x3a3, 0x3c2, 0x3c3 },
	{ 0x3a6, 0x3c6, 0x3d5 },
	{ 0x3a9, 0x3c9, 0x2126 },
	{ 0x412, 0x432, 0x1c80 },
	{ 0x414, 0x434, 0x1c81 },
	{ 0x41e, 0x43e, 0x1c82 },
	{ 0x421, 0x441, 0x1c83 },
	{ 0x422, 0x442, 0x1c84, 0x1c85 },
	{ 0x42a, 0x44a, 0x1c86 },
	{ 0x462, 0x463, 0x1c87 },
	{ 0x1c88, 0xa64a, 0xa64b },
	{ 0x1e60, 0x1e61, 0x1e9b },
};

/* 0: rune belongs to none. */
static size_t family_of(uint32_t rune, uint32_t folds[POLICY_FOLDS])
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		size_t count = 0;
		bool found = false;
		for (; count < POLICY_FOLDS && families[i][count] != 0; count++) {
			folds[count] = families[i][count];
			found = found || folds[count] == rune;
		}
		if (found) {
			return count;
		}
	}
	return 0;
}

size_t policy_rune_folds(uint32_t rune, uint32_t folds[POLICY_FOLDS])
{
	size_t count = family_of(rune, folds);
	uint32_t lower = policy_rune_lower(rune);
	uint32_t upper = policy_rune_upper(rune);

	if (count > 0) {
		return count;
	}
	folds[0] = rune;
	/* Both ways: U+0130 has a lower case that belongs to another character. */
	if (lower != rune && policy_rune_upper(lower) == rune) {
		folds[1] = lower;
		return 2;
	}
	if (upper != rune && policy_rune_lower(upper) == rune) {
		folds[1] = upper;
		return 2;
	}
	return 1;
}

bool policy_rune_is_space(uint32_t rune)
{
	if (rune < 0x100) {
		return (rune >= '\t' && rune <= '\r') || rune == ' ' || rune == 0x85 ||
		       rune == 0xa0;
	}
	return (policy_rune_category_bit(rune) & (BIT(ZS) | BIT(ZL) | BIT(ZP))) != 0;
}

uint32_t policy_rune_category_bit(uint32_t rune)
{
	return 1u << utf8proc_category((utf8proc_int32_t)rune);
}

bool policy_rune_is_print(uint32_t rune)
{
	/* Letters, marks, numbers, punctuation, symbols and the ASCII space. */
	const uint32_t graphic = (BIT(ZS) - 1) & ~BIT(CN);

	if (rune < 0x7f) {
		return rune >= ' ';
	}
	return (policy_rune_category_bit(rune) & graphic) != 0;
}

/* In lower case, without separators: that is how names are compared. */
static const struct {
	const char *name;
	const char *alias;
	uint32_t bits;
} categories[] = {
	{ "any", "any", UINT32_MAX },
	{ "c", "other", BIT(CC) | BIT(CF) | BIT(CS) | BIT(CO) | BIT(CN) },
	{ "cc", "control", BIT(CC) },
	{ "cf", "format", BIT(CF) },
	{ "cn", "unassigned", BIT(CN) },
	{ "co", "privateuse", BIT(CO) },
	{ "cs", "surrogate", BIT(CS) },
	{ "l", "letter", BIT(LU) | BIT(LL) | BIT(LT) | BIT(LM) | BIT(LO) },
	{ "lc", "casedletter", BIT(LU) | BIT(LL) | BIT(LT) },
	{ "ll", "lowercaseletter", BIT(LL) },
	{ "lm", "modifierletter", BIT(LM) },
	{ "lo", "otherletter", BIT(LO) },
	{ "lt", "titlecaseletter", BIT(LT) },
	{ "lu", "uppercaseletter", BIT(LU) },
	{ "m", "mark", BIT(MN) | BIT(MC) | BIT(ME) },
	{ "mc", "spacingmark", BIT(MC) },
	{ "me", "enclosingmark", BIT(ME) },
	{ "mn", "nonspacingmark", BIT(MN) },
	{ "n", "number", BIT(ND) | BIT(NL) | BIT(NO) },
	{ "nd", "decimalnumber", BIT(ND) },
	{ "nl", "letternumber", BIT(NL) },
	{ "no", "othernumber", BIT(NO) },
	{ "p", "punctuation", BIT(PC) | BIT(PD) | BIT(PS) | BIT(PE) | BIT(PI) | BIT(PF) | BIT(PO) },
	{ "pc", "connectorpunctuation", BIT(PC) },
	{ "pd", "dashpunctuation", BIT(PD) },
	{ "pe", "closepunctuation", BIT(PE) },
	{ "pf", "finalpunctuation", BIT(PF) },
	{ "pi", "initialpunctuation", BIT(PI) },
	{ "po", "otherpunctuation", BIT(PO) },
	{ "ps", "openpunctuation", BIT(PS) },
	{ "s", "symbol", BIT(SM) | BIT(SC) | BIT(SK) | BIT(SO) },
	{ "sc", "currencysymbol", BIT(SC) },
	{ "sk", "modifiersymbol", BIT(SK) },
	{ "sm", "mathsymbol", BIT(SM) },
	{ "so", "othersymbol", BIT(SO) },
	{ "z", "separator", BIT(ZS) | BIT(ZL) | BIT(ZP) },
	{ "zl", "lineseparator", BIT(ZL) },
	{ "zp", "paragraphseparator", BIT(ZP) },
	{ "zs", "spaceseparator", BIT(ZS) },
};

bool policy_is_property_name(const char *name, size_t size, const char *wanted)
{
	size_t at = 0;

	for (size_t i = 0; i < size; i++) {
		if (name[i] == '_' || name[i] == '-' || name[i] == ' ') {
			continue;
		}
		if (wanted[at] == '\0' ||
			policy_rune_lower((unsigned char)name[i]) != (unsigned char)wanted[at]) {
			return false;
		}
		at++;
	}
	return wanted[at] == '\0';
}

uint32_t policy_category_named(const char *name, size_t size)
{
	for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++) {
		if (policy_is_property_name(name, size, categories[i].name) ||
			policy_is_property_name(name, size, categories[i].alias)) {
			return categories[i].bits;
		}
	}
	return 0;
}
