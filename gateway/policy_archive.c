#include "gateway/policy_archive.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/file.h"
#include "config/config.h"

/* PREFIX_MIN: fewer digits are no name of anything. FILES_MAX: what is read of a folder in which
 * somebody put other things. */
enum { NAME_BYTES = 64, PREFIX_MIN = 4, FILES_MAX = 100000 };

const char *policy_archive_folder(struct arena *arena, const char *store_path)
{
	return arena_printf(arena, "%s-policy/revisions", store_path);
}

/* ---- the folder ---- */

struct place {
	const char *name; /* the digest */
	const char *path;
	size_t bytes;
	struct timespec written;
};

struct places {
	struct place *list;
	size_t count;
	size_t room;
};

static size_t digits_of(const char *text)
{
	return strspn(text, "0123456789abcdef");
}

static bool is_digest(const char *name)
{
	size_t digits = digits_of(name);

	return digits >= PREFIX_MIN && digits <= NAME_BYTES && name[digits] == '\0';
}

static void add_place(struct arena *arena, struct places *places, const struct place *place)
{
	if (places->count == places->room) {
		size_t room = places->room == 0 ? 64 : places->room * 2;
		struct place *more = arena_alloc(arena, room * sizeof(*more));

		if (places->count > 0) {
			memcpy(more, places->list, places->count * sizeof(*more));
		}
		places->list = more;
		places->room = room;
	}
	places->list[places->count++] = *place;
}

static void close_folder(DIR **folder)
{
	if (*folder != NULL) {
		closedir(*folder);
	}
}

/* Files whose name is a digest that begins with `prefix`; others are none of ours. */
static bool read_folder(struct arena *arena, const char *folder, const char *prefix,
	struct places *places, struct error *err)
{
	CLEANUP(close_folder) DIR *open = opendir(folder);
	const struct dirent *it;
	struct stat info;

	*places = (struct places){ 0 };
	if (open == NULL) {
		return errno == ENOENT ||
		       error_set(err, ERROR_IO, "cannot open %s: %s", folder, strerror(errno));
	}
	while ((it = readdir(open)) != NULL && places->count < FILES_MAX) {
		struct place place = { 0 };

		if (!is_digest(it->d_name) || strncmp(it->d_name, prefix, strlen(prefix)) != 0) {
			continue;
		}
		place.path = arena_printf(arena, "%s/%s", folder, it->d_name);
		if (lstat(place.path, &info) != 0 || !S_ISREG(info.st_mode)) {
			continue; /* it went meanwhile */
		}
		place.name = arena_strdup(arena, it->d_name);
		place.bytes = (size_t)info.st_size;
		place.written = info.st_mtim;
		add_place(arena, places, &place);
	}
	return true;
}

/* The newest first. */
static int by_age(const void *a, const void *b)
{
	const struct place *left = a;
	const struct place *right = b;

	if (left->written.tv_sec != right->written.tv_sec) {
		return left->written.tv_sec < right->written.tv_sec ? 1 : -1;
	}
	if (left->written.tv_nsec != right->written.tv_nsec) {
		return left->written.tv_nsec < right->written.tv_nsec ? 1 : -1;
	}
	return strcmp(left->name, right->name);
}

static void sort(struct places *places)
{
	if (places->count > 1) {
		qsort(places->list, places->count, sizeof(*places->list), by_age);
	}
}

/* ---- writing ---- */

/* Removes what is beyond the limits. What cannot be removed stays: the next one tries again. */
static void trim(
	const struct places *places, const char *keep, const struct config_policy_archive *limits)
{
	int64_t count = 0;
	int64_t bytes = 0;

	for (int round = 0; round < 2; round++) { /* first the one that stays */
		for (size_t i = 0; i < places->count; i++) {
			const struct place *it = &places->list[i];
			bool stays = strcmp(it->name, keep) == 0;

			if (stays != (round == 0)) {
				continue;
			}
			count++;
			bytes += (int64_t)it->bytes;
			if (!stays && (count > limits->revisions || bytes > limits->bytes)) {
				unlink(it->path);
			}
		}
	}
}

static bool is_among(const char *const *texts, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(texts[i], text) == 0) {
			return true;
		}
	}
	return false;
}

struct names {
	const char *list[POLICY_ARCHIVE_ALSO];
	size_t count;
	const char *without;
};

static void add_name(struct names *names, const char *name)
{
	if (names->count < POLICY_ARCHIVE_ALSO && strcmp(name, names->without) != 0 &&
		!is_among(names->list, names->count, name)) {
		names->list[names->count++] = name;
	}
}

static void add_also(struct names *names, const struct policy_kept *kept)
{
	for (size_t i = 0; i < kept->also_count; i++) {
		add_name(names, kept->also[i]);
	}
}

/* What the same content was called before, newest first: here, then what it brings along. */
static void take_names(struct arena *arena, const char *path, struct policy_kept *kept)
{
	struct names *names = arena_calloc(arena, 1, sizeof(*names));
	struct policy_kept before;

	names->without = kept->revision;
	if (policy_kept_read(arena, path, &before, NULL)) {
		add_name(names, before.revision);
		add_also(names, &before);
	}
	add_also(names, kept);
	kept->also = names->list;
	kept->also_count = names->count;
}

bool policy_archive_add(const char *folder, const struct policy_kept *kept,
	const struct config_policy_archive *limits, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct policy_kept copy = *kept;
	struct places places;
	const char *path;

	if (!is_digest(kept->digest)) {
		return error_set(err, ERROR_IO, "'%.80s' is no digest", kept->digest);
	}
	path = arena_printf(arena, "%s/%s", folder, kept->digest);
	take_names(arena, path, &copy);
	if (!file_make_folders(folder, 0700, err) || !policy_kept_write(path, &copy, err) ||
		(limits != NULL && !read_folder(arena, folder, "", &places, err))) {
		return error_wrap(err, "the archive of policies");
	}
	if (limits == NULL) {
		return true;
	}
	sort(&places);
	trim(&places, kept->digest, limits);
	return true;
}

/* ---- reading ---- */

/* What decides is what the name says, whoever wrote the file. */
static bool is_named_right(const struct place *place, const struct policy_kept *kept)
{
	CLEANUP(buf_fini) struct buf hex = { 0 };
	uint8_t digest[DIGEST_BYTES];

	digest_sha256_two(kept->plan, kept->plan_size, kept->data, kept->data_size, digest);
	encode_hex(&hex, digest, sizeof(digest));
	return strcmp(kept->digest, place->name) == 0 && strcmp(kept->digest, hex.data) == 0;
}

static bool read_place(
	struct arena *arena, const struct place *place, struct policy_kept *kept, struct error *err)
{
	return policy_kept_read(arena, place->path, kept, err) &&
	       (is_named_right(place, kept) ||
		       error_set(err, ERROR_IO, "%s is damaged: it holds another policy",
			       place->path));
}

static const char *copy_text(struct arena *arena, const char *text)
{
	return text != NULL ? arena_strdup(arena, text) : NULL;
}

/* Without what is large. */
static struct policy_kept copy_names(struct arena *arena, const struct policy_kept *kept)
{
	const char **also = arena_calloc(arena, kept->also_count + 1, sizeof(*also));

	for (size_t i = 0; i < kept->also_count; i++) {
		also[i] = arena_strdup(arena, kept->also[i]);
	}
	return (struct policy_kept){
		.source = copy_text(arena, kept->source),
		.revision = copy_text(arena, kept->revision),
		.digest = copy_text(arena, kept->digest),
		.commit = copy_text(arena, kept->commit),
		.serial = kept->serial,
		.time_us = kept->time_us,
		.also = also,
		.also_count = kept->also_count,
	};
}

static int by_time(const void *a, const void *b)
{
	const struct policy_archived *left = a;
	const struct policy_archived *right = b;
	int64_t l = left->damage != NULL ? INT64_MIN : left->kept.time_us;
	int64_t r = right->damage != NULL ? INT64_MIN : right->kept.time_us;

	return l != r ? (l < r ? 1 : -1) : strcmp(left->path, right->path);
}

bool policy_archive_list(struct arena *arena, const char *folder,
	const struct policy_archived **list, size_t *count, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *scratch = arena_new();
	struct policy_archived *all;
	struct places places;

	if (!read_folder(arena, folder, "", &places, err)) {
		return false;
	}
	all = arena_calloc(arena, places.count + 1, sizeof(*all));
	*count = 0;
	for (size_t i = 0; i < places.count; i++) {
		struct policy_archived *it = &all[*count];
		struct policy_kept kept;
		struct error why = { 0 };

		arena_reset(scratch);
		*it = (struct policy_archived){ .path = places.list[i].path,
			.bytes = places.list[i].bytes };
		if (read_place(scratch, &places.list[i], &kept, &why)) {
			it->kept = copy_names(arena, &kept);
		} else if (why.code == ERROR_NOT_FOUND) {
			continue; /* it went meanwhile */
		} else {
			it->damage = arena_strdup(arena, why.text);
		}
		(*count)++;
	}
	if (*count > 1) {
		qsort(all, *count, sizeof(*all), by_time);
	}
	*list = all;
	return true;
}

/* ---- names ---- */

/* "4f2c90a" and "4f2c90ab17e3": one begins with the other; fewer than PREFIX_MIN digits mean
 * nothing. */
static bool begins_alike(const char *a, size_t a_size, const char *b, size_t b_size)
{
	size_t size = a_size < b_size ? a_size : b_size;

	return size >= PREFIX_MIN && memcmp(a, b, size) == 0;
}

/* The commit that a revision names behind its digest. */
static bool names_commit(const char *revision, const char *commit)
{
	const char *label = strstr(revision, " git:");

	return label != NULL &&
	       begins_alike(label + 5, digits_of(label + 5), commit, strlen(commit));
}

static bool has_commit(const struct policy_kept *kept, const char *commit)
{
	if ((kept->commit != NULL && strncmp(kept->commit, commit, strlen(commit)) == 0) ||
		(kept->commit == NULL && names_commit(kept->revision, commit))) {
		return true;
	}
	for (size_t i = 0; i < kept->also_count; i++) {
		if (names_commit(kept->also[i], commit)) {
			return true;
		}
	}
	return false;
}

static bool take_one(
	struct error *err, const char *name, const struct place **found, const struct place *place)
{
	if (*found != NULL) {
		return error_set(err, ERROR_REQUEST,
			"'%.40s' is the beginning of several; %.12s and %.12s are two of them",
			name, (*found)->name, place->name);
	}
	*found = place;
	return true;
}

static bool find_commit(struct arena *arena, const char *folder, const char *name,
	const struct place **found, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *scratch = arena_new();
	struct places places;

	if (!read_folder(arena, folder, "", &places, err)) {
		return false;
	}
	for (size_t i = 0; i < places.count; i++) {
		struct policy_kept kept;

		arena_reset(scratch);
		if (read_place(scratch, &places.list[i], &kept, NULL) && has_commit(&kept, name) &&
			!take_one(err, name, found, &places.list[i])) {
			return false;
		}
	}
	return true;
}

bool policy_archive_find(struct arena *arena, const char *folder, const char *name,
	struct policy_kept *kept, struct error *err)
{
	size_t digits = digits_of(name);
	const char *prefix = arena_printf(arena, "%.*s", (int)digits, name);
	const struct place *found = NULL;
	struct places places;

	if (digits < PREFIX_MIN || (name[digits] != '\0' && name[digits] != ' ')) {
		return error_set(err, ERROR_REQUEST,
			"'%.40s' is no revision: at least %d hexadecimal digits of a digest or of "
			"a commit, in small letters",
			name, PREFIX_MIN);
	}
	if (!read_folder(arena, folder, prefix, &places, err)) {
		return false;
	}
	for (size_t i = 0; i < places.count; i++) {
		if (!take_one(err, name, &found, &places.list[i])) {
			return false;
		}
	}
	if (found == NULL && name[digits] == '\0' &&
		!find_commit(arena, folder, prefix, &found, err)) {
		return false;
	}
	if (found == NULL) {
		return error_set(err, ERROR_NOT_FOUND,
			"the archive has no policy %.80s: `scimward policy revisions` tells what "
			"it has, policy.archive how much it keeps",
			name);
	}
	return read_place(arena, found, kept, err);
}
