#include "policy/builtin_der.h"

#include <inttypes.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include "base/arena.h"
#include "base/buf.h"
#include "policy/builtin_time.h"

#define NUMBER_BYTES 1024 /* larger ones are no numbers here: see value_of_number() */
#define OID_BYTES 256

/* ---- elements ---- */

bool der_any(struct span *in, unsigned *tag, struct span *body, struct span *whole)
{
	const unsigned char *at = (const unsigned char *)in->at;
	size_t head = 2;

	if (in->size < 2 || (at[0] & 0x1f) == 0x1f) {
		return false;
	}
	size_t size = at[1];
	if (size >= 0x80) {
		size_t count = size & 0x7f;
		if (count == 0 || count > 4 || in->size < 2 + count || at[2] == 0) {
			return false;
		}
		size = 0;
		for (size_t i = 0; i < count; i++) {
			size = size << 8 | at[2 + i];
		}
		head += count;
		if (size < 0x80) {
			return false; /* the short form would do */
		}
	}
	if (size > in->size - head) {
		return false;
	}
	struct span all = { in->at, head + size };
	*tag = at[0];
	*in = span_from(*in, all.size);
	if (whole != NULL) {
		*whole = all;
	}
	*body = span_from(all, head); /* last: it may be the same as in */
	return true;
}

bool der_read_whole(struct span *in, unsigned tag, struct span *body, struct span *whole)
{
	unsigned found;

	return der_peek(*in) == tag && der_any(in, &found, body, whole);
}

bool der_read(struct span *in, unsigned tag, struct span *body)
{
	return der_read_whole(in, tag, body, NULL);
}

bool der_optional(struct span *in, unsigned tag, struct span *body)
{
	if (der_peek(*in) == tag) {
		return der_read(in, tag, body);
	}
	*body = (struct span){ "", 0 };
	return true;
}

bool der_bool(struct span *in, bool *value)
{
	struct span rest = *in;
	struct span body;

	if (!der_read(&rest, DER_BOOLEAN, &body) || body.size != 1 ||
		(body.at[0] != 0 && (unsigned char)body.at[0] != 0xff)) {
		return false;
	}
	*value = body.at[0] != 0;
	*in = rest;
	return true;
}

bool der_integer(struct span *in, struct span *bytes)
{
	struct span rest = *in;
	struct span body;

	if (!der_read(&rest, DER_INTEGER, &body) || body.size == 0) {
		return false;
	}
	unsigned char first = (unsigned char)body.at[0];
	bool high = body.size > 1 && ((unsigned char)body.at[1] & 0x80) != 0;
	if (body.size > 1 && ((first == 0 && !high) || (first == 0xff && high))) {
		return false; /* a byte more than needed */
	}
	*bytes = body;
	*in = rest;
	return true;
}

bool der_int(struct span *in, int64_t *value)
{
	struct span rest = *in;
	struct span bytes;

	if (!der_integer(&rest, &bytes) || bytes.size > 8) {
		return false;
	}
	uint64_t number = (bytes.at[0] & 0x80) != 0 ? UINT64_MAX : 0;
	for (size_t i = 0; i < bytes.size; i++) {
		number = number << 8 | (unsigned char)bytes.at[i];
	}
	*value = (int64_t)number;
	*in = rest;
	return true;
}

bool der_bits(struct span *in, struct span *bytes, unsigned *unused)
{
	struct span rest = *in;
	struct span body;

	if (!der_read(&rest, DER_BITS, &body) || body.size == 0) {
		return false;
	}
	unsigned pad = (unsigned char)body.at[0];
	struct span bits = span_from(body, 1);
	if (pad > 7 || (bits.size == 0 && pad > 0) ||
		(pad > 0 && ((unsigned char)bits.at[bits.size - 1] & ((1u << pad) - 1)) != 0)) {
		return false;
	}
	*bytes = bits;
	*unused = pad;
	*in = rest;
	return true;
}

/* ---- times ---- */

static bool digits(struct span text, size_t at, size_t count, int *result)
{
	*result = 0;
	for (size_t i = 0; i < count; i++) {
		char c = text.at[at + i];
		if (c < '0' || c > '9') {
			return false;
		}
		*result = *result * 10 + (c - '0');
	}
	return true;
}

bool der_time(struct span *in, int64_t *seconds)
{

	struct span rest = *in;
	struct span body;
	unsigned tag;
	int part[6];

	if (!der_any(&rest, &tag, &body, NULL) || (tag != DER_UTC_TIME && tag != DER_TIME)) {
		return false;
	}
	size_t year = tag == DER_TIME ? 4 : 2;
	if (body.size != year + 11 || body.at[year + 10] != 'Z' || !digits(body, 0, year, part)) {
		return false;
	}
	for (size_t i = 0; i < 5; i++) {
		if (!digits(body, year + 2 * i, 2, &part[i + 1])) {
			return false;
		}
	}
	if (tag == DER_UTC_TIME) {
		part[0] += part[0] < 50 ? 2000 : 1900;
	}
	if (part[1] < 1 || part[1] > 12 || part[2] < 1 ||
		part[2] > policy_days_in(part[0], part[1]) || part[3] > 23 || part[4] > 59 ||
		part[5] > 59) {
		return false;
	}
	*seconds = policy_days_of(part[0], part[1], part[2]) * 86400 + part[3] * 3600 +
		   part[4] * 60 + part[5];
	*in = rest;
	return true;
}

/* ---- object identifiers ---- */

struct arcs {
	uint64_t list[OID_BYTES + 1];
	size_t count;
};

static bool read_arcs(struct span oid, struct arcs *arcs)
{
	uint64_t arc = 0;

	arcs->count = 0;
	if (oid.size == 0 || oid.size > OID_BYTES || (oid.at[oid.size - 1] & 0x80) != 0) {
		return false;
	}
	for (size_t i = 0; i < oid.size; i++) {
		unsigned char c = (unsigned char)oid.at[i];
		if ((arc == 0 && c == 0x80) || arc > UINT64_MAX >> 8) {
			return false;
		}
		arc = arc << 7 | (c & 0x7f);
		if ((c & 0x80) != 0) {
			continue;
		}
		if (arcs->count == 0) {
			arcs->list[arcs->count++] = arc < 80 ? arc / 40 : 2;
			arc -= arcs->list[0] * 40;
		}
		arcs->list[arcs->count++] = arc;
		arc = 0;
	}
	return true;
}

/* Not charged, for comparing; "" when it is none. */
static void write_dotted(const struct arcs *arcs, char *text, size_t room)
{
	size_t size = 0;

	text[0] = '\0';
	for (size_t i = 0; i < arcs->count && size < room; i++) {
		size += (size_t)snprintf(
			text + size, room - size, "%s%" PRIu64, i > 0 ? "." : "", arcs->list[i]);
	}
}

bool der_is_oid(struct span oid, const char *dotted)
{
	struct arcs arcs;
	char text[128];

	if (oid.size > 32 || !read_arcs(oid, &arcs)) {
		return false;
	}
	write_dotted(&arcs, text, sizeof(text));
	return strcmp(text, dotted) == 0;
}

bool der_oid_is_valid(struct span oid)
{
	struct arcs arcs;
	bool valid = read_arcs(oid, &arcs);

	for (size_t i = 0; valid && i < arcs.count; i++) {
		valid = arcs.list[i] <= INT32_MAX;
	}
	return valid;
}

const struct value *der_oid_array(struct policy_context *context, struct span oid)
{
	struct builtin_list list = { 0 };
	struct arcs arcs;

	if (!der_oid_is_valid(oid) || !read_arcs(oid, &arcs)) {
		return NULL;
	}
	for (size_t i = 0; i < arcs.count; i++) {
		builtin_list_add(
			context, &list, value_of_int(context->arena, (int64_t)arcs.list[i]));
	}
	return builtin_list_array(context, &list);
}

const struct value *der_oid_text(struct policy_context *context, struct span oid)
{
	struct arcs arcs;
	char text[OID_BYTES * 21];

	if (!read_arcs(oid, &arcs)) {
		return NULL;
	}
	write_dotted(&arcs, text, sizeof(text));
	return builtin_text(context, text, strlen(text));
}

/* ---- numbers and texts ---- */

const struct value *der_number(struct policy_context *context, struct span bytes)
{
	const struct value *result = NULL;

	if (bytes.size > NUMBER_BYTES) {
		return NULL;
	}
	policy_charge(context, 20 + bytes.size * bytes.size / 16);
	policy_charge_bytes(context, bytes.size * 4 + 128);
	/* Nothing is charged from here on: nothing may be lost. */
	BIGNUM *number = BN_bin2bn((const unsigned char *)bytes.at, (int)bytes.size, NULL);
	char *text = number != NULL ? BN_bn2dec(number) : NULL;
	if (text != NULL && !value_of_number(context->arena, text, strlen(text), &result)) {
		result = NULL;
	}
	OPENSSL_free(text);
	BN_clear_free(number);
	return result;
}

static bool is_printable(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("'() +,-./:=?*&", c) != NULL);
}

static bool has_only(struct span body, unsigned tag)
{
	for (size_t i = 0; i < body.size; i++) {
		char c = body.at[i];
		bool fits = tag == DER_PRINTABLE ? is_printable(c)
			    : tag == DER_NUMERIC ? c == ' ' || (c >= '0' && c <= '9')
						 : (unsigned char)c < 0x80;
		if (!fits) {
			return false;
		}
	}
	return true;
}

/* Each unit a character, of one byte (Latin-1) or two (UCS-2). */
static const struct value *text_of_units(
	struct policy_context *context, struct span body, size_t unit)
{
	struct buf *buf = policy_buf(context, 1);
	char bytes[4];

	if (body.size % unit != 0) {
		return NULL;
	}
	policy_charge(context, body.size);
	policy_charge_bytes(context, body.size * 2);
	for (size_t i = 0; i < body.size; i += unit) {
		uint32_t point = (unsigned char)body.at[i];
		if (unit == 2) {
			point = point << 8 | (unsigned char)body.at[i + 1];
			if (point == 0 && i + 2 == body.size) {
				break; /* an end mark */
			}
			if (point >= 0xfffe || (point >= 0xfdd0 && point <= 0xfdef) ||
				(point >= 0xd800 && point <= 0xdfff)) {
				return NULL;
			}
		}
		buf_append(buf, bytes, utf8_write(point, bytes));
	}
	return policy_text_of_buf(context, buf);
}

bool der_is_text(unsigned tag)
{
	return tag == DER_T61 || tag == DER_BMP || tag == DER_UTF8 || tag == DER_PRINTABLE ||
	       tag == DER_NUMERIC || tag == DER_IA5;
}

const struct value *der_text(struct policy_context *context, unsigned tag, struct span body)
{
	bool good;

	policy_charge_text(context, body.size);
	switch (tag) {
	case DER_T61:
		return text_of_units(context, body, 1);
	case DER_BMP:
		return text_of_units(context, body, 2);
	case DER_UTF8:
		good = utf8_is_valid(body.at, body.size);
		break;
	case DER_PRINTABLE:
	case DER_NUMERIC:
	case DER_IA5:
		good = has_only(body, tag);
		break;
	default:
		good = false;
	}
	return good ? builtin_span(context, body) : NULL;
}
