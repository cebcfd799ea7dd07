#include "io/inner.h"

#include <assert.h>
#include "base/arena.h"
#include "io/connection.h"
#include "io/server.h"

struct exchange *inner_new(struct arena *arena, const struct inner_options *options)
{
	struct exchange *exchange = arena_calloc(arena, 1, sizeof(*exchange));

	exchange->inner = arena_copy(arena, options, sizeof(*options));
	exchange->is_head = options->is_head;
	exchange->open = true;
	return exchange;
}

static void tell(const struct exchange *exchange, enum inner_event event,
	const struct server_reply *reply, const void *bytes, size_t size)
{
	exchange->inner->fn(exchange->inner->user, event, reply, bytes, size);
}

static void tell_body(const struct exchange *exchange, const void *bytes, size_t size)
{
	if (size > 0 && !exchange->is_head) {
		tell(exchange, INNER_BODY, NULL, bytes, size);
	}
}

void inner_reply(struct exchange *exchange, const struct server_reply *reply)
{
	exchange->open = false;
	tell(exchange, INNER_HEAD, reply, NULL, 0);
	tell_body(exchange, reply->body, reply->body_size);
	tell(exchange, INNER_END, NULL, NULL, 0);
}

void inner_stream_start(struct exchange *exchange, const struct server_reply *reply)
{
	exchange->streaming = true;
	tell(exchange, INNER_HEAD, reply, NULL, 0);
}

bool inner_stream_write(struct exchange *exchange, const void *bytes, size_t size)
{
	tell_body(exchange, bytes, size);
	return true;
}

void inner_stream_end(struct exchange *exchange, bool whole)
{
	exchange->open = false;
	tell(exchange, whole ? INNER_END : INNER_ABORT, NULL, NULL, 0);
}
