/*
 * Scope changes: a group's change that has to be spread over its members, in chunks. Internal to
 * store/.
 */
#pragma once

#include "store/writer.h"

/* Writes the scope changes of the commit, or expands one. */
void write_scope(struct operation *op);
