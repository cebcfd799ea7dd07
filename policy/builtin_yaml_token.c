#include "policy/builtin_yaml.h"

#include <string.h>
#include "base/buf.h"
#include "policy/context.h"

static struct span word(struct yaml *yaml)
{
	const char *from = yaml->at;

	while (yaml_is_word(*yaml->at)) {
		yaml_skip(yaml);
	}
	policy_charge_text(yaml->context, (size_t)(yaml->at - from) * 4);
	return (struct span){ from, (size_t)(yaml->at - from) };
}

static void skip_blanks(struct yaml *yaml)
{
	while (*yaml->at == ' ' || *yaml->at == '\t') {
		yaml_skip(yaml);
	}
}

bool yaml_scan_anchor(struct yaml *yaml, struct yaml_token *token)
{
	token->kind = *yaml->at == '*' ? YAML_ALIAS : YAML_ANCHOR;
	yaml_skip(yaml);
	token->value = word(yaml);
	if (token->value.size == 0 ||
		!(yaml_is_blank_or_end(yaml->at) || strchr("?:,]}%@`", *yaml->at) != NULL)) {
		return yaml_problem(yaml, "did not find expected alphabetic or numeric character");
	}
	return true;
}

/* ---- tags ---- */

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Behind `head`, which begins with "!": the rest of a tag. */
static bool read_uri(struct yaml *yaml, struct span head, struct span *uri)
{
	struct buf *buf = policy_buf(yaml->context, 0);
	const char *from = yaml->at;

	if (head.size > 1) {
		builtin_append(yaml->context, buf, head.at + 1, head.size - 1);
	}
	while (yaml_is_word(*yaml->at) ||
		(*yaml->at != '\0' && strchr(";/?:@&=+$,.!~*'()[]%", *yaml->at) != NULL)) {
		if (*yaml->at == '%') {
			if (is_hex(yaml->at[1]) && is_hex(yaml->at[2])) {
				return yaml_unsure(yaml, "a tag with escaped characters");
			}
			return yaml_problem(yaml, "did not find URI escaped octet");
		}
		builtin_append(yaml->context, buf, yaml->at, 1);
		yaml_skip(yaml);
	}
	if (yaml->at == from && head.size == 0) {
		return yaml_problem(yaml, "did not find expected tag URI");
	}
	char *text = policy_alloc(yaml->context, buf->size + 1);
	memcpy(text, buf_text(buf), buf->size);
	text[buf->size] = '\0';
	*uri = (struct span){ text, buf->size };
	return true;
}

/* `!`, `!!`, `!name!`; of others the `!` and what follows it. */
static struct span read_handle(struct yaml *yaml)
{
	const char *from = yaml->at;

	yaml_skip(yaml);
	word(yaml);
	if (*yaml->at == '!') {
		yaml_skip(yaml);
	}
	return (struct span){ from, (size_t)(yaml->at - from) };
}

static bool read_verbatim(struct yaml *yaml, struct yaml_token *token)
{
	yaml_skip(yaml);
	yaml_skip(yaml);
	if (!read_uri(yaml, (struct span){ 0 }, &token->value)) {
		return false;
	}
	if (*yaml->at != '>') {
		return yaml_problem(yaml, "did not find the expected '>'");
	}
	yaml_skip(yaml);
	return true;
}

bool yaml_scan_tag(struct yaml *yaml, struct yaml_token *token)
{
	static const struct span none = { "!", 1 };

	token->kind = YAML_TAG;
	if (yaml->at[1] == '<') {
		if (!read_verbatim(yaml, token)) {
			return false;
		}
	} else {
		token->handle = read_handle(yaml);
		bool is_handle =
			token->handle.size > 1 && token->handle.at[token->handle.size - 1] == '!';
		struct span head = token->handle;
		head.size = is_handle ? 0 : head.size;
		if (!read_uri(yaml, head, &token->value)) {
			return false;
		}
		if (!is_handle) {
			bool is_alone = token->value.size == 0;
			token->handle = none;
			token->handle.size = is_alone ? 0 : 1;
			token->value = is_alone ? none : token->value;
		}
	}
	return yaml_is_blank_or_end(yaml->at) ||
	       yaml_problem(yaml, "did not find expected whitespace or line break");
}

/* ---- directives ---- */

static bool read_version_part(struct yaml *yaml, int *number)
{
	int digits = 0;

	*number = 0;
	while (*yaml->at >= '0' && *yaml->at <= '9') {
		if (++digits > 2) {
			return yaml_problem(yaml, "found extremely long version number");
		}
		*number = *number * 10 + (*yaml->at - '0');
		yaml_skip(yaml);
	}
	return digits > 0 || yaml_problem(yaml, "did not find expected version number");
}

static bool read_version(struct yaml *yaml, struct yaml_token *token)
{
	int major, minor;

	token->kind = YAML_VERSION_DIRECTIVE;
	skip_blanks(yaml);
	if (!read_version_part(yaml, &major)) {
		return false;
	}
	if (*yaml->at != '.') {
		return yaml_problem(yaml, "did not find expected digit or '.' character");
	}
	yaml_skip(yaml);
	if (!read_version_part(yaml, &minor)) {
		return false;
	}
	return (major == 1 && minor == 1) || yaml_problem(yaml, "found incompatible YAML document");
}

static bool read_tag_directive(struct yaml *yaml, struct yaml_token *token)
{
	token->kind = YAML_TAG_DIRECTIVE;
	skip_blanks(yaml);
	if (*yaml->at != '!') {
		return yaml_problem(yaml, "did not find expected '!'");
	}
	token->handle = read_handle(yaml);
	if (token->handle.size > 1 && token->handle.at[token->handle.size - 1] != '!') {
		return yaml_problem(yaml, "did not find expected '!'");
	}
	if (*yaml->at != ' ' && *yaml->at != '\t') {
		return yaml_problem(yaml, "did not find expected whitespace");
	}
	skip_blanks(yaml);
	return read_uri(yaml, (struct span){ 0 }, &token->value) &&
	       (yaml_is_blank_or_end(yaml->at) ||
		       yaml_problem(yaml, "did not find expected whitespace or line break"));
}

bool yaml_scan_directive(struct yaml *yaml, struct yaml_token *token)
{
	yaml_skip(yaml);
	struct span name = word(yaml);
	if (name.size == 0 || !yaml_is_blank_or_end(yaml->at)) {
		return yaml_problem(yaml, "could not find expected directive name");
	}
	bool good = span_is(name, "YAML")  ? read_version(yaml, token)
		    : span_is(name, "TAG") ? read_tag_directive(yaml, token)
					   : yaml_problem(yaml, "found unknown directive name");
	return good && yaml_end_line(yaml);
}
