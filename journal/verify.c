#include "journal/verify.h"

#include <stdarg.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/memory.h"
#include "journal/entry.h"
#include "journal/files.h"
#include "journal/folder.h"
#include "journal/tile.h"

#define TILE JOURNAL_TILE_HASHES
#define PROGRESS_TILES 16 /* of 256 entries */

struct verify {
	const struct journal_verify_options *options;
	const struct journal_files *files;
	struct journal_verify_report *report;
	struct journal_frontier *frontier; /* what the entries give */
	struct arena *arena;
	struct buf file;

	/* ---- the tile of entries at hand ---- */
	uint64_t first; /* its first entry */
	unsigned width;
	char bundle_path[JOURNAL_TILE_PATH_BYTES];
	char tile_path[JOURNAL_TILE_PATH_BYTES];
	struct journal_hash tile[TILE];   /* as tile/0/… has them */
	struct journal_hash bundle[TILE]; /* as the bundle's entries give them */
	struct journal_hash rows[TILE];   /* as the store's leaves give them */
	uint64_t next_row;
};

/* ---- failures ---- */

/*
 * Two kinds: a bad thing (the report says it; err stays empty), and a check that could not be made.
 * Both are false, so that they end the walk alike.
 */
__attribute__((format(printf, 2, 3))) static bool bad(struct verify *it, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(it->report->problem, sizeof(it->report->problem), format, arguments);
	va_end(arguments);
	return false;
}

static bool is_bad(const struct verify *it)
{
	return it->report->problem[0] != '\0';
}

/* Reads a file of the log into it->file. A missing one is bad. */
static bool load(struct verify *it, const char *name, size_t limit, struct error *err)
{
	CLEANUP(memory_cleanup) char *path = journal_files_join(it->options->directory, name);
	bool found;

	buf_clear(&it->file);
	if (!journal_files_read(it->files, path, limit, &it->file, &found, err)) {
		return false;
	}
	return found || bad(it, "%s is missing", name);
}

/* Full or partial, with the first `width` hashes or entries; *is_longer: and more. */
static bool load_tile(struct verify *it, const struct journal_tile *tile, const char *path,
	bool *is_longer, struct error *err)
{
	const struct journal_folder folder = { it->files, it->options->directory };
	bool found;

	buf_clear(&it->file);
	if (!journal_folder_read(&folder, tile, &it->file, &found, is_longer, err)) {
		return false;
	}
	return found || bad(it, "%s is missing", path);
}

/* ---- the checkpoint ---- */

static bool load_key(struct verify *it, struct journal_verifier *verifier, struct error *err)
{
	const char *vkey = it->options->vkey;

	if (vkey != NULL) {
		return journal_verifier_parse(vkey, strlen(vkey), verifier, err);
	}
	if (!load(it, "log.vkey", JOURNAL_CHECKPOINT_LIMIT, err)) {
		return false;
	}
	return journal_verifier_parse(buf_text(&it->file), it->file.size, verifier, err) ||
	       error_wrap(err, "log.vkey");
}

static bool load_checkpoint(
	struct verify *it, const struct journal_verifier *verifier, struct error *err)
{
	struct error cause = { 0 };

	if (!load(it, "checkpoint", JOURNAL_CHECKPOINT_LIMIT, err)) {
		return false;
	}
	if (!journal_checkpoint_open(buf_text(&it->file), it->file.size, verifier,
		    &it->report->checkpoint, &cause)) {
		return bad(it, "checkpoint: %s", cause.text);
	}
	return true;
}

/* What was signed last, as the writer remembers it. Without that: the checkpoint. */
static bool check_state(struct verify *it, const struct journal_verifier *verifier,
	uint64_t *signed_size, struct error *err)
{
	const struct journal_checkpoint *shown = &it->report->checkpoint;
	const char *path = it->options->state_path;
	struct journal_checkpoint last;
	struct error cause = { 0 };
	bool found;

	*signed_size = shown->size;
	if (path == NULL) {
		return true;
	}
	buf_clear(&it->file);
	if (!journal_files_read(
		    it->files, path, JOURNAL_CHECKPOINT_LIMIT, &it->file, &found, err)) {
		return false;
	}
	if (!found) {
		return bad(it, "%s is missing: it remembers what was signed", path);
	}
	if (!journal_checkpoint_open(buf_text(&it->file), it->file.size, verifier, &last, &cause)) {
		return bad(it, "%s: %s", path, cause.text);
	}
	if (last.size < shown->size ||
		(last.size == shown->size && !journal_hash_equals(&last.root, &shown->root))) {
		return bad(it, "checkpoint: it is not the one that %s remembers", path);
	}
	*signed_size = last.size;
	return true;
}

static bool check_row_count(struct verify *it, uint64_t signed_size, struct error *err)
{
	const struct journal_source *source = it->options->source;

	if (source == NULL) {
		return true;
	}
	if (!source->size(source->user, &it->report->rows, err)) {
		return false;
	}
	return it->report->rows >= signed_size ||
	       bad(it, "store: it has %llu entries, but %llu were signed",
		       (unsigned long long)it->report->rows, (unsigned long long)signed_size);
}

/* ---- tiles of hashes ---- */

static bool load_hashes(
	struct verify *it, const struct journal_tile *tile, const char *path, struct error *err)
{
	bool is_longer;

	if (!load_tile(it, tile, path, &is_longer, err)) {
		return false;
	}
	size_t expected = (is_longer ? TILE : tile->width) * sizeof(struct journal_hash);

	return it->file.size == expected ||
	       bad(it, "%s: it has %zu bytes instead of %zu", path, it->file.size, expected);
}

/* Full or partial, against what was computed. */
static bool check_tile(struct verify *it, const struct journal_tile *tile,
	const struct journal_hash *hashes, struct error *err)
{
	struct journal_hash found;
	char path[JOURNAL_TILE_PATH_BYTES];

	journal_tile_path(tile, path);
	if (!load_hashes(it, tile, path, err)) {
		return false;
	}
	for (unsigned i = 0; i < tile->width; i++) {
		memcpy(&found, it->file.data + i * sizeof(found), sizeof(found));
		if (!journal_hash_equals(&found, &hashes[i])) {
			return bad(it, "%s: hash %u is not the one that the tiles below give", path,
				i);
		}
	}
	return true;
}

struct on_full {
	struct verify *verify;
	struct error *err;
	bool failed;
};

/* Level 0 was held against the entries already. */
static void on_full_tile(
	void *user, unsigned level, uint64_t index, const struct journal_hash *hashes)
{
	struct on_full *full = user;
	struct journal_tile tile = { level, index, TILE };

	if (level > 0 && !full->failed) {
		full->failed = !check_tile(full->verify, &tile, hashes, full->err);
	}
}

/* ---- one tile of entries: three copies ---- */

static bool load_tile_hashes(struct verify *it, const struct journal_tile *tile, struct error *err)
{
	journal_tile_path(tile, it->tile_path);
	if (!load_hashes(it, tile, it->tile_path, err)) {
		return false;
	}
	memcpy(it->tile, it->file.data, it->width * sizeof(it->tile[0]));
	return true;
}

static bool load_bundle(struct verify *it, struct journal_tile tile, struct error *err)
{
	size_t offset = 0;
	bool is_longer;

	tile.level = JOURNAL_TILE_ENTRIES;
	journal_tile_path(&tile, it->bundle_path);
	if (!load_tile(it, &tile, it->bundle_path, &is_longer, err)) {
		return false;
	}
	for (unsigned i = 0; i < it->width; i++) {
		const uint8_t *entry;
		size_t size;

		if (!journal_bundle_next((const uint8_t *)buf_text(&it->file), it->file.size,
			    &offset, &entry, &size)) {
			return bad(it, "%s: it ends within entry %llu", it->bundle_path,
				(unsigned long long)(it->first + i));
		}
		journal_hash_leaf(entry, size, &it->bundle[i]);
	}
	if (!is_longer && offset != it->file.size) {
		return bad(it, "%s: there are bytes behind its last entry", it->bundle_path);
	}
	return true;
}

/* Leaf and payload of a row belong together. */
static bool check_row(struct verify *it, const struct journal_row *row)
{
	struct error cause = { 0 };
	bool commits;

	arena_reset(it->arena);
	if (!journal_entry_check(it->arena, row->leaf, row->leaf_size, row->payload,
		    row->payload_size, &commits, &cause)) {
		return bad(it, "store: entry %llu: %s", (unsigned long long)row->index, cause.text);
	}
	it->report->payloads += row->payload != NULL;
	it->report->erased += commits && row->payload == NULL;
	return true;
}

static bool on_row(void *user, const struct journal_row *row, struct error *err)
{
	struct verify *it = user;
	(void)err;

	if (row->index != it->next_row) {
		return bad(it, "store: entry %llu is missing", (unsigned long long)it->next_row);
	}
	journal_hash_leaf(row->leaf, row->leaf_size, &it->rows[row->index - it->first]);
	it->next_row++;
	return check_row(it, row);
}

static bool load_rows(struct verify *it, struct error *err)
{
	const struct journal_source *source = it->options->source;

	it->next_row = it->first;
	if (!source->rows(source->user, it->first, it->width, true, on_row, it, err)) {
		return false;
	}
	if (!is_bad(it) && it->next_row != it->first + it->width) {
		return bad(it, "store: entry %llu is missing", (unsigned long long)it->next_row);
	}
	return !is_bad(it);
}

/* Which of the three is the odd one? Without a store only that two differ. */
static bool compare_entry(struct verify *it, unsigned i)
{
	unsigned long long entry = it->first + i;
	bool bundle_is_tile = journal_hash_equals(&it->bundle[i], &it->tile[i]);

	if (it->options->source == NULL) {
		return bundle_is_tile || bad(it, "%s: entry %llu is not the one that %s has",
						 it->bundle_path, entry, it->tile_path);
	}
	bool row_is_tile = journal_hash_equals(&it->rows[i], &it->tile[i]);
	bool row_is_bundle = journal_hash_equals(&it->rows[i], &it->bundle[i]);

	if (bundle_is_tile && row_is_tile) {
		return true;
	}
	if (bundle_is_tile) {
		return bad(it, "store: the leaf of entry %llu is not the one that %s and %s have",
			entry, it->bundle_path, it->tile_path);
	}
	if (row_is_tile) {
		return bad(it, "%s: entry %llu is not the one that %s and the store have",
			it->bundle_path, entry, it->tile_path);
	}
	if (row_is_bundle) {
		return bad(it, "%s: the hash of entry %llu is not that of %s and the store",
			it->tile_path, entry, it->bundle_path);
	}
	return bad(it, "entry %llu: %s, %s and the store have three different ones", entry,
		it->tile_path, it->bundle_path);
}

static bool add_entries(struct verify *it, struct error *err)
{
	struct on_full full = { it, err, false };

	for (unsigned i = 0; i < it->width; i++) {
		if (!compare_entry(it, i)) {
			return false;
		}
		journal_frontier_add(it->frontier, &it->tile[i], on_full_tile, &full);
		if (full.failed) {
			return false;
		}
		it->report->entries++;
	}
	return true;
}

static bool check_entries(struct verify *it, struct error *err)
{
	uint64_t left = it->report->checkpoint.size - it->first;
	struct journal_tile tile = { 0, it->first / TILE, left < TILE ? (unsigned)left : TILE };

	it->width = tile.width;
	return load_tile_hashes(it, &tile, err) && load_bundle(it, tile, err) &&
	       (it->options->source == NULL || load_rows(it, err)) && add_entries(it, err);
}

/* ---- the whole log ---- */

static bool tell_progress(const struct verify *it, uint64_t done, struct error *err)
{
	const struct journal_verify_options *options = it->options;
	uint64_t size = it->report->checkpoint.size;
	uint64_t total = size < it->report->rows ? it->report->rows : size;

	if (options->on_progress == NULL || done % (PROGRESS_TILES * TILE) != 0 ||
		options->on_progress(options->user, done, total)) {
		return true;
	}
	return error_set(
		err, ERROR_TIMEOUT, "stopped after %llu entries", (unsigned long long)done);
}

static bool check_log(struct verify *it, struct error *err)
{
	const struct journal_checkpoint *checkpoint = &it->report->checkpoint;
	struct journal_hash root;

	for (it->first = 0; it->first < checkpoint->size; it->first += TILE) {
		if (!tell_progress(it, it->first, err) || !check_entries(it, err)) {
			return false;
		}
	}
	for (unsigned level = 1; level < JOURNAL_TILE_LEVELS; level++) {
		size_t count;
		const struct journal_hash *hashes =
			journal_frontier_tile(it->frontier, level, &count);
		struct journal_tile tile = { level,
			journal_tile_full_count(level, checkpoint->size), (unsigned)count };

		if (count > 0 && !check_tile(it, &tile, hashes, err)) {
			return false;
		}
	}
	journal_frontier_root(it->frontier, &root);
	if (!journal_hash_equals(&root, &checkpoint->root)) {
		return bad(it,
			"checkpoint: its root hash is not that of the %llu entries: they were "
			"all replaced after it was signed",
			(unsigned long long)checkpoint->size);
	}
	return true;
}

static bool on_unpublished(void *user, const struct journal_row *row, struct error *err)
{
	struct verify *it = user;

	if (row->index != it->next_row) {
		return bad(it, "store: entry %llu is missing", (unsigned long long)it->next_row);
	}
	it->next_row++;
	it->report->unpublished++;
	return check_row(it, row) && tell_progress(it, it->next_row, err);
}

static bool check_unpublished(struct verify *it, struct error *err)
{
	const struct journal_source *source = it->options->source;
	uint64_t size = it->report->checkpoint.size;

	if (source == NULL) {
		return true;
	}
	it->next_row = size;
	return source->rows(source->user, size, it->report->rows - size, true, on_unpublished, it,
		       err) &&
	       !is_bad(it);
}

/* In this order a publisher that goes on meanwhile only makes more than is looked at. */
static bool check_all(struct verify *it, struct error *err)
{
	struct journal_verifier verifier;
	uint64_t signed_size;

	return load_key(it, &verifier, err) && load_checkpoint(it, &verifier, err) &&
	       check_state(it, &verifier, &signed_size, err) &&
	       check_row_count(it, signed_size, err) && check_log(it, err) &&
	       check_unpublished(it, err);
}

bool journal_verify(const struct journal_verify_options *options,
	struct journal_verify_report *report, struct error *err)
{
	struct verify it = { .options = options, .report = report };

	*report = (struct journal_verify_report){ 0 };
	it.files = options->files != NULL ? options->files : &JOURNAL_FILES_POSIX;
	it.frontier = journal_frontier_new();
	it.arena = arena_new();
	report->intact = check_all(&it, err);
	journal_frontier_free(it.frontier);
	arena_free(it.arena);
	buf_fini(&it.file);
	return report->intact || is_bad(&it);
}
