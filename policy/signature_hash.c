#include "policy/signature_hash.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/value.h"
#include "policy/engine.h"
#include "policy/tar.h"

/*
 * The text is walked and not the value, because a value keeps 1.50 as 1.5 and OPA hashes what was
 * written. The value is made all the same, first: from then on the text is known to be JSON, no
 * deeper than DEPTH, with no name twice. To sort an object its values are skipped once before they
 * are walked; skips are counted, so that depth cannot make it a square.
 */

#define DEPTH 512
#define SKIP_TIMES 64 /* of the text's size: more is no data that anybody writes */
#define FLUSH_BYTES (64 * 1024)

struct signature_digest {
	const char *name;
	const EVP_MD *(*md)(void);
};

const struct signature_digest *signature_digest_find(const char *name)
{
	static const struct signature_digest list[] = {
		{ "SHA-256", EVP_sha256 },
		{ "SHA-384", EVP_sha384 },
		{ "SHA-512", EVP_sha512 },
		{ "SHA-512-256", EVP_sha512_256 },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (strcmp(list[i].name, name) == 0) {
			return &list[i];
		}
	}
	return NULL;
}

struct walk {
	const char *at;
	uint64_t skips_left;
	struct arena *arena;
	struct buf out;
	EVP_MD_CTX *md;
};

static void flush(struct walk *walk)
{
	int ok = EVP_DigestUpdate(walk->md, walk->out.data, walk->out.size);

	assert(ok == 1); /* ours: memory */
	buf_clear(&walk->out);
}

/* ---- moving over JSON that is known to be right ---- */

static void skip_blanks(struct walk *walk)
{
	walk->at += strspn(walk->at, " \t\r\n");
}

static void skip_string(struct walk *walk)
{
	for (walk->at++; *walk->at != '"'; walk->at++) {
		walk->at += *walk->at == '\\';
	}
	walk->at++;
}

static void skip_value(struct walk *walk)
{
	size_t depth = 0;

	do {
		skip_blanks(walk);
		if (*walk->at == '"') {
			skip_string(walk);
		} else if (*walk->at == '{' || *walk->at == '[') {
			depth++;
			walk->at++;
		} else if (*walk->at == '}' || *walk->at == ']') {
			depth--;
			walk->at++;
		} else if (*walk->at == ',' || *walk->at == ':') {
			walk->at++;
		} else {
			walk->at += strcspn(walk->at, " \t\r\n,:]}");
		}
	} while (depth > 0);
}

/* ---- writing as Go does ---- */

static const char *short_escape(unsigned char c)
{
	static const char *const escapes[] = {
		['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t"
	};

	return c < sizeof(escapes) / sizeof(escapes[0]) ? escapes[c] : NULL;
}

static void write_string(struct buf *out, const char *text, size_t size)
{
	buf_append_char(out, '"');
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];
		const char *escape = short_escape(c);

		if (escape != NULL) {
			buf_append_text(out, escape);
		} else if (c < 0x20) {
			buf_printf(out, "\\u%04x", c);
		} else if (c == '"' || c == '\\') {
			buf_append_char(out, '\\');
			buf_append_char(out, (char)c);
		} else if (size - i >= 3 && memcmp(text + i, "\xe2\x80", 2) == 0 &&
			   (text[i + 2] & 0xfe) == 0xa8) { /* U+2028, U+2029 */
			buf_printf(out, "\\u202%c", '8' + (text[i + 2] & 1));
			i += 2;
		} else {
			buf_append_char(out, (char)c);
		}
	}
	buf_append_char(out, '"');
}

/* The string at `at`, decoded. */
static const struct value *read_string(struct walk *walk)
{
	static const struct value_limits limits = {
		.bytes = SIZE_MAX, .depth = 1, .values = 1, .allow_nul = true
	};
	const char *start = walk->at;
	const struct value *string;

	skip_string(walk);
	string = value_parse(walk->arena, start, (size_t)(walk->at - start), &limits, NULL);
	assert(string != NULL); /* it was read before, as a part of the whole */
	return string;
}

/* ---- the walk ---- */

struct member {
	const struct value *name;
	const char *at; /* its value */
};

static int by_name(const void *a, const void *b)
{
	return value_compare(((const struct member *)a)->name, ((const struct member *)b)->name);
}

/* From behind `{` to behind `}`. */
static struct member *read_members(struct walk *walk, size_t *count)
{
	struct member *members = NULL;
	size_t room = 0;

	*count = 0;
	for (skip_blanks(walk); *walk->at != '}'; skip_blanks(walk)) {
		walk->at += *walk->at == ',';
		skip_blanks(walk);
		if (*count == room) {
			struct member *more;

			room = room == 0 ? 8 : room * 2;
			more = arena_alloc(walk->arena, room * sizeof(*more));
			if (*count > 0) {
				memcpy(more, members, *count * sizeof(*more));
			}
			members = more;
		}
		members[*count].name = read_string(walk);
		skip_blanks(walk);
		walk->at++; /* : */
		members[(*count)++].at = walk->at;
		skip_value(walk);
	}
	walk->at++;
	return members;
}

static bool walk_value(struct walk *walk);

static bool walk_object(struct walk *walk)
{
	const char *start = walk->at++;
	size_t count;
	struct member *members = read_members(walk, &count);
	const char *end = walk->at;

	if ((uint64_t)(end - start) > walk->skips_left) {
		return false;
	}
	walk->skips_left -= (uint64_t)(end - start);
	if (count > 1) {
		qsort(members, count, sizeof(*members), by_name);
	}
	buf_append_char(&walk->out, '{');
	for (size_t i = 0; i < count; i++) {
		if (i > 0) {
			buf_append_char(&walk->out, ',');
		}
		write_string(&walk->out, value_text(members[i].name), value_size(members[i].name));
		buf_append_char(&walk->out, ':');
		walk->at = members[i].at;
		if (!walk_value(walk)) {
			return false;
		}
	}
	buf_append_char(&walk->out, '}');
	walk->at = end;
	return true;
}

static bool walk_array(struct walk *walk)
{
	walk->at++;
	buf_append_char(&walk->out, '[');
	for (skip_blanks(walk); *walk->at != ']'; skip_blanks(walk)) {
		if (*walk->at == ',') {
			walk->at++;
			buf_append_char(&walk->out, ',');
		}
		if (!walk_value(walk)) {
			return false;
		}
	}
	walk->at++;
	buf_append_char(&walk->out, ']');
	return true;
}

static bool walk_value(struct walk *walk)
{
	if (walk->out.size > FLUSH_BYTES) {
		flush(walk);
	}
	skip_blanks(walk);
	if (*walk->at == '{') {
		return walk_object(walk);
	}
	if (*walk->at == '[') {
		return walk_array(walk);
	}
	if (*walk->at == '"') {
		const struct value *string = read_string(walk);

		write_string(&walk->out, value_text(string), value_size(string));
	} else {
		size_t size = strcspn(walk->at, " \t\r\n,:]}");

		buf_append(&walk->out, walk->at, size);
		walk->at += size;
	}
	return true;
}

static bool hash_document(EVP_MD_CTX *md, const struct tar_file *file, struct error *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new();
	const struct value_limits limits = { .bytes = policy_limits_default.data_bytes,
		.depth = DEPTH,
		.values = policy_limits_default.values,
		.allow_nul = true };
	struct walk walk = { .arena = arena, .md = md, .skips_left = SKIP_TIMES * file->size };
	bool ok;

	if (value_parse(arena, file->bytes, file->size, &limits, err) == NULL) {
		return error_wrap(err, "%s", file->name);
	}
	walk.at = arena_text(arena, file->bytes, file->size); /* ended by a NUL */
	ok = walk_value(&walk);
	flush(&walk);
	buf_fini(&walk.out);
	return ok || error_set(err, ERROR_TOO_LARGE,
			     "%s: too much lies within each other to be hashed", file->name);
}

static bool is_document(const char *name)
{
	const char *slash = strrchr(name, '/');

	name = slash != NULL ? slash + 1 : name;
	return strcmp(name, "data.json") == 0 || strcmp(name, ".manifest") == 0 ||
	       strcmp(name, ".signatures.json") == 0;
}

static void free_md(EVP_MD_CTX **md)
{
	EVP_MD_CTX_free(*md);
}

bool signature_hash(const struct signature_digest *digest, const struct tar_file *file,
	unsigned char result[SIGNATURE_DIGEST_BYTES], size_t *size, struct error *err)
{
	CLEANUP(free_md) EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned written = 0;

	if (md == NULL || EVP_DigestInit_ex(md, digest->md(), NULL) != 1) {
		return error_set(err, ERROR_INTERNAL, "OpenSSL has no %s", digest->name);
	}
	if (!is_document(file->name)) {
		EVP_DigestUpdate(md, file->bytes, file->size);
	} else if (!hash_document(md, file, err)) {
		return false;
	}
	EVP_DigestFinal_ex(md, result, &written);
	*size = written;
	return true;
}
