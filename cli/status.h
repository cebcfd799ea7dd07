/*
 * What `scimward status` prints and others print as well.
 */
#pragma once

#include <jansson.h>

struct cli;

/* The table of sources, of the member "sources" of /admin/v1/status. */
void cli_print_sources(const struct cli *cli, const json_t *sources);
