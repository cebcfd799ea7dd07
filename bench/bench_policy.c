/*
 * What a decision costs: µs from the operation's value tree to the decision's value, one thread.
 *
 *     bench_policy [--json] [--rounds N] [--data FILE] [--without STEP]… BUNDLE ENTRYPOINT INPUT…
 *
 * BUNDLE: of `opa build -t plan -e ENTRYPOINT`. --data takes the place of the bundle's own data.
 * --without aliases, folding, memo or lives leaves out what makes plans faster: what is each of
 * them worth? Parsing the input is not part of it: a request has that tree already. p50 and p99 are
 * of single decisions; "mean" is CPU time per decision in a tight loop, emptying the arena
 * included.
 */
#include <getopt.h>
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
#include "policy/bundle.h"
#include "policy/engine.h"

enum { FILE_BYTES = 1 << 28, ROUNDS = 20000 };

struct bench {
	struct policy *policy;
	const struct policy_entrypoint *entrypoint;
	struct policy_worker *worker;
	struct arena *arena; /* of a decision */
	bool json;
	size_t rounds;
	unsigned without; /* POLICY_STEP_… */
	double load_ms;   /* CPU */
};

struct result {
	double p50_us;
	double p99_us;
	double mean_us;
	uint64_t steps;
	size_t bytes;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_policy: %s: %s\n", what, why);
	exit(1);
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec at;

	clock_gettime(clock, &at);
	return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static void read_file(const char *path, struct buf *buf)
{
	struct error err = { 0 };

	if (!file_read(path, FILE_BYTES, buf, &err)) {
		die("read", err.text);
	}
}

static void load(struct bench *bench, const char *bundle_path, const char *data_path)
{
	CLEANUP(buf_fini) struct buf bundle = { 0 };
	CLEANUP(buf_fini) struct buf data = { 0 };
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct policy_files files;
	struct error err = { 0 };

	read_file(bundle_path, &bundle);
	if (!policy_bundle_read(arena, bundle.data, bundle.size, NULL, &files, &err)) {
		die("bundle", err.text);
	}
	if (data_path != NULL) {
		read_file(data_path, &data);
		files.data = buf_text(&data);
		files.data_size = data.size;
	}
	struct policy_limits limits = policy_limits_default;
	limits.without = bench->without;
	int64_t start = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	bench->policy = policy_load(&files, &limits, &err);
	bench->load_ms = (double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - start) / 1e6;
	if (bench->policy == NULL) {
		die("load", err.text);
	}
}

static void decide(struct bench *bench, const struct value *input)
{
	struct policy_call call = {
		.worker = bench->worker, .arena = bench->arena, .input = input
	};
	struct policy_failure failure;
	const struct value *value = NULL;

	if (!policy_evaluate(bench->policy, bench->entrypoint, &call, &value, &failure)) {
		die(policy_failure_code(failure.kind), failure.text);
	}
	if (value == NULL) {
		die("decide", "the entry point is undefined");
	}
}

static int by_size(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static struct result measure(struct bench *bench, const struct value *input)
{
	int64_t *times = must_calloc(bench->rounds, sizeof(*times));
	struct result result = { 0 };

	for (size_t i = 0; i < bench->rounds; i++) {
		arena_reset(bench->arena);
		int64_t start = now_ns(CLOCK_MONOTONIC);
		decide(bench, input);
		times[i] = now_ns(CLOCK_MONOTONIC) - start;
	}
	qsort(times, bench->rounds, sizeof(*times), by_size);
	result.p50_us = (double)times[bench->rounds / 2] / 1e3;
	result.p99_us = (double)times[bench->rounds * 99 / 100] / 1e3;
	memory_free(times);
	result.steps = policy_worker_steps(bench->worker);
	result.bytes = policy_worker_bytes(bench->worker);

	int64_t start = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (size_t i = 0; i < bench->rounds; i++) {
		arena_reset(bench->arena);
		decide(bench, input);
	}
	result.mean_us =
		(double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - start) / 1e3 / (double)bench->rounds;
	return result;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static void report(const struct bench *bench, const char *path, const struct result *it)
{
	unsigned long long steps = it->steps;

	if (bench->json) {
		printf("{\"bench\":\"policy\",\"input\":\"%s\",\"p50_us\":%.2f,\"p99_us\":%.2f,"
		       "\"mean_us\":%.2f,\"steps\":%llu,\"bytes\":%zu,\"load_ms\":%.2f}\n",
			base_name(path), it->p50_us, it->p99_us, it->mean_us, steps, it->bytes,
			bench->load_ms);
		return;
	}
	printf("%-32s %7.2f %7.2f %7.2f %8llu %8zu\n", base_name(path), it->p50_us, it->p99_us,
		it->mean_us, steps, it->bytes);
}

static void run_input(struct bench *bench, const char *path)
{
	static const struct value_limits limits = {
		.bytes = FILE_BYTES, .depth = 512, .values = 1u << 22
	};
	CLEANUP(buf_fini) struct buf text = { 0 };
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	struct error err = { 0 };

	read_file(path, &text);
	const struct value *input = value_parse(arena, buf_text(&text), text.size, &limits, &err);
	if (input == NULL) {
		die(path, err.text);
	}
	struct result result = measure(bench, input);
	report(bench, path, &result);
}

static const char usage[] =
	"bench_policy [--json] [--rounds N] [--data FILE] [--without aliases|folding|memo|lives]… "
	"BUNDLE ENTRYPOINT INPUT…\n";

static unsigned step_of(const char *name)
{
	static const char *const names[] = { "aliases", "folding", "memo", "lives" };

	for (unsigned i = 0; i < 4; i++) {
		if (strcmp(name, names[i]) == 0) {
			return 1u << i;
		}
	}
	die("usage", usage);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "without", required_argument, NULL, 'w' },
		{ "data", required_argument, NULL, 'd' }, { 0 } };
	struct bench bench = { .rounds = ROUNDS };
	const char *data = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'j') {
			bench.json = true;
		} else if (option == 'r') {
			bench.rounds = strtoull(optarg, NULL, 10);
		} else if (option == 'd') {
			data = optarg;
		} else if (option == 'w') {
			bench.without |= step_of(optarg);
		} else {
			die("usage", usage);
		}
	}
	if (argc - optind < 3 || bench.rounds == 0) {
		die("usage", usage);
	}
	load(&bench, argv[optind], data);
	bench.entrypoint = policy_find_entrypoint(bench.policy, argv[optind + 1]);
	if (bench.entrypoint == NULL) {
		die(argv[optind + 1], "the bundle has no such entry point");
	}
	bench.worker = policy_worker_new();
	bench.arena = arena_new();
	if (!bench.json) {
		printf("loaded in %.2f ms of CPU\n%-32s  p50 µs  p99 µs mean µs    steps    "
		       "bytes\n",
			bench.load_ms, "input");
	}
	for (int i = optind + 2; i < argc; i++) {
		run_input(&bench, argv[i]);
	}
	arena_free(bench.arena);
	policy_worker_free(bench.worker);
	policy_unref(bench.policy);
	return 0;
}
