/*
 * graphql.*: parse, check queries and schemas. See builtin_graphql.h.
 *
 * Queries and schemas come as text or as the objects that parse_query and parse_schema gave.
 */
#include "policy/builtin_graphql.h"

static const struct value *report(struct graphql *graphql)
{
	return builtin_error(graphql->context, "%s", graphql->error);
}

static bool is_document(const struct value *value)
{
	return value_is(value, VALUE_STRING) || value_is(value, VALUE_OBJECT);
}

/* NULL: failed. */
static struct graphql_query *read_query(struct graphql *graphql, const struct value *value)
{
	policy_charge(graphql->context, 10);
	return value_is(value, VALUE_STRING) ? graphql_parse_query(graphql, span_of(value))
					     : graphql_decode(graphql, &graphql_shape_query, value);
}

static struct graphql_document *read_schema(struct graphql *graphql, const struct value *value)
{
	policy_charge(graphql->context, 10);
	return value_is(value, VALUE_STRING)
		       ? graphql_parse_schema(graphql, span_of(value))
		       : graphql_decode(graphql, &graphql_shape_document, value);
}

/*
 * Query and schema, checked against each other. Their JSON forms, which must be made before the
 * check fills the nodes, are asked for with result: [query, schema], else NULL.
 */
static bool check(
	struct graphql *graphql, const struct value *const *args, const struct value **result)
{
	struct graphql_query *query = read_query(graphql, args[0]);
	struct graphql_document *document = query != NULL ? read_schema(graphql, args[1]) : NULL;

	if (document == NULL) {
		return false;
	}
	if (result != NULL) {
		result[0] = graphql_encode(graphql, &graphql_shape_query, query);
		result[1] = graphql_encode(graphql, &graphql_shape_document, document);
	}
	struct graphql_schema *schema = graphql_schema_make(graphql, document);
	return schema != NULL && graphql_check_query(graphql, schema, query);
}

const struct value *builtin_graphql_parse(
	struct policy_context *context, const struct value *const *args)
{
	struct graphql graphql = { .context = context };
	const struct value *result[2];
	unsigned types = 1u << VALUE_STRING | 1u << VALUE_OBJECT;

	if (!builtin_is_any(context, args, 0, types) || !builtin_is_any(context, args, 1, types)) {
		return NULL;
	}
	return check(&graphql, args, result) ? policy_array(context, result, 2) : report(&graphql);
}

const struct value *builtin_graphql_parse_and_verify(
	struct policy_context *context, const struct value *const *args)
{
	struct graphql graphql = { .context = context };
	const struct value *result[3] = { value_of_bool(true) };

	if (!is_document(args[0]) || !is_document(args[1]) || !check(&graphql, args, result + 1)) {
		result[0] = value_of_bool(false);
		result[1] = result[2] = policy_object(context, NULL, 0);
	}
	return policy_array(context, result, 3);
}

const struct value *builtin_graphql_is_valid(
	struct policy_context *context, const struct value *const *args)
{
	struct graphql graphql = { .context = context };

	return value_of_bool(
		is_document(args[0]) && is_document(args[1]) && check(&graphql, args, NULL));
}

const struct value *builtin_graphql_schema_is_valid(
	struct policy_context *context, const struct value *const *args)
{
	struct graphql graphql = { .context = context };

	if (!is_document(args[0])) {
		return value_of_bool(false);
	}
	struct graphql_document *document = read_schema(&graphql, args[0]);
	return value_of_bool(document != NULL && graphql_schema_make(&graphql, document) != NULL);
}

const struct value *builtin_graphql_parse_query(
	struct policy_context *context, const struct value *const *args)
{
	struct graphql graphql = { .context = context };

	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	const struct graphql_query *query = read_query(&graphql, args[0]);
	return query != NULL ? graphql_encode(&graphql, &graphql_shape_query, query)
			     : report(&graphql);
}

const struct value *builtin_graphql_parse_schema(
	struct policy_context *context, const struct value *const *args)
{
	struct graphql graphql = { .context = context };

	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	const struct graphql_document *document = read_schema(&graphql, args[0]);
	return document != NULL ? graphql_encode(&graphql, &graphql_shape_document, document)
				: report(&graphql);
}
