#include "base/encode.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "base/buf.h"
#include "base/clock.h"

static const char hex_digits[] = "0123456789abcdef";

void encode_hex(struct buf *buf, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;

	buf_reserve(buf, 2 * size);
	char *to = buf->data + buf->size;

	for (size_t i = 0; i < size; i++) {
		*to++ = hex_digits[from[i] >> 4];
		*to++ = hex_digits[from[i] & 15];
	}
	*to = '\0';
	buf->size += 2 * size;
}

/* 0–15, or -1. */
static int hex_value(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	if (c >= 'A' && c <= 'F') {
		return c - 'A' + 10;
	}
	return -1;
}

bool decode_hex(struct buf *buf, const char *text, size_t size)
{
	if (size % 2 != 0) {
		return false;
	}
	buf_reserve(buf, size / 2);
	for (size_t i = 0; i < size; i += 2) {
		int high = hex_value(text[i]);
		int low = hex_value(text[i + 1]);

		if (high < 0 || low < 0) {
			return false;
		}
		buf_append_char(buf, (char)(high << 4 | low));
	}
	return true;
}

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void encode_64(
	struct buf *buf, const uint8_t *from, size_t size, const char digits[64], bool padding)
{
	buf_reserve(buf, size / 3 * 4 + 4);
	char *to = buf->data + buf->size;

	for (; size >= 3; from += 3, size -= 3) {
		uint32_t group = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];

		*to++ = digits[group >> 18];
		*to++ = digits[group >> 12 & 63];
		*to++ = digits[group >> 6 & 63];
		*to++ = digits[group & 63];
	}
	if (size > 0) {
		uint32_t group = (uint32_t)from[0] << 16 | (size == 2 ? (uint32_t)from[1] << 8 : 0);

		*to++ = digits[group >> 18];
		*to++ = digits[group >> 12 & 63];
		if (size == 2) {
			*to++ = digits[group >> 6 & 63];
		}
		for (size_t i = size; padding && i < 3; i++) {
			*to++ = '=';
		}
	}
	*to = '\0';
	buf->size = (size_t)(to - buf->data);
}

void encode_base64(struct buf *buf, const void *bytes, size_t size)
{
	encode_64(buf, bytes, size, base64_digits, true);
}

void encode_base64url(struct buf *buf, const void *bytes, size_t size)
{
	encode_64(buf, bytes, size, base64url_digits, false);
}

/* 0–63, or -1. The two last digits differ between the alphabets. */
static int digit_64(char c, char digit_62, char digit_63)
{
	if (c >= 'A' && c <= 'Z') {
		return c - 'A';
	}
	if (c >= 'a' && c <= 'z') {
		return c - 'a' + 26;
	}
	if (c >= '0' && c <= '9') {
		return c - '0' + 52;
	}
	return c == digit_62 ? 62 : c == digit_63 ? 63 : -1;
}

/* Without padding. Bits of the last digit that carry nothing must be zero. */
static bool decode_64(struct buf *buf, const char *text, size_t size, const char digits[64])
{
	uint32_t bits = 0;
	unsigned count = 0;

	if (size % 4 == 1) {
		return false;
	}
	buf_reserve(buf, size / 4 * 3 + 3);
	for (size_t i = 0; i < size; i++) {
		int digit = digit_64(text[i], digits[62], digits[63]);

		if (digit < 0) {
			return false;
		}
		bits = bits << 6 | (uint32_t)digit;
		count += 6;
		if (count >= 8) {
			count -= 8;
			buf_append_char(buf, (char)(bits >> count));
			bits &= (1u << count) - 1;
		}
	}
	return bits == 0;
}

bool decode_base64(struct buf *buf, const char *text, size_t size)
{
	if (size % 4 != 0) {
		return false;
	}
	if (size > 0 && text[size - 1] == '=') {
		size -= text[size - 2] == '=' ? 2 : 1;
	}
	return decode_64(buf, text, size, base64_digits);
}

bool decode_base64url(struct buf *buf, const char *text, size_t size)
{
	return decode_64(buf, text, size, base64url_digits);
}

void random_bytes(void *bytes, size_t size)
{
	char *to = bytes;

	while (size > 0) {
		ssize_t got = getrandom(to, size, 0);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			fprintf(stderr, "scimward: no randomness from the system: %s\n",
				strerror(errno));
			abort();
		}
		to += got;
		size -= (size_t)got;
	}
}

/*
 * One system call per 32 ids. Only for what need not be secret: the numbers lie
 * in memory until they are used.
 */
static uint64_t pooled_random(void)
{
	static __thread uint64_t pool[32];
	static __thread size_t left;

	if (left == 0) {
		random_bytes(pool, sizeof(pool));
		left = sizeof(pool) / sizeof(pool[0]);
	}
	return pool[--left];
}

/*
 * RFC 9562, 5.7 and 6.2 (method 3): 48 bits of milliseconds, 12 bits that
 * divide the millisecond further and count up when the clock does not, 62
 * random bits. When the clock steps back, the thread's time stands still but
 * for that counter.
 */
/* 48 bits of milliseconds, 12 of their fraction (RFC 9562, 6.2, method 3): 4096 parts hold 1000. */
static uint64_t uuid_time(uint64_t us)
{
	return us / 1000 << 12 | us % 1000 * 4096 / 1000;
}

static void uuid_fill(uint64_t time, uint8_t id[UUID_BYTES])
{
	uint64_t random = pooled_random();

	for (int i = 0; i < 6; i++) {
		id[i] = (uint8_t)(time >> (52 - 8 * i));
	}
	id[6] = (uint8_t)(0x70 | (time >> 8 & 0x0f));
	id[7] = (uint8_t)time;
	memcpy(id + 8, &random, sizeof(random));
	id[8] = (uint8_t)(0x80 | (id[8] & 0x3f));
}

void uuid_of_time(int64_t us, uint8_t id[UUID_BYTES])
{
	uuid_fill(uuid_time((uint64_t)us), id);
}

void uuid_new(uint8_t id[UUID_BYTES])
{
	static __thread uint64_t last;
	uint64_t time = uuid_time((uint64_t)clock_now_us());

	if (time <= last) {
		time = last + 1;
	}
	last = time;
	uuid_fill(time, id);
}

static bool is_hyphen_at(size_t index)
{
	return index == 8 || index == 13 || index == 18 || index == 23;
}

void uuid_format(const uint8_t id[UUID_BYTES], char text[UUID_TEXT_BYTES])
{
	size_t at = 0;

	for (size_t i = 0; i < UUID_BYTES; i++) {
		if (is_hyphen_at(at)) {
			text[at++] = '-';
		}
		text[at++] = hex_digits[id[i] >> 4];
		text[at++] = hex_digits[id[i] & 15];
	}
	text[at] = '\0';
}

bool uuid_parse(const char *text, size_t size, uint8_t id[UUID_BYTES])
{
	size_t at = 0;

	if (size != UUID_TEXT_BYTES - 1) {
		return false;
	}
	for (size_t i = 0; i < UUID_BYTES; i++) {
		if (is_hyphen_at(at) && text[at++] != '-') {
			return false;
		}
		int high = hex_value(text[at]);
		int low = hex_value(text[at + 1]);

		if (high < 0 || low < 0) {
			return false;
		}
		id[i] = (uint8_t)(high << 4 | low);
		at += 2;
	}
	return true;
}
