#include "policy/bundle.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/value.h"
#include "policy/engine.h"
#include "policy/tar.h"

#define JSON_DEPTH 512
#define PLACE_DEPTH 64 /* folders around a data.json */

const struct policy_bundle_limits policy_bundle_limits_default = {
	.unpacked_bytes = 320u << 20,
	.files = 10000,
};

/* ---- gzip ---- */

static void end_inflate(z_stream *stream)
{
	inflateEnd(stream);
}

/* One more piece of output. False: nothing more comes, *err says whether for a good reason. */
static bool inflate_more(
	z_stream *stream, struct buf *unpacked, size_t limit, bool *done, struct error *err)
{
	if (unpacked->size >= limit) {
		return error_set(err, ERROR_TOO_LARGE, "unpacks to more than %zu bytes", limit);
	}
	size_t piece = 65536 + unpacked->size / 2;
	if (piece > limit - unpacked->size) {
		piece = limit - unpacked->size;
	}
	buf_reserve(unpacked, piece);
	stream->next_out = (unsigned char *)unpacked->data + unpacked->size;
	stream->avail_out = (unsigned)piece;
	int result = inflate(stream, Z_NO_FLUSH);
	unpacked->size += piece - stream->avail_out;
	if (result == Z_STREAM_END) {
		*done = stream->avail_in == 0;
		/* RFC 1952, 2.2: members may follow each other. */
		return *done || inflateReset(stream) == Z_OK;
	}
	bool is_cut = stream->avail_in == 0 && stream->avail_out > 0;
	if (result != Z_OK || is_cut) {
		return error_set(err, ERROR_SYNTAX, "is no gzip file, or is damaged");
	}
	return true;
}

static bool unpack(
	const void *bytes, size_t size, size_t limit, struct buf *unpacked, struct error *err)
{
	CLEANUP(end_inflate) z_stream stream = { 0 };
	bool done = false;

	if (size > UINT32_MAX || limit > UINT32_MAX) {
		return error_set(err, ERROR_TOO_LARGE, "is larger than 4 GiB");
	}
	if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) {
		return error_set(err, ERROR_INTERNAL, "zlib cannot start");
	}
	stream.next_in = (unsigned char *)(uintptr_t)bytes;
	stream.avail_in = (unsigned)size;
	while (!done) {
		if (!inflate_more(&stream, unpacked, limit, &done, err)) {
			return false;
		}
	}
	return true;
}

/* ---- data ---- */

static bool ends_with(const char *name, const char *end)
{
	size_t size = strlen(name);
	size_t end_size = strlen(end);

	return size >= end_size && strcmp(name + size - end_size, end) == 0 &&
	       (size == end_size || name[size - end_size - 1] == '/');
}

static const struct value *parse(
	struct arena *arena, const struct tar_file *file, struct error *err)
{
	const struct value_limits limits = { .bytes = policy_limits_default.data_bytes,
		.depth = JSON_DEPTH,
		.values = policy_limits_default.values,
		.allow_nul = true };
	const struct value *value = value_parse(arena, file->bytes, file->size, &limits, err);

	if (value == NULL) {
		error_wrap(err, "%s", file->name);
	}
	return value;
}

/* `value` under the names of the folders: "a/b/data.json" is {"a": {"b": …}}. */
static const struct value *at_place(
	struct arena *arena, const char *name, const struct value *value, unsigned depth)
{
	size_t size = strcspn(name, "/");

	if (name[size] == '\0') {
		return value;
	}
	if (depth == PLACE_DEPTH) {
		return NULL;
	}
	const struct value *inner = at_place(arena, name + size + 1, value, depth + 1);
	return inner == NULL ? NULL : value_with(arena, NULL, arena_text(arena, name, size), inner);
}

/* Both are objects. NULL: they say something about the same name, and not both an object. */
static const struct value *merge(struct arena *arena, const struct value *a, const struct value *b)
{
	struct value_builder members = { .arena = arena };

	for (size_t i = 0; i < value_count(a); i++) {
		value_add_key(&members, value_member_at(a, i)->key, value_member_at(a, i)->value);
	}
	for (size_t i = 0; i < value_count(b); i++) {
		const struct value_member *member = value_member_at(b, i);
		const struct value *there = value_find_key(a, member->key);
		const struct value *value = member->value;
		if (there != NULL) {
			bool are_objects =
				value_is(there, VALUE_OBJECT) && value_is(value, VALUE_OBJECT);
			value = are_objects ? merge(arena, there, value) : NULL;
		}
		if (value == NULL) {
			return NULL;
		}
		value_add_key(&members, member->key, value);
	}
	return value_finish_object(&members);
}

static bool add_data(struct arena *arena, const struct tar_file *file, const struct value **data,
	struct error *err)
{
	const struct value *value = parse(arena, file, err);

	if (value == NULL) {
		return false;
	}
	value = at_place(arena, file->name, value, 0);
	if (!value_is(value, VALUE_OBJECT)) {
		return error_set(err, ERROR_POLICY, "%s: the data is no object, or lies too deep",
			file->name);
	}
	*data = *data == NULL ? value : merge(arena, *data, value);
	return *data != NULL || error_set(err, ERROR_POLICY,
					"%s: says something else about what another data.json "
					"holds as well",
					file->name);
}

static void take_text(
	const struct tar_file *file, struct arena *arena, const char **text, size_t *size)
{
	*text = arena_text(arena, file->bytes, file->size);
	*size = file->size;
}

/* Of all data.json. NULL: there is none, or *err says why. */
static const struct value *merge_data(
	struct arena *arena, const struct policy_bundle *bundle, struct error *err)
{
	const struct value *data = NULL;

	for (size_t i = 0; i < bundle->file_count; i++) {
		if (ends_with(bundle->files[i].name, "data.json") &&
			!add_data(arena, &bundle->files[i], &data, err)) {
			return NULL;
		}
	}
	return data;
}

static size_t count_data(const struct policy_bundle *bundle)
{
	size_t found = 0;

	for (size_t i = 0; i < bundle->file_count; i++) {
		found += ends_with(bundle->files[i].name, "data.json");
	}
	return found;
}

/* One data.json at the top is what `opa build` writes: passed on as it is. Others are merged. */
static bool read_data(struct arena *arena, const struct policy_bundle *bundle,
	struct policy_files *files, struct error *err)
{
	CLEANUP(buf_fini) struct buf text = { 0 };
	const struct tar_file *top = policy_bundle_find(bundle, "data.json");
	bool is_alone = top != NULL && count_data(bundle) == 1;
	struct error problem = { 0 };

	if (is_alone) {
		take_text(top, arena, &files->data, &files->data_size);
		if (manifest_covers_all(&bundle->manifest)) {
			return true;
		}
	}
	const struct value *data = merge_data(arena, bundle, &problem);
	if (data == NULL) {
		return problem.code == ERROR_NONE ||
		       error_set(err, problem.code, "%s", problem.text);
	}
	if (!is_alone) {
		value_print(&text, data);
		files->data = arena_text(arena, buf_text(&text), text.size);
		files->data_size = text.size;
	}
	return manifest_covers_data(arena, &bundle->manifest, data, err);
}

/* ---- the whole ---- */

static void free_unpacked(void *unpacked)
{
	buf_fini(unpacked);
}

static bool read_manifest(struct arena *arena, struct policy_bundle *bundle, struct error *err)
{
	const struct tar_file *file = policy_bundle_find(bundle, ".manifest");
	const struct value *value;

	bundle->manifest = manifest_default;
	if (file == NULL) {
		return true;
	}
	value = parse(arena, file, err);
	return value != NULL && manifest_read(arena, value, &bundle->manifest, err);
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t size = strlen(name);

	return size > strlen(suffix) && strcmp(name + size - strlen(suffix), suffix) == 0;
}

static void look_around(struct policy_bundle *bundle)
{
	bundle->has_plan = policy_bundle_find(bundle, "plan.json") != NULL;
	bundle->is_signed = policy_bundle_find(bundle, ".signatures.json") != NULL;
	for (size_t i = 0; i < bundle->file_count; i++) {
		const char *name = bundle->files[i].name;

		bundle->has_rego |= has_suffix(name, ".rego");
		bundle->has_yaml |= ends_with(name, "data.yaml") || ends_with(name, "data.yml");
	}
}

static bool open_bundle(struct arena *arena, const void *bytes, size_t size,
	const struct policy_bundle_limits *limits, struct policy_bundle *bundle, struct error *err)
{
	struct buf *unpacked = arena_calloc(arena, 1, sizeof(*unpacked));

	arena_defer(arena, free_unpacked, unpacked);
	if (!unpack(bytes, size, limits->unpacked_bytes, unpacked, err) ||
		!policy_tar_read(arena, buf_text(unpacked), unpacked->size, limits->files,
			&bundle->files, &bundle->file_count, err)) {
		return false;
	}
	if (policy_bundle_find(bundle, "patch.json") != NULL) {
		return error_set(err, ERROR_POLICY,
			"is a delta bundle; only whole bundles (snapshots) are read");
	}
	look_around(bundle);
	return read_manifest(arena, bundle, err);
}

bool policy_bundle_open(struct arena *arena, const void *bytes, size_t size,
	const struct policy_bundle_limits *limits, struct policy_bundle *bundle, struct error *err)
{
	*bundle = (struct policy_bundle){ 0 };
	return open_bundle(arena, bytes, size,
		       limits != NULL ? limits : &policy_bundle_limits_default, bundle, err) ||
	       error_wrap(err, "the bundle");
}

static int compare_name(const void *name, const void *file)
{
	return strcmp(name, ((const struct tar_file *)file)->name);
}

const struct tar_file *policy_bundle_find(const struct policy_bundle *bundle, const char *name)
{
	if (bundle->file_count == 0) {
		return NULL;
	}
	return bsearch(
		name, bundle->files, bundle->file_count, sizeof(*bundle->files), compare_name);
}

static bool read_plan(struct arena *arena, const struct policy_bundle *bundle,
	struct policy_files *files, struct error *err)
{
	const struct tar_file *plan = policy_bundle_find(bundle, "plan.json");
	const struct value *value;

	if (bundle->has_yaml) {
		return error_set(err, ERROR_POLICY,
			"has data in YAML; data must be JSON here, and `opa build` makes it so");
	}
	if (plan == NULL) {
		return error_set(err, ERROR_POLICY,
			"has no plan.json; make it with `opa build -t plan -e …`");
	}
	take_text(plan, arena, &files->plan, &files->plan_size);
	if (manifest_covers_all(&bundle->manifest)) {
		return true;
	}
	value = parse(arena, plan, err);
	return value != NULL && manifest_covers_plan(arena, &bundle->manifest, value, err);
}

bool policy_bundle_files(struct arena *arena, const struct policy_bundle *bundle,
	struct policy_files *files, struct error *err)
{
	*files = (struct policy_files){ .revision = bundle->manifest.revision };
	return (read_plan(arena, bundle, files, err) && read_data(arena, bundle, files, err)) ||
	       error_wrap(err, "the bundle");
}

bool policy_bundle_read(struct arena *arena, const void *bytes, size_t size,
	const struct policy_bundle_limits *limits, struct policy_files *files, struct error *err)
{
	struct policy_bundle bundle;

	*files = (struct policy_files){ .revision = "" };
	return policy_bundle_open(arena, bytes, size, limits, &bundle, err) &&
	       policy_bundle_files(arena, &bundle, files, err);
}
