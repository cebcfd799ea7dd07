/*
 * sprintf in two parts: builtin_sprintf.c reads the format, builtin_sprintf_print.c prints one
 * argument under one verb and its flags.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "policy/builtin_number.h"

struct buf;

/* What OPA hands to Go's fmt. */
enum format_arg_kind { ARG_INTEGER, ARG_BIG, ARG_FLOAT, ARG_TEXT };

struct format_arg {
	enum format_arg_kind kind;
	int64_t integer;
	struct bigint big;
	double real;
	struct span text;
};

struct formatter {
	struct policy_context *context;
	struct buf *buf;
	const struct value *args;
	size_t next;
	bool reordered, good_index;
	bool minus, plus, sharp, space, zero;
	bool sharp_v; /* %#v */
	bool has_width, has_precision;
	int width, precision;
};

/* Plain text to the result. */
void builtin_sprintf_put(struct formatter *f, const char *text, size_t size);
void builtin_sprintf_rune(struct formatter *f, uint32_t rune);
/* "int64", "*big.Int", "float64", "string". */
const char *builtin_sprintf_type(const struct format_arg *arg);
void builtin_sprintf_print(struct formatter *f, const struct format_arg *arg, uint32_t verb);
