/*
 * Errors: a code for programs and a sentence for people.
 *
 * A fallible function returns bool and takes `struct error *err` last. True:
 * *err is untouched. False: it is filled. Both helpers return false, so that a
 * failure is one line. The sentence says what is wrong, where, and how to mend
 * it; context is added in front on the way up ("operation 2: no attribute …").
 *
 * scim/error.c maps each code to an HTTP status and a scimType. A code added
 * here (before ERROR_COUNT) needs its row there.
 */
#pragma once

#include <stdbool.h>

enum error_code {
	ERROR_NONE,
	ERROR_SYNTAX,         /* 400 invalidSyntax: body or message structure */
	ERROR_FILTER,         /* 400 invalidFilter */
	ERROR_PATH,           /* 400 invalidPath */
	ERROR_VALUE,          /* 400 invalidValue */
	ERROR_NO_TARGET,      /* 400 noTarget */
	ERROR_MUTABILITY,     /* 400 mutability */
	ERROR_TOO_MANY,       /* 400 tooMany */
	ERROR_CURSOR,         /* 400 invalidCursor */
	ERROR_CURSOR_EXPIRED, /* 400 expiredCursor */
	ERROR_PAGE_SIZE,      /* 400 invalidCount */
	ERROR_REQUEST,        /* 400 without a scimType: target, header, query */
	ERROR_UNAUTHORIZED,   /* 401 */
	ERROR_DENIED,         /* 403: the policy says no */
	ERROR_NOT_FOUND,      /* 404 */
	ERROR_METHOD,         /* 405 */
	ERROR_NOT_ACCEPTABLE, /* 406: Accept */
	ERROR_UNIQUENESS,     /* 409 uniqueness */
	ERROR_REFERENCE,      /* 409 without a scimType: a bulkId whose resource is not there */
	ERROR_PRECONDITION,   /* 412: If-Match */
	ERROR_TOO_LARGE,      /* 413 */
	ERROR_MEDIA_TYPE,     /* 415 */
	ERROR_RATE,           /* 429 */
	ERROR_POLICY,         /* 503: the policy gave no answer */
	ERROR_BUDGET,         /* 503: the policy used up its steps, bytes or time */
	ERROR_STORE,          /* 503: the store cannot write or read now */
	ERROR_CONFLICT,   /* internal: the expected version is gone, load again; 503 at the deadline
			   */
	ERROR_TIMEOUT,    /* 503: a wait ended without an answer */
	ERROR_DOWNSTREAM, /* 502: an app did not do what it was asked */
	ERROR_CONFIG,     /* not HTTP: configuration, command line */
	ERROR_IO,         /* not HTTP: file, socket, process */
	ERROR_INTERNAL,   /* 500 */
	ERROR_COUNT,
};

#define ERROR_TEXT_BYTES 512

struct error {
	enum error_code code;
	char text[ERROR_TEXT_BYTES]; /* UTF-8, cut at a character when too long */
};

/* Fills *err (which may be NULL). Always returns false. */
bool error_set(struct error *err, enum error_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "context: " before the sentence that is there; the code stays. Always returns false. */
bool error_wrap(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "syntax", "filter", …: stable, for logs and metrics. Never NULL. */
const char *error_name(enum error_code code);
