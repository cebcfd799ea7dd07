#include "gateway/policy_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "gateway/policy_archive.h"
#include "gateway/policy_kept.h"

enum { SECOND_US = 1000000 };

static const char *last_good(struct arena *arena, const char *store)
{
	return arena_printf(arena, "%s-policy/" POLICY_KEPT_LAST, store);
}

static void note_damage(struct policy_backup_info *info, const char *what)
{
	if (info->damaged[0] == '\0') {
		snprintf(info->damaged, sizeof(info->damaged), "%s", what);
	}
}

/* ---- the archive ---- */

/* Age decides what goes first when there are too many, so the copy is as old as what it is of. */
static bool set_age(const char *path, int64_t time_us, struct error *err)
{
	const struct timespec time = { .tv_sec = time_us / SECOND_US,
		.tv_nsec = time_us % SECOND_US * 1000 };

	return utimensat(AT_FDCWD, path, (const struct timespec[]){ time, time }, 0) == 0 ||
	       error_set(err, ERROR_IO, "cannot set the time of %s: %s", path, strerror(errno));
}

/* The later one names and dates the content; the other's names stay known. */
static bool unite(
	struct arena *arena, const char *folder, const struct policy_kept *from, struct error *err)
{
	const char *path = arena_printf(arena, "%s/%s", folder, from->digest);
	struct policy_kept it = *from;
	struct policy_kept there;

	if (policy_kept_read(arena, path, &there, NULL) && there.time_us > from->time_us) {
		const char **names = arena_calloc(arena, from->also_count + 1, sizeof(*names));

		names[0] = from->revision;
		for (size_t i = 0; i < from->also_count; i++) {
			names[i + 1] = from->also[i];
		}
		it = there;
		it.also = names;
		it.also_count = from->also_count + 1;
	}
	return policy_archive_add(folder, &it, NULL, err) && set_age(path, it.time_us, err);
}

static bool copy_archived(const struct policy_archived *archived, const char *folder,
	struct policy_backup_info *info, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct policy_kept kept;
	struct error why = { 0 };

	if (archived->damage != NULL) {
		note_damage(info, archived->damage);
		return true;
	}
	if (!policy_kept_read(arena, archived->path, &kept, &why)) {
		if (why.code != ERROR_NOT_FOUND) { /* a gateway may remove an old one meanwhile */
			note_damage(info, why.text);
		}
		return true;
	}
	info->policies++;
	return folder == NULL || unite(arena, folder, &kept, err);
}

/* to NULL: nowhere. */
static bool copy_archive(
	const char *from, const char *to, struct policy_backup_info *info, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const char *folder = to != NULL ? policy_archive_folder(arena, to) : NULL;
	const struct policy_archived *list;
	size_t count;

	if (!policy_archive_list(arena, policy_archive_folder(arena, from), &list, &count, err)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (!copy_archived(&list[i], folder, info, err)) {
			return false;
		}
	}
	return true;
}

/* ---- the last good one ---- */

static bool is_whole(const char *path)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();

	return policy_kept_read(arena, path, &(struct policy_kept){ 0 }, NULL);
}

/* to NULL: nowhere. */
static bool copy_last_good(const char *from, const char *to, bool replaces,
	struct policy_backup_info *info, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct policy_kept kept;
	struct error why = { 0 };

	info->has_last_good = policy_kept_read(arena, last_good(arena, from), &kept, &why);
	if (!info->has_last_good && why.code != ERROR_NOT_FOUND) {
		note_damage(info, why.text);
	}
	if (!info->has_last_good || to == NULL || (!replaces && is_whole(last_good(arena, to)))) {
		return true;
	}
	return file_make_folders(arena_printf(arena, "%s-policy", to), 0700, err) &&
	       policy_kept_write(last_good(arena, to), &kept, err);
}

/* ---- */

bool policy_backup_check(const char *path, struct policy_backup_info *info, struct error *err)
{
	*info = (struct policy_backup_info){ 0 };
	return copy_archive(path, NULL, info, err) && copy_last_good(path, NULL, false, info, err);
}

bool policy_backup(
	const char *from, const char *to, struct policy_backup_info *info, struct error *err)
{
	*info = (struct policy_backup_info){ 0 };
	return copy_archive(from, to, info, err) && copy_last_good(from, to, true, info, err);
}

bool policy_backup_restore(const char *from, const char *to, struct error *err)
{
	struct policy_backup_info info = { 0 };

	return copy_archive(from, to, &info, err) && copy_last_good(from, to, false, &info, err);
}
