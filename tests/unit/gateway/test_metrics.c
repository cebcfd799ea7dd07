/* Counters: shares of failures, reasons up to a cap, sums over threads. */
#include "gateway/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/buf.h"
#include "base/clock.h"
#include "config/config.h"
#include "gateway/flows.h"
#include "gateway/gateway.h"
#include "gateway/metrics_print.h"
#include "gateway/request.h"
#include "io/loop.h"

#define MINUTE_US INT64_C(60000000)
/* The start of a window of ten minutes. */
#define NOON_US (INT64_C(3000000) * 600 * 1000000)

static struct config_source source_configs[2] = { { .name = "one", .tenant = "acme" },
	{ .name = "two", .tenant = "acme" } };
static struct gateway_source sources[2] = { { .config = &source_configs[0], .index = 0 },
	{ .config = &source_configs[1], .index = 1 } };
static const char *tenants[] = { "acme" };
static struct config config = { .tenants = tenants, .tenant_count = 1 };
static struct gateway gateway = { .config = &config, .sources = sources, .source_count = 2 };

static int set_up(void **state)
{
	clock_fake(NOON_US);
	*state = metrics_new(&gateway, 2);
	return 0;
}

static int tear_down(void **state)
{
	metrics_free(*state);
	clock_fake(-1);
	return 0;
}

static void answered(struct metrics *metrics, unsigned thread, size_t source,
	enum http_method method, const struct step *flow, int status)
{
	struct request request = {
		.source = &sources[source],
		.http_method = method,
		.flow = flow,
		.status = status,
		.started_us = loop_now_us(),
		.time_us = clock_now_us(),
	};

	metrics_request(metrics_of(metrics, thread), &request);
}

static void writes(struct metrics *metrics, unsigned thread, int status, int count)
{
	for (int i = 0; i < count; i++) {
		answered(metrics, thread, 0, HTTP_PATCH, flow_write, status);
	}
}

static int percent(const struct metrics *metrics)
{
	double share = metrics_error_share(metrics, 0);

	return share < 0 ? -1 : (int)(share * 100 + 0.5);
}

static void test_a_few_writes_say_nothing(void **state)
{
	writes(*state, 0, 503, METRICS_SHARE_MIN - 1);
	assert_int_equal(percent(*state), -1);

	writes(*state, 1, 200, 1);
	assert_int_equal(percent(*state), 90);
}

static void test_failures_of_all_threads_are_one_share(void **state)
{
	writes(*state, 0, 201, 30);
	writes(*state, 1, 403, 5);
	writes(*state, 1, 503, 5);

	assert_int_equal(percent(*state), 25);
	assert_true(metrics_error_share(*state, 1) < 0); /* the other source's own affair */
}

static void test_reads_do_not_count_whatever_their_method(void **state)
{
	writes(*state, 0, 200, 10);
	for (int i = 0; i < 100; i++) {
		answered(*state, 0, 0, HTTP_GET, flow_get, 404);
		answered(*state, 0, 0, HTTP_POST, flow_search, 400);
	}

	assert_int_equal(percent(*state), 0);
}

static void test_what_is_long_ago_is_forgotten(void **state)
{
	writes(*state, 0, 503, 20);

	clock_fake(NOON_US + 19 * MINUTE_US);
	assert_int_equal(percent(*state), 100); /* the window before counts as well */
	writes(*state, 0, 200, 60);
	assert_int_equal(percent(*state), 25);
	clock_fake(NOON_US + 20 * MINUTE_US);
	assert_int_equal(percent(*state), 0);
	clock_fake(NOON_US + 30 * MINUTE_US);
	assert_int_equal(percent(*state), -1);
}

static void test_an_old_window_is_emptied_before_it_is_used_again(void **state)
{
	writes(*state, 0, 503, 50);
	clock_fake(NOON_US + 20 * MINUTE_US); /* the same slot */
	writes(*state, 0, 200, 10);

	assert_int_equal(percent(*state), 0);
}

/* ---- reasons ---- */

static uint64_t counted(const struct metrics *metrics, const char *code)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < METRICS_REASONS; i++) {
		bool is_it = i < metrics->reason_count && strcmp(metrics->reasons[i], code) == 0;
		bool is_rest = i == METRICS_REASONS - 1 && strcmp(code, "(other)") == 0;

		for (unsigned thread = 0; (is_it || is_rest) && thread < 2; thread++) {
			sum += metrics->threads[thread].decisions[0].reasons[1][i];
		}
	}
	return sum;
}

static void deny(struct metrics *metrics, unsigned thread, const char *code)
{
	metrics_decision(metrics_of(metrics, thread), 0, "deny", &code, 1, 5);
}

static void test_reasons_are_counted_by_their_code(void **state)
{
	deny(*state, 0, "sod");
	deny(*state, 1, "sod");
	deny(*state, 1, "email.domain");

	assert_int_equal(counted(*state, "sod"), 2);
	assert_int_equal(counted(*state, "email.domain"), 1);
}

/* A policy that makes codes of what people send must not make labels without end. */
static void test_codes_beyond_the_cap_are_one(void **state)
{
	for (int i = 0; i < 1000; i++) {
		char code[32];

		snprintf(code, sizeof(code), "code.%d", i);
		deny(*state, (unsigned)i % 2, code);
	}
	deny(*state, 0, "code.3");
	deny(*state, 0, "code.999");

	assert_int_equal(((struct metrics *)*state)->reason_count, METRICS_REASONS - 1);
	assert_int_equal(counted(*state, "code.3"), 2);
	assert_int_equal(counted(*state, "code.999"), 0);
	assert_int_equal(counted(*state, "(other)"), 1000 - (METRICS_REASONS - 1) + 1);
}

static void test_rails_are_counted_on_their_own(void **state)
{
	deny(*state, 0, "rail.deactivations");
	deny(*state, 0, "railway");

	assert_int_equal(((struct metrics *)*state)->threads[0].mass_change_blocked, 1);
}

static void test_statuses_and_effects_that_are_unknown_have_a_place(void **state)
{
	struct metrics *metrics = *state;

	answered(metrics, 0, 0, HTTP_GET, flow_get, 299);
	metrics_decision(metrics_of(metrics, 0), 0, "hold", NULL, 0, 1);

	assert_int_equal(
		metrics->threads[0].requests[0].by[HTTP_GET][METRICS_OTHER][METRICS_CODES - 1], 1);
	assert_int_equal(metrics->threads[0].decisions[0].effects[2], 1);
}

#define METRICS_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		METRICS_TEST(test_a_few_writes_say_nothing),
		METRICS_TEST(test_failures_of_all_threads_are_one_share),
		METRICS_TEST(test_reads_do_not_count_whatever_their_method),
		METRICS_TEST(test_what_is_long_ago_is_forgotten),
		METRICS_TEST(test_an_old_window_is_emptied_before_it_is_used_again),
		METRICS_TEST(test_reasons_are_counted_by_their_code),
		METRICS_TEST(test_codes_beyond_the_cap_are_one),
		METRICS_TEST(test_rails_are_counted_on_their_own),
		METRICS_TEST(test_statuses_and_effects_that_are_unknown_have_a_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
