/*
 * What the journal costs: the bytes and the time of an entry for a user of 1 kB, and of making it
 * public.
 *
 *     bench_journal FOLDER
 *
 * Entries are different from each other, since a processor learns a text that comes again. Packing
 * is measured by the thread's CPU time; publishing too, with the real files below FOLDER (5,000
 * entries a round, as a load of 10,000 per second gives), and by the clock beside it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/value.h"
#include "journal/entry.h"
#include "journal/files.h"
#include "journal/key.h"
#include "journal/payload.h"
#include "journal/source.h"
#include "journal/writer.h"

enum { KINDS = 2, VARIANTS = 256, ROUNDS = 40, STEP = 5000, STEPS = 20 };

static const char *const kinds[KINDS] = { "create", "patch" };

static uint32_t seed = 20261124;

static unsigned chance(unsigned limit)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % limit;
}

static double cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* ---- inputs ---- */

#define CORE "urn:ietf:params:scim:schemas:core:2.0:User"
#define ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

static const char *const given[] = { "Barbara", "R\303\274diger", "Aiko", "Chinedu", "Maria",
	"Katarzyna", "Giovanni", "Priya" };
static const char *const family[] = { "Jensen", "M\303\274ller", "Tanaka", "Okafor", "Adeyemi",
	"Kowalska", "Esposito", "Raghunathan" };
static const char *const departments[] = { "Engineering", "Finance", "Tour Operations", "Legal" };

static void append_uuid(struct buf *buf)
{
	buf_printf(buf, "%08x-%04x-7%03x-9%03x-%06x%06x", chance(1u << 24) << 8 | chance(256),
		chance(65536), chance(4096), chance(4096), chance(1u << 24), chance(1u << 24));
}

/* A user of about 1 kB, as it is after the operation. */
static void append_user(struct buf *buf, const char *id, const char *title)
{
	const char *first = given[chance(8)];
	const char *last = family[chance(8)];
	unsigned number = chance(100000);

	buf_printf(buf, "{\"schemas\":[\"" CORE "\",\"" ENTERPRISE "\"],\"id\":\"%s\",", id);
	buf_append_text(buf, "\"externalId\":\"");
	append_uuid(buf);
	buf_printf(buf, "\",\"userName\":\"user%u@example.com\",\"active\":true,\"title\":\"%s\",",
		number, title);
	buf_printf(buf,
		"\"name\":{\"formatted\":\"%s %s\",\"familyName\":\"%s\",\"givenName\":\"%s\"},",
		first, last, last, first);
	buf_printf(buf, "\"displayName\":\"%s %s\",\"userType\":\"Employee\",", first, last);
	buf_append_text(buf, "\"preferredLanguage\":\"en-US\",\"locale\":\"en-US\","
			     "\"timezone\":\"America/Los_Angeles\",");
	buf_printf(buf,
		"\"emails\":[{\"value\":\"user%u@example.com\",\"type\":\"work\",\"primary\":true},"
		"{\"value\":\"%s%u@home.example.org\",\"type\":\"home\"}],",
		number, last, chance(1000));
	buf_printf(buf,
		"\"phoneNumbers\":[{\"value\":\"+1-555-%04u-%03u\",\"type\":\"work\"},"
		"{\"value\":\"+49 170 %07u\",\"type\":\"mobile\"}],",
		chance(10000), chance(1000), chance(10000000));
	buf_printf(buf,
		"\"addresses\":[{\"type\":\"work\",\"streetAddress\":\"%u Universal City Plaza\","
		"\"locality\":\"Hollywood\",\"region\":\"CA\",\"postalCode\":\"%05u\","
		"\"country\":\"US\"}],",
		chance(1000), chance(100000));
	buf_printf(buf,
		"\"" ENTERPRISE
		"\":{\"employeeNumber\":\"%06u\",\"department\":\"%s\",\"costCenter\":\"%04u\","
		"\"organization\":\"Universal Studios\",\"manager\":{\"value\":\"",
		chance(1000000), departments[chance(4)], chance(10000));
	append_uuid(buf);
	buf_append_text(buf, "\"}}}");
}

static const struct value *parse(struct arena *arena, const struct buf *text)
{
	static const struct value_limits limits = {
		.bytes = 1 << 20, .depth = 64, .values = 10000
	};
	struct error err = { 0 };
	const struct value *value = value_parse(arena, buf_text(text), text->size, &limits, &err);

	if (value == NULL) {
		fprintf(stderr, "bench_journal: %s\n", err.text);
		exit(1);
	}
	return value;
}

/* One change for each attribute of a create, one in all for a patch. */
static const struct value *changes_of(
	struct arena *arena, const struct value *before, const struct value *after)
{
	struct value_builder list = { .arena = arena };

	for (size_t i = 0; i < value_count(after); i++) {
		const struct value_member *member = value_member_at(after, i);
		const struct value *old = value_find_key(before, member->key);
		struct value_builder change = { .arena = arena };

		if (old != NULL && value_equals(old, member->value)) {
			continue;
		}
		value_add(&change, "path", member->key);
		value_add(&change, "before", old);
		value_add(&change, "after", member->value);
		value_add_item(&list, value_finish_object(&change));
	}
	return value_finish_array(&list);
}

static void append_frame(struct buf *buf, const struct journal_entry *entry)
{
	buf_printf(buf,
		"{\"version\":1,\"mode\":\"enforce\",\"time\":\"2026-11-24T04:00:00.000000Z\","
		"\"tenant\":\"default\",\"source\":{\"name\":\"entra\",\"dialect\":\"entra\","
		"\"kind\":\"idp\"},\"actor\":{\"type\":\"source\",\"id\":\"entra\"},"
		"\"operation\":\"%s\",\"resource_type\":\"User\",\"id\":\"%s\",",
		entry->operation, entry->resource_id);
	buf_printf(buf,
		"\"rate\":{\"deactivations\":{\"recent\":%u,\"this\":0,\"population\":%u,"
		"\"window_s\":3600},\"removals\":{\"recent\":0,\"this\":0,\"population\":%u,"
		"\"window_s\":3600}},",
		chance(9), chance(10000), chance(100000));
	buf_printf(buf,
		"\"request\":{\"id\":\"%s\",\"ip\":\"10.20.%u.44\",\"user_agent\":\"Mozilla/5.0 "
		"(compatible; AzureAD-SCIM/1.0)\"}}",
		entry->request, chance(256));
}

static const char *new_uuid(struct arena *arena)
{
	struct buf text = { 0 };

	append_uuid(&text);
	const char *copy = arena_strdup(arena, buf_text(&text));

	buf_fini(&text);
	return copy;
}

static void make_entry(struct arena *arena, bool is_patch, struct journal_entry *entry)
{
	static const char *const reasons[] = { "source.writes" };
	struct buf text = { 0 };
	const struct value *after;
	const struct value *before = NULL;

	*entry = (struct journal_entry){ .kind = JOURNAL_DECISION,
		.time_us = 1795492800000000,
		.tenant = "default",
		.source = "entra",
		.actor_type = "source",
		.actor_id = "entra",
		.operation = is_patch ? "patch" : "create",
		.resource_type = "User",
		.effect = "allow",
		.reasons = reasons,
		.reason_count = 1,
		.revision = "3f9c1d2a77b04e15",
		.latency_us = chance(900),
		.decision = JOURNAL_NONE,
		.before_entry = is_patch ? chance(1000000) : JOURNAL_NONE };
	entry->resource_id = new_uuid(arena);
	entry->request = new_uuid(arena);
	append_user(&text, entry->resource_id, "Senior Engineer");
	after = parse(arena, &text);
	if (is_patch) {
		before = value_with(arena, after, "title", value_of_text(arena, "Engineer"));
	}
	buf_clear(&text);
	append_frame(&text, entry);
	entry->input = parse(arena, &text);
	entry->input = value_with(arena, entry->input, "after", after);
	entry->input = value_with(arena, entry->input, "before", before);
	entry->input = value_with(arena, entry->input, "changes", changes_of(arena, before, after));
	buf_clear(&text);
	buf_append_text(&text, "{\"effect\":\"allow\",\"reasons\":[{\"code\":\"source.writes\","
			       "\"message\":\"entra may write people\"}]}");
	entry->output = parse(arena, &text);
	buf_fini(&text);
}

/* ---- packing and reading ---- */

struct sizes {
	double user, leaf, payload;
};

static void bench_pack(bool is_patch)
{
	struct arena *inputs = arena_new();
	struct arena *arena = arena_new();
	struct journal_packer *packer = journal_packer_new();
	static struct journal_entry entries[VARIANTS];
	struct journal_packed packed;
	struct journal_record record;
	struct error err = { 0 };
	struct buf user = { 0 };
	struct sizes sizes = { 0 };
	double best_pack = 1e9;
	double best_read = 1e9;

	for (int i = 0; i < VARIANTS; i++) {
		make_entry(inputs, is_patch, &entries[i]);
		value_print(&user, value_find(entries[i].input, "after"));
	}
	for (int round = 0; round < ROUNDS; round++) {
		double pack = 0;
		double read = 0;

		for (int i = 0; i < VARIANTS; i++) {
			arena_reset(arena);
			double start = cpu_us();
			bool ok = journal_pack(packer, arena, &entries[i], &packed, &err);
			double middle = cpu_us();

			ok = ok && journal_entry_read(arena, 0, packed.leaf, packed.leaf_size,
					   packed.payload, packed.payload_size, &record, &err);
			read += cpu_us() - middle;
			pack += middle - start;
			if (!ok) {
				fprintf(stderr, "bench_journal: %s\n", err.text);
				exit(1);
			}
			sizes.leaf += (double)packed.leaf_size;
			sizes.payload += (double)packed.payload_size;
		}
		best_pack = pack < best_pack ? pack : best_pack;
		best_read = read < best_read ? read : best_read;
	}
	sizes.user = (double)user.size / VARIANTS;
	printf("%-8s user %5.0f B   leaf %4.0f B   payload %4.0f B   together %4.0f B   "
	       "pack %5.2f us   read %5.2f us\n",
		kinds[is_patch], sizes.user, sizes.leaf / (VARIANTS * ROUNDS),
		sizes.payload / (VARIANTS * ROUNDS),
		(sizes.leaf + sizes.payload) / (VARIANTS * ROUNDS), best_pack / VARIANTS,
		best_read / VARIANTS);
	buf_fini(&user);
	journal_packer_free(packer);
	arena_free(inputs);
	arena_free(arena);
}

/* ---- publishing ---- */

/* One leaf after the other, as a store gives them; no time is spent on making them. */
struct rows {
	struct journal_packed leaves[VARIANTS];
	uint64_t size;
};

static bool rows_size(void *user, uint64_t *size, struct error *err)
{
	(void)err;
	*size = ((const struct rows *)user)->size;
	return true;
}

static bool rows_read(void *user, uint64_t from, uint64_t count, bool payloads, journal_row_fn *fn,
	void *fn_user, struct error *err)
{
	const struct rows *rows = user;
	(void)payloads;

	for (uint64_t i = from; i < from + count && i < rows->size; i++) {
		const struct journal_packed *leaf = &rows->leaves[i % VARIANTS];
		struct journal_row row = { i, leaf->leaf, leaf->leaf_size, NULL, 0 };

		if (!fn(fn_user, &row, err)) {
			return false;
		}
	}
	return true;
}

static void fill_rows(struct arena *arena, struct rows *rows)
{
	struct journal_packer *packer = journal_packer_new();
	struct error err = { 0 };

	for (int i = 0; i < VARIANTS; i++) {
		struct journal_entry entry;

		make_entry(arena, true, &entry);
		if (!journal_pack(packer, arena, &entry, &rows->leaves[i], &err)) {
			exit(1);
		}
	}
	journal_packer_free(packer);
}

static int publish(const char *folder, struct rows *rows, struct error *err)
{
	char *directory = journal_files_join(folder, "log");
	char *key_path = journal_files_join(folder, "key");
	char *state_path = journal_files_join(folder, "signed");
	struct journal_key *key = NULL;
	struct journal_writer *writer = NULL;
	double cpu = 0;
	double wall = 0;
	bool ok = journal_key_generate(key_path, "bench.example/journal", err);

	if (ok) {
		key = journal_key_load(key_path, err);
		writer =
			journal_writer_open(&(struct journal_writer_options){ directory, state_path,
						    key, { rows_size, rows_read, rows }, NULL },
				err);
		ok = writer != NULL;
	}
	for (int step = 0; ok && step < STEPS; step++) {
		rows->size += STEP;
		cpu -= cpu_us();
		wall -= wall_us();
		ok = journal_writer_publish(writer, NULL, err);
		wall += wall_us();
		cpu += cpu_us();
	}
	if (ok) {
		printf("publish  %d entries a round: %.2f us of CPU an entry, %.1f ms a round by "
		       "the "
		       "clock\n",
			STEP, cpu / ((double)STEP * STEPS), wall / STEPS / 1000);
	}
	journal_writer_close(writer);
	journal_key_free(key);
	memory_free(directory);
	memory_free(key_path);
	memory_free(state_path);
	return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
	static struct rows rows;
	struct error err = { 0 };
	struct arena *arena;
	int result;

	if (argc != 2) {
		fprintf(stderr, "usage: bench_journal FOLDER (an empty one)\n");
		return 64;
	}
	bench_pack(false);
	bench_pack(true);
	arena = arena_new();
	fill_rows(arena, &rows);
	result = publish(argv[1], &rows, &err);
	if (result != 0) {
		fprintf(stderr, "bench_journal: %s\n", err.text);
	}
	arena_free(arena);
	return result;
}
