#include "journal/key.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/secret.h"
#include "base/utf8.h"

#define ED25519 0x01
#define KEY_BYTES 32
#define KEY_TEXT_LIMIT 1024
static const char PRIVATE_PREFIX[] = "PRIVATE+KEY+";

struct journal_key {
	struct journal_verifier verifier;
	EVP_PKEY *pkey;
};

/* ---- names ---- */

/* Go's unicode.IsSpace and IsControl, since Go's note package is what others read names with. */
static bool is_forbidden(uint32_t point)
{
	return point <= 0x20 || (point >= 0x7f && point <= 0xa0) || point == '+' ||
	       point == 0x1680 || (point >= 0x2000 && point <= 0x200a) || point == 0x2028 ||
	       point == 0x2029 || point == 0x202f || point == 0x205f || point == 0x3000;
}

static bool is_name(const char *name, size_t size)
{
	size_t at = 0;

	if (size == 0 || size > JOURNAL_NAME_LIMIT) {
		return false;
	}
	while (at < size) {
		uint32_t point;
		size_t step = utf8_read(name + at, size - at, &point);

		if (step == 0 || is_forbidden(point)) {
			return false;
		}
		at += step;
	}
	return true;
}

bool journal_name_check(const char *name, struct error *err)
{
	if (!is_name(name, strlen(name))) {
		return error_set(err, ERROR_CONFIG,
			"'%s' cannot name a journal: use 1 to %d bytes without spaces and '+', "
			"like journal.example.com/journal",
			name, JOURNAL_NAME_LIMIT);
	}
	return true;
}

/* ---- public side ---- */

static void wipe_buf(struct buf *buf)
{
	if (buf->data != NULL) {
		secret_wipe(buf->data, buf->capacity);
	}
	buf_fini(buf);
}

static void key_id(const char *name, const uint8_t public_key[KEY_BYTES], uint8_t id[4])
{
	uint8_t tail[2 + KEY_BYTES] = { '\n', ED25519 };
	uint8_t digest[DIGEST_BYTES];

	memcpy(tail + 2, public_key, KEY_BYTES);
	digest_sha256_two(name, strlen(name), tail, sizeof(tail), digest);
	memcpy(id, digest, JOURNAL_KEY_ID_BYTES);
}

/* "name+hex8+base64(0x01 || 32 bytes)": the form that both kinds of keys share. */
static bool parse_parts(const char *text, size_t size, char name[JOURNAL_NAME_LIMIT + 1],
	uint8_t id[JOURNAL_KEY_ID_BYTES], uint8_t key[KEY_BYTES])
{
	CLEANUP(wipe_buf) struct buf bytes = { 0 };
	const char *plus = memchr(text, '+', size);

	if (plus == NULL || !is_name(text, (size_t)(plus - text))) {
		return false;
	}
	size_t rest = size - (size_t)(plus + 1 - text);

	if (rest < 10 || plus[9] != '+' || !decode_hex(&bytes, plus + 1, 8)) {
		return false;
	}
	memcpy(id, bytes.data, JOURNAL_KEY_ID_BYTES);
	buf_clear(&bytes);
	if (!decode_base64(&bytes, plus + 10, rest - 9) || bytes.size != 1 + KEY_BYTES ||
		bytes.data[0] != ED25519) {
		return false;
	}
	memcpy(key, bytes.data + 1, KEY_BYTES);
	memcpy(name, text, (size_t)(plus - text));
	name[plus - text] = '\0';
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void trim(const char **text, size_t *size)
{
	while (*size > 0 && is_blank((*text)[*size - 1])) {
		(*size)--;
	}
	while (*size > 0 && is_blank(**text)) {
		(*text)++;
		(*size)--;
	}
}

bool journal_verifier_parse(
	const char *text, size_t size, struct journal_verifier *verifier, struct error *err)
{
	uint8_t id[JOURNAL_KEY_ID_BYTES];

	trim(&text, &size);
	if (!parse_parts(text, size, verifier->name, id, verifier->public_key)) {
		return error_set(err, ERROR_CONFIG,
			"not an Ed25519 verifier key: it must look like "
			"journal.example.com/journal+1a2b3c4d+AQ…");
	}
	key_id(verifier->name, verifier->public_key, verifier->id);
	if (memcmp(id, verifier->id, sizeof(id)) != 0) {
		return error_set(err, ERROR_CONFIG,
			"the verifier key of %s is damaged: its id does not fit its bytes; copy it "
			"again",
			verifier->name);
	}
	return true;
}

static void free_pkey(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
}

static void free_context(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

bool journal_verifier_check(const struct journal_verifier *verifier, const void *text, size_t size,
	const uint8_t signature[JOURNAL_SIGNATURE_BYTES])
{
	CLEANUP(free_pkey)
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(
		EVP_PKEY_ED25519, NULL, verifier->public_key, KEY_BYTES);
	CLEANUP(free_context) EVP_MD_CTX *context = EVP_MD_CTX_new();

	return pkey != NULL && context != NULL &&
	       EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) == 1 &&
	       EVP_DigestVerify(context, signature, JOURNAL_SIGNATURE_BYTES, text, size) == 1;
}

/* ---- private side ---- */

/* OpenSSL calls that fail only when memory ran out or the library is broken. */
static void must(bool ok)
{
	if (!ok) {
		abort();
	}
}

static struct journal_key *key_new(const char *name, const uint8_t seed[KEY_BYTES])
{
	struct journal_key *key = must_calloc(1, sizeof(*key));
	size_t size = KEY_BYTES;

	key->pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, KEY_BYTES);
	must(key->pkey != NULL);
	must(EVP_PKEY_get_raw_public_key(key->pkey, key->verifier.public_key, &size) == 1);
	memcpy(key->verifier.name, name, strlen(name) + 1);
	key_id(name, key->verifier.public_key, key->verifier.id);
	return key;
}

struct journal_key *journal_key_parse(const char *text, size_t size, struct error *err)
{
	const size_t prefix = sizeof(PRIVATE_PREFIX) - 1;
	char name[JOURNAL_NAME_LIMIT + 1];
	uint8_t id[JOURNAL_KEY_ID_BYTES];
	uint8_t seed[KEY_BYTES];

	trim(&text, &size);
	if (size < prefix || memcmp(text, PRIVATE_PREFIX, prefix) != 0 ||
		!parse_parts(text + prefix, size - prefix, name, id, seed)) {
		error_set(err, ERROR_CONFIG,
			"not an Ed25519 signing key: it must begin with %s<name>", PRIVATE_PREFIX);
		return NULL;
	}
	struct journal_key *key = key_new(name, seed);

	secret_wipe(seed, sizeof(seed));
	if (memcmp(id, key->verifier.id, sizeof(id)) != 0) {
		error_set(err, ERROR_CONFIG,
			"the signing key of %s is damaged: its id does not fit its bytes", name);
		journal_key_free(key);
		return NULL;
	}
	return key;
}

struct journal_key *journal_key_load(const char *path, struct error *err)
{
	CLEANUP(wipe_buf) struct buf text = { 0 };
	struct stat status;

	if (stat(path, &status) != 0) {
		error_set(
			err, ERROR_IO, "cannot read the signing key %s: %s", path, strerror(errno));
		return NULL;
	}
	if ((status.st_mode & 077) != 0) {
		error_set(err, ERROR_CONFIG,
			"others than its owner may use the signing key %s: run chmod 600 on it",
			path);
		return NULL;
	}
	if (!file_read(path, KEY_TEXT_LIMIT, &text, err)) {
		return NULL;
	}
	struct journal_key *key = journal_key_parse(buf_text(&text), text.size, err);

	if (key == NULL) {
		error_wrap(err, "%s", path);
	}
	return key;
}

void journal_key_free(struct journal_key *key)
{
	if (key == NULL) {
		return;
	}
	EVP_PKEY_free(key->pkey);
	memory_free(key);
}

const struct journal_verifier *journal_key_verifier(const struct journal_key *key)
{
	return &key->verifier;
}

static void append_parts(
	struct buf *buf, const struct journal_verifier *verifier, const uint8_t bytes[KEY_BYTES])
{
	uint8_t typed[1 + KEY_BYTES] = { ED25519 };

	memcpy(typed + 1, bytes, KEY_BYTES);
	buf_append_text(buf, verifier->name);
	buf_append_char(buf, '+');
	encode_hex(buf, verifier->id, JOURNAL_KEY_ID_BYTES);
	buf_append_char(buf, '+');
	encode_base64(buf, typed, sizeof(typed));
	secret_wipe(typed, sizeof(typed));
}

void journal_key_vkey(const struct journal_key *key, struct buf *buf)
{
	append_parts(buf, &key->verifier, key->verifier.public_key);
}

void journal_key_sign(const struct journal_key *key, const void *text, size_t size,
	uint8_t signature[JOURNAL_SIGNATURE_BYTES])
{
	CLEANUP(free_context) EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t signature_size = JOURNAL_SIGNATURE_BYTES;

	must(context != NULL);
	must(EVP_DigestSignInit(context, NULL, NULL, NULL, key->pkey) == 1);
	must(EVP_DigestSign(context, signature, &signature_size, text, size) == 1);
	assert(signature_size == JOURNAL_SIGNATURE_BYTES);
}

/* ---- a new key file ---- */

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
	}
}

static int sync_folder_of(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t size = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);

	if (size >= sizeof(folder)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(folder, size > 0 ? path : ".", size > 0 ? size : 1);
	folder[size > 0 ? size : 1] = '\0';
	CLEANUP(close_fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -1 : fsync(fd);
}

static bool write_new(const char *path, const struct buf *text, struct error *err)
{
	CLEANUP(close_fd) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0) {
		return error_set(
			err, ERROR_IO, "cannot make the signing key %s: %s", path, strerror(errno));
	}
	ssize_t written = write(fd, text->data, text->size);

	if (written < 0 || (size_t)written != text->size || fsync(fd) != 0 ||
		sync_folder_of(path) != 0) {
		error_set(err, ERROR_IO, "cannot write the signing key %s: %s", path,
			written >= 0 && (size_t)written != text->size ? "the disk is full"
								      : strerror(errno));
		unlink(path);
		return false;
	}
	return true;
}

bool journal_key_generate(const char *path, const char *name, struct error *err)
{
	CLEANUP(wipe_buf) struct buf text = { 0 };
	uint8_t seed[KEY_BYTES];

	if (!journal_name_check(name, err)) {
		return false;
	}
	random_bytes(seed, sizeof(seed));
	struct journal_key *key = key_new(name, seed);

	buf_reserve(&text, KEY_TEXT_LIMIT); /* at once, so that no copy stays behind unwiped */
	buf_append_text(&text, PRIVATE_PREFIX);
	append_parts(&text, &key->verifier, seed);
	buf_append_char(&text, '\n');
	secret_wipe(seed, sizeof(seed));
	journal_key_free(key);
	return write_new(path, &text, err);
}
