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
#include "policy/engine.h"
#include "policy/tar.h"

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

static const struct value *texts_value(struct arena *arena, const char *const *texts, size_t count)
{
	struct value_builder it = { .arena = arena };

	for (size_t i = 0; i < count; i++) {
		value_add_item(&it, value_of_text(arena, texts[i]));
	}
	return value_finish_array(&it);
}

static const struct value *files_value(
	struct arena *arena, const struct tar_file *files, size_t count)
{
	struct value_builder it = { .arena = arena };

	for (size_t i = 0; i < count; i++) {
		struct value_builder file = { .arena = arena };

		value_add_text(&file, "name", files[i].name);
		value_add_int(&file, "size", (int64_t)files[i].size);
		value_add_item(&it, value_finish_object(&file));
	}
	return value_finish_array(&it);
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
	value_add(&facts, "files", files_value(arena, kept->files, kept->file_count));
	value_add(&facts, "also", texts_value(arena, kept->also, kept->also_count));
	value_print(&body, value_finish_object(&facts));
	buf_append_char(&body, '\n');
	buf_append(&body, kept->plan, kept->plan_size);
	buf_append(&body, kept->data, kept->data != NULL ? kept->data_size : 0);
	for (size_t i = 0; i < kept->file_count; i++) {
		buf_append(&body, kept->files[i].bytes, kept->files[i].size);
	}
	write_head(&file, body.data, body.size);
	buf_append(&file, body.data, body.size);
	return file_replace(path, file.data, file.size, 0600, err);
}

static bool damaged(const char *path, struct error *err)
{
	return error_set(err, ERROR_IO, "%s is damaged", path);
}

/* The files stand from *at on; moves it behind them. False: they do not fit in what there is. */
static bool read_files(struct arena *arena, const struct value *list, const char **at,
	const char *end, struct policy_kept *kept)
{
	struct tar_file *files = arena_calloc(arena, value_count(list) + 1, sizeof(*files));

	for (size_t i = 0; i < value_count(list); i++) {
		const char *name = value_find_text(value_at(list, i), "name");
		int64_t size = value_find_int(value_at(list, i), "size", -1);

		if (name == NULL || size < 0 || size > end - *at) {
			return false;
		}
		files[i] = (struct tar_file){ name, *at, (size_t)size };
		*at += size;
	}
	kept->files = files;
	kept->file_count = value_count(list);
	return true;
}

static bool read_texts(struct arena *arena, const struct value *list, struct policy_kept *kept)
{
	const char **texts = arena_calloc(arena, value_count(list) + 1, sizeof(*texts));

	for (size_t i = 0; i < value_count(list); i++) {
		if (!value_is(value_at(list, i), VALUE_STRING)) {
			return false;
		}
		texts[i] = value_text(value_at(list, i));
	}
	kept->also = texts;
	kept->also_count = value_count(list);
	return true;
}

static bool take_bytes(const char **at, const char *end, int64_t size, const char **bytes)
{
	if (size > end - *at) {
		return false;
	}
	*bytes = *at;
	*at += size;
	return true;
}

static bool read_facts(struct arena *arena, const char *text, size_t size, struct policy_kept *kept)
{
	static const struct value_limits limits = {
		.bytes = (size_t)16 << 20, .depth = 4, .values = 100000
	};
	const char *end = text + size;
	const char *line = memchr(text, '\n', size);
	const struct value *facts =
		line != NULL ? value_parse(arena, text, (size_t)(line - text), &limits, NULL)
			     : NULL;
	const char *at = line != NULL ? line + 1 : end;
	int64_t plan = value_find_int(facts, "plan", -1);
	int64_t data = value_find_int(facts, "data", -1);

	*kept = (struct policy_kept){
		.source = value_find_text(facts, "source"),
		.revision = value_find_text(facts, "revision"),
		.digest = value_find_text(facts, "digest"),
		.commit = value_find_text(facts, "commit"),
		.serial = value_find_int(facts, "serial", -1),
		.time_us = value_find_int(facts, "time", 0),
		.plan_size = plan > 0 ? (size_t)plan : 0,
		.data_size = data > 0 ? (size_t)data : 0,
	};
	return plan >= 0 && take_bytes(&at, end, plan, &kept->plan) &&
	       (data < 0 || take_bytes(&at, end, data, &kept->data)) &&
	       read_files(arena, value_find(facts, "files"), &at, end, kept) && at == end &&
	       read_texts(arena, value_find(facts, "also"), kept) && kept->source != NULL &&
	       kept->revision != NULL && kept->digest != NULL;
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

struct policy_files policy_kept_files(const struct policy_kept *kept)
{
	return (struct policy_files){ .plan = kept->plan,
		.plan_size = kept->plan_size,
		.data = kept->data,
		.data_size = kept->data_size,
		.revision = kept->revision };
}
