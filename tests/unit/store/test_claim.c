#include "store/claim.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { LONG_MS = 10000, SHORT_MS = 20 };

/* A claim of one or two keys that writes its name down when it is granted. */
struct asker {
	struct store_claim claim;
	struct store_claim_key keys[3];
	char name;
	bool refused;
};

static struct loop *loop;
static struct store_claims *claims;
static char order[64]; /* who was granted, in that order */

static int set_up(void **state)
{
	(void)state;
	loop = loop_new();
	claims = store_claims_new();
	memset(order, 0, sizeof(order));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	store_claims_free(claims);
	loop_free(loop);
	return 0;
}

static void on_claimed(void *user, bool ok)
{
	struct asker *asker = user;

	asker->refused = !ok;
	order[strlen(order)] = asker->name;
}

static void on_stop(void *user)
{
	loop_stop(user);
}

/* Runs what is posted by now. */
static void turn(void)
{
	loop_post(loop, on_stop, loop);
	loop_run(loop);
}

static void wait_ms(int ms)
{
	loop_after(loop, ms, on_stop, loop);
	loop_run(loop);
}

/* keys: one letter each; "*" is the whole tenant. True: at once. */
static bool ask(struct asker *asker, char name, int tenant, const char *keys, int timeout_ms)
{
	memset(asker, 0, sizeof(*asker));
	asker->name = name;
	asker->claim.tenant = tenant;
	asker->claim.whole_tenant = keys[0] == '*';
	asker->claim.keys = asker->keys;
	asker->claim.count = asker->claim.whole_tenant ? 0 : strlen(keys);
	for (size_t i = 0; i < asker->claim.count; i++) {
		memset(asker->keys[i].id, keys[i], UUID_BYTES);
	}
	return store_claim(claims, &asker->claim, loop, timeout_ms, on_claimed, asker);
}

static void release(struct asker *asker)
{
	store_claim_release(&asker->claim);
	turn();
}

static void test_a_free_key_is_granted_at_once_without_a_callback(void **state)
{
	struct asker a;
	struct asker b;
	(void)state;

	assert_true(ask(&a, 'a', 1, "x", LONG_MS));
	assert_true(ask(&b, 'b', 1, "y", LONG_MS));
	release(&a);
	release(&b);

	assert_string_equal(order, "");
	assert_int_equal(store_claims_count(claims), 0);
}

static void test_who_comes_first_is_served_first(void **state)
{
	struct asker a;
	struct asker b;
	struct asker c;
	(void)state;

	assert_true(ask(&a, 'a', 1, "x", LONG_MS));
	assert_false(ask(&b, 'b', 1, "x", LONG_MS));
	assert_false(ask(&c, 'c', 1, "x", LONG_MS));
	turn();
	assert_string_equal(order, "");
	release(&a);
	assert_string_equal(order, "b");
	release(&b);
	assert_string_equal(order, "bc");
	release(&c);
}

static void test_a_claim_waits_for_all_its_keys(void **state)
{
	struct asker a;
	struct asker b;
	struct asker c;
	(void)state;

	assert_true(ask(&a, 'a', 1, "x", LONG_MS));
	assert_true(ask(&b, 'b', 1, "y", LONG_MS));
	assert_false(ask(&c, 'c', 1, "xy", LONG_MS));
	release(&a);
	assert_string_equal(order, "");
	release(&b);
	assert_string_equal(order, "c");
	release(&c);
}

static void test_a_waiting_claim_holds_its_place_in_every_queue(void **state)
{
	struct asker a;
	struct asker b;
	struct asker c;
	(void)state;

	assert_true(ask(&a, 'a', 1, "x", LONG_MS));
	assert_false(ask(&b, 'b', 1, "xy", LONG_MS));
	/* y is held by nobody, but b came before: no starvation of claims with many keys. */
	assert_false(ask(&c, 'c', 1, "y", LONG_MS));
	release(&a);
	assert_string_equal(order, "b");
	release(&b);
	assert_string_equal(order, "bc");
	release(&c);
}

static void test_the_same_key_in_another_tenant_is_another_key(void **state)
{
	struct asker a;
	struct asker b;
	(void)state;

	assert_true(ask(&a, 'a', 1, "x", LONG_MS));
	assert_true(ask(&b, 'b', 2, "x", LONG_MS));
	release(&a);
	release(&b);
}

static void test_a_key_named_twice_is_one_key(void **state)
{
	struct asker a;
	struct asker b;
	(void)state;

	assert_true(ask(&a, 'a', 1, "xyx", LONG_MS));
	assert_false(ask(&b, 'b', 1, "xx", LONG_MS));
	release(&a);
	assert_string_equal(order, "b");
	release(&b);
}

static void test_a_whole_tenant_waits_for_all_before_and_holds_back_all_after(void **state)
{
	struct asker a;
	struct asker b;
	struct asker all;
	struct asker c;
	struct asker none;
	(void)state;

	assert_true(ask(&a, 'a', 1, "x", LONG_MS));
	assert_true(ask(&b, 'b', 1, "y", LONG_MS));
	assert_false(ask(&all, '*', 1, "*", LONG_MS));
	assert_false(ask(&c, 'c', 1, "z", LONG_MS));
	assert_false(ask(&none, 'n', 1, "", LONG_MS));
	release(&b);
	assert_string_equal(order, "");
	release(&a);
	assert_string_equal(order, "*");
	release(&all);
	assert_string_equal(order, "*cn");
	release(&c);
	release(&none);
}

static void test_two_whole_tenants_take_turns(void **state)
{
	struct asker one;
	struct asker two;
	struct asker a;
	(void)state;

	assert_true(ask(&one, '1', 1, "*", LONG_MS));
	assert_false(ask(&two, '2', 1, "*", LONG_MS));
	assert_false(ask(&a, 'a', 1, "x", LONG_MS));
	release(&one);
	assert_string_equal(order, "2");
	release(&two);
	assert_string_equal(order, "2a");
	release(&a);
}

static void test_another_tenant_is_not_held_back(void **state)
{
	struct asker all;
	struct asker a;
	(void)state;

	assert_true(ask(&all, '*', 1, "*", LONG_MS));
	assert_true(ask(&a, 'a', 2, "x", LONG_MS));
	release(&all);
	release(&a);
}

static void test_a_claim_that_waits_too_long_is_told_so_and_leaves(void **state)
{
	struct asker a;
	struct asker b;
	struct asker c;
	(void)state;

	assert_true(ask(&a, 'a', 1, "x", LONG_MS));
	assert_false(ask(&b, 'b', 1, "xy", SHORT_MS));
	assert_false(ask(&c, 'c', 1, "y", LONG_MS));
	wait_ms(SHORT_MS * 5);

	/* b is out, and c, which stood behind b only, runs. */
	assert_string_equal(order, "bc");
	assert_true(b.refused);
	assert_false(c.refused);
	store_claim_release(&b.claim); /* does nothing */
	release(&a);
	release(&c);
}

static void test_a_whole_tenant_that_gives_up_lets_the_others_pass(void **state)
{
	struct asker a;
	struct asker all;
	struct asker c;
	(void)state;

	assert_true(ask(&a, 'a', 1, "x", LONG_MS));
	assert_false(ask(&all, '*', 1, "*", SHORT_MS));
	assert_false(ask(&c, 'c', 1, "y", LONG_MS));
	wait_ms(SHORT_MS * 5);

	assert_string_equal(order, "*c");
	assert_true(all.refused);
	release(&a);
	release(&c);
}

/* ---- many threads ---- */

enum { THREADS = 4, ROUNDS = 2000, KEYS = 5 };

struct worker {
	pthread_t thread;
	struct loop *loop;
	struct store_claims *claims;
	struct store_claim claim;
	struct store_claim_key keys[2];
	unsigned seed;
	int left;
};

static atomic_int holders[KEYS]; /* who holds a key now: never more than one */
static atomic_int whole;
static atomic_int violations;

static void step(struct worker *worker);

static void enter(struct worker *worker)
{
	if (worker->claim.whole_tenant) {
		for (int i = 0; i < KEYS; i++) {
			violations += atomic_load(&holders[i]) != 0;
		}
		violations += atomic_fetch_add(&whole, 1) != 0;
		return;
	}
	violations += atomic_load(&whole) != 0;
	for (size_t i = 0; i < worker->claim.count; i++) {
		violations += atomic_fetch_add(&holders[worker->keys[i].id[0]], 1) != 0;
	}
}

static void quit(struct worker *worker)
{
	if (worker->claim.whole_tenant) {
		atomic_fetch_sub(&whole, 1);
	}
	for (size_t i = 0; i < worker->claim.count; i++) {
		atomic_fetch_sub(&holders[worker->keys[i].id[0]], 1);
	}
	store_claim_release(&worker->claim);
}

static void on_next(void *user)
{
	struct worker *worker = user;

	quit(worker);
	if (--worker->left == 0) {
		loop_stop(worker->loop);
	} else {
		step(worker);
	}
}

static void on_mine(void *user, bool ok)
{
	struct worker *worker = user;

	violations += !ok;
	enter(worker);
	loop_post(worker->loop, on_next, worker); /* hold it for a turn */
}

static void step(struct worker *worker)
{
	int first = rand_r(&worker->seed) % KEYS;

	memset(&worker->claim, 0, sizeof(worker->claim));
	memset(worker->keys[0].id, first, UUID_BYTES);
	memset(worker->keys[1].id, (first + 1) % KEYS, UUID_BYTES);
	worker->claim.tenant = 1;
	worker->claim.keys = worker->keys;
	worker->claim.whole_tenant = rand_r(&worker->seed) % 10 == 0;
	worker->claim.count = worker->claim.whole_tenant ? 0 : 2;
	if (store_claim(worker->claims, &worker->claim, worker->loop, LONG_MS, on_mine, worker)) {
		on_mine(worker, true);
	}
}

static void on_start(void *user)
{
	step(user);
}

static void *work(void *user)
{
	struct worker *worker = user;

	worker->loop = loop_new();
	loop_post(worker->loop, on_start, worker);
	loop_run(worker->loop);
	loop_free(worker->loop);
	return NULL;
}

static void test_no_two_threads_ever_hold_one_key(void **state)
{
	struct worker workers[THREADS];
	(void)state;

	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){
			.claims = claims, .seed = (unsigned)i + 1, .left = ROUNDS
		};
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
	}

	assert_int_equal(atomic_load(&violations), 0);
	assert_int_equal(store_claims_count(claims), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_free_key_is_granted_at_once_without_a_callback),
		TEST(test_who_comes_first_is_served_first),
		TEST(test_a_claim_waits_for_all_its_keys),
		TEST(test_a_waiting_claim_holds_its_place_in_every_queue),
		TEST(test_the_same_key_in_another_tenant_is_another_key),
		TEST(test_a_key_named_twice_is_one_key),
		TEST(test_a_whole_tenant_waits_for_all_before_and_holds_back_all_after),
		TEST(test_two_whole_tenants_take_turns),
		TEST(test_another_tenant_is_not_held_back),
		TEST(test_a_claim_that_waits_too_long_is_told_so_and_leaves),
		TEST(test_a_whole_tenant_that_gives_up_lets_the_others_pass),
		TEST(test_no_two_threads_ever_hold_one_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
