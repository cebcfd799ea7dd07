#include "gateway/past_decision.h"

#include "base/error.h"
#include "base/value.h"
#include "journal/query.h"
#include "journal/source.h"
#include "store/read.h"
#include "store/store.h"

/* Whoever asks for a delivery means the decision it came from. */
static bool no_decision(const struct past_decision *past, struct error *err)
{
	int64_t decision = value_find_int(past->record.leaf, "decision", -1);
	unsigned long long index = (unsigned long long)past->index;

	if (decision >= 0) {
		return error_set(err, ERROR_REQUEST,
			"entry %llu is of the kind %s; the decision behind it is entry %lld", index,
			journal_kind_name(past->record.kind), (long long)decision);
	}
	return error_set(err, ERROR_REQUEST,
		"entry %llu is of the kind %s, and no decision; `scimward journal tail --filter "
		"'kind eq \"decision\"'` lists those",
		index, journal_kind_name(past->record.kind));
}

static bool no_entry(
	const struct journal_source *source, struct past_decision *past, struct error *err)
{
	uint64_t size;

	if (err->code == ERROR_NOT_FOUND && source->size(source->user, &size, err)) {
		*err = (struct error){ 0 };
		return error_set(err, ERROR_NOT_FOUND,
			"there is no entry %llu: the journal has %llu, counted from 0",
			(unsigned long long)past->index, (unsigned long long)size);
	}
	return false;
}

static bool read_entry(const struct journal_source *source, struct arena *arena,
	struct past_decision *past, struct error *err)
{
	if (!journal_get(source, arena, past->index, &past->record, err)) {
		return no_entry(source, past, err);
	}
	if (past->record.kind != JOURNAL_DECISION) {
		return no_decision(past, err);
	}
	if (!journal_resolve_input(source, arena, &past->record, &past->input, err)) {
		return error_wrap(err, "entry %llu: what it decided about is not there any more",
			(unsigned long long)past->index);
	}
	past->revision = value_find_text(past->record.leaf, "revision");
	return true;
}

bool past_decision_read(struct arena *arena, const char *store_path, uint64_t index,
	struct past_decision *past, struct error *err)
{
	struct store *store =
		store_open(&(struct store_options){ .path = store_path, .read_only = true }, err);
	struct store_reader *reader = store != NULL ? store_reader_open(store, err) : NULL;
	struct journal_source source;
	bool ok = false;

	*past = (struct past_decision){ .index = index };
	if (reader != NULL) {
		source = journal_source_of_store(reader);
		ok = read_entry(&source, arena, past, err);
	}
	store_reader_close(reader);
	store_close(store);
	return ok;
}
