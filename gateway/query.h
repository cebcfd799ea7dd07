/*
 * query: filter, sort and page over the resources of one type or of several (RFC 7644, 3.4.2).
 */
#pragma once

#include <stdbool.h>
#include "gateway/request.h"

struct error;

enum query_result { QUERY_MORE, QUERY_DONE, QUERY_FAILED };

/* Makes request->read from the URL, or from the body of POST /.search (3.4.3). ERROR_FILTER,
 * ERROR_VALUE, ERROR_PATH, ERROR_SYNTAX, ERROR_CURSOR, ERROR_CURSOR_EXPIRED, ERROR_PAGE_SIZE,
 * ERROR_TOO_MANY. */
bool query_of_parameters(struct request *request, struct error *err);
bool query_of_body(struct request *request, struct error *err);

/* Finds what matches, some milliseconds at a time. ERROR_STORE, ERROR_TOO_MANY. */
enum query_result query_walk(struct request *request, struct error *err);

/* Prints the ListResponse into read->buf, some resources at a time. */
enum query_result query_print(struct request *request, struct error *err);
