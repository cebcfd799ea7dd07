/*
 * Extensions of certificates (RFC 5280, 4.2), as Go's crypto/x509 reads them.
 */
#include <stdio.h>
#include "policy/builtin_bytes.h"
#include "policy/builtin_x509.h"

/* What the extensions said so far. */
struct facts {
	struct x509 *x509;
	struct builtin_list all, unhandled;
	struct builtin_list usages, other_usages, crl_points, ocsp, issuers;
	struct builtin_list policies, policy_ids, mappings;
	struct builtin_list permitted[4], excluded[4]; /* DNS, IP, email, URI */
	const struct value *subject_key, *authority_key;
	struct span names;
	bool has_names, constraints_critical, is_ca, has_basic, has_policies;
	int64_t key_usage, path, explicit_policy, mapping_skip, any_skip;
	bool has_explicit, has_mapping, has_any;
};

static void add(struct x509 *x509, struct builtin_list *list, const struct value *value)
{
	builtin_list_add(x509->context, list, value);
}

/* ---- one extension ---- */

bool x509_read_extension(struct x509 *x509, struct span *in, struct x509_extension *extension)
{
	struct span body;

	extension->critical = false;
	if (!der_read(in, DER_SEQUENCE, &body) || !der_read(&body, DER_OID, &extension->id) ||
		(der_peek(body) == DER_BOOLEAN && !der_bool(&body, &extension->critical)) ||
		!der_read(&body, DER_OCTETS, &extension->body)) {
		return x509_fail(x509, "x509: malformed extension");
	}
	return true;
}

const struct value *x509_extension_form(struct x509 *x509, const struct x509_extension *extension)
{
	struct value_builder builder = { .arena = x509->context->arena };
	const struct value *id = der_oid_array(x509->context, extension->id);

	if (id == NULL) {
		return x509_none(x509, "x509: malformed extension OID field");
	}
	policy_charge_bytes(x509->context, 512);
	value_add(&builder, "Id", id);
	value_add(&builder, "Critical", value_of_bool(extension->critical));
	value_add(&builder, "Value", x509_base64(x509, extension->body));
	return value_finish_object(&builder);
}

/* ---- constraints on names ---- */

static bool read_constraints(struct facts *facts, const struct x509_extension *it, bool *unhandled)
{
	struct span in = it->body;
	struct span permitted = { "", 0 };
	struct span excluded = { "", 0 };

	bool good = der_read(&in, DER_SEQUENCE, &in) &&
		    der_optional(&in, DER_CONTEXT_CONTAINER, &permitted) &&
		    der_optional(&in, DER_CONTEXT_CONTAINER | 1, &excluded);
	if (!good || in.size > 0 || permitted.size + excluded.size == 0) {
		return x509_fail(facts->x509, "x509: invalid NameConstraints extension");
	}
	facts->constraints_critical = it->critical;
	return x509_read_subtrees(facts->x509, permitted, facts->permitted, unhandled) &&
	       x509_read_subtrees(facts->x509, excluded, facts->excluded, unhandled);
}

/* ---- the others, one function each ---- */

static bool read_names(struct facts *facts, const struct x509_extension *it, bool *unhandled)
{
	(void)unhandled; /* known when the names are added */
	facts->names = it->body;
	facts->has_names = true;
	return true;
}

static bool read_key_usage(struct facts *facts, const struct x509_extension *it, bool *unhandled)
{
	struct span in = it->body;
	struct span bits;
	unsigned unused;

	(void)unhandled;
	if (!der_bits(&in, &bits, &unused)) {
		return x509_fail(facts->x509, "x509: invalid key usage");
	}
	facts->key_usage = 0;
	for (size_t i = 0; i < 9 && i < bits.size * 8; i++) {
		facts->key_usage |= ((unsigned char)bits.at[i / 8] >> (7 - i % 8) & 1) << i;
	}
	return true;
}

static bool read_basic(struct facts *facts, const struct x509_extension *it, bool *unhandled)
{
	struct span in = it->body;

	(void)unhandled;
	facts->is_ca = false;
	facts->path = -1;
	facts->has_basic = true;
	if (!der_read(&in, DER_SEQUENCE, &in) ||
		(der_peek(in) == DER_BOOLEAN && !der_bool(&in, &facts->is_ca)) ||
		(der_peek(in) == DER_INTEGER && (!der_int(&in, &facts->path) || facts->path < 0))) {
		return x509_fail(facts->x509, "x509: invalid basic constraints");
	}
	return true;
}

static bool read_crl_points(struct facts *facts, const struct x509_extension *it, bool *unhandled)
{
	struct span in = it->body;
	struct span point, name, uri;

	(void)unhandled;
	if (!der_read(&in, DER_SEQUENCE, &in)) {
		return x509_fail(facts->x509, "x509: invalid CRL distribution points");
	}
	while (in.size > 0) {
		if (!der_read(&in, DER_SEQUENCE, &point)) {
			return x509_fail(facts->x509, "x509: invalid CRL distribution point");
		}
		if (der_peek(point) != DER_CONTEXT_CONTAINER) {
			continue;
		}
		if (!der_read(&point, DER_CONTEXT_CONTAINER, &name) ||
			!der_read(&name, DER_CONTEXT_CONTAINER, &name)) {
			return x509_fail(facts->x509, "x509: invalid CRL distribution point");
		}
		while (der_peek(name) == (DER_CONTEXT | X509_NAME_URI)) {
			if (!der_read(&name, DER_CONTEXT | X509_NAME_URI, &uri)) {
				return x509_fail(
					facts->x509, "x509: invalid CRL distribution point");
			}
			add(facts->x509, &facts->crl_points,
				builtin_text_of_bytes(facts->x509->context, uri));
		}
	}
	return true;
}

static bool read_authority(struct facts *facts, const struct x509_extension *it, bool *unhandled)
{
	struct span in = it->body;
	struct span key;

	(void)unhandled;
	if (it->critical || !der_read(&in, DER_SEQUENCE, &in)) {
		return x509_fail(facts->x509, "x509: invalid authority key identifier");
	}
	if (der_peek(in) == DER_CONTEXT) {
		if (!der_read(&in, DER_CONTEXT, &key)) {
			return x509_fail(facts->x509, "x509: invalid authority key identifier");
		}
		facts->authority_key = x509_base64(facts->x509, key);
	}
	return true;
}

static bool read_subject_key(struct facts *facts, const struct x509_extension *it, bool *unhandled)
{
	struct span in = it->body;
	struct span key;

	(void)unhandled;
	if (it->critical || !der_read(&in, DER_OCTETS, &key)) {
		return x509_fail(facts->x509, "x509: invalid subject key identifier");
	}
	facts->subject_key = x509_base64(facts->x509, key);
	return true;
}

/* An integer whose tag is another one. */
static bool read_tagged(struct span *in, unsigned tag, int64_t *value, bool *has)
{
	struct span body;

	if (der_peek(*in) != tag) {
		return true;
	}
	*has = der_read(in, tag, &body) && body.size > 0 && body.size <= 8;
	*value = *has && (body.at[0] & 0x80) != 0 ? -1 : 0;
	for (size_t i = 0; *has && i < body.size; i++) {
		*value = (int64_t)((uint64_t)*value << 8 | (unsigned char)body.at[i]);
	}
	return *has;
}

static bool read_policy_constraints(
	struct facts *facts, const struct x509_extension *it, bool *unhandled)
{
	struct span in = it->body;

	(void)unhandled;
	return (der_read(&in, DER_SEQUENCE, &in) &&
		       read_tagged(
			       &in, DER_CONTEXT, &facts->explicit_policy, &facts->has_explicit) &&
		       read_tagged(
			       &in, DER_CONTEXT | 1, &facts->mapping_skip, &facts->has_mapping)) ||
	       x509_fail(facts->x509, "x509: invalid policy constraints extension");
}

static bool read_any_policy(struct facts *facts, const struct x509_extension *it, bool *unhandled)
{
	struct span in = it->body;

	(void)unhandled;
	facts->has_any = true;
	return der_int(&in, &facts->any_skip) ||
	       x509_fail(facts->x509, "x509: invalid inhibit any policy extension");
}

static bool read_extended_usage(
	struct facts *facts, const struct x509_extension *it, bool *unhandled)
{
	static const char *const known[] = { "2.5.29.37.0", "1.3.6.1.5.5.7.3.1",
		"1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.5",
		"1.3.6.1.5.5.7.3.6", "1.3.6.1.5.5.7.3.7", "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9",
		"1.3.6.1.4.1.311.10.3.3", "2.16.840.1.113730.4.1", "1.3.6.1.4.1.311.2.1.22",
		"1.3.6.1.4.1.311.61.1.1" };
	struct x509 *x509 = facts->x509;
	struct span in = it->body;
	struct span id;

	(void)unhandled;
	if (!der_read(&in, DER_SEQUENCE, &in)) {
		return x509_fail(x509, "x509: invalid extended key usages");
	}
	while (in.size > 0) {
		size_t i = 0;
		policy_charge(x509->context, 20);
		const struct value *array =
			der_read(&in, DER_OID, &id) ? der_oid_array(x509->context, id) : NULL;
		if (array == NULL) {
			return x509_fail(x509, "x509: invalid extended key usages");
		}
		while (i < sizeof(known) / sizeof(known[0]) && !der_is_oid(id, known[i])) {
			i++;
		}
		if (i < sizeof(known) / sizeof(known[0])) {
			add(x509, &facts->usages, value_of_int(x509->context->arena, (int64_t)i));
		} else {
			add(x509, &facts->other_usages, array);
		}
	}
	return true;
}

static bool read_policies(struct facts *facts, const struct x509_extension *it, bool *unhandled)
{
	struct x509 *x509 = facts->x509;
	struct span in = it->body;
	struct span policy, id;

	(void)unhandled;
	facts->has_policies = true;
	if (!der_read(&in, DER_SEQUENCE, &in)) {
		return x509_fail(x509, "x509: invalid certificate policies");
	}
	while (in.size > 0) {
		const struct value *text =
			der_read(&in, DER_SEQUENCE, &policy) && der_read(&policy, DER_OID, &id)
				? der_oid_text(x509->context, id)
				: NULL;
		for (size_t i = 0; text != NULL && i < facts->policies.count; i++) {
			policy_charge(x509->context, 1);
			if (value_equals(text, facts->policies.items[i])) {
				text = NULL; /* each once */
			}
		}
		if (text == NULL) {
			return x509_fail(x509, "x509: invalid certificate policies");
		}
		add(x509, &facts->policies, text);
		const struct value *array = der_oid_array(x509->context, id);
		if (array != NULL) {
			add(x509, &facts->policy_ids, array);
		}
	}
	return true;
}

static bool read_mappings(struct facts *facts, const struct x509_extension *it, bool *unhandled)
{
	struct x509 *x509 = facts->x509;
	struct span in = it->body;
	struct span pair, from, to;

	(void)unhandled;
	if (!der_read(&in, DER_SEQUENCE, &in)) {
		return x509_fail(x509, "x509: invalid policy mappings extension");
	}
	while (in.size > 0) {
		struct value_builder builder = { .arena = x509->context->arena };
		bool good = der_read(&in, DER_SEQUENCE, &pair) && der_read(&pair, DER_OID, &from) &&
			    der_read(&pair, DER_OID, &to);
		const struct value *one = good ? der_oid_text(x509->context, from) : NULL;
		const struct value *other = good ? der_oid_text(x509->context, to) : NULL;
		if (one == NULL || other == NULL) {
			return x509_fail(x509, "x509: invalid policy mappings extension");
		}
		policy_charge_bytes(x509->context, 512);
		value_add(&builder, "IssuerDomainPolicy", one);
		value_add(&builder, "SubjectDomainPolicy", other);
		add(x509, &facts->mappings, value_finish_object(&builder));
	}
	return true;
}

static bool read_access(struct facts *facts, const struct x509_extension *it, bool *unhandled)
{
	struct x509 *x509 = facts->x509;
	struct span in = it->body;
	struct span access, method, uri;

	(void)unhandled;
	if (it->critical || !der_read(&in, DER_SEQUENCE, &in)) {
		return x509_fail(x509, "x509: invalid authority info access");
	}
	while (in.size > 0) {
		if (!der_read(&in, DER_SEQUENCE, &access) || !der_read(&access, DER_OID, &method) ||
			!der_oid_is_valid(method)) {
			return x509_fail(x509, "x509: invalid authority info access");
		}
		if (der_peek(access) != (DER_CONTEXT | X509_NAME_URI)) {
			continue;
		}
		if (!der_read(&access, DER_CONTEXT | X509_NAME_URI, &uri)) {
			return x509_fail(x509, "x509: invalid authority info access");
		}
		if (der_is_oid(method, "1.3.6.1.5.5.7.48.1")) {
			add(x509, &facts->ocsp, builtin_text_of_bytes(x509->context, uri));
		} else if (der_is_oid(method, "1.3.6.1.5.5.7.48.2")) {
			add(x509, &facts->issuers, builtin_text_of_bytes(x509->context, uri));
		}
	}
	return true;
}

static const struct {
	const char *id;
	bool (*read)(struct facts *, const struct x509_extension *, bool *unhandled);
} readers[] = {
	{ "2.5.29.14", read_subject_key },
	{ "2.5.29.15", read_key_usage },
	{ "2.5.29.17", read_names },
	{ "2.5.29.19", read_basic },
	{ "2.5.29.30", read_constraints },
	{ "2.5.29.31", read_crl_points },
	{ "2.5.29.32", read_policies },
	{ "2.5.29.33", read_mappings },
	{ "2.5.29.35", read_authority },
	{ "2.5.29.36", read_policy_constraints },
	{ "2.5.29.37", read_extended_usage },
	{ "2.5.29.54", read_any_policy },
	{ "1.3.6.1.5.5.7.1.1", read_access },
};

/* ---- all ---- */

static bool read_one(struct facts *facts, const struct x509_extension *it)
{
	const struct value *form = x509_extension_form(facts->x509, it);
	bool unhandled = true;

	if (form == NULL) {
		return false;
	}
	const struct value *id = value_find(form, "Id");
	for (size_t i = 0; i < facts->all.count; i++) {
		policy_charge(facts->x509->context, 4);
		if (value_equals(value_find(facts->all.items[i], "Id"), id)) {
			return x509_fail(facts->x509, "x509: duplicate extension");
		}
	}
	add(facts->x509, &facts->all, form);
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		if (der_is_oid(it->id, readers[i].id)) {
			unhandled = false;
			if (!readers[i].read(facts, it, &unhandled)) {
				return false;
			}
		}
	}
	if (unhandled && it->critical) {
		add(facts->x509, &facts->unhandled, id);
	}
	return true;
}

static void add_lists(struct facts *facts, struct value_builder *builder)
{
	static const char *const kinds[] = { "DNSDomains", "IPRanges", "EmailAddresses",
		"URIDomains" };
	const struct {
		const char *name;
		const struct builtin_list *list;
	} lists[] = {
		{ "Extensions", &facts->all },
		{ "ExtKeyUsage", &facts->usages },
		{ "UnknownExtKeyUsage", &facts->other_usages },
		{ "CRLDistributionPoints", &facts->crl_points },
		{ "OCSPServer", &facts->ocsp },
		{ "IssuingCertificateURL", &facts->issuers },
		{ "Policies", &facts->policies },
		{ "PolicyMappings", &facts->mappings },
		{ "UnhandledCriticalExtensions", &facts->unhandled },
	};
	struct policy_context *context = facts->x509->context;
	char name[64];

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		value_add(builder, lists[i].name, x509_list(facts->x509, lists[i].list));
	}
	for (size_t i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "Permitted%s", kinds[i]);
		value_add(builder, name, x509_list(facts->x509, &facts->permitted[i]));
		snprintf(name, sizeof(name), "Excluded%s", kinds[i]);
		value_add(builder, name, x509_list(facts->x509, &facts->excluded[i]));
	}
	value_add(builder, "PolicyIdentifiers",
		facts->has_policies ? builtin_list_array(context, &facts->policy_ids)
				    : value_null());
	value_add(builder, "ExtraExtensions", value_null());
}

static void add_scalars(const struct facts *facts, struct value_builder *builder)
{
	const struct {
		const char *name;
		int64_t value;
	} numbers[] = {
		{ "KeyUsage", facts->key_usage },
		{ "MaxPathLen", facts->path },
		{ "RequireExplicitPolicy", facts->explicit_policy },
		{ "InhibitPolicyMapping", facts->mapping_skip },
		{ "InhibitAnyPolicy", facts->any_skip },
	};
	const struct {
		const char *name;
		bool value;
	} flags[] = {
		{ "BasicConstraintsValid", facts->has_basic },
		{ "IsCA", facts->is_ca },
		{ "MaxPathLenZero", facts->has_basic && facts->path == 0 },
		{ "PermittedDNSDomainsCritical", facts->constraints_critical },
		{ "RequireExplicitPolicyZero", facts->has_explicit && facts->explicit_policy == 0 },
		{ "InhibitPolicyMappingZero", facts->has_mapping && facts->mapping_skip == 0 },
		{ "InhibitAnyPolicyZero", facts->has_any && facts->any_skip == 0 },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		value_add_int(builder, numbers[i].name, numbers[i].value);
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		value_add(builder, flags[i].name, value_of_bool(flags[i].value));
	}
	value_add(builder, "SubjectKeyId",
		facts->subject_key != NULL ? facts->subject_key : value_null());
	value_add(builder, "AuthorityKeyId",
		facts->authority_key != NULL ? facts->authority_key : value_null());
}

bool x509_add_extensions(struct x509 *x509, struct value_builder *builder, struct span in)
{
	struct facts facts = { .x509 = x509 };
	struct x509_extension extension;
	bool names_critical = false;
	bool empty = false;

	while (in.size > 0) {
		if (!x509_read_extension(x509, &in, &extension) || !read_one(&facts, &extension)) {
			return false;
		}
		if (der_is_oid(extension.id, "2.5.29.17")) {
			names_critical = extension.critical;
		}
	}
	if (!x509_add_names(x509, builder, facts.has_names ? &facts.names : NULL, &empty)) {
		return false;
	}
	if (facts.has_names && empty && names_critical) {
		add(x509, &facts.unhandled,
			der_oid_array(x509->context, (struct span){ "\x55\x1d\x11", 3 }));
	}
	add_lists(&facts, builder);
	add_scalars(&facts, builder);
	return true;
}
