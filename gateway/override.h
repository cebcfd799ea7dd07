/*
 * override: the header Scimward-Override of a write: why an admin wants it although rule packages
 * at the level soft refuse it (docs/enforcement-levels.md).
 *
 * It is a wish: the policy sees it as input.override, and what is hard refuses all the same.
 */
#pragma once

#include <stdbool.h>

struct error;
struct request;

#define OVERRIDE_HEADER "Scimward-Override"
enum { OVERRIDE_CHARACTERS = 200 };

/*
 * Fills request->override; NULL without the header. For the head of a write, behind identify.
 * ERROR_DENIED: the source is not of kind admin; ERROR_REQUEST: it came twice, or is no reason (1
 * to 200 printable characters, UTF-8).
 */
bool override_read(struct request *request, struct error *err);
