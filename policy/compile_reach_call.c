#include "policy/compile_reach.h"

#include <string.h>
#include "base/value.h"
#include "policy/builtin.h"

/* `input.a in {"x", "y"}`: as compared with each. `"x" in input.a`: one of its items. */
static void note_member(struct noting *noting, const struct ir_statement *call)
{
	struct track item = noting_track(noting, call->args[0]);
	struct track in = noting_track(noting, call->args[1]);

	if (item.is == REFERENCE && in.is == CONTAINER && !in.container->has_variable) {
		for (size_t i = 0; i < in.container->count; i++) {
			noting_option(noting, &item, REACH_EQUAL, in.container->scalars[i]);
		}
		if (in.container->has_composite) {
			noting_open(noting, &item);
		}
	} else if (item.is == CONSTANT && in.is == REFERENCE && in.root < REACH_ARGUMENT) {
		noting_option(noting, &in, REACH_MEMBER, item.value);
	} else if (item.is == UNKNOWN || in.is == UNKNOWN) {
		noting->is_unsure = true;
	}
}

/* `startswith(input.a, "x")`, and of several texts. */
static void note_affix(
	struct noting *noting, const struct ir_statement *call, enum reach_kind kind, bool is_many)
{
	struct track subject = noting_track(noting, call->args[0]);
	struct track affix = noting_track(noting, call->args[1]);

	if (subject.is != REFERENCE || subject.root >= REACH_ARGUMENT) {
		return;
	}
	if (affix.is == CONSTANT && value_is(affix.value, VALUE_STRING)) {
		noting_option(noting, &subject, kind, affix.value);
	}
	if (!is_many || affix.is != CONTAINER || affix.container->has_variable ||
		affix.container->has_composite) {
		return;
	}
	for (size_t i = 0; i < affix.container->count; i++) {
		if (!value_is(affix.container->scalars[i], VALUE_STRING)) {
			noting_open(noting, &subject); /* is it an object, or an array? */
			return;
		}
	}
	for (size_t i = 0; i < affix.container->count; i++) {
		noting_option(noting, &subject, kind, affix.container->scalars[i]);
	}
	noting_entry(noting, &subject)->is_open |= affix.container->is_object;
}

/* The delimiters of a glob as one text, ASCII. False: others, or written in another way. */
static bool delimiters_of(const struct track *track, char *text, size_t room)
{
	const struct container *container = track->container;
	size_t size = 0;

	if (track->is != CONTAINER || track->is_named || container->is_object ||
		container->has_variable || container->has_composite) {
		return false;
	}
	for (size_t i = 0; i < container->count; i++) {
		const struct value *item = container->scalars[i];
		if (!value_is(item, VALUE_STRING) || size + value_size(item) >= room) {
			return false;
		}
		memcpy(text + size, value_text(item), value_size(item));
		size += value_size(item);
	}
	text[size] = '\0';
	if (size == 0) {
		memcpy(text, ".", 2);
	}
	for (const char *at = text; *at != '\0'; at++) {
		if (*at < 0) {
			return false;
		}
	}
	return strlen(text) == size || size == 0;
}

/* Whether each part between delimiters is a text or `*`: of others the index knows nothing. */
static bool is_simple_glob(const char *pattern, const char *delimiters)
{
	while (true) {
		size_t size = strcspn(pattern, delimiters);
		bool is_any = size == 1 && *pattern == '*';
		if (!is_any && strcspn(pattern, "*?[{\\") < size) {
			return false;
		}
		if (pattern[size] == '\0') {
			return true;
		}
		pattern += size + 1;
	}
}

/* `glob.match("a.*", ["."], input.a)`: of simple patterns the index makes arrays. */
static void note_glob(struct noting *noting, const struct ir_statement *call)
{
	struct track subject = noting_track(noting, call->args[2]);
	struct track delimiters = noting_track(noting, call->args[1]);
	struct track pattern = noting_track(noting, call->args[0]);
	char text[32];

	if (subject.is != REFERENCE) {
		return;
	}
	if (call->args[0].type == IR_STRING && !subject.is_dot &&
		delimiters_of(&delimiters, text, sizeof(text)) &&
		value_size(pattern.value) == strlen(value_text(pattern.value)) &&
		is_simple_glob(value_text(pattern.value), text)) {
		noting_option(noting, &subject, REACH_TEXT, NULL);
	} else {
		noting_open(noting, &subject);
	}
}

/* Builtins that the index knows, called without asking for their result. */
static void note_known(struct noting *noting, const struct ir_statement *call, const char *name)
{
	static const struct {
		const char *name;
		enum reach_kind kind;
		bool is_many;
	} affixes[] = {
		{ "startswith", REACH_PREFIX, false },
		{ "endswith", REACH_SUFFIX, false },
		{ "strings.any_prefix_match", REACH_PREFIX, true },
		{ "strings.any_suffix_match", REACH_SUFFIX, true },
	};

	if (strcmp(name, "internal.member_2") == 0) {
		note_member(noting, call);
	} else if (strcmp(name, "glob.match") == 0) {
		note_glob(noting, call);
	}
	for (size_t i = 0; i < sizeof(affixes) / sizeof(affixes[0]); i++) {
		if (strcmp(name, affixes[i].name) == 0) {
			note_affix(noting, call, affixes[i].kind, affixes[i].is_many);
		}
	}
}

void noting_call(struct noting *noting, const struct ir_block *block, size_t at)
{
	const struct ir_statement *call = &block->statements[at];
	const struct ir_statement *next = at + 1 < block->count ? call + 1 : NULL;

	noting_set(noting, call->target, (struct track){ 0 });
	if (call->builtin == NULL) {
		return;
	}
	const char *name = call->builtin->name;
	noting->is_unsure |=
		strcmp(name, "internal.print") == 0 || strcmp(name, "internal.test_case") == 0;
	if (next != NULL && next->kind == IR_NOT_EQUAL && next->a.type == IR_LOCAL &&
		next->a.index == call->target) {
		note_known(noting, call, name);
	}
}
