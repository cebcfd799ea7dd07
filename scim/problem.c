#include "scim/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include "base/arena.h"

bool scim_problem_add(struct scim_problems *problems, const char *file, const char *pointer,
	const char *hint, const char *format, ...)
{
	char message[400];
	va_list arguments;

	if (problems->count == SCIM_PROBLEMS_MAX) {
		problems->left_out++;
		return false;
	}
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	problems->items[problems->count++] = (struct scim_problem){
		.file = arena_strdup(problems->arena, file),
		.pointer = arena_strdup(problems->arena, pointer),
		.message = arena_strdup(problems->arena, message),
		.hint = hint != NULL ? arena_strdup(problems->arena, hint) : NULL,
	};
	return false;
}

const char *scim_problem_text(struct arena *arena, const struct scim_problem *problem)
{
	return arena_printf(arena, "%s%s%s: %s%s%s", problem->file,
		problem->pointer[0] != '\0' ? "#" : "", problem->pointer, problem->message,
		problem->hint != NULL ? "; " : "", problem->hint != NULL ? problem->hint : "");
}
