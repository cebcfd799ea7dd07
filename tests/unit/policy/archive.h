/*
 * Tar and gzip archives, made byte by byte, so that each lie can be told. Include cmocka.h first.
 */
#pragma once

#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include "base/buf.h"

static inline void archive_add_padding(struct buf *tar)
{
	while (tar->size % 512 != 0) {
		buf_append_char(tar, '\0');
	}
}

static inline void archive_add_header(
	struct buf *tar, const char *name, char type, const char *size_field)
{
	char header[512] = { 0 };
	unsigned sum = 0;

	snprintf(header, 100, "%s", name);
	snprintf(header + 100, 8, "0000644");
	snprintf(header + 124, 12, "%.11s", size_field);
	memset(header + 148, ' ', 8);
	header[156] = type;
	memcpy(header + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(header); i++) {
		sum += (unsigned char)header[i];
	}
	snprintf(header + 148, 8, "%06o", sum);
	buf_append(tar, header, sizeof(header));
}

static inline void archive_add(struct buf *tar, const char *name, char type, const char *text)
{
	char size[24];

	snprintf(size, sizeof(size), "%011zo", strlen(text) % 100000);
	archive_add_header(tar, name, type, size);
	buf_append_text(tar, text);
	archive_add_padding(tar);
}

static inline void archive_add_end(struct buf *tar)
{
	static const char zeros[1024];

	buf_append(tar, zeros, sizeof(zeros));
}

static inline void archive_pack(struct buf *gzip, const struct buf *tar)
{
	z_stream stream = { 0 };

	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	size_t room = deflateBound(&stream, tar->size);
	buf_reserve(gzip, room);
	stream.next_in = (unsigned char *)tar->data;
	stream.avail_in = (unsigned)tar->size;
	stream.next_out = (unsigned char *)gzip->data + gzip->size;
	stream.avail_out = (unsigned)room;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	gzip->size += stream.total_out;
	deflateEnd(&stream);
}

struct member {
	const char *name;
	char type;
	const char *text;
};

/* Ended by a row without a name. */
static inline void archive_pack_members(struct buf *gzip, const struct member *members)
{
	struct buf tar = { 0 };

	for (size_t i = 0; members[i].name != NULL; i++) {
		archive_add(&tar, members[i].name, members[i].type, members[i].text);
	}
	archive_add_end(&tar);
	archive_pack(gzip, &tar);
	buf_fini(&tar);
}
