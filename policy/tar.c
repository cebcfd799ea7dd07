#include "policy/tar.h"

#include <stdint.h>
#include <string.h>
#include "base/arena.h"
#include "base/error.h"

#define BLOCK 512

/* A header, as it lies in the archive. Texts end at a NUL or at the end of their field. */
struct header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6];
	char version[2];
	char user[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char rest[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header fills a block");

struct reader {
	struct arena *arena;
	const char *bytes;
	size_t size;
	size_t at;
	struct error *err;
	/* said by a header of its own about the file behind it */
	const char *next_name;
	bool has_next_size;
	size_t next_size;
	/* result */
	struct tar_file *files;
	size_t count;
	size_t room;
	size_t limit;
};

static bool refuse(struct reader *reader, const char *why)
{
	return error_set(reader->err, ERROR_SYNTAX, "tar archive, byte %zu: %s", reader->at, why);
}

/* Octal digits, with spaces before and a space or NUL behind. */
static bool read_octal(const char *text, size_t room, size_t *number)
{
	size_t i = 0;

	*number = 0;
	while (i < room && text[i] == ' ') {
		i++;
	}
	size_t start = i;
	for (; i < room && text[i] >= '0' && text[i] <= '7'; i++) {
		if (*number > SIZE_MAX >> 4) {
			return false;
		}
		*number = *number * 8 + (size_t)(text[i] - '0');
	}
	return i > start && (i == room || text[i] == ' ' || text[i] == '\0');
}

/* The sum of all bytes, those of the checksum itself taken as spaces. */
static bool checksum_is_right(const struct header *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	size_t wanted;
	size_t sum = 0;

	for (size_t i = 0; i < BLOCK; i++) {
		bool within =
			i >= offsetof(struct header, checksum) && i < offsetof(struct header, type);
		sum += within ? ' ' : bytes[i];
	}
	return read_octal(header->checksum, sizeof(header->checksum), &wanted) && sum == wanted;
}

static bool is_zero(const struct header *header)
{
	static const char zeros[BLOCK];

	return memcmp(header, zeros, BLOCK) == 0;
}

/* ---- names ---- */

static bool part_is_fine(const char *part, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if ((unsigned char)part[i] < 0x20 || part[i] == 0x7f || part[i] == '\\') {
			return false;
		}
	}
	return size > 0 && !(size == 1 && part[0] == '.') &&
	       !(size == 2 && part[0] == '.' && part[1] == '.');
}

/* NULL: refused. */
static const char *relative_name(const char *name)
{
	while (*name == '/' || (name[0] == '.' && name[1] == '/')) {
		name++;
	}
	if (strlen(name) > TAR_NAME_BYTES) {
		return NULL;
	}
	for (const char *part = name;; part++) {
		size_t size = strcspn(part, "/");
		if (!part_is_fine(part, size)) {
			return NULL;
		}
		part += size;
		if (*part == '\0') {
			return name;
		}
	}
}

static const char *header_name(struct reader *reader, const struct header *header)
{
	size_t name = strnlen(header->name, sizeof(header->name));
	size_t prefix = strnlen(header->prefix, sizeof(header->prefix));
	bool is_ustar = memcmp(header->magic, "ustar", 6) == 0; /* with its NUL: not GNU's */

	if (reader->next_name != NULL) {
		return reader->next_name;
	}
	if (!is_ustar || prefix == 0) {
		return arena_text(reader->arena, header->name, name);
	}
	return arena_printf(
		reader->arena, "%.*s/%.*s", (int)prefix, header->prefix, (int)name, header->name);
}

/* ---- kinds of members ---- */

static bool add_file(struct reader *reader, const char *name, const char *bytes, size_t size)
{
	const char *relative = relative_name(name);

	if (relative == NULL) {
		return refuse(reader, "a name that leaves the archive or is malformed");
	}
	if (reader->count == reader->limit) {
		return error_set(reader->err, ERROR_TOO_LARGE,
			"tar archive: has more than %zu files", reader->limit);
	}
	if (reader->count == reader->room) {
		reader->room = reader->room == 0 ? 16 : reader->room * 2;
		struct tar_file *more = arena_calloc(reader->arena, reader->room, sizeof(*more));
		if (reader->count > 0) {
			memcpy(more, reader->files, reader->count * sizeof(*more));
		}
		reader->files = more;
	}
	reader->files[reader->count++] = (struct tar_file){ relative, bytes, size };
	return true;
}

/* The decimal number at the start of text. False: there is none, or it is too large. */
static bool read_decimal(const char *text, size_t room, size_t *number, size_t *used)
{
	*number = 0;
	for (*used = 0; *used < room && text[*used] >= '0' && text[*used] <= '9'; ++*used) {
		if (*number > SIZE_MAX / 16) {
			return false;
		}
		*number = *number * 10 + (size_t)(text[*used] - '0');
	}
	return *used > 0;
}

static bool take_record(struct reader *reader, const char *key, size_t key_size, const char *value,
	size_t value_size)
{
	size_t used;

	if (key_size == 4 && memcmp(key, "path", 4) == 0) {
		if (memchr(value, '\0', value_size) != NULL) {
			return refuse(reader, "a name with a NUL in it");
		}
		reader->next_name = arena_text(reader->arena, value, value_size);
	} else if (key_size == 4 && memcmp(key, "size", 4) == 0) {
		reader->has_next_size = true;
		if (!read_decimal(value, value_size, &reader->next_size, &used) ||
			used != value_size) {
			return refuse(reader, "a size that is no number");
		}
	} else if (key_size > 10 && memcmp(key, "GNU.sparse", 10) == 0) {
		return refuse(reader, "a sparse file; only plain files are read");
	}
	return true;
}

/* Records of pax: "25 path=policy/data.json\n", the number counts all of its bytes. */
static bool read_records(struct reader *reader, const char *text, size_t size)
{
	while (size > 0) {
		size_t length;
		size_t used;
		if (!read_decimal(text, size, &length, &used) || length > size ||
			used + 3 > length || text[used] != ' ' || text[length - 1] != '\n') {
			return refuse(reader, "a malformed pax record");
		}
		const char *key = text + used + 1;
		const char *equals = memchr(key, '=', length - used - 2);
		if (equals == NULL) {
			return refuse(reader, "a malformed pax record");
		}
		const char *end = text + length - 1;
		if (!take_record(reader, key, (size_t)(equals - key), equals + 1,
			    (size_t)(end - equals - 1))) {
			return false;
		}
		text += length;
		size -= length;
	}
	return true;
}

static bool take_member(
	struct reader *reader, const struct header *header, const char *bytes, size_t size)
{
	switch (header->type) {
	case 'x':
		return read_records(reader, bytes, size);
	case 'L': /* GNU: the name of the next one */
		reader->next_name = arena_text(reader->arena, bytes, strnlen(bytes, size));
		return true;
	case 'g': /* about all files behind it; nothing in it matters here */
		return true;
	case '0':
	case '\0':
	case '7':
		if (!add_file(reader, header_name(reader, header), bytes, size)) {
			return false;
		}
		break;
	case '5':
		break;
	default:
		return refuse(
			reader, "a link, device or unknown kind; only files and folders are read");
	}
	reader->next_name = NULL;
	reader->has_next_size = false;
	return true;
}

static bool read_member(struct reader *reader, const struct header *header)
{
	size_t size = 0;
	bool is_about_next = header->type == 'x' || header->type == 'g' || header->type == 'L';

	if (!checksum_is_right(header)) {
		return refuse(reader, "the checksum of a header is wrong");
	}
	if (reader->has_next_size && !is_about_next) {
		size = reader->next_size;
	} else if (!read_octal(header->size, sizeof(header->size), &size)) {
		return refuse(reader, "a malformed size");
	}
	const char *bytes = reader->bytes + reader->at + BLOCK;
	if (size > reader->size - reader->at - BLOCK) {
		return refuse(reader, "a file ends behind the archive");
	}
	if (!take_member(reader, header, bytes, size)) {
		return false;
	}
	size_t padded = size + (BLOCK - size % BLOCK) % BLOCK;
	size_t left = reader->size - reader->at - BLOCK;
	reader->at += BLOCK + (padded < left ? padded : left);
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct tar_file *)a)->name, ((const struct tar_file *)b)->name);
}

bool policy_tar_read(struct arena *arena, const char *bytes, size_t size, size_t limit_files,
	const struct tar_file **files, size_t *count, struct error *err)
{
	struct reader reader = {
		.arena = arena, .bytes = bytes, .size = size, .limit = limit_files, .err = err
	};
	struct header header;

	for (;;) {
		if (size - reader.at < BLOCK) {
			return refuse(&reader, "it ends without its end mark");
		}
		memcpy(&header, bytes + reader.at, BLOCK);
		if (is_zero(&header)) {
			break;
		}
		if (!read_member(&reader, &header)) {
			return false;
		}
	}
	if (reader.count > 1) {
		qsort(reader.files, reader.count, sizeof(*reader.files), by_name);
	}
	for (size_t i = 1; i < reader.count; i++) {
		if (strcmp(reader.files[i - 1].name, reader.files[i].name) == 0) {
			return error_set(err, ERROR_SYNTAX, "tar archive: has %s twice",
				reader.files[i].name);
		}
	}
	*files = reader.files;
	*count = reader.count;
	return true;
}
