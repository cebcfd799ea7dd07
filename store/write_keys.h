/*
 * Keys of a resource: which are new, which are released. Internal to store/.
 */
#pragma once

#include "store/writer.h"

/* Is every unique key that `after` adds to `before` free? Refuses with ERROR_UNIQUENESS,
 * ERROR_VALUE, ERROR_TOO_LARGE. */
enum writer_result write_keys_check(struct operation *op, const struct store_key *before,
	size_t before_count, const struct store_key *after, size_t after_count);
void write_keys(struct operation *op, const struct store_key *before, size_t before_count,
	const struct store_key *after, size_t after_count);
