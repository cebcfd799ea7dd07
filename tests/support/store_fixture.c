#include "tests/support/store_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/arena.h"

#define MUST(what, err)                                                                            \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #what, (err).text); \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

void fixture_folder(char *folder, size_t size)
{
	const char *root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	snprintf(folder, size, "%s/scimward-test-XXXXXX", root);
	if (mkdtemp(folder) == NULL) {
		perror(folder);
		abort();
	}
}

void fixture_remove(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *it;

	while (dir != NULL && (it = readdir(dir)) != NULL) {
		char path[600];
		snprintf(path, sizeof(path), "%s/%s", folder, it->d_name);
		if (strcmp(it->d_name, ".") != 0 && strcmp(it->d_name, "..") != 0) {
			unlink(path);
		}
	}
	if (dir != NULL) {
		closedir(dir);
	}
	rmdir(folder);
}

static void open_store(struct store_fixture *fixture)
{
	struct error err = { 0 };

	fixture->store = store_open(&(struct store_options){ .path = fixture->path,
					    .vfs = fixture->vfs,
					    .unsafe_no_sync = fixture->no_sync },
		&err);
	MUST(fixture->store != NULL, err);
	fixture->reader = store_reader_open(fixture->store, &err);
	MUST(fixture->reader != NULL, err);
}

void fixture_open(struct store_fixture *fixture, const char *vfs, bool no_sync)
{
	struct error err = { 0 };

	*fixture = (struct store_fixture){ .vfs = vfs, .no_sync = no_sync };
	fixture_folder(fixture->folder, sizeof(fixture->folder));
	snprintf(fixture->path, sizeof(fixture->path), "%s/store.db", fixture->folder);
	fixture->arena = arena_new();
	fixture->now_us = (int64_t)1800000000 * 1000000;
	open_store(fixture);
	MUST(store_name_get(fixture->store, STORE_NAME_TENANT, "default", &fixture->tenant, &err),
		err);
	MUST(store_name_get(fixture->store, STORE_NAME_SOURCE, "entra", &fixture->source, &err),
		err);
	MUST(store_name_get(fixture->store, STORE_NAME_APP, "wiki", &fixture->app, &err), err);
}

void fixture_shut(struct store_fixture *fixture)
{
	store_reader_close(fixture->reader);
	store_close(fixture->store);
	fixture->reader = NULL;
	fixture->store = NULL;
}

void fixture_reopen(struct store_fixture *fixture)
{
	fixture_shut(fixture);
	open_store(fixture);
}

void fixture_close(struct store_fixture *fixture)
{
	fixture_shut(fixture);
	arena_free(fixture->arena);
	fixture_remove(fixture->folder);
}

void fixture_reset(struct store_fixture *fixture)
{
	arena_reset(fixture->arena);
}

struct store_commit fixture_commit(struct store_fixture *fixture)
{
	fixture->now_us += 1000000;
	return (struct store_commit){
		.tenant = fixture->tenant, .source = fixture->source, .now_us = fixture->now_us
	};
}

enum error_code fixture_run(struct store_fixture *fixture, struct store_commit *commit)
{
	struct error err = { 0 };

	return store_commit_wait(fixture->store, commit, &err) ? ERROR_NONE : err.code;
}

void fixture_must(struct store_fixture *fixture, struct store_commit *commit)
{
	struct error err = { 0 };

	MUST(store_commit_wait(fixture->store, commit, &err), err);
}

struct store_entry fixture_entry(struct store_fixture *fixture, const char *text)
{
	return (struct store_entry){ .kind = 0,
		.tenant = fixture->tenant,
		.at_us = fixture->now_us,
		.leaf = text,
		.leaf_size = strlen(text),
		.payload = "payload",
		.payload_size = 7 };
}

struct store_key fixture_key(struct store_fixture *fixture, enum store_type type, const char *name)
{
	return (struct store_key){
		.kind = type == STORE_USER ? STORE_KEY_USER_NAME : STORE_KEY_GROUP_NAME,
		.unique = true,
		.scope = fixture->tenant,
		.value = name,
		.size = strlen(name),
	};
}

static int64_t create(
	struct store_fixture *fixture, enum store_type type, const char *name, bool active)
{
	struct store_commit commit = fixture_commit(fixture);
	struct store_key key = fixture_key(fixture, type, name);
	struct store_entry entry = fixture_entry(fixture, "create");
	char doc[256];
	struct store_write write = { .action = STORE_CREATE,
		.type = type,
		.active = active,
		.name = name,
		.doc = doc,
		.keys = &key,
		.key_count = 1 };

	uuid_new(write.id);
	write.doc_size = (size_t)snprintf(doc, sizeof(doc), "{\"name\":\"%s\"}", name);
	commit.write = &write;
	commit.entry = &entry;
	fixture_must(fixture, &commit);
	return commit.rid;
}

int64_t fixture_user(struct store_fixture *fixture, const char *name, bool active)
{
	return create(fixture, STORE_USER, name, active);
}

int64_t fixture_group(struct store_fixture *fixture, const char *name)
{
	return create(fixture, STORE_GROUP, name, true);
}

const struct store_resource *fixture_get(struct store_fixture *fixture, int64_t rid)
{
	const struct store_resource *resource;
	struct error err = { 0 };

	MUST(store_find_rid(fixture->reader, fixture->arena, rid, &resource, &err), err);
	return resource;
}

static enum error_code run_write(struct store_fixture *fixture, struct store_write *write)
{
	struct store_commit commit = fixture_commit(fixture);
	struct store_entry entry = fixture_entry(fixture, "write");

	if (write->before == NULL) {
		return ERROR_NOT_FOUND;
	}
	commit.write = write;
	commit.entry = &entry;
	return fixture_run(fixture, &commit);
}

enum error_code fixture_members(struct store_fixture *fixture, int64_t group, const int64_t *added,
	size_t added_count, const int64_t *removed, size_t removed_count)
{
	return run_write(fixture, &(struct store_write){ .action = STORE_UPDATE,
					  .before = fixture_get(fixture, group),
					  .added = added,
					  .added_count = added_count,
					  .removed = removed,
					  .removed_count = removed_count });
}

static enum error_code put(
	struct store_fixture *fixture, int64_t rid, const char *name, const bool *active)
{
	const struct store_resource *before = fixture_get(fixture, rid);
	char doc[256];

	if (before == NULL) {
		return ERROR_NOT_FOUND;
	}
	name = name != NULL ? name : before->name;
	struct store_key key = fixture_key(fixture, before->type, name);
	int size = snprintf(doc, sizeof(doc), "{\"name\":\"%s\"}", name);
	return run_write(fixture, &(struct store_write){ .action = STORE_UPDATE,
					  .before = before,
					  .active = active != NULL ? *active : before->active,
					  .name = name,
					  .doc = doc,
					  .doc_size = (size_t)size,
					  .keys = &key,
					  .key_count = 1 });
}

enum error_code fixture_switch(struct store_fixture *fixture, int64_t user, bool active)
{
	return put(fixture, user, NULL, &active);
}

enum error_code fixture_rename(struct store_fixture *fixture, int64_t rid, const char *name)
{
	return put(fixture, rid, name, NULL);
}

enum error_code fixture_delete(struct store_fixture *fixture, int64_t rid)
{
	return run_write(fixture, &(struct store_write){ .action = STORE_DELETE,
					  .before = fixture_get(fixture, rid) });
}
