/*
 * Characters, escapes and classes of RE2's syntax.
 */
#include "policy/builtin_regex_parse.h"

#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/utf8.h"
#include "policy/builtin_unicode.h"

/* Values are valid UTF-8; what is not reads as U+FFFD. */
uint32_t policy_regex_take_rune(struct regex_parser *p)
{
	uint32_t rune = 0xfffd;
	size_t bytes = utf8_read(p->text + p->at, p->size - p->at, &rune);

	p->at += bytes > 0 ? bytes : 1;
	return rune;
}

struct items {
	struct regex_item *list;
	size_t count, room;
};

static void add_item(struct regex_parser *p, struct items *items, struct regex_item item)
{
	if (items->count == items->room) {
		size_t room = items->room == 0 ? 4 : items->room * 2;
		struct regex_item *list = arena_calloc(p->arena, room, sizeof(*list));
		if (items->count > 0) {
			memcpy(list, items->list, items->count * sizeof(*list));
		}
		items->list = list;
		items->room = room;
	}
	items->list[items->count++] = item;
}

static void add_range(struct regex_parser *p, struct items *items, uint32_t low, uint32_t high)
{
	struct regex_range *range = arena_alloc(p->arena, sizeof(*range));

	*range = (struct regex_range){ low, high };
	add_item(p, items, (struct regex_item){ .ranges = range, .count = 1 });
}

static const struct regex_node *class_node(
	struct regex_parser *p, const struct items *items, bool negated)
{
	struct regex_class *class = arena_calloc(p->arena, 1, sizeof(*class));

	class->items = items->list;
	class->count = items->count;
	class->negated = negated;
	class->folded = p->flags.fold;
	return policy_node_class(p->arena, class);
}

const struct regex_node *policy_regex_literal(struct regex_parser *p, uint32_t rune)
{
	uint32_t folds[POLICY_FOLDS];
	size_t count = p->flags.fold ? policy_rune_folds(rune, folds) : 1;
	struct items items = { 0 };

	if (count == 1) {
		return policy_node_rune(p->arena, rune);
	}
	for (size_t i = 0; i < count; i++) {
		add_range(p, &items, folds[i], folds[i]);
	}
	return class_node(p, &items, false);
}

/* \d, \pL, \p{Greek}: 1 it was one, 0 it is something else, -1 failed. */
static int take_class_escape(struct regex_parser *p, struct items *items)
{
	size_t begin = p->at;
	char letter = p->at + 1 < p->size ? p->text[p->at + 1] : '\0';
	char lower = letter < 'a' ? (char)(letter + ('a' - 'A')) : letter;
	struct regex_item item = { 0 };

	if (p->text[p->at] != '\\') {
		return 0;
	}
	if ((letter == 'd' || letter == 's' || letter == 'w' || letter == 'D' || letter == 'S' ||
		    letter == 'W') &&
		policy_class_named(&lower, 1, &item)) {
		item.negated = letter != lower;
		p->at += 2;
		add_item(p, items, item);
		return 1;
	}
	if (letter != 'p' && letter != 'P') {
		return 0;
	}
	p->at += 2;
	size_t name = p->at;
	if (p->at == p->size) {
		policy_regex_fail(p, "invalid character class range", begin, p->size);
		return -1;
	}
	size_t end;
	if (policy_regex_take_rune(p) == '{') {
		const char *close = memchr(p->text + name, '}', p->size - name);
		if (close == NULL) {
			policy_regex_fail(p, "invalid character class range", begin, p->size);
			return -1;
		}
		name++;
		end = (size_t)(close - p->text);
		p->at = end + 1;
	} else {
		end = p->at;
	}
	item.negated = letter == 'P';
	if (name < end && p->text[name] == '^') {
		item.negated = !item.negated;
		name++;
	}
	if (!policy_property_named(p->text + name, end - name, &item)) {
		policy_regex_fail(p, "invalid character class range", begin, p->at);
		if (end - name > 2 && p->err != NULL) { /* may be a script that Go knows */
			error_set(p->err, ERROR_POLICY, "no table of the Unicode script %.*s",
				(int)(end - name), p->text + name);
		}
		return -1;
	}
	add_item(p, items, item);
	return 1;
}

int policy_regex_digit(char c, unsigned base)
{
	int digit = c >= '0' && c <= '9'   ? c - '0'
		    : c >= 'a' && c <= 'f' ? c - 'a' + 10
		    : c >= 'A' && c <= 'F' ? c - 'A' + 10
					   : -1;

	return digit < (int)base ? digit : -1;
}

/* \x41, \x{1F600}: behind the x. */
static bool take_hex(struct regex_parser *p, uint32_t *rune)
{
	bool braces = policy_regex_is_next(p, 0, '{');
	size_t digits = 0;
	uint32_t value = 0;

	p->at += braces;
	for (; p->at < p->size && (braces || digits < 2); p->at++, digits++) {
		int digit = policy_regex_digit(p->text[p->at], 16);
		if (digit < 0) {
			break;
		}
		value = value * 16 + (uint32_t)digit;
		if (value > 0x10ffff) {
			return false;
		}
	}
	if (braces && (digits == 0 || !policy_regex_is_next(p, 0, '}'))) {
		return false;
	}
	p->at += braces;
	*rune = value;
	return braces || digits == 2;
}

/* An escape of one character; false: failed. */
bool policy_regex_take_escape(struct regex_parser *p, uint32_t *rune)
{
	static const char letters[] = "afnrtv";
	static const char controls[] = "\a\f\n\r\t\v";
	size_t begin = p->at++;

	if (p->at == p->size) {
		return policy_regex_fail(p, "trailing backslash at end of expression", p->size,
			       p->size) != NULL;
	}
	char c = p->text[p->at];
	const char *letter = c != '\0' ? strchr(letters, c) : NULL;
	bool digit = c >= '0' && c <= '7';
	if (letter != NULL) {
		p->at++;
		*rune = (uint32_t)controls[letter - letters];
		return true;
	}
	if (digit && (c == '0' || (p->at + 1 < p->size &&
					  policy_regex_digit(p->text[p->at + 1], 8) >= 0))) {
		*rune = 0;
		for (int i = 0;
			i < 3 && p->at < p->size && policy_regex_digit(p->text[p->at], 8) >= 0;
			i++) {
			*rune = *rune * 8 + (uint32_t)policy_regex_digit(p->text[p->at++], 8);
		}
		return true;
	}
	if (c == 'x') {
		p->at++;
		if (take_hex(p, rune)) {
			return true;
		}
	} else if ((unsigned char)c < 0x80 && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
		   !(c >= 'A' && c <= 'Z')) {
		*rune = (unsigned char)c;
		p->at++;
		return true;
	} else {
		policy_regex_take_rune(p);
	}
	return policy_regex_fail(p, "invalid escape sequence", begin, p->at) != NULL;
}

static bool take_class_rune(struct regex_parser *p, size_t begin, uint32_t *rune)
{
	if (p->at == p->size) {
		return policy_regex_fail(p, "missing closing ]", begin, p->size) != NULL;
	}
	if (p->text[p->at] == '\\') {
		return policy_regex_take_escape(p, rune);
	}
	*rune = policy_regex_take_rune(p);
	return true;
}

/* [:alpha:] within a class: 1 it was one, 0 it is something else, -1 failed. */
static int take_posix_class(struct regex_parser *p, struct items *items)
{
	struct regex_item item = { 0 };

	if (!policy_regex_is_next(p, 0, '[') || !policy_regex_is_next(p, 1, ':')) {
		return 0;
	}
	const char *name = p->text + p->at + 2;
	const char *end = memmem(name, p->size - p->at - 2, ":]", 2);
	if (end == NULL) {
		return 0;
	}
	bool negated = *name == '^';
	name += negated;
	size_t size = (size_t)(end - name);
	if (size < 4 || !policy_class_named(name, size, &item)) {
		policy_regex_fail(
			p, "invalid character class range", p->at, (size_t)(end + 2 - p->text));
		return -1;
	}
	item.negated = negated;
	add_item(p, items, item);
	p->at = (size_t)(end + 2 - p->text);
	return 1;
}

const struct regex_node *policy_regex_class(struct regex_parser *p)
{
	size_t begin = p->at++;
	struct items items = { 0 };
	bool negated = policy_regex_is_next(p, 0, '^');

	p->at += negated;
	for (bool first = true; first || !policy_regex_is_next(p, 0, ']'); first = false) {
		size_t range = p->at;
		uint32_t low, high;
		int found = take_posix_class(p, &items);
		if (found == 0 && p->at < p->size) {
			found = take_class_escape(p, &items);
		}
		if (found < 0) {
			return NULL;
		}
		if (found > 0) {
			continue;
		}
		if (!take_class_rune(p, begin, &low)) {
			return NULL;
		}
		high = low;
		if (policy_regex_is_next(p, 0, '-') && p->at + 1 < p->size &&
			p->text[p->at + 1] != ']') {
			p->at++;
			if (!take_class_rune(p, begin, &high)) {
				return NULL;
			}
			if (high < low) {
				return policy_regex_fail(
					p, "invalid character class range", range, p->at);
			}
		}
		add_range(p, &items, low, high);
	}
	p->at++;
	return class_node(p, &items, negated);
}

bool policy_regex_class_escape(struct regex_parser *p, const struct regex_node **node)
{
	struct items items = { 0 };
	int found = take_class_escape(p, &items);

	*node = found > 0 ? class_node(p, &items, false) : NULL;
	return found >= 0;
}
