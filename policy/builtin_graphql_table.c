/*
 * Lists, tables and look-ups by name that GraphQL's rules need.
 */
#include <stdarg.h>
#include <stdio.h>
#include "policy/builtin_graphql.h"
#include "policy/worker.h"

bool graphql_fail(struct graphql *graphql, const char *format, ...)
{
	va_list args;

	if (!graphql->failed) {
		graphql->failed = true;
		va_start(args, format);
		vsnprintf(graphql->error, sizeof(graphql->error), format, args);
		va_end(args);
	}
	return false;
}

void graphql_enter(struct graphql *graphql)
{
	policy_charge(graphql->context, 1);
	if (++graphql->depth > GRAPHQL_DEPTH) {
		policy_leave(policy_worker_of(graphql->context), POLICY_FAILURE_BUDGET,
			"a GraphQL document is nested more than %d deep", GRAPHQL_DEPTH);
	}
}

void graphql_add(struct graphql *graphql, struct graphql_list *list, void *item)
{
	policy_charge(graphql->context, 1);
	if (list->count == list->room) {
		size_t room = list->room > 0 ? list->room * 2 : 4;
		void **items = policy_alloc_array(graphql->context, room, sizeof(*items));
		if (list->count > 0) {
			memcpy(items, list->items, list->count * sizeof(*items));
		}
		list->items = items;
		list->room = room;
	}
	list->items[list->count++] = item;
}

void graphql_add_all(
	struct graphql *graphql, struct graphql_list *list, const struct graphql_list *more)
{
	for (size_t i = 0; i < more->count; i++) {
		graphql_add(graphql, list, more->items[i]);
	}
}

bool graphql_is(const struct value *text, const char *word)
{
	return value_size(text) == strlen(word) &&
	       memcmp(value_text(text), word, strlen(word)) == 0;
}

const struct graphql_argument *graphql_find_argument(
	struct graphql *graphql, const struct graphql_list *list, const struct value *name)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct graphql_argument *argument = list->items[i];
		policy_charge(graphql->context, 1);
		if (graphql_same(argument->name, name)) {
			return argument;
		}
	}
	return NULL;
}

const struct graphql_field *graphql_find_field(
	struct graphql *graphql, const struct graphql_list *list, const struct value *name)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct graphql_field *field = list->items[i];
		policy_charge(graphql->context, 1);
		if (graphql_same(field->name, name)) {
			return field;
		}
	}
	return NULL;
}

bool graphql_has_text(
	struct graphql *graphql, const struct graphql_list *list, const struct value *text)
{
	for (size_t i = 0; i < list->count; i++) {
		policy_charge(graphql->context, 1);
		if (graphql_same(list->items[i], text)) {
			return true;
		}
	}
	return false;
}

/* ---- tables: open addressing, half empty at least ---- */

struct slot {
	const struct value *name; /* NULL: free */
	void *item;
};

struct graphql_table {
	struct slot *slots;
	size_t count, room; /* room is a power of two */
};

#define TABLE_ROOM 16

static struct slot *find_slot(const struct graphql_table *table, const struct value *name)
{
	size_t at = (size_t)value_hash(name) & (table->room - 1);

	while (table->slots[at].name != NULL && !graphql_same(table->slots[at].name, name)) {
		at = (at + 1) & (table->room - 1);
	}
	return &table->slots[at];
}

static struct slot *new_slots(struct graphql *graphql, size_t room)
{
	struct slot *slots = policy_alloc_array(graphql->context, room, sizeof(*slots));

	memset(slots, 0, room * sizeof(*slots));
	return slots;
}

struct graphql_table *graphql_table_new(struct graphql *graphql)
{
	struct graphql_table *table = policy_alloc(graphql->context, sizeof(*table));

	*table = (struct graphql_table){ new_slots(graphql, TABLE_ROOM), 0, TABLE_ROOM };
	return table;
}

void *graphql_table_get(const struct graphql_table *table, const struct value *name)
{
	return find_slot(table, name)->item;
}

void graphql_table_set(
	struct graphql *graphql, struct graphql_table *table, const struct value *name, void *item)
{
	policy_charge(graphql->context, 2);
	if (2 * (table->count + 1) > table->room) {
		struct graphql_table larger = { new_slots(graphql, table->room * 2), table->count,
			table->room * 2 };
		for (size_t i = 0; i < table->room; i++) {
			if (table->slots[i].name != NULL) {
				*find_slot(&larger, table->slots[i].name) = table->slots[i];
			}
		}
		*table = larger;
	}
	struct slot *slot = find_slot(table, name);
	table->count += slot->name == NULL;
	*slot = (struct slot){ name, item };
}
