#include "journal/writer.h"

#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/memory.h"
#include "journal/batch.h"
#include "journal/checkpoint.h"
#include "journal/files.h"
#include "journal/tile.h"
#include "journal/writer_parts.h"

/* ---- the tree grows ---- */

static bool add_file(struct journal_writer *writer, const struct journal_tile *tile,
	const void *bytes, size_t size, struct error *err)
{
	char path[JOURNAL_TILE_PATH_BYTES];

	journal_tile_path(tile, path);
	return journal_batch_add(writer->batch, path, bytes, size, err);
}

/* A tile that had partial ones in the last checkpoint leaves them behind. */
static void note_leftovers(struct journal_writer *writer, unsigned level, uint64_t index)
{
	unsigned tile_level = level == JOURNAL_TILE_LEVELS ? 0 : level;

	if (writer->is_signed && journal_tile_partial_width(tile_level, writer->last.size) > 0 &&
		journal_tile_full_count(tile_level, writer->last.size) == index) {
		writer->leftovers.is_there[level] = true;
		writer->leftovers.index[level] = index;
	}
}

static void on_tile(void *user, unsigned level, uint64_t index, const struct journal_hash *hashes)
{
	struct journal_writer *writer = user;
	struct journal_tile tile = { level, index, JOURNAL_TILE_HASHES };

	if (writer->is_dry || writer->is_failed) {
		return;
	}
	note_leftovers(writer, level, index);
	writer->is_failed = !add_file(
		writer, &tile, hashes, JOURNAL_TILE_HASHES * sizeof(*hashes), writer->failure);
}

bool journal_writer_add(
	struct journal_writer *writer, const void *leaf, size_t size, struct error *err)
{
	struct journal_hash hash;
	struct journal_tile tile = { JOURNAL_TILE_ENTRIES, 0, JOURNAL_TILE_HASHES };

	writer->is_failed = false;
	writer->failure = err;
	journal_hash_leaf(leaf, size, &hash);
	journal_frontier_add(writer->frontier, &hash, on_tile, writer);
	if (writer->is_failed) {
		return false;
	}
	journal_bundle_append(&writer->bundle, leaf, size);
	uint64_t count = journal_frontier_size(writer->frontier);

	if (count % JOURNAL_TILE_HASHES != 0) {
		return true;
	}
	tile.index = count / JOURNAL_TILE_HASHES - 1;
	if (!writer->is_dry) {
		note_leftovers(writer, JOURNAL_TILE_LEVELS, tile.index);
		if (!add_file(writer, &tile, writer->bundle.data, writer->bundle.size, err)) {
			return false;
		}
	}
	buf_clear(&writer->bundle);
	return true;
}

static bool on_row(void *user, const struct journal_row *row, struct error *err)
{
	struct journal_writer *writer = user;
	uint64_t expected = journal_frontier_size(writer->frontier);

	if (row->index != expected) {
		return error_set(err, ERROR_STORE,
			"the store answers entry %llu where %llu was asked for: entries are "
			"missing",
			(unsigned long long)row->index, (unsigned long long)expected);
	}
	if (row->leaf_size > JOURNAL_TILE_ENTRY_LIMIT) {
		return error_set(err, ERROR_STORE,
			"entry %llu of the store is too large (%zu bytes)",
			(unsigned long long)row->index, row->leaf_size);
	}
	return journal_writer_add(writer, row->leaf, row->leaf_size, err);
}

bool journal_writer_add_rows(struct journal_writer *writer, uint64_t end, struct error *err)
{
	uint64_t from = journal_frontier_size(writer->frontier);

	if (!writer->source.rows(
		    writer->source.user, from, end - from, false, on_row, writer, err)) {
		return false;
	}
	if (journal_frontier_size(writer->frontier) != end) {
		return error_set(err, ERROR_STORE, "the store ends at entry %llu, not at %llu",
			(unsigned long long)journal_frontier_size(writer->frontier),
			(unsigned long long)end);
	}
	return true;
}

bool journal_writer_add_partials(struct journal_writer *writer, struct error *err)
{
	uint64_t size = journal_frontier_size(writer->frontier);
	struct journal_tile tile = { JOURNAL_TILE_ENTRIES, journal_tile_full_count(0, size),
		journal_tile_partial_width(0, size) };

	if (tile.width > 0 &&
		!add_file(writer, &tile, writer->bundle.data, writer->bundle.size, err)) {
		return false;
	}
	for (unsigned level = 0; level < JOURNAL_TILE_LEVELS; level++) {
		size_t count;
		const struct journal_hash *hashes =
			journal_frontier_tile(writer->frontier, level, &count);

		tile = (struct journal_tile){ level, journal_tile_full_count(level, size),
			(unsigned)count };
		if (count > 0 && !add_file(writer, &tile, hashes, count * sizeof(*hashes), err)) {
			return false;
		}
	}
	return true;
}

/* ---- what became useless ---- */

struct sweep {
	struct journal_writer *writer;
	const char *folder;
};

static void remove_one(void *user, const char *name)
{
	const struct sweep *sweep = user;
	CLEANUP(memory_cleanup) char *path = journal_files_join(sweep->folder, name);

	sweep->writer->files->remove(sweep->writer->files->user, path);
}

/* Failing is harmless: the files are right, only useless. */
static void remove_partials(struct journal_writer *writer, unsigned level, uint64_t index)
{
	struct journal_tile tile = { level == JOURNAL_TILE_LEVELS ? JOURNAL_TILE_ENTRIES : level,
		index, 1 };
	char path[JOURNAL_TILE_PATH_BYTES];

	journal_tile_path(&tile, path);
	*strrchr(path, '/') = '\0';
	CLEANUP(memory_cleanup) char *folder = journal_files_join(writer->directory, path);
	struct sweep sweep = { writer, folder };

	if (writer->files->list(writer->files->user, folder, remove_one, &sweep) == 0) {
		writer->files->remove(writer->files->user, folder);
	}
}

static void sweep_leftovers(struct journal_writer *writer)
{
	for (unsigned level = 0; level <= JOURNAL_TILE_LEVELS; level++) {
		if (writer->garbage.is_there[level]) {
			remove_partials(writer, level, writer->garbage.index[level]);
		}
	}
	writer->garbage = writer->leftovers;
	writer->leftovers = (struct journal_leftovers){ 0 };
}

/* ---- signing ---- */

bool journal_writer_show(struct journal_writer *writer, struct error *err)
{
	if (!journal_files_replace(writer->files, writer->checkpoint_path, writer->note.data,
		    writer->note.size, 0644, err)) {
		return false;
	}
	writer->public_size = writer->last.size;
	return true;
}

static bool sign(struct journal_writer *writer, struct error *err)
{
	struct buf *note = &writer->note;
	struct journal_hash root;
	uint64_t size = journal_frontier_size(writer->frontier);

	journal_frontier_root(writer->frontier, &root);
	buf_clear(note);
	journal_checkpoint_sign(writer->key, size, &root, note);
	if (!journal_files_replace(
		    writer->files, writer->state_path, note->data, note->size, 0644, err)) {
		return false;
	}
	writer->last.size = size;
	writer->last.root = root;
	writer->is_signed = true;
	return true;
}

static bool do_round(struct journal_writer *writer, uint64_t end, struct error *err)
{
	return journal_writer_add_rows(writer, end, err) &&
	       journal_writer_add_partials(writer, err) &&
	       journal_batch_commit(writer->batch, err) && sign(writer, err) &&
	       journal_writer_show(writer, err);
}

bool journal_writer_publish(struct journal_writer *writer, bool *more, struct error *err)
{
	if (more != NULL) {
		*more = false;
	}
	if (!writer->is_loaded && !journal_writer_load(writer, err)) {
		return false;
	}
	if (!writer->source.size(writer->source.user, &writer->seen, err)) {
		return false;
	}
	if (writer->seen < writer->last.size) {
		return journal_writer_is_behind(writer, writer->last.size, err);
	}
	if (writer->is_signed && writer->seen == writer->last.size) {
		return true;
	}
	uint64_t end = writer->last.size + JOURNAL_ROUND;

	end = end < writer->seen ? end : writer->seen;
	writer->is_loaded = false;
	if (!do_round(writer, end, err)) {
		journal_batch_drop(writer->batch);
		return false;
	}
	writer->is_loaded = true;
	sweep_leftovers(writer);
	if (more != NULL) {
		*more = end < writer->seen;
	}
	return true;
}

/* ---- open and close ---- */

/* A directory belongs to one key for ever; verifiers keep what stands in log.vkey. */
static bool write_vkey(struct journal_writer *writer, struct error *err)
{
	CLEANUP(memory_cleanup) char *path = journal_files_join(writer->directory, "log.vkey");
	CLEANUP(buf_fini) struct buf vkey = { 0 };
	CLEANUP(buf_fini) struct buf existing = { 0 };
	bool found;

	journal_key_vkey(writer->key, &vkey);
	buf_append_char(&vkey, '\n');
	if (!journal_files_read(
		    writer->files, path, JOURNAL_CHECKPOINT_LIMIT, &existing, &found, err)) {
		return false;
	}
	if (!found) {
		return journal_files_replace(writer->files, path, vkey.data, vkey.size, 0644, err);
	}
	if (strcmp(buf_text(&existing), buf_text(&vkey)) != 0) {
		return error_set(err, ERROR_CONFIG,
			"%s is of another key than journal.origin '%s' has: a directory holds one "
			"log; choose a new journal.directory, or bring the old key back",
			path, journal_key_verifier(writer->key)->name);
	}
	return true;
}

static bool start(struct journal_writer *writer, struct error *err)
{
	if (!journal_files_make_folders(writer->files, writer->directory, err) ||
		!write_vkey(writer, err) || !journal_writer_load(writer, err)) {
		return false;
	}
	if (writer->is_signed) {
		return true;
	}
	return sign(writer, err) && journal_writer_show(writer, err);
}

struct journal_writer *journal_writer_open(
	const struct journal_writer_options *options, struct error *err)
{
	struct journal_writer *writer = must_calloc(1, sizeof(*writer));

	writer->directory = must_strdup(options->directory);
	writer->state_path = must_strdup(options->state_path);
	writer->checkpoint_path = journal_files_join(options->directory, "checkpoint");
	writer->key = options->key;
	writer->source = options->source;
	writer->files = options->files != NULL ? options->files : &JOURNAL_FILES_POSIX;
	writer->batch = journal_batch_new(writer->files, writer->directory);
	writer->frontier = journal_frontier_new();
	if (!start(writer, err)) {
		journal_writer_close(writer);
		return NULL;
	}
	return writer;
}

void journal_writer_close(struct journal_writer *writer)
{
	if (writer == NULL) {
		return;
	}
	journal_batch_free(writer->batch);
	journal_frontier_free(writer->frontier);
	buf_fini(&writer->bundle);
	buf_fini(&writer->note);
	memory_free(writer->directory);
	memory_free(writer->state_path);
	memory_free(writer->checkpoint_path);
	memory_free(writer);
}

uint64_t journal_writer_size(const struct journal_writer *writer)
{
	return writer->public_size;
}

uint64_t journal_writer_seen(const struct journal_writer *writer)
{
	return writer->seen;
}
