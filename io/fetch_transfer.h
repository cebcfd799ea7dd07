/*
 * One outgoing request as libcurl sees it: an easy handle and what it asks us. Inside of
 * fetch.c and fetch_transfer.c.
 */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/buf.h"
#include "base/list.h"
#include "io/fetch.h"
#include "io/fetch_guard.h"

#define TRANSFER_TEXT_BYTES 1024

struct transfer {
	struct list_node node;
	struct fetch *fetch;
	CURL *easy;
	struct curl_slist *headers;
	fetch_done_fn *done;
	void *user;
	int64_t started_us;

	struct fetch_guard guard;
	struct fetch_network *networks;
	bool local;     /* over a unix socket */
	bool sent;      /* from here on it may have been executed */
	bool forbidden; /* an address was refused */
	bool again;     /* libcurl wanted to send it a second time */
	bool too_large;
	bool invalid; /* never given to libcurl */

	size_t limit;
	size_t header_bytes;
	struct buf body;
	char content_type[TRANSFER_TEXT_BYTES];
	char etag[TRANSFER_TEXT_BYTES];
	char location[TRANSFER_TEXT_BYTES];
	char retry_after[TRANSFER_TEXT_BYTES];
	char message[CURL_ERROR_SIZE];
};

/*
 * Checks the request and sets up transfer->easy for it. False: it is not one that may be
 * sent; transfer->message says why.
 */
bool transfer_prepare(
	struct transfer *transfer, const struct fetch_request *request, int64_t idle_s);
/* Wipes and frees the headers: one of them may hold a secret. */
void transfer_free_headers(struct transfer *transfer);
