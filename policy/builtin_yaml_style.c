#include "policy/builtin_yaml.h"

#include <string.h>

/* What a text may be written as. */
struct look {
	bool multiline, plain, single, block;
};

bool yaml_is_printable(uint32_t rune)
{
	return rune == '\n' || (rune >= 0x20 && rune <= 0x7e) ||
	       (rune >= 0xa0 && rune != 0xfeff && rune != 0xfffe && rune != 0xffff &&
		       rune < 0x10000);
}

/* Indicators that make a plain scalar of a block something else. */
static bool is_indicator(char c, bool is_first, bool after_blank, bool before_blank)
{
	if (is_first) {
		return strchr("#,[]{}&*!|>'\"%@`", c) != NULL ||
		       (strchr("?:-", c) != NULL && before_blank);
	}
	return (c == ':' && before_blank) || (c == '#' && after_blank);
}

struct seen {
	bool breaks, special, tabs, indicators;
	bool leading, trailing_space, trailing_break, break_space, space_break;
};

static void look_at(struct span text, struct seen *seen)
{
	bool after_space = false, after_break = false, after_blank = true;
	uint32_t rune;

	for (size_t i = 0, size; i < text.size; i += size) {
		const char *at = text.at + i;
		size = span_rune(text, i, &rune);
		bool is_last = i + size == text.size;
		bool before_blank = is_last || at[size] == ' ' || at[size] == '\t';
		seen->indicators |=
			*at != '\0' && is_indicator(*at, i == 0, after_blank, before_blank);
		seen->tabs |= *at == '\t';
		seen->special |= *at != '\t' && !yaml_is_printable(rune);
		bool is_break = yaml_is_break(at);
		bool is_space = *at == ' ';
		seen->leading |= i == 0 && (is_space || is_break);
		seen->trailing_space |= is_last && is_space;
		seen->trailing_break |= is_last && is_break;
		seen->break_space |= is_space && after_break;
		seen->space_break |= is_break && after_space;
		seen->breaks |= is_break;
		after_space = is_space;
		after_break = is_break;
		after_blank = yaml_is_blank_or_end(at);
	}
}

static struct look look_of(struct span text)
{
	struct seen seen = { 0 };

	if (text.size == 0) {
		return (struct look){ .plain = true, .single = true };
	}
	seen.indicators = text.size >= 3 &&
			  (memcmp(text.at, "---", 3) == 0 || memcmp(text.at, "...", 3) == 0);
	look_at(text, &seen);
	bool is_odd = seen.space_break || seen.special;
	return (struct look){
		.multiline = seen.breaks,
		.plain = !(seen.leading || seen.trailing_space || seen.trailing_break ||
			   seen.break_space || is_odd || seen.tabs || seen.breaks ||
			   seen.indicators),
		.single = !(seen.break_space || is_odd || seen.tabs),
		.block = !(seen.trailing_space || is_odd),
	};
}

/* 190:20:30, a number of YAML 1.1. */
static bool is_base60(struct span text)
{
	const char *at = text.at + (*text.at == '+' || *text.at == '-');
	bool has_part = false;

	if (*at < '0' || *at > '9') {
		return false;
	}
	at += strspn(at, "0123456789_");
	while (*at == ':') {
		at++;
		bool is_two = *at >= '0' && *at <= '5' && at[1] >= '0' && at[1] <= '9';
		if (*at < '0' || *at > '9') {
			return false;
		}
		at += is_two ? 2 : 1;
		has_part = true;
	}
	if (*at == '.') {
		at++;
		at += strspn(at, "0123456789_");
	}
	return has_part && at == text.at + text.size;
}

/* A truth value of YAML 1.1. */
static bool is_old_bool(struct span text)
{
	static const char *const words[] = { "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n",
		"N", "no", "No", "NO", "off", "Off", "OFF" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (span_is(text, words[i])) {
			return true;
		}
	}
	return false;
}

enum yaml_style yaml_style_of(struct yaml *yaml, struct span text, bool is_key)
{
	struct yaml_scalar scalar;
	struct look look = look_of(text);
	enum yaml_style style = YAML_DOUBLE;

	if (memchr(text.at, '\n', text.size) != NULL) {
		style = YAML_LITERAL;
	} else if (yaml_resolve(yaml, text, &scalar) && scalar.type == YAML_STR &&
		   !is_base60(text) && !is_old_bool(text)) {
		style = YAML_PLAIN;
	}
	if (is_key && look.multiline) {
		style = YAML_DOUBLE;
	}
	if (style == YAML_PLAIN && !look.plain) {
		style = YAML_SINGLE;
	}
	if ((style == YAML_SINGLE && !look.single) ||
		(style == YAML_LITERAL && (!look.block || is_key))) {
		style = YAML_DOUBLE;
	}
	return style;
}

bool yaml_is_multiline(struct span text)
{
	return look_of(text).multiline;
}
