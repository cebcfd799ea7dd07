#include "policy/builtin_yaml.h"

#include "base/buf.h"
#include "policy/builtin.h"
#include "policy/builtin_json.h"
#include "policy/context.h"

/* NULL: yaml->problem. */
static const struct value *read(struct yaml *yaml, struct span text)
{
	struct yaml_node *node;

	if (!yaml_scan(yaml, text) || !yaml_parse_stream(yaml, &node)) {
		return NULL;
	}
	return node != NULL ? yaml_value(yaml, node) : value_null();
}

const struct value *builtin_yaml_unmarshal(
	struct policy_context *context, const struct value *const *args)
{
	struct yaml yaml = { .context = context };

	if (!builtin_is(context, args, 0, VALUE_STRING)) {
		return NULL;
	}
	const struct value *value = read(&yaml, span_of(args[0]));
	return value != NULL ? value : builtin_error(context, "yaml: %s", yaml.problem);
}

const struct value *builtin_yaml_is_valid(
	struct policy_context *context, const struct value *const *args)
{
	struct yaml yaml = { .context = context };

	if (!value_is(args[0], VALUE_STRING)) {
		return value_of_bool(false);
	}
	bool is_valid = read(&yaml, span_of(args[0])) != NULL;
	return is_valid || !yaml.unsure ? value_of_bool(is_valid)
					: builtin_error(context, "yaml: %s", yaml.problem);
}

/* OPA writes JSON, reads that as YAML, and writes what it read: numbers become doubles then. */
const struct value *builtin_yaml_marshal(
	struct policy_context *context, const struct value *const *args)
{
	struct yaml yaml = { .context = context };
	struct buf *buf = policy_buf(context, 2);

	builtin_json_write(context, buf, args[0], NULL);
	const struct value *json = policy_text_of_buf(context, buf);
	const struct value *value = read(&yaml, span_of(json));
	if (value == NULL) {
		return builtin_error(context, "yaml: %s", yaml.problem);
	}
	buf = policy_buf(context, 2);
	yaml_write(&yaml, buf, value);
	return policy_text_of_buf(context, buf);
}
