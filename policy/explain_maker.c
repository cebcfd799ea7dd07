#include "base/value.h"
#include "policy/explain_inside.h"

#define CONTAINS_DEPTH 3

/* Values may be graphs that somebody else's program made: what is compared is counted. */
bool explain_equals(struct explain *it, const struct value *a, const struct value *b)
{
	return !it->charge.exhausted && value_equals_charged(a, b, &it->charge) &&
	       !it->charge.exhausted;
}

static bool contains(
	struct explain *it, const struct value *value, const struct value *item, unsigned depth)
{
	if (value == NULL || depth == 0 || value_type(value) < VALUE_ARRAY ||
		it->charge.exhausted) {
		return false;
	}
	for (size_t i = 0; i < value_count(value); i++) {
		const struct value *inner = value_is(value, VALUE_OBJECT)
						    ? value_member_at(value, i)->value
						    : value_at(value, i);

		if (explain_equals(it, inner, item) || contains(it, inner, item, depth - 1)) {
			return true;
		}
	}
	return false;
}

/* The same code and message; perhaps more beside them, which others take away. */
static bool says_the_same(struct explain *it, const struct value *made, const struct value *item)
{
	const struct value *code = value_find(item, "code");
	const struct value *message = value_find(item, "message");
	const struct value *its_code = value_find(made, "code");
	const struct value *its_message = value_find(made, "message");

	return code != NULL && message != NULL && its_code != NULL && its_message != NULL &&
	       explain_equals(it, code, its_code) && explain_equals(it, message, its_message);
}

/* How near an event is to where the item came from. */
enum nearness { NOT_NEAR, WITHIN, HANDED_ON, MADE };

static enum nearness nearness_of(struct explain *it, uint32_t event, const struct value *item)
{
	const struct value *made = explain_made(it, event);
	bool is_made = made != NULL && explain_maker(it, event)->kind == TRACE_LITERAL;

	if (made == NULL) {
		return NOT_NEAR;
	}
	if (explain_equals(it, made, item) || says_the_same(it, made, item)) {
		return is_made ? MADE : HANDED_ON;
	}
	return contains(it, made, item, CONTAINS_DEPTH) ? WITHIN : NOT_NEAR;
}

/*
 * Events at which rules made the item; where it is handed on only, the first of these; else the
 * first rule whose value has it within.
 */
size_t explain_makers(struct explain *it, const struct value *item, uint32_t *events, size_t most)
{
	enum nearness best = NOT_NEAR;
	size_t count = 0;

	for (uint32_t i = 0; i < it->trace->event_count && count < most; i++) {
		enum nearness near = nearness_of(it, i, item);

		if (near > best) {
			best = near;
			count = 0;
		}
		if (near == best && near != NOT_NEAR && (near == MADE || count == 0)) {
			events[count++] = i;
		}
	}
	return count;
}

/* Those that only handed it on: their conditions have a say, too. */
size_t explain_handers(struct explain *it, const struct value *item, uint32_t *events, size_t most)
{
	size_t count = 0;

	for (uint32_t i = 0; i < it->trace->event_count && count < most; i++) {
		if (nearness_of(it, i, item) == HANDED_ON) {
			events[count++] = i;
		}
	}
	return count;
}
