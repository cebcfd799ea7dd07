/*
 * represent: one resource as a reply, with the groups of a User or the members of a Group.
 *
 * A Group of up to REPRESENT_WHOLE members is one reply of known length; a larger one is streamed,
 * a page of rows at a time, so memory does not grow with it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "gateway/request.h"

struct buf;
struct represent;
struct scim_projection;
struct store_ref;
struct value;

#define REPRESENT_WHOLE 500

struct represent_what {
	int64_t rid;
	const char *id;
	int64_t version;
	int64_t created_us;
	int64_t modified_us;
	const char *external_id; /* of the asking source; NULL: none */
	const struct value *doc; /* or its text */
	const char *doc_text;
	size_t doc_size;
	const struct store_ref *groups; /* of a User */
	size_t group_count;
	int64_t members; /* of a Group */
	const struct scim_projection *projection;
	int status;
	const char *journal; /* NULL: none */
	const char *applied; /* Preference-Applied; NULL: none */
};

/* In the request's arena. What it points to must stay until the reply. */
struct represent *represent_new(struct request *request, const struct represent_what *what);
int64_t represent_version(const struct represent *represent);
const char *represent_location(const struct represent *represent); /* its URL; as long as it */
/* It takes as long as its reader: more than REPRESENT_WHOLE members. */
bool represent_is_streamed(const struct represent *represent);

/*
 * start and finish of a last step: replies. NEXT: done; AGAIN, WAIT: a page was sent, more is to
 * come. A store that fails in the middle cuts the connection, so that nobody takes a part for the
 * whole.
 */
enum step_result represent_run(struct represent *represent);

/* The resource as an element of a list: appended to buf, members up to REPRESENT_WHOLE included.
 * ERROR_STORE; ERROR_TOO_MANY when a Group has more and they were not excluded. */
bool represent_append(struct request *request, const struct represent_what *what, struct buf *buf,
	struct error *err);
