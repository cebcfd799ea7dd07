#include "journal/leaf.h"

#include <assert.h>
#include <string.h>
#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/utf8.h"
#include "journal/entry.h"

static const char ELLIPSIS[] = "\xe2\x80\xa6";
#define ELLIPSIS_BYTES (sizeof(ELLIPSIS) - 1)

/* Members of the leaf's object, or of one in it: a comma before all but the first. */
struct members {
	struct buf *buf;
	bool is_first;
};

static void name(struct members *members, const char *text)
{
	struct buf *buf = members->buf;

	if (!members->is_first) {
		buf_append_char(buf, ',');
	}
	members->is_first = false;
	buf_append_char(buf, '"');
	buf_append_text(buf, text);
	buf_append(buf, "\":", 2);
}

/* ---- texts ---- */

/* Bytes of a character in JSON text. buf_append_json_text() writes it so. */
static size_t escaped_bytes(uint32_t point, size_t step)
{
	if (point == '"' || point == '\\') {
		return 2;
	}
	return point < 0x20 || point == 0x7f ? 6 : step;
}

/* Bytes at the beginning that stand for themselves. */
static size_t plain_bytes(const char *text)
{
	size_t at = 0;

	while ((signed char)text[at] >= ' ' && text[at] != '"' && text[at] != '\\' &&
		text[at] != 0x7f) {
		at++;
	}
	return at;
}

/*
 * How much of the text fits into cap bytes of JSON. *is_whole: all of it. What is no UTF-8 ends it:
 * it came from no document that we read.
 */
static size_t fitting(const char *text, size_t cap, bool *is_whole)
{
	size_t kept = 0; /* with room for the ellipsis */
	size_t used = 0;
	size_t at = plain_bytes(text);

	if (text[at] == '\0' && at <= cap) { /* nearly always */
		*is_whole = true;
		return at;
	}
	for (at = 0; text[at] != '\0';) {
		uint32_t point;
		size_t step = utf8_read(text + at, strnlen(text + at, 4), &point);

		if (step == 0 || used + escaped_bytes(point, step) > cap) {
			*is_whole = false;
			return kept;
		}
		used += escaped_bytes(point, step);
		at += step;
		if (used + ELLIPSIS_BYTES <= cap) {
			kept = at;
		}
	}
	*is_whole = true;
	return at;
}

bool journal_leaf_keeps(const char *text, size_t cap)
{
	bool is_whole;

	fitting(text, cap, &is_whole);
	return is_whole;
}

static void quoted(struct buf *buf, const char *text, size_t cap)
{
	char cut[JOURNAL_CAP_REVISION + ELLIPSIS_BYTES];
	bool is_whole;
	size_t size = fitting(text, cap, &is_whole);

	if (is_whole) {
		buf_append_json_text(buf, text, size);
		return;
	}
	memcpy(cut, text, size);
	memcpy(cut + size, ELLIPSIS, ELLIPSIS_BYTES);
	buf_append_json_text(buf, cut, size + ELLIPSIS_BYTES);
}

static void add_text(struct members *members, const char *member, const char *text, size_t cap)
{
	if (text != NULL) {
		name(members, member);
		quoted(members->buf, text, cap);
	}
}

static void add_number(struct members *members, const char *member, uint64_t number)
{
	char digits[24];

	name(members, member);
	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
	buf_append_text(members->buf, digits);
}

/* ---- members that are more than one text ---- */

static void add_pair(struct members *members, const char *member, const char *id, const char *type)
{
	struct members inner = { members->buf, true };

	if (id == NULL && type == NULL) {
		return;
	}
	name(members, member);
	buf_append_char(members->buf, '{');
	add_text(&inner, "id", id, JOURNAL_CAP_NAME);
	add_text(&inner, "type", type, JOURNAL_CAP_WORD);
	buf_append_char(members->buf, '}');
}

/* A source that acts for itself is named once. */
static void add_actor(struct members *members, const struct journal_entry *entry)
{
	bool is_source = entry->actor_type != NULL && strcmp(entry->actor_type, "source") == 0 &&
			 entry->actor_id != NULL && entry->source != NULL &&
			 strcmp(entry->actor_id, entry->source) == 0;

	if (!is_source) {
		add_pair(members, "actor", entry->actor_id, entry->actor_type);
	}
}

static void add_commitment(struct members *members, const struct journal_commitment *commitment)
{
	struct members inner = { members->buf, true };

	if (!commitment->is_there) {
		return;
	}
	name(members, "payload");
	buf_append_char(members->buf, '{');
	add_number(&inner, "bytes", commitment->bytes);
	name(&inner, "hmac");
	buf_append_char(members->buf, '"');
	encode_base64(members->buf, commitment->hmac, sizeof(commitment->hmac));
	buf_append(members->buf, "\"}", 2);
}

/* As many codes as `room` bytes hold, and how many there are more. */
static void add_reasons(struct members *members, const struct journal_entry *entry, size_t room)
{
	static const size_t count_bytes = sizeof(",\"reasons_cut\":18446744073709551615") - 1;
	struct buf *buf = members->buf;
	size_t end = buf->size + room;
	size_t written = 0;

	if (entry->reason_count == 0) {
		return;
	}
	name(members, "reasons");
	buf_append_char(buf, '[');
	for (; written < entry->reason_count; written++) {
		size_t before = buf->size;

		if (written > 0) {
			buf_append_char(buf, ',');
		}
		quoted(buf, entry->reasons[written], JOURNAL_CAP_REASON);
		if (buf->size + 1 + count_bytes > end) {
			buf->size = before;
			break;
		}
	}
	buf_append_char(buf, ']');
	if (written < entry->reason_count) {
		add_number(members, "reasons_cut", entry->reason_count - written);
	}
}

/* ---- the whole, in the order of the names ---- */

static void add_head(struct members *members, const struct journal_entry *entry,
	const struct journal_commitment *commitment)
{
	add_actor(members, entry);
	add_text(members, "app", entry->app, JOURNAL_CAP_NAME);
	if (entry->decision != JOURNAL_NONE) {
		add_number(members, "decision", entry->decision);
	}
	add_text(members, "effect", entry->effect, JOURNAL_CAP_WORD);
	add_text(members, "kind", journal_kind_name(entry->kind), JOURNAL_CAP_WORD);
	if (entry->latency_us >= 0) {
		add_number(members, "latency_us", (uint64_t)entry->latency_us);
	}
	if (entry->noop) {
		name(members, "noop");
		buf_append_text(members->buf, "true");
	}
	add_text(members, "operation", entry->operation, JOURNAL_CAP_WORD);
	add_text(members, "outcome", entry->outcome, JOURNAL_CAP_WORD);
	if (entry->overridden) {
		name(members, "overridden");
		buf_append_text(members->buf, "true");
	}
	add_commitment(members, commitment);
}

static void add_tail(struct members *members, const struct journal_entry *entry)
{
	char time[CLOCK_TEXT_BYTES];

	add_text(members, "request", entry->request, JOURNAL_CAP_NAME);
	add_pair(members, "resource", entry->resource_id, entry->resource_type);
	add_text(members, "revision", entry->revision, JOURNAL_CAP_REVISION);
	add_text(members, "source", entry->source, JOURNAL_CAP_NAME);
	add_text(members, "tenant", entry->tenant, JOURNAL_CAP_NAME);
	clock_format(entry->time_us, time);
	add_text(members, "time", time, sizeof(time));
	add_text(members, "trace", entry->trace, 32);
}

void journal_leaf_build(const struct journal_entry *entry,
	const struct journal_commitment *commitment, struct buf *buf)
{
	struct members members = { buf, true };
	char tail[JOURNAL_LEAF_LIMIT];
	size_t start = buf->size;

	buf_append_char(buf, '{');
	add_head(&members, entry, commitment);
	/* What follows the reasons says how much room they have, so it is written first. */
	size_t middle = buf->size;

	add_tail(&members, entry);
	buf_append_char(buf, '}');
	size_t tail_size = buf->size - middle;

	assert(buf->size - start <= JOURNAL_LEAF_LIMIT); /* the caps add up to less */
	memcpy(tail, buf->data + middle, tail_size);
	buf->size = middle;
	add_reasons(&members, entry, JOURNAL_LEAF_LIMIT - (middle - start) - tail_size);
	buf_append(buf, tail, tail_size);
	assert(buf->size - start <= JOURNAL_LEAF_LIMIT);
}
