/*
 * disk: a file system in memory that can lose power.
 *
 * What was written but not synced, and names that were made, renamed or removed in a folder that
 * was not synced, are kept aside. disk_cut() decides for each of them by chance whether the disk
 * still had the time: data may be gone, torn, zero or there; names may be old or new.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "journal/files.h"

struct disk {
	struct disk_name *names;
	size_t name_count;
	size_t name_capacity;
	struct disk_file **files; /* all that ever were; their place is the descriptor */
	size_t file_count;
	size_t file_capacity;

	uint32_t seed;
	bool no_sync;        /* fsync of a file is a lie */
	bool no_sync_folder; /* fsync of a folder is */
	bool loses_all;      /* at a cut all that was not synced goes, nothing is left to chance */
	bool is_full;        /* writes fail with ENOSPC */
	long left; /* operations until the power goes: then all fail with EIO; < 0: never */
	unsigned long done; /* operations so far */

	/* Called after each rename, with the new name: what the public could have seen. NULL is
	 * fine. */
	void (*on_rename)(void *user, const char *path);
	void *on_rename_user;
};

void disk_init(struct disk *disk, uint32_t seed); /* with the folders "/" and "/j" */
void disk_fini(struct disk *disk);
struct journal_files disk_files(struct disk *disk);

/* The power goes and comes back. */
void disk_cut(struct disk *disk);
/* The process dies, the machine goes on: nothing is lost. */
void disk_kill(struct disk *disk);

/* The live bytes of a file, to read or to damage. NULL: there is none. */
uint8_t *disk_bytes(struct disk *disk, const char *path, size_t *size);
/* Takes a file away, durably. */
void disk_forget(struct disk *disk, const char *path);
