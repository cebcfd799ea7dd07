/*
 * Resources, keys and memberships of one operation. Internal to store/, for writer.c.
 */
#pragma once

#include "store/writer.h"

/* Versions, keys and members, by query. Nothing is written. */
enum writer_result write_resource_check(struct operation *op);
/* Writes; sets op->rid and op->version. WRITER_REFUSED only before anything was written. */
enum writer_result write_resource(struct operation *op);
/* Removes the row of a deleted resource that no app has any more. */
void write_resource_reap(struct operation *op);
