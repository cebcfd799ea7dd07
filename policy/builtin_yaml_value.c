#include "policy/builtin_yaml.h"

#include <string.h>
#include "policy/context.h"

/* A mapping on its way to an object. */
struct mapping {
	struct yaml_key *keys;
	const struct value **values;
	size_t count, key_room, value_room;
	bool is_text; /* all keys are text: a map of them, in Go */
};

/* Keys that the mapping itself, or one merged before, has. */
struct merged {
	struct yaml_key *keys;
	size_t count, room;
};

static bool same_text(const struct yaml *yaml, struct span a, struct span b)
{
	if (a.size != b.size) {
		return false;
	}
	policy_charge(yaml->context, a.size / 64);
	return memcmp(a.at, b.at, a.size) == 0;
}

static bool is_merge(const struct yaml_node *node)
{
	return node->kind == YAML_NODE_SCALAR && span_is(node->tag, "!!merge");
}

static bool is_text(const struct yaml_node *node)
{
	node = node->kind == YAML_NODE_ALIAS ? node->alias : node;
	return node->kind == YAML_NODE_SCALAR &&
	       (span_is(node->tag, "!!str") || span_is(node->tag, "!!merge"));
}

/* ---- what OPA does to a mapping first ---- */

/* Several `<<` become one with a sequence, in place of the first. */
static void collapse_merges(struct yaml *yaml, struct yaml_node *node)
{
	struct yaml_node *all = policy_alloc(yaml->context, sizeof(*all));
	size_t first = SIZE_MAX;
	size_t kept = 0;

	*all = (struct yaml_node){ .kind = YAML_NODE_SEQUENCE };
	for (size_t i = 0; i < node->count; i += 2) {
		struct yaml_node *value = node->items[i + 1];
		bool is_list = value->kind == YAML_NODE_SEQUENCE;
		if (!is_merge(node->items[i])) {
			continue;
		}
		first = first == SIZE_MAX ? i : first;
		for (size_t k = 0; k < (is_list ? value->count : 1); k++) {
			all->items = yaml_grow(
				yaml, all->items, all->count, &all->room, sizeof(*all->items));
			all->items[all->count++] = is_list ? value->items[k] : value;
		}
	}
	if (all->count < 2) {
		return;
	}
	for (size_t i = 0; i < node->count; i += 2) {
		if (!is_merge(node->items[i]) || i == first) {
			node->items[kept] = node->items[i];
			node->items[kept + 1] = i == first ? all : node->items[i + 1];
			kept += 2;
		}
	}
	node->count = kept;
}

/* Of equal keys the value of the last stands, at the place of the first. */
static bool remove_twins(struct yaml *yaml, struct yaml_node *node)
{
	struct yaml_key *keys =
		policy_alloc_array(yaml->context, node->count / 2 + 1, sizeof(*keys));
	size_t kept = 0;

	for (size_t i = 0; i < node->count; i += 2) {
		struct yaml_node *key = node->items[i];
		size_t twin = kept;
		keys[kept / 2] = (struct yaml_key){ YAML_NULL, { "", 0 } };
		if (key->kind == YAML_NODE_SCALAR && !is_merge(key)) {
			if (!yaml_scalar_key(yaml, key, &keys[kept / 2])) {
				return false; /* it would be one later as well */
			}
			policy_charge(yaml->context, 1 + kept / 8);
			for (twin = 0; twin < kept; twin += 2) {
				if (keys[twin / 2].type != YAML_NULL &&
					same_text(yaml, keys[twin / 2].text, keys[kept / 2].text)) {
					break;
				}
			}
		}
		node->items[twin] = twin == kept ? key : node->items[twin];
		node->items[twin + 1] = node->items[i + 1];
		kept += twin == kept ? 2 : 0;
	}
	node->count = kept;
	return true;
}

/* go-yaml compares keys as they are written, and those that are no scalars are all the same. */
static bool has_twins(struct yaml *yaml, const struct yaml_node *node)
{
	for (size_t i = 0; i < node->count; i += 2) {
		policy_charge(yaml->context, 1 + (node->count - i) / 8);
		for (size_t k = i + 2; k < node->count; k += 2) {
			if (node->items[i]->kind == node->items[k]->kind &&
				same_text(yaml, node->items[i]->value, node->items[k]->value)) {
				return true;
			}
		}
	}
	return false;
}

static bool make_ready(struct yaml *yaml, struct yaml_node *node)
{
	if (node->is_ready) {
		return true;
	}
	node->is_ready = true;
	collapse_merges(yaml, node);
	return remove_twins(yaml, node) &&
	       (!has_twins(yaml, node) || yaml_problem(yaml, "mapping key already defined"));
}

/* ---- mappings ---- */

static const struct value *convert(struct yaml *yaml, struct yaml_node *node);

/* False: the key of another type is there already, and Go's order decides which one stands. */
static bool put(
	struct yaml *yaml, struct mapping *mapping, struct yaml_key key, const struct value *value)
{
	size_t at = 0;

	policy_charge(yaml->context, 1 + mapping->count / 4);
	for (; at < mapping->count; at++) {
		if (same_text(yaml, mapping->keys[at].text, key.text)) {
			if (mapping->keys[at].type != key.type) {
				return yaml_unsure(yaml, "keys that become the same in JSON");
			}
			break;
		}
	}
	if (at == mapping->count) {
		mapping->keys = yaml_grow(
			yaml, mapping->keys, at, &mapping->key_room, sizeof(*mapping->keys));
		mapping->values = yaml_grow(
			yaml, mapping->values, at, &mapping->value_room, sizeof(*mapping->values));
		mapping->count++;
	}
	mapping->keys[at] = key;
	mapping->values[at] = value;
	return true;
}

/* Whether it was in already. */
static bool add_merged(struct yaml *yaml, struct merged *merged, struct yaml_key key)
{
	policy_charge(yaml->context, 1 + merged->count / 4);
	for (size_t i = 0; i < merged->count; i++) {
		if (merged->keys[i].type == key.type &&
			same_text(yaml, merged->keys[i].text, key.text)) {
			return true;
		}
	}
	merged->keys =
		yaml_grow(yaml, merged->keys, merged->count, &merged->room, sizeof(*merged->keys));
	merged->keys[merged->count++] = key;
	return false;
}

static bool fill(
	struct yaml *yaml, struct yaml_node *node, struct mapping *mapping, struct merged *merged);

static bool merge_one(
	struct yaml *yaml, struct yaml_node *node, struct mapping *mapping, struct merged *merged)
{
	struct yaml_node *target = node->kind == YAML_NODE_ALIAS ? node->alias : node;

	if (target->kind != YAML_NODE_MAPPING) {
		return yaml_problem(
			yaml, "map merge requires map or sequence of maps as the value");
	}
	if (!yaml_visit(yaml)) {
		return false;
	}
	if (node->kind != YAML_NODE_ALIAS) {
		return fill(yaml, node, mapping, merged);
	}
	bool good = yaml_enter_alias(yaml, node) != NULL;
	if (good) {
		good = yaml_visit(yaml) && fill(yaml, target, mapping, merged);
		yaml_leave_alias(yaml, node);
	}
	return good;
}

static bool merge(struct yaml *yaml, struct yaml_node *parent, struct yaml_node *from,
	struct mapping *mapping, struct merged *merged)
{
	struct merged own = { 0 };
	struct yaml_key key;

	if (merged == NULL) {
		merged = &own;
		for (size_t i = 0; i < parent->count; i += 2) {
			if (!yaml_read_key(yaml, parent->items[i], &key)) {
				return false;
			}
			add_merged(yaml, merged, key);
		}
	}
	if (from->kind != YAML_NODE_SEQUENCE) {
		return merge_one(yaml, from, mapping, merged);
	}
	for (size_t i = 0; i < from->count; i++) {
		if (!merge_one(yaml, from->items[i], mapping, merged)) {
			return false;
		}
	}
	return true;
}

static bool fill_one(struct yaml *yaml, struct yaml_node *node, size_t at, struct mapping *mapping,
	struct merged *merged)
{
	bool is_none = false;
	struct yaml_key key;

	if (mapping->is_text && node->items[at]->kind == YAML_NODE_ALIAS &&
		!is_text(node->items[at])) {
		return yaml_unsure(yaml, "keys that are no texts, merged into a mapping of texts");
	}
	if (mapping->is_text ? !yaml_read_text_key(yaml, node->items[at], &key, &is_none)
			     : !yaml_read_key(yaml, node->items[at], &key)) {
		return false;
	}
	if (is_none) {
		return true;
	}
	if (merged != NULL && add_merged(yaml, merged, key)) {
		return true;
	}
	const struct value *value = convert(yaml, node->items[at + 1]);
	return value != NULL && put(yaml, mapping, key, value);
}

/* Adds what a mapping has. merged: of the one that this is merged into; NULL: it is none. */
static bool fill(
	struct yaml *yaml, struct yaml_node *node, struct mapping *mapping, struct merged *merged)
{
	struct yaml_node *from = NULL;

	if (yaml->depth + yaml->alias_depth >= YAML_NESTING) {
		return yaml_unsure(yaml, "more nodes within nodes than are read here");
	}
	if (!make_ready(yaml, node)) {
		return false;
	}
	yaml->depth++;
	for (size_t i = 0; i < node->count; i += 2) {
		if (is_merge(node->items[i])) {
			from = node->items[i + 1];
		} else if (!fill_one(yaml, node, i, mapping, merged)) {
			return false;
		}
	}
	bool good = from == NULL || merge(yaml, node, from, mapping, merged);
	yaml->depth--;
	return good;
}

static const struct value *mapping_value(struct yaml *yaml, struct yaml_node *node)
{
	struct mapping mapping = { .is_text = true };
	struct builtin_members members = { 0 };

	for (size_t i = 0; i < node->count; i += 2) {
		mapping.is_text &= is_text(node->items[i]);
	}
	if (!fill(yaml, node, &mapping, NULL)) {
		return NULL;
	}
	for (size_t i = 0; i < mapping.count; i++) {
		builtin_members_add(yaml->context, &members,
			builtin_span(yaml->context, mapping.keys[i].text), mapping.values[i]);
	}
	return builtin_members_object(yaml->context, &members);
}

/* ---- nodes ---- */

static const struct value *sequence_value(struct yaml *yaml, struct yaml_node *node)
{
	struct builtin_list list = { 0 };

	for (size_t i = 0; i < node->count; i++) {
		const struct value *item = convert(yaml, node->items[i]);
		if (item == NULL) {
			return NULL;
		}
		builtin_list_add(yaml->context, &list, item);
	}
	return builtin_list_array(yaml->context, &list);
}

static const struct value *alias_value(struct yaml *yaml, struct yaml_node *node)
{
	struct yaml_node *target = yaml_enter_alias(yaml, node);

	if (target == NULL) {
		return NULL;
	}
	const struct value *value = convert(yaml, target);
	yaml_leave_alias(yaml, node);
	return value;
}

static const struct value *convert(struct yaml *yaml, struct yaml_node *node)
{
	const struct value *value;

	if (!yaml_visit(yaml)) {
		return NULL;
	}
	if (yaml->depth + yaml->alias_depth >= YAML_NESTING) {
		yaml_unsure(yaml, "more nodes within nodes than are read here");
		return NULL;
	}
	yaml->depth++;
	switch (node->kind) {
	case YAML_NODE_SCALAR:
		value = yaml_scalar_value(yaml, node);
		break;
	case YAML_NODE_SEQUENCE:
		value = sequence_value(yaml, node);
		break;
	case YAML_NODE_MAPPING:
		value = mapping_value(yaml, node);
		break;
	default:
		value = alias_value(yaml, node);
		break;
	}
	yaml->depth--;
	return value;
}

const struct value *yaml_value(struct yaml *yaml, struct yaml_node *node)
{
	yaml->decoded = 1; /* the document */
	yaml->aliased = 0;
	yaml->alias_depth = 0;
	yaml->depth = 0;
	return convert(yaml, node);
}
