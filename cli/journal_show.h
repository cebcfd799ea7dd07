/*
 * journal_show: one entry for people: before and after as a diff, reasons, revision, deliveries.
 */
#pragma once

#include <jansson.h>

struct cli;

/* answer: of GET /admin/v1/journal/INDEX. */
void journal_show_print(const struct cli *cli, const json_t *answer);
