/*
 * What the store costs: operations per second and µs of CPU, with fsync, on a real disk.
 *
 *     bench_store [--json] [--seconds S] [FOLDER]      FOLDER: where the database is made (default:
 * .)
 *
 * "in flight" is how many operations wait for their answer at a time: the committer makes batches
 * of about that. An operation: resource row, two keys, entry (500 bytes of leaf, 400 of payload),
 * and where it says so a delivery.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/memory.h"
#include "io/loop.h"
#include "store/commit.h"
#include "store/read.h"
#include "store/store.h"

enum { DOC_BYTES = 700, LEAF_BYTES = 500, PAYLOAD_BYTES = 400, SLOTS = 256, BIG_GROUP = 100000 };

struct bench {
	struct store *store;
	struct store_reader *reader;
	struct loop *loop;
	struct arena *arena;
	int tenant;
	int source;
	int app;
	bool json;
	double seconds;
	uint64_t created; /* users so far: numbers their names */
};

struct slot {
	struct run *run;
	struct store_commit commit;
	struct store_write write;
	struct store_entry entry;
	struct store_key keys[2];
	struct store_want want;
	struct store_resource before;
	char name[64];
	char external[64];
	int64_t member;
};

typedef void fill_fn(struct bench *bench, struct slot *slot);

struct run {
	struct bench *bench;
	fill_fn *fill;
	int64_t until_us;
	uint64_t done;
	size_t open;
	struct slot slots[SLOTS];
};

static char doc[DOC_BYTES + 1], leaf[LEAF_BYTES], payload[PAYLOAD_BYTES];

static void die(const char *what, const struct error *err)
{
	fprintf(stderr, "bench_store: %s: %s\n", what, err->text);
	exit(1);
}

static int64_t cpu_of(clockid_t clock)
{
	struct timespec at;

	clock_gettime(clock, &at);
	return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

static int64_t cpu_us(void)
{
	return cpu_of(CLOCK_PROCESS_CPUTIME_ID);
}

/* Of the store's own threads: without the loop that makes the operations. */
static int64_t store_cpu_us(void)
{
	return cpu_us() - cpu_of(CLOCK_THREAD_CPUTIME_ID);
}

static void row(struct bench *bench, const char *what, const char *unit, double value, double cpu)
{
	if (bench->json) {
		printf("{\"bench\":\"store\",\"what\":\"%s\",\"unit\":\"%s\",\"value\":%.1f,\"cpu_"
		       "us\":%.2f}\n",
			what, unit, value, cpu);
	} else {
		printf("%-62s %12.0f %-8s %8.1f us CPU\n", what, value, unit, cpu);
	}
	fflush(stdout);
}

/* ---- operations ---- */

static void fill_common(struct bench *bench, struct slot *slot)
{
	slot->commit.tenant = bench->tenant;
	slot->commit.source = bench->source;
	slot->commit.now_us = (int64_t)time(NULL) * 1000000;
	slot->entry = (struct store_entry){ .tenant = bench->tenant,
		.at_us = slot->commit.now_us,
		.leaf = leaf,
		.leaf_size = LEAF_BYTES,
		.payload = payload,
		.payload_size = PAYLOAD_BYTES };
	slot->commit.entry = &slot->entry;
	slot->commit.write = &slot->write;
}

static void fill_keys(struct bench *bench, struct slot *slot, uint64_t number)
{
	int size = snprintf(
		slot->name, sizeof(slot->name), "user%llu@example.com", (unsigned long long)number);

	slot->keys[0] = (struct store_key){ STORE_KEY_USER_NAME, true, bench->tenant, slot->name,
		(size_t)size };
	size = snprintf(
		slot->external, sizeof(slot->external), "00u%016llx", (unsigned long long)number);
	slot->keys[1] = (struct store_key){ STORE_KEY_EXTERNAL_ID, true,
		store_scope_external(bench->source, STORE_USER), slot->external, (size_t)size };
}

static void fill_create(struct bench *bench, struct slot *slot)
{
	fill_common(bench, slot);
	fill_keys(bench, slot, bench->created++);
	slot->write = (struct store_write){ .action = STORE_CREATE,
		.type = STORE_USER,
		.active = true,
		.name = slot->name,
		.doc = doc,
		.doc_size = DOC_BYTES,
		.keys = slot->keys,
		.key_count = 2 };
	uuid_new(slot->write.id);
}

static void fill_create_delivered(struct bench *bench, struct slot *slot)
{
	fill_create(bench, slot);
	slot->want = (struct store_want){ .app = bench->app };
	slot->commit.wants = &slot->want;
	slot->commit.want_count = 1;
}

/* A random user; two in flight for the same one are a conflict, which counts as done and is rare.
 */
static void fill_patch(struct bench *bench, struct slot *slot)
{
	uint64_t number = (uint64_t)random() % bench->created;
	const struct store_resource *found;
	struct error err = { 0 };

	fill_common(bench, slot);
	fill_keys(bench, slot, number);
	arena_reset(bench->arena);
	if (!store_find_key(bench->reader, bench->arena, STORE_KEY_USER_NAME, bench->tenant,
		    slot->name, slot->keys[0].size, &found, &err)) {
		die("find", &err);
	}
	slot->before = *found;
	slot->before.keys = slot->keys;
	slot->write = (struct store_write){ .action = STORE_UPDATE,
		.before = &slot->before,
		.active = true,
		.name = slot->name,
		.doc = doc,
		.doc_size = DOC_BYTES,
		.keys = slot->keys,
		.key_count = 2 };
}

static void submit(struct slot *slot);

static void on_done(void *user)
{
	struct slot *slot = user;
	struct run *run = slot->run;

	if (!slot->commit.ok && slot->commit.err.code != ERROR_CONFLICT) {
		die("commit", &slot->commit.err);
	}
	run->done++;
	run->open--;
	if (loop_now_us() < run->until_us) {
		submit(slot);
	} else if (run->open == 0) {
		loop_stop(run->bench->loop);
	}
}

static void submit(struct slot *slot)
{
	struct run *run = slot->run;

	run->fill(run->bench, slot);
	run->open++;
	store_commit(run->bench->store, &slot->commit, run->bench->loop, on_done, slot);
}

static void measure(struct bench *bench, const char *what, fill_fn *fill, size_t in_flight)
{
	struct run *run = must_calloc(1, sizeof(*run));
	struct store_stats before;
	struct store_stats after;
	char text[128];

	run->bench = bench;
	run->fill = fill;
	store_stats(bench->store, &before);
	int64_t start_us = loop_now_us();
	int64_t start_cpu_us = store_cpu_us();
	run->until_us = start_us + (int64_t)(bench->seconds * 1e6);
	for (size_t i = 0; i < in_flight; i++) {
		run->slots[i].run = run;
		submit(&run->slots[i]);
	}
	loop_run(bench->loop);
	double seconds = (double)(loop_now_us() - start_us) / 1e6;
	double cpu = (double)(store_cpu_us() - start_cpu_us) / (double)run->done;
	store_stats(bench->store, &after);
	double commits = (double)(after.commits - before.commits);
	snprintf(text, sizeof(text), "%s, %zu in flight (%.1f a commit, %.0f us COMMIT)", what,
		in_flight, (double)run->done / commits,
		(double)(after.commit_us - before.commit_us) / commits);
	row(bench, text, "ops/s", (double)run->done / seconds, cpu);
	memory_free(run);
}

/* ---- groups ---- */

static int64_t make_group(struct bench *bench, const char *name)
{
	struct store_commit commit = { .tenant = bench->tenant, .source = bench->source };
	struct store_key key = { STORE_KEY_GROUP_NAME, true, bench->tenant, name, strlen(name) };
	struct store_write write = { .action = STORE_CREATE,
		.type = STORE_GROUP,
		.name = name,
		.doc = "{}",
		.doc_size = 2,
		.keys = &key,
		.key_count = 1 };
	struct error err = { 0 };

	uuid_new(write.id);
	commit.write = &write;
	if (!store_commit_wait(bench->store, &commit, &err)) {
		die("group", &err);
	}
	return commit.rid;
}

static void change_members(
	struct bench *bench, int64_t group, const int64_t *rids, size_t count, bool remove)
{
	const struct store_resource *before;
	struct store_commit commit = { .tenant = bench->tenant, .source = bench->source };
	struct store_entry entry = { .leaf = leaf, .leaf_size = LEAF_BYTES };
	struct error err = { 0 };

	arena_reset(bench->arena);
	if (!store_find_rid(bench->reader, bench->arena, group, &before, &err)) {
		die("find", &err);
	}
	struct store_write write = { .action = STORE_UPDATE, .before = before };
	write.added = remove ? NULL : rids;
	write.added_count = remove ? 0 : count;
	write.removed = remove ? rids : NULL;
	write.removed_count = remove ? count : 0;
	commit.write = &write;
	commit.entry = &entry;
	if (!store_commit_wait(bench->store, &commit, &err)) {
		die("members", &err);
	}
}

static void add_one_by_one(struct bench *bench, const char *what, int64_t group, int64_t first)
{
	enum { TIMES = 1000 };
	int64_t start_us = loop_now_us();
	int64_t start_cpu_us = store_cpu_us();

	for (int64_t i = 0; i < TIMES; i++) {
		int64_t rid = first + i;
		change_members(bench, group, &rid, 1, false);
	}
	double seconds = (double)(loop_now_us() - start_us) / 1e6;
	row(bench, what, "ops/s", TIMES / seconds, (double)(store_cpu_us() - start_cpu_us) / TIMES);
}

static void measure_groups(struct bench *bench)
{
	int64_t first = store_rid(bench->tenant, STORE_USER, 1);
	int64_t *rids = must_calloc(BIG_GROUP, sizeof(*rids));
	int64_t small_group = make_group(bench, "small");
	int64_t big_group = make_group(bench, "big");

	for (size_t i = 0; i < BIG_GROUP; i++) {
		rids[i] = first + (int64_t)i;
	}
	change_members(bench, small_group, rids, 10, false);
	int64_t start_us = loop_now_us();
	int64_t start_cpu_us = cpu_us();
	change_members(bench, big_group, rids, BIG_GROUP, false);
	row(bench, "add 100,000 members in one commit (CPU per member)", "ms",
		(double)(loop_now_us() - start_us) / 1e3,
		(double)(cpu_us() - start_cpu_us) / BIG_GROUP);
	add_one_by_one(bench, "add one member to a group of 10 (growing to 1,000)", small_group,
		first + BIG_GROUP);
	add_one_by_one(bench, "add one member to a group of 100,000", big_group, first + BIG_GROUP);
	memory_free(rids);
}

/* ---- reads ---- */

typedef void read_fn(struct bench *bench, uint64_t number);

static void read_by_key(struct bench *bench, uint64_t number)
{
	const struct store_resource *found;
	char name[64];
	struct error err = { 0 };
	int size = snprintf(name, sizeof(name), "user%llu@example.com",
		(unsigned long long)(number * 7919 % bench->created));

	if (!store_find_key(bench->reader, bench->arena, STORE_KEY_USER_NAME, bench->tenant, name,
		    (size_t)size, &found, &err) ||
		found == NULL) {
		die("read", &err);
	}
}

static void read_user_and_groups(struct bench *bench, uint64_t number)
{
	const struct store_resource *found;
	const struct store_ref *groups;
	size_t count;
	struct error err = { 0 };
	int64_t rid = store_rid(
		bench->tenant, STORE_USER, 1 + (int64_t)(number * 7919 % (bench->created / 2)));

	if (!store_read_begin(bench->reader, &err) ||
		!store_find_rid(bench->reader, bench->arena, rid, &found, &err) ||
		!store_groups_of(bench->reader, bench->arena, rid, &groups, &count, &err)) {
		die("read", &err);
	}
	store_read_end(bench->reader);
}

static void measure_reads(struct bench *bench, const char *what, read_fn *read)
{
	int64_t start_us = loop_now_us();
	int64_t start_cpu_us = cpu_us();
	uint64_t count = 0;

	while (loop_now_us() - start_us < (int64_t)(bench->seconds * 5e5)) {
		arena_reset(bench->arena);
		read(bench, count++);
	}
	double seconds = (double)(loop_now_us() - start_us) / 1e6;
	row(bench, what, "reads/s", (double)count / seconds,
		(double)(cpu_us() - start_cpu_us) / (double)count);
}

static void measure_pages(struct bench *bench)
{
	const struct store_resource *list;
	const struct store_ref *members;
	const struct store_resource *big;
	size_t count = 1;
	size_t all = 0;
	int64_t after = 0;
	struct error err = { 0 };
	struct store_skip skip = { .left = (int64_t)bench->created - 100 };

	int64_t start_us = loop_now_us();
	while (skip.left > 0) {
		store_list_skip(bench->reader, bench->tenant, STORE_USER, &skip, &err);
	}
	row(bench, "step over all users", "us", (double)(loop_now_us() - start_us),
		(double)(loop_now_us() - start_us));
	start_us = loop_now_us();
	for (; count > 0; all += count) {
		arena_reset(bench->arena);
		store_list(bench->reader, bench->arena, bench->tenant, STORE_USER, after, 100,
			&list, &count, &err);
		after = count > 0 ? list[count - 1].rid : after;
	}
	row(bench, "list all users in pages of 100", "users/s",
		(double)all * 1e6 / (double)(loop_now_us() - start_us),
		(double)(loop_now_us() - start_us) / (double)all);
	store_find_key(bench->reader, bench->arena, STORE_KEY_GROUP_NAME, bench->tenant, "big", 3,
		&big, &err);
	int64_t group = big->rid;
	start_us = loop_now_us();
	all = 0, after = 0;
	for (count = 1; count > 0; all += count) {
		arena_reset(bench->arena);
		store_members_of(
			bench->reader, bench->arena, group, after, 1000, &members, &count, &err);
		after = count > 0 ? members[count - 1].rid : after;
	}
	row(bench, "members of a large group in pages of 1,000", "memb/s",
		(double)all * 1e6 / (double)(loop_now_us() - start_us),
		(double)(loop_now_us() - start_us) / (double)all);
}

static void prepare(struct bench *bench, const char *path)
{
	struct error err = { 0 };

	memset(doc, 'd', DOC_BYTES);
	memset(leaf, 'l', LEAF_BYTES);
	random_bytes(payload, PAYLOAD_BYTES);
	bench->store = store_open(&(struct store_options){ .path = path }, &err);
	if (bench->store == NULL ||
		!store_name_get(bench->store, STORE_NAME_TENANT, "t", &bench->tenant, &err) ||
		!store_name_get(bench->store, STORE_NAME_SOURCE, "s", &bench->source, &err) ||
		!store_name_get(bench->store, STORE_NAME_APP, "a", &bench->app, &err)) {
		die(path, &err);
	}
	bench->reader = store_reader_open(bench->store, &err);
	if (bench->reader == NULL) {
		die(path, &err);
	}
	bench->loop = loop_new();
	bench->arena = arena_new();
}

static void run_all(struct bench *bench)
{
	static const size_t in_flight[4] = { 1, 16, 64, 256 };
	static const struct {
		const char *name;
		fill_fn *fill;
	} kinds[3] = { { "create", fill_create }, { "create + delivery", fill_create_delivered },
		{ "patch", fill_patch } };

	for (size_t i = 0; i < 3 * 4; i++) {
		measure(bench, kinds[i / 4].name, kinds[i / 4].fill, in_flight[i % 4]);
	}
	while (bench->created < BIG_GROUP + 2000) {
		measure(bench, "create, to fill up", fill_create, SLOTS);
	}
	measure_groups(bench);
	measure_reads(bench, "find by userName", read_by_key);
	measure_reads(bench, "find by rid + its groups, one snapshot", read_user_and_groups);
	measure_pages(bench);
}

static void remove_files(const char *path)
{
	static const char *const endings[] = { "", "-wal", "-shm", ".lock" };
	char name[512];

	for (size_t i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "%s%s", path, endings[i]);
		unlink(name);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
		{ "seconds", required_argument, NULL, 's' }, { 0 } };
	struct bench bench = { .seconds = 1 };
	char path[400];
	int option;

	while ((option = getopt_long(argc, argv, "js:", options, NULL)) != -1) {
		bench.json = option == 'j' || bench.json;
		bench.seconds = option == 's' ? strtod(optarg, NULL) : bench.seconds;
		if (option == '?') {
			fprintf(stderr, "usage: bench_store [--json] [--seconds S] [FOLDER]\n");
			return 64;
		}
	}
	snprintf(path, sizeof(path), "%s/bench_store.db", optind < argc ? argv[optind] : ".");
	remove_files(path);
	prepare(&bench, path);
	run_all(&bench);
	store_reader_close(bench.reader);
	store_close(bench.store);
	loop_free(bench.loop);
	arena_free(bench.arena);
	remove_files(path);
	return 0;
}
