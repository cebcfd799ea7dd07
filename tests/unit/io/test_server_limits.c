/* Deadlines and limits of io/server.c, with small numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/support/server_stage.h"

/* Deadlines that are not the test's are as they always are: whatever runs late, they do not come
 * first. */
static int setup_hasty_head(void **state)
{
	struct server_options options = usual;

	(void)state;
	options.head_ms = 150;
	options.linger_ms = 50;
	return setup_with(&options);
}

static int setup_hasty_body(void **state)
{
	struct server_options options = usual;

	(void)state;
	options.body_ms = 90;
	options.body_grace_ms = 1000;
	options.linger_ms = 50;
	return setup_with(&options);
}

static int setup_hasty_idle(void **state)
{
	struct server_options options = usual;

	(void)state;
	options.idle_ms = 60;
	return setup_with(&options);
}

static int setup_hasty_write(void **state)
{
	struct server_options options = usual;

	(void)state;
	options.write_ms = 60;
	options.write_bytes_per_second = 1 << 30;
	return setup_with(&options);
}

static struct server_stats stats(void)
{
	struct server_stats now;

	server_stats(stage->fixture.server, &now);
	return now;
}

/* Sends one byte every few milliseconds until the server has had enough. */
static void drip(int fd, const char *start, char drop)
{
	assert_true(wire_send(fd, start));
	while (!wire_wait(fd, 5) && wire_send_bytes(fd, &drop, 1)) {
	}
}

static void test_a_dripping_head_is_cut_at_the_deadline(void **state)
{
	int64_t began_us = loop_now_us();
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	drip(fd, "GET /a HTTP/1.1\r\nX: ", 'a');
	assert_true(loop_now_us() - began_us >= 150000);
	wire_read_reply(fd, reply, sizeof(reply));
	assert_has(reply, "HTTP/1.1 408 ");
	assert_true(wire_is_closed(fd));
	assert_int_equal(stats().late_head, 1);
	close(fd);
}

static int setup_late(void **state)
{
	struct server_options options = usual;

	(void)state;
	options.head_ms = 400;
	options.linger_ms = 50;
	return setup_with(&options);
}

/* Who came first is cut first, although the other one's first byte was there earlier. When we run
 * so late that one is cut before it has sent anything, that holds as well. */
static void test_the_time_of_the_first_head_runs_from_accept(void **state)
{
	int first = wire_connect(stage->fixture.port);

	(void)state;
	assert_false(wire_wait(first, 100));
	int second = wire_connect(stage->fixture.port);
	wire_send(second, "G");
	assert_false(wire_wait(second, 100));
	wire_send(first, "G");

	struct pollfd both[] = { { .fd = first, .events = POLLIN },
		{ .fd = second, .events = POLLIN } };
	assert_true(poll(both, 2, WIRE_WAIT_S * 1000) > 0);
	assert_true(both[0].revents != 0); /* both: we are late, and cannot tell */
	close(first);
	close(second);
}

static void test_a_dripping_body_is_cut_at_the_deadline(void **state)
{
	int64_t began_us = loop_now_us();
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	drip(fd, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n", 'a');
	assert_true(loop_now_us() - began_us >= 90000);
	wire_read_reply(fd, reply, sizeof(reply));
	assert_has(reply, "HTTP/1.1 408 ");
	assert_true(wire_is_closed(fd));
	assert_int_equal(stats().late_body, 1);
	assert_int_equal(stage->requests, 0);
	close(fd);
}

static void test_a_connection_that_never_asks_is_closed(void **state)
{
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	assert_true(wire_is_closed(fd));
	assert_int_equal(stats().late_idle, 1);
	close(fd);
}

static void answer_held(void *user)
{
	reply_text(user, 200, "held", 4);
}

/* Waits until a connection that came after this call was idle for longer than is allowed. */
static void outlast_the_idle_deadline(void)
{
	int idle = wire_connect(stage->fixture.port);

	assert_has(ask(idle, GET("/none")), "HTTP/1.1 204 ");
	assert_true(wire_is_closed(idle));
	close(idle);
}

static void test_an_idle_connection_is_closed_and_a_busy_one_is_not(void **state)
{
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	assert_true(wire_send(fd, GET("/hold") GET("/hold")));
	for (int i = 0; i < 2; i++) {
		sem_wait(&stage->holding);
		outlast_the_idle_deadline();
		loop_post(loop_thread_loop(stage->fixture.thread), answer_held, stage->held);
		wire_read_reply(fd, reply, sizeof(reply));
		assert_has(reply, "HTTP/1.1 200 ");
	}
	assert_true(wire_is_closed(fd));
	assert_int_equal(stats().late_idle, 3);
	close(fd);
}

static void test_who_does_not_read_is_cut(void **state)
{
	int fd = wire_connect_with(stage->fixture.port, 4096);

	(void)state;
	assert_true(wire_send(fd, GET("/stream?50000000")));
	sem_wait(&stage->told);
	assert_int_equal(stage->events_gone, 1);
	assert_int_equal(stats().late_write, 1);
	close(fd);
}

static int setup_rate(void **state)
{
	struct server_options options = usual;

	(void)state;
	options.body_grace_ms = 60;
	options.body_bytes_per_second = 1 << 20;
	options.linger_ms = 50;
	return setup_with(&options);
}

static void test_a_body_slower_than_the_rate_is_cut(void **state)
{
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	drip(fd, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n", 'a');
	wire_read_reply(fd, reply, sizeof(reply));
	assert_has(reply, "HTTP/1.1 408 ");
	assert_int_equal(stats().late_body, 1);
	close(fd);
}

static int setup_narrow(void **state)
{
	struct server_options options = usual;

	(void)state;
	options.connections_per_address = 2;
	options.requests_per_connection = 2;
	options.bodies_bytes = 100000;
	return setup_with(&options);
}

static void test_an_address_has_a_limit_of_connections(void **state)
{
	int first = wire_connect(stage->fixture.port);
	int second = wire_connect(stage->fixture.port);

	(void)state;
	assert_has(ask(first, GET("/none")), "HTTP/1.1 204 ");
	assert_has(ask(second, GET("/none")), "HTTP/1.1 204 ");
	int third = wire_connect(stage->fixture.port);
	wire_read(third, reply, sizeof(reply) - 1);
	assert_has(reply, "HTTP/1.1 503 ");
	assert_int_equal(stats().refused_address, 1);
	close(first);
	do { /* the server sees the end of the first a moment later */
		close(third);
		third = wire_connect(stage->fixture.port);
		ask(third, GET("/none"));
	} while (strstr(reply, "HTTP/1.1 503 ") != NULL);
	assert_has(reply, "HTTP/1.1 204 ");
	close(second);
	close(third);
}

static void test_a_connection_has_a_limit_of_requests(void **state)
{
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	assert_has_not(ask(fd, GET("/none")), "Connection: close");
	assert_has(ask(fd, GET("/none")), "Connection: close");
	assert_true(wire_is_closed(fd));
	close(fd);
}

static void test_bodies_have_a_limit_of_memory_together(void **state)
{
	static char flood[150000];
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	memset(flood, 'a', sizeof(flood));
	assert_true(wire_send(fd, "POST /a HTTP/1.1\r\n" HOST "Content-Length: 900000\r\n\r\n"));
	wire_send_bytes(fd, flood, sizeof(flood));
	wire_read_reply(fd, reply, sizeof(reply));
	assert_has(reply, "HTTP/1.1 503 ");
	assert_has(reply, "Retry-After: 1");
	close(fd);
}

static int setup_few(void **state)
{
	struct server_options options = usual;

	(void)state;
	options.connections = 1;
	return setup_with(&options);
}

static void test_a_server_has_a_limit_of_connections(void **state)
{
	int first = wire_connect(stage->fixture.port);

	(void)state;
	assert_has(ask(first, GET("/none")), "HTTP/1.1 204 ");
	int second = wire_connect(stage->fixture.port);
	wire_read(second, reply, sizeof(reply) - 1);
	assert_has(reply, "HTTP/1.1 503 ");
	assert_int_equal(stats().refused_total, 1);
	close(first);
	close(second);
}

static void test_a_port_that_is_taken_is_an_error(void **state)
{
	struct server_options options = usual;
	struct error err = { 0 };
	char address[32];

	(void)state;
	snprintf(address, sizeof(address), "127.0.0.1:%u", stage->fixture.port);
	options.address = address;
	assert_null(server_new(&options, &err));
	assert_int_equal(err.code, ERROR_IO);
	assert_has(err.text, address);
}

static void test_addresses_that_are_none_are_refused_with_a_way_out(void **state)
{
	static const char *const bad[] = { "", "8443", "localhost", "localhost:", "localhost:http",
		"1.2.3.4:65536", "::1:80", "[::1:80", ":80", "unix:", "no.such.host.invalid:80" };
	struct server_options options = usual;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = { 0 };
		options.address = bad[i];
		assert_null(server_new(&options, &err));
		assert_int_equal(err.code, ERROR_CONFIG);
	}
}

static void test_several_workers_share_a_port(void **state)
{
	struct server_options options = usual;
	struct error err = { 0 };

	(void)state;
	options.address = "127.0.0.1:0";
	options.workers = 3;
	struct server *server = server_new(&options, &err);
	assert_non_null(server);
	assert_true(server_port(server) > 0);
	server_free(server); /* was never attached */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_the_time_of_the_first_head_runs_from_accept, setup_late, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_dripping_head_is_cut_at_the_deadline, setup_hasty_head, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_dripping_body_is_cut_at_the_deadline, setup_hasty_body, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_connection_that_never_asks_is_closed, setup_hasty_head, teardown),
		cmocka_unit_test_setup_teardown(
			test_an_idle_connection_is_closed_and_a_busy_one_is_not, setup_hasty_idle,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_who_does_not_read_is_cut, setup_hasty_write, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_body_slower_than_the_rate_is_cut, setup_rate, teardown),
		cmocka_unit_test_setup_teardown(
			test_an_address_has_a_limit_of_connections, setup_narrow, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_connection_has_a_limit_of_requests, setup_narrow, teardown),
		cmocka_unit_test_setup_teardown(
			test_bodies_have_a_limit_of_memory_together, setup_narrow, teardown),
		cmocka_unit_test_setup_teardown(
			test_a_server_has_a_limit_of_connections, setup_few, teardown),
		TEST(test_a_port_that_is_taken_is_an_error),
		cmocka_unit_test(test_addresses_that_are_none_are_refused_with_a_way_out),
		cmocka_unit_test(test_several_workers_share_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
