/*
 * schemas: the folder scim.directory → the model that the gateway serves.
 *
 *     <directory>/schemas/<any name>.json           RFC 7643, section 7
 *     <directory>/resource_types/<any name>.json    RFC 7643, section 6
 *
 * Read at start, in one thread. `config check` reads them the same way.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/digest.h"

struct arena;
struct scim_model;
struct scim_problems;

enum { SCHEMAS_FILES_MAX = 100 /* of each of the two folders */ };

/*
 * The core model and what the files add; directory NULL: scim_model_core(). It lives in arena.
 * digest (NULL: nobody asks) tells whether the files are still the same: all zero without a
 * directory. NULL: problems has at least one.
 */
const struct scim_model *schemas_load(struct arena *arena, const char *directory,
	uint8_t digest[DIGEST_BYTES], struct scim_problems *problems);
