#include "policy/builtin.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "policy/worker.h"

static const struct policy_builtin rows[] = {
#define ROW(name, args, function) { name, args, function },
#include "policy/builtin_rows.h"
#undef ROW
	{ NULL, 0, NULL },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]) - 1)

const struct policy_builtin *policy_builtin_find(const char *name)
{
	size_t low = 0;
	size_t high = ROWS;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(name, rows[middle].name);
		if (order == 0) {
			return &rows[middle];
		}
		if (order < 0) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return NULL;
}

const struct policy_builtin *policy_builtin_at(size_t index)
{
	return index < ROWS ? &rows[index] : NULL;
}

const struct value *builtin_error(struct policy_context *context, const char *format, ...)
{
	struct policy_worker *worker = policy_worker_of(context);
	va_list args;

	if (context->failed) {
		return NULL;
	}
	context->failed = true;
	va_start(args, format);
	vsnprintf(worker->builtin_error, sizeof(worker->builtin_error), format, args);
	va_end(args);
	return NULL;
}

bool builtin_is(struct policy_context *context, const struct value *const *args, size_t index,
	enum value_type type)
{
	return value_is(args[index], type) || builtin_is_any(context, args, index, 1u << type);
}

bool builtin_is_any(struct policy_context *context, const struct value *const *args, size_t index,
	unsigned types)
{
	char wanted[96] = "";
	size_t size = 0;
	const char *separator = "";

	if ((types & (1u << value_type(args[index]))) != 0) {
		return true;
	}
	for (int type = VALUE_NULL; type <= VALUE_SET; type++) {
		if ((types & (1u << type)) != 0) {
			size += (size_t)snprintf(wanted + size, sizeof(wanted) - size, "%s%s",
				separator, value_type_name((enum value_type)type));
			separator = ", ";
		}
	}
	bool many = (types & (types - 1)) != 0;
	builtin_error(context, "operand %zu must be %s%s%s but got %s", index + 1,
		many ? "one of {" : "", wanted, many ? "}" : "",
		value_type_name(value_type(args[index])));
	return false;
}
