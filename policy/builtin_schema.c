/*
 * json.verify_schema, json.match_schema. See builtin_schema.h.
 */
#include "policy/builtin_schema.h"

#include <stdarg.h>
#include <stdio.h>
#include "policy/builtin_json.h"
#include "policy/worker.h"

bool schema_fail(struct schema *schema, const char *format, ...)
{
	va_list args;

	if (schema->problem[0] == '\0') {
		va_start(args, format);
		vsnprintf(schema->problem, sizeof(schema->problem), format, args);
		va_end(args);
		utf8_repair(schema->problem);
	}
	return false;
}

void schema_enter(struct schema *schema)
{
	policy_charge(schema->context, 2);
	if (++schema->depth > SCHEMA_DEPTH) {
		policy_leave(policy_worker_of(schema->context), POLICY_FAILURE_BUDGET,
			"a JSON schema, or what refers to itself in it, is nested more than %d "
			"deep",
			SCHEMA_DEPTH);
	}
}

/* A text is read as JSON; sets become arrays, as OPA writes them. NULL: it is no document. */
static const struct value *document_of(struct policy_context *context, const struct value *value)
{
	struct buf *buf = policy_buf(context, 0);

	if (value_is(value, VALUE_STRING)) {
		return builtin_json_read(context, span_of(value));
	}
	if (!value_is(value, VALUE_OBJECT) && !value_is(value, VALUE_ARRAY)) {
		return builtin_error(context, "wrong type, expected string or object");
	}
	builtin_json_write(context, buf, value, NULL);
	const struct value *text = policy_text_of_buf(context, buf);
	return builtin_json_read(context, span_of(text));
}

const struct value *builtin_json_verify_schema(
	struct policy_context *context, const struct value *const *args)
{
	struct schema schema = { .context = context };
	const struct value *result[2] = { value_of_bool(true), value_null() };

	const struct value *root = document_of(context, args[0]);
	if (root == NULL) {
		context->failed = false; /* an answer, not an error */
		schema_fail(&schema, "%s",
			value_is(args[0], VALUE_STRING) ? "invalid JSON string"
							: "wrong type, expected string or object");
	}
	if (root == NULL || !schema_check(&schema, root)) {
		char text[sizeof(schema.problem) + 16];
		int size = snprintf(text, sizeof(text), "jsonschema: %s", schema.problem);
		result[0] = value_of_bool(false);
		result[1] = builtin_text(context, text, (size_t)size);
	}
	return policy_array(context, result, 2);
}

const struct value *builtin_json_match_schema(
	struct policy_context *context, const struct value *const *args)
{
	struct schema schema = { .context = context };

	const struct value *document = document_of(context, args[0]);
	const struct value *root = document != NULL ? document_of(context, args[1]) : NULL;
	if (root == NULL) {
		return NULL;
	}
	return schema_check(&schema, root) ? schema_match(&schema, document)
					   : builtin_error(context, "%s", schema.problem);
}
