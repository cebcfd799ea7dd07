#include "policy/builtin_x509_verify.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include "base/arena.h"
#include "policy/builtin_net.h"

#define CERTIFICATE_STEPS 8000 /* 80 us: a signature is checked */
#define HOST_BYTES_MAX 253

/* ---- options ---- */

static bool read_usages(struct x509 *x509, const struct value *list, struct x509_options *options)
{
	static const char *const names[] = { "Any", "ServerAuth", "ClientAuth", "CodeSigning",
		"EmailProtection", "IPSECEndSystem", "IPSECTunnel", "IPSECUser", "TimeStamping",
		"OCSPSigning", "MicrosoftServerGatedCrypto", "NetscapeServerGatedCrypto",
		"MicrosoftCommercialCodeSigning", "MicrosoftKernelCodeSigning" };

	if (!value_is(list, VALUE_ARRAY) && !value_is(list, VALUE_SET)) {
		return x509_fail(x509, "'KeyUsages' should be an Array or Set");
	}
	for (size_t i = 0; i < value_count(list); i++) {
		const struct value *item = value_at(list, i);
		size_t usage = 0;
		policy_charge(x509->context, 14);
		if (!value_is(item, VALUE_STRING)) {
			continue;
		}
		const char *text = value_text(item);
		bool prefixed = strncmp(text, "KeyUsage", 8) == 0;
		while (usage < 14 && !(prefixed && strcmp(text + 8, names[usage]) == 0)) {
			usage++;
		}
		if (usage == 14) {
			return x509_fail(x509, "invalid entries for 'KeyUsages' found");
		}
		options->usages |= 1u << usage;
	}
	return true;
}

static bool read_option(struct x509 *x509, const char *name, const struct value *value,
	struct x509_options *options)
{
	int64_t number;

	if (strcmp(name, "DNSName") == 0) {
		if (!value_is(value, VALUE_STRING)) {
			return x509_fail(x509, "'DNSName' should be a string");
		}
		options->name = span_of(value);
		return true;
	}
	if (strcmp(name, "CurrentTime") == 0) {
		if (!value_int(value, &number)) {
			return x509_fail(x509, "'CurrentTime' should be a valid int64 number");
		}
		options->time_us = number / 1000;
		return true;
	}
	if (strcmp(name, "MaxConstraintComparisons") == 0) { /* our own limits hold */
		return value_int(value, &number) ||
		       x509_fail(x509, "'MaxConstraintComparisons' should be a valid number");
	}
	return strcmp(name, "KeyUsages") == 0 ? read_usages(x509, value, options)
					      : x509_fail(x509, "invalid key option");
}

bool x509_read_options(struct x509 *x509, const struct value *object, struct x509_options *options)
{
	for (size_t i = 0; i < value_count(object); i++) {
		const struct value_member *member = value_member_at(object, i);
		if (value_is(member->key, VALUE_STRING) &&
			!read_option(x509, value_text(member->key), member->value, options)) {
			return false;
		}
	}
	return true;
}

/* ---- what OpenSSL holds during one call: nothing is charged while it does ---- */

struct verifying {
	X509_STORE *store;
	X509_STORE_CTX *context;
	STACK_OF(X509) * between;
	X509 *certificates[X509_CHAIN_MAX];
};

static void verifying_free(struct verifying *it, size_t count)
{
	X509_STORE_CTX_free(it->context);
	X509_STORE_free(it->store);
	sk_X509_free(it->between);
	for (size_t i = 0; i < count; i++) {
		X509_free(it->certificates[i]);
	}
}

static bool prepare(
	struct verifying *it, const struct x509_chain *chain, const struct x509_options *options)
{
	it->store = X509_STORE_new();
	it->context = X509_STORE_CTX_new();
	it->between = sk_X509_new_null();
	if (it->store == NULL || it->context == NULL || it->between == NULL) {
		return false;
	}
	for (size_t i = 0; i < chain->count; i++) {
		const unsigned char *at = (const unsigned char *)chain->der[i].at;
		it->certificates[i] = d2i_X509(NULL, &at, (long)chain->der[i].size);
		if (it->certificates[i] == NULL) {
			return false;
		}
		if (i > 0 && i + 1 < chain->count) {
			sk_X509_push(it->between, it->certificates[i]);
		}
	}
	X509 *leaf = it->certificates[chain->count - 1];
	if (X509_STORE_add_cert(it->store, it->certificates[0]) != 1 ||
		X509_STORE_CTX_init(it->context, it->store, leaf, it->between) != 1) {
		return false;
	}
	X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(it->context);
	X509_VERIFY_PARAM_set_time(rules, options->time_us / 1000000);
	X509_VERIFY_PARAM_set_auth_level(rules, 1); /* 80 bits: no MD5, no SHA-1, no short RSA */
	X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
	return true;
}

/* A name that begins with a dot would match any below it; OpenSSL would read it so. */
static bool has_name(X509 *leaf, struct span name)
{
	char text[HOST_BYTES_MAX + 1];
	struct address address;
	unsigned bits;

	if (name.size == 0) {
		return true;
	}
	if (name.size > 2 && name.at[0] == '[' && name.at[name.size - 1] == ']') {
		name = (struct span){ name.at + 1, name.size - 2 };
	}
	if (policy_address_parse(name, &address, &bits)) {
		return X509_check_ip(leaf, address.bytes, address.size, 0) == 1;
	}
	if (name.at[name.size - 1] == '.') {
		name.size--;
	}
	if (name.size == 0 || name.size > HOST_BYTES_MAX || name.at[0] == '.') {
		return false;
	}
	memcpy(text, name.at, name.size);
	return X509_check_host(leaf, text, name.size, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) ==
	       1;
}

/* The numbers in chain of the certificates from the leaf to the root; 0: not verified. */
static size_t build(const struct x509_chain *chain, const struct x509_options *options,
	size_t path[X509_CHAIN_MAX])
{
	struct verifying it = { .store = NULL };
	size_t count = 0;

	ERR_set_mark(); /* the connections of this thread look at the same queue of errors */
	if (prepare(&it, chain, options) && X509_verify_cert(it.context) == 1 &&
		has_name(it.certificates[chain->count - 1], options->name)) {
		STACK_OF(X509) *built = X509_STORE_CTX_get0_chain(it.context);
		for (int i = 0; i < sk_X509_num(built) && count < X509_CHAIN_MAX; i++) {
			size_t at = 0;
			while (at < chain->count &&
				X509_cmp(sk_X509_value(built, i), it.certificates[at]) != 0) {
				at++;
			}
			path[count++] = at < chain->count ? at : 0; /* it is one of them */
		}
	}
	verifying_free(&it, chain->count);
	ERR_pop_to_mark();
	return count;
}

/* ---- extended key usages, nested: each certificate may take some away ---- */

static uint32_t usages_of(const struct value *form)
{
	const struct value *known = value_find(form, "ExtKeyUsage");
	bool limited = value_count(known) + value_count(value_find(form, "UnknownExtKeyUsage")) > 0;
	uint32_t usages = 0;
	int64_t usage;

	for (size_t i = 0; i < value_count(known); i++) {
		if (value_int(value_at(known, i), &usage)) {
			usages |= 1u << usage;
		}
	}
	return !limited || (usages & 1u) != 0 ? UINT32_MAX : usages;
}

bool x509_verify(struct x509 *x509, const struct x509_chain *chain,
	const struct x509_options *options, struct builtin_list *verified)
{
	uint32_t usages = options->usages != 0 ? options->usages : 1u << 1;
	bool any = (usages & 1u) != 0;
	size_t path[X509_CHAIN_MAX];

	if (chain->count < 2 || chain->too_long) {
		return x509_fail(
			x509, "two certificates at least, and at most 32, can be verified");
	}
	for (size_t i = 0; i < chain->count; i++) {
		policy_charge(x509->context, CERTIFICATE_STEPS + chain->der[i].size);
		policy_charge_bytes(x509->context, chain->der[i].size * 16);
		if (value_count(value_find(chain->forms.items[i], "UnhandledCriticalExtensions")) >
			0) {
			return x509_fail(x509, "x509: unhandled critical extension");
		}
	}
	size_t count = build(chain, options, path);
	policy_charge_clock(x509->context);
	for (size_t i = count; i > 0; i--) {
		usages &= usages_of(chain->forms.items[path[i - 1]]);
	}
	for (size_t i = 0; i < count; i++) {
		builtin_list_add(x509->context, verified, chain->forms.items[path[i]]);
	}
	return count > 0 && (any || usages != 0);
}

bool x509_is_key_of(struct x509 *x509, struct span der, EVP_PKEY *pkey)
{
	const unsigned char *at = (const unsigned char *)der.at;

	policy_charge(x509->context, CERTIFICATE_STEPS);
	policy_charge_bytes(x509->context, der.size * 16);
	ERR_set_mark();
	X509 *certificate = d2i_X509(NULL, &at, (long)der.size);
	bool same = certificate != NULL && EVP_PKEY_eq(X509_get0_pubkey(certificate), pkey) == 1;
	X509_free(certificate);
	ERR_pop_to_mark();
	return same;
}
