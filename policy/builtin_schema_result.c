/*
 * Errors of a document against a JSON Schema, in the words of OPA's library.
 */
#include <stdio.h>
#include "base/buf.h"
#include "policy/builtin_schema_match.h"

static void write_place(struct policy_context *context, struct buf *buf, const struct place *place)
{
	if (place->above == NULL) {
		return;
	}
	write_place(context, buf, place->above);
	if (buf->size > 0) {
		builtin_append(context, buf, ".", 1);
	}
	builtin_append(context, buf, place->name.at, place->name.size);
}

/* "a.b.0", "(Root)" */
const struct value *match_field(struct policy_context *context, const struct place *place)
{
	struct buf *buf = policy_buf(context, 1);

	if (place->above == NULL) {
		return builtin_text(context, "(Root)", 6);
	}
	write_place(context, buf, place);
	return policy_text_of_buf(context, buf);
}

/* The description: before, detail, after. */
void match_add_error(struct match *match, struct result *result, const struct place *place,
	const char *type, const char *before, struct span detail, const char *after)
{
	struct policy_context *context = match->context;
	struct builtin_members members = { 0 };
	struct buf *buf = policy_buf(context, 2);
	const struct value *field = match_field(context, place);

	builtin_append(context, buf, before, strlen(before));
	builtin_append(context, buf, detail.at, detail.size);
	builtin_append(context, buf, after, strlen(after));
	const struct value *words = policy_text_of_buf(context, buf);
	buf = policy_buf(context, 2);
	builtin_append(context, buf, value_text(field), value_size(field));
	builtin_append(context, buf, ": ", 2);
	builtin_append(context, buf, value_text(words), value_size(words));
	builtin_members_add(context, &members, builtin_text(context, "error", 5),
		policy_text_of_buf(context, buf));
	builtin_members_add(context, &members, builtin_text(context, "type", 4),
		builtin_text(context, type, strlen(type)));
	builtin_members_add(context, &members, builtin_text(context, "field", 5), field);
	builtin_members_add(context, &members, builtin_text(context, "desc", 4), words);
	builtin_list_add(context, &result->errors, builtin_members_object(context, &members));
	result->score -= 2;
}

void match_add_plain(struct match *match, struct result *result, const struct place *place,
	const char *type, const char *words)
{
	match_add_error(match, result, place, type, words, (struct span){ "", 0 }, "");
}

void match_add_count(struct match *match, struct result *result, const struct place *place,
	const char *type, const char *before, int64_t number, const char *after)
{
	char text[24];
	int size = snprintf(text, sizeof(text), "%lld", (long long)number);

	match_add_error(
		match, result, place, type, before, (struct span){ text, (size_t)size }, after);
}

void match_merge(struct match *match, struct result *result, const struct result *other)
{
	for (size_t i = 0; i < other->errors.count; i++) {
		builtin_list_add(match->context, &result->errors, other->errors.items[i]);
	}
	result->score += other->score;
}

void match_keep_best(struct result *best, bool *has, const struct result *one)
{
	if (!*has || one->score > best->score) {
		*best = *one;
		*has = true;
	}
}
