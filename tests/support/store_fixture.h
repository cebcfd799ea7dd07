/*
 * A store in a folder of its own, and short ways to do with it what tests do all the time.
 * Whatever fails ends the test program with a message: tests check outcomes, not the fixture.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "store/commit.h"
#include "store/delivery.h"
#include "store/read.h"
#include "store/store.h"

struct arena;

struct store_fixture {
	char folder[256];
	char path[320];
	const char *vfs;
	bool no_sync; /* most tests need no fsync: 10 times faster */
	struct store *store;
	struct store_reader *reader;
	struct arena *arena; /* of all reads; reset by fixture_reset */
	int tenant;
	int source;
	int app;
	int64_t now_us; /* of the next commit; moves by a second each */
};

/* vfs NULL: the system's. */
void fixture_open(struct store_fixture *fixture, const char *vfs, bool no_sync);
void fixture_close(struct store_fixture *fixture); /* and removes the folder */
void fixture_shut(struct store_fixture *fixture);  /* closes the store, keeps the files */
void fixture_reopen(struct store_fixture *fixture);
void fixture_reset(struct store_fixture *fixture); /* frees what was read */
/* Removes a folder with what is in it. */
void fixture_remove(const char *folder);
/* A new empty folder in memory or in the temporary folder. */
void fixture_folder(char *folder, size_t size);

/* A commit as this tenant and source at the next second. */
struct store_commit fixture_commit(struct store_fixture *fixture);
/* Commits and waits. */
enum error_code fixture_run(struct store_fixture *fixture, struct store_commit *commit);
void fixture_must(struct store_fixture *fixture, struct store_commit *commit);

/* An entry whose leaf is `text`. */
struct store_entry fixture_entry(struct store_fixture *fixture, const char *text);

/* Made with a key for its name and an entry. Return rids. */
int64_t fixture_user(struct store_fixture *fixture, const char *name, bool active);
int64_t fixture_group(struct store_fixture *fixture, const char *name);
const struct store_resource *fixture_get(
	struct store_fixture *fixture, int64_t rid); /* NULL: gone */

/* Each reads the resource first. */
enum error_code fixture_members(struct store_fixture *fixture, int64_t group, const int64_t *added,
	size_t added_count, const int64_t *removed, size_t removed_count);
enum error_code fixture_switch(struct store_fixture *fixture, int64_t user, bool active);
enum error_code fixture_rename(struct store_fixture *fixture, int64_t rid, const char *name);
enum error_code fixture_delete(struct store_fixture *fixture, int64_t rid);

/* The key of a userName or displayName, not folded: tests write lower case. */
struct store_key fixture_key(struct store_fixture *fixture, enum store_type type, const char *name);
