#include "gateway/policy_kept.h"

#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/file.h"
#include "base/value.h"

#define HEAD "scimward policy 1 "
#define HEAD_BYTES (sizeof(HEAD) - 1 + 2 * DIGEST_BYTES + 1)
#define KEPT_BYTES ((size_t)512 << 20)

static void write_head(struct buf *file, const void *body, size_t size)
{
	uint8_t digest[DIGEST_BYTES];

	digest_sha256(body, size, digest);
	buf_append_text(file, HEAD);
	encode_hex(file, digest, sizeof(digest));
	buf_append_char(file, '\n');
}

bool policy_kept_write(const char *path, const struct policy_kept *kept, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	CLEANUP(buf_fini) struct buf body = { 0 };
	CLEANUP(buf_fini) struct buf file = { 0 };
	struct value_builder facts = { .arena = arena };

	value_add_text(&facts, "source", kept->source);
	value_add_text(&facts, "revision", kept->revision);
	value_add_text(&facts, "digest", kept->digest);
	value_add_text(&facts, "commit", kept->commit);
	value_add_int(&facts, "serial", kept->serial);
	value_add_int(&facts, "time", kept->time_us);
	value_add_int(&facts, "plan", (int64_t)kept->plan_size);
	value_add_int(&facts, "data", kept->data != NULL ? (int64_t)kept->data_size : -1);
	value_print(&body, value_finish_object(&facts));
	buf_append_char(&body, '\n');
	buf_append(&body, kept->plan, kept->plan_size);
	buf_append(&body, kept->data, kept->data != NULL ? kept->data_size : 0);
	write_head(&file, body.data, body.size);
	buf_append(&file, body.data, body.size);
	return file_replace(path, file.data, file.size, 0600, err);
}

static bool damaged(const char *path, struct error *err)
{
	return error_set(
		err, ERROR_IO, "%s is damaged; it is made again with the next policy", path);
}

static bool read_facts(struct arena *arena, const char *text, size_t size, struct policy_kept *kept)
{
	static const struct value_limits limits = { .bytes = 65536, .depth = 4, .values = 100 };
	const char *end = memchr(text, '\n', size);
	const struct value *facts =
		end != NULL ? value_parse(arena, text, (size_t)(end - text), &limits, NULL) : NULL;
	int64_t plan = value_find_int(facts, "plan", -1);
	int64_t data = value_find_int(facts, "data", -1);

	if (end == NULL || plan < 0 ||
		(int64_t)size != end + 1 - text + plan + (data > 0 ? data : 0)) {
		return false;
	}
	*kept = (struct policy_kept){
		.source = value_find_text(facts, "source"),
		.revision = value_find_text(facts, "revision"),
		.digest = value_find_text(facts, "digest"),
		.commit = value_find_text(facts, "commit"),
		.serial = value_find_int(facts, "serial", -1),
		.time_us = value_find_int(facts, "time", 0),
		.plan = end + 1,
		.plan_size = (size_t)plan,
		.data = data >= 0 ? end + 1 + plan : NULL,
		.data_size = data > 0 ? (size_t)data : 0,
	};
	return kept->source != NULL && kept->revision != NULL && kept->digest != NULL;
}

static void free_buf(void *buf)
{
	buf_fini(buf);
}

bool policy_kept_read(
	struct arena *arena, const char *path, struct policy_kept *kept, struct error *err)
{
	struct buf *file = arena_calloc(arena, 1, sizeof(*file));
	CLEANUP(buf_fini) struct buf head = { 0 };

	if (!file_exists(path)) {
		return error_set(err, ERROR_NOT_FOUND, "%s is not there", path);
	}
	arena_defer(arena, free_buf, file);
	if (!file_read(path, KEPT_BYTES, file, err)) {
		return false;
	}
	if (file->size <= HEAD_BYTES) {
		return damaged(path, err);
	}
	write_head(&head, file->data + HEAD_BYTES, file->size - HEAD_BYTES);
	if (memcmp(head.data, file->data, HEAD_BYTES) != 0 ||
		!read_facts(arena, file->data + HEAD_BYTES, file->size - HEAD_BYTES, kept)) {
		return damaged(path, err);
	}
	return true;
}
