/*
 * Intrusive doubly linked list: no allocation, removal in place. A struct that stands in a list
 * holds a list_node.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list_node {
	struct list_node *previous;
	struct list_node *next;
};

struct list {
	struct list_node head; /* circular */
};

static inline void list_init(struct list *list)
{
	list->head.previous = list->head.next = &list->head;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->head.next == &list->head;
}

static inline void list_push(struct list *list, struct list_node *node) /* at the end */
{
	node->previous = list->head.previous;
	node->next = &list->head;
	node->previous->next = node;
	list->head.previous = node;
}

static inline void list_remove(struct list_node *node)
{
	node->previous->next = node->next;
	node->next->previous = node->previous;
	node->previous = node->next = NULL;
}

/* NULL: empty. */
static inline struct list_node *list_pop(struct list *list)
{
	struct list_node *node = list->head.next;

	if (node == &list->head) {
		return NULL;
	}
	list_remove(node);
	return node;
}

#define LIST_ITEM(node, type, member) ((type *)((char *)(node)-offsetof(type, member)))
