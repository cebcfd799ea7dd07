#include "policy/builtin_regex_node.h"

#include <string.h>
#include "base/arena.h"
#include "policy/builtin_unicode.h"

struct regex_node *policy_node_new(struct arena *arena, enum regex_node_kind kind)
{
	struct regex_node *node = arena_calloc(arena, 1, sizeof(*node));

	node->kind = kind;
	node->nullable = kind == REGEX_EMPTY || kind == REGEX_ASSERT;
	node->copies = 1;
	return node;
}

struct regex_node *policy_node_rune(struct arena *arena, uint32_t rune)
{
	struct regex_node *node = policy_node_new(arena, REGEX_RUNE);

	node->rune = rune;
	return node;
}

struct regex_node *policy_node_class(struct arena *arena, const struct regex_class *class)
{
	struct regex_node *node = policy_node_new(arena, REGEX_CLASS);

	node->class = class;
	return node;
}

struct regex_node *policy_node_assert(struct arena *arena, enum regex_place place)
{
	struct regex_node *node = policy_node_new(arena, REGEX_ASSERT);

	node->place = place;
	return node;
}

struct regex_node *policy_node_capture(
	struct arena *arena, uint32_t index, const struct regex_node *inner)
{
	struct regex_node *node = policy_node_new(arena, REGEX_CAPTURE);

	node->index = index;
	node->first = inner;
	node->nullable = inner->nullable;
	node->copies = inner->copies;
	return node;
}

struct regex_node *policy_node_repeat(struct arena *arena, const struct regex_node *inner,
	uint32_t least, uint32_t most, bool lazy)
{
	struct regex_node *node = policy_node_new(arena, REGEX_REPEAT);
	uint32_t times = most == REGEX_ENDLESS ? least : most;
	uint32_t copies = inner->copies * (times > 0 ? times : 1);

	node->least = least;
	node->most = most;
	node->lazy = lazy;
	node->first = inner;
	node->nullable = least == 0 || inner->nullable;
	node->copies = most == 0 ? 1 : copies > UINT16_MAX ? UINT16_MAX : (uint16_t)copies;
	return node;
}

/* Nodes of a list hold their item in `first` and the rest in `second`. */
void policy_list_add(struct arena *arena, struct regex_list *list, const struct regex_node *node)
{
	struct regex_node *link = policy_node_new(arena, list->kind);

	link->first = node;
	if (list->tail == NULL) {
		list->head = link;
	} else {
		list->tail->second = link;
	}
	list->tail = link;
}

const struct regex_node *policy_list_finish(struct arena *arena, struct regex_list *list)
{
	struct regex_node *head = list->head;

	if (head == NULL) {
		return policy_node_new(arena, REGEX_EMPTY);
	}
	if (head->second == NULL) {
		return head->first;
	}
	head->nullable = list->kind == REGEX_CAT;
	for (const struct regex_node *link = head; link != NULL; link = link->second) {
		if (link->first->copies > head->copies) {
			head->copies = link->first->copies;
		}
		if (list->kind == REGEX_CAT) {
			head->nullable = head->nullable && link->first->nullable;
		} else {
			head->nullable = head->nullable || link->first->nullable;
		}
	}
	return head;
}

/* ---- classes ---- */

static const struct {
	const char *name;
	struct regex_range ranges[4];
	size_t count;
} named[] = {
	{ "alnum", { { '0', '9' }, { 'A', 'Z' }, { 'a', 'z' } }, 3 },
	{ "alpha", { { 'A', 'Z' }, { 'a', 'z' } }, 2 },
	{ "ascii", { { 0, 0x7f } }, 1 },
	{ "blank", { { '\t', '\t' }, { ' ', ' ' } }, 2 },
	{ "cntrl", { { 0, 0x1f }, { 0x7f, 0x7f } }, 2 },
	{ "d", { { '0', '9' } }, 1 },
	{ "digit", { { '0', '9' } }, 1 },
	{ "graph", { { '!', '~' } }, 1 },
	{ "lower", { { 'a', 'z' } }, 1 },
	{ "print", { { ' ', '~' } }, 1 },
	{ "punct", { { '!', '/' }, { ':', '@' }, { '[', '`' }, { '{', '~' } }, 4 },
	{ "s", { { '\t', '\n' }, { '\f', '\r' }, { ' ', ' ' } }, 3 }, /* without \v, as in RE2 */
	{ "space", { { '\t', '\r' }, { ' ', ' ' } }, 2 },
	{ "upper", { { 'A', 'Z' } }, 1 },
	{ "w", { { '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' } }, 4 },
	{ "word", { { '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' } }, 4 },
	{ "xdigit", { { '0', '9' }, { 'A', 'F' }, { 'a', 'f' } }, 3 },
};

bool policy_class_named(const char *name, size_t size, struct regex_item *item)
{
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (strlen(named[i].name) == size && memcmp(named[i].name, name, size) == 0) {
			*item = (struct regex_item){ .ranges = named[i].ranges,
				.count = named[i].count };
			return true;
		}
	}
	return false;
}

static bool item_holds(const struct regex_item *item, uint32_t rune)
{
	if (item->categories != 0) {
		return (policy_rune_category_bit(rune) & item->categories) != 0;
	}
	size_t low = 0;
	size_t high = item->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (rune > item->ranges[middle].high) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < item->count && rune >= item->ranges[low].low;
}

bool policy_class_has(const struct regex_class *class, uint32_t rune)
{
	uint32_t folds[POLICY_FOLDS] = { rune };
	size_t fold_count = class->folded ? policy_rune_folds(rune, folds) : 1;

	for (size_t i = 0; i < class->count; i++) {
		bool holds = false;
		for (size_t k = 0; k < fold_count && !holds; k++) {
			holds = item_holds(&class->items[i], folds[k]);
		}
		if (holds != class->items[i].negated) {
			return !class->negated;
		}
	}
	return class->negated;
}
