/*
 * What nearly every builtin does with its arguments and for its result. All work is charged.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/builtin.h"
#include "policy/builtin_span.h"

/* True if the first `count` arguments are strings; else reports the first that is none. */
bool builtin_are_texts(
	struct policy_context *context, const struct value *const *args, size_t count);
/* True if the first two arguments are strings; reading them once is paid then. */
bool builtin_two_texts(struct policy_context *context, const struct value *const *args);
/* An argument that must be an integer of 64 bits; else reports it. */
bool builtin_int(struct policy_context *context, const struct value *const *args, size_t index,
	int64_t *result);
/* Reports "operand N must be ARRAY of TEXTs but got ARRAY containing NUMBER"; returns NULL. */
const struct value *builtin_item_error(struct policy_context *context,
	const struct value *const *args, size_t index, const struct value *item,
	const char *wanted);

const struct value *builtin_text(struct policy_context *context, const char *text, size_t size);
const struct value *builtin_span(struct policy_context *context, struct span span);
const struct value *builtin_number_text(
	struct policy_context *context, const char *text, size_t size);

/* Items collected without counting them first. { 0 } is empty; lives in the context's arena. */
struct builtin_list {
	const struct value **items;
	size_t count, room;
};
void builtin_list_add(
	struct policy_context *context, struct builtin_list *list, const struct value *item);
static inline const struct value *builtin_list_array(
	struct policy_context *context, const struct builtin_list *list)
{
	return policy_array(context, list->items, list->count);
}
static inline const struct value *builtin_list_set(
	struct policy_context *context, const struct builtin_list *list)
{
	return policy_set(context, list->items, list->count);
}

/* Members collected the same way; of equal keys the last stands. */
struct builtin_members {
	struct value_member *list;
	size_t count, room;
};
void builtin_members_add(struct policy_context *context, struct builtin_members *members,
	const struct value *key, const struct value *value);
static inline const struct value *builtin_members_object(
	struct policy_context *context, const struct builtin_members *members)
{
	return policy_object(context, members->list, members->count);
}

/* Which member of an object has that key; SIZE_MAX: none. */
size_t builtin_member_index(
	struct policy_context *context, const struct value *object, const struct value *key);

/* Appends to a buf of policy_buf(), charged. */
void builtin_append(struct policy_context *context, struct buf *buf, const char *text, size_t size);
