#include "journal/checkpoint.h"

#include <string.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/utf8.h"

static const char SIGNATURE_PREFIX[] = "\xe2\x80\x94 "; /* U+2014, space */
#define PREFIX_BYTES (sizeof(SIGNATURE_PREFIX) - 1)

/* ---- signing ---- */

void journal_checkpoint_sign(const struct journal_key *key, uint64_t size,
	const struct journal_hash *root, struct buf *buf)
{
	const struct journal_verifier *verifier = journal_key_verifier(key);
	uint8_t line[JOURNAL_KEY_ID_BYTES + JOURNAL_SIGNATURE_BYTES];
	size_t start = buf->size;

	buf_printf(buf, "%s\n%llu\n", verifier->name, (unsigned long long)size);
	encode_base64(buf, root->bytes, sizeof(root->bytes));
	buf_append_char(buf, '\n');
	memcpy(line, verifier->id, JOURNAL_KEY_ID_BYTES);
	journal_key_sign(key, buf->data + start, buf->size - start, line + JOURNAL_KEY_ID_BYTES);
	buf_append_char(buf, '\n');
	buf_append_text(buf, SIGNATURE_PREFIX);
	buf_append_text(buf, verifier->name);
	buf_append_char(buf, ' ');
	encode_base64(buf, line, sizeof(line));
	buf_append_char(buf, '\n');
}

/* ---- opening ---- */

struct line {
	const char *text;
	size_t size;
};

/* Moves *at behind the line's end. False: there is no complete line. */
static bool take_line(const char **at, const char *end, struct line *line)
{
	const char *stop = memchr(*at, '\n', (size_t)(end - *at));

	if (stop == NULL) {
		return false;
	}
	line->text = *at;
	line->size = (size_t)(stop - *at);
	*at = stop + 1;
	return true;
}

static bool is_clean(const char *note, size_t size)
{
	size_t at = 0;

	while (at < size) {
		uint32_t point;
		size_t step = utf8_read(note + at, size - at, &point);

		if (step == 0 || (point < 0x20 && point != '\n')) {
			return false;
		}
		at += step;
	}
	return true;
}

static bool parse_size(const struct line *line, uint64_t *size)
{
	*size = 0;
	if (line->size == 0 || (line->size > 1 && line->text[0] == '0')) {
		return false;
	}
	for (size_t i = 0; i < line->size; i++) {
		unsigned digit = (unsigned char)line->text[i] - '0';

		if (digit > 9 || *size > (UINT64_MAX - digit) / 10) {
			return false;
		}
		*size = *size * 10 + digit;
	}
	return true;
}

static bool parse_root(const struct line *line, struct journal_hash *root)
{
	CLEANUP(buf_fini) struct buf bytes = { 0 };

	if (!decode_base64(&bytes, line->text, line->size) || bytes.size != sizeof(root->bytes)) {
		return false;
	}
	memcpy(root->bytes, bytes.data, sizeof(root->bytes));
	return true;
}

static bool bad(struct error *err, const char *what)
{
	return error_set(err, ERROR_IO, "the checkpoint is damaged: %s", what);
}

/* "— name base64": fills the bytes behind the name in. */
static bool parse_signature(const struct line *line, struct line *name, struct buf *bytes)
{
	if (line->size < PREFIX_BYTES || memcmp(line->text, SIGNATURE_PREFIX, PREFIX_BYTES) != 0) {
		return false;
	}
	name->text = line->text + PREFIX_BYTES;
	const char *space = memchr(name->text, ' ', line->size - PREFIX_BYTES);

	if (space == NULL || space == name->text) {
		return false;
	}
	name->size = (size_t)(space - name->text);
	buf_clear(bytes);
	return decode_base64(bytes, space + 1, line->size - PREFIX_BYTES - name->size - 1) &&
	       bytes->size > JOURNAL_KEY_ID_BYTES;
}

static bool is_of(
	const struct journal_verifier *verifier, const struct line *name, const struct buf *bytes)
{
	return name->size == strlen(verifier->name) &&
	       memcmp(name->text, verifier->name, name->size) == 0 &&
	       memcmp(bytes->data, verifier->id, JOURNAL_KEY_ID_BYTES) == 0;
}

static bool check_signatures(const char *note, size_t text_size, const char *at, const char *end,
	const struct journal_verifier *verifier, struct error *err)
{
	CLEANUP(buf_fini) struct buf bytes = { 0 };
	bool is_signed = false;
	struct line line;
	struct line name;

	for (int count = 0; at < end; count++) {
		if (count == JOURNAL_SIGNATURES_LIMIT) {
			return bad(err, "it has too many signatures");
		}
		if (!take_line(&at, end, &line) || !parse_signature(&line, &name, &bytes)) {
			return bad(err, "a signature line is malformed");
		}
		if (!is_of(verifier, &name, &bytes)) {
			continue;
		}
		if (bytes.size != JOURNAL_KEY_ID_BYTES + JOURNAL_SIGNATURE_BYTES ||
			!journal_verifier_check(verifier, note, text_size,
				(const uint8_t *)bytes.data + JOURNAL_KEY_ID_BYTES)) {
			return bad(err, "its signature does not fit its text");
		}
		is_signed = true;
	}
	if (!is_signed) {
		return error_set(err, ERROR_IO, "the checkpoint is not signed by the key of %s",
			verifier->name);
	}
	return true;
}

bool journal_checkpoint_open(const char *note, size_t size, const struct journal_verifier *verifier,
	struct journal_checkpoint *checkpoint, struct error *err)
{
	const char *at = note;
	const char *end = note + size;
	struct line origin;
	struct line number;
	struct line root;
	struct line blank;

	if (size > JOURNAL_CHECKPOINT_LIMIT || !is_clean(note, size)) {
		return bad(err, "it is too large, or no clean UTF-8 text");
	}
	if (!take_line(&at, end, &origin) || !take_line(&at, end, &number) ||
		!take_line(&at, end, &root)) {
		return bad(err, "it must have three lines: origin, size, root hash");
	}
	size_t text_size = (size_t)(at - note);

	if (!take_line(&at, end, &blank) || blank.size != 0) {
		return bad(err, "an empty line must follow the root hash");
	}
	if (!check_signatures(note, text_size, at, end, verifier, err)) {
		return false;
	}
	if (origin.size != strlen(verifier->name) ||
		memcmp(origin.text, verifier->name, origin.size) != 0) {
		return bad(err, "its origin is not the name of the key");
	}
	if (!parse_size(&number, &checkpoint->size) || !parse_root(&root, &checkpoint->root)) {
		return bad(err, "its size or root hash is malformed");
	}
	memcpy(checkpoint->origin, verifier->name, sizeof(checkpoint->origin));
	return true;
}
