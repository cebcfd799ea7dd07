/*
 * query_limit: what one answer may look at. A query that no index answers looks at each resource of
 * its types; up to scim.search_rows that is fine, beyond it is refused with the way out. A page by
 * cursor ends there instead and goes on with the next.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct error;
struct read_part;
struct request;

/*
 * Is it known before that the query would look at too much? The same answer each time is better
 * than one that depends on where the matches are. ERROR_TOO_MANY, ERROR_STORE.
 */
bool query_limit_check(struct request *request, struct error *err);

/* Has it looked at all that one answer may? */
bool query_limit_is_reached(const struct request *request);
/* It would have to look at more. ERROR_TOO_MANY; always false. */
bool query_limit_refuse(const struct request *request, struct error *err);

/* How many resources there are of a part: kept, not counted. ERROR_STORE. */
bool query_limit_count(const struct request *request, const struct read_part *part, int64_t *count,
	struct error *err);
