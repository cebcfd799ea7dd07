/*
 * Alternative names of a subject, and what an authority may name (RFC 5280, 4.2.1.6 and 4.2.1.10).
 */
#include "base/buf.h"
#include "policy/builtin_bytes.h"
#include "policy/builtin_net.h"
#include "policy/builtin_uri.h"
#include "policy/builtin_x509.h"

static bool is_ascii(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		if ((unsigned char)text.at[i] >= 0x80) {
			return false;
		}
	}
	return true;
}

static const struct value *text_form(struct x509 *x509, struct span bytes)
{
	return builtin_text_of_bytes(x509->context, bytes);
}

static void add(struct x509 *x509, struct builtin_list *list, const struct value *value)
{
	builtin_list_add(x509->context, list, value);
}

/* As Go takes them: labels of visible characters, none empty. */
static bool is_domain(struct span text, bool constraint)
{
	size_t label = 0;

	if (text.size == 0) {
		return true;
	}
	if (constraint && text.at[0] == '.' && text.size > 1) {
		text = span_from(text, 1);
	}
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] < 33 || text.at[i] > 126 || (text.at[i] == '.' && label == 0)) {
			return false;
		}
		label = text.at[i] == '.' ? 0 : label + 1;
	}
	return label > 0;
}

/* ---- alternative names ---- */

static const struct value *ip_form(struct x509 *x509, struct span bytes)
{
	struct buf *buf = policy_buf(x509->context, 1);
	struct address address = { .size = (unsigned)bytes.size };

	memcpy(address.bytes, bytes.at, bytes.size);
	if (bytes.size == 16) {
		address = policy_address_of((const uint8_t *)bytes.at);
	}
	policy_address_write(buf, &address);
	return policy_text_of_buf(x509->context, buf);
}

bool x509_add_names(
	struct x509 *x509, struct value_builder *builder, const struct span *body, bool *empty)
{
	struct builtin_list dns = { 0 }, emails = { 0 }, ips = { 0 }, uris = { 0 }, texts = { 0 };
	struct span in = { "", 0 };
	struct span name;
	unsigned tag;

	if (body != NULL && (in = *body, !der_read(&in, DER_SEQUENCE, &in))) {
		return x509_fail(x509, "x509: invalid subject alternative names");
	}
	while (in.size > 0) {
		const struct value *uri;
		const struct value *text;
		if (!der_any(&in, &tag, &name, NULL)) {
			return x509_fail(x509, "x509: invalid subject alternative name");
		}
		tag ^= DER_CONTEXT;
		bool is_text =
			tag == X509_NAME_EMAIL || tag == X509_NAME_DNS || tag == X509_NAME_URI;
		if (is_text && !is_ascii(name)) {
			return x509_fail(x509, "x509: an alternative name is malformed");
		}
		if (tag == X509_NAME_IP && name.size != 4 && name.size != 16) {
			return x509_fail(x509, "x509: cannot parse IP address");
		}
		if (tag == X509_NAME_EMAIL || tag == X509_NAME_DNS) {
			add(x509, tag == X509_NAME_DNS ? &dns : &emails, text_form(x509, name));
		} else if (tag == X509_NAME_IP) {
			add(x509, &ips, ip_form(x509, name));
		} else if (tag == X509_NAME_URI) {
			uri = builtin_uri_go(x509->context, name, &text);
			if (uri == NULL || !is_domain(span_of(value_find(uri, "Host")), false)) {
				return x509_fail(x509, "x509: cannot parse URI");
			}
			add(x509, &uris, uri);
			add(x509, &texts, text);
		}
	}
	value_add(builder, "DNSNames", x509_list(x509, &dns));
	value_add(builder, "EmailAddresses", x509_list(x509, &emails));
	value_add(builder, "IPAddresses", x509_list(x509, &ips));
	value_add(builder, "URIs", x509_list(x509, &uris));
	if (empty != NULL) { /* a certificate: OPA adds the texts */
		value_add(builder, "URIStrings", x509_list(x509, &texts));
		*empty = dns.count + emails.count + ips.count + uris.count == 0;
	}
	return true;
}

/* ---- constraints on names ---- */

/* "local@domain" as RFC 5321 has it; a quoted local part may hold any visible character. */
static bool is_mailbox(struct span text)
{
	const char *sign = memrchr(text.at, '@', text.size);
	size_t size = (size_t)(sign - text.at);
	bool quoted = size > 2 && text.at[0] == '"' && text.at[size - 1] == '"';
	char before = '.';

	for (size_t i = 0; i < size; i++) {
		char c = text.at[i];
		bool letter =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		bool other = c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL;
		bool dot = c == '.' && before != '.';
		if (quoted ? c < ' ' || c > '~' : !letter && !other && !dot) {
			return false;
		}
		before = c;
	}
	return size > 0 && (quoted || before != '.') &&
	       is_domain(span_from(text, size + 1), false) && text.size > size + 1;
}

static const struct value *network_form(struct x509 *x509, struct span bytes)
{
	struct value_builder builder = { .arena = x509->context->arena };
	size_t half = bytes.size / 2;
	bool ended = false;

	if (bytes.size != 8 && bytes.size != 32) {
		return x509_none(x509, "x509: IP constraint of an unknown length");
	}
	for (size_t i = half * 8; i < bytes.size * 8; i++) {
		bool on = ((unsigned char)bytes.at[i / 8] >> (7 - i % 8) & 1) != 0;
		if (on && ended) {
			return x509_none(x509, "x509: IP constraint contained invalid mask");
		}
		ended = ended || !on;
	}
	policy_charge_bytes(x509->context, 512);
	value_add(&builder, "IP", ip_form(x509, (struct span){ bytes.at, half }));
	value_add(&builder, "Mask", x509_base64(x509, span_from(bytes, half)));
	return value_finish_object(&builder);
}

bool x509_read_subtrees(
	struct x509 *x509, struct span in, struct builtin_list lists[4], bool *unhandled)
{
	struct span tree, name;
	unsigned tag;

	while (in.size > 0) {
		if (!der_read(&in, DER_SEQUENCE, &tree) || !der_any(&tree, &tag, &name, NULL)) {
			return x509_fail(x509, "x509: invalid NameConstraints extension");
		}
		if (tag == (DER_CONTEXT | X509_NAME_IP)) {
			const struct value *network = network_form(x509, name);
			if (network == NULL) {
				return false;
			}
			add(x509, &lists[1], network);
			continue;
		}
		size_t at = tag == (DER_CONTEXT | X509_NAME_DNS)     ? 0
			    : tag == (DER_CONTEXT | X509_NAME_EMAIL) ? 2
			    : tag == (DER_CONTEXT | X509_NAME_URI)   ? 3
								     : 4;
		if (at == 4) {
			*unhandled = true;
			continue;
		}
		bool mailbox = at == 2 && memchr(name.at, '@', name.size) != NULL;
		if (!is_ascii(name) || !(mailbox ? is_mailbox(name) : is_domain(name, true))) {
			return x509_fail(x509, "x509: failed to parse a name constraint");
		}
		add(x509, &lists[at], text_form(x509, name));
	}
	return true;
}
