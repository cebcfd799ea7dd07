/*
 * Power cuts under load: what was acknowledged is there afterwards, whole and in order.
 *
 *     power_cut [--cuts N] [--seed N] [--expect-loss]
 *
 * Each round opens a store on a disk that keeps unsynced writes aside (tests/support/fault_vfs.h),
 * sends it operations of all kinds without pause, cuts the power at some moment, and opens what the
 * disk holds then: nothing of what was not synced, or a part of it, torn and in any order. Then it
 * holds against each other what was acknowledged, the journal, the resources, the memberships and
 * the deliveries.
 *
 * --expect-loss runs the same without fsync and succeeds only if acknowledged operations were lost:
 * the test can fail. Such a disk may hold pages that are no database at all; what cannot be read is
 * lost, too.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "io/loop.h"
#include "store/backup.h"
#include "store/commit.h"
#include "store/delivery.h"
#include "store/read.h"
#include "store/store.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/store_fixture.h"

enum { SLOTS = 24, OPERATIONS = 1500, FRAMES = 60, PEOPLE = 400 };

/* One operation in flight. */
struct slot {
	struct store_commit commit;
	struct store_write write;
	struct store_entry entry;
	struct store_key key;
	struct store_want want;
	struct store_take take;
	struct store_outcome outcome;
	struct store_link link;
	char remote[32];
	int number;
	int64_t member;
	char name[32];
	char leaf[64];
	char doc[2048];
};

static struct {
	struct store_fixture f;
	struct loop *loop;
	struct slot slots[SLOTS];
	unsigned round; /* its seed at first */
	unsigned seed;
	int sent;
	int open;
	int cut_at; /* acknowledgements before the cut */
	int acknowledged;
	int64_t index_of[OPERATIONS]; /* of acknowledged operations; -1 */
	int64_t group;
	int64_t people[PEOPLE]; /* rids */
	int people_count;
	int creates; /* sent */
	struct store_take flying;
	char after[256]; /* the folder with what the disk holds */
	bool is_cut;
	bool expect_loss;
	int lost; /* of all rounds */
} test;

static void fail(const char *what, int64_t number)
{
	printf("FAILED: %s (%lld); again: --cuts 1 --seed %u\n", what, (long long)number,
		test.round);
	exit(1);
}

/* ---- load ---- */

/* Documents of all sizes, so that rows spill to further pages and trees grow. The number leads to
 * the decision. */
static void fill_doc(struct slot *slot)
{
	int size = snprintf(slot->doc, sizeof(slot->doc), "%d ", slot->number);
	size_t more = (size_t)(rand_r(&test.seed) % 1900);

	memset(slot->doc + size, 'd', more);
	slot->write.doc = slot->doc;
	slot->write.doc_size = (size_t)size + more;
	slot->write.name = slot->name;
	slot->key = fixture_key(&test.f, STORE_USER, slot->name);
	slot->write.keys = &slot->key;
	slot->write.key_count = 1;
	slot->write.active = true;
	slot->want = (struct store_want){ .app = test.f.app };
	slot->commit.wants = &slot->want;
	slot->commit.want_count = 1;
	slot->commit.write = &slot->write;
}

static void fill_create(struct slot *slot)
{
	fill_doc(slot);
	slot->write.action = STORE_CREATE;
	slot->write.type = STORE_USER;
	uuid_new(slot->write.id);
	test.creates++;
}

static const struct store_resource *some_person(void)
{
	return fixture_get(&test.f, test.people[rand_r(&test.seed) % test.people_count]);
}

/* Parallel changes of one person are conflicts: allowed, and not acknowledged. */
static void fill_change(struct slot *slot, enum store_action action)
{
	const struct store_resource *before = some_person();

	if (before == NULL || before->deleted) {
		return; /* it is a denial, then */
	}
	fill_doc(slot);
	slot->write.action = action;
	slot->write.before = before;
	slot->commit.urgent = action == STORE_DELETE;
	slot->commit.want_linked = action == STORE_DELETE;
}

/* Only in one slot: the group's version is expected. */
static void fill_member(struct slot *slot)
{
	slot->member = test.people[rand_r(&test.seed) % test.people_count];
	slot->commit.write = &slot->write;
	slot->write.action = STORE_UPDATE;
	slot->write.before = fixture_get(&test.f, test.group);
	slot->write.added = &slot->member;
	slot->write.added_count = 1;
}

/* The courier, in one slot: takes a delivery, and the next time brings it to its end. */
static void fill_courier(struct slot *slot)
{
	const struct store_delivery *due;
	size_t count = 0;

	if (test.flying.taken) {
		slot->outcome = (struct store_outcome){ .app = test.f.app,
			.rid = test.flying.rid,
			.version = test.flying.version,
			.kind = STORE_OUTCOME_DONE,
			.link_change = STORE_LINK_SET,
			.link = &slot->link };
		snprintf(slot->remote, sizeof(slot->remote), "r%lld", (long long)test.flying.rid);
		slot->link = (struct store_link){ .remote = slot->remote,
			.version = test.flying.version };
		slot->commit.outcome = &slot->outcome;
		test.flying.taken = false;
		return;
	}
	if (!store_due(test.f.reader, test.f.arena, test.f.app, INT64_MAX - 1, 1, &due, &count,
		    NULL)) {
		fail("deliveries cannot be read", 0);
	}
	if (count == 1 && due->state == STORE_PENDING) {
		slot->take = (struct store_take){
			.app = test.f.app, .rid = due->rid, .lease_until_us = INT64_MAX
		};
		slot->commit.takes = &slot->take;
		slot->commit.take_count = 1;
	}
}

static void fill(struct slot *slot)
{
	int dice = rand_r(&test.seed) % 100;

	if (test.creates < PEOPLE && (dice < 50 || test.people_count < 20)) {
		fill_create(slot);
	} else if (slot == &test.slots[0]) {
		fill_member(slot);
	} else if (slot == &test.slots[1]) {
		fill_courier(slot);
	} else if (dice < 85) {
		fill_change(slot, STORE_UPDATE);
	} else if (dice < 90) {
		fill_change(slot, STORE_DELETE);
	}
	/* else a denial: an entry alone */
}

static void on_answer(void *user);

static void submit(struct slot *slot)
{
	memset(slot, 0, offsetof(struct slot, name));
	slot->number = test.sent++;
	snprintf(slot->name, sizeof(slot->name), "user%d", slot->number);
	snprintf(slot->leaf, sizeof(slot->leaf), "operation %d", slot->number);
	slot->commit = fixture_commit(&test.f);
	slot->entry = fixture_entry(&test.f, slot->leaf);
	slot->commit.entry = &slot->entry;
	fill(slot);
	test.open++;
	store_commit(test.f.store, &slot->commit, test.loop, on_answer, slot);
}

static void at_cut(void *user)
{
	(void)user;
	test.is_cut = true;
}

static void on_answer(void *user)
{
	struct slot *slot = user;

	test.open--;
	if (!slot->commit.ok && slot->commit.err.code != ERROR_CONFLICT) {
		fail(slot->commit.err.text, slot->number);
	}
	if (!test.is_cut && slot->commit.ok) {
		test.index_of[slot->number] = slot->commit.index;
		test.acknowledged++;
		if (slot->write.action == STORE_CREATE) {
			test.people[test.people_count++] = slot->commit.rid;
		}
		if (slot->take.taken) {
			test.flying = slot->take;
		}
		if (test.acknowledged == test.cut_at) {
			enum cut_mode mode = (enum cut_mode)(rand_r(&test.seed) % CUT_MODES);
			fault_vfs_cut(mode, (unsigned)rand_r(&test.seed), test.after, at_cut, NULL);
		}
	}
	if (!test.is_cut && test.sent < OPERATIONS) {
		submit(slot);
	} else if (test.open == 0) {
		loop_stop(test.loop);
	}
}

static void run_load(void)
{
	bool no_sync = test.expect_loss;

	fault_vfs_reset();
	fixture_open(&test.f, FAULT_VFS, no_sync);
	/* Again, with checkpoints all the time: they are when a cut is worst. */
	store_reader_close(test.f.reader);
	store_close(test.f.store);
	struct error err = { 0 };
	test.f.store = store_open(&(struct store_options){ .path = test.f.path,
					  .vfs = FAULT_VFS,
					  .unsafe_no_sync = no_sync,
					  .checkpoint_frames = FRAMES },
		&err);
	test.f.reader = store_reader_open(test.f.store, &err);
	test.group = fixture_group(&test.f, "group");
	for (int i = 0; i < OPERATIONS; i++) {
		test.index_of[i] = -1;
	}
	test.sent = test.acknowledged = test.people_count = test.creates = 0;
	test.is_cut = false;
	test.flying.taken = false;
	for (int i = 0; i < SLOTS; i++) {
		submit(&test.slots[i]);
	}
	loop_run(test.loop);
	fixture_close(&test.f);
}

/* ---- verification ---- */

struct after {
	struct store *store;
	struct store_reader *reader;
	struct arena *arena;
	int64_t size; /* of the journal */
};

/* False: it was lost. */
static bool check_acknowledged(struct after *after, int number)
{
	const struct store_entry *entry;
	char leaf[64];

	if (test.index_of[number] < 0) {
		return true;
	}
	if (!store_find_entry(after->reader, after->arena, test.index_of[number], &entry, NULL)) {
		if (!test.expect_loss) {
			fail("an entry cannot be read", number);
		}
		return false;
	}
	int size = snprintf(leaf, sizeof(leaf), "operation %d", number);
	return entry != NULL && entry->leaf_size == (size_t)size &&
	       memcmp(entry->leaf, leaf, (size_t)size) == 0 && entry->payload != NULL;
}

/* Indexes have no gap: a tailer loses nothing. */
static void check_journal(struct after *after)
{
	const struct store_entry *entries;
	size_t count = 0;

	if (!store_journal_size(after->reader, &after->size, NULL) ||
		!store_entries(after->reader, after->arena, 0, OPERATIONS * 2, true, &entries,
			&count, NULL) ||
		(int64_t)count != after->size) {
		fail("the journal has a gap", after->size);
	}
	for (size_t i = 0; i < count; i++) {
		if (entries[i].index != (int64_t)i || entries[i].payload == NULL) {
			fail("the journal has a gap", (int64_t)i);
		}
	}
}

/* Its newest version is on its way to the app, or there. */
static void check_delivery(struct after *after, const struct store_resource *person, int app)
{
	const struct store_delivery *delivery;
	const struct store_link *link;

	if (!store_find_delivery(after->reader, after->arena, app, person->rid, &delivery, NULL) ||
		!store_find_link(after->reader, after->arena, app, person->rid, &link, NULL)) {
		fail("deliveries cannot be read", person->rid);
	}
	bool is_open = delivery != NULL && delivery->decision == person->doc_entry &&
		       delivery->wanted == person->version;
	if (!is_open && (link == NULL || link->version != person->version)) {
		fail("a resource without its delivery", person->rid);
	}
}

/* No state without its decision and delivery. Returns how many people there are. */
static int64_t check_people(struct after *after, int tenant, int app)
{
	const struct store_resource *list;
	const struct store_entry *entry;
	size_t count = 0;

	if (!store_list(after->reader, after->arena, tenant, STORE_USER, 0, OPERATIONS, &list,
		    &count, NULL)) {
		fail("people cannot be read", 0);
	}
	for (size_t i = 0; i < count; i++) {
		char expected[64];
		if (!store_find_entry(
			    after->reader, after->arena, list[i].doc_entry, &entry, NULL) ||
			entry == NULL || entry->rid != list[i].rid) {
			fail("a resource without its decision", list[i].rid);
		}
		snprintf(expected, sizeof(expected), "operation %d",
			(int)strtol(list[i].doc, NULL, 10));
		if (entry->leaf_size != strlen(expected) ||
			memcmp(entry->leaf, expected, entry->leaf_size) != 0) {
			fail("a resource with another's decision", list[i].rid);
		}
		check_delivery(after, &list[i], app);
	}
	return (int64_t)count;
}

static void check_group(struct after *after, int tenant, int64_t people)
{
	const struct store_resource *group;
	const struct store_ref *members;
	struct store_population population;
	size_t count = 0;

	if (!store_find_rid(after->reader, after->arena, test.group, &group, NULL) ||
		!store_members_of(after->reader, after->arena, test.group, 0, PEOPLE, &members,
			&count, NULL) ||
		!store_population(after->reader, tenant, &population, NULL) || group == NULL) {
		fail("the group cannot be read", test.group);
	}
	if (group->members != (int64_t)count || group->active_members != (int64_t)count) {
		fail("the group's counts are wrong", group->members);
	}
	if (population.users != people || population.active_users != people ||
		population.groups != 1 || population.memberships != (int64_t)count) {
		fail("the population is wrong", population.users);
	}
}

static int count_lost(struct after *after)
{
	int lost = 0;

	for (int i = 0; i < OPERATIONS; i++) {
		lost += !check_acknowledged(after, i);
	}
	return lost;
}

static bool open_after(struct after *after, const char *path)
{
	struct error err = { 0 };

	*after = (struct after){ .arena = arena_new() };
	after->store = store_open(&(struct store_options){ .path = path }, &err);
	if (after->store != NULL) {
		after->reader = store_reader_open(after->store, &err);
	}
	if (after->reader == NULL) {
		printf("cannot be opened: %s\n", err.text);
		return false;
	}
	return true;
}

static void close_after(struct after *after)
{
	store_reader_close(after->reader);
	store_close(after->store);
	arena_free(after->arena);
}

static void verify(void)
{
	struct after after;
	struct store_copy_info info;
	struct error err = { 0 };
	char path[300];
	int lost = 1;

	snprintf(path, sizeof(path), "%s/store.db", test.after);
	if (open_after(&after, path)) {
		lost = count_lost(&after);
		if (!test.expect_loss) {
			check_journal(&after);
			check_group(&after, test.f.tenant,
				check_people(&after, test.f.tenant, test.f.app));
		}
	}
	close_after(&after);
	test.lost += lost;
	if (!test.expect_loss && lost > 0) {
		fail("acknowledged operations were lost", lost);
	}
	if (!test.expect_loss && !store_backup_check(path, &info, &err)) {
		fail(err.text, 0);
	}
}

static void run_round(void)
{
	test.cut_at = 1 + rand_r(&test.seed) % (OPERATIONS / 2);
	fixture_folder(test.after, sizeof(test.after));
	test.loop = loop_new();
	run_load();
	loop_free(test.loop);
	if (!test.is_cut) {
		fail("the power was never cut", test.acknowledged);
	}
	verify();
	fixture_remove(test.after);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "cuts", required_argument, NULL, 'c' },
		{ "seed", required_argument, NULL, 's' }, { "expect-loss", no_argument, NULL, 'l' },
		{ 0 } };
	int cuts = 200;
	unsigned first_seed = 1;
	int64_t acknowledged = 0;
	int option;

	while ((option = getopt_long(argc, argv, "c:s:l", options, NULL)) != -1) {
		cuts = option == 'c' ? (int)strtol(optarg, NULL, 10) : cuts;
		first_seed = option == 's' ? (unsigned)strtoul(optarg, NULL, 10) : first_seed;
		test.expect_loss = option == 'l' ? true : test.expect_loss;
	}
	fault_vfs_register();
	for (int i = 0; i < cuts; i++) {
		test.seed = test.round = first_seed + (unsigned)i;
		run_round();
		acknowledged += test.acknowledged;
	}
	printf("%d power cuts, %lld operations acknowledged before them, %d lost\n", cuts,
		(long long)acknowledged, test.lost);
	return test.expect_loss == (test.lost > 0) ? 0 : 1;
}
