#include "policy/builtin_yaml.h"

#include <math.h>
#include <string.h>
#include "base/buf.h"
#include "base/encode.h"
#include "base/utf8.h"
#include "policy/context.h"

static const struct value *fail(struct yaml *yaml, const char *problem)
{
	yaml_problem(yaml, problem);
	return NULL;
}

/* ---- counting, as go-yaml does against bombs ---- */

static double allowed_ratio(double decoded)
{
	if (decoded <= 400000) {
		return 0.99;
	}
	return decoded >= 4000000 ? 0.10 : 0.99 - 0.89 * ((decoded - 400000) / 3600000.0);
}

bool yaml_visit(struct yaml *yaml)
{
	policy_charge(yaml->context, 4);
	yaml->decoded++;
	yaml->aliased += yaml->alias_depth > 0;
	if (yaml->aliased > 100 && yaml->decoded > 1000 &&
		(double)yaml->aliased / (double)yaml->decoded >
			allowed_ratio((double)yaml->decoded)) {
		return yaml_problem(yaml, "document contains excessive aliasing");
	}
	return true;
}

/* Enters an alias. NULL: it contains itself. yaml_leave_alias() follows. */
struct yaml_node *yaml_enter_alias(struct yaml *yaml, struct yaml_node *alias)
{
	if (alias->is_open) {
		yaml_problem(yaml, "an anchor's value contains itself");
		return NULL;
	}
	if (yaml->alias_depth + yaml->depth >= YAML_NESTING) {
		yaml_unsure(yaml, "more nodes within nodes than are read here");
		return NULL;
	}
	alias->is_open = true;
	yaml->alias_depth++;
	return alias->alias;
}

void yaml_leave_alias(struct yaml *yaml, struct yaml_node *alias)
{
	alias->is_open = false;
	yaml->alias_depth--;
}

/* ---- scalars ---- */

/* What a scalar is, its tag considered. False: problem. */
static bool read_scalar(struct yaml *yaml, const struct yaml_node *node, struct yaml_scalar *scalar)
{
	static const char *const resolvable[] = { "!!bool", "!!int", "!!float", "!!null" };

	for (size_t i = 0; i < sizeof(resolvable) / sizeof(resolvable[0]); i++) {
		if (!span_is(node->tag, resolvable[i])) {
			continue;
		}
		if (!yaml_resolve(yaml, node->value, scalar)) {
			return false;
		}
		bool is_whole = scalar->type == YAML_INT && i == 2 &&
				scalar->magnitude <= (uint64_t)INT64_MAX + scalar->is_negative;
		if (is_whole) {
			scalar->type = YAML_FLOAT;
			scalar->number = (double)scalar->magnitude;
			scalar->number = scalar->is_negative ? -scalar->number : scalar->number;
		}
		return span_is(node->tag, yaml_type_tag(scalar->type)) ||
		       yaml_problem(yaml, "cannot decode the value as its tag says");
	}
	*scalar = (struct yaml_scalar){ .type = YAML_STR };
	return true;
}

static const struct value *binary(struct yaml *yaml, struct span text)
{
	struct buf *buf = policy_buf(yaml->context, 0);
	struct buf *bytes = policy_buf(yaml->context, 1);

	policy_charge_text(yaml->context, text.size * 4);
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] != '\n' && text.at[i] != '\r') {
			builtin_append(yaml->context, buf, &text.at[i], 1);
		}
	}
	policy_charge_bytes(yaml->context, text.size);
	if (!decode_base64(bytes, buf_text(buf), buf->size)) {
		return fail(yaml, "!!binary value contains invalid base64 data");
	}
	if (!utf8_is_valid(buf_text(bytes), bytes->size)) {
		yaml_unsure(yaml, "a !!binary value that is no text");
		return NULL;
	}
	return policy_text_of_buf(yaml->context, bytes);
}

static const struct value *number_of(struct yaml *yaml, struct span text)
{
	const struct value *value = NULL;

	policy_charge_bytes(yaml->context, 64);
	value_of_number(yaml->context->arena, text.at, text.size, &value);
	return value;
}

const struct value *yaml_scalar_value(struct yaml *yaml, const struct yaml_node *node)
{
	struct yaml_scalar scalar;

	if (span_is(node->tag, "!!binary")) {
		return binary(yaml, node->value);
	}
	if (!read_scalar(yaml, node, &scalar)) {
		return NULL;
	}
	switch (scalar.type) {
	case YAML_NULL:
		return value_null();
	case YAML_BOOL:
		return value_of_bool(scalar.is_true);
	case YAML_INT:
		return number_of(yaml, yaml_int_text(yaml, &scalar));
	case YAML_FLOAT:
		if (!isfinite(scalar.number)) {
			return fail(yaml, "JSON has no such number");
		}
		policy_charge_bytes(yaml->context, 256);
		return value_of_double(yaml->context->arena, scalar.number);
	default:
		return builtin_span(yaml->context, node->value);
	}
}

/* ---- keys ---- */

bool yaml_scalar_key(struct yaml *yaml, const struct yaml_node *node, struct yaml_key *key)
{
	struct yaml_scalar scalar;
	const struct value *bytes;

	if (span_is(node->tag, "!!binary")) {
		bytes = binary(yaml, node->value);
		*key = (struct yaml_key){ YAML_STR, bytes != NULL ? span_of(bytes) : node->value };
		return bytes != NULL;
	}
	if (!read_scalar(yaml, node, &scalar)) {
		return false;
	}
	key->type = scalar.type;
	switch (scalar.type) {
	case YAML_NULL:
		return yaml_problem(yaml, "null is no key in JSON");
	case YAML_BOOL:
		key->text =
			scalar.is_true ? (struct span){ "true", 4 } : (struct span){ "false", 5 };
		break;
	case YAML_INT:
		key->text = yaml_int_text(yaml, &scalar);
		break;
	case YAML_FLOAT:
		key->text.at = yaml_float_text(yaml->context, scalar.number, true);
		key->text.size = strlen(key->text.at);
		break;
	default:
		key->type = YAML_STR;
		key->text = node->value;
		break;
	}
	return true;
}

bool yaml_read_key(struct yaml *yaml, struct yaml_node *node, struct yaml_key *key)
{
	if (!yaml_visit(yaml)) {
		return false;
	}
	if (node->kind == YAML_NODE_SCALAR) {
		return yaml_scalar_key(yaml, node, key);
	}
	if (node->kind != YAML_NODE_ALIAS) {
		return yaml_problem(yaml, "invalid map key");
	}
	struct yaml_node *target = yaml_enter_alias(yaml, node);
	bool good = target != NULL && yaml_read_key(yaml, target, key);
	yaml_leave_alias(yaml, node);
	return good;
}

bool yaml_read_text_key(
	struct yaml *yaml, struct yaml_node *node, struct yaml_key *key, bool *is_none)
{
	struct yaml_scalar scalar;

	if (node->kind != YAML_NODE_SCALAR || span_is(node->tag, "!!binary")) {
		return yaml_read_key(yaml, node, key);
	}
	if (!yaml_visit(yaml) || !read_scalar(yaml, node, &scalar)) {
		return false;
	}
	*is_none = scalar.type == YAML_NULL;
	*key = (struct yaml_key){ YAML_STR, node->value };
	return true;
}
