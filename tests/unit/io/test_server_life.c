/* Streams, clients that leave, draining, unix sockets: what happens to a connection over its life.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "tests/support/scratch.h"
#include "tests/support/server_stage.h"

/* ---- streams ---- */

static void test_a_stream_in_chunks_waits_for_a_slow_reader(void **state)
{
	int fd = wire_connect_with(stage->fixture.port, 4096);
	static char bytes[6000000];
	size_t size = 4000000;

	(void)state;
	assert_true(
		wire_send(fd, "GET /stream?4000000 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"));
	while (stage->blocked == 0) { /* its window is small, and nobody reads */
	}
	size_t got = wire_read(fd, bytes, sizeof(bytes) - 1);

	assert_has(bytes, "\r\nTransfer-Encoding: chunked\r\n");
	assert_memory_equal(bytes + got - 5, "0\r\n\r\n", 5);
	assert_true(got > size && got < size + size / 100);
	assert_true(stage->events_ready > 0);
	close(fd);
}

static void test_a_stream_with_a_length_is_not_chunked(void **state)
{
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	ask(fd, GET("/sized?10000"));
	assert_has(reply, "\r\nContent-Length: 10000\r\n");
	ask(fd, GET("/none"));
	assert_has(reply, "HTTP/1.1 204 ");
	close(fd);
}

static void test_a_stream_to_http_1_0_ends_with_the_connection(void **state)
{
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	assert_true(wire_send(fd, "GET /stream?10000 HTTP/1.0\r\n\r\n"));
	size_t got = wire_read(fd, reply, sizeof(reply) - 1);

	assert_has_not(reply, "Transfer-Encoding");
	assert_has_not(reply, "Content-Length");
	assert_int_equal(got, (size_t)(strstr(reply, "\r\n\r\n") + 4 - reply) + 10000);
	close(fd);
}

static void reset(int fd)
{
	struct linger abrupt = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abrupt, sizeof(abrupt));
	close(fd);
}

static void test_a_stream_learns_that_its_client_is_gone(void **state)
{
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	assert_true(wire_send(fd, GET("/silent?0")));
	sem_wait(&stage->holding);
	reset(fd);
	sem_wait(&stage->told);
	assert_int_equal(stage->events_gone, 1);
}

/* ---- clients that leave ---- */

static void answer_held(void *user)
{
	(void)user;
	stage->held_is_gone = exchange_is_gone(stage->held);
	reply_text(stage->held, 200, "held", 4);
	sem_post(&stage->told);
}

static void release_held(void)
{
	loop_post(loop_thread_loop(stage->fixture.thread), answer_held, NULL);
	sem_wait(&stage->told);
}

static void test_the_reply_to_a_client_that_is_gone_is_dropped(void **state)
{
	struct server_stats stats = { 0 };
	int fd = wire_connect(stage->fixture.port);

	(void)state;
	assert_true(wire_send(fd, GET("/hold")));
	sem_wait(&stage->holding);
	reset(fd);
	while (stats.gone == 0) { /* the reset is on its way */
		server_stats(stage->fixture.server, &stats);
	}
	release_held();
	assert_true(stage->held_is_gone);
	assert_int_equal(stats.gone, 1);
	fd = wire_connect(stage->fixture.port);
	assert_has(ask(fd, GET("/none")), "HTTP/1.1 204 ");
	close(fd);
}

static void test_draining_answers_what_is_under_way_and_closes_the_rest(void **state)
{
	int idle = wire_connect(stage->fixture.port);
	int busy = wire_connect(stage->fixture.port);

	(void)state;
	assert_has(ask(idle, GET("/none")), "HTTP/1.1 204 ");
	assert_true(wire_send(busy, GET("/hold")));
	sem_wait(&stage->holding);

	fixture_drain(&stage->fixture, 5000);
	assert_true(wire_is_closed(idle));
	assert_int_equal(wire_connect(stage->fixture.port), -1);
	release_held();
	wire_read_reply(busy, reply, sizeof(reply));
	assert_has(reply, "\r\nConnection: close\r\n");
	assert_has(reply, "\r\n\r\nheld");
	close(idle);
	close(busy);
	fixture_join(&stage->fixture);
}

static int teardown_drained(void **state)
{
	(void)state;
	memory_free(stage);
	return 0;
}

static void test_the_end_of_draining_cuts_but_waits_for_the_handler(void **state)
{
	int busy = wire_connect(stage->fixture.port);

	(void)state;
	assert_true(wire_send(busy, GET("/hold")));
	sem_wait(&stage->holding);
	fixture_drain(&stage->fixture, 1);
	assert_true(wire_is_closed(busy));
	assert_false(stage->fixture.stopped);
	release_held();
	assert_true(stage->held_is_gone);
	close(busy);
	fixture_join(&stage->fixture);
}

/* ---- unix sockets ---- */

#define SOCKET_PATH "socket"

static int setup_unix(void **state)
{
	struct server_options options = usual;

	(void)state;
	options.address = "unix:" SOCKET_PATH;
	return setup_with(&options);
}

static int connect_unix(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET_PATH };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	wire_limit_waits(fd);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void test_a_unix_socket_is_private_and_knows_its_peer(void **state)
{
	struct stat status;
	struct error err = { 0 };
	struct server_options again = usual;
	int fd = connect_unix();

	(void)state;
	assert_int_equal(stat(SOCKET_PATH, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_has(ask(fd, GET("/who")), "\r\n\r\nunix");
	assert_int_equal(stage->peer_uid, getuid());
	assert_true(server_is_loopback(stage->fixture.server));
	again.address = "unix:" SOCKET_PATH;
	assert_null(server_new(&again, &err)); /* somebody listens there */
	assert_int_equal(err.code, ERROR_IO);
	close(fd);
}

static void test_a_stale_unix_socket_is_replaced(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET_PATH };
	int stale = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(stale, (struct sockaddr *)&address, sizeof(address)), 0);
	close(stale);
	struct server_options options = usual;
	options.address = "unix:" SOCKET_PATH;
	setup_with(&options);
	int fd = connect_unix();
	assert_has(ask(fd, GET("/none")), "HTTP/1.1 204 ");
	close(fd);
	teardown(state);
	assert_int_equal(access(SOCKET_PATH, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_stream_in_chunks_waits_for_a_slow_reader),
		TEST(test_a_stream_with_a_length_is_not_chunked),
		TEST(test_a_stream_to_http_1_0_ends_with_the_connection),
		TEST(test_a_stream_learns_that_its_client_is_gone),
		TEST(test_the_reply_to_a_client_that_is_gone_is_dropped),
		cmocka_unit_test_setup_teardown(
			test_draining_answers_what_is_under_way_and_closes_the_rest, setup,
			teardown_drained),
		cmocka_unit_test_setup_teardown(
			test_the_end_of_draining_cuts_but_waits_for_the_handler, setup,
			teardown_drained),
		cmocka_unit_test_setup_teardown(
			test_a_unix_socket_is_private_and_knows_its_peer, setup_unix, teardown),
		cmocka_unit_test(test_a_stale_unix_socket_is_replaced),
	};

	return cmocka_run_group_tests(tests, scratch_enter, scratch_leave);
}
