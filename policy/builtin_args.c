#include "policy/builtin_args.h"

#include <string.h>
#include "base/buf.h"

bool builtin_are_texts(
	struct policy_context *context, const struct value *const *args, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!builtin_is(context, args, i, VALUE_STRING)) {
			return false;
		}
	}
	return true;
}

bool builtin_two_texts(struct policy_context *context, const struct value *const *args)
{
	if (!builtin_are_texts(context, args, 2)) {
		return false;
	}
	policy_charge_text(context, value_size(args[0]) + value_size(args[1]));
	return true;
}

bool builtin_int(struct policy_context *context, const struct value *const *args, size_t index,
	int64_t *result)
{
	if (!builtin_is(context, args, index, VALUE_NUMBER)) {
		return false;
	}
	if (!value_int(args[index], result)) {
		builtin_error(context,
			"operand %zu must be integer number but got floating-point number",
			index + 1);
		return false;
	}
	return true;
}

const struct value *builtin_item_error(struct policy_context *context,
	const struct value *const *args, size_t index, const struct value *item, const char *wanted)
{
	const char *container = value_type_name(value_type(args[index]));

	return builtin_error(context, "operand %zu must be %s of %ss but got %s containing %s",
		index + 1, container, wanted, container, value_type_name(value_type(item)));
}

const struct value *builtin_text(struct policy_context *context, const char *text, size_t size)
{
	policy_charge_text(context, size);
	policy_charge_bytes(context, size + 32);
	return value_of_text_n(context->arena, text, size);
}

const struct value *builtin_span(struct policy_context *context, struct span span)
{
	return builtin_text(context, span.at, span.size);
}

const struct value *builtin_number_text(
	struct policy_context *context, const char *text, size_t size)
{
	const struct value *number;

	policy_charge_text(context, size);
	policy_charge_bytes(context, size + 64);
	if (!value_of_number(context->arena, text, size, &number)) {
		return builtin_error(context, "the number has too many digits");
	}
	return number;
}

/* Room for one item more. */
static void *grown(
	struct policy_context *context, void *old, size_t count, size_t *room, size_t bytes)
{
	if (count < *room) {
		return old;
	}
	*room = *room == 0 ? 8 : *room * 2;
	void *list = policy_alloc_array(context, *room, bytes);
	if (count > 0) {
		memcpy(list, old, count * bytes);
	}
	return list;
}

void builtin_list_add(
	struct policy_context *context, struct builtin_list *list, const struct value *item)
{
	policy_charge(context, 1);
	list->items = grown(context, list->items, list->count, &list->room, sizeof(*list->items));
	list->items[list->count++] = item;
}

void builtin_members_add(struct policy_context *context, struct builtin_members *members,
	const struct value *key, const struct value *value)
{
	policy_charge(context, 1);
	members->list = grown(
		context, members->list, members->count, &members->room, sizeof(*members->list));
	members->list[members->count++] = (struct value_member){ .key = key, .value = value };
}

size_t builtin_member_index(
	struct policy_context *context, const struct value *object, const struct value *key)
{
	size_t low = 0;
	size_t high = value_count(object);

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = policy_compare(context, key, value_member_at(object, middle)->key);
		if (order == 0) {
			return middle;
		}
		if (order < 0) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return SIZE_MAX;
}

void builtin_append(struct policy_context *context, struct buf *buf, const char *text, size_t size)
{
	policy_charge_text(context, size);
	policy_charge_bytes(context, 2 * (buf->size + size)); /* and the copy that it becomes */
	buf_append(buf, text, size);
}
