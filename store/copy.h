/*
 * A database as one file, made while others write. Internal to store/.
 */
#pragma once

#include <stdbool.h>

struct error;
struct sql;

/*
 * Copies what `from` sees (one snapshot) to the file `to`: temporary file beside it (mode 0600),
 * fsync, rename, fsync of the folder. ERROR_IO with the path, ERROR_STORE.
 */
bool copy_database(struct sql *from, const char *to, struct error *err);

/* fsync of the folder that holds path: a rename there is then durable. ERROR_IO. */
bool copy_sync_folder(const char *path, struct error *err);
