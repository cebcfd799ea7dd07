/*
 * RFC 8259, strictly, without recursion.
 *
 *     text ──▶ one value after another ──▶ pending: the members of all open containers
 *                                              │  a container closes
 *                                              ▼
 *                                     sorted, sealed, one member of the container around it
 *
 * `frames` has one row for each open container: where its members start in `pending`. So the
 * state between two values is a few numbers, and a large text can be read in slices. Both stacks
 * start inside the parser and move to the heap when they grow.
 */
#include "base/arena.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/value_parts.h"
#include "base/value_scan.h"

#define FIRST_PENDING 64
#define FIRST_FRAMES 32

struct frame {
	size_t start;  /* of its members in pending */
	uint64_t hash; /* of an array so far, while its items are still in the cache */
	enum value_type type;
	uint16_t depth; /* of an array so far */
};

struct value_parser {
	struct scan scan;
	struct value_limits limits;
	size_t values_left;
	struct value_member *pending; /* .value NULL: the key's value comes next */
	size_t pending_count;
	size_t pending_capacity;
	struct frame *frames;
	size_t frame_count;
	size_t frame_capacity;
	const struct value *result;
	struct value_member first_pending[FIRST_PENDING];
	struct frame first_frames[FIRST_FRAMES];
};

/* ---- memory ---- */

static void free_stacks(void *object)
{
	struct value_parser *it = object;

	if (it->pending != it->first_pending) {
		memory_free(it->pending);
		it->pending = it->first_pending;
	}
	if (it->frames != it->first_frames) {
		memory_free(it->frames);
		it->frames = it->first_frames;
	}
}

static void init(struct value_parser *it, struct arena *arena, const char *text, size_t size,
	const struct value_limits *limits)
{
	it->scan.arena = arena;
	it->scan.text = it->scan.at = text;
	it->scan.end = text + size;
	it->limits = *limits;
	it->values_left = limits->values;
	it->pending = it->first_pending;
	it->pending_count = 0;
	it->pending_capacity = FIRST_PENDING;
	it->frames = it->first_frames;
	it->frame_count = 0;
	it->frame_capacity = FIRST_FRAMES;
	it->result = NULL;
	it->scan.allow_nul = limits->allow_nul;
	it->scan.string_bytes = limits->string_bytes;
	memset(it->scan.known_keys, 0, sizeof(it->scan.known_keys));
}

/* A stack of twice the size on the heap. */
static void *grow(const void *first, void *stack, size_t bytes)
{
	if (stack != first) {
		return must_realloc(stack, 2 * bytes);
	}
	return memcpy(must_malloc(2 * bytes), stack, bytes);
}

static void push_pending(
	struct value_parser *it, const struct value *key, const struct value *value)
{
	if (it->pending_count == it->pending_capacity) {
		it->pending = grow(it->first_pending, it->pending,
			it->pending_capacity * sizeof(*it->pending));
		it->pending_capacity *= 2;
	}
	it->pending[it->pending_count++] = (struct value_member){ key, value };
}

/* ---- containers ---- */

/* A key and its colon; the value comes next. */
static bool read_key(struct value_parser *it, const char *what, struct error *err)
{
	const struct value *key;

	if (!scan_is_at(&it->scan, '"')) {
		return scan_expected(&it->scan, it->scan.at, what, err);
	}
	it->scan.at++;
	if (!scan_key(&it->scan, &key, err)) {
		return false;
	}
	scan_space(&it->scan);
	if (!scan_is_at(&it->scan, ':')) {
		return scan_expected(&it->scan, it->scan.at, "':' after the key", err);
	}
	it->scan.at++;
	push_pending(it, key, NULL);
	return true;
}

static bool check_members(const struct value_parser *it, size_t count, struct error *err)
{
	if (it->limits.members != 0 && count > it->limits.members) {
		return scan_fail(&it->scan, it->scan.at, ERROR_TOO_LARGE, err,
			"the object has more than the %zu members allowed", it->limits.members);
	}
	return true;
}

static bool open_container(struct value_parser *it, enum value_type type, struct error *err)
{
	if (it->frame_count >= it->limits.depth || it->frame_count >= VALUE_DEPTH_MAX) {
		return scan_fail(&it->scan, it->scan.at, ERROR_TOO_LARGE, err,
			"more than the %zu levels of nesting allowed", it->frame_count);
	}
	if (it->frame_count == it->frame_capacity) {
		it->frames = grow(
			it->first_frames, it->frames, it->frame_capacity * sizeof(*it->frames));
		it->frame_capacity *= 2;
	}
	it->frames[it->frame_count++] =
		(struct frame){ it->pending_count, hash_array_start(), type, 1 };
	it->scan.at++;
	scan_space(&it->scan);
	return true;
}

static bool check_keys(const struct value_parser *it, const struct value_entry *entries,
	size_t count, const struct value *twice, struct error *err)
{
	const struct value *one;
	const struct value *other;

	if (twice != NULL) {
		return scan_fail(&it->scan, it->scan.at, ERROR_SYNTAX, err,
			"the object that ends here has the key \"%.100s\" twice",
			value_text(twice));
	}
	if (it->limits.folded_keys && entries_have_folded_twins(entries, count, &one, &other)) {
		return scan_fail(&it->scan, it->scan.at, ERROR_SYNTAX, err,
			"the object that ends here has the keys \"%.100s\" and \"%.100s\", which "
			"differ in case only",
			value_text(one), value_text(other));
	}
	return true;
}

static const struct value *close_object(struct value_parser *it, size_t start, struct error *err)
{
	size_t count = it->pending_count - start;
	struct value_entry few[32];
	struct value_entry *entries = count <= 32 ? few : must_malloc(count * sizeof(*entries));
	const struct value *object = NULL;
	const struct value *twice = NULL;

	for (size_t i = 0; i < count; i++) {
		entries[i].member = it->pending[start + i];
		entries[i].rank = entry_rank(entries[i].member.key);
	}
	count = entries_sort(entries, count, it->limits.last_twin ? NULL : &twice, NULL);
	if (check_keys(it, entries, count, twice, err)) {
		struct value_object *result = object_alloc(it->scan.arena, count);

		for (size_t i = 0; i < count; i++) {
			result->members[i] = entries[i].member;
		}
		object = object_seal(it->scan.arena, result);
	}
	if (entries != few) {
		memory_free(entries);
	}
	return object;
}

static const struct value *close_array(const struct value_parser *it, const struct frame *frame)
{
	size_t start = frame->start;
	size_t count = it->pending_count - start;
	struct value_array *array = array_alloc(it->scan.arena, count);

	for (size_t i = 0; i < count; i++) {
		array->items[i] = it->pending[start + i].value;
	}
	array->head.depth = frame->depth;
	array->head.hash = hash_array_end(frame->hash, count);
	return &array->head;
}

/* it->scan.at stands at the closing bracket. */
static bool close_container(struct value_parser *it, const struct value **result, struct error *err)
{
	const struct frame *frame = &it->frames[it->frame_count - 1];

	*result = frame->type == VALUE_OBJECT ? close_object(it, frame->start, err)
					      : close_array(it, frame);
	if (*result == NULL) {
		return false;
	}
	it->scan.at++;
	it->pending_count = frame->start;
	it->frame_count--;
	return true;
}

/* ---- the loop ---- */

/* Puts a value into the container around it. */
static void put(struct value_parser *it, struct frame *frame, const struct value *value)
{
	if (frame->type == VALUE_OBJECT) {
		it->pending[it->pending_count - 1].value = value;
	} else {
		push_pending(it, NULL, value);
		frame->hash = hash_array_add(frame->hash, value);
		frame->depth = depth_around(frame->depth, value);
	}
}

/*
 * What stands behind a complete value: closes containers until one goes on, where it leaves
 * it->scan.at before the next value. Sets it->result when the outermost value is complete.
 */
static bool go_on(struct value_parser *it, const struct value *value, struct error *err)
{
	while (it->frame_count > 0) {
		struct frame *frame = &it->frames[it->frame_count - 1];
		bool in_object = frame->type == VALUE_OBJECT;

		put(it, frame, value);
		scan_space(&it->scan);
		if (scan_is_at(&it->scan, ',')) {
			it->scan.at++;
			scan_space(&it->scan);
			return !in_object ||
			       (check_members(it, it->pending_count - frame->start + 1, err) &&
				       read_key(it, "a key in quotes after ','", err));
		}
		if (!scan_is_at(&it->scan, in_object ? '}' : ']')) {
			return scan_expected(&it->scan, it->scan.at,
				in_object ? "',' or '}'" : "',' or ']'", err);
		}
		if (!close_container(it, &value, err)) {
			return false;
		}
	}
	scan_space(&it->scan);
	if (it->scan.at < it->scan.end) {
		return scan_expected(&it->scan, it->scan.at, "nothing more after the value", err);
	}
	it->result = value;
	return true;
}

/* Opens a container; an empty one is complete at once and goes to *value. */
static bool read_container(struct value_parser *it, enum value_type type,
	const struct value **value, struct error *err)
{
	if (!open_container(it, type, err)) {
		return false;
	}
	if (scan_is_at(&it->scan, type == VALUE_OBJECT ? '}' : ']')) {
		return close_container(it, value, err);
	}
	return type == VALUE_ARRAY || read_key(it, "a key in quotes or '}'", err);
}

/* One value, or the start of one; then what follows it up to the next value. */
static bool step(struct value_parser *it, struct error *err)
{
	const struct value *value = NULL;
	bool ok;

	scan_space(&it->scan);
	if (it->scan.at >= it->scan.end) {
		return scan_expected(&it->scan, it->scan.at, "a value", err);
	}
	if (it->values_left == 0) {
		return scan_fail(&it->scan, it->scan.at, ERROR_TOO_LARGE, err,
			"more than the %zu values allowed", it->limits.values);
	}
	it->values_left--;
	if (*it->scan.at == '{') {
		ok = read_container(it, VALUE_OBJECT, &value, err);
	} else if (*it->scan.at == '[') {
		ok = read_container(it, VALUE_ARRAY, &value, err);
	} else {
		ok = scan_scalar(&it->scan, &value, err);
	}
	return ok && (value == NULL || go_on(it, value, err));
}

static bool check_start(const struct value_parser *it, struct error *err)
{
	size_t size = (size_t)(it->scan.end - it->scan.text);

	if (size > it->limits.bytes) {
		return error_set(err, ERROR_TOO_LARGE,
			"the text has %zu bytes, more than the %zu allowed", size,
			it->limits.bytes);
	}
	if (size >= 3 && memcmp(it->scan.text, "\xef\xbb\xbf", 3) == 0) {
		return scan_fail(&it->scan, it->scan.text, ERROR_SYNTAX, err,
			"the text starts with a byte order mark; JSON has none");
	}
	return true;
}

const struct value *value_parse(struct arena *arena, const char *text, size_t size,
	const struct value_limits *limits, struct error *err)
{
	struct value_parser parser;

	init(&parser, arena, text, size, limits);
	if (check_start(&parser, err)) {
		while (parser.result == NULL && step(&parser, err)) {
		}
	}
	free_stacks(&parser);
	return parser.result;
}

struct value_parser *value_parser_new(
	struct arena *arena, const char *text, size_t size, const struct value_limits *limits)
{
	struct value_parser *it = arena_alloc(arena, sizeof(*it));

	init(it, arena, text, size, limits);
	arena_defer(arena, free_stacks, it);
	return it;
}

enum value_parse_result value_parser_run(
	struct value_parser *parser, size_t bytes, const struct value **result, struct error *err)
{
	size_t left = (size_t)(parser->scan.end - parser->scan.at);
	const char *stop = parser->scan.at + (bytes < left ? bytes : left);
	bool ok = parser->scan.at != parser->scan.text || check_start(parser, err);

	while (ok && parser->result == NULL) {
		ok = step(parser, err);
		if (ok && parser->result == NULL && parser->scan.at > stop) {
			return VALUE_PARSE_MORE;
		}
	}
	free_stacks(parser);
	if (!ok) {
		return VALUE_PARSE_FAILED;
	}
	*result = parser->result;
	return VALUE_PARSE_DONE;
}
