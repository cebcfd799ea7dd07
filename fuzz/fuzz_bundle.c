/*
 * Bundles that nobody made. The first byte says what the rest is:
 *
 *     0  a gzip file, as it is
 *     1  a tar archive, read without the checksums of gzip in the way
 *     2  the same with its own checksums put right, read as a whole bundle: manifest, roots, data
 *     3  a .signatures.json beside a plan and data
 *     4  the payload of a token that is signed as it should be
 *     5  a data.json to be hashed
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/error.h"
#include "policy/bundle.h"
#include "policy/engine.h"
#include "policy/signature.h"
#include "policy/signature_hash.h"
#include "policy/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { BLOCK = 512, CHECKSUM = 148, CHECKSUM_BYTES = 8, KINDS = 6 };

static const struct policy_bundle_limits limits = { .unpacked_bytes = 1u << 22, .files = 100 };

static void read_gzip(struct arena *arena, const char *bytes, size_t size)
{
	struct policy_files files;
	struct error err;

	policy_bundle_read(arena, bytes, size, &limits, &files, &err);
}

static void read_tar(struct arena *arena, const char *bytes, size_t size)
{
	const struct tar_file *list = NULL;
	size_t count = 0;
	struct error err;

	policy_tar_read(arena, bytes, size, 100, &list, &count, &err);
}

static void mend_checksums(char *tar, size_t size)
{
	for (size_t at = 0; at + BLOCK <= size; at += BLOCK) {
		unsigned sum = CHECKSUM_BYTES * ' ';
		for (size_t i = 0; i < BLOCK; i++) {
			bool within = i >= CHECKSUM && i < CHECKSUM + CHECKSUM_BYTES;
			sum += within ? 0 : (unsigned char)tar[at + i];
		}
		snprintf(tar + at + CHECKSUM, CHECKSUM_BYTES, "%06o", sum);
	}
}

static void read_mended(struct arena *arena, const char *bytes, size_t size)
{
	char *tar = arena_text(arena, bytes, size);
	size_t room = compressBound(size) + 64;
	z_stream stream = { 0 };
	char *gzip = arena_alloc(arena, room);

	mend_checksums(tar, size);
	if (deflateInit2(&stream, 0, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
		return;
	}
	stream.next_in = (unsigned char *)tar;
	stream.avail_in = (unsigned)size;
	stream.next_out = (unsigned char *)gzip;
	stream.avail_out = (unsigned)room;
	deflate(&stream, Z_FINISH);
	read_gzip(arena, gzip, stream.total_out);
	deflateEnd(&stream);
}

static void read_signatures(struct arena *arena, const char *bytes, size_t size)
{
	static const char jwk[] = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
				  "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";
	const struct tar_file files[] = { { ".signatures.json", bytes, size },
		{ "data.json", "{\"b\":[1.50],\"a\":{}}", 20 }, { "plan.json", "{}", 2 } };
	const struct policy_bundle bundle = {
		.files = files, .file_count = 3, .manifest = manifest_default, .is_signed = true
	};
	const struct policy_key keys[] = { { "a", "HS256", "secret", 6, NULL },
		{ "b", "EdDSA", jwk, sizeof(jwk) - 1, "scope" } };
	const struct policy_signing signing = { keys, 2 };
	const char *key_id;
	struct error err;

	(void)arena;
	policy_signature_verify(&bundle, &signing, &key_id, &err);
}

static void read_payload(struct arena *arena, const char *bytes, size_t size)
{
	static const char header[] = "{\"alg\":\"HS256\",\"kid\":\"a\"}";
	struct buf text = { 0 };
	uint8_t mac[DIGEST_BYTES];

	buf_append_text(&text, "{\"signatures\":[\"");
	size_t start = text.size;
	encode_base64url(&text, header, sizeof(header) - 1);
	buf_append_char(&text, '.');
	encode_base64url(&text, bytes, size);
	digest_hmac_sha256("secret", 6, text.data + start, text.size - start, mac);
	buf_append_char(&text, '.');
	encode_base64url(&text, mac, sizeof(mac));
	buf_append_text(&text, "\"]}");
	read_signatures(arena, text.data, text.size);
	buf_fini(&text);
}

static void hash_data(struct arena *arena, const char *bytes, size_t size)
{
	const struct tar_file file = { "data.json", bytes, size };
	unsigned char digest[SIGNATURE_DIGEST_BYTES];
	size_t digest_size;
	struct error err;

	(void)arena;
	signature_hash(signature_digest_find("SHA-512"), &file, digest, &digest_size, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static void (*const kinds[KINDS])(struct arena *, const char *, size_t) = { read_gzip,
		read_tar, read_mended, read_signatures, read_payload, hash_data };
	struct arena *arena = arena_new();

	if (size > 0) {
		kinds[bytes[0] % KINDS](arena, (const char *)bytes + 1, size - 1);
	}
	arena_free(arena);
	return 0;
}
