#include "journal/query.h"

#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "base/value.h"
#include "journal/compact.h"

/* ---- cursors ---- */

bool journal_cursor_tail(struct journal_cursor *cursor, uint64_t count, struct error *err)
{
	const struct journal_source *source = cursor->source;
	uint64_t size;

	if (!source->size(source->user, &size, err)) {
		return false;
	}
	cursor->next = count < size ? size - count : 0;
	return true;
}

struct reading {
	struct journal_cursor *cursor;
	struct arena *arena;
	journal_record_fn *fn;
	void *user;
	size_t count;
};

static bool on_row(void *user, const struct journal_row *row, struct error *err)
{
	struct reading *reading = user;
	struct journal_record record;

	arena_reset(reading->arena);
	if (!journal_entry_read(reading->arena, row->index, row->leaf, row->leaf_size, row->payload,
		    row->payload_size, &record, err)) {
		return error_wrap(err, "entry %llu", (unsigned long long)row->index);
	}
	record.erased = record.erased && reading->cursor->payloads; /* else it was not asked for */
	reading->cursor->next = row->index + 1;
	reading->count++;
	return reading->fn(reading->user, reading->arena, &record);
}

bool journal_cursor_read(struct journal_cursor *cursor, struct arena *arena, size_t limit,
	journal_record_fn *fn, void *user, size_t *read, struct error *err)
{
	const struct journal_source *source = cursor->source;
	struct reading reading = { cursor, arena, fn, user, 0 };
	uint64_t end;

	if (read != NULL) {
		*read = 0;
	}
	if (!source->size(source->user, &end, err)) {
		return false;
	}
	end = cursor->end < end ? cursor->end : end;
	if (cursor->next >= end) {
		return true;
	}
	uint64_t count = end - cursor->next;

	if (limit != 0 && limit < count) {
		count = limit;
	}
	bool ok = source->rows(
		source->user, cursor->next, count, cursor->payloads, on_row, &reading, err);

	if (read != NULL) {
		*read = reading.count;
	}
	return ok;
}

/* ---- one entry ---- */

struct getting {
	struct arena *arena;
	struct journal_record *record;
	bool found;
};

static bool on_wanted(void *user, const struct journal_row *row, struct error *err)
{
	struct getting *getting = user;

	getting->found = true;
	return journal_entry_read(getting->arena, row->index, row->leaf, row->leaf_size,
		       row->payload, row->payload_size, getting->record, err) ||
	       error_wrap(err, "entry %llu", (unsigned long long)row->index);
}

bool journal_get(const struct journal_source *source, struct arena *arena, uint64_t index,
	struct journal_record *record, struct error *err)
{
	struct getting getting = { arena, record, false };
	uint64_t size;

	if (!source->size(source->user, &size, err)) {
		return false;
	}
	if (index < size && !source->rows(source->user, index, 1, true, on_wanted, &getting, err)) {
		return false;
	}
	if (!getting.found) {
		return error_set(err, ERROR_NOT_FOUND,
			"there is no entry %llu: the journal has %llu, counted from 0",
			(unsigned long long)index, (unsigned long long)size);
	}
	return true;
}

/* ---- what a record means ---- */

const struct value *journal_view(struct arena *arena, const struct journal_record *record)
{
	static const char *const members[] = { "before", "detail", "output", "stored", "subject" };
	struct value_builder builder = { .arena = arena };
	const struct value *input = journal_expand_known(arena, record->payload);

	for (size_t i = 0; i < value_count(record->leaf); i++) {
		const struct value_member *member = value_member_at(record->leaf, i);

		value_add_key(&builder, member->key, member->value);
	}
	value_add_int(&builder, "index", (int64_t)record->index);
	value_add(&builder, "input", input);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		value_add(&builder, members[i], value_find(record->payload, members[i]));
	}
	if (value_find(record->payload, "subject") == NULL) {
		value_add(&builder, "subject", value_find(input, "after"));
	}
	return value_finish_object(&builder);
}

const struct value *journal_stored_document(
	struct arena *arena, const struct journal_record *record)
{
	const char *effect = value_find_text(record->leaf, "effect");
	const struct value *document = value_find(record->payload, "stored");

	if (effect == NULL || strcmp(effect, "allow") != 0 ||
		value_find_bool(record->leaf, "noop", false)) {
		return NULL;
	}
	if (document == NULL) {
		document = value_find(value_find(record->payload, "input"), "after");
	}
	return value_is(document, VALUE_OBJECT) ? journal_without_unstored(arena, document) : NULL;
}

static bool find_document(void *user, struct arena *arena, uint64_t index,
	const struct value **document, struct error *err)
{
	struct journal_record record = { 0 };

	if (!journal_get(user, arena, index, &record, err)) {
		return false;
	}
	*document = journal_stored_document(arena, &record);
	if (*document == NULL) {
		return error_set(err, ERROR_NOT_FOUND,
			record.erased ? "it was erased" : "it stored no document");
	}
	return true;
}

bool journal_resolve_input(const struct journal_source *source, struct arena *arena,
	const struct journal_record *record, const struct value **input, struct error *err)
{
	if (record->payload == NULL || value_find(record->payload, "input") == NULL) {
		return error_set(err, ERROR_NOT_FOUND, "entry %llu %s",
			(unsigned long long)record->index,
			record->erased ? "was erased" : "has no input of a policy");
	}
	return journal_expand_input(arena, record->payload, find_document,
		       (void *)(uintptr_t)source, input, err) ||
	       error_wrap(err, "entry %llu", (unsigned long long)record->index);
}
