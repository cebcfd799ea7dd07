/*
 * resume: how a writer finds out where it was. The contract is writer.h's.
 *
 *     state_path, checkpoint ──▶ what was signed last (the larger of the two)
 *     tiles of that size     ──▶ frontier ──▶ root, which must be the signed one
 *     rows of the last tile  ──▶ the same hashes and the same bundle, byte for byte
 */
#include "journal/writer_parts.h"

#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/memory.h"
#include "journal/batch.h"
#include "journal/files.h"
#include "journal/folder.h"
#include "journal/tile.h"

bool journal_writer_is_behind(
	const struct journal_writer *writer, uint64_t signed_size, struct error *err)
{
	return error_set(err, ERROR_CONFIG,
		"the store has %llu entries, but %llu were signed under the origin %s: it is older "
		"than "
		"its log (a restored backup?). Nothing is signed until a newer store is back, or "
		"journal.origin, its key and journal.directory are new ones (like %s/2)",
		(unsigned long long)writer->seen, (unsigned long long)signed_size,
		writer->last.origin, writer->last.origin);
}

static bool contradiction(struct error *err, const char *what)
{
	return error_set(err, ERROR_CONFIG,
		"%s: the store or the log was changed after it was signed. Nothing is signed until "
		"the right one is back; `journal verify` says what is wrong",
		what);
}

/* ---- what was signed last ---- */

/* Fills *checkpoint and note, if the file is there. */
static bool read_note(struct journal_writer *writer, const char *path, struct buf *note,
	struct journal_checkpoint *checkpoint, bool *found, struct error *err)
{
	if (!journal_files_read(writer->files, path, JOURNAL_CHECKPOINT_LIMIT, note, found, err)) {
		return false;
	}
	if (*found && !journal_checkpoint_open(buf_text(note), note->size,
			      journal_key_verifier(writer->key), checkpoint, err)) {
		err->code = ERROR_CONFIG;
		return error_wrap(err, "%s", path);
	}
	return true;
}

static bool read_last(struct journal_writer *writer, struct error *err)
{
	CLEANUP(buf_fini) struct buf shown_note = { 0 };
	struct journal_checkpoint shown;
	struct error ignored = { 0 };
	bool is_shown;
	bool is_remembered;

	buf_clear(&writer->note);
	writer->public_size = 0;
	if (!read_note(writer, writer->state_path, &writer->note, &writer->last, &is_remembered,
		    err)) {
		return false;
	}
	/* A damaged public checkpoint is simply replaced by what we remember. */
	if (!read_note(writer, writer->checkpoint_path, &shown_note, &shown, &is_shown,
		    is_remembered ? &ignored : err)) {
		if (!is_remembered) {
			return false;
		}
		is_shown = false;
	}
	if (is_shown && is_remembered && shown.size == writer->last.size &&
		!journal_hash_equals(&shown.root, &writer->last.root)) {
		return contradiction(err, "two checkpoints of the same size differ");
	}
	if (is_shown && (!is_remembered || shown.size > writer->last.size)) {
		writer->last = shown;
		buf_clear(&writer->note);
		buf_append(&writer->note, shown_note.data, shown_note.size);
	}
	writer->is_signed = is_shown || is_remembered;
	writer->public_size = is_shown ? shown.size : 0;
	if (!writer->is_signed) {
		writer->last = (struct journal_checkpoint){ 0 };
	}
	return true;
}

/* ---- the tree of it ---- */

static struct journal_folder folder_of(const struct journal_writer *writer)
{
	return (struct journal_folder){ writer->files, writer->directory };
}

static bool load_level(
	struct journal_writer *writer, unsigned level, bool *found, struct error *err)
{
	CLEANUP(buf_fini) struct buf buf = { 0 };
	struct journal_hash hashes[JOURNAL_TILE_HASHES];
	struct journal_tile tile = { level, journal_tile_full_count(level, writer->last.size),
		journal_tile_partial_width(level, writer->last.size) };
	const struct journal_folder folder = folder_of(writer);
	bool is_longer;

	if (tile.width == 0) {
		return true;
	}
	if (!journal_folder_read(&folder, &tile, &buf, found, &is_longer, err)) {
		return false;
	}
	/* Of another size it is as good as missing: what is derived instead is held against it. */
	*found = *found && buf.size >= tile.width * sizeof(hashes[0]);
	if (*found) {
		memcpy(hashes, buf.data, tile.width * sizeof(hashes[0]));
		journal_frontier_set(writer->frontier, level, hashes, tile.width);
	}
	return true;
}

static bool load_tree(struct journal_writer *writer, bool *found, struct error *err)
{
	struct journal_hash root;

	journal_frontier_reset(writer->frontier, writer->last.size);
	*found = true;
	for (unsigned level = 0; level < JOURNAL_TILE_LEVELS && *found; level++) {
		if (!load_level(writer, level, found, err)) {
			return false;
		}
	}
	if (!*found) {
		return true;
	}
	journal_frontier_root(writer->frontier, &root);
	if (!journal_hash_equals(&root, &writer->last.root)) {
		return contradiction(err, "the newest tiles do not hash to the signed checkpoint");
	}
	return true;
}

/* ---- the last tile, derived again ---- */

struct tail {
	struct buf hashes;
	struct buf bundle;
	uint64_t next;
};

static void tail_fini(struct tail *tail)
{
	buf_fini(&tail->hashes);
	buf_fini(&tail->bundle);
}

static bool on_tail_row(void *user, const struct journal_row *row, struct error *err)
{
	struct tail *tail = user;
	struct journal_hash hash;

	if (row->index != tail->next || row->leaf_size > JOURNAL_TILE_ENTRY_LIMIT) {
		return error_set(err, ERROR_STORE,
			"entry %llu of the store is missing or too large",
			(unsigned long long)tail->next);
	}
	tail->next++;
	journal_hash_leaf(row->leaf, row->leaf_size, &hash);
	buf_append(&tail->hashes, &hash, sizeof(hash));
	journal_bundle_append(&tail->bundle, row->leaf, row->leaf_size);
	return true;
}

/* Is the file the same as what was derived? */
static bool compare_tile(struct journal_writer *writer, struct journal_tile tile,
	const struct buf *derived, bool *found, struct error *err)
{
	CLEANUP(buf_fini) struct buf buf = { 0 };
	char name[JOURNAL_TILE_PATH_BYTES];
	char what[JOURNAL_TILE_PATH_BYTES + 64];
	const struct journal_folder folder = folder_of(writer);
	bool is_longer;

	if (!journal_folder_read(&folder, &tile, &buf, found, &is_longer, err)) {
		return false;
	}
	if (!*found) {
		return true;
	}
	if ((is_longer ? buf.size >= derived->size : buf.size == derived->size) &&
		memcmp(buf_text(&buf), derived->data, derived->size) == 0) {
		return true;
	}
	journal_tile_path(&tile, name);
	snprintf(what, sizeof(what), "%s is not what the store's entries give", name);
	return contradiction(err, what);
}

static bool check_tail(struct journal_writer *writer, bool *found, struct error *err)
{
	CLEANUP(tail_fini) struct tail tail = { .next = 0 };
	uint64_t last = writer->last.size - 1;
	struct journal_tile tile = { 0, last / JOURNAL_TILE_HASHES,
		(unsigned)(last % JOURNAL_TILE_HASHES) + 1 };
	struct journal_tile bundle = { JOURNAL_TILE_ENTRIES, tile.index, tile.width };

	tail.next = tile.index * JOURNAL_TILE_HASHES;
	if (!writer->source.rows(
		    writer->source.user, tail.next, tile.width, false, on_tail_row, &tail, err)) {
		return false;
	}
	if (tail.next != writer->last.size) {
		return error_set(err, ERROR_STORE, "the store ends at entry %llu, not at %llu",
			(unsigned long long)tail.next, (unsigned long long)writer->last.size);
	}
	if (!compare_tile(writer, tile, &tail.hashes, found, err)) {
		return false;
	}
	if (*found && !compare_tile(writer, bundle, &tail.bundle, found, err)) {
		return false;
	}
	if (*found && tile.width < JOURNAL_TILE_HASHES) {
		buf_append(&writer->bundle, tail.bundle.data, tail.bundle.size);
	}
	return true;
}

/* ---- all of it, derived again ---- */

static void restart(struct journal_writer *writer)
{
	journal_frontier_reset(writer->frontier, 0);
	buf_clear(&writer->bundle);
}

/* First only the root: files of a wrong tree must not come into being. */
static bool rebuild(struct journal_writer *writer, struct error *err)
{
	struct journal_hash root;
	uint64_t size = writer->last.size;

	restart(writer);
	writer->is_dry = true;
	bool ok = journal_writer_add_rows(writer, size, err);

	writer->is_dry = false;
	if (!ok) {
		return false;
	}
	journal_frontier_root(writer->frontier, &root);
	if (!journal_hash_equals(&root, &writer->last.root)) {
		return contradiction(err, "tiles are missing, and the store's entries do not hash "
					  "to the signed checkpoint");
	}
	restart(writer);
	while (journal_frontier_size(writer->frontier) < size) {
		uint64_t end = journal_frontier_size(writer->frontier) + JOURNAL_ROUND;

		if (!journal_writer_add_rows(writer, end < size ? end : size, err) ||
			(end >= size && !journal_writer_add_partials(writer, err)) ||
			!journal_batch_commit(writer->batch, err)) {
			journal_batch_drop(writer->batch);
			return false;
		}
	}
	return true;
}

static bool load_signed(struct journal_writer *writer, struct error *err)
{
	bool found;

	if (!writer->source.size(writer->source.user, &writer->seen, err)) {
		return false;
	}
	if (writer->seen < writer->last.size) {
		return journal_writer_is_behind(writer, writer->last.size, err);
	}
	if (!load_tree(writer, &found, err)) {
		return false;
	}
	if (found && writer->last.size > 0 && !check_tail(writer, &found, err)) {
		return false;
	}
	return found || rebuild(writer, err);
}

/* A run that died may have left partial tiles of full ones; the next round but one removes them. */
static void note_leftovers(struct journal_writer *writer)
{
	writer->leftovers = (struct journal_leftovers){ 0 };
	for (unsigned level = 0; level <= JOURNAL_TILE_LEVELS; level++) {
		uint64_t full = journal_tile_full_count(
			level == JOURNAL_TILE_LEVELS ? 0 : level, writer->last.size);

		if (full > 0) {
			writer->leftovers.is_there[level] = true;
			writer->leftovers.index[level] = full - 1;
		}
	}
}

bool journal_writer_load(struct journal_writer *writer, struct error *err)
{
	restart(writer);
	if (!read_last(writer, err)) {
		return false;
	}
	if (writer->is_signed) {
		if (!load_signed(writer, err)) {
			return false;
		}
		if (!journal_files_replace(writer->files, writer->state_path, writer->note.data,
			    writer->note.size, 0644, err) ||
			!journal_writer_show(writer, err)) {
			return false;
		}
	}
	note_leftovers(writer);
	writer->is_loaded = true;
	return true;
}
