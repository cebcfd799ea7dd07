/*
 * Bundles that nobody made. The first byte says what the rest is: a gzip file as it is, or a tar
 * archive, which is read without the checksums of gzip in the way; with its own checksums put
 * right when the byte says so.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/error.h"
#include "policy/bundle.h"
#include "policy/engine.h"
#include "policy/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { BLOCK = 512, CHECKSUM = 148, CHECKSUM_BYTES = 8 };

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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const struct policy_bundle_limits limits = { .unpacked_bytes = 1u << 22, .files = 100 };
	struct arena *arena = arena_new();
	struct policy_files files;
	struct error err;
	const struct tar_file *list = NULL;
	size_t count = 0;

	if (size > 0 && bytes[0] % 4 == 0) {
		policy_bundle_read(arena, bytes + 1, size - 1, &limits, &files, &err);
	} else if (size > 0) {
		char *tar = arena_text(arena, (const char *)bytes + 1, size - 1);
		if (bytes[0] % 4 != 1) {
			mend_checksums(tar, size - 1);
		}
		policy_tar_read(arena, tar, size - 1, 100, &list, &count, &err);
	}
	arena_free(arena);
	return 0;
}
