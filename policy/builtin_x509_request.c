/*
 * Requests for certificates (RFC 2986) → objects.
 */
#include "policy/builtin_x509.h"

/* ---- requests ---- */

/* A value of an attribute that is itself a pair; null: of a type that Go leaves out. */
static const struct value *any_form(struct x509 *x509, unsigned tag, struct span body)
{
	const struct value *form = NULL;
	int64_t number = 0;

	switch (tag) {
	case DER_OCTETS:
		return x509_base64(x509, body);
	case DER_BOOLEAN:
		return value_of_bool(body.size == 1 && body.at[0] != 0);
	case DER_OID:
		form = der_oid_array(x509->context, body);
		break;
	case DER_INTEGER:
		for (size_t i = 0; i < body.size && i < 8; i++) {
			number = number << 8 | (unsigned char)body.at[i];
		}
		return value_of_int(x509->context->arena, number);
	default:
		form = der_text(x509->context, tag, body);
	}
	return form != NULL ? form : value_null();
}

/* The pairs of an attribute whose values are sequences of pairs. NULL: it is another kind. */
static const struct value *attribute_form(struct x509 *x509, struct span id, struct span values)
{
	struct value_builder builder = x509_builder(x509);
	struct builtin_list outer = { 0 };
	struct span group, pair, name, body;
	unsigned tag;

	while (values.size > 0) {
		struct builtin_list inner = { 0 };
		if (!der_read(&values, DER_SEQUENCE, &group)) {
			return NULL;
		}
		while (group.size > 0) {
			struct value_builder item = x509_builder(x509);
			if (!der_read(&group, DER_SEQUENCE, &pair) ||
				!der_read(&pair, DER_OID, &name) ||
				!der_any(&pair, &tag, &body, NULL) ||
				!x509_add(&item, "Type", der_oid_array(x509->context, name))) {
				return NULL;
			}
			value_add(&item, "Value", any_form(x509, tag, body));
			builtin_list_add(x509->context, &inner, value_finish_object(&item));
		}
		builtin_list_add(x509->context, &outer, builtin_list_array(x509->context, &inner));
	}
	value_add(&builder, "Value", builtin_list_array(x509->context, &outer));
	return x509_add(&builder, "Type", der_oid_array(x509->context, id))
		       ? value_finish_object(&builder)
		       : NULL;
}

/* The extensions that a request asks for. */
static bool add_requested(struct x509 *x509, struct span values, struct builtin_list *list,
	struct span *names, bool *has_names)
{
	struct x509_extension extension;

	if (!der_read(&values, DER_SEQUENCE, &values)) {
		return x509_fail(x509, "asn1: structure error");
	}
	while (values.size > 0) {
		if (!x509_read_extension(x509, &values, &extension)) {
			return false;
		}
		const struct value *form = x509_extension_form(x509, &extension);
		if (form == NULL) {
			return false;
		}
		if (der_is_oid(extension.id, "2.5.29.17")) {
			*names = extension.body;
			*has_names = true;
		}
		builtin_list_add(x509->context, list, form);
	}
	return true;
}

static bool add_attributes(struct x509 *x509, struct value_builder *builder, struct span in)
{
	struct builtin_list attributes = { 0 };
	struct builtin_list extensions = { 0 };
	struct span attribute, id, values, names;
	bool has_names = false;

	while (in.size > 0) {
		if (!der_read(&in, DER_SEQUENCE, &attribute)) {
			return x509_fail(x509, "asn1: structure error");
		}
		if (!der_read(&attribute, DER_OID, &id) ||
			!der_read(&attribute, DER_SET, &values) || attribute.size > 0) {
			continue; /* what does not parse is left out */
		}
		const struct value *form = attribute_form(x509, id, values);
		if (form != NULL) {
			builtin_list_add(x509->context, &attributes, form);
		}
		if (der_is_oid(id, "1.2.840.113549.1.9.14") && values.size > 0 &&
			!add_requested(x509, values, &extensions, &names, &has_names)) {
			return false;
		}
	}
	value_add(builder, "Attributes", x509_list(x509, &attributes));
	value_add(builder, "Extensions", x509_list(x509, &extensions));
	value_add(builder, "ExtraExtensions", value_null());
	return x509_add_names(x509, builder, has_names ? &names : NULL, NULL);
}

const struct value *x509_request(struct x509 *x509, struct span der)
{
	struct value_builder builder = x509_builder(x509);
	struct span in, whole, signed_part, tbs, attributes;
	int64_t version;

	if (!der_read_whole(&der, DER_SEQUENCE, &in, &whole) || der.size > 0 ||
		!der_read_whole(&in, DER_SEQUENCE, &tbs, &signed_part) ||
		!der_int(&tbs, &version)) {
		return x509_none(x509, "asn1: structure error");
	}
	value_add(&builder, "Raw", x509_base64(x509, whole));
	value_add(&builder, "RawTBSCertificateRequest", x509_base64(x509, signed_part));
	value_add_int(&builder, "Version", version);
	if (!x509_add_name(x509, &builder, "Subject", "RawSubject", &tbs) ||
		!x509_add_public_key(x509, &builder, &tbs)) {
		return NULL;
	}
	if (!der_read(&tbs, DER_CONTEXT_CONTAINER, &attributes)) {
		return x509_none(x509, "asn1: structure error");
	}
	return add_attributes(x509, &builder, attributes) &&
			       x509_add_signature(x509, &builder, in, NULL)
		       ? value_finish_object(&builder)
		       : NULL;
}
