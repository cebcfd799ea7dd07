/*
 * compact: what a payload leaves out because it stands elsewhere, and how it is put back.
 *
 * | of the policy's input               | is left out when                | and stands in       |
 * instead          |
 * |-------------------------------------|---------------------------------|---------------------|------------------|
 * | before                              | an entry stored that document   | that entry          |
 * `before` beside  | | members.added[].user, removed[].user | the same                        |
 * that entry          | `user_entry`     | | a change's before and after         | they are found
 * at its path      | before and after    | the path alone   |
 *
 * A reference is {"entry": index, "with": {members that are no part of a stored document}}.
 *
 * Pure, reentrant.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct error;
struct journal_entry;
struct value;

/* The payload as a value. NULL: there is nothing to say. Shares what it is given. */
const struct value *journal_compact(struct arena *arena, const struct journal_entry *entry);

/*
 * The document that entry `index` stored, without JOURNAL_UNSTORED; in the arena. ERROR_NOT_FOUND:
 * that entry stored none, or it was erased.
 */
typedef bool journal_document_fn(void *user, struct arena *arena, uint64_t index,
	const struct value **document, struct error *err);

/*
 * The policy's input as it was, from a payload that has one. ERROR_IO: the payload does not have
 * the form that journal_compact() gives it. Else what `documents` says.
 */
bool journal_expand_input(struct arena *arena, const struct value *payload,
	journal_document_fn *documents, void *user, const struct value **input, struct error *err);

/* As much of that as needs no other entry: changes with their paths and what is at hand. NULL for
 * no input. */
const struct value *journal_expand_known(struct arena *arena, const struct value *payload);

/* A resource without JOURNAL_UNSTORED. */
const struct value *journal_without_unstored(struct arena *arena, const struct value *resource);
