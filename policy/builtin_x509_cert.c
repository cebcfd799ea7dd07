/*
 * Certificates and requests for them → objects.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "policy/builtin_time.h"
#include "policy/builtin_x509.h"

/* ---- parts ---- */

const struct value *x509_base64(struct x509 *x509, struct span bytes)
{
	struct buf *buf = policy_buf(x509->context, 1);

	policy_charge_text(x509->context, bytes.size * 2);
	encode_base64(buf, bytes.at, bytes.size);
	return policy_text_of_buf(x509->context, buf);
}

const struct value *x509_list(struct x509 *x509, const struct builtin_list *list)
{
	return list->count > 0 ? builtin_list_array(x509->context, list) : value_null();
}

struct value_builder x509_builder(struct x509 *x509)
{
	policy_charge(x509->context, 100);
	policy_charge_bytes(x509->context, 4096);
	return (struct value_builder){ .arena = x509->context->arena };
}

bool x509_add(struct value_builder *builder, const char *name, const struct value *value)
{
	if (value == NULL) {
		return false;
	}
	value_add(builder, name, value);
	return true;
}

static const struct value *time_text(struct x509 *x509, int64_t seconds)
{
	struct civil civil = policy_civil_of(seconds);

	policy_charge_bytes(x509->context, 64);
	return value_printf(x509->context->arena, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)civil.year,
		civil.month, civil.day, civil.hour, civil.minute, civil.second);
}

/* ---- names ---- */

struct name_parts {
	struct builtin_list all;
	struct builtin_list lists[7];
	const struct value *common_name, *serial_number;
};

static const struct {
	const char *member;
	unsigned char arc; /* 2.5.4.arc */
} name_lists[7] = { { "Country", 6 }, { "Locality", 7 }, { "Province", 8 }, { "StreetAddress", 9 },
	{ "Organization", 10 }, { "OrganizationalUnit", 11 }, { "PostalCode", 17 } };

static bool read_attribute(struct x509 *x509, struct span in, struct name_parts *parts)
{
	struct value_builder builder = x509_builder(x509);
	struct span id, body;
	unsigned tag;

	if (!der_read(&in, DER_OID, &id) || !der_any(&in, &tag, &body, NULL)) {
		return x509_fail(x509, "x509: invalid RDNSequence");
	}
	const struct value *text = der_text(x509->context, tag, body);
	if (text == NULL && x509->request && !der_is_text(tag)) {
		text = value_null();
	}
	if (text == NULL || !x509_add(&builder, "Type", der_oid_array(x509->context, id))) {
		return x509_fail(x509, "x509: invalid RDNSequence: invalid attribute value");
	}
	value_add(&builder, "Value", text);
	builtin_list_add(x509->context, &parts->all, value_finish_object(&builder));
	if (!value_is(text, VALUE_STRING) || id.size != 3 || memcmp(id.at, "\x55\x04", 2) != 0) {
		return true;
	}
	if (id.at[2] == 3) {
		parts->common_name = text;
	} else if (id.at[2] == 5) {
		parts->serial_number = text;
	}
	for (size_t i = 0; i < 7; i++) {
		if (id.at[2] == name_lists[i].arc) {
			builtin_list_add(x509->context, &parts->lists[i], text);
		}
	}
	return true;
}

/* The contents of a Name. NULL: failed. */
static const struct value *read_name(struct x509 *x509, struct span in)
{
	struct value_builder builder = x509_builder(x509);
	struct name_parts parts = { .common_name = builtin_text(x509->context, "", 0) };
	struct span set, attribute;

	parts.serial_number = parts.common_name;
	while (in.size > 0) {
		if (!der_read(&in, DER_SET, &set)) {
			return x509_none(x509, "x509: invalid RDNSequence");
		}
		while (set.size > 0) {
			if (!der_read(&set, DER_SEQUENCE, &attribute)) {
				return x509_none(x509, "x509: invalid RDNSequence");
			}
			if (!read_attribute(x509, attribute, &parts)) {
				return NULL;
			}
		}
	}
	value_add(&builder, "CommonName", parts.common_name);
	value_add(&builder, "SerialNumber", parts.serial_number);
	for (size_t i = 0; i < 7; i++) {
		value_add(&builder, name_lists[i].member, x509_list(x509, &parts.lists[i]));
	}
	value_add(&builder, "Names", x509_list(x509, &parts.all));
	value_add(&builder, "ExtraNames", value_null());
	return value_finish_object(&builder);
}

/* ---- certificates ---- */

/* The parts that stand in both: names, algorithms, signature. */
bool x509_add_name(struct x509 *x509, struct value_builder *builder, const char *member,
	const char *raw, struct span *in)
{
	struct span body, whole;

	if (!der_read_whole(in, DER_SEQUENCE, &body, &whole)) {
		return x509_fail(x509, "x509: malformed name");
	}
	value_add(builder, raw, x509_base64(x509, whole));
	return x509_add(builder, member, read_name(x509, body));
}

static bool add_validity(struct x509 *x509, struct value_builder *builder, struct span *in)
{
	struct span body;
	int64_t from, to;

	if (!der_read(in, DER_SEQUENCE, &body) || !der_time(&body, &from) ||
		!der_time(&body, &to)) {
		return x509_fail(x509, "x509: malformed validity");
	}
	value_add(builder, "NotBefore", time_text(x509, from));
	value_add(builder, "NotAfter", time_text(x509, to));
	return true;
}

static bool read_head(struct x509 *x509, struct value_builder *builder, struct span *in,
	int64_t *version, struct span *algorithm)
{
	struct span body, serial;

	*version = 0;
	if (!der_optional(in, DER_CONTEXT_CONTAINER, &body) ||
		(body.size > 0 && (!der_int(&body, version) || body.size > 0))) {
		return x509_fail(x509, "x509: malformed version");
	}
	if (++*version < 1 || *version > 3) {
		return x509_fail(x509, "x509: invalid version");
	}
	if (!der_integer(in, &serial) || (serial.at[0] & 0x80) != 0 ||
		!x509_add(builder, "SerialNumber", der_number(x509->context, serial))) {
		return x509_fail(x509, "x509: malformed serial number");
	}
	value_add_int(builder, "Version", *version);
	return der_read(in, DER_SEQUENCE, algorithm) ||
	       x509_fail(x509, "x509: malformed signature algorithm identifier");
}

/* What may stand behind the key: unique ids, extensions. */
static bool add_tail(
	struct x509 *x509, struct value_builder *builder, struct span in, int64_t version)
{
	struct span extensions = { "", 0 };
	struct span ignored;

	if (version > 1 && (!der_optional(&in, DER_CONTEXT | 1, &ignored) ||
				   !der_optional(&in, DER_CONTEXT | 2, &ignored))) {
		return x509_fail(x509, "x509: malformed unique id");
	}
	bool there = version == 3 && der_peek(in) == (DER_CONTEXT_CONTAINER | 3);
	if (there && (!der_read(&in, DER_CONTEXT_CONTAINER | 3, &extensions) ||
			     !der_read(&extensions, DER_SEQUENCE, &extensions))) {
		return x509_fail(x509, "x509: malformed extensions");
	}
	return x509_add_extensions(x509, builder, extensions);
}

const struct value *x509_certificate(struct x509 *x509, struct span *der)
{
	struct value_builder builder = x509_builder(x509);
	struct span in, whole, signed_part, tbs, algorithm;
	int64_t version;

	if (!der_read_whole(der, DER_SEQUENCE, &in, &whole)) {
		return x509_none(x509, "x509: malformed certificate");
	}
	value_add(&builder, "Raw", x509_base64(x509, whole));
	if (!der_read_whole(&in, DER_SEQUENCE, &tbs, &signed_part)) {
		return x509_none(x509, "x509: malformed tbs certificate");
	}
	value_add(&builder, "RawTBSCertificate", x509_base64(x509, signed_part));
	if (!read_head(x509, &builder, &tbs, &version, &algorithm) ||
		!x509_add_signature(x509, &builder, in, &algorithm) ||
		!x509_add_name(x509, &builder, "Issuer", "RawIssuer", &tbs) ||
		!add_validity(x509, &builder, &tbs) ||
		!x509_add_name(x509, &builder, "Subject", "RawSubject", &tbs) ||
		!x509_add_public_key(x509, &builder, &tbs) ||
		!add_tail(x509, &builder, tbs, version)) {
		return NULL;
	}
	return value_finish_object(&builder);
}
