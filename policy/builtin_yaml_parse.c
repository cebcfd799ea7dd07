#include "policy/builtin_yaml.h"

#include <string.h>
#include "policy/context.h"

/*
 * A node by recursive descent, where libyaml has a machine of states. `block`: block collections
 * may stand here; `indentless`: entries of a sequence may stand at the column of their key.
 */
static struct yaml_node *parse_node(struct yaml *yaml, bool block, bool indentless);

struct yaml_anchor {
	struct span name;
	struct yaml_node *node;
};

struct properties {
	bool has_tag;
	struct span tag;    /* resolved; size 0: none */
	struct span anchor; /* size 0: none */
};

static enum yaml_token_kind peek(const struct yaml *yaml)
{
	return yaml->tokens[yaml->next].kind;
}

static bool is_one_of(const struct yaml *yaml, uint32_t kinds)
{
	return (kinds & UINT32_C(1) << peek(yaml)) != 0;
}

#define ONE(kind) (UINT32_C(1) << (kind))

static struct yaml_node *fail(struct yaml *yaml, const char *problem)
{
	yaml_problem(yaml, problem);
	return NULL;
}

/* ---- nodes ---- */

static struct yaml_node *new_node(struct yaml *yaml, enum yaml_kind kind)
{
	struct yaml_node *node = policy_alloc(yaml->context, sizeof(*node));

	*node = (struct yaml_node){ .kind = kind };
	return node;
}

static struct span literal(const char *text)
{
	return (struct span){ text, strlen(text) };
}

/* tag size 0: it is what it looks like. NULL: unsure. */
static struct yaml_node *new_scalar(
	struct yaml *yaml, struct span value, struct span tag, bool is_plain)
{
	struct yaml_node *node = new_node(yaml, YAML_NODE_SCALAR);
	struct yaml_scalar scalar;

	node->value = value;
	node->tag = tag;
	if (tag.size == 0 && !is_plain) {
		node->tag = literal("!!str");
	} else if (tag.size == 0 && span_is(value, "<<")) {
		node->tag = literal(yaml_type_tag(YAML_MERGE));
	} else if (tag.size == 0) {
		if (!yaml_resolve(yaml, value, &scalar)) {
			return NULL;
		}
		/* OPA takes away what go-yaml makes of dates. */
		bool is_time = scalar.type == YAML_TIME;
		node->tag = literal(yaml_type_tag(is_time ? YAML_STR : scalar.type));
	}
	return node;
}

static struct yaml_node *new_empty(struct yaml *yaml)
{
	return new_scalar(yaml, literal(""), (struct span){ 0 }, true);
}

/* False: child is NULL, there was a problem. */
static bool add_child(struct yaml *yaml, struct yaml_node *node, struct yaml_node *child)
{
	node->items = yaml_grow(yaml, node->items, node->count, &node->room, sizeof(*node->items));
	node->items[node->count] = child;
	node->count += child != NULL;
	return child != NULL;
}

static void set_anchor(
	struct yaml *yaml, const struct properties *properties, struct yaml_node *node)
{
	if (properties->anchor.size == 0) {
		return;
	}
	yaml->anchors = yaml_grow(yaml, yaml->anchors, yaml->anchor_count, &yaml->anchor_room,
		sizeof(*yaml->anchors));
	yaml->anchors[yaml->anchor_count++] = (struct yaml_anchor){ properties->anchor, node };
}

static bool same(struct span a, struct span b)
{
	return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

static struct yaml_node *parse_alias(struct yaml *yaml)
{
	struct yaml_node *node = new_node(yaml, YAML_NODE_ALIAS);

	node->value = yaml->tokens[yaml->next++].value;
	for (size_t i = yaml->anchor_count; i-- > 0;) {
		policy_charge(yaml->context, 1);
		if (same(yaml->anchors[i].name, node->value)) {
			node->alias = yaml->anchors[i].node;
			return node;
		}
	}
	return fail(yaml, "unknown anchor referenced");
}

/* ---- tags ---- */

/* "tag:yaml.org,2002:int" is "!!int". */
static struct span short_tag(struct yaml *yaml, struct span tag)
{
	struct span prefix = literal("tag:yaml.org,2002:");

	if (!span_starts(tag, prefix)) {
		return tag;
	}
	size_t size = tag.size - prefix.size;
	char *text = policy_alloc(yaml->context, size + 3);
	memcpy(text, "!!", 2);
	memcpy(text + 2, tag.at + prefix.size, size);
	text[size + 2] = '\0';
	return (struct span){ text, size + 2 };
}

static bool resolve_tag(struct yaml *yaml, const struct yaml_token *token, struct span *tag)
{
	struct span prefix = { 0 };

	for (size_t i = 0; i < yaml->directive_count && token->handle.size > 0; i++) {
		policy_charge(yaml->context, 1);
		if (same(yaml->directives[i].handle, token->handle)) {
			prefix = yaml->directives[i].value;
			break;
		}
	}
	if (prefix.size == 0 && token->handle.size > 0) {
		prefix = span_is(token->handle, "!")    ? literal("!")
			 : span_is(token->handle, "!!") ? literal("tag:yaml.org,2002:")
							: prefix;
	}
	size_t size = prefix.size + token->value.size;
	if (token->handle.size > 0 && prefix.size == 0) {
		return yaml_problem(yaml, "found undefined tag handle");
	}
	char *text = policy_alloc(yaml->context, size + 1);
	memcpy(text, prefix.at != NULL ? prefix.at : "", prefix.size);
	memcpy(text + prefix.size, token->value.at, token->value.size);
	text[size] = '\0';
	*tag = short_tag(yaml, (struct span){ text, size });
	if (span_is(*tag, "!!merge") || span_is(*tag, "!!timestamp") || size == 0) {
		return yaml_unsure(yaml, "a tag that is not read here");
	}
	return true;
}

static bool parse_properties(struct yaml *yaml, struct properties *properties)
{
	for (int i = 0; i < 2; i++) {
		const struct yaml_token *token = &yaml->tokens[yaml->next];
		if (token->kind == YAML_ANCHOR && properties->anchor.size == 0) {
			properties->anchor = token->value;
			yaml->next++;
		} else if (token->kind == YAML_TAG && !properties->has_tag) {
			properties->has_tag = true;
			yaml->next++;
			if (!resolve_tag(yaml, token, &properties->tag)) {
				return false;
			}
		} else {
			break;
		}
	}
	return true;
}

/* ---- collections ---- */

/* A node, or an empty scalar when one of `ends` is next. */
static struct yaml_node *parse_or_empty(
	struct yaml *yaml, uint32_t ends, bool block, bool indentless)
{
	return is_one_of(yaml, ends) ? new_empty(yaml) : parse_node(yaml, block, indentless);
}

static bool parse_block_sequence(struct yaml *yaml, struct yaml_node *node)
{
	uint32_t ends = ONE(YAML_BLOCK_ENTRY) | ONE(YAML_BLOCK_END);

	yaml->next++;
	while (peek(yaml) == YAML_BLOCK_ENTRY) {
		yaml->next++;
		if (!add_child(yaml, node, parse_or_empty(yaml, ends, true, false))) {
			return false;
		}
	}
	if (peek(yaml) != YAML_BLOCK_END) {
		return yaml_problem(yaml, "did not find expected '-' indicator");
	}
	yaml->next++;
	return true;
}

static bool parse_indentless(struct yaml *yaml, struct yaml_node *node)
{
	uint32_t ends =
		ONE(YAML_BLOCK_ENTRY) | ONE(YAML_KEY) | ONE(YAML_VALUE) | ONE(YAML_BLOCK_END);

	while (peek(yaml) == YAML_BLOCK_ENTRY) {
		yaml->next++;
		if (!add_child(yaml, node, parse_or_empty(yaml, ends, true, false))) {
			return false;
		}
	}
	return true;
}

static bool parse_block_mapping(struct yaml *yaml, struct yaml_node *node)
{
	uint32_t ends = ONE(YAML_KEY) | ONE(YAML_VALUE) | ONE(YAML_BLOCK_END);

	yaml->next++;
	while (peek(yaml) == YAML_KEY) {
		yaml->next++;
		if (!add_child(yaml, node, parse_or_empty(yaml, ends, true, true))) {
			return false;
		}
		bool has_value = peek(yaml) == YAML_VALUE;
		yaml->next += has_value;
		struct yaml_node *value =
			has_value ? parse_or_empty(yaml, ends, true, true) : new_empty(yaml);
		if (!add_child(yaml, node, value)) {
			return false;
		}
	}
	if (peek(yaml) != YAML_BLOCK_END) {
		return yaml_problem(yaml, "did not find expected key");
	}
	yaml->next++;
	return true;
}

/* `key: value`, `key` or `: value` between the commas of a flow collection; `end` ends that. */
static bool parse_flow_pair(struct yaml *yaml, struct yaml_node *node, enum yaml_token_kind end)
{
	uint32_t ends = ONE(YAML_FLOW_ENTRY) | ONE(end);

	yaml->next++;
	if (!add_child(yaml, node, parse_or_empty(yaml, ends | ONE(YAML_VALUE), false, false))) {
		return false;
	}
	if (peek(yaml) != YAML_VALUE) {
		return add_child(yaml, node, new_empty(yaml));
	}
	yaml->next++;
	return add_child(yaml, node, parse_or_empty(yaml, ends, false, false));
}

/* In a sequence, a pair is a mapping of its own. */
static bool parse_flow_entry(struct yaml *yaml, struct yaml_node *node, enum yaml_token_kind end)
{
	bool is_mapping = node->kind == YAML_NODE_MAPPING;

	if (peek(yaml) == YAML_KEY && is_mapping) {
		return parse_flow_pair(yaml, node, end);
	}
	if (peek(yaml) == YAML_KEY) {
		struct yaml_node *pair = new_node(yaml, YAML_NODE_MAPPING);
		return parse_flow_pair(yaml, pair, end) && add_child(yaml, node, pair);
	}
	return add_child(yaml, node, parse_node(yaml, false, false)) &&
	       (!is_mapping || add_child(yaml, node, new_empty(yaml)));
}

static bool parse_flow(struct yaml *yaml, struct yaml_node *node, enum yaml_token_kind end)
{
	yaml->next++;
	for (bool is_first = true; peek(yaml) != end; is_first = false) {
		if (!is_first) {
			if (peek(yaml) != YAML_FLOW_ENTRY) {
				return yaml_problem(yaml, "did not find expected ',' or the end");
			}
			yaml->next++;
			if (peek(yaml) == end) {
				break;
			}
		}
		if (!parse_flow_entry(yaml, node, end)) {
			return false;
		}
	}
	yaml->next++;
	return true;
}

/* ---- nodes ---- */

static struct yaml_node *parse_collection(struct yaml *yaml, const struct properties *properties,
	enum yaml_kind kind, bool indentless)
{
	struct yaml_node *node = new_node(yaml, kind);
	bool good;

	node->tag = properties->tag;
	set_anchor(yaml, properties, node);
	switch (peek(yaml)) {
	case YAML_FLOW_SEQUENCE:
		good = parse_flow(yaml, node, YAML_FLOW_SEQUENCE_END);
		break;
	case YAML_FLOW_MAPPING:
		good = parse_flow(yaml, node, YAML_FLOW_MAPPING_END);
		break;
	case YAML_BLOCK_MAPPING:
		good = parse_block_mapping(yaml, node);
		break;
	default:
		good = indentless ? parse_indentless(yaml, node) : parse_block_sequence(yaml, node);
		break;
	}
	return good ? node : NULL;
}

static struct yaml_node *parse_scalar(
	struct yaml *yaml, const struct properties *properties, const struct yaml_token *token)
{
	/* "!" says: not what it looks like; but go-yaml does not listen. */
	struct span tag = properties->tag;
	tag.size = span_is(tag, "!") ? 0 : tag.size;
	struct yaml_node *node = token != NULL
					 ? new_scalar(yaml, token->value, tag, token->is_plain)
					 : new_scalar(yaml, literal(""), tag, true);

	if (node != NULL) {
		set_anchor(yaml, properties, node);
	}
	return node;
}

static struct yaml_node *parse_content(struct yaml *yaml, bool block, bool indentless)
{
	struct properties properties = { 0 };

	if (peek(yaml) == YAML_ALIAS) {
		return parse_alias(yaml);
	}
	if (!parse_properties(yaml, &properties)) {
		return NULL;
	}
	enum yaml_token_kind kind = peek(yaml);
	if (indentless && kind == YAML_BLOCK_ENTRY) {
		return parse_collection(yaml, &properties, YAML_NODE_SEQUENCE, true);
	}
	if (kind == YAML_SCALAR) {
		return parse_scalar(yaml, &properties, &yaml->tokens[yaml->next++]);
	}
	if (kind == YAML_FLOW_SEQUENCE || (block && kind == YAML_BLOCK_SEQUENCE)) {
		return parse_collection(yaml, &properties, YAML_NODE_SEQUENCE, false);
	}
	if (kind == YAML_FLOW_MAPPING || (block && kind == YAML_BLOCK_MAPPING)) {
		return parse_collection(yaml, &properties, YAML_NODE_MAPPING, false);
	}
	if (properties.anchor.size > 0 || properties.has_tag) {
		return parse_scalar(yaml, &properties, NULL);
	}
	return fail(yaml, "did not find expected node content");
}

static struct yaml_node *parse_node(struct yaml *yaml, bool block, bool indentless)
{
	policy_charge(yaml->context, 4);
	if (yaml->depth == YAML_NESTING) {
		yaml_unsure(yaml, "more nodes within nodes than are read here");
		return NULL;
	}
	yaml->depth++;
	struct yaml_node *node = parse_content(yaml, block, indentless);
	yaml->depth--;
	return node;
}

/* ---- documents ---- */

static bool parse_directives(struct yaml *yaml)
{
	bool has_version = false;

	yaml->directive_count = 0;
	for (; is_one_of(yaml, ONE(YAML_VERSION_DIRECTIVE) | ONE(YAML_TAG_DIRECTIVE));
		yaml->next++) {
		const struct yaml_token *token = &yaml->tokens[yaml->next];
		if (token->kind == YAML_VERSION_DIRECTIVE) {
			if (has_version) {
				return yaml_problem(yaml, "found duplicate %YAML directive");
			}
			has_version = true;
			continue;
		}
		for (size_t i = 0; i < yaml->directive_count; i++) {
			policy_charge(yaml->context, 1);
			if (same(yaml->directives[i].handle, token->handle)) {
				return yaml_problem(yaml, "found duplicate %TAG directive");
			}
		}
		yaml->directives = yaml_grow(yaml, yaml->directives, yaml->directive_count,
			&yaml->directive_room, sizeof(*yaml->directives));
		yaml->directives[yaml->directive_count++] = *token;
	}
	return true;
}

static struct yaml_node *parse_document(struct yaml *yaml, bool is_first)
{
	uint32_t starts = ONE(YAML_VERSION_DIRECTIVE) | ONE(YAML_TAG_DIRECTIVE) |
			  ONE(YAML_DOCUMENT_START) | ONE(YAML_STREAM_END);
	bool is_explicit = !is_first || is_one_of(yaml, starts);

	if (!parse_directives(yaml)) {
		return NULL;
	}
	if (is_explicit) {
		if (peek(yaml) != YAML_DOCUMENT_START) {
			return fail(yaml, "did not find expected <document start>");
		}
		yaml->next++;
		starts |= ONE(YAML_DOCUMENT_END);
	}
	struct yaml_node *node = is_explicit ? parse_or_empty(yaml, starts, true, false)
					     : parse_node(yaml, true, false);
	yaml->next += node != NULL && peek(yaml) == YAML_DOCUMENT_END;
	return node;
}

bool yaml_parse_stream(struct yaml *yaml, struct yaml_node **node)
{
	*node = NULL;
	while (true) {
		while (*node != NULL && peek(yaml) == YAML_DOCUMENT_END) {
			yaml->next++;
		}
		if (peek(yaml) == YAML_STREAM_END) {
			return true;
		}
		struct yaml_node *document = parse_document(yaml, *node == NULL);
		if (document == NULL) {
			return false;
		}
		*node = *node != NULL ? *node : document;
	}
}
