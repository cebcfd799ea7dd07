#include "gateway/query_limit.h"

#include "base/error.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "gateway/read.h"
#include "gateway/request.h"
#include "store/read.h"

static long long most_rows(const struct request *request)
{
	return (long long)request->worker->gateway->config->scim.search_rows;
}

static bool refuse_sort(const struct request *request, int64_t rows, struct error *err)
{
	return error_set(err, ERROR_TOO_MANY,
		"sortBy %.80s has to look at %lld resources, and one answer looks at %lld: sort by "
		"id, meta.created, externalId or the name (userName, displayName of a Group), or "
		"narrow it with a filter that an index answers, like emails.value eq",
		request->query.sort_by, (long long)rows, most_rows(request));
}

bool query_limit_refuse(const struct request *request, struct error *err)
{
	if (request->read->sorted) {
		return refuse_sort(request, request->read->total, err);
	}
	return error_set(err, ERROR_TOO_MANY,
		"this query has to look at more resources than one answer may (%lld): page with a "
		"cursor (&cursor=, then nextCursor, RFC 9865), which goes on where it stopped, or "
		"use a filter that an index answers: eq with id, externalId, userName, emails.value"
		", displayName of a Group or members.value",
		most_rows(request));
}

bool query_limit_is_reached(const struct request *request)
{
	return request->read->cost >= most_rows(request) * READ_LOOK_COST;
}

bool query_limit_count(const struct request *request, const struct read_part *part, int64_t *count,
	struct error *err)
{
	return store_count(
		request->worker->reader, request->source->tenant, part->store_type, count, err);
}

bool query_limit_check(struct request *request, struct error *err)
{
	struct read *read = request->read;
	int64_t rows = 0;

	for (size_t i = 0; i < read->part_count; i++) {
		const struct read_part *part = &read->parts[i];
		bool looks = read->sorted || part->filter != NULL;
		int64_t count;

		if (part->order == READ_FOUND || part->bare || !looks ||
			(part->order == READ_KEYS && part->key.size > 0)) {
			continue;
		}
		if (!query_limit_count(request, part, &count, err)) {
			return false;
		}
		rows += count;
	}
	if (rows <= most_rows(request) || (!read->sorted && read_by_cursor(read))) {
		return true;
	}
	return read->sorted ? refuse_sort(request, rows, err) : query_limit_refuse(request, err);
}
