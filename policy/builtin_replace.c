/*
 * replace and strings.replace_n, as Go's strings.Replacer does it: from left to right, without
 * overlaps; of several keys that fit at a place the first in order is taken.
 */
#include <string.h>
#include "base/buf.h"
#include "policy/builtin_args.h"

#define KEYS_LIMIT 4096

struct pair {
	struct span old, new;
};

struct replacer {
	const struct pair *pairs;
	size_t count;
	bool first[256]; /* bytes that a key begins with */
};

/*
 * The pair to take here; NULL: none. The empty key fits everywhere, but not again at the place
 * where it was just taken.
 */
static const struct pair *pair_at(struct policy_context *context, const struct replacer *replacer,
	struct span rest, bool skip_empty)
{
	bool may = rest.size > 0 && replacer->first[(unsigned char)rest.at[0]];

	for (size_t i = 0; i < replacer->count; i++) {
		const struct pair *pair = &replacer->pairs[i];
		if (pair->old.size == 0 ? !skip_empty : may && span_starts(rest, pair->old)) {
			return pair;
		}
		if (!may) {
			break; /* keys are sorted: an empty one is the first */
		}
		policy_charge_text(context, pair->old.size);
	}
	return NULL;
}

static const struct value *run(
	struct policy_context *context, const struct replacer *replacer, const struct value *value)
{
	struct span text = span_of(value);
	struct buf *buf = policy_buf(context, 0);
	size_t done = 0;
	bool after_empty = false;

	policy_charge_text(context, text.size * 4);
	for (size_t i = 0; i <= text.size;) {
		/* An empty key would fit between the bytes of a character as well: never there. */
		bool inside = i < text.size && (text.at[i] & 0xc0) == 0x80;
		const struct pair *pair =
			inside ? NULL : pair_at(context, replacer, span_from(text, i), after_empty);
		after_empty = pair != NULL && pair->old.size == 0;
		if (pair == NULL) {
			i++;
			continue;
		}
		builtin_append(context, buf, text.at + done, i - done);
		builtin_append(context, buf, pair->new.at, pair->new.size);
		i += pair->old.size;
		done = i;
	}
	if (done == 0 && buf->size == 0) {
		return value;
	}
	builtin_append(context, buf, text.at + done, text.size - done);
	return policy_text_of_buf(context, buf);
}

static void add_first(struct replacer *replacer, struct span old)
{
	if (old.size > 0) {
		replacer->first[(unsigned char)old.at[0]] = true;
	}
}

const struct value *builtin_replace(struct policy_context *context, const struct value *const *args)
{
	if (!builtin_are_texts(context, args, 3)) {
		return NULL;
	}
	struct pair pair = { span_of(args[1]), span_of(args[2]) };
	struct replacer replacer = { .pairs = &pair, .count = 1 };
	add_first(&replacer, pair.old);
	return run(context, &replacer, args[0]);
}

const struct value *builtin_strings_replace_n(
	struct policy_context *context, const struct value *const *args)
{
	struct replacer replacer = { .count = value_count(args[0]) };

	if (!builtin_is(context, args, 0, VALUE_OBJECT) ||
		!builtin_is(context, args, 1, VALUE_STRING)) {
		return NULL;
	}
	if (replacer.count > KEYS_LIMIT) {
		return builtin_error(context, "more than %d patterns", KEYS_LIMIT);
	}
	struct pair *pairs = policy_alloc_array(context, replacer.count + 1, sizeof(*pairs));
	for (size_t i = 0; i < replacer.count; i++) {
		const struct value_member *member = value_member_at(args[0], i);
		if (!value_is(member->key, VALUE_STRING)) {
			return builtin_error(
				context, "operand 1 non-string key found in pattern object");
		}
		if (!value_is(member->value, VALUE_STRING)) {
			return builtin_error(
				context, "operand 1 non-string value found in pattern object");
		}
		pairs[i] = (struct pair){ span_of(member->key), span_of(member->value) };
		add_first(&replacer, pairs[i].old);
	}
	replacer.pairs = pairs;
	return run(context, &replacer, args[1]);
}
