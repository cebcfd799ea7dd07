/*
 * What base/value costs: parsing, printing, comparing and copying a SCIM user, finding a member.
 *
 *     bench_value [--json] [FILE…]
 *
 * Without files: a SCIM user of 1 kB. jansson reads and writes the same text beside it. Each
 * number is the best of several rounds, in nanoseconds; emptying the arena is part of parsing.
 */
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/value.h"

/* Many short rounds: a long one is always interrupted on a busy machine. */
enum { ROUNDS = 200, CALLS = 200, FILE_BYTES = 1 << 26 };

static const struct value_limits limits = {
	.bytes = FILE_BYTES, .depth = 64, .values = 1u << 22, .folded_keys = true
};

static const char user[] =
	"{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:User\",\"urn:ietf:params:scim:"
	"schemas:"
	"extension:enterprise:2.0:User\"],\"externalId\":\"00ujl29u0le5T6Aj10h7\",\"userName\":"
	"\"bjensen@example.com\",\"name\":{\"formatted\":\"Ms. Barbara J Jensen, "
	"III\",\"familyName\":"
	"\"Jensen\",\"givenName\":\"Barbara\",\"middleName\":\"Jane\",\"honorificPrefix\":\"Ms.\","
	"\"honorificSuffix\":\"III\"},\"displayName\":\"Babs "
	"Jensen\",\"nickName\":\"Babs\",\"title\":"
	"\"Tour "
	"Guide\",\"userType\":\"Employee\",\"preferredLanguage\":\"en-US\",\"locale\":\"en-US\","
	"\"timezone\":\"America/Los_Angeles\",\"active\":true,\"emails\":[{\"value\":"
	"\"bjensen@example.com\",\"type\":\"work\",\"primary\":true},{\"value\":\"babs@jensen."
	"org\","
	"\"type\":\"home\"}],\"phoneNumbers\":[{\"value\":\"555-555-5555\",\"type\":\"work\"},{"
	"\"value\":"
	"\"555-555-4444\",\"type\":\"mobile\"}],\"addresses\":[{\"type\":\"work\","
	"\"streetAddress\":"
	"\"100 Universal City "
	"Plaza\",\"locality\":\"Hollywood\",\"region\":\"CA\"}],\"urn:ietf:params:"
	"scim:schemas:extension:enterprise:2.0:User\":{\"employeeNumber\":\"701984\","
	"\"department\":"
	"\"Tour Operations\",\"manager\":{\"value\":\"26118915-6090-4610-87e4-49d8ca9f808d\"}}}";

struct subject {
	const char *text;
	size_t size;
	struct arena *arena; /* of what is made again and again */
	struct buf buf;
	const struct value *value;
	const struct value *twin; /* equal, nothing in common */
	const struct value *key;  /* of the last member, if it is an object */
	const struct value *strange_key;
	json_t *json;
};

typedef void work_fn(struct subject *it);
static volatile uintptr_t sink; /* keeps the compiler from leaving the work out */

static void parse(struct subject *it)
{
	arena_reset(it->arena);
	sink += (uintptr_t)value_parse(it->arena, it->text, it->size, &limits, NULL);
}

static void print(struct subject *it)
{
	buf_clear(&it->buf);
	value_print(&it->buf, it->value);
}

static void compare(struct subject *it)
{
	sink += (uintptr_t)value_compare(it->value, it->twin);
}

static void equal(struct subject *it)
{
	sink += value_equals(it->value, it->twin);
}

static void copy(struct subject *it)
{
	arena_reset(it->arena);
	sink += (uintptr_t)value_copy(it->arena, it->value);
}

static void find_key(struct subject *it)
{
	sink += (uintptr_t)value_find_key(it->value, it->key);
}

static void find_text(struct subject *it)
{
	sink += (uintptr_t)value_find_n(it->value, value_text(it->key), value_size(it->key));
}

static void find_nothing(struct subject *it)
{
	sink += (uintptr_t)value_find_key(it->value, it->strange_key);
}

static void with(struct subject *it)
{
	arena_reset(it->arena);
	sink += (uintptr_t)value_with(it->arena, it->value, "active", value_of_bool(false));
}

static void jansson_parse(struct subject *it)
{
	json_decref(json_loadb(it->text, it->size, JSON_REJECT_DUPLICATES, NULL));
}

static void jansson_print(struct subject *it)
{
	memory_free(json_dumps(it->json, JSON_COMPACT | JSON_SORT_KEYS));
}

static const struct {
	const char *name;
	work_fn *fn;
	bool of_objects;
} works[] = {
	{ "parse", parse, false },
	{ "print", print, false },
	{ "compare", compare, false },
	{ "equals", equal, false },
	{ "copy", copy, false },
	{ "with", with, true },
	{ "find_key", find_key, true },
	{ "find_text", find_text, true },
	{ "find_nothing", find_nothing, true },
	{ "jansson_parse", jansson_parse, false },
	{ "jansson_print", jansson_print, false },
};

static double now_ns(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

static double measure(work_fn *fn, struct subject *it, bool is_short)
{
	size_t calls = it->size > 100000 && !is_short ? 1 : CALLS;
	double best = 1e18;

	int rounds = it->size > 100000 ? ROUNDS / 20 : ROUNDS;

	for (int round = 0; round < rounds; round++) {
		double start = now_ns();

		for (size_t i = 0; i < calls; i++) {
			fn(it);
		}
		double each = (now_ns() - start) / (double)calls;
		best = each < best ? each : best;
	}
	return best;
}

static void run(const char *name, const char *text, size_t size, bool as_json)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	CLEANUP(arena_cleanup) struct arena *scratch = arena_new();
	struct subject it = { .text = text, .size = size, .arena = scratch };
	struct error err = { 0 };

	it.value = value_parse(arena, text, size, &limits, &err);
	if (it.value == NULL) {
		fprintf(stderr, "bench_value: %s: %s\n", name, err.text);
		exit(1);
	}
	it.twin = value_parse(arena, text, size, &limits, &err);
	it.json = json_loadb(text, size, 0, NULL);
	it.strange_key = value_of_text(arena, "strange");
	if (value_is(it.value, VALUE_OBJECT) && value_count(it.value) > 0) {
		it.key = value_copy(
			arena, value_member_at(it.value, value_count(it.value) - 1)->key);
	}
	printf(as_json ? "{\"bench\":\"value\",\"input\":\"%s\",\"bytes\":%zu" : "%s, %zu bytes\n",
		name, size);
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		if (!works[i].of_objects || it.key != NULL) {
			printf(as_json ? ",\"%s_ns\":%.1f" : "  %-14s %10.1f ns\n", works[i].name,
				measure(works[i].fn, &it, works[i].of_objects));
		}
	}
	printf(as_json ? "}\n" : "\n");
	json_decref(it.json);
	buf_fini(&it.buf);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' }, { 0 } };
	bool as_json = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'j') {
			fprintf(stderr, "usage: bench_value [--json] [FILE…]\n");
			return 64;
		}
		as_json = true;
	}
	if (optind == argc) {
		run("user", user, sizeof(user) - 1, as_json);
	}
	for (int i = optind; i < argc; i++) {
		CLEANUP(buf_fini) struct buf text = { 0 };
		struct error err = { 0 };

		if (!file_read(argv[i], FILE_BYTES, &text, &err)) {
			fprintf(stderr, "bench_value: %s\n", err.text);
			return 1;
		}
		run(argv[i], buf_text(&text), text.size, as_json);
	}
	return 0;
}
