#include "gateway/cursor.h"

#include <assert.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/value.h"

/* Behind the head: a text as it is, anything else as JSON. */
enum { BACKWARD = 1, OPEN = 2, KEY_IS_TEXT = 4, KEY_IS_JSON = 8 };
enum { VERSION = 1, QUERY_BYTES = 16 };

struct head {
	uint8_t version;
	uint8_t flags;
	uint8_t query[QUERY_BYTES];
	uint8_t expires_s[8];
	uint8_t rid[8];
};
_Static_assert(sizeof(struct head) == 2 + QUERY_BYTES + 16, "no holes");

enum { SEALED_BYTES_MAX = sizeof(struct head) + CURSOR_KEY_BYTES_MAX + SEAL_EXTRA_BYTES };

static void put_int(uint8_t bytes[8], int64_t number)
{
	for (int i = 0; i < 8; i++) {
		bytes[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
	}
}

static int64_t get_int(const uint8_t bytes[8])
{
	uint64_t number = 0;

	for (int i = 0; i < 8; i++) {
		number = number << 8 | bytes[i];
	}
	return (int64_t)number;
}

/* What a seal is bound to. */
struct context {
	char what[16];
	uint8_t tenant[8];
	uint8_t source[8];
};

static void make_context(const struct cursor_owner *owner, struct context *context)
{
	*context = (struct context){ .what = "list cursor" };
	put_int(context->tenant, owner->tenant);
	put_int(context->source, owner->source);
}

static uint8_t put_key(struct buf *buf, const struct value *key)
{
	if (key == NULL) {
		return 0;
	}
	if (value_is(key, VALUE_STRING)) {
		buf_append(buf, value_text(key), value_size(key));
		return KEY_IS_TEXT;
	}
	value_print(buf, key);
	return KEY_IS_JSON;
}

const char *cursor_print(struct arena *arena, const struct cursor_owner *owner,
	const struct cursor *cursor, int64_t now_us)
{
	struct head head = { .version = VERSION };
	struct context context;
	uint8_t sealed[SEALED_BYTES_MAX];
	CLEANUP(buf_fini) struct buf plain = { 0 };
	CLEANUP(buf_fini) struct buf text = { 0 };

	make_context(owner, &context);
	memcpy(head.query, owner->query, QUERY_BYTES);
	put_int(head.expires_s, now_us / 1000000 + owner->timeout_s);
	put_int(head.rid, cursor->rid);
	buf_append(&plain, &head, sizeof(head));
	head.flags = put_key(&plain, cursor->key);
	head.flags |= cursor->backward ? BACKWARD : 0;
	head.flags |= cursor->open ? OPEN : 0;
	memcpy(plain.data, &head, sizeof(head));
	assert(plain.size + SEAL_EXTRA_BYTES <= sizeof(sealed));
	seal_close(owner->key, &context, sizeof(context), plain.data, plain.size, sealed);
	encode_base64url(&text, sealed, plain.size + SEAL_EXTRA_BYTES);
	return arena_text(arena, text.data, text.size);
}

static bool get_key(struct arena *arena, uint8_t flags, const char *bytes, size_t size,
	const struct value **key, struct error *err)
{
	static const struct value_limits limits = {
		.bytes = CURSOR_KEY_BYTES_MAX, .depth = 1, .values = 1
	};

	*key = NULL;
	if ((flags & KEY_IS_TEXT) != 0) {
		*key = value_of_text_n(arena, bytes, size);
	} else if ((flags & KEY_IS_JSON) != 0) {
		*key = value_parse(arena, bytes, size, &limits, err);
		return *key != NULL;
	}
	return true;
}

static bool refuse(struct error *err)
{
	return error_set(err, ERROR_CURSOR,
		"this is no cursor that you got here: send nextCursor or previousCursor of an "
		"answer as it came, with the token it came for, or begin anew with an empty "
		"cursor");
}

static bool unseal(const struct cursor_owner *owner, const char *text, uint8_t *plain, size_t *size)
{
	CLEANUP(buf_fini) struct buf sealed = { 0 };
	struct context context;
	size_t text_size = strlen(text);

	make_context(owner, &context);
	if (text_size > SEALED_BYTES_MAX * 4 / 3 + 3 ||
		!decode_base64url(&sealed, text, text_size) ||
		sealed.size < sizeof(struct head) + SEAL_EXTRA_BYTES ||
		sealed.size > SEALED_BYTES_MAX) {
		return false;
	}
	*size = sealed.size - SEAL_EXTRA_BYTES;
	return seal_open(owner->key, &context, sizeof(context), (const uint8_t *)sealed.data,
		sealed.size, plain);
}

bool cursor_parse(struct arena *arena, const struct cursor_owner *owner, const char *text,
	int64_t now_us, struct cursor *cursor, struct error *err)
{
	uint8_t plain[SEALED_BYTES_MAX];
	struct head head;
	size_t size;

	if (!unseal(owner, text, plain, &size)) {
		return refuse(err);
	}
	memcpy(&head, plain, sizeof(head));
	if (head.version != VERSION) {
		return refuse(err);
	}
	if (memcmp(head.query, owner->query, QUERY_BYTES) != 0) {
		return error_set(err, ERROR_CURSOR,
			"the cursor belongs to another query: path, filter, attributes, "
			"excludedAttributes, sortBy, sortOrder and count must stay as they were "
			"for its first page (RFC 9865, 2); begin anew with an empty cursor");
	}
	if (get_int(head.expires_s) < now_us / 1000000) {
		return error_set(err, ERROR_CURSOR_EXPIRED,
			"the cursor has expired: ask for the next page within %lld seconds, or "
			"begin anew with an empty cursor",
			(long long)owner->timeout_s);
	}
	*cursor = (struct cursor){ .backward = (head.flags & BACKWARD) != 0,
		.open = (head.flags & OPEN) != 0,
		.rid = get_int(head.rid) };
	return get_key(arena, head.flags, (const char *)plain + sizeof(head), size - sizeof(head),
		&cursor->key, err);
}

void cursor_digest(const char *const *texts, size_t count, uint8_t digest[DIGEST_BYTES])
{
	CLEANUP(buf_fini) struct buf all = { 0 };

	for (size_t i = 0; i < count; i++) {
		if (texts[i] != NULL) {
			buf_printf(&all, "%zu:%s", strlen(texts[i]), texts[i]);
		}
		buf_append_char(&all, ';');
	}
	digest_sha256(all.data, all.size, digest);
}
