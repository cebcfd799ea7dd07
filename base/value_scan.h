/*
 * The words of a JSON text: strings, numbers, true, false, null. Used by value_parse.c only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"
#include "base/value.h"

struct arena;

#define SCAN_KNOWN_KEYS 64

struct scan {
	struct arena *arena;
	const char *text;
	const char *at;
	const char *end;
	bool allow_nul;
	size_t string_bytes; /* 0: no limit */
	/* Keys repeat: those seen last, by hash. */
	const struct value *known_keys[SCAN_KNOWN_KEYS];
};

static inline void scan_space(struct scan *it)
{
	while (it->at < it->end &&
		(*it->at == ' ' || *it->at == '\n' || *it->at == '\r' || *it->at == '\t')) {
		it->at++;
	}
}

static inline bool scan_is_at(const struct scan *it, char c)
{
	return it->at < it->end && *it->at == c;
}

/* it->at < it->end; on true it stands behind the value. */
bool scan_scalar(struct scan *it, const struct value **result, struct error *err);
/* it->at stands behind the opening quote, on true behind the closing one. */
bool scan_key(struct scan *it, const struct value **key, struct error *err);

/* "line 3, column 14: " and the sentence. Always returns false. */
bool scan_fail(const struct scan *it, const char *place, enum error_code code, struct error *err,
	const char *format, ...) __attribute__((cold, format(printf, 5, 6)));
/* "…: expected `what`, found …" */
bool scan_expected(const struct scan *it, const char *place, const char *what, struct error *err)
	__attribute__((cold));
