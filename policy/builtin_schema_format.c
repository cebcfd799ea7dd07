/*
 * The formats that a JSON Schema may ask of a text.
 */
#include "base/error.h"
#include "policy/builtin_net.h"
#include "policy/builtin_regex.h"
#include "policy/builtin_schema.h"
#include "policy/builtin_time.h"
#include "policy/builtin_uri.h"

typedef bool format_fn(struct schema *schema, struct span text);

static bool matches(struct schema *schema, const char *pattern, struct span text)
{
	struct policy_regex_scan scan;
	const struct policy_regex *regex =
		builtin_regex_of(schema->context, (struct span){ pattern, strlen(pattern) });

	policy_regex_scan_init(schema->context, &scan, regex, text.at, text.size);
	return policy_regex_scan_next(&scan, 0, NULL, 0);
}

static bool has_layout(struct schema *schema, struct span text, const char *layout)
{
	struct instant instant;
	struct error err = { 0 };

	policy_charge_text(schema->context, 200 + text.size * 4);
	return policy_time_parse((struct span){ layout, strlen(layout) }, text, &instant, &err);
}

static bool is_date(struct schema *schema, struct span text)
{
	return has_layout(schema, text, "2006-01-02");
}

static bool is_time(struct schema *schema, struct span text)
{
	return has_layout(schema, text, "15:04:05Z07:00") || has_layout(schema, text, "15:04:05");
}

static bool is_date_time(struct schema *schema, struct span text)
{
	return is_time(schema, text) || is_date(schema, text) ||
	       has_layout(schema, text, "2006-01-02T15:04:05Z07:00");
}

#define LABEL "([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\\-]{0,61}[a-zA-Z0-9])"

static bool is_hostname(struct schema *schema, struct span text)
{
	return text.size < 256 && matches(schema, "^" LABEL "(\\." LABEL ")*$", text);
}

/* RFC 5322: an address, or a name and an address in angle brackets; comments are not known. */
static bool is_email(struct schema *schema, struct span text)
{
#define ATOM "[^\\x00-\\x20()<>\\[\\]:;@\\\\,.\"\\x7f]+"
#define ADDRESS "(" ATOM "(\\." ATOM ")*|\"([^\"\\\\\\r\\n]|\\\\.)*\")@" ATOM "(\\." ATOM ")*"
	return matches(schema, "^[ \\t]*" ADDRESS "[ \\t]*$", text) ||
	       matches(schema,
		       "^[ \\t]*((" ATOM "|\"([^\"\\\\]|\\\\.)*\")[ \\t]*)*<" ADDRESS ">[ \\t]*$",
		       text);
}

static bool is_address(struct span text, char sign)
{
	struct address address;
	unsigned bits;

	return memchr(text.at, sign, text.size) != NULL &&
	       policy_address_parse(text, &address, &bits);
}

static bool is_ipv4(struct schema *schema, struct span text)
{
	policy_charge_text(schema->context, text.size);
	return is_address(text, '.');
}

static bool is_ipv6(struct schema *schema, struct span text)
{
	policy_charge_text(schema->context, text.size);
	return is_address(text, ':');
}

static bool is_reference(struct schema *schema, struct span text)
{
	const struct value *written;

	return memchr(text.at, '\\', text.size) == NULL &&
	       builtin_uri_go(schema->context, text, &written) != NULL;
}

static bool is_uri(struct schema *schema, struct span text)
{
	const struct value *written;

	if (memchr(text.at, '\\', text.size) != NULL) {
		return false;
	}
	const struct value *uri = builtin_uri_go(schema->context, text, &written);
	return uri != NULL && value_size(value_find(uri, "Scheme")) > 0;
}

static bool is_template(struct schema *schema, struct span text)
{
	const struct value *written;
	const struct value *uri = builtin_uri_go(schema->context, text, &written);

	return uri != NULL && memchr(text.at, '\\', text.size) == NULL &&
	       matches(schema, "^([^{]*({[^}]*})?)*$", span_of(value_find(uri, "Path")));
}

static bool is_uuid(struct schema *schema, struct span text)
{
	return matches(
		schema, "^(?i)[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$", text);
}

static bool is_regex(struct schema *schema, struct span text)
{
	bool good = text.size == 0 || builtin_regex_of(schema->context, text) != NULL;

	schema->context->failed = false;
	return good;
}

static bool is_pointer(struct schema *schema, struct span text)
{
	return matches(schema, "^(?:/(?:[^~/]|~0|~1)*)*$", text);
}

static bool is_relative_pointer(struct schema *schema, struct span text)
{
	return matches(schema, "^(?:0|[1-9][0-9]*)(?:#|(?:/(?:[^~/]|~0|~1)*)*)$", text);
}

bool schema_has_format(struct schema *schema, const struct value *format, const struct value *text)
{
	static const struct {
		const char *name;
		format_fn *has;
	} formats[] = { { "date", is_date }, { "time", is_time }, { "date-time", is_date_time },
		{ "hostname", is_hostname }, { "email", is_email }, { "idn-email", is_email },
		{ "ipv4", is_ipv4 }, { "ipv6", is_ipv6 }, { "uri", is_uri },
		{ "uri-reference", is_reference }, { "iri", is_uri },
		{ "iri-reference", is_reference }, { "uri-template", is_template },
		{ "uuid", is_uuid }, { "regex", is_regex }, { "json-pointer", is_pointer },
		{ "relative-json-pointer", is_relative_pointer } };

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(value_text(format), formats[i].name) == 0) {
			return formats[i].has(schema, span_of(text));
		}
	}
	return true;
}
