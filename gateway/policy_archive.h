/*
 * policy_archive: every policy that decided, so that a decision of the past can be computed again.
 *
 *     <store>-policy/revisions/<digest>     policy_kept.h, one file for each content
 *
 * A revision is put here before the first decision under it. The same content under another name
 * (a commit that changed something else) is the same file, and the names it had stay known. Bounded
 * by count and bytes; those that took over longest ago go first.
 *
 * Reading needs no gateway and no lock: files come and go as a whole. Any thread; one writer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gateway/policy_kept.h"

struct arena;
struct config_policy_archive;
struct error;

enum { POLICY_ARCHIVE_ALSO = 50 }; /* names of one content */

/* Where the archive of this store is (config.store.path). In arena. */
const char *policy_archive_folder(struct arena *arena, const char *store_path);

/*
 * Makes the folder if need be, writes the policy, and removes what is beyond the limits (NULL:
 * none), never the one just written. The names that the content had, here and in kept->also, stay
 * known. ERROR_IO: the policy is not in the archive.
 */
bool policy_archive_add(const char *folder, const struct policy_kept *kept,
	const struct config_policy_archive *limits, struct error *err);

struct policy_archived {
	const char *path;
	size_t bytes;
	const char *damage;      /* a sentence that names the file; NULL: it is whole */
	struct policy_kept kept; /* names and times alone; nothing when it is damaged */
};

/*
 * All there is, the one that took over last first, damaged ones behind. Each is read as a whole and
 * held against its digest. In arena. No folder is an empty archive. ERROR_IO.
 */
bool policy_archive_list(struct arena *arena, const char *folder,
	const struct policy_archived **list, size_t *count, struct error *err);

/*
 * The policy that `name` means, everything in arena:
 *
 *     a revision as decisions and the journal name it  "41c2d3e4f5a6b7c8 git:4f2c90ab17e3"
 *     a digest, or at least 4 digits of one            "41c2"
 *     a commit, or at least 4 digits of one            "4f2c90a"
 *
 * ERROR_NOT_FOUND: it is not here (never, or no longer); ERROR_IO: it is damaged, or cannot be
 * read; ERROR_REQUEST: the name means several, or is none.
 */
bool policy_archive_find(struct arena *arena, const char *folder, const char *name,
	struct policy_kept *kept, struct error *err);
