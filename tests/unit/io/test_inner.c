/* An exchange without a connection: what is replied comes to who made it, within the call. */
#include "io/inner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "io/server.h"

struct seen {
	struct buf told; /* "head 200;body hello;end;" */
};

static void on_event(void *user, enum inner_event event, const struct server_reply *reply,
	const void *bytes, size_t size)
{
	struct seen *seen = user;

	switch (event) {
	case INNER_HEAD:
		buf_printf(&seen->told, "head %d;", reply->status);
		break;
	case INNER_BODY:
		buf_printf(&seen->told, "body %.*s;", (int)size, (const char *)bytes);
		break;
	case INNER_END:
		buf_printf(&seen->told, "end;");
		break;
	case INNER_ABORT:
		buf_printf(&seen->told, "abort;");
		break;
	}
}

static void on_stream(void *user, enum server_stream_event event)
{
	(void)user;
	(void)event;
	fail_msg("a stream without a connection never waits");
}

static struct exchange *make(struct arena *arena, struct seen *seen, bool is_head)
{
	return inner_new(arena, &(struct inner_options){ .peer = "192.0.2.7",
					.is_tls = true,
					.is_head = is_head,
					.fn = on_event,
					.user = seen });
}

static void test_a_reply_comes_in_one_piece(void **state)
{
	struct arena *arena = arena_new();
	struct seen seen = { 0 };
	(void)state;

	server_reply(make(arena, &seen, false), &(struct server_reply){ .status = 201,
							.content_type = "text/plain",
							.body = "hello",
							.body_size = 5 });

	assert_string_equal(buf_text(&seen.told), "head 201;body hello;end;");
	buf_fini(&seen.told);
	arena_free(arena);
}

static void test_a_head_request_gets_no_body(void **state)
{
	struct arena *arena = arena_new();
	struct seen seen = { 0 };
	(void)state;

	server_reply(make(arena, &seen, true), &(struct server_reply){ .status = 200,
						       .content_type = "text/plain",
						       .body = "hello",
						       .body_size = 5 });

	assert_string_equal(buf_text(&seen.told), "head 200;end;");
	buf_fini(&seen.told);
	arena_free(arena);
}

static void test_an_error_of_the_server_has_its_message(void **state)
{
	struct arena *arena = arena_new();
	struct seen seen = { 0 };
	(void)state;

	server_reply_error(make(arena, &seen, false), 503, "too busy");

	assert_string_equal(buf_text(&seen.told), "head 503;body too busy;end;");
	buf_fini(&seen.told);
	arena_free(arena);
}

static void test_a_stream_comes_piece_by_piece(void **state)
{
	struct arena *arena = arena_new();
	struct seen seen = { 0 };
	struct exchange *exchange = make(arena, &seen, false);
	(void)state;

	server_stream_start(exchange, &(struct server_reply){ .status = 200 },
		&(struct server_stream){ .length = -1, .on_event = on_stream });
	assert_true(server_stream_write(exchange, "one", 3));
	assert_true(server_stream_write(exchange, "two", 3));
	server_stream_end(exchange);

	assert_string_equal(buf_text(&seen.told), "head 200;body one;body two;end;");
	buf_fini(&seen.told);
	arena_free(arena);
}

static void test_a_stream_may_break_off(void **state)
{
	struct arena *arena = arena_new();
	struct seen seen = { 0 };
	struct exchange *exchange = make(arena, &seen, false);
	(void)state;

	server_stream_start(exchange, &(struct server_reply){ .status = 200 },
		&(struct server_stream){ .length = -1, .on_event = on_stream });
	server_stream_abort(exchange);

	assert_string_equal(buf_text(&seen.told), "head 200;abort;");
	buf_fini(&seen.told);
	arena_free(arena);
}

static void test_it_says_where_it_comes_from(void **state)
{
	struct arena *arena = arena_new();
	struct seen seen = { 0 };
	struct exchange *exchange = make(arena, &seen, false);
	unsigned uid;
	(void)state;

	assert_string_equal(exchange_peer(exchange), "192.0.2.7");
	assert_true(exchange_is_tls(exchange));
	assert_false(exchange_is_gone(exchange));
	assert_false(exchange_peer_uid(exchange, &uid));
	assert_null(exchange_loop(exchange));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_reply_comes_in_one_piece),
		cmocka_unit_test(test_a_head_request_gets_no_body),
		cmocka_unit_test(test_an_error_of_the_server_has_its_message),
		cmocka_unit_test(test_a_stream_comes_piece_by_piece),
		cmocka_unit_test(test_a_stream_may_break_off),
		cmocka_unit_test(test_it_says_where_it_comes_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
