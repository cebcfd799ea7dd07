#include "policy/builtin_yaml.h"

#include <string.h>
#include "base/utf8.h"
#include "policy/context.h"

bool yaml_problem(struct yaml *yaml, const char *problem)
{
	if (yaml->problem == NULL) {
		yaml->problem = problem;
	}
	return false;
}

bool yaml_unsure(struct yaml *yaml, const char *problem)
{
	yaml->unsure |= yaml->problem == NULL;
	return yaml_problem(yaml, problem);
}

void *yaml_grow(struct yaml *yaml, void *items, size_t count, size_t *room, size_t bytes)
{
	if (count < *room) {
		return items;
	}
	*room = *room == 0 ? 16 : *room * 2;
	void *more = policy_alloc_array(yaml->context, *room, bytes);
	if (count > 0) {
		memcpy(more, items, count * bytes);
	}
	return more;
}

/* ---- characters ---- */

static bool is_separator(const char *at) /* U+2028, U+2029 */
{
	return at[0] == '\xe2' && at[1] == '\x80' && (at[2] == '\xa8' || at[2] == '\xa9');
}

bool yaml_is_break(const char *at)
{
	return *at == '\n' || *at == '\r' || (at[0] == '\xc2' && at[1] == '\x85') ||
	       is_separator(at);
}

bool yaml_is_break_or_end(const char *at)
{
	return *at == '\0' || yaml_is_break(at);
}

bool yaml_is_blank_or_end(const char *at)
{
	return *at == ' ' || *at == '\t' || yaml_is_break_or_end(at);
}

bool yaml_is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '_' || c == '-';
}

static size_t width(const char *at)
{
	unsigned char c = (unsigned char)*at;

	return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

void yaml_skip(struct yaml *yaml)
{
	yaml->at += width(yaml->at);
	yaml->column++;
	yaml->index++;
}

void yaml_skip_line(struct yaml *yaml)
{
	if (!yaml_is_break(yaml->at)) {
		return;
	}
	if (yaml->at[0] == '\r' && yaml->at[1] == '\n') {
		yaml->at++;
		yaml->index++;
	}
	yaml->at += width(yaml->at);
	yaml->index++;
	yaml->column = 0;
	yaml->line++;
}

bool yaml_end_line(struct yaml *yaml)
{
	while (*yaml->at == ' ' || *yaml->at == '\t') {
		yaml_skip(yaml);
	}
	if (*yaml->at == '#') {
		while (!yaml_is_break_or_end(yaml->at)) {
			yaml_skip(yaml);
		}
	}
	if (!yaml_is_break_or_end(yaml->at)) {
		return yaml_problem(yaml, "did not find expected comment or line break");
	}
	yaml_skip_line(yaml);
	return true;
}

/* ---- tokens, indentation, simple keys ---- */

static void insert(struct yaml *yaml, size_t at, struct yaml_token token)
{
	yaml->tokens = yaml_grow(
		yaml, yaml->tokens, yaml->token_count, &yaml->token_room, sizeof(*yaml->tokens));
	size_t behind = yaml->token_count - at;
	policy_charge(yaml->context, 1 + behind);
	memmove(&yaml->tokens[at + 1], &yaml->tokens[at], behind * sizeof(*yaml->tokens));
	yaml->tokens[at] = token;
	yaml->token_count++;
}

static void add(struct yaml *yaml, enum yaml_token_kind kind)
{
	insert(yaml, yaml->token_count, (struct yaml_token){ .kind = kind });
}

/* A collection begins where the column is beyond the indentation; its token stands at `at`. */
static void roll_indent(struct yaml *yaml, size_t column, size_t at, enum yaml_token_kind kind)
{
	if (yaml->flow_level > 0 || yaml->indent >= (int64_t)column) {
		return;
	}
	yaml->indents = yaml_grow(yaml, yaml->indents, yaml->indent_count, &yaml->indent_room,
		sizeof(*yaml->indents));
	yaml->indents[yaml->indent_count++] = yaml->indent;
	yaml->indent = (int64_t)column;
	insert(yaml, at, (struct yaml_token){ .kind = kind });
}

static void unroll_indent(struct yaml *yaml, int64_t column)
{
	while (yaml->flow_level == 0 && yaml->indent > column) {
		add(yaml, YAML_BLOCK_END);
		yaml->indent = yaml->indents[--yaml->indent_count];
	}
}

static struct yaml_simple_key *last_key(struct yaml *yaml)
{
	return &yaml->keys[yaml->key_count - 1];
}

static bool remove_key(struct yaml *yaml)
{
	struct yaml_simple_key *key = last_key(yaml);

	if (key->possible && key->required) {
		return yaml_problem(yaml, "could not find expected ':'");
	}
	key->possible = false;
	return true;
}

/* A token begins that may turn out to be a key. */
static bool save_key(struct yaml *yaml)
{
	if (!yaml->key_allowed) {
		return true;
	}
	if (!remove_key(yaml)) {
		return false;
	}
	*last_key(yaml) = (struct yaml_simple_key){
		.possible = true,
		.required = yaml->flow_level == 0 && yaml->indent == (int64_t)yaml->column,
		.token = yaml->token_count,
		.line = yaml->line,
		.column = yaml->column,
		.index = yaml->index,
	};
	return true;
}

static void push_key(struct yaml *yaml)
{
	yaml->keys =
		yaml_grow(yaml, yaml->keys, yaml->key_count, &yaml->key_room, sizeof(*yaml->keys));
	yaml->keys[yaml->key_count++] = (struct yaml_simple_key){ 0 };
}

/* ---- one kind of token each ---- */

static bool fetch_flow_start(struct yaml *yaml, enum yaml_token_kind kind)
{
	if (!save_key(yaml)) {
		return false;
	}
	if (yaml->flow_level == YAML_NESTING) {
		return yaml_unsure(yaml, "more nodes within nodes than are read here");
	}
	push_key(yaml);
	yaml->flow_level++;
	yaml->key_allowed = true;
	yaml_skip(yaml);
	add(yaml, kind);
	return true;
}

static bool fetch_flow_end(struct yaml *yaml, enum yaml_token_kind kind)
{
	if (!remove_key(yaml)) {
		return false;
	}
	if (yaml->flow_level > 0) {
		yaml->flow_level--;
		yaml->key_count--;
	}
	yaml->key_allowed = false;
	yaml_skip(yaml);
	add(yaml, kind);
	return true;
}

static bool fetch_flow_entry(struct yaml *yaml)
{
	if (!remove_key(yaml)) {
		return false;
	}
	yaml->key_allowed = true;
	yaml_skip(yaml);
	add(yaml, YAML_FLOW_ENTRY);
	return true;
}

/* `- ` and `? `. */
static bool fetch_entry(
	struct yaml *yaml, enum yaml_token_kind kind, enum yaml_token_kind collection)
{
	if (yaml->flow_level == 0 && !yaml->key_allowed) {
		return yaml_problem(yaml, "entries and keys are not allowed in this context");
	}
	roll_indent(yaml, yaml->column, yaml->token_count, collection);
	if (!remove_key(yaml)) {
		return false;
	}
	yaml->key_allowed = kind == YAML_BLOCK_ENTRY || yaml->flow_level == 0;
	yaml_skip(yaml);
	add(yaml, kind);
	return true;
}

/* A key without `?` stands on one line, and its `:` within 1,024 characters. */
static bool is_valid_key(struct yaml *yaml, const struct yaml_simple_key *key, bool *valid)
{
	*valid = key->possible && key->line == yaml->line && key->index + 1024 >= yaml->index;
	if (key->possible && !*valid && key->required) {
		return yaml_problem(yaml, "could not find expected ':'");
	}
	return true;
}

static bool fetch_value(struct yaml *yaml)
{
	struct yaml_simple_key *key = last_key(yaml);
	bool valid;

	if (!is_valid_key(yaml, key, &valid)) {
		return false;
	}
	key->possible = false;
	if (valid) {
		insert(yaml, key->token, (struct yaml_token){ .kind = YAML_KEY });
		roll_indent(yaml, key->column, key->token, YAML_BLOCK_MAPPING);
		yaml->key_allowed = false;
	} else {
		if (yaml->flow_level == 0 && !yaml->key_allowed) {
			return yaml_problem(yaml, "mapping values are not allowed in this context");
		}
		roll_indent(yaml, yaml->column, yaml->token_count, YAML_BLOCK_MAPPING);
		yaml->key_allowed = yaml->flow_level == 0;
	}
	yaml_skip(yaml);
	add(yaml, YAML_VALUE);
	return true;
}

typedef bool scan_fn(struct yaml *yaml, struct yaml_token *token);

/* A token with contents; all but block scalars may be keys. */
static bool fetch_content(struct yaml *yaml, scan_fn *scan, bool may_be_key)
{
	struct yaml_token token = { .kind = YAML_SCALAR };

	if (may_be_key ? !save_key(yaml) : !remove_key(yaml)) {
		return false;
	}
	yaml->key_allowed = !may_be_key;
	if (!scan(yaml, &token)) {
		return false;
	}
	insert(yaml, yaml->token_count, token);
	return true;
}

/* Directives and document markers end all collections. */
static bool fetch_outer(struct yaml *yaml, enum yaml_token_kind kind)
{
	struct yaml_token token = { .kind = kind };

	unroll_indent(yaml, -1);
	if (!remove_key(yaml)) {
		return false;
	}
	yaml->key_allowed = false;
	if (kind == YAML_TAG_DIRECTIVE) {
		if (!yaml_scan_directive(yaml, &token)) {
			return false;
		}
	} else if (kind != YAML_STREAM_END) {
		yaml_skip(yaml);
		yaml_skip(yaml);
		yaml_skip(yaml);
	}
	insert(yaml, yaml->token_count, token);
	return true;
}

/* ---- the whole ---- */

static void skip_to_token(struct yaml *yaml)
{
	const char *from = yaml->at;

	while (true) {
		bool tabs = yaml->flow_level > 0 || !yaml->key_allowed;
		while (*yaml->at == ' ' || (tabs && *yaml->at == '\t')) {
			yaml_skip(yaml);
		}
		if (*yaml->at == '#') {
			while (!yaml_is_break_or_end(yaml->at)) {
				yaml_skip(yaml);
			}
		}
		if (!yaml_is_break(yaml->at)) {
			break;
		}
		yaml_skip_line(yaml);
		yaml->key_allowed |= yaml->flow_level == 0;
	}
	policy_charge_text(yaml->context, (size_t)(yaml->at - from) * 4);
}

static bool is_marker(const struct yaml *yaml, const char *marker)
{
	return yaml->column == 0 && strncmp(yaml->at, marker, 3) == 0 &&
	       yaml_is_blank_or_end(yaml->at + 3);
}

static bool starts_plain(const struct yaml *yaml)
{
	const char *at = yaml->at;

	if (!yaml_is_blank_or_end(at) && strchr("-?:,[]{}#&*!|>'\"%@`", *at) == NULL) {
		return true;
	}
	return (*at == '-' && at[1] != ' ' && at[1] != '\t') ||
	       (yaml->flow_level == 0 && (*at == '?' || *at == ':') &&
		       !yaml_is_blank_or_end(at + 1));
}

static bool fetch_token(struct yaml *yaml)
{
	bool is_flow = yaml->flow_level > 0;
	bool is_apart = *yaml->at != '\0' && yaml_is_blank_or_end(yaml->at + 1);

	switch (*yaml->at) {
	case '[':
		return fetch_flow_start(yaml, YAML_FLOW_SEQUENCE);
	case '{':
		return fetch_flow_start(yaml, YAML_FLOW_MAPPING);
	case ']':
		return fetch_flow_end(yaml, YAML_FLOW_SEQUENCE_END);
	case '}':
		return fetch_flow_end(yaml, YAML_FLOW_MAPPING_END);
	case ',':
		return fetch_flow_entry(yaml);
	case '*':
	case '&':
		return fetch_content(yaml, yaml_scan_anchor, true);
	case '!':
		return fetch_content(yaml, yaml_scan_tag, true);
	case '\'':
	case '"':
		return fetch_content(yaml, yaml_scan_quoted, true);
	default:
		break;
	}
	if (*yaml->at == '-' && is_apart) {
		return fetch_entry(yaml, YAML_BLOCK_ENTRY, YAML_BLOCK_SEQUENCE);
	}
	if (*yaml->at == '?' && (is_flow || is_apart)) {
		return fetch_entry(yaml, YAML_KEY, YAML_BLOCK_MAPPING);
	}
	if (*yaml->at == ':' && (is_flow || is_apart)) {
		return fetch_value(yaml);
	}
	if ((*yaml->at == '|' || *yaml->at == '>') && !is_flow) {
		return fetch_content(yaml, yaml_scan_block, false);
	}
	if (starts_plain(yaml)) {
		return fetch_content(yaml, yaml_scan_plain, true);
	}
	return yaml_problem(yaml, "found character that cannot start any token");
}

static bool fetch_next(struct yaml *yaml)
{
	policy_charge(yaml->context, 4);
	skip_to_token(yaml);
	unroll_indent(yaml, (int64_t)yaml->column);
	if (*yaml->at == '\0') {
		return fetch_outer(yaml, YAML_STREAM_END);
	}
	if (yaml->column == 0 && *yaml->at == '%') {
		return fetch_outer(yaml, YAML_TAG_DIRECTIVE);
	}
	if (is_marker(yaml, "---")) {
		return fetch_outer(yaml, YAML_DOCUMENT_START);
	}
	if (is_marker(yaml, "...")) {
		return fetch_outer(yaml, YAML_DOCUMENT_END);
	}
	return fetch_token(yaml);
}

/*
 * Characters that YAML allows. Byte order marks are skipped by OPA at the begin of a line, and
 * sometimes another character in their place: only those within the only line are read here.
 */
static bool check_characters(struct yaml *yaml, struct span text)
{
	bool has_mark = false, has_break = false;
	uint32_t rune;

	policy_charge(yaml->context, text.size / 8 + 1);
	for (size_t i = 0; i < text.size;) {
		i += span_rune(text, i, &rune);
		has_mark |= rune == 0xfeff;
		has_break |= rune == '\n' || rune == '\r' || rune == 0x85 || rune == 0x2028 ||
			     rune == 0x2029 || (rune == 0xfeff && i == 3);
		if ((rune < 0x20 && rune != '\t' && rune != '\n' && rune != '\r') ||
			(rune >= 0x7f && rune < 0xa0 && rune != 0x85) || rune == 0xfffe ||
			rune == 0xffff) {
			return yaml_problem(yaml, "control characters are not allowed");
		}
	}
	return !has_mark || !has_break || yaml_unsure(yaml, "a byte order mark");
}

bool yaml_scan(struct yaml *yaml, struct span text)
{
	yaml->at = text.at;
	yaml->indent = -1;
	yaml->key_allowed = true;
	push_key(yaml);
	if (!check_characters(yaml, text)) {
		return false;
	}
	while (yaml->token_count == 0 ||
		yaml->tokens[yaml->token_count - 1].kind != YAML_STREAM_END) {
		if (!fetch_next(yaml)) {
			return false;
		}
	}
	return true;
}
